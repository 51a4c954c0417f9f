#include "server/said.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"

enum { READS_MAX = 32 };

void said_open(struct log *log, int *ret_child, int *ret_watch)
{
	int p[2];
	struct err e;

	/* Our end alone: a program must not lose what it says. */
	if (pipe2(p, O_CLOEXEC) == 0) {
		if (fcntl(p[0], F_SETFL, O_NONBLOCK) == 0) {
			*ret_child = p[1];
			*ret_watch = p[0];
			return;
		}
		close(p[0]);
		close(p[1]);
	}
	err_sys(&e, "no pipe for messages");
	log_event(log, LOG_WARN, "messages of a program are not in this form", "err", e.msg, NULL);
	*ret_child = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	*ret_watch = -1;
}

/* "lokid-ingest: warning: WHAT": a warning, WHAT. */
static void tell(const struct said *s, struct bytes line)
{
	static const struct {
		const char *mark;
		enum log_level level;
	} kinds[] = { { "error: ", LOG_ERROR }, { "warning: ", LOG_WARN } };
	enum log_level level = LOG_INFO;
	size_t n = strlen(s->program);
	struct buf text = { 0 };

	if (line.n > n + 2 && memcmp(line.p, s->program, n) == 0 && line.p[n] == ':')
		line = bytes_sub(line, n + 2, SIZE_MAX);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (bytes_starts(line, bytes_str(kinds[i].mark))) {
			level = kinds[i].level;
			line = bytes_sub(line, strlen(kinds[i].mark), SIZE_MAX);
		}
	}
	buf_add_bytes(&text, line);
	log_event(s->log, level, s->program, "said", buf_str(&text), NULL);
	buf_release(&text);
}

/* Logs the lines that are whole; at the end, or when there is no room for more, what is left. */
static void tell_lines(struct said *s, bool all)
{
	struct bytes rest = bytes_of(s->line, s->n), line;
	const char *end;

	while (rest.n && (end = memchr(rest.p, '\n', rest.n)) != NULL) {
		line = bytes_sub(rest, 0, (size_t)(end - rest.p));
		rest = bytes_sub(rest, line.n + 1, SIZE_MAX);
		if (line.n)
			tell(s, line);
	}
	if (rest.n && (all || rest.n == sizeof(s->line))) {
		tell(s, rest);
		rest.n = 0;
	}
	memmove(s->line, rest.p, rest.n);
	s->n = rest.n;
}

bool said_read(int watch, struct said *s)
{
	ssize_t n;

	/* What came before an end of the program's is all read then; one that says more and more
	 * must not keep the thread. */
	for (int i = 0; i < READS_MAX; i++) {
		n = read(watch, s->line + s->n, sizeof(s->line) - s->n);
		if (n > 0)
			s->n += (size_t)n;
		else if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		tell_lines(s, n <= 0);
		if (n <= 0)
			return false;
	}
	return true;
}
