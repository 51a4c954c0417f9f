/*
 * Reading an index file: which series, chunks and blocks of one tenant and day lie in which packs.
 * The file is mapped; nothing but its head is read and checked at open, every other page of 64 KiB
 * when it is first touched. Format: lokid-index(5).
 *
 * Series have numbers 0..n_series-1 in the order of their labels, chunks and blocks follow the
 * order of their series. An open index is for any thread (pages may be checked twice). Strings and
 * labels that it gives lie in the file: valid until index_close.
 *
 * Errors of every call that reads: ERR_CORRUPT, a checksum or a reference is wrong; the message
 * names the place.
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "base/arena.h"
#include "base/hash.h"
#include "chunk/bundles.h"
#include "labels/labels.h"

struct matcher;
struct store;
struct index;

enum { INDEX_VERSION = 1, INDEX_PAGE = 64 << 10 };

/* What the head says of the whole. */
struct index_info {
	struct hash128 name; /* of the file; zero when it has none */
	struct bytes tenant;
	int32_t day;
	bool mixed; /* holds more than what it replaces: is never obsolete by its set of segments */
	bool thinned; /* chunks of its packs, or whole packs, were left out for good: expired ones
		       */
	int64_t min_ts, max_ts; /* of all entries; min > max when there are none */
	uint64_t entries, line_bytes, size;
	uint32_t n_series, n_chunks, n_blocks, n_packs, n_names, n_pairs, n_symbols;
	uint32_t n_segments, n_indexes, n_old_packs,
		n_deletes;  /* what it replaces; deletes applied */
	uint32_t n_bundles; /* of all packs */
};

/* A file's bytes, which stay where they are until index_close; name is for messages and may be a
 * store's name of it, then info.name is its hash. NULL on error: ERR_CORRUPT, ERR_VERSION. */
struct index *index_open(struct bytes file, const char *name, struct err *e);
/* Maps an object of the store. Also ERR_NO: gone, ERR_IO. */
struct index *index_load(struct store *s, const char *name, struct err *e);
/* Several objects of s, whose sizes are known from a listing: of a remote store all at once, and
 * each compared with its name. ret[i] is NULL, and ret_errs[i] says why, as index_load. */
struct index_file {
	const char *name;
	uint64_t size;
};
void index_load_all(struct store *s, const struct index_file *v, size_t n, struct index **ret,
		    struct err *ret_errs);
void index_close(struct index *ix); /* NULL is fine */

const struct index_info *index_info(const struct index *ix);
const char *index_label(const struct index *ix); /* for messages: its path, or the name given */

/* ---- labels ---- */

/* Label name number i of n_names, ascending, and which pairs have it. */
struct index_name {
	struct bytes name;
	uint32_t first_pair, n_pairs;
};
MUST_CHECK int index_name_at(struct index *ix, uint32_t i, struct index_name *ret, struct err *e);
/* 1 found, 0 no series has this label. */
MUST_CHECK int index_name_find(struct index *ix, struct bytes name, struct index_name *ret,
			       struct err *e);

/* Pair number i of n_pairs, ascending by name, then value. */
struct index_pair {
	struct bytes name, value;
	uint32_t n_series;
};
MUST_CHECK int index_pair_at(struct index *ix, uint32_t i, struct index_pair *ret, struct err *e);
MUST_CHECK int index_pair_find(struct index *ix, struct bytes name, struct bytes value,
			       uint32_t *ret_pair, struct err *e);

/* ---- series ---- */

/* Numbers of series, ascending. {0} is a valid empty one. */
struct index_set {
	uint32_t *v;
	size_t n, cap;
};
void index_set_release(struct index_set *s);

/* Those that have pair number `pair`, appended. */
MUST_CHECK int index_postings(struct index *ix, uint32_t pair, struct index_set *s, struct err *e);

/* Those that every one of the n matchers fits; none given fits all. s is emptied first. A label
 * that a series has not is "", so {a=""} and {a!="x"} find those without a. */
MUST_CHECK int index_match(struct index *ix, const struct matcher *m, size_t n, struct index_set *s,
			   struct err *e);

