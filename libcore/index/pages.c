#include "index/pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rd.h"

/* ---- turning ---- */

enum direction { TURN, TURN_BACK };

/* The bytes [0, n) of rows of a width, or the same by their place in the row: all first ones, all
 * second ones, and so on. A row that is cut at an end of the page does no harm: what follows is
 * turned as if it were whole. */
static void turn_piece(enum direction d, const char *from, char *to, size_t n, uint32_t width)
{
	size_t k = 0;

	for (size_t first = 0; first < width && first < n; first++)
		for (size_t i = first; i < n; i += width, k++) {
			if (d == TURN)
				to[k] = from[i];
			else
				to[i] = from[k];
		}
}

/* Of the n bytes that stand at off; what no section with rows has stays as it is. */
static void turn_page(enum direction d, const struct page_turn *turn, size_t n_turns, uint64_t off,
		      const char *from, char *to, size_t n)
{
	memcpy(to, from, n);
	for (size_t i = 0; i < n_turns; i++) {
		const struct page_turn *t = &turn[i];
		uint64_t begin = t->off > off ? t->off : off;
		uint64_t end = t->off + t->len < off + n ? t->off + t->len : off + n;

		if (begin < end && t->width > 1)
			turn_piece(d, from + (begin - off), to + (begin - off), end - begin,
				   t->width);
	}
}

uint32_t pages_compress(struct codec *c, const struct page_turn *turn, size_t n_turns,
			struct bytes raw, uint64_t off, char *to)
{
	struct buf turned = { 0 }, packed = { 0 };
	size_t n = raw.n;

	turn_page(TURN, turn, n_turns, off, raw.p, buf_reserve(&turned, raw.n), raw.n);
	codec_compress(c, CODEC_ZSTD, bytes_of(turned.p, raw.n), &packed);
	if (packed.n < raw.n) {
		n = packed.n;
		memcpy(to, packed.p, n);
	} else {
		memmove(to, raw.p, n);
	}
	buf_release(&turned);
	buf_release(&packed);
	return (uint32_t)n;
}

/* ---- reading ---- */

/* Where a page begins and ends in p->all: the head is in none. */
static uint64_t page_start(const struct pages *p, uint32_t page)
{
	uint64_t at = (uint64_t)page * INDEX_PAGE;

	return at < p->head_len ? p->head_len : at;
}

static uint64_t page_end(const struct pages *p, uint32_t page)
{
	uint64_t at = ((uint64_t)page + 1) * INDEX_PAGE;

	at = at < p->all.n ? at : p->all.n;
	return at < p->head_len ? p->head_len : at;
}

/* Room for all of it, which takes memory when it is written to. */
static int make_room(struct pages *p, struct err *e)
{
	uint64_t size = p->all.n;
	void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return err_set(e, ERR_NOMEM, "no room for %llu bytes", (unsigned long long)size);
	p->all = bytes_of(room, size);
	return 0;
}

static int find_pages(struct pages *p, struct bytes len, struct err *e)
{
	struct rd rd = rd_init(len);
	uint64_t at = p->head_len;

	p->at = mem_alloc(((size_t)p->n + 1) * sizeof(*p->at));
	for (uint32_t i = 0; i < p->n; i++) {
		uint64_t raw = page_end(p, i) - page_start(p, i);
		uint32_t stored = rd_u32be(&rd);

		if (stored > raw || (stored == 0 && raw > 0))
			return err_set(e, ERR_CORRUPT, "page %u: %u bytes cannot hold %llu", i,
				       stored, (unsigned long long)raw);
		p->at[i] = at;
		at += stored;
	}
	p->at[p->n] = at;
	if (at != p->file.n)
		return err_set(e, ERR_CORRUPT, "its pages end at %llu, the file at %zu",
			       (unsigned long long)at, p->file.n);
	return 0;
}

int pages_open(struct pages *p, struct bytes len, struct page_turn *turn, size_t n_turns,
	       struct err *e)
{
	p->turn = turn;
	p->n_turns = n_turns;
	p->ok = mem_alloc(((size_t)p->n / 64 + 1) * sizeof(*p->ok));
	if (len.n == 0) {
		p->all = p->file;
		return 0;
	}
	if (make_room(p, e) < 0)
		return -1;
	pthread_mutex_init(&p->lock, NULL);
	p->codec = codec_new(1);
	return find_pages(p, len, e);
}

void pages_release(struct pages *p)
{
	if (p->codec) {
		munmap((void *)(uintptr_t)p->all.p, p->all.n);
		pthread_mutex_destroy(&p->lock);
		codec_free(p->codec);
	}
	buf_release(&p->turned);
	free(p->at);
	free(p->turn);
	free(p->ok);
}

/* With the lock held. Who reads other pages meanwhile is not disturbed. */
static int unpack(struct pages *p, uint32_t page, struct bytes stored, struct err *e)
{
	uint64_t from = page_start(p, page);
	size_t n = page_end(p, page) - from;
	char *to = (char *)(uintptr_t)p->all.p + from;

	if (stored.n == n) {
		memcpy(to, stored.p, n);
		return 0;
	}
	if (codec_decompress(p->codec, CODEC_ZSTD, stored, buf_reserve(&p->turned, n), n, e) < 0)
		return err_wrap(e, "page %u (offset %llu)", page, (unsigned long long)p->at[page]);
	turn_page(TURN_BACK, p->turn, p->n_turns, from, p->turned.p, to, n);
	return 0;
}

int pages_check(struct pages *p, uint32_t page, struct err *e)
{
	uint64_t from = p->at ? p->at[page] : page_start(p, page),
		 to = p->at ? p->at[page + 1] : page_end(p, page);
	struct rd rd = rd_init(bytes_sub(p->crc, (size_t)page * 4, 4));
	uint32_t stored = rd_u32be(&rd), found;
	int rc = 0;

	found = from < to ? crc32c(p->file.p + from, to - from) : 0;
	if (found != stored)
		return err_set(e, ERR_CORRUPT,
			       "page %u (offset %llu): crc32c mismatch: stored %08x, computed %08x",
			       page, (unsigned long long)from, stored, found);
	if (p->at) {
		pthread_mutex_lock(&p->lock);
		if (!pages_is_ok(p, page) && from < to)
			rc = unpack(p, page, bytes_sub(p->file, from, to - from), e);
	}
	if (rc == 0)
		atomic_fetch_or_explicit(&p->ok[page / 64], UINT64_C(1) << (page % 64),
					 memory_order_release);
	if (p->at)
		pthread_mutex_unlock(&p->lock);
	return rc;
}

int pages_need_all(struct pages *p, uint64_t off, uint64_t n, struct err *e)
{
	uint64_t page = off / INDEX_PAGE, last = n ? (off + n - 1) / INDEX_PAGE : page;

	for (; n && page <= last; page++)
		if (!pages_is_ok(p, (uint32_t)page) && pages_check(p, (uint32_t)page, e) < 0)
			return -1;
	return 0;
}
