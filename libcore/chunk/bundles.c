#include "chunk/bundles.h"

#include <stdbool.h>

/* How many begin at `at` or before: an offset in the pack, when stored, or in its raw image. */
static size_t n_before(const struct pack_bundles *b, uint64_t at, bool stored)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if ((stored ? b->v[mid].off : b->v[mid].raw_off) <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct pack_bundle *pack_bundles_at(const struct pack_bundles *b, uint64_t raw_off)
{
	size_t n = n_before(b, raw_off, false);

	return n && raw_off - b->v[n - 1].raw_off < b->v[n - 1].raw_len ? &b->v[n - 1] : NULL;
}

uint64_t pack_bundles_stored(const struct pack_bundles *b, uint64_t raw_off)
{
	size_t n = n_before(b, raw_off, false);
	const struct pack_bundle *last = n ? &b->v[n - 1] : NULL;

	if (!last)
		return raw_off;
	if (raw_off - last->raw_off < last->raw_len)
		return last->off;
	return last->off + last->len + (raw_off - last->raw_off - last->raw_len);
}

uint64_t pack_bundles_raw(const struct pack_bundles *b, uint64_t off)
{
	size_t n = n_before(b, off, true);
	const struct pack_bundle *last = n ? &b->v[n - 1] : NULL;

	if (!last)
		return off;
	if (off - last->off < last->len)
		return last->raw_off;
	return last->raw_off + last->raw_len + (off - last->off - last->len);
}

uint64_t pack_bundle_share(const struct pack_bundle *b, uint64_t raw)
{
	return raw * b->len / b->raw_len;
}

uint64_t pack_bundles_saved(const struct pack_bundles *b)
{
	const struct pack_bundle *last = b->n ? &b->v[b->n - 1] : NULL;

	return last ? last->raw_off + last->raw_len - last->off - last->len : 0;
}
