/* push: Loki's push request as protobuf and JSON. */
#include "unit.h"

#include "proto_build.h"
#include "push_sink.h"

/* --- JSON --- */

static void json_good(const char *body, const char *text)
{
	expect(push_json, bytes_str(body), ERR_NONE, text);
}

static void json_bad(const char *body, const char *text)
{
	expect(push_json, bytes_str(body), ERR_USAGE, text);
}

#define VALUES(v) "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[" v "]}]}"

static void json_is_taken(void **state)
{
	(void)state;
	json_good(VALUES("[\"1\",\"x\"],[\"-2\",\"\"] , [ \"3\" , \"y\" , {} ]"),
		  "{a=\"b\"}\n1|x|\n-2||\n3|y|\n");
	json_good(
		" { \"streams\" : [ { \"stream\" : { \"b\" : \"2\", \"a\" : \"1\" } , \"values\" : "
		"[ [ \"9223372036854775807\" , \"l\" , { \"k\" : \"v\", \"k2\":\"\" } ] ] } ] }\n",
		"{a=\"1\", b=\"2\"}\n9223372036854775807|l|k=v;k2=;\n");
	json_good(
		VALUES("[\"1\",\"tab\\tquote\\\" \\u00e9\\ud83d\\ude00 lone \\ud83d.\","
		       "{\"n\\n\":\"v\\\\\"}]"),
		"{a=\"b\"}\n1|tab\tquote\" \xc3\xa9\xf0\x9f\x98\x80 lone \xef\xbf\xbd.|n\n=v\\;\n");
	json_good(VALUES("[\"1\",\"raw \xff\xfe\"]"), "{a=\"b\"}\n1|raw \xff\xfe|\n");
	json_good(VALUES("[\"1\",5],[\"2\",true],[\"3\",-1.5e3]"),
		  "{a=\"b\"}\n1|5|\n2|true|\n3|-1.5e3|\n");
	json_good(VALUES("[\"1\",\"x\",{\"k\":\"v\"},[1,{}],null]"), "{a=\"b\"}\n1|x|k=v;\n");
	json_good(VALUES("null,[\"1\",\"x\"]"), "{a=\"b\"}\n1|x|\n");
}

static void json_metadata_keeps_its_escapes_as_loki_does(void **state)
{
	(void)state;
	expect(push_json_as_loki,
	       BYTES_LIT(VALUES(
		       "[\"1\",\"tab\\t\",{\"k\":\"a \\\"b\\\" \\\\\",\"n\\u0061\":\"c\"}]")),
	       ERR_NONE, "{a=\"b\"}\n1|tab\t|k=a \\\"b\\\" \\\\;na=c;\n");
	expect(push_json_as_loki, BYTES_LIT(VALUES("[\"1\",\"l\",{\"k\":1}]")), ERR_USAGE,
	       "{a=\"b\"}\nerror: streams[0].values[0]: expected structured metadata's value as a "
	       "string at byte 56, found 1");
}

static void json_members_come_in_any_order(void **state)
{
	(void)state;
	json_good("{\"x\":[{}],\"streams\":[{\"values\":[[\"1\",\"x\"]],\"y\":{\"values\":[]},"
		  "\"stream\":{\"a\":\"b\"}},{\"values\":null,\"stream\":{\"c\":\"d\"}}],\"z\":1}",
		  "{a=\"b\"}\n1|x|\n{c=\"d\"}\n");
	json_good(
		"{\"streams\":[{\"stream\":{\"a\":\"1\"},\"stream\":{\"a\":\"2\"},\"values\":[]}]}",
		"{a=\"2\"}\n");
	/* A stream without labels, or without entries, is one all the same. */
	json_good("{\"streams\":[{\"stream\":{},\"values\":[[\"1\",\"x\"]]},{},null]}",
		  "{}\n1|x|\n{}\n");
	json_good("{\"streams\":[]}", "");
	json_good("{\"streams\":null}", "");
	json_good("{}", "");
	json_good("null", "");
}

