/*
 * Who decodes. A push that finds the lane free is decoded by the thread that brought it: no
 * handing over. One that would have to wait for another is left to a thread of the intake, which
 * takes them in the order in which they came; so a large push stops no more than one of the
 * threads that answer requests, of whatever kind. That thread also sees to it that streams and
 * tenants are forgotten when nothing comes for them.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "server/intake_detail.h"
#include "time/time.h"

static const int64_t SWEEP_MAX_NS = 60 * NS_PER_S;

struct turn {
	struct turn *next;
	struct intake_push push;
};

static void answer(const struct intake_push *p, int status, const struct buf *text)
{
	struct intake_answer a = { .status = status, .text = buf_bytes(text) };

	if (status == 503 || status == 429)
		a.retry_after_s = INTAKE_RETRY_S;
	p->answered(&a, p->data);
}

/* With the lane held, which is let go. */
static void take_turn(struct intake *in, const struct intake_push *p)
{
	struct buf text = { 0 };
	int status = 503;
	struct err why;

	if (in->lane.closed)
		buf_add_str(&text, INTAKE_STOPPING);
	else if (!outlet_has_room(in, &why)) /* by now: those before it may have taken it all */
		buf_add_str(&text, why.msg);
	else
		status = lane_take(in, p, &text);
	intake_metrics_leave(in);
	pthread_mutex_unlock(&in->lane.lock);
	if (status)
		answer(p, status, &text);
	buf_release(&text);
}

/* So late may it be that they are. */
static int64_t sweep_every_ns(const struct intake *in)
{
	int64_t idle_ns = in->opts.stream_idle_ns;

	return idle_ns < NS_PER_S ? NS_PER_S : idle_ns < SWEEP_MAX_NS ? idle_ns : SWEEP_MAX_NS;
}

static void sweep(struct intake *in)
{
	pthread_mutex_lock(&in->lane.lock);
	lane_sweep(in, time_mono_ns());
	pthread_mutex_unlock(&in->lane.lock);
}

/* The lock is held, and let go meanwhile. */
static void wait_more(struct turns *t, int64_t due_ns)
{
	struct timespec due = { .tv_sec = due_ns / NS_PER_S, .tv_nsec = due_ns % NS_PER_S };

	pthread_cond_timedwait(&t->more, &t->lock, &due);
}

static void *run(void *data)
{
	struct intake *in = data;
	struct turns *t = &in->turns;
	int64_t due_ns = time_mono_ns() + sweep_every_ns(in);

	pthread_mutex_lock(&t->lock);
	for (;;) {
		struct turn *turn = t->first;

		if (!turn && t->stop)
			break;
		if (time_mono_ns() >= due_ns) {
			pthread_mutex_unlock(&t->lock);
			sweep(in);
			pthread_mutex_lock(&t->lock);
			due_ns = time_mono_ns() + sweep_every_ns(in);
			continue;
		}
		if (!turn) {
			wait_more(t, due_ns);
			continue;
		}
		pthread_mutex_unlock(&t->lock);
		pthread_mutex_lock(&in->lane.lock);
		take_turn(in, &turn->push);
		pthread_mutex_lock(&t->lock);
		t->first = turn->next; /* until now those that came stood behind it */
		if (!t->first)
			t->last = &t->first;
		free(turn);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* Behind the others, when there are any or the lane is taken; else false, and the lane is held. */
static bool wait_turn(struct intake *in, const struct intake_push *p)
{
	struct turns *t = &in->turns;
	bool waits;

	pthread_mutex_lock(&t->lock);
	if (t->stop) { /* nobody else takes it */
		pthread_mutex_unlock(&t->lock);
		pthread_mutex_lock(&in->lane.lock);
		return false;
	}
	waits = t->first || pthread_mutex_trylock(&in->lane.lock) != 0;
	if (waits) {
		struct turn *turn = mem_alloc(sizeof(*turn));

		turn->push = *p;
		*t->last = turn;
		t->last = &turn->next;
		pthread_cond_signal(&t->more);
	}
	pthread_mutex_unlock(&t->lock);
	return waits;
}

void intake_push(struct intake *in, const struct intake_push *p)
{
	struct buf text = { 0 };
	struct err why;

	if (!outlet_has_room(in, &why)) {
		buf_add_str(&text, why.msg);
		answer(p, 503, &text);
		buf_release(&text);
	} else if (!wait_turn(in, p)) {
		take_turn(in, p);
	}
}

void turns_init(struct intake *in)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&in->turns.lock, NULL);
	pthread_cond_init(&in->turns.more, &attr);
	pthread_condattr_destroy(&attr);
	in->turns.last = &in->turns.first;
}

int turns_open(struct intake *in, struct err *e)
{
	errno = pthread_create(&in->turns.thread, NULL, run, in);
	if (errno)
		return err_sys(e, "cannot start a thread");
	in->turns.runs = true;
	return 0;
}

void turns_close(struct intake *in)
{
	struct turns *t = &in->turns;

	if (!t->runs)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->more);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	t->runs = false;
}

void turns_release(struct intake *in)
{
	pthread_mutex_destroy(&in->turns.lock);
	pthread_cond_destroy(&in->turns.more);
}
