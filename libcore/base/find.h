/*
 * Searching bytes for bytes, as fast as memory gives them: both ends of the needle are compared in
 * 32 places at once (AVX2, when the processor has it), and what fits is confirmed. For any thread.
 */
#ifndef BASE_FIND_H
#define BASE_FIND_H

#include "base/bytes.h"

/* A needle made ready. {0} is not valid: find_init first. The needle's bytes are borrowed. */
struct find {
	struct bytes needle;
	size_t a, b; /* the two offsets compared first: of the needle's rarest bytes in logs */
	bool fold;   /* ASCII letters match in both cases; the needle is then in lower case */
};

void find_init(struct find *f, struct bytes needle);
/* The same without regard to the case of ASCII letters; the needle must be in lower case. */
void find_init_fold(struct find *f, struct bytes needle);

enum { FIND_NONE = -1 };

/* The offset of the first occurrence at or behind `from`, or FIND_NONE. An empty needle is found at
 * `from`. */
int64_t find_next(const struct find *f, struct bytes hay, size_t from);

/* How often c stands in text. */
size_t find_count_byte(struct bytes text, char c);

#endif
