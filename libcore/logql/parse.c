#include "logql/parse.h"

#include <math.h>

#include "base/num.h"
#include "logql/parser.h"
#include "logql/print.h"
#include "regex/regex.h"

enum { STAGE_SHOWN = 200 }; /* bytes */

static void fail_text(struct parser *p, struct logql_pos pos, struct bytes text)
{
	p->error_pos = pos;
	err_set(p->e, ERR_QUERY, "%.*s", BYTES_ARG(text));
}

int parse_fail(struct parser *p, struct logql_pos pos, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list va;

	buf_add_str(&text, "parse error : ");
	va_start(va, fmt);
	buf_addv(&text, fmt, va);
	va_end(va);
	fail_text(p, pos, buf_bytes(&text));
	buf_release(&text);
	return -1;
}

void parse_set_unexpected(struct parser *p, const char *expecting)
{
	const struct lexeme *x = &p->lex.cur;
	struct buf text = { 0 };

	p->refusal = x->kind == LEX_END || p->lex.open ? REFUSED_END : REFUSED_WORD;
	buf_add_str(&text, "parse error ");
	/* Loki knows no position in an empty text, and no line of long lexemes */
	if (p->lex.text.n > 0)
		buf_addf(&text, "at line %u, col %u", x->is_long ? 0 : x->pos.line, x->pos.col);
	buf_add_str(&text, ": ");
	if (x->kind == LEX_ERROR) {
		buf_add_str(&text, p->lex.error);
	} else {
		buf_add_str(&text, "syntax error: unexpected ");
		lex_add_name(&text, x);
		if (expecting)
			buf_addf(&text, ", %s", expecting);
	}
	fail_text(p, x->pos, buf_bytes(&text));
	buf_release(&text);
}

/* As much of a stage as a message has room for beside what is wrong with it. */
static void add_stage(struct buf *text, const struct logql_stage *s)
{
	size_t end = text->n + STAGE_SHOWN;

	logql_print_stage(text, s);
	if (text->n <= end)
		return;
	while ((text->p[end] & 0xc0) == 0x80)
		end--;
	text->n = end;
	buf_add_str(text, "...");
}

void parse_fail_stage(struct parser *p, const struct logql_stage *s, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list va;

	if (p->late.code != ERR_NONE)
		return;
	buf_add_str(&text, "parse error : stage '");
	add_stage(&text, s);
	buf_add_str(&text, "' : ");
	va_start(va, fmt);
	buf_addv(&text, fmt, va);
	va_end(va);
	err_set(&p->late, ERR_QUERY, "%.*s", BYTES_ARG(buf_bytes(&text)));
	p->late_pos = s->pos;
	buf_release(&text);
}

int parse_enter(struct parser *p)
{
	if (++p->depth <= LOGQL_HEIGHT_MAX)
		return 0;
	return parse_fail(p, p->lex.cur.pos, "the query nests over %d levels deep",
			  LOGQL_HEIGHT_MAX);
}

void parse_leave(struct parser *p)
{
	p->depth--;
}

bool parse_skip(struct parser *p, enum lex_kind kind)
{
	if (p->lex.cur.kind != kind)
		return false;
	lex_next(&p->lex);
	return true;
}

int parse_take(struct parser *p, enum lex_kind kind, const char *expecting, struct lexeme *ret)
{
	if (p->lex.cur.kind != kind)
		return parse_unexpected(p, expecting);
	if (ret)
		*ret = p->lex.cur;
	lex_next(&p->lex);
	return 0;
}

int parse_name(struct parser *p, const char *expecting, struct bytes *ret)
{
	struct lexeme x;

	if (parse_take(p, LEX_IDENT, expecting, &x) < 0)
		return -1;
	*ret = arena_copy(p->arena, x.text);
	return 0;
}

int parse_names(struct parser *p, struct bytes **ret, size_t *ret_n)
{
	const char *expecting = "expecting IDENTIFIER or )";
	struct bytes *v = NULL;
	size_t n = 0;

	if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0)
		return -1;
	if (!parse_at(p, LEX_CLOSE)) {
		do {
			v = parse_grow(p, v, n, sizeof(*v));
			if (parse_name(p, expecting, &v[n++]) < 0)
				return -1;
			expecting = "expecting IDENTIFIER";
		} while (parse_skip(p, LEX_COMMA));
	}
	*ret = v;
	*ret_n = n;
	return parse_take(p, LEX_CLOSE, "expecting , or )", NULL);
}

/* Go takes 1_000 and 017, but not the other bases. */
int parse_number_text(struct parser *p, const struct lexeme *x, double *ret)
{
	struct buf plain = { 0 };
	bool ok = x->text.n < 3 || !strchr("xXoObB", x->text.p[1]);

	for (size_t i = 0; i < x->text.n; i++)
		if (x->text.p[i] != '_')
			buf_add_char(&plain, x->text.p[i]);
	ok = ok && num_double(buf_bytes(&plain), ret) && isfinite(*ret);
	buf_release(&plain);
	if (ok)
		return 0;
	return parse_fail(
		p, x->pos,
		"unable to parse literal as a float: strconv.ParseFloat: parsing \"%.*s\": "
		"invalid syntax",
		BYTES_ARG(x->text));
}

