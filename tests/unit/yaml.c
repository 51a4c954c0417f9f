/* yaml: the tree, its places, what is refused. */
#include "unit.h"

#include "yaml/yaml.h"

static struct arena arena;

static const struct yaml_node *parse(const char *text)
{
	struct yaml_doc doc;
	struct err e;

	if (yaml_parse(bytes_str(text), "f.yaml", &arena, &doc, &e) < 0)
		fail_msg("%s", e.msg);
	return doc.root;
}

static void refused(struct bytes text, enum err_code code, const char *msg)
{
	struct yaml_doc doc;
	struct err e;

	assert_int_equal(-1, yaml_parse(text, "f.yaml", &arena, &doc, &e));
	assert_string_equal(e.msg, msg);
	assert_int_equal(e.code, code);
}

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void maps_lists_and_scalars_have_their_places(void **state)
{
	const struct yaml_node *root =
		parse("# first\nserver:\n  port: 3100\n  names: [a, \"b\"]\n");
	const struct yaml_node *server = yaml_get(root, "server");
	const struct yaml_node *port = yaml_get(server, "port");
	const struct yaml_node *names = yaml_get(server, "names");

	(void)state;
	assert_int_equal(root->kind, YAML_MAP);
	assert_bytes(port->text, "3100");
	assert_int_equal(port->line, 3);
	assert_int_equal(port->col, 9);
	assert_int_equal(names->kind, YAML_LIST);
	assert_int_equal(names->n, 2);
	assert_false(names->item[0]->quoted);
	assert_true(names->item[1]->quoted);
	assert_int_equal(names->item[1]->line, 4);
	assert_null(yaml_get(server, "nothing"));
	assert_null(yaml_get(port, "port"));
}

static void nothing_is_no_root(void **state)
{
	(void)state;
	assert_null(parse(""));
	assert_null(parse("# only words\n"));
	assert_true(yaml_is_null(parse("~")));
	assert_true(yaml_is_null(yaml_get(parse("a:\nb: 1\n"), "a")));
	assert_false(yaml_is_null(parse("\"null\"")));
	assert_false(yaml_is_null(parse("!!str null")));
}

static void aliases_and_merges_are_followed(void **state)
{
	const struct yaml_node *root = parse("base: &b {x: 1, y: 2}\n"
					     "a: *b\n"
					     "c:\n  <<: *b\n  y: 3\n"
					     "d: {<<: [{x: 7}, *b]}\n");

	(void)state;
	assert_ptr_equal(yaml_get(root, "base"), yaml_get(root, "a"));
	assert_bytes(yaml_get(yaml_get(root, "c"), "x")->text, "1");
	assert_bytes(yaml_get(yaml_get(root, "c"), "y")->text, "3");
	assert_int_equal(yaml_get(root, "c")->n, 2);
	assert_bytes(yaml_get(yaml_get(root, "d"), "x")->text, "7");
	assert_bytes(yaml_get(yaml_get(root, "d"), "y")->text, "2");
}

static void a_second_document_is_told(void **state)
{
	struct yaml_doc doc;
	struct err e;

	(void)state;
	assert_int_equal(0, yaml_parse(bytes_str("a: 1\n---\nb: 2\n"), "f", &arena, &doc, &e));
	assert_int_equal(doc.second_line, 2);
	assert_non_null(yaml_get(doc.root, "a"));
	assert_int_equal(0, yaml_parse(bytes_str("---\na: 1\n"), "f", &arena, &doc, &e));
	assert_int_equal(doc.second_line, 0);
}

/* The line of each root, and the value of its key "a". */
static int on_document(void *data, const struct yaml_node *root, struct err *e)
{
	const struct yaml_node *a = yaml_get(root, "a");

	if (a && bytes_is(a->text, "stop"))
		return err_set(e, ERR_NO, "stopped");
	buf_addf(data, "%u:%s ", root->line, a ? a->text.p : "-");
	return 0;
}

static int each(const char *text, struct buf *said, struct err *e)
{
	buf_reset(said);
	return yaml_parse_each(bytes_str(text), "f", &arena, on_document, said, e);
}

