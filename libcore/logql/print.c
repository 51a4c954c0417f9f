/* The one-line form of metric expressions. */
#include "logql/print.h"

#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "labels/quote.h"
#include "logql/printer.h"
#include "logql/unit.h"
#include "time/time.h"

void print_number(struct buf *b, double v)
{
	char text[40];
	int precision = 0;

	if (isnan(v) || isinf(v)) {
		/* no literal of the language has these values, but operations on literals do */
		buf_add_str(b, isnan(v) ? "(1 / 0)" : v > 0 ? "(1e308 * 10)" : "(-1e308 * 10)");
		return;
	}
	/* as Go's Sprint: an exponent from a million on */
	if (v == 0 || (fabs(v) >= 1e-4 && fabs(v) < 1e6)) {
		num_add_double(b, v);
		return;
	}
	do /* 17 digits always read back */
		snprintf(text, sizeof(text), "%.*e", precision, v);
	while (strtod(text, NULL) != v && ++precision < 17);
	buf_add_str(b, text);
}

static void print_names(struct buf *b, const struct bytes *v, size_t n, const char *sep)
{
	buf_add_char(b, '(');
	for (size_t i = 0; i < n; i++) {
		buf_add_str(b, i ? sep : "");
		buf_add_bytes(b, v[i]);
	}
	buf_add_char(b, ')');
}

void print_grouping(struct buf *b, const struct logql_grouping *g, const char *sep,
		    enum print_style style)
{
	/* Loki leaves `by ()` out; that changes nothing behind sum() and kin, where it is meant */
	if (g->kind == LOGQL_GROUP_NONE ||
	    (style == PRINT_LOKI && g->kind == LOGQL_GROUP_BY && g->n == 0))
		return;
	buf_add_str(b, g->kind == LOGQL_GROUP_BY ? " by " : " without ");
	print_names(b, g->labels, g->n, sep);
}

void logql_print_unwrap(struct buf *b, const struct logql_unwrap *u)
{
	buf_add_str(b, "| unwrap ");
	buf_add_str(b, logql_conv_name(u->conv));
	if (u->conv != LOGQL_CONV_NONE)
		buf_add_char(b, '(');
	buf_add_bytes(b, u->label);
	if (u->conv != LOGQL_CONV_NONE)
		buf_add_char(b, ')');
}

static void print_range(struct buf *b, const struct logql_range *r, enum print_style style)
{
	print_log(b, r->log, style);
	if (r->unwrap) {
		buf_add_char(b, ' ');
		logql_print_unwrap(b, r->unwrap);
		for (size_t i = 0; i < r->unwrap->n_filters; i++) {
			buf_add_str(b, " | ");
			print_filter(b, r->unwrap->filters[i], style);
		}
	}
	buf_add_char(b, '[');
	unit_add_range(b, r->range_ns);
	buf_add_char(b, ']');
	if (r->offset_ns) {
		buf_add_str(b, " offset ");
		time_add_duration(b, r->offset_ns);
	}
}

static void print_range_agg(struct buf *b, const struct logql_expr *x, enum print_style style)
{
	const struct logql_grouping *g = &x->range_agg.grouping;

	buf_add_str(b, logql_range_op_name(x->range_agg.op));
	buf_add_char(b, '(');
	if (x->range_agg.op == LOGQL_QUANTILE_OVER_TIME) {
		num_add_double(b, x->range_agg.param);
		buf_add_char(b, ',');
	}
	print_range(b, x->range_agg.range, style);
	buf_add_char(b, ')');
	/* here `by ()` makes one series of all, so it always stays */
	print_grouping(b, g, ",", PRINT_EXACT);
}

static void print_vector_agg(struct buf *b, const struct logql_expr *x, enum print_style style)
{
	buf_add_str(b, logql_vector_op_name(x->vector_agg.op));
	print_grouping(b, &x->vector_agg.grouping, ",", style);
	buf_add_char(b, '(');
	if (x->vector_agg.param) {
		num_add_i64(b, x->vector_agg.param);
		buf_add_char(b, ',');
	}
	print_expr(b, x->vector_agg.arg, style);
	buf_add_char(b, ')');
}

void print_binary_op(struct buf *b, const struct logql_expr *x, enum print_style style)
{
	const struct logql_matching *m = &x->binary.matching;

	buf_add_str(b, logql_op_name(x->binary.op));
	if (x->binary.return_bool)
		buf_add_str(b, " bool");
	if (m->on == LOGQL_MATCH_ALL)
		return;
	buf_add_str(b, m->on == LOGQL_MATCH_ON ? " on " : " ignoring ");
	print_names(b, m->labels, m->n, ",");
	if (m->card == LOGQL_ONE_TO_ONE) {
		if (style == PRINT_LOKI) /* it leaves the place of group_left empty */
			buf_add_char(b, ' ');
		return;
	}
	buf_add_str(b, m->card == LOGQL_GROUP_LEFT ? " group_left" : " group_right");
	/* parentheses of a right side would be read as the labels */
	if (m->n_include || style == PRINT_EXACT || x->binary.right->kind == LOGQL_BINARY ||
	    x->binary.right->kind == LOGQL_LITERAL) {
		buf_add_char(b, ' ');
		print_names(b, m->include, m->n_include, ",");
	}
}

static void print_label_replace(struct buf *b, const struct logql_expr *x, enum print_style style)
{
	const struct bytes args[] = { x->label_replace.dst, x->label_replace.replacement,
				      x->label_replace.src, x->label_replace.regex };

	buf_add_str(b, "label_replace(");
	print_expr(b, x->label_replace.arg, style);
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		buf_add_char(b, ',');
		quote_add(b, args[i]);
	}
	buf_add_char(b, ')');
}

static void print_variants(struct buf *b, const struct logql_expr *x, enum print_style style)
{
	buf_add_str(b, "variants(");
	for (size_t i = 0; i < x->variants.n; i++) {
		buf_add_str(b, i ? ", " : "");
		print_expr(b, x->variants.v[i], style);
	}
	buf_add_str(b, ") of (");
	print_range(b, x->variants.range, style);
	buf_add_char(b, ')');
}

void print_expr(struct buf *b, const struct logql_expr *x, enum print_style style)
{
	switch (x->kind) {
	case LOGQL_LOG:
		print_log(b, x->log, style);
		break;
	case LOGQL_RANGE_AGG:
		print_range_agg(b, x, style);
		break;
	case LOGQL_VECTOR_AGG:
		print_vector_agg(b, x, style);
		break;
	case LOGQL_BINARY:
		buf_add_char(b, '(');
		print_expr(b, x->binary.left, style);
		buf_add_char(b, ' ');
		print_binary_op(b, x, style);
		buf_add_char(b, ' ');
		print_expr(b, x->binary.right, style);
		buf_add_char(b, ')');
		break;
	case LOGQL_LITERAL:
		print_number(b, x->number);
		break;
	case LOGQL_VECTOR:
		buf_add_str(b, "vector(");
		if (style == PRINT_LOKI)
			buf_addf(b, "%f", x->number);
		else
			print_number(b, x->number);
		buf_add_char(b, ')');
		break;
	case LOGQL_LABEL_REPLACE:
		print_label_replace(b, x, style);
		break;
	case LOGQL_VARIANTS:
		print_variants(b, x, style);
		break;
	}
}

void logql_print(struct buf *b, const struct logql_expr *expr)
{
	print_expr(b, expr, PRINT_EXACT);
}

void logql_print_stage(struct buf *b, const struct logql_stage *stage)
{
	print_stage(b, stage, PRINT_LOKI);
}
