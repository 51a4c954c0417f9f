#include "compact/slices.h"

#include <stdlib.h>

#include "base/mem.h"
#include "time/time.h"

/* Cuts a stream's entries by day. */
static void cut_span(struct packing *p, const struct sorted *sorted, const struct span *span,
		     struct slices *s)
{
	const struct entry_ref *v = p->es.v;
	const uint32_t *order = sorted->order + span->first;
	const struct stream *stream = streams_get(p->streams, span->stream);
	struct bytes tenant = streams_tenant(p->streams, stream->tenant);

	for (size_t i = 0, end; i < span->n; i = end) {
		int32_t day = time_day(v[order[i]].ts_ns);
		uint32_t group = groups_get(&p->groups, tenant, day);

		end = span->n;
		if (time_day(v[order[end - 1]].ts_ns) != day)
			for (end = i + 1; time_day(v[order[end]].ts_ns) == day;)
				end++;
		mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
		s->v[s->n++] = (struct slice){ .group = group,
					       .stream = span->stream,
					       .first = span->first + i,
					       .n = end - i,
					       .labels = stream->labels };
	}
}

/* ---- sorting ---- */

static int by_group(const void *x, const void *y, void *data)
{
	const struct slice *a = x, *b = y;
	const struct group *group = data;

	return a->group == b->group ? 0 : group_cmp(&group[a->group], &group[b->group]);
}

static int by_key(const void *x, const void *y)
{
	const struct slice *a = x, *b = y;

	return (a->key > b->key) - (a->key < b->key);
}

static int by_labels(const void *x, const void *y)
{
	const struct slice *a = x, *b = y;

	return labels_cmp_binary(a->labels, b->labels);
}

/* So few are compared as they are; and those that are the same in so many keys. */
enum { FEW = 16, DEPTH_MAX = 32 };

/*
 * Sets are alike for most of their bytes, and comparing them costs most of what sorting does. So
 * they are sorted by a number made of the first bytes in which they differ; those that have the
 * same one, by that of the bytes behind.
 */
static void sort_by_labels(struct slice *v, size_t n, unsigned depth)
{
	struct labels_place place = { UINT32_MAX, 0 };

	if (n <= FEW || depth == DEPTH_MAX) {
		qsort(v, n, sizeof(*v), by_labels);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct labels_place at = labels_differ(v[0].labels, v[i].labels);

		if (at.strings < place.strings ||
		    (at.strings == place.strings && at.bytes < place.bytes))
			place = at;
	}
	for (size_t i = 0; i < n; i++)
		v[i].key = labels_key(v[i].labels, place);
	qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && v[end].key == v[i].key;)
			end++;
		if (end - i > 1)
			sort_by_labels(v + i, end - i, depth + 1);
	}
}

void slices_make(struct packing *p, const struct sorted *sorted, struct slices *ret)
{
	ret->cap = sorted->n_spans + 1; /* more only for streams of several days */
	ret->v = mem_alloc(ret->cap * sizeof(*ret->v));
	for (size_t i = 0; i < sorted->n_spans; i++)
		cut_span(p, sorted, &sorted->span[i], ret);
	if (p->groups.n > 1 && ret->n)
		qsort_r(ret->v, ret->n, sizeof(*ret->v), by_group, p->groups.v);
	for (size_t i = 0, end; i < ret->n; i = end) {
		for (end = i + 1; end < ret->n && ret->v[end].group == ret->v[i].group;)
			end++;
		sort_by_labels(ret->v + i, end - i, 0);
	}
}
