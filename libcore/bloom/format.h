/* What the files of bloom/ know of the format together; not for others. lokid-chunk(5), "FILTERS".
 */
#ifndef BLOOM_FORMAT_H
#define BLOOM_FORMAT_H

#include <stdint.h>

enum {
	GROUP_ROWS = 256,  /* a value's rows are all in one group */
	COLUMNS_MAX = 256, /* of a matrix */
	PAGE_CRC_LEN = 4,  /* behind a group's rows */
	GROUPS_MAX = 4096, /* of a matrix */
};

/* The group of a value in a matrix of so many, and its row there number k of those it sets. */
static inline uint32_t bloom_group(uint64_t value, uint32_t groups)
{
	return (uint32_t)((value >> 32) * groups >> 32);
}

static inline uint32_t bloom_row(uint64_t value, unsigned k)
{
	return (uint32_t)(value >> 8 * k) & (GROUP_ROWS - 1);
}

/* Rows follow one another bit by bit, the first column's in the lowest. */
static inline uint32_t bloom_page_len(uint32_t columns)
{
	return GROUP_ROWS / 8 * columns + PAGE_CRC_LEN;
}

#endif
