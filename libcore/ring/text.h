/* A ring as text: lokid-ring(5), and an instance of it as etcd holds it. */
#ifndef RING_TEXT_H
#define RING_TEXT_H

#include "ring/ring.h"

/* Appends the whole text, with its end and checksum. */
void ring_add_text(struct buf *b, const struct ring *r);
/*
 * *ret, not initialised before, is what the text says. Errors, with line and field: ERR_CORRUPT
 * (cut short, changed since it was written, no ring, two instances with one token ...); ERR_VERSION
 * (of a later version); ERR_LIMIT (more instances or tokens than there may be). Nothing is to be
 * released then.
 */
MUST_CHECK int ring_parse_text(struct bytes text, struct ring *ret, struct err *e);

/* The settings, and one instance, each on a line of its own without the newline. */
void ring_add_settings(struct buf *b, const struct ring *r);
void ring_add_instance(struct buf *b, const struct ring_instance *in);
/* Sets settings and revision of r. Errors: as ring_parse_text. */
MUST_CHECK int ring_parse_settings(struct bytes line, struct ring *r, struct err *e);
/* Adds the instance to r; *ret, unless it is NULL, is that one. Errors: as ring_parse_text; a name
 * that is there already. */
MUST_CHECK int ring_parse_instance(struct bytes line, struct ring *r, struct ring_instance **ret,
				   struct err *e);
/* Is each token that of one instance alone? Errors: ERR_CORRUPT, the two that share one. */
MUST_CHECK int ring_check_tokens(const struct ring *r, struct err *e);

#endif
