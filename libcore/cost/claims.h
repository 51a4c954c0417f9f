/*
 * What a document says of quantities, and whether it can be true: totals of tables and their parts,
 * products in rows, and statements of the same thing in several places.
 */
#ifndef COST_CLAIMS_H
#define COST_CLAIMS_H

#include "base/arena.h"
#include "base/err.h"
#include "cost/quantity.h"

/* A table: cells row by row, without the marks of emphasis; the first row is its heading. */
struct claims_table {
	struct bytes *cell; /* n_rows times n_columns; missing ones are empty */
	uint32_t *line;	    /* of each row */
	size_t n_rows, n_columns;
	struct bytes title; /* the heading above it, or empty */
	size_t section;
};

/* A line that is in no table. */
struct claims_line {
	struct bytes text;
	uint32_t line;
	size_t section;
};

/* What a heading is above, or a line as "Shop:" or a list's item with items below. */
struct claims_section {
	size_t parent; /* of the first one, which is the whole document: itself */
	int level;     /* more than its parent's */
};

struct claims_doc {
	struct claims_table *table;
	size_t n_tables;
	struct claims_line *prose;
	size_t n_prose;
	struct claims_section *section; /* at least one */
	size_t n_sections;
	size_t cap_tables, cap_prose, cap_sections; /* private */
};
void claims_doc_release(struct claims_doc *d);

enum claims_form { CLAIMS_MARKDOWN, CLAIMS_CSV };

/* Texts are borrowed, or lie in the arena. Errors: ERR_CORRUPT, "FILE:LINE: ...", CSV whose quotes
 * are wrong; ERR_LIMIT, a table is too wide, or there are too many rows. */
MUST_CHECK int claims_read(struct bytes text, enum claims_form form, const char *file,
			   struct arena *a, struct claims_doc *ret, struct err *e);

struct claims_finding {
	uint32_t line;
	const char *rule; /* "total", "product", "period", "statement" */
	const char *text;
};

struct claims_sink {
	void (*found)(const struct claims_finding *f, void *data);
	void *data;
	uint64_t n_checked, n_found; /* relations that were looked at; that do not hold */
};

/* Finds what does not follow. Errors: ERR_LIMIT, there is too much to compare with each other. */
MUST_CHECK int claims_check(const struct claims_doc *d, struct claims_sink *sink, struct err *e);

#endif
