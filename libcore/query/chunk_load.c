#include "query/chunk_load.h"

/* Each group of columns has a scratch of its own, so that one can be decoded later than another
 * without disturbing it. */
static const unsigned groups[3] = { WANT_LENS | WANT_LINES, WANT_TS, WANT_META };

/* Of lines that are taken apart it is counted by who decodes them. */
static void count(struct load_stats *t, const struct chunk_block *b, unsigned part)
{
	for (int i = 0; i < COL_COUNT; i++)
		if (part & (1U << i) && (i != COL_LINES || !b->shapes_len))
			t->stored_bytes += b->col_stored[i];
	if (part & WANT_META)
		t->meta_bytes += b->meta_bytes;
}

static int open_shapes(const struct chunk *c, const struct chunk_block *b, struct bytes stored,
		       struct load_mem *m, struct err *e)
{
	m->shapes = NULL;
	if (!b->shapes_len)
		return 0;
	if (!m->chunk[0])
		m->chunk[0] = chunk_scratch_new();
	return chunk_open_shapes(c, b, stored, &m->more, m->chunk[0], &m->shapes, e);
}

int chunk_load(const struct chunk *c, uint64_t i, struct bytes stored, uint64_t off, unsigned want,
	       struct load_mem *m, struct run *ret, unsigned *ret_have, struct err *e)
{
	const struct chunk_block *b = &c->block[i];

	*ret_have = 0;
	*ret = (struct run){ 0 };
	if (stored.n < chunk_block_need(b, want))
		return err_set(e, ERR_CORRUPT, "offset %llu: block %llu is cut short",
			       (unsigned long long)off, (unsigned long long)i);
	if (want & WANT_SHAPES) {
		if (open_shapes(c, b, stored, m, e) < 0)
			return err_wrap(e, "offset %llu: block %llu", (unsigned long long)off,
					(unsigned long long)i);
		m->shapes_off = off;
		m->shapes_block = i;
		*ret_have |= WANT_SHAPES;
	}
	for (size_t g = 0; g < 3; g++) {
		struct run run;
		unsigned part = want & groups[g];

		if (!part)
			continue;
		if (!m->chunk[g])
			m->chunk[g] = chunk_scratch_new();
		chunk_scratch_narrow(m->chunk[g], &m->pick);
		if (chunk_read_block(c, b, stored, part, m->chunk[g], &run, e) < 0)
			return err_wrap(e, "offset %llu: block %llu", (unsigned long long)off,
					(unsigned long long)i);
		ret->n = run.n;
		if (part & WANT_TS)
			ret->ts_ns = run.ts_ns;
		if (part & WANT_LENS)
			ret->line_off = run.line_off;
		if (part & WANT_LINES) {
			ret->lines = run.lines;
			ret->lines_len = run.lines_len;
		}
		if (part & WANT_META) {
			ret->meta_set = run.meta_set;
			ret->meta = run.meta;
		}
		*ret_have |= part;
		count(&m->stats, b, part);
	}
	ret->n = b->n;
	return 0;
}

struct load_stats chunk_load_take_stats(struct load_mem *m)
{
	struct load_stats ret = m->stats;

	if (m->chunk[0])
		ret.stored_bytes += chunk_scratch_take_apart_bytes(m->chunk[0]);
	m->stats = (struct load_stats){ 0 };
	return ret;
}
