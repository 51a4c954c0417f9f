/* json: scanning, quoting, base64. */
#include "unit.h"

#include "base/utf8.h"
#include "json/json.h"

static void members_are_found_by_name(void **state)
{
	static const struct bytes object =
		BYTES_LIT(" { \"a\" : 1 , \"b\":\"a\\\"\", \"c\":{\"d\":2},\"a\":3, \"d\":[]}");
	static const char *const none[] = {
		"",	 "[\"a\",1]",	     "{\"b\":1}", "{\"b\":1,}", "{\"b\":,\"a\":1}",
		"{a:1}", "{\"b\" 1,\"a\":1}"
	};
	struct bytes raw;

	(void)state;
	assert_true(json_member(object, "a", &raw));
	assert_bytes(raw, "1");
	assert_true(json_member(object, "b", &raw));
	assert_bytes(raw, "\"a\\\"\"");
	assert_true(json_member(object, "d", &raw)); /* not that of c */
	assert_bytes(raw, "[]");
	assert_false(json_member(object, "e", &raw));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(json_member(bytes_str(none[i]), "a", &raw));
}

static void values_are_delimited(void **state)
{
	static const struct {
		const char *text, *value;
	} good[] = { { " {\"a\":[1,2,{\"b\":\"}\"}]} x", "{\"a\":[1,2,{\"b\":\"}\"}]}" },
		     { "12.5e3,", "12.5e3" },
		     { "\"a\\\"b\\\\\"]", "\"a\\\"b\\\\\"" },
		     { "null}", "null" },
		     { "[]", "[]" } };
	static const char *const bad[] = { "", "{", "\"abc", "]", ",", "[\"a", "\"\\" };
	struct bytes raw;
	struct json_at j;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		j = json_start(bytes_str(good[i].text));
		assert_true(json_value(&j, &raw));
		assert_bytes(raw, good[i].value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		j = json_start(bytes_str(bad[i]));
		assert_false(json_value(&j, &raw));
	}
}

