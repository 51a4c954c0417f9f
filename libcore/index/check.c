#include "index/check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/reader.h"
#include "index/scan.h"
#include "time/time.h"

struct check {
	struct store *s;
	struct index *ix;
	const struct index_info *in;
	const struct index_beside *beside;
	index_tell_fn *tell;
	void *data;
	struct buf pack_name; /* of the pack that is read */
	enum fault_kind kind; /* of the fault that is told next */
	uint64_t n_faults;
	uint32_t *order;	 /* chunk numbers by pack and offset */
	uint32_t pack, at;	 /* the pack that is read; next of order */
	bool partly;		 /* not all of its chunks are in the index */
	uint32_t *series_of;	 /* chunk number to series */
	struct hash128 *covered; /* segments that trailers with all their parts list */
	size_t n_covered, cap_covered;
	bool unread; /* the trailer of some pack: what it covers is then not known */
};

static void tell_of(struct check *c, const char *name, const char *index, const struct err *e)
{
	c->n_faults++;
	c->tell(&(struct index_fault){ .kind = c->kind,
				       .name = name,
				       .index = index,
				       .tenant = c->in->tenant,
				       .day = c->in->day,
				       .err = *e },
		c->data);
}

/* Of the index file. */
static void tell(struct check *c, const struct err *e)
{
	tell_of(c, index_label(c->ix), NULL, e);
}

/* Of the pack that is read. */
static void tell_pack(struct check *c, struct err *e)
{
	fault_cut_path(e, store_path(c->s), buf_str(&c->pack_name));
	tell_of(c, buf_str(&c->pack_name), index_label(c->ix), e);
}

/* index_verify's. */
static void tell_damage(const struct err *e, void *data)
{
	struct check *c = data;

	c->kind = FAULT_DAMAGED;
	tell(c, e);
}

static int cmp_chunks(const void *pa, const void *pb, void *data)
{
	struct check *c = data;
	struct index_chunk a = { 0 }, b = { 0 };

	if (index_chunk_at(c->ix, *(const uint32_t *)pa, &a, NULL) < 0 ||
	    index_chunk_at(c->ix, *(const uint32_t *)pb, &b, NULL) < 0)
		return 0; /* not so: index_verify has read them all */
	if (a.pack != b.pack)
		return a.pack < b.pack ? -1 : 1;
	return (a.offset > b.offset) - (a.offset < b.offset);
}

static int sort_chunks(struct check *c, struct err *e)
{
	c->order = mem_alloc((c->in->n_chunks + (size_t)1) * sizeof(*c->order));
	c->series_of = mem_alloc((c->in->n_chunks + (size_t)1) * sizeof(*c->series_of));
	for (uint32_t i = 0; i < c->in->n_chunks; i++)
		c->order[i] = i;
	for (uint32_t i = 0; i < c->in->n_series; i++) {
		struct index_series s;

		if (index_series_at(c->ix, i, &s, e) < 0)
			return -1;
		for (uint32_t k = 0; k < s.n_chunks; k++)
			c->series_of[s.first_chunk + k] = i;
	}
	if (c->in->n_chunks)
		qsort_r(c->order, c->in->n_chunks, sizeof(*c->order), cmp_chunks, c);
	return 0;
}

static bool same_block(const struct index_block *a, const struct index_block *b)
{
	return a->offset == b->offset && a->length == b->length && a->side_len == b->side_len &&
	       a->entries == b->entries && a->line_bytes == b->line_bytes &&
	       a->meta_bytes == b->meta_bytes && a->min_ts == b->min_ts && a->max_ts == b->max_ts;
}

static bool same_chunk(const struct index_chunk *a, const struct index_chunk *b)
{
	return a->length == b->length && a->head_len == b->head_len && a->from == b->from &&
	       a->through == b->through && a->entries == b->entries && a->n_blocks == b->n_blocks &&
	       a->encoding == b->encoding;
}

