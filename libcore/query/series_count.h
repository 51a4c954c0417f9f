/* What is seen of the streams of a plan, where something may be hidden. */
#ifndef QUERY_SERIES_COUNT_H
#define QUERY_SERIES_COUNT_H

#include "query/series.h"

/*
 * Adds up what the pieces of each stream hold: ret[number of the stream in the plan]. What the plan
 * knows is taken from it; what it does not, and what may be hidden, is read, of a remote store
 * ahead and much at once: for that the plan gets units. With SERIES_EXIST nothing more of a stream
 * is decoded once some entry of it was seen, and so its sums are too low. Damage goes to o->damage.
 * Errors: those of reading.
 */
MUST_CHECK int series_count(struct plan *p, const struct source_opts *o, enum series_need need,
			    struct series_info *ret, struct err *e);

enum series_seen { SEEN_NONE, SEEN_ALL, SEEN_SOME, SEEN_UNCLEAR };

/* What is seen of a block whose first and last entries are of these times; SEEN_SOME: some entry
 * for certain. */
enum series_seen series_look(const struct hide_stream *s, const struct hide_applied *applied,
			     int64_t min_ts, int64_t max_ts);

#endif
