/* Metric expressions, and the rules that they obey. */

#include "base/num.h"
#include "logql/detail.h"
#include "logql/parser.h"
#include "logql/print.h"

/* For a log query where a metric must be. */
static const char want_range[] = "want a metric, as count_over_time({...}[5m])";

static int finish(struct parser *p, struct logql_expr *x, const struct logql_expr *left,
		  const struct logql_expr *right)
{
	unsigned l = left ? left->height : 0, r = right ? right->height : 0;

	x->height = 1 + (l > r ? l : r);
	if (x->height > LOGQL_HEIGHT_MAX)
		return parse_fail(p, x->pos, "over %d operations in a row", LOGQL_HEIGHT_MAX);
	return 0;
}

static struct logql_expr *new_expr(struct parser *p, enum logql_expr_kind kind)
{
	struct logql_expr *x = parse_new(p, struct logql_expr);

	x->kind = kind;
	x->height = 1;
	x->pos = p->lex.cur.pos;
	return x;
}

static const char want_operator[] = "want an operator behind variants, which stands nowhere else";

/* An expression where a metric must be: a log expression could only go on as part of one. */
static int parse_metric(struct parser *p, struct logql_expr **ret)
{
	if (parse_expr(p, ret) < 0)
		return -1;
	if ((*ret)->kind == LOGQL_VARIANTS)
		return parse_unexpected(p, want_operator);
	return (*ret)->kind == LOGQL_LOG ? parse_unexpected(p, want_range) : 0;
}

/* by (a, b) or without (a, b), if there is one. */
static int parse_grouping(struct parser *p, struct logql_grouping *g)
{
	enum logql_group kind = parse_at(p, LEX_BY) ? LOGQL_GROUP_BY : LOGQL_GROUP_WITHOUT;

	if (!parse_at(p, LEX_BY) && !parse_at(p, LEX_WITHOUT))
		return 0;
	lex_next(&p->lex);
	g->kind = kind;
	return parse_names(p, &g->labels, &g->n);
}

/* --- ranges ---------------------------------------------------------------------------------- */

/* [5m] offset 1h */
static int parse_window(struct parser *p, struct logql_range *r)
{
	struct lexeme x;

	if (parse_take(p, LEX_RANGE, NULL, &x) < 0)
		return -1;
	r->range_ns = x.ns;
	if (!parse_skip(p, LEX_OFFSET))
		return 0;
	if (parse_take(p, LEX_DURATION, "expecting DURATION", &x) < 0)
		return -1;
	r->offset_ns = x.ns;
	return 0;
}

/* The log expression with its window, which stands behind the selector, behind the stages, or
 * behind the parentheses round either; *ret_windowed: it was seen. */
static int parse_range_part(struct parser *p, struct logql_range *r, bool *ret_windowed)
{
	bool windowed = false;

	if (parse_at(p, LEX_OPEN)) {
		if (parse_enter(p) < 0)
			return -1;
		lex_next(&p->lex);
		if (parse_range_part(p, r, &windowed) < 0 ||
		    parse_take(p, LEX_CLOSE,
			       windowed ? "expecting )" : "want ) or a range such as [5m]",
			       NULL) < 0)
			return -1;
		parse_leave(p);
	} else {
		r->pos = p->lex.cur.pos;
		if (parse_selector(p, r->log) < 0)
			return -1;
		if (!parse_at(p, LEX_RANGE) && parse_stages(p, r->log, &r->unwrap) < 0)
			return -1;
	}
	if (!windowed && parse_at(p, LEX_RANGE)) {
		windowed = true;
		if (parse_window(p, r) < 0)
			return -1;
		if (r->log->n_stages == 0 && !r->unwrap && parse_stages(p, r->log, &r->unwrap) < 0)
			return -1;
	}
	*ret_windowed = windowed;
	return 0;
}

