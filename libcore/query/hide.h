/*
 * What no query gives, though it is stored: entries that are older than their retention, and those
 * that requests to delete mean. Read once per run, so that all of an answer is of one moment.
 *
 * Where nothing can be hidden there is no struct hide at all, and none of this costs anything. Of a
 * stream there is a first timestamp that is seen, and the requests that want it; of a piece whether
 * one of these touches it. Only of such pieces entries are looked at one by one.
 */
#ifndef QUERY_HIDE_H
#define QUERY_HIDE_H

#include "base/arena.h"
#include "deletes/filter.h"
#include "entry/columns.h"

struct source_opts;
struct store;
struct hide;

/* Of one stream. {0} but for from_ns INT64_MIN: nothing is hidden. */
struct hide_stream {
	int64_t from_ns; /* what is older is expired; INT64_MIN: all is kept */
	const struct delete_filter *const *filter;
	size_t n;
};

/*
 * What is hidden of o->tenant at o->now_ns: by the limits in o->limits_file, else by those of the
 * store, and by the store's requests, which may be NULL. *ret is NULL when nothing is. Errors: of
 * limits_load and deletes_list: what is to be hidden is not known, so nothing may be shown.
 */
MUST_CHECK int hide_open(const struct source_opts *o, struct store *s, struct hide **ret,
			 struct err *e);
void hide_close(struct hide *h); /* NULL is fine */

/*
 * The same, while the caller does something else: of a remote store, whose answers take their time,
 * by a thread of its own. o and s outlive it.
 */
struct hide_later;
struct hide_later *hide_begin(const struct source_opts *o, struct store *s);
/* Waits for it, the first time; *ret is its own. Errors: as hide_open, each time. */
MUST_CHECK int hide_get(struct hide_later *l, const struct hide **ret, struct err *e);
void hide_end(struct hide_later *l); /* NULL is fine */

/* From here on h may be NULL: nothing is hidden. All are for any thread. */

/* Before it everything of the tenant is expired; INT64_MIN: not all. */
int64_t hide_from(const struct hide *h, struct bytes tenant);

/* Whether some entry of the tenant within min_ts and max_ts, both included, may be hidden. */
bool hide_touches(const struct hide *h, struct bytes tenant, int64_t min_ts, int64_t max_ts);

/* Of a stream with these labels of its own; what it points to lies in the arena and in h. */
struct hide_stream hide_stream_of(const struct hide *h, struct arena *a, struct bytes tenant,
				  const struct labels *own);

/* Requests that were applied to all of an index file, ascending; so they hide nothing there. */
struct hide_applied {
	struct bytes *v;
	size_t n;
};

/* Whether a request that was not applied touches what lies within min_ts and max_ts. */
bool hide_stream_touches(const struct hide_stream *s, const struct hide_applied *applied,
			 int64_t min_ts, int64_t max_ts);

/* Columns, of WANT_..., by which hide_stream_hides tells entries within min_ts and max_ts. */
unsigned hide_stream_wants(const struct hide_stream *s, int64_t min_ts, int64_t max_ts);

/* Whether entry i of a run of the stream, of which these columns are loaded, is hidden. */
bool hide_stream_hides(const struct hide_stream *s, const struct run *r, size_t i);

#endif
