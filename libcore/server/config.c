#include "server/config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "push/otlp.h"
#include "server/config_memory.h"
#include "time/time.h"

static const uint64_t KiB = 1 << 10, MiB = 1 << 20;
static const int64_t MINUTE = 60 * NS_PER_S, HOUR = 3600 * NS_PER_S;

static struct key_names loki_otlp_labels(struct arena *a)
{
	const struct otlp_rules *rules = &otlp_default.resource;
	const char **name = arena_alloc(a, rules->n * sizeof(*name));

	for (size_t i = 0; i < rules->n; i++)
		name[i] = rules->v[i].name.p;
	return (struct key_names){ name, rules->n };
}

static struct config_auth *auth_new(void)
{
	struct config_auth *a = mem_alloc(sizeof(*a));

	atomic_init(&a->held, 1);
	return a;
}

struct config_auth *config_auth_hold(struct config_auth *a)
{
	atomic_fetch_add(&a->held, 1);
	return a;
}

void config_auth_drop(struct config_auth *a)
{
	if (!a || atomic_fetch_sub(&a->held, 1) != 1)
		return;
	arena_release(&a->arena);
	free(a);
}

void config_init(struct config *c)
{
	*c = (struct config){
		.data = "./lokid-data",
		.wal = "./lokid-data/wal",
		.store = "./lokid-data/store",
		.store_path = "./lokid-data/store",
		.cache_bytes = 10 * KiB * MiB,
		.server = {
			.address = "",
			.port = 3100,
			.threads = 4,
			.connections_max = 10000,
			.read_timeout_ns = 30 * NS_PER_S,
			.idle_timeout_ns = 2 * MINUTE,
			.graceful_shutdown_timeout_ns = 30 * NS_PER_S,
			.head_max = 64 * KiB,
			.path_prefix = "",
			.log_level = LOG_INFO,
			.tls_min_version = 2,
			.tls = { .min_version = "VersionTLS12" },
		},
		.push = {
			.body_max = 100 * MiB,
			.decompressed_max = 512 * MiB,
			.bodies_max = 256 * MiB,
			.queue_max = 32 * MiB,
			.sync = "always",
			.segment_size = 64 * MiB,
			.segment_age_ns = 5 * MINUTE,
			.disk_full_threshold = 0.9,
			.stream_idle_ns = 30 * MINUTE,
		},
		.flush = {
			.check_period_ns = 5 * NS_PER_S,
			.encoding = "zstd",
			.level = 1, /* upkeep packs anew what is kept */
			.filter = "none",
			.lines = "apart",
		},
		.compact = {
			.interval_ns = 10 * MINUTE,
			.delete_delay_ns = 2 * HOUR,
			.jobs = 1,
			.level = 5,
			.filter = "small",
			.lines = "apart",
		},
		.erase = {
			.cancel_period_ns = 24 * HOUR,
			.max_interval_ns = 24 * HOUR,
		},
		.query = {
			.max_concurrent = 4,
			.jobs = 2,
			.standby = 2,
			.compress_responses = true,
			.answers_max = 512 * MiB,
			.max_tails = 200,
			.tail_max_duration_ns = HOUR,
			.max_outstanding_per_tenant = 2048,
			.short_bytes = 64 * MiB,
		},
		.syslog = { .tenant = "fake", .labels = "" },
		.audit = { .log_path = "./lokid-data/audit.log" },
		.auth = auth_new(),
		.limits = limits_set_new(),
		.overrides_period_ns = 10 * NS_PER_S,
	};
	c->push.otlp_labels = loki_otlp_labels(&c->arena);
	config_default_memory(c);
}

void config_release(struct config *c)
{
	limits_set_drop(c->limits);
	config_auth_drop(c->auth);
	arena_release(&c->arena);
	*c = (struct config){ 0 };
}
