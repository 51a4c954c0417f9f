/* Packs, and files of chunks one after another, given as operands. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "chunk/scan.h"
#include "query/bundle_load.h"
#include "query/chunk_load.h"
#include "query/source.h"

enum { FORGET_EVERY = 4 << 20 };

#define NO_BUNDLE SIZE_MAX

struct file_chunk {
	struct chunk head;
	uint64_t off; /* in the raw image of the file */
	uint64_t at;  /* in the file, of one that is in no bundle */
	size_t in;    /* number of the bundle that it is in; NO_BUNDLE: none */
	atomic_bool was_read;
};

struct file {
	struct source source; /* first */
	struct io_map map;
	struct arena mem;
	struct file_chunk **chunk; /* by piece.at; in mem */
	size_t n, cap_chunk;
	struct bundle_shelf shelf; /* .bundles is owned */
	uint32_t together;
	size_t cap_bundles;
};

/* Where a chunk's bytes are: in the map, or in a bundle that is unpacked. */
static int find_bytes(struct file *f, const struct file_chunk *c, struct load_mem *m,
		      struct bytes *ret, struct err *e)
{
	const struct pack_bundle *b;
	struct bytes raw;

	if (c->in == NO_BUNDLE) {
		*ret = bytes_sub(f->map.b, c->at, c->head.fixed.len);
		return 0;
	}
	b = &f->shelf.bundles.v[c->in];
	if (!bundle_begin(&f->shelf, b, m, &raw) &&
	    bundle_open(&f->shelf, b, bytes_sub(f->map.b, b->off, b->len), m, &raw, e) < 0)
		return -1;
	*ret = bundle_chunk(b, raw, c->off, c->head.fixed.len);
	return 0;
}

static int load(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		struct run *ret, unsigned *ret_have, struct err *e)
{
	struct file *f = (struct file *)(void *)s;
	struct file_chunk *c = f->chunk[p->at];
	uint64_t at = chunk_block_off(&c->head, p->part), before;
	struct bytes chunk;
	int rc;

	if (!atomic_exchange_explicit(&c->was_read, true, memory_order_relaxed))
		m->stats.chunks++;
	if (find_bytes(f, c, m, &chunk, e) < 0)
		return -1;
	before = m->stats.stored_bytes;
	rc = chunk_load(&c->head, p->part, bytes_sub(chunk, at, c->head.block[p->part].stored_len),
			c->off + at, want, m, ret, ret_have, e);
	if (c->in != NO_BUNDLE)
		bundle_count_share(&f->shelf.bundles.v[c->in], before, &m->stats);
	return rc;
}

static void unload(struct source *s, const struct piece *p, struct load_mem *m)
{
	const struct file *f = (const struct file *)(const void *)s;
	const struct file_chunk *c = f->chunk[p->at];

	if (c->in == NO_BUNDLE)
		io_past_add(&m->past, f->map.b, c->at + chunk_block_off(&c->head, p->part),
			    c->head.block[p->part].stored_len);
}

static void close_file(struct source *s)
{
	struct file *f = (struct file *)(void *)s;

	io_unmap(&f->map);
	arena_release(&f->mem);
	free(f->chunk);
	free(f->shelf.bundles.v);
	free(f);
}

static const struct source_ops ops = { .load = load, .unload = unload, .close = close_file };

/* A chunk's head, where it stays. */
static struct bytes head_of(struct file *f, const struct chunk_piece *x)
{
	if (x->bundle.n_chunks)
		return arena_copy(&f->mem, bytes_sub(x->bytes, 0, x->chunk.fixed.head_len));
	return bytes_sub(f->map.b, x->at, x->len);
}

static void add_bundle(struct plan *p, struct file *f, const struct chunk_piece *x)
{
	struct pack_bundles *b = &f->shelf.bundles;

	mem_grow(&b->v, &f->cap_bundles, b->n + 1, sizeof(*b->v));
	b->v[b->n++] = x->bundle;
	f->together = plan_together(p, 1);
}

