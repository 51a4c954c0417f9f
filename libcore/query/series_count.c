#include "query/series_count.h"

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

static int count_piece(struct counting *c, const struct piece *p, struct series_info *x,
		       struct err *e)
{
	const struct hide_stream *hide = &c->plan->stream[p->stream].hide;
	/* Which requests were applied is known of those that touch it. */
	const struct hide_stream kept = { .from_ns = hide->from_ns };
	enum series_seen seen = SEEN_UNCLEAR;

	if (p->n)
		seen = series_look(p->hides ? hide : &kept, &(struct hide_applied){ 0 }, p->min_ts,
				   p->max_ts);
	if (seen == SEEN_SOME && c->need == SERIES_EXIST)
		seen = SEEN_ALL;
	if (seen == SEEN_NONE)
		return 0;
	if (seen != SEEN_ALL)
		return read_piece(c, p, x, e);
	x->entries += p->n;
	x->line_bytes += p->line_bytes;
	return 0;
}

int series_count(const struct plan *p, const struct source_opts *o, enum series_need need,
		 struct series_info *ret, struct err *e)
{
	struct counting c = { .plan = p, .o = o, .need = need };
	const struct piece *counted = NULL; /* the last one of a chunk that counts */
	int r = 0;

	for (size_t i = 0; i < p->n_pieces && r == 0; i++) {
		const struct piece *x = &p->piece[i];
		struct series_info *info = &ret[x->stream];
		uint64_t before = info->entries;

		if (need == SERIES_EXIST && before > 0)
			continue;
		r = source_check_interrupt(o, e);
		if (r == 0)
			r = count_piece(&c, x, info, e);
		if (info->entries == before || !x->n)
			continue;
		info->chunks += !counted || counted->source != x->source || counted->at != x->at;
		counted = x;
	}
	for (size_t i = 0; i < p->n_streams; i++) {
		ret[i].labels = &p->stream[i].labels;
		ret[i].id = &p->stream[i].id;
	}
	load_mem_release(&c.mem);
	return r;
}
