/* Whether two trees mean the same; positions are left out. */
#include <math.h>

#include "logql/tree.h"

static bool eq_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool eq_names(const struct bytes *a, size_t n_a, const struct bytes *b, size_t n_b)
{
	bool eq = n_a == n_b;

	for (size_t i = 0; eq && i < n_a; i++)
		eq = bytes_eq(a[i], b[i]);
	return eq;
}

static bool eq_matcher(const struct logql_matcher *a, const struct logql_matcher *b)
{
	return a->op == b->op && bytes_eq(a->name, b->name) && bytes_eq(a->value, b->value);
}

static bool eq_filter(const struct logql_filter *a, const struct logql_filter *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == LOGQL_FILTER_MATCH)
		return eq_matcher(&a->match, &b->match);
	if (a->kind == LOGQL_FILTER_AND || a->kind == LOGQL_FILTER_OR)
		return eq_filter(a->both.left, b->both.left) &&
		       eq_filter(a->both.right, b->both.right);
	if (a->cmp.op != b->cmp.op || !bytes_eq(a->cmp.name, b->cmp.name))
		return false;
	switch (a->kind) {
	case LOGQL_FILTER_NUMBER:
		return eq_number(a->cmp.number, b->cmp.number);
	case LOGQL_FILTER_DURATION:
		return a->cmp.duration_ns == b->cmp.duration_ns;
	case LOGQL_FILTER_BYTES:
		return a->cmp.bytes == b->cmp.bytes;
	default:
		return bytes_eq(a->cmp.ip->text, b->cmp.ip->text);
	}
}

static bool eq_line_filter(const struct logql_line_filter *a, const struct logql_line_filter *b)
{
	bool eq = a->op == b->op && a->n_alts == b->n_alts;

	for (size_t i = 0; eq && i < a->n_alts; i++)
		eq = !a->alts[i].ip == !b->alts[i].ip && bytes_eq(a->alts[i].text, b->alts[i].text);
	return eq;
}

static bool eq_extract(const struct logql_stage *a, const struct logql_stage *b)
{
	bool eq = a->extract.strict == b->extract.strict &&
		  a->extract.keep_empty == b->extract.keep_empty && a->extract.n == b->extract.n;

	for (size_t i = 0; eq && i < a->extract.n; i++)
		eq = bytes_eq(a->extract.v[i].label, b->extract.v[i].label) &&
		     bytes_eq(a->extract.v[i].expr, b->extract.v[i].expr);
	return eq;
}

static bool eq_label_format(const struct logql_stage *a, const struct logql_stage *b)
{
	bool eq = a->label_format.n == b->label_format.n;

	for (size_t i = 0; eq && i < a->label_format.n; i++) {
		const struct logql_format *f = &a->label_format.v[i], *g = &b->label_format.v[i];

		eq = f->is_rename == g->is_rename && bytes_eq(f->dst, g->dst) &&
		     bytes_eq(f->src, g->src);
	}
	return eq;
}

static bool eq_picks(const struct logql_stage *a, const struct logql_stage *b)
{
	bool eq = a->pick.n == b->pick.n;

	for (size_t i = 0; eq && i < a->pick.n; i++) {
		const struct logql_pick *f = &a->pick.v[i], *g = &b->pick.v[i];

		eq = f->has_matcher == g->has_matcher &&
		     (f->has_matcher ? eq_matcher(&f->matcher, &g->matcher)
				     : bytes_eq(f->matcher.name, g->matcher.name));
	}
	return eq;
}

static bool eq_stage(const struct logql_stage *a, const struct logql_stage *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case LOGQL_LINE_FILTER:
		return eq_line_filter(&a->line_filter, &b->line_filter);
	case LOGQL_JSON:
	case LOGQL_LOGFMT:
		return eq_extract(a, b);
	case LOGQL_REGEXP:
		return bytes_eq(a->regexp.text, b->regexp.text);
	case LOGQL_PATTERN:
		return bytes_eq(a->pattern->text, b->pattern->text);
	case LOGQL_LABEL_FILTER:
		return eq_filter(a->filter, b->filter);
	case LOGQL_LINE_FORMAT:
		return bytes_eq(a->line_format, b->line_format);
	case LOGQL_LABEL_FORMAT:
		return eq_label_format(a, b);
	case LOGQL_DROP:
	case LOGQL_KEEP:
		return eq_picks(a, b);
	case LOGQL_UNPACK:
	case LOGQL_DECOLORIZE:
		break;
	}
	return true;
}

