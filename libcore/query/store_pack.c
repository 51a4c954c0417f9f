/* Packs of a store, read block by block: pages that are mapped for a moment cost more than a copy
 * of what they hold. Chunks in bundles are read as those are unpacked. */
#include "query/store_pack.h"

#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "query/chunk_load.h"
#include "query/fetch.h"

/* Makes m->head that of the chunk, which `start` begins with. */
static int load_head(struct chunk_ref *c, struct bytes start, const struct piece *p,
		     struct load_mem *m, struct err *e)
{
	if (m->head_of != c) {
		arena_reset(&m->mem);
		m->head_of = NULL;
		if (start.n < CHUNK_FIXED_LEN)
			return err_set(e, ERR_CORRUPT, "offset %llu: cut short",
				       (unsigned long long)c->off);
		if (chunk_parse(start, &m->mem, &m->head, e) < 0)
			return err_wrap(e, "offset %llu", (unsigned long long)c->off);
		m->head_of = c;
	}
	if (p->part >= m->head.fixed.n_blocks || m->head.block[p->part].n != p->n)
		return err_set(e, ERR_CORRUPT, "offset %llu: the index and the chunk do not agree",
			       (unsigned long long)c->off);
	if (!atomic_exchange_explicit(&c->was_read, true, memory_order_relaxed))
		m->stats.chunks++;
	return 0;
}

/* Of a chunk that is in memory. */
static int load_chunk(struct chunk_ref *c, struct bytes chunk, const struct piece *p, unsigned want,
		      struct load_mem *m, struct run *ret, unsigned *ret_have, struct err *e)
{
	uint64_t at, before;
	int rc;

	if (load_head(c, chunk, p, m, e) < 0)
		return -1;
	at = chunk_block_off(&m->head, p->part);
	before = m->stats.stored_bytes;
	rc = chunk_load(&m->head, p->part, bytes_sub(chunk, at, m->head.block[p->part].stored_len),
			c->off + at, want, m, ret, ret_have, e);
	bundle_count_share(c->bundle, before, &m->stats);
	return rc;
}

/* Of a pack on this machine. */
static int read_bundle(struct store_pack *k, const struct pack_bundle *b, struct load_mem *m,
		       struct bytes *ret, struct err *e)
{
	if (bundle_begin(&k->shelf, b, m, ret))
		return 0;
	buf_reset(&m->packed);
	if (buf_try_room(&m->packed, b->len, e) < 0 ||
	    store_file_read(&k->file, b->off, m->packed.p, b->len, e) < 0) {
		bundle_fail(&k->shelf, b);
		return -1;
	}
	return bundle_open(&k->shelf, b, buf_bytes(&m->packed), m, ret, e);
}

static int load_bundled(struct store_pack *k, struct chunk_ref *c, const struct piece *p,
			unsigned want, struct load_mem *m, struct run *ret, unsigned *ret_have,
			struct err *e)
{
	const struct pack_bundle *b = c->bundle;
	struct bytes raw;

	if (read_bundle(k, b, m, &raw, e) < 0)
		return -1;
	return load_chunk(c, bundle_chunk(b, raw, c->off, c->len), p, want, m, ret, ret_have, e);
}

static int load_mapped(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		       struct run *ret, unsigned *ret_have, struct err *e)
{
	struct store_pack *k = (struct store_pack *)(void *)s;
	struct chunk_ref *c = (struct chunk_ref *)(uintptr_t)p->at;

	if (c->bundle)
		return load_bundled(k, c, p, want, m, ret, ret_have, e);
	return load_chunk(c, bytes_sub(k->file.map, c->at, c->len), p, want, m, ret, ret_have, e);
}

