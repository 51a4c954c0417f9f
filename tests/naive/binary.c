/* Operations on two vectors, or a vector and a number, at one step. */
#include <math.h>

#include "detail.h"

/* What is left of a sum that is zero but for its rounding; rates of our data are far above it. */
static const double NEARLY_ZERO = 1e-18;

static double arithmetic(enum logql_op op, double a, double b)
{
	switch (op) {
	case LOGQL_ADD:
		return a + b;
	case LOGQL_SUB:
		return a - b;
	case LOGQL_MUL:
		return a * b;
	case LOGQL_DIV:
		return b == 0 ? NAN : a / b;
	case LOGQL_MOD:
		return b == 0 ? NAN : fmod(a, b);
	default:
		return pow(a, b);
	}
}

/* One pair. kept: what a comparison without bool leaves. */
static void apply(struct nv_eval *ev, const struct logql_expr *x, struct labels labels, double a,
		  double b, double kept, struct nv_vector *ret)
{
	enum logql_op op = x->binary.op;
	bool yes;

	if (!logql_op_is_cmp(op)) {
		if (op == LOGQL_MOD && (ev->rounded || !(nv_exact(a) && nv_exact(b))))
			ev->answer->unsure = true;
		if (op == LOGQL_DIV && ev->rounded && fabs(b) < NEARLY_ZERO)
			ev->answer->unsure = true;
		nv_push(ev->a, ret, labels, arithmetic(op, a, b));
		return;
	}
	if (nv_close(ev, a, b))
		ev->answer->unsure = true;
	yes = nv_compares(op, a, b);
	if (x->binary.return_bool)
		nv_push(ev->a, ret, labels, yes);
	else if (yes)
		nv_push(ev->a, ret, labels, kept);
}

/* What two elements must have in common. */
static struct labels signature(struct nv_eval *ev, const struct logql_matching *m,
			       const struct labels *l)
{
	if (m->on == LOGQL_MATCH_ALL)
		return *l;
	return nv_pick(ev->a, l, m->labels, m->n, m->on == LOGQL_MATCH_ON);
}

static bool match(struct nv_eval *ev, const struct logql_matching *m, const struct labels *a,
		  const struct labels *b)
{
	struct labels x = signature(ev, m, a), y = signature(ev, m, b);

	return nv_same(&x, &y);
}

static bool any_match(struct nv_eval *ev, const struct logql_matching *m, const struct labels *l,
		      const struct nv_vector *in)
{
	for (size_t i = 0; i < in->n; i++)
		if (match(ev, m, l, &in->v[i].labels))
			return true;
	return false;
}

static struct nv_vector set_op(struct nv_eval *ev, const struct logql_expr *x,
			       const struct nv_vector *left, const struct nv_vector *right)
{
	const struct logql_matching *m = &x->binary.matching;
	struct nv_vector ret = { 0 };

	for (size_t i = 0; i < left->n; i++)
		if (x->binary.op == LOGQL_OR ||
		    any_match(ev, m, &left->v[i].labels, right) == (x->binary.op == LOGQL_AND))
			nv_push(ev->a, &ret, left->v[i].labels, left->v[i].v);
	for (size_t i = 0; i < right->n && x->binary.op == LOGQL_OR; i++)
		if (!any_match(ev, m, &right->v[i].labels, left))
			nv_push(ev->a, &ret, right->v[i].labels, right->v[i].v);
	return ret;
}

/* The labels of a pair's result: those of the "many" side; one to one, those that were matched. */
static struct labels result_labels(struct nv_eval *ev, const struct logql_matching *m,
				   const struct labels *many, const struct labels *one)
{
	struct labels ret = nv_without_empty(ev->a, many);

	if (m->card == LOGQL_ONE_TO_ONE && m->on != LOGQL_MATCH_ALL)
		ret = nv_pick(ev->a, &ret, m->labels, m->n, m->on == LOGQL_MATCH_ON);
	for (size_t i = 0; i < m->n_include; i++)
		ret = nv_with(ev->a, &ret, m->include[i], labels_get_bytes(one, m->include[i]));
	return ret;
}

struct seen {
	struct labels *signature, *result;
	size_t n;
};

/* Of what matches one element, one to one there may be a single one, else each result once; results
 * of several that are the same are left open. */
static void note_result(struct nv_eval *ev, const struct logql_matching *m,
			const struct labels *many, const struct labels *result, struct seen *seen)
{
	struct labels sig = signature(ev, m, many);

	for (size_t i = 0; i < seen->n; i++) {
		bool same_sig = nv_same(&seen->signature[i], &sig);
		bool same_result = nv_same(&seen->result[i], result);

		if (same_sig && (same_result || m->card == LOGQL_ONE_TO_ONE))
			ev->answer->failed = true;
		else if (same_result)
			ev->answer->unsure = true;
	}
	seen->signature[seen->n] = sig;
	seen->result[seen->n++] = *result;
}

static struct nv_vector pairs(struct nv_eval *ev, const struct logql_expr *x,
			      const struct nv_vector *left, const struct nv_vector *right)
{
	const struct logql_matching *m = &x->binary.matching;
	bool swapped = m->card == LOGQL_GROUP_RIGHT;
	const struct nv_vector *many = swapped ? right : left, *one = swapped ? left : right;
	struct seen seen = { .signature = arena_alloc(ev->a, (many->n + 1) * sizeof(struct labels)),
			     .result = arena_alloc(ev->a, (many->n + 1) * sizeof(struct labels)) };
	struct nv_vector ret = { 0 };

	for (size_t i = 0; i < one->n; i++)
		for (size_t k = 0; k < i; k++)
			if (match(ev, m, &one->v[i].labels, &one->v[k].labels))
				ev->answer->failed = true; /* many to many */
	for (size_t i = 0; i < many->n; i++) {
		const struct nv_sample *s = &many->v[i], *o = NULL;
		struct labels l;

		for (size_t k = 0; k < one->n && !o; k++)
			if (match(ev, m, &s->labels, &one->v[k].labels))
				o = &one->v[k];
		if (!o)
			continue;
		l = result_labels(ev, m, &s->labels, &o->labels);
		note_result(ev, m, &s->labels, &l, &seen);
		apply(ev, x, l, swapped ? o->v : s->v, swapped ? s->v : o->v, swapped ? o->v : s->v,
		      &ret);
	}
	return ret;
}

struct nv_vector nv_binary(struct nv_eval *ev, const struct logql_expr *x, int64_t t)
{
	struct nv_vector left = nv_expr(ev, x->binary.left, NULL, t);
	struct nv_vector right = nv_expr(ev, x->binary.right, NULL, t);
	struct nv_vector ret = { 0 };
	const struct nv_vector *v = left.is_scalar ? &right : &left;

	if (logql_op_is_set(x->binary.op))
		return set_op(ev, x, &left, &right);
	if (!left.is_scalar && !right.is_scalar)
		return pairs(ev, x, &left, &right);
	for (size_t i = 0; i < v->n; i++)
		apply(ev, x, v->v[i].labels, left.is_scalar ? left.v[0].v : v->v[i].v,
		      right.is_scalar ? right.v[0].v : v->v[i].v, v->v[i].v, &ret);
	return ret;
}
