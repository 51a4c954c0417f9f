#include "push/proto.h"

enum { DEPTH_MAX = 100, GROUP_END = 4 };

/* Steps over a group whose start was read, and those in it. */
static void skip_group(struct rd *r, uint32_t number)
{
	uint32_t open[DEPTH_MAX] = { number };
	size_t depth = 1;

	while (depth > 0) {
		uint64_t tag = rd_uvarint_max(r, UINT32_MAX);
		uint32_t n = (uint32_t)(tag >> 3);

		if (r->failed || n == 0)
			break;
		switch (tag & 7) {
		case PROTO_VARINT:
			rd_uvarint(r);
			break;
		case PROTO_BYTES:
			rd_lstr(r, SIZE_MAX);
			break;
		case PROTO_FIXED64:
			rd_bytes(r, 8);
			break;
		case PROTO_FIXED32:
			rd_bytes(r, 4);
			break;
		case PROTO_GROUP:
			if (depth < DEPTH_MAX)
				open[depth++] = n;
			else
				r->failed = true;
			break;
		case GROUP_END:
			if (open[--depth] != n)
				r->failed = true;
			break;
		default:
			r->failed = true;
		}
	}
	if (depth > 0)
		r->failed = true;
}

bool proto_next_any(struct rd *r, struct proto_field *ret)
{
	uint64_t tag;
	size_t n;

	if (r->failed || r->off == r->in.n)
		return false;
	tag = rd_uvarint(r);
	if (tag >> 3 == 0 || tag > UINT32_MAX) {
		r->failed = true;
		return false;
	}
	ret->number = (uint32_t)(tag >> 3);
	ret->wire = (enum proto_wire)(tag & 7);
	ret->value = 0;
	switch (ret->wire) {
	case PROTO_VARINT:
		ret->value = rd_uvarint(r);
		break;
	case PROTO_BYTES:
		n = rd_uvarint(r);
		ret->bytes = rd_bytes(r, n);
		break;
	case PROTO_FIXED64:
		ret->value = __builtin_bswap64(rd_u64be(r));
		break;
	case PROTO_FIXED32:
		ret->value = __builtin_bswap32(rd_u32be(r));
		break;
	case PROTO_GROUP:
		skip_group(r, ret->number);
		break;
	default:
		r->failed = true;
	}
	return !r->failed;
}
