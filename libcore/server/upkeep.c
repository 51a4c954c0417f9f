/*
 * Runs and ends happen on the children's thread; what programs have printed is read by another. The
 * state is shared with others, under the lock.
 */
#include "server/upkeep.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/config.h"
#include "server/program.h"
#include "server/requests.h"
#include "server/server_metrics.h"
#include "server/store_watch.h"
#include "server/tasks.h"
#include "server/upkeep_counts.h"
#include "time/time.h"

enum {
	FIRST_S = 60,	  /* the daemon's start has the disk for itself */
	UPKEEP_NICE = 15, /* flushes, pushes and queries come first */
	TIMEOUT_S = 24 * 3600,
	NUMBER_MAX = 24, /* characters */
	PIECE = 64 << 10,
	SAID_MAX = 64 << 20, /* of what a program prints */
	CHECK_S = 3600,	     /* from one look for lost index files to the next */
};

/* What is run, one after the other. */
enum job { JOB_COMPACT, JOB_RETAIN, JOB_DELETE, JOB_CHECK, JOBS };

static const struct {
	const char *name, *done, *failed; /* in the log */
} jobs[JOBS] = {
	[JOB_COMPACT] = { "chunkpack", "compacted", "compaction failed" },
	[JOB_RETAIN] = { "idxbuild", "what has expired is deleted", "retention failed" },
	[JOB_DELETE] = { "chunkpack", "requests to delete applied", "deletion failed" },
	[JOB_CHECK] = { "idxbuild", "index looked at", "the index cannot be looked at" },
};

struct upkeep {
	struct server *server;
	struct program program[JOBS];
	enum job job;
	int64_t job_begun_mono_ns;
	int said_fd;		 /* what it prints, while it runs; -1: it is lost */
	struct tasks *tasks;	 /* reads that, since it may be long, */
	struct task counting;	 /* in this, */
	struct child_end end;	 /* when it has ended so, */
	struct err why;		 /* or has failed */
	int64_t checked_mono_ns; /* when it was last looked for lost index files; 0: not yet */
	struct err failure;	 /* the first of this round */
	pthread_mutex_t lock;	 /* the state */
	struct upkeep_state state;
};

static void note_end(struct upkeep *u, const struct err *failure)
{
	bool failed = failure->code != ERR_NONE;

	pthread_mutex_lock(&u->lock);
	u->state.running = false;
	u->state.failure = *failure;
	u->state.n_failed = failed ? u->state.n_failed + 1 : 0;
	if (!failed) {
		u->state.took_ns = time_mono_ns() - u->state.begun_mono_ns;
		u->state.last_success_ns = time_now_ns();
	}
	pthread_mutex_unlock(&u->lock);
}

static void note_retained(struct upkeep *u)
{
	pthread_mutex_lock(&u->lock);
	u->state.retention_ns = time_mono_ns() - u->job_begun_mono_ns;
	u->state.last_retention_ns = time_now_ns();
	pthread_mutex_unlock(&u->lock);
}

static void read_said(struct upkeep *u, struct buf *ret)
{
	ssize_t n;

	if (u->said_fd < 0)
		return;
	while (ret->n < SAID_MAX &&
	       (n = pread(u->said_fd, buf_reserve(ret, PIECE), PIECE, (off_t)ret->n)) > 0)
		ret->n += (size_t)n;
	close(u->said_fd);
}

/* Until it is mended it is told each time. */
static void note_unnamed(struct upkeep *u, uint64_t n)
{
	char text[NUMBER_MAX];

	pthread_mutex_lock(&u->lock);
	u->state.n_unnamed = n;
	pthread_mutex_unlock(&u->lock);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	if (n)
		log_event(&u->server->log, LOG_WARN,
			  "packs that no index file names: queries do not see them", "packs", text,
			  "mend", "idxbuild --fsck --repair", "store", u->server->config->store,
			  NULL);
}

static void tell_bad(struct upkeep *u, const struct upkeep_found *f)
{
	struct buf name = { 0 }, what = { 0 };
	char text[NUMBER_MAX];

	if (!f->n_bad)
		return;
	buf_add_bytes(&name, f->bad);
	buf_add_bytes(&what, f->what);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)f->n_bad);
	log_event(&u->server->log, LOG_ERROR,
		  "packs that no index file names, and none can: they are damaged", "packs", text,
		  "first", buf_str(&name), "err", buf_str(&what), NULL);
	buf_release(&name);
	buf_release(&what);
}

