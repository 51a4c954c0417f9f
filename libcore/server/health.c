#include "server/health.h"

#include "base/num.h"
#include "ingest/mend.h"
#include "server/config.h"
#include "server/intake.h"
#include "server/store_watch.h"
#include "time/time.h"

enum {
	FLUSH_FAILURES_MAX = 5, /* a flush that failed so often is not about to succeed */
	FLUSH_MAX_S = 900,	/* nor is one that takes so long about to end */
	UPKEEP_FAILURES_MAX = 3,
	UPKEEP_MAX_S = 6 * 3600,
};

int health_of_flush(const struct flusher_state *st, int64_t now_ns, struct err *e)
{
	int64_t took_ns = st->running ? now_ns - st->begun_mono_ns : 0;

	if (st->n_failed >= FLUSH_FAILURES_MAX)
		return err_set(e, ERR_AGAIN, "the last %u flushes failed: %s", st->n_failed,
			       st->failure.msg);
	if (took_ns >= FLUSH_MAX_S * NS_PER_S)
		return err_set(e, ERR_AGAIN, "a flush has been running for %lld s",
			       (long long)(took_ns / NS_PER_S));
	return 0;
}

int health_of_upkeep(const struct upkeep_state *st, int64_t now_ns, struct err *e)
{
	int64_t took_ns = st->running ? now_ns - st->begun_mono_ns : 0;

	if (st->n_failed >= UPKEEP_FAILURES_MAX)
		return err_set(e, ERR_AGAIN, "the last %u compactions failed: %s", st->n_failed,
			       st->failure.msg);
	if (took_ns >= UPKEEP_MAX_S * NS_PER_S)
		return err_set(e, ERR_AGAIN, "a compaction has been running for %lld s",
			       (long long)(took_ns / NS_PER_S));
	return 0;
}

int health_check(struct server *s, struct err *e)
{
	struct flusher_state st;

	if (atomic_load(&s->stopping) || atomic_load(&s->leaving))
		return err_set(e, ERR_AGAIN, "Stopping");
	if (intake_ready(s->intake, e) < 0)
		return err_wrap(e, "Ingester not ready");
	st = flusher_look(s->flusher);
	return health_of_flush(&st, time_mono_ns(), e);
}

/* It was told when it was found; whoever looks here later is to know where it lies. */
static void add_aside(struct server *s, struct buf *out)
{
	uint64_t n = flusher_look(s->flusher).log.n_aside;

	if (n)
		buf_addf(out, "but %llu damaged %s in '%s/%s'\n", (unsigned long long)n,
			 num_word(n, "segment of the log lies", "segments of the log lie"),
			 s->config->wal, MEND_ASIDE);
}

/* A segment that root wrote in the place of the daemon's user, most often. */
static void add_unread(struct server *s, struct buf *out)
{
	struct flusher_state st = flusher_look(s->flusher);

	if (st.log.n_unread)
		buf_addf(out, "but %llu %s: %s\n", (unsigned long long)st.log.n_unread,
			 num_word(st.log.n_unread, "segment of the log cannot be read",
				  "segments of the log cannot be read"),
			 st.log.unread.msg);
}

static void add_store(struct server *s, struct buf *out)
{
	struct store_health h = store_watch_look(s->watch);
	struct flusher_state st = flusher_look(s->flusher);

	if (!h.away)
		return;
	buf_add_str(out, "but ");
	store_health_add(&h, out);
	buf_addf(out, "; %llu %s in the log\n", (unsigned long long)st.log.n_closed,
		 num_word(st.log.n_closed, "segment waits", "segments wait"));
}

void health_notes(struct server *s, struct buf *out)
{
	struct upkeep_state kept = upkeep_look(s->upkeep);
	struct err e;

	add_store(s, out);
	add_aside(s, out);
	add_unread(s, out);
	if (kept.n_unnamed)
		buf_addf(
			out, "but %llu %s in no index file: idxbuild --fsck --repair\n",
			(unsigned long long)kept.n_unnamed,
			num_word(kept.n_unnamed, "pack of the store is", "packs of the store are"));
	if (health_of_upkeep(&kept, time_mono_ns(), &e) < 0)
		buf_addf(out, "but %s\n", e.msg);
}

static void add(struct buf *out, const char *name, const char *state)
{
	buf_addf(out, "%s => %s\n", name, state);
}

void health_services(struct server *s, struct buf *out)
{
	struct flusher_state st = flusher_look(s->flusher);
	struct upkeep_state kept = upkeep_look(s->upkeep);
	bool stopping = atomic_load(&s->stopping);
	struct err e;

	add(out, "server", stopping ? "Stopping" : "Running");
	add(out, "ingester", stopping || intake_ready(s->intake, &e) < 0 ? "Starting" : "Running");
	add(out, "flusher", health_of_flush(&st, time_mono_ns(), &e) < 0 ? "Failed" : "Running");
	if (s->config->compact.interval_ns > 0)
		add(out, "compactor",
		    health_of_upkeep(&kept, time_mono_ns(), &e) < 0 ? "Failed" : "Running");
	add(out, "store", store_watch_look(s->watch).away ? "Failed" : "Running");
	add(out, "querier", stopping ? "Stopping" : "Running");
}
