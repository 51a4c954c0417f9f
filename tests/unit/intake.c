/* From pushes to the log: what limits say, in Loki's words; what is stored; a log that is full,
 * slow or killed. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#include "unit.h"

#include "base/io.h"
#include "base/mem.h"
#include "server/child.h"
#include "server/intake.h"
#include "server/intake_active.h"
#include "server/log.h"
#include "server/server_metrics.h"
#include "time/time.h"

enum { DEADLINE_S = 60 };

struct world {
	char *dir, *wal;
	struct children *children;
	struct metrics *metrics;
	struct limits_set *set;
	struct limits limits;
	struct log log;
	struct intake *in;
};

/* --- the daemon's programs --- */

static void bin_dir(struct buf *b)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	buf_addf(b, "%s/../bin", self);
	buf_str(b);
}

/* A lokid-ingest of the test's own, in w->dir: a shell script, with $REAL the real one. */
static void write_program(struct world *w, const char *script)
{
	struct buf path = { 0 }, text = { 0 }, bin = { 0 };
	struct err e;

	bin_dir(&bin);
	buf_addf(&path, "%s/lokid-ingest", w->dir);
	buf_addf(&text, "#!/bin/sh\nREAL='%s/lokid-ingest'\n%s\n", bin.p, script);
	assert_int_equal(file_replace_bytes(buf_str(&path), buf_bytes(&text), &e), 0);
	assert_int_equal(chmod(path.p, 0755), 0);
	buf_release(&path);
	buf_release(&text);
	buf_release(&bin);
}

/* script: NULL for the real lokid-ingest. change: of the options. */
static struct world *open_world(const char *script, void (*change)(struct intake_opts *o))
{
	struct world *w = mem_alloc(sizeof(*w));
	struct intake_opts o = { 0 };
	struct buf wal = { 0 }, bin = { 0 };
	struct err e;

	signal(SIGPIPE, SIG_IGN);
	w->dir = new_folder();
	buf_addf(&wal, "%s/wal", w->dir);
	w->wal = strdup(buf_str(&wal));
	bin_dir(&bin);
	if (script)
		write_program(w, script);
	assert_int_equal(children_open(script ? w->dir : bin.p, &w->children, &e), 0);
	w->metrics = metrics_new();
	server_metrics_register(w->metrics);
	w->set = limits_set_new();
	w->limits = *limits_of(w->set, BYTES_LIT("acme"));
	w->limits.reject_old_samples = false;
	w->log = (struct log){ .fd = -1, .level = LOG_ERROR };
	o = (struct intake_opts){ .children = w->children,
				  .metrics = w->metrics,
				  .log = &w->log,
				  .wal_dir = w->wal,
				  .sync = "none" };
	if (change)
		change(&o);
	assert_int_equal(intake_open(&o, &w->in, &e), 0);
	buf_release(&wal);
	buf_release(&bin);
	return w;
}

static void close_intake(struct world *w)
{
	if (w->in)
		intake_close(w->in, DEADLINE_S * NS_PER_S);
	intake_free(w->in);
	w->in = NULL;
}

static void close_world(struct world *w)
{
	close_intake(w);
	children_close(w->children);
	metrics_free(w->metrics);
	limits_set_drop(w->set);
	remove_folder(w->dir);
	free(w->wal);
	free(w);
}

/* --- pushes --- */

struct pushed {
	pthread_mutex_t lock;
	pthread_cond_t more;
	const char *json;
	bool answered;
	int status;
	unsigned retry_after_s, n_refused;
	uint64_t refused_sum;
	char text[16384];
};

static int decode(const struct push_sink *sink, struct arena *a, void *data, struct err *e)
{
	struct pushed *p = data;

	return push_json(bytes_str(p->json), sink, a, e);
}

static void refused(uint64_t entry, int status, struct bytes why, void *data)
{
	struct pushed *p = data;

	assert_true(status >= 400 && why.n);
	p->n_refused++;
	p->refused_sum += entry;
}

static void answered(const struct intake_answer *a, void *data)
{
	struct pushed *p = data;

	pthread_mutex_lock(&p->lock);
	assert_false(p->answered);
	p->answered = true;
	p->status = a->status;
	p->retry_after_s = a->retry_after_s;
	snprintf(p->text, sizeof(p->text), "%.*s", BYTES_ARG(a->text));
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
}

