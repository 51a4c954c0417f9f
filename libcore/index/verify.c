/* Every checksum and every reference inside an index file: what VALIDITY in lokid-index(5) demands.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "index/reader.h"

struct verify {
	struct index *ix;
	const struct index_info *in;
	index_fault_fn *fault;
	void *data;
	uint64_t n_faults;
	struct err e; /* of the call that failed last */
};

/* Counts and tells v->e. */
static void tell(struct verify *v)
{
	v->n_faults++;
	if (v->fault)
		v->fault(&v->e, v->data);
}

static void fault(struct verify *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void fault(struct verify *v, const char *fmt, ...)
{
	char msg[ERR_MSG_MAX];
	va_list va;

	va_start(va, fmt);
	vsnprintf(msg, sizeof(msg), fmt, va);
	va_end(va);
	err_set(&v->e, ERR_CORRUPT, "%s", msg);
	tell(v);
}

static void verify_pages(struct verify *v)
{
	for (uint32_t i = 0; i < index_n_pages(v->ix); i++)
		if (index_check_page(v->ix, i, &v->e) < 0)
			tell(v);
}

static void verify_symbols(struct verify *v)
{
	struct bytes before = { 0 }, b;

	for (uint32_t i = 0; i < v->in->n_symbols; i++, before = b) {
		if (index_symbol(v->ix, i, &b, &v->e) < 0) {
			tell(v);
			return;
		}
		if (i && bytes_cmp(before, b) >= 0)
			fault(v, "symbol %u is not in order", i);
	}
}

/* Names ascend, and each pair belongs to the name whose run it is in; values ascend in the run. */
static void verify_pairs(struct verify *v)
{
	struct bytes before = { 0 };
	uint32_t next = 0;

	for (uint32_t i = 0; i < v->in->n_names; i++) {
		struct index_name n;
		struct bytes value = { 0 };

		if (index_name_at(v->ix, i, &n, &v->e) < 0) {
			tell(v);
			return;
		}
		if (n.first_pair != next || n.n_pairs == 0 || (i && bytes_cmp(before, n.name) >= 0))
			fault(v, "label name %u is not in order", i);
		next = n.first_pair + n.n_pairs;
		before = n.name;
		for (uint32_t p = n.first_pair; p < next; p++) {
			struct index_pair pair;

			if (index_pair_at(v->ix, p, &pair, &v->e) < 0) {
				tell(v);
				return;
			}
			if (!bytes_eq(pair.name, n.name))
				fault(v, "label pair %u has another name than its run", p);
			if (p > n.first_pair && bytes_cmp(value, pair.value) >= 0)
				fault(v, "label pair %u is not in order", p);
			value = pair.value;
		}
	}
	if (next != v->in->n_pairs)
		fault(v, "%u label pairs belong to no name", v->in->n_pairs - next);
}

/* A series' labels ascend by pair: verify_series tells when they do not. */
static bool has_pair(struct verify *v, uint32_t series, uint32_t pair)
{
	struct index_series s;
	uint32_t lo, hi;

	if (index_series_at(v->ix, series, &s, &v->e) < 0)
		return false;
	lo = s.labels_at;
	hi = lo + s.n_labels;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2, found;
		struct rd rd;

		if (index_row(v->ix, SEC_LABELS, mid, &rd, &v->e) < 0)
			return false;
		found = rd_u32be(&rd);
		if (found == pair)
			return true;
		if (found < pair)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Each posting names a series that has the pair; and there are as many as series have labels, so
 * none is missing. */
static void verify_postings(struct verify *v)
{
	const uint64_t n_labels = index_section_len(v->ix, SEC_LABELS) / index_row_len[SEC_LABELS];
	struct index_set set = { 0 };
	uint64_t n = 0;

	/* Ends when there are too many: a small file could claim a great deal of work. */
	for (uint32_t p = 0; p < v->in->n_pairs && n <= n_labels; p++) {
		set.n = 0;
		if (index_postings(v->ix, p, &set, &v->e) < 0) {
			tell(v);
			continue;
		}
		if (set.n == 0)
			fault(v, "label pair %u has no series", p);
		for (size_t i = 0; i < set.n; i++)
			if (!has_pair(v, set.v[i], p))
				fault(v,
				      "postings of pair %u name series %u, which does not have it",
				      p, set.v[i]);
		n += set.n;
	}
	index_set_release(&set);
	if (n != n_labels)
		fault(v, "series have %" PRIu64 " labels, which is not the number of postings",
		      n_labels);
}

static void verify_series(struct verify *v)
{
	struct arena mem[2] = { { 0 } };
	struct labels before = { 0 }, l;
	uint32_t chunk = 0, label = 0;

	for (uint32_t i = 0; i < v->in->n_series; i++, before = l) {
		struct index_series s;
		struct hash128 id;

		arena_reset(&mem[i % 2]);
		if (index_series_at(v->ix, i, &s, &v->e) < 0 ||
		    index_series_labels(v->ix, i, &mem[i % 2], &l, &v->e) < 0) {
			tell(v);
			break;
		}
		id = labels_stream_id(v->in->tenant, &l);
		if (hash128_cmp(&id, &s.id) != 0)
			fault(v, "series %u: its id is not that of its labels", i);
		if (i && labels_cmp(&before, &l) >= 0)
			fault(v, "series %u is not in order", i);
		if (s.first_chunk != chunk || s.n_chunks == 0)
			fault(v, "series %u: its chunks do not follow those of the one before", i);
		if (s.labels_at != label)
			fault(v, "series %u: its labels do not follow those of the one before", i);
		chunk = s.first_chunk + s.n_chunks;
		label = s.labels_at + s.n_labels;
	}
	arena_release(&mem[0]);
	arena_release(&mem[1]);
	if (v->in->n_series == 0 && v->in->n_chunks > 0)
		fault(v, "%u chunks belong to no series", v->in->n_chunks);
}

static void verify_by_id(struct verify *v)
{
	struct index_series before = { 0 }, s;

	for (uint32_t i = 0; i < v->in->n_series; i++, before = s) {
		struct rd rd;

		if (index_row(v->ix, SEC_BY_ID, i, &rd, &v->e) < 0 ||
		    index_series_at(v->ix, rd_u32be(&rd), &s, &v->e) < 0) {
			tell(v);
			return;
		}
		if (i && hash128_cmp(&before.id, &s.id) >= 0)
			fault(v, "row %u by id is not in order", i);
	}
}

/* Adds a block's entries to *entries. */
static bool verify_block(struct verify *v, const struct index_chunk *c, uint32_t k, int64_t *min_ts,
			 uint64_t *entries, uint64_t *line_bytes)
{
	struct index_block b;

	if (index_block_at(v->ix, c, k, &b, &v->e) < 0) {
		tell(v);
		return false;
	}
	if (b.min_ts < *min_ts)
		fault(v, "block %u is not in order", c->first_block + k);
	*min_ts = b.min_ts;
	*entries += b.entries;
	*line_bytes += b.line_bytes;
	return true;
}

struct pack_sum {
	uint64_t entries;
	uint32_t chunks;
	int64_t min_ts, max_ts;
};

static void verify_chunks(struct verify *v, struct pack_sum *sum)
{
	uint64_t line_bytes = 0;
	uint32_t block = 0;

	for (uint32_t i = 0; i < v->in->n_chunks; i++) {
		struct index_chunk c;
		uint64_t entries = 0;
		int64_t at;

		if (index_chunk_at(v->ix, i, &c, &v->e) < 0) {
			tell(v);
			return;
		}
		if (c.first_block != block || c.n_blocks == 0)
			fault(v, "chunk %u: its blocks do not follow those of the one before", i);
		block = c.first_block + c.n_blocks;
		at = c.from;
		for (uint32_t k = 0; k < c.n_blocks; k++)
			if (!verify_block(v, &c, k, &at, &entries, &line_bytes))
				return;
		if (entries != c.entries)
			fault(v, "chunk %u: %u %s, but its blocks have %" PRIu64, i, c.entries,
			      num_word(c.entries, "entry", "entries"), entries);
		sum[c.pack].entries += entries;
		sum[c.pack].chunks++;
		if (c.from < sum[c.pack].min_ts)
			sum[c.pack].min_ts = c.from;
		if (c.through > sum[c.pack].max_ts)
			sum[c.pack].max_ts = c.through;
	}
	if (line_bytes != v->in->line_bytes)
		fault(v, "%" PRIu64 " bytes of lines, but blocks have %" PRIu64, v->in->line_bytes,
		      line_bytes);
}

/* Chunks of a series ascend in time. */
static void verify_chunk_order(struct verify *v)
{
	for (uint32_t i = 0; i < v->in->n_series; i++) {
		struct index_series s;
		int64_t from = INT64_MIN;

		if (index_series_at(v->ix, i, &s, NULL) < 0)
			return; /* told before */
		for (uint32_t k = 0; k < s.n_chunks; k++) {
			struct index_chunk c;

			if (index_chunk_at(v->ix, s.first_chunk + k, &c, NULL) < 0)
				return;
			if (c.from < from)
				fault(v, "chunk %u is not in order", s.first_chunk + k);
			from = c.from;
		}
	}
}

static void verify_packs(struct verify *v)
{
	struct pack_sum *sum = mem_alloc((v->in->n_packs + (size_t)1) * sizeof(*sum));
	int64_t min = INT64_MAX, max = INT64_MIN;
	struct index_pack before = { 0 }, p;
	uint64_t entries = 0;

	for (uint32_t i = 0; i < v->in->n_packs; i++)
		sum[i] = (struct pack_sum){ .min_ts = INT64_MAX, .max_ts = INT64_MIN };
	verify_chunks(v, sum);
	for (uint32_t i = 0; i < v->in->n_packs; i++, before = p) {
		if (index_pack_at(v->ix, i, &p, &v->e) < 0) {
			tell(v);
			break;
		}
		if (i && hash128_cmp(&before.name, &p.name) >= 0)
			fault(v, "pack %u is not in order", i);
		if (p.entries != sum[i].entries || p.n_chunks != sum[i].chunks ||
		    p.min_ts != sum[i].min_ts || p.max_ts != sum[i].max_ts)
			fault(v, "pack %u: entries, chunks or times are not those of its chunks",
			      i);
		entries += p.entries;
		min = p.min_ts < min ? p.min_ts : min;
		max = p.max_ts > max ? p.max_ts : max;
	}
	if (entries != v->in->entries || min != v->in->min_ts || max != v->in->max_ts)
		fault(v, "head: entries or times are not those of the packs");
	free(sum);
}

/* That they ascend is seen pack by pack: here, that no row is of a pack that is none, or stands
 * between those of others. */
static void verify_bundles(struct verify *v)
{
	struct arena mem = { 0 };
	bool all_read = true;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < v->in->n_packs; i++) {
		struct pack_bundles b;

		arena_reset(&mem);
		if (index_pack_bundles(v->ix, i, &mem, &b, &v->e) < 0) {
			all_read = false;
			tell(v);
		}
		seen += b.n;
	}
	if (all_read && seen != v->in->n_bundles)
		fault(v, "%u bundles, of which %llu are of packs", v->in->n_bundles,
		      (unsigned long long)seen);
	arena_release(&mem);
}

static void verify_lists(struct verify *v)
{
	static const enum index_list lists[] = { INDEX_SEGMENTS, INDEX_INDEXES, INDEX_OLD_PACKS };
	const struct hash128 *ids;
	struct bytes before = { 0 }, b;

	for (int i = 0; i < 3; i++)
		if (index_list(v->ix, lists[i], &ids, &v->e) < 0)
			tell(v);
	for (uint32_t i = 0; i < v->in->n_deletes; i++, before = b) {
		if (index_delete_at(v->ix, i, &b, &v->e) < 0) {
			tell(v);
			return;
		}
		if (i && bytes_cmp(before, b) >= 0)
			fault(v, "delete request %u is not in order", i);
	}
}

uint64_t index_verify(struct index *ix, index_fault_fn *on_fault, void *data)
{
	struct verify v = { .ix = ix, .in = index_info(ix), .fault = on_fault, .data = data };

	verify_pages(&v);
	if (v.n_faults)
		return v.n_faults; /* what damaged pages refer to would only repeat it */
	verify_symbols(&v);
	verify_pairs(&v);
	verify_postings(&v);
	verify_series(&v);
	verify_by_id(&v);
	verify_chunk_order(&v);
	verify_packs(&v);
	verify_bundles(&v);
	verify_lists(&v);
	return v.n_faults;
}
