/* The writer collects; index_writer_finish, in layout.c, sorts and lays out. */
#include "index/writer.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/content.h"

struct index_writer *index_writer_new(struct bytes tenant, int32_t day)
{
	struct index_writer *w = mem_alloc(sizeof(*w));

	buf_add_bytes(&w->tenant, tenant);
	w->day = day;
	return w;
}

void index_writer_free(struct index_writer *w)
{
	if (!w)
		return;
	buf_release(&w->tenant);
	arena_release(&w->text);
	map_release(&w->symbol_map);
	map_release(&w->pair_map);
	map_release(&w->series_map);
	free(w->symbol);
	free(w->pair);
	free(w->series);
	free(w->pair_of);
	free(w->pack);
	free(w->chunk);
	free(w->block);
	free(w->bundle);
	for (int i = 0; i < 3; i++)
		free(w->list[i].v);
	free(w->del);
	free(w->symbol_rank);
	free(w->pair_rank);
	free(w->series_rank);
	free(w->pack_rank);
	free(w->symbol_order);
	free(w->pair_order);
	free(w->series_order);
	free(w->pack_order);
	free(w);
}

static uint32_t add_symbol(struct index_writer *w, struct bytes s)
{
	uint64_t h = hash64(s);
	uint32_t at = map_get(&w->symbol_map, h, s);

	if (at != MAP_NONE)
		return at;
	at = (uint32_t)w->n_symbols;
	mem_grow(&w->symbol, &w->cap_symbols, w->n_symbols + 1, sizeof(*w->symbol));
	w->symbol[w->n_symbols++] = arena_copy(&w->text, s);
	map_put(&w->symbol_map, h, w->symbol[at], at);
	return at;
}

static uint32_t add_pair(struct index_writer *w, const struct label *l)
{
	uint32_t key[2] = { add_symbol(w, l->name), add_symbol(w, l->value) };
	struct bytes k = bytes_of(key, sizeof(key));
	uint64_t h = hash64(k);
	uint32_t at = map_get(&w->pair_map, h, k);

	if (at != MAP_NONE)
		return at;
	at = (uint32_t)w->n_pairs;
	mem_grow(&w->pair, &w->cap_pairs, w->n_pairs + 1, sizeof(*w->pair));
	w->pair[w->n_pairs++] = (struct pair){ .name = key[0], .value = key[1] };
	map_put(&w->pair_map, h, arena_copy(&w->text, k), at);
	return at;
}

static bool is_pair(const struct index_writer *w, uint32_t pair, const struct label *l)
{
	const struct pair *p = &w->pair[pair];

	return bytes_eq(w->symbol[p->name], l->name) && bytes_eq(w->symbol[p->value], l->value);
}

static bool same_labels(const struct index_writer *w, const struct series *s,
			const struct labels *l)
{
	if (s->n_labels != l->n)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!is_pair(w, w->pair_of[s->label + i], &l->v[i]))
			return false;
	return true;
}

/*
 * Packs are sorted by labels. So with very many series, whose tables no cache holds, two guesses
 * save nearly all that is looked up: that a series which is there follows the one before it, and
 * that a new one shares pairs with it.
 */
static uint32_t find_series(const struct index_writer *w, const struct hash128 *id, uint64_t hash)
{
	uint32_t next = w->last_series + 1;

	if (next < w->n_series && hash128_cmp(&w->series[next].id, id) == 0)
		return next;
	return map_get(&w->series_map, hash, bytes_of(id->b, sizeof(id->b)));
}

/* The pair of label i of the series that was added last, or MAP_NONE. */
static uint32_t pair_before(const struct index_writer *w, size_t i)
{
	const struct series *s;

	if (!w->n_series)
		return MAP_NONE;
	s = &w->series[w->n_series - 1];
	return i < s->n_labels ? w->pair_of[s->label + i] : MAP_NONE;
}

static void add_pairs(struct index_writer *w, const struct labels *l)
{
	mem_grow(&w->pair_of, &w->cap_pair_of, w->n_pair_of + l->n, sizeof(*w->pair_of));
	for (size_t i = 0; i < l->n; i++) {
		uint32_t before = pair_before(w, i);

		w->pair_of[w->n_pair_of++] = before != MAP_NONE && is_pair(w, before, &l->v[i])
						     ? before
						     : add_pair(w, &l->v[i]);
	}
}

static int add_series(struct index_writer *w, const struct hash128 *id, const struct labels *l,
		      uint32_t *ret, struct err *e)
{
	struct bytes k = bytes_of(id->b, sizeof(id->b));
	uint64_t h = hash64(k);
	uint32_t at = find_series(w, id, h);
	struct series s = { .id = *id,
			    .label = (uint32_t)w->n_pair_of,
			    .n_labels = (uint32_t)l->n };

	if (at != MAP_NONE) {
		if (!same_labels(w, &w->series[at], l))
			return err_set(e, ERR_CORRUPT, "two label sets have one stream id");
		*ret = w->last_series = at;
		return 0;
	}
	add_pairs(w, l);
	at = (uint32_t)w->n_series;
	mem_grow(&w->series, &w->cap_series, w->n_series + 1, sizeof(*w->series));
	w->series[w->n_series++] = s;
	map_put(&w->series_map, h, arena_copy(&w->text, k), at);
	*ret = w->last_series = at;
	return 0;
}

