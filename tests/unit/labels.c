/* labels: sets, their three forms, what Loki takes, matchers. */
#include "unit.h"

#include "base/wr.h"
#include "labels/labels.h"
#include "labels/matcher.h"
#include "labels/quote.h"
#include "regex/regex.h"

static struct labels parse(struct arena *a, const char *text)
{
	struct labels l;
	struct err e = { 0 };

	if (labels_parse_text(bytes_str(text), a, &l, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	return l;
}

static void a_set_has_one_text_whatever_its_spelling(void **state)
{
	struct arena a = { 0 };
	struct labels x = parse(&a, "{ b = \"2\" , a=`1`, empty=\"\"}"), y;
	struct buf b = { 0 };
	struct err e;
	struct hash128 hx, hy;

	(void)state;
	labels_add_text(&b, &x);
	assert_bytes(buf_bytes(&b), "{a=\"1\", b=\"2\"}");
	assert_int_equal(
		labels_parse_json(bytes_str(" {\"b\":\"2\",\"a\":\"\\u0031\"} "), &a, &y, &e), 0);
	assert_int_equal(labels_cmp(&x, &y), 0);
	hx = labels_stream_id(bytes_str("t"), &x);
	hy = labels_stream_id(bytes_str("t"), &y);
	assert_int_equal(hash128_cmp(&hx, &hy), 0);
	hy = labels_stream_id(bytes_str("u"), &y);
	assert_int_not_equal(hash128_cmp(&hx, &hy), 0);
	buf_release(&b);
	arena_release(&a);
}

static void bad_texts_are_refused(void **state)
{
	static const char *const text[] = { "",
					    "{",
					    "{a}",
					    "{a=b}",
					    "{a=\"1\"",
					    "{a=\"1\",a=\"2\"}",
					    "{a=\"1\"} x",
					    "{=\"1\"}",
					    "{a=\"\\q\"}" };
	static const char *const json[] = { " ",
					    "[]",
					    "{\"a\":1}",
					    "{\"a\":\"1\",}",
					    "{\"a\":\"1\"}x",
					    "{\"a\":\"1\",\"a\":\"2\"}",
					    "{\"a\"}",
					    "{a:\"1\"}" };
	struct arena a = { 0 };
	struct labels l;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_int_equal(labels_parse_text(bytes_str(text[i]), &a, &l, &e), -1);
	for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++)
		assert_int_equal(labels_parse_json(bytes_str(json[i]), &a, &l, &e), -1);
	assert_int_equal(labels_parse_json(BYTES_LIT(""), &a, &l, &e), 0); /* an absent member */
	assert_int_equal(l.n, 0);
	assert_int_equal(labels_check(&l, &e), 0);
	assert_int_equal(labels_check_push(&l, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	arena_release(&a);
}

static void random_sets_come_back_in_every_form(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct arena a = { 0 };
		struct label v[8];
		struct labels l = { v, rnd_below(&seed, 8) }, back;
		struct buf text = { 0 }, json = { 0 }, binary = { 0 };
		struct err e = { 0 };
		struct rd rd;

		for (size_t k = 0; k < l.n; k++) {
			char name[2] = { (char)('a' + k), (char)('a' + rnd_below(&seed, 26)) };
			char value[6];

			for (size_t c = 0; c < sizeof(value); c++)
				value[c] = (char)rnd_below(&seed, 0x7f);
			v[k].name = arena_copy(&a, bytes_of(name, 2));
			v[k].value = arena_copy(&a, bytes_of(value, 1 + rnd_below(&seed, 6)));
		}
		assert_int_equal(labels_normalize(&l, &e), 0);
		labels_add_text(&text, &l);
		labels_add_json(&json, &l);
		labels_encode(&binary, &l);
		assert_int_equal(labels_parse_text(buf_bytes(&text), &a, &back, &e), 0);
		assert_int_equal(labels_cmp(&l, &back), 0);
		assert_int_equal(labels_parse_json(buf_bytes(&json), &a, &back, &e), 0);
		assert_int_equal(labels_cmp(&l, &back), 0);
		rd = rd_init(buf_bytes(&binary));
		assert_int_equal(labels_decode(&rd, &a, &back, &e), 0);
		assert_int_equal(labels_cmp(&l, &back), 0);
		for (size_t cut = 0; cut < binary.n; cut++) {
			rd = rd_init(bytes_sub(buf_bytes(&binary), 0, cut));
			assert_int_equal(labels_decode(&rd, &a, &back, &e), -1);
			assert_int_equal(e.code, ERR_CORRUPT);
		}
		buf_release(&text);
		buf_release(&json);
		buf_release(&binary);
		arena_release(&a);
	}
}

static void names_and_tenants_are_lokis(void **state)
{
	static const char *const good[] = { "a", "_x9", "__name__", "A_b" };
	static const char *const bad[] = { "", "9a", "a.b", "a-b", "\xc3\xa9", "a b" };
	static const char *const bad_tenant[] = { "",	 ".",	   "..",  "a/b",
						  "a|b", "~lokid", "a b", "\xc3\xa9" };
	char longest[TENANT_MAX + 2];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(labels_check_name(bytes_str(good[i]), &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(labels_check_name(bytes_str(bad[i]), &e), -1);
	for (size_t i = 0; i < sizeof(bad_tenant) / sizeof(bad_tenant[0]); i++)
		assert_int_equal(labels_check_tenant(bytes_str(bad_tenant[i]), &e), -1);
	assert_int_equal(labels_check_tenant(bytes_str("team-a!_.*'()9"), &e), 0);
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(labels_check_tenant(bytes_of(longest, TENANT_MAX), &e), 0);
	assert_int_equal(labels_check_tenant(bytes_of(longest, TENANT_MAX + 1), &e), -1);
}

static void too_many_labels_are_refused(void **state)
{
	static struct label v[LABELS_MAX + 1];
	static char name[LABELS_MAX + 1][8];
	struct labels l = { v, LABELS_MAX + 1 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < l.n; i++) {
		int n = snprintf(name[i], sizeof(name[i]), "l%zu", i);

		v[i] = (struct label){ bytes_of(name[i], (size_t)n), bytes_str("x") };
	}
	assert_int_equal(labels_normalize(&l, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void quotes_are_gos(void **state)
{
	struct buf b = { 0 };

	(void)state;
	quote_add(&b, bytes_of("a\"\\\n\x01\xff\xc2\xa0\xc3\xa9", 10));
	assert_bytes(buf_bytes(&b), "\"a\\\"\\\\\\n\\x01\\xff\\u00a0\xc3\xa9\"");
	buf_reset(&b);
	assert_int_equal(quote_scan(bytes_str("\"\\x41\\101\\u00e9\\U0001F600\\a\" rest"), &b), 28);
	assert_bytes(buf_bytes(&b), "AA\xc3\xa9\xf0\x9f\x98\x80\a");
	buf_reset(&b);
	assert_int_equal(quote_scan(bytes_str("`a\\n\n`"), &b), 6);
	assert_bytes(buf_bytes(&b), "a\\n\n");
	assert_int_equal(quote_scan(bytes_str("\"a\nb\""), &b), 0);
	assert_int_equal(quote_scan(bytes_str("\"a"), &b), 0);
	assert_int_equal(quote_scan(bytes_str("\"\\ud800\""), &b), 0);
	assert_int_equal(quote_scan(bytes_str("\"\\"), &b), 0);
	assert_int_equal(quote_scan(bytes_str("'a'"), &b), 0);
	buf_release(&b);
}

/* Up to three of the names a, aa, b, with values whose length takes a byte or two. */
static struct labels random_set(uint64_t *seed, struct arena *a)
{
	static const struct bytes names[] = { BYTES_LIT("a"), BYTES_LIT("aa"), BYTES_LIT("b") };
	static const char l127[127] = "l", l128[128] = "l", m128[128] = "m";
	static const struct bytes values[] = { BYTES_LIT("1"), BYTES_LIT("11"),
					       BYTES_LIT("2"), BYTES_LIT("\xc3\xa4"),
					       { l127, 127 },  { l128, 128 },
					       { m128, 128 } };
	struct labels l = { arena_alloc(a, 3 * sizeof(*l.v)), 0 };

	for (size_t i = 0; i < 3; i++)
		if (rnd_below(seed, 2))
			l.v[l.n++] = (struct label){ names[i], values[rnd_below(seed, 7)] };
	return l;
}

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

static void binary_forms_are_in_the_same_order(void **state)
{
	struct arena a = { 0 };
	struct buf b[2] = { { 0 }, { 0 } };
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct labels x = random_set(&seed, &a), y = random_set(&seed, &a);

		for (int k = 0; k < 2; k++) {
			buf_reset(&b[k]);
			labels_encode(&b[k], k ? &y : &x);
		}
		assert_int_equal(sign(labels_cmp_binary(buf_bytes(&b[0]), buf_bytes(&b[1]))),
				 sign(labels_cmp(&x, &y)));
		arena_reset(&a);
	}
	buf_release(&b[0]);
	buf_release(&b[1]);
	arena_release(&a);
}

/* From where both are the same up to, or from a place before. */
static void keys_are_in_the_order_of_sets(void **state)
{
	struct arena a = { 0 };
	struct buf b[2] = { { 0 }, { 0 } };
	uint64_t seed = 2;
	int decided = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct labels x = random_set(&seed, &a), y = random_set(&seed, &a);
		struct labels_place at;
		uint64_t key[2];
		int order = sign(labels_cmp(&x, &y));

		for (int k = 0; k < 2; k++) {
			buf_reset(&b[k]);
			labels_encode(&b[k], k ? &y : &x);
		}
		at = labels_differ(buf_bytes(&b[0]), buf_bytes(&b[1]));
		if (order == 0)
			assert_int_equal(at.strings, 2 * x.n);
		if (at.bytes && rnd_below(&seed, 2))
			at.bytes = (uint32_t)rnd_below(&seed, at.bytes);
		for (int k = 0; k < 2; k++)
			key[k] = labels_key(buf_bytes(&b[k]), at);
		decided += key[0] != key[1];
		if (key[0] != key[1])
			assert_int_equal(key[0] < key[1] ? -1 : 1, order);
		arena_reset(&a);
	}
	assert_true(decided > 10000);
	buf_release(&b[0]);
	buf_release(&b[1]);
	arena_release(&a);
}

/* Without a regex being made: what one that is would say, of any bytes. */
static void anything_is_what_the_regexes_say(void **state)
{
	static const char *const values[] = { "",   "a",	"two\nlines",
					      "\n", "\xff\xfe", "\xe2\x82\xac" };
	static const char *const regexes[] = { ".*", ".+" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct regex *r = regex_new(bytes_str(regexes[i]), REGEX_ANCHORED, &e);
		struct matcher is, is_not, pcre;

		assert_non_null(r);
		assert_int_equal(
			matcher_init(&is, MATCH_RE, BYTES_LIT("n"), bytes_str(regexes[i]), 0, &e),
			0);
		assert_int_equal(matcher_init(&is_not, MATCH_NRE, BYTES_LIT("n"),
					      bytes_str(regexes[i]), 0, &e),
				 0);
		assert_int_equal(matcher_init(&pcre, MATCH_RE, BYTES_LIT("n"),
					      bytes_str(regexes[i]), REGEX_PCRE, &e),
				 0);
		assert_null(is.re);
		assert_non_null(pcre.re); /* whose . is not any byte */
		for (size_t k = 0; k < sizeof(values) / sizeof(*values); k++) {
			bool fits = regex_match(r, bytes_str(values[k]), NULL, NULL) == 1;

			assert_int_equal(matcher_match_value(&is, bytes_str(values[k])), fits);
			assert_int_equal(matcher_match_value(&is_not, bytes_str(values[k])), !fits);
		}
		matcher_release(&is);
		matcher_release(&is_not);
		matcher_release(&pcre);
		regex_free(r);
	}
}

/* Files hold ids: they are hashes of what is written of the set, however long it is. */
static void ids_are_of_the_binary_form(void **state)
{
	static char long_value[3000];

	(void)state;
	memset(long_value, 'v', sizeof(long_value));
	for (size_t n = 0; n < sizeof(long_value); n++) {
		struct label v[] = { { BYTES_LIT("app"), bytes_of(long_value, n / 3) },
				     { BYTES_LIT("host"), bytes_of(long_value, n) } };
		struct labels l = { v, 2 };
		struct buf b = { 0 };
		struct hash128 want, is = labels_stream_id(BYTES_LIT("t"), &l);

		buf_add_bytes(&b, bytes_of("t", 2));
		labels_encode(&b, &l);
		want = hash128(buf_bytes(&b));
		assert_int_equal(hash128_cmp(&is, &want), 0);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything_is_what_the_regexes_say),
		cmocka_unit_test(binary_forms_are_in_the_same_order),
		cmocka_unit_test(keys_are_in_the_order_of_sets),
		cmocka_unit_test(a_set_has_one_text_whatever_its_spelling),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(random_sets_come_back_in_every_form),
		cmocka_unit_test(names_and_tenants_are_lokis),
		cmocka_unit_test(too_many_labels_are_refused),
		cmocka_unit_test(quotes_are_gos),
		cmocka_unit_test(ids_are_of_the_binary_form),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
