/*
 * From what the threads have counted to series. The counts of a group are differences by step: they
 * are added up in place, and become the values in place, so that the answer takes hardly more
 * memory than the counting did.
 */
#include <assert.h>

#include "base/mem.h"
#include "query/range.h"
#include "query/range_groups.h"

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

/* The groups of all workers, those of one set of labels in one: the first one of it. */
struct gathered {
	struct label_numbers numbers;
	struct range_group **v; /* of each series */
	size_t n, cap;
};

static int add_series(struct range_sink *r, struct range_group *g, struct vec *ret, struct err *e)
{
	uint64_t bytes = r->steps.n + RANGE_ARRAY_ROWS * sizeof(struct series) +
			 RANGE_ARRAY_ROWS * sizeof(void *) +
			 RANGE_MAP_ROWS * sizeof(struct map_slot);
	double *values = (void *)(range_is_bytes(r->op) ? g->bytes : g->count);

	if (!values)
		bytes += r->steps.n * sizeof(*values);
	for (size_t i = 0; i < g->labels.n; i++) /* the key of their number */
		bytes += g->labels.v[i].name.n + g->labels.v[i].value.n + 2 * sizeof(uint64_t);
	if (range_memory_take(r->memory, bytes, e) < 0)
		return -1;
	if (!values)
		values = arena_alloc(&ret->mem, r->steps.n * sizeof(*values));
	vec_add_own(ret, g->labels, values);
	return 0;
}

static int add_group(struct range_sink *r, struct range_group *to, struct range_group *g,
		     struct err *e)
{
	for (size_t i = 0; g->count && i < r->steps.n; i++)
		to->count[i] += g->count[i];
	for (size_t i = 0; g->bytes && i < r->steps.n; i++)
		to->bytes[i] += g->bytes[i];
	return samples_move(&to->samples, &g->samples, r->memory, e);
}

static int gather(struct range_sink *r, struct range_groups *g, struct gathered *all,
		  struct vec *ret, struct err *e)
{
	arena_join(&ret->mem, &g->mem);
	g->held_bytes = 0; /* the answer outlives the sink */
	for (size_t k = 0; k < g->n; k++) {
		bool is_new;
		uint32_t n = label_number(&all->numbers, &g->v[k].labels, &is_new);

		if (is_new) {
			if (add_series(r, &g->v[k], ret, e) < 0)
				return -1;
			mem_grow(&all->v, &all->cap, all->n + 1, sizeof(struct range_group *));
			all->v[all->n++] = &g->v[k];
			continue;
		}
		assert(n < all->n);
		if (add_group(r, all->v[n], &g->v[k], e) < 0)
			return -1;
	}
	return 0;
}

/* Sorting takes as much again for a moment, and so does a quantile. */
static int fill_samples(struct range_sink *r, struct samples *s, struct series *out, struct err *e)
{
	const struct sample_func f = { r->op, r->param, r->range_ns, r->offset_ns };
	uint64_t bytes = s->n * sizeof(*s->v);

	if (range_memory_take(r->memory, bytes, e) < 0)
		return -1;
	samples_eval(&f, s, r->steps.start_ns, r->steps.step_ns, r->steps.n, out);
	range_memory_give(r->memory, bytes);
	samples_release(s, r->memory);
	return 0;
}

/* out->v takes the place of what it is made of, cell by cell. */
static void fill_counts(const struct range_sink *r, const struct range_group *g, struct series *out)
{
	double seconds = (double)r->range_ns / 1e9;
	bool rate = r->op == LOGQL_RATE || r->op == LOGQL_BYTES_RATE;
	int64_t n = 0, bytes = 0;

	for (size_t i = 0; i < r->steps.n; i++) {
		double v;

		n += g->count[i];
		bytes += g->bytes ? g->bytes[i] : 0;
		v = (double)(g->bytes ? bytes : n);
		out->has[i] = n > 0;
		out->v[i] = rate ? v / seconds : v;
	}
}

static int fill(struct range_sink *r, const struct gathered *all, struct vec *ret, struct err *e)
{
	for (size_t n = 0; n < all->n; n++) {
		if (all->v[n]->count)
			fill_counts(r, all->v[n], &ret->v[n]);
		else if (fill_samples(r, &all->v[n]->samples, &ret->v[n], e) < 0)
			return -1;
	}
	return 0;
}

static int check_errors(const struct vec *v, struct err *e)
{
	for (size_t n = 0; n < v->n; n++)
		if (labels_get(&v->v[n].labels, "__error__").n &&
		    !labels_get(&v->v[n].labels, "__preserve_error__").n)
			return pipeline_error(&v->v[n].labels, e);
	return 0;
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
	int result = 0;

	vec_init(ret, r->steps.n);
	for (unsigned i = 0; i < r->scan->jobs && result == 0; i++)
		result = gather(r, &r->worker[i].groups, &all, ret, e);
	if (result == 0)
		result = fill(r, &all, ret, e);
	vec_compact(ret);
	vec_sort(ret); /* which error is told does not depend on threads either */
	if (result == 0)
		result = check_errors(ret, e);
	if (result == 0 && r->op == LOGQL_ABSENT_OVER_TIME)
		make_absent(log, ret);
	vec_compact(ret);
	label_numbers_release(&all.numbers);
	free(all.v);
	if (result < 0)
		vec_release(ret);
	return result;
}
