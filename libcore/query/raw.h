/*
 * Raw lines: a file that is read where it lies, or a pipe or compressed file that is read a few MiB
 * at a time. Cut into pieces of about a MiB at line ends.
 */
#ifndef QUERY_RAW_H
#define QUERY_RAW_H

#include "query/raw_arrival.h"
#include "query/source.h"

struct codec_stream;
struct raw;

/* fd becomes r's own, and so does the stream over it, of which `start` was read already; NULL: fd
 * is a plain file of lines, read where they lie. clock stays the caller's. Never NULL. */
struct raw *raw_new(int fd, struct codec_stream *stream, const char *name, struct bytes start,
		    const struct source_opts *o, struct raw_clock *clock);
void raw_free(struct raw *r);

/* From now on raw_next gives the lines that there are, rather than wait for more. */
void raw_prompt(struct raw *r);

/* Whether it is a plain file, or kept: all of it can be planned at once, and again. */
bool raw_is_whole(const struct raw *r);
void raw_keep(struct raw *r);

/* Whether a plan so far had a selector that its lines, having no labels, cannot fit. */
bool raw_is_unfit(const struct raw *r);

/* All pieces of one that is whole (read first, when it is to be kept). */
MUST_CHECK int raw_plan(struct raw *r, struct plan *p, struct err *e);
/* The next pieces of one that is not: 1, or 0 at its end. */
MUST_CHECK int raw_next(struct raw *r, struct plan *p, struct err *e);

#endif
