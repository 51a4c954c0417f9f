/* A selector, {app="web", env=~"p.*"}, as matchers that are ready to match. */
#ifndef LOGQL_SELECTOR_H
#define LOGQL_SELECTOR_H

#include "labels/matcher.h"
#include "logql/parse.h"

/*
 * Parses the selector and compiles its regexes; flags are of enum logql_flags (options like --match
 * take {} too). The array and its strings lie in the arena; the caller releases each matcher.
 *
 * Errors: ERR_QUERY.
 */
MUST_CHECK int logql_matchers(struct bytes selector, unsigned flags, struct arena *a,
			      struct matcher **ret, size_t *ret_n, struct err *e);

#endif
