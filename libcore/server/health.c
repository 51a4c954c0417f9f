#include "server/health.h"

#include "server/config.h"
#include "server/flusher.h"
#include "server/intake.h"
#include "time/time.h"

/* A flush that failed so often is not about to succeed. */
enum { FLUSH_FAILURES_MAX = 5 };

static bool flush_is_stuck(const struct flusher_state *st)
{
	return st->n_failed >= FLUSH_FAILURES_MAX;
}

int health_check(struct server *s, struct err *e)
{
	struct flusher_state st;

	if (atomic_load(&s->stopping) || atomic_load(&s->leaving))
		return err_set(e, ERR_AGAIN, "Stopping");
	if (intake_ready(s->intake, e) < 0)
		return err_wrap(e, "Ingester not ready");
	st = flusher_look(s->flusher);
	if (flush_is_stuck(&st))
		return err_set(e, ERR_AGAIN, "the last %u flushes failed: %s", st.n_failed,
			       st.failure.msg);
	return 0;
}

static void add(struct buf *out, const char *name, const char *state)
{
	buf_addf(out, "%s => %s\n", name, state);
}

void health_services(struct server *s, struct buf *out)
{
	struct flusher_state st = flusher_look(s->flusher);
	bool stopping = atomic_load(&s->stopping);
	struct err e;

	add(out, "server", stopping ? "Stopping" : "Running");
	add(out, "ingester", stopping || intake_ready(s->intake, &e) < 0 ? "Starting" : "Running");
	add(out, "flusher", flush_is_stuck(&st) ? "Failed" : "Running");
	add(out, "querier", stopping ? "Stopping" : "Running");
}
