#include "ingest/input.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "codec/stream.h"

/* A producer that is a little slower than we are would otherwise have a batch for every read. */
enum { READ_BYTES = 256 << 10, GRACE_MS = 1 };
enum { FIRST_BYTES = 64 << 10 }; /* what a codec_stream takes back */

void input_init(struct input *in, int fd, size_t line_max)
{
	*in = (struct input){ .fd = fd, .line_max = line_max };
}

void input_release(struct input *in)
{
	codec_stream_free(in->unpack);
	buf_release(&in->buf);
}

/* What is left holds no newline. */
static enum input_got unfinished(struct input *in, struct bytes *ret)
{
	struct bytes rest = bytes_of(in->buf.p + in->at, in->buf.n - in->at);

	if (in->skipping) {
		in->n_left_out += rest.n;
		in->at = in->buf.n;
		return in->at_end ? INPUT_END : INPUT_MORE;
	}
	if (rest.n > in->line_max) {
		*ret = bytes_sub(rest, 0, in->line_max);
		in->at = in->buf.n;
		in->cut = in->skipping = true;
		in->n_left_out += rest.n - in->line_max;
		return INPUT_LINE;
	}
	if (!in->at_end)
		return INPUT_MORE;
	if (rest.n == 0)
		return INPUT_END;
	*ret = rest;
	in->at = in->buf.n;
	return INPUT_LINE;
}

enum input_got input_line(struct input *in, struct bytes *ret)
{
	in->cut = false;
	for (;;) {
		const char *p = in->buf.p + in->at, *nl;
		size_t n = in->buf.n - in->at;

		nl = n ? memchr(p, '\n', n) : NULL;
		if (!nl)
			return unfinished(in, ret);
		in->at += (size_t)(nl - p) + 1;
		if (in->skipping) {
			in->skipping = false;
			in->n_left_out += (size_t)(nl - p);
			continue;
		}
		*ret = bytes_of(p, (size_t)(nl - p));
		if (ret->n > in->line_max) {
			in->n_left_out += ret->n - in->line_max;
			ret->n = in->line_max;
			in->cut = true;
		}
		return INPUT_LINE;
	}
}

bool input_would_wait(const struct input *in)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };

	return poll(&p, 1, GRACE_MS) == 0;
}

/* The first bytes of the input tell whether the rest is to be unpacked. */
static void look_packed(struct input *in)
{
	if (in->begun || !codec_stream_is_packed(buf_bytes(&in->buf)))
		return;
	in->unpack = codec_stream_new(in->fd, buf_bytes(&in->buf));
	buf_reset(&in->buf);
	in->n_read = 0;
}

static int fill_unpacked(struct input *in, struct err *e)
{
	int64_t k = codec_stream_some(in->unpack, buf_reserve(&in->buf, READ_BYTES), READ_BYTES, e);

	if (k < 0)
		return -1;
	in->buf.n += (size_t)k;
	in->n_read += (uint64_t)k;
	in->at_end = k == 0;
	return 0;
}

static int fill(struct input *in, struct err *e)
{
	size_t want = in->begun ? READ_BYTES : FIRST_BYTES - in->buf.n;
	ssize_t k;

	if (in->unpack)
		return fill_unpacked(in, e);
	do
		k = read(in->fd, buf_reserve(&in->buf, want), want);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return err_sys(e, "read");
	in->buf.n += (size_t)k;
	look_packed(in);
	if (in->unpack)
		return fill_unpacked(in, e);
	in->n_read += (uint64_t)k;
	in->at_end = k == 0;
	return 0;
}

int input_fill(struct input *in, struct err *e)
{
	bool first = !in->begun;

	buf_drop(&in->buf, in->at);
	in->at = 0;
	do
		if (fill(in, e) < 0)
			return -1;
	while (first && !in->unpack && !in->at_end &&
	       codec_stream_is_undecided(buf_bytes(&in->buf)));
	in->begun = true;
	if (first)
		buf_drop(&in->buf, in->buf.n - codec_skip_bom(buf_bytes(&in->buf)).n);
	return 0;
}
