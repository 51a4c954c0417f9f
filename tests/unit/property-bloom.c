/*
 * Filters never say of a text that it lacks what it holds: values of pieces cut from texts of all
 * sorts, in letters of any case, and asks of several clauses against filters of blocks of all
 * sizes.
 */
#include "unit.h"

#include "base/mem.h"
#include "bloom/build.h"
#include "bloom/bloom.h"
#include "regex/regex.h"

enum { CASES_PER_PERCENT = 200, TEXTS_PER_FILTER = 40, ASKS_PER_FILTER = 25 };

static uint64_t state;

/* ---- texts of all sorts ---- */

static const char hex_digits[] = "0123456789abcdef0123456789ABCDEF----";

static void add_hex(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(b, hex_digits[rnd_below(&state, sizeof(hex_digits) - 1)]);
}

static void add_uuid(struct buf *b)
{
	static const uint8_t part[] = { 8, 4, 4, 4, 12 };

	for (size_t i = 0; i < sizeof(part); i++) {
		if (i)
			buf_add_char(b, '-');
		for (size_t k = 0; k < part[i]; k++)
			buf_add_char(b, hex_digits[rnd_below(&state, 16)]);
	}
}

static void add_word(struct buf *b)
{
	static const char *const word[] = {
		"timeout",
		"ERROR",
		"Kelvin",
		"sisi",
		"k8s_Skiing",
		"deadbeefcafe",
		"user=",
		"10.2.3.4:80",
		"-----",
		"\"level\":\"warn\",",
		"path=/a/b/c?x=1",
		"\\u0061bc\\u003c",
		"\\u00e4",
		"\\\"",
		"naïve İstanbul ıſK",
	};

	buf_add_str(b, word[rnd_below(&state, sizeof(word) / sizeof(word[0]))]);
}

static void add_utf8(struct buf *b)
{
	static const char *const c[] = { "\xc4\xb0",	 "\xc4\xb1", "\xc5\xbf",
					 "\xe2\x84\xaa", "\xc3\xa4", "\xe2\x82\xac",
					 "\xc4",	 "\xe2\x84", "\xf0\x9f\x98\x80" };

	buf_add_str(b, c[rnd_below(&state, sizeof(c) / sizeof(c[0]))]);
}

static void add_piece(struct buf *b)
{
	switch (rnd_below(&state, 9)) {
	case 0:
		add_hex(b, rnd_below(&state, 40));
		break;
	case 1:
		add_uuid(b);
		break;
	case 2:
		add_utf8(b);
		break;
	case 3:
		buf_add_char(b, (char)rnd(&state));
		break;
	case 4:
		buf_add_char(b, rnd_below(&state, 3) ? '\n' : '\0');
		break;
	case 5:
		buf_addf(b, "%llu", (unsigned long long)rnd(&state) >> rnd_below(&state, 60));
		break;
	case 6:
		buf_add_char(b, " .,:;/=\"\\{}[]()%+"[rnd_below(&state, 17)]);
		break;
	default:
		add_word(b);
	}
}

/* Of one sort, or of all mixed; the length is about n, or just n. */
static void make_text(struct buf *b, size_t n)
{
	size_t start = b->n, sort = rnd_below(&state, 6);

	while (b->n - start < n) {
		if (sort == 0)
			buf_add_char(b, (char)rnd(&state));
		else if (sort == 1)
			add_hex(b, 1 + rnd_below(&state, 100));
		else if (sort == 2)
			buf_add_char(b, "0189.,:;= "[rnd_below(&state, 10)]);
		else
			add_piece(b);
	}
	if (rnd_below(&state, 2))
		b->n = start + n;
}

static size_t some_length(void)
{
	static const size_t edge[] = { 0, 1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 127, 128, 129 };

	switch (rnd_below(&state, 8)) {
	case 0:
	case 1:
	case 2:
		return edge[rnd_below(&state, sizeof(edge) / sizeof(edge[0]))];
	case 3:
		return 1000 +
		       rnd_below(&state, 2500); /* runs of more than are looked at together */
	default:
		return rnd_below(&state, 400);
	}
}

