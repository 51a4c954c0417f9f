/* From pushes to the log: what is stored of them, and what limits say, in Loki's words. */
#include <poll.h>

#include "intake_world.h"

#include "server/intake_detail.h"
#include "store/store.h"

/* --- what is stored --- */

static void stores_and_answers_204(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	push(w, STREAM("{\"app\":\"web\"}", LINE(T1, "level=warn a") "," LINE(T2, "b")));
	assert_answer(204, "");
	push_as(w, "globex", STREAM("{\"service_name\":\"s\"}", LINE(T3, "c")));
	assert_answer(204, "");
	assert_int_equal(counted(w, METRIC_LINES_RECEIVED, "acme", NULL), 2);
	assert_int_equal(counted(w, METRIC_BYTES_RECEIVED, "acme", "0"), 13);
	assert_string_equal(
		logged(w),
		"{\"ts\":\"1768471200000000001\",\"tenant\":\"acme\",\"labels\":{\"app\":\"web\","
		"\"service_name\":\"web\"},\"line\":\"level=warn a\",\"metadata\":{"
		"\"detected_level\":\"warn\"}}\n"
		"{\"ts\":\"1768471200000000002\",\"tenant\":\"acme\",\"labels\":{\"app\":\"web\","
		"\"service_name\":\"web\"},\"line\":\"b\",\"metadata\":{\"detected_level\":"
		"\"unknown\"}}\n"
		"{\"ts\":\"1768471200000000003\",\"tenant\":\"globex\",\"labels\":{"
		"\"service_name\":\"s\"},\"line\":\"c\",\"metadata\":{\"detected_level\":"
		"\"unknown\"}}\n");
	close_world(w);
}

static void limits_decide_what_is_added(void **state)
{
	static const char *names[] = { "team", "app" };
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.discover_log_levels = false;
	w->limits.discover_service_name = false;
	push(w, STREAM("{\"app\":\"web\"}", LINE(T1, "error")));
	w->limits.discover_service_name = true;
	w->limits.service_name_labels.name = names;
	w->limits.service_name_labels.n = 2;
	push(w,
	     STREAM("{\"app\":\"web\",\"team\":\"x\"}",
		    "[\"" T2
		    "\",\"b\",{\"k\":\"1\",\"k\":\"2\",\"j.x\":\"3\",\"1\":\"4\",\"j_x\":\"5\"}]"));
	assert_answer(204, "");
	push(w, STREAM("{\"app\":\"web\"}", LINE(T3, "c")));
	assert_string_equal(
		logged(w),
		"{\"ts\":\"1768471200000000001\",\"tenant\":\"acme\",\"labels\":{\"app\":"
		"\"web\"},\"line\":\"error\"}\n"
		"{\"ts\":\"1768471200000000002\",\"tenant\":\"acme\",\"labels\":{\"app\":"
		"\"web\",\"service_name\":\"x\",\"team\":\"x\"},\"line\":\"b\",\"metadata\":{"
		"\"k\":\"2\",\"j_x\":\"5\",\"key_1\":\"4\"}}\n"
		"{\"ts\":\"1768471200000000003\",\"tenant\":\"acme\",\"labels\":{\"app\":"
		"\"web\",\"service_name\":\"web\"},\"line\":\"c\"}\n");
	close_world(w);
}

static void a_bad_body_leaves_nothing(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	push(w, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[" LINE(T1, "x") ",[1]]}]}");
	assert_int_equal(last.status, 400);
	push(w, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[" LINE(
			T1, "x") "]},{\"stream\":{\"a-b\":\"c\"},\"values\":[]}]}");
	assert_answer(400, "couldn't parse labels: 1:3: parse error: unexpected character inside "
			   "braces: '-'");
	push(w, "{\"streams\":[]}");
	assert_answer(422, "error at least one valid stream is required for ingestion");
	push(w, STREAM("{\"a\":\"b\"}", ""));
	assert_answer(204, "");
	push(w, STREAM("{}", LINE(T2, "y")));
	assert_answer(204, "");
	assert_string_equal(logged(w),
			    "{\"ts\":\"1768471200000000002\",\"tenant\":\"acme\",\"labels\":{"
			    "\"service_name\":\"unknown_service\"},\"line\":\"y\",\"metadata\":{"
			    "\"detected_level\":\"unknown\"}}\n");
	close_world(w);
}

