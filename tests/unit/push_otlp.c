/* push: OpenTelemetry's logs, as JSON and as protobuf. */
#include "unit.h"

#include "proto_build.h"
#include "push/otlp.h"
#include "push_sink.h"

enum { NOW = 77 };

static const struct otlp_mapping *mapping = &otlp_default;

static int otlp_json(struct bytes body, const struct push_sink *sink, struct arena *a,
		     struct err *e)
{
	return push_otlp_json(body, mapping, NOW, sink, a, e);
}

static int otlp_protobuf(struct bytes body, const struct push_sink *sink, struct arena *a,
			 struct err *e)
{
	return push_otlp_protobuf(body, mapping, NOW, sink, a, e);
}

static void json_good(const char *body, const char *text)
{
	expect(otlp_json, bytes_str(body), ERR_NONE, text);
}

static void json_bad(const char *body, const char *text)
{
	expect(otlp_json, bytes_str(body), ERR_USAGE, text);
}

#define ATTR(key, value) "{\"key\":\"" key "\",\"value\":{" value "}}"
#define TEXT(key, value) ATTR(key, "\"stringValue\":\"" value "\"")
/* One record of one scope of one resource. */
#define RECORD(members) "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{" members "}]}]}]}"

static const char EVERYTHING[] =
	"{\"resourceLogs\":[{\"resource\":{\"attributes\":[" TEXT("service.name", "shop") "," TEXT(
		"host.name",
		"h1") "," TEXT("k8s.pod.name",
			       "p0") "]},\"schemaUrl\":\"x\","
				     "\"scopeLogs\":[{\"scope\":{\"name\":\"lib\",\"version\":\"1."
				     "2\","
				     "\"attributes\":[" TEXT(
					     "s.a",
					     "v") "],\"droppedAttributesCount\":3},\"logRecords\":["
						  "{\"timeUnixNano\":\"1768471200000000001\","
						  "\"observedTimeUnixNano\":1768471200000000002,"
						  "\"severityNumber\":9,\"severityText\":\"Info\","
						  "\"body\":{\"stringValue\":\"a \\\"line\\\"\"},"
						  "\"attributes\":[" TEXT(
							  "http.method",
							  "GET") "],"
								 "\"droppedAttributes"
								 "Count\":2,\"flags"
								 "\":1,"
								 "\"traceId\":"
								 "\"0102030405060708090A0B0C0D0E0F1"
								 "0\","
								 "\"spanId\":\"0102030405060708\","
								 "\"eventName\":\"ev\"},"
								 "{\"observedTimeUnixNano\":\"5\"},"
								 "{}]}]}]}";

static const char EVERYTHING_TEXT[] =
	"{k8s_pod_name=\"p0\", service_name=\"shop\"}\n"
	"1768471200000000001|a \"line\"|http_method=GET;observed_timestamp=1768471200000000002;"
	"severity_number=9;severity_text=Info;dropped_attributes_count=2;flags=1;"
	"trace_id=0102030405060708090a0b0c0d0e0f10;span_id=0102030405060708;event_name=ev;"
	"host_name=h1;s_a=v;scope_name=lib;scope_version=1.2;scope_dropped_attributes_count=3;\n"
	"5||host_name=h1;s_a=v;scope_name=lib;scope_version=1.2;scope_dropped_attributes_count=3;\n"
	"77||host_name=h1;s_a=v;scope_name=lib;scope_version=1.2;scope_dropped_attributes_count=3;"
	"\n";

static void json_is_mapped(void **state)
{
	(void)state;
	json_good(EVERYTHING, EVERYTHING_TEXT);
	json_good("{}", "");
	json_good("{\"resourceLogs\":[]}", "");
	json_good("{\"resourceLogs\":[{\"resource\":{\"attributes\":[" TEXT(
			  "service.name", "x") "]},\"scopeLogs\":[{\"logRecords\":[]}]}]}",
		  "");
}

