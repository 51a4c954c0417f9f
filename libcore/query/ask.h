/*
 * What logql does for each of its verbs, from options and operands as they were given to the
 * answer on stdout.
 */
#ifndef QUERY_ASK_H
#define QUERY_ASK_H

#include "cli/verbs.h"
#include "logql/parse.h"
#include "query/completeness.h"
#include "query/explain.h"
#include "query/format.h"
#include "query/remote.h"
#include "query/series.h"
#include "query/volume.h"
#include "store/cache_options.h"

enum { ASK_MATCH_MAX = 16 };

struct ask {
	struct query_opts q;
	char *match_text[ASK_MATCH_MAX]; /* selectors that all must fit */
	size_t n_match;
	struct selectors selectors; /* made of them, and q.source.match of these */
	struct matcher *match;
	struct remote_opts remote; /* a server asked in place of all sources, when .addr is given */
	struct volume_opts volume;
	struct completeness_opts completeness; /* asked for when .path is given */
	struct cache_opts cache;
	bool say_store;	  /* at the end, what was asked of the store: for who asks */
	struct gate gate; /* when q.source.gate is it */
	int standby;	  /* who asks is to wait there for arguments that replace these; 0: not */
	struct query_stats stats;
	struct bytes encoding_flags; /* FLAG,... that the API's answer names */
	int64_t delay_ns;	     /* of tail: how long entries are waited for */
	uint64_t line_limit;	     /* of detected-fields and detected-values: lines looked at */
	const char *output;	     /* file to be written, or NULL: for who sets stdout up */
	const char *color_when;	     /* cli_color's, NULL: auto; for who sets color */
	enum format format;
	enum explain_how explain; /* not the answer, but how it is come to: ask_explain.h */
	bool strict;
	bool categorize;    /* one of encoding_flags is categorize-labels */
	bool pcre;	    /* regexes of a query are in PCRE2's language */
	bool has_volume_by; /* given by the user, as all has_ */
	bool has_line_limit;
	bool has_threshold;
	bool has_delay;
	bool has_queued;
	bool force;	  /* delete cancel: also what is begun */
	bool interactive; /* for who asks: not one query, but many */
	bool terminal;	  /* where out ends is one; of stdout that is looked at */
	bool color;	  /* entries, in the default format, by their level */
	FILE *out;	  /* of queries and of labels, values, series, stats; NULL: stdout */
	uint64_t n_found; /* set: entries, series, names of the answer */
};

/* All but a query: labels, values, ... */
extern const struct cli_verb ask_verbs[];

/* Where the answer goes. */
struct formatter ask_formatter(const struct ask *a);

/* How the text of a query is to be understood. */
struct logql_opts ask_parse_opts(const struct ask *a);

/*
 * What the streams are asked with, that the operands [SELECTOR]... [FILE]... name; *ret_n_selectors
 * of them are selectors. Errors: ERR_USAGE.
 */
struct series_opts;
MUST_CHECK int ask_series_opts(struct ask *a, char **operand, size_t n, struct series_opts *ret,
			       size_t *ret_n_selectors, struct err *e);

/*
 * Does what operand[0] says: one of ask_verbs, or else a query, to which the others are files.
 * Errors: ERR_USAGE, operands or options that do not go together; ERR_NO, nothing was found; those
 * of query_run, series_each, format_query.
 */
MUST_CHECK int ask_run(struct ask *a, char **operand, size_t n, struct err *e);

/* A query alone; the others are files. Errors as ask_run. */
MUST_CHECK int ask_query(struct ask *a, const char *text, char **files, size_t n, struct err *e);

#endif