static void begin_push(struct world *w, struct pushed *p, const char *tenant, const char *json)
{
	*p = (struct pushed){ .lock = PTHREAD_MUTEX_INITIALIZER,
			      .more = PTHREAD_COND_INITIALIZER,
			      .json = json };
	intake_push(w->in, &(struct intake_push){ .tenant = bytes_str(tenant),
						  .limits = &w->limits,
						  .decode = decode,
						  .refused = refused,
						  .answered = answered,
						  .data = p });
}

static void wait_answer(struct pushed *p)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	pthread_mutex_lock(&p->lock);
	while (!p->answered)
		assert_int_equal(pthread_cond_timedwait(&p->more, &p->lock, &until), 0);
	pthread_mutex_unlock(&p->lock);
}

static struct pushed last;

static void push_as(struct world *w, const char *tenant, const char *json)
{
	begin_push(w, &last, tenant, json);
	wait_answer(&last);
}

static void push(struct world *w, const char *json)
{
	push_as(w, "acme", json);
}

#define STREAM(labels, values) "{\"streams\":[{\"stream\":" labels ",\"values\":[" values "]}]}"
#define LINE(ts, line)	       "[\"" ts "\",\"" line "\"]"
#define T1		       "1768471200000000001"
#define T2		       "1768471200000000002"
#define T3		       "1768471200000000003"

#define assert_answer(st, words)                         \
	do {                                             \
		assert_string_equal(last.text, (words)); \
		assert_int_equal(last.status, (st));     \
	} while (0)

/* What is in the log, as JSON lines in the order of time. Ends the intake. */
static const char *logged(struct world *w)
{
	static struct buf out;
	struct buf cmd = { 0 };
	char piece[4096];
	FILE *f;
	size_t n;

	close_intake(w);
	bin_dir(&cmd);
	buf_addf(&cmd, "/walreplay '%s' | sort", w->wal);
	f = popen(buf_str(&cmd), "r");
	assert_non_null(f);
	buf_reset(&out);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&out, piece, n);
	assert_int_equal(pclose(f), 0);
	buf_release(&cmd);
	return buf_str(&out);
}

