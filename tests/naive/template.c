/*
 * Templates, as much of them as the generator makes: text, actions with pipelines, if and with.
 * Read and executed in one go, from the text, for each entry.
 */
#include "detail.h"

#include <ctype.h>
#include <stdio.h>

#include "base/utf8.h"
#include "regex/regex.h"

struct run {
	const struct nv_labels *l;
	struct arena *a;
	struct bytes line;
	struct bytes dot; /* of the with that we are in; else NULL */
	int64_t ts_ns;
	struct bytes text;
	size_t at;
	struct buf *out;
	bool on;     /* what is read is executed */
	bool failed; /* a function has failed */
};

struct value {
	enum { TEXT, NUMBER, TRUTH } kind;
	struct bytes text;
	int64_t number; /* of TRUTH too */
};

static struct value text_value(struct bytes t)
{
	return (struct value){ .kind = TEXT, .text = t };
}

static struct value number_value(int64_t n)
{
	return (struct value){ .kind = NUMBER, .number = n };
}

static struct value truth(bool yes)
{
	return (struct value){ .kind = TRUTH, .number = yes };
}

static struct value buf_value(struct run *r, struct buf *b)
{
	struct value ret = text_value(arena_copy(r->a, buf_bytes(b)));

	buf_release(b);
	return ret;
}

static bool is_true(const struct value *v)
{
	return v->kind == TEXT ? v->text.n > 0 : v->number != 0;
}

static void print(struct buf *b, const struct value *v)
{
	if (v->kind == TEXT)
		buf_add_bytes(b, v->text);
	else if (v->kind == NUMBER)
		buf_addf(b, "%lld", (long long)v->number);
	else
		buf_add_str(b, v->number ? "true" : "false");
}

/* A text as a whole number, as the functions that count take it: digits with a sign, or 0. */
static int64_t whole(const struct value *v)
{
	int64_t n = 0;
	size_t i;

	if (v->kind != TEXT)
		return v->number;
	i = v->text.n && v->text.p[0] == '-';
	if (i == v->text.n)
		return 0;
	for (size_t k = i; k < v->text.n; k++) {
		if (!isdigit((unsigned char)v->text.p[k]))
			return 0;
		n = n * 10 + (v->text.p[k] - '0');
	}
	return i ? -n : n;
}

/* --- functions ------------------------------------------------------------------------------- */

static bool has_case(struct bytes t, bool upper)
{
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] >= 128 || (upper ? isupper(t.p[i]) : islower(t.p[i])))
			return true;
	return false;
}

/* Of letters beyond ASCII the tests' data has one. */
static struct value to_case(struct run *r, struct bytes t, bool upper)
{
	struct buf b = { 0 };
	size_t n;

	if (!has_case(t, !upper))
		return text_value(t);
	for (size_t i = 0; i < t.n; i += n) {
		uint32_t c = utf8_next(bytes_sub(t, i, t.n), &n);

		if (c < 128)
			c = (uint32_t)(upper ? toupper((int)c) : tolower((int)c));
		else if (c == 0xe9 || c == 0xc9)
			c = upper ? 0xc9 : 0xe9;
		utf8_add(&b, c);
	}
	return buf_value(r, &b);
}

/* Characters from..to-1 of a text of len. */
static struct value chars(struct run *r, struct bytes t, int64_t from, int64_t to)
{
	struct buf b = { 0 };
	int64_t k = 0;
	size_t n;

	for (size_t i = 0; i < t.n; i += n, k++) {
		uint32_t c = utf8_next(bytes_sub(t, i, t.n), &n);

		if (k >= from && k < to)
			utf8_add(&b, c);
	}
	return buf_value(r, &b);
}

static int64_t n_chars(struct bytes t)
{
	int64_t ret = 0;
	size_t n;

	for (size_t i = 0; i < t.n; i += n, ret++)
		(void)utf8_next(bytes_sub(t, i, t.n), &n);
	return ret;
}

/* Bytes; what reaches behind the text fails, but for an end with a start of 0 or more. */
static struct value substr(struct run *r, int64_t from, int64_t to, struct bytes t)
{
	int64_t len = (int64_t)t.n;

	if (from < 0)
		from = 0;
	else if (to < 0 || to > len)
		to = len;
	if (from <= to && to <= len && to >= 0)
		return text_value(bytes_sub(t, (size_t)from, (size_t)(to - from)));
	r->failed = true;
	return text_value(BYTES_LIT(""));
}

static struct value align(struct run *r, int64_t width, struct bytes t, bool left)
{
	int64_t len = n_chars(t);
	struct buf b = { 0 };