/* ---- letters of any case ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The same for a search that ignores the case. */
static void add_any_case(struct buf *b, char c)
{
	char low = (char)(c | 0x20);

	if (!is_letter(c))
		buf_add_char(b, c);
	else if (low == 'k' && !rnd_below(&state, 3))
		buf_add_str(b, "\xe2\x84\xaa");
	else if (low == 's' && !rnd_below(&state, 3))
		buf_add_str(b, "\xc5\xbf");
	else if (low == 'i' && !rnd_below(&state, 3))
		buf_add_str(b, rnd_below(&state, 2) ? "\xc4\xb0" : "\xc4\xb1");
	else
		buf_add_char(b, rnd_below(&state, 2) ? low : (char)(c & ~0x20));
}

/* ---- values of pieces ---- */

static int cmp_values(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void check_has(struct gram_scratch *s, enum gram_kind kind, struct bytes text,
		      struct bytes needle, enum gram_case how)
{
	struct gram_list all = { 0 }, part = { 0 };

	grams_of_needle(s, kind, needle, how, &part);
	grams_begin(s, text);
	grams_add(s, kind, &all);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), cmp_values);
	for (size_t i = 0; i < part.n; i++) {
		if (all.n && bsearch(&part.v[i], all.v, all.n, sizeof(*all.v), cmp_values))
			continue;
		printf("# kind %d, needle of %zu bytes, how %d: a value is missing\n", (int)kind,
		       needle.n, (int)how);
		fail();
	}
	gram_list_release(&all);
	gram_list_release(&part);
}

static void one_piece(struct gram_scratch *s)
{
	struct buf text = { 0 }, other = { 0 };
	size_t at, n;

	make_text(&text, some_length());
	at = rnd_below(&state, text.n + 1);
	n = rnd_below(&state, 3) ? rnd_below(&state, 50) : rnd_below(&state, text.n + 1);
	n = n < text.n - at ? n : text.n - at;
	buf_add(&other, text.p, at);
	for (size_t i = at; i < at + n; i++)
		add_any_case(&other, text.p[i]);
	buf_add(&other, text.p + at + n, text.n - at - n);
	for (int k = 0; k < GRAM_KINDS; k++) {
		struct bytes needle = bytes_of(text.p + at, n);

		check_has(s, (enum gram_kind)k, buf_bytes(&text), needle, GRAM_CASE_AS_IS);
		if (k != GRAM_ESCAPE)
			check_has(s, (enum gram_kind)k, buf_bytes(&other), needle, GRAM_CASE_FOLD);
	}
	buf_release(&text);
	buf_release(&other);
}

static void a_text_has_the_values_of_its_pieces(void **unused)
{
	uint64_t percent = env_number("PERCENT", 5);
	struct gram_scratch s = { 0 };

	(void)unused;
	for (uint64_t i = 0; i < percent * CASES_PER_PERCENT; i++)
		one_piece(&s);
	gram_scratch_release(&s);
}

/* ---- filters ---- */

struct world {
	struct buf lines[TEXTS_PER_FILTER], meta[TEXTS_PER_FILTER];
	uint64_t chunk_off[TEXTS_PER_FILTER]; /* of each block */
	uint32_t block[TEXTS_PER_FILTER];     /* its number there */
	size_t n;
	struct buf table, pages;
	struct bloom bloom;
	struct arena mem;
};

static int page_of(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	const struct world *w = data;

	(void)e;
	*ret = bytes_sub(buf_bytes(&w->pages), off, n);
	return 0;
}

static size_t block_length(void)
{
	switch (rnd_below(&state, 12)) {
	case 0:
		return (128 << 10) + rnd_below(&state, 100000);
	case 1:
		return 30000 + rnd_below(&state, 5000);
	case 2:
	case 3:
		return rnd_below(&state, 120000);
	default:
		return rnd_below(&state, 9000);
	}
}

