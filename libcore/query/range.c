#include "query/range.h"

#include <assert.h>

#include "base/mem.h"
#include "base/num.h"
#include "query/samples.h"

struct range_group {
	struct labels labels;	/* in the worker's arena; sorted by name */
	int64_t *count, *bytes; /* differences by step, one more than there are steps */
	struct samples samples; /* with unwrap, instead */
};

struct range_worker {
	struct map map; /* of keys to groups */
	struct arena mem;
	struct range_group *group;
	size_t n, cap;
	struct buf key;
	struct elabel *label; /* scratch */
	size_t cap_label;
	const struct labels *stream; /* whose own group this is: */
	uint32_t stream_group;
};

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

static bool is_bytes(const struct range_sink *r)
{
	return r->op == LOGQL_BYTES_OVER_TIME || r->op == LOGQL_BYTES_RATE;
}

/* Before what takes so much is made; it is given back when the sink is released. */
static int take_memory(struct range_sink *r, uint64_t bytes, struct err *e)
{
	struct range_memory *m = r->memory;

	if (__atomic_add_fetch(&m->used_bytes, bytes, __ATOMIC_RELAXED) <= m->max_bytes) {
		__atomic_add_fetch(&r->held_bytes, bytes, __ATOMIC_RELAXED);
		return 0;
	}
	__atomic_sub_fetch(&m->used_bytes, bytes, __ATOMIC_RELAXED);
	return err_set(e, ERR_LIMIT,
		       "more than the %llu bytes of memory for series and values: ask for fewer, "
		       "or longer steps (or --memory)",
		       (unsigned long long)m->max_bytes);
}

static void give_back(struct range_sink *r, uint64_t bytes)
{
	__atomic_sub_fetch(&r->memory->used_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&r->held_bytes, bytes, __ATOMIC_RELAXED);
}

/* While an array or a map grows there are the old one, full, and one of twice its size: of what a
 * row takes, so much is counted, for maps at most 3/4 full. */
enum { ARRAY_ROWS = 3, MAP_ROWS = 4 };

/* --- groups ---------------------------------------------------------------------------------- */

static void add_key(struct buf *key, uint32_t name, struct bytes value)
{
	uint32_t head[2] = { name, (uint32_t)value.n };

	buf_add(key, head, sizeof(head));
	buf_add_bytes(key, value);
}

static bool in_group(const struct range_sink *r, uint32_t name)
{
	for (size_t i = 0; i < r->group.n; i++)
		if (r->group_name[i] == name)
			return true;
	return false;
}

static int label_cmp(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return bytes_cmp(x->name, y->name);
}

static int new_group(struct range_sink *r, struct range_worker *w, const struct names *names,
		     size_t n, struct err *e)
{
	size_t cells = r->unwrap ? 1 : r->steps.n + 1;
	/* The key is in there twice, as labels too. */
	uint64_t bytes = cells * sizeof(int64_t) * (is_bytes(r) ? 2 : 1) + 2 * w->key.n +
			 n * sizeof(struct label) + ARRAY_ROWS * sizeof(struct range_group) +
			 MAP_ROWS * sizeof(struct map_slot);
	struct range_group *g;
	struct label *l;

	if (w->n >= INT32_MAX)
		return err_set(e, ERR_LIMIT, "more than %d series", INT32_MAX);
	if (take_memory(r, bytes, e) < 0)
		return -1;
	l = arena_alloc(&w->mem, (n + 1) * sizeof(*l));
	mem_grow(&w->group, &w->cap, w->n + 1, sizeof(*w->group));
	g = &w->group[w->n];
	for (size_t i = 0; i < n; i++)
		l[i] = (struct label){ arena_copy(&w->mem, names->v[w->label[i].name]),
				       arena_copy(&w->mem, w->label[i].value) };
	qsort(l, n, sizeof(*l), label_cmp);
	g->labels = (struct labels){ l, n };
	g->samples = (struct samples){ 0 };
	g->count = arena_zalloc(&w->mem, cells * sizeof(*g->count));
	g->bytes = is_bytes(r) ? arena_zalloc(&w->mem, cells * sizeof(*g->bytes)) : NULL;
	map_put(&w->map, hash64(buf_bytes(&w->key)), arena_copy(&w->mem, buf_bytes(&w->key)),
		(uint32_t)w->n);
	return (int)w->n++;
}

