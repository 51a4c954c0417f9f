/* Everything that can be checked of chunks and packs as a scan meets them. For one thread. */
#ifndef CHUNK_VERIFY_H
#define CHUNK_VERIFY_H

#include "bloom/prove.h"
#include "chunk/scan.h"

/* Called for each fault; the message says where in the chunk. */
typedef void chunk_fault_fn(void *data, const struct err *fault);

/*
 * Decodes all of a chunk: checksums, times, lengths, that a newline stands behind each line, that
 * no entry is there twice, that the stream's id is that of its labels. Returns the number of
 * faults.
 */
size_t chunk_verify(const struct chunk_piece *piece, struct chunk_scratch *s, chunk_fault_fn *fault,
		    void *data);

/* The chunks of one pack, remembered until its trailer comes. {0} is a valid empty one. */
struct pack_check {
	struct pack_chunk *chunk;
	struct pack_gap {
		uint64_t off, len;
	} * gap; /* what cannot be read among them */
	size_t n_gaps, cap_gaps;
	bool adrift; /* whose places may be wrong */
	struct pack_seen {
		struct bytes tenant; /* in arena */
		int64_t from, through;
		struct pack_bundle bundle; /* .n_chunks 0: it is in none */
	} * seen;
	size_t n, cap, cap_seen;
	struct arena arena;

	bool proves; /* filter and pages are right; they lie in whole, and in filter_mem */
	struct bloom filter;
	struct bytes pages;
	struct bloom_prover prover;
	struct arena filter_mem;
};

void pack_check_release(struct pack_check *c);
/* A file begins, whose bytes are all there until it ends. If it is one pack with a filter that can
 * be read, pack_check_filter asks that. */
void pack_check_begin(struct pack_check *c, struct bytes whole);
/* That the filter does not rule out a block of the chunk for what it holds; of what can be read.
 * Returns the number of faults. */
size_t pack_check_filter(struct pack_check *c, const struct chunk_piece *piece,
			 struct chunk_scratch *s, chunk_fault_fn *fault, void *data);
void pack_check_add(struct pack_check *c, const struct chunk_piece *piece);
/* Bytes that cannot be read: that a trailer or a filter names chunks in them is no fault. */
void pack_check_damage(struct pack_check *c, const struct chunk_piece *piece);
/*
 * Of a trailer: that it names just the chunks that were added since the last trailer, and their
 * tenant and day are its. Forgets them. Of a filter: that its pages are whole, and that it is of
 * the chunks that were added last. Where damage has set them adrift, chunks are not compared.
 * Returns the number of faults.
 */
size_t pack_check_end(struct pack_check *c, const struct chunk_piece *piece, chunk_fault_fn *fault,
		      void *data);

/*
 * Whether a file is whole, as far as its name tells: one called *.pack ends with a trailer; one
 * called after a hash is called after that of its bytes. content is the whole file, last the last
 * piece of it. Others pass. Errors: ERR_CORRUPT.
 */
MUST_CHECK int pack_check_file(const char *name, struct bytes content, enum chunk_piece_kind last,
			       struct err *e);
MUST_CHECK int pack_check_hash(const char *name, struct bytes content, struct err *e);

#endif