/* The blocks of one chunk. What the scan gave is its own, so the head is read once more, to stay.
 */
static int add_chunk(struct plan *p, struct file *f, uint64_t seq, const struct chunk_piece *x,
		     const struct source_opts *o, struct err *e)
{
	struct file_chunk *ref;
	struct chunk *c;
	struct piece piece = { .source = &f->source, .at = f->n, .sorted = true };

	p->seen[SOURCE_CHUNKS].chunks++;
	if (!views_has(o->tenant, x->chunk.tenant) ||
	    !plan_wants(p, x->chunk.tenant, &x->chunk.labels)) {
		p->seen[SOURCE_CHUNKS].by_labels += x->chunk.fixed.n_blocks;
		return 0;
	}
	p->seen[SOURCE_CHUNKS].chunks_in++;
	mem_grow(&f->chunk, &f->cap_chunk, f->n + 1, sizeof(struct file_chunk *));
	ref = arena_zalloc(&f->mem, sizeof(*ref));
	ref->off = x->off;
	ref->at = x->at;
	ref->in = x->bundle.n_chunks ? f->shelf.bundles.n - 1 : NO_BUNDLE;
	c = &ref->head;
	if (chunk_parse(head_of(f, x), &f->mem, c, e) < 0)
		return -1;
	f->chunk[f->n++] = ref;
	piece.together = ref->in == NO_BUNDLE ? 0 : f->together;
	piece.stream = plan_stream(p, &c->stream_id, c->tenant, &c->labels);
	for (uint32_t i = 0; i < c->fixed.n_blocks; i++) {
		const struct chunk_block *b = &c->block[i];

		piece.part = i;
		piece.n = b->n;
		piece.line_bytes = b->line_bytes;
		piece.meta_bytes = b->meta_bytes;
		piece.min_ts = b->min_ts;
		piece.max_ts = b->max_ts;
		piece.seq = seq + x->off + i;
		plan_add_piece(p, &piece);
	}
	return 0;
}

int source_chunks(struct plan *p, const char *name, int fd, uint64_t seq,
		  const struct source_opts *o, struct err *e)
{
	struct file *f = mem_alloc(sizeof(*f));
	struct chunk_scan *scan;
	struct chunk_piece x;
	size_t first = p->n_pieces;
	uint64_t behind = 0; /* heads up to here were read, and are not needed for now */
	int64_t order = 0;
	int r;

	f->source = (struct source){ .ops = &ops, .name = strdup(name) };
	if (io_map_fd(fd, &f->map, e) < 0) {
		free(f->source.name);
		free(f);
		return err_wrap(e, "'%s'", name);
	}
	plan_add_source(p, &f->source);
	p->kind = SOURCE_CHUNKS;
	p->seen[SOURCE_CHUNKS].files++;
	scan = chunk_scan_new_bytes(f->map.b);
	while ((r = chunk_scan_next(scan, &x, e)) > 0) {
		if (x.at - behind > FORGET_EVERY) {
			io_map_forget(f->map.b, behind, x.at - behind);
			behind = x.at;
		}
		if (x.kind == PIECE_TRAILER) {
			order = x.trailer.order_key;
		} else if (x.kind == PIECE_DAMAGE) {
			err_wrap(&x.why, "'%s': offset %llu", name, (unsigned long long)x.off);
			o->damage(o->damage_data, &x.why);
		} else if (x.kind == PIECE_BUNDLE) {
			add_bundle(p, f, &x);
		} else if (x.kind == PIECE_CHUNK && add_chunk(p, f, seq, &x, o, e) < 0) {
			r = -1;
			break;
		}
	}
	chunk_scan_free(scan);
	bundle_shelf_init(&f->shelf, p, &f->shelf.bundles, &f->mem);
	io_map_forget(f->map.b, behind, f->map.b.n);
	for (size_t i = first; i < p->n_pieces; i++)
		p->piece[i].order = order;
	return r < 0 ? err_wrap(e, "'%s'", name) : 0;
}
