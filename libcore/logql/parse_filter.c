/* Label filters and the operands of line filters. */
#include <assert.h>

#include "labels/quote.h"
#include "logql/detail.h"
#include "logql/parser.h"

/* How strongly a connective binds; a comma, or nothing between two filters, binds the strongest to
 * its left and takes all that follows to its right, as Loki's grammar has it. */
enum { BINDS_ALL, BINDS_OR, BINDS_AND };

bool parse_match_op(enum lex_kind kind, enum match_op *ret)
{
	switch (kind) {
	case LEX_ASSIGN:
		*ret = MATCH_EQ;
		return true;
	case LEX_NE:
		*ret = MATCH_NE;
		return true;
	case LEX_RE:
		*ret = MATCH_RE;
		return true;
	case LEX_NRE:
		*ret = MATCH_NRE;
		return true;
	default:
		return false;
	}
}

int parse_matcher_value(struct parser *p, struct logql_matcher *m, bool *ret_empty)
{
	bool empty;
	struct lexeme x;
	struct err e;

	if (parse_take(p, LEX_STRING, "expecting STRING", &x) < 0)
		return -1;
	m->value = x.str;
	empty = m->value.n == 0;
	m->how = parse_regex_how(p);
	if ((m->op == MATCH_RE || m->op == MATCH_NRE) &&
	    detail_regex(m->value, m->how, &empty, &e) < 0)
		return parse_fail(p, x.pos, "%s", e.msg);
	if (ret_empty)
		*ret_empty = empty == (m->op == MATCH_EQ || m->op == MATCH_RE);
	return 0;
}

static bool cmp_op(enum lex_kind kind, enum logql_op *ret)
{
	switch (kind) {
	case LEX_ASSIGN:
	case LEX_EQ:
		*ret = LOGQL_EQ;
		return true;
	case LEX_NE:
		*ret = LOGQL_NE;
		return true;
	case LEX_GT:
		*ret = LOGQL_GT;
		return true;
	case LEX_GE:
		*ret = LOGQL_GE;
		return true;
	case LEX_LT:
		*ret = LOGQL_LT;
		return true;
	case LEX_LE:
		*ret = LOGQL_LE;
		return true;
	default:
		return false;
	}
}

/* ip("..."), behind = or !=; an address that is none is told later. */
static int parse_ip_filter(struct parser *p, struct bytes *ret_bad, struct logql_filter *f)
{
	struct lexeme x;
	struct err e;

	lex_next(&p->lex);
	if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0 ||
	    parse_take(p, LEX_STRING, "expecting STRING", &x) < 0 ||
	    parse_take(p, LEX_CLOSE, "expecting )", NULL) < 0)
		return -1;
	f->kind = LOGQL_FILTER_IP;
	if (detail_ip(p->arena, x.str, &f->cmp.ip, &e) < 0) {
		f->cmp.ip = parse_new(p, struct logql_ip);
		f->cmp.ip->text = x.str;
		*ret_bad = arena_copy(p->arena, bytes_str(e.msg));
	}
	return 0;
}

/* A number, a duration or a size. */
static int parse_quantity(struct parser *p, const char *want, struct logql_filter *f)
{
	struct lexeme x = p->lex.cur;

	switch (x.kind) {
	case LEX_DURATION:
		f->kind = LOGQL_FILTER_DURATION;
		f->cmp.duration_ns = x.ns;
		break;
	case LEX_BYTES:
		f->kind = LOGQL_FILTER_BYTES;
		f->cmp.bytes = x.n_bytes;
		break;
	default:
		f->kind = LOGQL_FILTER_NUMBER;
		return parse_number(p, want, &f->cmp.number);
	}
	lex_next(&p->lex);
	return 0;
}

/* A name without an operator is no filter; right behind the | it may be meant to be a stage. */
static int no_operator(struct parser *p, const struct lexeme *name)
{
	const char *like = lex_stage_like(name->text);
	struct buf b = { 0 };
	int r;

	if (name->text.p == p->piped) {
		buf_addf(&b, "unknown stage '%.*s' at line %u, col %u", BYTES_ARG(name->text),
			 name->pos.line, name->pos.col);
		if (like)
			buf_addf(&b, ": did you mean '%s'?", like);
		else
			buf_add_str(&b, "; of a label ");
	}
	if (name->text.p != p->piped || !like)
		buf_add_str(&b, "want a comparison such as = or >=");
	r = parse_unexpected(p, buf_str(&b));
	buf_release(&b);
	return r;
}

