/*
 * Protobuf's wire format, read field by field. Inline: a message of a push has some six fields an
 * entry, of few bytes each.
 */
#ifndef PUSH_PROTO_H
#define PUSH_PROTO_H

#include "base/err.h"
#include "base/rd.h"

enum proto_wire {
	PROTO_VARINT = 0,
	PROTO_FIXED64 = 1,
	PROTO_BYTES = 2,
	PROTO_GROUP = 3, /* given as a field without a value, whatever it holds */
	PROTO_FIXED32 = 5,
};

struct proto_field {
	uint32_t number;
	enum proto_wire wire;
	uint64_t value;	    /* of VARINT, FIXED64, FIXED32 */
	struct bytes bytes; /* of BYTES; borrowed from the message */
};

/* As proto_next, whatever the field is. */
bool proto_next_any(struct rd *r, struct proto_field *ret);

/* The varint at p of a message, if it has eight bytes at most; what stands behind it. NULL:
 * whatever else it is. */
static inline const unsigned char *proto_varint(struct bytes message, const unsigned char *p,
						uint64_t *ret)
{
	const unsigned char *end = (const unsigned char *)message.p + message.n;
	size_t left = (size_t)(end - p), over = left < 8 ? 8 - left : 0, n;
	uint64_t v, ends;

	if (left && *p < 0x80) {
		*ret = *p;
		return p + 1;
	}
	if (message.n < sizeof(v))
		return NULL;
	memcpy(&v, p - over, sizeof(v)); /* near the end, bytes that stand before it, too */
	v = over < 8 ? v >> 8 * over : 0;
	ends = ~v & UINT64_C(0x8080808080808080);
	n = ends ? (size_t)__builtin_ctzll(ends) / 8 + 1 : SIZE_MAX;
	if (n > left)
		return NULL;
	/* Seven bits of each byte, brought together two by two. */
	v &= ends ^ (ends - 1);
	v = (v & UINT64_C(0x007f007f007f007f)) | (v & UINT64_C(0x7f007f007f007f00)) >> 1;
	v = (v & UINT64_C(0x00003fff00003fff)) | (v & UINT64_C(0x3fff00003fff0000)) >> 2;
	*ret = (v & UINT64_C(0x000000000fffffff)) | (v & UINT64_C(0x0fffffff00000000)) >> 4;
	return p + n;
}

/*
 * The next field of a message; false at its end, and when r has failed. Nearly all have a tag of
 * one byte and a number or length of few, and are read without r being in anybody else's hands.
 */
static inline __attribute__((always_inline)) bool proto_next(struct rd *r, struct proto_field *ret)
{
	const unsigned char *p = (const unsigned char *)r->in.p + r->off;
	size_t left = r->in.n - r->off;
	unsigned wire;
	struct rd any;
	bool found;

	if (r->failed || left == 0)
		return false;
	wire = *p & 7;
	if (*p < 0x80 && *p >> 3 && (wire == PROTO_BYTES || wire == PROTO_VARINT)) {
		const unsigned char *next = proto_varint(r->in, p + 1, &ret->value);

		if (next && wire == PROTO_VARINT) {
			ret->number = *p >> 3;
			ret->wire = PROTO_VARINT;
			r->off += (size_t)(next - p);
			return true;
		}
		if (next && ret->value <= left - (size_t)(next - p)) {
			ret->number = *p >> 3;
			ret->wire = PROTO_BYTES;
			ret->bytes = bytes_of(next, ret->value);
			r->off += (size_t)(next - p) + ret->value;
			return true;
		}
	}
	any = *r;
	found = proto_next_any(&any, ret);
	*r = any;
	return found;
}

/* Whether a field is that number; one of another type than that fails r. */
static inline bool proto_take(struct rd *r, const struct proto_field *f, uint32_t number,
			      enum proto_wire wire)
{
	if (f->number != number)
		return false;
	if (f->wire != wire)
		r->failed = true;
	return !r->failed;
}

#endif