static double counted(struct world *w, enum server_metric which, const char *a, const char *b)
{
	return metrics_value(b ? metric_of2(w->metrics, which, bytes_str(a), bytes_str(b))
			       : metric_of1(w->metrics, which, bytes_str(a)));
}

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
	push(w, STREAM("{\"app\":\"web\",\"team\":\"x\"}",
		       "[\"" T2 "\",\"b\",{\"k\":\"1\",\"k\":\"2\",\"j\":\"3\"}]"));
	assert_answer(204, "");
	push(w, STREAM("{\"app\":\"web\"}", LINE(T3, "c")));
	assert_string_equal(
		logged(w),
		"{\"ts\":\"1768471200000000001\",\"tenant\":\"acme\",\"labels\":{\"app\":"
		"\"web\"},\"line\":\"error\"}\n"
		"{\"ts\":\"1768471200000000002\",\"tenant\":\"acme\",\"labels\":{\"app\":"
		"\"web\",\"service_name\":\"x\",\"team\":\"x\"},\"line\":\"b\",\"metadata\":{"
		"\"k\":\"2\",\"j\":\"3\"}}\n"
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

/* --- the log --- */

/* Many bad entries are told of, but not without end. */
static void refusals_are_told_up_to_a_limit(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct buf json = { 0 };

	(void)state;
	w->limits.max_line_size = 1;
	buf_add_str(&json, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[");
	for (int i = 0; i < 1000; i++)
		buf_addf(&json, "%s[\"" T1 "\",\"%.*s\"]", i ? "," : "", 2 + i % 100,
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	buf_add_str(&json, "]}]}");
	push(w, buf_str(&json));
	assert_int_equal(last.status, 400);
	assert_non_null(strstr(last.text, "; 680 more errors"));
	assert_int_equal(last.n_refused, 1000);
	buf_release(&json);
	close_world(w);
}

/* One push of more than a batch. */
static void a_large_push_is_whole(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct buf json = { 0 };
	const char *text;
	size_t n = 0;

	(void)state;
	w->limits.ingestion_burst_bytes = w->limits.per_stream_rate_limit_burst_bytes = 1e9;
	buf_add_str(&json, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[");
	for (int i = 0; i < 20000; i++)
		buf_addf(&json, "%s[\"%d\",\"%0200d\"]", i ? "," : "", i + 1, i);
	buf_add_str(&json, "]}]}");
	push(w, buf_str(&json));
	assert_answer(204, "");
	text = logged(w);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	assert_int_equal(n, 20000);
	buf_release(&json);
	close_world(w);
}

static void a_full_disk_is_503(void **state)
{
	struct world *w =
		open_world("\"$REAL\" \"$@\" | sed -u 's/ ok$/ full: nothing free/'", NULL);

	(void)state;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "there is no room for the log on the disk: nothing free");
	assert_int_equal(last.retry_after_s, 30);
	close_world(w);
	w = open_world("\"$REAL\" \"$@\" | sed -u 's/ ok$/ failed: broken/'", NULL);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "the log cannot be written: broken");
	close_world(w);
	w = open_world("\"$REAL\" \"$@\" | sed -u 's/ ok$/ refused: bad/'", NULL);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(500, "the log refuses this: bad");
	close_world(w);
}

static void small_queue(struct intake_opts *o)
{
	o->queue_max = 1000;
}

/* Does not read, and ends with its input. */
static void a_slow_log_is_503(void **state)
{
	struct world *w = open_world("exec sleep 100", small_queue);
	static struct pushed waits;
	struct buf json = { 0 };

	(void)state;
	buf_addf(&json, STREAM("{\"a\":\"b\"}", "[\"" T1 "\",\"%01000d\"]"), 0);
	begin_push(w, &waits, "acme", buf_str(&json));
	assert_false(waits.answered);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "too much waits for the log: 1024 bytes, the limit is 1000; send it "
			   "again later");
	assert_int_equal(last.retry_after_s, 1);
	intake_close(w->in, NS_PER_MS);
	wait_answer(&waits);
	assert_int_equal(waits.status, 503);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "the server is stopping");
	intake_rotate(w->in);
	buf_release(&json);
	close_world(w);
}

static void a_log_that_never_runs_is_503(void **state)
{
	struct world *w = open_world("exit 4", NULL);
	struct err e;

	(void)state;
	for (int64_t end = time_mono_ns() + DEADLINE_S * NS_PER_S; time_mono_ns() < end;) {
		push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
		assert_int_equal(last.status, 503);
		if (strstr(last.text, "the log takes nothing now"))
			break;
	}
	assert_answer(503, "the log takes nothing now: lokid-ingest ended with status 4");
	assert_true(intake_ready(w->in, &e) == -1 || e.code == ERR_NONE);
	close_world(w);
}

enum { SENDERS = 8, KILLS = 20, SENT_MAX = 100000 };

struct sender {
	struct world *w;
	atomic_bool *enough;
	unsigned id, n;
	unsigned char *seen;
};

/* One line after the other, each until it is stored. */
static void *send_lines(void *data)
{
	struct sender *s = data;
	struct pushed *p = mem_alloc(sizeof(*p));
	char json[256];

	for (; s->n < SENT_MAX && !(*s->enough && s->n); s->n++) {
		snprintf(json, sizeof(json), STREAM("{\"s\":\"%u\"}", "[\"%u\",\"line %u\"]"),
			 s->id, s->n + 1, s->n);
		do {
			begin_push(s->w, p, "acme", json);
			wait_answer(p);
		} while (p->status == 503);
		assert_int_equal(p->status, 204);
	}
	free(p);
	return NULL;
}

/* Which lines are in the log. */
static void see(struct sender *s, const char *text)
{
	for (const char *p = text; (p = strstr(p, "\"s\":\"")) != NULL; p++) {
		unsigned id = (unsigned)strtoul(p + 5, NULL, 10);
		const char *line = strstr(p, "\"line ");

		assert_true(id < SENDERS && line);
		s[id].seen[strtoul(line + 6, NULL, 10)] = 1;
	}
}

/* A lokid-ingest that is killed again and again loses nothing that was answered with 204. */
static void a_killed_log_loses_nothing(void **state)
{
	struct world *w = open_world("echo $$ >\"${0%/*}/pid.tmp\"; mv \"${0%/*}/pid.tmp\" "
				     "\"${0%/*}/pid\"; exec \"$REAL\" \"$@\"",
				     NULL);
	struct sender s[SENDERS];
	pthread_t t[SENDERS];
	atomic_bool enough = false;
	struct buf path = { 0 };
	double before = 0;

	(void)state;
	w->limits.ingestion_burst_bytes = w->limits.ingestion_rate_bytes = 1e9;
	buf_addf(&path, "%s/pid", w->dir);
	buf_str(&path);
	for (unsigned i = 0; i < SENDERS; i++) {
		s[i] = (struct sender){
			.w = w, .enough = &enough, .id = i, .seen = mem_alloc(SENT_MAX)
		};
		assert_int_equal(pthread_create(&t[i], NULL, send_lines, &s[i]), 0);
	}
	for (int k = 0; k < KILLS;) {
		struct buf pid = { 0 };
		double n = metrics_value(metric_of(w->metrics, METRIC_WAL_RECORDS));

		if (n > before && io_read_file(path.p, 100, &pid, NULL) == 0 && pid.n) {
			unlink(path.p);
			k += kill((pid_t)strtol(buf_str(&pid), NULL, 10), SIGKILL) == 0;
			before = n;
		}
		buf_release(&pid);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	enough = true;
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	assert_true(counted(w, METRIC_CHILD_RESTARTS, "lokid-ingest", NULL) >= KILLS);
	see(s, logged(w));
	for (unsigned i = 0; i < SENDERS; i++) {
		assert_null(memchr(s[i].seen, 0, s[i].n));
		free(s[i].seen);
	}
	buf_release(&path);
	close_world(w);
}

/* Labels that never come back do not fill the memory: what is known of streams is forgotten, and
 * described anew. */
static void streams_are_forgotten(void **state)
{
	enum { ROUNDS = 40, STREAMS = 5000 };
	struct world *w = open_world(NULL, NULL);
	struct buf json = { 0 };
	const char *text;
	size_t n = 0;

	(void)state;
	w->limits.max_global_streams_per_user = 0;
	w->limits.ingestion_burst_bytes = w->limits.ingestion_rate_bytes = 1e9;
	for (int r = 0; r < ROUNDS; r++) {
		buf_reset(&json);
		buf_add_str(&json, "{\"streams\":[");
		for (int i = 0; i < STREAMS; i++)
			buf_addf(&json,
				 "%s{\"stream\":{\"s\":\"%0150d\"},\"values\":[[\"1\",\"x\"]]}",
				 i ? "," : "", r * STREAMS + i);
		buf_add_str(&json, "]}");
		push(w, buf_str(&json));
		assert_answer(204, "");
	}
	text = logged(w);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	assert_int_equal(n, ROUNDS * STREAMS);
	buf_release(&json);
	close_world(w);
}

static void active_streams(void **state)
{
	struct active a = { 0 };
	uint32_t count[2] = { 0, 0 };
	struct active_stream *s;

	(void)state;
	assert_true(sizeof(struct active_stream) <= 24);
	assert_null(active_find(&a, 7));
	for (uint64_t i = 0; i < 10000; i++) {
		active_add(&a, i * UINT64_C(0x9e3779b97f4a7c15), (uint32_t)(i % 2), 100,
			   NS_PER_S + (int64_t)i * NS_PER_MS);
		count[i % 2]++;
	}
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(active_find(&a, i * UINT64_C(0x9e3779b97f4a7c15))->tenant, i % 2);
	active_sweep(&a, 5000 * NS_PER_MS, 11 * NS_PER_S, count);
	assert_int_equal(a.n, 4999);
	assert_int_equal(count[0] + count[1], 4999);
	assert_null(active_find(&a, 0));
	s = active_find(&a, 9999 * UINT64_C(0x9e3779b97f4a7c15));
	assert_true(active_take(&a, s, 10, 100, 60, 11 * NS_PER_S));
	assert_false(active_take(&a, s, 10, 100, 60, 11 * NS_PER_S));
	assert_true(active_take(&a, s, 10, 100, 60, 13 * NS_PER_S));
	assert_false(active_take(&a, s, 10, 100, 60, 14 * NS_PER_S));
	assert_true(active_take(&a, s, 0, 0, 1000000, 14 * NS_PER_S));
	active_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores_and_answers_204),
		cmocka_unit_test(limits_decide_what_is_added),
		cmocka_unit_test(a_bad_body_leaves_nothing),
		cmocka_unit_test(limits_of_labels),
		cmocka_unit_test(limits_of_time),
		cmocka_unit_test(limits_of_lines),
		cmocka_unit_test(limits_of_metadata),
		cmocka_unit_test(limits_of_rates),
		cmocka_unit_test(limits_of_streams),
		cmocka_unit_test(blocked_tenants),
		cmocka_unit_test(equal_times_move_apart),
		cmocka_unit_test(refusals_are_told_up_to_a_limit),
		cmocka_unit_test(a_large_push_is_whole),
		cmocka_unit_test(a_full_disk_is_503),
		cmocka_unit_test(a_slow_log_is_503),
		cmocka_unit_test(a_log_that_never_runs_is_503),
		cmocka_unit_test(a_killed_log_loses_nothing),
		cmocka_unit_test(streams_are_forgotten),
		cmocka_unit_test(active_streams),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
