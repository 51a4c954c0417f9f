/* a + b, a > bool b, a and on(x) b, a / on(x) group_left b. */
#include "base/mem.h"
#include "query/metric.h"

/* A result being put together: one series per label set. */
struct result {
	struct vec *vec;
	struct label_numbers numbers;
};

static void put(struct result *r, const struct labels *l, size_t step, double v)
{
	bool is_new;
	uint32_t n = label_number(&r->numbers, l, &is_new);

	if (is_new)
		vec_add(r->vec, l);
	r->vec->v[n].has[step] = 1;
	r->vec->v[n].v[step] = v;
}

/* The value of a op b; false when a filter drops it. kept: what a comparison that filters keeps. */
static bool apply(const struct logql_expr *x, double a, double b, double kept, double *ret)
{
	enum logql_op op = x->binary.op;
	bool holds;

	*ret = logql_op_apply(op, a, b);
	if (!logql_op_is_cmp(op))
		return true;
	holds = *ret != 0;
	*ret = x->binary.return_bool ? holds : kept;
	return holds || x->binary.return_bool;
}

/* Each series by itself, also those that have the same labels. */
static void with_scalar(const struct logql_expr *x, const struct vec *left, const struct vec *right,
			struct vec *ret)
{
	const struct vec *v = left->is_scalar ? right : left;

	for (size_t i = 0; i < v->n; i++) {
		const struct series *s = &v->v[i];
		struct series *out = vec_add(ret, &s->labels);

		for (size_t k = 0; k < v->n_steps; k++) {
			double a = left->is_scalar ? left->v[0].v[k] : s->v[k];
			double b = right->is_scalar ? right->v[0].v[k] : s->v[k];

			out->has[k] = s->has[k] && apply(x, a, b, s->v[k], &out->v[k]);
		}
	}
	vec_compact(ret);
}

/* What two elements must have in common, as a number for each series. */
static uint32_t *signatures(const struct logql_matching *m, const struct vec *v,
			    struct label_numbers *numbers)
{
	uint32_t *sig = mem_alloc((v->n + 1) * sizeof(*sig));
	struct arena mem = { 0 };
	bool is_new;

	for (size_t i = 0; i < v->n; i++) {
		struct labels l = v->v[i].labels;

		arena_reset(&mem);
		if (m->on != LOGQL_MATCH_ALL)
			l = labels_pick(&mem, &l, m->on == LOGQL_MATCH_ON ? PICK_ONLY : PICK_OTHERS,
					m->labels, m->n);
		sig[i] = label_number(numbers, &l, &is_new);
	}
	arena_release(&mem);
	return sig;
}

/* Results of many to one, by the number of their labels: when each was last there, and of which
 * signature. */
struct results_seen {
	struct label_numbers numbers;
	struct seen {
		size_t step; /* counted from 1 */
		uint32_t sig;
	} * v;
	size_t cap;
};

struct pairing {
	const struct logql_expr *x;
	const struct vec *many, *one; /* one to one: many is the left side */
	const uint32_t *many_sig, *one_sig;
	uint32_t n_sig;
	bool swapped; /* many is the right side */
	struct results_seen *seen;
};

/* The labels of a pair's result. */
static struct labels result_labels(struct arena *a, const struct logql_matching *m,
				   const struct labels *many, const struct labels *one)
{
	struct labels l =
		labels_not_empty(labels_pick(a, many, PICK_OTHERS, m->include, m->n_include));
	struct labels out;
	size_t n;

	if (m->card == LOGQL_ONE_TO_ONE && m->on != LOGQL_MATCH_ALL)
		l = labels_pick(a, &l, m->on == LOGQL_MATCH_ON ? PICK_ONLY : PICK_OTHERS, m->labels,
				m->n);
	if (m->n_include == 0)
		return l;
	out.v = arena_alloc(a, (l.n + m->n_include + 1) * sizeof(*out.v));
	if (l.n)
		memcpy(out.v, l.v, l.n * sizeof(*l.v));
	n = l.n;
	for (size_t i = 0; i < m->n_include; i++) {
		struct bytes v = labels_get_bytes(one, m->include[i]);
		size_t at = n;

		if (!v.n)
			continue;
		for (; at > 0 && bytes_cmp(out.v[at - 1].name, m->include[i]) > 0; at--)
			out.v[at] = out.v[at - 1];
		out.v[at] = (struct label){ m->include[i], v };
		n++;
	}
	out.n = n;
	return out;
}

/* Labels that group_left or group_right takes from the one side can make two elements of the many
 * side the same. */
static int check_unique(const struct pairing *p, size_t k, uint32_t sig, const struct labels *l,
			struct err *e)
{
	struct results_seen *seen = p->seen;
	bool is_new;
	uint32_t n;

