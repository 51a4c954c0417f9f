/*
 * The half of a writer that packs: takes batches from the caller, makes their records and writes
 * them. What it has written it hands to commit.c, which makes it durable and tells the result.
 */
#include "wal/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "time/time.h"
#include "wal/commit.h"
#include "wal/pack.h"
#include "wal/segment.h"

enum { JOBS = 2 };

#define SEGMENT_BYTES  UINT64_C(64000000)
#define SEGMENT_AGE_NS (300 * NS_PER_S)

/* Entries, or when there are none, copies. */
struct job {
	struct entries es;
	uint64_t batch_id; /* of the entries */
	struct wal_copies copies;
};

struct wal_writer {
	struct wal_writer_opts opts;
	char node[WAL_NODE_MAX + 1];
	char *dir;
	struct streams *streams;
	struct wal_commit commit;

	pthread_t thread;
	pthread_mutex_t lock;  /* jobs, n_jobs, stop, end_asked, end_after */
	pthread_cond_t work;   /* to the packing thread */
	pthread_cond_t room;   /* from it: a job is done */
	struct job jobs[JOBS]; /* a ring: [first, first + n_jobs) */
	size_t first, n_jobs;
	bool stop;
	bool end_asked;	  /* the segment is to be ended, */
	size_t end_after; /* when so many jobs more are done */

	/* The packing thread's own. */
	struct wal_packer *packer;
	struct wal_file *file; /* NULL: the next batch makes one */
	int64_t file_due_ns;   /* monotonic: when it is to be closed */
	int64_t last_created_ns;
	struct buf out;
	struct err refusal; /* STOP: of the first batch refused here */
	struct err end_failure;
};

/* What is said of a batch; f: where it is, or NULL. */
static struct wal_op *new_op(struct wal_file *f, uint64_t batch_id, uint64_t n_entries,
			     uint64_t line_bytes)
{
	struct wal_op *op = mem_alloc(sizeof(*op));

	op->kind = WAL_OP_RESULT;
	op->file = f;
	op->batch_id = batch_id;
	op->n_entries = n_entries;
	op->line_bytes = line_bytes;
	return op;
}

static struct wal_op *op_of_copy(struct wal_file *f, const struct wal_copy *v)
{
	return new_op(f, v->batch_id, v->n_entries, v->line_bytes);
}

/* A batch that is not in the log. */
static void refuse(struct wal_writer *w, struct wal_op *op, const struct err *e)
{
	op->refused = mem_alloc(sizeof(*op->refused));
	*op->refused = *e;
	if (w->opts.after_refusal == WAL_REFUSED_STOP && w->refusal.code == ERR_NONE)
		w->refusal = *e;
	wal_commit_add(&w->commit, op);
}

static void set_open(struct wal_writer *w, struct wal_file *f)
{
	pthread_mutex_lock(&w->commit.lock);
	w->commit.open = f;
	pthread_mutex_unlock(&w->commit.lock);
	w->file = f;
}

static int begin_file(struct wal_writer *w, struct err *e)
{
	struct wal_file *f = mem_alloc(sizeof(*f));
	int64_t now = time_now_ns();

	if (now <= w->last_created_ns)
		now = w->last_created_ns + 1;
	f->header.created_ns = now;
	memcpy(f->header.node, w->node, sizeof(f->header.node));
	if (getentropy(f->header.id.b, sizeof(f->header.id.b)) < 0) {
		free(f);
		return err_sys(e, "no random bytes");
	}
	f->fd = wal_segment_create(w->dir, &f->header, &f->path, e);
	if (f->fd < 0) {
		free(f);
		return -1;
	}
	w->last_created_ns = now;
	f->durable = f->written = WAL_HEADER;
	w->file_due_ns = time_mono_ns() + w->opts.segment_age_ns;
	wal_packer_begin(w->packer);
	set_open(w, f);
	return 0;
}

/* Writes w->out at the place `at`; when that fails the segment is cut back to it. */
static int write_out(struct wal_writer *w, struct wal_place at, struct err *e)
{
	struct wal_file *f = w->file;

	if (io_pwrite(f->fd, w->out.p, w->out.n, at.off, e) == 0)
		return 0;
	err_wrap(e, "'%s'", f->path);
	wal_packer_back(w->packer, at);
	if (ftruncate(f->fd, (off_t)at.off) < 0)
		f->given_up =
			true; /* a torn record stays at its end, and nothing may follow that */
	return -1;
}

