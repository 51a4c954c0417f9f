#include "labels/matcher.h"

#include "regex/regex.h"

/* What nearly every dashboard asks with: to compile it takes longer than to match it would. Only
 * in RE2's language does . fit any byte. */
static bool is_anything(struct bytes regex)
{
	return bytes_is(regex, ".*") || bytes_is(regex, ".+");
}

/* 1, 0, or -1 as regex_match. */
static int match_regex(const struct matcher *m, struct bytes value)
{
	if (!m->re)
		return value.n > 0 || m->value.p[1] == '*';
	return regex_match(m->re, value, NULL, NULL);
}

int matcher_init(struct matcher *m, enum match_op op, struct bytes name, struct bytes value,
		 unsigned how, struct err *e)
{
	*m = (struct matcher){ op, name, value, NULL };
	if ((op != MATCH_RE && op != MATCH_NRE) || (!(how & REGEX_PCRE) && is_anything(value)))
		return 0;
	m->re = regex_new(value, REGEX_ANCHORED | how, e);
	return m->re ? 0 : err_wrap(e, "label '%.*s'", BYTES_ARG(name));
}

void matcher_release(struct matcher *m)
{
	regex_free(m->re);
	m->re = NULL;
}

bool matcher_match_value(const struct matcher *m, struct bytes value)
{
	switch (m->op) {
	case MATCH_EQ:
		return bytes_eq(m->value, value);
	case MATCH_NE:
		return !bytes_eq(m->value, value);
	case MATCH_RE:
		return match_regex(m, value) == 1;
	case MATCH_NRE:
		return match_regex(m, value) == 0;
	}
	return false;
}

bool matcher_match_labels(const struct matcher *m, size_t n, const struct labels *l)
{
	for (size_t i = 0; i < n; i++)
		if (!matcher_match_value(&m[i], labels_get_bytes(l, m[i].name)))
			return false;
	return true;
}
