/* Small files that verbs are given as operands, read whole; and what they print, all at once. */
#ifndef COST_INPUTS_H
#define COST_INPUTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { COST_TEXT_MAX = 4 << 20 };

/* A file that is given twice would count twice. Errors: ERR_USAGE. */
MUST_CHECK int cost_check_once(char **operand, size_t n, struct err *e);

/*
 * Calls each with the text of each operand, in order; of stdin for "-", or when there is none. Text
 * and name (for messages: a path, or "stdin") lie in the arena. Ends with the first failure.
 * Errors: those of cost_check_once; ERR_IO; ERR_LIMIT, more than COST_TEXT_MAX bytes; ERR_VERSION,
 * it is compressed; what each gave.
 */
typedef int cost_text_fn(struct bytes text, const char *name, void *data, struct err *e);
MUST_CHECK int cost_each_text(char **operand, size_t n, struct arena *a, cost_text_fn *each,
			      void *data, struct err *e);

/* The text of one file; "-" is stdin. Errors: ERR_IO; ERR_LIMIT; ERR_VERSION, it is compressed. */
MUST_CHECK int cost_read_text(const char *path, struct arena *a, struct bytes *ret, struct err *e);

#endif
