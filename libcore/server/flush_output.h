/* What the programs of a flush have printed. Each takes the open file that holds it, and closes
 * that. */
#ifndef SERVER_FLUSH_OUTPUT_H
#define SERVER_FLUSH_OUTPUT_H

#include "server/server.h"

/* idxbuild's: a path for each index file that was made, and its chunks are counted (stored.h).
 * Waits for the store; one that cannot be counted is told in the daemon's log. */
void flush_output_indexed(struct server *s, int fd);

/* walreplay --mend's: a line for each segment, and each is told in the daemon's log. */
void flush_output_mended(struct server *s, int fd);

#endif
