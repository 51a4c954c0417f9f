/* What sends pushes: URLs and headers that may be, a libcurl that is not there, and that what is
 * encoded is what a server decodes. */
#include "unit.h"

#include <dlfcn.h>

#include "httpc/httpc.h"
#include "ingest/sender.h"
#include "push/encode.h"
#include "push/push.h"

static bool no_libcurl;

void *dlopen(const char *path, int flags)
{
	static void *(*real)(const char *, int);

	if (no_libcurl)
		return NULL;
	if (!real) {
		void *p = dlsym(RTLD_NEXT, "dlopen");

		memcpy(&real, &p, sizeof(real));
	}
	return real(path, flags);
}

static void urls_and_headers(void **state)
{
	static const char *const good[] = { "http://h", "https://h:1/p?q#f", "http://[::1]:80/" };
	static const char *const bad[] = {
		"",	      "h",	    "ftp://h",	     "http://",
		"http:///p",  "http://u@h", "http://u:p@h/", "http://h/a b",
		"http://h/\n"
	};
	static const char *const bad_headers[] = { "", ":v", "name", "a b: c", "a: b\r\nc: d" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(httpc_check_url(good[i], &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(httpc_check_url(bad[i], &e), -1);
		assert_int_equal(e.code, ERR_USAGE);
		assert_null(strstr(e.msg, "u:p"));
	}
	assert_int_equal(httpc_check_header("X-A: b: c", &e), 0);
	for (size_t i = 0; i < sizeof(bad_headers) / sizeof(*bad_headers); i++)
		assert_int_equal(httpc_check_header(bad_headers[i], &e), -1);
}

static void paths_of_loki(void **state)
{
	static const char *const cases[][2] = {
		{ "http://h", "http://h/loki/api/v1/push" },
		{ "http://h:3100/", "http://h:3100/loki/api/v1/push" },
		{ "https://h/gateway/", "https://h/gateway/loki/api/v1/push" },
		{ "http://h/api/prom/push", "http://h/api/prom/push" },
		{ "http://h/push?x=1", "http://h/push?x=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = { 0 };

		sender_url(cases[i][0], &b);
		assert_string_equal(buf_str(&b), cases[i][1]);
		buf_release(&b);
	}
}

static void without_libcurl(void **state)
{
	struct httpc_opts o = { 0 };
	struct httpc *h;
	struct err e;

	(void)state;
	no_libcurl = true;
	assert_int_equal(httpc_open(&o, &h, &e), -1);
	no_libcurl = false;
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "libcurl.so.4"));
	assert_non_null(strstr(e.msg, "libcurl4"));
	assert_int_equal(httpc_open(&o, &h, &e), 0);
	httpc_close(h);
}

struct got {
	struct buf text;
};

static int on_stream(void *data, const struct push_labels *l, struct err *e)
{
	struct got *g = data;

	(void)e;
	buf_add_bytes(&g->text, l->spelling);
	buf_add_char(&g->text, '\n');
	return 0;
}

static int on_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		    size_t n_meta, struct err *e)
{
	struct got *g = data;

	(void)e;
	buf_addf(&g->text, "%lld %.*s", (long long)ts_ns, BYTES_ARG(line));
	for (size_t i = 0; i < n_meta; i++)
		buf_addf(&g->text, " %.*s=%.*s", BYTES_ARG(meta[i].name), BYTES_ARG(meta[i].value));
	buf_add_char(&g->text, '\n');
	return 0;
}

static void encoded_is_decoded(void **state)
{
	struct label web[] = { { BYTES_LIT("app"), BYTES_LIT("w\"eb") } };
	struct label meta[] = { { BYTES_LIT("k"), BYTES_LIT("v") },
				{ BYTES_LIT("l"), BYTES_LIT("") } };
	struct labels l = { web, 1 };
	struct streams *streams = streams_new();
	struct entries es = { 0 };
	struct push_encoder enc = { 0 };
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct got g = { 0 };
	struct push_sink sink = { .stream = on_stream, .entry = on_entry, .data = &g };
	uint32_t order[] = { 0, 2, 1 }, s[2];
	struct err e;

	(void)state;
	assert_int_equal(streams_add(streams, BYTES_LIT("fake"), &l, &s[0], &e), 0);
	web[0].value = BYTES_LIT("db");
	assert_int_equal(streams_add(streams, BYTES_LIT("fake"), &l, &s[1], &e), 0);
	entries_add(&es, s[0], 1700000000123456789, BYTES_LIT("one"),
		    metatab_add(&es.meta, meta, 2));
	entries_add(&es, s[1], INT64_MIN, BYTES_LIT(""), 0);
	entries_add(&es, s[0], INT64_MAX, BYTES_LIT("two"), 0);
	push_encode(&enc, &es, order, 3, streams, &out);
	assert_int_equal(push_protobuf(buf_bytes(&out), &sink, &a, &e), 0);
	assert_string_equal(buf_str(&g.text), "{app=\"w\\\"eb\"}\n"
					      "1700000000123456789 one k=v l=\n"
					      "9223372036854775807 two\n"
					      "{app=\"db\"}\n"
					      "-9223372036854775808 \n");
	buf_release(&g.text);
	buf_release(&out);
	arena_release(&a);
	push_encoder_release(&enc);
	entries_release(&es);
	streams_free(streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_and_headers),
		cmocka_unit_test(paths_of_loki),
		cmocka_unit_test(without_libcurl),
		cmocka_unit_test(encoded_is_decoded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
