/*
 * The form over several lines: an expression that is too long for one line is opened, its parts on
 * lines of their own, two blanks further in; a part that is short enough stays on its line.
 */
#include "base/num.h"
#include "labels/quote.h"
#include "logql/print.h"
#include "logql/printer.h"
#include "logql/unit.h"

enum { LINE_MAX_BYTES = 100 };

static void indent(struct buf *b, unsigned level)
{
	for (unsigned i = 0; i < level; i++)
		buf_add_str(b, "  ");
}

/* Appends x on one line unless it is too long for that. */
static bool fits(struct buf *b, const struct logql_expr *x, unsigned level)
{
	size_t before = b->n, start;

	indent(b, level);
	start = b->n;
	print_expr(b, x, PRINT_LOKI);
	if (b->n - start <= LINE_MAX_BYTES)
		return true;
	b->n = before;
	return false;
}

/* The selector, then line filters in a row and other stages one a line, further in. */
static void pretty_log(struct buf *b, const struct logql_log *log, unsigned level)
{
	size_t before = b->n, start;

	indent(b, level);
	start = b->n;
	print_log(b, log, PRINT_LOKI);
	if (b->n - start <= LINE_MAX_BYTES)
		return;
	b->n = before;
	indent(b, level);
	logql_print_selector(b, log);
	for (size_t i = 0; i < log->n_stages; i++) {
		bool goes_on = i > 0 && log->stages[i].kind == LOGQL_LINE_FILTER &&
			       log->stages[i - 1].kind == LOGQL_LINE_FILTER;

		buf_add_char(b, goes_on ? ' ' : '\n');
		if (!goes_on)
			indent(b, level + 1);
		print_stage(b, &log->stages[i], PRINT_LOKI);
	}
}

static void pretty_range(struct buf *b, const struct logql_range *r, unsigned level)
{
	pretty_log(b, r->log, level);
	if (r->unwrap) {
		buf_add_char(b, '\n');
		indent(b, level + 1);
		logql_print_unwrap(b, r->unwrap);
		for (size_t i = 0; i < r->unwrap->n_filters; i++) {
			buf_add_char(b, '\n');
			indent(b, level + 1);
			buf_add_str(b, "| ");
			print_filter(b, r->unwrap->filters[i], PRINT_LOKI);
		}
	}
	buf_add_str(b, " [");
	unit_add_range(b, r->range_ns);
	buf_add_char(b, ']');
	if (r->offset_ns) {
		buf_add_str(b, r->offset_ns < 0 ? " offset -" : " offset ");
		unit_add_range(b, r->offset_ns < 0 ? -r->offset_ns : r->offset_ns);
	}
}

static void pretty(struct buf *b, const struct logql_expr *x, unsigned level);

static void pretty_range_agg(struct buf *b, const struct logql_expr *x, unsigned level)
{
	indent(b, level);
	buf_addf(b, "%s(\n", logql_range_op_name(x->range_agg.op));
	if (x->range_agg.op == LOGQL_QUANTILE_OVER_TIME) {
		indent(b, level + 1);
		num_add_double(b, x->range_agg.param);
		buf_add_str(b, ",\n");
	}
	pretty_range(b, x->range_agg.range, level + 1);
	buf_add_char(b, '\n');
	indent(b, level);
	buf_add_char(b, ')');
	print_grouping(b, &x->range_agg.grouping, ", ", PRINT_EXACT);
}

static void pretty_vector_agg(struct buf *b, const struct logql_expr *x, unsigned level)
{
	indent(b, level);
	buf_add_str(b, logql_vector_op_name(x->vector_agg.op));
	print_grouping(b, &x->vector_agg.grouping, ", ", PRINT_LOKI);
	buf_add_str(b, "(\n");
	if (x->vector_agg.param) {
		indent(b, level + 1);
		num_add_i64(b, x->vector_agg.param);
		buf_add_str(b, ",\n");
	}
	pretty(b, x->vector_agg.arg, level + 1);
	buf_add_char(b, '\n');
	indent(b, level);
	buf_add_char(b, ')');
}

/* One side of an operation that is opened. An opened operation has no parentheses of its own, so
 * it gets some where the text would be read otherwise; Loki leaves them out even then. */
static void pretty_side(struct buf *b, const struct logql_expr *x, const struct logql_expr *side,
			unsigned level)
{
	bool is_right = side == x->binary.right;
	int outer, inner;

	if (side->kind != LOGQL_BINARY || fits(b, side, level)) {
		if (side->kind != LOGQL_BINARY)
			pretty(b, side, level);
		return;
	}
	outer = logql_op_binds(x->binary.op);
	inner = logql_op_binds(side->binary.op);
	if (inner > outer || (inner == outer && is_right == (x->binary.op == LOGQL_POW))) {
		pretty(b, side, level);
		return;
	}
	indent(b, level);
	buf_add_str(b, "(\n");
	pretty(b, side, level + 1);
	buf_add_char(b, '\n');
	indent(b, level);
	buf_add_char(b, ')');
}

static void pretty_binary(struct buf *b, const struct logql_expr *x, unsigned level)
{
	pretty_side(b, x, x->binary.left, level + 1);
	buf_add_char(b, '\n');
	indent(b, level);
	print_binary_op(b, x, PRINT_LOKI);
	buf_add_char(b, '\n');
	pretty_side(b, x, x->binary.right, level + 1);
}

static void pretty_label_replace(struct buf *b, const struct logql_expr *x, unsigned level)
{
	const struct bytes args[] = { x->label_replace.dst, x->label_replace.replacement,
				      x->label_replace.src, x->label_replace.regex };

	indent(b, level);
	buf_add_str(b, "label_replace(\n");
	pretty(b, x->label_replace.arg, level + 1);
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		buf_add_str(b, ",\n");
		indent(b, level + 1);
		quote_add(b, args[i]);
	}
	buf_add_char(b, '\n');
	indent(b, level);
	buf_add_char(b, ')');
}

static void pretty_variants(struct buf *b, const struct logql_expr *x, unsigned level)
{
	indent(b, level);
	buf_add_str(b, "variants(\n");
	for (size_t i = 0; i < x->variants.n; i++) {
		pretty(b, x->variants.v[i], level + 1);
		buf_add_str(b, i + 1 < x->variants.n ? ",\n" : "\n");
	}
	indent(b, level);
	buf_add_str(b, ") of (\n");
	pretty_range(b, x->variants.range, level + 1);
	buf_add_char(b, '\n');
	indent(b, level);
	buf_add_char(b, ')');
}

static void pretty(struct buf *b, const struct logql_expr *x, unsigned level)
{
	if (fits(b, x, level))
		return;
	switch (x->kind) {
	case LOGQL_LOG:
		pretty_log(b, x->log, level);
		break;
	case LOGQL_RANGE_AGG:
		pretty_range_agg(b, x, level);
		break;
	case LOGQL_VECTOR_AGG:
		pretty_vector_agg(b, x, level);
		break;
	case LOGQL_BINARY:
		pretty_binary(b, x, level);
		break;
	case LOGQL_LABEL_REPLACE:
		pretty_label_replace(b, x, level);
		break;
	case LOGQL_VARIANTS:
		pretty_variants(b, x, level);
		break;
	case LOGQL_LITERAL:
	case LOGQL_VECTOR:
		indent(b, level);
		print_expr(b, x, PRINT_LOKI);
		break;
	}
}

void logql_print_pretty(struct buf *b, const struct logql_expr *expr)
{
	pretty(b, expr, 0);
}
