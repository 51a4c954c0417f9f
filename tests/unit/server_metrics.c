/* The daemon's families: what the functions that count set, and that the table holds together. */
#include "packs.h"

#include <signal.h>

#include "index/build.h"
#include "server/server_metrics.h"
#include "server/stored.h"
#include "server/upkeep_counts.h"
#include "time/time.h"

static bool has_line(struct metrics *m, const char *line)
{
	struct buf text = { 0 };
	bool ret;

	buf_add_char(&text, '\n');
	metrics_write(m, &text);
	ret = strstr(buf_str(&text), line) != NULL;
	if (!ret)
		print_message("# no '%s' in:\n%s", line, buf_str(&text));
	buf_release(&text);
	return ret;
}

static struct metrics *new_registry(void)
{
	struct metrics *m = metrics_new();

	server_metrics_register(m);
	return m;
}

static void all_families_are_shown(void **state)
{
	struct metrics *m = new_registry();
	struct buf text = { 0 };
	size_t n = 0;

	(void)state;
	metrics_write(m, &text);
	for (const char *p = buf_str(&text); (p = strstr(p, "\n# TYPE lok")); p++)
		n++;
	for (const char *p = buf_str(&text); (p = strstr(p, "\n# TYPE process_")); p++)
		n++;
	assert_int_equal(n, METRIC_COUNT);
	assert_non_null(
		strstr(buf_str(&text), "\nlokid_flush_rounds_total{result=\"failed\"} 0\n"));
	buf_release(&text);
	metrics_free(m);
}

static void requests_are_counted_by_route_and_status(void **state)
{
	struct metrics *m = new_registry();
	struct server_metrics_request r = {
		.route = "loki_api_v1_push", .method = HTTP_POST, .status = 204, .seconds = 0.02
	};

	(void)state;
	server_metrics_begin(m, r.route, r.method);
	assert_true(has_line(
		m, "\nloki_inflight_requests{method=\"POST\",route=\"loki_api_v1_push\"} 1\n"));
	server_metrics_end(m, &r);
	assert_true(has_line(
		m, "\nloki_inflight_requests{method=\"POST\",route=\"loki_api_v1_push\"} 0\n"));
	assert_true(has_line(m, "\nloki_request_duration_seconds_bucket{method=\"POST\","
				"route=\"loki_api_v1_push\",status_code=\"204\",ws=\"false\","
				"le=\"0.01\"} 0\n"));
	assert_true(has_line(m, "\nloki_request_duration_seconds_bucket{method=\"POST\","
				"route=\"loki_api_v1_push\",status_code=\"204\",ws=\"false\","
				"le=\"0.025\"} 1\n"));
	r = (struct server_metrics_request){ "loki_api_v1_tail", HTTP_OTHER, 101, true, 200 };
	server_metrics_begin(m, r.route, r.method);
	server_metrics_end(m, &r);
	assert_true(has_line(m, "\nloki_request_duration_seconds_bucket{method=\"other\","
				"route=\"loki_api_v1_tail\",status_code=\"101\",ws=\"true\","
				"le=\"100\"} 0\n"));
	assert_true(has_line(m,
			     "\nloki_request_duration_seconds_sum{method=\"other\","
			     "route=\"loki_api_v1_tail\",status_code=\"101\",ws=\"true\"} 200\n"));
	metrics_free(m);
}

static void routes_of_labels_count_as_requests_to_the_index(void **state)
{
	struct metrics *m = new_registry();
	struct server_metrics_request r = { "loki_api_v1_series", HTTP_GET, 200, false, 0.004 };

	(void)state;
	server_metrics_begin(m, r.route, r.method);
	server_metrics_end(m, &r);
	assert_true(has_line(m, "\nloki_index_request_duration_seconds_count{operation=\"series\","
				"status_code=\"200\"} 1\n"));
	metrics_free(m);
}