/* Only one that has told of something has ended with that status for having found it. */
static void note_found(struct upkeep *u, struct bytes said)
{
	struct upkeep_found f = upkeep_found(said);

	if (u->end.status == err_exit_code(ERR_CORRUPT) && f.n)
		u->why = (struct err){ 0 };
	if (u->why.code != ERR_NONE)
		return;
	note_unnamed(u, f.n_unnamed);
	tell_bad(u, &f);
}

/* What the job has printed is counted and logged, also when it has failed behind that. */
static void count_said(struct upkeep *u)
{
	struct metrics *m = u->server->metrics;
	struct buf said = { 0 };

	read_said(u, &said);
	if (u->job == JOB_RETAIN)
		upkeep_count_retained(m, buf_bytes(&said));
	if (u->job == JOB_DELETE)
		upkeep_count_deleted(m, buf_bytes(&said));
	if (u->job == JOB_CHECK)
		note_found(u, buf_bytes(&said));
	if (u->job != JOB_CHECK)
		upkeep_log(&u->server->log, jobs[u->job].done, buf_bytes(&said),
			   time_mono_ns() - u->job_begun_mono_ns);
	buf_release(&said);
}

static void count_end(struct upkeep *u, bool failed)
{
	struct metrics *m = u->server->metrics;
	struct bytes status = bytes_str(failed ? "failure" : "success");

	if (u->job == JOB_COMPACT)
		metrics_add(metric_of1(m, METRIC_COMPACTIONS, status), 1);
	if (u->job == JOB_RETAIN)
		metrics_add(metric_of1(m, METRIC_RETENTIONS, status), 1);
	if (u->job == JOB_DELETE && failed)
		metrics_add(metric_of1(m, METRIC_DELETE_FAILURES,
				       bytes_str(server_metrics_how_ended(&u->end))),
			    1);
	if (u->job == JOB_DELETE)
		requests_look(u->server->requests);
}

/* By age when that is asked for; to make room when a tenant's limits do. */
static bool is_retained(struct server *s)
{
	struct limits_set *limits = server_limits(s);
	bool ret = s->config->compact.retention_enabled || limits_any_drops_oldest(limits);

	limits_set_drop(limits);
	return ret;
}

/* What was found missing is looked for again as soon as it may be mended. */
static bool check_is_due(const struct upkeep *u)
{
	return !u->checked_mono_ns || u->state.n_unnamed ||
	       time_mono_ns() - u->checked_mono_ns >= CHECK_S * NS_PER_S;
}

/* JOBS: none. */
static enum job next_job(struct upkeep *u)
{
	enum job next = u->job + 1;

	if (atomic_load(&u->server->stopping))
		return JOBS;
	if (next == JOB_RETAIN && !is_retained(u->server))
		next++;
	if (next == JOB_CHECK && !check_is_due(u))
		next++;
	return next;
}

static void run(struct upkeep *u, enum job job);

static void counted(void *data)
{
	struct upkeep *u = data;
	bool failed = u->why.code != ERR_NONE;
	enum job next;

	count_end(u, failed);
	if (u->job == JOB_RETAIN && !failed)
		note_retained(u);
	if (u->job == JOB_CHECK)
		u->checked_mono_ns = time_mono_ns();
	if (failed) /* at the end it is cut off, and the next daemon goes on with it */
		log_event(&u->server->log,
			  atomic_load(&u->server->stopping) ? LOG_DEBUG : LOG_ERROR,
			  jobs[u->job].failed, "err", u->why.msg, NULL);
	else
		log_event(&u->server->log, LOG_DEBUG, jobs[u->job].done, NULL);
	if (failed && u->failure.code == ERR_NONE)
		u->failure = u->why;
	next = next_job(u);
	if (next == JOBS)
		note_end(u, &u->failure);
	else
		run(u, next);
}

static void run_count(struct task *t)
{
	struct upkeep *u = (struct upkeep *)((char *)t - offsetof(struct upkeep, counting));

	count_said(u);
	children_later(u->server->children, 0, counted, u);
}

static void ended(struct program *p, const struct child_end *end, const struct err *failure)
{
	struct upkeep *u = p->data;

	u->end = *end;
	u->why = *failure;
	u->counting.run = run_count;
	if (tasks_add(u->tasks, &u->counting))
		return;
	if (u->said_fd >= 0) /* the daemon ends, and its metrics with it */
		close(u->said_fd);
	counted(u);
}

