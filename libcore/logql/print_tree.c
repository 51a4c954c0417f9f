/* The tree as an outline: one node a line, what it works on two blanks further in. */
#include "labels/quote.h"
#include "logql/print.h"
#include "logql/printer.h"
#include "logql/unit.h"
#include "time/time.h"

static void begin(struct buf *b, unsigned level, const char *what)
{
	for (unsigned i = 0; i < level; i++)
		buf_add_str(b, "  ");
	buf_add_str(b, what);
}

static void outline_filter(struct buf *b, const struct logql_filter *f, unsigned level)
{
	if (f->kind == LOGQL_FILTER_AND || f->kind == LOGQL_FILTER_OR) {
		begin(b, level, f->kind == LOGQL_FILTER_AND ? "and\n" : "or\n");
		outline_filter(b, f->both.left, level + 1);
		outline_filter(b, f->both.right, level + 1);
		return;
	}
	begin(b, level, "");
	print_filter(b, f, PRINT_EXACT);
	buf_add_char(b, '\n');
}

static void outline_log(struct buf *b, const struct logql_log *log, unsigned level)
{
	begin(b, level, "selector ");
	logql_print_selector(b, log);
	buf_add_char(b, '\n');
	for (size_t i = 0; i < log->n_stages; i++) {
		const struct logql_stage *s = &log->stages[i];

		if (s->kind == LOGQL_LABEL_FILTER) {
			begin(b, level, "label filter\n");
			outline_filter(b, s->filter, level + 1);
			continue;
		}
		begin(b, level, s->kind == LOGQL_LINE_FILTER ? "line filter " : "stage ");
		print_stage(b, s, PRINT_EXACT);
		buf_add_char(b, '\n');
	}
}

static void outline_range(struct buf *b, const struct logql_range *r, unsigned level)
{
	outline_log(b, r->log, level);
	if (!r->unwrap)
		return;
	begin(b, level, "");
	logql_print_unwrap(b, r->unwrap);
	buf_add_char(b, '\n');
	for (size_t i = 0; i < r->unwrap->n_filters; i++)
		outline_filter(b, r->unwrap->filters[i], level + 1);
}

static void add_window(struct buf *b, const struct logql_range *r)
{
	buf_add_str(b, " [");
	unit_add_range(b, r->range_ns);
	buf_add_char(b, ']');
	if (r->offset_ns) {
		buf_add_str(b, " offset ");
		time_add_duration(b, r->offset_ns);
	}
}

static void add_range_agg(struct buf *b, const struct logql_expr *x)
{
	buf_add_str(b, logql_range_op_name(x->range_agg.op));
	if (x->range_agg.op == LOGQL_QUANTILE_OVER_TIME) {
		buf_add_char(b, ' ');
		print_number(b, x->range_agg.param);
	}
	print_grouping(b, &x->range_agg.grouping, ", ", PRINT_EXACT);
	add_window(b, x->range_agg.range);
}

static void add_vector_agg(struct buf *b, const struct logql_expr *x)
{
	buf_add_str(b, logql_vector_op_name(x->vector_agg.op));
	if (x->vector_agg.param)
		buf_addf(b, " %lld", (long long)x->vector_agg.param);
	print_grouping(b, &x->vector_agg.grouping, ", ", PRINT_EXACT);
}

static void add_label_replace(struct buf *b, const struct logql_expr *x)
{
	buf_add_str(b, "label_replace ");
	buf_add_bytes(b, x->label_replace.dst);
	buf_add_char(b, '=');
	quote_add(b, x->label_replace.replacement);
	buf_add_str(b, " where ");
	buf_add_bytes(b, x->label_replace.src);
	buf_add_str(b, "=~");
	quote_add(b, x->label_replace.regex);
}

void logql_print_node(struct buf *b, const struct logql_expr *x)
{
	switch (x->kind) {
	case LOGQL_LOG:
		logql_print_selector(b, x->log);
		break;
	case LOGQL_RANGE_AGG:
		add_range_agg(b, x);
		break;
	case LOGQL_VECTOR_AGG:
		add_vector_agg(b, x);
		break;
	case LOGQL_BINARY:
		print_binary_op(b, x, PRINT_EXACT);
		break;
	case LOGQL_LITERAL:
	case LOGQL_VECTOR:
		print_expr(b, x, PRINT_EXACT);
		break;
	case LOGQL_LABEL_REPLACE:
		add_label_replace(b, x);
		break;
	case LOGQL_VARIANTS:
		buf_add_str(b, "variants of");
		add_window(b, x->variants.range);
		break;
	}
}

/* What the outline says in front of a node. */
static const char *const sort_of_node[] = {
	[LOGQL_LOG] = "",
	[LOGQL_RANGE_AGG] = "over time ",
	[LOGQL_VECTOR_AGG] = "over series ",
	[LOGQL_BINARY] = "operation ",
	[LOGQL_LITERAL] = "literal ",
	[LOGQL_VECTOR] = "",
	[LOGQL_LABEL_REPLACE] = "",
	[LOGQL_VARIANTS] = "",
};

static void outline(struct buf *b, const struct logql_expr *x, unsigned level)
{
	if (x->kind == LOGQL_LOG) {
		outline_log(b, x->log, level);
		return;
	}
	begin(b, level, sort_of_node[x->kind]);
	logql_print_node(b, x);
	buf_add_char(b, '\n');
	switch (x->kind) {
	case LOGQL_RANGE_AGG:
		outline_range(b, x->range_agg.range, level + 1);
		break;
	case LOGQL_VECTOR_AGG:
		outline(b, x->vector_agg.arg, level + 1);
		break;
	case LOGQL_BINARY:
		outline(b, x->binary.left, level + 1);
		outline(b, x->binary.right, level + 1);
		break;
	case LOGQL_LABEL_REPLACE:
		outline(b, x->label_replace.arg, level + 1);
		break;
	case LOGQL_VARIANTS:
		outline_range(b, x->variants.range, level + 1);
		for (size_t i = 0; i < x->variants.n; i++)
			outline(b, x->variants.v[i], level + 1);
		break;
	default:
		break;
	}
}

void logql_print_tree(struct buf *b, const struct logql_expr *expr)
{
	outline(b, expr, 0);
}
