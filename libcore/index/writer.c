/*
 * The writer: collects, sorts at the end, lays out. Everything is numbered by order of arrival
 * first; sorting gives ranks, and the sections are written with those, so the bytes depend on the
 * content alone.
 */
#include "index/writer.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/wr.h"
#include "index/format.h"

struct series {
	struct hash128 id;
	uint32_t label, n_labels; /* in pair_of: pairs by arrival */
	uint32_t first_chunk;	  /* after sorting */
};

struct pair {
	uint32_t name, value; /* symbols */
	uint32_t posting_at, n_series;
};

struct chunk_row {
	struct index_chunk c;
	uint32_t series;
};

struct id_list {
	struct hash128 *v;
	size_t n, cap;
};

struct index_writer {
	struct buf tenant;
	int32_t day;
	bool mixed;
	struct arena text; /* symbols and keys of the maps */
	struct map symbol_map, pair_map, series_map;
	struct bytes *symbol;
	size_t n_symbols, cap_symbols;
	struct pair *pair;
	size_t n_pairs, cap_pairs;
	struct series *series;
	size_t n_series, cap_series;
	uint32_t *pair_of; /* the pairs of each series in turn */
	size_t n_pair_of, cap_pair_of;
	struct index_pack *pack;
	size_t n_packs, cap_packs;
	struct chunk_row *chunk;
	size_t n_chunks, cap_chunks;
	struct index_block *block;
	size_t n_blocks, cap_blocks;
	struct id_list list[3];
	uint32_t *del; /* symbols */
	size_t n_dels, cap_dels;

	/* set by index_writer_finish */
	uint32_t *symbol_rank, *pair_rank, *series_rank, *pack_rank;
	uint32_t *symbol_order, *pair_order, *series_order, *pack_order;
};

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

static bool same_labels(const struct index_writer *w, const struct series *s,
			const struct labels *l)
{
	if (s->n_labels != l->n)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		const struct pair *p = &w->pair[w->pair_of[s->label + i]];

		if (!bytes_eq(w->symbol[p->name], l->v[i].name) ||
		    !bytes_eq(w->symbol[p->value], l->v[i].value))
			return false;
	}
	return true;
}

static int add_series(struct index_writer *w, const struct hash128 *id, const struct labels *l,
		      uint32_t *ret, struct err *e)
{
	struct bytes k = bytes_of(id->b, sizeof(id->b));
	uint64_t h = hash64(k);
	uint32_t at = map_get(&w->series_map, h, k);
	struct series *s;

	if (at != MAP_NONE) {
		if (!same_labels(w, &w->series[at], l))
			return err_set(e, ERR_CORRUPT, "two label sets have one stream id");
		*ret = at;
		return 0;
	}
	at = (uint32_t)w->n_series;
	mem_grow(&w->series, &w->cap_series, w->n_series + 1, sizeof(*w->series));
	s = &w->series[w->n_series++];
	*s = (struct series){ .id = *id,
			      .label = (uint32_t)w->n_pair_of,
			      .n_labels = (uint32_t)l->n };
	mem_grow(&w->pair_of, &w->cap_pair_of, w->n_pair_of + l->n, sizeof(*w->pair_of));
	for (size_t i = 0; i < l->n; i++)
		w->pair_of[w->n_pair_of++] = add_pair(w, &l->v[i]);
	map_put(&w->series_map, h, arena_copy(&w->text, k), at);
	*ret = at;
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

/* ---- sorting ---- */

static int cmp_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int cmp_symbol(const void *pa, const void *pb, void *data)
{
	const struct index_writer *w = data;

	return bytes_cmp(w->symbol[*(const uint32_t *)pa], w->symbol[*(const uint32_t *)pb]);
}

static int cmp_pair(const void *pa, const void *pb, void *data)
{
	const struct index_writer *w = data;
	const struct pair *a = &w->pair[*(const uint32_t *)pa],
			  *b = &w->pair[*(const uint32_t *)pb];
	int c = cmp_u32(w->symbol_rank[a->name], w->symbol_rank[b->name]);

	return c ? c : cmp_u32(w->symbol_rank[a->value], w->symbol_rank[b->value]);
}

/* Label by label; a set before those that it begins. Pairs rank by name, then value, so this is the
 * order of the label sets themselves. */
static int cmp_series(const void *pa, const void *pb, void *data)
{
	const struct index_writer *w = data;
	const struct series *a = &w->series[*(const uint32_t *)pa],
			    *b = &w->series[*(const uint32_t *)pb];
	uint32_t n = a->n_labels < b->n_labels ? a->n_labels : b->n_labels;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = w->pair_of[a->label + i], y = w->pair_of[b->label + i];

		if (x != y)
			return cmp_u32(w->pair_rank[x], w->pair_rank[y]);
	}
	if (a->n_labels != b->n_labels)
		return cmp_u32(a->n_labels, b->n_labels);
	return hash128_cmp(&a->id, &b->id);
}

