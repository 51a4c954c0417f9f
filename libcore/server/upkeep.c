/* Runs and ends happen on the children's thread; the state is shared with others, under the lock.
 */
#include "server/upkeep.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "server/config.h"
#include "server/program.h"
#include "server/server_metrics.h"
#include "time/time.h"

enum {
	FIRST_S = 60,	  /* the daemon's start has the disk for itself */
	UPKEEP_NICE = 15, /* flushes, pushes and queries come first */
	TIMEOUT_S = 24 * 3600,
	NUMBER_MAX = 24, /* characters */
};

struct upkeep {
	struct server *server;
	struct program compact;
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

static void ended(struct program *p, const struct child_end *end, const struct err *failure)
{
	struct upkeep *u = p->data;
	bool failed = failure->code != ERR_NONE;

	(void)end;
	note_end(u, failure);
	metrics_add(metric_of1(u->server->metrics, METRIC_COMPACTIONS,
			       bytes_str(failed ? "failure" : "success")),
		    1);
	if (failed) /* at the end it is cut off, and the next daemon goes on with it */
		log_event(&u->server->log,
			  atomic_load(&u->server->stopping) ? LOG_DEBUG : LOG_ERROR,
			  "compaction failed", "err", failure->msg, NULL);
	else
		log_event(&u->server->log, LOG_DEBUG, "compacted", NULL);
}

static void run(struct upkeep *u)
{
	const struct config *c = u->server->config;
	char delay[NUMBER_MAX], jobs[NUMBER_MAX], memory[NUMBER_MAX];
	const char *const argv[] = { "chunkpack",      "--compact", "--store", c->store,
				     "--delete-delay", delay,	    "--jobs",  jobs,
				     "--memory",       memory,	    NULL };

	snprintf(delay, sizeof(delay), "%llds", (long long)(c->compact.delete_delay_ns / NS_PER_S));
	snprintf(jobs, sizeof(jobs), "%u", c->compact.jobs);
	snprintf(memory, sizeof(memory), "%llu", (unsigned long long)c->compact.memory_bytes);
	pthread_mutex_lock(&u->lock);
	u->state.running = true;
	u->state.begun_mono_ns = time_mono_ns();
	pthread_mutex_unlock(&u->lock);
	program_start(&u->compact, &(struct child_opts){ .argv = argv,
							 .fd = { -1, -1, -1, -1 },
							 .timeout_ns = TIMEOUT_S * NS_PER_S,
							 .nice = UPKEEP_NICE });
}

static void tick(void *data)
{
	struct upkeep *u = data;

	children_later(u->server->children, u->server->config->compact.interval_ns, tick, u);
	if (!upkeep_look(u).running)
		run(u);
}

struct upkeep *upkeep_open(struct server *s)
{
	struct upkeep *u = mem_alloc(sizeof(*u));
	int64_t first_ns = s->config->compact.interval_ns;

	*u = (struct upkeep){ .server = s,
			      .compact = { .server = s, .name = "chunkpack", .ended = ended } };
	u->compact.data = u;
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
