/*
 * Between vfork and execve the child runs in our memory while the calling thread stands still, so
 * it touches nothing but its own stack: no allocation, no lock. Handlers of ours
 * must not run there either; signals are blocked until each is back at its default.
 */
#include "server/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* By a pipe that execve closes: it says so also where a tool makes vfork a fork. */
struct report {
	const char *failed; /* a literal, at the same address in both */
	int error;
};

enum { SPAWN_STATUS = 127, SPAWN_FDS_MAX = 8 };

static _Noreturn void fail(int to, const char *what)
{
	struct report r = { what, errno };

	while (write(to, &r, sizeof(r)) < 0 && errno == EINTR)
		;
	_exit(SPAWN_STATUS);
}

/* Returns where `to` lies now. */
static int place_fds(const struct spawn *s, int to)
{
	int fd[SPAWN_FDS_MAX], above;

	/* First out of the way of each other, then where they belong. */
	above = fcntl(to, F_DUPFD_CLOEXEC, s->n_fd + 1);
	if (above < 0)
		fail(to, "descriptors");
	for (int i = 0; i < s->n_fd; i++) {
		fd[i] = s->fd[i] < 0 && i < 3 ? s->null_fd : s->fd[i];
		if (fd[i] >= 0 && fd[i] < s->n_fd)
			fd[i] = fcntl(fd[i], F_DUPFD, s->n_fd);
		if (fd[i] < 0 && (s->fd[i] >= 0 || i < 3))
			fail(above, "descriptors");
	}
	for (int i = 0; i < s->n_fd; i++)
		if (fd[i] < 0)
			close(i);
		else if (dup2(fd[i], i) < 0)
			fail(above, "dup2");
	if (close_range((unsigned)s->n_fd, (unsigned)above - 1, 0) < 0 ||
	    close_range((unsigned)above + 1, ~0U, 0) < 0)
		fail(above, "close_range");
	return above;
}

static _Noreturn void become(const struct spawn *s, int to, pid_t parent)
{
	struct rlimit data = { s->memory_max, s->memory_max };
	struct rlimit file = { s->file_max, s->file_max };
	sigset_t none;

	to = place_fds(s, to);
	if (s->dies_with_us) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			fail(to, "prctl");
		if (getppid() != parent) /* it died before the call */
			_exit(SPAWN_STATUS);
	}
	setpgid(0, 0); /* cannot fail here */
	if ((s->memory_max && setrlimit(RLIMIT_DATA, &data) < 0) ||
	    (s->file_max && setrlimit(RLIMIT_FSIZE, &file) < 0))
		fail(to, "setrlimit");
	errno = 0;
	if (s->nice && nice(s->nice) == -1 && errno)
		fail(to, "nice");
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL); /* not of SIGKILL and those of the C library */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(s->path, s->argv, environ);
	fail(to, "execve");
}

pid_t spawn(const struct spawn *s, struct err *e)
{
	struct report report = { 0 };
	pid_t pid, parent = getpid();
	sigset_t all, old;
	int p[2], error;
	ssize_t n;

	if (s->n_fd > SPAWN_FDS_MAX)
		return err_set(e, ERR_BUG, "%d descriptors for a child", s->n_fd);
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "cannot start '%s'", s->path);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* Not posix_spawn, which sets no limits and no signal of the parent's death. */
	pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
	if (pid == 0)
		become(s, p[1], parent); /* NOLINT(clang-analyzer-unix.Vfork) */
	error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(p[1]);
	while ((n = read(p[0], &report, sizeof(report))) < 0 && errno == EINTR)
		;
	close(p[0]);
	errno = error;
	if (pid < 0)
		return err_sys(e, "cannot start '%s'", s->path);
	if (n != sizeof(report))
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	errno = report.error;
	return err_sys(e, "cannot start '%s': %s", s->path, report.failed);
}
