/*
 * --output FILE: what a program prints becomes a file, whole or not at all. One that is there is
 * replaced where a symbolic link leads to, and keeps its mode; a device or a FIFO is written to.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <string.h>

#include "base/bytes.h"
#include "cli/cli.h"

/* "-" is stdout as it is, as no path (NULL) is. */
static inline bool cli_output_is_file(const char *path)
{
	return path && strcmp(path, "-") != 0;
}

/*
 * What fn returns when the answer is no and there is nothing that a file could be: the one that is
 * there stays as it is. The exit status is that of ERR_NO.
 */
enum { CLI_OUTPUT_NONE = 1 };

/*
 * Calls fn with stdout as a file without a name beside path (none: as it is), which gets its name
 * when fn returns 0 or ERR_NO ("worked, and the answer is no"), and is removed else. Reports fn's
 * error, or that of writing with what was written to, once, but for ERR_NO, which only becomes the
 * exit status. Ends with exit 2 when path is one of the operands, or stdin.
 */
typedef int cli_output_fn(void *data, struct err *e);
void cli_output_run(struct cli *c, const char *path, cli_output_fn *fn, void *data);

/* Writes text, which may be empty, to stdout, and flushes: what fails later has lost its reason.
 * Errors: as of err_sys. */
MUST_CHECK int cli_print(struct bytes text, struct err *e);

#endif
