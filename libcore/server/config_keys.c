#include "server/config_keys.h"

#include <stddef.h>

#include "server/config.h"

#define AT(field) offsetof(struct config, field)
#define USED(name, type, field)                             \
	{                                                   \
		name, type, KEY_USED, AT(field), NULL, NULL \
	}
#define WORD(name, words, field)                                 \
	{                                                        \
		name, KEY_WORD, KEY_USED, AT(field), words, NULL \
	}
#define MAPPED(name, type, field, to)                       \
	{                                                   \
		name, type, KEY_MAPPED, AT(field), NULL, to \
	}
#define IDLE(name, why)                                 \
	{                                               \
		name, KEY_OTHER, KEY_IDLE, 0, NULL, why \
	}
#define RETIRED(name, why)                                 \
	{                                                  \
		name, KEY_OTHER, KEY_RETIRED, 0, NULL, why \
	}
/* Others than this table's reader look at it. */
#define OTHERS(name)                                     \
	{                                                \
		name, KEY_OTHER, KEY_USED, 0, NULL, NULL \
	}

static const char *const format_words[] = { "logfmt", "json", NULL };

/* As Go's crypto/tls calls them. */
static const char *const client_auth_words[] = { "",
						 "NoClientCert",
						 "RequestClientCert",
						 "VerifyClientCertIfGiven",
						 "RequireAnyClientCert",
						 "RequireAndVerifyClientCert",
						 NULL };
static const char *const version_words[] = { "VersionTLS10", "VersionTLS11", "VersionTLS12",
					     "VersionTLS13", NULL };

static const char *const config_encoding_words[] = { "zstd",	"snappy",   "none",   "gzip",
						     "lz4-64k", "lz4-256k", "lz4-1M", "lz4",
						     "flate",	NULL };

const char *config_encoding(int word)
{
	return word >= 0 && word <= 2 ? config_encoding_words[word] : "zstd";
}

static const char one_process[] = "one process tree does it all";
static const char no_grpc[] = "nothing is spoken but HTTP";
static const char no_ring[] = "this node stands alone: there is no ring";
static const char other_cache[] =
	"the cache is common.cache; files of a folder are mapped where they lie";
static const char no_sharding[] =
	"a query is one process, with querier.jobs threads; it is not split";
static const char no_rules[] = "rules are not evaluated";
static const char no_bloom[] = "there are no bloom filters to be built or asked";
static const char no_kafka[] = "there is no Kafka";
static const char no_tracing[] = "requests are not traced";
static const char no_gateway[] = "there is no index gateway; queries read the index themselves";
static const char own_store[] =
	"common.store says where it is: a folder, or s3://BUCKET/PREFIX (lokid-store(7))";
static const char one_format[] = "the store has one format, its own";
static const char whole_days[] = "all days of all tenants are looked at, in each run";
static const char requests_beside[] =
	"requests to delete lie in the store, beside what they are about";
static const char all_requests[] = "all requests are applied that are old enough";
static const char one_retention[] = "retention is one program, run after each compaction";
static const char live_wal[] = "queries read the log where it lies; nothing is loaded";
static const char one_flush[] = "one flush runs at a time, and is tried again until it succeeds";
static const char whole_streams[] = "a segment of the log is packed whole, all its streams at once";
static const char no_request_log[] = "requests are told by metrics, and by the audit log (audit)";
static const char always_on[] = "it is always on";

