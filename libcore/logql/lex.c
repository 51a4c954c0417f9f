#include "logql/lex.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

#include "base/utf8.h"
#include "labels/quote.h"
#include "logql/parse.h"
#include "logql/unit.h"

static const struct word {
	const char *text;
	enum lex_kind kind;
	int value;
} keywords[] = {
	{ "or", LEX_OR, 0 },
	{ "and", LEX_AND, 0 },
	{ "unless", LEX_UNLESS, 0 },
	{ "bool", LEX_BOOL, 0 },
	{ "on", LEX_ON, 0 },
	{ "ignoring", LEX_IGNORING, 0 },
	{ "group_left", LEX_GROUP_LEFT, 0 },
	{ "group_right", LEX_GROUP_RIGHT, 0 },
	{ "by", LEX_BY, 0 },
	{ "without", LEX_WITHOUT, 0 },
	{ "offset", LEX_OFFSET, 0 },
	{ "json", LEX_JSON, 0 },
	{ "logfmt", LEX_LOGFMT, 0 },
	{ "regexp", LEX_REGEXP, 0 },
	{ "pattern", LEX_PATTERN, 0 },
	{ "unpack", LEX_UNPACK, 0 },
	{ "unwrap", LEX_UNWRAP, 0 },
	{ "line_format", LEX_LINE_FORMAT, 0 },
	{ "label_format", LEX_LABEL_FORMAT, 0 },
	{ "decolorize", LEX_DECOLORIZE, 0 },
	{ "drop", LEX_DROP, 0 },
	{ "keep", LEX_KEEP, 0 },
};

/* Words only where a call or a grouping follows; else they are identifiers. */
static const struct word functions[] = {
	{ "ip", LEX_IP, 0 },
	{ "bytes", LEX_CONV, LOGQL_CONV_BYTES },
	{ "duration", LEX_CONV, LOGQL_CONV_DURATION },
	{ "duration_seconds", LEX_CONV, LOGQL_CONV_DURATION_SECONDS },
	{ "label_replace", LEX_LABEL_REPLACE, 0 },
	{ "vector", LEX_VECTOR, 0 },
	{ "count_over_time", LEX_RANGE_OP, LOGQL_COUNT_OVER_TIME },
	{ "rate", LEX_RANGE_OP, LOGQL_RATE },
	{ "bytes_over_time", LEX_RANGE_OP, LOGQL_BYTES_OVER_TIME },
	{ "bytes_rate", LEX_RANGE_OP, LOGQL_BYTES_RATE },
	{ "absent_over_time", LEX_RANGE_OP, LOGQL_ABSENT_OVER_TIME },
	{ "rate_counter", LEX_RANGE_OP, LOGQL_RATE_COUNTER },
	{ "sum_over_time", LEX_RANGE_OP, LOGQL_SUM_OVER_TIME },
	{ "avg_over_time", LEX_RANGE_OP, LOGQL_AVG_OVER_TIME },
	{ "min_over_time", LEX_RANGE_OP, LOGQL_MIN_OVER_TIME },
	{ "max_over_time", LEX_RANGE_OP, LOGQL_MAX_OVER_TIME },
	{ "stdvar_over_time", LEX_RANGE_OP, LOGQL_STDVAR_OVER_TIME },
	{ "stddev_over_time", LEX_RANGE_OP, LOGQL_STDDEV_OVER_TIME },
	{ "quantile_over_time", LEX_RANGE_OP, LOGQL_QUANTILE_OVER_TIME },
	{ "first_over_time", LEX_RANGE_OP, LOGQL_FIRST_OVER_TIME },
	{ "last_over_time", LEX_RANGE_OP, LOGQL_LAST_OVER_TIME },
	{ "sum", LEX_VECTOR_OP, LOGQL_SUM },
	{ "avg", LEX_VECTOR_OP, LOGQL_AVG },
	{ "min", LEX_VECTOR_OP, LOGQL_MIN },
	{ "max", LEX_VECTOR_OP, LOGQL_MAX },
	{ "count", LEX_VECTOR_OP, LOGQL_COUNT },
	{ "stddev", LEX_VECTOR_OP, LOGQL_STDDEV },
	{ "stdvar", LEX_VECTOR_OP, LOGQL_STDVAR },
	{ "topk", LEX_VECTOR_OP, LOGQL_TOPK },
	{ "bottomk", LEX_VECTOR_OP, LOGQL_BOTTOMK },
	{ "approx_topk", LEX_VECTOR_OP, LOGQL_APPROX_TOPK },
	{ "sort", LEX_VECTOR_OP, LOGQL_SORT },
	{ "sort_desc", LEX_VECTOR_OP, LOGQL_SORT_DESC },
	{ "variants", LEX_VARIANTS, 0 },
};