static void unload_mapped(struct source *s, const struct piece *p, struct load_mem *m)
{
	const struct store_pack *k = (const struct store_pack *)(const void *)s;
	const struct chunk_ref *c = (const struct chunk_ref *)(uintptr_t)p->at;

	if (c->bundle || m->head_of != c ||
	    p->part >= m->head.fixed.n_blocks) /* not mapped, or it could not be read */
		return;
	io_past_add(&m->past, k->file.map, c->at, m->head.fixed.head_len);
	io_past_add(&m->past, k->file.map, c->at + chunk_block_off(&m->head, p->part),
		    m->head.block[p->part].stored_len);
}

/* At most n bytes at off, as many as the file has: who decodes them tells what is missing. */
static int read_some(struct store_pack *k, uint64_t off, char *to, uint64_t n, size_t *ret_n,
		     struct err *e)
{
	uint64_t left = off < k->file.size ? k->file.size - off : 0;

	*ret_n = (size_t)(n < left ? n : left);
	return *ret_n == 0 ? 0 : store_file_read(&k->file, off, to, *ret_n, e);
}

static int read_head(struct store_pack *k, struct chunk_ref *c, const struct piece *p,
		     struct load_mem *m, struct err *e)
{
	size_t n = 0;

	if (m->head_of != c) {
		m->far_of = NULL;
		buf_reset(&m->far);
		if (c->head_len > CHUNK_HEAD_MAX)
			return err_set(e, ERR_CORRUPT, "a head of %u bytes", c->head_len);
		if (read_some(k, c->at, buf_reserve(&m->far, c->head_len), c->head_len, &n, e) < 0)
			return -1;
	}
	return load_head(c, bytes_of(m->far.p, n), p, m, e);
}

/* More of the lines of the block that is in m->far. */
static int fetch_more(void *data, size_t off, size_t n, struct err *e)
{
	struct load_mem *m = data;

	return store_file_read(m->more_file, m->more_at + off, m->far.p + m->more_to + off, n, e);
}

/* Into m->far, of the block as much as want needs; more of it comes behind that. */
static int load_read(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		     struct run *ret, unsigned *ret_have, struct err *e)
{
	struct store_pack *k = (struct store_pack *)(void *)s;
	struct chunk_ref *c = (struct chunk_ref *)(uintptr_t)p->at;
	const struct chunk_block *b;
	uint64_t at;
	uint32_t need;
	size_t n;

	if (c->bundle)
		return load_bundled(k, c, p, want, m, ret, ret_have, e);
	if (read_head(k, c, p, m, e) < 0)
		return -1;
	b = &m->head.block[p->part];
	at = c->at + chunk_block_off(&m->head, p->part);
	need = chunk_block_need(b, want);
	if (m->far_of != p) {
		buf_reset(&m->far);
		buf_reserve(&m->far, b->stored_len); /* where it stays */
	}
	m->far_of = NULL;
	if (m->far.n < need) {
		if (read_some(k, at + m->far.n, m->far.p + m->far.n, need - m->far.n, &n, e) < 0)
			return -1;
		m->far.n += n;
	}
	m->far_of = p;
	m->more = (struct shape_fetch){ fetch_more, m };
	m->more_file = &k->file;
	m->more_to = b->stored_len - b->col_stored[COL_LINES];
	m->more_at = at + m->more_to;
	return chunk_load(&m->head, p->part, buf_bytes(&m->far),
			  c->off + chunk_block_off(&m->head, p->part), want, m, ret, ret_have, e);
}

static void close_pack(struct source *s)
{
	struct store_pack *k = (struct store_pack *)(void *)s;

	store_file_close(&k->file);
	arena_release(&k->mem);
	free(k);
}

/* ---- packs of a remote store ---- */

static void where(const struct source *s, const struct piece *p, struct store_read *v)
{
	struct store_pack *k = (struct store_pack *)(uintptr_t)s;
	const struct chunk_ref *c = (const struct chunk_ref *)(uintptr_t)p->at;

	if (c->bundle) { /* all of that, for each of its chunks */
		v[FETCH_HEAD] = (struct store_read){ .file = &k->file,
						     .off = c->bundle->off,
						     .n = c->bundle->len };
		v[FETCH_BLOCK] = (struct store_read){ .file = &k->file, .off = c->bundle->off };
		return;
	}
	v[FETCH_HEAD] = (struct store_read){ .file = &k->file, .off = c->at, .n = c->head_len };
	v[FETCH_BLOCK] = (struct store_read){ .file = &k->file,
					      .off = c->at + c->block[p->part].off,
					      .n = c->block[p->part].len };
}

