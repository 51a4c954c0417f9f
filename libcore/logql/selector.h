/* A selector, {app="web", env=~"p.*"}, as matchers that are ready to match. */
#ifndef LOGQL_SELECTOR_H
#define LOGQL_SELECTOR_H

#include "labels/matcher.h"

/*
 * For options like --match: parses the selector, {} included, and compiles its regexes. The array
 * and its strings lie in the arena; the caller releases each matcher.
 *
 * Errors: ERR_QUERY.
 */
MUST_CHECK int logql_matchers(struct bytes selector, struct arena *a, struct matcher **ret,
			      size_t *ret_n, struct err *e);

#endif