static int parse_range(struct parser *p, const char *expecting, struct logql_range **ret)
{
	struct logql_range *r = parse_new(p, struct logql_range);
	bool windowed;

	r->log = parse_new(p, struct logql_log);
	if (!parse_at(p, LEX_OPEN) && !parse_at(p, LEX_OPEN_BRACE))
		return parse_unexpected(p, expecting);
	if (parse_range_part(p, r, &windowed) < 0)
		return -1;
	*ret = r;
	return windowed ? 0 : parse_unexpected(p, "want a stage or a range such as [5m]");
}

static bool takes_unwrap(enum logql_range_op op)
{
	return op >= LOGQL_ABSENT_OVER_TIME || op == LOGQL_RATE;
}

static int check_range_agg(struct parser *p, const struct logql_expr *x, bool has_param)
{
	enum logql_range_op op = x->range_agg.op;
	const char *name = logql_range_op_name(op);
	bool quantile = op == LOGQL_QUANTILE_OVER_TIME;
	struct buf text = { 0 };

	if (quantile && !has_param)
		return parse_fail(p, x->pos, "parameter required for operation %s", name);
	if (!quantile && has_param) {
		num_add_double(&text, x->range_agg.param);
		parse_fail(p, x->pos, "parameter %s not supported for operation %s", buf_str(&text),
			   name);
		buf_release(&text);
		return -1;
	}
	if (x->range_agg.grouping.kind != LOGQL_GROUP_NONE && op < LOGQL_AVG_OVER_TIME)
		return parse_fail(p, x->pos, "grouping not allowed for %s aggregation", name);
	if (x->range_agg.range->unwrap && !takes_unwrap(op))
		return parse_fail(p, x->pos, "invalid aggregation %s with unwrap", name);
	if (!x->range_agg.range->unwrap && op >= LOGQL_RATE_COUNTER)
		return parse_fail(p, x->pos, "invalid aggregation %s without unwrap", name);
	return 0;
}

/* op([number,] range) [grouping] */
static int parse_range_agg(struct parser *p, struct logql_expr **ret)
{
	struct logql_expr *x = new_expr(p, LOGQL_RANGE_AGG);
	struct lexeme param;
	bool has_param;

	*ret = x;
	x->range_agg.op = (enum logql_range_op)p->lex.cur.value;
	lex_next(&p->lex);
	if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0)
		return -1;
	param = p->lex.cur;
	has_param = parse_skip(p, LEX_NUMBER);
	if (has_param && (parse_take(p, LEX_COMMA, "expecting ,", NULL) < 0 ||
			  parse_number_text(p, &param, &x->range_agg.param) < 0))
		return -1;
	if (parse_range(p, has_param ? "expecting { or (" : "expecting NUMBER or { or (",
			&x->range_agg.range) < 0 ||
	    parse_take(p, LEX_CLOSE, "expecting )", NULL) < 0 ||
	    parse_grouping(p, &x->range_agg.grouping) < 0)
		return -1;
	return check_range_agg(p, x, has_param);
}

/* --- aggregations of vectors ----------------------------------------------------------------- */

/* The text of the parameter, or an empty one. */
static int set_vector_param(struct parser *p, struct logql_expr *x, struct bytes text)
{
	enum logql_vector_op op = x->vector_agg.op;
	const char *name = logql_vector_op_name(op);
	bool needed = op >= LOGQL_TOPK && op <= LOGQL_APPROX_TOPK;

	if (needed && text.n == 0)
		return parse_fail(p, x->pos, "parameter required for operation %s", name);
	if (text.n == 0)
		return 0;
	if (!needed)
		return parse_fail(p, x->pos, "unsupported parameter for operation %s(%.*s,", name,
				  BYTES_ARG(text));
	if (!num_i64(text, &x->vector_agg.param))
		return parse_fail(p, x->pos, "invalid parameter %s(%.*s,", name, BYTES_ARG(text));
	if (x->vector_agg.param <= 0)
		return parse_fail(p, x->pos, "invalid parameter (must be greater than 0) %s(%.*s",
				  name, BYTES_ARG(text));
	return 0;
}

