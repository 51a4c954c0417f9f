#include "query/limits.h"

#include "base/num.h"
#include "logql/unit.h"
#include "time/time.h"

/* Behind Loki's words, which programs read: the key that sets it, where they lack that. */
#define LIMIT(key) " (limit: " key ")"

static int check_range(const struct query_limits *l, const struct logql_range *r, struct err *e)
{
	struct buf b = { 0 };

	if (r->range_ns <= l->interval_ns)
		return 0;
	buf_add_str(&b, "[interval] value exceeds limit: [");
	unit_add_range(&b, r->range_ns);
	buf_add_str(&b, "] > [");
	unit_add_range(&b, l->interval_ns);
	err_set(e, ERR_LIMIT, "%s]" LIMIT("max_query_range"), buf_str(&b));
	buf_release(&b);
	return -1;
}

int limits_check_intervals(const struct query_limits *l, const struct logql_expr *x, struct err *e)
{
	if (!l->interval_ns)
		return 0;
	switch (x->kind) {
	case LOGQL_RANGE_AGG:
		return check_range(l, x->range_agg.range, e);
	case LOGQL_VECTOR_AGG:
		return limits_check_intervals(l, x->vector_agg.arg, e);
	case LOGQL_LABEL_REPLACE:
		return limits_check_intervals(l, x->label_replace.arg, e);
	case LOGQL_BINARY:
		if (limits_check_intervals(l, x->binary.left, e) < 0)
			return -1;
		return limits_check_intervals(l, x->binary.right, e);
	case LOGQL_VARIANTS:
		for (size_t i = 0; i < x->variants.n; i++)
			if (limits_check_intervals(l, x->variants.v[i], e) < 0)
				return -1;
		return check_range(l, x->variants.range, e);
	case LOGQL_LOG:
	case LOGQL_LITERAL:
	case LOGQL_VECTOR:
		break;
	}
	return 0;
}

static bool is_filter(const struct logql_stage *s)
{
	const struct logql_line_filter *f = &s->line_filter;

	if (s->kind != LOGQL_LINE_FILTER)
		return s->kind == LOGQL_LABEL_FILTER;
	/* An empty text is in every line. */
	return f->op != LOGQL_LINE_HAS || f->n_alts > 1 || f->alts[0].ip || f->alts[0].text.n;
}

static enum limits_kind kind_of(const struct logql_query *q)
{
	if (!logql_is_log(q))
		return LIMITS_METRIC;
	for (size_t i = 0; i < q->root->log->n_stages; i++)
		if (is_filter(&q->root->log->stages[i]))
			return LIMITS_FILTER;
	return LIMITS_LIMITED;
}

int limits_check_kind(const struct query_limits *l, const struct logql_query *q, struct err *e)
{
	return l->kinds & kind_of(q) ? err_set(e, ERR_LIMIT, LIMITS_BLOCKED) : 0;
}

static bool names(const struct logql_log *log, struct bytes label)
{
	for (size_t i = 0; i < log->n_matchers; i++)
		if (bytes_eq(log->matchers[i].name, label))
			return true;
	return false;
}

static void add_name(struct buf *b, size_t n_before, struct bytes name)
{
	if (n_before)
		buf_add_str(b, ", ");
	buf_add_bytes(b, name);
}

/* Too few labels are named, or not those that are to be. */
static int fail_labels(const struct query_limits *l, const struct logql_log *log, struct err *e)
{
	struct buf missing = { 0 }, present = { 0 };
	struct bytes rest = l->labels, label;

	for (size_t i = 0; i < log->n_matchers; i++)
		add_name(&present, i, log->matchers[i].name);
	while (bytes_split(&rest, ',', &label))
		if (!names(log, label))
			add_name(&missing, missing.n, label);
	if (missing.n)
		err_set(e, ERR_LIMIT,
			"stream selector is missing required matchers [%s], labels present in the "
			"query were [%s]" LIMIT("required_labels"),
			buf_str(&missing), buf_str(&present));
	else
		err_set(e, ERR_LIMIT,
			"stream selector has less label matchers than required: (present: [%s], "
			"number_present: %zu, required_number_label_matchers: %llu)" LIMIT(
				"minimum_labels_number"),
			buf_str(&present), log->n_matchers, (unsigned long long)l->matchers_min);
	buf_release(&missing);
	buf_release(&present);
	return -1;
}

