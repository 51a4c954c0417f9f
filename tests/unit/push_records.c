/* push: records in JSON lines and in Elasticsearch's _bulk. */
#include "unit.h"

#include "push/normal.h"
#include "push/records.h"
#include "push_sink.h"

enum { NOW = 77 };

static struct push_fields fields;
static struct buf watched; /* "create ", "bad: ...;" of each record */

static size_t watch_max; /* records that are taken; 0: any number */

static int watch_begin(void *data, enum push_action action, struct err *e)
{
	(void)data;
	buf_addf(&watched, "%d;", action);
	return watch_max && watched.n / 2 > watch_max ? err_set(e, ERR_LIMIT, "too many records")
						      : 0;
}

static void watch_bad(void *data, const struct err *why)
{
	(void)data;
	assert_int_not_equal(why->code, ERR_NONE);
	buf_addf(&watched, "%s;", why->msg);
}

static const struct push_watch watching = { watch_begin, watch_bad, NULL };
static const struct push_watch *watch;

static int jsonl(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	return push_jsonl(body, &fields, NOW, watch, sink, a, e);
}

static int bulk(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	return push_bulk(body, &fields, NOW, watch, sink, a, e);
}

static void good(push_fn *push, const char *body, const char *text)
{
	expect(push, bytes_str(body), ERR_NONE, text);
}

static void bad(push_fn *push, const char *body, const char *text)
{
	expect(push, bytes_str(body), ERR_USAGE, text);
}

static int defaults(void **state)
{
	(void)state;
	fields = push_jsonl_fields;
	watch = NULL;
	watch_max = 0;
	buf_reset(&watched);
	return 0;
}

static void fields_become_what_they_are_for(void **state)
{
	(void)state;
	fields.stream = BYTES_LIT("app, kubernetes.pod");
	good(jsonl,
	     "{\"_time\":\"2026-01-15T10:00:00.5Z\",\"app\":\"web\",\"message\":\"a\\tline\",\"n\":"
	     "5,"
	     "\"kubernetes\":{\"pod\":\"p-1\",\"labels\":{\"x-y\":\"z\"}},\"list\":[1, {\"a\":2}],"
	     "\"yes\":true,\"no\":null,\"empty\":\"\"}\r\n\n"
	     "{\"app\":\"web\",\"kubernetes\":{\"pod\":\"p-1\"},\"msg\":\"same "
	     "stream\",\"ts\":1768471200}\n"
	     "{\"message\":{\"a\":1},\"app\":\"db\",\"_msg\":\"\"}",
	     "{app=\"web\", kubernetes_pod=\"p-1\"}\n"
	     "1768471200500000000|a\tline|n=5;kubernetes_labels_x_y=z;list=[1, "
	     "{\"a\":2}];yes=true;\n"
	     "1768471200000000000|same stream|\n"
	     "{app=\"db\"}\n77|{\"a\":1}|\n");
	fields.stream = BYTES_LIT("");
	fields.ignore = BYTES_LIT("b");
	fields.extra = BYTES_LIT("team=a,x.y=z");
	good(jsonl, "{\"log\":\"l\",\"b\":1,\"c\":2,\"c\":3,\"timestamp\":0}",
	     "{team=\"a\", x_y=\"z\"}\n77|l|c=2;c=3;\n");
	/* A record that has no message is its own line. */
	good(jsonl, " {\"b\":1, \"time\":\"1768471200123\"} ",
	     "{team=\"a\", x_y=\"z\"}\n1768471200123000000|{\"b\":1, "
	     "\"time\":\"1768471200123\"}|\n");
	good(jsonl, "", "");
	good(jsonl, "\n \n", "");
	good(jsonl, "{}", "{team=\"a\", x_y=\"z\"}\n77|{}|\n");
}

static void bad_records_are_told(void **state)
{
	static const char body[] =
		"{\"msg\":\"1\"}\n{\"msg\":\n[]\n{\"msg\":\"2\",\"ts\":\"noon\"}\n"
		"{\"msg\":\"3\"} x\n{\"msg\" 3}\n{\"a\":1 \"b\":2}\n{\"msg\":\"4\"}\n";

	(void)state;
	bad(jsonl, body, "{}\n77|1|\nerror: line 2: expected a value, found the body's end");
	watch = &watching;
	good(jsonl, body, "{}\n77|1|\n77|4|\n");
	assert_string_equal(buf_str(&watched),
			    "0;0;line 2: expected a value, found the body's end;"
			    "0;line 3: expected an object at byte 0, found [];"
			    "0;line 4: field 'ts': expected a time, found 'noon';"
			    "0;line 5: expected nothing behind the body at byte 12, found x;"
			    "0;line 6: expected \"name\": at byte 7, found 3;"
			    "0;line 7: expected , or } at byte 7, found \"b\";0;");
}

