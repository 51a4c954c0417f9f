#include "server/server.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/owner.h"
#include "cli/cli.h"
#include "server/audit.h"
#include "server/auth.h"
#include "server/call.h"
#include "server/collect.h"
#include "server/config_check.h"
#include "server/config_read.h"
#include "server/ender.h"
#include "server/flusher.h"
#include "server/intake.h"
#include "server/notify.h"
#include "server/process.h"
#include "server/queries.h"
#include "server/server_metrics.h"
#include "server/syslog.h"
#include "server/tails.h"
#include "server/requests.h"
#include "server/tasks.h"
#include "server/store_watch.h"
#include "server/upkeep.h"
#include "store/cache.h"
#include "store/store.h"
#include "time/time.h"

enum {
	TOLD_MAX = 10000, /* then all is told anew */
	LOOK_MS = 20,	  /* while something is waited for */
	DISK_THREADS =
		2, /* for routes that wait for one: one that hangs does not stop all others */
	STORE_THREADS = 2,
	CONNECTIONS_ALL = 1 << 20, /* no limit: more than a process may have files */
	ANSWER_RATE_LEAST = 100000,
};

struct limits_set *server_limits(struct server *s)
{
	struct limits_set *ret;

	pthread_mutex_lock(&s->lock);
	ret = limits_set_hold(s->limits);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

void server_shutdown_marker(const struct server *s, struct buf *ret)
{
	buf_addf(ret, "%s/prepare_shutdown", s->config->data);
}

void server_stop(struct server *s, enum server_stop how)
{
	atomic_store(&s->flush_at_end, how == SERVER_STOP_FLUSH);
	kill(getpid(), SIGTERM);
}

static void set_limits(struct server *s, struct limits_set *set)
{
	struct limits_set *old;

	pthread_mutex_lock(&s->lock);
	old = s->limits;
	s->limits = set;
	pthread_mutex_unlock(&s->lock);
	limits_set_drop(old);
}

/* One daemon for a data folder. */
static int take_folder(struct server *s, struct err *e)
{
	const char *data = s->config->data;
	struct buf path = { 0 };
	int rc = 0;

	if (io_mkdirs(data, e) < 0 || io_mkdirs(s->config->wal, e) < 0)
		return -1;
	buf_addf(&path, "%s/lock", data);
	s->lock_fd = open(buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (s->lock_fd < 0)
		rc = err_sys(e, "'%s'", buf_str(&path));
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		rc = err_set(e, ERR_AGAIN, "'%s' is in use by another lokid", data);
	buf_release(&path);
	return rc;
}

static void log_http(enum http_log about, const char *line, void *data)
{
	static const enum log_level levels[] = { LOG_ERROR, LOG_WARN, LOG_DEBUG };
	struct server *s = data;

	log_event(&s->log, levels[about], "http", "err", line, NULL);
}

static int open_http(struct server *s, struct err *e)
{
	const struct config *c = s->config;
	struct http_opts o = {
		.address = c->server.address,
		.port = c->server.port,
		.listen_fd = notify_listen_fd(),
		.threads = c->server.threads,
		.connections_max =
			c->server.connections_max ? c->server.connections_max : CONNECTIONS_ALL,
		.connections_of_ip_max = c->server.connections_of_ip_max,
		.idle_s = (unsigned)(c->server.idle_timeout_ns / NS_PER_S),
		.rate_least = ANSWER_RATE_LEAST,
		.request_s = (unsigned)(c->server.read_timeout_ns / NS_PER_S),
		.head_max = c->server.head_max,
		.body_max = c->push.body_max,
		.bodies_max = c->push.bodies_max,
		.held_max = c->query.answers_max,
		.tls = c->server.tls,
		.calls = call_handlers(s),
		.log = log_http,
		.log_data = s,
	};

	return http_open(&o, &s->http, e);
}

/* Else the daemon would call itself ready, and take, pack or answer nothing. */
static int check_programs(const char *folder, struct err *e)
{
	struct buf path = { 0 };
	int rc = 0;

	for (size_t i = 0; i < PROCESS_OTHER && rc == 0; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", folder, process_programs[i]);
		if (access(buf_str(&path), X_OK) < 0)
			rc = err_sys(e, "cannot run '%s'", buf_str(&path));
	}
	buf_release(&path);
	return rc;
}

static void no_standby(void *server)
{
	log_event(&((struct server *)server)->log, LOG_WARN,
		  "no logql can stand by: each query starts its own", NULL);
}

static int open_children(struct server *s, struct err *e)
{
	struct buf folder = { 0 };
	int rc = config_find_programs(s->config, &folder, e);

	if (rc == 0)
		rc = check_programs(buf_str(&folder), e);
	if (rc == 0)
		rc = children_open(buf_str(&folder), &s->children, e);
	if (rc == 0)
		children_stand_by(s->children, "logql", QUERIES_NICE, s->config->query.standby,
				  no_standby, s);
	buf_release(&folder);
	return rc;
}

static int open_intake(struct server *s, struct err *e)
{
	const struct config_push *push = &s->config->push;
	struct intake_opts o = {
		.children = s->children,
		.metrics = s->metrics,
		.log = &s->log,
		.wal_dir = s->config->wal,
		.store = s->config->store,
		.sync = push->sync,
		.segment_bytes = push->segment_size,
		.segment_age_ns = push->segment_age_ns,
		.disk_full_threshold = push->disk_full_threshold,
		.queue_max = push->queue_max,
		.stream_idle_ns = push->stream_idle_ns,
	};

	return intake_open(&o, &s->intake, e);
}

static int open_queries(struct server *s, struct err *e)
{
	const struct config_query *query = &s->config->query;
	struct queries_opts o = {
		.children = s->children,
		.metrics = s->metrics,
		.max_concurrent = query->max_concurrent,
		.jobs = query->jobs,
		.short_bytes = query->short_bytes,
	};

	return queries_open(&o, &s->queries, e);
}

/* One that cannot be, or be told of changes, is not used: that costs speed. */
static void open_cache(struct server *s)
{
	const struct config *c = s->config;
	struct cache_limits l = { .bytes = c->cache_bytes };
	struct err e = { 0 };

	if (!c->cache)
		return;
	s->cache = cache_open(c->cache, &l, NULL, NULL);
	if (cache_check(s->cache, &e) == 0 && cache_forget_answers(s->cache, &e) == 0)
		return;
	log_event(&s->log, LOG_WARN, "no cache", "error", e.msg, NULL);
	cache_close(s->cache);
	s->cache = NULL;
}

static void warn_of_owner(struct server *s, const char *folder)
{
	struct err why;

	if (owner_is_other(folder, "lokid", &why))
		log_event(&s->log, LOG_WARN, "another user's folder", "err", why.msg, NULL);
}

static int open_all(struct server *s, struct err *e)
{
	const struct config *c = s->config;

	s->metrics = metrics_new();
	server_metrics_register(s->metrics);
	warn_of_owner(s, c->wal);
	warn_of_owner(s, c->store);
	if (take_folder(s, e) < 0 || store_watch_open(s, &s->watch, e) < 0 ||
	    auth_open(c->auth, &s->auth, e) < 0 ||
	    (c->audit.enabled && audit_open(c->audit.log_path, &s->log, &s->audit, e) < 0) ||
	    open_children(s, e) < 0 || open_intake(s, e) < 0 || open_queries(s, e) < 0)
		return -1;
	open_cache(s);
	s->tails = tails_new(s->metrics, s->config->query.max_tails);
	if (flusher_open(s, &s->flusher, e) < 0)
		return -1;
	if (tasks_open(DISK_THREADS, &s->disk_tasks, e) < 0 ||
	    tasks_open(STORE_THREADS, &s->store_tasks, e) < 0 ||
	    requests_open(s, &s->requests, e) < 0)
		return -1;
	if (upkeep_open(s, &s->upkeep, e) < 0)
		return -1;
	s->syslog = syslog_open(s);
	if (store_watch_begin(s->watch, e) < 0 || open_http(s, e) < 0)
		return -1;
	collect_open(s);
	return 0;
}

/* Pushes under way are answered, and nothing is pushed any more. */
static void close_intake(struct server *s, int64_t timeout_ns)
{
	collect_close(s);
	if (s->intake)
		intake_close(s->intake, timeout_ns);
}

/* Programs first: what they end gives answers, for which the requests must still be there. Then the
 * requests: what is asked of us until then, as /ready, needs all the rest. */
static void close_all(struct server *s)
{
	atomic_store(&s->stopping, true);
	close_intake(s, 0);
	store_watch_stop(s->watch);
	flusher_stop(s->flusher);
	upkeep_stop(s->upkeep);
	if (s->children)
		children_close(s->children);
	flusher_give_up(s->flusher);
	queries_end(s->queries);
	auth_stop(s->auth);
	http_close(s->http);
	tasks_close(s->disk_tasks);
	tasks_close(s->store_tasks);
	requests_close(s->requests);
	flusher_close(s->flusher);
	store_watch_close(s->watch);
	upkeep_close(s->upkeep);
	syslog_close(s->syslog);
	queries_close(s->queries);
	auth_close(s->auth);
	intake_free(s->intake);
	audit_close(s->audit);
	tails_free(s->tails);
	cache_close(s->cache);
	metrics_free(s->metrics);
	limits_set_drop(s->limits);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	ender_close(s->ender);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	pthread_mutex_destroy(&s->lock);
}

static void say(struct server *s, const char *state)
{
	struct err e;

	if (notify_say(state, &e) < 0)
		log_event(&s->log, LOG_WARN, "cannot tell systemd", "err", e.msg, NULL);
}

static void forget_told(struct server *s)
{
	map_release(&s->told);
	arena_release(&s->told_mem);
}

static void log_settings(struct server *s, enum log_level level, const char *key, struct bytes said)
{
	struct buf at = { 0 }, rest = { 0 };
	struct bytes place, what;
	bool has_place = report_cut_place(said, &place, &what);

	buf_add_bytes(&at, place);
	buf_add_bytes(&rest, what);
	if (has_place)
		log_event(&s->log, level, "settings", "at", buf_str(&at), key, buf_str(&rest),
			  NULL);
	else
		log_event(&s->log, level, "settings", key, buf_str(&rest), NULL);
	buf_release(&at);
	buf_release(&rest);
}

/* What the file of settings and that of overrides say of their keys, and their faults but the last.
 */
static void on_report(void *data, enum report_kind kind, const char *text)
{
	static const enum log_level levels[] = { LOG_INFO, LOG_WARN, LOG_ERROR };
	static const char *const keys[] = { "note", "err", "err" };
	struct server *s = data;
	struct bytes said = bytes_str(text);
	uint64_t hash = hash64(said);

	/* Not again whenever the overrides change, which can be each minute. */
	if (kind != REPORT_ERROR) {
		if (map_get(&s->told, hash, said) != MAP_NONE)
			return;
		if (s->told.n == TOLD_MAX)
			forget_told(s);
		map_put(&s->told, hash, arena_copy(&s->told_mem, said), 0);
	}
	log_settings(s, levels[kind], keys[kind], said);
}

/* Was one of the files changed, or replaced, since the last look? */
static bool has_changed(const char *paths, uint64_t *last)
{
	struct bytes rest = bytes_str(paths);
	struct buf path = { 0 }, seen = { 0 };
	uint64_t now;
	bool changed;

	while (config_next_overrides(&rest, &path)) {
		struct stat st = { 0 };

		if (stat(buf_str(&path), &st) < 0)
			st = (struct stat){ 0 };
		buf_addf(&seen, "%llu %lld %lld.%09ld\n", (unsigned long long)st.st_ino,
			 (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	now = hash64(buf_bytes(&seen));
	changed = now != *last;
	*last = now;
	buf_release(&path);
	buf_release(&seen);
	return changed;
}

/* At the start a file of overrides that cannot be used ends the daemon; later it changes nothing.
 */
static int read_anew(struct server *s, struct config_anew *ret, struct err *e)
{
	struct report r = { .say = on_report, .data = s };

	if (s->config->overrides_file)
		has_changed(s->config->overrides_file, &s->overrides);
	return config_read_anew(s->config, ret, &r, e);
}

/* Users only when somebody asks for it: what a file says that is only looked at may be half of what
 * is meant. */
enum anew { ANEW_LIMITS, ANEW_LIMITS_AND_USERS };

/* All of it, or nothing. */
static void take_anew(struct server *s, enum anew what)
{
	struct config_anew now = { 0 };
	size_t n_users = 0;
	struct err e;

	if (read_anew(s, &now, &e) < 0 ||
	    (what == ANEW_LIMITS_AND_USERS && auth_change(s->auth, now.auth, &e) < 0)) {
		metrics_set(metric_of(s->metrics, METRIC_RELOAD_SUCCESSFUL), 0);
		on_report(s, REPORT_ERROR, e.msg);
		log_event(&s->log, LOG_ERROR, "limits and users of before stay in force", NULL);
		config_anew_release(&now);
		return;
	}
	n_users = now.auth->n_users;
	set_limits(s, limits_set_hold(now.limits));
	config_anew_release(&now);
	syslog_renew(s->syslog);
	store_watch_write_limits(s->watch);
	metrics_set(metric_of(s->metrics, METRIC_RELOAD_SUCCESSFUL), 1);
	log_event(&s->log, LOG_INFO, "limits read", NULL);
	if (what == ANEW_LIMITS_AND_USERS && n_users)
		log_event(&s->log, LOG_INFO, "users read", NULL);
}

static void reload(struct server *s)
{
	struct err e;

	say(s, "RELOADING=1");
	forget_told(s);
	take_anew(s, ANEW_LIMITS_AND_USERS);
	/* Also when those are wrong: a slip there is no reason to let a certificate expire. */
	if (http_reload(s->http, &e) < 0)
		log_event(&s->log, LOG_ERROR, "certificates of before stay in force", "err", e.msg,
			  NULL);
	else if (s->config->server.tls.cert_file)
		log_event(&s->log, LOG_INFO, "certificates read", NULL);
	if (s->audit && audit_reopen(s->audit, &e) < 0)
		log_event(&s->log, LOG_ERROR, "audit log of before stays in use", "err", e.msg,
			  NULL);
	say(s, "READY=1");
}

/* /ingester/prepare_shutdown was asked for. */
static bool shutdown_is_prepared(struct server *s)
{
	struct buf path = { 0 };
	bool ret;

	server_shutdown_marker(s, &path);
	ret = access(buf_str(&path), F_OK) == 0;
	buf_release(&path);
	return ret;
}

enum came { CAME_NOTHING, CAME_RELOAD, CAME_END };

/* Waits for a signal, at most so long (0: for ever), and does what SIGHUP asks for. CAME_END is one
 * that ends the daemon. */
static enum came wait_signal(struct server *s, int64_t wait_ns)
{
	struct pollfd p = { .fd = s->signal_fd, .events = POLLIN };
	struct timespec t = { .tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S };
	struct signalfd_siginfo got;

	if (ppoll(&p, 1, wait_ns ? &t : NULL, NULL) <= 0 ||
	    read(s->signal_fd, &got, sizeof(got)) != (ssize_t)sizeof(got))
		return CAME_NOTHING;
	if (got.ssi_signo != SIGHUP)
		return CAME_END;
	reload(s);
	return CAME_RELOAD;
}

static int64_t sooner_ns(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* So that who looks at /ready sends no more: everything else goes on. A second signal ends it. */
static void linger(struct server *s)
{
	int64_t until = time_mono_ns() + s->config->shutdown_delay_ns;

	if (s->config->shutdown_delay_ns <= 0)
		return;
	atomic_store(&s->leaving, true);
	log_event(&s->log, LOG_INFO, "not ready any more", NULL);
	while (!atomic_load(&s->stopping) && time_mono_ns() < until)
		if (wait_signal(s, LOOK_MS * NS_PER_MS) == CAME_END)
			return;
}

/* Until a signal ends it. */
static void serve(struct server *s)
{
	const char *overrides = s->config->overrides_file;
	int64_t watchdog_ns = notify_watchdog_ns();
	int64_t wait_ns = sooner_ns(watchdog_ns, overrides ? s->config->overrides_period_ns : 0);

	while (!atomic_load(&s->stopping)) {
		enum came came = wait_signal(s, wait_ns);

		if (came == CAME_END) {
			linger(s);
			atomic_store(&s->stopping, true);
		}
		if (watchdog_ns)
			say(s, "WATCHDOG=1");
		/* What is changed while they are read anew may be half of what is meant. */
		if (came == CAME_NOTHING && overrides && has_changed(overrides, &s->overrides))
			take_anew(s, ANEW_LIMITS);
	}
}

struct flushed {
	struct server *s;
	atomic_bool done;
	struct err failure;
};

static void flushed(int rc, const struct err *e, void *data)
{
	struct flushed *f = data;

	if (rc < 0)
		f->failure = *e;
	atomic_store(&f->done, true);
}

/* Requests under way are answered, then what the log holds goes into the store: both only until the
 * deadline, or a second signal. What is not packed then is found in the log as ever. */
static void stop_gracefully(struct server *s)
{
	int64_t deadline = time_mono_ns() + s->config->server.graceful_shutdown_timeout_ns;
	struct flushed f = { .s = s };
	struct err e;

	if (ender_open(s->signal_fd, &s->log, &s->ender, &e) < 0)
		log_event(&s->log, LOG_WARN, "a second signal has no effect", "err", e.msg, NULL);
	log_event(&s->log, LOG_INFO, "stopping", NULL);
	say(s, "STOPPING=1");
	http_quiesce(s->http);
	syslog_stop(s->syslog);
	queries_stop(s->queries);
	auth_stop(s->auth); /* who is known only now would ask for what ends before */
	while (!ender_asked(s->ender) && http_active(s->http) && time_mono_ns() < deadline)
		poll(NULL, 0, LOOK_MS);
	close_intake(s, ender_asked(s->ender) ? 0 : deadline - time_mono_ns());
	if (!(s->config->flush.on_shutdown || atomic_load(&s->flush_at_end) ||
	      shutdown_is_prepared(s)) ||
	    ender_asked(s->ender))
		return;
	flusher_flush(s->flusher, flushed, &f);
	while (!ender_asked(s->ender) && !atomic_load(&f.done) && time_mono_ns() < deadline)
		poll(NULL, 0, LOOK_MS);
	store_watch_stop(s->watch);
	flusher_stop(s->flusher);
	upkeep_stop(s->upkeep);
	children_close(s->children);
	s->children = NULL;
	flusher_give_up(s->flusher); /* f is known to it until then */
	if (f.failure.code)
		log_event(&s->log, LOG_WARN, "not everything is packed", "err", f.failure.msg,
			  NULL);
}

/* Signals wait for serve(), in this thread and all that it starts. */
static int take_signals(struct server *s, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* nor has what we start; best effort */
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? err_sys(e, "signalfd") : 0;
}

static void say_ready(struct server *s)
{
	struct buf address = { 0 };

	http_add_address(s->http, &address);
	log_event(&s->log, LOG_INFO, "ready", "addr", buf_str(&address), "data", s->config->data,
		  "store", s->config->store, "version", cli_version(), NULL);
	buf_release(&address);
	metrics_set(metric_of(s->metrics, METRIC_WAL_REPLAY_SECONDS),
		    (double)(time_now_ns() - s->begun_ns) / NS_PER_S);
	say(s, "READY=1");
}

int server_run(const struct config *config, struct err *e)
{
	struct server s = {
		.config = config,
		.lock_fd = -1,
		.signal_fd = -1,
		.log = { .fd = STDERR_FILENO,
			 .json = config->server.log_format == LOG_FORMAT_JSON },
		.begun_ns = time_now_ns(),
	};
	struct config_anew anew = { 0 };
	int rc;

	atomic_store(&s.log.level, (int)config->server.log_level);
	if (log_open(&s.log, e) < 0)
		return -1;
	if (read_anew(&s, &anew, e) < 0) {
		forget_told(&s);
		log_close(&s.log);
		return -1;
	}
	s.limits = limits_set_hold(anew.limits);
	config_anew_release(&anew); /* users are those of config */
	pthread_mutex_init(&s.lock, NULL);
	rc = take_signals(&s, e);
	if (rc == 0)
		rc = open_all(&s, e);
	if (rc == 0) {
		say_ready(&s);
		serve(&s);
		stop_gracefully(&s);
		log_event(&s.log, LOG_INFO, "stopped", NULL);
	}
	close_all(&s);
	forget_told(&s);
	log_close(&s.log);
	return rc;
}
