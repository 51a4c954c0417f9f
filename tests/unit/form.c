/* Parameters as Go's net/url has them. */
#include "unit.h"

#include "http/form.h"

static struct form parse(struct arena *a, const char *text)
{
	struct form f = { 0 };
	struct err e;

	assert_int_equal(0, form_parse(bytes_str(text), a, &f, &e));
	return f;
}

static void pairs_are_taken_apart(void **state)
{
	struct arena a = { 0 };
	struct form f = parse(&a, "a=1&b=x+y%20z%2B&&c&=e&a=2&d=&e==&%61%3D=%26&");

	(void)state;
	assert_int_equal(8, f.n);
	assert_bytes(f.v[0].name, "a");
	assert_bytes(f.v[0].value, "1");
	assert_bytes(form_get(&f, "a"), "1");
	assert_bytes(form_get(&f, "b"), "x y z+");
	assert_bytes(form_get(&f, "c"), "");
	assert_non_null(form_get(&f, "c").p);
	assert_null(form_text(&f, "c").p);
	assert_bytes(form_get(&f, ""), "e");
	assert_bytes(form_get(&f, "d"), "");
	assert_bytes(form_get(&f, "e"), "=");
	assert_bytes(form_get(&f, "a="), "&");
	assert_bytes(form_text(&f, "a="), "&");
	assert_null(form_get(&f, "x").p);
	assert_int_equal(0, parse(&a, "").n);
	assert_int_equal(0, parse(&a, "&&&").n);
	arena_release(&a);
}

static void a_second_text_is_appended(void **state)
{
	struct arena a = { 0 };
	struct form f = parse(&a, "a=1");
	struct err e;

	(void)state;
	assert_int_equal(0, form_parse(BYTES_LIT("b=2&a=3"), &a, &f, &e));
	assert_int_equal(3, f.n);
	assert_bytes(form_get(&f, "a"), "1");
	assert_bytes(form_get(&f, "b"), "2");
	arena_release(&a);
}

static void bytes_of_any_kind_are_kept(void **state)
{
	struct arena a = { 0 };
	struct form f = parse(&a, "a=%00%ff\xe9");

	(void)state;
	assert_int_equal(3, f.v[0].value.n);
	assert_memory_equal("\0\xff\xe9", f.v[0].value.p, 3);
	arena_release(&a);
}

static void refusals_have_the_words_of_go(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "a=%zz", "invalid URL escape \"%zz\"" },
		{ "a=%zzz", "invalid URL escape \"%zz\"" },
		{ "a=%", "invalid URL escape \"%\"" },
		{ "a=%2", "invalid URL escape \"%2\"" },
		{ "a=%2&b", "invalid URL escape \"%2\"" },
		{ "%q=%zz", "invalid URL escape \"%q\"" },
		{ "a=%zz&b=%yy", "invalid URL escape \"%zz\"" },
		{ "a=%\"x", "invalid URL escape \"%\\\"x\"" },
		{ "a=%\n1", "invalid URL escape \"%\\n1\"" },
		{ "a;b", "invalid semicolon separator in query" },
		{ "a=b;c=d", "invalid semicolon separator in query" },
		{ ";", "invalid semicolon separator in query" },
		{ "a=%zz&b;c", "invalid semicolon separator in query" },
		{ "b;c&a=%zz", "invalid semicolon separator in query" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct form f = { 0 };
		struct err e;

		assert_int_equal(-1, form_parse(bytes_str(bad[i].text), &a, &f, &e));
		assert_int_equal(ERR_USAGE, e.code);
		assert_string_equal(bad[i].message, e.msg);
		assert_int_equal(0, f.n);
	}
	assert_int_equal(1, parse(&a, "a=%3B").n);
	arena_release(&a);
}

static void there_is_a_limit(void **state)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct form f = { 0 };
	struct err e;

	(void)state;
	for (int i = 0; i < FORM_VALUES_MAX; i++)
		buf_add_str(&b, "a=1&");
	assert_int_equal(0, form_parse(buf_bytes(&b), &a, &f, &e));
	assert_int_equal(FORM_VALUES_MAX, f.n);
	assert_int_equal(-1, form_parse(BYTES_LIT("b"), &a, &f, &e));
	assert_int_equal(ERR_LIMIT, e.code);
	assert_string_equal("1001 parameters: at most 1000 are taken", e.msg);
	assert_int_equal(FORM_VALUES_MAX, f.n);
	buf_release(&b);
	arena_release(&a);
}

static void paths_keep_their_plus(void **state)
{
	struct arena a = { 0 };
	struct bytes b;
	struct err e;

	(void)state;
	assert_int_equal(0, form_unescape_path(BYTES_LIT("a+b%2Fc%20"), &a, &b, &e));
	assert_bytes(b, "a+b/c ");
	assert_int_equal(0, form_unescape_path(BYTES_LIT(""), &a, &b, &e));
	assert_bytes(b, "");
	assert_int_equal(-1, form_unescape_path(BYTES_LIT("a%g1"), &a, &b, &e));
	assert_string_equal("invalid URL escape \"%g1\"", e.msg);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_taken_apart),
		cmocka_unit_test(a_second_text_is_appended),
		cmocka_unit_test(bytes_of_any_kind_are_kept),
		cmocka_unit_test(refusals_have_the_words_of_go),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(paths_keep_their_plus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
