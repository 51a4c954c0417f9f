/*
 * A killed writer leaves the beginning of what it wrote; a power cut leaves of each sector what was
 * written, or NULs. What is there is right in both. So what is wrong in another way was damaged
 * later: loss must never pass for a torn tail, while a torn tail that passes for loss costs a look.
 */
#include "wal/torn.h"

#include "base/crc32c.h"
#include "base/rd.h"

enum {
	SECTOR = 512,
	LENGTH_BITS = 15, /* of a length that fits in a page */
};

struct head {
	uint32_t crc;
	size_t n;
	uint8_t type;
};

bool wal_is_nuls(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i])
			return false;
	return true;
}

/* The checksum that a fragment with this length and type and no data would have. */
static uint32_t head_crc(size_t n, uint8_t type)
{
	unsigned char b[WAL_FRAG_HEAD - 4] = { 0, 0, (unsigned char)(n >> 8), (unsigned char)n,
					       type };

	return crc32c(b, sizeof(b));
}

/*
 * Would the fragment be sound with another length? A checksum is linear: that of a length is the
 * one of length 0, changed for each bit of it. So all lengths are tried in one pass over the bytes.
 */
static bool other_length(struct bytes rest, const struct head *h)
{
	uint32_t crc = head_crc(0, h->type), diff[LENGTH_BITS];

	for (int bit = 0; bit < LENGTH_BITS; bit++)
		diff[bit] = head_crc((size_t)1 << bit, h->type) ^ crc;
	for (size_t n = 1; WAL_FRAG_HEAD + n <= rest.n; n++) {
		uint32_t x;

		crc = crc32c_add(crc, rest.p + WAL_FRAG_HEAD + n - 1, 1);
		crc32c_diff_add(diff, LENGTH_BITS);
		x = crc;
		for (int bit = 0; bit < LENGTH_BITS; bit++)
			x ^= n >> bit & 1 ? diff[bit] : 0;
		if (x == h->crc)
			return true;
	}
	return false;
}

/* With another type, or one bit of it flipped back? Its length leads not beyond rest. */
static bool other_type_or_bit(struct bytes rest, const struct head *h)
{
	struct bytes data = bytes_sub(rest, WAL_FRAG_HEAD, h->n);
	uint32_t crc = crc32c(rest.p + 4, WAL_FRAG_HEAD - 4 + h->n);
	uint32_t bit = crc ^ h->crc;

	if (wal_is_nuls(bytes_sub(rest, 0, WAL_FRAG_HEAD)))
		return false;
	if ((bit & (bit - 1)) == 0 || crc32c_is_one_bit(bit, data.n))
		return true;
	for (int type = WAL_FRAG_FULL; type <= WAL_FRAG_LAST; type++)
		if (crc32c_add(head_crc(h->n, (uint8_t)type), data.p, data.n) == h->crc)
			return true;
	return false;
}

/* Was the sector at byte `at` of rest never written? Sectors are written in whole: NULs to its end,
 * or the segment's. */
static bool is_unwritten(struct bytes rest, uint64_t off, size_t at)
{
	return wal_is_nuls(bytes_sub(rest, at, SECTOR - (size_t)((off + at) % SECTOR)));
}

/* Was any of those that the first n bytes of rest lie in? */
static bool has_unwritten(struct bytes rest, uint64_t off, size_t n)
{
	for (size_t at = 0; at < n; at += SECTOR - (size_t)((off + at) % SECTOR))
		if (is_unwritten(rest, off, at))
			return true;
	return false;
}

static bool is_type(uint8_t type)
{
	return type >= WAL_FRAG_FULL && type <= WAL_FRAG_LAST;
}

/* Can bytes that were not written yet explain it? */
static bool is_unfinished(struct bytes rest, uint64_t off, const struct head *h)
{
	size_t sector = SECTOR - (size_t)(off % SECTOR);

	if (!is_type(h->type)) /* written, it would be right */
		return is_unwritten(rest, off, sector < WAL_FRAG_HEAD ? sector : 0);
	if (h->n > WAL_PAGE - off % WAL_PAGE - WAL_FRAG_HEAD)
		return false; /* a part of it that was not written makes it less */
	return WAL_FRAG_HEAD + h->n > rest.n || has_unwritten(rest, off, WAL_FRAG_HEAD + h->n);
}

static bool was_sound(struct bytes rest, const struct head *h)
{
	return (WAL_FRAG_HEAD + h->n <= rest.n && other_type_or_bit(rest, h)) ||
	       (is_type(h->type) && other_length(rest, h));
}

bool wal_may_be_torn(struct bytes rest, uint64_t off)
{
	struct rd rd = rd_init(rest);
	struct head h;

	if (WAL_PAGE - off % WAL_PAGE < WAL_FRAG_HEAD)
		return false; /* padding, which is NULs or not written at all */
	h.crc = rd_u32be(&rd);
	h.n = rd_u32be(&rd);
	h.type = rd_u8(&rd);
	return rd.failed || (is_unfinished(rest, off, &h) && !was_sound(rest, &h));
}
