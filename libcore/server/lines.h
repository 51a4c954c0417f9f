/*
 * Lines on their way into a file or a pipe: a thread of their own writes them, so that who has one
 * waits for no disk and for no reader. So much waits in memory, and no more. A line that could be
 * written in part only, as on a full disk, is completed before the next one. From any thread.
 */
#ifndef SERVER_LINES_H
#define SERVER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct lines;

/*
 * fd is given away, also on failure. waiting_max: bytes; a line more is taken while less wait.
 * failed (or NULL) is told of lines that could not be written, and must not use these; not after
 * lines_close. Errors: ERR_IO, no thread.
 */
MUST_CHECK int lines_open(int fd, size_t waiting_max,
			  void (*failed)(const struct err *e, void *data), void *data,
			  struct lines **ret, struct err *e);

/* A line, with its newline, is copied. False: too much waits, and it is lost. */
bool lines_add(struct lines *l, struct bytes line);

/* How many were lost: not taken, or not written. */
uint64_t lines_lost(struct lines *l);

/* What is not written yet goes to fd, which is given away. */
void lines_turn(struct lines *l, int fd);

/* Writes what waits, for timeout_ns at most. What then hangs is left alone, with its thread: the
 * process is about to end. */
void lines_close(struct lines *l, int64_t timeout_ns);

#endif
