/*
 * The file, from what was collected. Everything was numbered by order of arrival; sorting gives
 * ranks, and the sections are written with those, so the bytes depend on the content alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/wr.h"
#include "index/content.h"
#include "index/format.h"
#include "index/pages.h"

/* ---- sorting ---- */

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

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

static int cmp_bundle(const void *pa, const void *pb, void *data)
{
	const struct index_writer *w = data;
	const struct bundle_row *a = pa, *b = pb;
	int c = cmp_u32(w->pack_rank[a->pack], w->pack_rank[b->pack]);

	return c ? c : (a->b.raw_off > b->b.raw_off) - (a->b.raw_off < b->b.raw_off);
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
	if (w->n_bundles)
		qsort_r(w->bundle, w->n_bundles, sizeof(*w->bundle), cmp_bundle, w);
	for (int i = 0; i < 3; i++) {
		struct id_list *l = &w->list[i];

		l->n = hash128_sort(l->v, l->n);
	}
	for (size_t i = 0; i < w->n_dels; i++)
		w->del[i] = w->symbol_rank[w->del[i]];
}

/* ---- sections ---- */

struct layout {
	struct index_writer *w;
	struct buf *out;
	size_t start; /* of the sections in out, behind room for a head */
	uint64_t off[SEC_END], len[SEC_END];
	uint32_t rows[SEC_END];
	int sec; /* the open one */
};

/* Of the sections so far; their offsets count from the first one's start. */
static size_t body_len(const struct layout *l)
{
	return l->out->n - l->start;
}

static void begin(struct layout *l, enum index_section sec, size_t rows)
{
	while (body_len(l) % 8)
		buf_add_char(l->out, 0);
	l->sec = sec;
	l->off[sec] = body_len(l);
	l->rows[sec] = (uint32_t)rows;
}

static void end(struct layout *l)
{
	l->len[l->sec] = body_len(l) - l->off[l->sec];
}

static void put_symbols(struct layout *l)
{
	const struct index_writer *w = l->w;
	uint32_t at = 0;

	begin(l, SEC_SYMBOL_OFFSETS, w->n_symbols + 1);
	wr_u32be(l->out, 0);
	for (size_t i = 0; i < w->n_symbols; i++)
		wr_u32be(l->out, at += (uint32_t)w->symbol[w->symbol_order[i]].n);
	end(l);
	begin(l, SEC_SYMBOL_BYTES, 0);
	for (size_t i = 0; i < w->n_symbols; i++)
		buf_add_bytes(l->out, w->symbol[w->symbol_order[i]]);
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
		w->pair[p].posting_at = (uint32_t)(body_len(l) - l->off[SEC_POSTINGS]);
		put_runs(l->out, list[p], w->pair[p].n_series);
	}
	end(l);
	begin(l, SEC_NAMES, names.n / index_row_len[SEC_NAMES]);
	buf_add_bytes(l->out, buf_bytes(&names));
	end(l);
	begin(l, SEC_PAIRS, w->n_pairs);
	for (uint32_t i = 0; i < w->n_pairs; i++) {
		const struct pair *p = &w->pair[w->pair_order[i]];

		wr_u32be(l->out, w->symbol_rank[p->name]);
		wr_u32be(l->out, w->symbol_rank[p->value]);
		wr_u32be(l->out, p->posting_at);
		wr_u32be(l->out, p->n_series);
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

		buf_add(l->out, s->id.b, sizeof(s->id.b));
		wr_u32be(l->out, at);
		wr_u32be(l->out, chunk);
		at += s->n_labels;
		while (chunk < w->n_chunks && w->series_rank[w->chunk[chunk].series] == i)
			chunk++;
	}
	end(l);
	begin(l, SEC_LABELS, w->n_pair_of);
	for (uint32_t i = 0; i < w->n_series; i++) {
		const struct series *s = &w->series[w->series_order[i]];

		for (uint32_t k = 0; k < s->n_labels; k++)
			wr_u32be(l->out, w->pair_rank[w->pair_of[s->label + k]]);
	}
	end(l);
	sort_out(w, w->n_series, cmp_by_id, &by_id, &unused);
	begin(l, SEC_BY_ID, w->n_series);
	for (uint32_t i = 0; i < w->n_series; i++)
		wr_u32be(l->out, w->series_rank[by_id[i]]);
	end(l);
	free(by_id);
	free(unused);
}

