#include "query/plan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/bundle_cache.h"
#include "time/time.h"

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n_sources; i++) {
		free(p->source[i]->name);
		p->source[i]->ops->close(p->source[i]);
	}
	bundle_cache_free(p->bundles);
	free(p->source);
	free(p->stream);
	free(p->piece);
	free(p->unit);
	free(p->ref);
	map_release(&p->by_id);
	arena_release(&p->mem);
	*p = (struct plan){ 0 };
}

int plan_wait_hide(struct plan *p, struct err *e)
{
	if (!p->later)
		return 0;
	if (hide_get(p->later, &p->hide, e) < 0)
		return -1;
	p->later = NULL;
	return 0;
}

void plan_reset_pieces(struct plan *p)
{
	p->n_pieces = 0;
	p->n_units = 0;
}

void plan_add_source(struct plan *p, struct source *s)
{
	mem_grow(&p->source, &p->cap_sources, p->n_sources + 1, sizeof(struct source *));
	p->source[p->n_sources++] = s;
}

/* Mostly that of the stream before. */
static struct bytes keep_tenant(struct plan *p, struct bytes tenant)
{
	const struct plan_stream *last = p->n_streams ? &p->stream[p->n_streams - 1] : NULL;

	return last && bytes_eq(last->tenant, tenant) ? last->tenant : arena_copy(&p->mem, tenant);
}

uint32_t plan_find_stream(const struct plan *p, const struct hash128 *id)
{
	struct bytes key = bytes_of(id->b, sizeof(id->b));

	return map_get(&p->by_id, hash64(key), key);
}

uint32_t plan_stream(struct plan *p, const struct hash128 *id, struct bytes tenant,
		     const struct labels *labels)
{
	struct bytes key = bytes_of(id->b, sizeof(id->b));
	uint64_t hash = hash64(key);
	uint32_t n = map_get(&p->by_id, hash, key);
	struct labels seen;

	if (n != MAP_NONE)
		return n;
	seen = views_labels(&p->views, &p->mem, tenant, labels);
	n = (uint32_t)p->n_streams;
	mem_grow(&p->stream, &p->cap_streams, p->n_streams + 1, sizeof(*p->stream));
	p->stream[n] =
		(struct plan_stream){ .labels = labels_copy(&p->mem, &seen),
				      .tenant = keep_tenant(p, tenant),
				      .id = *id,
				      .hide = hide_stream_of(p->hide, &p->mem, tenant, labels) };
	p->n_streams++;
	map_put(&p->by_id, hash, arena_copy(&p->mem, key), n);
	return n;
}

void plan_add_piece(struct plan *p, const struct piece *piece)
{
	struct source_seen *seen = &p->seen[p->kind];
	const struct hide_stream *hide = &p->stream[piece->stream].hide;

	if (piece->max_ts < p->from || time_is_behind(piece->min_ts, p->to)) {
		seen->by_time++;
		return;
	}
	if (piece->max_ts < hide->from_ns) {
		seen->by_age++;
		return;
	}
	seen->pieces_in++;
	seen->bytes_in += plan_piece_bytes(piece);
	mem_grow(&p->piece, &p->cap_pieces, p->n_pieces + 1, sizeof(*p->piece));
	p->piece[p->n_pieces] = *piece;
	p->piece[p->n_pieces].hides =
		hide->n && hide_stream_touches(hide, &p->applied, piece->min_ts, piece->max_ts);
	seen->hides += p->piece[p->n_pieces++].hides;
}

