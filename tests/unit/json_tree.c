/* JSON as a tree: what is taken, and where what is not stands. */
#include "unit.h"

#include <time.h>

#include "json/tree.h"

static void every_node_knows_its_place(void **unused)
{
	static const char text[] =
		"\xef\xbb\xbf{ \"a\\u0062\": [1, -2.5e+3, true,\n\tnull, \"\\n\"],\n"
		"  \"c\": {} }\n";
	struct arena mem = { 0 };
	struct json_node n;
	const struct json_node *v;
	struct err e;

	(void)unused;
	assert_int_equal(0, json_tree_parse(bytes_str(text), "f", &mem, &n, &e));
	assert_int_equal(JSON_OBJECT, n.type);
	assert_int_equal(2, n.n);
	v = json_tree_get(&n, "ab");
	assert_non_null(v);
	assert_int_equal(5, v->n);
	assert_bytes(v->item[1].text, "-2.5e+3");
	assert_int_equal(JSON_BOOL, v->item[2].type);
	assert_int_equal(JSON_NULL, v->item[3].type);
	assert_int_equal(2, v->item[3].line);
	assert_int_equal(2, v->item[3].col);
	assert_bytes(v->item[4].text, "\n");
	v = json_tree_get(&n, "c");
	assert_int_equal(3, v->line);
	assert_int_equal(8, v->col);
	assert_null(json_tree_get(v, "c"));
	assert_null(json_tree_get(&n, "d"));
	assert_null(json_tree_get(&json_tree_get(&n, "ab")->item[0], "d"));
	arena_release(&mem);
}

static void is_refused(const char *text, enum err_code code, const char *message)
{
	struct arena mem = { 0 };
	struct json_node n;
	struct err e;

	assert_int_equal(-1, json_tree_parse(bytes_str(text), "f", &mem, &n, &e));
	assert_string_equal(message, e.msg);
	assert_int_equal(code, e.code);
	arena_release(&mem);
}

static void what_is_no_json_is_refused(void **unused)
{
	struct buf deep = { 0 }, many = { 0 };

	(void)unused;
	is_refused("", ERR_CORRUPT, "f:1:1: expected a value, found the end");
	is_refused("\n\n 01", ERR_CORRUPT, "f:3:2: expected a value, found '0'");
	is_refused("-", ERR_CORRUPT, "f:1:1: expected a value, found '-'");
	is_refused("1.", ERR_CORRUPT, "f:1:1: expected a value, found '1'");
	is_refused("1e", ERR_CORRUPT, "f:1:1: expected a value, found '1'");
	is_refused("truex", ERR_CORRUPT, "f:1:1: expected a value, found 't'");
	is_refused("NaN", ERR_CORRUPT, "f:1:1: expected a value, found 'N'");
	is_refused("[1 2]", ERR_CORRUPT, "f:1:4: expected ',' or ']', found '2'");
	is_refused("[1,]", ERR_CORRUPT, "f:1:4: expected a value, found ']'");
	is_refused("{\"a\" 1}", ERR_CORRUPT, "f:1:6: expected ':', found '1'");
	is_refused("{a:1}", ERR_CORRUPT, "f:1:2: expected a name in quotes, found 'a'");
	is_refused("{\"a\":1,}", ERR_CORRUPT, "f:1:8: expected a name in quotes, found '}'");
	is_refused("{\"a\":1]", ERR_CORRUPT, "f:1:7: expected ',' or '}', found ']'");
	is_refused("[\n\"abc", ERR_CORRUPT, "f:2:1: a string that does not end");
	is_refused("\"a\tb\"", ERR_CORRUPT, "f:1:3: a control byte in a string");
	is_refused("\"\\x\"", ERR_CORRUPT, "f:1:1: a string with an escape that is none");
	is_refused("{\"a\":1,\n\"\\u0061\":2}", ERR_CORRUPT, "f:2:1: a name that was there before");
	is_refused("\"\xff\"", ERR_CORRUPT, "f:1:1: it is not UTF-8");
	is_refused("1 2", ERR_CORRUPT, "f:1:3: expected the end, found '2'");
	for (int i = 0; i < JSON_TREE_DEPTH_MAX + 1; i++)
		buf_add_char(&deep, '[');
	is_refused(buf_str(&deep), ERR_LIMIT, "f:1:65: it is nested too deeply");
	for (int i = 0; i < 30; i++)
		buf_addf(&many, "%s\"m%d\":0", i ? "," : "{", i);
	buf_add_str(&many, ",\"m7\":1}");
	is_refused(buf_str(&many), ERR_CORRUPT, "f:1:232: a name that was there before");
	buf_release(&deep);
	buf_release(&many);
}

static void a_large_text_is_refused(void **unused)
{
	size_t n = JSON_TREE_SIZE_MAX + 1;
	char *text = malloc(n);
	struct arena mem = { 0 };
	struct json_node node;
	struct err e;

	(void)unused;
	memset(text, ' ', n);
	assert_int_equal(-1, json_tree_parse(bytes_of(text, n), "f", &mem, &node, &e));
	assert_int_equal(ERR_LIMIT, e.code);
	free(text);
}

/* Each value looks for its line from where the one before stood: two million of them on one line.
 */
static void a_long_line_is_read_once(void **unused)
{
	struct arena mem = { 0 };
	struct buf b = { 0 };
	struct json_node n;
	struct err e;
	clock_t start;

	(void)unused;
	buf_add_char(&b, '[');
	while (b.n < JSON_TREE_SIZE_MAX - 2)
		buf_add_str(&b, "1,");
	b.p[b.n - 1] = ']';
	start = clock();
	assert_int_equal(0, json_tree_parse(buf_bytes(&b), "f", &mem, &n, &e));
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
	assert_int_equal(b.n - 1, n.item[n.n - 1].col);
	arena_release(&mem);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_node_knows_its_place),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(a_large_text_is_refused),
		cmocka_unit_test(a_long_line_is_read_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
