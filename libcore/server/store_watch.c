/*
 * Questions are asked by a thread of its own, and begun by the children's clock. Of a folder that
 * hangs, as one of a network may, it is told by a question that has no answer yet.
 */
#include "server/store_watch.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "limits/file.h"
#include "server/config.h"
#include "server/flusher.h"
#include "server/store_limits.h"
#include "server/tasks.h"
#include "store/store.h"
#include "time/time.h"

enum { PERIOD_S = 10, PERIOD_AWAY_S = 2, HANGS_S = 10, HUNG_S = 4 };

struct store_watch {
	struct server *server;
	struct buf path; /* of the store, for who is in a hurry */
	struct tasks *thread;
	struct task asking;
	struct store *store;	 /* of the thread: NULL not opened yet, */
	bool made;		 /* nor made */
	pthread_mutex_t writing; /* of the limits */
	atomic_bool limits_due;

	pthread_mutex_t lock; /* guards all below */
	struct store_health health;
	int64_t asked_mono_ns; /* the question under way; 0: none */
	int64_t away_mono_ns;  /* when the first question without an answer was asked */
};

/* Programs go by the file in the store, whoever wrote it. */
static void warn_of_limits(const struct store_watch *w)
{
	const struct config *c = w->server->config;
	struct buf kept = { 0 };

	buf_addf(&kept, "%s/%s", c->store, LIMITS_OF_STORE);
	log_event(&w->server->log, LOG_WARN,
		  "limits in the store are not of lokid, so they stay: retention, deletion "
		  "and queries go by them, not by the settings",
		  "limits", buf_str(&kept), "settings", c->file ? c->file : "none", NULL);
	buf_release(&kept);
}

static int write_limits(struct store_watch *w, struct err *e)
{
	struct limits_set *limits = server_limits(w->server);
	int rc;

	pthread_mutex_lock(&w->writing);
	rc = store_limits_write(w->server->config, limits, w->server->cache, e);
	atomic_store(&w->limits_due, rc < 0);
	pthread_mutex_unlock(&w->writing);
	limits_set_drop(limits);
	if (rc == 1)
		warn_of_limits(w);
	return rc < 0 ? -1 : 0;
}

void store_watch_write_limits(struct store_watch *w)
{
	struct err e;

	if (write_limits(w, &e) < 0)
		log_event(&w->server->log, LOG_ERROR, "limits of the store stay as they were",
			  "err", e.msg, NULL);
}

/* A store that was opened to be written to is made. */
static int ask_store(struct store_watch *w, struct err *e)
{
	struct store *s;

	if (w->made)
		return store_check_mark(w->store, e);
	s = store_open(buf_str(&w->path), STORE_WRITE, e);
	if (!s)
		return -1;
	w->store = s;
	w->made = true;
	return 0;
}

static void note_asked(struct store_watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->asked_mono_ns = time_mono_ns();
	pthread_mutex_unlock(&w->lock);
}

/* Whether that is another state than before. */
static bool note_answer(struct store_watch *w, int rc, const struct err *e)
{
	bool was;

	pthread_mutex_lock(&w->lock);
	was = w->health.away;
	w->health.away = rc < 0;
	w->health.n_failed += rc < 0;
	if (rc < 0)
		w->health.why = *e;
	if (rc < 0 && !was)
		w->away_mono_ns = w->asked_mono_ns;
	w->asked_mono_ns = 0;
	pthread_mutex_unlock(&w->lock);
	return was != (rc < 0);
}

static void ask_later(struct store_watch *w, bool away);

static void run(struct task *t)
{
	struct store_watch *w =
		(struct store_watch *)((char *)t - offsetof(struct store_watch, asking));
	struct log *log = &w->server->log;
	struct err e;
	int rc;

	note_asked(w);
	rc = ask_store(w, &e);
	if (note_answer(w, rc, &e)) {
		if (rc < 0)
			log_event(log, LOG_ERROR, "the store does not answer", "err", e.msg, NULL);
		else
			log_event(log, LOG_INFO, "the store answers again", NULL);
		if (rc == 0)
			flusher_hurry(w->server->flusher);
	}
	if (rc == 0 && atomic_load(&w->limits_due))
		store_watch_write_limits(w);
	ask_later(w, rc < 0);
}

static void ask(void *data)
{
	struct store_watch *w = data;

	w->asking.run = run;
	if (!tasks_add(w->thread, &w->asking))
		return; /* the daemon ends */
}

static void ask_later(struct store_watch *w, bool away)
{
	children_later(w->server->children, (away ? PERIOD_AWAY_S : PERIOD_S) * NS_PER_S, ask, w);
}

/* Is it an object store that may answer later? */
static bool may_come(const struct store_watch *w, const struct err *e)
{
	return e->code == ERR_AGAIN && store_is_url(w->server->config->store);
}

int store_watch_open(struct server *s, struct store_watch **ret, struct err *e)
{
	struct store_watch *w = mem_alloc(sizeof(*w));
	int rc;

	*w = (struct store_watch){ .server = s };
	store_add_hurried(&w->path, s->config->store);
	pthread_mutex_init(&w->lock, NULL);
	pthread_mutex_init(&w->writing, NULL);
	note_asked(w);
	rc = ask_store(w, e);
	if (rc == 0)
		rc = write_limits(w, e);
	else
		atomic_store(&w->limits_due, true);
	if (rc < 0 && !may_come(w, e)) {
		store_watch_close(w);
		return -1;
	}
	if (note_answer(w, rc, e))
		log_event(&s->log, LOG_ERROR, "the store does not answer", "err", e->msg, NULL);
	*ret = w;
	return 0;
}

int store_watch_begin(struct store_watch *w, struct err *e)
{
	if (tasks_open(1, &w->thread, e) < 0)
		return -1;
	ask_later(w, store_watch_look(w).away);
	return 0;
}

static struct store_health look(struct store_watch *w, int hangs_s)
{
	int64_t now = time_mono_ns(), asked_ns;
	struct store_health ret = { 0 };

	if (!w)
		return ret;
	pthread_mutex_lock(&w->lock);
	ret = w->health;
	asked_ns = w->asked_mono_ns ? now - w->asked_mono_ns : 0;
	ret.away_ns = ret.away ? now - w->away_mono_ns : asked_ns;
	pthread_mutex_unlock(&w->lock);
	if (!ret.away && asked_ns >= hangs_s * NS_PER_S) {
		ret.away = true;
		err_set(&ret.why, ERR_AGAIN, "'%s' hangs", w->server->config->store);
	}
	return ret;
}

struct store_health store_watch_look(struct store_watch *w)
{
	return look(w, HANGS_S);
}

struct store_health store_watch_look_back(struct store_watch *w)
{
	return look(w, HUNG_S);
}

void store_health_add(const struct store_health *h, struct buf *b)
{
	buf_add_str(b, "the store has not answered for ");
	time_add_duration(b, h->away_ns / NS_PER_S * NS_PER_S);
	buf_addf(b, ": %s", h->why.msg);
}

void store_watch_stop(struct store_watch *w)
{
	if (w)
		tasks_stop(w->thread);
}

void store_watch_close(struct store_watch *w)
{
	if (!w)
		return;
	tasks_close(w->thread);
	store_close(w->store);
	pthread_mutex_destroy(&w->lock);
	pthread_mutex_destroy(&w->writing);
	buf_release(&w->path);
	free(w);
}
