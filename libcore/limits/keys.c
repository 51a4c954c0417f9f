/* limits_config: what each of its keys is here. lokid.yaml(5) says the same. */
#include <stddef.h>

#include "limits/limits.h"

#define AT(field) offsetof(struct limits, field)

/* Why keys of Loki have no effect. */
static const char one_process[] = "one process counts, for all there is";
static const char no_sharding[] =
	"a query is one process, with querier.jobs threads; it is not split";
static const char no_cache[] = "there is no cache of results";
static const char no_index_server[] = "there are no index gateways";
static const char no_bloom[] = "there are no bloom filters to be built or asked";
static const char no_rules[] = "rules are not evaluated";
static const char no_patterns[] = "patterns are found when they are asked for, not when lines come";
static const char no_policies[] = "there are no policies of streams";
static const char no_kafka[] = "there is no Kafka";
static const char no_new_engine[] = "there is one query engine";
static const char no_s3[] = "encryption is of the whole store: sse= in its URL (lokid-store(7))";
static const char fixed_levels[] =
	"the fields looked at are those of Loki 3.4: level, severity, lvl, severity_number";

/* Of enum limits_deletion. */
static const char *const storage_actions[] = { "reject", "drop-oldest", NULL };
static const char *const deletion_modes[] = { "disabled", "filter-only", "filter-and-delete",
					      NULL };

#define IDLE(name, why)                                 \
	{                                               \
		name, KEY_OTHER, KEY_IDLE, 0, NULL, why \
	}
#define USED(name, type, field)                             \
	{                                                   \
		name, type, KEY_USED, AT(field), NULL, NULL \
	}

