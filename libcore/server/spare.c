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

enum {
	ASKED_MAX = 16,	 /* of a server, and not begun yet */
	USELESS_MAX = 3, /* servers one after another */
};

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

static void end(struct spares *s, size_t i)
{
	struct spare spare = drop(s, i);

	close_all(s, &spare);
	kill(spare.pid, SIGKILL);
	while (waitpid(spare.pid, NULL, 0) < 0 && errno == EINTR)
		;
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

/* With all that it has begun, of which nobody was told, or it was not heard: they, and nobody else,
 * are in its process group, whose number is not given away before it is waited for. */
static void end_server(struct spares *s)
{
	s->to_ask = 0;
	while (s->n > s->n_known) {
		struct spare spare = drop(s, s->n - 1);

		close_all(s, &spare);
	}
	kill(-s->server.pid, SIGKILL);
	while (waitpid(-s->server.pid, NULL, 0) > 0 || errno == EINTR)
		;
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->server.talk, NULL);
	close_all(s, &s->server);
	s->server = (struct spare){ 0 };
	if (++s->n_useless < USELESS_MAX)
		return;
	s->wanted = 0;
	if (s->useless)
		s->useless(s->data);
}

static bool begin_server(struct spares *s)
{
	int pair[2];

	if (stat(s->path, &s->program) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
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
	end_server(s);
	return false;
}

/* ---- the others ---- */

static bool was_replaced(const struct spares *s)
{
	struct stat now;

	return stat(s->path, &now) == 0 &&
	       (now.st_dev != s->program.st_dev || now.st_ino != s->program.st_ino ||
		now.st_size != s->program.st_size ||
		now.st_mtim.tv_sec != s->program.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != s->program.st_mtim.tv_nsec);
}

static int ask_for_one(struct spares *s, struct err *e)
{
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "cannot make a socket");
	rc = standby_ask_heir(s->server.talk, pair[1], e);
	close(pair[1]);
	if (rc < 0) {
		close(pair[0]);
		return -1;
	}
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct spare){ .pidfd = -1, .talk = pair[0] };
	return 0;
}

static size_t missing(const struct spares *s)
{
	return s->n < s->wanted ? s->wanted - s->n : 0;
}

/* It has just been killed, which was not seen yet; another one begins what is missing now. */
static void end_killed(struct spares *s)
{
	end_server(s);
	s->to_ask = missing(s);
}

/* Those that are to be asked for, but so many at once as fit into a socket. */
static void ask_for_some(struct spares *s)
{
	bool begun = false;
	struct err e;

	while (s->to_ask && s->n - s->n_known < ASKED_MAX) {
		if (!s->server.pid) {
			if (begun || !begin_server(s))
				return;
			begun = true;
		}
		if (ask_for_one(s, &e) == 0)
			s->to_ask--;
		else if (e.code == ERR_AGAIN)
			end_killed(s);
		else
			return;
	}
}

void spares_fill(struct spares *s)
{
	if (s->server.pid && was_replaced(s)) {
		s->n_useless = 0;
		while (s->n_known)
			end(s, 0);
		end_server(s);
	}
	s->to_ask = missing(s);
	ask_for_some(s);
}

static bool take_heirs(struct spares *s)
{
	bool any = false;
	pid_t pid;

	while (s->n_known < s->n && (pid = standby_heir(s->server.talk)) > 0) {
		struct spare *spare = &s->v[s->n_known++];

		spare->pid = pid;
		setpgid(pid, pid); /* as spawn has it */
		s->n_useless = 0;
		any = true;
		if (!watch_end(s, spare))
			end(s, s->n_known - 1);
	}
	return any;
}

/* It is still to be waited for. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

void spares_look(struct spares *s)
{
	bool come = false;

	if (s->server.pid) {
		bool ended = has_ended(s->server.pid);

		come = take_heirs(s); /* what it has said last, too */
		if (ended)
			end_server(s);
	}
	for (size_t i = s->n_known; i-- > 0;)
		if (has_ended(s->v[i].pid))
			end(s, i);
	if (come)
		ask_for_some(s);
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
	s->useless = NULL;
	while (s->n_known)
		end(s, 0);
	if (s->server.pid)
		end_server(s);
	free(s->v);
	free(s->path);
	*s = (struct spares){ 0 };
}
