#include "compact/pack_out.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/names.h"

void chunks_release(struct chunks *c)
{
	buf_release(&c->bytes);
	free(c->v);
	*c = (struct chunks){ 0 };
}

void chunks_reset(struct chunks *c)
{
	buf_reset(&c->bytes);
	c->n = 0;
}

void chunks_add(struct chunks *c, size_t start, uint32_t head_len)
{
	mem_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] =
		(struct pack_chunk){ .len = (uint32_t)(c->bytes.n - start), .head_len = head_len };
}

int pack_out_begin(struct pack_out *o, struct store *s, struct bytes tenant, int32_t day,
		   struct err *e)
{
	struct buf folder = { 0 };

	*o = (struct pack_out){ 0 };
	store_folder_add(&folder, STORE_PACK, tenant, day);
	o->put = store_put_new(s, buf_str(&folder), e);
	buf_release(&folder);
	return o->put ? 0 : -1;
}

int pack_out_write(struct pack_out *o, const struct chunks *c, struct err *e)
{
	mem_grow(&o->chunk, &o->cap, o->n_chunks + c->n, sizeof(*o->chunk));
	for (size_t i = 0; i < c->n; i++) {
		o->chunk[o->n_chunks] = c->v[i];
		o->chunk[o->n_chunks++].off = o->off;
		o->off += c->v[i].len;
	}
	return store_put_write(o->put, buf_bytes(&c->bytes), e);
}

static void forget(struct pack_out *o)
{
	free(o->chunk);
	*o = (struct pack_out){ 0 };
}

int pack_out_end(struct pack_out *o, struct pack_trailer *t, struct pack_made *ret,
		 struct buf *ret_name, struct err *e)
{
	struct pack_made made = { 0 };
	struct buf out = { 0 };
	int rc;

	t->chunk = o->chunk;
	t->n_chunks = o->n_chunks;
	pack_trailer_encode(t, &out);
	made.trailer_len = (uint32_t)out.n;
	made.size = o->off + out.n;
	rc = store_put_write(o->put, buf_bytes(&out), e);
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
