#include "server/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "time/time.h"

enum { KEPT_MAX = 64 << 10 }; /* bytes of memory that are kept for the next */

struct lines {
	size_t waiting_max;
	void (*failed)(const struct err *e, void *data);
	void *data;
	pthread_t thread;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t more, over;
	int fd, written_fd; /* the latter: at this moment, or -1 */
	struct buf waiting;
	uint64_t n_waiting, n_lost;
	bool stop, has_ended;
};

/* With the lock held, which is let go meanwhile. *spare is the memory of the lines before. */
static void write_waiting(struct lines *l, struct buf *spare)
{
	struct buf lines = l->waiting;
	uint64_t n = l->n_waiting;
	int fd = l->fd, rc;
	struct err e;

	l->waiting = *spare;
	l->n_waiting = 0;
	l->written_fd = fd;
	pthread_mutex_unlock(&l->lock);
	rc = io_write(fd, lines.p, lines.n, &e);
	if (lines.cap > KEPT_MAX)
		buf_release(&lines);
	buf_reset(&lines);
	*spare = lines;
	pthread_mutex_lock(&l->lock);
	l->written_fd = -1;
	if (fd != l->fd) /* another one has taken its place meanwhile */
		close(fd);
	if (rc < 0)
		l->n_lost += n;
	if (rc < 0 && l->failed)
		l->failed(&e, l->data);
}

static void *write_all(void *data)
{
	struct lines *l = data;
	struct buf spare = { 0 };

	pthread_mutex_lock(&l->lock);
	while (l->waiting.n || !l->stop) {
		if (l->waiting.n)
			write_waiting(l, &spare);
		else
			pthread_cond_wait(&l->more, &l->lock);
	}
	buf_release(&spare);
	l->has_ended = true;
	pthread_cond_signal(&l->over);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Signals are for others: also one that comes before the thread could say so. */
static int start_thread(struct lines *l)
{
	sigset_t all, old;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&l->thread, NULL, write_all, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return failed;
}

static void lines_free(struct lines *l)
{
	close(l->fd);
	buf_release(&l->waiting);
	pthread_cond_destroy(&l->more);
	pthread_cond_destroy(&l->over);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

int lines_open(int fd, size_t waiting_max, void (*failed)(const struct err *e, void *data),
	       void *data, struct lines **ret, struct err *e)
{
	struct lines *l = mem_alloc(sizeof(*l));
	pthread_condattr_t attr;

	*l = (struct lines){ .waiting_max = waiting_max,
			     .failed = failed,
			     .data = data,
			     .fd = fd,
			     .written_fd = -1 };
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->more, NULL);
	pthread_cond_init(&l->over, &attr);
	pthread_condattr_destroy(&attr);
	errno = start_thread(l);
	if (errno) {
		err_sys(e, "cannot start a thread");
		lines_free(l);
		return -1;
	}
	*ret = l;
	return 0;
}

bool lines_add(struct lines *l, struct bytes line)
{
	bool taken;

	pthread_mutex_lock(&l->lock);
	taken = l->waiting.n < l->waiting_max;
	if (taken) {
		buf_add_bytes(&l->waiting, line);
		l->n_waiting++;
		pthread_cond_signal(&l->more);
	} else {
		l->n_lost++;
	}
	pthread_mutex_unlock(&l->lock);
	return taken;
}

uint64_t lines_lost(struct lines *l)
{
	uint64_t ret;

	pthread_mutex_lock(&l->lock);
	ret = l->n_lost;
	pthread_mutex_unlock(&l->lock);
	return ret;
}

void lines_turn(struct lines *l, int fd)
{
	pthread_mutex_lock(&l->lock);
	if (l->fd != l->written_fd) /* else who writes to it closes it */
		close(l->fd);
	l->fd = fd;
	pthread_mutex_unlock(&l->lock);
}

void lines_close(struct lines *l, int64_t timeout_ns)
{
	int64_t due_ns = time_mono_ns() + timeout_ns;
	struct timespec due = { .tv_sec = due_ns / NS_PER_S, .tv_nsec = due_ns % NS_PER_S };
	bool has_ended;

	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->more);
	while (!l->has_ended && pthread_cond_timedwait(&l->over, &l->lock, &due) == 0)
		;
	has_ended = l->has_ended;
	l->failed = NULL; /* its data goes */
	pthread_mutex_unlock(&l->lock);
	if (has_ended) {
		pthread_join(l->thread, NULL);
		lines_free(l);
	} else {
		pthread_detach(l->thread);
	}
}