/* The group of an entry, or of the stream when b has no labels of entries. -1: error. */
static int64_t group_of(struct range_sink *r, struct range_worker *w, const struct block *b,
			uint32_t i, struct err *e)
{
	size_t n = block_n_labels(b, i), k = 0;
	bool error = block_error(b, i).n > 0;
	uint32_t id;

	mem_grow(&w->label, &w->cap_label, n + 1, sizeof(*w->label));
	n = block_labels(b, i, w->label);
	for (size_t j = 0; j < n; j++) {
		uint32_t name = w->label[j].name;

		/* An entry with an error keeps all its labels, so that the error is seen. */
		if (error || r->group.kind == GROUP_ALL ||
		    in_group(r, name) == (r->group.kind == GROUP_BY)) {
			struct elabel l = w->label[j];
			size_t at = k++;

			/* By number, so that equal sets make equal keys. */
			for (; at > 0 && w->label[at - 1].name > l.name; at--)
				w->label[at] = w->label[at - 1];
			w->label[at] = l;
		}
	}
	buf_reset(&w->key);
	for (size_t j = 0; j < k; j++)
		add_key(&w->key, w->label[j].name, w->label[j].value);
	id = map_get(&w->map, hash64(buf_bytes(&w->key)), buf_bytes(&w->key));
	if (id != MAP_NONE)
		return id;
	return new_group(r, w, b->names, k, e);
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

static int64_t stream_group(struct range_sink *r, struct range_worker *w, const struct block *b,
			    struct err *e)
{
	int64_t g;

	if (w->stream == b->base.labels)
		return w->stream_group;
	g = group_of(r, w, b, 0, e);
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
	       same_span(r, p->min_ts, p->max_ts, ret) && stream->n <= 64;
}

static bool count_table(struct range_sink *r, unsigned worker, const struct piece *p,
			const struct labels *stream, struct span span)
{
	struct range_worker *w = &r->worker[worker];
	struct block b = { .names = NULL };
	uint32_t ids[64];
	int64_t g;

	if (w->stream == stream) {
		g = w->stream_group;
	} else {
		/* Numbers of names as the worker's own blocks have them. */
		struct names *names = scan_names(r->scan, worker);

		for (size_t i = 0; i < stream->n; i++)
			ids[i] = names_id(names, stream->v[i].name);
		b.names = names;
		b.base = (struct base_labels){ stream, ids, 64 };
		g = stream_group(r, w, &b, NULL);
		if (g < 0)
			return false; /* over the limit: found again, and told, when the piece is
					 read */
	}
	count(&w->group[g], span, p->n, (int64_t)p->line_bytes);
	return true;
}

static bool take_table(void *data, unsigned worker, const struct piece *p,
		       const struct labels *stream)
{
	struct span span;

	for (struct range_sink *r = data; r; r = r->next)
		if (!is_in_table(r, p, stream, &span))
			return false;
	for (struct range_sink *r = data; r; r = r->next)
		if (!is_in_table(r, p, stream, &span) || !count_table(r, worker, p, stream, span))
			return false;
	return true;
}

static int64_t bytes_of_all(const struct block *b)
{
	int64_t sum = 0;

	if (!b->line && !b->sel_list)
		return (int64_t)(b->run.line_off[b->first + b->n_sel] - b->run.line_off[b->first]) -
		       (int64_t)b->n_sel;
	for (size_t k = 0; k < b->n_sel; k++)
		sum += (int64_t)block_line(b, block_entry(b, k)).n;
	return sum;
}

static int take_plain(struct range_sink *r, struct range_worker *w, const struct unit *u,
		      struct block *b, struct err *e)
{
	int64_t g = stream_group(r, w, b, e);
	bool bytes = is_bytes(r);
	struct span span;

	if (g < 0)
		return -1;
	if (same_span(r, u->min_ts, u->max_ts, &span)) {
		count(&w->group[g], span, (int64_t)b->n_sel, bytes ? bytes_of_all(b) : 0);
		return 0;
	}
	if (block_need(b, WANT_TS, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);

		count(&w->group[g], span_of(r, b->run.ts_ns[i]), 1,
		      bytes ? (int64_t)block_line(b, i).n : 0);
	}
	return 0;
}

static int add_sample(struct range_sink *r, struct samples *s, struct sample v, struct err *e)
{
	size_t old = s->cap;

	if (s->n == s->cap) {
		if (take_memory(r, (old ? 2 * old : 16) * sizeof(v), e) < 0)
			return -1;
		mem_grow(&s->v, &s->cap, s->n + 1, sizeof(v));
		give_back(r, old * sizeof(v));
	}
	s->v[s->n++] = v;
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
			g = group_of(r, w, b, i, e);
		b->el[i] = before;
		if (!counts)
			continue;
		if (g < 0)
			return -1;
		if (add_sample(r, &w->group[g].samples, (struct sample){ b->run.ts_ns[i], v }, e) <
		    0)
			return -1;
	}
	return 0;
}

static int take_one(struct range_sink *r, unsigned worker, const struct unit *u, struct block *b,
		    struct err *e)
{
	struct range_worker *w = &r->worker[worker];
	bool bytes = is_bytes(r), plain = !b->el && one_group(r, b->base.labels);

