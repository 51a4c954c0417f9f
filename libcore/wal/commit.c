/*
 * Group commit. One fdatasync serves all that was written to the same segment when it began;
 * meanwhile the other threads go on. Results are given in order, so a batch never overtakes one
 * before it.
 */
#include "wal/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "time/time.h"
#include "wal/sidecar.h"

enum { OPS_MAX = 4096, OPS_BYTES_MAX = 32 << 20 };

static void add_ns(struct timespec *t, int64_t ns)
{
	clock_gettime(CLOCK_MONOTONIC, t);
	t->tv_sec += ns / NS_PER_S;
	t->tv_nsec += ns % NS_PER_S;
	if (t->tv_nsec >= NS_PER_S) {
		t->tv_sec++;
		t->tv_nsec -= NS_PER_S;
	}
}

static void give_result(struct wal_commit *c, const struct wal_op *op)
{
	struct wal_result r = { op->batch_id, op->n_entries, op->line_bytes, op->refused };

	if (c->opts->on_result)
		c->opts->on_result(&r, c->opts->data);
}

/* A sidecar is a cache: when it cannot be written, whoever misses it makes it. */
static void write_sidecar(const struct wal_file *f)
{
	struct wal_segment seg = { .path = f->path,
				   .fd = f->fd,
				   .size = f->written,
				   .state = WAL_CLOSED,
				   .has_header = true,
				   .header = f->header };
	struct streams *streams = streams_new();
	struct wal_sum sum = { 0 };
	struct err e;

	if (wal_sum_read(&seg, WAL_SUM_WALK, streams, &sum, &e) == 0 &&
	    wal_sum_write(&seg, &sum, streams, &e) < 0)
		e.code = ERR_NONE; /* nobody is told */
	wal_sum_release(&sum);
	streams_free(streams);
}

static void close_file(struct wal_file *f)
{
	if (!f->given_up)
		write_sidecar(f);
	close(f->fd);
	free(f->path);
	free(f);
}

static struct err *copy_err(const struct err *e)
{
	struct err *copy = mem_alloc(sizeof(*copy));

	*copy = *e;
	return copy;
}

/* A segment whose sync failed: what is not durable is cut off, as far as that works, and it is
 * written no more. */
static void give_up(struct wal_file *f, const struct wal_writer_opts *opts)
{
	if (f->sync_failed)
		return;
	f->given_up = true;
	f->sync_failed = true;
	/* Without promises of durability what was acknowledged may still be in there: leave it. */
	if (opts->sync == WAL_SYNC_ALWAYS && ftruncate(f->fd, (off_t)f->durable) < 0)
		errno = 0; /* the batches are refused all the same; a reader may find them */
}

/* The sync of f failed: refuses what it was to cover, and in STOP mode all that follows. */
static void fail_sync(struct wal_commit *c, struct wal_file *f, const struct err *e)
{
	bool told = false;

	pthread_mutex_lock(&c->io);
	pthread_mutex_lock(&c->lock);
	give_up(f, c->opts);
	for (struct wal_op *op = c->first; op; op = op->next) {
		if (op->kind != WAL_OP_RESULT || !op->file || op->refused)
			continue;
		if (op->file != f && c->opts->after_refusal == WAL_REFUSED_GO_ON)
			continue;
		if (c->opts->sync != WAL_SYNC_ALWAYS)
			continue;
		give_up(op->file, c->opts);
		op->refused = copy_err(e);
		told = true;
	}
	if (told && c->opts->after_refusal == WAL_REFUSED_STOP)
		c->stopped = true;
	if (!told)
		c->failure = *e;
	pthread_mutex_unlock(&c->lock);
	pthread_mutex_unlock(&c->io);
}

static void tell_settled(struct wal_commit *c)
{
	if (c->opts->on_settled)
		c->opts->on_settled(c->opts->data);
}

/* Tells what became of them, and frees them. */
static void settle_list(struct wal_commit *c, struct wal_op *first)
{
	for (struct wal_op *op = first, *next; op; op = next) {
		next = op->next;
		if (op->kind == WAL_OP_RESULT) {
			give_result(c, op);
		} else if (op->file) {
			tell_settled(c); /* closing takes long */
			close_file(op->file);
		}
		free(op->refused);
		free(op);
	}
	tell_settled(c);
}

/* Takes the first n ops off the list, n above 0. Called and left with the lock held. */
static void settle(struct wal_commit *c, size_t n)
{
	struct wal_op *first = c->first, *last = first;
	uint64_t n_bytes = first->n_bytes;

	for (size_t i = 1; i < n; i++) {
		last = last->next;
		n_bytes += last->n_bytes;
	}
	c->first = last->next;
	if (!c->first)
		c->last = &c->first;
	last->next = NULL;
	pthread_mutex_unlock(&c->lock);
	settle_list(c, first);
	pthread_mutex_lock(&c->lock);
	c->n_ops -= n;
	c->n_bytes -= n_bytes;
	pthread_cond_broadcast(&c->settled);
}

