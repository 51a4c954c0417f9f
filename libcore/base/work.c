/*
 * Threads take items in order under one lock. The caller's is one of them: whenever it has run
 * what it took, it takes up what is ready, oldest first, so nobody is woken for each result. Item i
 * uses slot i % window, which is free once item i - window has been taken up. A thread takes so
 * many items at once that the window has four runs of them for each: of a hundred thousand that are
 * done at once, a lock for each would take longer than they do.
 *
 * Where nobody takes up results, no thread waits for another, and there is no lock to take: items
 * may be small (a row of a table), and one of them large (a block that is decompressed).
 */
#include "base/work.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { RUNS_PER_JOB = 4 };

enum slot_state { SLOT_FREE, SLOT_READY, SLOT_FAILED };

struct loop {
	const struct work *w;
	size_t run_max;	      /* items that a thread takes at once */
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t begin; /* a thread may take the next items, or stop is set */
	pthread_cond_t ready; /* the oldest item was finished */
	size_t next;	      /* first item that no thread has taken */
	size_t taken_up;      /* items that are done */
	unsigned n_workers;   /* numbers given to threads */
	atomic_bool stop;     /* also read without it */
	unsigned char *slot;  /* enum slot_state */
	size_t failed;	      /* the lowest item that did; SIZE_MAX: none */
	struct err err;	      /* of it */
};

/* Whether there are slots for what a thread takes at once. Held lock. */
static bool has_room(const struct loop *l)
{
	return l->taken_up + l->w->window - l->next >= l->run_max;
}

/* The items that a thread runs next, first to end - 1. False: there are none, no room for them, or
 * all stops. Held lock. */
static bool take_items(struct loop *l, size_t *first, size_t *end)
{
	const struct work *w = l->w;
	size_t n;

	if (l->stop || l->next >= w->n || !has_room(l))
		return false;
	n = l->run_max < w->n - l->next ? l->run_max : w->n - l->next;
	*first = l->next;
	l->next += n;
	*end = l->next;
	return true;
}

/* Runs them, up to one that fails: the item behind the last that did not. The first one is run even
 * if the loop has stopped since it was taken: others may wait for it. */
static size_t run_items(struct loop *l, unsigned worker, size_t first, size_t end, struct err *e)
{
	const struct work *w = l->w;
	size_t i = first;

	while (i < end && (i == first || !atomic_load_explicit(&l->stop, memory_order_relaxed)) &&
	       w->run(w->data, worker, i, i % w->window, e) == 0)
		i++;
	return i;
}

/* Held lock. */
static void fail(struct loop *l, size_t item, const struct err *e)
{
	l->slot[item % l->w->window] = SLOT_FAILED;
	if (item < l->failed) {
		l->failed = item;
		l->err = *e;
	}
}

/* Runs items that were taken. Called and left with the lock held. */
static void run_taken(struct loop *l, unsigned worker, size_t first, size_t end)
{
	struct err e;
	size_t good;

	pthread_mutex_unlock(&l->lock);
	good = run_items(l, worker, first, end, &e);
	pthread_mutex_lock(&l->lock);
	for (size_t i = first; i < good; i++)
		l->slot[i % l->w->window] = SLOT_READY;
	if (good < end && !l->stop)
		fail(l, good, &e);
}

