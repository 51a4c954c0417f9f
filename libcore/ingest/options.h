/* Options of lokid-ingest as people write them, and its counts as people read them. */
#ifndef INGEST_OPTIONS_H
#define INGEST_OPTIONS_H

#include "cli/cli.h"
#include "ingest/ingest.h"

/* Rows of cli.taken whose data is a struct ingest_opts, which outlives what they are given. */
extern const struct cli_taken ingest_options[];

/* Do the options go together? Puts the labels in order; tenant and line_max have their defaults
 * when they are not set. Errors: ERR_USAGE. */
MUST_CHECK int ingest_check_opts(struct ingest_opts *o, struct err *e);

/* "12 entries, 3.4 MiB of lines in 0.10 s (34 MB/s), 2 refused: too long (600 KiB)": what is in the
 * log, and apart from it what is not. */
void ingest_counts_add(struct buf *b, const struct ingest_counts *c, double seconds);

#endif
