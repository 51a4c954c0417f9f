/* What the filters of packs are and what they may spare, as text: chunkcat --filters. For one
 * thread. */
#ifndef CHUNK_FILTERS_H
#define CHUNK_FILTERS_H

#include "bloom/fill.h"
#include "chunk/dump.h"

enum filters_format { FILTERS_NOT_GIVEN, FILTERS_TEXT, FILTERS_JSONL }; /* not: text */

/* One pack, until its trailer comes. {0} is a valid empty one. */
struct pack_filters {
	enum filters_format format;
	struct chunk_stats stats; /* of its pieces so far */
	struct bloom filter;
	struct bloom_fill fill;
	uint64_t filter_len; /* 0: no filter was read */
	bool is_damaged;     /* there was one that could not be read */
	struct arena mem;
	size_t n; /* packs that were told of */
};

void pack_filters_release(struct pack_filters *p);

/*
 * The next piece, which is not damage. A trailer appends what its pack has, unless its filter could
 * not be read. name is the file's. Errors: ERR_CORRUPT, a filter, or a page of it, is damaged;
 * ERR_VERSION.
 */
MUST_CHECK int pack_filters_add(struct pack_filters *p, const struct chunk_piece *piece,
				const char *name, struct buf *out, struct err *e);

/* The same at the end of the file, of what has come since the last trailer, if anything has. */
void pack_filters_end(struct pack_filters *p, const char *name, struct buf *out);

#endif
