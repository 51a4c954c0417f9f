#include "index/damage.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "index/loss.h"

enum { TOLD_MAX = 60 }; /* bytes of a label set that are told */

static int by_offset(const void *pa, const void *pb)
{
	const struct damage_row *a = pa, *b = pb;

	return (a->off > b->off) - (a->off < b->off);
}

/* So far as they can be read. */
static void read_rows(struct damage *d)
{
	struct index_series s;
	struct index_chunk c;

	d->is_read = true;
	for (uint32_t i = 0; d->ix && i < index_info(d->ix)->n_series; i++) {
		if (index_series_at(d->ix, i, &s, NULL) < 0)
			break;
		for (uint32_t k = s.first_chunk; k < s.first_chunk + s.n_chunks; k++) {
			if (index_chunk_at(d->ix, k, &c, NULL) < 0)
				break;
			if (c.pack != d->pack)
				continue;
			mem_grow(&d->row, &d->cap, d->n + 1, sizeof(*d->row));
			d->row[d->n++] = (struct damage_row){ c.offset, i, k };
		}
	}
	if (d->n)
		qsort(d->row, d->n, sizeof(*d->row), by_offset);
}

/* The first that begins at off or behind. */
static size_t find_row(const struct damage *d, uint64_t off)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->row[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void add_chunk(struct damage *d, uint32_t chunk, struct loss *l)
{
	struct index_chunk c;
	struct index_block b;

	if (index_chunk_at(d->ix, chunk, &c, NULL) < 0)
		return;
	for (uint32_t k = 0; k < c.n_blocks && index_block_at(d->ix, &c, k, &b, NULL) == 0; k++)
		loss_add(l, b.entries, b.line_bytes, b.min_ts, b.max_ts);
}

/* Long ones are cut. */
static void add_labels(struct damage *d, uint32_t series, struct buf *b)
{
	struct arena mem = { 0 };
	struct buf text = { 0 };
	struct labels labels;
	struct bytes left;

	if (index_series_labels(d->ix, series, &mem, &labels, NULL) == 0)
		labels_add_text(&text, &labels);
	left = buf_bytes(&text);
	while (left.n && text.n - left.n < TOLD_MAX) {
		size_t n = utf8_len(left);

		n = n ? n : 1;
		buf_add(b, left.p, n);
		left = bytes_sub(left, n, left.n);
	}
	if (left.n)
		buf_add_str(b, "...");
	buf_release(&text);
	arena_release(&mem);
}

bool damage_add_text(struct damage *d, uint64_t off, uint64_t len, struct buf *b)
{
	struct loss loss = { 0 };
	size_t first, end, streams = 0;

	if (!d->is_read)
		read_rows(d);
	first = find_row(d, off);
	for (end = first; end < d->n && d->row[end].off - off < len; end++) {
		add_chunk(d, d->row[end].chunk, &loss);
		streams += end == first || d->row[end].series != d->row[end - 1].series;
	}
	if (end == first)
		return false;
	num_add_count(b, end - first, "chunk", "chunks");
	buf_add_str(b, " of ");
	if (streams > 1)
		buf_addf(b, "%zu streams, ", streams);
	add_labels(d, d->row[first].series, b);
	if (streams > 1) {
		buf_add_str(b, " to ");
		add_labels(d, d->row[end - 1].series, b);
	}
	buf_add_str(b, ": ");
	loss_add_text(&loss, b);
	return true;
}

void damage_release(struct damage *d)
{
	free(d->row);
	*d = (struct damage){ 0 };
}
