/* A chunk of one tenant as that of another: another head before the same blocks. */
#include <string.h>

#include "base/wr.h"
#include "chunk/chunk.h"
#include "chunk/format.h"

/* All of a head that stands before its block table. */
static void add_start(struct buf *out, const struct chunk *c, struct bytes tenant,
		      const struct hash128 *id)
{
	chunk_head_begin(out, c->fixed.flags, c->fixed.encoding);
	wr_lstr(out, tenant);
	labels_encode(out, &c->labels);
	buf_add(out, id->b, sizeof(id->b));
	wr_u64be(out, (uint64_t)c->from);
	wr_uvarint(out, (uint64_t)c->through - (uint64_t)c->from);
}

int chunk_move(const struct chunk *c, struct bytes whole, struct bytes tenant, struct buf *out,
	       uint32_t *ret_head_len, struct err *e)
{
	struct hash128 id = labels_stream_id(tenant, &c->labels);
	const struct chunk_fixed *f = &c->fixed;
	struct buf old = { 0 };
	size_t start = out->n, rows;
	bool same;

	add_start(&old, c, c->tenant, &c->stream_id);
	rows = old.n;
	/* behind the fixed part: that has lengths, and was read already */
	same = rows + CHUNK_CRC_LEN <= f->head_len &&
	       memcmp(old.p + CHUNK_FIXED_LEN, whole.p + CHUNK_FIXED_LEN, rows - CHUNK_FIXED_LEN) ==
		       0;
	buf_release(&old);
	if (!same)
		return err_set(e, ERR_CORRUPT, "a head that is written otherwise than ours");
	add_start(out, c, tenant, &id);
	buf_add(out, whole.p + rows, f->head_len - CHUNK_CRC_LEN - rows);
	*ret_head_len = chunk_head_end(out, start, f->n_blocks, f->len - f->head_len);
	buf_add(out, whole.p + f->head_len, f->len - f->head_len);
	return 0;
}
