#include "prompt/context.h"

#include "logql/lex.h"

enum { DEPTH_MAX = 64 };

/* An open { or (. */
enum opened {
	OPENED_SELECTOR,
	OPENED_NAMES, /* by (, on (, ... */
	OPENED_OTHER,
};

/* What was read up to some lexeme. */
struct reader {
	struct bytes text;
	enum opened open[DEPTH_MAX];
	size_t depth;
	struct lexeme last, before; /* kind LEX_END: there is none */
	bool in_pipeline;
	enum lex_kind stage;   /* what stands behind the last | of a pipeline */
	bool names_closed;     /* last is the ) of by (...) */
	size_t selector_from;  /* behind the last { */
	struct bytes selector; /* between it and the } or the last comma */
};

static bool is_match_op(enum lex_kind kind)
{
	return kind == LEX_ASSIGN || kind == LEX_EQ || kind == LEX_NE || kind == LEX_RE ||
	       kind == LEX_NRE;
}

static bool takes_names(enum lex_kind kind)
{
	return kind == LEX_BY || kind == LEX_WITHOUT || kind == LEX_ON || kind == LEX_IGNORING ||
	       kind == LEX_GROUP_LEFT || kind == LEX_GROUP_RIGHT;
}

static bool is_operator(enum lex_kind kind)
{
	return (kind >= LEX_EQ && kind <= LEX_LE && kind != LEX_RE && kind != LEX_NRE) ||
	       (kind >= LEX_ADD && kind <= LEX_UNLESS) || kind == LEX_BOOL;
}

/* Words are looked at by their name alone: one that is not called yet is an identifier. */
static bool is_aggregation(struct bytes word)
{
	const char *w;

	for (size_t i = 0; (w = lex_word(LEX_VECTOR_OP, LEX_VECTOR_OP, i)); i++)
		if (bytes_is(word, w))
			return true;
	return false;
}

static enum opened top(const struct reader *r)
{
	return r->depth && r->depth <= DEPTH_MAX ? r->open[r->depth - 1] : OPENED_OTHER;
}

static void push(struct reader *r, enum opened what)
{
	if (r->depth < DEPTH_MAX)
		r->open[r->depth] = what;
	r->depth++;
}

static void take_lexeme(struct reader *r, const struct lexeme *x)
{
	bool was_names = top(r) == OPENED_NAMES;

	r->names_closed = false;
	switch (x->kind) {
	case LEX_OPEN_BRACE:
		push(r, OPENED_SELECTOR);
		r->selector_from = x->pos.off + 1;
		r->selector = (struct bytes){ 0 };
		break;
	case LEX_CLOSE_BRACE:
		r->depth -= r->depth > 0;
		r->selector = bytes_sub(r->text, r->selector_from, x->pos.off - r->selector_from);
		r->in_pipeline = true;
		r->stage = LEX_END;
		break;
	case LEX_OPEN:
		push(r, takes_names(r->last.kind) ? OPENED_NAMES : OPENED_OTHER);
		break;
	case LEX_CLOSE:
		r->depth -= r->depth > 0;
		r->names_closed = was_names;
		r->in_pipeline = r->in_pipeline && r->stage == LEX_IDENT;
		break;
	case LEX_RANGE:
		r->in_pipeline = false;
		break;
	case LEX_COMMA:
		if (top(r) == OPENED_SELECTOR)
			r->selector =
				bytes_sub(r->text, r->selector_from, x->pos.off - r->selector_from);
		break;
	default:
		break;
	}
	if (r->in_pipeline && x->kind >= LEX_PIPE_EXACT && x->kind <= LEX_NOT_PATTERN)
		r->stage = LEX_PIPE_EXACT;
	else if (r->in_pipeline && (x->kind == LEX_NE || x->kind == LEX_NRE) &&
		 r->last.kind != LEX_IDENT)
		r->stage = LEX_PIPE_EXACT;
	else if (r->in_pipeline && r->last.kind == LEX_PIPE)
		r->stage = x->kind == LEX_OPEN ? LEX_IDENT : x->kind;
	r->before = r->last;
	r->last = *x;
}

