/*
 * The table of routes: which function answers which path, and what must hold before it is called.
 * A new one is a row here, a function in a routes_*.c, and a line in lokid-api(7).
 */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include "server/call.h"

typedef void route_fn(struct call *c);

enum route_needs {	       /* what the path is about */
		   ROUTE_OPEN, /* anybody may: /ready, /metrics */
		   ROUTE_READ,
		   ROUTE_WRITE,
		   ROUTE_DELETE,
		   ROUTE_ADMIN,
};

/* What its work may wait for, as long as that hangs: threads for that alone do it. */
enum route_waits { ROUTE_AT_ONCE, ROUTE_DISK, ROUTE_STORE };

enum { ROUTE_GET = 1, ROUTE_POST = 2, ROUTE_PUT = 4, ROUTE_DEL = 8, ROUTE_HEAD = 16 };

/* How it is asked: without a tenant; with parameters in query string and body, which are taken
 * apart before; of several tenants, "a|b", when the configuration allows it. */
enum { ROUTE_NO_TENANT = 1, ROUTE_FORM = 2, ROUTE_TENANTS = 4 };

struct route {
	const char *path; /* "*" stands for a piece: call.name, call.name2 */
	unsigned methods; /* ROUTE_GET|...; what takes only GET takes HEAD, too */
	enum route_needs needs;
	unsigned asked; /* ROUTE_NO_TENANT|... */
	enum route_waits waits;
	const char *label; /* "loki_api_v1_push": the name in metrics */
	route_fn *answer;
};

enum { ROUTE_NAMES = 2 };

/*
 * The row for a path (as sent) and a method; ret_name are the pieces that stand for each "*", as
 * sent. NULL with *ret_status 404 or 405 when there is none.
 */
const struct route *route_find(struct bytes path, enum http_method method,
			       struct bytes ret_name[ROUTE_NAMES], int *ret_status);

/* The methods that a path takes: ROUTE_GET|..., 0 when there is no such path. */
unsigned route_methods(struct bytes path);

/* routes_push.c */
route_fn route_push, route_otlp;
/* routes_records.c */
route_fn route_bulk, route_jsonline, route_elasticsearch;
/* routes_query.c */
route_fn route_query, route_query_range, route_labels, route_label_values, route_series,
	route_stats, route_volume, route_volume_range, route_patterns, route_detected_labels,
	route_detected_fields, route_detected_values, route_shards, route_old_query,
	route_old_labels, route_old_label_values, route_format_query, route_drilldown_limits;
/* routes_tail.c */
route_fn route_tail;
/* routes_ops.c */
route_fn route_ready, route_metrics, route_config, route_tenant_limits, route_services,
	route_log_level, route_flush, route_ring, route_buildinfo, route_prepare_shutdown,
	route_shutdown;
/* routes_rules.c */
route_fn route_rules, route_prometheus_rules, route_prometheus_alerts;
/* routes_delete.c */
route_fn route_delete_list, route_delete_make, route_delete_cancel, route_cache_generation;

#endif
