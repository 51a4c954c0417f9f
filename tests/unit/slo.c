/* Of slo-budget what no command line shows: times of the calendar, queries' text, answers of a
 * server, counts. */
#include "unit.h"

#include "slo/counts.h"
#include "slo/period.h"
#include "slo/prometheus.h"
#include "slo/query.h"
#include "time/time.h"

static int64_t at(const char *text)
{
	int64_t ns;

	assert_int_equal(0, time_parse(bytes_str(text), 0, &ns, NULL));
	return ns;
}

static void span_is(enum slo_period_kind kind, const struct time_zone *zone, const char *now,
		    const char *from, const char *to)
{
	const struct slo_period p = { .kind = kind, .zone = zone };
	struct slo_span span = slo_period_at(&p, at(now));

	assert_int_equal(at(from), span.from);
	assert_int_equal(at(to), span.to);
}

static void test_calendar(void **unused)
{
	struct time_zone *berlin, *samoa;

	(void)unused;
	span_is(SLO_MONTH, NULL, "2024-02-29T23:59:59Z", "2024-02-01", "2024-03-01");
	span_is(SLO_MONTH, NULL, "2024-03-01T00:00:00Z", "2024-03-01", "2024-04-01");
	span_is(SLO_MONTH, NULL, "2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01");
	span_is(SLO_QUARTER, NULL, "2026-12-31T23:59:59Z", "2026-10-01", "2027-01-01");
	span_is(SLO_QUARTER, NULL, "2026-01-01T00:00:00Z", "2026-01-01", "2026-04-01");
	span_is(SLO_YEAR, NULL, "2026-06-01T00:00:00Z", "2026-01-01", "2027-01-01");
	span_is(SLO_WEEK, NULL, "2026-01-01T00:00:00Z", "2025-12-29", "2026-01-05");
	span_is(SLO_WEEK, NULL, "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05");
	berlin = time_zone_open(BYTES_LIT("Europe/Berlin"), NULL);
	assert_non_null(berlin);
	/* Clocks are put in this month, and in this quarter. */
	span_is(SLO_MONTH, berlin, "2026-03-31T12:00:00Z", "2026-02-28T23:00:00Z",
		"2026-03-31T22:00:00Z");
	span_is(SLO_QUARTER, berlin, "2026-10-31T23:30:00Z", "2026-09-30T22:00:00Z",
		"2026-12-31T23:00:00Z");
	/* A day begins before that of UTC. */
	span_is(SLO_MONTH, berlin, "2026-01-31T23:30:00Z", "2026-01-31T23:00:00Z",
		"2026-02-28T23:00:00Z");
	time_zone_free(berlin);
	samoa = time_zone_open(BYTES_LIT("Pacific/Apia"), NULL);
	assert_non_null(samoa);
	span_is(SLO_MONTH, samoa, "2026-01-31T10:30:00Z", "2025-12-31T11:00:00Z",
		"2026-01-31T11:00:00Z");
	time_zone_free(samoa);
}

static void duration_is(int64_t s, const char *expected)
{
	struct buf b = { 0 };

	slo_duration_add(&b, s * NS_PER_S + 1);
	assert_string_equal(expected, buf_str(&b));
	buf_release(&b);
}

static void test_durations(void **unused)
{
	(void)unused;
	duration_is(0, "0s");
	duration_is(59, "59s");
	duration_is(3600, "1h");
	duration_is(90061, "1d1h1m1s");
	duration_is(86400 * 30, "30d");
}

static void query_is(const char *query, bool has_window, const char *expected)
{
	struct buf b = { 0 };

	assert_int_equal(has_window, slo_query_has_window(bytes_str(query)));
	slo_query_add(&b, bytes_str(query), 5400 * NS_PER_S);
	assert_string_equal(expected, buf_str(&b));
	buf_release(&b);
}

