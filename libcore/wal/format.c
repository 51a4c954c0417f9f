#include "wal/format.h"

#include "base/crc32c.h"
#include "base/rd.h"
#include "base/wr.h"

enum { HEADER_CRC_AT = WAL_HEADER - 4 };

void wal_header_encode(const struct wal_header *h, unsigned char ret[WAL_HEADER])
{
	struct buf b = { 0 };

	buf_add(&b, WAL_MAGIC, WAL_MAGIC_LEN);
	wr_u8(&b, WAL_VERSION);
	wr_u16be(&b, 0);
	buf_add(&b, h->id.b, sizeof(h->id.b));
	wr_u64be(&b, (uint64_t)h->created_ns);
	buf_add(&b, h->node, WAL_NODE_MAX);
	wr_u32be(&b, crc32c(b.p, b.n));
	memcpy(ret, b.p, WAL_HEADER);
	buf_release(&b);
}

bool wal_is_magic(struct bytes b)
{
	return bytes_starts(b, BYTES_LIT(WAL_MAGIC));
}

int wal_header_decode(struct bytes b, struct wal_header *ret, struct err *e)
{
	struct rd rd = rd_init(b);
	struct wal_header h = { 0 };
	uint32_t stored, computed;
	uint16_t flags;
	uint8_t version;

	if (b.n < WAL_HEADER)
		return err_set(e, ERR_CORRUPT, "a segment's header has %d bytes, found %zu",
			       WAL_HEADER, b.n);
	if (!wal_is_magic(b))
		return err_set(e, ERR_CORRUPT, "not a WAL segment: no magic");
	rd_bytes(&rd, WAL_MAGIC_LEN);
	version = rd_u8(&rd);
	flags = rd_u16be(&rd);
	memcpy(h.id.b, rd_bytes(&rd, sizeof(h.id.b)).p, sizeof(h.id.b));
	h.created_ns = rd_i64be(&rd);
	memcpy(h.node, rd_bytes(&rd, WAL_NODE_MAX).p, WAL_NODE_MAX);
	stored = rd_u32be(&rd);
	computed = crc32c(b.p, HEADER_CRC_AT);
	if (stored != computed)
		return err_set(e, ERR_CORRUPT,
			       "header: crc32c mismatch: stored %08x, computed %08x", stored,
			       computed);
	if (version != WAL_VERSION || flags != 0)
		return err_set(e, ERR_VERSION,
			       "WAL version %u, flags %04x: this program reads version %d", version,
			       flags, WAL_VERSION);
	*ret = h;
	return 0;
}

uint64_t wal_frame_start(uint64_t off)
{
	uint64_t left = WAL_PAGE - off % WAL_PAGE;

	return left < WAL_FRAG_HEAD ? off + left : off;
}

uint64_t wal_frame_end(uint64_t start, uint64_t len)
{
	uint64_t room = WAL_PAGE - start % WAL_PAGE - WAL_FRAG_HEAD;
	uint64_t page = WAL_PAGE - WAL_FRAG_HEAD;
	uint64_t whole;

	if (len <= room)
		return start + WAL_FRAG_HEAD + len;
	len -= room;
	start += WAL_FRAG_HEAD + room;
	whole = (len - 1) / page; /* full pages before the last fragment */
	return start + whole * WAL_PAGE + WAL_FRAG_HEAD + (len - whole * page);
}

static void add_fragment(struct buf *out, enum wal_frag type, const char *p, size_t n)
{
	size_t at = out->n;
	uint32_t crc;

	wr_u32be(out, 0);
	wr_u32be(out, (uint32_t)n);
	wr_u8(out, (uint8_t)type);
	buf_add(out, p, n);
	crc = crc32c(out->p + at + 4, WAL_FRAG_HEAD - 4 + n);
	wr_patch_u32be(out, at, crc);
}

void wal_frame(struct buf *out, uint64_t off, struct bytes data)
{
	uint64_t start = wal_frame_start(off);
	size_t room = WAL_PAGE - start % WAL_PAGE - WAL_FRAG_HEAD;
	bool first = true;

	buf_reserve(out, (size_t)(wal_frame_end(start, data.n) - off));
	for (; off < start; off++)
		wr_u8(out, 0);
	while (data.n > room) {
		add_fragment(out, first ? WAL_FRAG_FIRST : WAL_FRAG_MIDDLE, data.p, room);
		data = bytes_sub(data, room, data.n - room);
		room = WAL_PAGE - WAL_FRAG_HEAD;
		first = false;
	}
	add_fragment(out, first ? WAL_FRAG_FULL : WAL_FRAG_LAST, data.p, data.n);
}

void wal_end_encode(struct buf *out, uint64_t n_entries, uint32_t crc)
{
	wr_u8(out, WAL_REC_END);
	wr_u64be(out, n_entries);
	wr_u32be(out, crc);
}

struct hash128 wal_seal(const struct hash128 *id, uint64_t n_entries, uint32_t crc)
{
	char text[sizeof(id->b) + 8 + 4];
	struct buf b = { .p = text, .cap = sizeof(text) };

	buf_add(&b, id->b, sizeof(id->b));
	wr_u64be(&b, n_entries);
	wr_u32be(&b, crc);
	return hash128(buf_bytes(&b));
}
