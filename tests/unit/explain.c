/* explain: the tree as text and as JSON. */
#include "unit.h"

#include "query/explain.h"

static void is_text(const struct explain *x, const char *expected)
{
	struct buf b = { 0 };

	explain_print(x, &b);
	assert_string_equal(buf_str(&b), expected);
	buf_release(&b);
}

static struct explain_node *leaf(struct explain *x, const char *title, const char *cost)
{
	struct explain_node *n = explain_begin(x, "leaf");

	buf_add_str(&n->title, title);
	buf_add_str(&n->cost, cost);
	explain_end(x);
	return n;
}

static void nodes_stand_below_what_they_work_for(void **state)
{
	struct explain x;
	struct explain_node *n;

	(void)state;
	explain_init(&x, EXPLAIN_PLAN);
	n = explain_begin(&x, "root");
	buf_add_str(&n->title, "root");
	explain_note(n, "note %d", 1);
	explain_note(leaf(&x, "first", ""), "its note");
	n = explain_begin(&x, "node");
	buf_add_str(&n->title, "second");
	leaf(&x, "below", "");
	explain_end(&x);
	explain_end(&x);
	assert_ptr_equal(x.at, &x.root);
	explain_note(&x.root, "the end");
	explain_hint(&x, "ask %s", "less");
	explain_hint(&x, "ask %s", "less");
	is_text(&x, "root\n"
		    "| note 1\n"
		    "|-- first\n"
		    "|     its note\n"
		    "`-- second\n"
		    "    `-- below\n"
		    "the end\n"
		    "\n"
		    "hint: ask less\n");
	explain_release(&x);
}

static void lines_are_as_wide_as_a_terminal(void **state)
{
	static const char sixty[] = "aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa";
	char word[101];
	struct explain x;
	struct explain_node *n;

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	explain_init(&x, EXPLAIN_ANALYZE);
	n = leaf(&x, "title", "1.0 s  100%");
	explain_note(n, "%s bbbb cccc dddd eeee ffff", sixty);
	explain_note(n, "%s b", word); /* a word is never cut */
	explain_note(n, "%s \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 cccc dddd eeee ffff", sixty);
	leaf(&x, word, "2.0 s");
	is_text(&x,
		"title                                                                1.0 s  100%\n"
		"  aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa bbbb cccc dddd\n"
		"    eeee ffff\n"
		"  wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
		"wwwwwwwwwwwwwwwwwwwwwww\n"
		"    b\n"
		"  aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa "
		"\xc3\xa4\xc3\xa4\xc3\xa4"
		"\xc3\xa4 cccc dddd\n"
		"    eeee ffff\n"
		"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
		"wwwwwwwwwwwwwwwwwwwww\n"
		"                                                                           2.0 "
		"s\n");
	explain_release(&x);
}

static void json_has_the_figures(void **state)
{
	struct explain x;
	struct explain_node *n;
	struct buf b = { 0 };

	(void)state;
	explain_init(&x, EXPLAIN_ANALYZE);
	n = explain_begin(&x, "root");
	buf_add_str(&n->title, "a \"b\"");
	explain_number(n, "n", UINT64_MAX);
	explain_text(n, "text", BYTES_LIT("x\n\x01"));
	explain_seconds(n, "seconds", 1500000000);
	explain_note(n, "one");
	explain_note(n, "two");
	leaf(&x, "c", "");
	explain_end(&x);
	explain_number(&x.root, "all", 7);
	explain_print_json(&x, &b);
	assert_string_equal(
		buf_str(&b),
		"{\"plan\":[{\"kind\":\"root\",\"title\":\"a "
		"\\\"b\\\"\",\"n\":18446744073709551615,"
		"\"text\":\"x\\n\\u0001\",\"seconds\":1.500000000,\"notes\":[\"one\",\"two\"],"
		"\"children\":[{\"kind\":\"leaf\",\"title\":\"c\",\"notes\":[],\"children\":[]}]}],"
		"\"all\":7,\"notes\":[],\"hints\":[]}");
	buf_release(&b);
	explain_release(&x);
}

static void numbers_are_for_people(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} times[] = {
		{ 0, "0 us" }, { 999499, "999 us" }, { 1000000, "1.0 ms" }, { 1234000000, "1.23 s" }
	};
	static const struct {
		uint64_t n;
		const char *text;
	} counts[] = { { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1234567, "1,234,567" } };
	static const struct {
		double part, all;
		const char *text;
	} shares[] = { { 0, 0, "0%" },
		       { 1, 1000, "0.1%" },
		       { 99, 1000, "9.9%" },
		       { 1, 3, "33%" },
		       { 9999, 10000, "99.9%" } };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		buf_reset(&b);
		explain_add_time(&b, times[i].ns);
		assert_string_equal(buf_str(&b), times[i].text);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		buf_reset(&b);
		explain_add_count(&b, counts[i].n);
		assert_string_equal(buf_str(&b), counts[i].text);
	}
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		buf_reset(&b);
		explain_add_share(&b, shares[i].part, shares[i].all);
		assert_string_equal(buf_str(&b), shares[i].text);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_stand_below_what_they_work_for),
		cmocka_unit_test(lines_are_as_wide_as_a_terminal),
		cmocka_unit_test(json_has_the_figures),
		cmocka_unit_test(numbers_are_for_people),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
