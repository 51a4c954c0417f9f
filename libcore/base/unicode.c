#include "base/unicode.h"

#include "base/unicode_tables.h"

static bool in_ranges(const struct unicode_range *v, size_t n, uint32_t c)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (c > v[mid].last)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && c >= v[lo].first;
}

/* Few characters change, and most of those that are asked for stand in front. */
static uint32_t change_case(const struct unicode_case *v, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n && c >= v[i].first; i++)
		if (c <= v[i].last && (c - v[i].first) % (uint32_t)v[i].step == 0)
			return (uint32_t)((int64_t)c + v[i].delta);
	return c;
}

static bool is_ascii_letter(uint32_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

bool unicode_is_word(uint32_t c)
{
	if (c < 0x80)
		return is_ascii_letter(c) || (c >= '0' && c <= '9');
	return in_ranges(unicode_word, n_unicode_word, c);
}

bool unicode_is_print(uint32_t c)
{
	if (c < 0x80)
		return c >= ' ' && c < 0x7f;
	return in_ranges(unicode_print, n_unicode_print, c);
}

bool unicode_is_space(uint32_t c)
{
	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r');
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

uint32_t unicode_upper(uint32_t c)
{
	if (c < 0x80)
		return is_ascii_letter(c) ? c & ~UINT32_C(0x20) : c;
	return change_case(unicode_uppers, n_unicode_uppers, c);
}

uint32_t unicode_lower(uint32_t c)
{
	if (c < 0x80)
		return is_ascii_letter(c) ? c | 0x20 : c;
	return change_case(unicode_lowers, n_unicode_lowers, c);
}

uint32_t unicode_title(uint32_t c)
{
	if (c >= 0x10d0 && c <= 0x10ff) /* Georgian has capitals only for whole words */
		return c;
	if (c >= 0x1c4 && c <= 0x1cc) /* two letters in one: only the first is a capital */
		return 0x1c5 + (c - 0x1c4) / 3 * 3;
	if (c >= 0x1f1 && c <= 0x1f3)
		return 0x1f2;
	return unicode_upper(c);
}

/* --- characters that differ only in case ----------------------------------------------------- */

/* What all of them lead to. The Turkish letters i have a case, and are not folded. */
static uint32_t folded(uint32_t c)
{
	return c == 0x130 || c == 0x131 ? c : unicode_lower(unicode_upper(c));
}

struct same_case {
	uint32_t *v, key;
	size_t n;
};

static void add_same(struct same_case *s, uint32_t c)
{
	size_t at = s->n;

	if (folded(c) != s->key || s->n == UNICODE_SAME_CASE_MAX)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == c)
			return;
	for (; at > 0 && s->v[at - 1] > c; at--)
		s->v[at] = s->v[at - 1];
	s->v[at] = c;
	s->n++;
}

/* What the table makes c of. */
static void add_sources(struct same_case *s, const struct unicode_case *v, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t from = (uint32_t)((int64_t)c - v[i].delta);

		if (from >= v[i].first && from <= v[i].last &&
		    (from - v[i].first) % (uint32_t)v[i].step == 0)
			add_same(s, from);
	}
}

size_t unicode_same_case(uint32_t c, uint32_t ret[UNICODE_SAME_CASE_MAX])
{
	struct same_case s = { ret, folded(c), 0 };
	uint32_t upper[UNICODE_SAME_CASE_MAX];
	size_t n;

	add_same(&s, s.key);
	add_same(&s, unicode_upper(s.key));
	add_sources(&s, unicode_lowers, n_unicode_lowers, s.key);
	n = s.n;
	for (size_t i = 0; i < n; i++)
		upper[i] = ret[i];
	for (size_t i = 0; i < n; i++)
		add_sources(&s, unicode_uppers, n_unicode_uppers, upper[i]);
	return s.n;
}

static uint32_t next_in(const struct unicode_case *v, size_t n, uint32_t c, uint32_t next)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t step = (uint32_t)v[i].step, at = v[i].first;

		if (c > at)
			at += (c - at + step - 1) / step * step;
		if (at <= v[i].last && at < next)
			next = at;
	}
	return next;
}

uint32_t unicode_next_cased(uint32_t c)
{
	const uint32_t sharp_s = 0xdf; /* without an upper case of its own, but one has it */
	uint32_t ignored[UNICODE_SAME_CASE_MAX];

	for (;; c++) {
		uint32_t next = c <= sharp_s ? sharp_s : UINT32_MAX;

		while (c < 0x80 && !is_ascii_letter(c))
			c++;
		if (c < 0x80)
			return c;
		next = next_in(unicode_uppers, n_unicode_uppers, c, next);
		next = next_in(unicode_lowers, n_unicode_lowers, c, next);
		if (next == UINT32_MAX || unicode_same_case(next, ignored) > 1)
			return next;
		c = next;
	}
}
