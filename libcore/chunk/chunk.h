/*
 * Chunks: entries of one stream, sorted by time, in compressed blocks by column. Bytes in, records
 * out; where the bytes lie is the caller's business. Format: lokid-chunk(5).
 */
#ifndef CHUNK_CHUNK_H
#define CHUNK_CHUNK_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/codec.h"
#include "entry/columns.h"
#include "bloom/values.h"
#include "labels/labels.h"
#include "shape/shape.h"

enum {
	CHUNK_FIXED_LEN = 24,	  /* the fixed part of a head */
	CHUNK_MAX = 1 << 28,	  /* bytes of one chunk, or of a pack's trailer */
	CHUNK_HEAD_MAX = 1 << 26, /* bytes of a head with its block table */
	CHUNK_BLOCK_ENTRIES_MAX = 1 << 20,
	CHUNK_SIZE_MIN = 1 << 10, /* of chunk_params' block_bytes and chunk_bytes */
	CHUNK_SIZE_MAX = 64 << 20,
	CHUNK_FLAG_TRAILER = 1 << 0, /* not entries: the end of a pack, pack.h */
	CHUNK_FLAG_FILTER = 1 << 4,  /* likewise: its filter */
	CHUNK_FLAG_SHAPES = 1 << 5,  /* lines of a block may be taken apart */
	CHUNK_FLAG_BUNDLE = 1 << 6   /* not one chunk but several: bundle.h */
};

/* What the fixed part says: enough to read the rest of the head, and to step over the chunk. */
struct chunk_fixed {
	uint8_t flags, encoding;
	uint32_t len;	   /* the whole chunk */
	uint32_t head_len; /* from its first byte to its first block */
	uint32_t n_blocks;
	uint32_t dictionary;
};

/* One row of the block table. */
struct chunk_block {
	uint32_t off;	     /* from the first block's start */
	uint32_t stored_len; /* the four columns, back to back */
	uint32_t n;	     /* entries, at least 1 */
	uint32_t line_bytes; /* newlines not counted */
	uint32_t meta_bytes; /* names and values of each entry's metadata, as if nothing were folded
			      */
	uint32_t crc_side;   /* of the first three columns as stored */
	uint32_t crc_lines;  /* of the lines column as stored; of lines taken apart their head's */
	uint32_t shapes_len; /* of the head of lines that are taken apart; 0: they are not */
	int64_t min_ts, max_ts;
	uint32_t col_raw[COL_COUNT], col_stored[COL_COUNT];
};

struct chunk {
	struct chunk_fixed fixed;
	struct bytes
		tenant; /* borrowed from the bytes that were parsed, as are the labels' strings */
	struct labels labels; /* in the arena */
	struct hash128 stream_id;
	int64_t from, through;	   /* first and last timestamp */
	struct chunk_block *block; /* fixed.n_blocks of them, in the arena; ascending in time */
	uint64_t n;		   /* entries of all blocks */
};

/* Whether bytes at the start of a file are those of a chunk; text may begin so, too. */
bool chunk_is_magic(struct bytes start);

/* The length that a head, of any version, says it has; 0 when that cannot be one. */
uint32_t chunk_head_len(struct bytes in);

/*
 * Reads the fixed part; `in` has at least CHUNK_FIXED_LEN bytes. Nothing is sure until chunk_parse
 * has checked the head's checksum; lengths are within their limits though, so they can be read.
 * Errors: ERR_CORRUPT (magic, lengths, cut short), ERR_VERSION (version, flags, dictionary; but
 * ERR_CORRUPT, when `in` has the whole head and its checksum is wrong).
 */
MUST_CHECK int chunk_parse_fixed(struct bytes in, struct chunk_fixed *ret, struct err *e);

/*
 * Reads a head: `in` begins with it and has at least head_len bytes; what follows is not looked at.
 * A trailer, a filter and a bundle are refused (ERR_VERSION): look at the fixed part's flags first.
 * Errors: ERR_CORRUPT, ERR_VERSION.
 */
MUST_CHECK int chunk_parse(struct bytes in, struct arena *a, struct chunk *ret, struct err *e);

/* Where block i lies, counted from the chunk's first byte. */
static inline uint64_t chunk_block_off(const struct chunk *c, size_t i)
{
	return (uint64_t)c->fixed.head_len + c->block[i].off;
}

/* How much of a block has to be read for what `want` names: all of it, or less, without the lines,
 * or of these only the head of their shapes. */
static inline uint32_t chunk_block_need(const struct chunk_block *b, unsigned want)
{
	if (want & WANT_LINES)
		return b->stored_len;
	return b->stored_len - b->col_stored[COL_LINES] + (want & WANT_SHAPES ? b->shapes_len : 0);
}

/* Checks the checksums of a whole block, decodes nothing. Errors: ERR_CORRUPT. */
MUST_CHECK int chunk_check_block(const struct chunk_block *b, struct bytes stored, struct err *e);

/* Scratch for reading blocks, kept between calls; for one thread. */
struct chunk_scratch;
struct chunk_scratch *chunk_scratch_new(void);
void chunk_scratch_free(struct chunk_scratch *s);

/*
 * Decodes the columns of a block that `want` names. `stored` has the block's first
 * chunk_block_need() bytes or more. What *ret points to lies in s and in stored, until the next
 * call with s.
 *
 * Checked: the checksums of what is read, that timestamps ascend and lie within the row's min_ts
 * and max_ts, that lengths and lines agree. Errors: ERR_CORRUPT, ERR_VERSION (encoding), with
 * column and cause.
 */
