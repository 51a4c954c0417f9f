/* Parameters of the query endpoints: what logql is asked, and Loki's refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/query_params.h"
#include "time/time.h"

/* 2026-01-15T10:00:00Z */
static const int64_t NOW_NS = 1768471200 * NS_PER_S;

static int ask_as(struct query_request *r, enum query_endpoint which, const char *params,
		  char line[2048], struct err *e)
{
	struct arena a = { 0 };
	struct form form = { 0 };
	struct query_command c;
	size_t n = 0;
	int rc;

	assert_int_equal(form_parse(bytes_str(params), &a, &form, e), 0);
	r->form = &form;
	rc = query_params(r, which, &a, &c, e);
	line[0] = '\0';
	for (size_t i = 0; rc == 0 && c.argv[i]; i++)
		n += (size_t)snprintf(line + n, 2048 - n, "%s%s", i ? " " : "", c.argv[i]);
	arena_release(&a);
	return rc;
}

static struct query_request request(const struct limits *l)
{
	return (struct query_request){
		.tenant = BYTES_LIT("acme"),
		.limits = l,
		.wal = "W",
		.store = "S",
		.jobs = 1,
		.now_ns = NOW_NS,
	};
}

#define SOURCES "--format api --gate 3 --queued 0s --gate-bytes  --store S --wal W --jobs 1"

/* first: between the tenant and what all have; rest: behind that. */
static void is(enum query_endpoint which, const char *params, const char *verb, const char *first,
	       const char *rest)
{
	struct limits none = { 0 };
	struct query_request r = request(&none);
	char line[2048], whole[2048];
	struct err e = { 0 };

	r.name = BYTES_LIT("-name");
	if (ask_as(&r, which, params, line, &e) < 0)
		fail_msg("%s: %s", params, e.msg);
	snprintf(whole, sizeof(whole), "logql %s-t acme %s" SOURCES "%s%s", verb, first,
		 *rest ? " " : "", rest);
	assert_string_equal(line, whole);
}

static void is_refused(enum query_endpoint which, const char *params, const char *why)
{
	struct limits none = { 0 };
	struct query_request r = request(&none);
	char line[2048];
	struct err e = { 0 };

	r.name = BYTES_LIT("x");
	if (ask_as(&r, which, params, line, &e) == 0)
		fail_msg("%s: taken: %s", params, line);
	assert_string_equal(e.msg, why);
}

#define HOUR	  "--from 2026-01-15T09:00:00Z --to 2026-01-15T10:00:00Z "
#define SIX_HOURS "--from 2026-01-15T04:00:00Z --to 2026-01-15T10:00:00Z "

static void defaults_of_each_endpoint(void **state)
{
	(void)state;
	is(ENDPOINT_QUERY, "query=1", "query ", "--at 2026-01-15T10:00:00Z 1 ",
	   "--strict --limit 100 --direction backward");
	is(ENDPOINT_QUERY_RANGE, "query=%7B%7D", "query ", HOUR "{} ",
	   "--strict --limit 100 --direction backward");
	is(ENDPOINT_LABELS, "", "labels ", SIX_HOURS, "");
	is(ENDPOINT_LABELS, "query={a=~\".%2B\"}", "labels ", SIX_HOURS "{a=~\".+\"} ", "--strict");
	is(ENDPOINT_LABEL_VALUES, "", "values ", SIX_HOURS, "-- -name");
	is(ENDPOINT_SERIES, "match[]={a%3D%22b%22}&x=y&match=%20{}", "series ",
	   SIX_HOURS "{a=\"b\"} {} ", "--strict");
	is(ENDPOINT_STATS, "query={}", "stats ", SIX_HOURS "{} ", "--strict");
	is(ENDPOINT_VOLUME, "query={}&targetLabels=a,b", "volume ", SIX_HOURS "{} ",
	   "--strict --limit 100 --target-labels a,b --aggregate-by series");
	is(ENDPOINT_VOLUME_RANGE, "aggregateBy=labels", "volume ", SIX_HOURS " ",
	   "--strict --limit 100 --aggregate-by labels --step 1m0s");
	is(ENDPOINT_PATTERNS, "query=%20{}%20&step=1m", "patterns ", SIX_HOURS "{} ",
	   "--step 1m0s --strict");
	is(ENDPOINT_DETECTED_LABELS, "", "detected-labels ", SIX_HOURS, "");
	is(ENDPOINT_DETECTED_FIELDS, "query={}&field_limit=7", "detected-fields ", SIX_HOURS "{} ",
	   "--line-limit 100 --limit 7 --strict");
	is(ENDPOINT_DETECTED_VALUES, "query={}&line_limit=5&limit=6&field_limit=7",
	   "detected-values ", SIX_HOURS, "--line-limit 5 --limit 6 --strict -- -name {}");
}

