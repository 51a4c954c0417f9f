/* A tree back to text. */
#ifndef LOGQL_PRINT_H
#define LOGQL_PRINT_H

#include "base/buf.h"
#include "logql/tree.h"

/* One line that parses to the same tree, every value exact: binary operations in parentheses, and
 * everything else spelled as Loki spells it. */
void logql_print(struct buf *b, const struct logql_expr *expr);

/* As Loki's format_query gives it: broken into indented lines where it is over 100 bytes long.
 * Values are rounded where Loki rounds: sizes in label filters ("1024B" becomes "1.0kB"), and
 * vector() has six decimals. */
void logql_print_pretty(struct buf *b, const struct logql_expr *expr);

/* An outline over several lines, the last one ended too: what the parser understood. */
void logql_print_tree(struct buf *b, const struct logql_expr *expr);

/* One node of a metric expression without what it works on, on one line: `sum by (a)`,
 * `rate [5m] offset 1m`. */
void logql_print_node(struct buf *b, const struct logql_expr *expr);

/* One stage as Loki's messages name it: `| json a="b"`. */
void logql_print_stage(struct buf *b, const struct logql_stage *stage);
/* `| unwrap bytes(size)` without its filters. */
void logql_print_unwrap(struct buf *b, const struct logql_unwrap *unwrap);
/* {a="b", c=~"d"} */
void logql_print_selector(struct buf *b, const struct logql_log *log);

#endif