static int cmp_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int piece_cmp(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int c = (x->stream > y->stream) - (x->stream < y->stream);

	if (c == 0)
		c = cmp_i64(x->min_ts, y->min_ts);
	if (c == 0)
		c = cmp_i64(x->order, y->order);
	return c ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

uint32_t plan_together(struct plan *p, size_t n)
{
	uint32_t first = p->n_together + 1;

	p->n_together += (uint32_t)n;
	return first;
}

/* Of one stream the parts of equal end are in the order of the answer too: a piece that lies behind
 * another one's last timestamp comes first, newest first. */
static int newest_first(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;
	int c = cmp_i64(y->hi, x->hi);

	if (c == 0)
		c = cmp_i64(y->lo, x->lo);
	return c ? c : (x->first < y->first) - (x->first > y->first);
}

static int oldest_first(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;
	int c = cmp_i64(x->lo, y->lo);

	if (c == 0)
		c = cmp_i64(x->hi, y->hi);
	return c ? c : (x->first > y->first) - (x->first < y->first);
}

static uint32_t together_of(const struct plan *p, const struct unit *u)
{
	return plan_piece(p, u, 0)->together;
}

/* Gives units of one set the times of all of them. */
static void spread_times(struct plan *p)
{
	struct unit *all = mem_alloc((p->n_together + (size_t)1) * sizeof(*all));

	for (size_t i = 0; i <= p->n_together; i++)
		all[i] = (struct unit){ .lo = INT64_MAX, .hi = INT64_MIN };
	for (size_t i = 0; i < p->n_units; i++) {
		const struct unit *u = &p->unit[i];
		struct unit *set = &all[together_of(p, u)];

		set->lo = u->lo < set->lo ? u->lo : set->lo;
		set->hi = u->hi > set->hi ? u->hi : set->hi;
	}
	for (size_t i = 0; i < p->n_units; i++) {
		struct unit *u = &p->unit[i];
		uint32_t set = together_of(p, u);

		if (set == 0)
			continue;
		u->lo = all[set].lo;
		u->hi = all[set].hi;
	}
	free(all);
}

static void sort_units(struct plan *p, enum direction dir)
{
	int (*cmp)(const void *, const void *) = dir == BACKWARD ? newest_first : oldest_first;

	qsort(p->unit, p->n_units, sizeof(*p->unit), cmp);
	for (size_t i = 0; i < p->n_units; i++)
		p->unit[i].rank = (uint32_t)i;
	if (p->n_together == 0)
		return;
	spread_times(p);
	qsort(p->unit, p->n_units, sizeof(*p->unit), cmp);
}

static bool is_of_log(const struct plan *p, const struct unit *u)
{
	return plan_piece(p, u, 0)->source->is_log;
}

/* Units are made stream by stream, so nothing has to be done to those of a store. */
static void logs_last(struct plan *p)
{
	size_t n = 0, n_logs = 0;
	struct unit *log;

	while (n < p->n_units && !is_of_log(p, &p->unit[n]))
		n++;
	if (n == p->n_units)
		return;
	log = mem_alloc((p->n_units - n) * sizeof(*log));
	for (size_t i = n; i < p->n_units; i++) {
		if (is_of_log(p, &p->unit[i]))
			log[n_logs++] = p->unit[i];
		else
			p->unit[n++] = p->unit[i];
	}
	qsort(log, n_logs, sizeof(*log), newest_first);
	memcpy(p->unit + n, log, n_logs * sizeof(*log));
	free(log);
}

/*
 * A group of pieces of one stream that overlap, directly or by others between them: n from first
 * on. max_ts is the last timestamp, of piece `last`; others: the last one of pieces that are not of
 * that one's chunk.
 */
struct group {
	uint32_t first, n, last;
	int64_t max_ts, others;
	bool has_others;
};

/* Pieces of one chunk, which hold no entry twice. */
static bool same_chunk(const struct piece *x, const struct piece *y)
{
	return x->sorted && y->sorted && x->source == y->source && x->at == y->at;
}

static struct group group_of(const struct plan *p, uint32_t i)
{
	return (struct group){ .first = i, .n = 1, .last = i, .max_ts = p->piece[i].max_ts };
}

/* Whether piece x, which begins no earlier than any of the group, must be merged with it. */
static bool overlaps(const struct plan *p, const struct group *g, const struct piece *x)
{
	const struct piece *last = &p->piece[g->last];

	if (x->alone || last->alone || last->stream != x->stream || g->max_ts < x->min_ts)
		return false;
	if (!same_chunk(last, x) || g->max_ts > x->min_ts)
		return true;
	return g->has_others && g->others >= x->min_ts;
}

/* Adds what lies directly behind the group to it. */
static void join(const struct plan *p, struct group *g, const struct group *next)
{
	const struct piece *a = &p->piece[g->last], *b = &p->piece[next->last];
	const struct group *late = next->max_ts >= g->max_ts ? next : g;
	const struct group *early = late == g ? next : g;
	struct group ret = *late;

	if (!same_chunk(a, b) && (!ret.has_others || early->max_ts > ret.others)) {
		ret.others = early->max_ts;
		ret.has_others = true;
	}
	if (early->has_others && (!ret.has_others || early->others > ret.others)) {
		ret.others = early->others;
		ret.has_others = true;
	}
	ret.first = g->first;
	ret.n = g->n + next->n;
	*g = ret;
}

static bool is_sorted(const struct piece *v, size_t n)
{
	size_t i = 1;

	while (i < n && piece_cmp(&v[i - 1], &v[i]) <= 0)
		i++;
	return i >= n;
}

/* Brings the pieces of each stream together. Returns where those of each end. */
static uint32_t *gather_streams(struct plan *p)
{
	uint32_t *end = mem_alloc((p->n_streams + 1) * sizeof(*end));
	uint32_t *to = mem_alloc(p->n_pieces * sizeof(*to));

	for (size_t i = 0; i < p->n_pieces; i++)
		end[p->piece[i].stream + 1]++;
	for (size_t i = 1; i <= p->n_streams; i++)
		end[i] += end[i - 1];
	for (size_t i = 0; i < p->n_pieces; i++)
		to[i] = end[p->piece[i].stream]++;
	for (uint32_t i = 0; i < p->n_pieces; i++)
		while (to[i] != i) {
			uint32_t k = to[i];
			struct piece moved = p->piece[k];

			p->piece[k] = p->piece[i];
			p->piece[i] = moved;
			to[i] = to[k];
			to[k] = k;
		}
	free(to);
	return end;
}

/* As piece_cmp has it. Sources mostly give the pieces of a stream in order. */
static void sort_pieces(struct plan *p)
{
	uint32_t *end = gather_streams(p), first = 0;

	for (size_t i = 0; i < p->n_streams; first = end[i++]) {
		size_t n = end[i] - first;

		if (!is_sorted(p->piece + first, n))
			qsort(p->piece + first, n, sizeof(*p->piece), piece_cmp);
	}
	free(end);
}

/* Of many packs the units of one stream lie in a bundle of each: in the order of streams all
 * bundles would be unpacked once more for each stream. Those of one set stay as they are. */
static void gather_together(struct plan *p)
{
	uint32_t *start;
	struct unit *to;

	if (p->n_together == 0)
		return;
	start = mem_alloc((p->n_together + (size_t)2) * sizeof(*start));
	to = mem_alloc(p->n_units * sizeof(*to));
	for (size_t i = 0; i < p->n_units; i++)
		start[together_of(p, &p->unit[i]) + 1]++;
	for (size_t i = 1; i <= p->n_together; i++)
		start[i] += start[i - 1];
	for (size_t i = 0; i < p->n_units; i++)
		to[start[together_of(p, &p->unit[i])]++] = p->unit[i];
	free(start);
	free(p->unit);
	p->unit = to;
	p->cap_units = p->n_units;
}

void plan_units(struct plan *p, enum direction dir)
{
	struct group *v = NULL;
	size_t n = 0, cap = 0;

	p->n_units = 0;
	p->n_refs = 0;
	if (p->n_pieces == 0 || time_is_behind(p->from, p->to))
		return;
	sort_pieces(p);
	for (uint32_t i = 0; i < p->n_pieces; i++) {
		mem_grow(&v, &cap, n + 1, sizeof(*v));
		v[n++] = group_of(p, i);
		/* A piece may bind together what was apart before it. */
		while (n > 1 && overlaps(p, &v[n - 2], &p->piece[i])) {
			join(p, &v[n - 2], &v[n - 1]);
			n--;
		}
	}
	for (size_t i = 0; i < n; i++)
		plan_add_windows(p, v[i].first, v[i].n);
	free(v);
	for (size_t i = 0; i < p->n_units; i++) {
		p->unit[i].lo = p->unit[i].min_ts;
		p->unit[i].hi = p->unit[i].max_ts;
	}
	if (dir == AS_THEY_LIE) {
		gather_together(p);
		logs_last(p);
	} else {
		sort_units(p, dir);
	}
}