/* name op value */
static int parse_one(struct parser *p, struct logql_stage *stage, struct logql_filter **ret)
{
	struct logql_filter *f = parse_new(p, struct logql_filter);
	const struct lexeme word = p->lex.cur;
	struct bytes name, bad = { 0 };
	enum match_op match;
	enum logql_op op;
	enum lex_kind kind;
	bool is_match;

	f->pos = p->lex.cur.pos;
	f->height = 1;
	if (parse_name(p, "expecting IDENTIFIER or (", &name) < 0)
		return -1;
	kind = p->lex.cur.kind;
	is_match = parse_match_op(kind, &match);
	if (!is_match && !cmp_op(kind, &op))
		return no_operator(p, &word);
	lex_next(&p->lex);
	if (kind == LEX_RE || kind == LEX_NRE || (is_match && parse_at(p, LEX_STRING))) {
		f->kind = LOGQL_FILTER_MATCH;
		f->match = (struct logql_matcher){ .pos = f->pos, .op = match, .name = name };
		*ret = f;
		return parse_matcher_value(p, &f->match, NULL);
	}
	f->cmp.name = name;
	cmp_op(kind, &f->cmp.op);
	*ret = f;
	if (!is_match || !parse_at(p, LEX_IP))
		return parse_quantity(p,
				      is_match ? "want a string, number, duration, size or ip(...)"
					       : "want a number, duration or size",
				      f);
	if (parse_ip_filter(p, &bad, f) < 0)
		return -1;
	if (bad.n) {
		/* the message names this filter alone, as a stage of its own */
		struct logql_stage one = { LOGQL_LABEL_FILTER, stage->pos, { .filter = f } };

		parse_fail_stage(p, &one, "%.*s", BYTES_ARG(bad));
	}
	return 0;
}

static int join(struct parser *p, enum logql_filter_kind kind, struct logql_filter *left,
		struct logql_filter *right, struct logql_filter **ret)
{
	struct logql_filter *f = parse_new(p, struct logql_filter);

	assert(left && right);
	f->kind = kind;
	f->pos = left->pos;
	f->both.left = left;
	f->both.right = right;
	f->height = 1 + (left->height > right->height ? left->height : right->height);
	*ret = f;
	if (f->height > LOGQL_HEIGHT_MAX)
		return parse_fail(p, f->pos, "over %d label filters in a row", LOGQL_HEIGHT_MAX);
	return 0;
}

static int parse_chain(struct parser *p, struct logql_stage *stage, int binds,
		       struct logql_filter **ret);

static int parse_operand(struct parser *p, struct logql_stage *stage, struct logql_filter **ret)
{
	if (!parse_skip(p, LEX_OPEN))
		return parse_one(p, stage, ret);
	if (parse_chain(p, stage, BINDS_ALL, ret) < 0)
		return -1;
	return parse_take(p, LEX_CLOSE, "want ) or another label filter", NULL);
}

/* Operands with connectives between that bind at least as strongly as `binds`. */
static int parse_chain(struct parser *p, struct logql_stage *stage, int binds,
		       struct logql_filter **ret)
{
	struct logql_filter *left = NULL, *right = NULL;

	if (parse_enter(p) < 0 || parse_operand(p, stage, &left) < 0)
		return -1;
	for (;;) {
		enum logql_filter_kind kind = LOGQL_FILTER_AND;
		int next;

		if (parse_at(p, LEX_IDENT) || parse_at(p, LEX_OPEN) || parse_skip(p, LEX_COMMA)) {
			next = BINDS_ALL;
		} else if (parse_at(p, LEX_AND) && binds <= BINDS_AND) {
			lex_next(&p->lex);
			next = BINDS_AND + 1;
		} else if (parse_at(p, LEX_OR) && binds <= BINDS_OR) {
			lex_next(&p->lex);
			kind = LOGQL_FILTER_OR;
			next = BINDS_OR + 1;
		} else {
			break;
		}
		if (parse_chain(p, stage, next, &right) < 0 ||
		    join(p, kind, left, right, &left) < 0)
			return -1;
	}
	parse_leave(p);
	*ret = left;
	return 0;
}

int parse_filter(struct parser *p, struct logql_stage *stage, struct logql_filter **ret)
{
	return parse_chain(p, stage, BINDS_ALL, ret);
}

int parse_line_alts(struct parser *p, struct logql_line_filter *f)
{
	do {
		struct logql_line_alt alt = { .pos = p->lex.cur.pos };
		bool is_ip = parse_skip(p, LEX_IP);
		struct lexeme x;

		if (is_ip && parse_take(p, LEX_OPEN, "expecting (", NULL) < 0)
			return -1;
		if (parse_take(p, LEX_STRING, is_ip ? "expecting STRING" : "expecting STRING or ip",
			       &x) < 0)
			return -1;
		if (is_ip && parse_take(p, LEX_CLOSE, "expecting )", NULL) < 0)
			return -1;
		alt.text = x.str;
		if (is_ip) { /* what it means is looked at when the stage is complete */
			alt.ip = parse_new(p, struct logql_ip);
			alt.ip->text = x.str;
		}
		f->alts = parse_grow(p, f->alts, f->n_alts, sizeof(*f->alts));
		f->alts[f->n_alts++] = alt;
	} while (parse_skip(p, LEX_OR));
	return 0;
}
