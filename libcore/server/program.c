#include "server/program.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "server/server_metrics.h"
#include "time/time.h"

enum { MESSAGE_MAX = 4 << 10 }; /* of what a program says on stderr */

/* The first line that is no warning; the first, when all are. */
static struct bytes first_error(struct bytes said)
{
	const struct bytes mark = BYTES_LIT(": warning: ");
	struct bytes rest = said, line, first = { 0 };

	while (bytes_split(&rest, '\n', &line) && line.n) {
		if (!memmem(line.p, line.n, mark.p, mark.n))
			return line;
		if (!first.n)
			first = line;
	}
	return first;
}

/* What it said, in a line, without its name, which the caller has. */
static void read_message(int fd, const char *program, struct buf *ret)
{
	struct buf said = { 0 }, name = { 0 };
	ssize_t n = pread(fd, buf_reserve(&said, MESSAGE_MAX), MESSAGE_MAX, 0);

	said.n = n > 0 ? (size_t)n : 0;
	buf_add_bytes(ret, first_error(buf_bytes(&said)));
	buf_addf(&name, "%s: ", program);
	if (bytes_starts(buf_bytes(ret), buf_bytes(&name)))
		buf_drop(ret, name.n);
	if (bytes_starts(buf_bytes(ret), BYTES_LIT("error: ")))
		buf_drop(ret, strlen("error: "));
	buf_release(&name);
	buf_release(&said);
}

static void describe(const struct program *p, const struct child_end *end, struct err *ret)
{
	struct buf said = { 0 };

	*ret = (struct err){ 0 };
	if (end->status < 0 && end->signal == 0) {
		*ret = end->error;
	} else if (end->timed_out) {
		err_set(ret, ERR_AGAIN, "%s: stopped after %lld s", p->name,
			(long long)(end->run_ns / NS_PER_S));
	} else if (end->signal && end->signal != SIGPIPE) {
		err_set(ret, ERR_IO, "%s: ended by signal %d", p->name, end->signal);
	} else if (end->status > 0) {
		read_message(p->stderr_fd, p->name, &said);
		err_set(ret, end->status == err_exit_code(ERR_AGAIN) ? ERR_AGAIN : ERR_IO,
			"%s: exit status %d: %s", p->name, end->status, buf_str(&said));
	}
	buf_release(&said);
}

static void ended(const struct child_end *end, void *data)
{
	struct program *p = data;
	struct err failure;

	describe(p, end, &failure);
	if (p->stderr_fd >= 0)
		close(p->stderr_fd);
	server_metrics_child(p->server->metrics, p->name, end);
	p->ended(p, end, &failure);
}

int program_output(int *ret_ours, int *ret_child, struct err *e)
{
	int ours = memfd_create("output", MFD_CLOEXEC);
	int child = ours < 0 ? -1 : fcntl(ours, F_DUPFD_CLOEXEC, 3);

	*ret_ours = *ret_child = -1;
	if (child < 0) {
		err_sys(e, "no file in memory");
		if (ours >= 0)
			close(ours);
		return -1;
	}
	*ret_ours = ours;
	*ret_child = child;
	return 0;
}

void program_start(struct program *p, const struct child_opts *o)
{
	struct child_opts mine = *o;
	struct err e;

	if (program_output(&p->stderr_fd, &mine.fd[2], &e) < 0)
		log_event(&p->server->log, LOG_WARN, "what a program says is lost", "program",
			  p->name, "err", e.msg, NULL);
	mine.program = p->name;
	mine.fd[3] = -1;
	mine.ended = ended;
	mine.data = p;
	child_start(p->server->children, &mine);
}
