/*
 * An index file: as it is, and again with its checksums put right, so that what stands behind them
 * is reached. A file in which index_verify finds nothing must give all that it says it has.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/wr.h"
#include "index/dump.h"
#include "index/format.h"
#include "index/index.h"
#include "index/live.h"
#include "labels/matcher.h"

static int swallow(struct bytes text, void *data, struct err *e)
{
	(void)e;
	*(size_t *)data += text.n;
	return 0;
}

static void use(struct bytes file)
{
	static const struct matcher matchers[] = {
		{ .op = MATCH_EQ, .name = { "app", 3 }, .value = { "web", 3 } },
		{ .op = MATCH_NE, .name = { "n", 1 }, .value = { "", 0 } },
		{ .op = MATCH_EQ, .name = { "x", 1 }, .value = { "", 0 } },
	};
	struct index_set set = { 0 };
	struct hash128 id = { { 0 } };
	struct index *ix = index_open(file, "fuzz", NULL);
	uint64_t n_faults;
	size_t n = 0;
	uint32_t at;
	int rc;

	if (!ix)
		return;
	rc = index_dump(ix, swallow, &n, NULL);
	rc |= index_match(ix, matchers, 3, &set, NULL);
	rc |= index_series_find(ix, &id, &at, NULL);
	n_faults = index_verify(ix, NULL, NULL);
	if (n_faults == 0 && rc < 0)
		abort();
	index_set_release(&set);
	index_close(ix);
}

static uint32_t u32_at(const struct buf *file, size_t at)
{
	struct rd rd = rd_init(bytes_sub(buf_bytes(file), at, 4));

	return rd_u32be(&rd);
}

static void seal(struct buf *file)
{
	uint32_t head_len = u32_at(file, 16), n_pages = u32_at(file, 60);
	uint32_t n_sections = u32_at(file, 4) & 0xffff;
	bool compressed = (file->p[5] & INDEX_FLAG_COMPRESSED) != 0;
	size_t table = INDEX_FIXED_LEN + (size_t)n_sections * INDEX_SECTION_LEN, at = head_len;

	if (head_len < 8 || head_len > file->n || n_pages > 1000 ||
	    table + (compressed ? 8 : 4) * (size_t)n_pages > head_len - 4)
		return;
	for (size_t i = 0; i < n_pages; i++) {
		size_t from = i * INDEX_PAGE, to = from + INDEX_PAGE;

		from = from < head_len ? head_len : from;
		to = to < file->n ? to : file->n;
		if (compressed) {
			from = at;
			to = at + u32_at(file, table + 4 * (n_pages + i));
			at = to;
			if (to > file->n)
				break;
		}
		if (from < to)
			wr_patch_u32be(file, table + 4 * i, crc32c(file->p + from, to - from));
	}
	wr_patch_u32be(file, head_len - 4, crc32c(file->p, head_len - 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf copy = { 0 };

	use(bytes_of(data, size));
	if (size < INDEX_FIXED_LEN)
		return 0;
	buf_add(&copy, data, size);
	seal(&copy);
	use(buf_bytes(&copy));
	buf_release(&copy);
	return 0;
}