uint32_t index_writer_pack(struct index_writer *w, const struct index_pack *p)
{
	struct index_pack *q;

	mem_grow(&w->pack, &w->cap_packs, w->n_packs + 1, sizeof(*w->pack));
	q = &w->pack[w->n_packs];
	*q = *p;
	q->n_chunks = 0;
	q->entries = 0;
	q->min_ts = INT64_MAX;
	q->max_ts = INT64_MIN;
	return (uint32_t)w->n_packs++;
}

int index_writer_bundles(struct index_writer *w, uint32_t pack, const struct pack_bundles *b,
			 struct err *e)
{
	if (w->n_bundles + b->n >= UINT32_MAX - 1)
		return err_set(e, ERR_LIMIT, "an index holds at most %u bundles", UINT32_MAX - 2);
	mem_grow(&w->bundle, &w->cap_bundles, w->n_bundles + b->n, sizeof(*w->bundle));
	for (size_t i = 0; i < b->n; i++)
		w->bundle[w->n_bundles++] = (struct bundle_row){ b->v[i], pack };
	return 0;
}

static int check_blocks(const struct index_chunk *c, const struct index_block *b, struct err *e)
{
	uint64_t entries = 0;

	for (uint32_t i = 0; i < c->n_blocks; i++) {
		entries += b[i].entries;
		if (b[i].offset < c->head_len || b[i].offset > c->length ||
		    b[i].length > c->length - b[i].offset || b[i].side_len > b[i].length)
			return err_set(e, ERR_CORRUPT, "block %u lies outside its chunk's bytes",
				       i);
		if (b[i].min_ts > b[i].max_ts || b[i].min_ts < c->from || b[i].max_ts > c->through)
			return err_set(e, ERR_CORRUPT, "block %u lies outside its chunk's time", i);
	}
	if (entries != c->entries || c->from > c->through || c->head_len > c->length ||
	    c->n_blocks == 0)
		return err_set(e, ERR_CORRUPT, "its blocks do not make up the chunk");
	return 0;
}

int index_writer_chunk(struct index_writer *w, uint32_t pack, const struct hash128 *id,
		       const struct labels *labels, const struct index_chunk *c,
		       const struct index_block *blocks, struct err *e)
{
	const uint64_t max = UINT32_MAX - 1;
	struct index_pack *p = &w->pack[pack];
	struct chunk_row *row;
	uint32_t series = 0;

	if (check_blocks(c, blocks, e) < 0)
		return -1;
	if (w->n_chunks >= max || w->n_blocks + c->n_blocks > max ||
	    w->n_pair_of + labels->n > max || w->n_symbols + 2 * labels->n > max)
		return err_set(e, ERR_LIMIT,
			       "an index holds at most %llu chunks, blocks and labels of series",
			       (unsigned long long)max);
	if (add_series(w, id, labels, &series, e) < 0)
		return -1;
	mem_grow(&w->chunk, &w->cap_chunks, w->n_chunks + 1, sizeof(*w->chunk));
	row = &w->chunk[w->n_chunks++];
	row->c = *c;
	row->c.pack = pack;
	row->c.first_block = (uint32_t)w->n_blocks;
	row->series = series;
	mem_grow(&w->block, &w->cap_blocks, w->n_blocks + c->n_blocks, sizeof(*w->block));
	memcpy(w->block + w->n_blocks, blocks, c->n_blocks * sizeof(*blocks));
	w->n_blocks += c->n_blocks;
	p->n_chunks++;
	p->entries += c->entries;
	p->min_ts = c->from < p->min_ts ? c->from : p->min_ts;
	p->max_ts = c->through > p->max_ts ? c->through : p->max_ts;
	return 0;
}

/* ---- from an index file ---- */

/* The packs of an index file that are taken over. */
struct adoption {
	struct index *ix;
	struct index_leave leave;
	uint32_t *number;	/* in w, of each pack of ix */
	struct index_pack *out; /* of each pack of ix, chunks and entries that are left out */
	struct arena mem;	/* labels of the series, bundles of the pack */
	struct index_block *block;
	size_t cap_blocks;
};

