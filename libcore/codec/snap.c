/*
 * As LZ4 does it, but for the format: where eight bytes stood before is looked up by their hash, in
 * pieces of 64 KiB, so that an offset fits into two bytes. Where nothing is found the steps get
 * longer; what was stepped over of a match is then taken from its beginning.
 */
#include "codec/snap.h"

#include "codec/snap_move.h"

enum {
	PIECE = 1 << 16,
	TABLE_BITS_MIN = 8,
	TABLE_BITS = 14,
	MATCH_MIN = 8,
	PATIENCE = 32, /* so many misses make a step a byte longer */
	/* Behind what is looked up so much must be left: a literal is moved by steps. */
	MARGIN = SNAP_STEPS,
	COPY_1_OFFSET = 1 << 11, /* offsets below need one byte beside the tag's three bits, */
	COPY_1_MAX = 11,	 /* for a copy of at most so many */
};

struct piece {
	const unsigned char *start, *end;
	unsigned shift; /* of a hash, to the table's bits */
	uint16_t at[1 << TABLE_BITS];
};

size_t snap_bound(size_t n)
{
	return n + n / 6 + SNAP_STEPS + 32;
}

static inline uint64_t load64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Where the eight bytes v of p may have stood before; from now on they stand at p. */
static inline const unsigned char *look_up(struct piece *piece, const unsigned char *p, uint64_t v)
{
	size_t slot = v * UINT64_C(0x9e3779b185ebca87) >> piece->shift;
	const unsigned char *before = piece->start + piece->at[slot];

	piece->at[slot] = (uint16_t)(p - piece->start);
	return before;
}

static unsigned char *put_literal(unsigned char *out, const unsigned char *p, size_t n)
{
	size_t less = n - 1;

	if (n <= SNAP_SHORT_MAX) {
		*out++ = (unsigned char)(less << 2 | SNAP_LITERAL);
	} else if (less < 256) {
		*out++ = (unsigned char)(SNAP_SHORT_MAX << 2 | SNAP_LITERAL);
		*out++ = (unsigned char)less;
	} else {
		*out++ = (unsigned char)((SNAP_SHORT_MAX + 1) << 2 | SNAP_LITERAL);
		*out++ = (unsigned char)less;
		*out++ = (unsigned char)(less >> 8);
	}
	memcpy(out, p, n);
	return out + n;
}

/* The same; SNAP_STEPS bytes may be read of p. */
static inline unsigned char *put_short(unsigned char *out, const unsigned char *p, size_t n)
{
	if (n > SNAP_SHORT_MAX)
		return put_literal(out, p, n);
	*out++ = (unsigned char)((n - 1) << 2 | SNAP_LITERAL);
	snap_move_steps(out, p);
	return out + n;
}

static inline unsigned char *put_tag(unsigned char *out, size_t offset, size_t n)
{
	if (n <= COPY_1_MAX && offset < COPY_1_OFFSET) {
		*out++ = (unsigned char)(offset >> 8 << 5 | (n - 4) << 2 | SNAP_COPY_1);
		*out++ = (unsigned char)offset;
		return out;
	}
	*out++ = (unsigned char)((n - 1) << 2 | SNAP_COPY_2);
	*out++ = (unsigned char)offset;
	*out++ = (unsigned char)(offset >> 8);
	return out;
}

/* n is 4 at least, and so are its parts. */
static inline unsigned char *put_copy(unsigned char *out, size_t offset, size_t n)
{
	for (; n >= SNAP_COPY_MAX + 4; n -= SNAP_COPY_MAX)
		out = put_tag(out, offset, SNAP_COPY_MAX);
	if (n > SNAP_COPY_MAX) {
		out = put_tag(out, offset, SNAP_COPY_MAX - 4);
		n -= SNAP_COPY_MAX - 4;
	}
	return put_tag(out, offset, n);
}

/* How many bytes from p on are as those from q on, which lies before; MATCH_MIN are known to be. */
static inline size_t match_len(const unsigned char *p, const unsigned char *q,
			       const unsigned char *end)
{
	size_t n = MATCH_MIN;

	for (; p + n + 8 <= end; n += 8) {
		uint64_t differ = load64(p + n) ^ load64(q + n);

		if (differ)
			return n + (size_t)__builtin_ctzll(differ) / 8;
	}
	while (p + n < end && p[n] == q[n])
		n++;
	return n;
}

/* The next place from p on, below `last`, whose eight bytes stood before, and where; or `last`. */
static inline const unsigned char *next_match(struct piece *piece, const unsigned char *p,
					      const unsigned char *last, const unsigned char **ret)
{
	for (unsigned misses = PATIENCE; p < last; p += misses++ / PATIENCE) {
		uint64_t v = load64(p);

		*ret = look_up(piece, p, v);
		if (load64(*ret) == v)
			return p;
	}
	return last;
}

static unsigned char *pack_piece(struct piece *piece, unsigned char *out)
{
	const unsigned char *p = piece->start + 1, *last = piece->end - MARGIN;
	const unsigned char *done = piece->start, *before;

	while ((p = next_match(piece, p, last, &before)) < last) {
		size_t n;

		while (p > done && before > piece->start && p[-1] == before[-1]) {
			p--;
			before--;
		}
		if (p > done)
			out = put_short(out, done, (size_t)(p - done));
		n = match_len(p, before, piece->end);
		out = put_copy(out, (size_t)(p - before), n);
		done = p += n;
		if (p < last)
			look_up(piece, p - 2, load64(p - 2));
	}
	if (done < piece->end)
		out = put_literal(out, done, (size_t)(piece->end - done));
	return out;
}

/* A small piece needs no large table, which would have to be emptied. */
static void begin_piece(struct piece *piece, const unsigned char *p, size_t n)
{
	unsigned bits = TABLE_BITS_MIN;

	while (bits < TABLE_BITS && (size_t)1 << bits < n)
		bits++;
	piece->start = p;
	piece->end = p + n;
	piece->shift = 64 - bits;
	memset(piece->at, 0, sizeof(*piece->at) << bits);
}

size_t snap(struct bytes in, void *to)
{
	const unsigned char *p = (const unsigned char *)in.p;
	unsigned char *out = to;
	struct piece piece;
	size_t n = in.n;

	for (; n >= 0x80; n >>= 7)
		*out++ = (unsigned char)(n | 0x80);
	*out++ = (unsigned char)n;
	for (size_t left = in.n; left; p += n, left -= n) {
		n = left < PIECE ? left : PIECE;
		if (n <= MARGIN + MATCH_MIN) {
			out = put_literal(out, p, n);
			continue;
		}
		begin_piece(&piece, p, n);
		out = pack_piece(&piece, out);
	}
	return (size_t)(out - (unsigned char *)to);
}
