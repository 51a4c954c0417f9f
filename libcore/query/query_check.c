/* What is wrong with a query, as far as that can be told before any data is read. */
#include "base/num.h"
#include "query/metric.h"
#include "query/query.h"
#include "query/query_scan.h"

static int check_range(const struct query_limits *l, const struct logql_range *r, struct err *e)
{
	struct grouping all = { .kind = GROUP_ALL };
	struct query_scan s;

	if (limits_check_matchers(l, r->log, e) < 0 ||
	    query_scan_init(&s, NULL, r->log, r->unwrap, &all, e) < 0)
		return -1;
	query_scan_release(&s);
	return 0;
}

static int check(const struct query_limits *l, const struct logql_expr *x, struct err *e);

static int check_variants(const struct query_limits *l, const struct logql_expr *x, struct err *e)
{
	if (check_range(l, x->variants.range, e) < 0)
		return -1;
	for (size_t i = 0; i < x->variants.n; i++) {
		const struct logql_expr *v = x->variants.v[i];

		if (!metric_variant_leaf(v))
			return err_set(e, ERR_QUERY,
				       "line %u, col %u: variant %zu must be a function over time, "
				       "or an aggregation of one",
				       v->pos.line, v->pos.col, i);
		if (check(l, v, e) < 0)
			return -1;
	}
	return 0;
}

static int check(const struct query_limits *l, const struct logql_expr *x, struct err *e)
{
	struct grouping all = { .kind = GROUP_ALL };
	struct query_scan s;

	switch (x->kind) {
	case LOGQL_LOG:
		if (limits_check_matchers(l, x->log, e) < 0 ||
		    query_scan_init(&s, NULL, x->log, NULL, &all, e) < 0)
			return -1;
		query_scan_release(&s);
		return 0;
	case LOGQL_RANGE_AGG:
		return check_range(l, x->range_agg.range, e);
	case LOGQL_VECTOR_AGG:
		return check(l, x->vector_agg.arg, e);
	case LOGQL_BINARY:
		return check(l, x->binary.left, e) < 0 ? -1 : check(l, x->binary.right, e);
	case LOGQL_LABEL_REPLACE:
		return check(l, x->label_replace.arg, e);
	case LOGQL_VARIANTS:
		return check_variants(l, x, e);
	default:
		return 0;
	}
}

/* From the first moment to the last; INT64_MAX when no first one is given. */
static int64_t length(const struct query_opts *o, bool is_log)
{
	const int64_t none = INT64_MIN;
	int64_t from = limits_from(&o->limits, o->has_from ? o->from : none, o->source.now_ns);
	int64_t to = o->has_to ? o->to : o->source.now_ns;

	if (!is_log && o->kind == METRIC_INSTANT)
		return 0;
	return from == none ? INT64_MAX : num_clip((num_wide)to - from);
}

int query_check(const struct logql_query *q, const struct query_opts *o, struct err *e)
{
	bool is_log = logql_is_log(q);

	if (check(&o->limits, q->root, e) < 0 || limits_check_kind(&o->limits, q, e) < 0 ||
	    query_check_opts(o, is_log ? QUERY_LOG : QUERY_METRIC, e) < 0 ||
	    limits_check_intervals(&o->limits, q->root, e) < 0 ||
	    limits_check_length(&o->limits, length(o, is_log), e) < 0)
		return -1;
	return is_log ? limits_check_entries(&o->limits, o->limit, e) : 0;
}
