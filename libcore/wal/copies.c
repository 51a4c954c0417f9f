#include "wal/copies.h"

#include <stdlib.h>

#include "base/mem.h"

void wal_copies_release(struct wal_copies *c)
{
	buf_release(&c->data);
	free(c->stream);
	free(c->v);
	*c = (struct wal_copies){ 0 };
}

void wal_copies_reset(struct wal_copies *c)
{
	buf_reset(&c->data);
	c->n_streams = 0;
	c->n = 0;
}

void wal_copies_add(struct wal_copies *c, struct bytes record, const struct wal_batch *b)
{
	struct wal_copy *v;

	mem_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v));
	mem_grow(&c->stream, &c->cap_streams, c->n_streams + b->n_parts, sizeof(*c->stream));
	v = &c->v[c->n++];
	*v = (struct wal_copy){ .off = c->data.n,
				.n = record.n,
				.first_stream = c->n_streams,
				.n_streams = b->n_parts,
				.batch_id = b->batch_id,
				.n_entries = b->n_entries };
	for (size_t i = 0; i < b->n_parts; i++) {
		v->line_bytes += b->part[i].line_bytes;
		c->stream[c->n_streams++] = b->part[i].stream;
	}
	buf_add_bytes(&c->data, record);
}
