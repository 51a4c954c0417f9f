/*
 * Batches that another writer made, to be appended to the log as they are: their records, and what
 * must be known of each. {0} is a valid empty one. For one thread.
 */
#ifndef WAL_COPIES_H
#define WAL_COPIES_H

#include "wal/reader.h"

struct wal_copy {
	size_t off, n; /* its record in .data */
	size_t first_stream, n_streams;
	uint64_t batch_id, n_entries, line_bytes;
};

struct wal_copies {
	struct buf data;
	uint32_t *stream; /* numbers of the streams, ascending by id in each batch */
	size_t n_streams, cap_streams;
	struct wal_copy *v;
	size_t n, cap;
};

void wal_copies_release(struct wal_copies *c);
void wal_copies_reset(struct wal_copies *c); /* empties, keeps the memory */

/* record is the whole record of b, each of whose streams is known. */
void wal_copies_add(struct wal_copies *c, struct bytes record, const struct wal_batch *b);

#endif
