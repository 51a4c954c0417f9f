#include "query/range.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "query/range_columns.h"
#include "query/range_groups.h"

void range_bounds(const struct steps *steps, int64_t range_ns, int64_t offset_ns, int64_t *ret_from,
		  int64_t *ret_to)
{
	*ret_from = num_clip((num_wide)steps->start_ns - offset_ns - range_ns + 1);
	*ret_to = num_clip((num_wide)step_at(steps, steps->n - 1) - offset_ns + 1);
}

/* Towards below; b is above zero. Wide division is slow, and seldom needed. */
static int64_t floor_div(num_wide a, int64_t b)
{
	int64_t v = (int64_t)a;

	if (v == a)
		return v / b - (v % b < 0);
	return num_clip(a / b - (a % b < 0));
}

struct span {
	int64_t lo, hi; /* steps that see it; lo > hi: none */
};

static struct span span_of(const struct range_sink *r, int64_t ts)
{
	num_wide at = (num_wide)ts + r->offset_ns - r->steps.start_ns;
	struct span s = { 0, (int64_t)r->steps.n - 1 };
	int64_t lo, hi;

	if (r->steps.n == 1) {
		/* Before and behind the window are not the same: a block may reach over it. */
		s.lo = at > 0;
		s.hi = at <= -r->range_ns ? -1 : 0;
		return s;
	}
	lo = floor_div(at + r->steps.step_ns - 1, r->steps.step_ns);
	hi = floor_div(at + r->range_ns - 1, r->steps.step_ns);
	if (lo > s.lo)
		s.lo = lo;
	if (hi < s.hi)
		s.hi = hi;
	return s;
}

/* The last time from ts on that the same steps see: those of span_of. */
static int64_t span_end(const struct range_sink *r, int64_t ts)
{
	num_wide at = (num_wide)ts + r->offset_ns - r->steps.start_ns, end, hi;

	if (r->steps.n == 1) {
		end = at <= -r->range_ns ? -r->range_ns : at <= 0 ? 0 : INT64_MAX;
	} else {
		end = (num_wide)floor_div(at + r->steps.step_ns - 1, r->steps.step_ns) *
		      r->steps.step_ns;
		hi = (num_wide)floor_div(at + r->range_ns - 1, r->steps.step_ns) + 1;
		hi = hi * r->steps.step_ns - r->range_ns;
		end = hi < end ? hi : end;
	}
	/* Where a quotient had to be clipped, this one alone. */
	return end < at ? ts : num_clip(end - r->offset_ns + r->steps.start_ns);
}

static bool same_span(const struct range_sink *r, int64_t a, int64_t b, struct span *ret)
{
	struct span x = span_of(r, a), y = span_of(r, b);

	*ret = x;
	return x.lo == y.lo && x.hi == y.hi;
}

static void count(struct range_group *g, struct span s, int64_t n, int64_t bytes)
{
	if (s.lo > s.hi)
		return;
	g->count[s.lo] += n;
	g->count[s.hi + 1] -= n;
	if (g->bytes) {
		g->bytes[s.lo] += bytes;
		g->bytes[s.hi + 1] -= bytes;
	}
}

/* Whether all entries of a stream are of one group, as long as no stage has set labels. */
static bool one_group(const struct range_sink *r, const struct labels *stream)
{
	if (r->group.streams_only)
		return true;
	if (r->group.kind != GROUP_BY)
		return false;
	for (size_t i = 0; i < r->group.n; i++)
		if (!labels_get_bytes(stream, r->group.labels[i]).p)
			return false;
	return true;
}

static int64_t stream_group(struct range_worker *w, const struct block *b, struct err *e)
{
	int64_t g;

	if (w->stream == b->base.labels)
		return w->stream_group;
	g = range_groups_find(&w->groups, b, 0, e);
	if (g >= 0) {
		w->stream = b->base.labels;
		w->stream_group = (uint32_t)g;
	}
	return g;
}

/* --- counting -------------------------------------------------------------------------------- */

/* Whether what the plan knows of a piece is enough. */
static bool is_in_table(const struct range_sink *r, const struct piece *p,
			const struct labels *stream, struct span *ret)
{
	return !r->scan->pipeline->n_stages && !r->unwrap &&
	       (!p->meta_bytes || one_group(r, stream)) &&
	       same_span(r, p->min_ts, p->max_ts, ret) && stream->n <= RANGE_TABLE_LABELS;
}

static uint32_t *known_group(struct range_worker *w, uint32_t stream)
{
	size_t n = (size_t)stream + 1;

	if (n > w->n_known) {
		mem_grow(&w->known, &w->cap_known, n, sizeof(*w->known));
		memset(w->known + w->n_known, 0, (n - w->n_known) * sizeof(*w->known));
		w->n_known = n;
	}
	return &w->known[stream];
}

