/* UTF-8 by RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

enum { UTF8_REPLACEMENT = 0xfffd };

bool utf8_valid(struct bytes text);

/* Length (1 to 4) of the character at the start of text; 0 when none is there. */
size_t utf8_len(struct bytes text);

/* The character at the start of text, which is not empty, and its length; a byte that begins none
 * is U+FFFD, one long. */
uint32_t utf8_next(struct bytes text, size_t *ret_len);

/* Appends the character c (at most 0x10ffff). */
void utf8_add(struct buf *b, uint32_t c);

/* Appends text with each byte that is not part of a character replaced by U+FFFD, as Go does. */
void utf8_add_valid(struct buf *b, struct bytes text);

#endif
