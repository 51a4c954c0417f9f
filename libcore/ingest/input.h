/*
 * Lines from a descriptor, by big reads and in place; compressed ones (gzip, zstd) unpacked. Tells
 * when the next read would wait, so that what was read so far can be committed first.
 */
#ifndef INGEST_INPUT_H
#define INGEST_INPUT_H

#include "base/buf.h"
#include "base/err.h"

struct codec_stream;

struct input {
	int fd;
	struct codec_stream *unpack; /* over fd, when it is compressed, else NULL */
	struct buf buf;		     /* bytes from `at` on are not given yet */
	size_t at;
	size_t line_max; /* a longer line is given in its first line_max bytes, .cut set */
	bool at_end;
	bool begun;	     /* the first bytes were looked at */
	bool skipping;	     /* the rest of a line that was cut is passed over */
	bool cut;	     /* the line that was given last was longer */
	uint64_t n_read;     /* bytes, unpacked */
	uint64_t n_left_out; /* bytes of longer lines that were not given */
};

/* fd stays the caller's. */
void input_init(struct input *in, int fd, size_t line_max);
void input_release(struct input *in);

enum input_got {
	INPUT_LINE, /* *ret is a line without its newline; valid until input_fill */
	INPUT_MORE, /* no whole line is left: call input_fill */
	INPUT_END,  /* the end; a last line without newline was given before */
};

enum input_got input_line(struct input *in, struct bytes *ret);

/* True when input_fill would wait: nothing came within a millisecond. */
bool input_would_wait(const struct input *in);

/* Reads more; an interrupted read is tried again. Errors: ERR_IO; ERR_CORRUPT compressed bytes that
 * are damaged or cut short. */
MUST_CHECK int input_fill(struct input *in, struct err *e);

#endif