const struct key config_keys[] = {
	OTHERS("target"),
	USED("auth_enabled", KEY_BOOL, auth_enabled),
	USED("shutdown_delay", KEY_DURATION, shutdown_delay_ns),

	USED("server.http_listen_address", KEY_TEXT, server.address),
	USED("server.http_listen_port", KEY_PORT, server.port),
	USED("server.http_listen_conn_limit", KEY_SMALL, server.connections_max),
	USED("server.http_connections_per_address", KEY_SMALL, server.connections_of_ip_max),
	USED("server.http_threads", KEY_SMALL, server.threads),
	USED("server.http_server_read_timeout", KEY_DURATION, server.read_timeout_ns),
	USED("server.http_server_idle_timeout", KEY_DURATION, server.idle_timeout_ns),
	USED("server.http_max_header_size", KEY_SIZE, server.head_max),
	USED("server.http_path_prefix", KEY_TEXT, server.path_prefix),
	USED("server.graceful_shutdown_timeout", KEY_DURATION, server.graceful_shutdown_timeout_ns),
	WORD("server.log_level", log_level_words, server.log_level),
	WORD("server.log_format", format_words, server.log_format),
	USED("server.http_tls_config.cert_file", KEY_TEXT, server.tls.cert_file),
	USED("server.http_tls_config.key_file", KEY_TEXT, server.tls.key_file),
	USED("server.http_tls_config.client_ca_file", KEY_TEXT, server.tls.client_ca_file),
	WORD("server.http_tls_config.client_auth_type", client_auth_words, server.client_auth_type),
	IDLE("server.http_tls_config.cert", "certificates are files: cert_file"),
	IDLE("server.http_tls_config.key", "keys are files: key_file"),
	IDLE("server.http_tls_config.client_ca", "certificates are files: client_ca_file"),
	WORD("server.tls_min_version", version_words, server.tls_min_version),
	USED("server.tls_cipher_suites", KEY_NAMES, server.tls_cipher_suites),
	IDLE("server.http_server_read_header_timeout",
	     "http_server_read_timeout is that of head and body"),
	IDLE("server.http_server_write_timeout",
	     "limits_config.query_timeout ends queries, http_server_idle_timeout slow readers"),
	IDLE("server.http_listen_network", "it is tcp"),
	IDLE("server.http_log_closed_connections_without_response_enabled", no_request_log),
	IDLE("server.register_instrumentation", always_on),
	IDLE("server.proxy_protocol_enabled", "the PROXY protocol is not spoken"),
	IDLE("server.metrics_namespace", "metrics have Loki's names"),
	IDLE("server.log_source_ips_enabled", no_request_log),
	IDLE("server.log_source_ips_full", no_request_log),
	IDLE("server.log_source_ips_header", no_request_log),
	IDLE("server.log_source_ips_regex", no_request_log),
	IDLE("server.log_request_headers", no_request_log),
	IDLE("server.log_request_at_info_level_enabled", no_request_log),
	IDLE("server.log_request_exclude_headers_list", no_request_log),
	IDLE("server.trace_request_headers", no_tracing),
	IDLE("server.trace_request_exclude_headers_list", no_tracing),
	IDLE("server.create_new_traces", no_tracing),
	IDLE("server.cluster_validation", one_process),
	IDLE("server.report_grpc_codes_in_instrumentation_label_enabled", no_grpc),
	IDLE("server.grpc_tls_config", no_grpc),
	IDLE("server.grpc_listen_network", no_grpc),
	IDLE("server.grpc_listen_address", no_grpc),
	IDLE("server.grpc_listen_port", no_grpc),
	IDLE("server.grpc_listen_conn_limit", no_grpc),
	IDLE("server.grpc_collect_max_streams_by_conn", no_grpc),
	IDLE("server.grpc_server_max_recv_msg_size", no_grpc),
	IDLE("server.grpc_server_max_send_msg_size", no_grpc),
	IDLE("server.grpc_server_max_concurrent_streams", no_grpc),
	IDLE("server.grpc_server_max_connection_idle", no_grpc),
	IDLE("server.grpc_server_max_connection_age", no_grpc),
	IDLE("server.grpc_server_max_connection_age_grace", no_grpc),
	IDLE("server.grpc_server_keepalive_time", no_grpc),
	IDLE("server.grpc_server_keepalive_timeout", no_grpc),
	IDLE("server.grpc_server_min_time_between_pings", no_grpc),
	IDLE("server.grpc_server_ping_without_stream_allowed", no_grpc),
	IDLE("server.grpc_server_num_workers", no_grpc),
	IDLE("server.grpc_server_stats_tracking_enabled", no_grpc),
	IDLE("server.grpc_server_recv_buffer_pools_enabled", no_grpc),
	IDLE("server.grpc_server_read_buffer_size", no_grpc),
	IDLE("server.grpc_server_write_buffer_size", no_grpc),

	USED("common.path_prefix", KEY_TEXT, data),
	USED("common.store", KEY_TEXT, store_path),
	USED("common.cache", KEY_TEXT, cache),
	USED("common.cache_size", KEY_SIZE, cache_bytes),
	USED("common.programs", KEY_TEXT, programs),
	IDLE("common.storage.filesystem.chunks_directory",
	     "chunks of Loki's are not read; the store is common.store"),
	IDLE("common.storage.filesystem.rules_directory", no_rules),
	IDLE("common.storage.*", own_store),
	IDLE("common.replication_factor", no_ring),
	IDLE("common.persist_tokens", no_ring),
	IDLE("common.ring", no_ring),
	IDLE("common.instance_interface_names", no_ring),
	IDLE("common.instance_addr", no_ring),
	IDLE("common.compactor_address", one_process),
	IDLE("common.compactor_grpc_address", one_process),
	IDLE("common.scratch_path", "temporary files lie in TMPDIR"),

	USED("store.index", KEY_TEXT, store_index),
	USED("store.rules", KEY_TEXT, store_rules),

	USED("distributor.max_recv_msg_size", KEY_SIZE, push.body_max),
	USED("distributor.max_decompressed_size", KEY_SIZE, push.decompressed_max),
	USED("distributor.decode_metadata_escapes", KEY_BOOL, push.decode_metadata_escapes),
	USED("distributor.max_bodies_size", KEY_SIZE, push.bodies_max),
	USED("distributor.otlp_config.default_resource_attributes_as_index_labels", KEY_NAMES,
	     push.otlp_labels),
	USED("distributor.max_queue_size", KEY_SIZE, push.queue_max),
	IDLE("distributor.ring", no_ring),
	IDLE("distributor.rate_store", "rates are counted where pushes come in"),
	IDLE("distributor.push_worker_count", one_process),
	IDLE("distributor.write_failures_logging",
	     "loki_discarded_samples_total counts what is refused, by its reason"),
	IDLE("distributor.kafka_writes_enabled", no_kafka),
	IDLE("distributor.ingester_writes_enabled", no_kafka),
	IDLE("distributor.kafka_config", no_kafka),
	IDLE("distributor.tenant_topic", no_kafka),
	IDLE("distributor.dataobj_tee", no_kafka),
	IDLE("distributor.ingest_limits_enabled", one_process),
	IDLE("distributor.ingest_limits_dry_run_enabled", one_process),
	IDLE("distributor.default_policy_stream_mappings", "there are no policies of streams"),

	USED("ingester.wal.dir", KEY_TEXT, wal),
	USED("ingester.wal.sync", KEY_TEXT, push.sync),
	USED("ingester.wal.segment_size", KEY_SIZE, push.segment_size),
	USED("ingester.wal.segment_age", KEY_DURATION, push.segment_age_ns),
	USED("ingester.wal.disk_full_threshold", KEY_FLOAT, push.disk_full_threshold),
	USED("ingester.wal.flush_on_shutdown", KEY_BOOL, flush.on_shutdown),
	IDLE("ingester.wal.enabled",
	     "the log is always written: what is answered with 204 is in it"),
	IDLE("ingester.wal.checkpoint_duration", live_wal),
	IDLE("ingester.wal.replay_memory_ceiling", live_wal),
	USED("ingester.flush_check_period", KEY_DURATION, flush.check_period_ns),
	MAPPED("ingester.chunk_idle_period", KEY_DURATION, push.stream_idle_ns,
	       "it is how long a stream counts as active after its last entry; segments of the log "
	       "are packed at ingester.wal.segment_age, whatever is in them"),
	MAPPED("ingester.max_chunk_age", KEY_DURATION, push.segment_age_ns,
	       "it is ingester.wal.segment_age: how long a segment of the log is written to before "
	       "it is packed"),
	MAPPED("ingester.chunk_target_size", KEY_SIZE, flush.chunk_target_size,
	       "it is what a chunk is to be when compressed, taken as a tenth of its lines "
	       "(chunkpack --chunk-size)"),
	MAPPED("ingester.chunk_block_size", KEY_SIZE, flush.chunk_block_size,
	       "it is chunkpack's --block-size"),
	{ "ingester.chunk_encoding", KEY_WORD, KEY_MAPPED, AT(flush.chunk_encoding),
	  config_encoding_words,
	  "it is chunkpack's --encoding; what is not zstd, snappy or none is taken as zstd" },
	USED("ingester.chunk_level", KEY_SMALL, flush.level),
	USED("ingester.chunk_filter", KEY_TEXT, flush.filter),
	USED("ingester.chunk_lines", KEY_TEXT, flush.lines),
	IDLE("ingester.chunk_retain_period", live_wal),
	IDLE("ingester.concurrent_flushes", one_flush),
	IDLE("ingester.flush_op_timeout", one_flush),
	IDLE("ingester.flush_op_backoff", one_flush),
	IDLE("ingester.sync_period", whole_streams),
	IDLE("ingester.sync_min_utilization", whole_streams),
	IDLE("ingester.max_returned_stream_errors", "the answer to a push names ten at most"),
	IDLE("ingester.query_store_max_look_back_period", live_wal),
	IDLE("ingester.index_shards", live_wal),
	IDLE("ingester.max_dropped_streams", "a tail drops nothing"),
	IDLE("ingester.shutdown_marker_path", no_ring),
	IDLE("ingester.autoforget_unhealthy", no_ring),
	IDLE("ingester.lifecycler", no_ring),
	IDLE("ingester.owned_streams_check_interval", no_ring),
	IDLE("ingester.delegate_stream_limits_enabled", one_process),
	IDLE("ingester.kafka_ingestion", no_kafka),
	RETIRED("ingester.max_transfer_retries", "the log is in its place"),
	RETIRED("ingester.unordered_writes", "entries are always taken in any order"),

	USED("querier.max_concurrent", KEY_SMALL, query.max_concurrent),
	USED("querier.jobs", KEY_SMALL, query.jobs),
	USED("querier.standby", KEY_SMALL, query.standby),
	USED("querier.short_query_bytes", KEY_SIZE, query.short_bytes),
	USED("querier.max_concurrent_tails", KEY_SMALL, query.max_tails),
	USED("querier.tail_max_duration", KEY_DURATION, query.tail_max_duration_ns),
	USED("querier.multi_tenant_queries_enabled", KEY_BOOL, multi_tenant_queries),
	IDLE("querier.query_ingesters_within", live_wal),
	IDLE("querier.query_store_only", live_wal),
	IDLE("querier.query_ingester_only", live_wal),
	IDLE("querier.query_partition_ingesters", no_kafka),
	IDLE("querier.extra_query_delay", "nothing is asked of others"),
	IDLE("querier.engine", "selectors alone are refused as instant queries, as by Loki"),
	IDLE("querier.per_request_limits_enabled", "limits are the tenant's"),
	RETIRED("querier.query_timeout", "limits_config.query_timeout is in its place"),
	RETIRED("querier.max_look_back_period", "limits_config.max_query_lookback is in its place"),

	USED("frontend.max_outstanding_per_tenant", KEY_COUNT, query.max_outstanding_per_tenant),
	USED("frontend.compress_responses", KEY_BOOL, query.compress_responses),
	USED("frontend.max_answers_size", KEY_SIZE, query.answers_max),
	IDLE("frontend.log_queries_longer_than", no_request_log),
	IDLE("frontend.query_stats_enabled", always_on),
	IDLE("frontend.max_body_size", "a form is a megabyte at most"),
	IDLE("frontend.graceful_shutdown_timeout", "server.graceful_shutdown_timeout is for all"),
	IDLE("frontend.support_parquet_encoding", "answers are JSON"),
	IDLE("frontend.encoding", one_process),
	IDLE("frontend.querier_forget_delay", one_process),
	IDLE("frontend.scheduler_address", one_process),
	IDLE("frontend.scheduler_dns_lookup_period", one_process),
	IDLE("frontend.scheduler_worker_concurrency", one_process),
	IDLE("frontend.grpc_client_config", one_process),
	IDLE("frontend.instance_interface_names", one_process),
	IDLE("frontend.instance_addr", one_process),
	IDLE("frontend.instance_port", one_process),
	IDLE("frontend.instance_enable_ipv6", one_process),
	IDLE("frontend.address", one_process),
	IDLE("frontend.port", one_process),
	IDLE("frontend.downstream_url", one_process),
	IDLE("frontend.tail_proxy_url", one_process),
	IDLE("frontend.tail_tls_config", one_process),

	IDLE("query_range.parallelise_shardable_queries", no_sharding),
	IDLE("query_range.shard_aggregations", no_sharding),
	IDLE("query_range.instant_metric_query_split_align", no_sharding),
	IDLE("query_range.max_retries", "a query that fails says so; nothing is asked twice"),
	IDLE("query_range.align_queries_with_step", always_on),
	RETIRED("query_range.split_queries_by_interval", no_sharding),
	IDLE("query_range.*", other_cache),

	USED("compactor.compaction_interval", KEY_DURATION, compact.interval_ns),
	USED("compactor.chunk_level", KEY_SMALL, compact.level),
	USED("compactor.chunk_filter", KEY_TEXT, compact.filter),
	USED("compactor.chunk_lines", KEY_TEXT, compact.lines),
	USED("compactor.max_compaction_parallelism", KEY_SMALL, compact.jobs),
	USED("compactor.max_compaction_memory", KEY_SIZE, compact.memory_bytes),
	MAPPED("compactor.retention_delete_delay", KEY_DURATION, compact.delete_delay_ns,
	       "files that a compaction or retention replaced are deleted so long after it"),
	IDLE("compactor.upload_parallelism", own_store),
	IDLE("compactor.tables_to_compact", whole_days),
	IDLE("compactor.skip_latest_n_tables", whole_days),
	IDLE("compactor.working_directory", "files are made in the store, where they stay"),
	USED("compactor.retention_enabled", KEY_BOOL, compact.retention_enabled),
	IDLE("compactor.apply_retention_interval", one_retention),
	IDLE("compactor.retention_delete_worker_count", one_retention),
	IDLE("compactor.retention_table_timeout", one_retention),
	IDLE("compactor.retention_backoff_config", one_retention),
	IDLE("compactor.delete_request_store", requests_beside),
	IDLE("compactor.delete_request_store_key_prefix", requests_beside),
	IDLE("compactor.delete_request_store_db_type", requests_beside),
	IDLE("compactor.backup_delete_request_store_db_type", requests_beside),
	IDLE("compactor.delete_batch_size", all_requests),
	USED("compactor.delete_request_cancel_period", KEY_DURATION, erase.cancel_period_ns),
	USED("compactor.delete_max_interval", KEY_DURATION, erase.max_interval_ns),
	IDLE("compactor.deletion_marker_object_store_prefix", one_retention),
	IDLE("compactor.compactor_ring", no_ring),
	IDLE("compactor.horizontal_scaling_mode", one_process),
	IDLE("compactor.worker_config", one_process),
	IDLE("compactor.jobs_config", one_process),
	RETIRED("compactor.shared_store", own_store),
	RETIRED("compactor.shared_store_key_prefix", own_store),
	RETIRED("compactor.deletion_mode", "limits_config.deletion_mode is in its place"),

	OTHERS("limits_config"),
	OTHERS("overrides"),
	USED("runtime_config.file", KEY_TEXT, overrides_file),
	USED("runtime_config.period", KEY_DURATION, overrides_period_ns),

	USED("syslog.listen", KEY_TEXT, syslog.listen),
	USED("syslog.tenant", KEY_TEXT, syslog.tenant),
	USED("syslog.labels", KEY_TEXT, syslog.labels),
	USED("audit.enabled", KEY_BOOL, audit.enabled),
	USED("audit.log_path", KEY_TEXT, audit.log_path),
	OTHERS("auth"),

	IDLE("http_prefix", "server.http_path_prefix is in its place"),
	IDLE("ballast_bytes", "memory is not collected"),
	IDLE("metrics_namespace", "metrics have Loki's names"),
	IDLE("tenant_limits_allow_publish",
	     "/config/tenant/v1/limits shows what the tenant's own limits are"),
	IDLE("legacy_read_target", one_process),
	IDLE("internal_server", "one port serves all"),
	IDLE("ui", "pages are Grafana's"),
	IDLE("query_engine", "there is one query engine"),
	IDLE("query_scheduler", "queries wait in this process, frontend.max_outstanding_per_tenant "
				"at most"),
	IDLE("frontend_worker", one_process),
	IDLE("ruler", no_rules),
	IDLE("ruler_storage", no_rules),
	IDLE("ingester_client", one_process),
	IDLE("pattern_ingester", "patterns are found when they are asked for"),
	IDLE("index_gateway", no_gateway),
	IDLE("bloom_build", no_bloom),
	IDLE("bloom_gateway", no_bloom),
	IDLE("bloom_compactor", no_bloom),
	IDLE("storage_config", own_store),
	IDLE("chunk_store_config", other_cache),
	IDLE("schema_config", one_format),
	IDLE("compactor_client", one_process),
	IDLE("compactor_grpc_client", one_process),
	IDLE("memberlist", no_ring),
	IDLE("kafka_config", no_kafka),
	IDLE("dataobj", "there are no data objects"),
	IDLE("ingest_limits", one_process),
	IDLE("ingest_limits_client", one_process),
	IDLE("ingest_limits_frontend", one_process),
	IDLE("ingest_limits_frontend_client", one_process),
	IDLE("operational_config", no_request_log),
	IDLE("tracing", no_tracing),
	IDLE("analytics", "nothing is reported to anybody"),
	IDLE("profiling", "it is a C program: perf and valgrind see it"),
	RETIRED("table_manager.retention_period", "limits_config.retention_period is in its place"),
	RETIRED("table_manager.retention_deletes_enabled",
		"compactor.retention_enabled is in its place"),
	RETIRED("table_manager.*", "there are no tables"),
	{ 0 },
};