static void values_are_checked(void **state)
{
	static const char *const good[] = { "1",
					    " -0.5e+7 ",
					    "\"\"",
					    "\"a\\\"\\\\\\u00fF\\/\"",
					    "true",
					    "null\n",
					    "[]",
					    "{ }",
					    "[[],{},[1,\"]\"]]",
					    "{\"a\":{\"b\":[null , false]},\"a\":2}" };
	static const char *const bad[] = {
		"",	      "01",    "1.",	     "-",	    "+1",	"nul",
		"truex",      "\"a",   "\"\\x\"",    "\"\\u12g4\"", "\"\t\"",	"[1,]",
		"[,1]",	      "[1 2]", "[1}",	     "{\"a\"}",	    "{\"a\":}", "{a:1}",
		"{\"a\":1,}", "{1:2}", "[",	     "[1",	    "{\"a\":1", "]",
		"1 2",	      "[] ]",  "{} garbage", "'a'",	    "NaN",	"\"\\u123\""
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!json_is_value(bytes_str(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (json_is_value(bytes_str(bad[i])))
			fail_msg("%s", bad[i]);
	assert_false(json_is_value(bytes_of("\"a\0\"", 4)));
	assert_false(json_is_value(bytes_of("\0", 1)));
}

static void deep_nesting_is_refused(void **state)
{
	struct buf b = { 0 };
	struct bytes raw;
	struct json_at j;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add_char(&b, '[');
	j = json_start(buf_bytes(&b));
	assert_false(json_value(&j, &raw));
	buf_release(&b);
}

static void escapes_are_resolved(void **state)
{
	static const struct {
		const char *raw, *text;
	} good[] = { { "a\\n\\t\\\"\\\\\\/\\b\\f\\r", "a\n\t\"\\/\b\f\r" },
		     { "\\u00e9\\u2713", "\xc3\xa9\xe2\x9c\x93" },
		     { "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		     { "\\ud83dx", "\xef\xbf\xbdx" } };
	static const char *const bad[] = { "\\", "\\x41", "\\u12", "\\u12g4" };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		buf_reset(&b);
		assert_true(json_unescape(bytes_str(good[i].raw), &b));
		assert_bytes(buf_bytes(&b), good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(json_unescape(bytes_str(bad[i]), &b));
	buf_release(&b);
}

/* Wherever a byte stands, among bytes that are looked at together. */
static void each_byte_is_quoted_at_each_place(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 40; n++) {
		for (size_t at = 0; at < n; at++) {
			for (unsigned c = 0; c < 0x80; c++) {
				char text[40];
				struct buf quoted = { 0 }, expected = { 0 };

				memset(text, at % 2 ? ' ' : '~', n);
				text[at] = (char)c;
				buf_add_char(&expected, '"');
				buf_add(&expected, text, at);
				if (c == '"' || c == '\\')
					buf_addf(&expected, "\\%c", c);
				else if (c >= 0x20)
					buf_add_char(&expected, (char)c);
				else if (c == '\n' || c == '\r' || c == '\t')
					buf_addf(&expected, "\\%c",
						 c == '\n'   ? 'n'
						 : c == '\r' ? 'r'
							     : 't');
				else
					buf_addf(&expected, "\\u%04x", c);
				buf_add(&expected, text + at + 1, n - at - 1);
				buf_add_char(&expected, '"');
				json_add_quoted(&quoted, bytes_of(text, n));
				assert_string_equal(buf_str(&quoted), buf_str(&expected));
				buf_release(&quoted);
				buf_release(&expected);
			}
		}
	}
}

static void any_text_is_quoted_and_comes_back(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf text = { 0 }, quoted = { 0 }, back = { 0 };
		struct bytes raw;
		bool escaped;
		struct json_at j;

		/* Long ones are written in pieces. */
		for (size_t n = rnd_below(&seed, i % 200 ? 20 : 9000); n > 0; n--)
			utf8_add(&text, rnd(&seed) & 1 ? (uint32_t)rnd_below(&seed, 0x80)
						       : (uint32_t)rnd_below(&seed, 0xd800));
		json_add_quoted(&quoted, buf_bytes(&text));
		j = json_start(buf_bytes(&quoted));
		assert_true(json_string(&j, &raw, &escaped));
		assert_ptr_equal(j.p, j.end);
		assert_true(json_unescape(raw, &back));
		assert_true(bytes_eq(buf_bytes(&text), buf_bytes(&back)));
		buf_release(&text);
		buf_release(&quoted);
		buf_release(&back);
	}
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	struct buf b = { 0 };

	(void)state;
	json_add_quoted(&b, bytes_str("a\xff"
				      "b\x01"));
	assert_bytes(buf_bytes(&b), "\"a\xef\xbf\xbd"
				    "b\\u0001\"");
	buf_release(&b);
}

static void base64_comes_back(void **state)
{
	uint64_t seed = 8;
	struct buf b = { 0 };

	(void)state;
	base64_add(&b, bytes_str("hello!!"));
	assert_bytes(buf_bytes(&b), "aGVsbG8hIQ==");
	for (int i = 0; i < 10000; i++) {
		char data[40];
		size_t n = rnd_below(&seed, sizeof(data));
		struct buf text = { 0 }, back = { 0 };

		for (size_t k = 0; k < n; k++)
			data[k] = (char)rnd(&seed);
		base64_add(&text, bytes_of(data, n));
		assert_true(base64_decode(buf_bytes(&text), &back));
		assert_true(bytes_eq(buf_bytes(&back), bytes_of(data, n)));
		buf_release(&text);
		buf_release(&back);
	}
	assert_false(base64_decode(bytes_str("a"), &b));
	assert_false(base64_decode(bytes_str("ab!d"), &b));
	assert_false(base64_decode(bytes_str("=="), &b));
	assert_true(base64_decode(bytes_str("aGk"), &b)); /* no padding */
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_name),
		cmocka_unit_test(values_are_delimited),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(escapes_are_resolved),
		cmocka_unit_test(each_byte_is_quoted_at_each_place),
		cmocka_unit_test(any_text_is_quoted_and_comes_back),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(base64_comes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
