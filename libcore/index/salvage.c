#include "index/salvage.h"

#include <stdlib.h>

#include "base/mem.h"
#include "chunk/verify.h"
#include "entry/append.h"
#include "index/lineage.h"
#include "index/naming.h"
#include "index/rewriting.h"
#include "pack/pack_out.h"
#include "time/time.h"

/* The pack at hand, and the new one. */
struct salvaging {
	struct store *s;
	const struct store_name *of;
	const struct salvage_how *how;
	struct salvaged *ret;
	struct chunk_scratch *scratch;
	struct chunks one; /* the chunk that is written */

	struct pack_out out;
	bool begun;		 /* something was kept */
	struct pack_trailer old; /* what it said, if it can be read */
	struct arena mem;	 /* of trailers */
};

/* Small chunks are stored together, as any that are merged are. Filters are made when it is. */
static int begin(struct salvaging *g, struct err *e)
{
	struct chunk_params params = chunk_params_default;

	params.filter = BLOOM_NONE;
	if (pack_out_begin(&g->out, g->s, g->of->tenant, g->of->day, &params, e) < 0)
		return -1;
	g->begun = true;
	return 0;
}

/* What g->one.bytes holds, a chunk whose head is so long. */
static int put_chunk(struct salvaging *g, uint32_t head_len, struct err *e)
{
	if (g->how->dry_run)
		return 0;
	if (!g->begun && begin(g, e) < 0)
		return -1;
	chunks_add(&g->one, 0, head_len);
	return pack_out_write(&g->out, &g->one, e);
}

/* ---- a chunk ---- */

static void ignore(void *data, const struct err *fault)
{
	(void)data;
	(void)fault;
}

static void keep_block(struct salvaging *g, const struct chunk_piece *piece, uint32_t i)
{
	kept_blocks_add(&g->ret->kept, piece->off + chunk_block_off(&piece->chunk, i));
	g->ret->entries += piece->chunk.block[i].n;
}

/* Entries that ascend in time, as those of a chunk do. */
static int put_entries(struct salvaging *g, const struct chunk *c, const struct entries *es,
		       struct err *e)
{
	struct hash128 id = labels_stream_id(c->tenant, &c->labels);
	struct chunk_params params = chunk_params_default;
	uint32_t *order = mem_alloc((es->n + 1) * sizeof(*order));
	struct chunk_writer *w;
	uint64_t weight;
	int rc = 0;

	params.encoding = c->fixed.encoding;
	params.lines = chunk_lines_of(c);
	w = chunk_writer_new(&params);
	for (size_t i = 0; i < es->n; i++)
		order[i] = (uint32_t)i;
	weight = chunk_weight(es, order, es->n);
	for (size_t at = 0, n; at < es->n && rc == 0; at += n) {
		uint32_t head_len;

		n = chunk_split(&params, es, order + at, es->n - at, &weight);
		chunks_reset(&g->one);
		head_len = chunk_encode(w, c->tenant, &c->labels, &id, es, order + at, n,
					&g->one.bytes);
		rc = put_chunk(g, head_len, e);
	}
	chunk_writer_free(w);
	free(order);
	return rc;
}

static void lose_block(struct salvaging *g, const struct chunk_block *b)
{
	loss_add(&g->ret->lost, b->n, b->line_bytes, b->min_ts, b->max_ts);
}

/* Of one in which something is wrong, the blocks that can be read. */
static int keep_some(struct salvaging *g, const struct chunk_piece *piece, struct err *e)
{
	const struct chunk *c = &piece->chunk;
	struct append_scratch append = { 0 };
	struct entries es = { 0 };
	int rc;

	for (uint32_t i = 0; i < c->fixed.n_blocks; i++) {
		const struct chunk_block *b = &c->block[i];
		struct bytes stored =
			bytes_sub(piece->bytes, chunk_block_off(c, i), piece->bytes.n);
		struct run run;

		if (chunk_read_block(c, b, stored, WANT_ALL, g->scratch, &run, NULL) < 0) {
			lose_block(g, b);
			continue;
		}
		entries_append_run(&es, 0, &run, INT64_MIN, INT64_MAX, &append);
		keep_block(g, piece, i);
	}
	rc = put_entries(g, c, &es, e);
	append_scratch_release(&append);
	entries_release(&es);
	return rc;
}

