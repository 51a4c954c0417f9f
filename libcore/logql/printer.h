/* The printer from inside: what the one-line and the pretty form share. */
#ifndef LOGQL_PRINTER_H
#define LOGQL_PRINTER_H

#include "logql/print.h"

/* Each appends one part in its one-line form. */
enum print_style { PRINT_EXACT, PRINT_LOKI };

void print_expr(struct buf *b, const struct logql_expr *x, enum print_style style);
void print_log(struct buf *b, const struct logql_log *log, enum print_style style);
void print_stage(struct buf *b, const struct logql_stage *s, enum print_style style);
void print_filter(struct buf *b, const struct logql_filter *f, enum print_style style);
/* " by (a,b)", with sep between the labels; nothing for what says nothing. */
void print_grouping(struct buf *b, const struct logql_grouping *g, const char *sep,
		    enum print_style style);
/* "/ on (env) group_left (x)" */
void print_binary_op(struct buf *b, const struct logql_expr *x, enum print_style style);
/* As Go prints a double with %v. */
void print_number(struct buf *b, double v);

#endif
