/* What a program of the daemon's says on its standard error: each line is one of the daemon's log.
 */
#ifndef SERVER_SAID_H
#define SERVER_SAID_H

#include <stdbool.h>
#include <stddef.h>

#include "server/log.h"

enum { SAID_LINE_MAX = 4096 };

/* Zeroed but for the first two. Of one child at a time. */
struct said {
	struct log *log;
	const char *program; /* "lokid-ingest": what stands before ": error: " in its lines */
	char line[SAID_LINE_MAX];
	size_t n;
};

/*
 * A pipe: *ret_child is the child's standard error, *ret_watch for child_opts.watch. When there is
 * none to be had, which is a warning in the log, *ret_watch is -1 and *ret_child the daemon's own
 * standard error, or -1. From any thread.
 */
void said_open(struct log *log, int *ret_child, int *ret_watch);

/* Of child_opts.readable, with said for its data: logs what has come. A line that is longer than
 * SAID_LINE_MAX is told in pieces; at the end of the pipe so is one without its newline. */
bool said_read(int watch, struct said *said);

#endif