static int keep_chunk(struct salvaging *g, const struct chunk_piece *piece, struct err *e)
{
	const struct chunk *c = &piece->chunk;

	if (g->how->only && !kept_blocks_has(g->how->only, piece->off))
		return 0;
	if (!bytes_eq(c->tenant, g->of->tenant) || time_day(c->from) != g->of->day ||
	    time_day(c->through) != g->of->day) {
		for (uint32_t i = 0; i < c->fixed.n_blocks; i++)
			lose_block(g, &c->block[i]);
		return 0;
	}
	if (chunk_verify(piece, g->scratch, ignore, NULL) > 0)
		return keep_some(g, piece, e);
	for (uint32_t i = 0; i < c->fixed.n_blocks; i++)
		keep_block(g, piece, i);
	chunks_reset(&g->one);
	buf_add_bytes(&g->one.bytes, piece->bytes);
	return put_chunk(g, c->fixed.head_len, e);
}

/* ---- the pack ---- */

static struct hash_list copy_list(struct salvaging *g, const struct hash_list *l)
{
	struct hash_list ret = { arena_alloc(&g->mem, (l->n + 1) * sizeof(*ret.v)), 0 };

	if (l->n)
		memcpy(ret.v, l->v, l->n * sizeof(*l->v));
	ret.n = hash128_sort(ret.v, l->n);
	return ret;
}

static void keep_trailer(struct salvaging *g, const struct pack_trailer *t)
{
	g->ret->has_trailer = true;
	g->old.order_key = t->order_key;
	g->old.mixed = t->mixed;
	g->old.segments = copy_list(g, &t->segments);
	g->old.parts = copy_list(g, &t->parts);
	g->old.replaced = copy_list(g, &t->replaced);
	g->old.n_deletes = t->n_deletes;
	g->old.deletes = arena_alloc(&g->mem, (t->n_deletes + 1) * sizeof(*t->deletes));
	for (size_t i = 0; i < t->n_deletes; i++)
		g->old.deletes[i] = arena_copy(&g->mem, t->deletes[i]);
}

/* Where chunks were, whatever before them cannot be read, is known from the trailer, else from
 * index files: what these say of a chunk is found by that. */
static struct chunk_scan *open_scan(struct salvaging *g, struct bytes whole, struct err *e)
{
	struct chunk_scan *ret = chunk_scan_new_bytes(whole);
	struct pack_bundles told;
	struct pack_trailer t;
	int rc = 0;

	if (pack_parse_trailer(whole, whole.n, &g->mem, &t, NULL) < 0)
		rc = naming_bundles(g->s, g->of, &g->mem, &told, e);
	if (rc > 0)
		chunk_scan_believe(ret, &told);
	if (rc >= 0)
		return ret;
	chunk_scan_free(ret);
	return NULL;
}

/* With a trailer, even a damaged one, there is nothing behind what was seen; damage before it may
 * have been anything. */
static int keep_pieces(struct salvaging *g, struct bytes whole, struct err *e)
{
	struct chunk_scan *scan = open_scan(g, whole, e);
	struct chunk_piece piece;
	bool damage = false, end = false;
	int rc;

	if (!scan)
		return -1;
	while ((rc = chunk_scan_next(scan, &piece, e)) > 0) {
		if (piece.kind == PIECE_CHUNK) {
			rc = keep_chunk(g, &piece, e);
		} else if (piece.kind == PIECE_TRAILER) {
			keep_trailer(g, &piece.trailer);
			end = true;
		} else if (piece.kind == PIECE_FILTER || piece.kind == PIECE_BUNDLE) {
			continue; /* of what is kept others are made, and its chunks come next */
		} else if (pack_is_trailer(bytes_sub(whole, piece.at, whole.n))) {
			end = true;
		} else {
			damage = true;
		}
		if (rc < 0)
			break;
	}
	g->ret->all_seen = end && !damage;
	chunk_scan_free(scan);
	return rc < 0 ? -1 : 0;
}

