/*
 * Values of options, read from their text; and what takes them straight to where they go, for rows
 * of cli.taken.
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdint.h>

#include "base/err.h"

/* Errors of all: ERR_USAGE, what is expected and what was found. */
MUST_CHECK int cli_read_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret,
			      struct err *e);
/* With a unit: num_size. */
MUST_CHECK int cli_read_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret,
			     struct err *e);
/* Which of the words, of a list that NULL ends. */
MUST_CHECK int cli_read_word(const char *text, const char *const *words, int *ret, struct err *e);

/* Of answers that are lines for people, or an object a line for programs. */
enum cli_format { CLI_FORMAT_NOT_GIVEN, CLI_TEXT, CLI_JSONL };

/* at: a bool, which becomes true; a const char *; a uint64_t of 1 and above, as a count and as a
 * size; an enum cli_format, of "text" or "jsonl". */
int cli_take_flag(void *at, const char *value, struct err *e);
int cli_take_text(void *at, const char *value, struct err *e);
int cli_take_count(void *at, const char *value, struct err *e);
int cli_take_size(void *at, const char *value, struct err *e);
int cli_take_format(void *at, const char *value, struct err *e);

#endif
