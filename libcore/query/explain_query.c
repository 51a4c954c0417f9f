/* What a query does with the entries that its scans give it. */
#include "base/num.h"
#include "logql/print.h"
#include "query/explain_scan.h"
#include "time/time.h"

/* The buffer as a note; it is freed. */
static void note(struct explain_node *n, struct buf *b)
{
	explain_note_bytes(n, buf_bytes(b));
	buf_release(b);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void add_limit(struct buf *b, const char *name, uint64_t value)
{
	if (value)
		buf_addf(b, "%s%s %llu", b->n ? ", " : "limits: ", name, (unsigned long long)value);
}

static void add_length(struct buf *b, const char *name, int64_t ns)
{
	if (!ns)
		return;
	buf_addf(b, "%s%s ", b->n ? ", " : "limits: ", name);
	time_add_duration(b, ns);
}

static void add_size(struct buf *b, const char *name, uint64_t bytes)
{
	if (!bytes)
		return;
	buf_addf(b, "%s%s ", b->n ? ", " : "limits: ", name);
	num_add_size(b, bytes);
}

static void note_limits(struct explain_node *n, const struct query_opts *o)
{
	const struct query_limits *l = &o->limits;
	struct buf b = { 0 };

	add_limit(&b, "entries", l->entries);
	add_limit(&b, "series", l->series);
	add_size(&b, "bytes", l->bytes);
	add_size(&b, "memory", o->has_memory ? o->max_bytes : 0);
	add_length(&b, "length", l->length_ns);
	add_length(&b, "range", l->interval_ns);
	add_length(&b, "lookback", l->lookback_ns);
	add_length(&b, "timeout", l->timeout_ns);
	if (b.n) {
		explain_text(n, "limits", bytes_sub(buf_bytes(&b), 8, b.n));
		note(n, &b);
	}
	buf_release(&b);
}

void explain_query_begin(struct explain *x, const struct logql_query *q, const struct query_opts *o)
{
	struct explain_node *n = explain_begin(x, logql_is_log(q) ? "log_query" : "metric_query");
	struct buf b = { 0 };

	buf_add_str(&n->title, logql_is_log(q) ? "log query" : "metric query");
	logql_print(&b, q->root);
	explain_text(n, "query", buf_bytes(&b));
	explain_number(n, "jobs", o->jobs);
	note_limits(n, o);
	buf_release(&b);
}

void explain_query_end(struct explain *x, uint64_t n_found, const struct range_memory *m)
{
	struct explain_node *n = x->at;
	bool is_log = strcmp(n->kind, "log_query") == 0;
	struct buf b = { 0 };

	explain_end(x);
	if (x->how != EXPLAIN_ANALYZE)
		return;
	explain_add_time(&n->cost, n->ns);
	explain_add_count(&b, n_found);
	buf_addf(&b, " %s", is_log ? num_word(n_found, "entry", "entries") : "series");
	if (!is_log) {
		buf_add_str(&b, "; series and values took ");
		num_add_size(&b, m->used_bytes);
		buf_add_str(&b, " of ");
		num_add_size(&b, m->max_bytes);
		explain_number(n, "memory_bytes", m->used_bytes);
	}
	explain_seconds(n, "seconds", n->ns);
	explain_number(n, is_log ? "entries" : "series", n_found);
	note(n, &b);
}

/* --- metric expressions ---------------------------------------------------------------------- */

void explain_expr_begin(struct explain *x, const struct logql_expr *expr)
{
	static const char *const names[] = {
		[LOGQL_LOG] = "log",
		[LOGQL_RANGE_AGG] = "range_aggregation",
		[LOGQL_VECTOR_AGG] = "vector_aggregation",
		[LOGQL_BINARY] = "binary_operation",
		[LOGQL_LITERAL] = "literal",
		[LOGQL_VECTOR] = "vector",
		[LOGQL_LABEL_REPLACE] = "label_replace",
		[LOGQL_VARIANTS] = "variants",
	};
	struct explain_node *n = explain_begin(x, names[expr->kind]);

	logql_print_node(&n->title, expr);
	for (size_t i = 0; expr->kind == LOGQL_VARIANTS && i < expr->variants.n; i++) {
		struct buf b = { 0 };

		buf_addf(&b, "%zu: ", i);
		logql_print(&b, expr->variants.v[i]);
		note(n, &b);
	}
}

/* Of what stands below it. */
static int64_t below(const struct explain_node *n)
{
	int64_t sum = 0;

	for (const struct explain_node *c = n->first; c; c = c->next)
		sum += c->ns;
	return sum;
}

void explain_expr_end(struct explain *x, const struct vec *v)
{
	struct explain_node *n = x->at;
	bool scans = n->first && strcmp(n->first->kind, "read") == 0;
	struct buf b = { 0 };

	explain_end(x);
	if (x->how != EXPLAIN_ANALYZE)
		return;
	explain_add_time(&n->cost, n->ns);
	explain_seconds(n, "seconds", n->ns);
	if (v) {
		explain_add_count(&b, v->n);
		buf_addf(&b, " series%s", v->is_scalar ? ", a number" : "");
		explain_number(n, "series", v->n);
	} else {
		buf_add_str(&b, "failed");
	}
	if (n->first && !scans) {
		buf_add_str(&b, "; ");
		explain_add_time(&b, n->ns - below(n));
		buf_add_str(&b, " of its own");
		explain_seconds(n, "own_seconds", n->ns - below(n));
	}
	note(n, &b);
}

void explain_log(struct explain_node *n, const struct log_sink *l, bool is_stream)
{
	buf_add_str(&n->title, l->dir == BACKWARD ? "newest first" : "oldest first");
	if (l->limit) {
		buf_addf(&n->title, ", at most %llu", (unsigned long long)l->limit);
		explain_note(n, "ends when no block that is left can have one of them");
		explain_number(n, "limit", l->limit);
	}
	if (is_stream && l->hold)
		explain_note(n, "the whole input is read before the first one is given out");
}

/* --- range aggregations ---------------------------------------------------------------------- */

void explain_range(struct explain_node *n, const struct range_sink *r,
		   const struct logql_range *range)
{
	const struct grouping *g = &r->group;
	struct buf b = { 0 };

	buf_add_str(&b, "at ");
	time_add_rfc3339(&b, r->steps.start_ns);
	if (r->steps.n > 1) {
		buf_addf(&b, " and %zu more steps, each ", r->steps.n - 1);
		time_add_duration(&b, r->steps.step_ns);
		buf_add_str(&b, ", to ");
		time_add_rfc3339(&b, step_at(&r->steps, r->steps.n - 1));
	}
	explain_note_bytes(n, buf_bytes(&b));
	if (r->steps.n > 1 && r->range_ns > r->steps.step_ns)
		explain_note(n,
			     "windows overlap: an entry lies in up to %llu of them, and is read "
			     "once",
			     (unsigned long long)((r->range_ns - 1) / r->steps.step_ns + 1));
	if (r->steps.n > 1 && r->range_ns < r->steps.step_ns)
		explain_note(n, "windows do not touch: what lies between them is read and not "
				"counted");
	if (range->unwrap) {
		buf_reset(&b);
		buf_add_str(&b, "values by ");
		logql_print_unwrap(&b, range->unwrap);
		explain_note_bytes(n, buf_bytes(&b));
	}
	explain_number(n, "steps", r->steps.n);
	buf_release(&b);
	if (g->kind == GROUP_ALL) {
		buf_add_str(&n->title, "series by all labels");
		return;
	}
	buf_add_str(&n->title, g->kind == GROUP_BY ? "series by (" : "series without (");
	for (size_t i = 0; i < g->n; i++) {
		buf_add_str(&n->title, i ? ", " : "");
		buf_add_bytes(&n->title, g->labels[i]);
	}
	buf_add_char(&n->title, ')');
}