static int adopt_packs(struct index_writer *w, struct adoption *a, struct err *e)
{
	for (uint32_t i = 0; i < index_info(a->ix)->n_packs; i++) {
		struct pack_bundles bundles;
		struct index_pack p;

		if (a->leave.pack && a->leave.pack[i])
			continue;
		arena_reset(&a->mem);
		if (index_pack_at(a->ix, i, &p, e) < 0 ||
		    index_pack_bundles(a->ix, i, &a->mem, &bundles, e) < 0)
			return -1;
		a->number[i] = index_writer_pack(w, &p);
		if (index_writer_bundles(w, a->number[i], &bundles, e) < 0)
			return -1;
	}
	return 0;
}

static int adopt_chunk(struct index_writer *w, struct adoption *a, const struct index_series *s,
		       const struct labels *l, const struct index_chunk *c, struct err *e)
{
	mem_grow(&a->block, &a->cap_blocks, c->n_blocks, sizeof(*a->block));
	for (uint32_t k = 0; k < c->n_blocks; k++)
		if (index_block_at(a->ix, c, k, &a->block[k], e) < 0)
			return -1;
	return index_writer_chunk(w, a->number[c->pack], &s->id, l, c, a->block, e);
}

static int adopt_series(struct index_writer *w, struct adoption *a, uint32_t i, struct err *e)
{
	struct index_series s;
	struct labels l = { 0 };
	bool have_labels = false;

	if (index_series_at(a->ix, i, &s, e) < 0)
		return -1;
	for (uint32_t k = s.first_chunk; k < s.first_chunk + s.n_chunks; k++) {
		struct index_chunk c;

		if (index_chunk_at(a->ix, k, &c, e) < 0)
			return -1;
		if (a->leave.pack && a->leave.pack[c.pack])
			continue;
		if (a->leave.chunk && a->leave.chunk[k]) {
			a->out[c.pack].n_chunks++;
			a->out[c.pack].entries += c.entries;
			continue;
		}
		if (!have_labels) {
			arena_reset(&a->mem);
			if (index_series_labels(a->ix, i, &a->mem, &l, e) < 0)
				return -1;
			have_labels = true;
		}
		if (adopt_chunk(w, a, &s, &l, &c, e) < 0)
			return err_wrap(e, "chunk %u", k);
	}
	return 0;
}

/* What a file with wrong numbers in it leaves out would be lost with that file. */
static int check_adopted(const struct index_writer *w, const struct adoption *a, struct err *e)
{
	for (uint32_t i = 0; i < index_info(a->ix)->n_packs; i++) {
		const struct index_pack *q;
		struct index_pack p;
		uint32_t n_chunks;
		uint64_t entries;

		if (a->leave.pack && a->leave.pack[i])
			continue;
		if (index_pack_at(a->ix, i, &p, e) < 0)
			return -1;
		q = &w->pack[a->number[i]];
		n_chunks = q->n_chunks + a->out[i].n_chunks;
		entries = q->entries + a->out[i].entries;
		if (p.n_chunks != n_chunks || p.entries != entries)
			return err_set(e, ERR_CORRUPT,
				       "pack %u has %u chunks and %llu entries, of which %u and "
				       "%llu belong to series",
				       i, p.n_chunks, (unsigned long long)p.entries, n_chunks,
				       (unsigned long long)entries);
	}
	return 0;
}

int index_writer_add_index(struct index_writer *w, struct index *ix,
			   const struct index_leave *leave, struct err *e)
{
	const struct index_info *in = index_info(ix);
	struct adoption a = { .ix = ix };
	int rc;

	if (leave)
		a.leave = *leave;
	if (in->day != w->day || !bytes_eq(in->tenant, buf_bytes(&w->tenant)))
		return err_set(e, ERR_CORRUPT, "'%s': it is of another tenant or day",
			       index_label(ix));
	a.number = mem_alloc((in->n_packs + (size_t)1) * sizeof(*a.number));
	a.out = mem_alloc((in->n_packs + (size_t)1) * sizeof(*a.out));
	rc = adopt_packs(w, &a, e);
	for (uint32_t i = 0; i < in->n_series && rc == 0; i++)
		rc = adopt_series(w, &a, i, e);
	if (rc == 0)
		rc = check_adopted(w, &a, e);
	if (rc < 0)
		err_wrap(e, "'%s'", index_label(ix));
	free(a.number);
	free(a.out);
	free(a.block);
	arena_release(&a.mem);
	return rc;
}

void index_writer_replaces(struct index_writer *w, enum index_list which, const struct hash128 *id)
{
	struct id_list *l = &w->list[which];

	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = *id;
}

void index_writer_delete(struct index_writer *w, struct bytes request)
{
	mem_grow(&w->del, &w->cap_dels, w->n_dels + 1, sizeof(*w->del));
	w->del[w->n_dels++] = add_symbol(w, request);
}

void index_writer_mixed(struct index_writer *w)
{
	w->mixed = true;
}

void index_writer_thinned(struct index_writer *w)
{
	w->thinned = true;
}

void index_writer_compress(struct index_writer *w)
{
	w->compress = true;
}