	if (p->x->binary.matching.card == LOGQL_ONE_TO_ONE)
		return 0;
	n = label_number(&seen->numbers, l, &is_new);
	mem_grow(&seen->v, &seen->cap, (size_t)n + 1, sizeof(*seen->v));
	if (!is_new && seen->v[n].step == k + 1 && seen->v[n].sig == sig)
		return err_set(e, ERR_QUERY,
			       "multiple matches for labels: grouping labels must ensure unique "
			       "matches");
	seen->v[n] = (struct seen){ k + 1, sig };
	return 0;
}

static int pair_step(const struct pairing *p, size_t k, uint32_t *of_sig, bool *used,
		     struct arena *mem, struct result *r, struct err *e)
{
	const struct logql_matching *m = &p->x->binary.matching;

	memset(of_sig, 0, p->n_sig * sizeof(*of_sig));
	memset(used, 0, p->n_sig * sizeof(*used));
	for (uint32_t i = 0; i < p->one->n; i++) {
		if (!p->one->v[i].has[k])
			continue;
		if (of_sig[p->one_sig[i]])
			return err_set(
				e, ERR_QUERY,
				"found duplicate series on the %s hand-side;many-to-many matching "
				"not allowed: matching labels must be unique on one side",
				p->swapped ? "left" : "right");
		of_sig[p->one_sig[i]] = i + 1;
	}
	for (size_t i = 0; i < p->many->n; i++) {
		const struct series *s = &p->many->v[i], *o;
		uint32_t sig = p->many_sig[i];
		struct labels l;
		double a, b, out;

		if (!s->has[k] || !of_sig[sig])
			continue;
		if (m->card == LOGQL_ONE_TO_ONE && used[sig])
			return err_set(e, ERR_QUERY,
				       "multiple matches for labels: many-to-one matching must be "
				       "explicit "
				       "(group_left/group_right)");
		used[sig] = true;
		o = &p->one->v[of_sig[sig] - 1];
		a = p->swapped ? o->v[k] : s->v[k];
		b = p->swapped ? s->v[k] : o->v[k];
		arena_reset(mem);
		l = result_labels(mem, m, &s->labels, &o->labels);
		if (check_unique(p, k, sig, &l, e) < 0)
			return -1;
		if (apply(p->x, a, b, a, &out))
			put(r, &l, k, out);
	}
	return 0;
}

static void set_step(const struct pairing *p, size_t k, uint32_t *of_sig, struct result *r)
{
	enum logql_op op = p->x->binary.op;
	const struct vec *left = p->many, *right = p->one;

	memset(of_sig, 0, p->n_sig * sizeof(*of_sig));
	for (size_t i = 0; i < right->n && op != LOGQL_OR; i++)
		if (right->v[i].has[k])
			of_sig[p->one_sig[i]] = 1;
	for (size_t i = 0; i < left->n; i++) {
		if (!left->v[i].has[k])
			continue;
		if (op == LOGQL_OR)
			of_sig[p->many_sig[i]] = 1;
		if (op == LOGQL_OR || of_sig[p->many_sig[i]] == (op == LOGQL_AND))
			put(r, &left->v[i].labels, k, left->v[i].v[k]);
	}
	for (size_t i = 0; i < right->n && op == LOGQL_OR; i++)
		if (right->v[i].has[k] && !of_sig[p->one_sig[i]])
			put(r, &right->v[i].labels, k, right->v[i].v[k]);
}

int metric_binary(const struct logql_expr *x, const struct vec *left, const struct vec *right,
		  struct vec *ret, struct err *e)
{
	const struct logql_matching *m = &x->binary.matching;
	struct result r = { .vec = ret };
	struct label_numbers numbers = { 0 };
	struct results_seen seen = { 0 };
	bool swapped = m->card == LOGQL_GROUP_RIGHT;
	struct pairing p = { .x = x,
			     .many = swapped ? right : left,
			     .one = swapped ? left : right,
			     .swapped = swapped,
			     .seen = &seen };
	uint32_t *many_sig, *one_sig, *of_sig;
	struct arena mem = { 0 };
	bool *used;
	int result = 0;

	vec_init(ret, left->n_steps);
	if (left->is_scalar || right->is_scalar) {
		with_scalar(x, left, right, ret);
		goto out;
	}
	p.many_sig = many_sig = signatures(m, p.many, &numbers);
	p.one_sig = one_sig = signatures(m, p.one, &numbers);
	p.n_sig = numbers.n;
	of_sig = mem_alloc((p.n_sig + 1) * sizeof(*of_sig));
	used = mem_alloc((p.n_sig + 1) * sizeof(*used));
	for (size_t k = 0; k < left->n_steps && result == 0; k++) {
		if (logql_op_is_set(x->binary.op))
			set_step(&p, k, of_sig, &r);
		else
			result = pair_step(&p, k, of_sig, used, &mem, &r, e);
	}
	free(many_sig);
	free(one_sig);
	free(of_sig);
	free(used);
out:
	label_numbers_release(&numbers);
	label_numbers_release(&r.numbers);
	label_numbers_release(&seen.numbers);
	free(seen.v);
	arena_release(&mem);
	if (result < 0)
		vec_release(ret);
	return result;
}
