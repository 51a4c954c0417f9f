/*
 * Tables: for people, as CSV, in a page. They are made whole before they are printed, so they are
 * for reports, not for entries.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "base/arena.h"
#include "base/buf.h"

enum { TABLE_COLUMNS_MAX = 64 };

/* TABLE_POINT: numbers, right, with their points in line; in a page as TABLE_RIGHT. */
enum table_align { TABLE_LEFT, TABLE_RIGHT, TABLE_POINT };

struct table_column {
	struct bytes name;
	enum table_align align;
};

/* {0} is a valid empty one. It owns its texts. */
struct table {
	struct table_column column[TABLE_COLUMNS_MAX]; /* private */
	size_t n_columns;
	struct bytes *cell; /* row by row */
	size_t n_cells, cap_cells;
	size_t *rule; /* rows that a rule stands over */
	size_t n_rules, cap_rules;
	struct arena mem;
};

void table_release(struct table *t);

/* All of them before the first cell, TABLE_COLUMNS_MAX at most. */
void table_column(struct table *t, const char *name, enum table_align align);

/* The next cell: rows fill from left to right. */
void table_add(struct table *t, struct bytes cell);
void table_addf(struct table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A rule stands over the next row, as over a total; CSV has none. */
void table_rule(struct table *t);

/* For people: columns in line, two blanks apart; control characters are made visible. What is not
 * ASCII counts as one column for each character. */
void table_text(const struct table *t, struct buf *out);
void table_csv(const struct table *t, struct buf *out);
void table_html(const struct table *t, struct buf *out);

#endif
