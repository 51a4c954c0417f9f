/* The one lokid-ingest: its start, its end, and its next start. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "server/ingest_args.h"
#include "server/intake_detail.h"
#include "server/log.h"
#include "time/time.h"

enum {
	PIPE_BYTES = 1 << 20,
	ARGS_MAX = INGEST_ARGS_MAX + 6,
	BACKOFF_MS = 20,
	BACKOFF_TIMES_MAX = 6, /* doubled so often: 1.3 s */
};

static void close_two(const int fd[2])
{
	close(fd[0]);
	close(fd[1]);
}

static int make_pipes(int in[2], int out[2], struct err *e)
{
	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, "no pipe to lokid-ingest");
	if (pipe2(out, O_CLOEXEC) < 0) {
		err_sys(e, "no pipe from lokid-ingest");
		close_two(in);
		return -1;
	}
	if (fcntl(in[1], F_SETFL, O_NONBLOCK) < 0) {
		err_sys(e, "no pipe to lokid-ingest");
		close_two(in);
		close_two(out);
		return -1;
	}
	io_widen_pipe(in[1], PIPE_BYTES);
	return 0;
}

static void set_args(const struct intake *in, struct arena *a, const char **argv)
{
	struct ingest_log log = { .wal_dir = in->wal_dir,
				  .sync = in->sync,
				  .segment_bytes = in->opts.segment_bytes,
				  .segment_age_ns = in->opts.segment_age_ns,
				  .disk_full_threshold = in->opts.disk_full_threshold };
	size_t n = 0;

	argv[n++] = "lokid-ingest";
	argv[n++] = "--input=frames";
	argv[n++] = "--check=heads"; /* the runs are our own */
	argv[n++] = "--ack";
	argv[n++] = "--quiet";
	ingest_args_add(&log, a, argv, &n);
	argv[n] = NULL;
}

/* It is not there: the writer starts the next when its time has come. */
static void failed(struct intake *in, const struct err *why)
{
	struct outlet *o = &in->outlet;
	unsigned n;

	log_event(in->opts.log, LOG_ERROR, "lokid-ingest ended; pushes wait for the next", "err",
		  why->msg, NULL);
	metrics_add(in->count.restarts, 1);
	pthread_mutex_lock(&o->lock);
	n = o->n_failures < BACKOFF_TIMES_MAX ? o->n_failures : BACKOFF_TIMES_MAX;
	o->child = 0;
	o->stuck = false;
	o->why = *why;
	o->n_failures++;
	o->start_due_ns = time_mono_ns() + ((BACKOFF_MS * NS_PER_MS) << n);
	pthread_cond_broadcast(&o->work);
	pthread_cond_broadcast(&o->settled);
	pthread_mutex_unlock(&o->lock); /* from here on it may be gone */
}

static void on_end(const struct child_end *end, void *data)
{
	struct intake *in = data;
	struct outlet *o = &in->outlet;
	struct err why;
	bool wanted;

	server_metrics_child(in->opts.metrics, "lokid-ingest", end);
	pthread_mutex_lock(&o->lock);
	wanted = o->stop;
	if (wanted) {
		o->child = 0;
		pthread_cond_broadcast(&o->settled);
	}
	pthread_mutex_unlock(&o->lock);
	if (wanted)
		return;
	if (end->error.code != ERR_NONE)
		why = end->error;
	else if (end->signal)
		err_set(&why, ERR_IO, "lokid-ingest was ended by signal %d", end->signal);
	else
		err_set(&why, ERR_IO, "lokid-ingest ended with status %d", end->status);
	failed(in, &why);
}

static bool has_said(int watch, void *data)
{
	struct intake *in = data;

	return said_read(watch, &in->said);
}

void intake_child_start(struct intake *in)
{
	struct outlet *o = &in->outlet;
	const char *argv[ARGS_MAX];
	struct arena args = { 0 };
	int to[2], from[2], messages, watch;
	struct err e;

	if (make_pipes(to, from, &e) < 0) {
		failed(in, &e);
		return;
	}
	said_open(in->opts.log, &messages, &watch);
	set_args(in, &args, argv);
	pthread_mutex_lock(&o->lock);
	if (o->stop) {
		close_two(to);
		close_two(from);
		if (messages >= 0)
			close(messages);
		if (watch >= 0)
			close(watch);
	} else {
		/* Ends of an epoch that no thread has taken yet. */
		if (o->in_fd >= 0)
			close(o->in_fd);
		if (o->out_fd >= 0)
			close(o->out_fd);
		if (o->n_failures)
			log_event(in->opts.log, LOG_INFO, "lokid-ingest started again", NULL);
		o->in_fd = to[1];
		o->out_fd = from[0];
		o->epoch++;
		o->child =
			child_start(in->opts.children,
				    &(struct child_opts){ .program = "lokid-ingest",
							  .argv = argv,
							  .fd = { to[0], from[1], messages, -1 },
							  .survives = true,
							  .watch = watch,
							  .readable = watch < 0 ? NULL : has_said,
							  .ended = on_end,
							  .data = in });
		pthread_cond_broadcast(&o->work);
		pthread_cond_broadcast(&o->answers);
	}
	pthread_mutex_unlock(&o->lock);
	arena_release(&args);
}