/* Hands the segment over to be synced and closed. */
static void hand_over(struct wal_writer *w)
{
	struct wal_op *op = mem_alloc(sizeof(*op));

	op->kind = WAL_OP_CLOSE;
	op->file = w->file;
	op->end = wal_packer_place(w->packer).off;
	set_open(w, NULL);
	wal_commit_add(&w->commit, op);
}

/* Ends the open segment. A segment without an end record is as good: whoever reads it finds its
 * end. */
static void end_file(struct wal_writer *w)
{
	struct wal_place at = wal_packer_place(w->packer);

	pthread_mutex_lock(&w->commit.io);
	if (!w->file->given_up) {
		buf_reset(&w->out);
		wal_packer_end(w->packer, &w->out);
		if (write_out(w, at, &w->end_failure) < 0)
			err_wrap(&w->end_failure, "cannot end the segment");
	}
	hand_over(w);
	pthread_mutex_unlock(&w->commit.io);
}

static bool is_stopped(struct wal_writer *w, struct err *ret)
{
	bool stopped;

	if (w->refusal.code != ERR_NONE) {
		*ret = w->refusal;
		return true;
	}
	pthread_mutex_lock(&w->commit.lock);
	stopped = w->commit.stopped;
	if (w->commit.failure.code != ERR_NONE) {
		*ret = w->commit.failure;
		w->commit.failure.code = ERR_NONE;
		stopped = true;
	} else if (stopped) {
		err_set(ret, ERR_IO, "a batch before was refused");
	}
	pthread_mutex_unlock(&w->commit.lock);
	return stopped;
}

/* A segment that n bytes may be written to. */
static int ready_file(struct wal_writer *w, uint64_t n, struct err *e)
{
	if (w->file && w->file->given_up)
		hand_over(w);
	if (wal_space_check(w->dir, &w->opts.reserve, n, e) < 0)
		return -1;
	return w->file ? 0 : begin_file(w, e);
}

/* With commit.io held: the batch is in the log and handed over, or -1. */
static int write_entries(struct wal_writer *w, const struct job *j, struct err *e)
{
	struct wal_place at;
	struct wal_op *op;

	/* What its records take is not known yet, and hardly more than what it holds. */
	if (ready_file(w, j->es.text.n, e) < 0)
		return -1;
	at = wal_packer_place(w->packer);
	buf_reset(&w->out);
	if (wal_packer_add(w->packer, &j->es, j->batch_id, &w->out, e) < 0 ||
	    write_out(w, at, e) < 0)
		return -1;
	op = new_op(w->file, j->batch_id, j->es.n, entries_line_bytes(&j->es));
	op->end = wal_packer_place(w->packer).off;
	op->n_bytes = w->out.n;
	wal_commit_add(&w->commit, op);
	return 0;
}

static void run_entries(struct wal_writer *w, const struct job *j)
{
	const struct entries *es = &j->es;
	struct err e = { 0 };
	int rc;

	if (entries_memory(es) > WAL_SUBMIT_MAX &&
	    entries_line_bytes(es) + 16 * es->n > WAL_SUBMIT_MAX) {
		err_set(&e, ERR_LIMIT, "a batch of %zu bytes; at most %d", entries_line_bytes(es),
			WAL_SUBMIT_MAX);
		refuse(w, new_op(NULL, j->batch_id, es->n, entries_line_bytes(es)), &e);
		return;
	}
	/* A sync that failed between question and write would refuse only what came before. */
	pthread_mutex_lock(&w->commit.io);
	rc = is_stopped(w, &e) ? -1 : write_entries(w, j, &e);
	pthread_mutex_unlock(&w->commit.io);
	if (rc < 0)
		refuse(w, new_op(NULL, j->batch_id, es->n, entries_line_bytes(es)), &e);
}

static void free_ops(struct wal_op *first)
{
	for (struct wal_op *op = first, *next; op; op = next) {
		next = op->next;
		free(op);
	}
}

/* With commit.io held: batches [from, to) are in the log, by one write, and handed over, or -1. */
static int write_copies(struct wal_writer *w, const struct wal_copies *c, size_t from, size_t to,
			struct err *e)
{
	struct wal_op *first = NULL, **last = &first;
	struct wal_place at;