/* A file that somebody deleted takes bytes and syncs them as ever, and is gone when it is closed.
 */
static bool has_name(const struct wal_file *f)
{
	struct stat st;

	return fstat(f->fd, &st) < 0 || st.st_nlink > 0;
}

static void sync_file(struct wal_commit *c, struct wal_file *f, uint64_t end)
{
	struct err e;

	if (f->sync_failed)
		return;
	if (fdatasync(f->fd) < 0) {
		err_sys(&e, "fdatasync of '%s'", f->path);
	} else if (!has_name(f)) {
		err_set(&e, ERR_IO, "'%s': was deleted while it was written", f->path);
	} else {
		f->durable = end > f->durable ? end : f->durable;
		return;
	}
	fail_sync(c, f, &e);
}

/* Settles the ops at the head that one sync, or none, covers. Called and left with the lock held.
 */
static void commit_some(struct wal_commit *c)
{
	struct wal_file *f = NULL;
	bool must_sync = false;
	uint64_t to = 0;
	size_t n = 0;

	for (struct wal_op *op = c->first; op; op = op->next, n++) {
		if (op->file && f && op->file != f)
			break;
		if (!op->file || op->refused)
			continue;
		f = op->file;
		to = op->end > to ? op->end : to;
		must_sync |= op->kind == WAL_OP_CLOSE || c->opts->sync == WAL_SYNC_ALWAYS;
	}
	if (f && must_sync) {
		pthread_mutex_unlock(&c->lock);
		sync_file(c, f, to);
		pthread_mutex_lock(&c->lock);
	}
	settle(c, n);
}

/* Syncs the open segment when the interval is over. Called and left with the lock held. */
static void sync_by_interval(struct wal_commit *c)
{
	struct wal_file *f = c->open;
	uint64_t to;

	if (!f || f->written <= f->durable || f->sync_failed)
		return;
	to = f->written;
	pthread_mutex_unlock(&c->lock);
	sync_file(c, f, to);
	pthread_mutex_lock(&c->lock);
}

static void *run(void *data)
{
	struct wal_commit *c = data;
	bool by_interval = c->opts->sync == WAL_SYNC_INTERVAL;
	struct timespec due;

	add_ns(&due, c->opts->interval_ns);
	pthread_mutex_lock(&c->lock);
	while (c->first || !c->stop) {
		int rc = 0;

		if (!c->first && by_interval)
			rc = pthread_cond_timedwait(&c->more, &c->lock, &due);
		else if (!c->first)
			pthread_cond_wait(&c->more, &c->lock);
		if (c->first)
			commit_some(c);
		if (by_interval && rc == 0) {
			struct timespec now;

			add_ns(&now, 0);
			rc = now.tv_sec > due.tv_sec || (now.tv_sec == due.tv_sec &&
							 now.tv_nsec >= due.tv_nsec)
				     ? ETIMEDOUT
				     : 0;
		}
		if (rc == ETIMEDOUT) {
			sync_by_interval(c);
			add_ns(&due, c->opts->interval_ns);
		}
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

int wal_commit_begin(struct wal_commit *c, const struct wal_writer_opts *opts, struct err *e)
{
	pthread_condattr_t attr;

	*c = (struct wal_commit){ .opts = opts };
	c->last = &c->first;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->io, NULL);
	pthread_cond_init(&c->more, &attr);
	pthread_cond_init(&c->settled, NULL);
	pthread_condattr_destroy(&attr);
	errno = pthread_create(&c->thread, NULL, run, c);
	return errno ? err_sys(e, "cannot start a thread") : 0;
}

void wal_commit_end(struct wal_commit *c)
{
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_signal(&c->more);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->io);
	pthread_cond_destroy(&c->more);
	pthread_cond_destroy(&c->settled);
}

void wal_commit_wait_room(struct wal_commit *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->n_ops >= OPS_MAX || c->n_bytes >= OPS_BYTES_MAX)
		pthread_cond_wait(&c->settled, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

void wal_commit_add(struct wal_commit *c, struct wal_op *first)
{
	pthread_mutex_lock(&c->lock);
	*c->last = first;
	for (struct wal_op *op = first; op; op = op->next) {
		c->last = &op->next;
		c->n_ops++;
		c->n_bytes += op->n_bytes;
		if (op->file)
			op->file->written = op->end;
	}
	pthread_cond_signal(&c->more);
	pthread_mutex_unlock(&c->lock);
}

void wal_commit_drain(struct wal_commit *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->n_ops)
		pthread_cond_wait(&c->settled, &c->lock);
	pthread_mutex_unlock(&c->lock);
}