static int compare_chunk(struct check *c, const struct chunk *head, const struct index_chunk *want,
			 const struct index_block *blocks, struct err *e)
{
	struct index_series s;
	struct index_chunk row;
	uint32_t number;

	if (c->at < c->in->n_chunks && index_chunk_at(c->ix, c->order[c->at], &row, e) < 0)
		return -1;
	if (c->at >= c->in->n_chunks || row.pack != c->pack || row.offset > want->offset)
		return c->partly ? 0 : err_set(e, ERR_CORRUPT, "the index does not have it");
	if (row.offset != want->offset)
		return err_set(e, ERR_CORRUPT, "chunk %u of the index lies before it",
			       c->order[c->at]);
	number = c->order[c->at++];
	if (!same_chunk(&row, want))
		return err_set(e, ERR_CORRUPT, "chunk %u of the index says otherwise", number);
	if (index_series_at(c->ix, c->series_of[number], &s, e) < 0)
		return -1;
	if (hash128_cmp(&s.id, &head->stream_id) != 0)
		return err_set(e, ERR_CORRUPT, "chunk %u of the index has another stream", number);
	for (uint32_t k = 0; k < want->n_blocks; k++) {
		struct index_block b;

		if (index_block_at(c->ix, &row, k, &b, e) < 0)
			return -1;
		if (!same_block(&b, &blocks[k]))
			return err_set(e, ERR_CORRUPT, "block %u of the index says otherwise",
				       row.first_block + k);
	}
	return 0;
}

static int check_chunk(const struct chunk *head, const struct index_chunk *want,
		       const struct index_block *blocks, void *data, struct err *e)
{
	struct check *c = data;

	if (compare_chunk(c, head, want, blocks, e) == 0)
		return 0;
	c->kind = FAULT_DIFFERS;
	return -1;
}

/* Remembers the segments of a trailer that holds. */
static void take_segments(struct check *c, const struct pack_trailer *t)
{
	for (size_t i = 0; i < t->parts.n; i++)
		if (!hash128_among(c->beside->known.v, c->beside->known.n, &t->parts.v[i]))
			return;
	mem_grow(&c->covered, &c->cap_covered, c->n_covered + t->segments.n, sizeof(*c->covered));
	for (size_t i = 0; i < t->segments.n; i++)
		c->covered[c->n_covered++] = t->segments.v[i];
}

/* Why a pack could not be opened. */
static enum fault_kind kind_of(struct check *c, const struct store_name *sn, struct err *e)
{
	struct pack_scan scan;

	if (store_has(c->s, buf_str(&c->pack_name), NULL, NULL) == 0) {
		err_set(e, ERR_CORRUPT, "there is no such pack");
		return FAULT_MISSING;
	}
	if (pack_scan_open_astray(c->s, sn, &scan, NULL) < 0)
		return FAULT_DAMAGED;
	pack_scan_close(&scan);
	return FAULT_FOLDER;
}

static bool same_bundles(const struct pack_bundles *a, const struct pack_bundles *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct pack_bundle *x = &a->v[i], *y = &b->v[i];

		if (x->raw_off != y->raw_off || x->off != y->off || x->raw_len != y->raw_len ||
		    x->len != y->len || x->n_chunks != y->n_chunks)
			return false;
	}
	return true;
}

