/* Runs and ends happen on the children's thread; the state is shared with others, under the lock.
 */
#include "server/upkeep.h"

#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/config.h"
#include "server/program.h"
#include "server/requests.h"
#include "server/server_metrics.h"
#include "server/store_watch.h"
#include "server/upkeep_counts.h"
#include "time/time.h"

enum {
	FIRST_S = 60,	  /* the daemon's start has the disk for itself */
	UPKEEP_NICE = 15, /* flushes, pushes and queries come first */
	TIMEOUT_S = 24 * 3600,
	NUMBER_MAX = 24, /* characters */
	PIECE = 64 << 10,
	SAID_MAX = 64 << 20, /* of what a program prints */
};

/* What is run, one after the other. */
enum job { JOB_COMPACT, JOB_RETAIN, JOB_DELETE, JOBS };

static const struct {
	const char *name, *done, *failed; /* in the log */
} jobs[JOBS] = {
	[JOB_COMPACT] = { "chunkpack", "compacted", "compaction failed" },
	[JOB_RETAIN] = { "idxbuild", "what has expired is deleted", "retention failed" },
	[JOB_DELETE] = { "chunkpack", "requests to delete applied", "deletion failed" },
};

struct upkeep {
	struct server *server;
	struct program program[JOBS];
	enum job job;
	int64_t job_begun_mono_ns;
	int said_fd;	      /* what it prints, while it runs */
	struct err failure;   /* the first of this round */
	pthread_mutex_t lock; /* the state */
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

/* What the job has printed is counted and logged, also when it has failed behind that. */
static void count_said(struct upkeep *u)
{
	struct buf said = { 0 };
	ssize_t n;

	while (said.n < SAID_MAX &&
	       (n = pread(u->said_fd, buf_reserve(&said, PIECE), PIECE, (off_t)said.n)) > 0)
		said.n += (size_t)n;
	close(u->said_fd);
	if (u->job == JOB_RETAIN)
		upkeep_count_retained(u->server->metrics, buf_bytes(&said));
	if (u->job == JOB_DELETE)
		upkeep_count_deleted(u->server->metrics, buf_bytes(&said));
	upkeep_log(&u->server->log, jobs[u->job].done, buf_bytes(&said),
		   time_mono_ns() - u->job_begun_mono_ns);
	buf_release(&said);
}

static void count_end(struct upkeep *u, const struct child_end *end, bool failed)
{
	struct metrics *m = u->server->metrics;
	struct bytes status = bytes_str(failed ? "failure" : "success");

	if (u->job == JOB_COMPACT)
		metrics_add(metric_of1(m, METRIC_COMPACTIONS, status), 1);
	if (u->job == JOB_RETAIN)
		metrics_add(metric_of1(m, METRIC_RETENTIONS, status), 1);
	if (u->job == JOB_DELETE && failed)
		metrics_add(metric_of1(m, METRIC_DELETE_FAILURES,
				       bytes_str(server_metrics_how_ended(end))),
			    1);
	count_said(u);
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

static void run(struct upkeep *u, enum job job);

static void ended(struct program *p, const struct child_end *end, const struct err *failure)
{
	struct upkeep *u = p->data;
	bool failed = failure->code != ERR_NONE;

	count_end(u, end, failed);
	if (u->job == JOB_RETAIN && !failed)
		note_retained(u);
	if (failed) /* at the end it is cut off, and the next daemon goes on with it */
		log_event(&u->server->log,
			  atomic_load(&u->server->stopping) ? LOG_DEBUG : LOG_ERROR,
			  jobs[u->job].failed, "err", failure->msg, NULL);
	else
		log_event(&u->server->log, LOG_DEBUG, jobs[u->job].done, NULL);
	if (failed && u->failure.code == ERR_NONE)
		u->failure = *failure;
	if (u->job + 1 == JOBS || atomic_load(&u->server->stopping))
		note_end(u, &u->failure);
	else
		run(u,
		    u->job + 1 == JOB_RETAIN && !is_retained(u->server) ? JOB_DELETE : u->job + 1);
}

static void run(struct upkeep *u, enum job job)
{
	const struct config *c = u->server->config;
	char delay[NUMBER_MAX], n_jobs[NUMBER_MAX], memory[NUMBER_MAX], cancel[NUMBER_MAX];
	char cache_size[NUMBER_MAX];
	const char *argv[] = { "chunkpack", "--compact", "--store", c->store,	"--delete-delay",
			       delay,	    "--jobs",	 n_jobs,    "--memory", memory,
			       NULL,	    NULL,	 NULL,	    NULL,	NULL,
			       NULL,	    NULL,	 NULL,	    NULL };
	size_t n = 10;

	snprintf(delay, sizeof(delay), "%llds", (long long)(c->compact.delete_delay_ns / NS_PER_S));
	snprintf(n_jobs, sizeof(n_jobs), "%u", c->compact.jobs);
	snprintf(memory, sizeof(memory), "%llu", (unsigned long long)c->compact.memory_bytes);
	snprintf(cancel, sizeof(cancel), "%llds",
		 (long long)(c->erase.cancel_period_ns / NS_PER_S));
	if (job == JOB_RETAIN) {
		argv[0] = "idxbuild";
		argv[1] = "--retain";
		n = 6; /* behind the delay */
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
	u->said_fd = memfd_create("said", MFD_CLOEXEC);
	u->job_begun_mono_ns = time_mono_ns();
	program_start(
		&u->program[job],
		&(struct child_opts){ .argv = argv,
				      .fd = { -1, fcntl(u->said_fd, F_DUPFD_CLOEXEC, 3), -1, -1 },
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

struct upkeep *upkeep_open(struct server *s)
{
	struct upkeep *u = mem_alloc(sizeof(*u));
	int64_t first_ns = s->config->compact.interval_ns;

	*u = (struct upkeep){ .server = s };
	for (int i = 0; i < JOBS; i++)
		u->program[i] = (struct program){
			.server = s, .name = jobs[i].name, .ended = ended, .data = u
		};
	pthread_mutex_init(&u->lock, NULL);
	if (first_ns > FIRST_S * NS_PER_S)
		first_ns = FIRST_S * NS_PER_S;
	if (first_ns > 0)
		children_later(s->children, first_ns, tick, u);
	return u;
}

struct upkeep_state upkeep_look(struct upkeep *u)
{
	struct upkeep_state ret;

	pthread_mutex_lock(&u->lock);
	ret = u->state;
	pthread_mutex_unlock(&u->lock);
	return ret;
}

void upkeep_close(struct upkeep *u)
{
	if (!u)
		return;
	pthread_mutex_destroy(&u->lock);
	free(u);
}
