#include "server/syslog.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "server/config.h"
#include "server/ingest_args.h"
#include "server/said.h"
#include "server/server.h"
#include "server/server_metrics.h"
#include "time/time.h"

enum { ARGS_MAX = 256, BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 30000 };

static const int64_t STEADY_NS = 60 * NS_PER_S; /* one that lived so long did not fail at once */

struct syslog_child {
	struct server *server;
	struct arena arena;
	const char *argv[ARGS_MAX + 1];
	size_t n;
	/* Of the children's thread, but for stop's look at number and stopping. */
	pthread_mutex_t lock;
	uint64_t number;  /* of the child that runs, or 0 */
	struct buf added; /* what that one was told to add to entries */
	bool stopping;
	bool changed; /* it was ended to be told something else */
	int64_t backoff_ms;
	struct said said;
};

static void add(struct syslog_child *c, const char *text)
{
	if (c->n < ARGS_MAX)
		c->argv[c->n++] = text;
}

static const char *text_of(struct syslog_child *c, struct bytes b)
{
	char *text = arena_alloc(&c->arena, b.n + 1);

	memcpy(text, b.p, b.n);
	text[b.n] = '\0';
	return text;
}

/* "a,b,c": each behind the option. */
static void add_each(struct syslog_child *c, const char *option, const char *list)
{
	struct bytes rest = bytes_str(list), one;

	while (bytes_split(&rest, ',', &one)) {
		if (one.n) {
			add(c, option);
			add(c, text_of(c, one));
		}
	}
}

/* What the tenant's limits add to a push: options, a NUL behind each. */
static void find_added(struct server *s, struct buf *ret)
{
	struct limits_set *set = server_limits(s);
	const struct limits *l = limits_of(set, bytes_str(s->config->syslog.tenant));
	bool level = l->discover_log_levels && l->allow_structured_metadata;
	bool service = l->discover_service_name;

	buf_reset(ret);
	if (level || service) {
		buf_addf(ret, "--add=%s%s%s", service ? "service_name" : "",
			 level && service ? "," : "", level ? "detected_level" : "");
		buf_add_char(ret, '\0');
	}
	for (size_t i = 0; service && i < l->service_name_labels.n; i++)
		buf_addf(ret, "%s%s",
			 i ? "," : "--service-labels=", l->service_name_labels.name[i]);
	if (service)
		buf_add_char(ret, '\0');
	limits_set_drop(set);
}

/* Under the lock. */
static void make_args(struct syslog_child *c)
{
	const struct config *config = c->server->config;
	struct ingest_log log = { .wal_dir = config->wal,
				  .sync = config->push.sync,
				  .segment_bytes = config->push.segment_size,
				  .segment_age_ns = config->push.segment_age_ns,
				  .disk_full_threshold = config->push.disk_full_threshold };

	c->n = 0;
	arena_reset(&c->arena);
	find_added(c->server, &c->added);
	add(c, "lokid-ingest");
	add(c, "--input=syslog");
	add(c, "--quiet");
	ingest_args_add(&log, &c->arena, c->argv, &c->n);
	add(c, "--tenant");
	add(c, config->syslog.tenant);
	add_each(c, "--label", config->syslog.labels);
	add_each(c, "--listen", config->syslog.listen);
	for (size_t at = 0; at < c->added.n; at += strlen(c->added.p + at) + 1)
		add(c, c->added.p + at);
	c->argv[c->n] = NULL;
}

static void start(void *data);

static void ended(const struct child_end *end, void *data)
{
	struct syslog_child *c = data;
	struct server *s = c->server;
	struct buf why = { 0 };
	bool stopping, changed;

	server_metrics_child(s->metrics, "lokid-ingest", end);
	pthread_mutex_lock(&c->lock);
	c->number = 0;
	stopping = c->stopping;
	changed = c->changed;
	c->changed = false;
	pthread_mutex_unlock(&c->lock);
	if (stopping)
		return;
	if (changed) {
		start(c);
		return;
	}
	if (end->error.code)
		buf_add_str(&why, end->error.msg);
	else
		buf_addf(&why, end->signal ? "signal %d" : "exit status %d",
			 end->signal ? end->signal : end->status);
	log_event(&s->log, LOG_ERROR, "syslog is not listened for", "err", buf_str(&why), NULL);
	buf_release(&why);
	metrics_add(metric_of1(s->metrics, METRIC_CHILD_RESTARTS, BYTES_LIT("lokid-ingest")), 1);
	if (end->run_ns > STEADY_NS || c->backoff_ms == 0)
		c->backoff_ms = BACKOFF_MIN_MS;
	else if (c->backoff_ms < BACKOFF_MAX_MS)
		c->backoff_ms *= 2;
	children_later(s->children, c->backoff_ms * NS_PER_MS, start, c);
}

static bool has_said(int watch, void *data)
{
	struct syslog_child *c = data;

	return said_read(watch, &c->said);
}

static void start(void *data)
{
	struct syslog_child *c = data;
	struct server *s = c->server;
	int messages, watch;

	pthread_mutex_lock(&c->lock);
	if (!c->stopping) {
		make_args(c);
		said_open(&s->log, &messages, &watch);
		log_event(&s->log, LOG_INFO, "lokid-ingest started for syslog", "listen",
			  s->config->syslog.listen, NULL);
		c->number = child_start(
			s->children, &(struct child_opts){ .program = "lokid-ingest",
							   .argv = c->argv,
							   .fd = { -1, -1, messages, -1 },
							   .watch = watch,
							   .readable = watch < 0 ? NULL : has_said,
							   .ended = ended,
							   .data = c });
	}
	pthread_mutex_unlock(&c->lock);
}

struct syslog_child *syslog_open(struct server *s)
{
	struct syslog_child *c;

	if (!s->config->syslog.listen)
		return NULL;
	c = mem_alloc(sizeof(*c));
	*c = (struct syslog_child){ .server = s,
				    .said.log = &s->log,
				    .said.program = "lokid-ingest" };
	pthread_mutex_init(&c->lock, NULL);
	start(c);
	return c;
}

static void tell(struct syslog_child *c, int signal)
{
	pthread_mutex_lock(&c->lock);
	if (signal == SIGTERM)
		c->stopping = true;
	if (c->number)
		child_signal(c->server->children, c->number, signal);
	pthread_mutex_unlock(&c->lock);
}

void syslog_rotate(struct syslog_child *c)
{
	if (c)
		tell(c, SIGHUP);
}

void syslog_renew(struct syslog_child *c)
{
	struct buf now = { 0 };

	if (!c)
		return;
	find_added(c->server, &now);
	pthread_mutex_lock(&c->lock);
	if (c->number && !bytes_eq(buf_bytes(&now), buf_bytes(&c->added))) {
		c->changed = true;
		child_signal(c->server->children, c->number, SIGTERM);
	}
	pthread_mutex_unlock(&c->lock);
	buf_release(&now);
}

void syslog_stop(struct syslog_child *c)
{
	if (c)
		tell(c, SIGTERM);
}

void syslog_close(struct syslog_child *c)
{
	if (!c)
		return;
	arena_release(&c->arena);
	buf_release(&c->added);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
