#include "query/query.h"

#include "base/mem.h"
#include "base/num.h"
#include "query/explain_scan.h"
#include "query/metric.h"
#include "time/time.h"

struct query {
	const struct query_opts *o;
	struct sources *sources;
	struct steps steps;
	int64_t from, to; /* of all METRIC_WINDOWS together */
	struct range_memory memory;
	int64_t deadline_ns; /* of time_mono_ns; 0: none */
};

/* --- what a selector and its pipeline need, made ready ---------------------------------------- */

struct prepared {
	struct matcher *match;
	size_t n_match;
	const struct logql_log *log;
	struct plan plan;
	struct pipeline pipeline;
	struct scan scan;
	int64_t plan_ns;	     /* what planning took, and waiting for what comes */
	struct explain_node *answer; /* of an explanation: what is done with what is left */
};

static void release(struct prepared *p)
{
	scan_release(&p->scan);
	plan_release(&p->plan);
	pipeline_release(&p->pipeline);
	for (size_t i = 0; i < p->n_match; i++)
		matcher_release(&p->match[i]);
	free(p->match);
	*p = (struct prepared){ 0 };
}

static int prepare(const struct query_opts *o, const struct logql_log *log,
		   const struct logql_unwrap *unwrap, const struct grouping *group,
		   struct prepared *p, struct err *e)
{
	*p = (struct prepared){ .log = log };
	p->match = mem_alloc((log->n_matchers + 1) * sizeof(*p->match));
	for (size_t i = 0; i < log->n_matchers; i++) {
		const struct logql_matcher *m = &log->matchers[i];

		if (matcher_init(&p->match[i], m->op, m->name, m->value, m->how, e) < 0) {
			err_wrap(e, "line %u, col %u", m->pos.line, m->pos.col);
			release(p);
			return -1;
		}
		p->n_match++;
	}
	if (pipeline_bind(&p->pipeline, log, unwrap, group, e) < 0) {
		release(p);
		return -1;
	}
	p->plan.match = p->match;
	p->plan.n_match = p->n_match;
	if (o) {
		p->plan.tenant = o->source.tenant;
		p->scan.jobs = o->jobs;
		p->scan.interruptible = o->source.interruptible;
		p->scan.damage = o->source.damage;
		p->scan.damage_data = o->source.damage_data;
	}
	p->scan.plan = &p->plan;
	p->scan.pipeline = &p->pipeline;
	return 0;
}

static uint64_t plan_bytes(const struct plan *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->n_pieces; i++)
		sum += plan_piece_bytes(&p->piece[i]);
	return sum;
}

/* Scans what is there, then what comes; flush (may be NULL) is called behind each round, with the
 * time before which the next one has nothing. */
typedef int flush_fn(void *data, const struct plan *p, bool more, struct err *e);

static int scan_rounds(struct query *q, struct prepared *p, enum direction dir, flush_fn *flush,
		       void *data, struct err *e)
{
	uint64_t bytes = 0;
	int more = 1, r;

	/* The first pieces that come are scanned together with those that are there: one order. */
	do {
		p->plan_ns -= time_mono_ns();
		more = sources_next(q->sources, &p->plan, e);
		p->plan_ns += time_mono_ns();
		if (more < 0)
			return -1;
		bytes += plan_bytes(&p->plan);
		if (limits_check_bytes(&q->o->limits, bytes, e) < 0)
			return -1;
		plan_units(&p->plan, dir);
		if (q->o->explain && q->o->explain->how == EXPLAIN_PLAN) {
			scan_look(&p->scan);
			return 0;
		}
		r = scan_run(&p->scan, e);
		if (r == 0 && flush)
			r = flush(data, &p->plan, more, e);
		if (r != 0)
			return r < 0 ? -1 : 0;
		plan_reset_pieces(&p->plan);
	} while (more);
	return 0;
}

static int scan_all(struct query *q, struct prepared *p, enum direction dir, flush_fn *flush,
		    void *data, struct err *e)
{
	struct explain_scan s = { .log = p->log, .o = q->o, .scan = &p->scan };
	int r;

	p->plan_ns = -time_mono_ns();
	p->scan.deadline_ns = q->deadline_ns;
	p->scan.probed = q->o->explain && q->o->explain->how == EXPLAIN_ANALYZE;
	if (sources_plan(q->sources, &p->plan, e) < 0)
		return -1;
	p->plan_ns += time_mono_ns();
	scan_init(&p->scan);
	r = scan_rounds(q, p, dir, flush, data, e);
	s.plan_ns = p->plan_ns;
	s.failed = r < 0;
	s.is_stream = sources_stream(q->sources);
	if (q->o->explain)
		p->answer = explain_scan(q->o->explain, &s);
	return r;
}