/* --- limits --- */

static void limits_of_labels(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.max_label_names_per_series = 2;
	push(w, STREAM("{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}", LINE(T1, "x") "," LINE(T2, "y")));
	assert_answer(400, "entry for stream '{a=\"1\", b=\"2\", c=\"3\", "
			   "service_name=\"unknown_service\"}' has 3 label names; limit 2");
	assert_int_equal(last.n_refused, 2);
	assert_int_equal(last.refused_sum, 1);
	push(w, STREAM("{\"a\":\"1\",\"b\":\"2\"}", LINE(T1, "x")));
	assert_answer(204, "");
	w->limits.max_label_name_length = 4;
	w->limits.discover_service_name = false;
	push(w, STREAM("{\"abcde\":\"1\"}", LINE(T1, "x")));
	assert_answer(400, "stream '{abcde=\"1\"}' has label name too long: 'abcde'");
	w->limits.max_label_value_length = 3;
	push(w, STREAM("{\"a\":\"vvvv\"}", LINE(T1, "x")));
	assert_answer(400, "stream '{a=\"vvvv\"}' has label value too long: 'vvvv'");
	push(w, STREAM("{}", LINE(T1, "x")));
	assert_answer(400, "error at least one label pair is required per stream");
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "max_label_names_per_series", "acme"),
			 2);
	assert_int_equal(counted(w, METRIC_DISCARDED_BYTES, "label_name_too_long", "acme"), 1);
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "label_value_too_long", "acme"), 1);
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "missing_labels", "acme"), 1);
	close_world(w);
}

/* Labels that are none end a push, but it is looked at to its end: what is no body at all is told
 * first, and all that is lost is counted. */
static void bad_labels_lose_the_whole_push(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.max_line_size = 3;
	push(w, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[" LINE(T1, "x") "," LINE(
			T1, "long") "]},{\"stream\":{\"a-b\":\"c\"},\"values\":"
				    "[" LINE(T1, "y") "]},"
						      "{\"stream\":{\"c.d\":"
						      "\"c\"},\"values\":[" LINE(T1, "z") "]}]}");
	assert_answer(400, "couldn't parse labels: 1:3: parse error: unexpected character inside "
			   "braces: '-'");
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "invalid_labels", "acme"), 4);
	assert_int_equal(counted(w, METRIC_DISCARDED_BYTES, "invalid_labels", "acme"), 7);
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "line_too_long", "acme"), 0);
	push(w, "{\"streams\":[{\"stream\":{\"a-b\":\"c\"},\"values\":[" LINE(T1, "y") ",[1]]}]}");
	assert_int_equal(last.status, 400);
	assert_null(strstr(last.text, "couldn't parse labels"));
	assert_string_equal(logged(w), "");
	close_world(w);
}

#define OLD(labels, line)       \
	"{\"labels\":\"" labels \
	"\",\"entries\":[{\"ts\":\"2026-01-15T10:00:00Z\",\"line\":\"" line "\"}]}"

static void a_name_twice_loses_its_stream(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.discover_service_name = w->limits.discover_log_levels = false;
	push(w, "{\"streams\":[" OLD("{a=\\\"1\\\", b=\\\"2\\\", a=\\\"3\\\"}",
				     "lost") "," OLD("{a=\\\"1\\\"}", "kept") "]}");
	assert_answer(400, "stream '{a=\"1\", b=\"2\", a=\"3\"}' has duplicate label name: 'a'");
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "duplicate_label_names", "acme"), 1);
	assert_int_equal(counted(w, METRIC_DISCARDED_BYTES, "duplicate_label_names", "acme"), 4);
	assert_string_equal(logged(w), "{\"ts\":\"1768471200000000000\",\"tenant\":\"acme\","
				       "\"labels\":{\"a\":\"1\"},\"line\":\"kept\"}\n");
	close_world(w);
}

