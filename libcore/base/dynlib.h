/* Libraries that are loaded when they are first needed, so that programs which do without do not
 * pay for their start. A loaded one stays: some keep threads and handlers. For any thread. */
#ifndef BASE_DYNLIB_H
#define BASE_DYNLIB_H

#include <stddef.h>

#include "base/err.h"

struct dynlib_function {
	const char *name;
	void *at; /* of a pointer to such a function */
};

/* Loads the first of names (two, or one and NULL) that is there, and finds all functions in it.
 * Errors: ERR_IO, saying missing, or what is not in it. */
MUST_CHECK int dynlib_load(const char *const names[2], const char *missing,
			   const struct dynlib_function *v, size_t n, struct err *e);

#endif