static int check_vector_grouping(struct parser *p, const struct logql_expr *x)
{
	bool grouped = x->vector_agg.grouping.kind != LOGQL_GROUP_NONE;

	if (grouped && x->vector_agg.op >= LOGQL_SORT)
		return parse_fail(p, x->pos, "sort and sort_desc doesn't allow grouping by");
	if (grouped && x->vector_agg.op == LOGQL_APPROX_TOPK)
		return parse_fail(p, x->pos, "grouping not allowed for %s aggregation",
				  logql_vector_op_name(x->vector_agg.op));
	return 0;
}

/* op [grouping] ([number,] metric) [grouping], one grouping at most */
static int parse_vector_agg(struct parser *p, struct logql_expr **ret)
{
	struct logql_expr *x = new_expr(p, LOGQL_VECTOR_AGG);
	struct lexeme first;
	struct bytes param = { 0 };
	size_t n_before;

	*ret = x;
	x->vector_agg.op = (enum logql_vector_op)p->lex.cur.value;
	lex_next(&p->lex);
	if (parse_grouping(p, &x->vector_agg.grouping) < 0 ||
	    parse_take(p, LEX_OPEN, "expecting (", NULL) < 0)
		return -1;
	/* a number is a parameter when a comma follows at once, else it begins the operand */
	first = p->lex.cur;
	n_before = p->lex.n_lexemes;
	if (parse_metric(p, &x->vector_agg.arg) < 0)
		return -1;
	if (first.kind == LEX_NUMBER && p->lex.n_lexemes == n_before + 1 &&
	    parse_skip(p, LEX_COMMA)) {
		param = first.text;
		if (parse_metric(p, &x->vector_agg.arg) < 0)
			return -1;
	}
	if (parse_take(p, LEX_CLOSE, "want ) or an operator", NULL) < 0)
		return -1;
	if (x->vector_agg.grouping.kind == LOGQL_GROUP_NONE &&
	    parse_grouping(p, &x->vector_agg.grouping) < 0)
		return -1;
	if (set_vector_param(p, x, param) < 0 || check_vector_grouping(p, x) < 0)
		return -1;
	return finish(p, x, x->vector_agg.arg, NULL);
}

/* --- other functions ------------------------------------------------------------------------- */

/* label_replace(metric, "dst", "replacement", "src", "regex") */
static int parse_label_replace(struct parser *p, struct logql_expr **ret)
{
	struct logql_expr *x = new_expr(p, LOGQL_LABEL_REPLACE);
	struct bytes *const args[] = { &x->label_replace.dst, &x->label_replace.replacement,
				       &x->label_replace.src, &x->label_replace.regex };
	struct err e;

	*ret = x;
	lex_next(&p->lex);
	if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0 ||
	    parse_metric(p, &x->label_replace.arg) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		struct lexeme value;

		if (parse_take(p, LEX_COMMA, i ? "expecting ," : "want , and four strings", NULL) <
			    0 ||
		    parse_take(p, LEX_STRING, "expecting STRING", &value) < 0)
			return -1;
		*args[i] = value.str;
	}
	if (parse_take(p, LEX_CLOSE, "expecting )", NULL) < 0)
		return -1;
	x->label_replace.how = parse_regex_how(p);
	if (detail_whole_regex(x->label_replace.regex, x->label_replace.how, &e) < 0)
		return parse_fail(p, x->pos, "invalid regex in label_replace: %s", e.msg);
	return finish(p, x, x->label_replace.arg, NULL);
}

/* vector(1) */
static int parse_vector(struct parser *p, struct logql_expr **ret)
{
	struct logql_expr *x = new_expr(p, LOGQL_VECTOR);
	struct lexeme number;

	*ret = x;
	lex_next(&p->lex);
	if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0 ||
	    parse_take(p, LEX_NUMBER, "expecting NUMBER", &number) < 0 ||
	    parse_number_text(p, &number, &x->number) < 0)
		return -1;
	return parse_take(p, LEX_CLOSE, "expecting )", NULL);
}

