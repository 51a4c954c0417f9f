/*
 * How full a filter is, and how often it therefore lets a block pass that lacks what is looked for:
 * estimates from the bits alone, for people. For one thread. Format: lokid-chunk(5), "FILTERS".
 */
#ifndef BLOOM_FILL_H
#define BLOOM_FILL_H

#include "bloom/bloom.h"

enum { BLOOM_FILL_VALUES = 8 }; /* of letters, in a text of usual length */

struct bloom_fill {
	size_t own, shared,
		without; /* blocks with a column of their own, with one of several, none */
	uint64_t columns, columns_of[GRAM_KINDS]; /* all; those that have values of the kind */

	/* Parts of 1. */
	double set;		 /* of the bits */
	double *set_of;		 /* the same of each matrix; in the arena */
	double pass[GRAM_KINDS]; /* of the columns with the kind that lack a value of it, they pass
				  */
	double pass_text;	 /* of those with letters, that lack BLOOM_FILL_VALUES of them */
};

/* pages are all of the filter's, and right. What no column has is 0. */
void bloom_fill(const struct bloom *f, struct bytes pages, struct arena *a, struct bloom_fill *ret);

/* Bytes of its pages. */
uint64_t bloom_matrix_bytes(const struct bloom_matrix *m);

/* "letters", "sparse", "hex", "rest", "escape". */
const char *bloom_kind_name(enum gram_kind kind);

#endif
