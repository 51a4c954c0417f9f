/* What the usage of a store tells of the future: how much comes in a day, how well it packs. */
#ifndef COST_MEASURE_H
#define COST_MEASURE_H

#include "cost/usage.h"

struct measured {
	uint32_t days;	       /* whole days, of those asked for, since the first of the store */
	uint64_t lines_a_day;  /* bytes, on the mean of these days */
	uint64_t bytes_a_day;  /* as stored, index files and all */
	uint64_t lines, bytes; /* of all days */
	double ratio;	       /* lines / bytes of all; 0: nothing is there */
	double ratio_of[CODEC_COUNT]; /* of lines and their chunks; 0: no chunk has this encoding */
};

/* The mean is that of the n whole days before today, or of those there are since the first entry.
 */
void measure(const struct usage *u, int32_t today, uint32_t n, struct measured *ret);

#endif