	if (ready_file(w, c->v[to - 1].off + c->v[to - 1].n - c->v[from].off, e) < 0)
		return -1;
	at = wal_packer_place(w->packer);
	buf_reset(&w->out);
	for (size_t i = from; i < to; i++) {
		const struct wal_copy *v = &c->v[i];
		size_t before = w->out.n;

		wal_packer_copy_batch(w->packer, bytes_of(c->data.p + v->off, v->n),
				      c->stream + v->first_stream, v->n_streams, v->n_entries,
				      &w->out);
		*last = op_of_copy(w->file, v);
		(*last)->end = wal_packer_place(w->packer).off;
		(*last)->n_bytes = w->out.n - before;
		last = &(*last)->next;
	}
	if (write_out(w, at, e) < 0) {
		free_ops(first);
		return -1;
	}
	wal_commit_add(&w->commit, first);
	return 0;
}

/* All by one write; when that fails one by one, since smaller ones may have room. */
static void run_copies(struct wal_writer *w, const struct wal_copies *c)
{
	for (size_t from = 0, step = c->n; from < c->n;) {
		size_t to = from + step < c->n ? from + step : c->n;
		struct err e = { 0 };
		bool stopped;
		int rc = 0;

		pthread_mutex_lock(&w->commit.io);
		stopped = is_stopped(w, &e);
		if (!stopped)
			rc = write_copies(w, c, from, to, &e);
		pthread_mutex_unlock(&w->commit.io);
		if (stopped || (rc < 0 && step == 1))
			refuse(w, op_of_copy(NULL, &c->v[from++]), &e);
		else if (rc < 0)
			step = 1;
		else
			from = to;
	}
}

static void run_job(struct wal_writer *w, const struct job *j)
{
	wal_commit_wait_room(&w->commit);
	if (j->es.n)
		run_entries(w, j);
	else
		run_copies(w, &j->copies);
	if (w->file && wal_packer_place(w->packer).off >= w->opts.segment_bytes)
		end_file(w);
}

/* Waits for a job, or until the open segment is old enough. Called and left with the lock held. */
static void wait_for_work(struct wal_writer *w)
{
	struct timespec due;

	if (!w->file) {
		pthread_cond_wait(&w->work, &w->lock);
		return;
	}
	due.tv_sec = w->file_due_ns / NS_PER_S;
	due.tv_nsec = w->file_due_ns % NS_PER_S;
	pthread_cond_timedwait(&w->work, &w->lock, &due);
}

/* Is the segment to be ended now? Called with the lock held. */
static bool end_is_due(struct wal_writer *w)
{
	bool asked = w->end_asked && w->end_after == 0;

	if (asked)
		w->end_asked = false;
	return w->file && (asked || time_mono_ns() >= w->file_due_ns);
}

