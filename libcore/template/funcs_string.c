/* Strings, and what is written in them: base64, URLs, JSON, sizes, regular expressions. */
#include "template/func.h"

#include "base/convert.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "json/json.h"
#include "labels/quote.h"
#include "labels/value_error.h"
#include "template/escape.h"
#include "template/json_value.h"
#include "template/replace.h"

/* The scratch buffer becomes the result. */
static int done(struct template_run *r, struct value *ret)
{
	if (run_check_size(r, r->scratch.n) < 0)
		return -1;
	*ret = run_take_scratch(r);
	return 0;
}

/* A part of an argument becomes the result. */
static int part(struct bytes s, struct value *ret)
{
	*ret = value_string(s);
	return 0;
}

#define FUNC(NAME) \
	static int NAME(struct template_run *r, const struct value *v, size_t n, struct value *ret)
#define UNUSED_RUN ((void)r, (void)n)

/* --- case ------------------------------------------------------------------------------ */

static int change_chars(struct template_run *r, struct bytes s, uint32_t (*change)(uint32_t),
			struct value *ret)
{
	for (size_t i = 0, len; i < s.n; i += len)
		utf8_add(&r->scratch, change(utf8_next(bytes_sub(s, i, s.n), &len)));
	return done(r, ret);
}

FUNC(f_lower)
{
	(void)n;
	return change_chars(r, v[0].u.s, unicode_lower, ret);
}

FUNC(f_upper)
{
	(void)n;
	return change_chars(r, v[0].u.s, unicode_upper, ret);
}

static bool is_separator(uint32_t c)
{
	return c < 0x80 ? !unicode_is_word(c) && c != '_' : unicode_is_space(c);
}

FUNC(f_title)
{
	struct bytes s = v[0].u.s;
	uint32_t before = ' ', c;

	(void)n;
	for (size_t i = 0, len; i < s.n; i += len, before = c) {
		c = utf8_next(bytes_sub(s, i, s.n), &len);
		utf8_add(&r->scratch, is_separator(before) ? unicode_title(c) : c);
	}
	return done(r, ret);
}

/* --- cutting --------------------------------------------------------------------------- */

/* Whether the character at the start of s is one of those in set; its length. */
static bool first_is_in(struct bytes s, struct bytes set, size_t *ret_len)
{
	uint32_t c = utf8_next(s, ret_len);

	for (size_t i = 0, len; i < set.n; i += len)
		if (utf8_next(bytes_sub(set, i, set.n), &len) == c)
			return true;
	return false;
}

static struct bytes trim_left(struct bytes s, struct bytes set)
{
	size_t len;

	while (s.n && first_is_in(s, set, &len))
		s = bytes_sub(s, len, s.n);
	return s;
}

/* The last character of s begins there. */
static size_t last_char(struct bytes s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++)
		if (utf8_len(bytes_sub(s, s.n - n, n)) == n)
			return s.n - n;
	return s.n - 1;
}

static struct bytes trim_right(struct bytes s, struct bytes set)
{
	size_t len, at;

	while (s.n) {
		at = last_char(s);
		if (!first_is_in(bytes_sub(s, at, s.n), set, &len))
			break;
		s.n = at;
	}
	return s;
}

static struct bytes trim_space(struct bytes s)
{
	size_t len;

	while (s.n && unicode_is_space(utf8_next(s, &len)))
		s = bytes_sub(s, len, s.n);
	while (s.n && unicode_is_space(utf8_next(bytes_sub(s, last_char(s), s.n), &len)))
		s.n = last_char(s);
	return s;
}

static bool ends_with(struct bytes s, struct bytes end)
{
	return s.n >= end.n && bytes_eq(bytes_sub(s, s.n - end.n, end.n), end);
}

static struct bytes trim_prefix(struct bytes s, struct bytes prefix)
{
	return bytes_starts(s, prefix) ? bytes_sub(s, prefix.n, s.n) : s;
}

static struct bytes trim_suffix(struct bytes s, struct bytes suffix)
{
	return ends_with(s, suffix) ? bytes_sub(s, 0, s.n - suffix.n) : s;
}

/* The old functions take the text first, the newer ones last. */
FUNC(f_trim_old)
{
	UNUSED_RUN;
	return part(trim_right(trim_left(v[0].u.s, v[1].u.s), v[1].u.s), ret);
}

FUNC(f_trim_all)
{
	UNUSED_RUN;
	return part(trim_right(trim_left(v[1].u.s, v[0].u.s), v[0].u.s), ret);
}

FUNC(f_trim_left_old)
{
	UNUSED_RUN;
	return part(trim_left(v[0].u.s, v[1].u.s), ret);
}