static void the_cache_is_handed_on(void **state)
{
	struct limits none = { 0 };
	struct query_request r = request(&none);
	char line[2048];
	struct err e;

	(void)state;
	r.cache = "C";
	r.cache_bytes = 1000;
	assert_int_equal(0, ask_as(&r, ENDPOINT_LABELS, "", line, &e));
	assert_non_null(
		strstr(line, " --store S --cache C --list-age 10s --cache-size 1000 --wal W "));
	r.cache_bytes = 0;
	assert_int_equal(0, ask_as(&r, ENDPOINT_LABELS, "", line, &e));
	assert_non_null(strstr(line, " --store S --cache C --list-age 10s --wal W "));
}

static void format_query_looks_at_no_data(void **state)
{
	struct limits none = { 0 };
	struct query_request r = request(&none);
	char line[2048];
	struct err e;

	(void)state;
	assert_int_equal(ask_as(&r, ENDPOINT_FORMAT_QUERY, "query=--help", line, &e), 0);
	assert_string_equal(line, "logql fmt --format api --strict -- --help");
}

static void at(const char *text, const char *want)
{
	char params[128], first[256];

	snprintf(params, sizeof(params), "query=1&time=%s", text);
	snprintf(first, sizeof(first), "--at %s 1 ", want);
	is(ENDPOINT_QUERY, params, "query ", first, "--strict --limit 100 --direction backward");
}

static void a_regexp_is_a_filter_behind_an_old_query(void **state)
{
	(void)state;
	is(ENDPOINT_OLD_QUERY, "query={}", "query ", HOUR "{} ",
	   "--strict --limit 100 --direction backward");
	is(ENDPOINT_OLD_QUERY, "query={}%23&regexp=a%22%5Cd", "query ",
	   HOUR "{}#\n|~ \"a\\\"\\\\d\" ", "--strict --limit 100 --direction backward");
	is(ENDPOINT_QUERY_RANGE, "query={}&regexp=a", "query ", HOUR "{} ",
	   "--strict --limit 100 --direction backward");
}

static void forms_of_time(void **state)
{
	(void)state;
	at("1768471200", "2026-01-15T10:00:00Z");
	at("1768471200.25", "2026-01-15T10:00:00.250Z");
	at("1768471200.0004", "2026-01-15T10:00:00Z");
	at("1.7684712e9", "2026-01-15T10:00:00Z");
	at("1768471200000000001", "2026-01-15T10:00:00.000000001Z");
	at("17684712000", "1970-01-01T00:00:17.684712Z");
	at("4000000000", "2096-10-02T07:06:40Z");
	at("0", "1970-01-01T00:00:00Z");
	at("-5", "1969-12-31T23:59:55Z");
	at("%2B5", "1970-01-01T00:00:05Z");
	at("2026-01-15T11:30:00.5%2B01:00", "2026-01-15T10:30:00.500Z");
	at("9999999999", "2262-04-11T23:47:16.854775807Z"); /* what there is no later of */
}

static void refusals_of_time(void **state)
{
	(void)state;
	is_refused(ENDPOINT_QUERY, "query=1&time=x",
		   "strconv.ParseInt: parsing \"x\": invalid syntax");
	is_refused(ENDPOINT_QUERY, "query=1&time=99999999999999999999",
		   "strconv.ParseInt: parsing \"99999999999999999999\": value out of range");
	is_refused(ENDPOINT_QUERY, "query=1&time=2026-01-15%2010:00:00Z",
		   "strconv.ParseInt: parsing \"2026-01-15 10:00:00Z\": invalid syntax");
	is_refused(ENDPOINT_QUERY_RANGE, "query=1&start=now",
		   "could not parse 'start' parameter: strconv.ParseInt: parsing \"now\": invalid "
		   "syntax");
	is_refused(ENDPOINT_LABELS, "end=1h",
		   "could not parse 'end' parameter: strconv.ParseInt: parsing \"1h\": invalid "
		   "syntax");
	is_refused(ENDPOINT_LABELS, "since=1x",
		   "could not parse 'since' parameter: not a valid duration string: \"1x\"");
	is_refused(ENDPOINT_LABELS, "start=2&end=1",
		   "end timestamp must not be before or equal to start time");
}

static void range_of_time(void **state)
{
	(void)state;
	is(ENDPOINT_LABELS, "since=1d", "labels ",
	   "--from 2026-01-14T10:00:00Z --to 2026-01-15T10:00:00Z ", "");
	/* since is before an end in the past, and before now of one in the future. */
	is(ENDPOINT_LABELS, "since=1h&end=1768467600", "labels ",
	   "--from 2026-01-15T08:00:00Z --to 2026-01-15T09:00:00Z ", "");
	is(ENDPOINT_LABELS, "since=1h&end=1768474800", "labels ",
	   "--from 2026-01-15T09:00:00Z --to 2026-01-15T11:00:00Z ", "");
	is(ENDPOINT_LABELS, "start=5&end=5", "labels ",
	   "--from 1970-01-01T00:00:05Z --to 1970-01-01T00:00:05Z ", "");
}