/* One line over and over, with what is random between: few enough values for a filter. */
static void make_block(struct buf *b, size_t n)
{
	struct buf line = { 0 };
	size_t start = b->n, rare = 1 + rnd_below(&state, 8);

	make_text(&line, 2000 + rnd_below(&state, 2000));
	while (b->n - start < n) {
		size_t part = rnd_below(&state, line.n);

		buf_add(b, line.p, line.n - part);
		if (!rnd_below(&state, rare))
			make_text(b, rnd_below(&state, rare == 1 ? 3000 : 300));
		buf_add_char(b, '\n');
	}
	buf_release(&line);
}

static void make_world(struct world *w)
{
	struct bloom_values v = { .what = rnd_below(&state, 2) ? BLOOM_SMALL : BLOOM_FULL };
	struct bloom_build *build = bloom_build_new(v.what);
	uint64_t off = 0;
	struct err e;

	*w = (struct world){ .n = 1 + rnd_below(&state, TEXTS_PER_FILTER) };
	for (size_t i = 0, first = 0; i < w->n; i++) {
		make_block(&w->lines[i], block_length());
		if (rnd_below(&state, 2))
			make_text(&w->meta[i], rnd_below(&state, 300));
		bloom_values_add(&v, buf_bytes(&w->lines[i]), buf_bytes(&w->meta[i]));
		w->chunk_off[i] = off;
		w->block[i] = (uint32_t)(i - first);
		if (i + 1 == w->n || !rnd_below(&state, 3)) {
			uint32_t len = (uint32_t)(1000 + rnd_below(&state, 1000));

			bloom_build_chunk(build, len, &v, first, i + 1 - first);
			off += len;
			first = i + 1;
		}
	}
	if (bloom_build_end(build, &w->table, &w->pages) &&
	    bloom_parse(buf_bytes(&w->table), off, &w->mem, &w->bloom, &e) < 0) {
		printf("# %s\n", e.msg);
		fail();
	}
	bloom_build_free(build);
	bloom_values_release(&v);
}

static void release_world(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		buf_release(&w->lines[i]);
		buf_release(&w->meta[i]);
	}
	buf_release(&w->table);
	buf_release(&w->pages);
	arena_release(&w->mem);
}

static struct bytes some_piece(struct bytes of)
{
	size_t at = rnd_below(&state, of.n + 1);

	return bytes_sub(of, at, rnd_below(&state, 45));
}

/* As JSON or logfmt may write it. */
static void add_escaped(struct buf *b, struct bytes value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c >= 0x80)
			buf_add_char(b, (char)c);
		else if (!rnd_below(&state, 60))
			buf_addf(b, rnd_below(&state, 2) ? "\\u%04x" : "\\u%04X", c);
		else if (c == '"' || c == '\\' || (c == '/' && rnd_below(&state, 2)))
			buf_addf(b, "\\%c", c);
		else if (c == '<' || c == '>' || c == '&' || c == '\'' || c == 0x7f)
			buf_addf(b, rnd_below(&state, 2) ? "\\u%04x" : "\\u%04X", c);
		else if (c < ' ')
			buf_addf(b, "\\u%04x", c);
		else
			buf_add_char(b, (char)c);
	}
}

/* Alternatives that it hardly has. */
static void add_others(struct bloom_ask *ask, enum gram_case how)
{
	while (!rnd_below(&state, 3)) {
		struct buf none = { 0 };

		make_text(&none, rnd_below(&state, 40));
		bloom_ask_text(ask, buf_bytes(&none), how);
		buf_release(&none);
	}
}

/* A clause that text number i meets, by one of some alternatives. */
static void add_clause(struct bloom_ask *ask, const struct world *w, size_t i)
{
	enum gram_case how = rnd_below(&state, 2) ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS;
	struct bytes text = buf_bytes(&w->lines[i]);

	if (w->meta[i].n && !rnd_below(&state, 3))
		text = buf_bytes(&w->meta[i]);
	bloom_ask_clause(ask);
	add_others(ask, how);
	bloom_ask_text(ask, some_piece(text), how);
	while (!rnd_below(&state, 2))
		bloom_ask_also(ask, some_piece(text), how);
	add_others(ask, how);
	if (!rnd_below(&state, 10))
		bloom_ask_anything(ask);
}

