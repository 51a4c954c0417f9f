/*
 * A filter: byte 0 is how many bytes of needle follow, then two of how long the table is; the rest
 * is pages. As they are, and again with the pages' checksums put right. What is not refused gives
 * the same answer from all pages as from those that are said to be needed.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/rd.h"
#include "bloom/bloom.h"
#include "bloom/format.h"

enum { CHUNKS_LEN = 1 << 20 };

struct pages {
	struct bytes all;
	const struct bloom_pages *list; /* NULL: any may be asked for */
};

static int page_of(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	const struct pages *p = data;
	bool listed = !p->list;

	(void)e;
	for (size_t i = 0; !listed && i < p->list->n; i++)
		listed = p->list->v[i].off == off && p->list->v[i].n == n;
	if (!listed)
		abort();
	*ret = bytes_sub(p->all, off, n);
	return 0;
}

static void look_at_blocks(const struct bloom *b, const struct bloom_answer *answer)
{
	for (size_t i = 0; i < b->n_chunks; i++) {
		uint64_t off = b->chunk[i].off;
		uint32_t n = b->chunk[i + 1].first - b->chunk[i].first;

		/* of several at one offset, which have no bytes, any may be meant */
		if (b->chunk[i + 1].off > off && (i == 0 || b->chunk[i - 1].off < off) &&
		    !bloom_may(b, answer, off, n))
			abort();
		for (uint32_t k = 0; k < n; k++)
			(void)bloom_may(b, answer, off, k);
	}
}

static void ask(const struct bloom *b, const struct bloom_ask *a, struct bytes all)
{
	struct bloom_pages list = { 0 };
	struct pages any = { all, NULL }, some = { all, &list };
	struct bloom_answer one, other;
	struct arena mem = { 0 };
	bool whole = bloom_check(b, page_of, &any, NULL) == 0;
	int rc;

	bloom_pages_add(b, a, BLOOM_VALUES_FAR, &list);
	rc = bloom_answer(b, a, BLOOM_VALUES_FAR, page_of, &any, &mem, &one, NULL);
	if ((whole && rc < 0) ||
	    rc != bloom_answer(b, a, BLOOM_VALUES_FAR, page_of, &some, &mem, &other, NULL))
		abort();
	if (rc == 0) {
		if (b->n_matrices &&
		    memcmp(one.column, other.column, b->n_matrices * sizeof(*one.column)) != 0)
			abort();
		look_at_blocks(b, &one);
	}
	free(list.v);
	arena_release(&mem);
}

static void seal(const struct bloom *b, struct buf *pages)
{
	for (size_t i = 0; i < b->n_matrices; i++) {
		uint32_t n = bloom_page_len(b->matrix[i].columns);

		for (uint32_t g = 0; g < b->matrix[i].groups; g++) {
			uint64_t off = b->matrix[i].off + (uint64_t)g * n;
			uint32_t crc;

			if (off + n > pages->n)
				return;
			crc = crc32c(pages->p + off, n - PAGE_CRC_LEN);
			for (int k = 0; k < PAGE_CRC_LEN; k++)
				pages->p[off + n - PAGE_CRC_LEN + (size_t)k] =
					(char)(crc >> (24 - 8 * k));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd rd = rd_init(bytes_of(data, size));
	struct bytes needle = rd_bytes(&rd, rd_u8(&rd)), table = rd_bytes(&rd, rd_u16be(&rd));
	struct bloom_ask a = { 0 };
	struct arena mem = { 0 };
	struct buf pages = { 0 };
	struct bloom b;

	if (rd.failed || bloom_parse(table, CHUNKS_LEN, &mem, &b, NULL) < 0)
		goto out;
	buf_add_bytes(&pages, rd_bytes(&rd, rd_left(&rd)));
	bloom_ask_clause(&a);
	bloom_ask_text(&a, needle, GRAM_CASE_AS_IS);
	bloom_ask_value(&a, needle, GRAM_CASE_FOLD);
	bloom_ask_clause(&a);
	bloom_ask_text(&a, needle, GRAM_CASE_FOLD);
	bloom_ask_end(&a);
	ask(&b, &a, buf_bytes(&pages));
	seal(&b, &pages);
	ask(&b, &a, buf_bytes(&pages));
out:
	bloom_ask_release(&a);
	buf_release(&pages);
	arena_release(&mem);
	return 0;
}