static void steps(void **state)
{
	static const char *const text[] = { "15", "0.5", "1500ms", "1m", "1h30m", "1e1" };
	static const char *const want[] = { "15s", "500ms", "1.5s", "1m0s", "1h30m0s", "10s" };
	char params[64], rest[256];

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
		snprintf(params, sizeof(params), "query=1&step=%s", text[i]);
		snprintf(rest, sizeof(rest), "--strict --limit 100 --direction backward --step %s",
			 want[i]);
		is(ENDPOINT_QUERY_RANGE, params, "query ", HOUR "1 ", rest);
	}
	is_refused(ENDPOINT_QUERY_RANGE, "query=1&step=x",
		   "cannot parse \"x\" to a valid duration");
	is_refused(ENDPOINT_QUERY_RANGE, "query=1&step=0",
		   "zero or negative query resolution step widths are not accepted. Try a positive "
		   "integer");
	is(ENDPOINT_QUERY_RANGE, "query=1&interval=0", "query ", HOUR "1 ",
	   "--strict --limit 100 --direction backward");
	is(ENDPOINT_QUERY_RANGE, "query=1&interval=1m", "query ", HOUR "1 ",
	   "--strict --limit 100 --direction backward --interval 1m0s");
	is_refused(ENDPOINT_QUERY_RANGE, "query=1&interval=-1", "interval must be >= 0");
}

static void limits_and_directions(void **state)
{
	(void)state;
	is(ENDPOINT_QUERY, "query=1&limit=%2B7&direction=FORWARD", "query ",
	   "--at 2026-01-15T10:00:00Z 1 ", "--strict --limit 7 --direction forward");
	is_refused(ENDPOINT_QUERY, "limit=0", "limit must be a positive value");
	is_refused(ENDPOINT_QUERY, "limit=-1", "limit must be a positive value");
	is_refused(ENDPOINT_QUERY, "limit=x", "strconv.Atoi: parsing \"x\": invalid syntax");
	is_refused(ENDPOINT_QUERY, "limit=99999999999999999999",
		   "strconv.Atoi: parsing \"99999999999999999999\": value out of range");
	is_refused(ENDPOINT_DETECTED_FIELDS, "query={}&line_limit=0",
		   "limit must be a positive value");
	is_refused(ENDPOINT_QUERY, "direction=up", "invalid direction 'up'");
	is_refused(ENDPOINT_VOLUME, "aggregateBy=x", "invalid aggregation option");
	is_refused(ENDPOINT_LABELS, "query=x", "only label matchers are supported");
	is_refused(ENDPOINT_SERIES, "match[]=", "only label matchers are supported");
}

/* What cannot be an argument of a program. */
static void bad_text(void **state)
{
	static char large[256 << 10];

	(void)state;
	is_refused(ENDPOINT_QUERY, "query=a%00b",
		   "parse error at line 1, col 2: syntax error: unexpected NUL byte");
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "query=", 6);
	is_refused(ENDPOINT_QUERY, large, "parse error : input size too long (262137 > 131071)");
}

static void limits_of_the_tenant(void **state)
{
	struct limits l = {
		.max_entries_limit_per_query = 5000,
		.max_query_series = 500,
		.max_streams_matchers_per_query = 7,
		.max_query_bytes_read = 1 << 20,
		.max_query_length_ns = 721 * 3600 * NS_PER_S,
		.max_query_range_ns = NS_PER_S,
		.max_query_lookback_ns = 2 * NS_PER_S,
	};
	static const char *const required[] = { "app", "team" };
	struct query_request r = request(&l);
	char line[2048];
	struct err e;

	(void)state;
	r.tenant = BYTES_LIT("a|b");
	r.matchers = BYTES_LIT("{team=\"x\"}");
	r.encoding_flags = BYTES_LIT("categorize-labels");
	assert_int_equal(ask_as(&r, ENDPOINT_QUERY, "query=1", line, &e), 0);
	assert_string_equal(
		line,
		"logql query -t a|b --at 2026-01-15T10:00:00Z 1 " SOURCES " "
		"--max-entries 5000 --max-series 500 --max-matchers 7 --max-bytes 1048576 "
		"--max-query-length 721h0m0s --max-query-range 1s "
		"--max-query-lookback 2s --match {team=\"x\"} "
		"--strict --limit 100 --direction backward --encoding-flags categorize-labels");
	l.required_labels = (struct key_names){ required, 2 };
	l.minimum_labels_number = 3;
	assert_int_equal(ask_as(&r, ENDPOINT_TAIL, "query={a%3D\"b\"}", line, &e), 0);
	assert_non_null(strstr(line, " --min-matchers 3 --need-labels app,team --max-bytes "));
	l.volume_max_series = 7;
	assert_int_equal(ask_as(&r, ENDPOINT_VOLUME, "query={a%3D\"b\"}", line, &e), 0);
	assert_non_null(strstr(line, " --max-series 7 "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_each_endpoint),
		cmocka_unit_test(the_cache_is_handed_on),
		cmocka_unit_test(format_query_looks_at_no_data),
		cmocka_unit_test(a_regexp_is_a_filter_behind_an_old_query),
		cmocka_unit_test(forms_of_time),
		cmocka_unit_test(refusals_of_time),
		cmocka_unit_test(range_of_time),
		cmocka_unit_test(steps),
		cmocka_unit_test(limits_and_directions),
		cmocka_unit_test(bad_text),
		cmocka_unit_test(limits_of_the_tenant),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("query_params", tests, NULL, NULL);
}
