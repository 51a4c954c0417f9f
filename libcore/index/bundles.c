/* Which runs of a pack's chunks are stored together. */
#include "base/rd.h"
#include "index/reader.h"

static int bundle_at(struct index *ix, uint32_t row, uint32_t *ret_pack, struct pack_bundle *ret,
		     struct err *e)
{
	struct rd rd;

	if (index_row(ix, SEC_BUNDLES, row, &rd, e) < 0)
		return -1;
	*ret_pack = rd_u32be(&rd);
	ret->n_chunks = rd_u32be(&rd);
	ret->raw_off = rd_u64be(&rd);
	ret->off = rd_u64be(&rd);
	ret->raw_len = rd_u32be(&rd);
	ret->len = rd_u32be(&rd);
	return 0;
}

/* The first row of pack i at raw_off or behind it, or of a pack behind that. */
static int first_of(struct index *ix, uint32_t i, uint64_t raw_off, uint32_t *ret, struct err *e)
{
	uint32_t lo = 0, hi = index_info(ix)->n_bundles;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2, pack;
		struct pack_bundle b;

		if (bundle_at(ix, mid, &pack, &b, e) < 0)
			return -1;
		if (pack < i || (pack == i && b.raw_off < raw_off))
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = lo;
	return 0;
}

/* They ascend, and each begins in the pack where what is before it in the raw image ends. */
static int check(const struct pack_bundles *b, const struct pack_bundle *next, uint32_t row,
		 struct err *e)
{
	const struct pack_bundle *last = b->n ? &b->v[b->n - 1] : NULL;
	uint64_t end = last ? last->raw_off + last->raw_len : 0;

	if (next->raw_off >= end && next->raw_off <= INT64_MAX && next->len < next->raw_len &&
	    next->raw_len <= BUNDLE_RAW_MAX && next->off == next->raw_off - pack_bundles_saved(b))
		return 0;
	return err_set(e, ERR_CORRUPT, "bundle %u cannot lie so", row);
}

int index_pack_bundles(struct index *ix, uint32_t i, struct arena *a, struct pack_bundles *ret,
		       struct err *e)
{
	uint32_t rows = index_info(ix)->n_bundles, first, n = 0;
	struct pack_bundles b = { 0 };
	struct pack_bundle row;

	*ret = b;
	if (rows == 0)
		return 0;
	if (first_of(ix, i, 0, &first, e) < 0)
		return -1;
	for (uint32_t k = first, pack; k < rows; k++, n++) {
		if (bundle_at(ix, k, &pack, &row, e) < 0)
			return -1;
		if (pack != i)
			break;
	}
	b.v = arena_alloc(a, n * sizeof(*b.v));
	for (uint32_t k = first, pack; b.n < n; k++) {
		if (bundle_at(ix, k, &pack, &row, e) < 0 || check(&b, &row, k, e) < 0)
			return -1;
		b.v[b.n++] = row;
	}
	*ret = b;
	return 0;
}

int index_chunk_stored(struct index *ix, const struct index_chunk *c, uint64_t *ret, struct err *e)
{
	struct pack_bundle b;
	uint32_t behind, pack;

	*ret = c->length;
	if (index_info(ix)->n_bundles == 0)
		return 0;
	if (first_of(ix, c->pack, c->offset + 1, &behind, e) < 0)
		return -1;
	if (behind == 0)
		return 0;
	if (bundle_at(ix, behind - 1, &pack, &b, e) < 0)
		return -1;
	if (pack == c->pack && c->offset - b.raw_off < b.raw_len && b.len < b.raw_len)
		*ret = pack_bundle_share(&b, c->length);
	return 0;
}
