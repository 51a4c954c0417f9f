/*
 * The text outside actions is one lexeme up to the next "{{". Trim marks ("{{- " and " -}}") never
 * become lexemes: they shorten the text beside them.
 */
#include "template/lex.h"

#include "base/unicode.h"
#include "base/utf8.h"
#include "labels/quote.h"
#include "template/literal.h"

enum { END = -1, TRIM_LEN = 2 };

static bool is_space(int32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(int32_t c)
{
	return c == '_' || (c >= 0 && unicode_is_word((uint32_t)c));
}

void lexer_init(struct lexer *l, struct bytes text, struct arena *mem)
{
	*l = (struct lexer){ .text = text, .line = 1, .mem = mem };
}

static struct bytes rest(const struct lexer *l)
{
	return bytes_sub(l->text, l->pos, l->text.n);
}

static bool at(const struct lexer *l, const char *s)
{
	return bytes_starts(rest(l), bytes_str(s));
}

static int32_t peek(const struct lexer *l, size_t *ret_len)
{
	*ret_len = 0;
	return l->pos < l->text.n ? (int32_t)utf8_next(rest(l), ret_len) : END;
}

static int32_t next(struct lexer *l)
{
	size_t len;
	int32_t c = peek(l, &len);

	l->pos += len;
	return c;
}

static bool accept(struct lexer *l, const char *set)
{
	if (l->pos >= l->text.n || !l->text.p[l->pos] || !strchr(set, l->text.p[l->pos]))
		return false;
	l->pos++;
	return true;
}

/* Drops what lies between start and pos. */
static void ignore(struct lexer *l)
{
	for (; l->start < l->pos; l->start++)
		l->line += l->text.p[l->start] == '\n';
}

static struct lexeme emit(struct lexer *l, enum lexeme_kind kind)
{
	struct lexeme x = { kind, (uint32_t)l->start, l->line,
			    bytes_sub(l->text, l->start, l->pos - l->start) };

	ignore(l);
	return x;
}

static struct lexeme fail(struct lexer *l, const char *message, struct bytes detail)
{
	struct lexeme x = { LEX_ERROR, (uint32_t)l->start, l->line, { NULL, 0 } };
	struct buf b = { 0 };

	buf_add_str(&b, message);
	buf_add_bytes(&b, detail);
	x.text = arena_copy(l->mem, buf_bytes(&b));
	buf_release(&b);
	l->text.n = l->pos = l->start = 0;
	l->in_action = false;
	return x;
}

static struct lexeme fail_at(struct lexer *l, const char *message, int32_t c)
{
	struct buf b = { 0 };
	struct lexeme x;

	literal_add_code_point(&b, (uint32_t)c, true);
	x = fail(l, message, buf_bytes(&b));
	buf_release(&b);
	return x;
}

static bool trims_left(const struct lexer *l, size_t i)
{
	return i + 1 < l->text.n && l->text.p[i] == '-' && is_space(l->text.p[i + 1]);
}

static bool at_right_delim(const struct lexer *l, bool *ret_trims)
{
	const char *p = l->text.p + l->pos;
	size_t n = l->text.n - l->pos;

	*ret_trims = n >= 4 && is_space(p[0]) && p[1] == '-' && p[2] == '}' && p[3] == '}';
	return *ret_trims || at(l, "}}");
}

static void skip_space(struct lexer *l)
{
	while (l->pos < l->text.n && is_space(l->text.p[l->pos]))
		l->pos++;
}

/* Behind "}}", and behind the blanks that it trims. */
static void pass_right_delim(struct lexer *l, bool trims)
{
	l->pos += 2;
	if (trims)
		skip_space(l);
}

/* Passes a comment; false when it is wrong, with *ret the error. */
static bool pass_comment(struct lexer *l, struct lexeme *ret)
{
	const char *end;
	bool trims;

	l->pos += 2;
	end = memmem(l->text.p + l->pos, l->text.n - l->pos, "*/", 2);
	if (!end) {
		*ret = fail(l, "unclosed comment", BYTES_LIT(""));
		return false;
	}
	l->pos = (size_t)(end - l->text.p) + 2;
	if (!at_right_delim(l, &trims)) {
		*ret = fail(l, "comment ends before closing delimiter", BYTES_LIT(""));
		return false;
	}
	l->pos += trims ? TRIM_LEN : 0;
	pass_right_delim(l, trims);
	ignore(l);
	return true;
}

static struct lexeme lex_text(struct lexer *l)
{
	for (;;) {
		struct bytes t = rest(l);
		const char *open = t.n ? memmem(t.p, t.n, "{{", 2) : NULL;
		struct lexeme x;
		bool trims;

		if (!open) {
			l->pos = l->text.n;
			return emit(l, l->pos > l->start ? LEX_TEXT : LEX_EOF);
		}
		l->pos = (size_t)(open - l->text.p);
		trims = trims_left(l, l->pos + 2);
		if (l->pos > l->start) {
			size_t open_at = l->pos;

			while (trims && l->pos > l->start && is_space(l->text.p[l->pos - 1]))
				l->pos--;
			if (l->pos > l->start)
				return emit(l, LEX_TEXT);
			l->pos = open_at;
			ignore(l);
		}
		if (bytes_starts(bytes_sub(l->text, l->pos + (trims ? 4 : 2), 2),
				 BYTES_LIT("/*"))) {
			l->pos += trims ? 4 : 2;
			ignore(l);
			if (!pass_comment(l, &x))
				return x;
			continue;
		}
		l->pos += 2;
		x = emit(l, LEX_LEFT_DELIM);
		l->pos += trims ? TRIM_LEN : 0;
		ignore(l);
		l->in_action = true;
		l->depth = 0;
		return x;
	}
}

static struct lexeme lex_right_delim(struct lexer *l, bool trims)
{
	struct lexeme x;

	if (trims) {
		l->pos += TRIM_LEN;
		ignore(l);
	}
	l->pos += 2;
	x = emit(l, LEX_RIGHT_DELIM);
	if (trims) {
		skip_space(l);
		ignore(l);
	}
	l->in_action = false;
	return x;
}

static struct lexeme lex_space(struct lexer *l)
{
	size_t first = l->pos;
	bool trims;

	skip_space(l);
	/* the last blank may belong to " -}}" */
	l->pos--;
	if (at_right_delim(l, &trims) && trims) {
		if (l->pos == first)
			return lex_right_delim(l, true);
	} else {
		l->pos++;
	}
	return emit(l, LEX_SPACE);
}

/* Whether a word may end here. */
static bool at_terminator(const struct lexer *l)
{
	size_t len;
	int32_t c = peek(l, &len);

	return is_space(c) || c == END || (c < 0x80 && c && strchr(".,|:)(", c)) || at(l, "}}");
}

static enum lexeme_kind word_kind(struct bytes word)
{
	static const char *const keywords[] = { "block",  "break", "continue", ".",
						"define", "else",  "end",      "if",
						"nil",	  "range", "template", "with" };

	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (bytes_is(word, keywords[i]))
			return (enum lexeme_kind)(LEX_BLOCK + (int)i);
	return bytes_is(word, "true") || bytes_is(word, "false") ? LEX_BOOL : LEX_IDENT;
}

/* The letters and digits of a word that begins at start. */
static struct lexeme lex_word(struct lexer *l, enum lexeme_kind kind)
{
	size_t len;
	int32_t c;

	while (is_word(c = peek(l, &len)))
		l->pos += len;
	if (!at_terminator(l)) {
		return fail_at(l, "bad character ", c);
	}
	if (kind == LEX_IDENT)
		kind = word_kind(bytes_sub(l->text, l->start, l->pos - l->start));
	return emit(l, kind);
}

static struct lexeme lex_quoted(struct lexer *l, char quote, enum lexeme_kind kind)
{
	for (;;) {
		int32_t c = next(l);

		if (c == quote)
			return emit(l, kind);
		if (c == '\\')
			c = next(l);
		if (c == END || c == '\n')
			return fail(l,
				    quote == '"' ? "unterminated quoted string"
						 : "unterminated character constant",
				    BYTES_LIT(""));
	}
}

static struct lexeme lex_raw(struct lexer *l)
{
	const char *end = memchr(l->text.p + l->pos, '`', l->text.n - l->pos);

	if (!end)
		return fail(l, "unterminated raw quoted string", BYTES_LIT(""));
	l->pos = (size_t)(end - l->text.p) + 1;
	return emit(l, LEX_RAW_STRING);
}

static void accept_run(struct lexer *l, const char *set)
{
	while (accept(l, set))
		;
}

static bool scan_number(struct lexer *l)
{
	static const char decimal[] = "0123456789_", hex[] = "0123456789abcdefABCDEF_";
	const char *digits = decimal;
	size_t len;

	accept(l, "+-");
	if (accept(l, "0")) {
		if (accept(l, "xX"))
			digits = hex;
		else if (accept(l, "oO"))
			digits = "01234567_";
		else if (accept(l, "bB"))
			digits = "01_";
	}
	accept_run(l, digits);
	if (accept(l, "."))
		accept_run(l, digits);
	if ((digits == decimal && accept(l, "eE")) || (digits == hex && accept(l, "pP"))) {
		accept(l, "+-");
		accept_run(l, decimal);
	}
	accept(l, "i");
	if (is_word(peek(l, &len))) {
		l->pos += len;
		return false;
	}
	return true;
}

static struct lexeme lex_number(struct lexer *l)
{
	enum lexeme_kind kind = LEX_NUMBER;
	bool good = scan_number(l);
	struct buf b = { 0 };
	struct lexeme x;

	if (good && l->pos < l->text.n && (l->text.p[l->pos] == '+' || l->text.p[l->pos] == '-')) {
		good = scan_number(l) && l->text.p[l->pos - 1] == 'i';
		kind = LEX_COMPLEX;
	}
	if (good)
		return emit(l, kind);
	quote_add(&b, bytes_sub(l->text, l->start, l->pos - l->start));
	x = fail(l, "bad number syntax: ", buf_bytes(&b));
	buf_release(&b);
	return x;
}

static struct lexeme lex_other(struct lexer *l, int32_t c)
{
	switch (c) {
	case END:
		return fail(l, "unclosed action", BYTES_LIT(""));
	case '=':
		return emit(l, LEX_ASSIGN);
	case ':':
		if (next(l) != '=')
			return fail(l, "expected :=", BYTES_LIT(""));
		return emit(l, LEX_DECLARE);
	case '|':
		return emit(l, LEX_PIPE);
	case '"':
		return lex_quoted(l, '"', LEX_STRING);
	case '\'':
		return lex_quoted(l, '\'', LEX_CHAR_CONSTANT);
	case '`':
		return lex_raw(l);
	case '$':
		return lex_word(l, LEX_VARIABLE);
	case '(':
		l->depth++;
		return emit(l, LEX_LEFT_PAREN);
	case ')':
		if (l->depth == 0)
			return fail(l, "unexpected right paren", BYTES_LIT(""));
		l->depth--;
		return emit(l, LEX_RIGHT_PAREN);
	default:
		if (c > ' ' && c < 0x7f)
			return emit(l, LEX_CHAR);
		return fail_at(l, "unrecognized character in action: ", c);
	}
}

static struct lexeme lex_action(struct lexer *l)
{
	size_t len;
	bool trims;
	int32_t c;

	if (at_right_delim(l, &trims))
		return l->depth ? fail(l, "unclosed left paren", BYTES_LIT(""))
				: lex_right_delim(l, trims);
	c = peek(l, &len);
	if (is_space(c))
		return lex_space(l);
	if (c == '+' || c == '-' || (c >= '0' && c <= '9'))
		return lex_number(l);
	if (c == '.') {
		char after = l->pos + 1 < l->text.n ? l->text.p[l->pos + 1] : '0';

		if (after >= '0' && after <= '9')
			return lex_number(l);
		l->pos++;
		return at_terminator(l) ? emit(l, LEX_DOT) : lex_word(l, LEX_FIELD);
	}
	if (is_word(c))
		return lex_word(l, LEX_IDENT);
	l->pos += len;
	return lex_other(l, c);
}

struct lexeme lexer_next(struct lexer *l)
{
	return l->in_action ? lex_action(l) : lex_text(l);
}

void lexeme_print(struct buf *b, const struct lexeme *x)
{
	if (x->kind == LEX_EOF) {
		buf_add_str(b, "EOF");
	} else if (x->kind == LEX_ERROR) {
		buf_add_bytes(b, x->text);
	} else if (x->kind > LEX_KEYWORD) {
		buf_add_char(b, '<');
		buf_add_bytes(b, x->text);
		buf_add_char(b, '>');
	} else if (x->text.n > 10) {
		size_t n = 0, len;

		for (int i = 0; i < 10 && n < x->text.n; i++, n += len)
			utf8_next(bytes_sub(x->text, n, x->text.n), &len);
		quote_add(b, bytes_sub(x->text, 0, n));
		buf_add_str(b, "...");
	} else {
		quote_add(b, x->text);
	}
}
