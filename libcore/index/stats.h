/* What the index files of one tenant add up to: idxbuild --stats. */
#ifndef INDEX_STATS_H
#define INDEX_STATS_H

#include "cli/values.h"
#include "index/live.h"

struct index_stats;

struct index_stats *index_stats_new(void);
void index_stats_free(struct index_stats *st); /* NULL is fine */

/* Adds one index file; skip_pack as struct live has it, or NULL. Errors: ERR_CORRUPT. */
MUST_CHECK int index_stats_add(struct index_stats *st, struct index *ix, const bool *skip_pack,
			       struct err *e);

/* Appends totals, values and series of each label, the n_largest largest series: tables for people,
 * or an object on a line. Nothing is added any more. */
void index_stats_print(struct index_stats *st, struct bytes tenant, size_t n_largest,
		       enum cli_format format, struct buf *out);

#endif
