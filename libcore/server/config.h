/*
 * What the daemon is told to do: its YAML file, with Loki's keys where the thing is the same. Made
 * once, and not changed while others use it; limits and users alone are read anew
 * (config_read_anew).
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdatomic.h>

#include "base/arena.h"
#include "http/http.h"
#include "limits/limits.h"
#include "server/log.h"

enum config_log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* What somebody may do, in tenants whose name matches a glob. */
enum config_may { MAY_READ, MAY_WRITE, MAY_DELETE, MAY_ADMIN, MAY_COUNT };

struct config_role {
	const char *name;
	struct key_names tenants[MAY_COUNT]; /* globs: '*' and '?' */
	struct bytes matchers; /* "{team=\"a\"}", added to each selector of its queries; or empty */
};

enum config_user_kind { USER_PASSWORD, USER_TOKEN, USER_CERTIFICATE };

/* Who may ask. The first of its roles that allows what is asked decides the matchers. */
struct config_user {
	enum config_user_kind kind;
	const char *name;   /* of a certificate: a glob of the subject's common name */
	const char *secret; /* crypt(3)'s hash; of a token "sha256:" and 64 hexadecimal digits */
	const char *tenant; /* when the request names none; or NULL */
	const struct config_role **role;
	size_t n_roles;
};

/* All of them; not changed once made, a reload makes another. */
struct config_auth {
	atomic_uint held;
	struct config_role *role;
	size_t n_roles;
	struct config_user *user; /* none: everybody may do everything */
	size_t n_users;
	struct arena arena; /* of all that */
};

struct config_server {
	const char *address; /* "" for all */
	uint16_t port;
	unsigned threads;
	unsigned connections_max, connections_of_ip_max; /* 0: no limit */
	int64_t read_timeout_ns, idle_timeout_ns, graceful_shutdown_timeout_ns;
	uint64_t head_max;	 /* bytes of request line and headers */
	const char *path_prefix; /* before each path: "" or "/loki" */
	struct http_tls tls;
	int tls_min_version;		    /* of VersionTLS10 to 13, as of tls.min_version */
	int client_auth_type;		    /* as it is written, of tls.client_cert */
	struct key_names tls_cipher_suites; /* as they are written, of tls.ciphers */
	enum log_level log_level;
	enum config_log_format log_format;
};

struct config_push {
	uint64_t body_max, decompressed_max; /* bytes of one push */
	bool decode_metadata_escapes;	     /* of JSON; Loki keeps them */
	uint64_t bodies_max;		     /* of all that are being read or decoded */
	uint64_t queue_max;		     /* bytes on their way to the log */
	const char *sync;	      /* of lokid-ingest: "always", "interval=100ms", "none" */
	uint64_t segment_size;	      /* a segment of the log is closed at it, */
	int64_t segment_age_ns;	      /* or at this age */
	double disk_full_threshold;   /* of the disk: pushes are refused above it */
	struct key_names otlp_labels; /* attributes of a resource that are labels */
	int64_t stream_idle_ns;	      /* a stream that nothing came for is not active any more */
};

struct config_flush {
	int64_t check_period_ns;		      /* how often closed segments are looked for */
	const char *encoding;			      /* of chunkpack: "zstd", "snappy", "none" */
	int chunk_encoding;			      /* as it is written */
	unsigned level;				      /* of zstd, 1 to 19 */
	const char *filter, *lines;		      /* of chunkpack */
	uint64_t chunk_target_size, chunk_block_size; /* as they are written; 0: not */
	uint64_t chunk_bytes, block_bytes;	      /* what chunkpack is told; 0: nothing */
	uint64_t memory_bytes;			      /* what it gets: as much as these need */
	bool on_shutdown;
};

struct config_compact {
	bool retention_enabled;
	int64_t interval_ns;	    /* from one compaction to the next; 0: none */
	int64_t delete_delay_ns;    /* what it replaced stays as long */
	unsigned jobs;		    /* threads */
	unsigned level;		    /* of zstd, 1 to 19 */
	const char *filter, *lines; /* of chunkpack */
	uint64_t memory_bytes;
};

/* Deletion by request. */
struct config_erase {
	int64_t cancel_period_ns; /* requests are applied when they are so old */
	int64_t max_interval_ns;  /* 0: any */
};

struct config_query {
	unsigned max_concurrent; /* queries that run at once, of all tenants */
	unsigned jobs;		 /* threads of one */
	unsigned standby;	 /* processes that wait for one */
	bool compress_responses;
	uint64_t answers_max; /* bytes of those that clients have not read yet; 0: no limit */
	unsigned max_tails;   /* of all tenants together */
	int64_t tail_max_duration_ns;
	uint64_t max_outstanding_per_tenant; /* where limits_config does not say it */
	uint64_t short_bytes;		     /* a query that is to look at more is a long one */
};

struct config_syslog {
	const char *listen; /* "udp://0.0.0.0:1514", or NULL: none is listened for */
	const char *tenant;
	const char *labels; /* "job=syslog,..." */
};

struct config_audit {
	bool enabled;
	const char *log_path;
};

struct config {
	bool auth_enabled;	   /* X-Scope-OrgID is needed */
	bool multi_tenant_queries; /* "a|b" is taken */
	const char *data;	   /* folder of all else */
	const char *wal;
	const char *store;				    /* as --store has it, of the next */
	const char *store_path, *store_index, *store_rules; /* the last two NULL: none of its own */
	const char *cache;    /* folder, for a store on an object store; or NULL */
	uint64_t cache_bytes; /* of it */
	const char *programs; /* folder of the daemon's programs, or NULL: its own */
	int64_t shutdown_delay_ns;
	struct config_server server;
	struct config_push push;
	struct config_flush flush;
	struct config_compact compact;
	struct config_erase erase;
	struct config_query query;
	struct config_syslog syslog;
	struct config_audit audit;
	struct config_auth *auth;
	struct limits_set *limits;  /* of the file, and of its `overrides` */
	const char *overrides_file; /* or NULL */
	const char *file; /* it was read from (borrowed), its variables replaced or not; or NULL */
	bool expanded;
	const struct config *as_read; /* what that file says, without options (limits: not this) */
	int64_t overrides_period_ns;
	struct arena arena; /* of all strings */
};

/* All as it is without a file. config_release, then. */
void config_init(struct config *c);
void config_release(struct config *c); /* also of a zeroed one */

/* Does a glob fit whatever there is, as "*" does? Only so "admin" is about the daemon. */
bool config_is_every_tenant(const char *glob);

/* Another holder of it, and one less. From any thread. */
struct config_auth *config_auth_hold(struct config_auth *a);
void config_auth_drop(struct config_auth *a); /* NULL: nothing */

#endif
