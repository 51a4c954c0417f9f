#include "query/volume.h"

#include "base/num.h"
#include "logql/parse.h"
#include "query/limits.h"

struct volume {
	const struct query_opts *o;
	const struct volume_opts *v;
	struct formatter *out;
	uint64_t n;
};

/* --- what is asked --------------------------------------------------------------------------- */

static int split_names(struct bytes text, struct arena *a, struct logql_grouping *ret,
		       struct err *e)
{
	struct bytes name;

	if (text.n == 0)
		return 0;
	ret->kind = LOGQL_GROUP_BY;
	ret->labels = arena_alloc(a, (text.n / 2 + 1) * sizeof(*ret->labels));
	while (bytes_split(&text, ',', &name)) {
		if (labels_check_name(name, e) < 0)
			return err_wrap(e, "target labels");
		ret->labels[ret->n++] = name;
	}
	return 0;
}

static bool has_matcher(const struct logql_log *log, struct bytes name)
{
	for (size_t i = 0; i < log->n_matchers; i++)
		if (bytes_eq(log->matchers[i].name, name))
			return true;
	return false;
}

/* What has a target label counts: a matcher more for each that the selector does not name. */
static void need_targets(struct arena *a, struct logql_log *log, const struct logql_grouping *g)
{
	struct logql_matcher *m = arena_alloc(a, (log->n_matchers + g->n + 1) * sizeof(*m));

	if (log->n_matchers)
		memcpy(m, log->matchers, log->n_matchers * sizeof(*m));
	log->matchers = m;
	for (size_t i = 0; i < g->n; i++)
		if (!has_matcher(log, g->labels[i]))
			m[log->n_matchers++] = (struct logql_matcher){ .op = MATCH_RE,
								       .name = g->labels[i],
								       .value = BYTES_LIT(".+") };
}

/* By the labels that the selector names. A matcher of the empty value, whatever its operator,
 * selects nothing in Loki; it asks for all labels. */
static void group_by_matchers(struct arena *a, struct logql_log *log, struct logql_grouping *g)
{
	size_t n = log->n_matchers, kept = 0;

	for (size_t i = 0; i < n; i++)
		if (log->matchers[i].value.n)
			log->matchers[kept++] = log->matchers[i];
	log->n_matchers = kept;
	if (kept < n || n == 0)
		return;
	g->kind = LOGQL_GROUP_BY;
	g->labels = arena_alloc(a, n * sizeof(*g->labels));
	for (size_t i = 0; i < n; i++)
		g->labels[g->n++] = log->matchers[i].name;
}

/* --- the answer ------------------------------------------------------------------------------ */

static void add_series(struct vec *v, const struct labels *l, const struct series *from)
{
	struct series *s = NULL;

	for (size_t i = 0; i < v->n && !s; i++)
		if (labels_cmp(&v->v[i].labels, l) == 0)
			s = &v->v[i];
	if (!s)
		s = vec_add(v, l);
	for (size_t k = 0; k < v->n_steps; k++) {
		s->v[k] += from->has[k] ? from->v[k] : 0;
		s->has[k] |= from->has[k];
	}
}

static void by_labels(const struct vec *in, struct vec *ret)
{
	vec_init(ret, in->n_steps);
	for (size_t i = 0; i < in->n; i++)
		for (size_t k = 0; k < in->v[i].labels.n; k++) {
			struct label name = { in->v[i].labels.v[k].name, BYTES_LIT("") };

			add_series(ret, &(struct labels){ &name, 1 }, &in->v[i]);
		}
}

static double total(const struct series *s, size_t n_steps)
{
	double sum = 0;

	for (size_t k = 0; k < n_steps; k++)
		sum += s->has[k] ? s->v[k] : 0;
	return sum;
}

static int larger_first(const void *a, const void *b, void *n_steps)
{
	const struct series *x = a, *y = b;
	double dx = total(x, *(const size_t *)n_steps), dy = total(y, *(const size_t *)n_steps);

	return dx > dy ? -1 : dx < dy ? 1 : labels_cmp(&x->labels, &y->labels);
}

static int take(void *data, const struct vec *v, const struct steps *steps, enum metric_kind kind,
		struct err *e)
{
	struct volume *t = data;
	const struct query_opts *o = t->o;
	/* A single value is of all the time asked for, and stands at its end. */
	struct steps at = { num_clip((num_wide)steps->start_ns + 1), 1, 1 };
	struct vec summed = { 0 }, all = *v;
	int r;

	(void)kind;
	if (t->v->by == VOLUME_BY_LABELS) {
		by_labels(v, &summed);
		all = summed;
	}
	if (limits_check_volumes(&o->limits, all.n, e) < 0) {
		vec_release(&summed);
		return -1;
	}
	if (all.n)
		qsort_r(all.v, all.n, sizeof(*all.v), larger_first, &all.n_steps);
	if (o->limit && all.n > o->limit)
		all.n = (size_t)o->limit;
	t->n = all.n;
	r = format_metric(t->out, &all, o->step_ns ? steps : &at,
			  o->step_ns ? METRIC_RANGE : METRIC_INSTANT, e);
	vec_release(&summed);
	return r;
}

static int run(struct volume *t, struct logql_query *q, struct err *e)
{
	struct query_opts o = *t->o;
	const struct query_out out = { .metric = take, .data = t };
	struct logql_range range = { .log = q->root->log };
	struct logql_grouping group = { 0 };
	struct logql_expr sum = { .kind = LOGQL_RANGE_AGG };
	const struct logql_query tree = { .root = &sum };
	uint64_t n;

	if (split_names(t->v->target_labels, &q->arena, &group, e) < 0)
		return -1;
	if (group.n)
		need_targets(&q->arena, range.log, &group);
	else
		group_by_matchers(&q->arena, range.log, &group);
	sum.range_agg.op = LOGQL_BYTES_OVER_TIME;
	sum.range_agg.range = &range;
	sum.range_agg.grouping = group;
	o.kind = METRIC_WINDOWS;
	o.limits.series = 0; /* of what is answered, which take() looks at */
	return query_run(&tree, &o, &out, &n, e);
}

int volume_ask(const struct query_opts *o, const struct volume_opts *v, const char *selector,
	       unsigned flags, struct formatter *f, uint64_t *ret_n, struct err *e)
{
	const struct logql_opts parse = { .flags = flags };
	struct volume t = { o, v, f, 0 };
	struct logql_query q;
	int r;

	if (logql_parse(bytes_str(selector ? selector : "{}"), &parse, &q, NULL, e) < 0)
		return -1;
	if (!logql_is_log(&q) || q.root->log->n_stages)
		r = err_set(e, ERR_QUERY, "only label matchers are supported");
	else
		r = run(&t, &q, e);
	*ret_n = t.n;
	logql_query_release(&q);
	return r;
}
