/*
 * The values of blocks, on their way into a filter: made by many threads, each with its own, taken
 * up in order by one (build.h).
 */
#ifndef BLOOM_VALUES_H
#define BLOOM_VALUES_H

#include "bloom/grams.h"

/* What a filter serves, and costs: nothing; texts of 4 bytes with a letter beyond f, and hex ids of
 * 16; also texts of 9 bytes without such a letter. */
enum bloom_what { BLOOM_NONE, BLOOM_SMALL, BLOOM_FULL };

/* "none", "small", "full". False: it is none of them. */
bool bloom_what_parse(struct bytes text, enum bloom_what *ret);
const char *bloom_what_name(enum bloom_what what);

struct bloom_block {
	uint64_t bytes; /* of its texts */
	uint8_t kinds;	/* 1 << each enum gram_kind that it has; 0: it has no filter */
	uint32_t first[GRAM_KINDS], n[GRAM_KINDS]; /* its values, in the list of each kind */
};

/* {0} is a valid empty one, of BLOOM_NONE. */
struct bloom_values {
	enum bloom_what what;
	struct gram_list of[GRAM_KINDS];
	struct bloom_block *block;
	size_t n, cap;
	struct gram_scratch scratch;
};

void bloom_values_release(struct bloom_values *v);
void bloom_values_reset(struct bloom_values *v); /* empties, keeps the memory */

/* One block more, whose searchable texts are these. Of one that has too many values for what they
 * would save some kinds are left out, or all. */
void bloom_values_add(struct bloom_values *v, struct bytes lines, struct bytes metadata);

/* Bits that n values of a kind are worth in a column. */
uint64_t bloom_bits(enum gram_kind kind, uint64_t n);
/* Whether columns of so many bits are worth having for texts of so many bytes. */
bool bloom_is_worth(enum bloom_what what, uint64_t bits, uint64_t bytes);

/* Texts below BLOOM_SPAN_BYTES share a column with their neighbours, as many as that makes; so few
 * that they are below BLOOM_SPAN_MIN share that of the larger text behind them, or have none, since
 * they are searched as quickly. */
enum { BLOOM_SPAN_BYTES = 128 << 10, BLOOM_SPAN_MIN = 32 << 10 };

#endif
