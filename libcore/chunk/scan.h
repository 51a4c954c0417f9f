/*
 * Steps through chunks and packs as they lie one after another in a file or come through a pipe,
 * past what is damaged. For one thread.
 */
#ifndef CHUNK_SCAN_H
#define CHUNK_SCAN_H

#include "chunk/pack.h"

enum chunk_piece_kind {
	PIECE_CHUNK,   /* .chunk; .bytes may be cut short by the end of the input */
	PIECE_TRAILER, /* .trailer */
	PIECE_FILTER,  /* of a pack: pack_parse_filter; .bytes may be cut short likewise */
	PIECE_BUNDLE,  /* .bundle, .bytes; its chunks come next */
	PIECE_DAMAGE, /* no head that can be read stands at .off; the next one is .len further: .why
		       */
};

struct chunk_piece {
	enum chunk_piece_kind kind;
	uint64_t off, len;  /* from the start of the input's raw image, bundles.h */
	uint64_t at;	    /* from the input's start; of a chunk in a bundle, where that begins */
	struct bytes bytes; /* borrowed, as all below, until the next call */
	struct chunk chunk;
	struct pack_bundle
		bundle; /* of a chunk the one that it is in; .n_chunks 0: it is in none */
	struct pack_trailer trailer;
	struct err why;
	bool adrift; /* .off, and the .len of damage, may be smaller than they were: what cannot be
			read, here or before, may have been a bundle */
};

/* How many bytes of chunks, in the raw image, stand before it at most. Where bytes before it cannot
 * be read, what bundles can have made of them, so that what is asked for on the word of a filter is
 * in proportion to the input. */
uint64_t chunk_piece_before_max(const struct chunk_piece *p);

/* For messages: "chunk", "filter", "trailer", "bundle", "bytes that cannot be read". */
const char *chunk_piece_name(enum chunk_piece_kind kind);

struct chunk_scan;

/* As read(2): up to n bytes into p, 0 at the end, -1 with e set. */
typedef int64_t chunk_fill_fn(void *data, void *p, size_t n, struct err *e);

/* From a pipe, or from a file, in order; holds one chunk or bundle in memory. */
struct chunk_scan *chunk_scan_new(chunk_fill_fn *fill, void *data);
/* From bytes that are all there, a mapped file: a trailer at their end that can be read then says
 * where chunks begin behind damage, so that nothing inside a damaged chunk is taken for one. */
struct chunk_scan *chunk_scan_new_bytes(struct bytes whole);
/* Before the first piece of such a scan, of one pack: where its bundles lie, as an index file says;
 * n is 0 where it has none. That is believed where no trailer can be read: damage then sets nothing
 * adrift, unless bytes were lost or added. Borrowed until chunk_scan_free. */
void chunk_scan_believe(struct chunk_scan *s, const struct pack_bundles *told);
void chunk_scan_free(struct chunk_scan *s);

/* The next piece: 1, 0 at the end, -1 on error (the fill's own). Damage is a piece, not an error.
 */
MUST_CHECK int chunk_scan_next(struct chunk_scan *s, struct chunk_piece *ret, struct err *e);

#endif
