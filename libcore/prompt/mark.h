/* The line of a query that is wrong, with a mark under the place. */
#ifndef PROMPT_MARK_H
#define PROMPT_MARK_H

#include "base/buf.h"
#include "logql/tree.h"

/* Two lines of at most cols columns, cut where need be. */
void mark_add(struct buf *b, struct bytes text, const struct logql_pos *pos, unsigned cols);

#endif
