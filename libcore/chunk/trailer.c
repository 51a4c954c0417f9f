/* The end of a pack: a record in a chunk's framing that says where each chunk lies and what the
 * pack holds. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "chunk/format.h"
#include "chunk/pack.h"

static const char end_magic[4] = { 'L', 'K', 'P', 'T' };

enum { FIRST_READ = 64 << 10, DELETE_ID_MAX = 1 << 10 };
/* Other bits of the same byte are refused. */
enum {
	TRAILER_MIXED = 1 << 0,
	TRAILER_FILTER = 1 << 1,
	TRAILER_BUNDLES = 1 << 2,
	TRAILER_MARKS = TRAILER_MIXED | TRAILER_FILTER | TRAILER_BUNDLES
};

static void add_hashes(struct buf *out, const struct hash_list *l)
{
	wr_uvarint(out, l->n);
	for (size_t i = 0; i < l->n; i++)
		buf_add(out, l->v[i].b, sizeof(l->v[i].b));
}

static void add_bundles(struct buf *out, const struct pack_trailer *t)
{
	size_t chunk = 0, end = 0;

	wr_uvarint(out, t->bundles.n);
	for (size_t i = 0; i < t->bundles.n; i++) {
		const struct pack_bundle *b = &t->bundles.v[i];

		while (t->chunk[chunk].off < b->raw_off)
			chunk++;
		wr_uvarint(out, chunk - end);
		wr_uvarint(out, b->n_chunks);
		wr_uvarint(out, b->len);
		chunk += b->n_chunks;
		end = chunk;
	}
}

static uint8_t marks_of(const struct pack_trailer *t)
{
	return (uint8_t)((t->mixed ? TRAILER_MIXED : 0) | (t->filter_len ? TRAILER_FILTER : 0) |
			 (t->bundles.n ? TRAILER_BUNDLES : 0));
}

void pack_trailer_encode(const struct pack_trailer *t, struct buf *out)
{
	size_t start = out->n;

	chunk_head_begin(out, CHUNK_FLAG_TRAILER, CODEC_NONE);
	wr_lstr(out, t->tenant);
	wr_svarint(out, t->day);
	wr_u64be(out, (uint64_t)t->order_key);
	wr_u8(out, marks_of(t));
	wr_u8(out, (uint8_t)t->params.encoding);
	wr_svarint(out, t->params.level);
	wr_uvarint(out, t->params.block_bytes);
	wr_uvarint(out, t->params.chunk_bytes);
	wr_uvarint(out, t->params.block_entries);
	wr_uvarint(out, t->n_chunks);
	for (size_t i = 0; i < t->n_chunks; i++) {
		wr_uvarint(out, t->chunk[i].len);
		wr_uvarint(out, t->chunk[i].head_len);
	}
	add_hashes(out, &t->segments);
	add_hashes(out, &t->parts);
	add_hashes(out, &t->replaced);
	wr_uvarint(out, t->n_deletes);
	for (size_t i = 0; i < t->n_deletes; i++)
		wr_lstr(out, t->deletes[i]);
	/* packs made of entries are as they were before there were sources, filters and bundles */
	if (t->sources.n || t->filter_len || t->bundles.n)
		add_hashes(out, &t->sources);
	if (t->filter_len) {
		wr_u8(out, (uint8_t)t->params.filter);
		wr_uvarint(out, t->filter_len);
	}
	if (t->bundles.n)
		add_bundles(out, t);
	chunk_head_end(out, start, 0, PACK_END_LEN);
	wr_u32be(out, (uint32_t)(out->n - start + PACK_END_LEN));
	buf_add(out, end_magic, sizeof(end_magic));
}

/* Length of the trailer, from a pack's last bytes. */
static int parse_end(struct bytes tail, uint64_t size, uint32_t *ret_len, struct err *e)
{
	struct rd rd;
	uint32_t len;

	if (size < CHUNK_FIXED_LEN + CHUNK_CRC_LEN + PACK_END_LEN || tail.n < PACK_END_LEN)
		return err_set(e, ERR_CORRUPT, "too short for a pack: %llu bytes",
			       (unsigned long long)size);
	rd = rd_init(bytes_sub(tail, tail.n - PACK_END_LEN, PACK_END_LEN));
	len = rd_u32be(&rd);
	if (memcmp(rd_bytes(&rd, sizeof(end_magic)).p, end_magic, sizeof(end_magic)) != 0)
		return err_set(e, ERR_CORRUPT, "no trailer: the last 4 bytes are not \"LKPT\"");
	if (len < CHUNK_FIXED_LEN + CHUNK_CRC_LEN + PACK_END_LEN || len > size ||
	    len > CHUNK_HEAD_MAX)
		return err_set(e, ERR_CORRUPT, "trailer of %u bytes in a pack of %llu", len,
			       (unsigned long long)size);
	*ret_len = len;
	return 0;
}