/* --- log queries ----------------------------------------------------------------------------- */

struct log_flush {
	struct log_sink *sink;
	const struct query_out *out;
};

static int flush_log(void *data, const struct plan *p, bool more, struct err *e)
{
	const struct log_flush *f = data;
	struct log_sink *sink = f->sink;
	int64_t bound = INT64_MIN;
	int r;

	if (!more)
		return log_sink_flush(sink, sink->dir == BACKWARD ? INT64_MIN : INT64_MAX, e);
	if (sink->hold)
		return 0;
	/* Lines of a pipe, stamped as they arrive, oldest first: what comes later is later. */
	for (size_t i = 0; i < p->n_units; i++)
		bound = p->unit[i].max_ts > bound ? p->unit[i].max_ts : bound;
	r = p->n_units && bound < INT64_MAX ? log_sink_flush(sink, bound + 1, e) : 0;
	return r == 0 ? f->out->pause(f->out->data, e) : r;
}

static int run_log(struct query *q, const struct logql_log *log, const struct query_out *out,
		   uint64_t *ret_n, struct err *e)
{
	const struct query_opts *o = q->o;
	struct grouping all = { .kind = GROUP_ALL };
	struct log_sink sink = { .dir = o->has_dir		       ? o->dir
					: sources_raw_only(q->sources) ? FORWARD
								       : BACKWARD,
				 .limit = o->limit,
				 .out = out->entry,
				 .data = out->data };
	struct log_flush f = { &sink, out };
	struct prepared p;
	int r;

	if (prepare(o, log, NULL, &all, &p, e) < 0)
		return -1;
	p.plan.from = limits_from(&o->limits, o->has_from ? o->from : INT64_MIN, o->source.now_ns);
	p.plan.to = o->has_to ? o->to : INT64_MAX;
	log_sink_init(&sink, &p.scan);
	sink.hold = sources_stream(q->sources) &&
		    (sink.dir == BACKWARD || o->source.raw_time != RAW_TIME_ARRIVAL);
	if (!sink.hold)
		sources_prompt(q->sources);
	r = scan_all(q, &p, sink.dir, flush_log, &f, e);
	if (p.answer)
		explain_log(p.answer, &sink, sources_stream(q->sources));
	*ret_n = sink.n_out;
	log_sink_release(&sink);
	release(&p);
	return r;
}

/* --- metric queries -------------------------------------------------------------------------- */

static int eval(struct query *q, const struct logql_expr *x, const struct logql_grouping *outer,
		struct vec *ret, struct err *e);

/* Sums of these hand their grouping down to the counting, as in Loki, where it decides what parsers
 * leave out. */
static bool takes_grouping(enum logql_range_op op)
{
	return op == LOGQL_COUNT_OVER_TIME || op == LOGQL_RATE || op == LOGQL_BYTES_OVER_TIME ||
	       op == LOGQL_BYTES_RATE || op == LOGQL_SUM_OVER_TIME;
}

/* How entries are grouped while they are counted. v: room for one label more than there are. */
static struct grouping leaf_grouping(const struct logql_expr *x, const struct logql_grouping *outer,
				     struct bytes *v)
{
	const struct logql_unwrap *unwrap = x->range_agg.range->unwrap;
	const struct logql_grouping *own = &x->range_agg.grouping;
	enum logql_range_op op = x->range_agg.op;
	struct grouping g = { .kind = GROUP_ALL, .labels = v };

	g.ignores_lines = op != LOGQL_BYTES_OVER_TIME && op != LOGQL_BYTES_RATE;
	if (own->kind == LOGQL_GROUP_NONE)
		own = outer;
	if (op == LOGQL_ABSENT_OVER_TIME) {
		g.kind = GROUP_BY;
	} else if (own) {
		g.kind = own->kind == LOGQL_GROUP_WITHOUT ? GROUP_WITHOUT : GROUP_BY;
		g.n = own->kind == LOGQL_GROUP_NONE ? 0 : own->n;
		for (size_t i = 0; i < g.n; i++)
			v[i] = own->labels[i];
	}
	/* The label whose values are taken is not one of the series, unless it is asked for. */
	if (unwrap && g.kind != GROUP_BY) {
		g.kind = GROUP_WITHOUT;
		v[g.n++] = unwrap->label;
	}
	return g;
}

