#include "base/standby.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/title.h"

enum { FORK = 128 }; /* byte 0 of a message to a fork server */

/* Memory for the descriptors of a message, aligned. */
union rights {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(STANDBY_FDS_MAX * sizeof(int))];
};

static void add_args(struct buf *b, const char *const *argv)
{
	for (; *argv; argv++)
		buf_add(b, *argv, strlen(*argv) + 1);
}

static int send_all(int to, struct bytes text, const int *fd, size_t n_fd, struct err *e)
{
	union rights rights = { 0 };
	struct iovec part = { .iov_base = (void *)text.p, .iov_len = text.n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	int why;
	ssize_t n;

	if (n_fd) {
		rights.head.cmsg_level = SOL_SOCKET;
		rights.head.cmsg_type = SCM_RIGHTS;
		rights.head.cmsg_len = CMSG_LEN(n_fd * sizeof(int));
		memcpy(CMSG_DATA(&rights.head), fd, n_fd * sizeof(int));
		m.msg_control = &rights;
		m.msg_controllen = CMSG_SPACE(n_fd * sizeof(int));
	}
	do {
		n = sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	why = errno;
	err_sys(e, "cannot give anything to a process that waits");
	if (why == EPIPE || why == ECONNRESET)
		e->code = ERR_AGAIN;
	else if (why == EAGAIN)
		e->code = ERR_IO;
	return -1;
}

int standby_give(int to, const char *const *argv, const int fd[STANDBY_FDS_MAX], struct err *e)
{
	struct buf text = { 0 };
	int given[STANDBY_FDS_MAX];
	size_t n_fd = 0;
	int rc;

	buf_add_char(&text, 0);
	for (int i = 0; i < STANDBY_FDS_MAX; i++) {
		if (fd[i] < 0)
			continue;
		text.p[0] |= (char)(1 << i);
		given[n_fd++] = fd[i];
	}
	add_args(&text, argv);
	if (text.n > STANDBY_BYTES_MAX)
		rc = err_set(e, ERR_LIMIT, "%zu bytes of arguments", text.n);
	else
		rc = send_all(to, buf_bytes(&text), given, n_fd, e);
	buf_release(&text);
	return rc;
}

int standby_ask_heir(int to, int talk, struct err *e)
{
	char message = (char)FORK;

	return send_all(to, bytes_of(&message, 1), &talk, 1, e);
}

pid_t standby_heir(int to)
{
	int32_t pid;

	return recv(to, &pid, sizeof(pid), MSG_DONTWAIT) == sizeof(pid) ? pid : 0;
}

bool standby_was_taken(int to)
{
	char c;

	return recv(to, &c, 1, MSG_DONTWAIT) == 1;
}

/* --- who waits --- */

/* What was received. */
struct given {
	struct buf text;
	int fd[STANDBY_FDS_MAX];
	size_t n_fd;
};

static void take_rights(struct msghdr *m, struct given *g)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	g->n_fd = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(g->fd, CMSG_DATA(c), g->n_fd * sizeof(int));
}

static bool asks_for_heir(const struct given *g)
{
	return g->text.n == 1 && g->text.p[0] == (char)FORK && g->n_fd == 1;
}

static int receive(int from, struct given *g, struct err *e)
{
	union rights rights;
	struct iovec part;
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights };
	ssize_t n;

	g->n_fd = 0;
	buf_reset(&g->text);
	buf_reserve(&g->text, STANDBY_BYTES_MAX);
	part = (struct iovec){ .iov_base = g->text.p, .iov_len = STANDBY_BYTES_MAX };
	m.msg_controllen = sizeof(rights);
	do {
		n = recvmsg(from, &m, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ENOTSOCK ? err_set(e, ERR_USAGE, "descriptor %d is no socket", from)
					 : err_sys(e, "descriptor %d", from);
	if (n == 0)
		return err_set(e, ERR_AGAIN, "nothing is to be done any more");
	g->text.n = (size_t)n;
	take_rights(&m, g);
	if (asks_for_heir(g))
		return 0;
	if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || n < 2 || g->text.p[n - 1])
		return err_set(e, ERR_IO, "descriptor %d: no whole message", from);
	return 0;
}

/* The descriptors of a message are all above those that they are to be: nothing below is free. */
static int place_fds(const struct given *g, int from, struct err *e)
{
	bool replaced = false;
	size_t k = 0;

	for (int i = 0; i < STANDBY_FDS_MAX; i++) {
		if (!(g->text.p[0] & 1 << i))
			continue;
		if (k == g->n_fd || g->fd[k] < STANDBY_FDS_MAX)
			return err_set(e, ERR_IO, "descriptor %d did not come", i);
		if (dup2(g->fd[k], i) < 0)
			return err_sys(e, "descriptor %d", i);
		close(g->fd[k++]);
		replaced |= i == from;
	}
	if (!replaced)
		close(from);
	return 0;
}

/* One allocation, with its strings. */
static char **args_of(const struct buf *text, int *ret_argc)
{
	const char *words = text->p + 1, *end = text->p + text->n;
	char **argv, *at;
	int n = 0;

	for (const char *p = words; p < end; p += strlen(p) + 1)
		n++;
	argv = mem_alloc(((size_t)n + 1) * sizeof(*argv) + (size_t)(end - words));
	at = (char *)(argv + n + 1);
	memcpy(at, words, (size_t)(end - words));
	for (int i = 0; i < n; i++, at += strlen(at) + 1)
		argv[i] = at;
	*ret_argc = n;
	return argv;
}

static int take(int fd, const struct given *g, struct err *e)
{
	int above = fcntl(fd, F_DUPFD_CLOEXEC, STANDBY_FDS_MAX);
	int rc = above < 0 ? err_sys(e, "descriptor %d", fd) : place_fds(g, fd, e);

	/* Said last: who has given it gives it to somebody else when it was not heard. */
	if (rc == 0 && send(above, "", 1, MSG_NOSIGNAL) != 1)
		rc = err_sys(e, "descriptor %d", fd);
	if (above >= 0)
		close(above);
	return rc;
}

/* --- who begins others that wait --- */

/* What a child has of the server, though a fork does not give it. */
struct legacy {
	pid_t parent;
	int death_signal;
};

/* Does not return unless all is as with what spawn starts. */
static void inherit(const struct legacy *l, int fd, int talk)
{
	if (dup2(talk, fd) < 0 || prctl(PR_SET_PDEATHSIG, l->death_signal) < 0 ||
	    getppid() != l->parent) /* it died before that */
		_exit(err_exit_code(ERR_AGAIN));
	close(talk);
}

/*
 * Not fork(): our parent is to wait for it. Not clone3, which some containers do not allow. The C
 * library does not know of it: there are no other threads whose locks could be held, but the id
 * that it keeps of the first thread stays the server's, so nothing may need that one: no locks
 * that are robust or inherit priorities, no pthread_kill of the first thread.
 */
static pid_t fork_beside(void)
{
#ifdef __s390__
	return (pid_t)syscall(SYS_clone, NULL, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL);
#else
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
#endif
}

/* Returns into *ret_is_heir whether this is the new one. */
static int begin_heir(int fd, const struct given *g, bool *ret_is_heir, struct err *e)
{
	struct legacy l = { .parent = getppid() };
	int32_t pid;

	prctl(PR_GET_PDEATHSIG, &l.death_signal);
	pid = fork_beside();
	if (pid < 0) {
		err_sys(e, "cannot begin another process");
		e->code = ERR_IO; /* not as if nobody needed it any more */
		return -1;
	}
	*ret_is_heir = pid == 0;
	if (pid == 0) {
		inherit(&l, fd, g->fd[0]);
		return 0;
	}
	close(g->fd[0]);
	if (send(fd, &pid, sizeof(pid), MSG_NOSIGNAL) != sizeof(pid))
		return err_set(e, ERR_AGAIN, "nobody waits for another process");
	return 0;
}

/* Until something is given that is not a socket for one. */
static int receive_task(int fd, void (*begun)(void), struct given *g, struct err *e)
{
	bool is_heir = false;

	prctl(PR_SET_NAME, "standby");
	while (receive(fd, g, e) == 0) {
		if (!asks_for_heir(g))
			return 0;
		if (begin_heir(fd, g, &is_heir, e) < 0)
			return -1;
		prctl(PR_SET_NAME, is_heir ? "standby" : "forkserver");
		if (is_heir && begun)
			begun();
	}
	return -1;
}

int standby_wait(int fd, void (*begun)(void), int *argc, char ***argv, struct err *e)
{
	struct given g = { 0 };
	char name[16], **given;

	prctl(PR_GET_NAME, name);
	if (receive_task(fd, begun, &g, e) < 0 || take(fd, &g, e) < 0) {
		buf_release(&g.text);
		return -1;
	}
	prctl(PR_SET_NAME, name);
	given = args_of(&g.text, argc);
	buf_release(&g.text);
	title_set(*argv, given);
	*argv = given;
	return 0;
}
