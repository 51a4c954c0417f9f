/* Which streams a query can see, by what stands in it. */
#ifndef LOGQL_WITHIN_H
#define LOGQL_WITHIN_H

#include "logql/tree.h"

/* Has each selector of the query all matchers of `only`, letter for letter? Then it sees no stream
 * that does not fit them. One without selectors sees none at all. */
bool logql_is_within(const struct logql_expr *x, const struct logql_log *only);

#endif
