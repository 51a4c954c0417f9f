/* A pack of a store, as a source of a plan. Private to source_store.c, which makes it. */
#ifndef QUERY_STORE_PACK_H
#define QUERY_STORE_PACK_H

#include <stdatomic.h>

#include "query/bundle_load.h"
#include "query/pack_filter.h"
#include "query/plan.h"
#include "store/store.h"

/* A pack, and its chunks that are wanted. */
struct store_pack {
	struct source source; /* first */
	struct store_file file;
	struct arena mem;
	struct pack_filter filter;
	struct bundle_shelf shelf;
	uint32_t together;   /* of its first bundle: plan_together */
	uint64_t wanted;     /* stored bytes of its blocks and bundles that are asked for */
	bool *bundle_wanted; /* of each bundle; in mem */
};

/* A chunk: piece.at points to it; piece.part is the number of the block. */
struct chunk_ref {
	uint64_t off;			  /* in the raw image of the pack */
	uint64_t at;			  /* in the pack, of one that is in no bundle */
	const struct pack_bundle *bundle; /* NULL: it is in none */
	uint32_t len;
	atomic_bool was_read;
	/* Of a remote store, to know what to ask for: */
	uint32_t head_len;
	struct {
		uint32_t off, len;
	} block[];
};

/* Of a remote store; of one on this machine, mapped, or open. */
extern const struct source_ops store_pack_far, store_pack_mapped, store_pack_read;

#endif
