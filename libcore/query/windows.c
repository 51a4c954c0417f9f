/*
 * Pieces that overlap, cut into windows of time. A window is ended where a piece begins, when what
 * has begun in it is enough, and at least as much as what reached into it from before: so all
 * windows together read no piece's bytes more than about twice, however deep the pieces lie over
 * each other. A window in which more lies than it may hold is then cut evenly; what that costs is
 * read again and again, but it is bounded in memory. (scan.c cuts further where the even spread
 * that is taken for granted here was wrong.)
 */
#include "base/mem.h"
#include "time/time.h"
#include "query/plan.h"

enum {
	WINDOW_BYTES = 4 << 20, /* begun in a window at least, when there is as much */
	WINDOW_BYTES_MAX = 16 << 20,
	ENTRY_BYTES = 24, /* of an entry beside its line */
	PARTS_MAX = 4096, /* of a window */
};

static uint64_t weight(const struct piece *x)
{
	return x->n ? x->line_bytes + (uint64_t)ENTRY_BYTES * x->n : x->about_bytes;
}

/* How many nanoseconds, 1 to 2^64. */
static double length(int64_t min_ts, int64_t max_ts)
{
	return (double)((uint64_t)max_ts - (uint64_t)min_ts) + 1;
}

static int by_order(const void *a, const void *b, void *data)
{
	const struct plan *p = data;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const struct piece *x = &p->piece[i], *y = &p->piece[j];

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (i > j) - (i < j);
}

/* One unit: the time from lo to hi of those of v that lie in it. */
static void add_unit(struct plan *p, const uint32_t *v, size_t n, int64_t lo, int64_t hi)
{
	struct unit u = { .first = (uint32_t)p->n_refs, .min_ts = lo, .max_ts = hi, .merge = true };

	if (hi < plan_from(p, p->piece[v[0]].stream) || time_is_behind(lo, p->to))
		return;
	mem_grow(&p->ref, &p->cap_refs, p->n_refs + n, sizeof(*p->ref));
	for (size_t i = 0; i < n; i++) {
		const struct piece *x = &p->piece[v[i]];

		if (x->min_ts <= hi && x->max_ts >= lo)
			p->ref[p->n_refs++] = v[i];
	}
	u.n = (uint32_t)(p->n_refs - u.first);
	if (u.n == 0)
		return;
	if (u.n == 1) {
		const struct piece *x = plan_piece(p, &u, 0);

		u.merge = !x->sorted || x->min_ts < lo || x->max_ts > hi;
	} else {
		qsort_r(p->ref + u.first, u.n, sizeof(*p->ref), by_order, p);
	}
	mem_grow(&p->unit, &p->cap_units, p->n_units + 1, sizeof(*p->unit));
	p->unit[p->n_units++] = u;
}

/* A window, in one unit or in several. */
static void add_window(struct plan *p, const uint32_t *v, size_t n, int64_t lo, int64_t hi)
{
	double bytes = 0;
	uint64_t parts, step;

	for (size_t i = 0; i < n; i++) {
		const struct piece *x = &p->piece[v[i]];
		int64_t from = x->min_ts > lo ? x->min_ts : lo;
		int64_t to = x->max_ts < hi ? x->max_ts : hi;

		if (from <= to)
			bytes +=
				(double)weight(x) * length(from, to) / length(x->min_ts, x->max_ts);
	}
	parts = bytes < (double)PARTS_MAX * WINDOW_BYTES_MAX
			? (uint64_t)(bytes / WINDOW_BYTES_MAX) + 1
			: PARTS_MAX;
	step = ((uint64_t)hi - (uint64_t)lo) / parts + 1;
	for (;;) {
		int64_t end = (uint64_t)hi - (uint64_t)lo < step
				      ? hi
				      : (int64_t)((uint64_t)lo + step - 1);

		add_unit(p, v, n, lo, end);
		if (end == hi)
			return;
		lo = end + 1;
	}
}

void plan_add_windows(struct plan *p, uint32_t first, uint32_t n)
{
	uint64_t begun = 0, carried = 0;
	int64_t lo = p->piece[first].min_ts, last = lo;
	size_t n_open = 0;
	uint32_t *open;

	if (n == 1 && weight(&p->piece[first]) < WINDOW_BYTES_MAX) {
		add_unit(p, &first, 1, lo, p->piece[first].max_ts);
		return;
	}
	open = mem_alloc((n + 1) * sizeof(*open));
	for (uint32_t i = first; i < first + n; i++) {
		const struct piece *x = &p->piece[i];

		if (begun + weight(x) > WINDOW_BYTES && begun >= carried && x->min_ts > lo) {
			size_t k = 0;

			add_window(p, open, n_open, lo, x->min_ts - 1);
			lo = x->min_ts;
			begun = carried = 0;
			for (size_t j = 0; j < n_open; j++) {
				const struct piece *y = &p->piece[open[j]];

				if (y->max_ts < lo)
					continue;
				carried += weight(y);
				open[k++] = open[j];
			}
			n_open = k;
		}
		open[n_open++] = i;
		begun += weight(x);
		last = x->max_ts > last ? x->max_ts : last;
	}
	add_window(p, open, n_open, lo, last);
	free(open);
}
