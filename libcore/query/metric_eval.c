/* Metric expressions, node by node, from their leaves to the series of the answer. */
#include "query/explain_scan.h"
#include "query/metric.h"
#include "query/query_run.h"

static int eval(struct query *q, const struct logql_expr *x, const struct logql_expr *outer,
		struct vec *ret, struct err *e);

static int eval_vector_agg(struct query *q, const struct logql_expr *x, struct vec *ret,
			   struct err *e)
{
	struct vec in;

	if (eval(q, x->vector_agg.arg, x, &in, e) < 0)
		return -1;
	metric_aggregate(x, &in, ret);
	vec_release(&in);
	return 0;
}

static int eval_binary(struct query *q, const struct logql_expr *x, struct vec *ret, struct err *e)
{
	struct vec left, right;
	int r;

	if (eval(q, x->binary.left, NULL, &left, e) < 0)
		return -1;
	if (eval(q, x->binary.right, NULL, &right, e) < 0) {
		vec_release(&left);
		return -1;
	}
	r = metric_binary(x, &left, &right, ret, e);
	vec_release(&left);
	vec_release(&right);
	return r;
}

static int eval_label_replace(struct query *q, const struct logql_expr *x, struct vec *ret,
			      struct err *e)
{
	struct vec in;
	int r;

	if (eval(q, x->label_replace.arg, NULL, &in, e) < 0)
		return -1;
	r = metric_label_replace(x, &in, ret, e);
	vec_release(&in);
	return r;
}

static void constant(struct query *q, double v, bool is_scalar, struct vec *ret)
{
	struct series *s;

	vec_init(ret, q->steps.n);
	s = vec_add(ret, &(struct labels){ 0 });
	for (size_t k = 0; k < q->steps.n; k++) {
		s->v[k] = v;
		s->has[k] = 1;
	}
	ret->is_scalar = is_scalar;
}

static int eval_node(struct query *q, const struct logql_expr *x, const struct logql_expr *outer,
		     struct vec *ret, struct err *e)
{
	switch (x->kind) {
	case LOGQL_RANGE_AGG:
		return query_eval_range(q, x, outer, ret, e);
	case LOGQL_VECTOR_AGG:
		return eval_vector_agg(q, x, ret, e);
	case LOGQL_BINARY:
		return eval_binary(q, x, ret, e);
	case LOGQL_LABEL_REPLACE:
		return eval_label_replace(q, x, ret, e);
	case LOGQL_VARIANTS:
		return query_eval_variants(q, x, ret, e);
	case LOGQL_LITERAL:
	case LOGQL_VECTOR:
		constant(q, x->number, x->kind == LOGQL_LITERAL, ret);
		return 0;
	default:
		return err_set(e, ERR_BUG, "a metric expression that is not executed");
	}
}

static int eval(struct query *q, const struct logql_expr *x, const struct logql_expr *outer,
		struct vec *ret, struct err *e)
{
	int r;

	if (!q->o->explain)
		return eval_node(q, x, outer, ret, e);
	explain_expr_begin(q->o->explain, x);
	r = eval_node(q, x, outer, ret, e);
	explain_expr_end(q->o->explain, r == 0 ? ret : NULL);
	return r;
}

int query_eval(struct query *q, const struct logql_expr *x, struct vec *ret, struct err *e)
{
	return eval(q, x, NULL, ret, e);
}
