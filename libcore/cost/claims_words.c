#include "cost/claims_words.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_of_word(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
}

static bool same(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

/* "tiering" and "tier", "services" and "service" are one; a short word is what it is. */
static struct bytes without_ending(struct bytes word)
{
	static const char *const endings[] = { "ing", "es", "s", "ed", "e" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t n = strlen(endings[i]);

		if (word.n >= n + 4 && same(bytes_sub(word, word.n - n, n), bytes_str(endings[i])))
			return bytes_sub(word, 0, word.n - n);
	}
	return word;
}

static bool is_among(struct bytes word, const char *const *list)
{
	for (; *list; list++)
		if (same(word, bytes_str(*list)))
			return true;
	return false;
}

static bool says_nothing(struct bytes word)
{
	static const char *const list[] = {
		"an",	 "the",	   "is",      "are",	  "of",	       "for",	"in",
		"at",	 "by",	   "per",     "our",	  "we",	       "it",	"this",
		"cost",	 "costs",  "price",   "amount",	  "monthly",   "month", "mo",
		"daily", "day",	   "with",    "about",	  "approx",    "ca",	"approximately",
		"est",	 "around", "roughly", "estimate", "estimated", "usd",	"eur",
		"gbp",	 "grand",  "annual",  "yearly",	  "year",      NULL,
	};

	/* The capital one is a name: "Plan A". */
	return bytes_is(word, "a") || is_among(word, list);
}

static void add(struct claims_words *w, struct bytes word)
{
	static const char *const totals[] = { "total", "totals", NULL };

	if (is_among(word, totals)) {
		w->total = true;
		return;
	}
	if (says_nothing(word))
		return;
	word = without_ending(word);
	if (claims_words_has(w, word))
		return;
	w->too_many |= w->n == CLAIMS_WORDS_MAX;
	if (!w->too_many)
		w->word[w->n++] = word;
}

void claims_words_add(struct claims_words *w, struct bytes text)
{
	for (size_t i = 0, from; i < text.n; i++) {
		for (from = i; i < text.n && is_of_word(text.p[i]);)
			i++;
		if (i > from)
			add(w, bytes_sub(text, from, i - from));
	}
}

bool claims_words_has(const struct claims_words *w, struct bytes word)
{
	for (size_t i = 0; i < w->n; i++)
		if (same(w->word[i], word))
			return true;
	return false;
}

bool claims_words_same(const struct claims_words *a, const struct claims_words *b)
{
	if (a->n == 0 || a->n != b->n || a->too_many || b->too_many)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!claims_words_has(b, a->word[i]))
			return false;
	return true;
}

bool claims_words_meet(const struct claims_words *a, const struct claims_words *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (claims_words_has(b, a->word[i]))
			return true;
	return false;
}
