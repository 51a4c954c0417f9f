/*
 * Who ends the daemon waits for threads, and these for disks. Nothing brings a thread back that a
 * disk keeps, so it is not tried: what was acknowledged is in the log, and nobody else is answered.
 */
#include "server/ender.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/log.h"

enum { LEFT_MS = 1000 };

struct ender {
	int signal_fd, over_fd;
	struct log *log;
	pthread_t thread;
	atomic_bool asked;
};

/* 1 it is all over, 0 a signal, or the time has come. */
static bool wait_for(const struct ender *n, int signal_fd, int timeout_ms)
{
	struct pollfd p[] = { { .fd = n->over_fd, .events = POLLIN },
			      { .fd = signal_fd, .events = POLLIN } };

	while (poll(p, 2, timeout_ms) < 0 && errno == EINTR)
		;
	return p[0].revents;
}

static bool has_come(const struct ender *n)
{
	struct signalfd_siginfo got;

	return read(n->signal_fd, &got, sizeof(got)) == (ssize_t)sizeof(got) &&
	       got.ssi_signo != SIGHUP;
}

static void *watch(void *data)
{
	struct ender *n = data;

	do {
		if (wait_for(n, n->signal_fd, -1))
			return NULL;
	} while (!has_come(n));
	atomic_store(&n->asked, true);
	log_event(n->log, LOG_INFO, "ending at once", NULL);
	if (!wait_for(n, -1, LEFT_MS))
		_exit(0);
	return NULL;
}

int ender_open(int signal_fd, struct log *log, struct ender **ret, struct err *e)
{
	struct ender *n = mem_alloc(sizeof(*n));

	*n = (struct ender){ .signal_fd = signal_fd, .log = log };
	n->over_fd = eventfd(0, EFD_CLOEXEC);
	if (n->over_fd < 0) {
		err_sys(e, "eventfd");
		free(n);
		return -1;
	}
	errno = pthread_create(&n->thread, NULL, watch, n);
	if (errno) {
		err_sys(e, "cannot start a thread");
		close(n->over_fd);
		free(n);
		return -1;
	}
	*ret = n;
	return 0;
}

bool ender_asked(const struct ender *n)
{
	return n && atomic_load(&n->asked);
}

void ender_close(struct ender *n)
{
	if (!n)
		return;
	if (eventfd_write(n->over_fd, 1) == 0) /* an eventfd takes this */
		pthread_join(n->thread, NULL);
	close(n->over_fd);
	free(n);
}
