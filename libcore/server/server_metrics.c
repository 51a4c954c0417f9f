#include "server/server_metrics.h"

#include <signal.h>

#include "cli/cli.h"
#include "query/limits.h"
#include "server/version.h"
#include "time/time.h"

/* Go's Prometheus library has the first as its default; Loki's requests take 25, 50 and 100 more.
 * Ours have 30 too, the time within which queries are promised to be answered. */
static const double some_seconds[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
static const double request_seconds[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
					  2.5,	 5,    10,    25,   30,	 50,   100 };
static const double run_seconds[] = { 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1200, 3600 };
static const double age_seconds[ENTRY_AGES - 1] = { 0.05, 0.1, 0.25, 0.5, 1,	2.5,  5,
						    10,	  30,  60,   300, 3600, 86400 };
static const double chunk_bytes[] = { 20000,  40000,   80000,	160000,	 320000,
				      640000, 1280000, 2560000, 5120000, 10240000 };
static const double chunk_entries[] = { 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200 };
static const double chunk_age[] = { 60, 300, 600, 1800, 3600, 7200, 14400, 36000, 43200, 57600 };
static const double chunk_ratio[] = { 0.75,  2.75,  4.75,  6.75,  8.75,
				      10.75, 12.75, 14.75, 16.75, 18.75 };

#define LABELS(...)                    \
	.label = (const char *const[]) \
	{                              \
		__VA_ARGS__, NULL      \
	}
#define BUCKETS(v) .bucket = (v), .n_buckets = sizeof(v) / sizeof((v)[0])
#define COUNTER(name_, help_, ...)                                                     \
	{                                                                              \
		.name = (name_), .help = (help_), .type = METRICS_COUNTER, __VA_ARGS__ \
	}
#define GAUGE(name_, help_, ...)                                                     \
	{                                                                            \
		.name = (name_), .help = (help_), .type = METRICS_GAUGE, __VA_ARGS__ \
	}
#define UNTYPED(name_, help_, ...)                                                     \
	{                                                                              \
		.name = (name_), .help = (help_), .type = METRICS_UNTYPED, __VA_ARGS__ \
	}
#define HISTOGRAM(name_, help_, ...)                                                     \
	{                                                                                \
		.name = (name_), .help = (help_), .type = METRICS_HISTOGRAM, __VA_ARGS__ \
	}

static const struct metrics_family families[METRIC_COUNT] = {
	[METRIC_REQUEST_SECONDS] =
		HISTOGRAM("loki_request_duration_seconds",
			  "Time from a request's head to the end of its answer.",
			  LABELS("method", "route", "status_code", "ws"), BUCKETS(request_seconds)),
	[METRIC_REQUESTS_INFLIGHT] =
		GAUGE("loki_inflight_requests", "Requests that are being answered.",
		      LABELS("method", "route")),
	[METRIC_INDEX_REQUEST_SECONDS] =
		HISTOGRAM("loki_index_request_duration_seconds",
			  "Time that requests about labels, series, stats and volume took.",
			  LABELS("operation", "status_code"), BUCKETS(some_seconds)),

	[METRIC_BYTES_RECEIVED] =
		COUNTER("loki_distributor_bytes_received_total",
			"Bytes of lines and structured metadata in the pushes that came.",
			LABELS("tenant", "retention_hours")),
	[METRIC_LINES_RECEIVED] = COUNTER("loki_distributor_lines_received_total",
					  "Lines in the pushes that came.", LABELS("tenant")),
	[METRIC_METADATA_BYTES_RECEIVED] =
		COUNTER("loki_distributor_structured_metadata_bytes_received_total",
			"Bytes of structured metadata in the pushes that came.",
			LABELS("tenant", "retention_hours")),
	[METRIC_DISCARDED_SAMPLES] =
		COUNTER("loki_discarded_samples_total", "Entries that were not taken.",
			LABELS("reason", "tenant")),
	[METRIC_DISCARDED_BYTES] =
		COUNTER("loki_discarded_bytes_total", "Bytes of the entries that were not taken.",
			LABELS("reason", "tenant")),
	[METRIC_MUTATED_SAMPLES] = COUNTER("loki_mutated_samples_total", "Lines that were cut.",
					   LABELS("reason", "tenant")),
	[METRIC_MUTATED_BYTES] =
		COUNTER("loki_mutated_bytes_total", "Bytes that were cut from lines.",
			LABELS("reason", "tenant")),
	[METRIC_APPEND_FAILURES] = COUNTER("loki_distributor_ingester_append_failures_total",
					   "Batches that did not get into the log."),
	[METRIC_MEMORY_STREAMS] = GAUGE("loki_ingester_memory_streams",
					"Streams that pushes came for of late.", LABELS("tenant")),
	[METRIC_STREAMS_CREATED] = COUNTER("loki_ingester_streams_created_total",
					   "Streams that became active.", LABELS("tenant")),
	[METRIC_STREAMS_REMOVED] = COUNTER("loki_ingester_streams_removed_total",
					   "Streams that are active no more.", LABELS("tenant")),
	[METRIC_WAL_RECORDS] =
		COUNTER("loki_ingester_wal_records_logged_total", "Batches that are in the log."),
	[METRIC_WAL_BYTES] =
		COUNTER("loki_ingester_wal_logged_bytes_total", "Bytes written for the log."),
	[METRIC_WAL_DISK_FULL] = COUNTER("loki_ingester_wal_disk_full_failures_total",
					 "Pushes that were refused since the disk is full."),
	[METRIC_PUSH_QUEUE_BYTES] =
		GAUGE("lokid_push_queue_bytes", "Bytes of pushes on their way to the log."),
	[METRIC_ENTRY_AGE] =
		HISTOGRAM("lokid_entry_age_when_queryable_seconds",
			  "Age of entries, by their timestamps, when queries find them.",
			  LABELS("tenant"), BUCKETS(age_seconds)),
	[METRIC_CHILD_RESTARTS] = COUNTER("lokid_child_restarts_total",
					  "Programs started again since they ended by themselves.",
					  LABELS("program")),

	[METRIC_QUEUE_SECONDS] =
		HISTOGRAM("loki_query_frontend_queue_duration_seconds",
			  "Time from a query's arrival to its start.", BUCKETS(some_seconds)),
	[METRIC_QUEUE_LENGTH] =
		GAUGE("loki_query_frontend_queue_length", "Queries that wait.", LABELS("user")),
	[METRIC_QUEUE_DISCARDED] = COUNTER("loki_query_frontend_discarded_requests_total",
					   "Queries refused since too many wait.", LABELS("user")),
	[METRIC_QUERIES_BLOCKED] =
		COUNTER("loki_blocked_queries_total",
			"Queries refused since blocked_queries has them.", LABELS("user")),
	[METRIC_QUERIES_FAILED] = COUNTER("loki_query_frontend_failed_queries_total",
					  "Queries answered with a status of 500 or more."),
	[METRIC_QUERIES_LEFT] =
		COUNTER("lokid_queries_left_total", "Queries ended since their client had gone."),
	[METRIC_QUERIES_RUNNING] =
		GAUGE("lokid_queries_running", "Queries that run.", LABELS("class")),
	[METRIC_QUERY_BYTES] = COUNTER("lokid_query_bytes_total",
				       "Bytes of lines that queries looked at.", LABELS("tenant")),
	[METRIC_QUERY_LINES] = COUNTER("lokid_query_lines_total", "Lines that queries looked at.",
				       LABELS("tenant")),
	[METRIC_QUERY_DECODED] = COUNTER("lokid_query_decoded_bytes_total",
					 "Bytes of lines that queries decoded.", LABELS("tenant")),
	[METRIC_QUERY_BLOCKS] =
		COUNTER("lokid_query_blocks_total",
			"Blocks that queries read, counted, or left out.", LABELS("tenant", "how")),
	[METRIC_QUERY_CPU] = COUNTER("lokid_query_cpu_seconds_total",
				     "Processor time that queries took.", LABELS("tenant")),
	[METRIC_TAILS_ACTIVE] = GAUGE("loki_querier_tail_active", "Websockets that tail."),
	[METRIC_TAIL_BYTES] =
		COUNTER("loki_querier_tail_bytes_total", "Bytes sent to websockets that tail."),

	[METRIC_CHILD_ENDED] = COUNTER("lokid_child_ended_total", "Programs that ended, and how.",
				       LABELS("program", "how")),
	[METRIC_PANICS] = COUNTER("loki_panic_total", "Programs that crashed."),

	[METRIC_FLUSH_ROUNDS] =
		COUNTER("lokid_flush_rounds_total", "Rounds of walreplay, chunkpack and idxbuild.",
			LABELS("result")),
	[METRIC_FLUSH_SECONDS] = HISTOGRAM("lokid_flush_duration_seconds",
					   "Time that a round took.", BUCKETS(run_seconds)),
	[METRIC_COMPACTIONS] = COUNTER("loki_boltdb_shipper_compact_tables_operation_total",
				       "Runs of chunkpack --compact.", LABELS("status")),
	[METRIC_RETENTIONS] = COUNTER("loki_boltdb_shipper_apply_retention_operation_total",
				      "Runs of idxbuild --retain.", LABELS("status")),
	[METRIC_RETENTION_MARKS] = COUNTER("loki_boltdb_shipper_retention_marker_count_total",
					   "Chunks of a day that idxbuild --retain took out of the "
					   "index.",
					   LABELS("table")),
	[METRIC_RETENTION_CHUNKS] =
		COUNTER("lokid_retention_chunks_total",
			"Chunks that idxbuild --retain took out of the index.", LABELS("tenant")),
	[METRIC_RETENTION_ENTRIES] =
		COUNTER("lokid_retention_entries_total", "Entries of them.", LABELS("tenant")),
	[METRIC_RETENTION_BYTES] = COUNTER("lokid_retention_bytes_total",
					   "Bytes of them, as they were stored.", LABELS("tenant")),
	[METRIC_DELETES_RECEIVED] = COUNTER("loki_compactor_delete_requests_received_total",
					    "Requests to delete that were taken.", LABELS("user")),
	[METRIC_DELETES_PROCESSED] = COUNTER(
		"loki_compactor_delete_requests_processed_total",
		"Requests to delete that were applied to all that is stored.", LABELS("user")),
	[METRIC_DELETE_CHUNKS] =
		COUNTER("loki_compactor_delete_requests_chunks_selected_total",
			"Chunks that chunkpack --delete made anew.", LABELS("user")),
	/* Loki's names are those of other types. */
	[METRIC_DELETED_LINES] =
		UNTYPED("loki_compactor_deleted_lines",
			"Entries that chunkpack --delete took out of packs.", LABELS("user")),
	[METRIC_DELETE_FAILURES] =
		COUNTER("loki_compactor_delete_processing_fails_total",
			"Runs of chunkpack --delete that failed.", LABELS("cause")),
	[METRIC_INDEX_UPLOAD_SECONDS] =
		HISTOGRAM("loki_boltdb_shipper_index_upload_duration_seconds",
			  "Time that idxbuild took in a round.", BUCKETS(run_seconds)),
	[METRIC_WAL_CORRUPTIONS] =
		COUNTER("loki_ingester_wal_corruptions_total",
			"Rounds that found segments of the log damaged.", LABELS("type")),
	[METRIC_CHUNKS_CREATED] =
		COUNTER("loki_ingester_chunks_created_total", "Chunks that rounds have written."),
	[METRIC_CHUNKS_FLUSHED] =
		COUNTER("loki_ingester_chunks_flushed_total",
			"Chunks that rounds have written, and why.", LABELS("reason")),
	[METRIC_CHUNKS_STORED] = COUNTER("loki_ingester_chunks_stored_total",
					 "Chunks that rounds have written.", LABELS("tenant")),
	[METRIC_CHUNK_STORED_BYTES] =
		COUNTER("loki_ingester_chunk_stored_bytes_total",
			"Bytes of the chunks that rounds have written.", LABELS("tenant")),
	[METRIC_STORED_CHUNKS] =
		COUNTER("loki_chunk_store_stored_chunks_total",
			"The same as loki_ingester_chunks_stored_total.", LABELS("user")),
	[METRIC_STORE_CHUNKS_STORED] = COUNTER("loki_store_chunks_stored_total",
					       "The same as loki_ingester_chunks_created_total."),
	[METRIC_CHUNK_SIZE] =
		HISTOGRAM("loki_ingester_chunk_size_bytes", "Bytes of a chunk when it was written.",
			  BUCKETS(chunk_bytes)),
	[METRIC_CHUNK_ENTRIES] =
		HISTOGRAM("loki_ingester_chunk_entries", "Entries of a chunk when it was written.",
			  BUCKETS(chunk_entries)),
	[METRIC_CHUNK_AGE] =
		HISTOGRAM("loki_ingester_chunk_age_seconds",
			  "Age of a chunk's first entry when it was written.", BUCKETS(chunk_age)),
	[METRIC_CHUNK_COMPRESSION] = HISTOGRAM(
		"loki_ingester_chunk_compression_ratio",
		"Bytes of lines and metadata for each byte of a chunk.", BUCKETS(chunk_ratio)),

	[METRIC_WAL_REPLAY_SECONDS] = GAUGE("loki_ingester_wal_replay_duration_seconds",
					    "Time from the daemon's start until it was ready."),
	[METRIC_RELOAD_SUCCESSFUL] = GAUGE("loki_runtime_config_last_reload_successful",
					   "Whether limits and users could be read the last time."),
	[METRIC_AUTH_FAILURES] =
		COUNTER("lokid_auth_failures_total", "Requests whose sender is not who may ask.",
			LABELS("reason")),
	[METRIC_AUDIT_LOST] = COUNTER("lokid_audit_lost_total",
				      "Lines of the audit log that could not be written."),

	[METRIC_FLUSH_QUEUE_LENGTH] = GAUGE("loki_ingester_flush_queue_length",
					    "Closed segments of the log that wait to be flushed."),
	[METRIC_FLUSH_QUEUE] =
		GAUGE("loki_ingester_flush_queue", "The same as loki_ingester_flush_queue_length."),
	[METRIC_OLDEST_UNSHIPPED] =
		GAUGE("loki_ingester_oldest_unshipped_block_seconds",
		      "Age of the oldest segment that waits to be flushed, or 0."),
	[METRIC_FLUSH_LAST_SUCCESS] = GAUGE("lokid_flush_last_success_timestamp_seconds",
					    "When a round last succeeded, or 0."),
	[METRIC_FLUSH_FAILURES_NOW] = GAUGE("lokid_flush_consecutive_failures",
					    "Rounds that failed since the last that succeeded."),
	[METRIC_FLUSH_RUNNING] = GAUGE("lokid_flush_running_seconds",
				       "For how long the round under way has run, or 0."),
	[METRIC_STORE_UP] = GAUGE("lokid_store_up", "Whether the store answers."),
	[METRIC_STORE_FAILURES] = COUNTER("lokid_store_check_failures_total",
					  "Times that the store was asked and did not answer."),
	[METRIC_COMPACTION_SECONDS] =
		GAUGE("loki_boltdb_shipper_compact_tables_operation_duration_seconds",
		      "Time that the last compaction that succeeded took."),
	[METRIC_COMPACTION_LAST_SUCCESS] =
		GAUGE("loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_"
		      "seconds",
		      "When a compaction last succeeded, or 0."),
	[METRIC_RETENTION_SECONDS] =
		GAUGE("loki_boltdb_shipper_apply_retention_operation_duration_seconds",
		      "Time that the last retention that succeeded took."),
	[METRIC_RETENTION_LAST_SUCCESS] =
		GAUGE("loki_boltdb_shipper_apply_retention_last_successful_run_timestamp_seconds",
		      "When a retention last succeeded, or 0."),
	[METRIC_DELETES_WAITING] =
		UNTYPED("loki_compactor_pending_delete_requests_count",
			"Requests to delete that are old enough to be applied, and are not."),
	[METRIC_DELETES_OLDEST] = GAUGE("loki_compactor_oldest_pending_delete_request_age_seconds",
					"For how long the oldest of them has waited, or 0."),
	[METRIC_COMPACTION_RUNNING] =
		GAUGE("loki_boltdb_shipper_compactor_running", "Whether this daemon compacts."),
	[METRIC_COMPACTION_FAILURES_NOW] =
		GAUGE("lokid_compaction_consecutive_failures",
		      "Compactions that failed since the last that succeeded."),
	[METRIC_STORE_UNNAMED] =
		GAUGE("lokid_store_unnamed_packs",
		      "Packs that no index file names, so that no query sees them."),
	[METRIC_COMPACTION_RUNNING_SECONDS] =
		GAUGE("lokid_compaction_running_seconds",
		      "For how long the compaction under way has run, or 0."),
	[METRIC_WAL_ASIDE] =
		GAUGE("lokid_wal_damaged_segments",
		      "Segments of the log that were damaged, and lie in its folder damaged."),
	[METRIC_WAL_SEGMENT_BYTES] = GAUGE("loki_ingester_wal_bytes_in_use",
					   "Bytes of closed segments that wait to be flushed."),
	[METRIC_WAL_DISK_USAGE] = GAUGE("loki_ingester_wal_disk_usage_percent",
					"How full the log's disk is, from 0 to 1."),
	[METRIC_WAL_REPLAY_ACTIVE] =
		GAUGE("loki_ingester_wal_replay_active", "Whether the log takes no pushes yet."),
	[METRIC_READY] = GAUGE("lokid_ready", "Whether /ready says so."),
	[METRIC_TCP_CONNECTIONS] =
		GAUGE("loki_tcp_connections", "Connections that are open.", LABELS("protocol")),
	[METRIC_ANSWER_BYTES] =
		GAUGE("lokid_answer_bytes", "Bytes of answers that clients have not read yet."),
	[METRIC_ANSWERS_CUT] =
		COUNTER("lokid_answers_cut_total",
			"Connections closed since others needed the room of their answers."),
	[METRIC_LOG_MESSAGES] = COUNTER("loki_internal_log_messages_total",
					"Events for the daemon's log, also those below its level.",
					LABELS("level")),
	[METRIC_TREE_RESIDENT] = GAUGE("lokid_tree_resident_memory_bytes",
				       "Resident memory of the daemon and of all its programs."),
	[METRIC_MEMORY_LIMIT] = GAUGE("lokid_memory_limit_bytes",
				      "Memory of the machine, or of the control group."),
	[METRIC_TREE_CPU] = COUNTER("lokid_tree_cpu_seconds_total",
				    "Processor time of the daemon and of all its programs."),
	[METRIC_TREE_PROCESSES] =
		GAUGE("lokid_tree_processes", "Programs that run.", LABELS("program")),
	[METRIC_PROCESS_CPU] =
		COUNTER("process_cpu_seconds_total", "Processor time of the daemon itself."),
	[METRIC_PROCESS_RESIDENT] =
		GAUGE("process_resident_memory_bytes", "Resident memory of the daemon itself."),
	[METRIC_PROCESS_VIRTUAL] =
		GAUGE("process_virtual_memory_bytes", "Virtual memory of the daemon itself."),
	[METRIC_PROCESS_VIRTUAL_MAX] =
		GAUGE("process_virtual_memory_max_bytes", "How much virtual memory it may have."),
	[METRIC_PROCESS_OPEN_FDS] =
		GAUGE("process_open_fds", "File descriptors that the daemon has open."),
	[METRIC_PROCESS_MAX_FDS] = GAUGE("process_max_fds", "How many it may have open."),
	[METRIC_PROCESS_START] =
		GAUGE("process_start_time_seconds", "When the daemon was started."),
	[METRIC_LOKI_BUILD_INFO] = GAUGE("loki_build_info", "The Loki whose API is answered.",
					 LABELS("version", "revision", "branch")),
	[METRIC_BUILD_INFO] = GAUGE("lokid_build_info", "The version of lokid.", LABELS("version")),
};

struct metrics_series *metric_of(struct metrics *m, enum server_metric which)
{
	return metrics_get(m, &families[which], NULL);
}

struct metrics_series *metric_of1(struct metrics *m, enum server_metric which, struct bytes a)
{
	return metrics_get(m, &families[which], &a);
}

struct metrics_series *metric_of2(struct metrics *m, enum server_metric which, struct bytes a,
				  struct bytes b)
{
	return metrics_get(m, &families[which], (struct bytes[]){ a, b });
}

void server_metrics_register(struct metrics *m)
{
	struct bytes version = bytes_str(cli_version());

	for (size_t i = 0; i < METRIC_COUNT; i++)
		metrics_register(m, &families[i]);
	metrics_set(metrics_get(m, &families[METRIC_LOKI_BUILD_INFO],
				(struct bytes[]){ BYTES_LIT(VERSION_OF_LOKI), version,
						  BYTES_LIT("lokid") }),
		    1);
	metrics_set(metric_of1(m, METRIC_BUILD_INFO, version), 1);
	/* As they are until something happens. */
	metrics_set(metric_of(m, METRIC_RELOAD_SUCCESSFUL), 1);
	metric_of1(m, METRIC_FLUSH_ROUNDS, BYTES_LIT("ok"));
	metric_of1(m, METRIC_FLUSH_ROUNDS, BYTES_LIT("failed"));
	metric_of1(m, METRIC_COMPACTIONS, BYTES_LIT("success"));
	metric_of1(m, METRIC_COMPACTIONS, BYTES_LIT("failure"));
	metric_of1(m, METRIC_RETENTIONS, BYTES_LIT("success"));
	metric_of1(m, METRIC_RETENTIONS, BYTES_LIT("failure"));
	metric_of1(m, METRIC_DELETE_FAILURES, BYTES_LIT("error"));
	metric_of1(m, METRIC_WAL_CORRUPTIONS, BYTES_LIT("segment"));
}

struct bytes metric_retention_hours(int64_t retention_period_ns, char text[RETENTION_HOURS_MAX])
{
	int n = snprintf(text, RETENTION_HOURS_MAX, "%lld",
			 (long long)(retention_period_ns / (3600 * NS_PER_S)));

	return bytes_of(text, (size_t)n);
}

static struct bytes method_name(enum http_method method)
{
	switch (method) {
	case HTTP_GET:
		return BYTES_LIT("GET");
	case HTTP_HEAD:
		return BYTES_LIT("HEAD");
	case HTTP_POST:
		return BYTES_LIT("POST");
	case HTTP_PUT:
		return BYTES_LIT("PUT");
	case HTTP_DELETE:
		return BYTES_LIT("DELETE");
	case HTTP_OPTIONS:
		return BYTES_LIT("OPTIONS");
	case HTTP_OTHER:
		break;
	}
	return BYTES_LIT("other");
}

void server_metrics_begin(struct metrics *m, const char *route, enum http_method method)
{
	metrics_add(metric_of2(m, METRIC_REQUESTS_INFLIGHT, method_name(method), bytes_str(route)),
		    1);
}

/* What a route asks of the index, or NULL. */
static const char *operation_of(struct bytes route)
{
	static const struct {
		const char *route, *operation;
	} of[] = {
		{ "loki_api_v1_labels", "label_names" },
		{ "api_prom_label", "label_names" },
		{ "loki_api_v1_label_name_values", "label_values" },
		{ "api_prom_label_name_values", "label_values" },
		{ "loki_api_v1_series", "series" },
		{ "api_prom_series", "series" },
		{ "loki_api_v1_index_stats", "stats" },
		{ "loki_api_v1_index_volume", "volume" },
		{ "loki_api_v1_index_volume_range", "volume" },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (bytes_is(route, of[i].route))
			return of[i].operation;
	return NULL;
}

void server_metrics_end(struct metrics *m, const struct server_metrics_request *r)
{
	char code[16];
	struct bytes method = method_name(r->method), route = bytes_str(r->route);
	struct bytes status = { code, 0 };
	const char *operation = operation_of(route);

	status.n = (size_t)snprintf(code, sizeof(code), "%d", r->status);
	metrics_add(metric_of2(m, METRIC_REQUESTS_INFLIGHT, method, route), -1);
	metrics_observe(metrics_get(m, &families[METRIC_REQUEST_SECONDS],
				    (struct bytes[]){ method, route, status,
						      bytes_str(r->websocket ? "true" : "false") }),
			r->seconds);
	if (operation)
		metrics_observe(
			metric_of2(m, METRIC_INDEX_REQUEST_SECONDS, bytes_str(operation), status),
			r->seconds);
}

void server_metrics_refused(struct metrics *m, struct bytes tenant, struct bytes why)
{
	if (bytes_is(why, LIMITS_BLOCKED))
		metrics_add(metric_of1(m, METRIC_QUERIES_BLOCKED, tenant), 1);
}

/* By a bug of it, and not by somebody's wish or for want of memory. */
static bool has_crashed(const struct child_end *end)
{
	switch (end->signal) {
	case SIGSEGV:
	case SIGBUS:
	case SIGABRT:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
	case SIGSYS:
		return true;
	case 0:
		return end->status == err_exit_code(ERR_BUG);
	default:
		return false;
	}
}

const char *server_metrics_how_ended(const struct child_end *end)
{
	if (end->timed_out)
		return "timed out";
	if (end->killed)
		return "killed";
	if (has_crashed(end))
		return "crashed";
	if (end->signal)
		return "signal";
	if (end->status < 0)
		return "not started";
	return end->status <= 1 ? "ok" : "error";
}

void server_metrics_child(struct metrics *m, const char *program, const struct child_end *end)
{
	metrics_add(metric_of2(m, METRIC_CHILD_ENDED, bytes_str(program),
			       bytes_str(server_metrics_how_ended(end))),
		    1);
	if (has_crashed(end))
		metrics_add(metric_of(m, METRIC_PANICS), 1);
}

void entry_ages_add(struct entry_ages *a, int64_t age_ns)
{
	double age_s = (double)age_ns / NS_PER_S;
	size_t i = 0;

	while (i < ENTRY_AGES - 1 && age_s > age_seconds[i])
		i++;
	a->of[i].n++;
	a->of[i].sum_s += age_s;
}

void server_metrics_queryable(struct metrics *m, struct bytes tenant, const struct entry_ages *a,
			      double delay_s)
{
	struct metrics_series *s = metric_of1(m, METRIC_ENTRY_AGE, tenant);

	for (size_t i = 0; i < ENTRY_AGES; i++)
		if (a->of[i].n)
			metrics_observe_n(s, a->of[i].sum_s / (double)a->of[i].n + delay_s,
					  a->of[i].n);
}
