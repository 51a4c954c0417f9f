#include "base/standby.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/title.h"

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

static ssize_t send_all(int to, struct buf *text, const int *fd, size_t n_fd)
{
	union rights rights = { 0 };
	struct iovec part = { .iov_base = text->p, .iov_len = text->n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
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
	return n;
}

int standby_give(int to, const char *const *argv, const int fd[STANDBY_FDS_MAX], struct err *e)
{
	struct buf text = { 0 };
	int given[STANDBY_FDS_MAX];
	size_t n_fd = 0;
	int rc = 0;

	buf_add_char(&text, 0);
	for (int i = 0; i < STANDBY_FDS_MAX; i++) {
		if (fd[i] < 0)
			continue;
		text.p[0] |= (char)(1 << i);
		given[n_fd++] = fd[i];
	}
	add_args(&text, argv);
	if (text.n > STANDBY_BYTES_MAX) {
		rc = err_set(e, ERR_LIMIT, "%zu bytes of arguments", text.n);
	} else if (send_all(to, &text, given, n_fd) < 0) {
		bool gone = errno == EPIPE || errno == ECONNRESET;

		rc = err_sys(e, "cannot give arguments to a process");
		if (gone)
			e->code = ERR_AGAIN;
	}
	buf_release(&text);
	return rc;
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

static int receive(int from, struct given *g, struct err *e)
{
	union rights rights;
	struct iovec part;
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights };
	ssize_t n;

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

int standby_wait(int fd, int *argc, char ***argv, struct err *e)
{
	struct given g = { 0 };
	char name[16], **given;

	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "standby");
	if (receive(fd, &g, e) < 0 || take(fd, &g, e) < 0) {
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
