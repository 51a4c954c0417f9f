/* What a hold file says: lines that are right, lines that are not, and what is held by them. */
#include "unit.h"

#include "retention/hold.h"
#include "store/store.h"
#include "time/time.h"

static struct hold *parse(const char *text)
{
	struct err e = { 0 };
	struct hold *h = hold_parse(bytes_str(text), "hold", &e);

	if (!h)
		fail_msg("%s", e.msg);
	return h;
}

static bool holds(const struct hold *h, const char *tenant, const char *app, int64_t from,
		  int64_t through)
{
	struct label v[] = { { BYTES_LIT("app"), bytes_str(app) } };
	struct labels l = { v, 1 };

	return hold_has(h, bytes_str(tenant), &l, from, through);
}

static void lines_hold_what_they_say(void **state)
{
	struct hold *h = parse("# of the court\n"
			       "\n"
			       "acme {app=\"pay\"} 2026-01-01 2026-02-01T00:00:00Z\r\n"
			       "   {app=~\"a}b|`c\"}\n"
			       "beta {app=`x}\\`} 1700000000 1700000001");
	int64_t jan, feb;
	struct err e;

	(void)state;
	assert_int_equal(0, time_parse(BYTES_LIT("2026-01-01"), 0, &jan, &e));
	assert_int_equal(0, time_parse(BYTES_LIT("2026-02-01"), 0, &feb, &e));
	assert_true(holds(h, "acme", "pay", jan, jan));
	assert_true(holds(h, "acme", "pay", feb, feb + 5));
	assert_true(holds(h, "acme", "pay", INT64_MIN, INT64_MAX));
	assert_false(holds(h, "acme", "pay", jan - 5, jan - 1));
	assert_false(holds(h, "acme", "pay", feb + 1, feb + 2));
	assert_false(holds(h, "acme", "web", jan, jan));
	assert_false(holds(h, "other", "pay", jan, jan));
	assert_true(holds(h, "any", "a}b", 0, 0));
	assert_true(holds(h, "any", "`c", INT64_MAX, INT64_MAX));
	assert_true(holds(h, "beta", "x}\\", 1700000000 * NS_PER_S, 1700000000 * NS_PER_S));
	assert_true(hold_has_tenant(h, BYTES_LIT("nobody")));
	hold_free(h);
}

static void a_day_is_held_to_its_end(void **state)
{
	struct hold *h = parse("acme {app=\"pay\"} 2026-11-13 2026-11-13\n"
			       "acme {app=\"web\"} 2026-11-13T00:00:00Z 2026-11-13T00:00:00Z\n"
			       "acme {app=\"old\"} 2026-11-13 9999-12-31\n");
	int64_t day, next;
	struct err e;

	(void)state;
	assert_int_equal(0, time_parse(BYTES_LIT("2026-11-13"), 0, &day, &e));
	assert_int_equal(0, time_parse(BYTES_LIT("2026-11-14"), 0, &next, &e));
	assert_true(holds(h, "acme", "pay", day, day));
	assert_true(holds(h, "acme", "pay", next - 1, next - 1));
	assert_false(holds(h, "acme", "pay", next, next));
	assert_false(holds(h, "acme", "pay", day - 1, day - 1));
	assert_true(holds(h, "acme", "web", day, day));
	assert_false(holds(h, "acme", "web", day + 1, day + 1));
	assert_true(holds(h, "acme", "old", INT64_MAX, INT64_MAX));
	hold_free(h);
}

static void nothing_is_held_by_nothing(void **state)
{
	struct hold *h = parse(" \n# all is well\n");

	(void)state;
	assert_false(hold_has_tenant(h, BYTES_LIT("acme")));
	assert_false(holds(h, "acme", "pay", 0, 0));
	hold_free(h);
	h = parse("acme {app=\"pay\"}");
	assert_true(hold_has_tenant(h, BYTES_LIT("acme")));
	assert_false(hold_has_tenant(h, BYTES_LIT("acm")));
	hold_free(h);
}

static void wrong_lines_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "\nacme\n", "'hold': line 2: expected a selector" },
		{ "acme {app=\"pay\"\n", "line 1: expected a selector" },
		{ "{app=\"pay}\n", "line 1: expected a selector" },
		{ "{app=}\n", "line 1: " },
		{ "a~b {app=\"pay\"}\n", "line 1: " },
		{ "{app=\"pay\"} 2026-01-01\n", "expected two times" },
		{ "{app=\"pay\"} 2026-01-01 2026-01-02 2026-01-03\n", "expected two times" },
		{ "{app=\"pay\"} 2026-01-01 soon\n", "line 1: " },
		{ "{app=\"pay\"} -1h now\n",
		  "expected a time as 2026-01-15T10:00:00Z, a day or Unix seconds, found '-1h'" },
		{ "{app=\"pay\"} 2026-01-02 2026-01-01\n", "it ends before it begins" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err e = { 0 };

		assert_null(hold_parse(bytes_str(wrong[i].text), "hold", &e));
		assert_int_equal(e.code, ERR_USAGE);
		if (!strstr(e.msg, wrong[i].why))
			fail_msg("'%s': %s", wrong[i].text, e.msg);
	}
}

static void the_file_is_the_stores_or_a_named_one(void **state)
{
	char *folder = new_folder();
	struct store *s;
	struct hold *h;
	struct err e = { 0 };

	(void)state;
	s = store_open(folder, STORE_WRITE, &e);
	assert_non_null(s);
	h = hold_load(NULL, s, &e);
	assert_non_null(h);
	assert_false(hold_has_tenant(h, BYTES_LIT("acme")));
	hold_free(h);
	assert_int_equal(0, store_put_named(s, HOLD_OF_STORE, BYTES_LIT("acme {app=\"pay\"}\n"),
					    STORE_PUT_ANY, &e));
	h = hold_load(NULL, s, &e);
	assert_non_null(h);
	assert_true(holds(h, "acme", "pay", 0, 0));
	hold_free(h);
	assert_null(hold_load("/nowhere/hold", s, &e));
	assert_int_equal(e.code, ERR_IO);
	store_close(s);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_hold_what_they_say),
		cmocka_unit_test(a_day_is_held_to_its_end),
		cmocka_unit_test(nothing_is_held_by_nothing),
		cmocka_unit_test(wrong_lines_are_refused),
		cmocka_unit_test(the_file_is_the_stores_or_a_named_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