static int cmp_pack(const void *pa, const void *pb, void *data)
{
	const struct index_writer *w = data;

	return hash128_cmp(&w->pack[*(const uint32_t *)pa].name,
			   &w->pack[*(const uint32_t *)pb].name);
}

static int cmp_by_id(const void *pa, const void *pb, void *data)
{
	const struct index_writer *w = data;

	return hash128_cmp(&w->series[*(const uint32_t *)pa].id,
			   &w->series[*(const uint32_t *)pb].id);
}

static int cmp_chunk(const void *pa, const void *pb, void *data)
{
	const struct index_writer *w = data;
	const struct chunk_row *a = pa, *b = pb;
	int c = cmp_u32(w->series_rank[a->series], w->series_rank[b->series]);

	if (c)
		return c;
	if (a->c.from != b->c.from)
		return a->c.from < b->c.from ? -1 : 1;
	if (a->c.through != b->c.through)
		return a->c.through < b->c.through ? -1 : 1;
	c = cmp_u32(w->pack_rank[a->c.pack], w->pack_rank[b->c.pack]);
	if (c)
		return c;
	return (a->c.offset > b->c.offset) - (a->c.offset < b->c.offset);
}

static int cmp_hash(const void *a, const void *b)
{
	return hash128_cmp(a, b);
}

typedef int order_fn(const void *, const void *, void *);

/* order[rank] = number by arrival, rank[number] = its place */
static void sort_out(struct index_writer *w, size_t n, order_fn *cmp, uint32_t **ret_order,
		     uint32_t **ret_rank)
{
	uint32_t *order = mem_alloc((n + 1) * sizeof(*order)),
		 *rank = mem_alloc((n + 1) * sizeof(*rank));

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), cmp, w);
	for (uint32_t i = 0; i < n; i++)
		rank[order[i]] = i;
	*ret_order = order;
	*ret_rank = rank;
}

static void sort_all(struct index_writer *w)
{
	sort_out(w, w->n_symbols, cmp_symbol, &w->symbol_order, &w->symbol_rank);
	sort_out(w, w->n_pairs, cmp_pair, &w->pair_order, &w->pair_rank);
	sort_out(w, w->n_series, cmp_series, &w->series_order, &w->series_rank);
	sort_out(w, w->n_packs, cmp_pack, &w->pack_order, &w->pack_rank);
	if (w->n_chunks)
		qsort_r(w->chunk, w->n_chunks, sizeof(*w->chunk), cmp_chunk, w);
	for (int i = 0; i < 3; i++) {
		struct id_list *l = &w->list[i];
		size_t n = 0;

		if (l->n)
			qsort(l->v, l->n, sizeof(*l->v), cmp_hash);
		for (size_t k = 0; k < l->n; k++)
			if (n == 0 || hash128_cmp(&l->v[n - 1], &l->v[k]) != 0)
				l->v[n++] = l->v[k];
		l->n = n;
	}
	for (size_t i = 0; i < w->n_dels; i++)
		w->del[i] = w->symbol_rank[w->del[i]];
}

/* ---- sections ---- */

struct layout {
	struct index_writer *w;
	struct buf body; /* the sections; offsets from their start */
	uint64_t off[SEC_END], len[SEC_END];
	uint32_t rows[SEC_END];
	int sec; /* the open one */
};

static void begin(struct layout *l, enum index_section sec, size_t rows)
{
	while (l->body.n % 8)
		buf_add_char(&l->body, 0);
	l->sec = sec;
	l->off[sec] = l->body.n;
	l->rows[sec] = (uint32_t)rows;
}

