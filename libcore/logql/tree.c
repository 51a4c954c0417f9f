#include "logql/tree.h"

#include <math.h>

void logql_query_release(struct logql_query *q)
{
	arena_release(&q->arena);
	*q = (struct logql_query){ 0 };
}

int logql_op_binds(enum logql_op op)
{
	if (logql_op_is_set(op))
		return op == LOGQL_OR ? 1 : 2;
	if (logql_op_is_cmp(op))
		return 3;
	return op == LOGQL_POW ? 6 : op >= LOGQL_MUL ? 5 : 4;
}

double logql_op_apply(enum logql_op op, double a, double b)
{
	switch (op) {
	case LOGQL_EQ:
		return a == b;
	case LOGQL_NE:
		return a != b;
	case LOGQL_GT:
		return a > b;
	case LOGQL_GE:
		return a >= b;
	case LOGQL_LT:
		return a < b;
	case LOGQL_LE:
		return a <= b;
	case LOGQL_ADD:
		return a + b;
	case LOGQL_SUB:
		return a - b;
	case LOGQL_MUL:
		return a * b;
	case LOGQL_DIV:
		return b == 0 ? NAN : a / b; /* as Loki has it, not IEEE 754 */
	case LOGQL_MOD:
		return b == 0 ? NAN : fmod(a, b);
	case LOGQL_POW:
		return pow(a, b);
	default: /* the set operators are about labels */
		return NAN;
	}
}

const char *logql_op_name(enum logql_op op)
{
	static const char *const names[] = {
		[LOGQL_OR] = "or", [LOGQL_AND] = "and", [LOGQL_UNLESS] = "unless",
		[LOGQL_EQ] = "==", [LOGQL_NE] = "!=",	[LOGQL_GT] = ">",
		[LOGQL_GE] = ">=", [LOGQL_LT] = "<",	[LOGQL_LE] = "<=",
		[LOGQL_ADD] = "+", [LOGQL_SUB] = "-",	[LOGQL_MUL] = "*",
		[LOGQL_DIV] = "/", [LOGQL_MOD] = "%",	[LOGQL_POW] = "^",
	};

	return names[op];
}

const char *logql_line_op_name(enum logql_line_op op)
{
	static const char *const names[] = {
		[LOGQL_LINE_HAS] = "|=",     [LOGQL_LINE_HAS_NOT] = "!=",
		[LOGQL_LINE_RE] = "|~",	     [LOGQL_LINE_NOT_RE] = "!~",
		[LOGQL_LINE_PATTERN] = "|>", [LOGQL_LINE_NOT_PATTERN] = "!>",
	};

	return names[op];
}

const char *logql_stage_name(enum logql_stage_kind kind)
{
	static const char *const names[] = {
		[LOGQL_LINE_FILTER] = "line filter",
		[LOGQL_JSON] = "json",
		[LOGQL_LOGFMT] = "logfmt",
		[LOGQL_REGEXP] = "regexp",
		[LOGQL_PATTERN] = "pattern",
		[LOGQL_UNPACK] = "unpack",
		[LOGQL_LABEL_FILTER] = "label filter",
		[LOGQL_LINE_FORMAT] = "line_format",
		[LOGQL_LABEL_FORMAT] = "label_format",
		[LOGQL_DECOLORIZE] = "decolorize",
		[LOGQL_DROP] = "drop",
		[LOGQL_KEEP] = "keep",
	};

	return names[kind];
}

const char *logql_range_op_name(enum logql_range_op op)
{
	static const char *const names[] = {
		[LOGQL_COUNT_OVER_TIME] = "count_over_time",
		[LOGQL_RATE] = "rate",
		[LOGQL_BYTES_OVER_TIME] = "bytes_over_time",
		[LOGQL_BYTES_RATE] = "bytes_rate",
		[LOGQL_ABSENT_OVER_TIME] = "absent_over_time",
		[LOGQL_RATE_COUNTER] = "rate_counter",
		[LOGQL_SUM_OVER_TIME] = "sum_over_time",
		[LOGQL_AVG_OVER_TIME] = "avg_over_time",
		[LOGQL_MIN_OVER_TIME] = "min_over_time",
		[LOGQL_MAX_OVER_TIME] = "max_over_time",
		[LOGQL_STDVAR_OVER_TIME] = "stdvar_over_time",
		[LOGQL_STDDEV_OVER_TIME] = "stddev_over_time",
		[LOGQL_QUANTILE_OVER_TIME] = "quantile_over_time",
		[LOGQL_FIRST_OVER_TIME] = "first_over_time",
		[LOGQL_LAST_OVER_TIME] = "last_over_time",
	};

	return names[op];
}

const char *logql_vector_op_name(enum logql_vector_op op)
{
	static const char *const names[] = {
		[LOGQL_SUM] = "sum",	     [LOGQL_AVG] = "avg",
		[LOGQL_MIN] = "min",	     [LOGQL_MAX] = "max",
		[LOGQL_COUNT] = "count",     [LOGQL_STDDEV] = "stddev",
		[LOGQL_STDVAR] = "stdvar",   [LOGQL_TOPK] = "topk",
		[LOGQL_BOTTOMK] = "bottomk", [LOGQL_APPROX_TOPK] = "approx_topk",
		[LOGQL_SORT] = "sort",	     [LOGQL_SORT_DESC] = "sort_desc",
	};

	return names[op];
}

const char *logql_conv_name(enum logql_conv conv)
{
	static const char *const names[] = {
		[LOGQL_CONV_NONE] = "",
		[LOGQL_CONV_BYTES] = "bytes",
		[LOGQL_CONV_DURATION] = "duration",
		[LOGQL_CONV_DURATION_SECONDS] = "duration_seconds",
	};

	return names[conv];
}

const char *logql_match_op_name(enum match_op op)
{
	static const char *const names[] = {
		[MATCH_EQ] = "=", [MATCH_NE] = "!=", [MATCH_RE] = "=~", [MATCH_NRE] = "!~"
	};

	return names[op];
}