static void put_packs(struct layout *l)
{
	const struct index_writer *w = l->w;
	struct buf *b = l->out;

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
	struct buf *b = l->out;
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
		buf_add(l->out, w->list[i].v, w->list[i].n * sizeof(*w->list[i].v));
		end(l);
	}
	if (w->n_dels)
		qsort(w->del, w->n_dels, sizeof(*w->del), cmp_rank);
	for (size_t i = 0; i < w->n_dels; i++)
		if (n == 0 || w->del[n - 1] != w->del[i])
			w->del[n++] = w->del[i];
	begin(l, SEC_DELETES, n);
	for (size_t i = 0; i < n; i++)
		wr_u32be(l->out, w->del[i]);
	end(l);
}

static void put_bundles(struct layout *l)
{
	const struct index_writer *w = l->w;
	struct buf *b = l->out;

	if (w->n_bundles == 0)
		return;
	begin(l, SEC_BUNDLES, w->n_bundles);
	for (size_t i = 0; i < w->n_bundles; i++) {
		const struct pack_bundle *r = &w->bundle[i].b;

		wr_u32be(b, w->pack_rank[w->bundle[i].pack]);
		wr_u32be(b, r->n_chunks);
		wr_u64be(b, r->raw_off);
		wr_u64be(b, r->off);
		wr_u32be(b, r->raw_len);
		wr_u32be(b, r->len);
	}
	end(l);
}

/* ---- the file ---- */

static int n_sections(const struct index_writer *w)
{
	return w->n_bundles ? SEC_BUNDLES : SEC_BUNDLES - 1;
}

enum form { PLAIN, COMPRESSED };

/* Small files are read as they are mapped. */
enum { COMPRESS_MIN = 1 << 20 };

/* A higher one finds a hundredth more: lokid-index(5), "MEASURED". */
enum { PAGES_LEVEL = 1 };

static void put_head(const struct layout *l, uint32_t head_len, enum form form, uint32_t n_pages,
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
	wr_u8(out, (w->mixed ? INDEX_FLAG_MIXED : 0) | (w->thinned ? INDEX_FLAG_THINNED : 0) |
			   (form == COMPRESSED ? INDEX_FLAG_COMPRESSED : 0));
	wr_u16be(out, (uint16_t)n_sections(w));
	wr_u64be(out, 0); /* size: when it is known */
	wr_u32be(out, head_len);
	wr_u32be(out, (uint32_t)w->day);
	wr_u64be(out, (uint64_t)min);
	wr_u64be(out, (uint64_t)max);
	wr_u64be(out, entries);
	wr_u64be(out, line_bytes);
	wr_u32be(out, (uint32_t)w->tenant.n);
	wr_u32be(out, n_pages);
}

/* The sections as long as they are in any case: most of the file. */
static size_t tables_len(const struct index_writer *w)
{
	return w->n_chunks * index_row_len[SEC_CHUNKS] + w->n_blocks * index_row_len[SEC_BLOCKS] +
	       w->n_series * (index_row_len[SEC_SERIES] + (size_t)index_row_len[SEC_BY_ID]) +
	       w->n_pairs * index_row_len[SEC_PAIRS] + w->n_pair_of * index_row_len[SEC_LABELS] +
	       w->n_bundles * index_row_len[SEC_BUNDLES];
}

static enum form form_for(const struct index_writer *w, size_t body)
{
	return w->compress && body >= COMPRESS_MIN ? COMPRESSED : PLAIN;
}

/* The length of a head with its page table, before a body of so many bytes. */
static size_t head_len(const struct index_writer *w, size_t body, enum form form,
		       size_t *ret_n_pages)
{
	size_t fixed =
		INDEX_FIXED_LEN + (size_t)n_sections(w) * INDEX_SECTION_LEN + w->tenant.n + 4;
	size_t row = 4, head;

	if (form == COMPRESSED) {
		fixed += 8;
		row += 4;
	}
	*ret_n_pages = 0;
	do { /* the table of the pages makes the file longer, too */
		++*ret_n_pages;
		head = fixed + row * *ret_n_pages;
	} while (*ret_n_pages * INDEX_PAGE < align8(head) + body);
	return head;
}

/* The pages of the file from `start` on become what is stored of them, back to back; their rows in
 * the head, whose table stands at `table`, are set. */
