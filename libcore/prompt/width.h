/* How much room text takes on a terminal. The locale decides on what is not ASCII. */
#ifndef PROMPT_WIDTH_H
#define PROMPT_WIDTH_H

#include "base/bytes.h"

/* Columns of text, which begins in column `at` (tabs) and has no newline; colours take none. */
size_t width_of(struct bytes text, size_t at);

/* How many bytes at the start of text take at most so many columns. */
size_t width_fit(struct bytes text, size_t cols);

#endif