static void streams_have_enforced_labels(void **state)
{
	static const char *const enforced[] = { "team", "service_name", "env" };
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.enforced_labels = (struct key_names){ enforced, 3 };
	push(w, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[" LINE(
			T1, "lost") "]},"
				    "{\"stream\":{\"team\":\"x\",\"env\":\"y\"},\"values\":[" LINE(
					    T1, "k") "]}]}");
	assert_answer(400, "missing required labels team,env for user acme for stream {a=\"b\", "
			   "service_name=\"unknown_service\"}");
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "missing_enforced_labels", "acme"),
			 1);
	assert_non_null(strstr(logged(w), "\"line\":\"k\""));
	assert_null(strstr(logged(w), "lost"));
	close_world(w);
}

static void limits_of_time(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct buf want = { 0 }, json = { 0 };
	int64_t now = time_now_ns();

	(void)state;
	w->limits.reject_old_samples = true;
	w->limits.discover_service_name = false;
	push(w, STREAM("{\"a\":\"b\"}", LINE("1570818238000000000", "x")));
	assert_int_equal(last.status, 400);
	last.text[strlen("entry for stream '{a=\"b\"}' has timestamp too old: "
			 "2019-10-11T18:23:58Z, oldest acceptable timestamp is: ")] = '\0';
	assert_string_equal(last.text, "entry for stream '{a=\"b\"}' has timestamp too old: "
				       "2019-10-11T18:23:58Z, oldest acceptable timestamp is: ");
	now += 660 * NS_PER_S;
	buf_addf(&json, STREAM("{\"a\":\"b\"}", "[\"%lld\",\"x\"]"), (long long)now);
	buf_add_str(&want, "entry for stream '{a=\"b\"}' has timestamp too new: ");
	time_add_rfc3339(&want, now - now % NS_PER_S);
	push(w, buf_str(&json));
	assert_answer(400, buf_str(&want));
	assert_int_equal(
		counted(w, METRIC_DISCARDED_SAMPLES, "greater_than_max_sample_age", "acme"), 1);
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "too_far_in_future", "acme"), 1);
	buf_release(&want);
	buf_release(&json);
	close_world(w);
}

static void limits_of_lines(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.max_line_size = 4;
	w->limits.discover_service_name = false;
	w->limits.discover_log_levels = false;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "12345") "," LINE(T2, "1234") "," LINE(
						T3, "123456") "," LINE(T3, "12345")));
	assert_answer(400, "2 errors like: Max entry size '4' bytes exceeded for stream "
			   "'{a=\"b\"}' while adding an entry with length '5' bytes; 1 errors "
			   "like: Max entry size '4' bytes exceeded for stream '{a=\"b\"}' while "
			   "adding an entry with length '6' bytes");
	assert_int_equal(last.n_refused, 3);
	assert_int_equal(last.refused_sum, 0 + 2 + 3);
	w->limits.max_line_size_truncate = true;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T3, "abcdef")));
	assert_answer(204, "");
	w->limits.max_line_size_truncate_identifier = "..";
	push(w, STREAM("{\"a\":\"b\"}", LINE(T3, "ABCDEF")));
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "line_too_long", "acme"), 3);
	assert_int_equal(counted(w, METRIC_MUTATED_SAMPLES, "line_too_long", "acme"), 2);
	assert_int_equal(counted(w, METRIC_MUTATED_BYTES, "line_too_long", "acme"), 4);
	assert_string_equal(
		logged(w),
		"{\"ts\":\"1768471200000000002\",\"tenant\":\"acme\",\"labels\":{\"a\":\"b\"},"
		"\"line\":\"1234\"}\n"
		"{\"ts\":\"1768471200000000003\",\"tenant\":\"acme\",\"labels\":{\"a\":\"b\"},"
		"\"line\":\"AB..\"}\n"
		"{\"ts\":\"1768471200000000003\",\"tenant\":\"acme\",\"labels\":{\"a\":\"b\"},"
		"\"line\":\"abcd\"}\n");
	close_world(w);
}

