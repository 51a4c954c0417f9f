#include "query/literal.h"

#include <ctype.h>

struct scan {
	const char *p, *end;
	struct buf run, best; /* the text being put together; the longest so far */
	bool plain;	      /* nothing but literals was seen */
};

static void end_run(struct scan *s)
{
	if (s->run.n > s->best.n) {
		buf_reset(&s->best);
		buf_add_bytes(&s->best, buf_bytes(&s->run));
	}
	buf_reset(&s->run);
}

/* Behind the ']' of the class at p, or NULL when it is not as simple as we think. */
static const char *skip_class(const char *p, const char *end)
{
	p++;
	if (p < end && *p == '^')
		p++;
	if (p < end && *p == ']')
		p++;
	for (; p < end && *p != ']'; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '[')
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

/* Behind the ')' that closes the group at p. */
static const char *skip_group(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {
		if (*p == '\\') {
			p += 2;
			continue;
		}
		if (*p == '[') {
			p = skip_class(p, end);
			if (!p)
				return NULL;
			continue;
		}
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
		p++;
	}
	return NULL;
}

static bool is_quantifier(char c)
{
	return c == '*' || c == '?' || c == '{' || c == '+';
}

/* p stands on a quantifier; returns behind it. */
static const char *skip_quantifier(const char *p, const char *end)
{
	if (*p == '{')
		while (p < end && *p != '}')
			p++;
	p = p < end ? p + 1 : end;
	return p < end && (*p == '?' || *p == '+') ? p + 1 : p;
}

/* One literal character of n bytes, and the quantifier behind it, if there is one. */
static void take_char(struct scan *s, const char *c, size_t n)
{
	s->p += n;
	if (s->p < s->end && is_quantifier(*s->p)) {
		bool at_least_one = *s->p == '+';

		s->plain = false;
		if (at_least_one)
			buf_add(&s->run, c, n);
		end_run(s);
		s->p = skip_quantifier(s->p, s->end);
		return;
	}
	buf_add(&s->run, c, n);
}

/* What is no literal: ends the run; false when the pattern is beyond us. */
static bool take_other(struct scan *s)
{
	char c = *s->p;

	s->plain = false;
	end_run(s);
	if (c == '[') {
		s->p = skip_class(s->p, s->end);
	} else if (c == '(') {
		if (s->p + 1 < s->end && s->p[1] == '?' &&
		    !(s->p + 2 < s->end && (s->p[2] == ':' || s->p[2] == 'P' || s->p[2] == '<')))
			return false; /* flags, which change what follows */
		s->p = skip_group(s->p, s->end);
	} else if (c == '\\') {
		if (s->p + 1 >= s->end || !s->p[1] || strchr("pPQExC", s->p[1]) ||
		    (s->p[1] >= '0' && s->p[1] <= '9'))
			return false;
		s->p += 2;
	} else {
		s->p++;
	}
	if (s->p && s->p < s->end && is_quantifier(*s->p))
		s->p = skip_quantifier(s->p, s->end);
	return s->p != NULL;
}

static bool scan(struct scan *s)
{
	while (s->p < s->end) {
		char c = *s->p;

		if (c == '|' || c == ')' || is_quantifier(c))
			return false;
		if (c == '\\' && s->p + 1 < s->end && ispunct((unsigned char)s->p[1])) {
			s->p++;
			take_char(s, s->p, 1);
		} else if (c == '\\' || c == '[' || c == '(' || c == '.' || c == '^' || c == '$') {
			if (!take_other(s))
				return false;
		} else {
			size_t n = 1;

			if ((unsigned char)c >= 0xc0)
				while (s->p + n < s->end && ((unsigned char)s->p[n] & 0xc0) == 0x80)
					n++;
			take_char(s, s->p, n);
		}
	}
	end_run(s);
	return true;
}

/* Without regard to case a search works byte by byte only for ASCII, and not for k and s, which
 * have further forms in Unicode. */
static bool can_fold(struct buf *b)
{
	for (size_t i = 0; i < b->n; i++) {
		char c = b->p[i];

		if (c >= 'A' && c <= 'Z')
			c = b->p[i] = (char)(c | 0x20);
		if ((unsigned char)c >= 0x80 || c == 'k' || c == 's')
			return false;
	}
	return true;
}

void literal_of_regex(struct bytes pattern, struct buf *ret, bool *ret_whole, bool *ret_fold)
{
	bool fold = bytes_starts(pattern, BYTES_LIT("(?i)"));
	struct bytes rest = fold ? bytes_sub(pattern, 4, pattern.n) : pattern;
	struct scan s = { .p = rest.p, .end = rest.p + rest.n, .plain = true };
	bool ok = rest.n && scan(&s) && (!fold || can_fold(&s.best));

	*ret_whole = ok && s.plain;
	*ret_fold = fold;
	if (ok)
		buf_add_bytes(ret, buf_bytes(&s.best));
	buf_release(&s.run);
	buf_release(&s.best);
}