static void check_pack(struct check *c, uint32_t i)
{
	struct store_name sn = { .kind = STORE_PACK, .tenant = c->in->tenant, .day = c->in->day };
	struct pack_bundles bundles = { 0 };
	struct arena mem = { 0 };
	struct index_pack p;
	struct pack_scan scan;
	struct err e = { 0 };
	uint32_t behind; /* of order: its last row */

	c->kind = FAULT_DAMAGED;
	if (index_pack_at(c->ix, i, &p, &e) < 0) {
		tell(c, &e);
		return;
	}
	sn.hash = p.name;
	buf_reset(&c->pack_name);
	store_name_add(&c->pack_name, &sn);
	c->pack = i;
	while (c->at < c->in->n_chunks) { /* behind those of a pack that was given up */
		struct index_chunk row;

		if (index_chunk_at(c->ix, c->order[c->at], &row, &e) < 0 || row.pack >= i)
			break;
		c->at++;
	}
	behind = c->at + p.n_chunks;
	if (c->beside->leave && c->beside->leave[i]) {
		c->unread = true;
		return;
	}
	if (index_pack_bundles(c->ix, i, &mem, &bundles, &e) < 0) {
		/* the fault is the index file's: nothing is said of a pack that may be right */
		c->unread = true;
		tell(c, &e);
		arena_release(&mem);
		return;
	}
	if (pack_scan_open_sized(c->s, &sn, p.size, &scan, &e) < 0) {
		c->unread = true;
		arena_release(&mem);
		if (c->beside->skip_pack[i])
			return;
		c->kind = kind_of(c, &sn, &e);
		tell_pack(c, &e);
		return;
	}
	c->partly = c->in->thinned && scan.trailer.n_chunks > p.n_chunks;
	if (scan.row.size != p.size || scan.row.trailer_len != p.trailer_len ||
	    scan.row.order_key != p.order_key || !same_bundles(&bundles, &scan.trailer.bundles) ||
	    (scan.trailer.n_chunks != p.n_chunks && !c->partly)) {
		err_set(&e, ERR_CORRUPT, "pack %u of the index says otherwise", i);
		c->kind = FAULT_DIFFERS;
		tell_pack(c, &e);
	} else {
		int rc;

		rc = pack_scan_chunks(&scan, check_chunk, c, &e);
		if (rc == 0 && c->at != behind) {
			c->kind = FAULT_DIFFERS;
			rc = err_set(&e, ERR_CORRUPT, "chunk %u of the index is not in it",
				     c->order[c->at]);
		}
		if (rc < 0)
			tell_pack(c, &e);
	}
	take_segments(c, &scan.trailer);
	pack_scan_close(&scan);
	arena_release(&mem);
}

static void check_segments(struct check *c)
{
	const struct hash128 *ids;
	struct err e = { 0 };

	c->kind = FAULT_UNCOVERED;
	if (index_list(c->ix, INDEX_SEGMENTS, &ids, &e) < 0) {
		tell(c, &e);
		return;
	}
	c->n_covered = hash128_sort(c->covered, c->n_covered);
	for (uint32_t i = 0; i < c->in->n_segments; i++) {
		char hex[HASH128_HEX + 1];

		if (hash128_among(c->covered, c->n_covered, &ids[i]))
			continue;
		hash128_hex(&ids[i], hex);
		err_set(&e, ERR_CORRUPT,
			"it replaces segment %s, which its packs do not have whole", hex);
		tell(c, &e);
	}
}

static void check_name(struct check *c)
{
	struct hash128 found = hash128(index_bytes(c->ix));
	struct store_name sn;
	struct err e = { 0 };

	if (store_name_parse(bytes_str(index_label(c->ix)), &sn, NULL) < 0)
		return; /* a copy somewhere, with a name of its own */
	if (sn.kind != STORE_INDEX || sn.day != c->in->day || !bytes_eq(sn.tenant, c->in->tenant)) {
		char day[TIME_DAY_LEN + 1];

		time_day_text(c->in->day, day);
		c->kind = FAULT_FOLDER;
		err_set(&e, ERR_CORRUPT,
			"lies in the wrong folder: it is of tenant '%.*s' and day %s",
			BYTES_ARG(c->in->tenant), day);
		tell(c, &e);
	}
	if (hash128_cmp(&found, &sn.hash) != 0) {
		c->kind = FAULT_NAME;
		err_set(&e, ERR_CORRUPT, "its name is not the hash of its bytes");
		tell(c, &e);
	}
}

uint64_t index_check(struct store *s, struct index *ix, const struct index_beside *beside,
		     index_tell_fn *tell_fn, void *data)
{
	struct check c = { .s = s,
			   .ix = ix,
			   .in = index_info(ix),
			   .beside = beside,
			   .tell = tell_fn,
			   .data = data };
	struct err e = { 0 };

	if (index_verify(ix, tell_damage, &c) > 0)
		return c.n_faults;
	check_name(&c);
	if (beside) {
		if (sort_chunks(&c, &e) < 0)
			tell(&c, &e);
		for (uint32_t i = 0; i < c.in->n_packs && c.order; i++)
			check_pack(&c, i);
		if (!c.unread && !c.in->thinned) /* what was left out had some of them */
			check_segments(&c);
	}
	free(c.order);
	free(c.series_of);
	free(c.covered);
	buf_release(&c.pack_name);
	return c.n_faults;
}