int parse_number(struct parser *p, const char *expecting, double *ret)
{
	bool minus = parse_skip(p, LEX_SUB), sign = minus || parse_skip(p, LEX_ADD);
	struct lexeme x;

	if (parse_take(p, LEX_NUMBER, sign ? "expecting NUMBER" : expecting, &x) < 0 ||
	    parse_number_text(p, &x, ret) < 0)
		return -1;
	if (minus)
		*ret = -*ret;
	return 0;
}

/* Doubles at powers of two, so that nobody needs to keep a capacity. */
void *parse_grow(struct parser *p, void *v, size_t n, size_t size)
{
	char *w;

	if (n & (n - 1)) /* not a power of two: there is room */
		return v;
	w = arena_zalloc(p->arena, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(w, v, n * size);
	return w;
}

unsigned parse_regex_how(const struct parser *p)
{
	return p->lex.flags & LOGQL_PCRE ? REGEX_PCRE : 0;
}

/* What can be judged only when the whole text is known to parse. */
static int check_whole(struct parser *p, const struct logql_expr *root)
{
	if (p->has_open_selector && !(p->lex.flags & LOGQL_ANY_SELECTOR))
		return parse_fail(
			p, p->open_selector,
			"queries require at least one regexp or equality matcher that "
			"does not have an empty-compatible value. For instance, "
			"app=~\".*\" does not meet this requirement, but app=~\".+\" will");
	if (root->kind == LOGQL_LOG && p->lex.flags & LOGQL_NO_LOG) {
		p->error_pos = root->pos;
		return err_set(p->e, ERR_QUERY,
			       "log queries are not supported as an instant query type, please "
			       "change your query to a range query type");
	}
	if (p->late.code != ERR_NONE) {
		p->error_pos = p->late_pos;
		if (p->e)
			*p->e = p->late;
		return -1;
	}
	return 0;
}

/* What could have stood behind a complete expression. */
static const char *what_goes_on(const struct logql_expr *x)
{
	return x->kind == LOGQL_LOG ? "want a stage (|= | ...) or the end"
				    : "want an operator or the end";
}

static int parse_text(struct parser *p, struct bytes text, unsigned flags, struct logql_expr **ret)
{
	if (text.n > LOGQL_TEXT_MAX)
		return parse_fail(p, (struct logql_pos){ 0, 1, 1 },
				  "input size too long (%zu > %d)", text.n, LOGQL_TEXT_MAX);
	lex_init(&p->lex, text, p->arena, flags);
	if (parse_expr(p, ret) < 0 || parse_take(p, LEX_END, what_goes_on(*ret), NULL) < 0)
		return -1;
	return check_whole(p, *ret);
}

int logql_parse(struct bytes text, const struct logql_opts *opts, struct logql_query *ret,
		struct logql_pos *ret_pos, struct err *e)
{
	static const struct logql_opts none;
	struct logql_query q = { 0 };
	struct parser p = { .arena = &q.arena, .opts = opts ? opts : &none, .e = e };

	if (parse_text(&p, text, p.opts->flags, &q.root) < 0) {
		if (ret_pos)
			*ret_pos = p.error_pos;
		logql_query_release(&q);
		return -1;
	}
	*ret = q;
	return 0;
}

/* How the text is refused, if it is. */
static enum refusal refusal_of(struct bytes text, const struct logql_opts *opts)
{
	struct arena mem = { 0 };
	struct logql_expr *root;
	struct parser p = { .arena = &mem, .opts = opts };
	bool taken = parse_text(&p, text, opts->flags, &root) == 0;

	arena_release(&mem);
	return taken ? REFUSED_BY_RULE : p.refusal;
}

bool logql_is_begun(struct bytes text, const struct logql_opts *opts)
{
	enum refusal how = refusal_of(text, opts);
	struct buf called = { 0 };

	/* A function's name is one only before a parenthesis, which may stand on the next line. */
	if (how == REFUSED_WORD) {
		buf_add_bytes(&called, text);
		buf_add_str(&called, "\n(");
		how = refusal_of(buf_bytes(&called), opts);
		buf_release(&called);
	}
	return how == REFUSED_END;
}

int logql_parse_selector(struct bytes text, const struct logql_opts *opts, struct logql_query *ret,
			 struct logql_pos *ret_pos, struct err *e)
{
	struct logql_query q;

	if (logql_parse(text, opts, &q, ret_pos, e) < 0)
		return -1;
	if (!logql_is_log(&q) || q.root->log->n_stages > 0) {
		if (ret_pos)
			*ret_pos = q.root->pos;
		logql_query_release(&q);
		return err_set(e, ERR_QUERY, "only label matchers are supported");
	}
	*ret = q;
	return 0;
}