static void a_child_that_crashed_is_a_panic(void **state)
{
	struct metrics *m = new_registry();

	(void)state;
	server_metrics_child(m, "logql", &(struct child_end){ .status = 1 });
	server_metrics_child(m, "logql", &(struct child_end){ .status = 2 });
	server_metrics_child(m, "logql", &(struct child_end){ .status = -1 });
	server_metrics_child(m, "logql", &(struct child_end){ .status = -1, .signal = SIGTERM });
	server_metrics_child(
		m, "logql", &(struct child_end){ .status = -1, .signal = SIGKILL, .killed = true });
	server_metrics_child(
		m, "logql",
		&(struct child_end){ .status = -1, .signal = SIGKILL, .timed_out = true });
	assert_true(has_line(m, "\nloki_panic_total 0\n"));
	server_metrics_child(m, "logql", &(struct child_end){ .status = -1, .signal = SIGSEGV });
	server_metrics_child(m, "logql", &(struct child_end){ .status = 70 });
	assert_true(has_line(m, "\nloki_panic_total 2\n"));
	assert_true(has_line(m,
			     "\nlokid_child_ended_total{program=\"logql\",how=\"crashed\"} 2\n"
			     "lokid_child_ended_total{program=\"logql\",how=\"error\"} 1\n"
			     "lokid_child_ended_total{program=\"logql\",how=\"killed\"} 1\n"
			     "lokid_child_ended_total{program=\"logql\",how=\"not started\"} 1\n"
			     "lokid_child_ended_total{program=\"logql\",how=\"ok\"} 1\n"
			     "lokid_child_ended_total{program=\"logql\",how=\"signal\"} 1\n"
			     "lokid_child_ended_total{program=\"logql\",how=\"timed out\"} 1\n"));
	metrics_free(m);
}

static double of(struct metrics *m, enum server_metric which, const char *label)
{
	return metrics_value(metric_of1(m, which, bytes_str(label)));
}

static void what_upkeep_deletes_is_counted(void **state)
{
	struct metrics *m = metrics_new();

	(void)state;
	server_metrics_register(m);
	upkeep_count_retained(
		m, BYTES_LIT("{\"tenant\":\"a\",\"day\":\"2026-01-15\",\"rule\":\"{x=\\\"}\\\"}\","
			     "\"chunks\":2,\"entries\":30,\"bytes\":400}\n"
			     "{\"tenant\":\"b\",\"day\":\"2026-01-15\",\"rule\":\"r\",\"chunks\":1,"
			     "\"entries\":5,\"bytes\":6}\n"
			     "no line of ours\n\n"
			     "{\"tenant\":\"a\",\"day\":\"2026-01-16\",\"chunks\":9,\"entri"));
	assert_int_equal(3, of(m, METRIC_RETENTION_MARKS, "2026-01-15"));
	assert_int_equal(0, of(m, METRIC_RETENTION_MARKS, "2026-01-16")); /* it is cut */
	assert_int_equal(2, of(m, METRIC_RETENTION_CHUNKS, "a"));
	assert_int_equal(30, of(m, METRIC_RETENTION_ENTRIES, "a"));
	assert_int_equal(6, of(m, METRIC_RETENTION_BYTES, "b"));

	upkeep_count_deleted(m, BYTES_LIT("{\"tenant\":\"a\",\"query\":\"{tenant=\\\"b\\\"}\","
					  "\"chunks\":3,\"entries\":7,\"held\":0}\n"
					  "{\"tenant\":\"a\",\"chunks\":1,\"entries\":1}\n"));
	upkeep_count_deleted(m, (struct bytes){ 0 });
	assert_int_equal(4, of(m, METRIC_DELETE_CHUNKS, "a"));
	assert_int_equal(8, of(m, METRIC_DELETED_LINES, "a"));
	metrics_free(m);
}