static void limits_of_metadata(void **state)
{
	struct world *w = open_world(NULL, NULL);
	const char *json = STREAM("{\"a\":\"b\"}", "[\"" T1 "\",\"x\",{\"k\":\"1\",\"l\":\"2\"}]");

	(void)state;
	w->limits.discover_service_name = false;
	w->limits.max_structured_metadata_entries_count = 1;
	push(w, json);
	assert_answer(400,
		      "stream '{a=\"b\"}' has too many structured metadata labels: '2', limit: "
		      "'1'. Please see `limits_config.max_structured_metadata_entries_count` or "
		      "contact your Loki administrator to increase it.");
	w->limits.max_structured_metadata_size = 3;
	push(w, json);
	assert_answer(400, "stream '{a=\"b\"}' has structured metadata too large: '4' bytes, "
			   "limit: '3' bytes. Please see "
			   "`limits_config.max_structured_metadata_size` or contact your Loki "
			   "administrator to increase it.");
	w->limits.allow_structured_metadata = false;
	push(w, json);
	assert_answer(400, "stream '{a=\"b\"}' includes structured metadata, but this feature is "
			   "disallowed. Please see `limits_config.allow_structured_metadata` or "
			   "contact your Loki administrator to enable it.");
	assert_int_equal(
		counted(w, METRIC_DISCARDED_SAMPLES, "structured_metadata_too_many", "acme"), 1);
	assert_int_equal(
		counted(w, METRIC_DISCARDED_BYTES, "structured_metadata_too_large", "acme"), 5);
	assert_int_equal(
		counted(w, METRIC_DISCARDED_SAMPLES, "disallowed_structured_metadata", "acme"), 1);
	close_world(w);
}

static void limits_of_rates(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.discover_service_name = false;
	w->limits.ingestion_rate_bytes = 1e-9;
	w->limits.ingestion_burst_bytes = 10;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "123456")));
	assert_answer(204, "");
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "123") "," LINE(T2, "12")));
	assert_answer(429,
		      "Ingestion rate limit exceeded for user acme (limit: 0 bytes/sec) while "
		      "attempting to ingest '2' lines totaling '5' bytes, reduce log volume or "
		      "contact your Loki administrator to see if the limit can be increased");
	assert_int_equal(last.retry_after_s, 1);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "1234")));
	assert_answer(204, "");
	w->limits.ingestion_burst_bytes = 1e9;
	w->limits.ingestion_rate_bytes = 1e9;
	w->limits.per_stream_rate_limit_bytes = 1024;
	w->limits.per_stream_rate_limit_burst_bytes = 4;
	push(w, "{\"streams\":[{\"stream\":{\"s\":\"1\"},\"values\":[" LINE(
			"1768471200500000000",
			"12345") "]},{\"stream\":{\"s\":\"2\"},\"values\":[" LINE(T1, "1") "]}]}");
	assert_answer(429,
		      "entry with timestamp 2026-01-15 10:00:00.5 +0000 UTC ignored, reason: 'Per "
		      "stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest for "
		      "stream '{s=\"1\"}' totaling 5B, consider splitting a stream via additional "
		      "labels or contact your Loki administrator to see if the limit can be "
		      "increased',\nuser 'acme', total ignored: 1 out of 1 for stream: {s=\"1\"}");
	assert_int_equal(last.n_refused, 1);
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "rate_limited", "acme"), 2);
	assert_int_equal(counted(w, METRIC_DISCARDED_BYTES, "per_stream_rate_limit", "acme"), 5);
	assert_non_null(strstr(logged(w), "{\"s\":\"2\"}"));
	assert_null(strstr(logged(w), "{\"s\":\"1\"}"));
	close_world(w);
}

static void idle_soon(struct intake_opts *o)
{
	o->stream_idle_ns = NS_PER_MS;
}

