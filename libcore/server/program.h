/* One of the programs that work on the store, run to its end by the daemon: what it says on stderr
 * is kept for the message when it fails. */
#ifndef SERVER_PROGRAM_H
#define SERVER_PROGRAM_H

#include "server/server.h"

struct program {
	struct server *server;
	const char *name; /* of the file: "chunkpack" */
	/* On the children's thread, once for each start. failure->code is ERR_NONE when it has done
	 * its work, or was cut off by the next of its pipe, which then says why. */
	void (*ended)(struct program *p, const struct child_end *end, const struct err *failure);
	void *data;

	int stderr_fd; /* private */
};

/* A file in memory for what a program prints: one descriptor to be read by us, behind its end, and
 * one for child_opts.fd, which is given away there. Both are -1 on failure. Errors: ERR_IO. */
MUST_CHECK int program_output(int *ret_ours, int *ret_child, struct err *e);

/*
 * Starts it; p stays until ended() is called. Of o are looked at .argv, .fd[0] and .fd[1] (as
 * child_start has them), .timeout_ns, .memory_max and .nice. It is counted in
 * lokid_child_ended_total.
 */
void program_start(struct program *p, const struct child_opts *o);

#endif