static void ask_about(struct world *w, size_t i)
{
	size_t values_max = 1 + rnd_below(&state, BLOOM_VALUES_NEAR);
	struct bloom_answer answer = { 0 };
	struct bloom_ask ask = { 0 };
	struct err e;

	for (size_t n = 1 + rnd_below(&state, 4); n; n--)
		add_clause(&ask, w, i);
	bloom_ask_end(&ask);
	assert_int_equal(
		0, bloom_answer(&w->bloom, &ask, values_max, page_of, w, &w->mem, &answer, &e));
	assert_true(bloom_may(&w->bloom, &answer, w->chunk_off[i], w->block[i]));
	bloom_ask_release(&ask);
}

static void no_block_is_ruled_out_that_holds_it(void **unused)
{
	uint64_t cases = env_number("PERCENT", 5) * CASES_PER_PERCENT;

	(void)unused;
	for (uint64_t i = 0; i < cases; i += ASKS_PER_FILTER) {
		struct world w;

		make_world(&w);
		for (int k = 0; k < ASKS_PER_FILTER; k++)
			ask_about(&w, rnd_below(&state, w.n));
		release_world(&w);
	}
}

/* Whether all of one of the ways to meet the clause are values of the text: what a column with no
 * bit set by chance says. */
static bool is_met(const struct bloom_clause *c, struct bytes text, struct gram_scratch *s)
{
	bool met = false;

	for (size_t i = 0; i < c->n && !met; i++) {
		met = true;
		for (int k = 0; k < GRAM_KINDS; k++) {
			const struct gram_list *l = &c->v[i].of[k];
			struct gram_list all = { 0 };

			grams_begin(s, text);
			grams_add(s, (enum gram_kind)k, &all);
			if (all.n)
				qsort(all.v, all.n, sizeof(*all.v), cmp_values);
			for (size_t n = 0; n < l->n; n++)
				met = met && all.n &&
				      bsearch(&l->v[n], all.v, all.n, sizeof(*all.v), cmp_values);
			gram_list_release(&all);
		}
	}
	return met;
}

static void values_may_be_escaped(void **unused)
{
	uint64_t cases = env_number("PERCENT", 5) * CASES_PER_PERCENT;
	struct gram_scratch s = { 0 };

	(void)unused;
	for (uint64_t i = 0; i < cases; i++) {
		struct buf value = { 0 }, line = { 0 };
		struct bloom_ask ask = { 0 };

		make_text(&value, rnd_below(&state, 60));
		make_text(&line, rnd_below(&state, 60));
		buf_add_str(&line, "{\"a\":\"");
		add_escaped(&line, buf_bytes(&value));
		buf_add_str(&line, "\"}");
		bloom_ask_clause(&ask);
		bloom_ask_value(&ask, buf_bytes(&value),
				rnd_below(&state, 2) ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
		assert_true(is_met(&ask.v[0], buf_bytes(&line), &s));
		bloom_ask_release(&ask);
		buf_release(&value);
		buf_release(&line);
	}
	gram_scratch_release(&s);
}

/* ---- regexes ---- */

/* A literal, some of it ignoring the case; nothing else when the text is no UTF-8. */
static void add_literal(struct buf *pattern, struct bytes text)
{
	bool fold = rnd_below(&state, 2);

	if (fold)
		buf_add_str(pattern, "(?i:");
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("\\.+*?()|[]{}^$", text.p[i]) && text.p[i])
			buf_add_char(pattern, '\\');
		buf_add_char(pattern, text.p[i]);
	}
	if (fold)
		buf_add_char(pattern, ')');
}

