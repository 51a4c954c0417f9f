/* Answers about streams, as text. */
#ifndef QUERY_SERIES_PRINT_H
#define QUERY_SERIES_PRINT_H

#include "query/format.h"
#include "query/series.h"

/* Appended as f or format says; heading: of CSV. */
void series_add_words(struct buf *b, struct bytes heading, const struct bytes *v, size_t n,
		      const struct formatter *f);
void series_add_sets(struct buf *b, const struct labels *v, size_t n, enum format format);

struct series_counts {
	uint64_t streams, chunks, entries, line_bytes;
};
void series_add_counts(struct buf *b, const struct series_counts *t, enum format format);

enum series_what { SERIES_LABELS, SERIES_VALUES, SERIES_SERIES, SERIES_STATS };

/*
 * Prints as f says, in the default form (a name, a value or a label set a line), as JSON lines,
 * CSV, or as Loki's API does; raw is as default. Of streams that any of the n selectors fits, given
 * as text. name: of the label, for VALUES. *ret_n: how many lines. Errors: ERR_QUERY; those of
 * series_each; ERR_IO.
 */
MUST_CHECK int series_ask(enum series_what what, struct series_opts *o, char *const *selectors,
			  size_t n, struct bytes name, const struct formatter *f, uint64_t *ret_n,
			  struct err *e);

#endif
