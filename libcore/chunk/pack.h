/*
 * Packs: chunks of one tenant and day back to back, sorted by labels, then time; then a filter, if
 * it has one, which says what they cannot hold; then the trailer, which says where each chunk lies
 * and what the pack holds. This module encodes and reads filters and trailers;
 * the chunks go through chunk.h. Format: lokid-chunk(5), "PACKS".
 */
#ifndef CHUNK_PACK_H
#define CHUNK_PACK_H

#include "chunk/bundles.h"
#include "chunk/chunk.h"
#include "bloom/bloom.h"

enum {
	PACK_END_LEN = 8,	/* the trailer's length and "LKPT": the last bytes of a pack */
	PACK_LIST_MAX = 1 << 20 /* segments, parts, replaced packs, deletes: each at most */
};

struct pack_chunk {
	uint64_t off; /* from the start of the pack's raw image, bundles.h */
	uint32_t len;
	uint32_t head_len; /* read as much at off, then chunk_parse */
};

struct pack_trailer {
	struct bytes tenant;
	int32_t day;	   /* days since 1970-01-01: every entry of the pack lies in it */
	int64_t order_key; /* of entries equal in identity that of the lower key is first; also
			      orders equal timestamps of different packs: newest `created` of the
			      segments read, 0 when from JSON lines, plus the number of
			      packs before it in its run */
	struct chunk_params params;
	struct pack_chunk *chunk;
	size_t n_chunks;	     /* may be 0: a pack that only carries provenance */
	struct pack_bundles bundles; /* in which some of them lie */
	struct hash_list segments; /* seals of WAL segments of which every entry of this tenant and
				      day lies in this pack and in `parts`; ascending */
	struct hash_list parts; /* names of packs of this tenant and day, without which `segments`
				   does not hold */
	bool mixed; /* holds entries from elsewhere too: JSON lines, a segment without a good end.
		       What else covers `segments` must then not make this pack obsolete */
	struct hash_list replaced; /* names of packs whose entries are all here */
	struct bytes *deletes;	   /* delete requests that were applied */
	size_t n_deletes;
	struct hash_list sources; /* names of packs that hold all entries of this one; of a pack
				     that was made of packs. Says nothing of what is not here */
	uint32_t filter_len;	  /* of the filter before it; 0: there is none */
};

/* Appends the filter's head, to be written behind the chunks; pages_len bytes of pages follow.
 * False, and nothing is appended: it would be too large. */
bool pack_filter_encode(struct bytes table, uint64_t pages_len, struct buf *out);

/* Reads that head, of a pack whose chunks take chunks_len bytes of its raw image at most; `in`
 * begins with it, and has at least the head_len bytes that chunk_parse_fixed says. ret lies in the
 * arena. Errors: ERR_CORRUPT, ERR_VERSION. */
MUST_CHECK int pack_parse_filter(struct bytes in, uint64_t chunks_len, struct arena *a,
				 struct bloom *ret, struct err *e);

/* The same, and its pages too, which are all there, each with the right checksum; ret_pages borrows
 * from `in`. Errors too: ERR_CORRUPT, one is not, or has another. */
MUST_CHECK int pack_parse_filter_pages(struct bytes in, uint64_t chunks_len, struct arena *a,
				       struct bloom *ret, struct bytes *ret_pages, struct err *e);

/* Appends the trailer: to be written behind the chunks, whose offsets are those in t->chunk (back
 * to back, from 0). Of t->bundles raw_off, n_chunks and len are looked at. */
void pack_trailer_encode(const struct pack_trailer *t, struct buf *out);

/*
 * Reads n bytes at off into p, all of them; data is the caller's. A short read is its error.
 */
typedef int pack_read_fn(void *data, uint64_t off, void *p, size_t n, struct err *e);

/*
 * Reads the trailer of a pack of `size` bytes with two reads at most (one when the trailer is below
 * 64 KiB). Strings and arrays lie in the arena. Errors: ERR_CORRUPT (no trailer, damaged),
 * ERR_VERSION; the read's own.
 */
MUST_CHECK int pack_read_trailer(pack_read_fn *read, void *data, uint64_t size, struct arena *a,
				 struct pack_trailer *ret, struct err *e);

/* The same from a whole pack in memory (mapped, or as much of its end as holds the trailer; size is
 * the pack's). */
MUST_CHECK int pack_parse_trailer(struct bytes tail, uint64_t size, struct arena *a,
				  struct pack_trailer *ret, struct err *e);

/* Bytes of the pack before its filter, or without one its trailer. */
uint64_t pack_chunks_len(const struct pack_trailer *t);

/* Does a trailer stand there, be it cut or damaged behind its first bytes? */
bool pack_is_trailer(struct bytes start);

/*
 * The same from a trailer's own bytes, wherever it was met; off is where it stands, from the pack's
 * start, or PACK_OFF_ANY when that is not known.
 */
#define PACK_OFF_ANY UINT64_MAX
MUST_CHECK int pack_parse_trailer_at(struct bytes trailer, uint64_t off, struct arena *a,
				     struct pack_trailer *ret, struct err *e);

#endif