static void end(struct layout *l)
{
	l->len[l->sec] = l->body.n - l->off[l->sec];
}

static void put_symbols(struct layout *l)
{
	const struct index_writer *w = l->w;
	uint32_t at = 0;

	begin(l, SEC_SYMBOL_OFFSETS, w->n_symbols + 1);
	wr_u32be(&l->body, 0);
	for (size_t i = 0; i < w->n_symbols; i++)
		wr_u32be(&l->body, at += (uint32_t)w->symbol[w->symbol_order[i]].n);
	end(l);
	begin(l, SEC_SYMBOL_BYTES, 0);
	for (size_t i = 0; i < w->n_symbols; i++)
		buf_add_bytes(&l->body, w->symbol[w->symbol_order[i]]);
	end(l);
}

/* The series of each pair, ascending: series are walked in order, so each list grows at its end. */
static uint32_t **collect_postings(struct index_writer *w, uint32_t **ret_all)
{
	uint32_t *all = mem_alloc((w->n_pair_of + 1) * sizeof(*all)), *at = all;
	uint32_t **list = mem_alloc((w->n_pairs + 1) * sizeof(*list));

	for (size_t i = 0; i < w->n_pair_of; i++)
		w->pair[w->pair_of[i]].n_series++;
	for (size_t i = 0; i < w->n_pairs; i++) {
		list[i] = at;
		at += w->pair[i].n_series;
		w->pair[i].n_series = 0;
	}
	for (uint32_t s = 0; s < w->n_series; s++) {
		const struct series *row = &w->series[w->series_order[s]];

		for (uint32_t k = 0; k < row->n_labels; k++) {
			uint32_t p = w->pair_of[row->label + k];

			list[p][w->pair[p].n_series++] = s;
		}
	}
	*ret_all = all;
	return list;
}

static void put_runs(struct buf *b, const uint32_t *v, uint32_t n)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < n;) {
		uint32_t first = v[i], len = 1;

		while (i + len < n && v[i + len] == first + len)
			len++;
		wr_uvarint(b, (uint64_t)(first - next) << 1 | (len > 1));
		if (len > 1)
			wr_uvarint(b, len - 2);
		next = first + len + 1;
		i += len;
	}
}

static void put_pairs(struct layout *l)
{
	struct index_writer *w = l->w;
	uint32_t *all, **list = collect_postings(w, &all);
	struct buf names = { 0 };

	begin(l, SEC_POSTINGS, 0);
	for (uint32_t i = 0; i < w->n_pairs; i++) {
		uint32_t p = w->pair_order[i];

		if (i == 0 || w->pair[p].name != w->pair[w->pair_order[i - 1]].name) {
			wr_u32be(&names, w->symbol_rank[w->pair[p].name]);
			wr_u32be(&names, i);
		}
		w->pair[p].posting_at = (uint32_t)(l->body.n - l->off[SEC_POSTINGS]);
		put_runs(&l->body, list[p], w->pair[p].n_series);
	}
	end(l);
	begin(l, SEC_NAMES, names.n / index_row_len[SEC_NAMES]);
	buf_add_bytes(&l->body, buf_bytes(&names));
	end(l);
	begin(l, SEC_PAIRS, w->n_pairs);
	for (uint32_t i = 0; i < w->n_pairs; i++) {
		const struct pair *p = &w->pair[w->pair_order[i]];

		wr_u32be(&l->body, w->symbol_rank[p->name]);
		wr_u32be(&l->body, w->symbol_rank[p->value]);
		wr_u32be(&l->body, p->posting_at);
		wr_u32be(&l->body, p->n_series);
	}
	end(l);
	buf_release(&names);
	free(list);
	free(all);
}

