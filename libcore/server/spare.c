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

/* Where it is known. */
static void close_all(struct spares *s, const struct spare *spare)
{
	/* Explicitly: closing is not enough while some other process has inherited it. */
	if (spare->pidfd >= 0) {
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, spare->pidfd, NULL);
		close(spare->pidfd);
	}
	if (spare->talk >= 0)
		close(spare->talk);
}

static struct spare drop(struct spares *s, size_t i)
{
	struct spare ret = s->v[i];

	s->n_known -= i < s->n_known;
	memmove(s->v + i, s->v + i + 1, (--s->n - i) * sizeof(*s->v));
	return ret;
}

static void kill_one(const struct spare *spare)
{
	kill(spare->pid, SIGKILL);
	while (waitpid(spare->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void end(struct spares *s, size_t i)
{
	struct spare spare = drop(s, i);

	close_all(s, &spare);
	kill_one(&spare);
}

static bool watch(const struct spares *s, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s->event };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static bool watch_end(const struct spares *s, struct spare *spare)
{
	spare->pidfd = (int)syscall(SYS_pidfd_open, spare->pid, 0);
	return spare->pidfd >= 0 && watch(s, spare->pidfd);
}

/* ---- the one that forks ---- */

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

/* It has ended. Those that it has begun and not told of are all that is in its process group. */
static void forget_server(struct spares *s)
{
	pid_t group = s->server.pid;

	while (s->n > s->n_known) {
		struct spare spare = drop(s, s->n - 1);

		close_all(s, &spare);
	}
	kill(-group, SIGKILL);
	while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
		;
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->server.talk, NULL);
	close_all(s, &s->server);
	s->server = (struct spare){ 0 };
}

static bool begin_server(struct spares *s)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	s->server = (struct spare){ .pid = spawn_one(s, pair[1]), .pidfd = -1, .talk = pair[0] };
	close(pair[1]);
	if (s->server.pid < 0) {
		close(s->server.talk);
		s->server = (struct spare){ 0 };
		return false;
	}
	if (watch_end(s, &s->server) && watch(s, s->server.talk))
		return true;
	kill_one(&s->server);
	forget_server(s);
	return false;
}

/* ---- the others ---- */

/* One that has just been killed may not have been seen to be. */
static bool ask_server(struct spares *s, int talk)
{
	struct err e;

	if (s->server.pid && standby_ask_heir(s->server.talk, talk, &e) == 0)
		return true;
	if (s->server.pid) {
		kill_one(&s->server);
		forget_server(s);
	}
	return begin_server(s) && standby_ask_heir(s->server.talk, talk, &e) == 0;
}

static bool ask_for_one(struct spares *s)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	if (!ask_server(s, pair[1])) {
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	close(pair[1]);
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct spare){ .pidfd = -1, .talk = pair[0] };
	return true;
}

void spares_fill(struct spares *s)
{
	while (s->n < s->wanted && ask_for_one(s))
		;
}

static void take_heirs(struct spares *s)
{
	pid_t pid;

	while (s->n_known < s->n && (pid = standby_heir(s->server.talk)) > 0) {
		struct spare *spare = &s->v[s->n_known++];

		spare->pid = pid;
		setpgid(pid, pid); /* as spawn has it */
		if (!watch_end(s, spare))
			end(s, s->n_known - 1);
	}
}

static bool has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid;
}

void spares_look(struct spares *s)
{
	if (s->server.pid) {
		bool ended = has_ended(s->server.pid);

		take_heirs(s); /* what it has said last, too */
		if (ended)
			forget_server(s);
	}
	for (size_t i = s->n_known; i-- > 0;)
		if (has_ended(s->v[i].pid)) {
			struct spare spare = drop(s, i);

			close_all(s, &spare);
		}
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
		if (s->n_known == 0)
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
	spare = drop(s, 0); /* the oldest: it is surely ready */
	*ret_talk = spare.talk;
	spare.talk = -1;
	close_all(s, &spare);
	return spare.pid;
}

bool spare_took(int talk)
{
	return standby_was_taken(talk);
}

void spares_release(struct spares *s)
{
	while (s->n_known)
		end(s, 0);
	if (s->server.pid) {
		kill_one(&s->server);
		forget_server(s);
	}
	free(s->v);
	free(s->path);
	*s = (struct spares){ 0 };
}
