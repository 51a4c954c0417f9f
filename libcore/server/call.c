#include "server/call.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "labels/labels.h"
#include "server/audit.h"
#include "server/auth.h"
#include "server/config.h"
#include "server/route.h"
#include "server/server.h"
#include "server/server_metrics.h"
#include "server/tenant.h"
#include "time/time.h"

#define STOPPING "the daemon is stopping"

enum {
	BODY_MAX = 1 << 20, /* of routes that take no pushes: a form */
	STOPPING_RETRY_S = 5,
	BUSY_RETRY_S = 1,
};

void call_answer(struct call *c, int status, const char *type, struct bytes body)
{
	c->status = status;
	http_answer(c->http, &(struct http_answer){ .status = status, .type = type, .body = body });
}

void call_answer_json(struct call *c, struct bytes body)
{
	call_answer(c, 200, "application/json; charset=UTF-8", body);
}

static void refuse(struct call *c, int status, const struct err *e, const struct http_field *field,
		   size_t n_field)
{
	struct buf text = { 0 };

	buf_addf(&text, "%s\n", e->msg);
	c->status = status;
	http_answer(c->http, &(struct http_answer){ .status = status,
						    .type = "text/plain; charset=utf-8",
						    .body = buf_bytes(&text),
						    .field = field,
						    .n_field = n_field });
	buf_release(&text);
}

void call_refuse(struct call *c, int status, const struct err *e)
{
	struct http_field no_sniff = { "X-Content-Type-Options", "nosniff" };

	refuse(c, status, e, &no_sniff, 1);
}

void call_refuse_later(struct call *c, int status, unsigned retry_after_s, const struct err *e)
{
	char seconds[16];
	struct http_field field[] = { { "X-Content-Type-Options", "nosniff" },
				      { "Retry-After", seconds } };

	snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
	refuse(c, status, e, field, 2);
}

/* While the daemon stops only its state is told. True when the call was refused. */
static bool refused_stopping(struct call *c)
{
	struct err e;

	if (!atomic_load(&c->server->stopping) || c->route->needs == ROUTE_OPEN)
		return false;
	err_set(&e, ERR_AGAIN, STOPPING);
	call_refuse_later(c, 503, STOPPING_RETRY_S, &e);
	return true;
}

static void note_refusal(struct call *c, const char *reason, const struct err *e)
{
	metrics_add(metric_of1(c->server->metrics, METRIC_AUTH_FAILURES, bytes_str(reason)), 1);
	c->refusal = arena_copy(&c->arena, bytes_str(e->msg));
}

static void refuse_unknown(struct call *c, const struct err *e)
{
	struct http_field field[] = { { "X-Content-Type-Options", "nosniff" },
				      { "WWW-Authenticate", "Basic realm=\"lokid\"" } };

	note_refusal(c, e->code == ERR_AGAIN ? "busy" : "unknown", e);
	if (e->code == ERR_AGAIN)
		call_refuse_later(c, 503, BUSY_RETRY_S, e);
	else
		refuse(c, 401, e, field, 2);
}

/* Of several tenants the strictest. */
static const struct limits *limits_of_call(struct call *c)
{
	struct bytes rest = c->tenant, tenant = tenant_first(rest);
	const struct limits *first = limits_of(c->set, tenant);
	struct limits *all;

	if (c->n_tenants < 2)
		return first;
	all = arena_alloc(&c->arena, sizeof(*all));
	*all = *first;
	while (bytes_split(&rest, '|', &tenant))
		limits_restrict(all, limits_of(c->set, tenant), &c->arena);
	return all;
}

/* For whom, now that it is known who asks; a refusal is answered. False then. */
static bool admit_known(struct call *c, struct err *e)
{
	int status = c->route->asked & ROUTE_NO_TENANT ? 0 : tenant_of_call(c->server, c, e);

	if (status == 0 && auth_allow(c, e) < 0) {
		note_refusal(c, "not allowed", e);
		status = 403;
	}
	if (status) {
		call_refuse(c, status, e);
		return false;
	}
	c->limits = limits_of_call(c);
	return true;
}

/* Without what the settings put before each path; a path that has it not is none. */
static struct bytes path_of(const struct call *c)
{
	struct bytes prefix = bytes_str(c->server->config->server.path_prefix);
	struct bytes path = http_path(c->http);

	if (!bytes_starts(path, prefix))
		return (struct bytes){ 0 };
	return bytes_sub(path, prefix.n, path.n);
}

static void refuse_path(struct call *c, struct err *e)
{
	err_set(e, ERR_USAGE, "404 page not found");
	call_refuse(c, 404, e);
}

static void refuse_method(struct call *c, struct err *e)
{
	static const char *const names[] = { "GET", "POST", "PUT", "DELETE",
					     "HEAD" }; /* by their bits */
	unsigned methods = route_methods(path_of(c));
	struct buf allow = { 0 };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (methods & 1U << i)
			buf_addf(&allow, "%s%s", allow.n ? ", " : "", names[i]);
	err_set(e, ERR_USAGE, "method '%s' is not taken here, but %s", http_method_name(c->http),
		buf_str(&allow));
	refuse(c, 405, e,
	       (struct http_field[]){ { "X-Content-Type-Options", "nosniff" },
				      { "Allow", buf_str(&allow) } },
	       2);
	buf_release(&allow);
}