	if (width < 0 || width == len)
		return text_value(t);
	if (width < len)
		return left ? chars(r, t, 0, width) : chars(r, t, len - width, len);
	if (left)
		buf_add_bytes(&b, t);
	for (int64_t i = len; i < width; i++)
		buf_add_char(&b, ' ');
	if (!left)
		buf_add_bytes(&b, t);
	return buf_value(r, &b);
}

static struct value cut_to(int64_t n, struct bytes t)
{
	if (n < 0)
		return text_value((int64_t)t.n + n > 0 ? bytes_sub(t, t.n - (size_t)-n, t.n) : t);
	return text_value((size_t)n < t.n ? bytes_sub(t, 0, (size_t)n) : t);
}

static bool find(struct bytes t, struct bytes part, size_t *at)
{
	for (; *at + part.n <= t.n; ++*at)
		if (bytes_eq(bytes_sub(t, *at, part.n), part))
			return true;
	return false;
}

/* old is not empty. */
static struct value replace(struct run *r, struct bytes old, struct bytes new, struct bytes t)
{
	struct buf b = { 0 };
	size_t from = 0, at = 0;

	for (; find(t, old, &at); from = at) {
		buf_add_bytes(&b, bytes_sub(t, from, at - from));
		buf_add_bytes(&b, new);
		at += old.n;
	}
	buf_add_bytes(&b, bytes_sub(t, from, t.n));
	return buf_value(r, &b);
}

/* The matches of a regex that never matches nothing: replaced by a text, or counted. */
static struct value each_match(struct run *r, struct bytes re_text, struct bytes t,
			       const struct bytes *with)
{
	struct regex *re = regex_new(re_text, REGEX_UNANCHORED, NULL);
	struct bytes group[1];
	struct buf b = { 0 };
	int64_t n = 0;

	if (!re)
		abort(); /* the generator makes none that is wrong */
	while (regex_match_groups(re, t, group, 0, NULL) == 1) {
		size_t at = (size_t)(group[0].p - t.p);

		buf_add_bytes(&b, bytes_sub(t, 0, at));
		if (with)
			buf_add_bytes(&b, *with);
		t = bytes_sub(t, at + group[0].n, t.n);
		n++;
	}
	buf_add_bytes(&b, t);
	regex_free(re);
	if (with)
		return buf_value(r, &b);
	buf_release(&b);
	return number_value(n);
}

static struct value calculate(struct run *r, char op, const struct value *a, const struct value *b)
{
	int64_t x = whole(a), y = whole(b);

	switch (op) {
	case '+':
		return number_value(x + y);
	case '-':
		return number_value(x - y);
	case '*':
		return number_value(x * y);
	default:
		if (y == 0) {
			r->failed = true;
			return number_value(0);
		}
		return number_value(op == '/' ? x / y : x % y);
	}
}

static struct value printf_value(struct run *r, const struct value *v, size_t n)
{
	struct bytes f = v[0].text;
	struct buf b = { 0 };
	size_t next = 1;

	for (size_t i = 0; i < f.n; i++) {
		bool left = false;
		int64_t width = 0;
		struct value text;
		struct buf arg = { 0 };

		if (f.p[i] != '%' || next == n) {
			buf_add_char(&b, f.p[i]);
			continue;
		}
		for (i++; !isalpha((unsigned char)f.p[i]); i++) {
			left = left || f.p[i] == '-';
			width = isdigit((unsigned char)f.p[i]) ? width * 10 + f.p[i] - '0' : width;
		}
		print(&arg, &v[next++]);
		text = buf_value(r, &arg);
		if (n_chars(text.text) < width)
			text = align(r, width, text.text, left);
		buf_add_bytes(&b, text.text);
	}
	return buf_value(r, &b);
}

/* --- names of functions ---------------------------------------------------------------------- */

static struct value call_text(struct run *r, struct bytes f, const struct value *v, size_t n)
{
	struct bytes last = v[n - 1].text;

	if (bytes_is(f, "upper") || bytes_is(f, "ToUpper"))
		return to_case(r, last, true);
	if (bytes_is(f, "lower") || bytes_is(f, "ToLower"))
		return to_case(r, last, false);
	if (bytes_is(f, "trim") || bytes_is(f, "TrimSpace"))
		return text_value(bytes_trim(last));
	if (bytes_is(f, "trimPrefix"))
		return text_value(bytes_starts(last, v[0].text)
					  ? bytes_sub(last, v[0].text.n, last.n)
					  : last);
	if (bytes_is(f, "TrimSuffix")) {
		struct bytes t = v[0].text;
		bool ends = last.n <= t.n && bytes_eq(bytes_sub(t, t.n - last.n, t.n), last);

		return text_value(ends ? bytes_sub(t, 0, t.n - last.n) : t);
	}
	if (bytes_is(f, "trunc"))
		return cut_to(v[0].number, last);
	if (bytes_is(f, "substr"))
		return substr(r, v[0].number, v[1].number, last);
	if (bytes_is(f, "alignLeft") || bytes_is(f, "alignRight"))
		return align(r, v[0].number, last, bytes_is(f, "alignLeft"));
	if (bytes_is(f, "repeat")) {
		struct buf b = { 0 };

		for (int64_t i = 0; i < v[0].number; i++)
			buf_add_bytes(&b, last);
		return buf_value(r, &b);
	}
	if (bytes_is(f, "replace"))
		return replace(r, v[0].text, v[1].text, last);
	if (bytes_is(f, "regexReplaceAllLiteral"))
		return each_match(r, v[0].text, v[1].text, &v[2].text);
	if (bytes_is(f, "count"))
		return each_match(r, v[0].text, last, NULL);
	if (bytes_is(f, "printf"))
		return printf_value(r, v, n);
	abort(); /* the generator makes no others */
}