static int read_params(struct rd *rd, struct chunk_params *p)
{
	int64_t level;

	p->encoding = rd_u8(rd);
	level = rd_svarint(rd);
	p->level = (int)level;
	p->block_bytes = (uint32_t)rd_uvarint_max(rd, UINT32_MAX);
	p->chunk_bytes = (uint32_t)rd_uvarint_max(rd, UINT32_MAX);
	p->block_entries = (uint32_t)rd_uvarint_max(rd, UINT32_MAX);
	return level >= INT8_MIN && level <= INT8_MAX ? 0 : -1;
}

/* The chunks lie back to back from offset 0. */
static int read_directory(struct rd *rd, struct arena *a, struct pack_trailer *t, struct err *e)
{
	uint64_t off = 0;

	t->n_chunks = rd_uvarint_max(rd, rd_left(rd) / 2);
	t->chunk = arena_alloc(a, t->n_chunks * sizeof(*t->chunk));
	for (size_t i = 0; i < t->n_chunks; i++) {
		struct pack_chunk *c = &t->chunk[i];

		c->off = off;
		c->len = (uint32_t)rd_uvarint_max(rd, CHUNK_MAX);
		c->head_len = (uint32_t)rd_uvarint_max(rd, CHUNK_HEAD_MAX);
		if (rd->failed || c->head_len < CHUNK_FIXED_LEN || c->len < c->head_len)
			return err_set(e, ERR_CORRUPT, "trailer: chunk %zu: bad length", i);
		off += c->len;
	}
	return 0;
}

uint64_t pack_chunks_len(const struct pack_trailer *t)
{
	const struct pack_chunk *last = t->n_chunks ? &t->chunk[t->n_chunks - 1] : NULL;

	return last ? last->off + last->len - pack_bundles_saved(&t->bundles) : 0;
}

/* Then come the filter and the trailer. */
static int check_place(const struct pack_trailer *t, uint64_t stands_at, struct err *e)
{
	uint64_t off = pack_chunks_len(t) + t->filter_len;

	if (stands_at == PACK_OFF_ANY || off == stands_at)
		return 0;
	return err_set(e, ERR_CORRUPT, "trailer: %s of %llu bytes, but it stands at offset %llu",
		       t->filter_len ? "chunks and filter" : "chunks", (unsigned long long)off,
		       (unsigned long long)stands_at);
}

static void read_hashes(struct rd *rd, struct arena *a, struct hash_list *ret)
{
	size_t n = rd_uvarint_max(rd, PACK_LIST_MAX);
	struct bytes b = rd_bytes(rd, n * sizeof(struct hash128));

	ret->n = b.n / sizeof(struct hash128);
	ret->v = arena_alloc(a, b.n);
	if (b.n > 0)
		memcpy(ret->v, b.p, b.n);
}

static int read_filter(struct rd *rd, struct pack_trailer *t, struct err *e)
{
	uint8_t what = rd_u8(rd);

	t->filter_len = (uint32_t)rd_uvarint_max(rd, CHUNK_MAX);
	if (what == BLOOM_NONE || what > BLOOM_FULL)
		return err_set(e, ERR_VERSION, "trailer with a filter of unknown kind %u", what);
	t->params.filter = (enum bloom_what)what;
	return 0;
}

/* *at: the chunk that may be its first; *saved: by how much those before it make the pack smaller.
 * Both are moved behind it. */
static int read_bundle(struct rd *rd, const struct pack_trailer *t, size_t *at, uint64_t *saved,
		       struct pack_bundle *ret)
{
	uint64_t raw = 0;
	size_t end;

	*at += rd_uvarint_max(rd, t->n_chunks - *at);
	ret->n_chunks = (uint32_t)rd_uvarint_max(rd, t->n_chunks - *at);
	ret->len = (uint32_t)rd_uvarint_max(rd, BUNDLE_RAW_MAX);
	if (rd->failed || ret->n_chunks == 0)
		return -1;
	end = *at + ret->n_chunks;
	ret->raw_off = t->chunk[*at].off;
	ret->off = ret->raw_off - *saved;
	raw = t->chunk[end - 1].off + t->chunk[end - 1].len - ret->raw_off;
	if (raw > BUNDLE_RAW_MAX || ret->len >= raw)
		return -1;
	ret->raw_len = (uint32_t)raw;
	*saved += raw - ret->len;
	*at = end;
	return 0;
}

static int read_bundles(struct rd *rd, struct arena *a, struct pack_trailer *t, struct err *e)
{
	size_t n = rd_uvarint_max(rd, t->n_chunks), at = 0;
	uint64_t saved = 0;

	if (n > rd_left(rd) / 3)
		return err_set(e, ERR_CORRUPT, "trailer: %zu bundles in %zu bytes", n, rd_left(rd));
	t->bundles.v = arena_alloc(a, n * sizeof(*t->bundles.v));
	for (; t->bundles.n < n; t->bundles.n++)
		if (read_bundle(rd, t, &at, &saved, &t->bundles.v[t->bundles.n]) < 0)
			return err_set(e, ERR_CORRUPT, "trailer: bundle %zu: bad number",
				       t->bundles.n);
	return 0;
}