static void records_are_bounded(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add_str(&b, "{\"\":");
	expect(jsonl, buf_bytes(&b), ERR_LIMIT,
	       "error: line 1: objects are nested more than 64 deep");
	buf_reset(&b);
	buf_add_str(&b, "{\"x\":1");
	for (int i = 0; i < PUSH_META_MAX; i++)
		buf_add_str(&b, ",\"x\":1");
	buf_add_str(&b, "}");
	expect(jsonl, buf_bytes(&b), ERR_LIMIT, "error: line 1: more than 1024 attributes");
	buf_reset(&b);
	buf_add_str(&b, "{\"");
	for (int i = 0; i < LABEL_NAME_MAX; i++)
		buf_add_char(&b, 'n');
	buf_add_str(&b, "\":1}");
	expect(jsonl, buf_bytes(&b), ERR_LIMIT,
	       "error: line 1: a field's name is longer than 65536 bytes");
	buf_release(&b);
	fields.extra = BYTES_LIT("no");
	bad(jsonl, "{}", "error: extra fields: expected name=value, found 'no'");
}

/* Each record is held against each of them. */
static void lists_of_fields_are_bounded(void **state)
{
	struct bytes *const lists[] = { &fields.message, &fields.time, &fields.stream,
					&fields.ignore, &fields.extra };
	static const char *const told[] = { "message", "time", "stream", "ignored", "extra" };
	struct buf b = { 0 }, text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		defaults(NULL);
		buf_reset(&b);
		buf_reset(&text);
		for (int k = 0; k < PUSH_FIELDS_MAX; k++)
			buf_addf(&b, "%sn%d=1", k ? "," : "", k);
		*lists[i] = buf_bytes(&b);
		if (lists[i] != &fields.extra)
			good(jsonl, "{}", "{}\n77|{}|\n");
		buf_add_str(&b, ",more=2");
		*lists[i] = buf_bytes(&b);
		buf_addf(&text, "error: %s fields: more than 128", told[i]);
		expect(jsonl, BYTES_LIT("{}\n"), ERR_LIMIT, buf_str(&text));
	}
	buf_release(&b);
	buf_release(&text);
}

static void extra_labels_stay_in_force(void **state)
{
	(void)state;
	fields.stream = BYTES_LIT("app");
	fields.extra = BYTES_LIT("z=1,a.b=2,z=3");
	good(jsonl,
	     "{\"msg\":\"1\"}\n{\"msg\":\"2\"}\n{\"msg\":\"3\",\"app\":\"x\"}\n"
	     "{\"msg\":\"4\",\"app\":\"x\"}\n{\"msg\":\"5\"}\n{\"msg\":\"6\"}\n",
	     "{a_b=\"2\", z=\"3\"}\n77|1|\n77|2|\n{a_b=\"2\", app=\"x\", z=\"3\"}\n77|3|\n77|4|\n"
	     "{a_b=\"2\", z=\"3\"}\n77|5|\n77|6|\n");
}

static void who_watches_may_end_it(void **state)
{
	(void)state;
	watch = &watching;
	watch_max = 2;
	expect(jsonl, BYTES_LIT("{}\n{}\n{}\n{}\n"), ERR_LIMIT,
	       "{}\n77|{}|\n77|{}|\nerror: too many records");
	buf_reset(&watched);
	expect(bulk, BYTES_LIT("{\"create\":{}}\nx\n{\"delete\":{}}\n{\"delete\":{}}\n"), ERR_LIMIT,
	       "error: too many records");
}

static void bulk_is_read_by_pairs(void **state)
{
	(void)state;
	fields = push_bulk_fields;
	fields.stream = BYTES_LIT("_index");
	watch = &watching;
	good(bulk,
	     "{\"create\":{\"_index\":\"logs\",\"_id\":null,\"x\":[]}}\n"
	     "{\"@timestamp\":\"2026-01-15T10:00:00,123+0100\",\"message\":\"one\",\"k\":\"v\"}\n"
	     "{ \"index\" : { } }\n{\"message\":\"two\"}\n"
	     "{\"delete\":{\"_index\":\"logs\",\"_id\":\"1\"}}\n"
	     "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n"
	     "{\"index\":{}}\nbad\n"
	     "{\"create\":{}}\n{\"message\":\"three\"}",
	     "{key_index=\"logs\"}\n1768467600123000000|one|k=v;\n{}\n77|two|\n77|three|\n");
	assert_string_equal(buf_str(&watched),
			    "0;1;3;line 5: delete is not supported: entries never change;"
			    "2;line 7: update is not supported: entries never change;"
			    "1;line 9: expected an object at byte 0, found bad;0;");
	good(bulk, "", "");
}

/* A line before a record that is the one before it again is not read again. */
static void what_is_said_again_means_the_same(void **state)
{
	(void)state;
	fields = push_bulk_fields;
	fields.stream = BYTES_LIT(" _index ,k");
	good(bulk,
	     "{\"create\":{\"_index\":\"\\u0061\"}}\n{\"message\":\"one\"}\n"
	     "{\"create\":{\"_index\":\"\\u0061\"}}\n{\"message\":\"t\\u0077o\"}\n"
	     "{\"create\":{}}\n{\"message\":\"three\"}\n"
	     "{\"create\":{}}\n{\"message\":\"four\",\"k\":1}\n"
	     "{\"create\":{\"_index\":\"\\u0061\"}}\n{\"message\":\"five\"}\n",
	     "{key_index=\"a\"}\n77|one|\n77|two|\n{}\n77|three|\n{k=\"1\"}\n77|four|\n"
	     "{key_index=\"a\"}\n77|five|\n");
	watch = &watching;
	bad(bulk, "{\"create\":{}}\n{}\n{\"create\":{}}\n{}\n{\"create\":{}\n{}\n",
	    "{}\n77|{}|\n77|{}|\nerror: line 5: expected } behind the action, found the body's "
	    "end");
	assert_string_equal(buf_str(&watched), "0;0;");
}

