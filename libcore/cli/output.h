/* --output FILE: what a program prints becomes a file, whole or not at all. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/io.h"

struct cli_output {
	const char *path; /* NULL: stdout stays what it is */
	struct file_replace file;
};

/* From now on stdout is a temporary file beside path; with NULL nothing is done. Errors: ERR_IO,
 * ERR_FULL. */
MUST_CHECK int cli_output_open(struct cli_output *o, const char *path, struct err *e);

enum cli_output_end { CLI_OUTPUT_KEEP, CLI_OUTPUT_DROP };

/* Gives the file its name, or removes it. Errors: ERR_IO, ERR_FULL; it is then removed. */
MUST_CHECK int cli_output_close(struct cli_output *o, enum cli_output_end end, struct err *e);

#endif