FUNC(f_trim_right_old)
{
	UNUSED_RUN;
	return part(trim_right(v[0].u.s, v[1].u.s), ret);
}

FUNC(f_trim_prefix_old)
{
	UNUSED_RUN;
	return part(trim_prefix(v[0].u.s, v[1].u.s), ret);
}

FUNC(f_trim_prefix)
{
	UNUSED_RUN;
	return part(trim_prefix(v[1].u.s, v[0].u.s), ret);
}

FUNC(f_trim_suffix_old)
{
	UNUSED_RUN;
	return part(trim_suffix(v[0].u.s, v[1].u.s), ret);
}

FUNC(f_trim_suffix)
{
	UNUSED_RUN;
	return part(trim_suffix(v[1].u.s, v[0].u.s), ret);
}

FUNC(f_trim_space)
{
	UNUSED_RUN;
	return part(trim_space(v[0].u.s), ret);
}

FUNC(f_trunc)
{
	int64_t c = v[0].u.i;
	struct bytes s = v[1].u.s;
	int64_t len = (int64_t)s.n;

	UNUSED_RUN;
	if (c < 0 && c > -len)
		return part(bytes_sub(s, (size_t)(len + c), s.n), ret);
	return part(c >= 0 && len > c ? bytes_sub(s, 0, (size_t)c) : s, ret);
}

FUNC(f_substr)
{
	int64_t from = v[0].u.i, to = v[1].u.i, len = (int64_t)v[2].u.s.n;
	const char *wrong = "runtime error: slice bounds out of range";

	(void)n;
	if (from < 0) {
		from = 0;
		if (to < 0)
			return run_fail(r, "%s [:%lld]", wrong, (long long)to);
		if (to > len)
			return run_fail(r, "%s [:%lld] with length %lld", wrong, (long long)to,
					(long long)len);
	} else if (to < 0 || to > len) {
		to = len;
	}
	if (from > to)
		return run_fail(r, "%s [%lld:%lld]", wrong, (long long)from, (long long)to);
	return part(bytes_sub(v[2].u.s, (size_t)from, (size_t)(to - from)), ret);
}

/* --- looking --------------------------------------------------------------------------- */

FUNC(f_contains)
{
	struct bytes s = v[1].u.s, what = v[0].u.s;

	UNUSED_RUN;
	*ret = value_bool(what.n == 0 || (s.n && memmem(s.p, s.n, what.p, what.n)));
	return 0;
}

FUNC(f_has_prefix)
{
	UNUSED_RUN;
	*ret = value_bool(bytes_starts(v[1].u.s, v[0].u.s));
	return 0;
}

FUNC(f_has_suffix)
{
	UNUSED_RUN;
	*ret = value_bool(ends_with(v[1].u.s, v[0].u.s));
	return 0;
}

/* --- making longer --------------------------------------------------------------------- */

static int check_repeat(struct template_run *r, int64_t count, size_t len)
{
	if (count < 0)
		return run_fail(r, "strings: negative Repeat count");
	if (len && (uint64_t)count > TEMPLATE_OUTPUT_MAX / len)
		return run_check_size(r, (size_t)TEMPLATE_OUTPUT_MAX + 1);
	return 0;
}

FUNC(f_repeat)
{
	(void)n;
	if (check_repeat(r, v[0].u.i, v[1].u.s.n) < 0)
		return -1;
	for (int64_t i = 0; v[1].u.s.n && i < v[0].u.i; i++)
		buf_add_bytes(&r->scratch, v[1].u.s);
	return done(r, ret);
}

static void add_blanks(struct buf *b, int64_t n)
{
	while (n-- > 0)
		buf_add_char(b, ' ');
}

static int indent(struct template_run *r, const struct value *v, const char *before,
		  struct value *ret)
{
	struct bytes s = v[1].u.s;
	size_t lines = 1;

	for (size_t i = 0; i < s.n; i++)
		lines += s.p[i] == '\n';
	if (check_repeat(r, v[0].u.i, lines) < 0)
		return -1;
	buf_add_str(&r->scratch, before);
	add_blanks(&r->scratch, v[0].u.i);
	for (size_t i = 0; i < s.n; i++) {
		buf_add_char(&r->scratch, s.p[i]);
		if (s.p[i] == '\n')
			add_blanks(&r->scratch, v[0].u.i);
	}
	return done(r, ret);
}

FUNC(f_indent)
{
	(void)n;
	return indent(r, v, "", ret);
}

FUNC(f_nindent)
{
	(void)n;
	return indent(r, v, "\n", ret);
}

