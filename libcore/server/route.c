#include "server/route.h"

#include <stddef.h>

#define API    "/loki/api/v1"
#define OLD    "/api/prom"
#define EITHER (ROUTE_GET | ROUTE_POST)

/* The path, its methods, what it needs, how it is asked, what it waits for, its name in metrics,
 * the answer. */
#define PUSH(path, name, fn)                                              \
	{                                                                 \
		path, ROUTE_POST, ROUTE_WRITE, 0, ROUTE_AT_ONCE, name, fn \
	}
#define QUERY(path, name, fn)                                                                 \
	{                                                                                     \
		path, EITHER, ROUTE_READ, ROUTE_FORM | ROUTE_TENANTS, ROUTE_AT_ONCE, name, fn \
	}
#define OPEN(path, name, fn)                                                          \
	{                                                                             \
		path, ROUTE_GET, ROUTE_OPEN, ROUTE_NO_TENANT, ROUTE_AT_ONCE, name, fn \
	}
#define ADMIN(path, methods, waits, name, fn)                                             \
	{                                                                                 \
		path, methods, ROUTE_ADMIN, ROUTE_NO_TENANT | ROUTE_FORM, waits, name, fn \
	}
#define LOOK(path, waits, name, fn)                             \
	{                                                       \
		path, ROUTE_GET, ROUTE_READ, 0, waits, name, fn \
	}
#define DELETE(methods, fn)                                                    \
	{                                                                      \
		API "/delete", methods, ROUTE_DELETE, ROUTE_FORM, ROUTE_STORE, \
			"loki_api_v1_delete", fn                               \
	}

static const struct route routes[] = {
	PUSH(API "/push", "loki_api_v1_push", route_push),
	PUSH(OLD "/push", "api_prom_push", route_push),
	PUSH("/otlp/v1/logs", "otlp_v1_logs", route_otlp),
	PUSH("/insert/jsonline", "insert_jsonline", route_jsonline),
	PUSH("/insert/elasticsearch/_bulk", "insert_elasticsearch_bulk", route_bulk),
	PUSH("/elasticsearch/_bulk", "insert_elasticsearch_bulk", route_bulk),
	OPEN("/insert/elasticsearch", "insert_elasticsearch", route_elasticsearch),
	OPEN("/insert/elasticsearch/", "insert_elasticsearch", route_elasticsearch),
	OPEN("/elasticsearch", "insert_elasticsearch", route_elasticsearch),
	OPEN("/elasticsearch/", "insert_elasticsearch", route_elasticsearch),

	QUERY(API "/query", "loki_api_v1_query", route_query),
	QUERY(API "/query_range", "loki_api_v1_query_range", route_query_range),
	QUERY(API "/labels", "loki_api_v1_labels", route_labels),
	QUERY(API "/label", "loki_api_v1_labels", route_labels),
	QUERY(API "/label/*/values", "loki_api_v1_label_name_values", route_label_values),
	QUERY(API "/series", "loki_api_v1_series", route_series),
	QUERY(API "/index/stats", "loki_api_v1_index_stats", route_stats),
	QUERY(API "/index/volume", "loki_api_v1_index_volume", route_volume),
	QUERY(API "/index/volume_range", "loki_api_v1_index_volume_range", route_volume_range),
	QUERY(API "/index/shards", "loki_api_v1_index_shards", route_shards),
	QUERY(API "/patterns", "loki_api_v1_patterns", route_patterns),
	QUERY(API "/detected_labels", "loki_api_v1_detected_labels", route_detected_labels),
	QUERY(API "/detected_fields", "loki_api_v1_detected_fields", route_detected_fields),
	QUERY(API "/detected_field/*/values", "loki_api_v1_detected_field_name_values",
	      route_detected_values),
	QUERY(API "/drilldown-limits", "loki_api_v1_drilldown_limits", route_drilldown_limits),
	QUERY(API "/tail", "loki_api_v1_tail", route_tail),
	QUERY(OLD "/tail", "api_prom_tail", route_tail),
	QUERY(OLD "/query", "api_prom_query", route_old_query),
	QUERY(OLD "/label", "api_prom_label", route_old_labels),
	QUERY(OLD "/label/*/values", "api_prom_label_name_values", route_old_label_values),
	QUERY(OLD "/series", "api_prom_series", route_series),
	{ API "/format_query", EITHER, ROUTE_READ, ROUTE_NO_TENANT | ROUTE_FORM, ROUTE_AT_ONCE,
	  "loki_api_v1_format_query", route_format_query },

	LOOK("/config/tenant/v1/limits", ROUTE_AT_ONCE, "config_tenant_v1_limits",
	     route_tenant_limits),

	OPEN("/ready", "ready", route_ready),
	OPEN("/metrics", "metrics", route_metrics),
	OPEN(API "/status/buildinfo", "loki_api_v1_status_buildinfo", route_buildinfo),
	ADMIN("/config", ROUTE_GET, ROUTE_AT_ONCE, "config", route_config),
	ADMIN("/services", ROUTE_GET, ROUTE_AT_ONCE, "services", route_services),
	ADMIN("/log_level", EITHER, ROUTE_AT_ONCE, "log_level", route_log_level),
	ADMIN("/flush", EITHER, ROUTE_AT_ONCE, "flush", route_flush),
	ADMIN("/ring", ROUTE_GET, ROUTE_AT_ONCE, "ring", route_ring),
	ADMIN("/distributor/ring", ROUTE_GET, ROUTE_AT_ONCE, "distributor_ring", route_ring),
	ADMIN("/compactor/ring", ROUTE_GET, ROUTE_AT_ONCE, "compactor_ring", route_ring),
	ADMIN("/ingester/prepare_shutdown", EITHER | ROUTE_DEL, ROUTE_DISK,
	      "ingester_prepare_shutdown", route_prepare_shutdown),
	ADMIN("/ingester/shutdown", EITHER, ROUTE_AT_ONCE, "ingester_shutdown", route_shutdown),

	LOOK(API "/rules", ROUTE_DISK, "loki_api_v1_rules", route_rules),
	LOOK(API "/rules/*", ROUTE_DISK, "loki_api_v1_rules_namespace", route_rules),
	LOOK(API "/rules/*/*", ROUTE_DISK, "loki_api_v1_rules_namespace_groupname", route_rules),
	LOOK(OLD "/rules", ROUTE_DISK, "api_prom_rules", route_rules),
	LOOK(OLD "/rules/*", ROUTE_DISK, "api_prom_rules_namespace", route_rules),
	LOOK(OLD "/rules/*/*", ROUTE_DISK, "api_prom_rules_namespace_groupname", route_rules),
	LOOK("/prometheus/api/v1/rules", ROUTE_DISK, "prometheus_api_v1_rules",
	     route_prometheus_rules),
	LOOK("/prometheus/api/v1/alerts", ROUTE_DISK, "prometheus_api_v1_alerts",
	     route_prometheus_alerts),
	LOOK(API "/delete", ROUTE_STORE, "loki_api_v1_delete", route_delete_list),
	DELETE(ROUTE_POST | ROUTE_PUT, route_delete_make),
	DELETE(ROUTE_DEL, route_delete_cancel),
	LOOK(API "/cache/generation_numbers", ROUTE_STORE, "loki_api_v1_cache_generation_numbers",
	     route_cache_generation),
	{ 0 },
};

