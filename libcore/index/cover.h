/*
 * What the store covers: the (segment, tenant, day) of which all entries are in packs that a live
 * index names. A reader of the WAL skips those, walreplay --unpacked leaves them out, --prune
 * deletes segments all of whose (tenant, day) are covered. Rules: lokid-index(5), "COMMIT RULES".
 *
 * Index folders are read when first asked for, and then kept: what is committed later is not seen.
 * For one thread.
 */
#ifndef INDEX_COVER_H
#define INDEX_COVER_H

#include "index/live.h"

struct cover;

/* Keeps s, which outlives it. Never NULL. */
struct cover *cover_new(struct store *s);
void cover_free(struct cover *c); /* NULL is fine */

/* 1 when all entries of this segment, tenant and day are in the store, else 0. A damaged index file
 * covers nothing. Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int cover_has(struct cover *c, const struct hash128 *segment, struct bytes tenant,
			 int32_t day, struct err *e);

/* The same, and each pack of the covering index is there with its full size (and each page of the
 * index is right): what must hold before a segment is deleted. */
MUST_CHECK int cover_is_sound(struct cover *c, const struct hash128 *segment, struct bytes tenant,
			      int32_t day, struct err *e);

/* Damaged index files that were met so far; valid until the next call. */
const struct live_fault *cover_faults(const struct cover *c, size_t *ret_n);

#endif
