/* What operators and their tools ask: is it well, what does it do, change this. */
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/cli.h"
#include "json/json.h"
#include "server/config_read.h"
#include "server/flusher.h"
#include "server/health.h"
#include "server/route.h"
#include "server/server.h"
#include "server/version.h"
#include "time/time.h"

enum { FLUSH_RETRY_S = 5 }; /* a round that failed comes again sooner only at first */

void route_ready(struct call *c)
{
	struct buf text = { 0 };
	struct err e;

	if (health_check(c->server, &e) < 0) {
		call_refuse(c, 503, &e);
		return;
	}
	buf_add_str(&text, "ready\n");
	health_notes(c->server, &text);
	call_answer(c, 200, "text/plain; charset=utf-8", buf_bytes(&text));
	buf_release(&text);
}

void route_metrics(struct call *c)
{
	struct buf text = { 0 };

	metrics_write(c->server->metrics, &text);
	call_answer(c, 200, "text/plain; version=0.0.4; charset=utf-8", buf_bytes(&text));
	buf_release(&text);
}

void route_buildinfo(struct call *c)
{
	struct buf text = { 0 };

	buf_addf(&text,
		 "{\"version\":\"%s\",\"revision\":\"lokid-%s\",\"branch\":\"lokid\","
		 "\"buildUser\":\"\",\"buildDate\":\"\",\"goVersion\":\"\"}",
		 VERSION_OF_LOKI, cli_version());
	call_answer_json(c, buf_bytes(&text));
	buf_release(&text);
}

void route_config(struct call *c)
{
	struct limits_set *limits = server_limits(c->server);
	struct config in_force = *c->server->config;
	struct buf text = { 0 };

	in_force.auth = c->auth;
	config_write(&in_force, limits, &text);
	call_answer(c, 200, "text/plain; charset=utf-8", buf_bytes(&text));
	limits_set_drop(limits);
	buf_release(&text);
}

void route_tenant_limits(struct call *c)
{
	struct buf text = { 0 };

	limits_add_yaml(&text, c->limits, "");
	call_answer(c, 200, "text/plain; charset=utf-8", buf_bytes(&text));
	buf_release(&text);
}

void route_services(struct call *c)
{
	struct buf text = { 0 };

	health_services(c->server, &text);
	call_answer(c, 200, "text/plain; charset=utf-8", buf_bytes(&text));
	buf_release(&text);
}

static void answer_message(struct call *c, int status, const char *what, struct bytes word)
{
	struct buf text = { 0 }, message = { 0 };

	buf_addf(&message, "%s%.*s", what, BYTES_ARG(word));
	buf_add_str(&text, "{\"message\":");
	json_add_quoted(&text, buf_bytes(&message));
	buf_add_str(&text, "}\n");
	call_answer(c, status, "application/json", buf_bytes(&text));
	buf_release(&text);
	buf_release(&message);
}

void route_log_level(struct call *c)
{
	struct bytes word = form_text(&c->form, "log_level");
	struct log *log = &c->server->log;

	if (http_method(c->http) != HTTP_POST) {
		answer_message(c, 200, "Current log level is ",
			       bytes_str(log_level_words[atomic_load(&log->level)]));
		return;
	}
	for (int i = 0; log_level_words[i]; i++) {
		if (!bytes_is(word, log_level_words[i]))
			continue;
		atomic_store(&log->level, i);
		log_event(log, LOG_INFO, "log level changed", "to", log_level_words[i], NULL);
		answer_message(c, 200, "Log level set to ", word);
		return;
	}
	answer_message(c, 400, "unrecognized log level ", word);
}

static void flushed(int rc, const struct err *e, void *data)
{
	struct call *c = data;

	if (rc == 0)
		call_answer(c, 204, NULL, (struct bytes){ 0 });
	else if (e->code == ERR_AGAIN)
		call_refuse_later(c, 503, FLUSH_RETRY_S, e);
	else
		call_refuse(c, 500, e);
}

void route_flush(struct call *c)
{
	flusher_flush(c->server->flusher, flushed, c);
}

/* One node, which owns everything. */
void route_ring(struct call *c)
{
	struct buf text = { 0 };
	char name[256] = "localhost";

	if (gethostname(name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	buf_add_str(&text, "{\"shards\":[{\"id\":");
	json_add_quoted(&text, bytes_str(name));
	buf_addf(&text, ",\"state\":\"%s\",\"address\":\"127.0.0.1:%u\",\"timestamp\":\"",
		 atomic_load(&c->server->stopping) ? "LEAVING" : "ACTIVE",
		 (unsigned)http_port(c->server->http));
	time_add_rfc3339(&text, time_now_ns());
	buf_add_str(&text, "\",\"registered_timestamp\":\"");
	time_add_rfc3339(&text, c->server->begun_ns);
	buf_add_str(&text, "\",\"zone\":\"\",\"tokens\":[0]}],\"now\":\"");
	time_add_rfc3339(&text, time_now_ns());
	buf_add_str(&text, "\"}\n");
	call_answer_json(c, buf_bytes(&text));
	buf_release(&text);
}

/* --- the end --- */

static void refuse_marker(struct call *c)
{
	struct err e;

	err_sys(&e, "the marker of a shutdown");
	call_refuse(c, 500, &e);
}

void route_prepare_shutdown(struct call *c)
{
	struct buf path = { 0 };
	const char *marker;
	bool is_set;

	server_shutdown_marker(c->server, &path);
	marker = buf_str(&path);
	is_set = access(marker, F_OK) == 0;
	if (http_method(c->http) == HTTP_GET) {
		call_answer(c, 200, "text/plain; charset=utf-8",
			    is_set ? BYTES_LIT("set\n") : BYTES_LIT("unset\n"));
	} else if (http_method(c->http) == HTTP_DELETE) {
		if (is_set && unlink(marker) < 0)
			refuse_marker(c);
		else
			call_answer(c, 204, NULL, (struct bytes){ 0 });
	} else {
		struct err e;

		if (file_replace_bytes(marker, (struct bytes){ 0 }, &e) < 0)
			call_refuse(c, 500, &e);
		else
			call_answer(c, 204, NULL, (struct bytes){ 0 });
	}
	buf_release(&path);
}

void route_shutdown(struct call *c)
{
	bool flush = !bytes_is(form_text(&c->form, "flush"), "false");

	call_answer(c, 204, NULL, (struct bytes){ 0 });
	if (!bytes_is(form_text(&c->form, "terminate"), "false"))
		server_stop(c->server, flush ? SERVER_STOP_FLUSH : SERVER_STOP);
}