static void test_queries(void **unused)
{
	(void)unused;
	query_is("rate(a[{{.window}}]) / rate(b[{{ .window }}])", true,
		 "rate(a[1h30m]) / rate(b[1h30m])");
	query_is("{{window}}", true, "1h30m");
	query_is("{{.windows}} {{ .window {{.window", false, "{{.windows}} {{ .window {{.window");
	query_is("{{{.window}}", true, "{1h30m");
	query_is("", false, "");
	assert_true(slo_query_is_rate(BYTES_LIT("sum(rate(a[1m]))")));
	assert_true(slo_query_is_rate(BYTES_LIT("sum(bytes_rate({a=\"b\"}[1m]))")));
	assert_false(slo_query_is_rate(BYTES_LIT("sum(increase(a_rate[1m]))")));
	assert_true(slo_query_is_bucket(BYTES_LIT("sum(rate(a_bucket{le=\"1\"}[1m]))")));
	assert_true(slo_query_is_bucket(BYTES_LIT("sum(rate(a_bucket{le=\"1\",b='c-d'}[1m]))")));
	assert_false(slo_query_is_bucket(BYTES_LIT("sum(rate(a_bucket{le=\"+Inf\"}[1m]))")));
	assert_false(slo_query_is_bucket(BYTES_LIT("b - sum(rate(a_bucket{le=\"1\"}[1m]))")));
	assert_false(slo_query_is_bucket(BYTES_LIT("sum(rate(a_count[1m]))")));
}

/* --- answers of a Prometheus ------------------------------------------------------------------ */

#define VECTOR(series) \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" series "]}}"
#define MATRIX(samples)                                                                           \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{}," \
	"\"values\":[" samples "]}]}}"
#define ONE(value) VECTOR("{\"metric\":{},\"value\":[1700000000.123," value "]}")

static enum err_code answer_gives(const char *body, struct slo_value *ret, size_t n)
{
	const struct slo_times times = { .from_ns = INT64_C(1700000000) * NS_PER_S,
					 .step_ns = 60 * NS_PER_S,
					 .n = n };
	struct err e = { 0 };

	if (prometheus_read(bytes_str(body), &times, ret, NULL, NULL, &e) == 0)
		return ERR_NONE;
	assert_true(e.msg[0] != '\0');
	return e.code;
}

static void value_is(const char *body, const char *expected)
{
	struct slo_value v;
	struct buf b = { 0 };

	assert_int_equal(ERR_NONE, answer_gives(body, &v, 1));
	assert_int_equal(expected != NULL, v.is == SLO_NUMBER);
	exact_add(&b, v.v);
	if (expected)
		assert_string_equal(expected, buf_str(&b));
	buf_release(&b);
}

static void test_answers(void **unused)
{
	static const struct {
		const char *body;
		enum err_code code;
	} bad[] = {
		{ "", ERR_CORRUPT },
		{ "<html>", ERR_CORRUPT },
		{ "{}", ERR_CORRUPT },
		{ "[1]", ERR_CORRUPT },
		{ "{\"status\":\"error\",\"error\":\"x\"}", ERR_CORRUPT },
		{ "{\"status\":\"success\"}", ERR_CORRUPT },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\"}}", ERR_CORRUPT },
		{ VECTOR("1"), ERR_CORRUPT },
		{ VECTOR("{}"), ERR_CORRUPT },
		{ ONE("1"), ERR_CORRUPT },
		{ ONE("\"1x\""), ERR_CORRUPT },
		{ ONE("\"+Inf\""), ERR_CORRUPT },
		{ ONE("\"1e300\""), ERR_LIMIT },
		{ VECTOR("{\"value\":[1,\"1\"]},{\"value\":[1,\"2\"]}"), ERR_QUERY },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1,\"a\"]"
		  "}}",
		  ERR_QUERY },
		{ VECTOR("{\"values\":[[1700000000,\"1\"]]}"), ERR_CORRUPT },
		{ MATRIX("[1700000000,\"1\"]"), ERR_QUERY },
	};
	struct slo_value v[3];

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(bad[i].code, answer_gives(bad[i].body, v, 1));
	value_is(VECTOR(""), NULL);
	value_is(ONE("\"NaN\""), NULL);
	value_is(ONE("\"0.00011574074074074073\""), "0.00011574074074074073");
	value_is(ONE("\"1.5e-7\""), "0.00000015");
	value_is("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"2\"]}"
		 "}",
		 "2");
	assert_int_equal(ERR_NONE, answer_gives(MATRIX("[1700000000,\"1\"],[1700000120,\"3\"],"
						       "[1700000180,\"4\"]"),
						v, 3));
	assert_true(v[0].is == SLO_NUMBER && v[1].is == SLO_NO_SERIES && v[2].is == SLO_NUMBER);
	assert_int_equal(3, v[2].v.units);
	assert_int_equal(ERR_QUERY, answer_gives(ONE("\"1\""), v, 3));
}

