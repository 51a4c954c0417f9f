#include "prompt/page.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "prompt/edit.h"
#include "prompt/width.h"

/* --- the pager ------------------------------------------------------------------------------- */

/* As a shell's command; NULL: none is wanted. Without less whatever there is. What is shown is
 * UTF-8, also in a locale that does not say so. */
static const char *pager_command(void)
{
	const char *pager = getenv("PAGER");

	if (!pager)
		return "export LESSCHARSET=${LESSCHARSET:-utf-8}\n"
		       "if command -v less >/dev/null; then exec less -FRX; else exec more; fi";
	if (!*pager || strcmp(pager, "cat") == 0)
		return NULL;
	return "export LESSCHARSET=${LESSCHARSET:-utf-8}; eval \"$PAGER\"";
}

/* It gets the signals as anybody else, and the pipe's end as its stdin. */
static int spawn_pager(const char *command, int fd, pid_t *ret)
{
	char *const argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, pipe_signal;
	int r;

	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
	r = posix_spawn(ret, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return r;
}

/* Without one all goes to the terminal as it comes. */
static void start_pager(struct page *p)
{
	const char *command = pager_command();
	int fd[2];

	if (p->no_pager || !command || pipe2(fd, O_CLOEXEC) < 0)
		return;
	if (spawn_pager(command, fd[0], &p->pager) == 0) {
		p->fd = fd[1];
		fcntl(p->fd, F_SETFL, O_NONBLOCK); /* so that Ctrl-C gets through */
	} else {
		p->pager = 0;
		close(fd[1]);
	}
	close(fd[0]);
}

static void wait_for_pager(struct page *p)
{
	close(p->fd);
	while (waitpid(p->pager, NULL, 0) < 0 && errno == EINTR)
		;
	p->pager = 0;
}

/* --- writing --------------------------------------------------------------------------------- */

/* False: the pager was left, or the user is tired of it; errno says so. */
static bool write_all(struct page *p, struct bytes text)
{
	while (text.n && !p->left) {
		struct pollfd out = { .fd = p->fd, .events = POLLOUT };
		ssize_t n = write(p->fd, text.p, text.n);

		if (n > 0) {
			text = bytes_sub(text, (size_t)n, text.n);
		} else if (errno == EPIPE && p->pager) {
			p->left = true;
		} else if (errno == EAGAIN) {
			/* SIGINT is blocked, and wakes nobody: looked at now and then. */
			if (interrupt_waits())
				return false;
			poll(&out, 1, 100);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return !p->left;
}

/* Moves row and col behind text. */
static void measure(struct page *p, struct bytes text)
{
	struct bytes line;
	bool first = true;

	while (bytes_split(&text, '\n', &line)) {
		if (!first) {
			p->row++;
			p->col = 0;
		}
		first = false;
		p->col += width_of(line, p->col);
		p->row += p->col / p->cols;
		p->col %= p->cols;
	}
}

static bool stop_holding(struct page *p)
{
	p->holds = false;
	return write_all(p, buf_bytes(&p->held));
}

static ssize_t write_page(void *page, const char *text, size_t n)
{
	struct page *p = page;

	if (!p->holds)
		return write_all(p, bytes_of(text, n)) ? (ssize_t)n : 0;
	buf_add(&p->held, text, n);
	measure(p, bytes_of(text, n));
	if (p->row + 1 < p->rows)
		return (ssize_t)n;
	start_pager(p);
	return stop_holding(p) ? (ssize_t)n : 0;
}

/* --- one answer ------------------------------------------------------------------------------ */

FILE *page_begin(struct page *p)
{
	const cookie_io_functions_t io = { .write = write_page };

	if (p->file)
		return p->file;
	if (!p->terminal)
		return stdout;
	p->out = fopencookie(p, "w", io);
	if (!p->out)
		return stdout;
	edit_size(stdout, &p->cols, &p->rows);
	buf_reset(&p->held);
	p->holds = true;
	p->row = p->col = 0;
	p->left = false;
	p->fd = STDOUT_FILENO;
	return p->out;
}

int page_end(struct page *p, struct err *e)
{
	bool ok;

	if (!p->out) {
		FILE *f = p->file ? p->file : stdout;

		if (fflush(f) == 0 && !ferror(f))
			return 0;
		err_sys(e, "cannot write '%s'", p->file ? p->file_name : "stdout");
		clearerr(f);
		return -1;
	}
	ok = fclose(p->out) == 0;
	p->out = NULL;
	if (p->holds)
		ok = stop_holding(p) && ok;
	if (p->pager) {
		wait_for_pager(p);
		return p->left;
	}
	return ok ? 0 : err_sys(e, "cannot write");
}

static void close_file(struct page *p)
{
	if (p->file)
		fclose(p->file);
	free(p->file_name);
	p->file = NULL;
	p->file_name = NULL;
}

int page_to_file(struct page *p, const char *path, struct err *e)
{
	FILE *f = NULL;

	if (path) {
		f = fopen(path, "we");
		if (!f)
			return err_sys(e, "cannot open '%s'", path);
	}
	close_file(p);
	p->file = f;
	p->file_name = path ? strdup(path) : NULL;
	return 0;
}

void page_release(struct page *p)
{
	close_file(p);
	buf_release(&p->held);
}
