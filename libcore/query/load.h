/* What a thread needs to read pieces: scratch for every kind of source. */
#ifndef QUERY_LOAD_H
#define QUERY_LOAD_H

#include "base/io.h"
#include "chunk/chunk.h"
#include "query/plan.h"
#include "wal/reader.h"

struct bundle_held;
struct bundle_reader;
struct pack_bundle;

/* What reading has cost; of chunks only. */
struct load_stats {
	uint64_t chunks;       /* of which something was read for the first time */
	uint64_t stored_bytes; /* compressed, of the columns that were decoded; in bundles their
				  share */
	uint64_t meta_bytes;   /* structured metadata of blocks where that was decoded */
};

struct load_mem {
	/* Made when first needed; one for lines with their lengths, one for timestamps, one for
	 * metadata, so that each can be loaded without disturbing the others. */
	struct chunk_scratch *chunk[3];
	struct shape_pick pick; /* entries of the next piece whose lines are wanted, of chunks; n 0:
				   all */
	struct shape_fetch more;     /* of its lines, when `stored` does not have all of them */
	struct shape_reader *shapes; /* of the piece, loaded with WANT_SHAPES; NULL: it has none */
	uint64_t shapes_off, shapes_block; /* where these are: block.h */
	struct buf stored;		   /* bytes read from a file */
	struct buf ts, off, lines, set;
	const void *head_of; /* whose head `head` is, in mem */
	struct chunk head;
	struct bundle_held *bundle;	     /* in which head may lie: bundle_load.h; NULL: none */
	const struct pack_bundle *bundle_is; /* its row, with .bundle */
	struct bundle_reader *unpacker;
	struct buf packed, unpacked; /* a bundle as stored, and on its way to .bundle */
	struct io_past past;	     /* of mapped packs and files */
	struct fetch *fetch;	     /* of the scan; NULL: nothing is fetched ahead */
	struct buf far;		     /* what was read of far_of, by fetch.c */
	const struct piece *far_of;
	struct store_file *more_file; /* for `more`: where the lines lie, and where in far */
	uint64_t more_at;
	size_t more_to;
	struct wal_reader *wal; /* of segment wal_of, standing on the batch at wal_at */
	const struct source *wal_of;
	uint64_t wal_at;
	struct wal_item wal_item;
	struct arena mem;
	struct load_stats stats;
};

void load_mem_release(struct load_mem *m);

#endif