static struct value call(struct run *r, struct bytes f, const struct value *v, size_t n)
{
	static const char *const ops[] = { "add", "sub", "mul", "div", "mod" };

	if (bytes_is(f, "unixEpochNanos")) { /* of __timestamp__, which is piped to nothing else */
		struct buf b = { 0 };

		buf_addf(&b, "%lld", (long long)r->ts_ns);
		return buf_value(r, &b);
	}
	if (bytes_is(f, "__timestamp__"))
		return number_value(0);
	if (!r->on)
		return text_value(BYTES_LIT(""));
	for (size_t i = 0; i < 5; i++)
		if (bytes_is(f, ops[i]))
			return calculate(r, "+-*/%"[i], &v[0], &v[1]);
	if (bytes_is(f, "len"))
		return number_value((int64_t)v[0].text.n);
	if (bytes_is(f, "int"))
		return number_value(whole(&v[0]));
	if (bytes_is(f, "default"))
		return is_true(&v[1]) ? v[1] : v[0];
	if (bytes_is(f, "not"))
		return truth(!is_true(&v[0]));
	if (bytes_is(f, "and"))
		return is_true(&v[0]) ? v[1] : v[0];
	if (bytes_is(f, "or"))
		return is_true(&v[0]) ? v[0] : v[1];
	if (bytes_is(f, "gt"))
		return truth(v[0].number > v[1].number);
	if (bytes_is(f, "eq") || bytes_is(f, "ne")) {
		bool any = false;

		for (size_t i = 1; i < n; i++)
			any = any || bytes_eq(v[0].text, v[i].text);
		return truth(any == bytes_is(f, "eq"));
	}
	if (bytes_is(f, "contains")) {
		size_t at = 0;

		return truth(find(v[1].text, v[0].text, &at));
	}
	if (bytes_is(f, "hasPrefix"))
		return truth(bytes_starts(v[1].text, v[0].text));
	return call_text(r, f, v, n);
}

/* --- the text -------------------------------------------------------------------------------- */

static void blanks(struct run *r)
{
	while (r->at < r->text.n && r->text.p[r->at] == ' ')
		r->at++;
}

