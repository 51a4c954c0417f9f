#include "pack/pack_out.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/names.h"

void chunks_release(struct chunks *c)
{
	buf_release(&c->bytes);
	bloom_values_release(&c->values);
	free(c->first_block);
	free(c->v);
	*c = (struct chunks){ 0 };
}

void chunks_reset(struct chunks *c)
{
	buf_reset(&c->bytes);
	bloom_values_reset(&c->values);
	c->n = 0;
}

void chunks_add(struct chunks *c, size_t start, uint32_t head_len)
{
	mem_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v));
	mem_grow(&c->first_block, &c->cap_first, c->n + 2, sizeof(*c->first_block));
	if (c->n == 0)
		c->first_block[0] = 0;
	c->v[c->n++] =
		(struct pack_chunk){ .len = (uint32_t)(c->bytes.n - start), .head_len = head_len };
	c->first_block[c->n] = c->values.n;
}

int pack_out_begin(struct pack_out *o, struct store *s, struct bytes tenant, int32_t day,
		   const struct chunk_params *params, struct err *e)
{
	struct buf folder = { 0 };

	*o = (struct pack_out){ 0 };
	store_folder_add(&folder, STORE_PACK, tenant, day);
	o->put = store_put_new(s, buf_str(&folder), e);
	buf_release(&folder);
	if (!o->put)
		return -1;
	o->filter = bloom_build_new(params->filter);
	o->bundle = bundle_writer_new(params);
	return 0;
}

static int write_bytes(struct pack_out *o, struct bytes b, struct err *e)
{
	o->stored += b.n;
	return b.n ? store_put_write(o->put, b, e) : 0;
}

/* The chunks that wait for others to be stored with. */
static int end_bundle(struct pack_out *o, struct err *e)
{
	uint32_t raw, n;

	if (!o->bundle)
		return 0;
	raw = bundle_writer_raw(o->bundle);
	n = bundle_writer_n(o->bundle);
	buf_reset(&o->packed);
	if (bundle_writer_end(o->bundle, &o->packed)) {
		uint64_t saved =
			pack_bundles_saved(&(struct pack_bundles){ o->bundles, o->n_bundles });

		mem_grow(&o->bundles, &o->cap_bundles, o->n_bundles + 1, sizeof(*o->bundles));
		o->bundles[o->n_bundles++] = (struct pack_bundle){
			.raw_off = o->stored + saved,
			.off = o->stored,
			.raw_len = raw,
			.len = (uint32_t)o->packed.n,
			.n_chunks = n,
		};
	}
	return write_bytes(o, buf_bytes(&o->packed), e);
}

/* Small chunks go to the bundle, those between them are written as they are, as many as follow one
 * another at once. */
static int write_chunks(struct pack_out *o, const struct chunks *c, struct err *e)
{
	size_t at = 0, from = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct bytes chunk = bytes_of(c->bytes.p + at, c->v[i].len);
		bool waits = o->bundle && bundle_writer_n(o->bundle);

		if (o->bundle && bundle_writer_add(o->bundle, chunk)) {
			if (write_bytes(o, bytes_of(c->bytes.p + from, at - from), e) < 0)
				return -1;
			from = at + chunk.n;
			if (bundle_writer_raw(o->bundle) >= BUNDLE_BYTES && end_bundle(o, e) < 0)
				return -1;
		} else if (waits && end_bundle(o, e) < 0) {
			return -1;
		}
		at += chunk.n;
	}
	return write_bytes(o, bytes_of(c->bytes.p + from, at - from), e);
}

int pack_out_write(struct pack_out *o, const struct chunks *c, struct err *e)
{
	mem_grow(&o->chunk, &o->cap, o->n_chunks + c->n, sizeof(*o->chunk));
	for (size_t i = 0; i < c->n; i++) {
		o->chunk[o->n_chunks] = c->v[i];
		o->chunk[o->n_chunks++].off = o->off;
		o->off += c->v[i].len;
		if (o->filter)
			bloom_build_chunk(o->filter, c->v[i].len, &c->values, c->first_block[i],
					  c->first_block[i + 1] - c->first_block[i]);
	}
	return write_chunks(o, c, e);
}

bool pack_out_is_full(const struct pack_out *o)
{
	return o->filter && bloom_build_bytes(o->filter) >= PACK_FILTER_MAX;
}

/* A worker has a copy of a block's text, and the set of its values; a slot the values of a chunk, a
 * sixth of its bytes, as a filter has 20 values of 8 bytes for each KB. */
uint64_t pack_filter_memory(const struct chunk_params *p, unsigned jobs, uint64_t slots)
{
	if (p->filter == BLOOM_NONE)
		return 0;
	return BLOOM_OPEN_BYTES + jobs * 2 * (uint64_t)p->block_bytes +
	       slots * (p->chunk_bytes / 6);
}

static void forget(struct pack_out *o)
{
	free(o->chunk);
	free(o->bundles);
	bundle_writer_free(o->bundle);
	buf_release(&o->packed);
	bloom_build_free(o->filter);
	*o = (struct pack_out){ 0 };
}

/* Writes it, if there is one. *ret_len: its length, or 0. */
static int write_filter(struct pack_out *o, uint32_t *ret_len, struct err *e)
{
	struct buf table = { 0 }, head = { 0 }, pages = { 0 };
	int rc = 0;

	*ret_len = 0;
	if (o->filter && bloom_build_end(o->filter, &table, &pages) &&
	    pack_filter_encode(buf_bytes(&table), pages.n, &head)) {
		*ret_len = (uint32_t)(head.n + pages.n);
		rc = store_put_write(o->put, buf_bytes(&head), e);
		if (rc == 0)
			rc = store_put_write(o->put, buf_bytes(&pages), e);
	}
	buf_release(&table);
	buf_release(&head);
	buf_release(&pages);
	return rc;
}

int pack_out_end(struct pack_out *o, const struct pack_trailer *t, struct pack_made *ret,
		 struct buf *ret_name, struct err *e)
{
	struct pack_made made = { 0 };
	struct pack_trailer whole = *t;
	struct buf out = { 0 };
	int rc = end_bundle(o, e);

	whole.chunk = o->chunk;
	whole.n_chunks = o->n_chunks;
	whole.bundles = (struct pack_bundles){ o->bundles, o->n_bundles };
	if (rc == 0)
		rc = write_filter(o, &whole.filter_len, e);
	if (rc == 0) {
		pack_trailer_encode(&whole, &out);
		made.trailer_len = whole.filter_len + (uint32_t)out.n;
		made.size = o->stored + made.trailer_len;
		rc = store_put_write(o->put, buf_bytes(&out), e);
	}
	buf_release(&out);
	if (rc < 0)
		store_put_abort(o->put);
	else
		rc = store_put_commit(o->put, store_suffix(STORE_PACK), &made.hash, ret_name, e);
	if (rc == 0)
		*ret = made;
	forget(o);
	return rc;
}

void pack_out_abort(struct pack_out *o)
{
	store_put_abort(o->put);
	forget(o);
}
