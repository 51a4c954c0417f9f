/* What is expected of sources: how it is written, and shares that are exact. */
#include "unit.h"

#include "query/expected.h"

static void shares_are_read(void **unused)
{
	static const struct {
		const char *text;
		uint64_t num, den; /* 0: refused */
	} cases[] = {
		{ "0.95", 95, 100 },
		{ "95%", 95, 100 },
		{ "99.9%", 999, 1000 },
		{ "1", 1, 1 },
		{ "0", 0, 1 },
		{ "100%", 100, 100 },
		{ ".5", 5, 10 },
		{ "1.", 1, 1 },
		{ "1.00000000000000", UINT64_C(100000000000000), UINT64_C(100000000000000) },
		{ "1.000000000000000", 0, 0 },
		{ "1.1", 0, 0 },
		{ "101%", 0, 0 },
		{ "-0.5", 0, 0 },
		{ "", 0, 0 },
		{ ".", 0, 0 },
		{ "%", 0, 0 },
		{ "0.9.5", 0, 0 },
		{ "95 %", 0, 0 },
		{ "1e-1", 0, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct share s = { 7, 7 };
		struct err e;
		int rc = share_read(bytes_str(cases[i].text), &s, &e);

		if (cases[i].den == 0) {
			assert_int_equal(rc, -1);
			assert_int_equal(e.code, ERR_USAGE);
			assert_int_equal(s.num, 7);
			continue;
		}
		assert_int_equal(rc, 0);
		/* 95% of a whole, whatever stands under it */
		assert_true(s.num * cases[i].den == cases[i].num * s.den || s.num > UINT32_MAX);
	}
}

static void comparing_is_exact(void **unused)
{
	const struct share nines = { 999999999999999, 1000000000000000 };
	const struct share p95 = { 95, 100 }, all = { 1, 1 }, none = { 0, 1 };

	(void)unused;
	assert_false(expected_is_short(95, 100, p95));
	assert_true(expected_is_short(94, 100, p95));
	assert_false(expected_is_short(19, 20, p95));
	assert_false(expected_is_short(0, 0, p95));
	assert_false(expected_is_short(0, 0, all));
	assert_false(expected_is_short(0, 100, none));
	assert_false(expected_is_short(200, 100, all));
	assert_true(expected_is_short(INT64_MAX - 1, INT64_MAX, all));
	assert_false(expected_is_short(INT64_MAX, INT64_MAX, all));
	assert_false(
		expected_is_short(UINT64_C(999999999999999), UINT64_C(1000000000000000), nines));
	assert_true(
		expected_is_short(UINT64_C(999999999999998), UINT64_C(1000000000000000), nines));
}

static void ratios_are_rounded_down(void **unused)
{
	static const struct {
		uint64_t stored, expected;
		const char *text;
	} cases[] = {
		{ 0, 0, "1" },	      { 0, 5, "0" },
		{ 5, 5, "1" },	      { 95, 100, "0.95" },
		{ 2, 3, "0.666666" }, { 949999999, 1000000000, "0.949999" },
		{ 10, 4, "2.5" },     { INT64_MAX, 1, "9223372036854775807" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };

		expected_add_ratio(&b, cases[i].stored, cases[i].expected);
		assert_string_equal(buf_str(&b), cases[i].text);
		buf_release(&b);
	}
}

static void sources_are_read(void **unused)
{
	static const char text[] = "source,expected\n"
				   "web,10\n"
				   "# a comment\n"
				   "\n"
				   "\"a, \"\"b\"\"\",5\r\n"
				   "{app=\"x\", n=~\"1,2\"},7\n"
				   "{\"source\":\"web\",\"expected\":3}\n"
				   "{\"expected\":0,\"more\":[1],\"source\":\"{n=\\\"1\\\"}\"}\n"
				   "db , 2";
	struct expected x = { 0 };
	struct err e;

	(void)unused;
	assert_int_equal(0, expected_read(bytes_str(text), BYTES_LIT("job"), &x, &e));
	assert_int_equal(x.n, 5);
	assert_true(bytes_is(x.v[0].name, "web") && x.v[0].expected == 13);
	assert_true(bytes_is(x.v[0].selector, "{job=\"web\"}"));
	assert_true(bytes_is(x.v[1].selector, "{job=\"a, \\\"b\\\"\"}") && x.v[1].expected == 5);
	assert_true(bytes_is(x.v[2].selector, "{app=\"x\", n=~\"1,2\"}") && x.v[2].expected == 7);
	assert_true(bytes_is(x.v[3].selector, "{n=\"1\"}") && x.v[3].expected == 0);
	assert_true(bytes_is(x.v[4].name, "db") && x.v[4].expected == 2);
	expected_release(&x);
}

static void what_is_none_is_refused(void **unused)
{
	static const struct {
		const char *text;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ "web", ERR_CORRUPT, "line 1: expected SOURCE,NUMBER" },
		{ "a,1\nweb,x", ERR_CORRUPT, "line 2: expected SOURCE,NUMBER" },
		{ "a,1\nsource,expected", ERR_CORRUPT, "line 2: expected SOURCE,NUMBER" },
		{ "a,-1", ERR_CORRUPT, "line 1: expected SOURCE,NUMBER" },
		{ "a,1.5", ERR_CORRUPT, "line 1: expected SOURCE,NUMBER" },
		{ "\"a,1", ERR_CORRUPT, "line 1: expected SOURCE,NUMBER" },
		{ "\"a\"x,1", ERR_CORRUPT, "line 1: expected SOURCE,NUMBER" },
		{ "\"a\"", ERR_CORRUPT, "line 1: expected SOURCE,NUMBER" },
		{ ",1", ERR_CORRUPT, "line 1: the source is empty" },
		{ "\"\",1", ERR_CORRUPT, "line 1: the source is empty" },
		{ "{}", ERR_CORRUPT, "line 1: expected {\"source\":\"...\",\"expected\":N}" },
		{ "{\"source\":\"a\"}", ERR_CORRUPT,
		  "line 1: expected {\"source\":\"...\",\"expected\":N}" },
		{ "{\"source\":1,\"expected\":1}", ERR_CORRUPT,
		  "line 1: expected {\"source\":\"...\",\"expected\":N}" },
		{ "{\"source\":\"a\",\"expected\":\"1\"}", ERR_CORRUPT,
		  "line 1: expected {\"source\":\"...\",\"expected\":N}" },
		{ "{\"source\":\"a\",\"expected\":1} x", ERR_CORRUPT,
		  "line 1: expected {\"source\":\"...\",\"expected\":N}" },
		{ "{\"source\":\"a\",\"expected\":1", ERR_CORRUPT,
		  "line 1: expected {\"source\":\"...\",\"expected\":N}" },
		{ "a,9223372036854775807\nb,1", ERR_LIMIT, "line 2: too many lines are expected" },
		{ "a,18446744073709551615", ERR_LIMIT, "line 1: too many lines are expected" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expected x = { 0 };
		struct err e = { 0 };

		assert_int_equal(-1,
				 expected_read(bytes_str(cases[i].text), BYTES_LIT("job"), &x, &e));
		assert_int_equal(e.code, cases[i].code);
		assert_string_equal(e.msg, cases[i].message);
		expected_release(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_read),	   cmocka_unit_test(comparing_is_exact),
		cmocka_unit_test(ratios_are_rounded_down), cmocka_unit_test(sources_are_read),
		cmocka_unit_test(what_is_none_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