static void several_documents_are_read(void **state)
{
	struct buf said = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(
		0, each("a: 1\n---\n# nothing\n---\na: &x 2\nb: *x\n...\n---\na: 3\n", &said, &e));
	assert_string_equal("1:1 4:- 5:2 9:3 ", buf_str(&said));
	assert_int_equal(0, each("", &said, &e));
	assert_string_equal("", buf_str(&said));
	/* Anchors are those of their document; lines are those of the text. */
	assert_int_equal(-1, each("a: &x 1\n---\na: *x\n", &said, &e));
	assert_string_equal("f:3:4: alias '*x': no such anchor is complete before it", e.msg);
	assert_string_equal("1:1 ", buf_str(&said));
	assert_int_equal(-1, each("a: stop\n---\na: 2\n", &said, &e));
	assert_int_equal(ERR_NO, e.code);
	buf_release(&said);
}

static void faults_name_their_place(void **state)
{
	(void)state;
	refused(bytes_str("a: 1\nb: 2\na: 3\n"), ERR_CORRUPT,
		"f.yaml:3:1: 'a' stands here a second time, first in line 1");
	refused(bytes_str("a: *x\n"), ERR_CORRUPT,
		"f.yaml:1:4: alias '*x': no such anchor is complete before it");
	refused(bytes_str("a: &x [*x]\n"), ERR_CORRUPT,
		"f.yaml:1:8: alias '*x': no such anchor is complete before it");
	refused(bytes_str("{a: 1}: 2\n"), ERR_CORRUPT, "f.yaml:1:1: expected a key, found a map");
	refused(bytes_str("a: {<<: 1}\n"), ERR_CORRUPT,
		"f.yaml:1:9: '<<' takes a map, or a list of maps");
	refused(bytes_str("a: !x 1\n"), ERR_CORRUPT, "f.yaml:1:4: unknown tag '!x'");
	refused(bytes_str("a: \"\\0\"\n"), ERR_CORRUPT, "f.yaml:1:4: a text with a NUL byte");
	refused(bytes_str("a: [1\nb: 2\n"), ERR_CORRUPT,
		"f.yaml:2:2: did not find expected ',' or ']'");
	refused(bytes_str("a: \xff\n"), ERR_CORRUPT, "f.yaml:1:4: invalid leading UTF-8 octet");
	refused(bytes_str("a: 1\n\"\u00e9\": \xff\n"), ERR_CORRUPT,
		"f.yaml:2:6: invalid leading UTF-8 octet");
}

static void size_depth_and_nodes_are_bounded(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_add_char(&b, '[');
	refused(buf_bytes(&b), ERR_LIMIT, "f.yaml:1:65: nested deeper than 64");
	buf_reset(&b);
	buf_add_str(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) /* a thousand million, if they were copied */
		buf_addf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
			 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	refused(buf_bytes(&b), ERR_LIMIT,
		"f.yaml:6:5: more than 100000 nodes, aliases counted where they stand");
	buf_reset(&b);
	for (int i = 0; i <= YAML_NODES_MAX; i++)
		buf_add_str(&b, "- a\n");
	refused(buf_bytes(&b), ERR_LIMIT,
		"f.yaml:100001:3: more than 100000 nodes, aliases counted where they stand");
	buf_reset(&b);
	memset(buf_reserve(&b, YAML_SIZE_MAX + 1), ' ', YAML_SIZE_MAX + 1);
	b.n = YAML_SIZE_MAX + 1;
	refused(buf_bytes(&b), ERR_LIMIT, "f.yaml: 4194305 bytes, at most 4194304");
	buf_release(&b);
}

static void texts_come_back(void **state)
{
	static const char *const texts[] = { "",     "plain", "true",  "No",	  "null", "~",
					     "a: b", "# x",   "\"q\"", "line\n2", "3100", "0x10",
					     "-",    "- a",   "1h30m", "ü",	  "a\\b", "\x01",
					     "*a",   "&a",    "/path", "${X}",	  " s",	  "...",
					     "./x",  "{}" };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const struct yaml_node *n;

		buf_reset(&b);
		yaml_add_text(&b, bytes_str(texts[i]));
		n = parse(buf_str(&b));
		assert_bytes(n->text, texts[i]);
		assert_false(yaml_is_null(n));
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(maps_lists_and_scalars_have_their_places, release),
		cmocka_unit_test_teardown(nothing_is_no_root, release),
		cmocka_unit_test_teardown(aliases_and_merges_are_followed, release),
		cmocka_unit_test_teardown(a_second_document_is_told, release),
		cmocka_unit_test_teardown(several_documents_are_read, release),
		cmocka_unit_test_teardown(faults_name_their_place, release),
		cmocka_unit_test_teardown(size_depth_and_nodes_are_bounded, release),
		cmocka_unit_test_teardown(texts_come_back, release),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