static void names_have_two_spellings(void **state)
{
	(void)state;
	json_good(
		"{\"resource_logs\":[{\"scope_logs\":[{\"log_records\":[{\"time_unix_nano\":\"1\","
		"\"observed_time_unix_nano\":2,\"severity_number\":\"SEVERITY_NUMBER_WARN3\","
		"\"severity_text\":\"w\",\"body\":{\"string_value\":\"x\"},\"trace_id\":\"\","
		"\"dropped_attributes_count\":\"4\"}]}]}]}",
		"{}\n1|x|observed_timestamp=2;severity_number=15;severity_text=w;"
		"dropped_attributes_count=4;\n");
	/* but not any other */
	json_good("{\"resourcelogs\":[{}],\"ResourceLogs\":7}", "");
}

static void heads_may_stand_behind(void **state)
{
	(void)state;
	json_good("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":1}],"
		  "\"scope\":{\"name\":\"s\"}}],\"resource\":{\"attributes\":[" TEXT(
			  "a", "b") "]}},"
				    "{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":2}]}]}]}",
		  "{}\n1||a=b;scope_name=s;\n2||\n");
}

static void bodies_and_values_are_text(void **state)
{
	static const struct {
		const char *value, *text;
	} some[] = {
		{ "\"stringValue\":\"x\\n\"", "x\n" },
		{ "\"boolValue\":true", "true" },
		{ "\"intValue\":\"-9223372036854775808\"", "-9223372036854775808" },
		{ "\"intValue\":5", "5" },
		{ "\"doubleValue\":1.5", "1.5" },
		{ "\"doubleValue\":\"1e21\"", "1e+21" },
		{ "\"doubleValue\":-1.25e-7", "-1.25e-7" },
		{ "\"doubleValue\":1e20", "100000000000000000000" },
		{ "\"doubleValue\":\"NaN\"", "NaN" },
		{ "\"bytesValue\":\"AQI=\"", "AQI=" },
		{ "", "" },
		{ "\"arrayValue\":{\"values\":[{\"stringValue\":\"a<b\"},{\"intValue\":1},{},"
		  "{\"bytesValue\":\"AQI=\"}]}",
		  "[\"a<b\",1,null,\"AQI=\"]" },
		{ "\"kvlistValue\":{\"values\":[" ATTR("z", "\"boolValue\":false") "," ATTR(
			  "a",
			  "\"kvlistValue\":{\"values\":[]}") "," ATTR("m",
								      "\"arrayValue\":{}") "]}",
		  "{\"a\":{},\"m\":[],\"z\":false}" },
		{ "\"doubleValue\":\"-Infinity\"", "-Inf" },
		{ "\"stringValue\":\"x\",\"boolValue\":null,\"intValue\":null,\"doubleValue\":null,"
		  "\"bytesValue\":null,\"arrayValue\":null,\"kvlistValue\":null",
		  "x" },
		{ "\"stringValue\":null", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct buf body = { 0 }, text = { 0 };

		buf_addf(&body, RECORD("\"timeUnixNano\":1,\"body\":{%s}"), some[i].value);
		buf_addf(&text, "{}\n1|%s|\n", some[i].text);
		json_good(buf_str(&body), buf_str(&text));
		buf_release(&body);
		buf_release(&text);
	}
}

static void maps_of_attributes_are_flattened(void **state)
{
	(void)state;
	json_good(
		RECORD("\"timeUnixNano\":1,\"attributes\":[" ATTR(
			"nest.a",
			"\"kvlistValue\":{\"values\":[" TEXT("k", "v") "," ATTR(
				"deep",
				"\"kvlistVa"
				"lue\":{"
				"\"values\""
				":[" TEXT(
					"1-x",
					"y") "]}") "," ATTR("none",
							    "\"kvlistValue\":{\"values\":[]"
							    "}") "]}") "," ATTR("list",
										"\"arrayValu"
										"e\":{"
										"\"values\":"
										"[{"
										"\"intValue"
										"\":1},"
										"{\"intValue"
										"\":2}"
										"]}") "," TEXT("1"
											       "s"
											       "t",
											       "x") "," TEXT("_p",
													     "x") "," TEXT("__p",
															   "x") "," TEXT("-",
																	 "x") "," TEXT("\xc3\xa9t\xc3\xa9",
																		       "x") "," TEXT("a.b c",
																				     "x") "," TEXT("",
																						   "x") "]"),
		"{}\n1||nest_a_k=v;nest_a_deep_1_x=y;list=[1,2];key_1st=x;key_p=x;__p=x;key_=x;"
		"key_t_=x;a_b_c=x;=x;\n");
}

static void json_that_is_wrong_is_refused(void **state)
{
	static const struct {
		const char *body, *text;
	} bad[] = {
		{ "", "error: expected an object, found the body's end" },
		{ "[]", "error: expected an object at byte 0, found []" },
		{ "{} {}", "error: expected nothing behind the body at byte 3, found {}" },
		{ "{\"resourceLogs\":{}}", "error: expected an array at byte 16, found {}" },
		{ RECORD("\"body\":{\"intValue\":\"\"}"),
		  "error: expected a whole number of 64 bits at byte 66, found \"\"" },
		{ "{\"resourceLogs\":[7]}", "error: expected an object at byte 17, found 7" },
		{ "{\"resourceLogs\":[{\"resource\":{},\"resource\":{}}]}",
		  "error: expected one resource at byte 43, found {}" },
		{ "{\"resourceLogs\":[{\"scopeLogs\":[],\"scopeLogs\":[]}]}",
		  "error: expected one list of these at byte 45, found []" },
		{ RECORD("\"timeUnixNano\":\"x\""), "error: expected a whole number that is not "
						    "too large at byte 62, found \"x\"" },
		{ RECORD("\"timeUnixNano\":-1"), "error: expected a whole number that is not too "
						 "large at byte 62, found -1" },
		{ RECORD("\"flags\":4294967296"), "error: expected a whole number that is not too "
						  "large at byte 55, found 4294967296" },
		{ RECORD("\"timeUnixNano\":true"),
		  "error: expected a number at byte 62, found true" },
		{ RECORD("\"traceId\":\"01\""), "error: expected a trace id of 32 hexadecimal "
						"digits at byte 57, found \"01\"" },
		{ RECORD("\"spanId\":\"010203040506070g\""),
		  "error: expected a span id of 16 hexadecimal digits at byte 56, found "
		  "\"010203040506070g\"" },
		{ RECORD("\"severityNumber\":\"INFO\""),
		  "error: expected a severity's number or name at byte 64, found \"INFO\"" },
		{ RECORD("\"severityNumber\":\"SEVERITY_NUMBER_INFO5\""),
		  "error: expected a severity's number or name at byte 64, found "
		  "\"SEVERITY_NUMBER_INF" },
		{ RECORD("\"body\":\"x\""), "error: expected an object at byte 54, found \"x\"" },
		{ RECORD("\"body\":{\"stringValue\":1}"),
		  "error: expected a string, its escapes good, at byte 69, found 1" },
		{ RECORD("\"body\":{\"stringValue\":\"\\x\"}"),
		  "error: expected a string, its escapes good, at byte 69, found \"\\x\"" },
		{ RECORD("\"body\":{\"boolValue\":1}"),
		  "error: expected true or false at byte 67, found 1" },
		{ RECORD("\"body\":{\"intValue\":1.5}"),
		  "error: expected a whole number of 64 bits at byte 66, found 1.5" },
		{ RECORD("\"body\":{\"doubleValue\":\"x\"}"),
		  "error: expected a number at byte 69, found \"x\"" },
		{ RECORD("\"body\":{\"bytesValue\":\"?\"}"),
		  "error: expected base64 before this at byte 71, found }}]}]}]}" },
		{ RECORD("\"x\":"), "error: expected a value at byte 51, found }]}]}]}" },
		{ RECORD("\"x\""), "error: expected : behind a name at byte 50, found }]}]}]}" },
		{ RECORD("\"x\":1 \"y\""), "error: expected , or } at byte 53, found \"y\"" },
		{ "{\"resourceLogs\":[{} {}]}", "error: expected , or ] at byte 20, found {}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		json_bad(bad[i].body, bad[i].text);
	for (size_t n = 0; n < sizeof(EVERYTHING) - 1; n++) {
		enum err_code code;

		free(pushed(otlp_json, bytes_of(EVERYTHING, n), &code));
		assert_int_equal(code, ERR_USAGE);
	}
}

/* --- rules --- */

static void rules_decide(void **state)
{
	struct regex *any = regex_new(BYTES_LIT("secret\\..*"), REGEX_ANCHORED, NULL);
	const struct otlp_rule resource[] = { { OTLP_INDEX_LABEL, BYTES_LIT("team"), NULL },
					      { OTLP_DROP, { 0 }, any } };
	const struct otlp_rule scope[] = { { OTLP_DROP, BYTES_LIT("s"), NULL },
					   { OTLP_INDEX_LABEL, BYTES_LIT("t"), NULL } };
	const struct otlp_rule log[] = { { OTLP_INDEX_LABEL, BYTES_LIT("region"), NULL },
					 { OTLP_DROP, { 0 }, any } };
	const struct otlp_mapping own = { { resource, 2 }, { scope, 2 }, { log, 2 }, true };

	(void)state;
	assert_non_null(any);
	mapping = &own;
	json_good(
		"{\"resourceLogs\":[{\"resource\":{\"attributes\":[" TEXT("service.name", "x") "," TEXT("team", "a") "," TEXT(
			"secret.key",
			"k") "," TEXT("team",
				      "b") "]},"
					   "\"scopeLogs\":[{\"scope\":{\"attributes\":[" TEXT("s", "1") "," TEXT(
						   "t",
						   "2") "]},"
							"\"logRecords\":[{\"timeUnixNano\":1,"
							"\"attributes\":[" TEXT("secret.x", "k") "," TEXT(
								"xsecret.x",
								"v") "]},"
								     "{\"timeUnixNano\":2,"
								     "\"severityText\":\"E\","
								     "\"attributes\":[" TEXT(
									     "region",
									     "eu") "]},"
										   "{\"timeUnixNano"
										   "\":3,"
										   "\"severityText"
										   "\":\"E\","
										   "\"attributes\":"
										   "[" TEXT(
											   "region",
											   "eu") "]"
												 "}"
												 ","
												 "{"
												 "\"timeUnixNano\":4,\"attributes\":[" TEXT(
													 "region",
													 "") "]}]}]}]}",
		"{team=\"b\"}\n1||xsecret_x=v;service_name=x;t=2;\n"
		"{region=\"eu\", severity_text=\"E\", team=\"b\"}\n"
		"2||severity_text=E;service_name=x;t=2;\n3||severity_text=E;service_name=x;t=2;\n"
		"{team=\"b\"}\n4||service_name=x;t=2;\n");
	mapping = &otlp_default;
	regex_free(any);
}

/* --- limits --- */

static void nesting_and_numbers_are_bounded(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add_str(&b, "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{},"
			"\"logRecords\":[{\"body\":{");
	for (int i = 0; i < 100000; i++)
		buf_add_str(&b, "\"arrayValue\":{\"values\":[{");
	expect(otlp_json, buf_bytes(&b), ERR_LIMIT, "error: a value is nested more than 64 deep");
	buf_reset(&b);
	buf_add_str(&b, "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{},"
			"\"logRecords\":[{\"body\":{\"arrayValue\":"
			"{\"values\":[{}");
	for (int i = 0; i < OTLP_VALUES_MAX; i++)
		buf_add_str(&b, ",{}");
	buf_add_str(&b, "]}}}]}]}]}");
	expect(otlp_json, buf_bytes(&b), ERR_LIMIT,
	       "error: more than 65536 values in a resource, scope or record");
	buf_reset(&b);
	buf_add_str(&b, "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{},"
			"\"logRecords\":[{\"attributes\":[{}");
	for (int i = 0; i < PUSH_META_MAX; i++)
		buf_add_str(&b, ",{}");
	buf_add_str(&b, "]}]}]}]}");
	expect(otlp_json, buf_bytes(&b), ERR_LIMIT, "error: more than 1024 attributes");
	buf_reset(&b);
	buf_add_str(&b, "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{},"
			"\"logRecords\":[{\"attributes\":[{\"key\":\"");
	for (int i = 0; i < LABEL_NAME_MAX; i++)
		buf_add_char(&b, 'k');
	buf_add_str(&b, "\",\"value\":{\"kvlistValue\":{\"values\":[{}]}}}]}]}]}]}");
	expect(otlp_json, buf_bytes(&b), ERR_LIMIT,
	       "error: an attribute's name is 65537 bytes long, at most 65536 are taken");
	buf_release(&b);
}

/* --- protobuf --- */

static void add_fixed64(struct buf *b, unsigned field, uint64_t v)
{
	wr_uvarint(b, field << 3 | 1);
	buf_add(b, &v, 8); /* little-endian, as this machine is */
}

static void add_attribute(struct buf *b, unsigned field, const char *key, const char *value)
{
	struct buf attribute = { 0 }, any = { 0 };

	add_bytes(&attribute, 1, bytes_str(key));
	add_bytes(&any, 1, bytes_str(value));
	add_message(&attribute, 2, &any);
	add_message(b, field, &attribute);
	buf_release(&attribute);
	buf_release(&any);
}

/* The same as EVERYTHING. */
static void add_everything(struct buf *body)
{
	struct buf logs = { 0 }, resource = { 0 }, scopes = { 0 }, scope = { 0 }, record = { 0 };
	uint32_t flags = 1;

	add_fixed64(&record, 1, 1768471200000000001);
	add_fixed64(&record, 11, 1768471200000000002);
	add_number(&record, 2, 9);
	add_bytes(&record, 3, BYTES_LIT("Info"));
	add_bytes(&record, 5,
		  BYTES_LIT("\x0a\x08"
			    "a \"line\""));
	add_attribute(&record, 6, "http.method", "GET");
	add_number(&record, 7, 2);
	wr_uvarint(&record, 8 << 3 | 5);
	buf_add(&record, &flags, 4);
	add_bytes(&record, 9, BYTES_LIT("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20"));
	add_bytes(&record, 10, BYTES_LIT("\1\2\3\4\5\6\7\10"));
	add_bytes(&record, 12, BYTES_LIT("ev"));
	add_message(&scopes, 2, &record);
	add_fixed64(&record, 11, 5);
	add_message(&scopes, 2, &record);
	add_message(&scopes, 2, &record);
	add_bytes(&scope, 1, BYTES_LIT("lib"));
	add_bytes(&scope, 2, BYTES_LIT("1.2"));
	add_attribute(&scope, 3, "s.a", "v");
	add_number(&scope, 4, 3);
	add_message(&scopes, 1, &scope);
	add_message(&logs, 2, &scopes);
	add_attribute(&resource, 1, "service.name", "shop");
	add_attribute(&resource, 1, "host.name", "h1");
	add_attribute(&resource, 1, "k8s.pod.name", "p0");
	add_message(&logs, 1, &resource);
	add_message(body, 1, &logs);
	buf_release(&logs);
	buf_release(&resource);
	buf_release(&scopes);
	buf_release(&scope);
	buf_release(&record);
}

static void protobuf_is_mapped(void **state)
{
	struct buf b = { 0 };

	(void)state;
	add_everything(&b);
	expect(otlp_protobuf, buf_bytes(&b), ERR_NONE, EVERYTHING_TEXT);
	expect(otlp_protobuf, BYTES_LIT(""), ERR_NONE, "");
	for (size_t n = 1; n < b.n; n++) {
		enum err_code code;

		free(pushed(otlp_protobuf, bytes_of(b.p, n), &code));
		assert_int_equal(code, ERR_CORRUPT);
	}
	buf_release(&b);
}

/* A record with this as its body, in protobuf. */
static void add_body(struct buf *b, struct bytes any)
{
	struct buf logs = { 0 }, scopes = { 0 }, record = { 0 };

	add_fixed64(&record, 1, 1);
	add_bytes(&record, 5, any);
	add_message(&scopes, 2, &record);
	add_message(&logs, 2, &scopes);
	add_message(b, 1, &logs);
	buf_release(&logs);
	buf_release(&scopes);
	buf_release(&record);
}

static void protobuf_values_are_text(void **state)
{
	static const struct {
		struct bytes any;
		const char *text;
	} some[] = {
		{ BYTES_LIT("\x0a\x01x"), "{}\n1|x|\n" },
		{ BYTES_LIT("\x10\x01"), "{}\n1|true|\n" },
		{ BYTES_LIT("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "{}\n1|-1|\n" },
		{ BYTES_LIT("\x21\x00\x00\x00\x00\x00\x00\xf8\x3f"), "{}\n1|1.5|\n" },
		{ BYTES_LIT("\x3a\x02\x01\x02"), "{}\n1|AQI=|\n" },
		{ BYTES_LIT("\x2a\x08\x0a\x02\x18\x07\x0a\x02\x10\x00"), "{}\n1|[7,false]|\n" },
		{ BYTES_LIT("\x32\x0d\x0a\x07\x0a\x01k\x12\x02\x18\x05\x0a\x02\x0a\x00"),
		  "{}\n1|{\"\":null,\"k\":5}|\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct buf b = { 0 };

		add_body(&b, some[i].any);
		expect(otlp_protobuf, buf_bytes(&b), ERR_NONE, some[i].text);
		buf_release(&b);
	}
}

static void protobuf_that_is_wrong_is_refused(void **state)
{
	struct buf b = { 0 }, any = { 0 }, next = { 0 };

	(void)state;
	add_body(&b, BYTES_LIT("\x08\x01")); /* a string that is a number */
	expect(otlp_protobuf, buf_bytes(&b), ERR_CORRUPT,
	       "error: protobuf: a value is cut short or bad at byte 19");
	buf_reset(&b);
	expect(otlp_protobuf, BYTES_LIT("\x0a\x08\x12\x06\x12\x04\x4a\x02\x01\x02"), ERR_USAGE,
	       "error: a trace or span id of 2 bytes, expected 16");
	for (int i = 0; i <= OTLP_DEPTH_MAX; i++) { /* arrays in arrays */
		add_message(&next, 1, &any);
		add_message(&any, 5, &next);
	}
	add_body(&b, buf_bytes(&any));
	expect(otlp_protobuf, buf_bytes(&b), ERR_LIMIT,
	       "error: a value is nested more than 64 deep");
	buf_release(&b);
	buf_release(&any);
	buf_release(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_mapped),
		cmocka_unit_test(names_have_two_spellings),
		cmocka_unit_test(heads_may_stand_behind),
		cmocka_unit_test(bodies_and_values_are_text),
		cmocka_unit_test(maps_of_attributes_are_flattened),
		cmocka_unit_test(json_that_is_wrong_is_refused),
		cmocka_unit_test(rules_decide),
		cmocka_unit_test(nesting_and_numbers_are_bounded),
		cmocka_unit_test(protobuf_is_mapped),
		cmocka_unit_test(protobuf_values_are_text),
		cmocka_unit_test(protobuf_that_is_wrong_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
