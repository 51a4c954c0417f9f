#include "cost/iam_glob.h"

/* At "${": the length of what stands for something else, up to and with '}', or 0. */
static size_t variable_at(struct bytes t, bool *ret_literal)
{
	const char *end;
	struct bytes name;

	if (!bytes_starts(t, BYTES_LIT("${")))
		return 0;
	end = memchr(t.p, '}', t.n);
	if (!end)
		return 0;
	name = bytes_of(t.p + 2, (size_t)(end - t.p) - 2);
	*ret_literal = bytes_is(name, "*") || bytes_is(name, "?") || bytes_is(name, "$");
	if (!*ret_literal && (name.n == 0 || !memchr(name.p, ':', name.n)))
		return 0;
	return name.n + 3;
}

struct iam_glob iam_glob_of(struct bytes text, enum iam_variables how, struct arena *a)
{
	struct iam_glob g = { .text = text, .certain = true };
	uint16_t *sym = arena_alloc(a, (text.n + 1) * sizeof(*sym));

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool literal = false;
		size_t len = how == IAM_VARIABLES
				     ? variable_at(bytes_sub(text, i, text.n), &literal)
				     : 0;
		uint16_t s = len	? literal ? (unsigned char)text.p[i + 2] : IAM_RUN
			     : c == '*' ? IAM_RUN
			     : c == '?' ? IAM_ONE
					: c;

		if (len) {
			g.certain &= literal;
			i += len - 1;
		}
		if (s != IAM_RUN || g.n == 0 || sym[g.n - 1] != IAM_RUN)
			sym[g.n++] = s;
	}
	g.sym = sym;
	return g;
}

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 'a' - 'A') : c;
}

static bool fits(uint16_t s, unsigned char c, enum iam_case how)
{
	if (s >= IAM_ONE)
		return s == IAM_ONE;
	return how == IAM_EXACT_CASE ? s == c : lower((unsigned char)s) == lower(c);
}

bool iam_glob_matches(const struct iam_glob *g, struct bytes text, enum iam_case how)
{
	size_t at = 0, run_text = 0;
	uint32_t i = 0,
		 run = UINT32_MAX; /* the last run that was met, which takes more if need be */

	while (at < text.n) {
		if (i < g->n && g->sym[i] == IAM_RUN) {
			run = i++;
			run_text = at;
		} else if (i < g->n && fits(g->sym[i], (unsigned char)text.p[at], how)) {
			i++;
			at++;
		} else if (run != UINT32_MAX) {
			i = run + 1;
			at = ++run_text;
		} else {
			return false;
		}
	}
	while (i < g->n && g->sym[i] == IAM_RUN)
		i++;
	return i == g->n;
}

size_t iam_glob_words(const struct iam_glob *g)
{
	return g->n / 64 + 1;
}

/* A run may be empty: behind it is a place, too. */
static void put(const struct iam_glob *g, uint64_t *set, uint32_t i)
{
	set[i / 64] |= UINT64_C(1) << i % 64;
	if (i < g->n && g->sym[i] == IAM_RUN)
		put(g, set, i + 1); /* runs do not follow each other */
}

void iam_glob_start(const struct iam_glob *g, uint64_t *set)
{
	put(g, set, 0);
}

void iam_glob_step(const struct iam_glob *g, const uint64_t *from, unsigned char c, uint64_t *to)
{
	for (size_t w = 0; w < iam_glob_words(g); w++) {
		for (uint64_t left = from[w]; left; left &= left - 1) {
			uint32_t i = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);

			if (i == g->n)
				continue;
			if (g->sym[i] == IAM_RUN)
				put(g, to, i);
			else if (fits(g->sym[i], c, IAM_EXACT_CASE))
				put(g, to, i + 1);
		}
	}
}

bool iam_glob_ends(const struct iam_glob *g, const uint64_t *set)
{
	return set[g->n / 64] >> g->n % 64 & 1;
}
