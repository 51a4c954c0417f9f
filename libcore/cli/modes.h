/*
 * Modes: options that say what a program is to do, of which it takes one at most, such as
 * --compact; and which of its other options have an effect in which.
 */
#ifndef CLI_MODES_H
#define CLI_MODES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Modes are numbered from 1 in the order of such rows; 0 is what is done without any of them. */
struct cli_mode {
	const char *option; /* "--compact" */
	bool given;
};

/* An option that has an effect in some modes alone. */
struct cli_use {
	const char *option; /* "--day" */
	bool given;
	unsigned modes; /* 1 << mode, of each in which it has one */
};

/* *ret: which of n modes is given, or 0. Errors: ERR_USAGE, two are. */
MUST_CHECK int cli_mode_find(const struct cli_mode *modes, size_t n, size_t *ret, struct err *e);

/* Has each option that is given an effect in this one of the modes? Errors: ERR_USAGE, with the
 * modes in which the first that has none has one. */
MUST_CHECK int cli_mode_check(const struct cli_mode *modes, size_t mode, const struct cli_use *uses,
			      size_t n_uses, struct err *e);

#endif
