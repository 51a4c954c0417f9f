#include "chunk/image.h"

/* Makes im->raw the chunks of b. */
static int open_bundle(struct pack_image *im, const struct pack_bundle *b, struct err *e)
{
	if (im->is == b)
		return 0;
	im->is = NULL;
	if (!im->reader)
		im->reader = bundle_reader_new();
	buf_reset(&im->raw);
	if (buf_try_room(&im->stored, b->len, e) < 0 ||
	    im->read(im->data, b->off, im->stored.p, b->len, e) < 0 ||
	    bundle_unpack_at(im->reader, b, buf_bytes(&im->stored), &im->raw, e) < 0)
		return -1;
	im->is = b;
	return 0;
}

/* Bytes from off on that lie outside of bundles, n at most. */
static size_t outside(const struct pack_image *im, uint64_t off, size_t n)
{
	size_t lo = 0, hi = im->bundles.n;

	while (lo < hi) { /* the first that begins behind off */
		size_t mid = lo + (hi - lo) / 2;

		if (im->bundles.v[mid].raw_off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < im->bundles.n && im->bundles.v[lo].raw_off - off < n)
		return (size_t)(im->bundles.v[lo].raw_off - off);
	return n;
}

int pack_image_read(struct pack_image *im, uint64_t off, void *p, size_t n, struct err *e)
{
	char *to = p;

	while (n) {
		const struct pack_bundle *b = pack_bundles_at(&im->bundles, off);
		size_t k;

		if (b) {
			uint64_t at = off - b->raw_off;

			k = b->raw_len - at < n ? (size_t)(b->raw_len - at) : n;
			if (open_bundle(im, b, e) < 0)
				return -1;
			memcpy(to, im->raw.p + at, k);
		} else {
			k = outside(im, off, n);
			if (im->read(im->data, pack_bundles_stored(&im->bundles, off), to, k, e) <
			    0)
				return -1;
		}
		off += k;
		to += k;
		n -= k;
	}
	return 0;
}

void pack_image_release(struct pack_image *im)
{
	bundle_reader_free(im->reader);
	buf_release(&im->stored);
	buf_release(&im->raw);
	im->reader = NULL;
	im->is = NULL;
}
