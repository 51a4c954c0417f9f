/* What chunks and packs hold, as text: chunkcat's output, chunkcat(1). For one thread. */
#ifndef CHUNK_DUMP_H
#define CHUNK_DUMP_H

#include "chunk/scan.h"

/* A chunk's head, or a pack's bundle, filter or trailer, as one JSON object and a newline. */
void chunk_add_header(struct buf *out, const struct chunk_piece *piece);

/* The table of blocks: its first line, then one for each block of a chunk. */
void chunk_add_blocks_title(struct buf *out);
void chunk_add_blocks(struct buf *out, const struct chunk_piece *piece);

/* Which entries: of streams that fit all matchers, whose time lies in [from_ns, to_ns), to_ns
 * INT64_MAX: up to the end; so many more. */
struct chunk_choice {
	struct matcher *matcher;
	size_t n_matchers;
	int64_t from_ns, to_ns;
	uint64_t left;
};

/* Whether the chunk may have some, whatever is left. */
bool chunk_is_chosen(const struct chunk_choice *which, const struct chunk *c);

/* Those of block number i of a chunk whose stream fits, as JSON lines; takes as many off
 * which->left. Errors: those of chunk_read_block. */
MUST_CHECK int chunk_add_entries(struct buf *out, const struct chunk_piece *piece, uint32_t i,
				 struct chunk_choice *which, struct chunk_scratch *s,
				 struct err *e);

/* Sums over pieces. {0} is a valid empty one. */
struct chunk_stats {
	uint64_t chunks, packs, blocks, blocks_apart, entries;
	uint64_t line_bytes, meta_bytes; /* raw, newlines and repetitions not left out */
	uint64_t head_bytes, filter_bytes, trailer_bytes, bytes; /* heads of chunks; all */
	uint64_t col_raw[COL_COUNT], col_stored[COL_COUNT];
	uint64_t tiny; /* chunks of 10 entries or fewer */
	uint64_t bundles, bundled,
		saved;		   /* those that chunks are of; chunks; bytes that they save */
	struct pack_bundle bundle; /* of the last chunk */
	int64_t from, through;
};

void chunk_stats_add(struct chunk_stats *s, const struct chunk_piece *piece);
void chunk_stats_print(const struct chunk_stats *s, struct buf *out);

#endif
