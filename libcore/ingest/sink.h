/* Where batches go: into the log, or to a server. Private to ingest/. */
#ifndef INGEST_SINK_H
#define INGEST_SINK_H

#include <stdint.h>

#include "base/err.h"

struct ingest;

/* Of in->opts; gives in->streams. Errors: ERR_IO, ERR_FULL; ERR_USAGE, a bad file of secrets. */
MUST_CHECK int sink_open(struct ingest *in, struct err *e);
/* Gives on what is in in->copies and in->es. */
void sink_submit(struct ingest *in, uint64_t batch_id);
void sink_forget_streams(struct ingest *in);
/* Waits until all has its result, and closes. Errors: what was refused first, or could not be told;
 * of the log, that it could not be ended. */
MUST_CHECK int sink_close(struct ingest *in, struct err *e);

#endif