int limits_check_matchers(const struct query_limits *l, const struct logql_log *log, struct err *e)
{
	struct bytes rest = l->labels, label;

	while (bytes_split(&rest, ',', &label))
		if (!names(log, label))
			return fail_labels(l, log, e);
	if (log->n_matchers < l->matchers_min)
		return fail_labels(l, log, e);
	if (!l->matchers || log->n_matchers <= l->matchers)
		return 0;
	return err_set(e, ERR_LIMIT,
		       "max streams matchers per query exceeded, matchers-count > limit (%zu > "
		       "%llu)" LIMIT("max_streams_matchers_per_query"),
		       log->n_matchers, (unsigned long long)l->matchers);
}

int limits_check_entries(const struct query_limits *l, uint64_t n, struct err *e)
{
	if (!l->entries || (n > 0 && n <= l->entries))
		return 0;
	if (n == 0)
		return err_set(e, ERR_LIMIT,
			       "max entries limit per query exceeded, limit > "
			       "max_entries_limit_per_query (all > %llu)",
			       (unsigned long long)l->entries);
	return err_set(e, ERR_LIMIT,
		       "max entries limit per query exceeded, limit > "
		       "max_entries_limit_per_query (%llu > %llu)",
		       (unsigned long long)n, (unsigned long long)l->entries);
}

int limits_check_length(const struct query_limits *l, int64_t length_ns, struct err *e)
{
	struct buf b = { 0 };

	if (!l->length_ns || length_ns <= l->length_ns)
		return 0;
	if (length_ns == INT64_MAX)
		buf_add_str(&b, "all time");
	else
		time_add_duration(&b, length_ns);
	buf_add_str(&b, ", limit: ");
	unit_add_range(&b, l->length_ns);
	err_set(e, ERR_LIMIT,
		"the query time range exceeds the limit (query length: %s)" LIMIT(
			"max_query_length"),
		buf_str(&b));
	buf_release(&b);
	return -1;
}

int limits_check_bytes(const struct query_limits *l, uint64_t bytes, struct err *e)
{
	struct buf b = { 0 };

	if (!l->bytes || bytes <= l->bytes)
		return 0;
	num_add_size(&b, bytes);
	buf_add_str(&b, ", limit: ");
	num_add_size(&b, l->bytes);
	err_set(e, ERR_LIMIT,
		"the query would read too many bytes (query: %s); consider adding more specific "
		"stream selectors or reduce the time range of the query" LIMIT(
			"max_query_bytes_read"),
		buf_str(&b));
	buf_release(&b);
	return -1;
}

int limits_check_series(const struct query_limits *l, uint64_t n, struct err *e)
{
	if (!l->series || n <= l->series)
		return 0;
	return err_set(
		e, ERR_LIMIT,
		"maximum of series (%llu) reached for a single query" LIMIT("max_query_series"),
		(unsigned long long)l->series);
}

int limits_check_volumes(const struct query_limits *l, uint64_t n, struct err *e)
{
	if (!l->series || n <= l->series)
		return 0;
	return err_set(e, ERR_LIMIT,
		       "the query hit the max number of series limit (limit: %llu series)" LIMIT(
			       "volume_max_series"),
		       (unsigned long long)l->series);
}

int64_t limits_deadline(const struct query_limits *l)
{
	return l->timeout_ns ? num_clip((num_wide)time_mono_ns() + l->timeout_ns) : 0;
}

int64_t limits_from(const struct query_limits *l, int64_t from, int64_t now_ns)
{
	int64_t first = l->lookback_ns ? num_clip((num_wide)now_ns - l->lookback_ns) : INT64_MIN;

	return from > first ? from : first;
}
