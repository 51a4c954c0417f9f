/* Packs, and files of chunks one after another, given as operands. */
#include <stdatomic.h>

#include "base/io.h"
#include "base/mem.h"
#include "chunk/scan.h"
#include "query/chunk_load.h"
#include "query/source.h"

enum { FORGET_EVERY = 4 << 20 };

struct file_chunk {
	struct chunk head;
	uint64_t off;
	atomic_bool was_read;
};

struct file {
	struct source source; /* first */
	struct io_map map;
	struct arena mem;
	struct file_chunk **chunk; /* by piece.at; in mem */
	size_t n, cap_chunk;
};

static int load(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		struct run *ret, unsigned *ret_have, struct err *e)
{
	const struct file *f = (const struct file *)(const void *)s;
	struct file_chunk *c = f->chunk[p->at];
	uint64_t at = c->off + chunk_block_off(&c->head, p->part);

	if (!atomic_exchange_explicit(&c->was_read, true, memory_order_relaxed))
		m->stats.chunks++;
	return chunk_load(&c->head, p->part,
			  bytes_sub(f->map.b, at, c->head.block[p->part].stored_len), at, want, m,
			  ret, ret_have, e);
}

static void unload(struct source *s, const struct piece *p, struct load_mem *m)
{
	const struct file *f = (const struct file *)(const void *)s;
	const struct file_chunk *c = f->chunk[p->at];

	io_past_add(&m->past, f->map.b, c->off + chunk_block_off(&c->head, p->part),
		    c->head.block[p->part].stored_len);
}

static void close_file(struct source *s)
{
	struct file *f = (struct file *)(void *)s;

	io_unmap(&f->map);
	arena_release(&f->mem);
	free(f->chunk);
	free(f);
}

static const struct source_ops ops = { .load = load, .unload = unload, .close = close_file };

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
	c = &ref->head;
	if (chunk_parse(bytes_sub(f->map.b, x->off, x->len), &f->mem, c, e) < 0)
		return -1;
	f->chunk[f->n++] = ref;
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
		if (x.off - behind > FORGET_EVERY) {
			io_map_forget(f->map.b, behind, x.off - behind);
			behind = x.off;
		}
		if (x.kind == PIECE_TRAILER) {
			order = x.trailer.order_key;
		} else if (x.kind == PIECE_DAMAGE) {
			err_wrap(&x.why, "'%s': offset %llu", name, (unsigned long long)x.off);
			o->damage(o->damage_data, &x.why);
		} else if (x.kind == PIECE_CHUNK && add_chunk(p, f, seq, &x, o, e) < 0) {
			r = -1;
			break;
		}
	}
	chunk_scan_free(scan);
	io_map_forget(f->map.b, behind, f->map.b.n);
	for (size_t i = first; i < p->n_pieces; i++)
		p->piece[i].order = order;
	return r < 0 ? err_wrap(e, "'%s'", name) : 0;
}
