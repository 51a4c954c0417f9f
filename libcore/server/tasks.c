#include "server/tasks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"

struct tasks {
	pthread_mutex_t lock; /* first, last, stop */
	pthread_cond_t more;
	struct task *first, **last;
	bool stop;
	pthread_t *thread;
	unsigned n_threads; /* that run */
};

static void *run_all(void *data)
{
	struct tasks *q = data;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	pthread_mutex_lock(&q->lock);
	while (q->first || !q->stop) {
		struct task *t = q->first;

		if (!t) {
			pthread_cond_wait(&q->more, &q->lock);
			continue;
		}
		q->first = t->next;
		if (!q->first)
			q->last = &q->first;
		pthread_mutex_unlock(&q->lock);
		t->run(t);
		pthread_mutex_lock(&q->lock);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

int tasks_open(unsigned n_threads, struct tasks **ret, struct err *e)
{
	struct tasks *q = mem_alloc(sizeof(*q));

	q->last = &q->first;
	q->thread = mem_alloc(n_threads * sizeof(*q->thread));
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->more, NULL);
	for (; q->n_threads < n_threads; q->n_threads++) {
		errno = pthread_create(&q->thread[q->n_threads], NULL, run_all, q);
		if (errno) {
			err_sys(e, "cannot start a thread");
			tasks_close(q);
			return -1;
		}
	}
	*ret = q;
	return 0;
}

bool tasks_add(struct tasks *q, struct task *t)
{
	bool taken;

	pthread_mutex_lock(&q->lock);
	taken = !q->stop;
	if (taken) {
		t->next = NULL;
		*q->last = t;
		q->last = &t->next;
		pthread_cond_signal(&q->more);
	}
	pthread_mutex_unlock(&q->lock);
	return taken;
}

void tasks_stop(struct tasks *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_cond_broadcast(&q->more);
	pthread_mutex_unlock(&q->lock);
	while (q->n_threads)
		pthread_join(q->thread[--q->n_threads], NULL);
}

void tasks_close(struct tasks *q)
{
	if (!q)
		return;
	tasks_stop(q);
	pthread_cond_destroy(&q->more);
	pthread_mutex_destroy(&q->lock);
	free(q->thread);
	free(q);
}