/* --- what follows ---------------------------------------------------------------------------- */

static void want_value(const struct reader *r, struct context *c)
{
	if (!is_match_op(r->last.kind) || r->before.kind != LEX_IDENT)
		return;
	c->want = WANT_VALUE;
	c->name = r->before.text;
	c->regex = r->last.kind == LEX_RE || r->last.kind == LEX_NRE;
}

static void in_selector(const struct reader *r, struct context *c)
{
	if (r->last.kind == LEX_OPEN_BRACE || r->last.kind == LEX_COMMA)
		c->want = WANT_SELECTOR_NAME;
	else
		want_value(r, c);
}

static void in_pipeline(const struct reader *r, struct context *c)
{
	enum lex_kind last = r->last.kind;

	if (last == LEX_PIPE)
		c->want = WANT_STAGE;
	else if (r->stage == LEX_PIPE_EXACT || last == LEX_CLOSE_BRACE)
		return; /* of lines nothing is known */
	else if (last == LEX_UNWRAP)
		c->want = WANT_UNWRAP;
	else if (last == LEX_DROP || last == LEX_KEEP || last == LEX_COMMA || last == LEX_AND ||
		 last == LEX_OR || last == LEX_OPEN)
		c->want = WANT_NAME;
	else if (r->stage == LEX_LABEL_FORMAT && last == LEX_ASSIGN)
		c->want = WANT_NAME;
	else if (r->stage == LEX_IDENT || r->stage == LEX_DROP || r->stage == LEX_KEEP)
		want_value(r, c);
}

static void in_expression(const struct reader *r, struct context *c)
{
	enum lex_kind last = r->last.kind;

	if (last == LEX_END || last == LEX_OPEN || last == LEX_COMMA || is_operator(last) ||
	    r->names_closed)
		c->want = WANT_FUNCTION;
	else if (last == LEX_CLOSE || (last == LEX_IDENT && is_aggregation(r->last.text)))
		c->want = WANT_GROUPING;
}

static void what_follows(const struct reader *r, struct context *c)
{
	if (top(r) == OPENED_SELECTOR)
		in_selector(r, c);
	else if (top(r) == OPENED_NAMES)
		c->want = r->last.kind == LEX_OPEN || r->last.kind == LEX_COMMA ? WANT_NAME
										: WANT_NOTHING;
	else if (r->in_pipeline)
		in_pipeline(r, c);
	else
		in_expression(r, c);
}

static bool is_word(const struct lexeme *x)
{
	char c = x->text.n ? x->text.p[0] : '\0';

	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct context context_find(struct bytes text)
{
	struct context c = { .prefix = bytes_sub(text, text.n, 0) };
	struct reader r = { .text = text, .last.kind = LEX_END, .before.kind = LEX_END };
	struct arena mem = { 0 };
	struct lexer l;

	/* What is called is known by the parenthesis behind it, which here is often yet to come. */
	for (lex_init(&l, text, &mem, 0); l.cur.kind != LEX_END; lex_next(&l)) {
		struct lexeme x = l.cur;

		if (x.kind == LEX_ERROR) {
			char quote = x.pos.off < text.n ? text.p[x.pos.off] : '\0';

			what_follows(&r, &c);
			if (quote != '"' && quote != '`')
				c.want = WANT_NOTHING;
			c.quote = quote;
			c.prefix = bytes_sub(text, x.pos.off + 1, text.n);
			if (c.want != WANT_VALUE || memchr(c.prefix.p, '\n', c.prefix.n))
				c.want = WANT_NOTHING;
			break;
		}
		if (is_word(&x) && x.text.p + x.text.n == text.p + text.n) {
			c.prefix = x.text;
			break;
		}
		take_lexeme(&r, &x);
	}
	if (l.cur.kind != LEX_ERROR)
		what_follows(&r, &c);
	c.selector = r.selector;
	arena_release(&mem);
	return c;
}
