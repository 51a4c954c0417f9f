/*
 * What a scan is likely to read. One that needs no more than the first entries reads units in
 * order, until the next one lies wholly behind the time by which as many have come.
 */
#include "base/mem.h"
#include "query/scan.h"

/* A unit as the answer's order sees it: times that are greater come first. */
struct expected {
	int64_t first, last;
	uint64_t n, bytes;
};

static int by_last(const void *a, const void *b)
{
	const struct expected *x = a, *y = b;

	return (x->last < y->last) - (x->last > y->last);
}

static bool is_in_table(const struct scan *s, const struct unit *u)
{
	const struct plan *p = s->plan;
	const struct piece *x = plan_piece(p, u, 0);

	return s->sink.in_table && !u->merge && plan_is_whole(p, x) &&
	       s->sink.in_table(s->sink.data, x, &p->stream[x->stream].labels);
}

/* Of a piece that is cut nobody knows how many are in. */
static struct expected expect_unit(const struct plan *p, const struct unit *u, enum direction dir)
{
	struct expected ret = { .first = dir == BACKWARD ? u->max_ts : ~u->min_ts,
				.last = dir == BACKWARD ? u->min_ts : ~u->max_ts };

	for (uint32_t k = 0; k < u->n; k++) {
		const struct piece *x = plan_piece(p, u, k);

		ret.bytes += plan_piece_bytes(x);
		if (x->min_ts >= u->min_ts && x->max_ts <= u->max_ts &&
		    x->min_ts >= plan_from(p, x->stream) && !time_is_behind(x->max_ts, p->to))
			ret.n += x->n ? x->n : x->about_n;
	}
	return ret;
}

/* By which time enough are there. */
static int64_t find_end(struct expected *v, size_t n, uint64_t enough)
{
	uint64_t sum = 0;

	qsort(v, n, sizeof(*v), by_last);
	for (size_t i = 0; i < n; i++) {
		sum += v[i].n;
		if (sum >= enough)
			return v[i].last;
	}
	return INT64_MIN;
}

uint64_t scan_expect(const struct scan *s, enum direction dir)
{
	const struct plan *p = s->plan;
	struct expected *v = mem_alloc((p->n_units + 1) * sizeof(*v));
	int64_t end = INT64_MIN;
	uint64_t sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < p->n_units; i++)
		if (!is_in_table(s, &p->unit[i]))
			v[n++] = expect_unit(p, &p->unit[i], dir);
	if (s->sink.enough && s->pipeline->n_dropping == 0)
		end = find_end(v, n, s->sink.enough);
	for (size_t i = 0; i < n; i++)
		if (v[i].first >= end)
			sum += v[i].bytes;
	free(v);
	return sum;
}
