#include "wal/source.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

void wal_source_init_fd(struct wal_source *s, int fd, size_t step)
{
	struct stat st;

	*s = (struct wal_source){ .kind = WAL_SOURCE_PIPE, .fd = fd, .step = step };
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		s->kind = WAL_SOURCE_FILE;
}

void wal_source_init_bytes(struct wal_source *s, struct bytes b)
{
	*s = (struct wal_source){ .kind = WAL_SOURCE_MEMORY, .fd = -1, .mem = b };
}

void wal_source_release(struct wal_source *s)
{
	buf_release(&s->buf);
}

void wal_source_unread(struct wal_source *s, struct bytes b)
{
	buf_add_bytes(&s->buf, b);
}

static uint64_t most_bytes(const struct wal_source *s)
{
	return s->limit ? s->limit - s->base : UINT64_MAX;
}

static int fill_file(struct wal_source *s, uint64_t off, size_t n, struct err *e)
{
	uint64_t most = most_bytes(s), left = most > off ? most - off : 0;
	size_t want = n > s->step ? n : s->step;
	int64_t k;

	want = want < left ? want : (size_t)left;
	buf_reset(&s->buf);
	s->buf_off = off;
	k = io_pread(s->fd, buf_reserve(&s->buf, want), want, s->base + off, e);
	if (k < 0)
		return -1;
	s->buf.n = (size_t)k;
	return 0;
}

static bool would_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

/* Takes what the pipe has, and waits only for what was asked for: whoever writes may be waiting for
 * an answer. */
static int fill_pipe(struct wal_source *s, uint64_t off, size_t n, struct err *e)
{
	size_t drop = (size_t)(off - s->buf_off);

	if (off < s->buf_off || drop > s->buf.n)
		return err_set(e, ERR_BUG, "jump in a pipe: from %llu to %llu",
			       (unsigned long long)s->buf_off, (unsigned long long)off);
	buf_drop(&s->buf, drop);
	s->buf_off = off;
	while (s->buf.n < n && !s->at_end) {
		ssize_t k;

		if (s->on_wait && would_wait(s->fd))
			s->on_wait(s->data);
		k = read(s->fd, buf_reserve(&s->buf, s->step), s->step);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, "read");
		s->buf.n += (size_t)k;
		s->at_end = k == 0;
	}
	return 0;
}

static int fill(struct wal_source *s, uint64_t off, size_t n, struct err *e)
{
	return s->kind == WAL_SOURCE_FILE ? fill_file(s, off, n, e) : fill_pipe(s, off, n, e);
}

int wal_source_get(struct wal_source *s, uint64_t off, size_t n, struct bytes *ret, struct err *e)
{
	struct bytes have = s->kind == WAL_SOURCE_MEMORY ? s->mem : buf_bytes(&s->buf);
	uint64_t at = s->kind == WAL_SOURCE_MEMORY ? 0 : s->buf_off;

	if (s->kind != WAL_SOURCE_MEMORY && (off < at || off + n > at + have.n)) {
		if (fill(s, off, n, e) < 0)
			return -1;
		have = buf_bytes(&s->buf);
		at = s->buf_off;
	}
	*ret = off - at > have.n ? (struct bytes){ 0 } : bytes_sub(have, (size_t)(off - at), n);
	return 0;
}

bool wal_source_has(struct wal_source *s, uint64_t end)
{
	struct stat st;

	if (s->kind == WAL_SOURCE_MEMORY)
		return end <= s->mem.n;
	return end <= most_bytes(s) && fstat(s->fd, &st) == 0 &&
	       (uint64_t)st.st_size >= s->base + end;
}
