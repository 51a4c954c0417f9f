/* Decoding a chunk's block for a query, column by column. */
#ifndef QUERY_CHUNK_LOAD_H
#define QUERY_CHUNK_LOAD_H

#include "chunk/chunk.h"
#include "query/load.h"

/* As source_ops.load, of block `i`, whose stored bytes (at offset off of the file) are given, as
 * many as chunk_block_need() tells at least. Counts what it decodes, and what is decoded later of
 * lines that are taken apart. */
MUST_CHECK int chunk_load(const struct chunk *c, uint64_t i, struct bytes stored, uint64_t off,
			  unsigned want, struct load_mem *m, struct run *ret, unsigned *ret_have,
			  struct err *e);

/* What was counted since the last call. */
struct load_stats chunk_load_take_stats(struct load_mem *m);

#endif