static bool skip(struct run *r, const char *word)
{
	struct bytes rest;

	blanks(r);
	rest = bytes_sub(r->text, r->at, r->text.n);
	if (!bytes_starts(rest, bytes_str(word)))
		return false;
	r->at += strlen(word);
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static struct bytes word(struct run *r)
{
	size_t from = r->at;

	while (r->at < r->text.n && is_word(r->text.p[r->at]))
		r->at++;
	return bytes_sub(r->text, from, r->at - from);
}

/* In double quotes, where a backslash stands before a quote or another one. */
static struct bytes quoted(struct run *r)
{
	struct buf b = { 0 };

	for (; r->text.p[r->at] != '"'; r->at++) {
		r->at += r->text.p[r->at] == '\\';
		buf_add_char(&b, r->text.p[r->at]);
	}
	r->at++;
	return buf_value(r, &b).text;
}

static struct value pipeline(struct run *r);

/* .name, ., __line__, "text", -12, (pipeline); false: something else. */
static bool operand(struct run *r, struct value *ret)
{
	blanks(r);
	if (skip(r, "(")) {
		*ret = pipeline(r);
		return skip(r, ")");
	}
	if (skip(r, "\"")) {
		*ret = text_value(quoted(r));
		return true;
	}
	if (skip(r, "__line__")) {
		*ret = text_value(r->line);
		return true;
	}
	if (skip(r, ".")) {
		struct bytes name = word(r);

		/* Inside of with, the dot is a text, which has no fields. */
		r->failed = r->failed || (name.n && r->dot.p && r->on);
		*ret = text_value(name.n ? nv_value(r->l, name) : r->dot);
		return true;
	}
	if (isdigit((unsigned char)r->text.p[r->at]) || r->text.p[r->at] == '-') {
		char *end;

		if (r->text.p[r->at] == '-' && r->text.p[r->at + 1] == '}')
			return false;
		*ret = number_value(strtoll(r->text.p + r->at, &end, 10));
		r->at = (size_t)(end - r->text.p);
		return true;
	}
	return false;
}

static struct value pipeline(struct run *r)
{
	struct value v[8], ret = text_value(BYTES_LIT(""));

	for (bool piped = false;; piped = true) {
		struct bytes f = { 0 };
		size_t n = 0;

		if (!operand(r, &v[0])) {
			f = word(r);
			if (f.n == 0)
				abort();
			while (n < 7 && operand(r, &v[n]))
				n++;
			if (piped)
				v[n++] = ret;
			ret = call(r, f, v, n);
		} else {
			ret = v[0];
		}
		if (r->failed || !skip(r, "|"))
			return ret;
	}
}

static void skip_end(struct run *r)
{
	if (skip(r, "-}}"))
		while (r->at < r->text.n && isspace((unsigned char)r->text.p[r->at]))
			r->at++;
	else if (!skip(r, "}}") && !r->failed)
		abort();
}

/* Plain text up to an action, or to the end: false. */
static bool plain(struct run *r)
{
	struct bytes rest = bytes_sub(r->text, r->at, r->text.n);
	const char *at = rest.n ? memmem(rest.p, rest.n, "{{", 2) : NULL;
	struct bytes text = at ? bytes_of(rest.p, (size_t)(at - rest.p)) : rest;
	bool trims =
		at && bytes_starts(bytes_of(at, (size_t)(rest.p + rest.n - at)), BYTES_LIT("{{- "));

	r->at += text.n + (at ? 2 : 0) + trims;
	while (trims && text.n && isspace((unsigned char)text.p[text.n - 1]))
		text.n--;
	if (r->on)
		buf_add_bytes(r->out, text);
	return at != NULL;
}

enum stop { AT_END, AT_ELSE };

/* Up to {{else}}, {{end}}, or the end of it all. */
static enum stop block(struct run *r)
{
	while (plain(r) && !r->failed) {
		bool with, before = r->on;
		struct value v;

		if (skip(r, "end")) {
			skip_end(r);
			return AT_END;
		}
		if (skip(r, "else")) {
			skip_end(r);
			return AT_ELSE;
		}
		with = skip(r, "with ");
		if (with || skip(r, "if ")) {
			struct bytes dot = r->dot;
			bool yes;

			v = pipeline(r);
			yes = is_true(&v);
			skip_end(r);
			r->on = before && yes;
			if (with)
				r->dot = v.text.p ? v.text : BYTES_LIT("");
			if (r->failed)
				return AT_END;
			if (block(r) == AT_ELSE) {
				r->dot = dot;
				r->on = before && !yes;
				(void)block(r);
			}
			r->dot = dot;
			r->on = before;
			continue;
		}
		v = pipeline(r);
		skip_end(r);
		if (r->on && !r->failed)
			print(r->out, &v);
	}
	return AT_END;
}

bool nv_expand(const struct nv_labels *l, struct bytes template, struct bytes line, int64_t ts_ns,
	       struct bytes *ret)
{
	struct buf b = { 0 };
	struct run r = { .l = l,
			 .a = l->a,
			 .line = line,
			 .ts_ns = ts_ns,
			 .text = template,
			 .out = &b,
			 .on = true };

	(void)block(&r);
	*ret = arena_copy(l->a, buf_bytes(&b));
	buf_release(&b);
	return !r.failed;
}

/* Of an action's text. */
static bool next_label(struct bytes *text, struct bytes *ret)
{
	while (text->n) {
		char c = text->p[0];
		size_t n = 1;

		if (c == '"') {
			while (text->p[n] != '"')
				n += text->p[n] == '\\' ? 2 : 1;
			n++;
		}
		while (c == '.' && n < text->n && is_word(text->p[n]))
			n++;
		*ret = bytes_sub(*text, 1, n - 1);
		*text = bytes_sub(*text, n, text->n);
		if (c == '.' && n > 1)
			return true;
	}
	return false;
}

void nv_template_labels(struct bytes template, void (*each)(void *data, struct bytes name),
			void *data)
{
	const char *at;

	while ((at = template.n ? memmem(template.p, template.n, "{{", 2) : NULL)) {
		const char *all_end = template.p + template.n;
		const char *end = memmem(at, (size_t)(all_end - at), "}}", 2);
		struct bytes action = bytes_of(at + 2, (size_t)(end - at) - 2), name;

		while (next_label(&action, &name))
			each(data, name);
		template = bytes_of(end + 2, (size_t)(all_end - end) - 2);
	}
}
