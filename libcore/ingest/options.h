/* Options of lokid-ingest as people write them, and its counts as people read them. */
#ifndef INGEST_OPTIONS_H
#define INGEST_OPTIONS_H

#include "cli/cli.h"
#include "ingest/ingest.h"

/* Those that only say how: rows of cli.taken whose data is a struct ingest_opts. */
extern const struct cli_taken ingest_options[];

/* "name=value": appends to o->labels, whose array is of the arena. 1 when the value goes on with
 * ",name=" as if it were several labels: taken as it is, while *e has a hint. Errors: ERR_USAGE. */
MUST_CHECK int ingest_parse_label(struct bytes text, struct arena *a, struct ingest_opts *o,
				  struct err *e);

/* Do the options go together? Puts the labels in order; tenant and line_max have their defaults
 * when they are not set. Errors: ERR_USAGE. */
MUST_CHECK int ingest_check_opts(struct ingest_opts *o, struct err *e);

/* "12 entries, 3.4 MiB of lines in 0.10 s (34 MB/s), 2 refused: too long (600 KiB)": what is in the
 * log, and apart from it what is not. */
void ingest_counts_add(struct buf *b, const struct ingest_counts *c, double seconds);

#endif