static bool hands_down(const struct logql_expr *x)
{
	const struct logql_expr *arg = x->vector_agg.arg;

	return x->vector_agg.op == LOGQL_SUM && arg->kind == LOGQL_RANGE_AGG &&
	       takes_grouping(arg->range_agg.op);
}

static int eval_range(struct query *q, const struct logql_expr *x,
		      const struct logql_grouping *outer, struct vec *ret, struct err *e)
{
	const struct logql_range *range = x->range_agg.range;
	size_t n = x->range_agg.grouping.n + (outer ? outer->n : 0) + 1;
	struct bytes *labels = mem_alloc(n * sizeof(*labels));
	struct range_sink sink = { .steps = q->steps,
				   .op = x->range_agg.op,
				   .param = x->range_agg.param,
				   .range_ns = range->range_ns,
				   .offset_ns = range->offset_ns,
				   .group = leaf_grouping(x, outer, labels),
				   .memory = &q->memory };
	struct prepared p;
	int r;

	if (q->o->kind == METRIC_WINDOWS) {
		sink.range_ns = q->steps.step_ns;
		sink.group.streams_only = true;
	}
	if (prepare(q->o, range->log, range->unwrap, &sink.group, &p, e) < 0) {
		free(labels);
		return -1;
	}
	if (q->o->kind == METRIC_WINDOWS) {
		p.plan.from = q->from;
		p.plan.to = q->to;
	} else {
		range_bounds(&q->steps, range->range_ns, range->offset_ns, &p.plan.from,
			     &p.plan.to);
	}
	p.plan.from = limits_from(&q->o->limits, p.plan.from, q->o->source.now_ns);
	sink.unwrap = p.pipeline.unwrap;
	range_sink_init(&sink, &p.scan);
	r = scan_all(q, &p, BACKWARD, NULL, NULL, e);
	if (p.answer)
		explain_range(p.answer, &sink, range);
	if (r == 0)
		r = range_result(&sink, range->log, ret, e);
	range_sink_release(&sink);
	release(&p);
	free(labels);
	return r;
}

/* --- variants -------------------------------------------------------------------------------- */

/* The metrics of variants(..) of (..), over one scan of what is common to them. */
struct variants {
	const struct logql_expr *x;
	struct arena mem;
	struct range_sink *sink;
	struct prepared common;
};

/* Only its function, its range and its unwrap are a variant's own. */
static int bind_variant(struct query *q, struct variants *v, size_t i, struct err *e)
{
	const struct logql_expr *x = v->x->variants.v[i], *leaf = metric_variant_leaf(x);
	const struct logql_range *range = leaf->range_agg.range;
	const struct logql_grouping *outer =
		x != leaf && hands_down(x) ? &x->vector_agg.grouping : NULL;
	size_t n = leaf->range_agg.grouping.n + (outer ? outer->n : 0) + 1;
	struct bytes *labels = arena_alloc(&v->mem, n * sizeof(*labels));
	struct range_sink *sink = &v->sink[i];
	struct unwrap *unwrap = NULL;

	if (range->unwrap &&
	    pipeline_add_unwrap(&v->common.pipeline, range->unwrap, &unwrap, e) < 0)
		return -1;
	*sink = (struct range_sink){ .steps = q->steps,
				     .op = leaf->range_agg.op,
				     .param = leaf->range_agg.param,
				     .range_ns = range->range_ns,
				     .offset_ns = range->offset_ns,
				     .group = leaf_grouping(leaf, outer, labels),
				     .unwrap = unwrap,
				     .memory = &q->memory,
				     .next = i + 1 < v->x->variants.n ? sink + 1 : NULL };
	return 0;
}

/* The scan sees what the common range says, its first moment too: a variant with a longer range
 * finds nothing before. */
