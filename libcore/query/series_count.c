#include "query/series_count.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/fetch.h"
#include "query/load.h"

static bool is_seen(const struct hide_stream *s, const struct hide_applied *applied, int64_t ts)
{
	return ts >= s->from_ns && !hide_stream_touches(s, applied, ts, ts);
}

enum series_seen series_look(const struct hide_stream *s, const struct hide_applied *applied,
			     int64_t min_ts, int64_t max_ts)
{
	if (max_ts < s->from_ns)
		return SEEN_NONE;
	if (min_ts >= s->from_ns && !hide_stream_touches(s, applied, min_ts, max_ts))
		return SEEN_ALL;
	return is_seen(s, applied, min_ts) || is_seen(s, applied, max_ts) ? SEEN_SOME
									  : SEEN_UNCLEAR;
}

struct counting {
	const struct plan *plan;
	const struct source_opts *o;
	enum series_need need;
	struct load_mem mem;
};

/* Of a piece that is read. */
static void count_run(const struct hide_stream *hide, const struct run *r, struct series_info *x)
{
	for (size_t i = 0; i < r->n; i++) {
		if (hide_stream_hides(hide, r, i))
			continue;
		x->entries++;
		x->line_bytes += run_line(r, i).n;
	}
}

static int read_piece(struct counting *c, const struct piece *p, struct series_info *x,
		      struct err *e)
{
	struct run run;
	unsigned have;

	if (p->source->ops->load(p->source, p, WANT_ALL, &c->mem, &run, &have, e) < 0) {
		err_wrap(e, "'%s'", p->source->name);
		if (e->code != ERR_CORRUPT && e->code != ERR_VERSION)
			return -1;
		c->o->damage(c->o->damage_data, e);
		return 0;
	}
	count_run(&c->plan->stream[p->stream].hide, &run, x);
	if (p->source->ops->unload)
		p->source->ops->unload(p->source, p, &c->mem);
	return 0;
}

/* How much of a piece is seen, as far as that is asked; SEEN_UNCLEAR: it has to be read. */
static enum series_seen look_at(const struct counting *c, const struct piece *p)
{
	const struct hide_stream *hide = &c->plan->stream[p->stream].hide;
	/* Which requests were applied is known of those that touch it. */
	const struct hide_stream kept = { .from_ns = hide->from_ns };
	enum series_seen seen;

	if (!p->n)
		return SEEN_UNCLEAR;
	seen = series_look(p->hides ? hide : &kept, &(struct hide_applied){ 0 }, p->min_ts,
			   p->max_ts);
	if (seen != SEEN_SOME)
		return seen;
	return c->need == SERIES_EXIST ? SEEN_ALL : SEEN_UNCLEAR;
}

static bool is_read(const void *data, const struct unit *u, const struct piece *p)
{
	(void)u;
	return look_at(data, p) == SEEN_UNCLEAR;
}

static int count_piece(struct counting *c, const struct piece *p, struct series_info *x,
		       struct err *e)
{
	switch (look_at(c, p)) {
	case SEEN_NONE:
		return 0;
	case SEEN_ALL:
		x->entries += p->n;
		x->line_bytes += p->line_bytes;
		return 0;
	default:
		return read_piece(c, p, x, e);
	}
}

/* ---- in which order ---- */

/* A piece, and how many of its stream come before it. */
struct turn {
	uint32_t piece, rank;
};

static int by_rank(const void *pa, const void *pb)
{
	const struct turn *a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->piece < b->piece ? -1 : a->piece > b->piece;
}

/* Each piece is a unit. When one of each stream may be enough, the first ones of all come first. */
static void make_units(struct plan *p, enum series_need need)
{
	struct turn *v = mem_alloc((p->n_pieces + 1) * sizeof(*v));
	uint32_t *rank = mem_alloc((p->n_streams + 1) * sizeof(*rank));

	for (uint32_t i = 0; i < p->n_pieces; i++)
		v[i] = (struct turn){ i, need == SERIES_EXIST ? rank[p->piece[i].stream]++ : 0 };
	if (p->n_pieces)
		qsort(v, p->n_pieces, sizeof(*v), by_rank);
	mem_grow(&p->unit, &p->cap_units, p->n_pieces + 1, sizeof(*p->unit));
	mem_grow(&p->ref, &p->cap_refs, p->n_pieces + 1, sizeof(*p->ref));
	p->n_units = p->n_refs = p->n_pieces;
	for (uint32_t i = 0; i < p->n_pieces; i++) {
		p->ref[i] = v[i].piece;
		p->unit[i] = (struct unit){ .first = i, .n = 1 };
	}
	free(v);
	free(rank);
}

/* What one unit adds. */
static int count_unit(struct counting *c, const struct piece *x, struct series_info *info,
		      const struct piece **counted, struct err *e)
{
	uint64_t before = info->entries;

	if (c->need == SERIES_EXIST && before > 0)
		return 0;
	if (source_check_interrupt(c->o, e) < 0 || count_piece(c, x, info, e) < 0)
		return -1;
	if (info->entries == before || !x->n)
		return 0;
	info->chunks += !*counted || (*counted)->source != x->source || (*counted)->at != x->at;
	*counted = x;
	return 0;
}

int series_count(struct plan *p, const struct source_opts *o, enum series_need need,
		 struct series_info *ret, struct err *e)
{
	struct counting c = { .plan = p, .o = o, .need = need };
	const struct fetch_opts ahead = { is_read, &c, need == SERIES_EXIST };
	const struct piece *counted = NULL; /* the last one of a chunk that counts */
	int r = 0;

	make_units(p, need);
	c.mem.fetch = fetch_new(p, &ahead);
	for (size_t i = 0; i < p->n_units && r == 0; i++) {
		const struct piece *x = plan_piece(p, &p->unit[i], 0);

		r = count_unit(&c, x, &ret[x->stream], &counted, e);
		fetch_unit_done(c.mem.fetch, &p->unit[i]);
	}
	for (size_t i = 0; i < p->n_streams; i++) {
		ret[i].labels = &p->stream[i].labels;
		ret[i].id = &p->stream[i].id;
	}
	fetch_free(c.mem.fetch);
	load_mem_release(&c.mem);
	return r;
}