MUST_CHECK int chunk_read_block(const struct chunk *c, const struct chunk_block *b,
				struct bytes stored, unsigned want, struct chunk_scratch *s,
				struct run *ret, struct err *e);

/* Until the next such call only the lines of those entries of a block are wanted of
 * chunk_read_block with s, which may leave others out; n 0: of all. What pick points to must live
 * as long. */
void chunk_scratch_narrow(struct chunk_scratch *s, const struct shape_pick *pick);

/*
 * Opens the lines of a block, which are taken apart; `stored` as above, with WANT_SHAPES: what it
 * does not have is read by fetch, offsets counted from the first byte of the lines, to where it
 * belongs behind stored, when it is needed. *ret lies in s until the next call with it, other than
 * chunk_read_block for the lines of this very block: that then uses what was read already. Errors:
 * as chunk_read_block.
 */
MUST_CHECK int chunk_open_shapes(const struct chunk *c, const struct chunk_block *b,
				 struct bytes stored, const struct shape_fetch *fetch,
				 struct chunk_scratch *s, struct shape_reader **ret, struct err *e);

/* How many stored bytes of lines that are taken apart, heads and bodies, were decoded with s, or
 * with what chunk_open_shapes gave, since the last call. */
uint64_t chunk_scratch_take_apart_bytes(struct chunk_scratch *s);

/* The texts of a block that a filter serves, as chunk_read_block gives lines; the arguments are as
 * above. Errors: likewise. */
MUST_CHECK int chunk_read_texts(const struct chunk *c, const struct chunk_block *b,
				struct bytes stored, struct chunk_scratch *s,
				struct bytes *ret_lines, struct bytes *ret_meta, struct err *e);
/* Adds to v what a filter has of a block. */
MUST_CHECK int chunk_read_values(const struct chunk *c, const struct chunk_block *b,
				 struct bytes stored, struct chunk_scratch *s,
				 struct bloom_values *v, struct err *e);

/*
 * Appends to out the chunk c, whose bytes are `whole`, as one of another tenant: the blocks stay as
 * they are, unread. Errors: ERR_CORRUPT (its head is none that this module writes).
 */
MUST_CHECK int chunk_move(const struct chunk *c, struct bytes whole, struct bytes tenant,
			  struct buf *out, uint32_t *ret_head_len, struct err *e);

/* Whether a block's lines may be taken apart: shape/shape.h. */
enum chunk_lines { CHUNK_LINES_APART, CHUNK_LINES_WHOLE };

/* Whether small chunks of a pack are stored together: bundle.h. Then their columns are not
 * compressed apart, and their lines are whole. */
enum chunk_small { CHUNK_SMALL_BUNDLED, CHUNK_SMALL_APART };

/* How chunks are made. Same params and same entries give the same bytes. */
struct chunk_params {
	enum codec_id encoding;
	int level;		/* zstd's, 1 to 19 */
	uint32_t block_bytes;	/* lines and metadata of a block at most, but for a single entry; 1
				   KiB to 64 MiB */
	uint32_t chunk_bytes;	/* the same of a chunk, which has 1 << 20 entries at most; up to 64
				   MiB */
	uint32_t block_entries; /* entries of a block at most; 1 to 1 << 20 */
	enum bloom_what filter; /* what packs of such chunks get */
	enum chunk_lines lines; /* encoding CODEC_NONE leaves them whole */
	enum chunk_small
		small; /* likewise apart; and so do levels for packs that are merged soon */
};

/* Whether packs of such chunks have bundles. */
bool chunk_params_bundle(const struct chunk_params *p);

extern const struct chunk_params chunk_params_default;

/* Bytes of the entries es->v[order[0..n)] as block_bytes and chunk_bytes count them: each line with
 * its newline, names and values of its metadata. */
uint64_t chunk_weight(const struct entries *es, const uint32_t *order, size_t n);

/*
 * How many of the n entries (at least 1) that are left of a stream make up the next chunk. *weight
 * is theirs at the call, and that of those left then after it. Entries are shared out evenly and
 * cut where the time changes, so
 * that no tiny chunk is left at the end.
 */
size_t chunk_split(const struct chunk_params *p, const struct entries *es, const uint32_t *order,
		   size_t n, uint64_t *weight);

/* Scratch for writing, kept between calls; for one thread. */
struct chunk_writer;
struct chunk_writer *chunk_writer_new(const struct chunk_params *p);
void chunk_writer_free(struct chunk_writer *w);

/* How the lines of chunks from now on are stored, whatever the params say. */
void chunk_writer_lines(struct chunk_writer *w, enum chunk_lines lines);
/* As those of c: whole ones stay whole, for programs that can read no others. */
enum chunk_lines chunk_lines_of(const struct chunk *c);

/* From now on blocks that are encoded add to v what a filter has of them. NULL: no more. */
void chunk_writer_collect(struct chunk_writer *w, struct bloom_values *v);

/*
 * Appends to out one chunk of entries that chunk_split has given, sorted by time. Returns the
 * length of its head. id is labels_stream_id(tenant, labels).
 */
uint32_t chunk_encode(struct chunk_writer *w, struct bytes tenant, const struct labels *labels,
		      const struct hash128 *id, const struct entries *es, const uint32_t *order,
		      size_t n, struct buf *out);

#endif
