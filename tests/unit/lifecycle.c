/* Rules of a bucket: ours take the place of ours, however a server spells them; those of others
 * stay. */
#include "unit.h"

#include "compact/lifecycle.h"

#define CONFIG(rules)                                                                      \
	"<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" rules \
	"</LifecycleConfiguration>"
#define OTHERS                                                                                 \
	"<Rule><ID>theirs</ID><Status>Enabled</Status></Rule><Rule><Status>Enabled</Status></" \
	"Rule>"
#define OURS "<Rule><ID>lokid a/o&#39;neil &#38; co/</ID><Days>30</Days></Rule>"

static void merged_is(const char *old, const char *wanted, size_t n_others)
{
	const struct bytes rule = BYTES_LIT(OURS);
	struct buf b = { 0 };
	struct err e;
	size_t others;

	assert_int_equal(lifecycle_merge(bytes_str(old), &rule, 1, &b, &others, &e), 0);
	assert_string_equal(buf_str(&b), wanted);
	assert_int_equal(others, n_others);
	buf_release(&b);
}

static void ours_is_replaced(void **state)
{
	(void)state;
	merged_is("", CONFIG(OURS), 0);
	merged_is(CONFIG(OURS), CONFIG(OURS), 0);
	merged_is(CONFIG(OTHERS), CONFIG(OTHERS OURS), 2);
	merged_is(CONFIG("<Rule><Days>7</Days><ID>lokid a/o'neil &amp; co/</ID></Rule>" OTHERS),
		  CONFIG(OTHERS OURS), 2);
	merged_is(CONFIG("<Rule><ID>lokid a/o&apos;neil &#x26; co/</ID></Rule>"), CONFIG(OURS), 0);
}

static void other_forms_are_refused(void **state)
{
	static const char *const bad[] = {
		"no XML",
		"<LifecycleConfiguration>",
		CONFIG("<Rule a=\"b\"><ID>x</ID></Rule>"),
		CONFIG("<!-- <Rule></Rule> -->"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct bytes rule = BYTES_LIT(OURS);
		struct buf b = { 0 };
		struct err e;
		size_t others;

		assert_int_equal(lifecycle_merge(bytes_str(bad[i]), &rule, 1, &b, &others, &e), -1);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_is_replaced),
		cmocka_unit_test(other_forms_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
