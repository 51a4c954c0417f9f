#include "server/query_end.h"

#include <signal.h>
#include <unistd.h>

#include "base/num.h"
#include "query/limits.h"
#include "time/time.h"

enum {
	ERROR_MAX = 64 << 10, /* bytes of what logql says on stderr */
	RETRY_AFTER_S = 1,
	DAMAGE = 3, /* logql's exit status, of limits too */
};

void query_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void query_end_set(struct query *query, int status, const char *fmt, ...)
{
	va_list va;

	query->end.status = status;
	buf_reset(&query->end.text);
	va_start(va, fmt);
	buf_addv(&query->end.text, fmt, va);
	va_end(va);
	if (status == 429 || status == 503)
		query->end.retry_after_s = RETRY_AFTER_S;
}

static void add_seconds(struct buf *b, const char *before, int64_t ns)
{
	buf_add_str(b, before);
	time_add_duration(b, ns - ns % NS_PER_MS);
}

void query_end_expired(struct query *query, int64_t now_ns)
{
	struct buf *b = &query->end.text;

	query_end_set(query, 504, LIMITS_TIMED_OUT " (limit: query_timeout ");
	time_add_duration(b, query->limits->query_timeout_ns);
	add_seconds(b, "; waited ", query->end.queue_ns);
	add_seconds(b, ", ran ", now_ns - query->begun_ns - query->end.queue_ns);
	buf_add_char(b, ')');
}

struct bytes query_error_text(struct bytes said)
{
	struct bytes mark = BYTES_LIT("error: ");
	const char *at = said.n ? memmem(said.p, said.n, mark.p, mark.n) : NULL;

	if (at)
		said = bytes_sub(said, (size_t)(at - said.p) + mark.n, said.n);
	return bytes_trim(said);
}

/* Writes said to out, which it may be a part of: all its lines, of which those behind the first
 * still say whose they are. Returns the length. */
static size_t without_prefix(char *out, struct bytes said)
{
	struct bytes line;
	size_t n = 0;

	while (bytes_split(&said, '\n', &line)) {
		if (bytes_starts(line, BYTES_LIT("logql: error: ")))
			line = query_error_text(line);
		if (n)
			out[n++] = '\n';
		memmove(out + n, line.p, line.n);
		n += line.n;
	}
	return n;
}

static void read_error(struct query *query, int status)
{
	char *text = buf_reserve(&query->end.text, ERROR_MAX);
	ssize_t n = pread(query->error_fd, text, ERROR_MAX, 0);
	struct bytes said = query_error_text(bytes_of(text, n > 0 ? (size_t)n : 0));

	query->end.text.n = without_prefix(text, said);
	query->end.status = status;
}

/* What was answered all the same, and may be less than the client thinks, as without an index. */
static void read_warnings(struct query *query)
{
	struct bytes mark = BYTES_LIT("logql: warning: "), said, line;
	struct buf *to = &query->end.text, from = { 0 };
	ssize_t n = pread(query->error_fd, buf_reserve(&from, ERROR_MAX), ERROR_MAX, 0);

	buf_reset(to);
	said = bytes_of(from.p, n > 0 ? (size_t)n : 0);
	while (bytes_split(&said, '\n', &line)) {
		if (!bytes_starts(line, mark))
			continue;
		if (to->n)
			buf_add_char(to, '\n');
		buf_add_bytes(to, bytes_sub(line, mark.n, line.n));
	}
	buf_release(&from);
}

static bool said_out_of_memory(const struct query *query)
{
	return query->end.text.n &&
	       memmem(query->end.text.p, query->end.text.n, "out of memory", 13);
}

static void end_too_large(struct query *query, const char *what)
{
	query_end_set(query, 400, "%s (limit: max_query_memory ", what);
	num_add_size(&query->end.text, query->limits->max_query_memory_bytes);
	buf_add_char(&query->end.text, ')');
}

static void end_by_signal(struct query *query, const struct child_end *end)
{
	if (query->left)
		query_end_set(query, 499, "the client has gone");
	else if (end->timed_out)
		query_end_expired(query, time_mono_ns());
	else if (end->killed)
		query_end_set(query, 503, "the daemon is stopping");
	else if (end->signal == SIGXFSZ)
		end_too_large(query, "the answer is larger than a query may have memory");
	else if (end->signal == SIGKILL)
		query_end_set(query, 500,
			      "the query was killed: by somebody, or by the system, as that does "
			      "when it is out of memory");
	else if (end->signal == SIGTERM || end->signal == SIGINT || end->signal == SIGHUP)
		query_end_set(query, 500, "the query was ended by somebody: signal %d",
			      end->signal);
	else
		query_end_set(query, 500, "the query ended by signal %d: a fault of ours",
			      end->signal);
}

void query_end_by_logql(struct query *query, const struct child_end *end)
{
	static const int statuses[] = { 200, 200, 400, 400, 500, 504 };
	int status = 500;
	off_t n;

	if (end->error.code != ERR_NONE) {
		query_end_set(query, 503, "%s", end->error.msg);
		return;
	}
	if (end->status >= 0 && end->status < (int)(sizeof(statuses) / sizeof(*statuses)))
		status = statuses[end->status];
	n = lseek(query->answer_fd, 0, SEEK_END);
	query->end.fd_n = n > 0 ? (uint64_t)n : 0;
	if (status != 200 || end->signal) {
		/* Limits are seen before anything is answered; an answer all the same lacks what
		   was found damaged. */
		read_error(query, end->status == DAMAGE && n > 0 ? 500 : status);
		if (said_out_of_memory(query) && !query->left)
			end_too_large(query, "the query needs more memory");
		else if (end->signal)
			end_by_signal(query, end);
		return;
	}
	read_warnings(query);
	query->end.status = 200;
	query->end.fd = query->answer_fd;
	query->answer_fd = -1;
}