const struct key limits_keys[] = {
	/* pushes */
	IDLE("ingestion_rate_strategy", one_process),
	USED("ingestion_rate_mb", KEY_MEGABYTES, ingestion_rate_bytes),
	USED("ingestion_burst_size_mb", KEY_MEGABYTES, ingestion_burst_bytes),
	USED("max_label_name_length", KEY_COUNT, max_label_name_length),
	USED("max_label_value_length", KEY_COUNT, max_label_value_length),
	USED("max_label_names_per_series", KEY_COUNT, max_label_names_per_series),
	USED("reject_old_samples", KEY_BOOL, reject_old_samples),
	USED("reject_old_samples_max_age", KEY_DURATION, reject_old_samples_max_age_ns),
	USED("creation_grace_period", KEY_DURATION, creation_grace_period_ns),
	USED("max_line_size", KEY_SIZE, max_line_size),
	USED("max_line_size_truncate", KEY_BOOL, max_line_size_truncate),
	USED("max_line_size_truncate_identifier", KEY_TEXT, max_line_size_truncate_identifier),
	USED("increment_duplicate_timestamp", KEY_BOOL, increment_duplicate_timestamp),
	IDLE("simulated_push_latency", "pushes are not delayed"),
	IDLE("discover_generic_fields", "fields are found by the query, with | json and | logfmt"),
	USED("discover_service_name", KEY_NAMES, service_name_labels),
	USED("discover_log_levels", KEY_BOOL, discover_log_levels),
	IDLE("log_level_fields", fixed_levels),
	IDLE("log_level_from_json_max_depth", fixed_levels),
	IDLE("use_owned_stream_count", one_process),
	USED("max_streams_per_user", KEY_COUNT, max_streams_per_user),
	USED("max_global_streams_per_user", KEY_COUNT, max_global_streams_per_user),
	IDLE("unordered_writes", "entries are always taken in any order"),
	USED("per_stream_rate_limit", KEY_RATE, per_stream_rate_limit_bytes),
	USED("per_stream_rate_limit_burst", KEY_RATE, per_stream_rate_limit_burst_bytes),
	USED("allow_structured_metadata", KEY_BOOL, allow_structured_metadata),
	USED("max_structured_metadata_size", KEY_SIZE, max_structured_metadata_size),
	USED("max_structured_metadata_entries_count", KEY_COUNT,
	     max_structured_metadata_entries_count),
	USED("block_ingestion_until", KEY_TIME, block_ingestion_until_ns),
	USED("block_ingestion_status_code", KEY_COUNT, block_ingestion_status_code),
	IDLE("block_ingestion_policy_until", no_policies),
	USED("enforced_labels", KEY_NAMES, enforced_labels),
	IDLE("policy_enforced_labels", no_policies),
	IDLE("policy_stream_mapping", no_policies),
	USED("otlp_config", KEY_OTHER, otlp), /* limits.c reads and prints it */
	IDLE("shard_streams", "a stream is one, whatever its rate"),
	IDLE("ingestion_partitions_tenant_shard_size", no_kafka),
	USED("max_storage_bytes", KEY_SIZE, max_storage_bytes),
	{ "max_storage_action", KEY_WORD, KEY_USED, AT(max_storage_action), storage_actions, NULL },
	/* queries */
	USED("max_entries_limit_per_query", KEY_COUNT, max_entries_limit_per_query),
	USED("max_query_series", KEY_COUNT, max_query_series),
	USED("max_streams_matchers_per_query", KEY_COUNT, max_streams_matchers_per_query),
	USED("max_query_bytes_read", KEY_SIZE, max_query_bytes_read),
	IDLE("max_querier_bytes_read", "max_query_bytes_read is the limit of a query"),
	USED("max_query_lookback", KEY_DURATION, max_query_lookback_ns),
	USED("max_query_length", KEY_DURATION, max_query_length_ns),
	USED("max_query_range", KEY_DURATION, max_query_range_ns),
	USED("query_timeout", KEY_DURATION, query_timeout_ns),
	USED("max_concurrent_tail_requests", KEY_COUNT, max_concurrent_tail_requests),
	USED("volume_enabled", KEY_BOOL, volume_enabled),
	USED("volume_max_series", KEY_COUNT, volume_max_series),
	USED("max_query_memory", KEY_SIZE, max_query_memory_bytes),
	USED("query_rate", KEY_FLOAT, query_rate),
	USED("max_concurrent_queries", KEY_COUNT, max_concurrent_queries),
	USED("max_outstanding_per_tenant", KEY_COUNT, max_outstanding_per_tenant),
	IDLE("enable_multi_variant_queries", "variants() is refused over HTTP; logql(1) has it"),
	IDLE("max_chunks_per_query", "max_query_bytes_read and max_query_memory are the limits"),
	IDLE("max_query_parallelism", no_sharding),
	IDLE("tsdb_max_query_parallelism", no_sharding),
	IDLE("tsdb_max_bytes_per_shard", no_sharding),
	IDLE("tsdb_sharding_strategy", no_sharding),
	IDLE("tsdb_precompute_chunks", no_sharding),
	IDLE("shard_aggregations", no_sharding),
	IDLE("min_sharding_lookback", no_sharding),
	IDLE("split_queries_by_interval", no_sharding),
	IDLE("split_metadata_queries_by_interval", no_sharding),
	IDLE("split_recent_metadata_queries_by_interval", no_sharding),
	IDLE("recent_metadata_query_window", no_sharding),
	IDLE("split_instant_metric_queries_by_interval", no_sharding),
	IDLE("split_ingester_queries_by_interval", no_sharding),
	IDLE("cardinality_limit", "max_query_series and max_query_memory are the limits"),
	IDLE("max_cache_freshness_per_query", no_cache),
	IDLE("max_metadata_cache_freshness", no_cache),
	IDLE("max_stats_cache_freshness", no_cache),
	IDLE("engine_results_cache_time_bucket_interval", no_cache),
	IDLE("max_queriers_per_tenant", "max_concurrent_queries is the limit"),
	IDLE("max_query_capacity", "max_concurrent_queries is the limit"),
	IDLE("query_ready_index_num_days", "the index is mapped where it lies"),
	USED("blocked_queries", KEY_OTHER, blocked_queries), /* likewise */
	USED("required_labels", KEY_NAMES, required_labels),
	USED("minimum_labels_number", KEY_COUNT, minimum_labels_number),
	IDLE("max_scan_task_parallelism", no_new_engine),
	IDLE("debug_engine_tasks", no_new_engine),
	IDLE("debug_engine_streams", no_new_engine),
	/* rules */
	IDLE("ruler_max_rules_per_rule_group", no_rules),
	IDLE("ruler_max_rule_groups_per_tenant", no_rules),
	IDLE("ruler_tenant_shard_size", no_rules),
	IDLE("ruler_enable_wal_replay", no_rules),
	IDLE("ruler_alertmanager_config", no_rules),
	IDLE("ruler_remote_write_disabled", no_rules),
	IDLE("ruler_remote_write_url", no_rules),
	IDLE("ruler_remote_write_timeout", no_rules),
	IDLE("ruler_remote_write_headers", no_rules),
	IDLE("ruler_remote_write_relabel_configs", no_rules),
	IDLE("ruler_remote_write_queue_capacity", no_rules),
	IDLE("ruler_remote_write_queue_min_shards", no_rules),
	IDLE("ruler_remote_write_queue_max_shards", no_rules),
	IDLE("ruler_remote_write_queue_max_samples_per_send", no_rules),
	IDLE("ruler_remote_write_queue_batch_send_deadline", no_rules),
	IDLE("ruler_remote_write_queue_min_backoff", no_rules),
	IDLE("ruler_remote_write_queue_max_backoff", no_rules),
	IDLE("ruler_remote_write_queue_retry_on_ratelimit", no_rules),
	IDLE("ruler_remote_write_sigv4_config", no_rules),
	IDLE("ruler_remote_write_config", no_rules),
	IDLE("ruler_remote_evaluation_timeout", no_rules),
	IDLE("ruler_remote_evaluation_max_response_size", no_rules),
	/* storage */
	USED("retention_period", KEY_DURATION, retention_period_ns),
	USED("retention_stream", KEY_OTHER, retention_stream), /* likewise */
	{ "deletion_mode", KEY_WORD, KEY_USED, AT(deletion_mode), deletion_modes, NULL },
	IDLE("index_gateway_shard_size", no_index_server),
	IDLE("index_gateway_max_capacity", no_index_server),
	IDLE("bloom_gateway_enable_filtering", no_bloom),
	IDLE("bloom_creation_enabled", no_bloom),
	IDLE("bloom_build_max_builders", no_bloom),
	IDLE("bloom_build_task_max_retries", no_bloom),
	IDLE("bloom_build_builder_response_timeout", no_bloom),
	IDLE("bloom_planning_strategy", no_bloom),
	IDLE("bloom_split_series_keyspace_by", no_bloom),
	IDLE("bloom_task_target_series_chunk_size", no_bloom),
	IDLE("bloom_block_encoding", no_bloom),
	IDLE("bloom_prefetch_blocks", no_bloom),
	IDLE("bloom_max_block_size", no_bloom),
	IDLE("bloom_max_bloom_size", no_bloom),
	IDLE("s3_sse_type", no_s3),
	IDLE("s3_sse_kms_key_id", no_s3),
	IDLE("s3_sse_kms_encryption_context", no_s3),
	/* patterns */
	IDLE("pattern_ingester_tokenizable_json_fields_default", no_patterns),
	IDLE("pattern_ingester_tokenizable_json_fields_append", no_patterns),
	IDLE("pattern_ingester_tokenizable_json_fields_delete", no_patterns),
	IDLE("metric_aggregation_enabled", no_patterns),
	IDLE("pattern_persistence_enabled", no_patterns),
	IDLE("pattern_persistence_granularity", no_patterns),
	IDLE("pattern_rate_threshold", no_patterns),
	/* the file of overrides: the configuration reads these */
	{ "per_tenant_override_config", KEY_OTHER, KEY_USED, 0, NULL, NULL },
	{ "per_tenant_override_period", KEY_OTHER, KEY_USED, 0, NULL, NULL },
	/* of older versions */
	{ "max_entries_limit", KEY_COUNT, KEY_RETIRED, AT(max_entries_limit_per_query), NULL,
	  "it is taken as max_entries_limit_per_query" },
	{ "max_look_back_period", KEY_DURATION, KEY_RETIRED, AT(max_query_lookback_ns), NULL,
	  "it is taken as max_query_lookback" },
	{ "allow_deletes", KEY_OTHER, KEY_RETIRED, 0, NULL, "deletion_mode is in its place" },
	{ "enforce_metric_name", KEY_OTHER, KEY_RETIRED, 0, NULL, "there are no metric names" },
	{ 0 },
};
