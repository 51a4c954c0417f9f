/* A tree back to text. */
#ifndef LOGQL_PRINT_H
#define LOGQL_PRINT_H

#include "base/buf.h"
#include "logql/tree.h"

/* One line that parses to the same tree: every value exact, only the parentheses needed for it. */
void logql_print(struct buf *b, const struct logql_expr *expr);

/* As Loki's format_query gives it: broken into indented lines where it is over 100 characters
 * long; sizes in label filters are rounded to two digits there ("1024B" becomes "1.0kB"). */
void logql_print_pretty(struct buf *b, const struct logql_expr *expr);

/* One filter, stage or selector alone, in the one-line form. */
void logql_print_stage(struct buf *b, const struct logql_stage *stage);
void logql_print_selector(struct buf *b, const struct logql_log *log);

#endif
