/* A pack's filter, in a chunk's framing: its table is the head's metadata, its pages are the body.
 */
#include "chunk/format.h"
#include "chunk/pack.h"

bool pack_filter_encode(struct bytes table, uint64_t pages_len, struct buf *out)
{
	size_t start = out->n;

	if (table.n > CHUNK_HEAD_MAX - CHUNK_FIXED_LEN - CHUNK_CRC_LEN ||
	    pages_len > CHUNK_MAX - CHUNK_HEAD_MAX)
		return false;
	chunk_head_begin(out, CHUNK_FLAG_FILTER, CODEC_NONE);
	buf_add_bytes(out, table);
	chunk_head_end(out, start, 0, pages_len);
	return true;
}

int pack_parse_filter(struct bytes in, uint64_t chunks_len, struct arena *a, struct bloom *ret,
		      struct err *e)
{
	struct chunk_fixed f;

	if (chunk_parse_fixed(in, &f, e) < 0 || chunk_head_check(in, &f, e) < 0)
		return err_wrap(e, "filter");
	if (!(f.flags & CHUNK_FLAG_FILTER) || f.n_blocks != 0)
		return err_set(e, ERR_CORRUPT, "filter: its head is not one of a filter");
	in = bytes_sub(in, CHUNK_FIXED_LEN, f.head_len - CHUNK_FIXED_LEN - CHUNK_CRC_LEN);
	if (bloom_parse(in, chunks_len, a, ret, e) < 0)
		return -1;
	if (ret->pages_len == f.len - f.head_len)
		return 0;
	return err_set(e, ERR_CORRUPT, "filter: pages of %llu bytes, its table says %llu",
		       (unsigned long long)(f.len - f.head_len),
		       (unsigned long long)ret->pages_len);
}

static int page_of(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	const struct bytes *pages = data;

	(void)e;
	*ret = bytes_sub(*pages, off, n);
	return 0;
}

int pack_parse_filter_pages(struct bytes in, uint64_t chunks_len, struct arena *a,
			    struct bloom *ret, struct bytes *ret_pages, struct err *e)
{
	struct chunk_fixed fixed;
	struct bytes pages;

	if (pack_parse_filter(in, chunks_len, a, ret, e) < 0 ||
	    chunk_parse_fixed(in, &fixed, e) < 0)
		return -1;
	pages = bytes_sub(in, fixed.head_len, in.n);
	if (bloom_check(ret, page_of, &pages, e) < 0)
		return -1;
	*ret_pages = pages;
	return 0;
}
