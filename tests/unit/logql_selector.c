/* Selectors as options give them. */
#include "unit.h"

#include "logql/selector.h"

static void matchers_match_whole_values(void **state)
{
	static const struct {
		const char *text;
		bool fits;
	} cases[] = { { "{}", true },
		      { "{app=\"web\"}", true },
		      { "{app=\"we\"}", false },
		      { "{app=~\"we.\"}", true },
		      { "{app=~\"w|e\"}", false },
		      { "{app!~\"x.*\", env!=\"dev\"}", true },
		      { "{none=\"\"}", true },
		      { "{none=~\".+\"}", false },
		      { "{ app = \"web\" , env =~ `pr.*` }", true },
		      { "{app!=\"web\"}", false } };
	static const char *const bad[] = { "",
					   "{",
					   "{app}",
					   "{app=web}",
					   "{app=\"a\"",
					   "{app=~\"(\"}",
					   "{app=\"a\"} x",
					   "{app==\"a\"}" };
	struct arena a = { 0 };
	struct labels l;
	struct matcher *m;
	struct err e = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(labels_parse_text(bytes_str("{app=\"web\",env=\"prod\"}"), &a, &l, &e), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(logql_matchers(bytes_str(cases[i].text), LOGQL_ANY_SELECTOR, &a,
						&m, &n, &e),
				 0);
		assert_int_equal(matcher_match_labels(m, n, &l), cases[i].fits);
		for (size_t k = 0; k < n; k++)
			matcher_release(&m[k]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			logql_matchers(bytes_str(bad[i]), LOGQL_ANY_SELECTOR, &a, &m, &n, &e), -1);
		assert_int_equal(e.code, ERR_QUERY);
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(matchers_match_whole_values) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
