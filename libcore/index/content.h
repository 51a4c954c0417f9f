/* What an index file is to hold, numbered by order of arrival: filled by writer.c, laid out by
 * layout.c. Private to index/. */
#ifndef INDEX_CONTENT_H
#define INDEX_CONTENT_H

#include "base/map.h"
#include "index/writer.h"

struct series {
	struct hash128 id;
	uint32_t label, n_labels; /* in pair_of: pairs by arrival */
	uint32_t first_chunk;	  /* after sorting */
};

struct pair {
	uint32_t name, value; /* symbols */
	uint32_t posting_at, n_series;
};

struct chunk_row {
	struct index_chunk c;
	uint32_t series;
};

struct bundle_row {
	struct pack_bundle b;
	uint32_t pack;
};

struct id_list {
	struct hash128 *v;
	size_t n, cap;
};

struct index_writer {
	struct buf tenant;
	int32_t day;
	bool mixed, thinned, compress;
	struct arena text; /* symbols and keys of the maps */
	struct map symbol_map, pair_map, series_map;
	struct bytes *symbol;
	size_t n_symbols, cap_symbols;
	struct pair *pair;
	size_t n_pairs, cap_pairs;
	struct series *series;
	size_t n_series, cap_series;
	uint32_t last_series; /* that a chunk was added for */
	uint32_t *pair_of;    /* the pairs of each series in turn */
	size_t n_pair_of, cap_pair_of;
	struct index_pack *pack;
	size_t n_packs, cap_packs;
	struct chunk_row *chunk;
	size_t n_chunks, cap_chunks;
	struct index_block *block;
	size_t n_blocks, cap_blocks;
	struct bundle_row *bundle;
	size_t n_bundles, cap_bundles;
	struct id_list list[3];
	uint32_t *del; /* symbols */
	size_t n_dels, cap_dels;

	/* set by index_writer_finish */
	uint32_t *symbol_rank, *pair_rank, *series_rank, *pack_rank;
	uint32_t *symbol_order, *pair_order, *series_order, *pack_order;
};

#endif
