#include "limits/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "time/time.h"

struct limits_set {
	atomic_uint held;
	struct limits defaults;
};

static const uint64_t KiB = 1 << 10, MiB = 1 << 20;
static const int64_t MINUTE = 60 * NS_PER_S, HOUR = 3600 * NS_PER_S, DAY = 24 * 3600 * NS_PER_S;

static void set_loki_defaults(struct limits *l)
{
	*l = (struct limits){
		.ingestion_rate_bytes = 4.0 * (double)MiB,
		.ingestion_burst_bytes = 6.0 * (double)MiB,
		.max_label_name_length = 1024,
		.max_label_value_length = 2048,
		.max_label_names_per_series = 15,
		.reject_old_samples = true,
		.reject_old_samples_max_age_ns = 7 * DAY,
		.creation_grace_period_ns = 10 * MINUTE,
		.max_line_size = 256 * KiB,
		.discover_log_levels = true,
		.discover_service_name = true,
		.max_global_streams_per_user = 5000,
		.per_stream_rate_limit_bytes = 3.0 * (double)MiB,
		.per_stream_rate_limit_burst_bytes = 15.0 * (double)MiB,
		.allow_structured_metadata = true,
		.max_structured_metadata_size = 64 * KiB,
		.max_structured_metadata_entries_count = 128,
		.block_ingestion_status_code = 260,
		.max_entries_limit_per_query = 5000,
		.max_query_series = 500,
		.max_streams_matchers_per_query = 1000,
		.max_concurrent_tail_requests = 10,
		.volume_max_series = 1000,
		.max_query_length_ns = 30 * DAY + HOUR,
		.query_timeout_ns = MINUTE,
		.volume_enabled = true,
		.max_query_memory_bytes = 256 * MiB,
		.max_concurrent_queries = 16,
		.max_outstanding_per_tenant = 2048,
	};
}

struct limits_set *limits_set_new(void)
{
	struct limits_set *s = mem_alloc(sizeof(*s));

	atomic_init(&s->held, 1);
	set_loki_defaults(&s->defaults);
	return s;
}

struct limits_set *limits_set_hold(struct limits_set *s)
{
	atomic_fetch_add(&s->held, 1);
	return s;
}

void limits_set_drop(struct limits_set *s)
{
	if (s && atomic_fetch_sub(&s->held, 1) == 1)
		free(s);
}

const struct limits *limits_of(const struct limits_set *s, struct bytes tenant)
{
	(void)tenant;
	return &s->defaults;
}
