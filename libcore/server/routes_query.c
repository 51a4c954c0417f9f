/* Questions: each is a logql, whose answer goes out as it is. */
#include <stdio.h>
#include <stdlib.h>

#include "json/json.h"
#include "query/limits.h"
#include "server/config.h"
#include "server/log.h"
#include "server/queries.h"
#include "server/query_call.h"
#include "server/query_end.h"
#include "server/route.h"
#include "server/server.h"
#include "server/server_metrics.h"
#include "server/store_watch.h"
#include "server/tenant.h"
#include "server/version.h"
#include "store/store.h"
#include "time/time.h"

#define JSON_TYPE "application/json; charset=UTF-8"

static const int64_t SLOW_NS = 10 * NS_PER_S;

struct asked { /* of a call's arena */
	struct query query;
	struct call *call;
	enum query_endpoint which;
};

/* --- answers --- */

/* Grafana reads the reason of a query that cannot be laid out from JSON. */
static void refuse_format(struct call *c, struct bytes why)
{
	struct buf text = { 0 };

	buf_add_str(&text, "{\"status\":\"invalid-query\",\"error\":");
	json_add_quoted(&text, why);
	buf_add_str(&text, "}\n");
	call_answer(c, 400, JSON_TYPE, buf_bytes(&text));
	buf_release(&text);
}

static void refuse(struct call *c, enum query_endpoint which, const struct err *e)
{
	if (which == ENDPOINT_FORMAT_QUERY)
		refuse_format(c, bytes_str(e->msg));
	else
		call_refuse(c, 400, e);
}

static void answer_file(struct call *c, struct query_end *end)
{
	const struct http_field gzip[] = { { "Content-Encoding", "gzip" },
					   { "Vary", "Accept-Encoding" } };
	struct http_answer a = {
		.status = 200,
		.type = JSON_TYPE,
		.fd = end->fd,
		.fd_n = end->fd_n,
		.field = gzip,
		.n_field = end->gzipped ? 2 : 0,
	};

	c->status = 200;
	if (end->fd_n)
		end->fd = -1; /* closed there */
	http_answer(c->http, &a);
}

static void answer_error(struct call *c, struct query_end *end)
{
	char seconds[16];
	const struct http_field field[] = { { "X-Content-Type-Options", "nosniff" },
					    { "Retry-After", seconds } };

	snprintf(seconds, sizeof(seconds), "%u", end->retry_after_s);
	buf_add_char(&end->text, '\n');
	c->status = end->status;
	http_answer(c->http, &(struct http_answer){ .status = end->status,
						    .type = "text/plain; charset=utf-8",
						    .body = buf_bytes(&end->text),
						    .field = field,
						    .n_field = end->retry_after_s ? 2 : 1 });
}

/* --- what is logged --- */