/* The text as wide as count characters: cut, or with blanks, on one side. */
static int align(struct template_run *r, const struct value *v, bool left, struct value *ret)
{
	struct bytes s = v[1].u.s;
	int64_t count = v[0].u.i, chars = 0, skip;

	for (size_t i = 0, len; i < s.n; i += len, chars++)
		utf8_next(bytes_sub(s, i, s.n), &len);
	if (count < 0 || count == chars)
		return part(s, ret);
	if (check_repeat(r, count, 1) < 0)
		return -1;
	if (!left)
		add_blanks(&r->scratch, count - chars);
	skip = !left && chars > count ? chars - count : 0;
	for (size_t i = 0, len; i < s.n; i += len, skip--) {
		uint32_t c = utf8_next(bytes_sub(s, i, s.n), &len);

		if (skip > 0)
			continue;
		if (left && -skip >= count)
			break;
		if (chars < count) /* nothing is cut: bytes stay as they are */
			buf_add(&r->scratch, s.p + i, len);
		else
			utf8_add(&r->scratch, c);
	}
	if (left)
		add_blanks(&r->scratch, count - chars);
	return done(r, ret);
}

FUNC(f_align_left)
{
	(void)n;
	return align(r, v, true, ret);
}

FUNC(f_align_right)
{
	(void)n;
	return align(r, v, false, ret);
}

/* --- replacing ------------------------------------------------------------------------- */

FUNC(f_replace)
{
	(void)n;
	if (replace_text(r, v[2].u.s, v[0].u.s, v[1].u.s, -1) < 0)
		return -1;
	return done(r, ret);
}

FUNC(f_replace_old)
{
	(void)n;
	if (replace_text(r, v[0].u.s, v[1].u.s, v[2].u.s, v[3].u.i) < 0)
		return -1;
	return done(r, ret);
}

FUNC(f_regex_replace)
{
	(void)n;
	if (replace_regex(r, v[0].u.s, v[1].u.s, v[2].u.s, REPLACE_EXPAND) < 0)
		return -1;
	return done(r, ret);
}

FUNC(f_regex_replace_literal)
{
	(void)n;
	if (replace_regex(r, v[0].u.s, v[1].u.s, v[2].u.s, REPLACE_LITERAL) < 0)
		return -1;
	return done(r, ret);
}

FUNC(f_count)
{
	int64_t count = 0;

	(void)n;
	if (replace_count(r, v[0].u.s, v[1].u.s, &count) < 0)
		return -1;
	*ret = value_int(T_INT, count);
	return 0;
}

/* --- encodings ------------------------------------------------------------------------- */

FUNC(f_b64enc)
{
	(void)n;
	base64_add(&r->scratch, v[0].u.s);
	return done(r, ret);
}

/* Where Go's decoder stops: the first byte that is none, or where padding is wrong. */
static size_t base64_error_at(struct bytes s)
{
	size_t in_group = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 0x80;

		if (c == '\n' || c == '\r')
			continue;
		if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '/') {
			if (c == '=' && in_group >= 2) /* padding: what follows it is wrong */
				return i + (in_group == 2 ? 2 : 1) > s.n
					       ? s.n
					       : i + (in_group == 2 ? 2 : 1);
			return i;
		}
		in_group = (in_group + 1) % 4;
	}
	return s.n - in_group;
}

FUNC(f_b64dec)
{
	struct bytes s = v[0].u.s;
	struct buf plain = { 0 };
	bool ok;

	(void)n;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\n' && s.p[i] != '\r')
			buf_add_char(&plain, s.p[i]);
	ok = plain.n % 4 == 0 && base64_decode(buf_bytes(&plain), &r->scratch);
	buf_release(&plain);
	if (!ok) /* the error's text is the result */
		buf_addf(&r->scratch, "illegal base64 data at input byte %zu", base64_error_at(s));
	return done(r, ret);
}

FUNC(f_urlencode)
{
	(void)n;
	escape_url(&r->scratch, v[0].u.s);
	return done(r, ret);
}

FUNC(f_urldecode)
{
	struct bytes bad;

	(void)n;
	if (!unescape_url(&r->scratch, v[0].u.s, &bad)) {
		run_fail(r, "invalid URL escape ");
		quote_add(&r->message, bad);
		return -1;
	}
	return done(r, ret);
}

FUNC(f_from_json)
{
	UNUSED_RUN;
	*ret = json_value_read(r, v[0].u.s);
	return 0;
}

/* --- numbers in strings ---------------------------------------------------------------- */

