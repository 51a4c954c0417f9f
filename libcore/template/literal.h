/* Strings, characters and numbers as Go's sources write them. */
#ifndef TEMPLATE_LITERAL_H
#define TEMPLATE_LITERAL_H

#include "base/buf.h"

/* Whether text can stand between backquotes. */
bool literal_fits_raw(struct bytes text);

/* "U+0040", and with_char " '@'" behind it when it can be printed. */
void literal_add_code_point(struct buf *b, uint32_t c, bool with_char);

/* The value of a literal in "..." or `...`. False: it is not one. */
bool literal_read_string(struct bytes literal, struct buf *out);
/* That of '...': 1 read, 0 no character, -1 more than one. */
int literal_read_char(struct bytes literal, int32_t *ret);

/*
 * Whole numbers as strconv.ParseInt and ParseUint read them. base 0: from the prefix 0x 0b 0o 0,
 * and with _ between digits. What does not fit is clipped.
 */
enum parse_result { PARSE_OK, PARSE_SYNTAX, PARSE_RANGE };
enum parse_result literal_read_i64(struct bytes text, int base, int64_t *ret);
enum parse_result literal_read_u64(struct bytes text, int base, uint64_t *ret);
/* As strconv.ParseFloat; false for both kinds of failure. */
bool literal_read_float(struct bytes text, double *ret);

#endif