/* variants(metric, ...) of (range) */
static int parse_variants(struct parser *p, struct logql_expr **ret)
{
	struct logql_expr *x = new_expr(p, LOGQL_VARIANTS);
	unsigned height = 0;

	*ret = x;
	lex_next(&p->lex);
	if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0)
		return -1;
	do {
		struct logql_expr *v;

		if (parse_metric(p, &v) < 0)
			return -1;
		height = v->height > height ? v->height : height;
		x->variants.v = parse_grow(p, x->variants.v, x->variants.n, sizeof(v));
		x->variants.v[x->variants.n++] = v;
	} while (parse_skip(p, LEX_COMMA));
	if (parse_take(p, LEX_CLOSE, "want , or )", NULL) < 0)
		return -1;
	if (!bytes_is(p->lex.cur.text, "of"))
		return parse_unexpected(p, "expecting of");
	lex_next(&p->lex);
	x->height = height + 1;
	if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0 ||
	    parse_range(p, "expecting { or (", &x->variants.range) < 0)
		return -1;
	return parse_take(p, LEX_CLOSE, "expecting )", NULL);
}

static int parse_log(struct parser *p, struct logql_expr **ret)
{
	struct logql_expr *x = new_expr(p, LOGQL_LOG);

	*ret = x;
	x->log = parse_new(p, struct logql_log);
	if (parse_selector(p, x->log) < 0)
		return -1;
	return parse_stages(p, x->log, NULL);
}

static int parse_literal(struct parser *p, struct logql_expr **ret)
{
	*ret = new_expr(p, LOGQL_LITERAL);
	return parse_number(p, "expecting NUMBER", &(*ret)->number);
}

/* What stands in parentheses: anything but variants alone. */
static int parse_inside(struct parser *p, struct logql_expr **ret)
{
	if (parse_expr(p, ret) < 0)
		return -1;
	if ((*ret)->kind == LOGQL_VARIANTS)
		return parse_unexpected(p, want_operator);
	return parse_take(p, LEX_CLOSE, "want ) or an operator", NULL);
}

static int parse_operand(struct parser *p, struct logql_expr **ret)
{
	switch (p->lex.cur.kind) {
	case LEX_OPEN:
		lex_next(&p->lex);
		return parse_inside(p, ret);
	case LEX_OPEN_BRACE:
		return parse_log(p, ret);
	case LEX_RANGE_OP:
		return parse_range_agg(p, ret);
	case LEX_VECTOR_OP:
		return parse_vector_agg(p, ret);
	case LEX_LABEL_REPLACE:
		return parse_label_replace(p, ret);
	case LEX_VECTOR:
		return parse_vector(p, ret);
	case LEX_VARIANTS:
		return parse_variants(p, ret);
	case LEX_NUMBER:
	case LEX_ADD:
	case LEX_SUB:
		return parse_literal(p, ret);
	default:
		return parse_unexpected(p, "want a selector {...}, a function, a number or (");
	}
}

/* --- operators ------------------------------------------------------------------------------- */

static bool find_op(enum lex_kind word, enum logql_op *ret)
{
	static const struct {
		enum lex_kind word;
		enum logql_op op;
	} ops[] = {
		{ LEX_OR, LOGQL_OR },	{ LEX_AND, LOGQL_AND }, { LEX_UNLESS, LOGQL_UNLESS },
		{ LEX_EQ, LOGQL_EQ },	{ LEX_NE, LOGQL_NE },	{ LEX_GT, LOGQL_GT },
		{ LEX_GE, LOGQL_GE },	{ LEX_LT, LOGQL_LT },	{ LEX_LE, LOGQL_LE },
		{ LEX_ADD, LOGQL_ADD }, { LEX_SUB, LOGQL_SUB }, { LEX_MUL, LOGQL_MUL },
		{ LEX_DIV, LOGQL_DIV }, { LEX_MOD, LOGQL_MOD }, { LEX_POW, LOGQL_POW },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (ops[i].word == word) {
			*ret = ops[i].op;
			return true;
		}
	}
	return false;
}