static void run(struct upkeep *u, enum job job)
{
	const struct config *c = u->server->config;
	char delay[NUMBER_MAX], n_jobs[NUMBER_MAX], memory[NUMBER_MAX], cancel[NUMBER_MAX];
	char cache_size[NUMBER_MAX], level[NUMBER_MAX];
	const char *argv[] = { "chunkpack", "--compact", "--store", c->store,	"--delete-delay",
			       delay,	    "--jobs",	 n_jobs,    "--memory", memory,
			       NULL,	    NULL,	 NULL,	    NULL,	NULL,
			       NULL,	    NULL,	 NULL,	    NULL,	NULL,
			       NULL,	    NULL,	 NULL };
	size_t n = 10;
	struct err e;
	int out;

	snprintf(delay, sizeof(delay), "%llds", (long long)(c->compact.delete_delay_ns / NS_PER_S));
	snprintf(n_jobs, sizeof(n_jobs), "%u", c->compact.jobs);
	snprintf(memory, sizeof(memory), "%llu", (unsigned long long)c->compact.memory_bytes);
	snprintf(cancel, sizeof(cancel), "%llds",
		 (long long)(c->erase.cancel_period_ns / NS_PER_S));
	snprintf(level, sizeof(level), "%u", c->compact.level);
	if (job == JOB_COMPACT) {
		argv[n++] = "--level";
		argv[n++] = level;
		argv[n++] = "--filter";
		argv[n++] = c->compact.filter;
		argv[n++] = "--lines";
		argv[n++] = c->compact.lines;
	}
	if (job == JOB_RETAIN) {
		argv[0] = "idxbuild";
		argv[1] = "--retain";
		n = 6; /* behind the delay */
	}
	if (job == JOB_CHECK) {
		argv[0] = "idxbuild";
		argv[1] = "--fsck";
		n = 6;
		argv[n++] = "--unnamed";
	}
	if (job == JOB_DELETE) {
		argv[1] = "--delete";
		argv[n++] = "--cancel-period";
		argv[n++] = cancel;
	}
	argv[n++] = "-o";
	argv[n++] = "jsonl";
	if (u->server->cache) { /* which queries have filled with the index files */
		argv[n++] = "--cache";
		argv[n++] = c->cache;
	}
	if (u->server->cache && c->cache_bytes) {
		snprintf(cache_size, sizeof(cache_size), "%llu",
			 (unsigned long long)c->cache_bytes);
		argv[n++] = "--cache-size";
		argv[n++] = cache_size;
	}
	argv[n] = NULL;
	u->job = job;
	if (program_output(&u->said_fd, &out, &e) < 0)
		log_event(&u->server->log, LOG_WARN, "what upkeep prints is lost", "err", e.msg,
			  NULL);
	u->job_begun_mono_ns = time_mono_ns();
	program_start(&u->program[job], &(struct child_opts){ .argv = argv,
							      .fd = { -1, out, -1, -1 },
							      .timeout_ns = TIMEOUT_S * NS_PER_S,
							      .nice = UPKEEP_NICE });
}

static void begin(struct upkeep *u)
{
	pthread_mutex_lock(&u->lock);
	u->state.running = true;
	u->state.begun_mono_ns = time_mono_ns();
	pthread_mutex_unlock(&u->lock);
	u->failure = (struct err){ 0 };
	run(u, JOB_COMPACT);
}

static void tick(void *data)
{
	struct upkeep *u = data;

	children_later(u->server->children, u->server->config->compact.interval_ns, tick, u);
	if (!upkeep_look(u).running && !store_watch_look(u->server->watch).away)
		begin(u);
}

int upkeep_open(struct server *s, struct upkeep **ret, struct err *e)
{
	struct upkeep *u = mem_alloc(sizeof(*u));
	int64_t first_ns = s->config->compact.interval_ns;

	*u = (struct upkeep){ .server = s };
	for (int i = 0; i < JOBS; i++)
		u->program[i] = (struct program){
			.server = s, .name = jobs[i].name, .ended = ended, .data = u
		};
	if (tasks_open(1, &u->tasks, e) < 0) {
		free(u);
		return -1;
	}
	pthread_mutex_init(&u->lock, NULL);
	if (first_ns > FIRST_S * NS_PER_S)
		first_ns = FIRST_S * NS_PER_S;
	if (first_ns > 0)
		children_later(s->children, first_ns, tick, u);
	*ret = u;
	return 0;
}

struct upkeep_state upkeep_look(struct upkeep *u)
{
	struct upkeep_state ret;

	pthread_mutex_lock(&u->lock);
	ret = u->state;
	pthread_mutex_unlock(&u->lock);
	return ret;
}

void upkeep_stop(struct upkeep *u)
{
	if (u)
		tasks_stop(u->tasks);
}

void upkeep_close(struct upkeep *u)
{
	if (!u)
		return;
	tasks_close(u->tasks);
	pthread_mutex_destroy(&u->lock);
	free(u);
}