static void put_pages(const struct layout *l, size_t start, size_t table, size_t head,
		      size_t n_pages, enum form form)
{
	struct page_turn turn[SEC_END];
	struct codec *codec = form == COMPRESSED ? codec_new(PAGES_LEVEL) : NULL;
	size_t size = l->out->n - start, to = head, n_turns = 0;
	char *file = l->out->p + start;

	for (int i = 1; i < SEC_END; i++)
		if (index_row_len[i])
			turn[n_turns++] = (struct page_turn){ align8(head) + l->off[i], l->len[i],
							      index_row_len[i] };
	for (size_t i = 0; i < n_pages; i++) {
		size_t from = i * INDEX_PAGE < head ? head : i * INDEX_PAGE;
		size_t end = (i + 1) * INDEX_PAGE < size ? (i + 1) * INDEX_PAGE : size;
		size_t n = from < end ? end - from : 0;

		if (form == COMPRESSED && n) {
			n = pages_compress(codec, turn, n_turns, bytes_of(file + from, n), from,
					   file + to);
			wr_patch_u32be(l->out, table + 4 * (n_pages + i), (uint32_t)n);
		}
		wr_patch_u32be(l->out, table + 4 * i, n ? crc32c(file + to, n) : 0);
		to += n;
	}
	l->out->n = start + to;
	codec_free(codec);
}

/* Puts the head before the sections, for which room was left in about its length: they are moved
 * by the difference, so that a large file is in memory once. */
static void put_file(const struct layout *l, size_t start)
{
	const struct index_writer *w = l->w;
	struct buf *out = l->out;
	size_t n_pages, sections = body_len(l), table;
	enum form form = form_for(w, sections);
	size_t head = head_len(w, sections, form, &n_pages), body = align8(head);

	buf_reserve(out, body);
	memmove(out->p + start + body, out->p + l->start, sections);
	memset(out->p + start, 0, body);
	out->n = start;
	put_head(l, (uint32_t)head, form, (uint32_t)n_pages, out);
	for (int i = 1; i <= n_sections(w); i++) {
		wr_u32be(out, i == SEC_BUNDLES ? INDEX_SECTION_REFUSE | SEC_BUNDLES : (uint32_t)i);
		wr_u32be(out, l->rows[i]);
		wr_u64be(out, body + l->off[i]);
		wr_u64be(out, l->len[i]);
	}
	table = out->n;
	for (size_t i = 0; i < (form == COMPRESSED ? 2 * n_pages : n_pages); i++)
		wr_u32be(out, 0);
	buf_add_bytes(out, buf_bytes(&w->tenant));
	if (form == COMPRESSED)
		wr_u64be(out, body + sections);
	out->n = start + body + sections;
	put_pages(l, start, table, head, n_pages, form);
	wr_patch_u32be(out, start + 8, (uint32_t)((uint64_t)(out->n - start) >> 32));
	wr_patch_u32be(out, start + 12, (uint32_t)(out->n - start));
	wr_patch_u32be(out, start + head - 4, crc32c(out->p + start, head - 4));
}

/* What only adding needs: the maps are as large as the file. */
static void forget_maps(struct index_writer *w)
{
	map_release(&w->symbol_map);
	map_release(&w->pair_map);
	map_release(&w->series_map);
}

int index_writer_finish(struct index_writer *w, struct buf *out, struct err *e)
{
	struct layout l = { .w = w, .out = out };
	uint64_t symbol_bytes = 0;
	size_t start = out->n, n_pages;

	for (size_t i = 0; i < w->n_symbols; i++)
		symbol_bytes += w->symbol[i].n;
	if (symbol_bytes > UINT32_MAX || w->n_symbols >= UINT32_MAX - 1)
		return err_set(
			e, ERR_LIMIT,
			"%zu label names and values of %llu bytes are too many for one index",
			w->n_symbols, (unsigned long long)symbol_bytes);
	forget_maps(w);
	sort_all(w);
	l.start = start + align8(head_len(w, tables_len(w), form_for(w, tables_len(w)), &n_pages));
	buf_reserve(out, l.start - start + tables_len(w) + symbol_bytes);
	out->n = l.start;
	put_symbols(&l);
	put_pairs(&l);
	put_series(&l);
	put_packs(&l);
	put_chunks(&l);
	put_replaced(&l);
	put_bundles(&l);
	if (l.len[SEC_POSTINGS] > UINT32_MAX) {
		out->n = start;
		return err_set(e, ERR_LIMIT, "%llu bytes of postings are too many for one index",
			       (unsigned long long)l.len[SEC_POSTINGS]);
	}
	put_file(&l, start);
	return 0;
}
