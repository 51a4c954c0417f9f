/*
 * Comma separated values (RFC 4180), a block at a time: rows whose fields lie in place. LF and CR
 * LF end a row; lines without anything are stepped over, and so is a byte order mark at the start.
 */
#ifndef CSV_CSV_H
#define CSV_CSV_H

#include "base/buf.h"
#include "base/err.h"

enum { CSV_FIELDS_MAX = 4096 };

/* {0} before the first row; but .n_lines, when the text is a part of one, and .separator. */
struct csv_row {
	struct bytes *field; /* valid until the next row is taken, as long as the text is there */
	size_t n;
	uint64_t line;	  /* where it begins, from 1 */
	uint64_t n_lines; /* that stand before the next row */
	char separator;	  /* of fields; 0: a comma */

	size_t cap; /* private from here */
	bool *doubled, begun;
	struct buf text;
};

void csv_row_release(struct csv_row *r);

/* What of the text is there. */
enum csv_more {
	CSV_MORE, /* it may go on behind its end */
	CSV_ALL,  /* it ends there, and the last row with it */
};

/*
 * Takes the next row off the head of *rest: 1; or 0 when there is none that is whole, and *rest is
 * what it begins with.
 * Errors: ERR_CORRUPT, "line 7: ...", quotes that are not where they should be; ERR_LIMIT, more
 * than CSV_FIELDS_MAX fields.
 */
MUST_CHECK int csv_next(struct bytes *rest, enum csv_more more, struct csv_row *row, struct err *e);

/* A field, in quotes when it needs them. */
void csv_add(struct buf *b, struct bytes field);

#endif