/* Longer operators first. */
static const struct word operators[] = {
	{ "==", LEX_EQ, 0 },	      { "!=", LEX_NE, 0 },	  { "=~", LEX_RE, 0 },
	{ "!~", LEX_NRE, 0 },	      { ">=", LEX_GE, 0 },	  { "<=", LEX_LE, 0 },
	{ "|=", LEX_PIPE_EXACT, 0 },  { "|~", LEX_PIPE_RE, 0 },	  { "|>", LEX_PIPE_PATTERN, 0 },
	{ "!>", LEX_NOT_PATTERN, 0 }, { "{", LEX_OPEN_BRACE, 0 }, { "}", LEX_CLOSE_BRACE, 0 },
	{ "(", LEX_OPEN, 0 },	      { ")", LEX_CLOSE, 0 },	  { ",", LEX_COMMA, 0 },
	{ ".", LEX_DOT, 0 },	      { "|", LEX_PIPE, 0 },	  { "=", LEX_ASSIGN, 0 },
	{ ">", LEX_GT, 0 },	      { "<", LEX_LT, 0 },	  { "+", LEX_ADD, 0 },
	{ "-", LEX_SUB, 0 },	      { "*", LEX_MUL, 0 },	  { "/", LEX_DIV, 0 },
	{ "%", LEX_MOD, 0 },	      { "^", LEX_POW, 0 },
};

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

/* The byte n behind the cursor; NUL at the end, which no valid text holds. */
static unsigned char peek(const struct lexer *l, size_t n)
{
	return l->at + n < l->text.n ? (unsigned char)l->text.p[l->at + n] : '\0';
}

static void advance(struct lexer *l, size_t n)
{
	for (; n > 0 && l->at < l->text.n; n--) {
		unsigned char c = (unsigned char)l->text.p[l->at++];

		if (c == '\n') {
			l->line++;
			l->col = 1;
		} else if ((c & 0xc0) != 0x80) {
			l->col++; /* the first byte of a character; tails only follow */
		}
	}
}

static void fail(struct lexer *l, const char *why)
{
	snprintf(l->error, sizeof(l->error), "%s", why);
	l->cur.kind = LEX_ERROR;
}

static void finish(struct lexer *l, enum lex_kind kind)
{
	l->cur.kind = kind;
	l->cur.text = bytes_sub(l->text, l->cur.pos.off, l->at - l->cur.pos.off);
}

