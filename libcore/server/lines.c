#include "server/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "time/time.h"

enum { KEPT_MAX = 64 << 10 }; /* bytes of memory that are kept for the next */

struct lines {
	size_t waiting_max;
	void (*failed)(const struct err *e, void *data);
	void *data;
	pthread_t thread;
	struct buf half;      /* the thread's own: the rest of a line that the file has a part of */
	pthread_mutex_t lock; /* all below */
	pthread_cond_t more, over;
	int fd, written_fd; /* the latter: at this moment, or -1 */
	struct buf waiting;
	uint64_t n_waiting, n_lost;
	bool turned; /* to another file, since the last write */
	bool stop, has_ended;
};

/* How much could be written; not all: e says why. */
static size_t write_some(int fd, struct bytes b, struct err *e)
{
	size_t done = 0;

	while (done < b.n) {
		ssize_t k = write(fd, b.p + done, b.n - done);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			err_sys(e, "write");
			break;
		}
		done += (size_t)k;
	}
	return done;
}

/* The line of which the last byte written is a part, when it is not the end of one. */
static bool keep_half(struct lines *l, struct bytes written, struct bytes rest)
{
	const char *end = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;

	if (!written.n || written.p[written.n - 1] == '\n' || !end)
		return false;
	buf_add(&l->half, rest.p, (size_t)(end - rest.p) + 1);
	return true;
}

/* n lines; how many of them are lost. One that was written in part is completed before the next, so
 * that the file has nothing but whole lines once there is room again. */
static uint64_t write_lines(struct lines *l, int fd, struct bytes lines, uint64_t n, struct err *e)
{
	uint64_t whole = 0;
	size_t done;

	buf_drop(&l->half, write_some(fd, buf_bytes(&l->half), e));
	if (l->half.n)
		return n;
	done = write_some(fd, lines, e);
	if (done == lines.n)
		return 0;
	for (size_t i = 0; i < done; i++)
		whole += lines.p[i] == '\n';
	whole += keep_half(l, bytes_sub(lines, 0, done), bytes_sub(lines, done, SIZE_MAX));
	return n - whole;
}

/* With the lock held, which is let go meanwhile. *spare is the memory of the lines before. */
static void write_waiting(struct lines *l, struct buf *spare)
{
	struct buf lines = l->waiting;
	uint64_t n = l->n_waiting, lost;
	struct err e = { 0 };
	int fd = l->fd;

	if (l->turned && l->half.n) { /* the rest is of no use without the beginning */
		buf_reset(&l->half);
		l->n_lost++;
	}
	l->turned = false;
	l->waiting = *spare;
	l->n_waiting = 0;
	l->written_fd = fd;
	pthread_mutex_unlock(&l->lock);
	lost = write_lines(l, fd, buf_bytes(&lines), n, &e);
	if (lines.cap > KEPT_MAX)
		buf_release(&lines);
	buf_reset(&lines);
	*spare = lines;
	pthread_mutex_lock(&l->lock);
	l->written_fd = -1;
	if (fd != l->fd) /* another one has taken its place meanwhile */
		close(fd);
	l->n_lost += lost;
	if (e.code != ERR_NONE && l->failed)
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
	buf_release(&l->half);
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

static bool is_same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

void lines_turn(struct lines *l, int fd)
{
	pthread_mutex_lock(&l->lock);
	l->turned |= !is_same_file(l->fd, fd);
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