/* Which route, and who asks; a refusal is answered. False then. */
static bool admit(struct call *c, struct err *e)
{
	struct bytes name[ROUTE_NAMES] = { 0 };
	int status;

	c->route = route_find(path_of(c), http_method(c->http), name, &status);
	if (!c->route) {
		if (status == 405)
			refuse_method(c, e);
		else
			refuse_path(c, e);
		return false;
	}
	if (refused_stopping(c))
		return false;
	if (form_unescape_path(name[0], &c->arena, &c->name, e) < 0 ||
	    form_unescape_path(name[1], &c->arena, &c->name2, e) < 0) {
		call_refuse(c, 400, e);
		return false;
	}
	if (c->route->needs == ROUTE_OPEN)
		return admit_known(c, e);
	switch (auth_identify(c->server->auth, c, e)) {
	case AUTH_KNOWN:
		return admit_known(c, e);
	case AUTH_LATER:
		c->unverified = true;
		return true;
	case AUTH_REFUSED:
		break;
	}
	refuse_unknown(c, e);
	return false;
}

static const char *label_of(const struct call *c)
{
	return c->route ? c->route->label : "other";
}

static void verified(struct call *c, const struct err *why)
{
	struct err e;

	if (why)
		refuse_unknown(c, why);
	else if (!refused_stopping(c) && admit_known(c, &e))
		http_go_on(c->http);
}

static void on_head(struct http_request *r, void *data)
{
	struct server *s = data;
	struct call *c = mem_alloc(sizeof(*c));
	struct err e;

	*c = (struct call){ .server = s, .http = r, .begun_ns = time_mono_ns() };
	c->set = server_limits(s);
	http_set_user(r, c);
	if (admit(c, &e) && c->route->needs != ROUTE_WRITE)
		http_body_max(r, BODY_MAX);
	server_metrics_begin(s->metrics, label_of(c), http_method(r));
	if (c->unverified) { /* nobody's body is not read */
		http_wait(r);
		auth_check(s->auth, c, verified);
	}
}

static bool has_form_body(const struct http_request *r)
{
	struct bytes type = http_header(r, "Content-Type");

	return http_method(r) == HTTP_POST && type.n >= 33 &&
	       strncasecmp(type.p, "application/x-www-form-urlencoded", 33) == 0;
}

static void answer_by_task(struct task *t)
{
	struct call *c = (struct call *)((char *)t - offsetof(struct call, task));

	if (!refused_stopping(c)) /* what hangs is waited for once, and not by each that waited */
		c->route->answer(c);
}

static void answer_later(struct call *c, struct tasks *threads)
{
	struct err e;

	c->task.run = answer_by_task;
	if (tasks_add(threads, &c->task))
		return;
	err_set(&e, ERR_AGAIN, STOPPING);
	call_refuse_later(c, 503, STOPPING_RETRY_S, &e);
}

static void answer(struct call *c)
{
	struct http_request *r = c->http;
	struct err e;

	if ((c->route->asked & ROUTE_FORM) &&
	    ((has_form_body(r) && form_parse(http_body(r), &c->arena, &c->form, &e) < 0) ||
	     form_parse(http_query(r), &c->arena, &c->form, &e) < 0)) {
		call_refuse(c, 400, &e);
		return;
	}
	switch (c->route->waits) {
	case ROUTE_AT_ONCE:
		c->route->answer(c);
		break;
	case ROUTE_DISK:
		answer_later(c, c->server->disk_tasks);
		break;
	case ROUTE_STORE:
		answer_later(c, c->server->store_tasks);
		break;
	}
}

static void on_whole(struct http_request *r, void *data)
{
	struct call *c = http_user(r);

	(void)data;
	if (!refused_stopping(c))
		answer(c);
}

static void on_left(struct http_request *r, void *data)
{
	struct call *c = http_user(r);

	(void)data;
	if (c->left)
		c->left(c);
}

/* Of one that was refused before its query was taken, as far as it stands in the path: a body that
 * was not read is not known, and nobody's words are not written down. */
static void note_query(struct call *c)
{
	struct err e;

	if (c->query.n || !(c->route->asked & ROUTE_FORM) || (c->refusal.n && !c->who))
		return;
	if (c->form.n || form_parse(http_query(c->http), &c->arena, &c->form, &e) == 0)
		c->query = form_text(&c->form, "query");
}

static void on_done(struct http_request *r, void *data)
{
	struct call *c = http_user(r);

	(void)data;
	if (c->ended)
		c->ended(c);
	if (c->route && c->server->audit) {
		note_query(c);
		audit_call(c->server->audit, c);
	}
	server_metrics_end(c->server->metrics,
			   &(struct server_metrics_request){
				   .route = label_of(c),
				   .method = http_method(r),
				   .status = c->status,
				   .websocket = c->websocket,
				   .seconds = (double)(time_mono_ns() - c->begun_ns) / 1e9 });
	limits_set_drop(c->set);
	config_auth_drop(c->auth);
	arena_release(&c->arena);
	free(c);
}

struct http_calls call_handlers(struct server *s)
{
	return (struct http_calls){
		.head = on_head, .whole = on_whole, .left = on_left, .done = on_done, .data = s
	};
}