/* Where it is no longer known which line is what, the body ends. */
static void bulk_out_of_step_is_refused(void **state)
{
	(void)state;
	watch = &watching;
	bad(bulk, "{\"index\":{}}\n", "error: line 2: expected a record behind 'index'");
	bad(bulk, "{\"message\":\"x\"}\n{}\n",
	    "error: line 1: expected create, index, update or delete as the action, found "
	    "'message'");
	bad(bulk, "x",
	    "error: line 1: expected {\"create\":{}} or another action at byte 0, found x");
	bad(bulk, "{\"index\":7}\n{}",
	    "error: line 1: expected an object behind the action at byte 9, "
	    "found 7");
	bad(bulk, "{\"index\":{\"a\"}}\n{}",
	    "error: line 1: expected \"name\": at byte 13, found }}");
	bad(bulk, "{\"index\":{\"a\":}}\n{}",
	    "error: line 1: expected a value at byte 14, found }}");
	bad(bulk, "{\"index\":{\"a\":1]}\n{}",
	    "error: line 1: expected , or } at byte 15, found ]}");
	bad(bulk, "{\"index\":{},\"x\":1}\n{}",
	    "error: line 1: expected } behind the action at byte 11, found ,\"x\":1}");
	watch = NULL;
	bad(bulk, "{\"delete\":{}}\n",
	    "error: line 1: delete is not supported: entries never change");
}

static void the_sink_ends_decoding(void **state)
{
	struct noted n = { .stop_after = 1 };
	struct push_sink sink = noting(&n);
	struct arena a = { 0 };
	struct err e;

	(void)state;
	watch = &watching;
	assert_int_equal(jsonl(BYTES_LIT("{\"msg\":\"1\"}\n{\"msg\":\"2\"}"), &sink, &a, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_string_equal(buf_str(&watched), "0;");
	buf_release(&n.text);
	arena_release(&a);
}

static void times_in_many_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good_ones[] = { { "2026-01-15T10:00:00Z", 1768471200000000000 },
			  { "2026-01-15 10:00:00", 1768471200000000000 },
			  { "2026-01-15T10:00:00.123456789", 1768471200123456789 },
			  { "2026-01-15 10:00:00,123", 1768471200123000000 },
			  { "2026-01-15T11:00:00+01:00", 1768471200000000000 },
			  { "2026-01-15T05:00:00-0500", 1768471200000000000 },
			  { "2026-01-15T11:00:00.5+0100", 1768471200500000000 },
			  { "2026-01-15", 1768435200000000000 },
			  { "1768471200", 1768471200000000000 },
			  { "1768471200.25", 1768471200250000000 },
			  { "1768471200123", 1768471200123000000 },
			  { "1768471200123.5", 1768471200123500000 },
			  { "1768471200123456", 1768471200123456000 },
			  { "1768471200123456789", 1768471200123456789 },
			  { "-5.5", -5500000000 },
			  { "0", 0 } };
	static const char *const bad_ones[] = { "",
						"x",
						"2026-13-01T00:00:00Z",
						"1.",
						".5",
						"1.5x",
						"12:00",
						"2026-01-1",
						"99999999999999999999",
						"now",
						"2026-01-15T10:00:00+01" };
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(good_ones) / sizeof(good_ones[0]); i++) {
		assert_true(push_time(bytes_str(good_ones[i].text), &ns));
		assert_int_equal(ns, good_ones[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad_ones) / sizeof(bad_ones[0]); i++)
		assert_false(push_time(bytes_str(bad_ones[i]), &ns));
}

static int release(void **state)
{
	(void)state;
	buf_release(&watched);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fields_become_what_they_are_for, defaults),
		cmocka_unit_test_setup(bad_records_are_told, defaults),
		cmocka_unit_test_setup(records_are_bounded, defaults),
		cmocka_unit_test_setup(who_watches_may_end_it, defaults),
		cmocka_unit_test_setup(extra_labels_stay_in_force, defaults),
		cmocka_unit_test_setup(lists_of_fields_are_bounded, defaults),
		cmocka_unit_test_setup(bulk_is_read_by_pairs, defaults),
		cmocka_unit_test_setup(what_is_said_again_means_the_same, defaults),
		cmocka_unit_test_setup(bulk_out_of_step_is_refused, defaults),
		cmocka_unit_test_setup(the_sink_ends_decoding, defaults),
		cmocka_unit_test(times_in_many_forms),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, release);
}
