/*
 * What streams there are: label names, values, series, and how much they hold. From indexes,
 * sidecars and heads alone; no entry is read.
 */
#ifndef QUERY_SERIES_H
#define QUERY_SERIES_H

#include "query/source.h"

/* Matchers of one selector; a stream is wanted when any of the selectors fits. None: all are. */
struct series_selector {
	const struct matcher *match;
	size_t n;
};

/* Whether there is an entry of a stream, or how many. */
enum series_need { SERIES_EXIST, SERIES_COUNTS };

struct series_opts {
	struct source_opts source;
	enum series_need need; /* EXIST: numbers in struct series_info may be too low */
	int64_t from, to;      /* streams with entries in from <= ts < to, as far as indexes tell */
	const struct series_selector *selector;
	size_t n_selectors;
	unsigned flags; /* of enum logql_flags, for selectors given as text */
};

/* Selectors from their texts, each `{..}`; flags of enum logql_flags. Release in any case. Errors:
 * ERR_QUERY. */
struct selectors {
	struct series_selector *v;
	size_t n;
};
MUST_CHECK int selectors_parse(char *const *texts, size_t n, unsigned flags, struct selectors *ret,
			       struct err *e);
void selectors_release(struct selectors *s);

/* A stream and what it has, as one source tells. The same stream may come several times. */
struct series_info {
	const struct labels *labels;
	const struct hash128 *id;
	uint64_t chunks, entries, line_bytes;
};

/* Calls each() for every stream. Strings are valid during the call. each returns 0 or -1. Errors:
 * as sources_plan; what each gave. */
typedef int series_each_fn(void *data, const struct series_info *s, struct err *e);
MUST_CHECK int series_each(const struct series_opts *o, series_each_fn *each, void *data,
			   struct err *e);

/* The label names (name empty), or the values of one, sorted, without doubles, into *ret; strings
 * lie in the arena. Without selectors and times this reads only the indexes' tables of names. */
MUST_CHECK int series_words(const struct series_opts *o, struct bytes name, struct arena *a,
			    struct bytes **ret, size_t *ret_n, struct err *e);

/* For them: adds to *ret the bytes of the indexes that are to be read; those of sidecars and files.
 * Errors: ERR_IO. */
struct store;
struct wal_list;
struct views;
MUST_CHECK int series_plan_store(const struct series_opts *o, const struct views *views,
				 struct store *s, uint64_t *ret, struct err *e);
uint64_t series_plan_rest(const struct series_opts *o, const struct wal_list *wal);

#endif
