#include "query/plan.h"

#include "base/mem.h"

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n_sources; i++) {
		free(p->source[i]->name);
		p->source[i]->ops->close(p->source[i]);
	}
	free(p->source);
	free(p->stream);
	free(p->piece);
	free(p->unit);
	map_release(&p->by_id);
	arena_release(&p->mem);
	*p = (struct plan){ 0 };
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

uint32_t plan_stream(struct plan *p, const struct hash128 *id, const struct labels *labels)
{
	struct bytes key = bytes_of(id->b, sizeof(id->b));
	uint64_t hash = hash64(key);
	uint32_t n = map_get(&p->by_id, hash, key);

	if (n != MAP_NONE)
		return n;
	n = (uint32_t)p->n_streams;
	mem_grow(&p->stream, &p->cap_streams, p->n_streams + 1, sizeof(*p->stream));
	p->stream[p->n_streams++] =
		(struct plan_stream){ .labels = labels_copy(&p->mem, labels), .id = *id };
	map_put(&p->by_id, hash, arena_copy(&p->mem, key), n);
	return n;
}

void plan_add_piece(struct plan *p, const struct piece *piece)
{
	if (piece->max_ts < p->from || piece->min_ts >= p->to)
		return;
	mem_grow(&p->piece, &p->cap_pieces, p->n_pieces + 1, sizeof(*p->piece));
	p->piece[p->n_pieces++] = *piece;
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

static int newest_first(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;
	int c = cmp_i64(y->max_ts, x->max_ts);

	return c ? c : (x->first > y->first) - (x->first < y->first);
}

static int oldest_first(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;
	int c = cmp_i64(x->min_ts, y->min_ts);

	return c ? c : (x->first > y->first) - (x->first < y->first);
}

void plan_units(struct plan *p, enum direction dir)
{
	p->n_units = 0;
	if (p->n_pieces == 0)
		return;
	qsort(p->piece, p->n_pieces, sizeof(*p->piece), piece_cmp);
	for (size_t i = 0; i < p->n_pieces; i++) {
		const struct piece *x = &p->piece[i];
		struct unit *u = p->n_units ? &p->unit[p->n_units - 1] : NULL;

		if (u && !x->alone && p->piece[u->first].stream == x->stream &&
		    x->min_ts <= u->max_ts) {
			u->n++;
			u->merge = true;
			if (x->max_ts > u->max_ts)
				u->max_ts = x->max_ts;
			continue;
		}
		mem_grow(&p->unit, &p->cap_units, p->n_units + 1, sizeof(*p->unit));
		p->unit[p->n_units++] =
			(struct unit){ (uint32_t)i, 1, x->min_ts, x->max_ts, !x->sorted };
	}
	qsort(p->unit, p->n_units, sizeof(*p->unit), dir == BACKWARD ? newest_first : oldest_first);
}
