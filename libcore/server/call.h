/*
 * One request being answered: what every route needs of it. Made when its head is read, freed when
 * its answer has gone out; a route may keep it between, and answer from any thread.
 */
#ifndef SERVER_CALL_H
#define SERVER_CALL_H

#include "base/arena.h"
#include "http/form.h"
#include "http/http.h"
#include "limits/limits.h"
#include "metrics/metrics.h"
#include "server/tasks.h"

struct config_auth;
struct config_user;
struct server;
struct route;

struct call {
	struct server *server;
	struct http_request *http;
	const struct route *route;
	struct arena arena;	  /* of what follows, and of the route; freed with the call */
	struct bytes name, name2; /* the path's variable pieces, decoded; or empty */
	struct bytes tenant;	  /* checked; "a|b" of several is sorted, each once */
	size_t n_tenants;	  /* 0: the route is of none */
	struct limits_set *set;	  /* held */
	const struct limits
		*limits; /* of the tenant; of several the strictest, the first's for pushes */
	struct config_auth *auth;      /* held, when somebody may have to say who asks; or NULL */
	const struct config_user *who; /* of auth: who asks, when somebody has to say so; or NULL */
	bool unverified;	       /* whose password is still to be checked */
	struct bytes claimed; /* the user that a request with a password names, true or not */
	struct bytes refusal; /* why it may not, for the audit log: of 401, 403 and 503; or empty */
	struct bytes matchers; /* "{team=\"a\"}": what its role adds to each selector; or empty */
	struct form form;      /* query string and form of the body; of routes that have one */

	/* For the audit log and the metrics; set by the route before it answers. */
	struct bytes query;
	int64_t from_ns, to_ns; /* with has_range */
	bool has_range;
	uint64_t n_bytes, n_rows;
	int status;	  /* of the answer */
	bool websocket;	  /* it became one */
	int64_t begun_ns; /* of time_mono_ns */

	struct task task; /* of routes that wait for something */

	void (*left)(struct call *c);  /* set by a route that answers later: the client has gone;
					  from any thread */
	void *route_data;	       /* the route's own; it frees it in .ended */
	void (*ended)(struct call *c); /* NULL, or called when its answer has gone out: may still
					  say what the audit log has of it */
};

/* What http_opts.calls is made of; data is the server. */
struct http_calls call_handlers(struct server *s);

/* The answers. Once each; text ends with a newline in errors, as Go's http.Error has it. */
void call_answer(struct call *c, int status, const char *type, struct bytes body);
void call_answer_json(struct call *c, struct bytes body); /* 200 */
/* text/plain, the message of e. */
void call_refuse(struct call *c, int status, const struct err *e);
/* 429 or 503 with Retry-After. */
void call_refuse_later(struct call *c, int status, unsigned retry_after_s, const struct err *e);

#endif