FUNC(f_bytes)
{
	uint64_t size;

	(void)n;
	if (!convert_bytes(v[0].u.s, &size)) {
		run_fail(r, "%s", "");
		value_error_bytes(&r->message, v[0].u.s);
		return -1;
	}
	*ret = value_float((double)size);
	return 0;
}

FUNC(f_default)
{
	UNUSED_RUN;
	/* A time is never empty, labels are never without a name. */
	*ret = n > 1 && value_is_true(&v[1]) ? v[1] : v[0];
	ret->is_boxed = true;
	return 0;
}

#define STRINGS                                                        \
	{                                                              \
		PARAM_STRING, PARAM_STRING, PARAM_STRING, PARAM_STRING \
	}
#define PATTERN .params = STRINGS, .takes_pattern = true
#define COUNTED                         \
	{                               \
		PARAM_INT, PARAM_STRING \
	}

const struct func funcs_string[] = {
	{ .name = "ToLower", .call = f_lower, .n = 1, .params = STRINGS },
	{ .name = "ToUpper", .call = f_upper, .n = 1, .params = STRINGS },
	{ .name = "lower", .call = f_lower, .n = 1, .params = STRINGS },
	{ .name = "upper", .call = f_upper, .n = 1, .params = STRINGS },
	{ .name = "title", .call = f_title, .n = 1, .params = STRINGS },
	{ .name = "Trim", .call = f_trim_old, .n = 2, .params = STRINGS },
	{ .name = "TrimLeft", .call = f_trim_left_old, .n = 2, .params = STRINGS },
	{ .name = "TrimRight", .call = f_trim_right_old, .n = 2, .params = STRINGS },
	{ .name = "TrimPrefix", .call = f_trim_prefix_old, .n = 2, .params = STRINGS },
	{ .name = "TrimSuffix", .call = f_trim_suffix_old, .n = 2, .params = STRINGS },
	{ .name = "TrimSpace", .call = f_trim_space, .n = 1, .params = STRINGS },
	{ .name = "trim", .call = f_trim_space, .n = 1, .params = STRINGS },
	{ .name = "trimAll", .call = f_trim_all, .n = 2, .params = STRINGS },
	{ .name = "trimPrefix", .call = f_trim_prefix, .n = 2, .params = STRINGS },
	{ .name = "trimSuffix", .call = f_trim_suffix, .n = 2, .params = STRINGS },
	{ .name = "trunc", .call = f_trunc, .n = 2, .params = COUNTED },
	{ .name = "substr",
	  .call = f_substr,
	  .n = 3,
	  .params = { PARAM_INT, PARAM_INT, PARAM_STRING } },
	{ .name = "contains", .call = f_contains, .n = 2, .params = STRINGS },
	{ .name = "hasPrefix", .call = f_has_prefix, .n = 2, .params = STRINGS },
	{ .name = "hasSuffix", .call = f_has_suffix, .n = 2, .params = STRINGS },
	{ .name = "repeat", .call = f_repeat, .n = 2, .params = COUNTED },
	{ .name = "indent", .call = f_indent, .n = 2, .params = COUNTED },
	{ .name = "nindent", .call = f_nindent, .n = 2, .params = COUNTED },
	{ .name = "alignLeft", .call = f_align_left, .n = 2, .params = COUNTED },
	{ .name = "alignRight", .call = f_align_right, .n = 2, .params = COUNTED },
	{ .name = "replace", .call = f_replace, .n = 3, .params = STRINGS },
	{ .name = "Replace",
	  .call = f_replace_old,
	  .n = 4,
	  .params = { PARAM_STRING, PARAM_STRING, PARAM_STRING, PARAM_INT } },
	{ .name = "regexReplaceAll", .call = f_regex_replace, .n = 3, PATTERN },
	{ .name = "regexReplaceAllLiteral", .call = f_regex_replace_literal, .n = 3, PATTERN },
	{ .name = "count", .call = f_count, .n = 2, PATTERN },
	{ .name = "b64enc", .call = f_b64enc, .n = 1, .params = STRINGS },
	{ .name = "b64dec", .call = f_b64dec, .n = 1, .params = STRINGS },
	{ .name = "urlencode", .call = f_urlencode, .n = 1, .params = STRINGS },
	{ .name = "urldecode", .call = f_urldecode, .n = 1, .params = STRINGS },
	{ .name = "fromJson", .call = f_from_json, .n = 1, .params = STRINGS },
	{ .name = "bytes", .call = f_bytes, .n = 1, .params = STRINGS },
	{ .name = "default",
	  .call = f_default,
	  .n = 2,
	  .params = { PARAM_ANY, PARAM_ANY },
	  .is_variadic = true },
	{ 0 },
};