static void json_of_old_is_taken(void **state)
{
	(void)state;
	json_good("{\"streams\":[{\"labels\":\"{a=\\\"b\\\",c=\\\"d\\\"}\",\"entries\":[{\"ts\":"
		  "\"1970-01-01T00:00:01.5Z\",\"line\":\"x\"},{\"line\":\"y\\n\",\"no\":0,\"ts\":"
		  "\"1970-01-01T01:00:00+01:00\"}]}]}",
		  "{a=\"b\", c=\"d\"}\n1500000000|x|\n0|y\n|\n");
	json_bad("{\"streams\":[{\"labels\":\"{}\",\"entries\":[{\"line\":\"y\"}]}]}",
		 "{}\nerror: streams[0].values[0]: expected a ts in the entry at byte 50, found "
		 "]}]}");
	json_bad("{\"streams\":[{\"labels\":\"{}\",\"entries\":[{\"ts\":\"5\"}]}]}",
		 "{}\nerror: streams[0].values[0]: expected a time as RFC 3339 has it at byte 47, "
		 "found "
		 "}]}]}");
	json_bad("{\"streams\":[{\"labels\":{}}]}",
		 "error: streams[0]: expected labels as a string at byte 22, found {}");
}

static void json_that_is_wrong_is_refused(void **state)
{
	static const struct {
		const char *body, *text;
	} bad[] = {
		{ "", "error: EOF" },
		{ " \n", "error: EOF" },
		{ "{", "error: expected \"name\":, found the body's end" },
		{ "[]", "error: expected {\"streams\":} at byte 0, found []" },
		{ "{\"a\":}", "error: expected a value at byte 5, found }" },
		{ "{\"a\":1", "error: expected , or }, found the body's end" },
		{ "{} x", "error: expected nothing behind the body at byte 3, found x" },
		{ "nul", "error: expected {\"streams\":} at byte 0, found nul" },
		{ "{\"streams\":{}}", "error: expected an array of streams at byte 11, found {}" },
		{ "{\"streams\":[{}",
		  "{}\nerror: expected , or ] behind a stream, found the body's end" },
		{ "{\"streams\":[7]}",
		  "error: streams[0]: expected {\"stream\":, \"values\":} at byte 12, found 7" },
		{ "{\"streams\":[{\"stream\":\"a\"}]}",
		  "error: streams[0]: expected labels as an object at byte 22, found \"a\"" },
		{ "{\"streams\":[{\"values\":[],\"values\":[]}]}",
		  "error: streams[0]: expected entries once at byte 34, found []" },
		{ "{\"streams\":[{\"stream\":{},\"values\":[],\"stream\":{}}]}",
		  "{}\nerror: streams[0]: expected no labels behind the entries at byte 46, found "
		  "{}" },
		{ VALUES("7"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected [timestamp, line] at "
		  "byte 42, found 7" },
		{ VALUES("[]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected the timestamp as a "
		  "string of nanoseconds at byte 43, found ]]}]}" },
		{ VALUES("[\"1\",\"x\"],[2,\"l\"]"),
		  "{a=\"b\"}\n1|x|\nerror: streams[0].values[1]: expected the timestamp as a "
		  "string of "
		  "nanoseconds at byte 53, found 2" },
		{ VALUES("[\"x\",\"l\"]"), "{a=\"b\"}\nerror: streams[0].values[0]: expected "
					   "nanoseconds as a whole number at byte "
					   "44, found x" },
		{ "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1",
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected nanoseconds as a whole number "
		  "at byte 43, found \"1" },
		{ VALUES("[\"9223372036854775808\",\"l\"]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected nanoseconds as a whole number "
		  "at byte "
		  "44, found 9223372036854775808" },
		{ VALUES("[\"1\"]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected a line behind the "
		  "timestamp at byte 46, found ]]}]}" },
		{ VALUES("[\"1\",null]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected the line as a "
		  "string at byte 51, found ]]}]}" },
		{ VALUES("[\"1\",tru]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected the line as a "
		  "string at byte 47, found tru" },
		{ VALUES("[\"1\",\"\\x\"]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected the line "
		  "as a string at byte 47, found \"\\x\"" },
		{ VALUES("[\"1\",\"l\",{\"k\":1}]"), "{a=\"b\"}\nerror: streams[0].values[0]: "
						     "expected structured metadata's value as a "
						     "string at byte 56, found 1" },
		{ VALUES("[\"1\",\"l\",\"x\"]"), "{a=\"b\"}\nerror: streams[0].values[0]: expected "
						 "structured metadata as an object of "
						 "strings at byte 51, found \"x\"" },
		{ VALUES("[\"1\",\"l\",{\"k\":\"v\"]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected , or } in structured metadata "
		  "at byte "
		  "59, found ]]}]}" },
		{ VALUES("[\"1\",\"l\",{},]"),
		  "{a=\"b\"}\nerror: streams[0].values[0]: expected a value "
		  "at byte 54, found ]]}]}" },
		{ VALUES("[\"1\",\"l\""),
		  "{a=\"b\"}\n1|l|\nerror: streams[0].values[0]: expected , or ] behind it at byte "
		  "51, found }]}" },
		{ "{\"streams\":[{\"stream\":{\"a-b\":\"b\"}}]}",
		  "error: couldn't parse labels: 1:3: parse error: unexpected character inside "
		  "braces: "
		  "'-'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		json_bad(bad[i].body, bad[i].text);
}

/* A body that ends anywhere is refused, and never read beyond. */
static void json_cut_anywhere_is_refused(void **state)
{
	static const char body[] =
		"{\"x\":[1,{\"y\":null}],\"streams\":[{\"values\":[[\"12\",\"a\\u00e9b"
		"\\\\\",{\"k\":\"v\\n\"}]],\"stream\":{\"a\":\"b\"}}]}";

	(void)state;
	for (size_t n = 0; n < sizeof(body) - 1; n++) {
		enum err_code code;

		free(pushed(push_json, bytes_of(body, n), &code));
		assert_int_equal(code, ERR_USAGE);
	}
	json_good(body, "{a=\"b\"}\n12|a\xc3\xa9"
			"b\\|k=v\n;\n");
}

static void too_much_metadata_is_refused(void **state)
{
	struct buf b = { 0 };
	enum err_code code;

	(void)state;
	buf_add_str(&b, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\",\"l\",{");
	for (int i = 0; i < PUSH_META_MAX; i++)
		buf_addf(&b, "\"k%d\":\"v\",", i);
	buf_add_str(&b, "\"last\":\"v\"}]]}]}");
	expect(push_json, buf_bytes(&b), ERR_LIMIT,
	       "{a=\"b\"}\nerror: streams[0].values[0]: more than 1024 pairs of structured "
	       "metadata");
	buf_reset(&b);
	for (int i = 0; i < 1000000; i++)
		buf_add_str(&b, "[{\"\":");
	expect(push_json, buf_bytes(&b), ERR_USAGE,
	       "error: expected {\"streams\":} at byte 0, found [{\"\":[{\"\":[{\"\":[{\"\":");
	buf_drop(&b, 1);
	free(pushed(push_json, buf_bytes(&b), &code));
	assert_int_equal(code, ERR_USAGE);
	buf_release(&b);
}

/* --- protobuf --- */

static void add_entry(struct buf *stream, int64_t seconds, int32_t nanos, const char *line,
		      const char *name, const char *value)
{
	struct buf entry = { 0 }, part = { 0 };

	if (seconds)
		add_number(&part, 1, (uint64_t)seconds);
	if (nanos)
		add_number(&part, 2, (uint64_t)(int64_t)nanos);
	add_message(&entry, 1, &part);
	add_bytes(&entry, 2, bytes_str(line));
	if (name) {
		add_bytes(&part, 1, bytes_str(name));
		add_bytes(&part, 2, bytes_str(value));
		add_message(&entry, 3, &part);
	}
	add_message(stream, 2, &entry);
	buf_release(&entry);
	buf_release(&part);
}

static void sample(struct buf *body)
{
	struct buf stream = { 0 };

	add_bytes(&stream, 1, BYTES_LIT("{b=\"2\",a=\"1\"}"));
	add_entry(&stream, 1768471200, 5, "one", NULL, NULL);
	add_entry(&stream, 0, 0, "", "k", "v");
	add_number(&stream, 3, UINT64_MAX); /* the hash */
	add_message(body, 1, &stream);
	/* entries before labels, of which the last count; unknown fields of every type */
	add_entry(&stream, 1, -1, "two", NULL, NULL);
	add_bytes(&stream, 1, BYTES_LIT("{no=\"no\"}"));
	add_bytes(&stream, 1, BYTES_LIT("{c=\"d\",}"));
	wr_uvarint(&stream, 77 << 3 | 1);
	buf_add(&stream, "12345678", 8);
	wr_uvarint(&stream, 78 << 3 | 5);
	buf_add(&stream, "1234", 4);
	wr_uvarint(&stream, 79 << 3 | 3); /* a group, with one in it */
	add_number(&stream, 1, 2);
	wr_uvarint(&stream, 80 << 3 | 3);
	add_bytes(&stream, 5, BYTES_LIT("x"));
	wr_uvarint(&stream, 80 << 3 | 4);
	wr_uvarint(&stream, 79 << 3 | 4);
	add_message(body, 1, &stream);
	buf_release(&stream);
}

static const char SAMPLE[] = "{a=\"1\", b=\"2\"}\n1768471200000000005|one|\n0||k=v;\n"
			     "{c=\"d\"}\n999999999|two|\n";

static void protobuf_is_taken(void **state)
{
	struct buf b = { 0 };

	(void)state;
	sample(&b);
	expect(push_protobuf, buf_bytes(&b), ERR_NONE, SAMPLE);
	expect(push_protobuf, BYTES_LIT(""), ERR_NONE, "");
	expect(push_protobuf, BYTES_LIT("\x0a\x00"), ERR_NONE, "{}\n");
	buf_release(&b);
}

/* Cut anywhere it is refused, but where a whole stream ends. */
static void protobuf_cut_anywhere_is_refused(void **state)
{
	struct buf b = { 0 };
	size_t whole = 0;

	(void)state;
	sample(&b);
	for (size_t n = 1; n < b.n; n++) {
		enum err_code code;

		free(pushed(push_protobuf, bytes_of(b.p, n), &code));
		whole += code == ERR_NONE;
		assert_true(code == ERR_NONE || code == ERR_CORRUPT);
	}
	assert_int_equal(whole, 1);
	buf_release(&b);
}

static void protobuf_that_is_wrong_is_refused(void **state)
{
	static const struct {
		struct bytes body;
		const char *text;
	} bad[] = {
		{ BYTES_LIT("\x0a"), "error: protobuf: the message is cut short or bad at byte 1" },
		{ BYTES_LIT("\x0a\x05"),
		  "error: protobuf: the message is cut short or bad at byte 2" },
		{ BYTES_LIT("\x02\x00"),
		  "error: protobuf: the message is cut short or bad at byte 1" },
		{ BYTES_LIT("\x0e\x00"),
		  "error: protobuf: the message is cut short or bad at byte 1" },
		/* streams as a number */
		{ BYTES_LIT("\x08\x05"),
		  "error: protobuf: the message is cut short or bad at byte 2" },
		/* labels as a number; then a line */
		{ BYTES_LIT("\x0a\x02\x08\x05"),
		  "error: protobuf: a stream is cut short or bad at byte 4" },
		{ BYTES_LIT("\x0a\x04\x12\x02\x10\x05"),
		  "{}\nerror: protobuf: an entry is cut short or bad at byte 6" },
		{ BYTES_LIT("\x0a\x06\x12\x04\x0a\x02\x0a\x00"),
		  "{}\nerror: protobuf: a timestamp is cut short or bad at byte 8" },
		{ BYTES_LIT("\x0a\x06\x12\x04\x1a\x02\x08\x00"),
		  "{}\nerror: protobuf: structured metadata is cut short or bad at byte 8" },
		/* a varint of eleven bytes; a group that another's end closes */
		{ BYTES_LIT("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		  "error: protobuf: the message is cut short or bad at byte 11" },
		{ BYTES_LIT("\x13\x1c"),
		  "error: protobuf: the message is cut short or bad at byte 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(push_protobuf, bad[i].body, ERR_CORRUPT, bad[i].text);
}

static void protobuf_beyond_limits_is_refused(void **state)
{
	struct buf b = { 0 }, stream = { 0 }, entry = { 0 };

	(void)state;
	add_entry(&stream, INT64_C(9223372037), 0, "far", NULL, NULL);
	add_message(&b, 1, &stream);
	expect(push_protobuf, buf_bytes(&b), ERR_USAGE,
	       "{}\nerror: timestamp of 9223372037 s: nanoseconds of 64 bits do not reach it");
	buf_reset(&b);
	for (int i = 0; i <= PUSH_META_MAX; i++)
		add_bytes(&entry, 3, BYTES_LIT("\x0a\x01k\x12\x01v"));
	add_message(&stream, 2, &entry);
	add_message(&b, 1, &stream);
	expect(push_protobuf, buf_bytes(&b), ERR_LIMIT,
	       "{}\nerror: more than 1024 pairs of structured metadata in an entry");
	buf_reset(&b);
	for (int i = 0; i < 1000; i++) /* groups in groups */
		wr_uvarint(&b, 9 << 3 | 3);
	expect(push_protobuf, buf_bytes(&b), ERR_CORRUPT,
	       "error: protobuf: the message is cut short or bad at byte 101");
	buf_release(&b);
	buf_release(&stream);
	buf_release(&entry);
}

/* --- both --- */

static void the_sink_ends_decoding(void **state)
{
	struct noted n = { .stop_after = 2 };
	struct push_sink sink = noting(&n);
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(push_json(BYTES_LIT(VALUES("[\"1\",\"\\n\"],[\"2\",\"\"],[\"3\",\"\"]")),
				   &sink, &a, &e),
			 -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_bytes(buf_bytes(&n.text), "{a=\"b\"}\n1|\n|\n2||\n");
	n.n_entries = 0;
	sample(&b);
	assert_int_equal(push_protobuf(buf_bytes(&b), &sink, &a, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_int_equal(n.n_entries, 2);
	buf_release(&b);
	buf_release(&n.text);
	arena_release(&a);
}

static void labels_are_read(void **state)
{
	static const struct {
		enum push_labels_form form;
		const char *spelling, *text;
	} some[] = {
		{ PUSH_LABELS_TEXT, "{level=\"info\",job=\"x\"}", "{job=\"x\", level=\"info\"}" },
		{ PUSH_LABELS_TEXT, " { a = \"1\" , b=`2`, } ", "{a=\"1\", b=\"2\"}" },
		{ PUSH_LABELS_TEXT, "{a=\"}\\\"-\", b=\"\"}", "{a=\"}\\\"-\"}" },
		{ PUSH_LABELS_TEXT, "{}", "{}" },
		{ PUSH_LABELS_TEXT, "{a=\"1\",a=\"2\"}",
		  "couldn't parse labels: label 'a' is there twice" },
		{ PUSH_LABELS_TEXT, "{,}",
		  "couldn't parse labels: labels: expected name= at column 2" },
		{ PUSH_LABELS_TEXT, "{a.b=\"1\"}",
		  "couldn't parse labels: 1:3: parse error: unexpected character inside braces: "
		  "'.'" },
		{ PUSH_LABELS_TEXT, "{b=\"=-\", a-b=\"1\"}",
		  "couldn't parse labels: 1:11: parse error: unexpected character inside braces: "
		  "'-'" },
		{ PUSH_LABELS_TEXT, "a",
		  "couldn't parse labels: expected labels as {name=\"value\"}" },
		{ PUSH_LABELS_JSON, "{\"n\":5,\"b\":true,\"o\":{\"x\":1},\"z\":\"\"}",
		  "{b=\"true\", n=\"5\", o=\"{\\\"x\\\":1}\"}" },
		{ PUSH_LABELS_JSON, "{\"a\":\"1\",\"a\":\"\\u0032\"}", "{a=\"2\"}" },
		{ PUSH_LABELS_JSON, "{\"1a\":\"b\"}",
		  "couldn't parse labels: 1:2: parse error: unexpected character inside braces: "
		  "'1'" },
		{ PUSH_LABELS_JSON, "{\"a\":bare}",
		  "couldn't parse labels: label 'a': expected a string at column 10" },
		{ PUSH_LABELS_JSON, "[]",
		  "couldn't parse labels: expected labels as {\"name\":\"value\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct push_labels l = { some[i].form, bytes_str(some[i].spelling) };
		struct arena a = { 0 };
		struct labels labels;
		struct buf b = { 0 };
		struct err e;

		if (push_labels_parse(&l, &a, &labels, &e) == 0)
			labels_add_text(&b, &labels);
		else
			buf_add_str(&b, e.msg);
		assert_bytes(buf_bytes(&b), some[i].text);
		buf_release(&b);
		arena_release(&a);
	}
}

static void labels_in_binary_form_are_read(void **state)
{
	struct label v[] = { { { "a.b", 3 }, { "1", 1 } } };
	struct labels some = { v, 1 }, back;
	struct push_labels l = { PUSH_LABELS_PAIRS, { 0 } };
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e;

	(void)state;
	labels_encode(&b, &some);
	l.spelling = buf_bytes(&b);
	assert_int_equal(push_labels_parse(&l, &a, &back, &e), 0);
	assert_int_equal(labels_cmp(&some, &back), 0);
	l.spelling.n--;
	assert_int_equal(push_labels_parse(&l, &a, &back, &e), -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	buf_release(&b);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_taken),
		cmocka_unit_test(json_metadata_keeps_its_escapes_as_loki_does),
		cmocka_unit_test(json_members_come_in_any_order),
		cmocka_unit_test(json_of_old_is_taken),
		cmocka_unit_test(json_that_is_wrong_is_refused),
		cmocka_unit_test(json_cut_anywhere_is_refused),
		cmocka_unit_test(too_much_metadata_is_refused),
		cmocka_unit_test(protobuf_is_taken),
		cmocka_unit_test(protobuf_cut_anywhere_is_refused),
		cmocka_unit_test(protobuf_that_is_wrong_is_refused),
		cmocka_unit_test(protobuf_beyond_limits_is_refused),
		cmocka_unit_test(the_sink_ends_decoding),
		cmocka_unit_test(labels_are_read),
		cmocka_unit_test(labels_in_binary_form_are_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
