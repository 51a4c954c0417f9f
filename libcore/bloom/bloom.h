/*
 * A pack's filter, as it is read: which blocks cannot hold what is asked for. It never says so of
 * one that does. Format: lokid-chunk(5), "FILTERS".
 */
#ifndef BLOOM_BLOOM_H
#define BLOOM_BLOOM_H

#include "base/arena.h"
#include "base/err.h"
#include "bloom/ask.h"

struct bloom_matrix {
	uint8_t kinds; /* 1 << each enum gram_kind that its columns have */
	uint32_t groups, columns;
	uint64_t off; /* of its first page, from that of the filter */
};

/* A chunk of the pack. */
struct bloom_chunk {
	uint64_t off;	/* from the pack's start */
	uint32_t first; /* of its blocks, by their number in the pack */
};

/* Where a block's column lies. */
struct bloom_place {
	uint32_t matrix; /* its number; BLOOM_NO_MATRIX: it has none */
	uint32_t column;
};
#define BLOOM_NO_MATRIX UINT32_MAX

/* All arrays lie in the arena. */
struct bloom {
	struct bloom_matrix *matrix;
	size_t n_matrices;
	struct bloom_chunk *chunk; /* n_chunks, and one more for the end; ascending */
	size_t n_chunks;
	struct bloom_place *place; /* by block */
	size_t n_blocks;
	uint64_t pages_len; /* of all pages */
};

/* Reads the table of a pack whose chunks take chunks_len bytes at most. Errors: ERR_CORRUPT;
 * ERR_VERSION, it has kinds that this version does not know. */
MUST_CHECK int bloom_parse(struct bytes table, uint64_t chunks_len, struct arena *a,
			   struct bloom *ret, struct err *e);

/*
 * How many values of one kind are looked for of a text, evenly chosen: more hardly rule out more
 * blocks. Fewer where each page is a request.
 */
enum { BLOOM_VALUES_NEAR = 8, BLOOM_VALUES_FAR = 3 };

/* The pages that an answer may look at, ascending, each once. */
struct bloom_page {
	uint64_t off;
	uint32_t n;
};
struct bloom_pages {
	struct bloom_page *v; /* to be freed */
	size_t n, cap;
};
void bloom_pages_add(const struct bloom *b, const struct bloom_ask *ask, size_t values_max,
		     struct bloom_pages *ret);

/* Gives the n bytes at off of the filter's pages, valid until the next call. */
typedef int bloom_page_fn(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e);

/* Which columns may have what was asked for: a bit each, by matrix. */
enum { BLOOM_COLUMN_WORDS = 4 };
struct bloom_answer {
	uint64_t (*column)[BLOOM_COLUMN_WORDS]; /* in the arena; NULL: all */
};

/* Errors: ERR_CORRUPT a page's checksum is wrong; the page function's. */
MUST_CHECK int bloom_answer(const struct bloom *f, const struct bloom_ask *ask, size_t values_max,
			    bloom_page_fn *page, void *data, struct arena *a,
			    struct bloom_answer *ret, struct err *e);

/* Where the column of that block of the chunk that begins at off lies. NULL: it is not known. */
const struct bloom_place *bloom_place_of(const struct bloom *f, uint64_t off, uint32_t block);

/* Whether that block may; true of blocks that are not known. */
bool bloom_may(const struct bloom *f, const struct bloom_answer *answer, uint64_t off,
	       uint32_t block);
/* Whether one of the chunk's first n blocks may (of none: not); true of a chunk that is not known,
 * or has not so many. */
bool bloom_may_any(const struct bloom *f, const struct bloom_answer *answer, uint64_t off,
		   uint32_t n);

/* Every page has the right checksum. Errors: ERR_CORRUPT; the page function's. */
MUST_CHECK int bloom_check(const struct bloom *f, bloom_page_fn *page, void *data, struct err *e);

#endif
