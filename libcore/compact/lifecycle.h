/*
 * The rules by which an object store does things to the objects of a bucket by itself, as the XML
 * that it has of them: one document for all who use the bucket, which is written whole.
 */
#ifndef COMPACT_LIFECYCLE_H
#define COMPACT_LIFECYCLE_H

#include "base/buf.h"
#include "base/err.h"

enum { LIFECYCLE_ID_MAX = 255 };

/* Appends text as it stands in XML. */
void lifecycle_add_text(struct buf *b, struct bytes text);

/*
 * Appends to ret the document `old` (empty: there is none) with these n rules, each a whole <Rule>
 * that begins with its <ID>, in place of those of the same ID; all others stay, byte by byte, and
 * *ret_others is how many they are. Errors: ERR_CORRUPT, ERR_VERSION: old is in a form that is not
 * known, so that nothing may be written in its place.
 */
MUST_CHECK int lifecycle_merge(struct bytes old, const struct bytes *rule, size_t n,
			       struct buf *ret, size_t *ret_others, struct err *e);

#endif