/* Two or three literals cut from the text, in their order, with something between. */
static void make_regex(struct buf *pattern, struct bytes text)
{
	static const char *const between[] = { ".*",	    "[^q]*?", "(?:.*)",
					       "(?:zz|.*)", "(.*)",   ".{0,999}" };
	size_t at = 0;

	buf_add_str(pattern, rnd_below(&state, 4) ? "(?s)" : "");
	for (size_t left = 2 + rnd_below(&state, 2); left && at < text.n; left--) {
		size_t skip = rnd_below(&state, (text.n - at) / left);
		struct bytes piece = bytes_sub(text, at + skip, 1 + rnd_below(&state, 24));

		if (rnd_below(&state, 6) == 0)
			buf_add_str(pattern, "(?:nowhere)?");
		add_literal(pattern, piece);
		buf_add_str(pattern,
			    between[rnd_below(&state, sizeof(between) / sizeof(between[0]))]);
		at += skip + piece.n;
	}
}

/* Lines as they are, and as JSON may write them: what filters do not know. */
static void add_unicode_escaped(struct buf *b, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		struct bytes left = bytes_sub(text, i, text.n);

		if (bytes_starts(left, BYTES_LIT("\xe2\x84\xaa"))) {
			buf_add_str(b, "\\u212a");
			i += 2;
		} else if (bytes_starts(left, BYTES_LIT("\xc5\xbf"))) {
			buf_add_str(b, "\\u017f");
			i++;
		} else {
			add_escaped(b, bytes_sub(left, 0, 1));
		}
	}
}

/* Returns whether it matches. */
static bool one_regex(struct gram_scratch *s, struct bytes pattern, struct bytes line)
{
	struct regex *re = regex_new(pattern, REGEX_LINE, NULL);
	struct regex_required v[REGEX_REQUIRED_MAX];
	struct bloom_ask ask = { 0 };
	struct buf escaped = { 0 };
	bool matches = re && regex_match(re, line, NULL, NULL) == 1;
	size_t n = matches ? regex_required(re, REGEX_LETTERS_OF_ALL, v) : 0;

	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < GRAM_KINDS; k++)
			if (k != GRAM_ESCAPE)
				check_has(s, (enum gram_kind)k, line, v[i].text,
					  v[i].fold ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
	add_unicode_escaped(&escaped, line);
	n = matches ? regex_required(re, REGEX_LETTERS_OF_ASCII, v) : 0;
	for (size_t i = 0; i < n; i++) {
		bloom_ask_clause(&ask);
		bloom_ask_value(&ask, v[i].text, v[i].fold ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
		assert_true(is_met(&ask.v[i], buf_bytes(&escaped), s));
	}
	bloom_ask_release(&ask);
	buf_release(&escaped);
	regex_free(re);
	return matches;
}

static void a_match_has_the_values_of_what_its_regex_requires(void **unused)
{
	uint64_t cases = env_number("PERCENT", 5) * CASES_PER_PERCENT, matched = 0;
	struct gram_scratch s = { 0 };

	(void)unused;
	for (uint64_t i = 0; i < cases; i++) {
		struct buf text = { 0 }, other = { 0 }, pattern = { 0 };

		while (text.n < 12)
			add_piece(&text);
		make_text(&text, rnd_below(&state, 200));
		make_regex(&pattern, buf_bytes(&text));
		for (size_t k = 0; k < text.n; k++)
			add_any_case(&other, text.p[k]);
		matched += one_regex(&s, buf_bytes(&pattern), buf_bytes(&text));
		matched += one_regex(&s, buf_bytes(&pattern), buf_bytes(&other));
		buf_release(&text);
		buf_release(&other);
		buf_release(&pattern);
	}
	printf("# %llu of %llu regexes match\n", (unsigned long long)matched,
	       (unsigned long long)cases * 2);
	assert_true(matched > cases / 4);
	gram_scratch_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_the_values_of_its_pieces),
		cmocka_unit_test(values_may_be_escaped),
		cmocka_unit_test(a_match_has_the_values_of_what_its_regex_requires),
		cmocka_unit_test(no_block_is_ruled_out_that_holds_it),
	};

	state = env_number("SEED", 1);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
