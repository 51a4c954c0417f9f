/* Answers in the forms of Loki's old paths, and as shards. */
#include "base/io.h"
#include "server/query_shape.h"

#include <sys/mman.h>

#include "unit.h"

static struct shape_out begin(void)
{
	struct shape_out out = { .fd = memfd_create("shape", MFD_CLOEXEC) };

	assert_true(out.fd >= 0);
	return out;
}

static void end(struct shape_out *out)
{
	shape_out_release(out);
	close(out->fd);
}

static void becomes(query_shape_fn *shape, const char *json, const char *want)
{
	struct shape_out out = begin();
	struct io_map map = { 0 };
	struct err e;

	assert_int_equal(shape(bytes_str(json), &out, &e), 0);
	assert_int_equal(shape_out_end(&out, &e), 0);
	assert_int_equal(io_map_fd(out.fd, &map, &e), 0);
	assert_int_equal(out.n, map.b.n);
	assert_true(bytes_is(map.b, want));
	io_unmap(&map);
	end(&out);
}

static void is_refused(query_shape_fn *shape, const char *json, enum err_code code, const char *why)
{
	struct shape_out out = begin();
	struct err e = { 0 };

	assert_int_equal(shape(bytes_str(json), &out, &e), -1);
	assert_int_equal(e.code, code);
	assert_string_equal(e.msg, why);
	end(&out);
}

static void values(void **state)
{
	(void)state;
	becomes(query_shape_old_values, "{\"status\":\"success\",\"data\":[\"a\",\"b\\n\"]}\n",
		"{\"values\":[\"a\",\"b\\n\"]}\n");
	becomes(query_shape_old_values, "{\"status\":\"success\"}\n", "{}\n");
}

#define STREAMS(type, result)                                                               \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"" type "\",\"result\":[" result \
	"],\"stats\":{\"summary\":{\"x\":1}}}}\n"

static void streams(void **state)
{
	(void)state;
	becomes(query_shape_old_streams, STREAMS("streams", ""),
		"{\"streams\":[],\"stats\":{\"summary\":{\"x\":1}}}\n");
	becomes(query_shape_old_streams,
		STREAMS("streams",
			"{\"stream\":{\"a\":\"q\\\"\\u00e9\",\"b\":\"\"},\"values\":[["
			"\"1768471200000000001\","
			"\"x "
			"\\\"y\\\"\"],[\"-1\",\"\"]]},{\"stream\":{},\"values\":[[\"0\",\"z\"]]}"),
		"{\"streams\":[{\"labels\":\"{a=\\\"q\\\\\\\"é\\\", "
		"b=\\\"\\\"}\",\"entries\":[{\"ts\":\"2026-01-15T10:00:00.000000001Z\",\"line\":"
		"\"x "
		"\\\"y\\\"\"},{\"ts\":\"1969-12-31T23:59:59.999999999Z\",\"line\":\"\"}]},"
		"{\"labels\":\"{}\",\"entries\":[{\"ts\":\"1970-01-01T00:00:00Z\",\"line\":\"z\"}]}"
		"],"
		"\"stats\":{\"summary\":{\"x\":1}}}\n");
	is_refused(query_shape_old_streams, STREAMS("matrix", ""), ERR_QUERY,
		   "legacy endpoints only support streams result type, current type is matrix");
}

static void shards(void **state)
{
	(void)state;
	becomes(query_shape_shards, "{\"streams\":1,\"chunks\":2,\"entries\":3,\"bytes\":4}\n",
		"{\"shards\":[{\"bounds\":{\"min\":0,\"max\":18446744073709551615},\"stats\":{"
		"\"streams\":1,\"chunks\":2,\"entries\":3,\"bytes\":4}}]}\n");
}

static void add_piece(struct buf *json, size_t n, const char *piece)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(json, "%s%s", i ? "," : "", piece);
}

/* An answer is as large as a query may have memory, and many are made at once. */
static void memory_does_not_grow_with_the_answer(void **state)
{
	struct buf json = { 0 };
	struct shape_out out;
	struct err e;

	(void)state;
	buf_add_str(&json,
		    "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[");
	buf_add_str(&json, "{\"stream\":{\"a\":\"b\"},\"values\":[");
	add_piece(&json, 100000, "[\"1768471200000000001\",\"a line of a common length\"]");
	buf_add_str(&json, "]}]}}");
	out = begin();
	assert_int_equal(query_shape_old_streams(buf_bytes(&json), &out, &e), 0);
	assert_true(out.n > json.n / 2);
	assert_true(out.text.cap <= 256 << 10);
	end(&out);

	buf_reset(&json);
	buf_add_str(&json, "{\"status\":\"success\",\"data\":[");
	add_piece(&json, 100000, "\"a name of a label, or its value\"");
	buf_add_str(&json, "]}");
	out = begin();
	assert_int_equal(query_shape_old_values(buf_bytes(&json), &out, &e), 0);
	assert_true(out.n > json.n / 2);
	assert_true(out.text.cap <= 256 << 10);
	end(&out);
	buf_release(&json);
}

static void what_is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"status\"",
		"{\"data\":{}}",
		STREAMS("streams", "{\"stream\":1,\"values\":[]}"),
		STREAMS("streams", "{\"stream\":{}}"),
		STREAMS("streams", "{\"stream\":{\"a\":1},\"values\":[]}"),
		STREAMS("streams", "{\"stream\":{},\"values\":[[\"x\",\"\"]]}")
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_refused(query_shape_old_streams, bad[i], ERR_BUG,
			   "an answer of logql is not as expected");
	is_refused(query_shape_old_values, "x", ERR_BUG, "an answer of logql is not as expected");
	is_refused(query_shape_shards, "{}", ERR_BUG, "an answer of logql is not as expected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(streams),
		cmocka_unit_test(shards),
		cmocka_unit_test(memory_does_not_grow_with_the_answer),
		cmocka_unit_test(what_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("query_shape", tests, NULL, NULL);
}
