/* Packs made of packs, in a store of a test: what a compaction writes. */
#ifndef TESTS_MADE_PACKS_H
#define TESTS_MADE_PACKS_H

#include "index_store.h"

#include "index/lineage.h"

/* Entries of streams first..first+n-1; its trailer's lists. */
struct made_pack {
	struct pack_spec spec;
	struct hash128 list[4][8]; /* segments, parts, replaced, sources */
	struct store_name name;
	struct pack_trailer trailer;
	struct arena mem;
};

static inline void set_list(struct hash128 *to, const struct hash128 **ret, size_t *ret_n,
			    const struct hash128 *v, size_t n)
{
	assert_true(n <= 8);
	if (n)
		memcpy(to, v, n * sizeof(*v));
	*ret_n = hash128_sort(to, n);
	*ret = to;
}

/* Puts it, and reads its trailer back. */
static inline void put_made(struct fixture *f, struct made_pack *p, unsigned first, unsigned n,
			    const struct hash128 *segments, size_t n_segments)
{
	struct buf file = { 0 };
	struct err e;

	p->spec.tenant = "fake";
	p->spec.app = "web";
	p->spec.day = DAY;
	p->spec.first_stream = first;
	p->spec.n_streams = n;
	p->spec.n_entries = 3;
	if (n_segments)
		set_list(p->list[0], &p->spec.segments, &p->spec.n_segments, segments, n_segments);
	make_pack(&p->spec, &file);
	assert_int_equal(0, pack_parse_trailer(buf_bytes(&file), file.n, &p->mem, &p->trailer, &e));
	buf_release(&file);
	p->name = put_pack(f->s, &p->spec);
}

/* The last pack of a run over these inputs, with own parts. */
static inline void put_last(struct fixture *f, struct made_pack *p, unsigned first, unsigned n,
			    const struct made_pack *in, size_t n_in, const struct hash_list *there,
			    const struct hash128 *own, size_t n_own)
{
	struct lineage_input v[8];
	struct hash128 parts[8];
	struct lineage l;

	for (size_t i = 0; i < n_in; i++)
		v[i] = (struct lineage_input){ in[i].name.hash, &in[i].trailer };
	lineage_init(&l, v, n_in, there);
	assert_int_equal(l.sources.n, n_in);
	if (l.parts.n)
		memcpy(parts, l.parts.v, l.parts.n * sizeof(*parts));
	if (n_own)
		memcpy(parts + l.parts.n, own, n_own * sizeof(*parts));
	set_list(p->list[1], &p->spec.parts, &p->spec.n_parts, parts, l.parts.n + n_own);
	set_list(p->list[2], &p->spec.replaced, &p->spec.n_replaced, l.replaced.v, l.replaced.n);
	set_list(p->list[3], &p->spec.sources, &p->spec.n_sources, l.sources.v, l.sources.n);
	p->spec.mixed = l.mixed;
	p->spec.order_key = l.order_key;
	put_made(f, p, first, n, l.segments.v, l.segments.n);
	lineage_release(&l);
}

/* The streams that are read, as bits. */
static inline uint32_t streams_read(const struct live *l)
{
	uint32_t ret = 0;

	for (size_t i = 0; i < l->n; i++)
		for (uint32_t s = 0; s < index_info(l->v[i])->n_series; s++) {
			struct arena mem = { 0 };
			struct index_series row;
			struct index_chunk c;
			struct labels labels;

			assert_int_equal(0, index_series_at(l->v[i], s, &row, NULL));
			assert_int_equal(0, index_series_labels(l->v[i], s, &mem, &labels, NULL));
			for (uint32_t k = 0; k < row.n_chunks; k++) {
				assert_int_equal(
					0, index_chunk_at(l->v[i], row.first_chunk + k, &c, NULL));
				if (!l->skip_pack[i][c.pack])
					ret |= UINT32_C(1)
					       << strtoul(labels.v[2].value.p + 2, NULL, 10);
			}
			arena_release(&mem);
		}
	return ret;
}

enum { P1, P2, X1, X2, Y, Z, N_MADE };

/*
 * p1 and p2 (streams 0-3 and 4-7, segments 1 and 2) become X1 and X2 (0-4 and 5-7), then X2 and y
 * (8-9, segment 3) become Z. Which is what packs, by what is read of them:
 */
static const uint32_t content[N_MADE] = { 0x0f, 0xf0, 0x1f, 0xe0, 0x300, 0x3e0 };

static inline void make_history(struct fixture *f, struct made_pack v[N_MADE])
{
	struct hash128 seg[] = { test_id(1), test_id(2), test_id(3) }, all[4];
	struct hash_list there = { all, 0 };

	memset(v, 0, N_MADE * sizeof(*v));
	put_made(f, &v[P1], 0, 4, &seg[0], 1);
	put_made(f, &v[P2], 4, 4, &seg[1], 1);
	all[0] = v[P1].name.hash;
	all[1] = v[P2].name.hash;
	there.n = hash128_sort(all, 2);
	set_list(v[X1].list[3], &v[X1].spec.sources, &v[X1].spec.n_sources, all, 2);
	put_made(f, &v[X1], 0, 5, NULL, 0);
	put_last(f, &v[X2], 5, 3, v, 2, &there, &v[X1].name.hash, 1);
	put_made(f, &v[Y], 8, 2, &seg[2], 1);
	all[0] = v[X1].name.hash;
	all[1] = v[X2].name.hash;
	all[2] = v[Y].name.hash;
	there.n = hash128_sort(all, 3);
	put_last(f, &v[Z], 5, 5, (struct made_pack[]){ v[X2], v[Y] }, 2, &there, NULL, 0);
}

static inline void release_history(struct made_pack v[N_MADE])
{
	for (unsigned i = 0; i < N_MADE; i++)
		arena_release(&v[i].mem);
}

#endif
