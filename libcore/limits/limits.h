/*
 * What a tenant may do: Loki's limits_config with its names and defaults, and overrides by tenant.
 * A set of them never changes once made; a reload makes another.
 */
#ifndef LIMITS_LIMITS_H
#define LIMITS_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "limits/blocked.h"
#include "limits/otlp.h"
#include "limits/retention.h"
#include "yaml/report.h"

/* What becomes of requests to delete entries. */
enum limits_deletion {
	LIMITS_DELETE_DISABLED, /* there are none, and those that are there are not looked at */
	LIMITS_DELETE_HIDES,	/* what they say is hidden from queries */
	LIMITS_DELETE_REMOVES,	/* and leaves the store */
};

/* What becomes of max_storage_bytes: pushes are refused, or the oldest goes. */
enum limits_storage_action { LIMITS_REFUSE, LIMITS_DROP_OLDEST };

/* Fields are named as Loki's keys, with their units; 0 is no limit where Loki has it so. */
struct limits {
	/* pushes */
	double ingestion_rate_bytes, ingestion_burst_bytes; /* a second */
	uint64_t max_label_name_length, max_label_value_length, max_label_names_per_series;
	int64_t reject_old_samples_max_age_ns, creation_grace_period_ns;
	uint64_t max_line_size;
	const char *max_line_size_truncate_identifier; /* put behind what is left of a line */
	struct key_names service_name_labels; /* discover_service_name, as it stands in the file */
	uint64_t max_streams_per_user, max_global_streams_per_user;
	double per_stream_rate_limit_bytes, per_stream_rate_limit_burst_bytes;
	uint64_t max_structured_metadata_size, max_structured_metadata_entries_count;
	int64_t block_ingestion_until_ns; /* Unix; 0: not blocked */
	uint64_t block_ingestion_status_code;
	struct key_names enforced_labels; /* each stream has them */
	struct limits_otlp otlp;
	uint64_t max_storage_bytes; /* ours: what a tenant may have stored */
	/* queries */
	uint64_t max_entries_limit_per_query, max_query_series;
	uint64_t max_streams_matchers_per_query; /* of one selector */
	uint64_t minimum_labels_number;		 /* likewise */
	struct key_names required_labels;	 /* that each selector names */
	struct limits_blocks blocked_queries;
	uint64_t max_query_bytes_read, max_concurrent_tail_requests, volume_max_series;
	int64_t max_query_lookback_ns, max_query_length_ns, max_query_range_ns, query_timeout_ns;
	uint64_t max_query_memory_bytes; /* ours, as the three below */
	double query_rate;		 /* a second */
	uint64_t max_concurrent_queries; /* of a tenant at once */
	uint64_t max_outstanding_per_tenant;
	/* storage */
	int64_t retention_period_ns; /* 0: for ever */
	struct limits_stream_rules retention_stream;
	enum limits_deletion deletion_mode;
	enum limits_storage_action max_storage_action; /* ours */
	/* yes or no: last, since among the others each would take the room of a number */
	bool reject_old_samples, max_line_size_truncate, increment_duplicate_timestamp;
	bool discover_log_levels;
	bool discover_service_name; /* service_name_labels is not empty */
	bool allow_structured_metadata, volume_enabled;
};

/* The keys of limits_config: all that Loki 3.7 knows, retired ones, ours. Offsets are in struct
 * limits. */
extern const struct key limits_keys[];

struct limits_set;

/* Loki's defaults. The set is held once. From any thread: hold, drop, limits_of. */
struct limits_set *limits_set_new(void);
struct limits_set *limits_set_hold(struct limits_set *s);
void limits_set_drop(struct limits_set *s); /* NULL: nothing */

/* Of a tenant: the defaults, or those with its overrides. Valid as long as the set is held. */
const struct limits *limits_of(const struct limits_set *s, struct bytes tenant);

/* The tenant that has overrides, number i of them; false: there are no more. Valid as long as the
 * set is held. */
bool limits_override_at(const struct limits_set *s, size_t i, struct bytes *ret);

/* A set of its own: the same, but all is kept for ever. base stays as it is. */
struct limits_set *limits_set_for_ever(struct limits_set *base);

/* Whether some tenant's oldest goes when its max_storage_bytes are full. */
bool limits_any_drops_oldest(const struct limits_set *s);
/* Whether anything of any tenant ever expires. */
bool limits_any_expires(const struct limits_set *s);

/* Makes of *l what a query about both may: of each limit of queries the stricter, 0 being none.
 * Those of pushes stay as they are. Lists of both lie in the arena. */
void limits_restrict(struct limits *l, const struct limits *other, struct arena *a);

/* Which attributes of a resource of OpenTelemetry's are labels where otlp_config does not say it:
 * before limits_set_read, of a set that nobody else has yet. */
void limits_set_otlp_labels(struct limits_set *s, const struct key_names *names);

/* The defaults of a set that nobody else has yet: to be changed before limits_set_read. */
struct limits *limits_set_defaults(struct limits_set *s);

/*
 * Puts a file's limits_config and overrides (by tenant) over what is in a set that nobody else has
 * yet; either may be NULL, and neither is needed afterwards. What is wrong, and which keys have no
 * effect, is told to r: when it had faults, the set is of no use. path: of the keys, for what is
 * told ("limits_config").
 */
void limits_set_read(struct limits_set *s, const struct yaml_node *limits, const char *path,
		     const struct yaml_node *overrides, struct report *r);

/*
 * A file of overrides (Loki's runtime configuration: a map `overrides` of tenants): *ret is a set
 * of its own, base with them over it. base stays as it is.
 * Errors: ERR_IO, ERR_CORRUPT, ERR_LIMIT, ERR_USAGE; all but the last fault is told to r.
 */
MUST_CHECK int limits_read_overrides(struct limits_set *base, const char *path,
				     struct limits_set **ret, struct report *r, struct err *e);

/* Appends the limits in force: as lines of YAML, each with the indent before it, and as one JSON
 * object. */
void limits_add_yaml(struct buf *out, const struct limits *l, const char *indent);
void limits_add_json(struct buf *out, const struct limits *l);
/* Of each tenant with overrides, what differs from the defaults: lines of YAML, or nothing. */
void limits_add_overrides(struct buf *out, const struct limits_set *s, const char *indent);

#endif