static bool same_names(const struct labels *a, const struct labels *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!bytes_eq(a->v[i].name, b->v[i].name))
			return false;
	return true;
}

/* Numbers of names as the worker's own blocks have them: mostly those of the stream before. */
static uint32_t *name_ids(struct range_worker *w, struct names *names, const struct labels *stream)
{
	if (w->named && same_names(w->named, stream))
		return w->name_id;
	for (size_t i = 0; i < stream->n; i++)
		w->name_id[i] = names_id(names, stream->v[i].name);
	w->named = stream;
	return w->name_id;
}

static bool count_table(struct range_sink *r, unsigned worker, const struct piece *p,
			const struct labels *stream, struct span span)
{
	struct range_worker *w = &r->worker[worker];
	uint32_t *known = known_group(w, p->stream);
	struct block b = { .names = NULL };
	int64_t g;

	if (*known == 0) {
		b.names = scan_names(r->scan, worker);
		b.base = (struct base_labels){ stream, name_ids(w, b.names, stream),
					       RANGE_TABLE_LABELS };
		g = stream_group(w, &b, NULL);
		if (g < 0)
			return false; /* over the limit: found again, and told, when the piece is
					 read */
		*known = 1 + (uint32_t)g;
	}
	count(&w->groups.v[*known - 1], span, p->n, (int64_t)p->line_bytes);
	return true;
}

static bool in_table(const void *data, const struct piece *p, const struct labels *stream)
{
	struct span span;

	for (const struct range_sink *r = data; r; r = r->next)
		if (!is_in_table(r, p, stream, &span))
			return false;
	return true;
}

static bool take_table(void *data, unsigned worker, const struct piece *p,
		       const struct labels *stream)
{
	struct span span;

	/* All or none. */
	if (((struct range_sink *)data)->next && !in_table(data, p, stream))
		return false;
	for (struct range_sink *r = data; r; r = r->next)
		if (!is_in_table(r, p, stream, &span) || !count_table(r, worker, p, stream, span))
			return false;
	return true;
}

/* Of the lines of the entries from the k-th up to the end-th that are in. */
static int64_t line_bytes(const struct block *b, size_t k, size_t end)
{
	int64_t sum = 0;

	if (!b->line && !b->sel_list)
		return (int64_t)(b->run.line_off[b->first + end] - b->run.line_off[b->first + k]) -
		       (int64_t)(end - k);
	for (; k < end; k++) {
		uint32_t i = block_entry(b, k);

		sum += b->line ? (int64_t)b->line[i].n
			       : (int64_t)(b->run.line_off[i + 1] - b->run.line_off[i]) - 1;
	}
	return sum;
}

/* Behind the k-th entry that is in, the first that other steps see. */
static size_t end_of_span(const struct range_sink *r, const struct block *b, size_t k)
{
	const int64_t *ts = b->run.ts_ns, from = ts[block_entry(b, k)], to = span_end(r, from);

	if (b->sel_list)
		for (k++; k < b->n_sel && ts[b->sel[k]] >= from && ts[b->sel[k]] <= to;)
			k++;
	else
		for (k++; k < b->n_sel && ts[b->first + k] >= from && ts[b->first + k] <= to;)
			k++;
	return k;
}

static int take_plain(struct range_sink *r, struct range_worker *w, const struct unit *u,
		      struct block *b, struct err *e)
{
	int64_t g = stream_group(w, b, e);
	bool bytes = range_is_bytes(r->op);
	struct span span;

	if (g < 0)
		return -1;
	if (same_span(r, u->min_ts, u->max_ts, &span)) {
		count(&w->groups.v[g], span, (int64_t)b->n_sel,
		      bytes ? line_bytes(b, 0, b->n_sel) : 0);
		return 0;
	}
	if (block_need(b, WANT_TS, e) < 0)
		return -1;
	for (size_t k = 0, end; k < b->n_sel; k = end) {
		end = end_of_span(r, b, k);
		count(&w->groups.v[g], span_of(r, b->run.ts_ns[block_entry(b, k)]),
		      (int64_t)(end - k), bytes ? line_bytes(b, k, end) : 0);
	}
	return 0;
}

static int take_sample(struct range_sink *r, struct range_worker *w, int64_t group, int64_t ts,
		       double v, struct err *e)
{
	if (group < 0)
		return -1;
	return samples_add(&w->groups.v[group].samples, (struct sample){ ts, v }, r->memory, e);
}

static int take_samples_of_columns(struct range_sink *r, struct range_worker *w, struct block *b,
				   struct range_columns *c, struct err *e)
{
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		double v;

