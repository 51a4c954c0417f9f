/*
 * The text of a receipt: a head with sums, and a row for each pack that was made anew. What is read
 * stays as it stands: rows are lines. Format: lokid-deletes(5), "RECEIPT".
 *
 * No I/O; for any thread.
 */
#ifndef DELETES_RECEIPT_ROWS_H
#define DELETES_RECEIPT_ROWS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/map.h"

enum { RECEIPT_MAX = 256 << 20 /* bytes */, RECEIPT_VERSION = 1 };

/* How each row begins. */
#define RECEIPT_ROW "{\"day\":"

/* Takes the next row of a receipt, or of rows with a newline each, without the comma behind it; it
 * points into the text. False when there is none left. As bytes_split. */
bool receipt_next_row(struct bytes *rest, struct bytes *ret);

/* The name of a pack that a row says: "before", "after". False, and *ret undefined, when it does
 * not say it. */
bool receipt_row_pack(struct bytes row, const char *member, struct hash128 *ret);

/* The packs that rows are about, before and after; {0} is empty. A row that does not say both is
 * not added, and never has. */
struct receipt_set {
	struct map seen;
	struct arena mem;
};
void receipt_set_add(struct receipt_set *s, struct bytes row);
bool receipt_set_has(const struct receipt_set *s, struct bytes row);
void receipt_set_release(struct receipt_set *s);

/* Appends a receipt. head is the object's first members, on one line, up to the sums, which are
 * reckoned from the rows; rows have a newline each; finished_ns 0: it is of one day. */
void receipt_add_text(struct buf *b, struct bytes head, struct bytes rows, int64_t finished_ns);

/* Whether text is a receipt of the request: one object with its id, and as many rows as it says.
 * Errors: ERR_CORRUPT. */
MUST_CHECK int receipt_check(struct bytes text, struct bytes id, struct err *e);

/* A receipt that can be merged with another one; points into its text. */
struct receipt_text {
	struct bytes head, text;
	int64_t finished_ns; /* 0: it does not say */
};

/* Reads one: receipt_check holds, and each row is a whole one that says both packs. Errors:
 * ERR_VERSION; ERR_CORRUPT anything else. */
MUST_CHECK int receipt_read(struct bytes text, struct bytes id, struct receipt_text *ret,
			    struct err *e);

/* Appends `there` with the rows of `more` behind its own, each pair of packs once, and the later
 * time of the two. False, and nothing is appended, when `there` has all those rows. */
bool receipt_merge(const struct receipt_text *there, const struct receipt_text *more,
		   struct buf *ret);

#endif