/* part[] is what where() says. */
static int decode_bundle(const struct piece *p, const struct bytes part[FETCH_PARTS], unsigned want,
			 struct load_mem *m, struct run *ret, unsigned *ret_have, struct err *e)
{
	struct store_pack *k = (struct store_pack *)(void *)p->source;
	struct chunk_ref *c = (struct chunk_ref *)(uintptr_t)p->at;
	struct bytes raw;

	if (!bundle_begin(&k->shelf, c->bundle, m, &raw) &&
	    bundle_open(&k->shelf, c->bundle, part[FETCH_HEAD], m, &raw, e) < 0)
		return -1;
	return load_chunk(c, bundle_chunk(c->bundle, raw, c->off, c->len), p, want, m, ret,
			  ret_have, e);
}

static int decode(const struct piece *p, const struct bytes part[FETCH_PARTS], unsigned want,
		  struct load_mem *m, struct run *ret, unsigned *ret_have, struct err *e)
{
	struct chunk_ref *c = (struct chunk_ref *)(uintptr_t)p->at;

	if (c->bundle)
		return decode_bundle(p, part, want, m, ret, ret_have, e);
	if (load_head(c, part[FETCH_HEAD], p, m, e) < 0)
		return -1;
	if (chunk_block_off(&m->head, p->part) != c->block[p->part].off ||
	    m->head.block[p->part].stored_len != c->block[p->part].len)
		return err_set(e, ERR_CORRUPT, "offset %llu: the index and the chunk do not agree",
			       (unsigned long long)c->off);
	/* Columns are read later, when it is too late to ask for them once more. */
	if (want & WANT_SHAPES && m->head.block[p->part].shapes_len &&
	    chunk_check_block(&m->head.block[p->part], part[FETCH_BLOCK], e) < 0)
		return err_wrap(e, "offset %llu: block %u",
				(unsigned long long)(c->off + c->block[p->part].off),
				(unsigned)p->part);
	return chunk_load(&m->head, p->part, part[FETCH_BLOCK], c->off + c->block[p->part].off,
			  want, m, ret, ret_have, e);
}

/* What came damaged may have been damaged on its way, and is asked for once more. */
static int load_far(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		    struct run *ret, unsigned *ret_have, struct err *e)
{
	struct chunk_ref *c = (struct chunk_ref *)(uintptr_t)p->at;
	struct store_pack *k = (struct store_pack *)(void *)s;
	struct bytes part[FETCH_PARTS], raw;
	struct err why;

	if (c->bundle && bundle_at_hand(&k->shelf, c->bundle, m, &raw))
		return load_chunk(c, bundle_chunk(c->bundle, raw, c->off, c->len), p, want, m, ret,
				  ret_have, e);
	if (fetch_bytes(m->fetch, p, m, part, e) < 0)
		return -1;
	if (decode(p, part, want, m, ret, ret_have, &why) == 0)
		return 0;
	if (why.code != ERR_CORRUPT)
		return err_set(e, why.code, "%s", why.msg);
	m->head_of = NULL;
	if (fetch_again(p, m, part, e) < 0)
		return -1;
	if (decode(p, part, want, m, ret, ret_have, e) == 0)
		return 0;
	fetch_doubt(p); /* nobody shall find it in the cache */
	return -1;
}

const struct source_ops store_pack_far = { .load = load_far, .where = where, .close = close_pack };
const struct source_ops store_pack_mapped = { .load = load_mapped,
					      .unload = unload_mapped,
					      .close = close_pack };
const struct source_ops store_pack_read = { .load = load_read, .close = close_pack };