static int scan_variants(struct query *q, struct variants *v, struct err *e)
{
	const struct logql_range *range = v->x->variants.range;
	struct plan *plan = &v->common.plan;
	int r;

	range_bounds(&q->steps, range->range_ns, range->offset_ns, &plan->from, &plan->to);
	if (plan->from > INT64_MIN)
		plan->from--;
	plan->from = limits_from(&q->o->limits, plan->from, q->o->source.now_ns);
	range_sink_init(v->sink, &v->common.scan);
	r = scan_all(q, &v->common, BACKWARD, NULL, NULL, e);
	if (v->common.answer)
		explain_range(v->common.answer, v->sink, range);
	return r;
}

static int add_variants(struct query *q, struct variants *v, struct vec *ret, struct err *e)
{
	enum variant_keep keep =
		q->o->kind == METRIC_RANGE ? VARIANT_KEEP_MARKED : VARIANT_KEEP_ALL;

	for (size_t i = 0; i < v->x->variants.n; i++) {
		const struct logql_expr *x = v->x->variants.v[i], *leaf = metric_variant_leaf(x);
		size_t before = ret->n;
		struct vec one;

		if (range_result(&v->sink[i], leaf->range_agg.range->log, &one, e) < 0)
			return -1;
		metric_add_variant(x, i, keep, &one, ret);
		if (limits_check_series(&q->o->limits, ret->n - before, e) < 0)
			return -1;
	}
	return 0;
}

static int eval_variants(struct query *q, const struct logql_expr *x, struct vec *ret,
			 struct err *e)
{
	const struct grouping all = { .kind = GROUP_ALL };
	struct variants v = { .x = x };
	int r;

	if (prepare(q->o, x->variants.range->log, NULL, &all, &v.common, e) < 0)
		return -1;
	v.sink = arena_zalloc(&v.mem, x->variants.n * sizeof(*v.sink));
	vec_init(ret, q->steps.n);
	r = 0;
	for (size_t i = 0; i < x->variants.n && r == 0; i++)
		r = bind_variant(q, &v, i, e);
	if (r == 0)
		r = scan_variants(q, &v, e);
	if (r == 0)
		r = add_variants(q, &v, ret, e);
	for (size_t i = 0; i < x->variants.n; i++)
		if (v.sink[i].scan)
			range_sink_release(&v.sink[i]);
	release(&v.common);
	arena_release(&v.mem);
	if (r < 0)
		vec_release(ret);
	return r;
}

/* --- other expressions ----------------------------------------------------------------------- */

static int eval_vector_agg(struct query *q, const struct logql_expr *x, struct vec *ret,
			   struct err *e)
{
	struct vec in;