static bool eq_log(const struct logql_log *a, const struct logql_log *b)
{
	bool eq = a->n_matchers == b->n_matchers && a->n_stages == b->n_stages;

	for (size_t i = 0; eq && i < a->n_matchers; i++)
		eq = eq_matcher(&a->matchers[i], &b->matchers[i]);
	for (size_t i = 0; eq && i < a->n_stages; i++)
		eq = eq_stage(&a->stages[i], &b->stages[i]);
	return eq;
}

static bool eq_unwrap(const struct logql_unwrap *a, const struct logql_unwrap *b)
{
	bool eq =
		a->conv == b->conv && bytes_eq(a->label, b->label) && a->n_filters == b->n_filters;

	for (size_t i = 0; eq && i < a->n_filters; i++)
		eq = eq_filter(a->filters[i], b->filters[i]);
	return eq;
}

static bool eq_range(const struct logql_range *a, const struct logql_range *b)
{
	return a->range_ns == b->range_ns && a->offset_ns == b->offset_ns &&
	       eq_log(a->log, b->log) && !a->unwrap == !b->unwrap &&
	       (!a->unwrap || eq_unwrap(a->unwrap, b->unwrap));
}

static bool eq_grouping(const struct logql_grouping *a, const struct logql_grouping *b)
{
	return a->kind == b->kind && eq_names(a->labels, a->n, b->labels, b->n);
}

static bool eq_matching(const struct logql_matching *a, const struct logql_matching *b)
{
	return a->on == b->on && a->card == b->card && eq_names(a->labels, a->n, b->labels, b->n) &&
	       eq_names(a->include, a->n_include, b->include, b->n_include);
}

static bool eq_variants(const struct logql_expr *a, const struct logql_expr *b)
{
	bool eq = a->variants.n == b->variants.n && eq_range(a->variants.range, b->variants.range);

	for (size_t i = 0; eq && i < a->variants.n; i++)
		eq = logql_expr_eq(a->variants.v[i], b->variants.v[i]);
	return eq;
}

bool logql_expr_eq(const struct logql_expr *a, const struct logql_expr *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case LOGQL_LOG:
		return eq_log(a->log, b->log);
	case LOGQL_RANGE_AGG:
		return a->range_agg.op == b->range_agg.op &&
		       eq_number(a->range_agg.param, b->range_agg.param) &&
		       eq_grouping(&a->range_agg.grouping, &b->range_agg.grouping) &&
		       eq_range(a->range_agg.range, b->range_agg.range);
	case LOGQL_VECTOR_AGG:
		return a->vector_agg.op == b->vector_agg.op &&
		       a->vector_agg.param == b->vector_agg.param &&
		       eq_grouping(&a->vector_agg.grouping, &b->vector_agg.grouping) &&
		       logql_expr_eq(a->vector_agg.arg, b->vector_agg.arg);
	case LOGQL_BINARY:
		return a->binary.op == b->binary.op &&
		       a->binary.return_bool == b->binary.return_bool &&
		       eq_matching(&a->binary.matching, &b->binary.matching) &&
		       logql_expr_eq(a->binary.left, b->binary.left) &&
		       logql_expr_eq(a->binary.right, b->binary.right);
	case LOGQL_LITERAL:
	case LOGQL_VECTOR:
		return eq_number(a->number, b->number);
	case LOGQL_LABEL_REPLACE:
		return bytes_eq(a->label_replace.dst, b->label_replace.dst) &&
		       bytes_eq(a->label_replace.replacement, b->label_replace.replacement) &&
		       bytes_eq(a->label_replace.src, b->label_replace.src) &&
		       bytes_eq(a->label_replace.regex, b->label_replace.regex) &&
		       logql_expr_eq(a->label_replace.arg, b->label_replace.arg);
	case LOGQL_VARIANTS:
		return eq_variants(a, b);
	}
	return false;
}