static void put_series(struct layout *l)
{
	struct index_writer *w = l->w;
	uint32_t at = 0, chunk = 0, *by_id, *unused;

	begin(l, SEC_SERIES, w->n_series);
	for (uint32_t i = 0; i < w->n_series; i++) {
		const struct series *s = &w->series[w->series_order[i]];

		buf_add(&l->body, s->id.b, sizeof(s->id.b));
		wr_u32be(&l->body, at);
		wr_u32be(&l->body, chunk);
		at += s->n_labels;
		while (chunk < w->n_chunks && w->series_rank[w->chunk[chunk].series] == i)
			chunk++;
	}
	end(l);
	begin(l, SEC_LABELS, w->n_pair_of);
	for (uint32_t i = 0; i < w->n_series; i++) {
		const struct series *s = &w->series[w->series_order[i]];

		for (uint32_t k = 0; k < s->n_labels; k++)
			wr_u32be(&l->body, w->pair_rank[w->pair_of[s->label + k]]);
	}
	end(l);
	sort_out(w, w->n_series, cmp_by_id, &by_id, &unused);
	begin(l, SEC_BY_ID, w->n_series);
	for (uint32_t i = 0; i < w->n_series; i++)
		wr_u32be(&l->body, w->series_rank[by_id[i]]);
	end(l);
	free(by_id);
	free(unused);
}

static void put_packs(struct layout *l)
{
	const struct index_writer *w = l->w;
	struct buf *b = &l->body;

	begin(l, SEC_PACKS, w->n_packs);
	for (uint32_t i = 0; i < w->n_packs; i++) {
		const struct index_pack *p = &w->pack[w->pack_order[i]];

		buf_add(b, p->name.b, sizeof(p->name.b));
		wr_u64be(b, p->size);
		wr_u64be(b, (uint64_t)p->order_key);
		wr_u64be(b, (uint64_t)p->min_ts);
		wr_u64be(b, (uint64_t)p->max_ts);
		wr_u64be(b, p->entries);
		wr_u32be(b, p->n_chunks);
		wr_u32be(b, p->trailer_len);
	}
	end(l);
}

static void put_chunks(struct layout *l)
{
	const struct index_writer *w = l->w;
	struct buf *b = &l->body;
	uint32_t block = 0;

	begin(l, SEC_CHUNKS, w->n_chunks);
	for (size_t i = 0; i < w->n_chunks; i++) {
		const struct index_chunk *c = &w->chunk[i].c;

		wr_u32be(b, w->pack_rank[c->pack]);
		wr_u32be(b, block);
		wr_u64be(b, c->offset);
		wr_u64be(b, (uint64_t)c->from);
		wr_u64be(b, (uint64_t)c->through - (uint64_t)c->from);
		wr_u32be(b, c->length);
		wr_u32be(b, c->head_len);
		wr_u32be(b, c->entries);
		wr_u32be(b, (uint32_t)c->encoding << 24);
		block += c->n_blocks;
	}
	end(l);
	begin(l, SEC_BLOCKS, block);
	for (size_t i = 0; i < w->n_chunks; i++) {
		const struct index_chunk *c = &w->chunk[i].c;

		for (uint32_t k = 0; k < c->n_blocks; k++) {
			const struct index_block *r = &w->block[c->first_block + k];

			wr_u64be(b, (uint64_t)r->min_ts - (uint64_t)c->from);
			wr_u64be(b, (uint64_t)r->max_ts - (uint64_t)r->min_ts);
			wr_u32be(b, r->offset);
			wr_u32be(b, r->length);
			wr_u32be(b, r->side_len);
			wr_u32be(b, r->entries);
			wr_u32be(b, r->line_bytes);
			wr_u32be(b, r->meta_bytes);
		}
	}
	end(l);
}

static int cmp_rank(const void *a, const void *b)
{
	return cmp_u32(*(const uint32_t *)a, *(const uint32_t *)b);
}

static void put_replaced(struct layout *l)
{
	struct index_writer *w = l->w;
	size_t n = 0;

	for (int i = 0; i < 3; i++) {
		begin(l, SEC_SEGMENTS + (enum index_section)i, w->list[i].n);
		buf_add(&l->body, w->list[i].v, w->list[i].n * sizeof(*w->list[i].v));
		end(l);
	}
	if (w->n_dels)
		qsort(w->del, w->n_dels, sizeof(*w->del), cmp_rank);
	for (size_t i = 0; i < w->n_dels; i++)
		if (n == 0 || w->del[n - 1] != w->del[i])
			w->del[n++] = w->del[i];
	begin(l, SEC_DELETES, n);
	for (size_t i = 0; i < n; i++)
		wr_u32be(&l->body, w->del[i]);
	end(l);
}

/* ---- the file ---- */

