/*
 * From batches to lokid-ingest and back. The writer packs batches and writes them into its input;
 * the reader takes its answers, one a record in the order of the records, and answers the pushes.
 *
 * A batch that is not full is taken only while few are under way: the requests that come meanwhile
 * go into it, and cost no record of their own. When lokid-ingest ends, what it had not answered is
 * answered with 503 (clients send again; an entry that was in the log after all folds), what was
 * not written goes to the next one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "server/intake_detail.h"
#include "server/log.h"
#include "time/time.h"

enum {
	FAILURES_MAX =
		2, /* starts without any answer: then pushes are refused until there is one */
	ANSWER_MAX = 4096,  /* a line of lokid-ingest */
	END_TIMEOUT_S = 10, /* for ending a segment; then it is killed */
	LOOK_MS = 100,	    /* while it is waited for: may it still be? */
	STALLED_S = 10,	    /* without an answer: a disk that hangs, or a program that is stopped */
	REFUSED_S = 60,	    /* so long after a batch was refused the log counts as one that takes
			       nothing: who pushes only to what is ready must come again to see */
};

struct writer {
	struct intake *in;
	int fd;		/* of this epoch; -1: broken */
	uint64_t epoch; /* 0: none yet */
	uint64_t words; /* serial, of which the frames begun are; 0: none are */
	struct buf out;
};

static const struct intake_answer AGAIN = {
	.status = 503,
	.retry_after_s = INTAKE_RETRY_S,
	.text = { "the log was interrupted before it had taken this: send it again", 63 },
};

static void wait_until(pthread_cond_t *c, pthread_mutex_t *m, int64_t due_ns)
{
	struct timespec due = { .tv_sec = due_ns / NS_PER_S, .tv_nsec = due_ns % NS_PER_S };

	pthread_cond_timedwait(c, m, &due);
}

/* It does not run, and the last starts did not last; or it is to be another. With the lock held. */
static bool is_down(const struct outlet *o)
{
	return o->stuck || (!o->child && o->n_failures >= FAILURES_MAX);
}

static void say_down(const struct outlet *o, struct err *why)
{
	if (is_down(o))
		err_set(why, ERR_AGAIN, "the log takes nothing now: %s", o->why.msg);
	else
		err_set(why, ERR_AGAIN, INTAKE_STOPPING);
}

/* --- the writer --- */

/* A header and, in the frames after it, all streams anew. */
static int begin_frames(struct writer *w, const struct batch *b, struct err *e)
{
	struct wal_header h = { .created_ns = time_now_ns() };
	unsigned char bytes[WAL_HEADER];

	if (getentropy(h.id.b, sizeof(h.id.b)) < 0)
		return err_sys(e, "no random bytes");
	memcpy(h.node, w->in->node, sizeof(h.node));
	wal_header_encode(&h, bytes);
	buf_add(&w->out, bytes, sizeof(bytes));
	wal_packer_begin(b->words->packer);
	w->words = b->words->serial;
	return 0;
}

/* The frames of b into w->out; b->unanswered is how many records these are. */
static int pack(struct writer *w, struct batch *b, struct err *e)
{
	uint64_t before;

	buf_reset(&w->out);
	if (w->words != b->words->serial && begin_frames(w, b, e) < 0)
		return -1;
	before = wal_packer_place(b->words->packer).batches;
	if (wal_packer_add(b->words->packer, &b->es, b->id, &w->out, e) < 0) {
		w->words = 0; /* a header that was not written: it comes again */
		return -1;
	}
	b->unanswered = wal_packer_place(b->words->packer).batches - before;
	return 0;
}

static void fail(struct intake *in, struct batch *b, int status, const struct err *why)
{
	batch_settle(in, b,
		     &(struct intake_answer){ .status = status,
					      .retry_after_s = status == 503 ? INTAKE_RETRY_S : 0,
					      .text = bytes_str(why->msg) });
}