static void limits_of_streams(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.discover_service_name = false;
	w->limits.max_global_streams_per_user = 2;
	push(w, STREAM("{\"s\":\"1\"}", LINE(T1, "x")));
	push(w, STREAM("{\"s\":\"2\"}", LINE(T1, "x")));
	push(w, STREAM("{\"s\":\"2\"}", LINE(T2, "x")));
	assert_answer(204, "");
	push(w, STREAM("{\"s\":\"3\"}", LINE(T1, "x")));
	assert_answer(429,
		      "Maximum active stream limit exceeded when trying to create stream "
		      "{s=\"3\"}, reduce the number of active streams (reduce labels or reduce "
		      "label values), or contact your Loki administrator to see if the limit can "
		      "be increased, user: 'acme'");
	push_as(w, "other", STREAM("{\"s\":\"3\"}", LINE(T1, "x")));
	assert_answer(204, "");
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "stream_limit", "acme"), 1);
	assert_int_equal(counted(w, METRIC_STREAMS_CREATED, "acme", NULL), 2);
	close_world(w);
	w = open_world(NULL, idle_soon);
	w->limits.max_streams_per_user = 1;
	push(w, STREAM("{\"s\":\"1\"}", LINE(T1, "x")));
	for (int64_t end = time_mono_ns() + DEADLINE_S * NS_PER_S; time_mono_ns() < end;) {
		push(w, STREAM("{\"s\":\"2\"}", LINE(T1, "x")));
		if (last.status == 204)
			break;
	}
	assert_answer(204, "");
	close_world(w);
}

/* Nobody asks for metrics, and nothing is pushed. */
static void streams_are_forgotten_by_themselves(void **state)
{
	struct world *w = open_world(NULL, idle_soon);
	int64_t end_ns = time_mono_ns() + DEADLINE_S * NS_PER_S;

	(void)state;
	push(w, STREAM("{\"s\":\"1\"}", LINE(T1, "x")));
	while (counted(w, METRIC_STREAMS_REMOVED, "acme", NULL) < 1 && time_mono_ns() < end_ns)
		poll(NULL, 0, 2);
	assert_int_equal(counted(w, METRIC_STREAMS_REMOVED, "acme", NULL), 1);
	close_world(w);
}

static double active_streams(struct world *w, const char *tenant)
{
	struct buf text = { 0 };

	metrics_write(w->metrics, &text);
	buf_release(&text);
	return counted(w, METRIC_MEMORY_STREAMS, tenant, NULL);
}

static void tenants_that_are_not_told_apart_have_the_sum_of_streams(void **state)
{
	struct world *w = open_world(NULL, NULL);
	char name[16];

	(void)state;
	for (int i = 0; i < METRICS_SERIES_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		counted(w, METRIC_MEMORY_STREAMS, name, NULL);
	}
	push_as(w, "a", STREAM("{\"s\":\"1\"}", LINE(T1, "x")));
	push_as(w, "a", STREAM("{\"s\":\"2\"}", LINE(T1, "x")));
	push_as(w, "b", STREAM("{\"s\":\"1\"}", LINE(T1, "x")));
	assert_int_equal(active_streams(w, METRICS_OTHER), 3);
	assert_int_equal(active_streams(w, METRICS_OTHER), 3);
	push_as(w, "t1", STREAM("{\"s\":\"1\"}", LINE(T1, "x")));
	assert_int_equal(active_streams(w, METRICS_OTHER), 3);
	assert_int_equal(active_streams(w, "t1"), 1);
	close_world(w);
}

static void blocked_tenants(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.block_ingestion_until_ns = INT64_C(4102444800) * NS_PER_S;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(260, "ingestion blocked for user acme until '2100-01-01T00:00:00Z' with "
			   "status code '260'");
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "blocked_ingestion", "acme"), 1);
	w->limits.block_ingestion_until_ns = INT64_C(1000000000) * NS_PER_S;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	close_world(w);
}

static void stored_here(struct intake_opts *o)
{
	static char store[4096];

	snprintf(store, sizeof(store), "%.*sstore", (int)(strlen(o->wal_dir) - 3), o->wal_dir);
	o->store = store;
}

