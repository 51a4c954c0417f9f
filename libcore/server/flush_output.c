#include "server/flush_output.h"

#include <unistd.h>

#include "server/config.h"
#include "server/stored.h"
#include "time/time.h"

enum {
	PIECE = 64 << 10,
	INDEXED_MAX = 16 << 20,
	MENDED_MAX = 64 << 10,
};

/* As much of it as is kept. */
static struct buf take_text(int fd, size_t most)
{
	struct buf ret = { 0 };
	ssize_t n;

	while (ret.n < most && (n = pread(fd, buf_reserve(&ret, PIECE), PIECE, (off_t)ret.n)) > 0)
		ret.n += (size_t)n;
	close(fd);
	return ret;
}

static void count_indexed(struct server *s, struct bytes path)
{
	struct buf name = { 0 };
	struct err e;

	buf_add_bytes(&name, path);
	if (stored_count(s->metrics, s->config->store, buf_str(&name), time_now_ns(), &e) < 0)
		log_event(&s->log, LOG_WARN, "cannot count what was stored", "err", e.msg, NULL);
	buf_release(&name);
}

void flush_output_indexed(struct server *s, int fd)
{
	struct buf text = take_text(fd, INDEXED_MAX);
	struct bytes rest = buf_bytes(&text), path;

	while (bytes_split(&rest, '\n', &path) && rest.p) /* NULL: no newline, so it was cut */
		count_indexed(s, path);
	buf_release(&text);
}

static void tell_mended(struct server *s, struct bytes line)
{
	struct buf one = { 0 };

	buf_add_bytes(&one, line);
	log_event(&s->log, LOG_ERROR, "a segment of the log is damaged", "mended", buf_str(&one),
		  NULL);
	buf_release(&one);
}

void flush_output_mended(struct server *s, int fd)
{
	struct buf text = take_text(fd, MENDED_MAX);
	struct bytes rest = buf_bytes(&text), line;

	while (bytes_split(&rest, '\n', &line))
		if (line.n)
			tell_mended(s, line);
	buf_release(&text);
}
