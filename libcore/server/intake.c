#include "server/intake.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/intake_detail.h"
#include "time/time.h"

#define QUEUE_MAX      (UINT64_C(64) << 20)
#define STUCK_NS       (60 * NS_PER_S)
#define QUIET_NS       (10 * NS_PER_S)
#define STREAM_IDLE_NS (1800 * NS_PER_S)

int intake_open(const struct intake_opts *opts, struct intake **ret, struct err *e)
{
	struct intake *in = mem_alloc(sizeof(*in));

	in->opts = *opts;
	in->said = (struct said){ .log = in->opts.log, .program = "lokid-ingest" };
	if (!in->opts.queue_max)
		in->opts.queue_max = QUEUE_MAX;
	if (!in->opts.stuck_ns)
		in->opts.stuck_ns = STUCK_NS;
	if (!in->opts.quiet_ns)
		in->opts.quiet_ns = QUIET_NS;
	if (!in->opts.stream_idle_ns)
		in->opts.stream_idle_ns = STREAM_IDLE_NS;
	in->wal_dir = strdup(opts->wal_dir);
	in->sync = strdup(opts->sync);
	in->store_path = opts->store ? strdup(opts->store) : NULL;
	if (gethostname(in->node, WAL_NODE_MAX) < 0)
		in->node[0] = '\0';
	pthread_mutex_init(&in->lane.lock, NULL);
	quotas_init(in);
	turns_init(in);
	intake_metrics_open(in);
	if (outlet_open(in, e) < 0) {
		intake_free(in);
		return -1;
	}
	if (quotas_open(in, e) < 0 || turns_open(in, e) < 0) {
		intake_close(in, 0);
		intake_free(in);
		return -1;
	}
	*ret = in;
	return 0;
}

int intake_ready(struct intake *in, struct err *e)
{
	return outlet_runs(in, e) ? 0 : -1;
}

void intake_rotate(struct intake *in)
{
	pthread_mutex_lock(&in->outlet.lock);
	if (in->outlet.child)
		child_signal(in->opts.children, in->outlet.child, SIGHUP);
	pthread_mutex_unlock(&in->outlet.lock);
}

void intake_close(struct intake *in, int64_t timeout_ns)
{
	bool again;

	turns_close(in);
	pthread_mutex_lock(&in->lane.lock);
	again = in->lane.closed;
	in->lane.closed = true; /* nothing comes into a batch any more */
	pthread_mutex_unlock(&in->lane.lock);
	if (again)
		return;
	outlet_close(in, timeout_ns);
	quotas_close(in);
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	intake_metrics_close(in);
	lane_release(in);
	outlet_release(in);
	quotas_release(in);
	turns_release(in);
	free(in->store_path);
	free(in->wal_dir);
	free(in->sync);
	free(in);
}