/* ---- where its entries come from ---- */

/* Is something of it lost? Index files say best what it had. 1, 0, -1. */
static int has_losses(const struct salvaging *g, struct err *e)
{
	struct loss loss;
	int rc = loss_of_pack(g->s, g->of, &g->ret->kept, &loss, e);

	if (rc != 0)
		return rc < 0 ? -1 : loss.entries > 0;
	return g->ret->lost.entries > 0 || !g->ret->all_seen;
}

/*
 * Takes out of the old trailer what does not hold of the new pack: with losses, all that it says of
 * other places, which may have what is lost. That none of them is there now says nothing: the
 * damaged pack itself may come back from a backup, and would be taken for a leftover of those it
 * was made of if anybody said that he has them.
 */
static int judge_claims(struct salvaging *g, struct err *e)
{
	static const struct hash_list none;
	struct pack_trailer *t = &g->old;
	int lossy = has_losses(g, e);

	if (lossy <= 0 || rewriting_marks(t->replaced.v, t->replaced.n).n > 0)
		return lossy < 0 ? -1 : 0;
	t->mixed = true;
	t->segments = t->replaced = t->parts = none;
	return 0;
}

static int put_trailer(struct salvaging *g, const struct pack_trailer *t, struct err *e)
{
	struct pack_trailer new = *t;
	struct pack_made made;

	new.tenant = g->of->tenant;
	new.day = g->of->day;
	new.params = chunk_params_default;
	g->begun = false;
	if (pack_out_end(&g->out, &new, &made, NULL, e) < 0)
		return -1;
	g->ret->name = made.hash;
	return 0;
}

/* As a compaction of that one pack has it. */
static int put_successor(struct salvaging *g, struct err *e)
{
	const struct lineage_input input = { g->of->hash, &g->old };
	struct lineage l;
	struct pack_trailer t;
	int rc;

	lineage_init(&l, &input, 1, g->how->there);
	t = (struct pack_trailer){ .order_key = l.order_key,
				   .segments = l.segments,
				   .parts = l.parts,
				   .mixed = l.mixed,
				   .replaced = l.replaced,
				   .deletes = l.deletes.v,
				   .n_deletes = l.deletes.n,
				   .sources = l.sources };
	rc = put_trailer(g, &t, e);
	lineage_release(&l);
	return rc;
}

static int finish(struct salvaging *g, struct err *e)
{
	if (judge_claims(g, e) < 0)
		return -1;
	return g->how->there ? put_successor(g, e) : put_trailer(g, &g->old, e);
}

int salvage_pack(struct store *s, const struct store_name *damaged, const struct salvage_how *how,
		 struct salvaged *ret, struct err *e)
{
	struct salvaging g = { .s = s,
			       .of = damaged,
			       .how = how,
			       .ret = ret,
			       .old.mixed = true, /* of a trailer that cannot be read */
			       .scratch = chunk_scratch_new() };
	struct store_file f = { 0 };
	struct buf name = { 0 };
	int rc;

	*ret = (struct salvaged){ 0 };
	store_name_add(&name, damaged);
	rc = store_file_open(s, buf_str(&name), &f, e);
	if (rc == 0)
		rc = store_file_map(&f, e);
	if (rc == 0)
		rc = keep_pieces(&g, f.map, e);
	if (rc == 0 && g.begun)
		rc = finish(&g, e);
	if (g.begun)
		pack_out_abort(&g.out);
	store_file_close(&f);
	chunks_release(&g.one);
	arena_release(&g.mem);
	buf_release(&name);
	chunk_scratch_free(g.scratch);
	return rc;
}

void salvaged_release(struct salvaged *v)
{
	kept_blocks_release(&v->kept);
	*v = (struct salvaged){ 0 };
}