	if (r->unwrap)
		return take_samples(r, w, b, e);
	if (bytes && block_need(b, WANT_LENS | (b->line ? 0U : WANT_LINES), e) < 0)
		return -1;
	if (!b->el && !plain) {
		if (block_need(b, WANT_META, e) < 0)
			return -1;
		plain = !b->run.meta_set || b->run.meta.n_sets == 0;
	}
	if (plain)
		return take_plain(r, w, u, b, e);
	if (block_need(b, WANT_TS, e) < 0 || block_need_labels(b, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		struct span span = span_of(r, b->run.ts_ns[i]);
		int64_t g;

		if (span.lo > span.hi)
			continue;
		g = group_of(r, w, b, i, e);
		if (g < 0)
			return -1;
		count(&w->group[g], span, 1, bytes ? (int64_t)block_line(b, i).n : 0);
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

	for (struct range_sink *r = first; r; r = r->next) {
		r->scan = scan;
		r->group_name = mem_alloc((r->group.n + 1) * sizeof(*r->group_name));
		for (size_t i = 0; i < r->group.n; i++)
			r->group_name[i] = names_id(&p->names, r->group.labels[i]);
		r->worker = mem_alloc(scan->jobs * sizeof(*r->worker));
	}
	scan->sink = (struct sink){ .take_table = take_table, .take = take, .data = first };
}

void range_sink_release(struct range_sink *r)
{
	for (unsigned i = 0; r->worker && i < r->scan->jobs; i++) {
		struct range_worker *w = &r->worker[i];

		for (size_t k = 0; k < w->n; k++)
			free(w->group[k].samples.v);
		map_release(&w->map);
		arena_release(&w->mem);
		free(w->group);
		buf_release(&w->key);
		free(w->label);
	}
	free(r->worker);
	free(r->group_name);
	r->memory->used_bytes -= r->held_bytes;
	r->held_bytes = 0;
	r->worker = NULL;
	r->group_name = NULL;
}

/* --- the answer ------------------------------------------------------------------------------ */

static int pipeline_error(const struct labels *l, struct err *e)
{
	struct buf text = { 0 };
	struct bytes error = labels_get(l, "__error__");

	labels_add_text(&text, l);
	err_set(e, ERR_QUERY,
		"pipeline error: '%.*s' for series: '%.*s'. Use a label filter to intentionally "
		"skip this error "
		"(such as | __error__!=\"%.*s\")",
		BYTES_ARG(error), BYTES_ARG(buf_bytes(&text)), BYTES_ARG(error));
	buf_release(&text);
	return -1;
}

/* Adds the differences of one group to a series: first as sums of differences, then made values. */
struct sums {
	int64_t *count, *bytes; /* count: NULL with unwrap; bytes: unless asked for */
	struct samples samples; /* with unwrap */
};

/* The first ones are moved; they lie in no group any more. */
static int add_samples(struct range_sink *r, struct samples *to, struct samples *from,
		       struct err *e)
{
	if (to->n == 0) {
		free(to->v);
		*to = *from;
		*from = (struct samples){ 0 };
		return 0;
	}
	for (size_t i = 0; i < from->n; i++)
		if (add_sample(r, to, from->v[i], e) < 0)
			return -1;
	return 0;
}

static void add_sums(struct sums *s, const struct range_group *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s->count[i] += g->count[i];
	for (size_t i = 0; g->bytes && i < n; i++)
		s->bytes[i] += g->bytes[i];
}

/* A series of the answer, and what its values are made of. */
static int add_series(struct range_sink *r, const struct labels *l, struct vec *ret, struct sums *s,
		      struct err *e)
{
	bool counts = !r->unwrap;
	size_t cells = counts ? r->steps.n + 1 : 0;
	uint64_t bytes = r->steps.n * (sizeof(double) + 1) + ARRAY_ROWS * sizeof(struct series) +
			 cells * sizeof(int64_t) * (is_bytes(r) ? 2 : 1) +
			 ARRAY_ROWS * sizeof(struct sums) + MAP_ROWS * sizeof(struct map_slot);

	*s = (struct sums){ 0 };
	for (size_t i = 0; i < l->n; i++)
		bytes += sizeof(struct label) + 3 * (l->v[i].name.n + l->v[i].value.n);
	if (take_memory(r, bytes, e) < 0)
		return -1;
	r->held_bytes -= bytes; /* the answer outlives the sink */
	vec_add(ret, l);
	if (counts)
		s->count = arena_zalloc(&ret->mem, cells * sizeof(int64_t));
	if (is_bytes(r))
		s->bytes = arena_zalloc(&ret->mem, cells * sizeof(int64_t));
	return 0;
}

/* The groups of all workers, those of one set of labels together. */
struct gathered {
	struct label_numbers numbers;
	struct sums *sums; /* of each series */
	size_t n, cap;
};

static int gather(struct range_sink *r, struct gathered *all, struct vec *ret, struct err *e)
{
	for (unsigned i = 0; i < r->scan->jobs; i++) {
		struct range_worker *w = &r->worker[i];

		for (size_t k = 0; k < w->n; k++) {
			struct range_group *g = &w->group[k];
			bool is_new;
			uint32_t n = label_number(&all->numbers, &g->labels, &is_new);

			if (is_new) {
				mem_grow(&all->sums, &all->cap, all->n + 1, sizeof(*all->sums));
				if (add_series(r, &g->labels, ret, &all->sums[n], e) < 0)
					return -1;
				all->n++;
			}
			assert(n < all->n);
			if (all->sums[n].count)
				add_sums(&all->sums[n], g, r->steps.n + 1);
			else if (add_samples(r, &all->sums[n].samples, &g->samples, e) < 0)
				return -1;
		}
	}
	return 0;
}

static void gathered_release(struct gathered *all)
{
	for (size_t n = 0; n < all->n; n++)
		free(all->sums[n].samples.v);
	free(all->sums);
	label_numbers_release(&all->numbers);
}

/* Sorting takes as much again for a moment, and so does a quantile. */
static int fill_samples(struct range_sink *r, struct samples *s, struct series *out, struct err *e)
{
	const struct sample_func f = { r->op, r->param, r->range_ns, r->offset_ns };
	uint64_t bytes = s->n * sizeof(*s->v);

	if (take_memory(r, bytes, e) < 0)
		return -1;
	samples_eval(&f, s, r->steps.start_ns, r->steps.step_ns, r->steps.n, out);
	give_back(r, bytes);
	return 0;
}

static void fill_counts(const struct range_sink *r, const struct sums *s, struct series *out)
{
	double seconds = (double)r->range_ns / 1e9;
	int64_t n = 0, bytes = 0;

	for (size_t i = 0; i < r->steps.n; i++) {
		n += s->count[i];
		bytes += s->bytes ? s->bytes[i] : 0;
		out->has[i] = n > 0;
		out->v[i] = (double)(is_bytes(r) ? bytes : n);
		if (r->op == LOGQL_RATE || r->op == LOGQL_BYTES_RATE)
			out->v[i] /= seconds;
	}
}

/* absent_over_time: 1 where nothing was, with the labels that the selector fixes by equality. */
static void make_absent(const struct logql_log *log, struct vec *v)
{
	struct labels l = { arena_alloc(&v->mem, (log->n_matchers + 1) * sizeof(*l.v)), 0 };
	unsigned char *any = arena_zalloc(&v->mem, v->n_steps);
	struct series *s;
	struct err e;

	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->n_steps; k++)
			any[k] |= v->v[i].has[k];
	for (size_t i = 0; i < log->n_matchers; i++) {
		const struct logql_matcher *m = &log->matchers[i];
		bool again = false;

		for (size_t k = 0; k < log->n_matchers; k++)
			again |= k != i && bytes_eq(log->matchers[k].name, m->name);
		if (m->op == MATCH_EQ && !again)
			l.v[l.n++] = (struct label){ m->name, m->value };
	}
	if (labels_normalize(&l, &e) < 0)
		l.n = 0;
	v->n = 0;
	s = vec_add(v, &l);
	for (size_t k = 0; k < v->n_steps; k++) {
		s->has[k] = !any[k];
		s->v[k] = 1;
	}
}

int range_result(struct range_sink *r, const struct logql_log *log, struct vec *ret, struct err *e)
{
	struct gathered all = { 0 };
	int result;

	vec_init(ret, r->steps.n);
	result = gather(r, &all, ret, e);
	for (size_t n = 0; n < all.n && result == 0; n++) {
		if (all.sums[n].count)
			fill_counts(r, &all.sums[n], &ret->v[n]);
		else
			result = fill_samples(r, &all.sums[n].samples, &ret->v[n], e);
	}
	vec_compact(ret);
	for (size_t n = 0; n < ret->n && result == 0; n++)
		if (labels_get(&ret->v[n].labels, "__error__").n &&
		    !labels_get(&ret->v[n].labels, "__preserve_error__").n)
			result = pipeline_error(&ret->v[n].labels, e);
	if (result == 0 && r->op == LOGQL_ABSENT_OVER_TIME)
		make_absent(log, ret);
	vec_compact(ret);
	vec_sort(ret);
	gathered_release(&all);
	if (result < 0)
		vec_release(ret);
	return result;
}