static void on_warning(void *data, const struct err *e)
{
	buf_addf(data, "%s;", e->msg);
}

static void test_warnings(void **unused)
{
	static const char body[] =
		"{\"status\":\"success\",\"warnings\":[\"a \\\"b\\\"\",\"c\"],\"data\":"
		"{\"resultType\":\"vector\",\"result\":[]}}";
	const struct slo_times times = { .n = 1 };
	struct buf said = { 0 };
	struct slo_value v;
	struct err e;

	(void)unused;
	assert_int_equal(0, prometheus_read(bytes_str(body), &times, &v, on_warning, &said, &e));
	assert_string_equal("the server warns: a \"b\";the server warns: c;", buf_str(&said));
	buf_release(&said);
}

static int on_group(void *data, struct bytes name, const struct slo_value *v, struct err *e)
{
	(void)e;
	buf_addf(data, "%.*s: ", BYTES_ARG(name));
	exact_add(data, v->v);
	buf_add_char(data, '\n');
	return 0;
}

static void test_groups(void **unused)
{
	static const char body[] =
		VECTOR("{\"metric\":{},\"value\":[1,\"1\"]},"
		       "{\"metric\":{\"t\":\"a\\u0062\"},\"value\":[1,\"2\"]},"
		       "{\"metric\":{\"a\":\"x\",\"b\":\"y\"},\"value\":[1,\"3\"]},"
		       "{\"metric\":{\"a\":\"z\"},\"value\":[1,\"NaN\"]}");
	struct buf said = { 0 };
	struct err e;

	(void)unused;
	assert_int_equal(0, prometheus_read_groups(bytes_str(body), on_group, &said, &e));
	assert_string_equal(": 1\nab: 2\na=\"x\", b=\"y\": 3\n", buf_str(&said));
	assert_int_equal(-1, prometheus_read_groups(BYTES_LIT(VECTOR("{\"value\":[1,\"1\"]}")),
						    on_group, &said, &e));
	assert_int_equal(ERR_CORRUPT, e.code);
	buf_release(&said);
}

/* --- counts ---------------------------------------------------------------------------------- */

static struct exact exact(const char *text)
{
	struct exact v = { 0 };

	assert_true(exact_read(bytes_str(text), &v));
	return v;
}

static void test_counts(void **unused)
{
	const char nines[] = "999999999999999999999999999999999999";
	struct slo_counts c = { .total = exact(nines), .bad = exact("1") };
	const struct slo_counts more = { .total = exact("0.5"), .bad = exact("0.25") };
	struct exact v;
	struct err e;

	(void)unused;
	assert_true(exact_sum(exact("0.5"), exact("0.5"), &v) && v.units == 1 && v.scale == 0);
	assert_true(exact_sum(exact("1"), exact("-1"), &v) && v.units == 0 && v.scale == 0);
	assert_true(exact_sum(exact("0"), exact("1e-36"), &v) && v.scale == 36);
	assert_false(exact_sum(exact("1"), exact("1e-36"), &v));
	assert_true(exact_product(exact("0.5"), exact("0.2"), &v) && v.units == 1 && v.scale == 1);
	assert_false(exact_product(exact(nines), exact("10"), &v));
	assert_false(exact_product(exact("1e-20"), exact("1e-20"), &v));
	assert_int_equal(0, exact_cmp(exact("0.50"), exact("0.5")));
	assert_true(exact_cmp(exact("-1"), exact("1e-36")) < 0);
	assert_true(exact_cmp(exact(nines), exact("1e-36")) > 0);
	assert_true(exact_cmp(exact("1e-36"), exact(nines)) < 0);
	assert_int_equal(-1, slo_counts_add(&c, &more, &e));
	assert_int_equal(ERR_LIMIT, e.code);
	assert_int_equal(0, exact_cmp(c.total, exact(nines))); /* as it was */
	c.bad = exact("-1");
	assert_int_equal(-1, slo_counts_check(&c, &e));
	assert_string_equal("bad: expected a number of 0 and above, found '-1'", e.msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calendar), cmocka_unit_test(test_durations),
		cmocka_unit_test(test_queries),	 cmocka_unit_test(test_answers),
		cmocka_unit_test(test_warnings), cmocka_unit_test(test_groups),
		cmocka_unit_test(test_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
