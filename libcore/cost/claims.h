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
};

struct claims_doc {
	struct claims_table *table;
	size_t n_tables;
	struct bytes *prose; /* lines that are in no table */
	uint32_t *prose_line;
	size_t n_prose;
	size_t cap_tables, cap_prose, cap_lines; /* private */
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