static bool is_name_start(unsigned char c)
{
	return isalpha(c) || c == '_' || c >= 0x80;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Skips blanks and comments; -1 for a comment that does not end. */
static int skip_blank(struct lexer *l)
{
	for (;;) {
		if (is_space(peek(l, 0))) {
			advance(l, 1);
		} else if (peek(l, 0) == '#' || (peek(l, 0) == '/' && peek(l, 1) == '/')) {
			while (l->at < l->text.n && peek(l, 0) != '\n')
				advance(l, 1);
		} else if (peek(l, 0) == '/' && peek(l, 1) == '*') {
			l->cur.pos = (struct logql_pos){ (uint32_t)l->at, l->line, l->col };
			advance(l, 2);
			while (l->at < l->text.n && !(peek(l, 0) == '*' && peek(l, 1) == '/'))
				advance(l, 1);
			if (l->at == l->text.n)
				return -1;
			advance(l, 2);
		} else {
			return 0;
		}
	}
}

/* What is wrong with the string in quotes at the cursor, and where its escape is bad or it ends. */
static void scan_string(struct lexer *l)
{
	struct bytes rest = bytes_sub(l->text, l->at, l->text.n);
	char quote = rest.p[0];
	struct buf value = { 0 };
	size_t end = 1, n = quote_scan(rest, &value);

	if (n > 0) {
		l->cur.str = arena_copy(l->arena, buf_bytes(&value));
		advance(l, n);
		finish(l, LEX_STRING);
	} else {
		while (end < rest.n && rest.p[end] != quote &&
		       (quote == '`' || rest.p[end] != '\n'))
			end += rest.p[end] == '\\' && quote != '`' ? 2 : 1;
		l->open = quote == '`' && end >= rest.n;
		fail(l, end < rest.n && rest.p[end] == quote ? "invalid char escape"
							     : "literal not terminated");
	}
	buf_release(&value);
}

/* 'x' is one character for Loki's lexer, and 'shop' is an error of its own. */
static void scan_char(struct lexer *l)
{
	size_t n = 1, n_chars = 0;

	while (peek(l, n) && peek(l, n) != '\'' && peek(l, n) != '\n') {
		n_chars += (peek(l, n) & 0xc0) != 0x80;
		n += peek(l, n) == '\\' && peek(l, n + 1) ? 2 : 1;
	}
	if (peek(l, n) != '\'') {
		fail(l, "literal not terminated");
	} else if (n_chars != 1) {
		fail(l, "invalid char literal");
	} else {
		advance(l, n + 1);
		finish(l, LEX_OTHER);
	}
}

static size_t count_digits(const struct lexer *l, size_t n, bool hex)
{
	while (isdigit(peek(l, n)) || peek(l, n) == '_' || (hex && isxdigit(peek(l, n))))
		n++;
	return n;
}

/* Length of the number at the cursor; 0 with an error. Prefixes 0x 0o 0b belong to it, though only
 * decimal numbers get through as values. */
static size_t scan_number(struct lexer *l)
{
	unsigned char prefix = peek(l, 0) == '0' ? (unsigned char)(peek(l, 1) | 0x20) : 0;
	bool hex = prefix == 'x', is_int = true;
	/* 0B is a size, 0b1 a binary number */
	size_t n = hex || prefix == 'o' || (prefix == 'b' && isdigit(peek(l, 2))) ? 2 : 0;
	size_t digits = n;

	n = count_digits(l, n, hex);
	if (peek(l, n) == '.') {
		is_int = false;
		n = count_digits(l, n + 1, hex);
	}
	if (n == digits) {
		fail(l, "literal has no digits");
		return 0;
	}
	if ((peek(l, n) | 0x20) == (hex ? 'p' : 'e')) {
		is_int = false;
		n++;
		if (peek(l, n) == '+' || peek(l, n) == '-')
			n++;
		digits = n;
		n = count_digits(l, n, false);
		if (n == digits) {
			fail(l, "exponent has no digits");
			return 0;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (peek(l, i) == '_' &&
		    (i == 0 || !isxdigit(peek(l, i - 1)) || !isxdigit(peek(l, i + 1)))) {
			fail(l, "'_' must separate successive digits");
			return 0;
		}
	if (is_int && peek(l, 0) == '0' && isdigit(prefix))
		for (size_t i = 1; i < n; i++)
			if (peek(l, i) >= '8' && peek(l, i) <= '9') {
				fail(l, "invalid digit in octal literal");
				return 0;
			}
	return n;
}

/* Length of a duration that starts with the n bytes at the cursor (a number or a sign), or 0. */
static size_t scan_duration(const struct lexer *l, size_t n, int64_t *ret_ns)
{
	size_t end = n;
	unsigned char c;

	while ((c = peek(l, end)) != '\0') {
		if (isdigit(c) || c == '.' || strchr("numshdwy", c))
			end++;
		else if ((c == 0xc2 && peek(l, end + 1) == 0xb5) ||
			 (c == 0xce && peek(l, end + 1) == 0xbc))
			end += 2; /* the micro sign, the letter mu */
		else
			break;
	}
	return end > n && unit_parse_duration(bytes_sub(l->text, l->at, end), ret_ns) ? end : 0;
}

static size_t scan_bytes(const struct lexer *l, size_t n, uint64_t *ret)
{
	size_t end = n;

	while (isdigit(peek(l, end)) || peek(l, end) == '.' ||
	       (peek(l, end) && strchr("BikKMGTP", peek(l, end))))
		end++;
	return end > n && unit_parse_bytes(bytes_sub(l->text, l->at, end), ret) ? end : 0;
}

static void scan_quantity(struct lexer *l)
{
	size_t n = scan_number(l), end;

	if (n == 0)
		return;
	if ((end = scan_duration(l, n, &l->cur.ns)) != 0) {
		advance(l, end);
		l->cur.is_long = true;
		finish(l, LEX_DURATION);
	} else if ((end = scan_bytes(l, n, &l->cur.n_bytes)) != 0) {
		advance(l, end);
		l->cur.is_long = true;
		finish(l, LEX_BYTES);
	} else {
		advance(l, n);
		finish(l, LEX_NUMBER);
	}
}

/* What begins with a minus and is more than that: a flag, a negative duration. */
static bool scan_minus(struct lexer *l)
{
	size_t n = 1;

	if (peek(l, 1) == '-') {
		struct bytes flag;

		while (isalpha(peek(l, n)) || peek(l, n) == '-')
			n++;
		flag = bytes_sub(l->text, l->at, n);
		l->cur.value = bytes_is(flag, "--keep-empty");
		if (l->cur.value == 0 && !bytes_is(flag, "--strict"))
			return false;
		advance(l, n);
		l->cur.is_long = true;
		finish(l, LEX_FLAG);
		return true;
	}
	/* -0 alone is a number here */
	if (!isdigit(peek(l, 1)) || (n = scan_duration(l, 1, &l->cur.ns)) == 0 ||
	    isdigit(peek(l, n - 1)))
		return false;
	advance(l, n);
	l->cur.is_long = true;
	finish(l, LEX_DURATION);
	return true;
}

static void scan_range(struct lexer *l)
{
	struct bytes text;
	const char *why;
	size_t n = 1;

	while (peek(l, n) && peek(l, n) != ']')
		n++;
	text = bytes_sub(l->text, l->at + 1, n - 1);
	l->cur.is_long = true;
	if (!peek(l, n)) {
		fail(l, "missing closing ']' in duration");
	} else if (unit_parse_range(text, &l->cur.ns, &why)) {
		advance(l, n + 1);
		finish(l, LEX_RANGE);
	} else if (why) {
		fail(l, why);
	} else {
		struct buf quoted = { 0 };

		quote_add(&quoted, bytes_sub(text, 0, 60));
		snprintf(l->error, sizeof(l->error), "not a valid duration string: %s",
			 buf_str(&quoted));
		l->cur.kind = LEX_ERROR;
		buf_release(&quoted);
	}
}

static bool scan_operator(struct lexer *l)
{
	struct bytes rest = bytes_sub(l->text, l->at, 2);

	for (size_t i = 0; i < N_OF(operators); i++) {
		struct bytes op = bytes_str(operators[i].text);

		if (!bytes_starts(rest, op))
			continue;
		advance(l, op.n);
		l->cur.is_long = op.n > 1;
		finish(l, operators[i].kind);
		return true;
	}
	return false;
}

static bool is_word(struct bytes text, const char *word)
{
	return strlen(word) == text.n && strncasecmp(text.p, word, text.n) == 0;
}

/* Whether "(", or "by (" or "without (", follows at off: then a function's name is one. */
static bool is_called(struct bytes text, size_t off)
{
	static const char *const groupings[] = { "by", "without" };

	for (int pass = 0; pass < 2; pass++) {
		while (off < text.n && is_space((unsigned char)text.p[off]))
			off++;
		if (off < text.n && text.p[off] == '(')
			return true;
		for (size_t i = 0; pass == 0 && i < N_OF(groupings); i++) {
			size_t n = strlen(groupings[i]);

			if (is_word(bytes_sub(text, off, n), groupings[i])) {
				off += n;
				break;
			}
		}
	}
	return false;
}

static void scan_name(struct lexer *l)
{
	size_t n = 1;

	while (is_name_start(peek(l, n)) || isdigit(peek(l, n)))
		n++;
	advance(l, n);
	finish(l, LEX_IDENT);
	for (size_t i = 0; i < N_OF(keywords); i++) {
		if (!is_word(l->cur.text, keywords[i].text))
			continue;
		l->cur.kind = keywords[i].kind;
		return;
	}
	for (size_t i = 0; i < N_OF(functions); i++) {
		if (!is_word(l->cur.text, functions[i].text) || !is_called(l->text, l->at))
			continue;
		if (functions[i].kind == LEX_VARIANTS && !(l->flags & LOGQL_ALLOW_VARIANTS))
			return;
		l->cur.kind = functions[i].kind;
		l->cur.value = functions[i].value;
		return;
	}
}

void lex_next(struct lexer *l)
{
	unsigned char c;

	if (l->cur.kind == LEX_ERROR || l->cur.kind == LEX_END)
		return;
	l->cur = (struct lexeme){ .kind = LEX_END };
	if (skip_blank(l) < 0) {
		l->open = true;
		fail(l, "comment not terminated");
		return;
	}
	l->cur.pos = (struct logql_pos){ (uint32_t)l->at, l->line, l->col };
	c = peek(l, 0);
	if (++l->n_lexemes > LOGQL_LEXEMES_MAX)
		fail(l, "the query has too many words");
	else if (l->at == l->text.n)
		finish(l, LEX_END);
	else if (c == '"' || c == '`')
		scan_string(l);
	else if (c == '\'')
		scan_char(l);
	else if (isdigit(c) || (c == '.' && isdigit(peek(l, 1))))
		scan_quantity(l);
	else if (c == '[')
		scan_range(l);
	else if (is_name_start(c))
		scan_name(l);
	else if (!(c == '-' && scan_minus(l)) && !scan_operator(l)) {
		advance(l, 1);
		finish(l, LEX_OTHER);
	}
}

/* Places the cursor at the first byte that no query may hold. */
static bool has_bad_byte(struct lexer *l)
{
	size_t n;

	while (l->at < l->text.n) {
		if (peek(l, 0) == '\0') {
			fail(l, "invalid character NUL");
			return true;
		}
		n = utf8_len(bytes_sub(l->text, l->at, l->text.n));
		if (n == 0) {
			fail(l, "invalid UTF-8 encoding");
			return true;
		}
		advance(l, n);
	}
	return false;
}

void lex_init(struct lexer *l, struct bytes text, struct arena *arena, unsigned flags)
{
	*l = (struct lexer){ .text = text, .line = 1, .col = 1, .arena = arena, .flags = flags };
	if (has_bad_byte(l)) {
		l->cur.pos = (struct logql_pos){ (uint32_t)l->at, l->line, l->col };
		return;
	}
	l->at = 0;
	l->line = l->col = 1;
	l->cur.kind = LEX_IDENT; /* of nothing: so that lex_next() moves */
	lex_next(l);
}

void lex_add_name(struct buf *b, const struct lexeme *x)
{
	static const char *const names[] = {
		[LEX_END] = "$end",	 [LEX_IDENT] = "IDENTIFIER", [LEX_OTHER] = "IDENTIFIER",
		[LEX_STRING] = "STRING", [LEX_NUMBER] = "NUMBER",    [LEX_DURATION] = "DURATION",
		[LEX_BYTES] = "BYTES",	 [LEX_RANGE] = "RANGE",	     [LEX_FLAG] = "PARSER_FLAG",
		[LEX_OPEN_BRACE] = "{",
	};

	if (x->kind < LEX_OPEN_BRACE) {
		buf_add_str(b, names[x->kind] ? names[x->kind] : "");
		return;
	}
	for (size_t i = 0; i < x->text.n; i++) {
		int c = (unsigned char)x->text.p[i];

		buf_add_char(b, (char)(x->kind > LEX_IP ? toupper(c) : tolower(c)));
	}
	if (x->kind == LEX_CONV)
		buf_add_str(b, "_CONV");
}

const char *lex_word(enum lex_kind first, enum lex_kind last, size_t i)
{
	for (size_t k = 0; k < N_OF(keywords) + N_OF(functions); k++) {
		const struct word *w =
			k < N_OF(keywords) ? &keywords[k] : &functions[k - N_OF(keywords)];

		if (w->kind >= first && w->kind <= last && i-- == 0)
			return w->text;
	}
	return NULL;
}

enum { WORD_MAX = 24 };

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Characters to be added, left out, changed or swapped with their neighbour until a is b; both are
 * at most WORD_MAX long. */
static unsigned distance(struct bytes a, struct bytes b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	for (unsigned i = 0; i <= a.n; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= b.n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		for (size_t j = 1; j <= b.n; j++) {
			unsigned char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);

			d[i][j] = least(d[i - 1][j - 1] + (x != y),
					least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && lower(a.p[i - 2]) == y)
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[a.n][b.n];
}

const char *lex_stage_like(struct bytes word)
{
	const char *ret = NULL;
	unsigned best = UINT_MAX;

	for (size_t i = 0; word.n <= WORD_MAX && i < N_OF(keywords); i++) {
		struct bytes name = bytes_str(keywords[i].text);
		unsigned d;

		if (keywords[i].kind < LEX_JSON || keywords[i].kind > LEX_KEEP)
			continue;
		d = distance(word, name);
		/* One slip in three characters is a slip, more is another word. */
		if (d > (name.n + 1) / 3 || d >= best)
			continue;
		best = d;
		ret = keywords[i].text;
	}
	return ret;
}