struct index_series {
	struct hash128 id;
	uint32_t n_labels;
	uint32_t first_chunk, n_chunks; /* its chunks, ascending by from */
	uint32_t labels_at;		/* private */
};
MUST_CHECK int index_series_at(struct index *ix, uint32_t i, struct index_series *ret,
			       struct err *e);
/* 1 found, 0 it has no such stream. By binary search. */
MUST_CHECK int index_series_find(struct index *ix, const struct hash128 *id, uint32_t *ret_series,
				 struct err *e);
/* The array lies in the arena. */
MUST_CHECK int index_series_labels(struct index *ix, uint32_t i, struct arena *a,
				   struct labels *ret, struct err *e);
/* The same of series i, which was found to be *s. For many series: known has n_pairs rows, zeroed
 * at first, and keeps the pairs that were met; NULL: none are kept. */
MUST_CHECK int index_labels_of(struct index *ix, uint32_t i, const struct index_series *s,
			       struct label *known, struct arena *a, struct labels *ret,
			       struct err *e);

/* ---- chunks, blocks, packs ---- */

struct index_chunk {
	uint32_t pack;	 /* number of the pack */
	uint64_t offset; /* of the chunk's head, in the raw image of the pack (chunk/bundles.h) */
	uint32_t length, head_len; /* of the whole chunk; of what stands before its first block */
	int64_t from, through;	   /* first and last timestamp */
	uint32_t entries;
	uint32_t first_block, n_blocks;
	uint8_t encoding;
};
MUST_CHECK int index_chunk_at(struct index *ix, uint32_t i, struct index_chunk *ret, struct err *e);

struct index_block {
	uint32_t offset;	   /* from the chunk's head */
	uint32_t length, side_len; /* as stored: of the whole, of the columns before the lines */
	uint32_t entries;
	uint32_t line_bytes; /* without newlines */
	uint32_t meta_bytes;
	int64_t min_ts, max_ts;
};
/* Block k of n_blocks of this chunk. Offset and length are checked to lie inside the chunk. */
MUST_CHECK int index_block_at(struct index *ix, const struct index_chunk *c, uint32_t k,
			      struct index_block *ret, struct err *e);

struct index_pack {
	struct hash128 name;
	uint64_t size;
	int64_t order_key; /* which of equal entries is the first: the pack with the lower one */
	int64_t min_ts, max_ts;
	uint64_t entries;
	uint32_t n_chunks;
	uint32_t trailer_len;
};
MUST_CHECK int index_pack_at(struct index *ix, uint32_t i, struct index_pack *ret, struct err *e);

/* The bundles of pack i, in the arena: {0} when it has none. Errors: ERR_CORRUPT, also when they
 * cannot lie so. */
MUST_CHECK int index_pack_bundles(struct index *ix, uint32_t i, struct arena *a,
				  struct pack_bundles *ret, struct err *e);

/* Bytes that a chunk takes in its pack: its length, or of one in a bundle its share of that,
 * rounded down; so those of all are no more than the pack has. */
MUST_CHECK int index_chunk_stored(struct index *ix, const struct index_chunk *c, uint64_t *ret,
				  struct err *e);

/* ---- what it replaces ---- */

enum index_list {
	INDEX_SEGMENTS,	 /* seals of WAL segments, of which it holds all of this tenant and day */
	INDEX_INDEXES,	 /* hashes of index files */
	INDEX_OLD_PACKS, /* hashes of packs */
};
/* The ids one after another, 16 bytes each, ascending: info's n_segments, n_indexes, n_old_packs of
 * them. */
MUST_CHECK int index_list(struct index *ix, enum index_list which, const struct hash128 **ret,
			  struct err *e);

/* Delete request number i of n_deletes that was applied, ascending. */
MUST_CHECK int index_delete_at(struct index *ix, uint32_t i, struct bytes *ret, struct err *e);

/* ---- the whole ---- */

/* Called with each fault found; e's message names the place in the file. */
typedef void index_fault_fn(const struct err *e, void *data);

/* Every checksum and every reference inside the file. Returns the number of faults. */
MUST_CHECK uint64_t index_verify(struct index *ix, index_fault_fn *fault, void *data);

#endif