/* [bool] [on|ignoring (labels) [group_left|group_right [(labels)]]] */
static int parse_modifiers(struct parser *p, struct logql_expr *x)
{
	struct logql_matching *m = &x->binary.matching;

	x->binary.return_bool = parse_skip(p, LEX_BOOL);
	if (parse_at(p, LEX_ON))
		m->on = LOGQL_MATCH_ON;
	else if (parse_at(p, LEX_IGNORING))
		m->on = LOGQL_MATCH_IGNORING;
	else
		return 0;
	lex_next(&p->lex);
	if (parse_names(p, &m->labels, &m->n) < 0)
		return -1;
	if (parse_at(p, LEX_GROUP_LEFT))
		m->card = LOGQL_GROUP_LEFT;
	else if (parse_at(p, LEX_GROUP_RIGHT))
		m->card = LOGQL_GROUP_RIGHT;
	else
		return 0;
	lex_next(&p->lex);
	return parse_at(p, LEX_OPEN) ? parse_names(p, &m->include, &m->n_include) : 0;
}

/* How Loki calls a log expression in the message about legs. */
static const char *log_type(const struct logql_expr *x)
{
	return x->log->n_stages ? "*syntax.PipelineExpr" : "*syntax.MatchersExpr";
}

static int check_leg(struct parser *p, const struct logql_expr *x, const struct logql_expr *leg,
		     const char *side)
{
	const char *op = logql_op_name(x->binary.op);

	if (leg->kind == LOGQL_LOG)
		return parse_fail(p, leg->pos,
				  "unexpected type for %s leg of binary operation (%s): %s", side,
				  op, log_type(leg));
	return 0;
}

static int check_set_leg(struct parser *p, const struct logql_expr *x, const struct logql_expr *leg,
			 const char *side)
{
	if (!logql_op_is_set(x->binary.op) || leg->kind != LOGQL_LITERAL)
		return 0;
	return parse_fail(p, leg->pos,
			  "unexpected literal for %s leg of logical/set binary operation (%s): %f",
			  side, logql_op_name(x->binary.op), leg->number);
}

/* Checks the legs; two literals become one. */
static int close_binary(struct parser *p, struct logql_expr *x)
{
	const struct logql_expr *l = x->binary.left, *r = x->binary.right;

	if (check_leg(p, x, l, "left") < 0 || check_leg(p, x, r, "right") < 0 ||
	    check_set_leg(p, x, l, "left") < 0 || check_set_leg(p, x, r, "right") < 0)
		return -1;
	if (l->kind == LOGQL_LITERAL && r->kind == LOGQL_LITERAL) {
		double v = logql_op_apply(x->binary.op, l->number, r->number);

		*x = (struct logql_expr){ .kind = LOGQL_LITERAL, .height = 1, .pos = l->pos };
		x->number = v;
		return 0;
	}
	return finish(p, x, l, r);
}

/* Operands with operators between that bind at least as closely as `binds`. */
static int parse_binary(struct parser *p, int binds, struct logql_expr **ret)
{
	struct logql_expr *left;
	enum logql_op op;

	if (parse_enter(p) < 0 || parse_operand(p, &left) < 0)
		return -1;
	while (find_op(p->lex.cur.kind, &op) && logql_op_binds(op) >= binds) {
		struct logql_expr *x = new_expr(p, LOGQL_BINARY);

		x->binary.op = op;
		x->binary.left = left;
		lex_next(&p->lex);
		if (parse_modifiers(p, x) < 0 ||
		    parse_binary(p, logql_op_binds(op) + (op != LOGQL_POW), &x->binary.right) < 0 ||
		    close_binary(p, x) < 0)
			return -1;
		left = x;
	}
	parse_leave(p);
	*ret = left;
	return 0;
}

int parse_expr(struct parser *p, struct logql_expr **ret)
{
	return parse_binary(p, 0, ret);
}
