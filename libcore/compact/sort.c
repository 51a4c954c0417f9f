/*
 * A counting sort by stream keeps arrival's order; then each stream is sorted on its own, in
 * parallel. Logs come almost sorted, so: insertion in short runs, then merges that first step over
 * what is in place already.
 */
#include "compact/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/work.h"

enum {
	RUN = 32,		/* sorted by insertion */
	FEW = 8,		/* entries of one timestamp that are compared each with each */
	TASK_ENTRIES = 1 << 14, /* streams are handed out together until they have as many */
};

struct sort_task {
	size_t first_span, end_span;
};

struct sort_job {
	const struct entries *es;
	struct sorted *s;
	struct sort_task *task;
	size_t *dropped; /* by task */
};

void sorted_release(struct sorted *s)
{
	free(s->order);
	free(s->span);
	*s = (struct sorted){ 0 };
}

static void insertion(const struct entry_ref *v, uint32_t *o, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint32_t x = o[i];
		size_t k = i;

		for (; k > 0 && v[o[k - 1]].ts_ns > v[x].ts_ns; k--)
			o[k] = o[k - 1];
		o[k] = x;
	}
}

/* The first place in o[0..n) whose time is above ts_ns. */
static size_t upper(const struct entry_ref *v, const uint32_t *o, size_t n, int64_t ts_ns)
{
	size_t lo = 0;

	while (n > 0) {
		size_t half = n / 2;

		if (v[o[lo + half]].ts_ns <= ts_ns) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo;
}

/* Merges the sorted o[0..mid) and o[mid..n); tmp has room for mid. */
static void merge(const struct entry_ref *v, uint32_t *o, size_t mid, size_t n, uint32_t *tmp)
{
	size_t skip, i = 0, k = mid, to, left;

	if (v[o[mid - 1]].ts_ns <= v[o[mid]].ts_ns)
		return;
	skip = upper(v, o, mid, v[o[mid]].ts_ns);
	left = mid - skip;
	memcpy(tmp, o + skip, left * sizeof(*tmp));
	for (to = skip; i < left && k < n; to++)
		o[to] = v[o[k]].ts_ns < v[tmp[i]].ts_ns ? o[k++] : tmp[i++];
	if (i < left)
		memcpy(o + to, tmp + i, (left - i) * sizeof(*tmp));
}

static void sort_by_time(const struct entry_ref *v, uint32_t *o, size_t n)
{
	uint32_t *tmp;
	size_t i = 1;

	while (i < n && v[o[i - 1]].ts_ns <= v[o[i]].ts_ns)
		i++;
	if (i >= n)
		return;
	for (size_t at = 0; at < n; at += RUN)
		insertion(v, o + at, n - at < RUN ? n - at : RUN);
	if (n <= RUN)
		return;
	tmp = mem_alloc(n * sizeof(*tmp));
	for (size_t width = RUN; width < n; width *= 2)
		for (size_t at = 0; n - at > width; at += 2 * width) {
			size_t end = n - at < 2 * width ? n - at : 2 * width;

			merge(v, o + at, width, end, tmp);
			if (n - at < 2 * width)
				break;
		}
	free(tmp);
}

/* Appends to o[*to] those of o[first..end), few and of one timestamp, that no earlier one equals.
 */
static void keep_first_of_few(const struct entries *es, uint32_t *o, size_t first, size_t end,
			      size_t *to)
{
	size_t kept = *to;

	for (size_t i = first; i < end; i++) {
		const struct entry_ref *x = &es->v[o[i]];
		size_t k = kept;

		while (k < *to && !entry_same(x->ts_ns, entries_line(es, o[i]), es->v[o[k]].ts_ns,
					      entries_line(es, o[k])))
			k++;
		if (k == *to)
			o[(*to)++] = o[i];
	}
}

static void keep_first_of_many(const struct entries *es, uint32_t *o, size_t first, size_t end,
			       size_t *to)
{
	struct map seen = { 0 };

	for (size_t i = first; i < end; i++) {
		struct bytes line = entries_line(es, o[i]);
		uint64_t hash = hash64(line);

		if (map_get(&seen, hash, line) != MAP_NONE)
			continue;
		map_put(&seen, hash, line, 0);
		o[(*to)++] = o[i];
	}
	map_release(&seen);
}

/* Drops what is equal in identity to an earlier one of o[0..n), sorted by time; returns how many
 * stay. */
static size_t drop_duplicates(const struct entries *es, uint32_t *o, size_t n)
{
	size_t to = 0, end;

	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && es->v[o[end]].ts_ns == es->v[o[i]].ts_ns)
			end++;
		if (end - i == 1)
			o[to++] = o[i];
		else if (end - i <= FEW)
			keep_first_of_few(es, o, i, end, &to);
		else
			keep_first_of_many(es, o, i, end, &to);
	}
	return to;
}

static int run_task(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct sort_job *j = data;
	const struct sort_task *t = &j->task[item];
	size_t dropped = 0;

	(void)worker, (void)slot, (void)e;
	for (size_t i = t->first_span; i < t->end_span; i++) {
		struct span *span = &j->s->span[i];
		uint32_t *o = j->s->order + span->first;
		size_t kept;

		sort_by_time(j->es->v, o, span->n);
		kept = drop_duplicates(j->es, o, span->n);
		dropped += span->n - kept;
		span->n = kept;
	}
	j->dropped[item] = dropped;
	return 0;
}

/* Puts entries in order of their streams; makes the spans. */
static void group_by_stream(const struct entries *es, uint32_t n_streams, struct sorted *s)
{
	size_t *next = mem_alloc((n_streams + (size_t)1) * sizeof(*next));
	size_t at = 0;

	for (size_t i = 0; i < es->n; i++)
		next[es->v[i].stream]++;
	s->order = mem_realloc(NULL, (es->n ? es->n : 1) * sizeof(*s->order));
	for (uint32_t k = 0; k < n_streams; k++)
		s->n_spans += next[k] > 0;
	s->span = mem_alloc((s->n_spans + 1) * sizeof(*s->span));
	s->n_spans = 0;
	for (uint32_t k = 0; k < n_streams; k++) {
		size_t n = next[k];

		if (n > 0)
			s->span[s->n_spans++] = (struct span){ k, at, n };
		next[k] = at;
		at += n;
	}
	for (size_t i = 0; i < es->n; i++)
		s->order[next[es->v[i].stream]++] = (uint32_t)i;
	free(next);
}

int entries_sort(const struct entries *es, uint32_t n_streams, unsigned jobs, struct sorted *ret,
		 struct err *e)
{
	struct sorted s = { 0 };
	struct sort_job j = { .es = es, .s = &s };
	size_t n_tasks = 0, filled = 0;
	int rc;

	group_by_stream(es, n_streams, &s);
	j.task = mem_alloc((s.n_spans + 1) * sizeof(*j.task));
	for (size_t i = 0; i < s.n_spans; i++) {
		if (filled == 0)
			j.task[n_tasks++].first_span = i;
		j.task[n_tasks - 1].end_span = i + 1;
		filled += s.span[i].n;
		if (filled >= TASK_ENTRIES)
			filled = 0;
	}
	j.dropped = mem_alloc((n_tasks + 1) * sizeof(*j.dropped));
	rc = work_run(&(struct work){ n_tasks, jobs, 2 * (size_t)jobs, run_task, NULL, &j }, e);
	for (size_t i = 0; i < n_tasks; i++)
		s.n_duplicates += j.dropped[i];
	free(j.task);
	free(j.dropped);
	if (rc < 0)
		sorted_release(&s);
	else
		*ret = s;
	return rc;
}