/* Nothing that is written is taken any more. */
static bool is_left(struct outlet *o, uint64_t epoch)
{
	bool ret;

	pthread_mutex_lock(&o->lock);
	ret = !o->child || o->epoch_killed >= epoch || o->epoch_over >= epoch;
	pthread_mutex_unlock(&o->lock);
	return ret;
}

/* All of w->out; false: it has ended, or was killed since it does not answer. Such a one may hold
 * its input for as long as a disk hangs, so a full pipe is not waited for by write(). */
static bool write_frames(struct writer *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLOUT };
	size_t done = 0;

	while (done < w->out.n) {
		ssize_t n = write(w->fd, w->out.p + done, w->out.n - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			if (is_left(&w->in->outlet, w->epoch))
				return false;
			poll(&p, 1, LOOK_MS);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* Called without the lock. */
static void send_batch(struct writer *w, struct batch *b)
{
	struct intake *in = w->in;
	struct outlet *o = &in->outlet;
	bool over;
	struct err e;

	b->id = ++o->last_id; /* the writer's own */
	b->epoch = w->epoch;
	b->sent_ns = time_mono_ns();
	if (pack(w, b, &e) < 0) {
		log_event(in->opts.log, LOG_ERROR, "a batch cannot be packed", "err", e.msg, NULL);
		fail(in, b, 500, &e);
		return;
	}
	pthread_mutex_lock(&o->lock);
	over = o->epoch_over >= w->epoch;
	if (!over) {
		*o->sent_end = b;
		o->sent_end = &b->next;
		if (!o->n_sent++)
			pthread_cond_signal(&o->answers);
	}
	pthread_mutex_unlock(&o->lock);
	if (over) {
		batch_settle(in, b, &AGAIN);
		close(w->fd);
		w->fd = -1;
		return;
	}
	metrics_add(in->count.wal_bytes, (double)w->out.n);
	if (!write_frames(w)) {
		/* The reader sees that too, and settles what it was given. */
		close(w->fd);
		w->fd = -1;
	}
}

/* With the lock held: what was begun for the lokid-ingest before is void. */
static void take_epoch(struct writer *w)
{
	struct outlet *o = &w->in->outlet;

	if (w->fd >= 0)
		close(w->fd);
	w->fd = o->in_fd;
	o->in_fd = -1;
	w->epoch = o->epoch;
	w->words = 0;
}

static struct batch *take_queued(struct outlet *o)
{
	struct batch *b = o->queue;

	if (!b)
		return NULL;
	o->queue = b->next;
	if (!o->queue)
		o->queue_end = &o->queue;
	b->next = NULL;
	return b;
}

/* The next batch to be written or, when there is no lokid-ingest, to be refused; NULL: none. Called
 * and left with the lock held. */
static struct batch *next_batch(struct writer *w, bool refusing)
{
	struct outlet *o = &w->in->outlet;
	struct batch *b;

	if (w->fd < 0 && !refusing)
		return NULL;
	b = take_queued(o);
	if (b || !o->open_waits || (o->n_sent >= BATCHES_UNDER_WAY && !refusing))
		return b;
	o->open_waits = false;
	pthread_mutex_unlock(&o->lock);
	b = lane_take_open(w->in);
	pthread_mutex_lock(&o->lock);
	return b;
}

static void *write_all(void *data)
{
	struct writer w = { .in = data, .fd = -1 };
	struct outlet *o = &w.in->outlet;

	pthread_mutex_lock(&o->lock);
	for (;;) {
		bool refusing;
		struct batch *b;

		if (w.epoch != o->epoch)
			take_epoch(&w);
		refusing = o->stop || is_down(o);
		b = next_batch(&w, refusing);
		if (b) {
			struct err why;

			say_down(o, &why);
			pthread_mutex_unlock(&o->lock);
			if (refusing)
				fail(w.in, b, 503, &why);
			else
				send_batch(&w, b);
			pthread_mutex_lock(&o->lock);
		} else if (o->stop) {
			break;
		} else if (o->child || o->start_due_ns == INT64_MAX) {
			pthread_cond_wait(&o->work, &o->lock);
		} else if (time_mono_ns() < o->start_due_ns) {
			wait_until(&o->work, &o->lock, o->start_due_ns);
		} else {
			pthread_mutex_unlock(&o->lock);
			intake_child_start(w.in);
			pthread_mutex_lock(&o->lock);
		}
	}
	pthread_mutex_unlock(&o->lock);
	if (w.fd >= 0)
		close(w.fd); /* the end of its input: it ends the segment, and itself */
	buf_release(&w.out);
	return NULL;
}

/* --- the reader --- */

/* The first batch that was sent and is not answered, when it has this id. */
static struct batch *first_sent(struct outlet *o, uint64_t id, uint64_t epoch)
{
	struct batch *b = o->sent;

	return b && b->id == id && b->epoch == epoch ? b : NULL;
}

static void take_sent(struct outlet *o)
{
	struct batch *b = o->sent;

	o->sent = b->next;
	if (!o->sent)
		o->sent_end = &o->sent;
	b->next = NULL;
	o->n_sent--;
	pthread_cond_signal(&o->work);
}

/* What a line says of its batch: .status 0 is "it is in the log". */
static struct intake_answer meaning(struct bytes word, struct bytes why, struct buf *text)
{
	struct intake_answer a = { .status = 503, .retry_after_s = INTAKE_RETRY_S };

	if (bytes_is(word, "ok"))
		return (struct intake_answer){ 0 };
	if (bytes_is(word, "full:")) {
		a.retry_after_s = INTAKE_FULL_RETRY_S;
		a.fault = INTAKE_FULL;
		buf_add_str(text, "there is no room for the log on the disk: ");
	} else if (bytes_is(word, "failed:")) {
		a.fault = INTAKE_BROKEN;
		buf_add_str(text, "the log cannot be written: ");
	} else {
		a = (struct intake_answer){ .status = 500 };
		buf_add_str(text, "the log refuses this: ");
	}
	buf_add_bytes(text, why);
	a.text = buf_bytes(text);
	return a;
}

/* "17 ok", "17 full: why". Errors: ERR_CORRUPT, it is no answer to what was sent. */
static int take_answer(struct intake *in, struct bytes line, uint64_t epoch, struct err *e)
{
	struct outlet *o = &in->outlet;
	struct bytes rest = line, number = { 0 }, word = { 0 };
	struct buf text = { 0 };
	struct intake_answer a;
	struct batch *b;
	bool last = false;
	uint64_t id;

	bytes_split(&rest, ' ', &number);
	bytes_split(&rest, ' ', &word);
	if (!num_u64(number, &id) || !word.n)
		return err_set(e, ERR_CORRUPT, "'%.*s' is no answer", BYTES_ARG(line));
	a = meaning(word, rest, &text);
	pthread_mutex_lock(&o->lock);
	b = first_sent(o, id, epoch);
	if (b) {
		if (a.status && !b->failed.status) {
			b->failed = a;
			buf_reset(&b->why);
			buf_add_bytes(&b->why, a.text);
			b->failed.text = buf_bytes(&b->why);
		}
		o->n_failures = 0;
		o->answered_ns = time_mono_ns();
		if (!a.status)
			metrics_add(in->count.records, 1);
		last = --b->unanswered == 0;
		if (last)
			take_sent(o);
	}
	pthread_mutex_unlock(&o->lock);
	buf_release(&text);
	if (!b)
		return err_set(e, ERR_CORRUPT, "batch %llu was not sent, or is answered already",
			       (unsigned long long)id);
	if (last)
		batch_settle(in, b, b->failed.status ? &b->failed : NULL);
	return 0;
}

static int take_answers(struct intake *in, struct buf *got, uint64_t epoch, struct err *e)
{
	const char *nl;
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && at < got->n && (nl = memchr(got->p + at, '\n', got->n - at)) != NULL) {
		size_t end = (size_t)(nl - got->p);

		rc = take_answer(in, bytes_of(got->p + at, end - at), epoch, e);
		at = end + 1;
	}
	buf_drop(got, at);
	if (rc == 0 && got->n > ANSWER_MAX)
		return err_set(e, ERR_CORRUPT, "an answer of more than %d bytes", ANSWER_MAX);
	return rc;
}

/* Nothing is given to it any more. A disk may keep it from ending for as long as it hangs. */
static void give_up_on(struct intake *in, uint64_t epoch, int64_t silent)
{
	struct outlet *o = &in->outlet;

	log_event(in->opts.log, LOG_ERROR, "lokid-ingest does not answer, and is killed", NULL);
	pthread_mutex_lock(&o->lock);
	if (o->epoch == epoch && o->child) {
		o->stuck = true;
		o->epoch_killed = epoch;
		err_set(&o->why, ERR_AGAIN, "lokid-ingest has not answered for %lld s",
			(long long)(silent / NS_PER_S));
		child_signal(in->opts.children, o->child, SIGKILL);
		pthread_cond_broadcast(&o->work);
		pthread_cond_broadcast(&o->settled);
	}
	pthread_mutex_unlock(&o->lock);
}

/* Waits while it owes no answer: what it says then, and its end, are of interest when it owes one,
 * so nobody wakes. May it still say something? Then *ret_silent is for how long it has answered
 * nothing to what it was sent. */
static bool wait_owed(struct outlet *o, uint64_t epoch, int64_t *ret_silent)
{
	bool over;

	*ret_silent = 0;
	pthread_mutex_lock(&o->lock);
	while (!o->sent && !o->stop && o->epoch == epoch)
		pthread_cond_wait(&o->answers, &o->lock);
	over = o->epoch != epoch || !o->child || (o->stop && o->epoch_killed >= epoch);
	if (o->sent && !over) {
		int64_t sent_ns = o->sent->sent_ns;

		*ret_silent =
			time_mono_ns() - (sent_ns > o->answered_ns ? sent_ns : o->answered_ns);
	}
	pthread_mutex_unlock(&o->lock);
	return !over;
}

/* Until there is something to be read. False: it has ended, or is stuck, and has been given up. */
static bool wait_readable(struct intake *in, int fd, uint64_t epoch)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t silent;
	bool waits;

	do {
		waits = wait_owed(&in->outlet, epoch, &silent) && silent < in->opts.stuck_ns;
		if (poll(&p, 1, waits ? LOOK_MS : 0) > 0)
			return true;
	} while (waits);
	if (silent >= in->opts.stuck_ns)
		give_up_on(in, epoch, silent);
	return false;
}

