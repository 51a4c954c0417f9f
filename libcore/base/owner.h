/* Whose a folder is that is written to. */
#ifndef BASE_OWNER_H
#define BASE_OWNER_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Is this process root's, and the folder another user's? Who serves it, as a daemon, may then not
 * be able to use what is written: *why says whose it is, and how to run prog as that user. One
 * that is not there, or no path of a folder, is nobody else's. For any thread.
 */
bool owner_is_other(const char *folder, const char *prog, struct err *why);

#endif