static unsigned bit_of(enum http_method m)
{
	switch (m) {
	case HTTP_GET:
		return ROUTE_GET;
	case HTTP_POST:
		return ROUTE_POST;
	case HTTP_PUT:
		return ROUTE_PUT;
	case HTTP_DELETE:
		return ROUTE_DEL;
	case HTTP_HEAD:
		return ROUTE_HEAD;
	case HTTP_OPTIONS:
	case HTTP_OTHER:
		break;
	}
	return 0;
}

/* What is only looked at can be asked for without its body. */
static unsigned methods_of(const struct route *r)
{
	return r->methods == ROUTE_GET ? ROUTE_GET | ROUTE_HEAD : r->methods;
}

static bool matches(const char *pattern, struct bytes path, struct bytes ret_name[ROUTE_NAMES])
{
	struct bytes want = bytes_str(pattern), w, p;
	size_t n = 0;

	for (;;) {
		bool more = bytes_split(&want, '/', &w);

		if (more != bytes_split(&path, '/', &p))
			return false;
		if (!more)
			return true;
		if (bytes_is(w, "*") && p.n)
			ret_name[n++] = p;
		else if (!bytes_eq(w, p))
			return false;
	}
}

unsigned route_methods(struct bytes path)
{
	struct bytes name[ROUTE_NAMES];
	unsigned ret = 0;

	for (const struct route *r = routes; r->path; r++)
		if (matches(r->path, path, name))
			ret |= methods_of(r);
	return ret;
}

const struct route *route_find(struct bytes path, enum http_method method,
			       struct bytes ret_name[ROUTE_NAMES], int *ret_status)
{
	*ret_status = 404;
	for (const struct route *r = routes; r->path; r++) {
		struct bytes name[ROUTE_NAMES] = { 0 };

		if (!matches(r->path, path, name))
			continue;
		if (methods_of(r) & bit_of(method)) {
			memcpy(ret_name, name, sizeof(name));
			return r;
		}
		*ret_status = 405;
	}
	return NULL;
}
