/*
 * The pages of an index file: their checksums, compared when a page is first touched, and of a
 * compressed file what they hold, unpacked then. Private to index/; format: lokid-index(5), "Page
 * table", "Compressed pages".
 */
#ifndef INDEX_PAGES_H
#define INDEX_PAGES_H

#include <pthread.h>
#include <stdatomic.h>

#include "codec/codec.h"
#include "index/index.h"

/* A section with rows: in a compressed page its bytes stand by their place in the row. */
struct page_turn {
	uint64_t off, len;
	uint32_t width;
};

struct pages {
	struct bytes file; /* as it is stored */
	struct bytes all;  /* what offsets count in: file, or of a compressed one what it was */
	uint32_t head_len, n;
	struct bytes crc;      /* in the head, 4 bytes each */
	_Atomic(uint64_t) *ok; /* one bit a page: it may be read */

	/* Of a compressed file: */
	uint64_t *at; /* where each page is stored, and the end; NULL: it is not compressed */
	struct page_turn *turn;
	size_t n_turns;
	pthread_mutex_t lock; /* of what follows, and writing to all */
	struct codec *codec;
	struct buf turned;
};

/*
 * p->file, .head_len, .n and .crc are set, all else is zero but, of a compressed file, .all.n: the
 * size of what it holds. len are the lengths of its pages, u32 each, in its head; empty: they are
 * not compressed. turn is taken over. p is to be released also after an error.
 * Errors: ERR_CORRUPT (lengths), ERR_NOMEM.
 */
MUST_CHECK int pages_open(struct pages *p, struct bytes len, struct page_turn *turn, size_t n_turns,
			  struct err *e);
void pages_release(struct pages *p);

/* Whether that page was checked. */
static inline bool pages_is_ok(const struct pages *p, uint32_t page)
{
	uint64_t w = atomic_load_explicit(&p->ok[page / 64], memory_order_acquire);

	return w >> (page % 64) & 1;
}

/* The checksum of one page; then it may be read, by any thread. Errors: ERR_CORRUPT. */
MUST_CHECK int pages_check(struct pages *p, uint32_t page, struct err *e);

/* The same of the pages of [off, off + n), which lies in p->all, unless they were checked. */
MUST_CHECK int pages_need_all(struct pages *p, uint64_t off, uint64_t n, struct err *e);

/* That, for each row that is read: nearly always it lies in one page, and that was checked. */
static inline MUST_CHECK int pages_need(struct pages *p, uint64_t off, uint64_t n, struct err *e)
{
	uint64_t page = off / INDEX_PAGE;

	if (n && (off + n - 1) / INDEX_PAGE == page && pages_is_ok(p, (uint32_t)page))
		return 0;
	return pages_need_all(p, off, n, e);
}

/* Compresses page number `page` of a file whose pages are raw, to be stored at `to`, which is not
 * behind it: returns the length. */
uint32_t pages_compress(struct codec *c, const struct page_turn *turn, size_t n_turns,
			struct bytes raw, uint64_t off, char *to);

#endif