/* 100 bytes in the store of a tenant that may have 100. */
static void limits_of_storage(void **state)
{
	struct world *w = open_world(NULL, stored_here);
	char path[4200];
	struct store *s;
	struct err e;

	(void)state;
	snprintf(path, sizeof(path), "%s/store", w->dir);
	s = store_open(path, STORE_WRITE, &e);
	assert_non_null(s);
	assert_int_equal(store_put_bytes(s, "acme/chunks/2026-01-15/", ".pack",
					 bytes_of((char[100]){ 0 }, 100), &(struct hash128){ 0 },
					 NULL, &e),
			 0);
	store_close(s);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	w->limits.max_storage_bytes = 100;
	for (int64_t end = time_mono_ns() + DEADLINE_S * NS_PER_S; time_mono_ns() < end;) {
		push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
		if (last.status != 204)
			break;
	}
	assert_answer(429, "Storage quota exceeded for user acme: 100 bytes are stored, the limit "
			   "(max_storage_bytes) is 100");
	assert_int_equal(counted(w, METRIC_DISCARDED_SAMPLES, "storage_quota", "acme"), 1);
	push_as(w, "other", STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	w->limits.max_storage_bytes = 101;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	close_world(w);
}

static void equal_times_move_apart(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	w->limits.discover_log_levels = false;
	w->limits.discover_service_name = false;
	w->limits.increment_duplicate_timestamp = true;
	push(w, STREAM("{\"a\":\"b\"}",
		       LINE(T1, "p") "," LINE(T1, "p") "," LINE(T1, "q") "," LINE(T1, "r")));
	assert_string_equal(
		logged(w),
		"{\"ts\":\"1768471200000000001\",\"tenant\":\"acme\",\"labels\":{\"a\":\"b\"},"
		"\"line\":\"p\"}\n"
		"{\"ts\":\"1768471200000000001\",\"tenant\":\"acme\",\"labels\":{\"a\":\"b\"},"
		"\"line\":\"p\"}\n"
		"{\"ts\":\"1768471200000000002\",\"tenant\":\"acme\",\"labels\":{\"a\":\"b\"},"
		"\"line\":\"q\"}\n"
		"{\"ts\":\"1768471200000000003\",\"tenant\":\"acme\",\"labels\":{\"a\":\"b\"},"
		"\"line\":\"r\"}\n");
	close_world(w);
}

/* --- tenants --- */

static size_t tenants_known(struct world *w, int64_t later_ns)
{
	struct lane *lane = &w->in->lane;
	size_t n;

	pthread_mutex_lock(&lane->lock);
	if (later_ns)
		lane_sweep(w->in, time_mono_ns() + later_ns);
	n = lane->n_tenants;
	pthread_mutex_unlock(&lane->lock);
	return n;
}

/* What is of one is not of the other that has its place. */
static void tenants_are_forgotten_with_their_streams(void **state)
{
	struct world *w = open_world(NULL, NULL);

	(void)state;
	push_as(w, "first", STREAM("{\"app\":\"web\"}", LINE(T1, "a")));
	push_as(w, "second", STREAM("{\"app\":\"web\"}", LINE(T1, "b")));
	assert_int_equal(tenants_known(w, 0), 2);
	assert_int_equal(tenants_known(w, 60 * NS_PER_S), 2);
	assert_int_equal(tenants_known(w, 3600 * NS_PER_S), 0);
	assert_int_equal(counted(w, METRIC_MEMORY_STREAMS, "first", NULL), 0);
	w->limits.discover_log_levels = false;
	push_as(w, "third", STREAM("{\"service_name\":\"s\"}", LINE(T2, "c")));
	push_as(w, "first", STREAM("{\"service_name\":\"s\"}", LINE(T3, "d")));
	assert_answer(204, "");
	assert_int_equal(tenants_known(w, 0), 2);
	assert_non_null(strstr(logged(w), "\"tenant\":\"third\",\"labels\":{\"service_name\":"
					  "\"s\"},\"line\":\"c\""));
	close_world(w);
}

static void tenants_do_not_grow_for_ever(void **state)
{
	struct world *w = open_world(NULL, NULL);
	char name[24];

	(void)state;
	push_as(w, "stays", STREAM("{\"app\":\"web\"}", LINE(T1, "a")));
	for (int i = 0; i < TENANTS_MAX + TENANTS_MAX / 4; i++) {
		snprintf(name, sizeof(name), "tenant-%d", i);
		push_as(w, name, "{\"streams\":[]}");
	}
	assert_int_equal(last.status, 422);
	assert_true(tenants_known(w, 0) <= TENANTS_MAX);
	push_as(w, "stays", STREAM("{\"app\":\"web\"}", LINE(T2, "b")));
	assert_answer(204, "");
	close_world(w);
}

/* --- what bad pushes leave --- */

static size_t open_memory(struct world *w)
{
	struct lane *lane = &w->in->lane;
	size_t n;

	pthread_mutex_lock(&lane->lock);
	n = lane->open ? entries_memory(&lane->open->es) : 0;
	pthread_mutex_unlock(&lane->lock);
	return n;
}

/* Metadata is told apart before the end of the body is known. */
static void bad_pushes_leave_no_metadata(void **state)
{
	enum { PUSHES = 64, ENTRIES = 1000 };
	struct world *w = open_world(NULL, NULL);
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < PUSHES; i++) {
		buf_reset(&b);
		buf_add_str(&b, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[");
		for (int k = 0; k < ENTRIES; k++)
			buf_addf(&b, "[\"" T1 "\",\"x\",{\"id\":\"%0200d\"}],", i * ENTRIES + k);
		push(w, buf_str(&b));
		assert_int_equal(last.status, 400);
	}
	assert_true(open_memory(w) < 4 << 20);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	buf_release(&b);
	close_world(w);
}

/* --- who asks for metrics --- */

static struct world *asked;

static int decode_asked(const struct push_sink *sink, struct arena *a, void *data, struct err *e)
{
	struct buf text = { 0 };

	metrics_write(asked->metrics, &text); /* as another thread does meanwhile */
	buf_release(&text);
	return decode(sink, a, data, e);
}

static void metrics_do_not_wait_for_a_push(void **state)
{
	struct world *w = asked = open_world(NULL, NULL);

	(void)state;
	last = (struct pushed){ .lock = PTHREAD_MUTEX_INITIALIZER,
				.more = PTHREAD_COND_INITIALIZER,
				.json = STREAM("{\"app\":\"web\"}", LINE(T1, "a")) };
	intake_push(w->in, &(struct intake_push){ .tenant = BYTES_LIT("acme"),
						  .limits = &w->limits,
						  .decode = decode_asked,
						  .answered = answered,
						  .data = &last });
	wait_answer(&last);
	assert_answer(204, "");
	/* What could not be looked at then was when the push was done. */
	assert_int_equal(counted(w, METRIC_MEMORY_STREAMS, "acme", NULL), 1);
	close_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores_and_answers_204),
		cmocka_unit_test(limits_decide_what_is_added),
		cmocka_unit_test(a_bad_body_leaves_nothing),
		cmocka_unit_test(bad_labels_lose_the_whole_push),
		cmocka_unit_test(a_name_twice_loses_its_stream),
		cmocka_unit_test(streams_have_enforced_labels),
		cmocka_unit_test(limits_of_labels),
		cmocka_unit_test(limits_of_time),
		cmocka_unit_test(limits_of_lines),
		cmocka_unit_test(limits_of_metadata),
		cmocka_unit_test(limits_of_rates),
		cmocka_unit_test(limits_of_streams),
		cmocka_unit_test(streams_are_forgotten_by_themselves),
		cmocka_unit_test(tenants_that_are_not_told_apart_have_the_sum_of_streams),
		cmocka_unit_test(blocked_tenants),
		cmocka_unit_test(limits_of_storage),
		cmocka_unit_test(equal_times_move_apart),
		cmocka_unit_test(tenants_are_forgotten_with_their_streams),
		cmocka_unit_test(tenants_do_not_grow_for_ever),
		cmocka_unit_test(bad_pushes_leave_no_metadata),
		cmocka_unit_test(metrics_do_not_wait_for_a_push),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
