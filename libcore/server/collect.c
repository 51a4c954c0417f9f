#include "server/collect.h"

#include "server/audit.h"
#include "server/config.h"
#include "server/flusher.h"
#include "server/health.h"
#include "server/intake.h"
#include "server/process.h"
#include "server/requests.h"
#include "server/server.h"
#include "server/server_metrics.h"
#include "server/store_watch.h"
#include "server/upkeep.h"
#include "time/time.h"

static void set(struct metrics *m, enum server_metric which, double to)
{
	metrics_set(metric_of(m, which), to);
}

static void set_bytes(struct metrics *m, enum server_metric which, uint64_t to)
{
	set(m, which, (double)to);
}

static void collect_self(struct metrics *m)
{
	struct process_self p;
	struct err e;

	if (process_self(&p, &e) < 0)
		return;
	set(m, METRIC_PROCESS_CPU, p.cpu_s);
	set(m, METRIC_PROCESS_START, p.start_s);
	set_bytes(m, METRIC_PROCESS_RESIDENT, p.resident_bytes);
	set_bytes(m, METRIC_PROCESS_VIRTUAL, p.virtual_bytes);
	set(m, METRIC_PROCESS_VIRTUAL_MAX, p.virtual_max_bytes);
	set_bytes(m, METRIC_PROCESS_OPEN_FDS, p.open_fds);
	set(m, METRIC_PROCESS_MAX_FDS, p.max_fds);
}

static void collect_tree(struct metrics *m)
{
	struct metrics_series *cpu = metric_of(m, METRIC_TREE_CPU);
	struct process_tree t;
	uint64_t limit;
	struct err e;

	if (process_memory_limit(&limit, &e) == 0)
		set_bytes(m, METRIC_MEMORY_LIMIT, limit);
	if (process_tree(&t, &e) < 0)
		return;
	set_bytes(m, METRIC_TREE_RESIDENT, t.resident_bytes);
	/* A child that ends while we look may be missed: a counter does not go back for that. */
	if (t.cpu_s > metrics_value(cpu))
		metrics_set(cpu, t.cpu_s);
	for (size_t i = 0; i < PROCESS_PROGRAMS; i++)
		metrics_set(metric_of1(m, METRIC_TREE_PROCESSES, bytes_str(process_programs[i])),
			    t.n[i]);
}

static void collect_flusher(struct metrics *m, struct flusher *f)
{
	struct flusher_state st = flusher_look(f);
	double age_s = 0;

	if (st.log.oldest_unflushed_ns)
		age_s = (double)(time_now_ns() - st.log.oldest_unflushed_ns) / NS_PER_S;
	set(m, METRIC_OLDEST_UNSHIPPED, age_s > 0 ? age_s : 0);
	set_bytes(m, METRIC_FLUSH_QUEUE_LENGTH, st.log.n_closed);
	set_bytes(m, METRIC_FLUSH_QUEUE, st.log.n_closed);
	set_bytes(m, METRIC_WAL_SEGMENT_BYTES, st.log.closed_bytes);
	set_bytes(m, METRIC_WAL_ASIDE, st.log.n_aside);
	set(m, METRIC_FLUSH_LAST_SUCCESS, (double)st.last_success_ns / NS_PER_S);
	set(m, METRIC_WAL_DISK_USAGE, st.log.disk_usage);
	set(m, METRIC_FLUSH_FAILURES_NOW, st.n_failed);
	set(m, METRIC_FLUSH_RUNNING,
	    st.running ? (double)(time_mono_ns() - st.begun_mono_ns) / NS_PER_S : 0);
}

static void collect_store(struct metrics *m, struct store_watch *w)
{
	struct store_health h = store_watch_look(w);

	set(m, METRIC_STORE_UP, !h.away);
	set_bytes(m, METRIC_STORE_FAILURES, h.n_failed);
}

static void collect_upkeep(struct metrics *m, const struct server *s)
{
	struct upkeep_state st = upkeep_look(s->upkeep);

	set(m, METRIC_COMPACTION_RUNNING, s->config->compact.interval_ns > 0);
	set(m, METRIC_COMPACTION_SECONDS, (double)st.took_ns / NS_PER_S);
	set(m, METRIC_COMPACTION_LAST_SUCCESS, (double)st.last_success_ns / NS_PER_S);
	set(m, METRIC_RETENTION_SECONDS, (double)st.retention_ns / NS_PER_S);
	set(m, METRIC_RETENTION_LAST_SUCCESS, (double)st.last_retention_ns / NS_PER_S);
	set(m, METRIC_COMPACTION_FAILURES_NOW, st.n_failed);
	set_bytes(m, METRIC_STORE_UNNAMED, st.n_unnamed);
	set(m, METRIC_COMPACTION_RUNNING_SECONDS,
	    st.running ? (double)(time_mono_ns() - st.begun_mono_ns) / NS_PER_S : 0);
}

static void collect_requests(struct metrics *m, struct requests *r)
{
	int64_t now_ns = time_now_ns();
	struct requests_waiting w = requests_waiting(r, now_ns);

	set_bytes(m, METRIC_DELETES_WAITING, w.n);
	set(m, METRIC_DELETES_OLDEST, w.n ? (double)(now_ns - w.oldest_ns) / NS_PER_S : 0);
}

static void collect_log(struct metrics *m, struct log *l)
{
	for (int i = 0; i < LOG_LEVELS; i++)
		metrics_set(metric_of1(m, METRIC_LOG_MESSAGES, bytes_str(log_level_words[i])),
			    (double)atomic_load_explicit(&l->n[i], memory_order_relaxed));
}

static void collect_http(struct metrics *m, const struct http_server *h)
{
	struct http_held held = http_held(h);

	metrics_set(metric_of1(m, METRIC_TCP_CONNECTIONS, BYTES_LIT("http")),
		    (double)http_connections(h));
	set_bytes(m, METRIC_ANSWER_BYTES, held.n_bytes);
	set_bytes(m, METRIC_ANSWERS_CUT, held.n_cut);
}

static void collect(struct metrics *m, void *data)
{
	struct server *s = data;
	struct err e;

	collect_self(m);
	collect_tree(m);
	collect_flusher(m, s->flusher);
	collect_store(m, s->watch);
	collect_upkeep(m, s);
	collect_requests(m, s->requests);
	collect_log(m, &s->log);
	if (s->audit)
		set_bytes(m, METRIC_AUDIT_LOST, audit_lost(s->audit));
	collect_http(m, s->http);
	set(m, METRIC_READY, health_check(s, &e) == 0);
	set(m, METRIC_WAL_REPLAY_ACTIVE, intake_ready(s->intake, &e) < 0);
}

void collect_open(struct server *s)
{
	metrics_on_collect(s->metrics, collect, s);
}

void collect_close(struct server *s)
{
	metrics_off_collect(s->metrics, collect, s);
}
