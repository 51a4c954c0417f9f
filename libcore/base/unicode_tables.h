/* The tables that base/unicode.h is answered from. */
#ifndef BASE_UNICODE_TABLES_H
#define BASE_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

struct unicode_range {
	uint32_t first, last;
};

/* Every step-th character of the range becomes itself plus delta. */
struct unicode_case {
	uint32_t first, last;
	int32_t step, delta;
};

extern const struct unicode_range unicode_word[], unicode_print[];
extern const struct unicode_case unicode_uppers[], unicode_lowers[];
extern const size_t n_unicode_word, n_unicode_print, n_unicode_uppers, n_unicode_lowers;

#endif