static void put_head(const struct layout *l, uint32_t head_len, uint64_t size, uint32_t n_pages,
		     struct buf *out)
{
	const struct index_writer *w = l->w;
	int64_t min = INT64_MAX, max = INT64_MIN;
	uint64_t entries = 0, line_bytes = 0;

	for (size_t i = 0; i < w->n_packs; i++) {
		entries += w->pack[i].entries;
		min = w->pack[i].min_ts < min ? w->pack[i].min_ts : min;
		max = w->pack[i].max_ts > max ? w->pack[i].max_ts : max;
	}
	for (size_t i = 0; i < w->n_blocks; i++)
		line_bytes += w->block[i].line_bytes;
	buf_add(out, index_magic, sizeof(index_magic));
	wr_u8(out, INDEX_VERSION);
	wr_u8(out, w->mixed ? INDEX_FLAG_MIXED : 0);
	wr_u16be(out, SEC_END - 1);
	wr_u64be(out, size);
	wr_u32be(out, head_len);
	wr_u32be(out, (uint32_t)w->day);
	wr_u64be(out, (uint64_t)min);
	wr_u64be(out, (uint64_t)max);
	wr_u64be(out, entries);
	wr_u64be(out, line_bytes);
	wr_u32be(out, (uint32_t)w->tenant.n);
	wr_u32be(out, n_pages);
}

static void put_file(const struct layout *l, struct buf *out)
{
	const struct index_writer *w = l->w;
	const size_t fixed = INDEX_FIXED_LEN + (SEC_END - 1) * INDEX_SECTION_LEN + w->tenant.n + 4;
	size_t start = out->n, head, body, n_pages = 0, size;

	do { /* the table of the pages' checksums makes the file longer, too */
		n_pages++;
		head = fixed + 4 * n_pages;
		body = (head + 7) & ~(size_t)7;
		size = body + l->body.n;
	} while (n_pages * INDEX_PAGE < size);
	buf_reserve(out, size);
	put_head(l, (uint32_t)head, size, (uint32_t)n_pages, out);
	for (int i = 1; i < SEC_END; i++) {
		wr_u32be(out, (uint32_t)i);
		wr_u32be(out, l->rows[i]);
		wr_u64be(out, body + l->off[i]);
		wr_u64be(out, l->len[i]);
	}
	for (size_t i = 0; i < n_pages; i++)
		wr_u32be(out, 0);
	buf_add_bytes(out, buf_bytes(&w->tenant));
	wr_u32be(out, 0);
	while (out->n - start < body)
		buf_add_char(out, 0);
	buf_add_bytes(out, buf_bytes(&l->body));
	for (size_t i = 0; i < n_pages; i++) {
		size_t from = i * INDEX_PAGE,
		       to = from + INDEX_PAGE < size ? from + INDEX_PAGE : size;
		size_t at = start + INDEX_FIXED_LEN + (SEC_END - 1) * INDEX_SECTION_LEN + 4 * i;

		from = from < head ? head : from;
		wr_patch_u32be(out, at, from < to ? crc32c(out->p + start + from, to - from) : 0);
	}
	wr_patch_u32be(out, start + head - 4, crc32c(out->p + start, head - 4));
}

int index_writer_finish(struct index_writer *w, struct buf *out, struct err *e)
{
	struct layout l = { .w = w };
	uint64_t symbol_bytes = 0;

	for (size_t i = 0; i < w->n_symbols; i++)
		symbol_bytes += w->symbol[i].n;
	if (symbol_bytes > UINT32_MAX || w->n_symbols >= UINT32_MAX - 1)
		return err_set(
			e, ERR_LIMIT,
			"%zu label names and values of %llu bytes are too many for one index",
			w->n_symbols, (unsigned long long)symbol_bytes);
	sort_all(w);
	put_symbols(&l);
	put_pairs(&l);
	put_series(&l);
	put_packs(&l);
	put_chunks(&l);
	put_replaced(&l);
	if (l.len[SEC_POSTINGS] > UINT32_MAX) {
		buf_release(&l.body);
		return err_set(e, ERR_LIMIT, "%llu bytes of postings are too many for one index",
			       (unsigned long long)l.len[SEC_POSTINGS]);
	}
	put_file(&l, out);
	buf_release(&l.body);
	return 0;
}