static const char chart_other[] = "it is the Helm chart's, for Kubernetes";
static const char chart_scale[] = "it is the Helm chart's; one process tree does it all, and what "
				  "starts it says with what";

static const struct key chart_keys[] = {
	IDLE("storage",
	     "it is the Helm chart's; common.store says where the store is: a folder, or "
	     "s3://BUCKET/PREFIX (lokid-store(7))"),
	IDLE("schemaConfig", "it is the Helm chart's; the store has one format, its own"),
	IDLE("deploymentMode", chart_scale),
	IDLE("replicas", chart_scale),
	IDLE("autoscaling", chart_scale),
	IDLE("resources", chart_scale),
	IDLE("persistence", "it is the Helm chart's; all data is in common.path_prefix"),
	IDLE("ingester", chart_scale),
	IDLE("querier", chart_scale),
	IDLE("distributor", chart_scale),
	IDLE("compactor", chart_scale),
	IDLE("queryFrontend", chart_scale),
	{ 0 },
};

const struct key *config_chart_key(struct bytes word)
{
	static const struct key other = IDLE("", chart_other);
	const struct key *k = key_find(chart_keys, word);

	return k ? k : &other;
}

bool config_is_section(struct bytes name)
{
	for (const struct key *k = config_keys; k->name; k++)
		if (bytes_starts(bytes_str(k->name), name) && k->name[name.n] == '.')
			return true;
	return false;
}