static void *worker_main(void *data)
{
	struct loop *l = data;
	unsigned worker;
	size_t first, end;

	pthread_mutex_lock(&l->lock);
	worker = l->n_workers++;
	while (!l->stop && l->next < l->w->n) {
		if (!take_items(l, &first, &end)) {
			pthread_cond_wait(&l->begin, &l->lock);
			continue;
		}
		run_taken(l, worker, first, end);
		if (first == l->taken_up)
			pthread_cond_signal(&l->ready);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Takes up the results that are ready, in order. 0: the next is not, or there is none; else what
 * ends the loop. Called and left with the lock held. */
static int take_up(struct loop *l, struct err *e)
{
	const struct work *w = l->w;

	while (l->taken_up < w->n) {
		size_t item = l->taken_up, slot = item % w->window;
		int rc;

		if (l->slot[slot] == SLOT_FREE)
			return 0;
		if (l->slot[slot] == SLOT_FAILED) {
			if (e)
				*e = l->err;
			return -1;
		}
		pthread_mutex_unlock(&l->lock);
		rc = w->done(w->data, item, slot, e);
		pthread_mutex_lock(&l->lock);
		l->slot[slot] = SLOT_FREE;
		l->taken_up++;
		if (rc != 0)
			return rc;
		if (has_room(l))
			pthread_cond_signal(&l->begin);
	}
	return 0;
}

/* The caller's part. */
static int lead(struct loop *l, struct err *e)
{
	size_t first, end;
	unsigned worker;
	int rc;

	pthread_mutex_lock(&l->lock);
	worker = l->n_workers++;
	while ((rc = take_up(l, e)) == 0 && l->taken_up < l->w->n) {
		if (take_items(l, &first, &end))
			run_taken(l, worker, first, end);
		else
			pthread_cond_wait(&l->ready, &l->lock);
	}
	l->stop = true;
	pthread_cond_broadcast(&l->begin);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

/* Threads, as many as can be started of n. */
static unsigned start(pthread_t *thread, unsigned n, void *(*main)(void *), void *data)
{
	unsigned started = 0;

	while (started < n && pthread_create(&thread[started], NULL, main, data) == 0)
		started++;
	return started;
}

static void join(const pthread_t *thread, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
}

static int run_in_order(const struct work *w, unsigned want, struct err *e)
{
	struct loop l = { .w = w, .failed = SIZE_MAX };
	pthread_t *thread;
	unsigned n_threads;
	int rc;

	pthread_mutex_init(&l.lock, NULL);
	pthread_cond_init(&l.begin, NULL);
	pthread_cond_init(&l.ready, NULL);
	l.run_max = (w->window < w->n ? w->window : w->n) / want / RUNS_PER_JOB;
	if (l.run_max == 0)
		l.run_max = 1;
	l.slot = mem_alloc(w->window * sizeof(*l.slot));
	thread = mem_alloc(want * sizeof(*thread));
	/* One fewer, and this one; so fewer threads than wished do the work as well. */
	n_threads = start(thread, want - 1, worker_main, &l);
	rc = lead(&l, e);
	join(thread, n_threads);
	free(thread);
	free(l.slot);
	pthread_cond_destroy(&l.ready);
	pthread_cond_destroy(&l.begin);
	pthread_mutex_destroy(&l.lock);
	return rc;
}

/* --- where nobody takes up ------------------------------------------------------------------- */

struct crowd {
	const struct work *w;
	atomic_size_t next;
	atomic_uint n_workers; /* numbers given to workers */
	atomic_bool stop;
	pthread_mutex_t lock; /* guards what follows */
	size_t failed;	      /* the lowest item that did; SIZE_MAX: none */
	struct err err;	      /* of it */
};

static void note_failure(struct crowd *c, size_t item, const struct err *e)
{
	pthread_mutex_lock(&c->lock);
	if (item < c->failed) {
		c->failed = item;
		c->err = *e;
	}
	pthread_mutex_unlock(&c->lock);
	atomic_store(&c->stop, true);
}

static void *crowd_main(void *data)
{
	struct crowd *c = data;
	const struct work *w = c->w;
	unsigned worker = atomic_fetch_add(&c->n_workers, 1);
	struct err e;

	while (!atomic_load_explicit(&c->stop, memory_order_relaxed)) {
		size_t item = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed);

		if (item >= w->n)
			break;
		if (w->run(w->data, worker, item, worker, &e) < 0)
			note_failure(c, item, &e);
	}
	return NULL;
}

static int run_crowd(const struct work *w, unsigned n, struct err *e)
{
	struct crowd c = { .w = w, .failed = SIZE_MAX };
	pthread_t *thread = mem_alloc(n * sizeof(*thread));

	pthread_mutex_init(&c.lock, NULL);
	/* One fewer, and this one; so fewer threads than wished do the work as well. */
	n = start(thread, n - 1, crowd_main, &c);
	crowd_main(&c);
	join(thread, n);
	free(thread);
	pthread_mutex_destroy(&c.lock);
	if (c.failed == SIZE_MAX)
		return 0;
	if (e)
		*e = c.err;
	return -1;
}

/* --------------------------------------------------------------------------------------------- */

static int run_alone(const struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		int rc = w->run(w->data, 0, i, i % w->window, e);

		if (rc == 0 && w->done)
			rc = w->done(w->data, i, i % w->window, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int work_run(const struct work *w, struct err *e)
{
	unsigned want = w->jobs;

	assert(w->jobs >= 1 && w->jobs <= WORK_JOBS_MAX && w->window >= 1);
	if (want > w->n)
		want = (unsigned)w->n;
	if (!w->done && want > w->window) /* a slot each */
		want = (unsigned)w->window;
	if (want <= 1)
		return run_alone(w, e);
	return w->done ? run_in_order(w, want, e) : run_crowd(w, want, e);
}

unsigned work_cpus(void)
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	if (n < 1)
		n = 1;
	return n > WORK_JOBS_MAX ? WORK_JOBS_MAX : (unsigned)n;
}
