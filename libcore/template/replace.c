/*
 * Matches of a pattern are found as Go does: after an empty match the search goes on one character
 * further, and an empty match right behind another match does not count.
 */
#include "template/replace.h"

#include "base/unicode.h"
#include "base/utf8.h"
#include "regex/regex.h"

static bool fits(const struct template_run *r)
{
	return r->scratch.n <= TEMPLATE_OUTPUT_MAX;
}

int replace_text(struct template_run *r, struct bytes s, struct bytes old, struct bytes by,
		 int64_t max)
{
	size_t at = 0, len;

	for (int64_t i = 0; (max < 0 || i < max) && fits(r); i++) {
		const char *p;

		if (old.n) {
			p = s.n > at ? memmem(s.p + at, s.n - at, old.p, old.n) : NULL;
			if (!p)
				break;
			buf_add(&r->scratch, s.p + at, (size_t)(p - s.p) - at);
			at = (size_t)(p - s.p) + old.n;
		} else if (i) {
			if (at >= s.n)
				break;
			utf8_next(bytes_sub(s, at, s.n), &len);
			buf_add(&r->scratch, s.p + at, len);
			at += len;
		}
		buf_add_bytes(&r->scratch, by);
	}
	buf_add_bytes(&r->scratch, bytes_sub(s, at, s.n));
	return run_check_size(r, r->scratch.n);
}

/* The compiled pattern; NULL with the message set. */
static struct regex *pattern_get(struct template_run *r, struct bytes pattern)
{
	struct regex *x;
	struct err e;

	if (r->pattern)
		return r->pattern;
	for (size_t i = 0; i < RUN_REGEXES; i++)
		if (r->regexes[i] && bytes_eq(regex_pattern(r->regexes[i]), pattern))
			return r->regexes[i];
	x = regex_new(pattern, REGEX_UNANCHORED, &e);
	if (!x) {
		run_fail(r, "%s", e.msg);
		return NULL;
	}
	regex_free(r->regexes[r->next_regex]);
	r->regexes[r->next_regex] = x;
	r->next_regex = (r->next_regex + 1) % RUN_REGEXES;
	return x;
}

struct matches {
	struct template_run *run;
	struct regex *regex;
	struct bytes s;
	size_t at;   /* where the search goes on */
	size_t done; /* the end of the last match that counted */
	bool any;
	size_t n_groups;
	struct bytes group[REGEX_GROUPS_MAX + 1];
};

/* 1 the next match is in group[], 0 there is none, -1 failed. */
static int next_match(struct matches *m)
{
	size_t len;
	struct err e;

	while (m->at <= m->s.n) {
		int found = regex_match_from(m->regex, m->s, m->at, m->group, m->n_groups, &e);
		size_t begin, end;

		if (found < 0)
			return run_fail(m->run, "%s", e.msg);
		if (!found)
			return 0;
		begin = (size_t)(m->group[0].p - m->s.p);
		end = begin + m->group[0].n;
		if (end > m->at) {
			m->at = end;
		} else if (m->at < m->s.n) {
			utf8_next(bytes_sub(m->s, m->at, m->s.n), &len);
			m->at += len;
		} else {
			m->at++;
		}
		if (begin < end || !m->any || begin > m->done)
			return 1;
	}
	return 0;
}

static int start(struct template_run *r, struct bytes pattern, struct bytes s, struct matches *m)
{
	m->run = r;
	m->regex = pattern_get(r, pattern);
	if (!m->regex)
		return -1;
	m->s = s.p ? s : BYTES_LIT("");
	m->at = m->done = 0;
	m->any = false;
	m->n_groups = regex_n_groups(m->regex);
	if (m->n_groups > REGEX_GROUPS_MAX)
		m->n_groups = REGEX_GROUPS_MAX;
	return 0;
}

/* The letters, digits and _ at the start. */
static size_t name_len(struct bytes s)
{
	size_t n = 0, len;

	for (; n < s.n; n += len) {
		uint32_t c = utf8_next(bytes_sub(s, n, s.n), &len);

		if (c != '_' && !unicode_is_word(c))
			break;
	}
	return n;
}

static void add_group(struct matches *m, struct bytes name)
{
	size_t number = 0;
	bool digits = true;

	for (size_t i = 0; i < name.n && digits; i++) {
		digits = name.p[i] >= '0' && name.p[i] <= '9' && number < 100000000;
		number = number * 10 + (size_t)(name.p[i] - '0');
	}
	if (digits && !(name.n > 1 && name.p[0] == '0')) {
		if (number <= m->n_groups && m->group[number].p)
			buf_add_bytes(&m->run->scratch, m->group[number]);
		return;
	}
	for (size_t i = 1; i <= m->n_groups; i++) {
		if (bytes_eq(regex_group_name(m->regex, i), name) && m->group[i].p) {
			buf_add_bytes(&m->run->scratch, m->group[i]);
			return;
		}
	}
}

/* $1, ${1}, $name, ${name}, $$; a $ that begins none of them stays. */
static void expand(struct matches *m, struct bytes by)
{
	struct buf *out = &m->run->scratch;

	while (by.n) {
		const char *dollar = memchr(by.p, '$', by.n);
		size_t plain = dollar ? (size_t)(dollar - by.p) : by.n, n = 1;
		bool brace;

		buf_add(out, by.p, plain);
		by = bytes_sub(by, plain, by.n);
		if (!by.n)
			return;
		if (by.n > 1 && by.p[1] == '$') {
			buf_add_char(out, '$');
			by = bytes_sub(by, 2, by.n);
			continue;
		}
		brace = by.n > 1 && by.p[1] == '{';
		n += brace;
		n += name_len(bytes_sub(by, n, by.n));
		if (n == (brace ? 2U : 1U) || (brace && (n >= by.n || by.p[n] != '}'))) {
			buf_add_char(out, '$');
			by = bytes_sub(by, 1, by.n);
			continue;
		}
		add_group(m, brace ? bytes_sub(by, 2, n - 2) : bytes_sub(by, 1, n - 1));
		by = bytes_sub(by, n + brace, by.n);
	}
}

int replace_regex(struct template_run *r, struct bytes pattern, struct bytes s, struct bytes by,
		  enum replace_style style)
{
	struct matches m;
	int found;

	if (start(r, pattern, s, &m) < 0)
		return -1;
	while (fits(r) && (found = next_match(&m)) != 0) {
		size_t begin;

		if (found < 0)
			return -1;
		begin = (size_t)(m.group[0].p - m.s.p);
		buf_add(&r->scratch, m.s.p + m.done, begin - m.done);
		if (style == REPLACE_EXPAND)
			expand(&m, by);
		else
			buf_add_bytes(&r->scratch, by);
		m.done = begin + m.group[0].n;
		m.any = true;
	}
	buf_add_bytes(&r->scratch, bytes_sub(m.s, m.done, m.s.n));
	return run_check_size(r, r->scratch.n);
}

int replace_count(struct template_run *r, struct bytes pattern, struct bytes s, int64_t *ret)
{
	struct matches m;
	int64_t n = 0;
	int found;

	if (start(r, pattern, s, &m) < 0)
		return -1;
	while ((found = next_match(&m)) > 0) {
		m.done = (size_t)(m.group[0].p - m.s.p) + m.group[0].n;
		m.any = true;
		n++;
	}
	*ret = n;
	return found;
}