static void *run(void *data)
{
	struct wal_writer *w = data;

	pthread_mutex_lock(&w->lock);
	while (w->n_jobs || !w->stop) {
		struct job *j = &w->jobs[w->first];

		if (end_is_due(w)) {
			pthread_mutex_unlock(&w->lock);
			end_file(w);
			pthread_mutex_lock(&w->lock);
		}
		if (w->n_jobs == 0) {
			if (!w->stop)
				wait_for_work(w);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		run_job(w, j);
		entries_reset(&j->es);
		wal_copies_reset(&j->copies);
		pthread_mutex_lock(&w->lock);
		w->first = (w->first + 1) % JOBS;
		w->n_jobs--;
		w->end_after -= w->end_after > 0;
		pthread_cond_broadcast(&w->room);
	}
	pthread_mutex_unlock(&w->lock);
	if (w->file)
		end_file(w);
	return NULL;
}

static void free_writer(struct wal_writer *w)
{
	for (size_t i = 0; i < JOBS; i++) {
		entries_release(&w->jobs[i].es);
		wal_copies_release(&w->jobs[i].copies);
	}
	wal_packer_free(w->packer);
	streams_free(w->streams);
	buf_release(&w->out);
	free(w->dir);
	free(w);
}

static void set_options(struct wal_writer *w, const struct wal_writer_opts *opts)
{
	w->opts = *opts;
	w->dir = strdup(opts->dir);
	w->opts.dir = w->dir;
	if (!w->opts.segment_bytes)
		w->opts.segment_bytes = SEGMENT_BYTES;
	if (!w->opts.segment_age_ns)
		w->opts.segment_age_ns = SEGMENT_AGE_NS;
	if (!w->opts.interval_ns)
		w->opts.interval_ns = NS_PER_S;
	if (opts->node)
		memcpy(w->node, opts->node, strnlen(opts->node, WAL_NODE_MAX));
	else if (gethostname(w->node, WAL_NODE_MAX) < 0)
		w->node[0] = '\0';
}

/* A folder that is found may have been made a moment ago by a writer that was killed before its
 * fsync, so its name is made durable here too, where we may. */
static int make_dir(const char *dir, struct err *e)
{
	struct buf parent = { 0 };
	int rc = io_mkdirs(dir, e);

	buf_addf(&parent, "%s/..", dir);
	if (rc == 0 && access(buf_str(&parent), R_OK) == 0)
		rc = io_sync_dir(parent.p, e);
	buf_release(&parent);
	return rc;
}

int wal_writer_open(const struct wal_writer_opts *opts, struct wal_writer **ret, struct err *e)
{
	struct wal_writer *w;
	pthread_condattr_t attr;

	if (make_dir(opts->dir, e) < 0)
		return -1;
	w = mem_alloc(sizeof(*w));
	set_options(w, opts);
	w->streams = streams_new();
	w->packer = wal_packer_new(w->streams);
	if (wal_commit_begin(&w->commit, &w->opts, e) < 0) {
		free_writer(w);
		return -1;
	}
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, &attr);
	pthread_cond_init(&w->room, NULL);
	pthread_condattr_destroy(&attr);
	errno = pthread_create(&w->thread, NULL, run, w);
	if (errno) {
		err_sys(e, "cannot start a thread");
		wal_commit_end(&w->commit);
		free_writer(w);
		return -1;
	}
	*ret = w;
	return 0;
}

struct streams *wal_writer_streams(struct wal_writer *w)
{
	return w->streams;
}

/* Room for a job, waited for. Called and left with the lock held. */
static struct job *new_job(struct wal_writer *w)
{
	while (w->n_jobs == JOBS)
		pthread_cond_wait(&w->room, &w->lock);
	pthread_cond_signal(&w->work);
	return &w->jobs[(w->first + w->n_jobs++) % JOBS];
}

void wal_writer_submit(struct wal_writer *w, struct entries *es, uint64_t batch_id)
{
	struct job *j;
	struct entries empty;

	if (es->n == 0)
		return;
	pthread_mutex_lock(&w->lock);
	j = new_job(w);
	empty = j->es;
	j->es = *es;
	j->batch_id = batch_id;
	*es = empty;
	pthread_mutex_unlock(&w->lock);
}

void wal_writer_copy(struct wal_writer *w, struct wal_copies *c)
{
	struct job *j;
	struct wal_copies empty;

	if (c->n == 0)
		return;
	pthread_mutex_lock(&w->lock);
	j = new_job(w);
	empty = j->copies;
	j->copies = *c;
	*c = empty;
	pthread_mutex_unlock(&w->lock);
}

void wal_writer_drain(struct wal_writer *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->n_jobs)
		pthread_cond_wait(&w->room, &w->lock);
	pthread_mutex_unlock(&w->lock);
	wal_commit_drain(&w->commit);
}

void wal_writer_end_segment(struct wal_writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->end_asked = true;
	w->end_after = w->n_jobs;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

void wal_writer_forget_streams(struct wal_writer *w)
{
	wal_writer_drain(w);
	pthread_mutex_lock(&w->lock);
	streams_reset(w->streams);
	wal_packer_forget(w->packer);
	pthread_mutex_unlock(&w->lock);
}

int wal_writer_close(struct wal_writer *w, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	wal_commit_end(&w->commit);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->room);
	if (w->end_failure.code != ERR_NONE)
		rc = err_set(e, w->end_failure.code, "%s", w->end_failure.msg);
	else if (w->commit.failure.code != ERR_NONE)
		rc = err_set(e, w->commit.failure.code, "%s", w->commit.failure.msg);
	free_writer(w);
	return rc;
}