static void ages_grow_until_the_batch_is_acknowledged(void **state)
{
	struct metrics *m = new_registry();
	struct entry_ages ages = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		entry_ages_add(&ages, NS_PER_MS);
	entry_ages_add(&ages, 2 * NS_PER_S);
	entry_ages_add(&ages, 48 * 3600 * NS_PER_S);
	entry_ages_add(&ages, -NS_PER_S); /* a timestamp of the future */
	server_metrics_queryable(m, BYTES_LIT("t"), &ages, 1.5);
	assert_true(has_line(m, "_seconds_bucket{tenant=\"t\",le=\"1\"} 0\n"
				"lokid_entry_age_when_queryable_seconds_bucket{tenant=\"t\","
				"le=\"2.5\"} 11\n"
				"lokid_entry_age_when_queryable_seconds_bucket{tenant=\"t\","
				"le=\"5\"} 12\n"));
	assert_true(has_line(m, "le=\"86400\"} 12\n"));
	assert_true(
		has_line(m, "\nlokid_entry_age_when_queryable_seconds_count{tenant=\"t\"} 13\n"));
	metrics_free(m);
}

static void retention_is_told_in_hours(void **state)
{
	char text[RETENTION_HOURS_MAX];

	(void)state;
	assert_bytes(metric_retention_hours(0, text), "0");
	assert_bytes(metric_retention_hours(744 * 3600 * NS_PER_S, text), "744");
	assert_bytes(metric_retention_hours(INT64_MAX, text), "2562047");
}

static void on_fault(const struct err *e, void *data)
{
	(void)data;
	fail_msg("%s", e->msg);
}

static void on_made(const char *name, const struct index_info *in, void *data)
{
	(void)in;
	buf_add_str(data, name);
}

static void chunks_of_a_flush_are_counted(void **state)
{
	char *folder = new_folder();
	struct pack_spec spec = { .tenant = "t",
				  .app = "web",
				  .day = 20000,
				  .n_streams = 3,
				  .n_entries = 500,
				  .chunk_entries = 250 };
	struct metrics *m = new_registry();
	struct buf path = { 0 };
	struct build_events ev = { .fault = on_fault, .made = on_made, .data = &path };
	struct err e;
	struct store *st = store_open(folder, STORE_WRITE, &e);
	struct store_name pack;

	(void)state;
	assert_non_null(st);
	pack = put_pack(st, &spec);
	buf_addf(&path, "%s/", folder);
	assert_true(index_build(st, &pack, 1, &ev, &e) >= 0);
	assert_int_equal(stored_count(m, folder, buf_str(&path),
				      time_day_start(20000) + 1000 * NS_PER_S, &e),
			 0);
	assert_true(has_line(m, "\nloki_ingester_chunks_stored_total{tenant=\"t\"} 6\n"));
	assert_true(has_line(m, "\nloki_store_chunks_stored_total 6\n"));
	assert_true(has_line(m, "\nloki_ingester_chunk_entries_bucket{le=\"200\"} 0\n"
				"loki_ingester_chunk_entries_bucket{le=\"400\"} 6\n"));
	assert_true(has_line(m, "\nloki_ingester_chunk_entries_sum 1500\n"));
	/* The first chunks begin 1000 s ago, the second 750 s. */
	assert_true(has_line(m, "\nloki_ingester_chunk_age_seconds_sum 5250\n"));
	assert_true(has_line(m, "\nloki_ingester_chunk_compression_ratio_count 6\n"));
	buf_add_str(&path, "x");
	assert_int_equal(stored_count(m, folder, buf_str(&path), 0, &e), -1);
	assert_true(has_line(m, "\nloki_store_chunks_stored_total 6\n"));
	store_close(st);
	buf_release(&path);
	metrics_free(m);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_families_are_shown),
		cmocka_unit_test(requests_are_counted_by_route_and_status),
		cmocka_unit_test(routes_of_labels_count_as_requests_to_the_index),
		cmocka_unit_test(a_child_that_crashed_is_a_panic),
		cmocka_unit_test(what_upkeep_deletes_is_counted),
		cmocka_unit_test(ages_grow_until_the_batch_is_acknowledged),
		cmocka_unit_test(retention_is_told_in_hours),
		cmocka_unit_test(chunks_of_a_flush_are_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