/* Where in b the text begins that is added, with its NUL. */
static size_t add_text(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

static size_t add_text(struct buf *b, const char *fmt, ...)
{
	size_t at = b->n;
	va_list va;

	va_start(va, fmt);
	buf_addv(b, fmt, va);
	va_end(va);
	buf_add_char(b, 0);
	return at;
}

/* Queries that are slow, fail, have an answer with a warning, or that their client has given tags;
 * at debug all. */
static void log_query(struct call *c, const struct query_end *end)
{
	struct log *log = &c->server->log;
	int64_t took_ns = time_mono_ns() - c->begun_ns;
	struct bytes tags = http_header(c->http, "X-Query-Tags");
	enum log_level level = LOG_DEBUG;
	struct buf b = { 0 };
	size_t tenant, query, tag, why, status, took, queued, bytes, lines;
	const char *tagged = tags.n ? "tags" : NULL;
	const char *said = !end->text.n ? NULL : end->status == 200 ? "warning" : "err";

	if (end->status >= 500 || (said && end->status == 200))
		level = LOG_WARN;
	else if (tags.n || took_ns >= SLOW_NS)
		level = LOG_INFO;
	if (atomic_load(&log->level) > (int)level)
		return;
	tenant = add_text(&b, "%.*s", BYTES_ARG(c->tenant));
	query = add_text(&b, "%.*s", BYTES_ARG(c->query));
	tag = add_text(&b, "%.*s", BYTES_ARG(tags));
	why = add_text(&b, "%.*s", BYTES_ARG(buf_bytes(&end->text)));
	status = add_text(&b, "%d", end->status);
	took = add_text(&b, "%.3fs", (double)took_ns / (double)NS_PER_S);
	queued = add_text(&b, "%.3fs", (double)end->queue_ns / (double)NS_PER_S);
	bytes = add_text(&b, "%llu", (unsigned long long)end->bytes);
	lines = add_text(&b, "%llu", (unsigned long long)end->lines);
	log_event(log, level, "query", "tenant", b.p + tenant, "route", c->route->label, "query",
		  b.p + query, "class", query_class_words[end->class], "status", b.p + status,
		  "duration", b.p + took, "queued", b.p + queued, "bytes", b.p + bytes, "lines",
		  b.p + lines, said ? said : tagged, b.p + (said ? why : tag), said ? tagged : NULL,
		  b.p + tag, NULL);
	buf_release(&b);
}

/* --- the way of a question --- */

/* One that waited for a store that does not answer, until it had no more time, says what it waited
 * for. */
static void name_store(struct call *c, struct query_end *end)
{
	struct store_health h = store_watch_look_back(c->server->watch);
	struct buf *b = &end->text;

	if (end->status != 504 || !h.away ||
	    !bytes_starts(buf_bytes(b), BYTES_LIT(LIMITS_TIMED_OUT)))
		return;
	buf_add_str(b, "; what the store has");
	if (c->has_range) {
		buf_add_str(b, " from ");
		time_add_rfc3339(b, c->from_ns);
		buf_add_str(b, " up to ");
		time_add_rfc3339(b, c->to_ns);
	}
	buf_add_str(b, " is missing: ");
	store_health_add(&h, b);
}

static void on_query_ended(struct query *query)
{
	struct asked *asked = query->data;
	struct call *c = asked->call;
	struct query_end *end = &query->end;
	struct err e;

	c->n_bytes = end->bytes;
	c->n_rows = end->rows;
	name_store(c, end);
	if (end->status == 200 && http_hold(c->http, end->fd_n, &e) < 0) {
		query_end_set(query, 503, "%s (frontend.max_answers_size)", e.msg);
		metrics_add(metric_of(c->server->metrics, METRIC_QUERIES_FAILED), 1);
	}
	log_query(c, end);
	if (end->status == 400)
		server_metrics_refused(c->server->metrics, tenant_first(c->tenant),
				       buf_bytes(&end->text));
	if (end->status == 200)
		answer_file(c, end);
	else if (end->status == 400 && asked->which == ENDPOINT_FORMAT_QUERY)
		refuse_format(c, buf_bytes(&end->text));
	else
		answer_error(c, end);
}

static void on_client_left(struct call *c)
{
	struct asked *asked = c->route_data;

	queries_leave(c->server->queries, &asked->query);
}

static void on_call_ended(struct call *c)
{
	struct asked *asked = c->route_data;

	query_release(&asked->query);
}

/* "q=0", "q=0.00" */
static bool is_never(struct bytes quality)
{
	quality = bytes_trim(quality);
	if (!bytes_starts(quality, BYTES_LIT("q=0")))
		return false;
	for (size_t i = 3; i < quality.n; i++)
		if (quality.p[i] != '.' && quality.p[i] != '0')
			return false;
	return true;
}

/* "gzip", "gzip;q=0.5", "br, *"; not "gzip;q=0" */
static bool takes_gzip(struct bytes accept)
{
	struct bytes piece, name;

	while (bytes_split(&accept, ',', &piece)) {
		if (!bytes_split(&piece, ';', &name))
			continue;
		name = bytes_trim(name);
		if (bytes_is(name, "gzip") || bytes_is(name, "*"))
			return !is_never(piece);
	}
	return false;
}

/* While it does not answer, none that asks it is to wait for long. */
static const char *store_of(struct call *c)
{
	struct buf path = { 0 };
	const char *ret = c->server->config->store;

	if (!store_watch_look(c->server->watch).away)
		return ret;
	store_add_hurried(&path, ret);
	ret = arena_copy(&c->arena, bytes_of(buf_str(&path), path.n + 1)).p;
	buf_release(&path);
	return ret;
}

struct query_request query_request_of(struct call *c)
{
	const struct config *config = c->server->config;

	return (struct query_request){
		.form = &c->form,
		.tenant = c->tenant,
		.name = c->name,
		.encoding_flags = http_header(c->http, "X-Loki-Response-Encoding-Flags"),
		.tags = http_header(c->http, "X-Query-Tags"),
		.matchers = c->matchers,
		.limits = c->limits,
		.wal = config->wal,
		.store = store_of(c),
		.cache = c->server->cache ? config->cache : NULL,
		.cache_bytes = config->cache_bytes,
		.jobs = config->query.jobs,
		.now_ns = time_now_ns(),
	};
}

static void ask_shaped(struct call *c, enum query_endpoint which, query_shape_fn *shape)
{
	struct asked *asked = arena_zalloc(&c->arena, sizeof(*asked));
	struct query_request request = query_request_of(c);
	struct query_command command;
	struct err e;

	if (query_params(&request, which, &c->arena, &command, &e) < 0) {
		refuse(c, which, &e);
		return;
	}
	c->query = command.query;
	c->has_range = command.has_range;
	c->from_ns = command.from_ns;
	c->to_ns = command.to_ns;
	asked->call = c;
	asked->which = which;
	asked->query = (struct query){
		.tenant = tenant_first(c->tenant),
		.limits = c->limits,
		.class = command.class,
		.argv = command.argv,
		.gate_at = command.gate_at,
		.shape = shape,
		.gzip = c->server->config->query.compress_responses &&
			takes_gzip(http_header(c->http, "Accept-Encoding")),
		.ended = on_query_ended,
		.data = asked,
	};
	c->route_data = asked;
	c->ended = on_call_ended;
	c->left = on_client_left;
	queries_start(c->server->queries, &asked->query);
}

static void ask(struct call *c, enum query_endpoint which)
{
	ask_shaped(c, which, NULL);
}

/* --- the routes --- */

void route_query(struct call *c)
{
	ask(c, ENDPOINT_QUERY);
}

void route_query_range(struct call *c)
{
	ask(c, ENDPOINT_QUERY_RANGE);
}

void route_labels(struct call *c)
{
	ask(c, ENDPOINT_LABELS);
}

void route_label_values(struct call *c)
{
	ask(c, ENDPOINT_LABEL_VALUES);
}

void route_series(struct call *c)
{
	ask(c, ENDPOINT_SERIES);
}

void route_stats(struct call *c)
{
	ask(c, ENDPOINT_STATS);
}

void route_shards(struct call *c)
{
	ask_shaped(c, ENDPOINT_STATS, query_shape_shards);
}

void route_old_query(struct call *c)
{
	ask_shaped(c, ENDPOINT_OLD_QUERY, query_shape_old_streams);
}

void route_old_labels(struct call *c)
{
	ask_shaped(c, ENDPOINT_LABELS, query_shape_old_values);
}

void route_old_label_values(struct call *c)
{
	ask_shaped(c, ENDPOINT_LABEL_VALUES, query_shape_old_values);
}

static void ask_volume(struct call *c, enum query_endpoint which)
{
	struct err e;

	if (c->limits->volume_enabled) {
		ask(c, which);
		return;
	}
	err_set(&e, ERR_USAGE, "not found: volumes are off for this tenant (volume_enabled false)");
	call_refuse(c, 404, &e);
}

void route_volume(struct call *c)
{
	ask_volume(c, ENDPOINT_VOLUME);
}

void route_volume_range(struct call *c)
{
	ask_volume(c, ENDPOINT_VOLUME_RANGE);
}

void route_patterns(struct call *c)
{
	ask(c, ENDPOINT_PATTERNS);
}

void route_detected_labels(struct call *c)
{
	ask(c, ENDPOINT_DETECTED_LABELS);
}

void route_detected_fields(struct call *c)
{
	ask(c, ENDPOINT_DETECTED_FIELDS);
}

void route_detected_values(struct call *c)
{
	ask(c, ENDPOINT_DETECTED_VALUES);
}

void route_format_query(struct call *c)
{
	ask(c, ENDPOINT_FORMAT_QUERY);
}

/* --- what Grafana's Drilldown asks first --- */

void route_drilldown_limits(struct call *c)
{
	struct buf b = { 0 };

	buf_add_str(&b, "{\"limits\":");
	limits_add_json(&b, c->limits);
	buf_addf(&b, ",\"pattern_ingester_enabled\":true,\"version\":\"%s\"}", VERSION_OF_LOKI);
	call_answer_json(c, buf_bytes(&b));
	buf_release(&b);
}
