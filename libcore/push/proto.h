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

/* Steps over a group whose start was read, and those in it. */
void proto_skip_group(struct rd *r, uint32_t number);

static inline uint64_t proto_varint(struct rd *r)
{
	if (r->off < r->in.n && (unsigned char)r->in.p[r->off] < 0x80)
		return (unsigned char)r->in.p[r->off++];
	return rd_uvarint(r);
}

/* The next field of a message; false at its end, and when r has failed. */
static inline bool proto_next(struct rd *r, struct proto_field *ret)
{
	uint64_t tag;
	size_t n;

	if (r->failed || r->off == r->in.n)
		return false;
	tag = proto_varint(r);
	if (tag >> 3 == 0 || tag > UINT32_MAX) {
		r->failed = true;
		return false;
	}
	ret->number = (uint32_t)(tag >> 3);
	ret->wire = (enum proto_wire)(tag & 7);
	ret->value = 0;
	switch (ret->wire) {
	case PROTO_VARINT:
		ret->value = proto_varint(r);
		break;
	case PROTO_BYTES:
		n = proto_varint(r);
		ret->bytes = rd_bytes(r, n);
		break;
	case PROTO_FIXED64:
		ret->value = __builtin_bswap64(rd_u64be(r));
		break;
	case PROTO_FIXED32:
		ret->value = __builtin_bswap32(rd_u32be(r));
		break;
	case PROTO_GROUP:
		proto_skip_group(r, ret->number);
		break;
	default:
		r->failed = true;
	}
	return !r->failed;
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
