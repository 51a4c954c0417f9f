/* What characters are, as Go's package unicode has it. Code points, also ones that are none. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A letter or a decimal digit. */
bool unicode_is_word(uint32_t c);
/* Letters, marks, numbers, punctuation, symbols, and the blank. */
bool unicode_is_print(uint32_t c);
bool unicode_is_space(uint32_t c);

/* One character for one, whatever stands around it. */
uint32_t unicode_upper(uint32_t c);
uint32_t unicode_lower(uint32_t c);
uint32_t unicode_title(uint32_t c);

/* The characters that differ from c only in case, ascending, c among them: Unicode's simple
 * folding. Returns how many. */
enum { UNICODE_SAME_CASE_MAX = 4 };
size_t unicode_same_case(uint32_t c, uint32_t ret[UNICODE_SAME_CASE_MAX]);
/* The first character from c on that there are others of; UINT32_MAX: none. */
uint32_t unicode_next_cased(uint32_t c);

#endif