/* Until lokid-ingest ends. */
static void read_epoch(struct intake *in, int fd, uint64_t epoch)
{
	struct buf got = { 0 };
	struct err e;
	ssize_t n;

	while (wait_readable(in, fd, epoch)) {
		n = read(fd, buf_reserve(&got, ANSWER_MAX), ANSWER_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got.n += (size_t)n;
		if (take_answers(in, &got, epoch, &e) < 0) {
			log_event(in->opts.log, LOG_ERROR, "lokid-ingest answers wrongly", "err",
				  e.msg, NULL);
			pthread_mutex_lock(&in->outlet.lock);
			if (in->outlet.epoch == epoch)
				child_signal(in->opts.children, in->outlet.child, SIGKILL);
			pthread_mutex_unlock(&in->outlet.lock);
			break;
		}
	}
	buf_release(&got);
}

/* What was sent to one that has ended. */
static void fail_sent(struct intake *in, uint64_t epoch)
{
	struct outlet *o = &in->outlet;
	struct batch *b;

	do {
		pthread_mutex_lock(&o->lock);
		o->epoch_over = epoch;
		b = o->sent && o->sent->epoch <= epoch ? o->sent : NULL;
		if (b)
			take_sent(o);
		pthread_mutex_unlock(&o->lock);
		if (b)
			batch_settle(in, b, &AGAIN);
	} while (b);
}

static void *read_all(void *data)
{
	struct intake *in = data;
	struct outlet *o = &in->outlet;
	uint64_t epoch = 0;

	pthread_mutex_lock(&o->lock);
	while (!o->stop || epoch != o->epoch) {
		int fd;

		if (epoch == o->epoch) {
			pthread_cond_wait(&o->answers, &o->lock);
			continue;
		}
		epoch = o->epoch;
		fd = o->out_fd;
		o->out_fd = -1;
		pthread_mutex_unlock(&o->lock);
		fail_sent(in, epoch - 1);
		read_epoch(in, fd, epoch);
		close(fd);
		fail_sent(in, epoch);
		pthread_mutex_lock(&o->lock);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

/* --- from outside --- */

bool outlet_has_room(struct intake *in, struct err *why)
{
	struct outlet *o = &in->outlet;
	bool has = false;

	pthread_mutex_lock(&o->lock);
	if (o->stop || is_down(o))
		say_down(o, why);
	else if (o->weight >= in->opts.queue_max)
		err_set(why, ERR_AGAIN,
			"too much waits for the log: %llu bytes, the limit is %llu; send it again "
			"later",
			(unsigned long long)o->weight, (unsigned long long)in->opts.queue_max);
	else
		has = true;
	pthread_mutex_unlock(&o->lock);
	return has;
}

/* Near a full disk small pushes still fit where larger ones do not: that is no room yet. With the
 * lock held: does the state change? */
static bool note_taken(struct outlet *o, uint64_t n_bytes, int64_t quiet_ns)
{
	if (!o->refused_ns)
		return false;
	if (n_bytes < o->refused_bytes && time_mono_ns() - o->refused_ns < quiet_ns) {
		o->took_since = true;
		return false;
	}
	o->refused_ns = 0;
	o->refused_bytes = 0;
	return true;
}

static bool note_refused(struct outlet *o, uint64_t n_bytes, struct bytes why)
{
	bool changes = !o->refused_ns;

	o->took_since = false;
	o->refused_ns = time_mono_ns();
	if (o->refused_bytes < n_bytes)
		o->refused_bytes = n_bytes;
	err_set(&o->refused, ERR_AGAIN, "%.*s", BYTES_ARG(why));
	return changes;
}

void outlet_note(struct intake *in, const struct waiter *w)
{
	const struct intake_answer *a = &w->failed;
	struct outlet *o = &in->outlet;
	struct err why;
	bool changes;

	if (a->status && a->fault == INTAKE_NO_FAULT) /* this push is bad, not the log */
		return;
	pthread_mutex_lock(&o->lock);
	changes = a->status ? note_refused(o, w->n_bytes, a->text)
			    : note_taken(o, w->n_bytes, in->opts.quiet_ns);
	why = o->refused;
	pthread_mutex_unlock(&o->lock);
	if (!changes)
		return;
	if (a->status)
		log_event(in->opts.log, LOG_ERROR, "pushes are refused", "err", why.msg, NULL);
	else
		log_event(in->opts.log, LOG_INFO, "pushes are taken again", NULL);
}

bool outlet_runs(struct intake *in, struct err *why)
{
	struct outlet *o = &in->outlet;
	int64_t waits_ns = 0, counts_ns;
	bool runs;

	pthread_mutex_lock(&o->lock);
	counts_ns = o->took_since ? in->opts.quiet_ns : REFUSED_S * NS_PER_S;
	runs = !o->stop && !is_down(o);
	if (!runs) {
		say_down(o, why);
	} else if (o->refused_ns && time_mono_ns() - o->refused_ns < counts_ns) {
		*why = o->refused;
		runs = false;
	} else if (o->sent) {
		waits_ns = time_mono_ns() - o->sent->sent_ns;
	}
	pthread_mutex_unlock(&o->lock);
	if (waits_ns < STALLED_S * NS_PER_S)
		return runs;
	err_set(why, ERR_AGAIN, "the log has taken nothing for %lld s",
		(long long)(waits_ns / NS_PER_S));
	return false;
}

void outlet_add(struct intake *in, struct batch *b)
{
	struct outlet *o = &in->outlet;

	pthread_mutex_lock(&o->lock);
	*o->queue_end = b;
	o->queue_end = &b->next;
	o->open_waits = false; /* batches come here in the order in which they were open */
	pthread_cond_signal(&o->work);
	pthread_mutex_unlock(&o->lock);
}

void outlet_grow(struct intake *in, uint64_t weight, bool open_waits)
{
	struct outlet *o = &in->outlet;

	pthread_mutex_lock(&o->lock);
	o->weight += weight;
	if (open_waits && !o->open_waits) {
		o->open_waits = true;
		pthread_cond_signal(&o->work);
	}
	pthread_mutex_unlock(&o->lock);
}

int outlet_open(struct intake *in, struct err *e)
{
	struct outlet *o = &in->outlet;
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->work, &attr);
	pthread_cond_init(&o->settled, &attr);
	pthread_cond_init(&o->answers, NULL);
	pthread_condattr_destroy(&attr);
	o->in_fd = o->out_fd = -1;
	o->start_due_ns = INT64_MAX;
	o->queue_end = &o->queue;
	o->sent_end = &o->sent;
	errno = pthread_create(&o->writer, NULL, write_all, in);
	if (errno)
		return err_sys(e, "cannot start a thread");
	errno = pthread_create(&o->reader, NULL, read_all, in);
	if (errno) {
		err_sys(e, "cannot start a thread");
		pthread_mutex_lock(&o->lock);
		o->stop = true;
		pthread_cond_broadcast(&o->work);
		pthread_mutex_unlock(&o->lock);
		pthread_join(o->writer, NULL);
		return -1;
	}
	intake_child_start(in);
	return 0;
}

/* With the lock held: until no batch is left, there is no lokid-ingest, or the time has come. */
static void wait_settled(struct outlet *o, int64_t due_ns)
{
	while (o->weight && time_mono_ns() < due_ns && !is_down(o))
		wait_until(&o->settled, &o->lock, due_ns);
}

static void wait_end(struct intake *in, int64_t due_ns)
{
	struct outlet *o = &in->outlet;

	while (o->child && time_mono_ns() < due_ns)
		wait_until(&o->settled, &o->lock, due_ns);
	if (o->child)
		child_signal(in->opts.children, o->child, SIGKILL);
	while (o->child)
		pthread_cond_wait(&o->settled, &o->lock);
}

void outlet_close(struct intake *in, int64_t timeout_ns)
{
	struct outlet *o = &in->outlet;

	pthread_mutex_lock(&o->lock);
	wait_settled(o, time_mono_ns() + timeout_ns);
	o->stop = true;
	if (o->weight) { /* it does not read or answer, and the writer may wait for it */
		o->epoch_killed = o->epoch;
		child_signal(in->opts.children, o->child, SIGKILL);
	}
	pthread_cond_broadcast(&o->work);
	pthread_cond_broadcast(&o->answers);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->writer, NULL);
	pthread_mutex_lock(&o->lock);
	wait_end(in, time_mono_ns() + END_TIMEOUT_S * NS_PER_S);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->reader, NULL);
}

void outlet_release(struct intake *in)
{
	struct outlet *o = &in->outlet;

	if (o->in_fd >= 0)
		close(o->in_fd);
	if (o->out_fd >= 0)
		close(o->out_fd);
	batch_free_spares(o);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->work);
	pthread_cond_destroy(&o->answers);
	pthread_cond_destroy(&o->settled);
}
