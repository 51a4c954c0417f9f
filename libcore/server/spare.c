#include "server/spare.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/standby.h"

static void close_all(struct spares *s, const struct spare *spare)
{
	/* Explicitly: closing is not enough while some other process has inherited it. */
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, spare->pidfd, NULL);
	close(spare->pidfd);
	if (spare->talk >= 0)
		close(spare->talk);
}

static void drop(struct spares *s, size_t i)
{
	s->v[i] = s->v[--s->n];
}

static void end(struct spares *s, size_t i)
{
	struct spare spare = s->v[i];

	drop(s, i);
	close_all(s, &spare);
	kill(spare.pid, SIGKILL);
	while (waitpid(spare.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static pid_t spawn_one(const struct spares *s, int talk)
{
	static char standby[] = "--standby", three[] = "3";
	char *argv[] = { strrchr(s->path, '/') + 1, standby, three, NULL };
	int fd[] = { -1, -1, -1, talk };
	struct spawn what = { .path = s->path,
			      .argv = argv,
			      .fd = fd,
			      .n_fd = 4,
			      .null_fd = s->null_fd,
			      .nice = s->nice,
			      .dies_with_us = true };
	struct err e;

	return spawn(&what, &e);
}

static bool begin(struct spares *s)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s->event };
	struct spare spare;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	spare.talk = pair[0];
	spare.pid = spawn_one(s, pair[1]);
	close(pair[1]);
	if (spare.pid < 0) {
		close(spare.talk);
		return false;
	}
	spare.pidfd = (int)syscall(SYS_pidfd_open, spare.pid, 0);
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = spare;
	if (spare.pidfd >= 0 && epoll_ctl(s->epoll, EPOLL_CTL_ADD, spare.pidfd, &ev) == 0)
		return true;
	end(s, s->n - 1);
	return false;
}

void spares_fill(struct spares *s)
{
	while (s->n < s->wanted && begin(s))
		;
}

static bool limit(pid_t pid, enum __rlimit_resource which, uint64_t n)
{
	struct rlimit l = { n, n };

	return n == 0 || prlimit(pid, which, &l, NULL) == 0;
}

/* Before it knows what for. */
static bool limit_all(pid_t pid, const struct spawn *what)
{
	int nice = getpriority(PRIO_PROCESS, 0) + what->nice;

	return limit(pid, RLIMIT_DATA, what->memory_max) &&
	       limit(pid, RLIMIT_FSIZE, what->file_max) &&
	       (!what->nice || setpriority(PRIO_PROCESS, (id_t)pid, nice) == 0);
}

pid_t spares_take(struct spares *s, const struct spawn *what, int *ret_talk)
{
	struct spare spare;
	struct err e;

	if (!s->path || strcmp(s->path, what->path) != 0 || !what->dies_with_us ||
	    what->nice < s->nice)
		return -1;
	for (;; end(s, 0)) { /* it has these limits now, or hears nothing */
		if (s->n == 0)
			return -1;
		if (!limit_all(s->v[0].pid, what))
			continue;
		if (standby_give(s->v[0].talk, (const char *const *)what->argv, what->fd, &e) == 0)
			break;
		if (e.code == ERR_LIMIT) { /* nor would another one take it */
			end(s, 0);
			return -1;
		}
	}
	spare = s->v[0];
	memmove(s->v, s->v + 1, --s->n * sizeof(*s->v)); /* the oldest first: it is surely ready */
	*ret_talk = spare.talk;
	spare.talk = -1;
	close_all(s, &spare);
	return spare.pid;
}

bool spare_took(int talk)
{
	return standby_was_taken(talk);
}

void spares_reap(struct spares *s)
{
	for (size_t i = s->n; i-- > 0;)
		if (waitpid(s->v[i].pid, NULL, WNOHANG) == s->v[i].pid) {
			close_all(s, &s->v[i]);
			drop(s, i);
		}
}

void spares_release(struct spares *s)
{
	while (s->n)
		end(s, 0);
	free(s->v);
	free(s->path);
	*s = (struct spares){ 0 };
}