		if (range_columns_value(c, i, &v) &&
		    take_sample(r, w, range_columns_find(c, &w->groups, b, i, e), b->run.ts_ns[i],
				v, e) < 0)
			return -1;
	}
	return 0;
}

static int take_samples(struct range_sink *r, struct range_worker *w, struct block *b,
			struct err *e)
{
	if (block_need(b, WANT_TS, e) < 0 || block_need_labels(b, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		struct elabels before = b->el[i];
		int64_t g = 0;
		bool counts;
		double v;

		/* The errors that it finds are not those of a further metric. */
		b->el[i].cap = 0;
		counts = unwrap_value(r->scan->pipeline, r->unwrap, b, i, &v);
		if (counts)
			g = range_groups_find(&w->groups, b, i, e);
		b->el[i] = before;
		if (counts && take_sample(r, w, g, b->run.ts_ns[i], v, e) < 0)
			return -1;
	}
	return 0;
}

static int take_one(struct range_sink *r, unsigned worker, const struct unit *u, struct block *b,
		    struct err *e)
{
	struct range_worker *w = &r->worker[worker];
	bool bytes = range_is_bytes(r->op), plain;
	struct range_columns columns = { 0 };
	int64_t from = 0, to = 0;
	struct span span;

	if (b->columns && (block_need(b, WANT_TS, e) < 0 ||
			   range_columns_read(b, &w->groups, r->unwrap, &columns, e) < 0))
		return -1;
	if (r->unwrap && columns.shape)
		return take_samples_of_columns(r, w, b, &columns, e);
	if (r->unwrap)
		return take_samples(r, w, b, e);
	plain = !b->el && !columns.shape && one_group(r, b->base.labels);
	if (bytes && !b->line && block_need(b, WANT_LENS, e) < 0)
		return -1;
	if (!b->el && !columns.shape && !plain) {
		if (block_need(b, WANT_META, e) < 0)
			return -1;
		plain = !b->run.meta_set || b->run.meta.n_sets == 0;
	}
	if (plain)
		return take_plain(r, w, u, b, e);
	if (block_need(b, WANT_TS, e) < 0 || (!columns.shape && block_need_labels(b, e) < 0))
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		int64_t ts = b->run.ts_ns[i], g;

		/* Those next to each other are mostly seen by the same steps. */
		if (k == 0 || ts < from || ts > to) {
			span = span_of(r, ts);
			from = ts;
			to = span_end(r, ts);
		}
		if (span.lo > span.hi)
			continue;
		g = columns.shape ? range_columns_find(&columns, &w->groups, b, i, e)
				  : range_groups_find(&w->groups, b, i, e);
		if (g < 0)
			return -1;
		count(&w->groups.v[g], span, 1, bytes ? line_bytes(b, k, k + 1) : 0);
	}
	return 0;
}

static int take(void *data, unsigned worker, size_t slot, const struct unit *u, struct block *b,
		struct err *e)
{
	(void)slot;
	for (struct range_sink *r = data; r; r = r->next)
		if (take_one(r, worker, u, b, e) < 0)
			return -1;
	return 0;
}

void range_sink_init(struct range_sink *first, struct scan *scan)
{
	struct pipeline *p = scan->pipeline;
	unsigned later = 0;

	for (struct range_sink *r = first; r; r = r->next) {
		later |= range_is_bytes(r->op) ? WANT_LENS : 0;
		r->scan = scan;
		r->group_name = mem_alloc((r->group.n + 1) * sizeof(*r->group_name));
		for (size_t i = 0; i < r->group.n; i++)
			r->group_name[i] = names_id(&p->names, r->group.labels[i]);
		r->worker = mem_alloc(scan->jobs * sizeof(*r->worker));
		for (unsigned i = 0; i < scan->jobs; i++) {
			struct range_groups *g = &r->worker[i].groups;

			g->by = &r->group;
			g->names = r->group_name;
			g->n_cells = r->unwrap ? 0 : r->steps.n + 1;
			g->with_bytes = range_is_bytes(r->op);
			g->memory = r->memory;
		}
	}
	p->takes_columns = !first->next && first->group.kind == GROUP_BY &&
			   !first->group.streams_only && !range_is_bytes(first->op);
	scan->sink = (struct sink){ .want_later = later,
				    .take_table = take_table,
				    .in_table = in_table,
				    .take = take,
				    .data = first };
}

void range_sink_release(struct range_sink *r)
{
	for (unsigned i = 0; r->worker && i < r->scan->jobs; i++) {
		range_groups_release(&r->worker[i].groups);
		free(r->worker[i].known);
	}
	free(r->worker);
	free(r->group_name);
	r->worker = NULL;
	r->group_name = NULL;
}