	if (eval(q, x->vector_agg.arg, hands_down(x) ? &x->vector_agg.grouping : NULL, &in, e) < 0)
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

static int eval_node(struct query *q, const struct logql_expr *x,
		     const struct logql_grouping *outer, struct vec *ret, struct err *e)
{
	switch (x->kind) {
	case LOGQL_RANGE_AGG:
		return eval_range(q, x, outer, ret, e);
	case LOGQL_VECTOR_AGG:
		return eval_vector_agg(q, x, ret, e);
	case LOGQL_BINARY:
		return eval_binary(q, x, ret, e);
	case LOGQL_LABEL_REPLACE:
		return eval_label_replace(q, x, ret, e);
	case LOGQL_VARIANTS:
		return eval_variants(q, x, ret, e);
	case LOGQL_LITERAL:
	case LOGQL_VECTOR:
		constant(q, x->number, x->kind == LOGQL_LITERAL, ret);
		return 0;
	default:
		return err_set(e, ERR_BUG, "a metric expression that is not executed");
	}
}

static int eval(struct query *q, const struct logql_expr *x, const struct logql_grouping *outer,
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

/* First and last timestamp of what the sources hold, for queries that do not say when. */
static int data_bounds(struct query *q, int64_t *ret_min, int64_t *ret_max, struct err *e)
{
	struct plan p = { .tenant = q->o->source.tenant, .from = INT64_MIN, .to = INT64_MAX };

	*ret_min = *ret_max = q->o->source.now_ns;
	sources_keep(q->sources);
	if (sources_plan(q->sources, &p, e) < 0) {
		plan_release(&p);
		return -1;
	}
	for (size_t i = 0; i < p.n_pieces; i++) {
		*ret_min = i == 0 || p.piece[i].min_ts < *ret_min ? p.piece[i].min_ts : *ret_min;
		*ret_max = i == 0 || p.piece[i].max_ts > *ret_max ? p.piece[i].max_ts : *ret_max;
	}
	plan_release(&p);
	return 0;
}

static num_wide round_down(num_wide v, int64_t step)
{
	num_wide rest = v % step;

	return v - (rest < 0 ? rest + step : rest);
}

/* As Loki does: the range grows to multiples of the step, as far as there are times. */
static int make_steps(const struct query_opts *o, int64_t from, int64_t to, struct steps *ret,
		      struct err *e)
{
	num_wide length = (num_wide)to - from, begin, end;
	int64_t step = o->step_ns, seconds = (int64_t)(length / NS_PER_S / 250);

	if (to < from)
		return err_set(e, ERR_QUERY, "the range ends before it begins");
	if (step <= 0)
		step = (seconds < 1 ? 1 : seconds) * NS_PER_S;
	/* Loki counts before it widens the range, and counts distances. */
	if (length / step > STEPS_MAX)
		return err_set(e, ERR_QUERY,
			       "exceeded maximum resolution of 11,000 points per time series: try "
			       "increasing the value of the step");
	begin = round_down(from, step);
	end = round_down((num_wide)to + step - 1, step);
	if (begin < INT64_MIN)
		begin += step;
	if (end > INT64_MAX)
		end -= step;
	if (begin > end)
		return err_set(e, ERR_QUERY, "no multiple of the step is near the range");
	*ret = (struct steps){ (int64_t)begin, step, (size_t)((end - begin) / step) + 1 };
	return 0;
}

static int find_windows(struct query *q, struct err *e)
{
	const struct query_opts *o = q->o;
	num_wide begin, end, step = o->step_ns;

	q->from = o->from;
	q->to = o->to;
	if (!o->has_from || !o->has_to) {
		int64_t min, max;

		if (data_bounds(q, &min, &max, e) < 0)
			return -1;
		q->from = o->has_from ? o->from : min;
		q->to = o->has_to ? o->to : num_clip((num_wide)max + 1);
	}
	if (o->has_from && o->has_to && o->from > o->to)
		return err_set(e, ERR_USAGE, "--from is after --to");
	if (q->to <= q->from)
		q->to = num_clip((num_wide)q->from + 1);
	begin = step ? round_down(q->from, o->step_ns) : q->from;
	end = step ? round_down((num_wide)q->to + step - 1, o->step_ns) : q->to;
	if (!step)
		step = num_clip(end - begin);
	if ((end - begin) / step > STEPS_MAX)
		return err_set(e, ERR_QUERY,
			       "exceeded maximum resolution of 11,000 points per time series: try "
			       "increasing the value of the step");
	q->steps = (struct steps){ num_clip(begin + step - 1), (int64_t)step,
				   (size_t)((end - begin + step - 1) / step) };
	return 0;
}

static int find_steps(struct query *q, struct err *e)
{
	const struct query_opts *o = q->o;
	bool files = o->source.n_files && !o->source.store && !o->source.wal;
	int64_t from = o->from, to = o->to, min, max;

	if (o->kind == METRIC_WINDOWS)
		return find_windows(q, e);
	q->steps = (struct steps){ o->source.now_ns, 1, 1 };
	if (o->kind == METRIC_INSTANT && o->has_at) {
		q->steps.start_ns = o->at;
		return 0;
	}
	if (o->kind == METRIC_INSTANT && o->has_to) {
		q->steps.start_ns = o->to;
		return 0;
	}
	/* Lines of this moment need not be kept to find that out. */
	if (o->kind == METRIC_INSTANT &&
	    (!files || (o->source.raw_time == RAW_TIME_NOW && sources_raw_only(q->sources))))
		return 0;
	if (o->kind == METRIC_INSTANT || !o->has_from || !o->has_to) {
		if (data_bounds(q, &min, &max, e) < 0)
			return -1;
		if (o->kind == METRIC_INSTANT) {
			q->steps.start_ns = max;
			return 0;
		}
		from = o->has_from ? from : min;
		to = o->has_to ? to : max;
	}
	return make_steps(o, from, to, &q->steps, e);
}

static size_t count_leaves(const struct logql_expr *x)
{
	switch (x->kind) {
	case LOGQL_RANGE_AGG:
	case LOGQL_VARIANTS:
		return 1;
	case LOGQL_VECTOR_AGG:
		return count_leaves(x->vector_agg.arg);
	case LOGQL_LABEL_REPLACE:
		return count_leaves(x->label_replace.arg);
	case LOGQL_BINARY:
		return count_leaves(x->binary.left) + count_leaves(x->binary.right);
	default:
		return 0;
	}
}

static int run_metric(struct query *q, const struct logql_expr *x, const struct query_out *out,
		      uint64_t *ret_n, struct err *e)
{
	struct vec v;
	int r;

	if (count_leaves(x) > 1)
		sources_keep(q->sources);
	if (find_steps(q, e) < 0 || eval(q, x, NULL, &v, e) < 0)
		return -1;
	/* Over a range no place is that of a rank: each step has its own. */
	v.ordered = v.ordered && q->o->kind == METRIC_INSTANT;
	vec_sort(&v);
	*ret_n = v.n;
	/* As in Loki each variant may have so many. */
	r = x->kind == LOGQL_VARIANTS ? 0 : limits_check_series(&q->o->limits, v.n, e);
	if (r == 0 && !(q->o->explain && q->o->explain->how == EXPLAIN_PLAN))
		r = out->metric(out->data, &v, &q->steps, q->o->kind, e);
	vec_release(&v);
	return r;
}

/* --- before any data is read ----------------------------------------------------------------- */

static int check_range(const struct logql_range *r, struct err *e)
{
	struct grouping all = { .kind = GROUP_ALL };
	struct prepared p;

	if (prepare(NULL, r->log, r->unwrap, &all, &p, e) < 0)
		return -1;
	release(&p);
	return 0;
}

static int check(const struct logql_expr *x, struct err *e);

static int check_variants(const struct logql_expr *x, struct err *e)
{
	if (check_range(x->variants.range, e) < 0)
		return -1;
	for (size_t i = 0; i < x->variants.n; i++) {
		const struct logql_expr *v = x->variants.v[i];

		if (!metric_variant_leaf(v))
			return err_set(e, ERR_QUERY,
				       "line %u, col %u: variant %zu must be a function over time, "
				       "or an aggregation of one",
				       v->pos.line, v->pos.col, i);
		if (check(v, e) < 0)
			return -1;
	}
	return 0;
}

static int check(const struct logql_expr *x, struct err *e)
{
	struct grouping all = { .kind = GROUP_ALL };
	struct prepared p;

	switch (x->kind) {
	case LOGQL_LOG:
		if (prepare(NULL, x->log, NULL, &all, &p, e) < 0)
			return -1;
		release(&p);
		return 0;
	case LOGQL_RANGE_AGG:
		return check_range(x->range_agg.range, e);
	case LOGQL_VECTOR_AGG:
		return check(x->vector_agg.arg, e);
	case LOGQL_BINARY:
		return check(x->binary.left, e) < 0 ? -1 : check(x->binary.right, e);
	case LOGQL_LABEL_REPLACE:
		return check(x->label_replace.arg, e);
	case LOGQL_VARIANTS:
		return check_variants(x, e);
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

	if (check(q->root, e) < 0 ||
	    query_check_opts(o, is_log ? QUERY_LOG : QUERY_METRIC, e) < 0 ||
	    limits_check_intervals(&o->limits, q->root, e) < 0 ||
	    limits_check_length(&o->limits, length(o, is_log), e) < 0)
		return -1;
	return is_log ? limits_check_entries(&o->limits, o->limit, e) : 0;
}

int query_run(const struct logql_query *tree, const struct query_opts *o,
	      const struct query_out *out, uint64_t *ret_n, struct err *e)
{
	struct query q = { .o = o,
			   .memory.max_bytes = o->has_memory ? o->max_bytes : RANGE_BYTES_MAX };
	int r;

	*ret_n = 0;
	if (o->limits.timeout_ns)
		q.deadline_ns = num_clip((num_wide)time_mono_ns() + o->limits.timeout_ns);
	if (query_check(tree, o, e) < 0)
		return -1;
	if (sources_open(&o->source, &q.sources, e) < 0)
		return -1;
	if (o->explain)
		explain_query_begin(o->explain, tree, o);
	r = logql_is_log(tree) ? run_log(&q, tree->root->log, out, ret_n, e)
			       : run_metric(&q, tree->root, out, ret_n, e);
	if (o->explain)
		explain_query_end(o->explain, *ret_n, &q.memory);
	if (r == 0 && *ret_n == 0)
		sources_hint(q.sources);
	sources_free(q.sources);
	return r;
}
