/*
 * A tag says how many bytes follow it (a literal), or how many are the same as some before (a
 * copy), and in its lowest two bits which of the two, and how the offset is written. Both are 64
 * bytes at most, but for literals with a length of their own. While as much room is left on both
 * sides, all is moved by 16 bytes, and more than was asked for; the last tags are taken byte by
 * byte.
 */
#include "codec/unsnap.h"

#include "base/rd.h"
#include "codec/snap_move.h"

enum {
	HEAD_MAX = 5,
	IN_MARGIN = 1 + SNAP_STEPS, /* a tag, and what may be read behind it */
	OUT_MARGIN = SNAP_STEPS,
};

struct unsnap {
	const unsigned char *in, *in_end;
	unsigned char *start, *out, *end;
};

static inline uint32_t load16(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t load_le(const unsigned char *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return v;
}

/* The same byte pattern again and again: offset is less than a step. */
static inline void repeat(unsigned char *to, size_t offset, size_t n)
{
	/* Its smallest multiple that eight bytes may be moved over. */
	static const unsigned char multiple[] = { 0, 8, 8, 9, 8, 10, 12, 14 };
	size_t i = 0;

	if (offset < 8) {
		for (; i < 8; i++)
			to[i] = *(to + i - offset);
		offset = multiple[offset];
	}
	for (; i < n; i += 8)
		snap_move(to + i, to + i - offset, 8);
}

/* A literal with its length behind the tag. */
static bool long_literal(struct unsnap *u, size_t n_len)
{
	size_t n;

	if ((size_t)(u->in_end - u->in) < n_len)
		return false;
	n = (size_t)load_le(u->in, n_len) + 1;
	u->in += n_len;
	if (n > (size_t)(u->in_end - u->in) || n > (size_t)(u->end - u->out))
		return false;
	memcpy(u->out, u->in, n);
	u->in += n;
	u->out += n;
	return true;
}

/* As far as there is room on both sides. */
static bool quick(struct unsnap *u)
{
	const unsigned char *in = u->in, *in_last = u->in_end - IN_MARGIN;
	unsigned char *out = u->out, *out_last = u->end - OUT_MARGIN;

	while (in <= in_last && out <= out_last) {
		unsigned tag = *in++, kind = tag & 3;
		size_t n = (tag >> 2) + 1, offset;

		if (kind == SNAP_LITERAL) {
			if (n > SNAP_SHORT_MAX) {
				u->in = in;
				u->out = out;
				if (!long_literal(u, n - SNAP_SHORT_MAX))
					return false;
				in = u->in;
				out = u->out;
				continue;
			}
			snap_move_steps(out, in);
			in += n;
			out += n;
			continue;
		}
		offset = load16(in);
		if (kind == SNAP_COPY_4) {
			offset |= (size_t)load16(in + 2) << 16;
			in += 4;
		} else {
			/* No branch: which of the two it is cannot be foretold. */
			bool is_1 = kind == SNAP_COPY_1;

			offset = is_1 ? (tag & 0xe0) << 3 | (offset & 0xff) : offset;
			n = is_1 ? (tag >> 2) % 8 + 4 : n;
			in += kind;
		}
		if (__builtin_expect(offset - 1 >= (size_t)(out - u->start), 0)) /* 0 too */
			return false;
		if (__builtin_expect(offset >= SNAP_STEP, 1))
			snap_move_steps(out, out - offset);
		else
			repeat(out, offset, n);
		out += n;
	}
	u->in = in;
	u->out = out;
	return true;
}

/* One tag, without room to spare. */
static bool careful(struct unsnap *u)
{
	unsigned tag = *u->in++, kind = tag & 3;
	size_t n = (tag >> 2) + 1, n_offset = kind == SNAP_COPY_4 ? 4 : kind, offset;

	if (kind == SNAP_LITERAL && n > SNAP_SHORT_MAX)
		return long_literal(u, n - SNAP_SHORT_MAX);
	if (kind == SNAP_COPY_1)
		n = (n - 1) % 8 + 4;
	if (n > (size_t)(u->end - u->out) ||
	    (kind == SNAP_LITERAL ? n : n_offset) > (size_t)(u->in_end - u->in))
		return false;
	if (kind == SNAP_LITERAL) {
		memcpy(u->out, u->in, n);
		u->in += n;
		u->out += n;
		return true;
	}
	offset = load_le(u->in, n_offset) | (kind == SNAP_COPY_1 ? (tag & 0xe0) << 3 : 0);
	u->in += n_offset;
	if (offset - 1 >= (size_t)(u->out - u->start))
		return false;
	for (; n; n--, u->out++)
		*u->out = *(u->out - offset);
	return true;
}

static bool read_size(struct bytes in, size_t *ret_n, size_t *ret_head)
{
	struct rd rd = rd_init(bytes_sub(in, 0, HEAD_MAX));
	uint64_t n = rd_uvarint_max(&rd, UINT32_MAX);

	*ret_n = (size_t)n;
	*ret_head = rd.off;
	return !rd.failed;
}

bool unsnap_size(struct bytes in, size_t *ret_n)
{
	size_t head;

	return read_size(in, ret_n, &head);
}

bool unsnap(struct bytes in, void *to, size_t n)
{
	struct unsnap u = { .start = to, .out = to, .end = (unsigned char *)to + n };
	size_t said, head;

	if (!read_size(in, &said, &head) || said != n)
		return false;
	u.in = (const unsigned char *)in.p + head;
	u.in_end = (const unsigned char *)in.p + in.n;
	if (in.n - head >= IN_MARGIN && n >= OUT_MARGIN && !quick(&u))
		return false;
	while (u.in < u.in_end)
		if (!careful(&u))
			return false;
	return u.out == u.end;
}