/* What stands behind all that is for later versions of this program. */
static int parse_meta(struct bytes meta, uint64_t stands_at, struct arena *a,
		      struct pack_trailer *t, struct err *e)
{
	struct rd rd = rd_init(meta);
	uint8_t flags;
	int64_t day;

	rd.off = CHUNK_FIXED_LEN;
	t->tenant = rd_lstr(&rd, TENANT_MAX);
	day = rd_svarint(&rd);
	t->order_key = rd_i64be(&rd);
	flags = rd_u8(&rd);
	if (flags & ~TRAILER_MARKS)
		return err_set(e, ERR_VERSION, "trailer with unknown flags %02x", flags);
	t->mixed = flags & TRAILER_MIXED;
	if (read_params(&rd, &t->params) < 0 || day < INT32_MIN || day > INT32_MAX)
		return err_set(e, ERR_CORRUPT, "trailer: day or level out of range");
	t->day = (int32_t)day;
	if (read_directory(&rd, a, t, e) < 0)
		return -1;
	read_hashes(&rd, a, &t->segments);
	read_hashes(&rd, a, &t->parts);
	read_hashes(&rd, a, &t->replaced);
	t->n_deletes = rd_uvarint_max(&rd, PACK_LIST_MAX);
	t->deletes = arena_alloc(a, t->n_deletes * sizeof(*t->deletes));
	for (size_t i = 0; i < t->n_deletes; i++)
		t->deletes[i] = arena_copy(a, rd_lstr(&rd, DELETE_ID_MAX));
	if (rd_left(&rd))
		read_hashes(&rd, a, &t->sources);
	if (flags & TRAILER_FILTER && read_filter(&rd, t, e) < 0)
		return -1;
	if (flags & TRAILER_BUNDLES && read_bundles(&rd, a, t, e) < 0)
		return -1;
	if (rd.failed)
		return err_set(e, ERR_CORRUPT, "trailer: bad number at byte %zu of it", rd.off);
	t->tenant = arena_copy(a, t->tenant);
	return check_place(t, stands_at, e);
}

bool pack_is_trailer(struct bytes start)
{
	return start.n > CHUNK_OFF_FLAGS && chunk_is_magic(start) &&
	       start.p[CHUNK_OFF_FLAGS] & CHUNK_FLAG_TRAILER;
}

int pack_parse_trailer_at(struct bytes trailer, uint64_t off, struct arena *a,
			  struct pack_trailer *ret, struct err *e)
{
	struct pack_trailer t = { 0 };
	struct chunk_fixed f;
	uint32_t len;

	if (chunk_parse_fixed(trailer, &f, e) < 0 || chunk_head_check(trailer, &f, e) < 0)
		return err_wrap(e, "trailer");
	if (!(f.flags & CHUNK_FLAG_TRAILER) || f.n_blocks != 0 ||
	    f.len != f.head_len + PACK_END_LEN)
		return err_set(e, ERR_CORRUPT, "trailer: its head is not one of a trailer");
	if (trailer.n < f.len)
		return err_set(e, ERR_CORRUPT, "trailer cut short: %zu of %u bytes", trailer.n,
			       f.len);
	trailer = bytes_sub(trailer, 0, f.len);
	if (parse_end(trailer, trailer.n, &len, e) < 0)
		return -1;
	if (len != f.len)
		return err_set(e, ERR_CORRUPT, "trailer of %u bytes says %u at its end", f.len,
			       len);
	if (parse_meta(bytes_sub(trailer, 0, f.head_len - CHUNK_CRC_LEN), off, a, &t, e) < 0)
		return -1;
	*ret = t;
	return 0;
}

int pack_parse_trailer(struct bytes tail, uint64_t size, struct arena *a, struct pack_trailer *ret,
		       struct err *e)
{
	uint32_t len;

	if (parse_end(tail, size, &len, e) < 0)
		return -1;
	if (tail.n < len)
		return err_set(e, ERR_CORRUPT, "trailer of %u bytes, of which %zu were given", len,
			       tail.n);
	return pack_parse_trailer_at(bytes_sub(tail, tail.n - len, len), size - len, a, ret, e);
}

int pack_read_trailer(pack_read_fn *read, void *data, uint64_t size, struct arena *a,
		      struct pack_trailer *ret, struct err *e)
{
	size_t n = size < FIRST_READ ? (size_t)size : FIRST_READ;
	char *p = mem_alloc(FIRST_READ);
	uint32_t len;
	int rc = -1;

	if (read(data, size - n, p, n, e) < 0 || parse_end(bytes_of(p, n), size, &len, e) < 0)
		goto out;
	if (len > n) {
		free(p);
		n = len;
		p = mem_try(n, e);
		if (!p || read(data, size - n, p, n, e) < 0)
			goto out;
	}
	rc = pack_parse_trailer(bytes_of(p, n), size, a, ret, e);
out:
	free(p);
	return rc;
}
