/*
 * Index files are read side by side in the order of their series' labels. Of one stream all blocks
 * are known at once; a sweep over them by time makes the items. A chunk that no other of its stream
 * touches, large enough and made as it would be made now, stays what it is.
 */
#include "compact/merge_plan.h"

#include <stdlib.h>

#include "base/mem.h"

/* The series at which an index file stands. */
struct cursor {
	const struct merge_index *from;
	uint32_t next; /* series */
	struct index_series series;
	struct labels labels; /* in mem */
	struct arena mem;
};

struct src_chunk {
	struct index_chunk c;
	uint32_t input;
	size_t first; /* of its blocks in plan.block */
	bool copy;
};

struct src_block {
	struct index_block b;
	uint64_t weight;
	uint32_t chunk; /* in plan.chunk */
};

struct merge_plan {
	struct merge_plan_opts o;
	struct cursor *cursor;
	struct cursor **heap; /* of those that have a series, that with the lowest labels first */
	size_t n_heap;

	/* of the stream at hand: chunks and blocks in the order of equal things */
	struct src_chunk *chunk;
	struct src_block *block;
	size_t n_chunks, n_blocks, cap_chunks, cap_blocks;
	uint32_t *by_time; /* blocks by min_ts; chunks before that */
	uint32_t *open;	   /* blocks that reach behind the last cut */
	uint32_t *touched; /* blocks of an item */
	size_t n_open, cap_by_time, cap_open, cap_touched;

	struct merge_batch stream; /* of one stream: what it becomes */
	size_t given;		   /* its items that are in batches already */
};

/* That n entries of a weight need at most while they are sorted. */
static uint64_t item_memory(uint64_t weight, uint64_t n)
{
	/* the line, the reference, its place in the order and half of that in the sort */
	return weight + n * (sizeof(struct entry_ref) + sizeof(uint32_t) + sizeof(uint32_t) / 2);
}

void merge_batch_release(struct merge_batch *b)
{
	free(b->stream);
	free(b->item);
	free(b->part);
	arena_release(&b->mem);
	*b = (struct merge_batch){ 0 };
}

static void batch_reset(struct merge_batch *b)
{
	b->n_streams = b->n_items = b->n_parts = 0;
	b->stored_bytes = 0;
	arena_reset(&b->mem);
}

/* ---- index files side by side ---- */

static int index_failed(const struct merge_index *m, struct err *e)
{
	return err_wrap(e, "'%s'", index_label(m->ix));
}

/* 1 it stands on its next series, 0 there is none. */
static int advance(struct cursor *c, struct err *e)
{
	if (c->next >= index_info(c->from->ix)->n_series)
		return 0;
	arena_reset(&c->mem);
	if (index_series_at(c->from->ix, c->next, &c->series, e) < 0 ||
	    index_series_labels(c->from->ix, c->next, &c->mem, &c->labels, e) < 0)
		return index_failed(c->from, e);
	c->next++;
	return 1;
}

static void sift_down(struct merge_plan *p, size_t i)
{
	struct cursor **h = p->heap;

	for (;;) {
		size_t low = i;

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < p->n_heap; k++)
			if (labels_cmp(&h[k]->labels, &h[low]->labels) < 0)
				low = k;
		if (low == i)
			return;
		struct cursor *c = h[i];

		h[i] = h[low];
		h[low] = c;
		i = low;
	}
}

struct merge_plan *merge_plan_new(const struct merge_plan_opts *o)
{
	struct merge_plan *p = mem_alloc(sizeof(*p));

	p->o = *o;
	p->cursor = mem_alloc((o->n_index + 1) * sizeof(*p->cursor));
	p->heap = mem_alloc((o->n_index + 1) * sizeof(struct cursor *));
	for (size_t i = 0; i < o->n_index; i++) {
		p->cursor[i].from = &o->index[i];
		p->heap[i] = NULL;
	}
	p->n_heap = SIZE_MAX; /* not begun */
	return p;
}

void merge_plan_free(struct merge_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->o.n_index; i++)
		arena_release(&p->cursor[i].mem);
	free(p->cursor);
	free(p->heap);
	free(p->chunk);
	free(p->block);
	free(p->by_time);
	free(p->open);
	free(p->touched);
	merge_batch_release(&p->stream);
	free(p);
}

static int begin(struct merge_plan *p, struct err *e)
{
	p->n_heap = 0;
	for (size_t i = 0; i < p->o.n_index; i++) {
		int rc = advance(&p->cursor[i], e);

		if (rc < 0)
			return -1;
		if (rc == 1)
			p->heap[p->n_heap++] = &p->cursor[i];
	}
	for (size_t i = p->n_heap / 2; i-- > 0;)
		sift_down(p, i);
	return 0;
}

/* ---- the blocks of a stream ---- */

static int add_blocks(struct merge_plan *p, struct index *ix, const struct index_chunk *c,
		      struct err *e)
{
	mem_grow(&p->block, &p->cap_blocks, p->n_blocks + c->n_blocks, sizeof(*p->block));
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		struct src_block *b = &p->block[p->n_blocks];

		if (index_block_at(ix, c, k, &b->b, e) < 0)
			return -1;
		b->weight = (uint64_t)b->b.line_bytes + b->b.entries + b->b.meta_bytes;
		p->n_blocks++;
	}
	return 0;
}

/* Adds what the index file has of the series at which it stands. */
static int add_chunks(struct merge_plan *p, const struct cursor *cur, struct err *e)
{
	const struct merge_index *m = cur->from;

	for (uint32_t i = 0; i < cur->series.n_chunks; i++) {
		struct index_chunk c;
		uint32_t input;

		if (index_chunk_at(m->ix, cur->series.first_chunk + i, &c, e) < 0)
			return index_failed(m, e);
		input = m->input_of[c.pack];
		if (input == MERGE_NOT_INPUT)
			continue;
		mem_grow(&p->chunk, &p->cap_chunks, p->n_chunks + 1, sizeof(*p->chunk));
		p->chunk[p->n_chunks++] =
			(struct src_chunk){ .c = c, .input = input, .first = p->n_blocks };
		if (add_blocks(p, m->ix, &c, e) < 0)
			return index_failed(m, e);
	}
	return 0;
}

static int cmp_chunks(const void *pa, const void *pb)
{
	const struct src_chunk *a = pa, *b = pb;

	if (a->input != b->input)
		return a->input < b->input ? -1 : 1;
	return (a->c.offset > b->c.offset) - (a->c.offset < b->c.offset);
}

/* Chunks and blocks into the order of equal things: inputs, then offsets. */
static void put_in_order(struct merge_plan *p)
{
	struct src_block *blocks = mem_alloc(p->n_blocks * sizeof(*blocks));
	size_t n = 0;

	qsort(p->chunk, p->n_chunks, sizeof(*p->chunk), cmp_chunks);
	for (size_t i = 0; i < p->n_chunks; i++) {
		struct src_chunk *c = &p->chunk[i];
		const struct src_block *b = &p->block[c->first];

		c->first = n;
		for (uint32_t k = 0; k < c->c.n_blocks; k++) {
			blocks[n] = b[k];
			blocks[n++].chunk = (uint32_t)i;
		}
	}
	memcpy(p->block, blocks, n * sizeof(*blocks));
	free(blocks);
}

static int cmp_from(const void *pa, const void *pb, void *data)
{
	const struct merge_plan *p = data;
	uint32_t i = *(const uint32_t *)pa, k = *(const uint32_t *)pb;
	const struct index_chunk *a = &p->chunk[i].c, *b = &p->chunk[k].c;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (i > k) - (i < k);
}

static bool is_worth_copying(const struct merge_plan *p, const struct src_chunk *c)
{
	uint64_t weight = 0;

	if (!p->o.input[c->input].as_wanted)
		return false;
	for (uint32_t k = 0; k < c->c.n_blocks; k++)
		weight += p->block[c->first + k].weight;
	return weight >= p->o.params->chunk_bytes / 2 ||
	       c->c.entries >= CHUNK_BLOCK_ENTRIES_MAX / 2;
}

/* Marks the chunks that are copied: no other one shares a moment with them. */
static void mark_copies(struct merge_plan *p)
{
	uint32_t *v = p->by_time;
	int64_t reached = INT64_MIN;

	for (size_t i = 0; i < p->n_chunks; i++)
		v[i] = (uint32_t)i;
	qsort_r(v, p->n_chunks, sizeof(*v), cmp_from, p);
	for (size_t i = 0; i < p->n_chunks; i++) {
		struct src_chunk *c = &p->chunk[v[i]];
		bool alone = i == 0 || reached < c->c.from;

		if (i + 1 < p->n_chunks && p->chunk[v[i + 1]].c.from <= c->c.through)
			alone = false;
		if (c->c.through > reached)
			reached = c->c.through;
		c->copy = alone && is_worth_copying(p, c);
	}
}

static int cmp_min(const void *pa, const void *pb, void *data)
{
	const struct merge_plan *p = data;
	uint32_t i = *(const uint32_t *)pa, k = *(const uint32_t *)pb;
	const struct index_block *a = &p->block[i].b, *b = &p->block[k].b;

	if (a->min_ts != b->min_ts)
		return a->min_ts < b->min_ts ? -1 : 1;
	return (i > k) - (i < k);
}

static void sort_blocks(struct merge_plan *p)
{
	for (size_t i = 0; i < p->n_blocks; i++)
		p->by_time[i] = (uint32_t)i;
	qsort_r(p->by_time, p->n_blocks, sizeof(*p->by_time), cmp_min, p);
}

/* ---- items ---- */

/* The next block of the same chunk follows: one read takes both. */
static void add_part(struct merge_batch *b, const struct merge_plan *p, uint32_t number,
		     bool begins)
{
	const struct src_block *block = &p->block[number];
	const struct src_chunk *c = &p->chunk[block->chunk];
	uint32_t k = (uint32_t)(number - c->first);
	struct merge_part *part;

	if (!begins) {
		part = &b->part[b->n_parts - 1];
		if (part->input == c->input && part->off == c->c.offset &&
		    part->first_block + part->n_blocks == k) {
			part->n_blocks++;
			part->blocks_len += block->b.length;
			return;
		}
	}
	mem_grow(&b->part, &b->cap_parts, b->n_parts + 1, sizeof(*b->part));
	b->part[b->n_parts++] = (struct merge_part){
		.input = c->input,
		.head_len = c->c.head_len,
		.len = c->c.length,
		.first_block = k,
		.n_blocks = 1,
		.all_blocks = c->c.n_blocks,
		.off = c->c.offset,
		.blocks_off = c->c.offset + block->b.offset,
		.blocks_len = block->b.length,
	};
}

static struct merge_item *add_item(struct merge_batch *b, int64_t from_ns, int64_t to_ns)
{
	struct merge_item *item;

	mem_grow(&b->item, &b->cap_items, b->n_items + 1, sizeof(*b->item));
	item = &b->item[b->n_items++];
	*item = (struct merge_item){ .from_ns = from_ns, .to_ns = to_ns, .first_part = b->n_parts };
	return item;
}

static int cmp_number(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

/*
 * The n blocks of touched, in [from_ns, to_ns). Of a single moment there may be more than a chunk
 * holds: then several items, each with the next of the blocks, which need no sorting among each
 * other.
 */
static int make_items(struct merge_plan *p, size_t n, int64_t from_ns, int64_t to_ns, struct err *e)
{
	bool moment = to_ns != INT64_MAX && to_ns - from_ns == 1;
	struct merge_batch *b = &p->stream;
	struct merge_item *item = NULL;
	uint64_t n_entries = 0;

	qsort(p->touched, n, sizeof(*p->touched), cmp_number);
	for (size_t i = 0; i < n; i++) {
		const struct src_block *block = &p->block[p->touched[i]];
		bool begins = !item ||
			      (moment && item->weight + block->weight > p->o.params->chunk_bytes);

		if (begins) {
			bool goes_on = item != NULL;

			item = add_item(b, from_ns, to_ns);
			item->goes_on = goes_on;
			n_entries = 0;
		}
		add_part(b, p, p->touched[i], begins);
		item->n_parts = b->n_parts - item->first_part;
		item->weight += block->weight;
		n_entries += block->b.entries;
		if (item_memory(item->weight, n_entries) > p->o.item_bytes)
			return err_set(e, ERR_LIMIT, "blocks of %llu MiB of one stream and time",
				       (unsigned long long)(item->weight >> 20));
	}
	return 0;
}

/* What of a block's weight lies at ts_ns and later, if its entries are evenly spread. */
static uint64_t weight_behind(const struct src_block *b, int64_t ts_ns)
{
	uint64_t span = (uint64_t)b->b.max_ts - (uint64_t)b->b.min_ts;
	uint64_t rest = (uint64_t)b->b.max_ts - (uint64_t)ts_ns;

	while (span >> 26) {
		span >>= 1;
		rest >>= 1;
	}
	return span ? b->weight * rest / span : 0;
}

/* The blocks of by_time that lie in [at, end) and begin at the same moment as the first of them. */
struct unit {
	size_t end;
	int64_t ts_ns;
	uint64_t weight, n;
	uint64_t moment; /* weight of those that also end then */
};

static struct unit next_unit(const struct merge_plan *p, size_t at, size_t end)
{
	struct unit u = { .ts_ns = p->block[p->by_time[at]].b.min_ts };

	for (; at < end && p->block[p->by_time[at]].b.min_ts == u.ts_ns; at++) {
		const struct src_block *b = &p->block[p->by_time[at]];

		u.weight += b->weight;
		u.n += b->b.entries;
		if (b->b.max_ts == u.ts_ns)
			u.moment += b->weight;
	}
	u.end = at;
	return u;
}

/* A share of what is left, so that no tiny chunk stays for the end. */
struct aim {
	uint64_t weight, n;
};

static struct aim aim_of(const struct merge_plan *p, size_t at, size_t end)
{
	uint64_t pieces, by_count;
	struct aim aim = { 0, 0 };

	for (; at < end; at++) {
		aim.weight += p->block[p->by_time[at]].weight;
		aim.n += p->block[p->by_time[at]].b.entries;
	}
	pieces = aim.weight / p->o.params->chunk_bytes + 1;
	by_count = aim.n / CHUNK_BLOCK_ENTRIES_MAX + 1;
	if (by_count > pieces)
		pieces = by_count;
	aim.weight = aim.weight / pieces + 1;
	aim.n = aim.n / pieces + 1;
	return aim;
}

/* Blocks of touched that reach up to ts_ns or further stay open; their weight behind it. */
static struct aim keep_open(struct merge_plan *p, size_t n, int64_t ts_ns)
{
	struct aim rest = { 0, 0 };

	p->n_open = 0;
	for (size_t i = 0; i < n; i++) {
		const struct src_block *b = &p->block[p->touched[i]];
		uint64_t weight;

		if (b->b.max_ts < ts_ns)
			continue;
		weight = weight_behind(b, ts_ns);
		rest.weight += weight;
		rest.n += b->weight ? b->b.entries * (weight >> 10) / ((b->weight >> 10) + 1) : 0;
		p->open[p->n_open++] = p->touched[i];
	}
	return rest;
}

/* One item, or several of one moment: from from_ns on, of the open blocks and those from *at on. */
static int cut_one(struct merge_plan *p, size_t *at, size_t end, const struct aim *aim,
		   int64_t *from_ns, struct aim *have, struct err *e)
{
	int64_t to_ns = INT64_MAX;
	size_t n = 0;

	for (size_t i = 0; i < p->n_open; i++)
		p->touched[n++] = p->open[i];
	while (*at < end) {
		struct unit u = next_unit(p, *at, end);

		if (u.ts_ns > *from_ns && (have->weight >= aim->weight || have->n >= aim->n ||
					   have->weight + u.weight > p->o.params->chunk_bytes ||
					   have->n + u.n > CHUNK_BLOCK_ENTRIES_MAX)) {
			to_ns = u.ts_ns;
			break;
		}
		have->weight += u.weight;
		have->n += u.n;
		while (*at < u.end)
			p->touched[n++] = p->by_time[(*at)++];
		if (u.ts_ns == *from_ns && u.moment > p->o.params->chunk_bytes &&
		    u.ts_ns < INT64_MAX - 1) {
			to_ns = *from_ns + 1;
			break;
		}
	}
	if (make_items(p, n, *from_ns, to_ns, e) < 0)
		return -1;
	p->n_open = 0;
	if (to_ns != INT64_MAX)
		*have = keep_open(p, n, to_ns);
	*from_ns = to_ns;
	return 0;
}

/* The blocks by_time[at .. end), which no copied chunk interrupts. */
static int cut_group(struct merge_plan *p, size_t at, size_t end, struct err *e)
{
	struct aim aim = aim_of(p, at, end), have = { 0, 0 };
	int64_t from_ns = p->block[p->by_time[at]].b.min_ts;

	while (at < end || p->n_open > 0) {
		if (p->n_open == 0) {
			from_ns = p->block[p->by_time[at]].b.min_ts;
			have = (struct aim){ 0, 0 };
		}
		if (cut_one(p, &at, end, &aim, &from_ns, &have, e) < 0)
			return -1;
	}
	return 0;
}

static struct merge_item *add_chunk(struct merge_plan *p, const struct src_chunk *c)
{
	struct merge_batch *b = &p->stream;
	struct merge_item *item = add_item(b, c->c.from, INT64_MAX);

	for (uint32_t k = 0; k < c->c.n_blocks; k++) {
		add_part(b, p, (uint32_t)(c->first + k), k == 0);
		item->weight += p->block[c->first + k].weight;
	}
	item->n_parts = 1;
	return item;
}

static void copy_chunk(struct merge_plan *p, const struct src_chunk *c)
{
	add_chunk(p, c)->as_it_is = true;
}

/* Each chunk by itself, in the order of equal things. */
static int keep_chunks(struct merge_plan *p, const struct labels *labels, struct err *e)
{
	const struct merge_edit *edit = p->o.edit;

	put_in_order(p);
	for (size_t i = 0; i < p->n_chunks; i++) {
		const struct src_chunk *c = &p->chunk[i];
		struct merge_item *item;

		if (!edit->touches(edit->data, labels, c->c.from, c->c.through)) {
			if (!p->o.edited_only)
				copy_chunk(p, c);
			continue;
		}
		item = add_chunk(p, c);
		item->edited = true;
		if (item_memory(item->weight, c->c.entries) > p->o.item_bytes)
			return err_set(e, ERR_LIMIT, "a chunk of %llu MiB",
				       (unsigned long long)(item->weight >> 20));
	}
	return 0;
}

static int cut_stream(struct merge_plan *p, struct err *e)
{
	size_t max = p->n_blocks + p->n_chunks;

	mem_grow(&p->by_time, &p->cap_by_time, max, sizeof(*p->by_time));
	mem_grow(&p->open, &p->cap_open, max, sizeof(*p->open));
	mem_grow(&p->touched, &p->cap_touched, max, sizeof(*p->touched));
	put_in_order(p);
	mark_copies(p);
	sort_blocks(p);
	for (size_t at = 0; at < p->n_blocks;) {
		const struct src_chunk *c = &p->chunk[p->block[p->by_time[at]].chunk];
		size_t end = at;

		if (c->copy) {
			copy_chunk(p, c);
			at += c->c.n_blocks;
			continue;
		}
		while (end < p->n_blocks && !p->chunk[p->block[p->by_time[end]].chunk].copy)
			end++;
		if (cut_group(p, at, end, e) < 0)
			return -1;
		at = end;
	}
	return 0;
}

/* ---- batches ---- */

/* The items of the stream with the lowest labels into p->stream. */
static int plan_stream(struct merge_plan *p, struct err *e)
{
	struct merge_stream s = { .id = p->heap[0]->series.id };

	batch_reset(&p->stream);
	p->given = 0;
	p->n_chunks = p->n_blocks = 0;
	s.labels = labels_copy(&p->stream.mem, &p->heap[0]->labels);
	while (p->n_heap > 0 && labels_cmp(&p->heap[0]->labels, &s.labels) == 0) {
		struct cursor *c = p->heap[0];
		int rc = add_chunks(p, c, e);

		if (rc == 0)
			rc = advance(c, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			p->heap[0] = p->heap[--p->n_heap];
		sift_down(p, 0);
	}
	mem_grow(&p->stream.stream, &p->stream.cap_streams, 1, sizeof(*p->stream.stream));
	p->stream.stream[0] = s;
	p->stream.n_streams = 1;
	if (p->n_blocks == 0)
		return 0;
	return p->o.edit ? keep_chunks(p, &s.labels, e) : cut_stream(p, e);
}

/* Moves one item of p->stream into the batch. */
static void give_item(struct merge_plan *p, struct merge_batch *b)
{
	const struct merge_stream *s = &p->stream.stream[0];
	const struct merge_item *item = &p->stream.item[p->given++];
	struct merge_item *to;

	if (b->n_streams == 0 || hash128_cmp(&b->stream[b->n_streams - 1].id, &s->id) != 0) {
		mem_grow(&b->stream, &b->cap_streams, b->n_streams + 1, sizeof(*b->stream));
		b->stream[b->n_streams++] =
			(struct merge_stream){ s->id, labels_copy(&b->mem, &s->labels) };
	}
	to = add_item(b, item->from_ns, item->to_ns);
	to->stream = (uint32_t)(b->n_streams - 1);
	to->as_it_is = item->as_it_is;
	to->edited = item->edited;
	to->goes_on = item->goes_on;
	to->n_parts = item->n_parts;
	to->weight = item->weight;
	mem_grow(&b->part, &b->cap_parts, b->n_parts + item->n_parts, sizeof(*b->part));
	for (size_t i = 0; i < item->n_parts; i++) {
		const struct merge_part *part = &p->stream.part[item->first_part + i];

		b->part[b->n_parts++] = *part;
		b->stored_bytes += part->head_len + part->blocks_len;
	}
}

int merge_plan_next(struct merge_plan *p, struct merge_batch *b, struct err *e)
{
	batch_reset(b);
	if (p->n_heap == SIZE_MAX && begin(p, e) < 0)
		return -1;
	while (b->stored_bytes < p->o.batch_bytes) {
		if (p->given < p->stream.n_items) {
			give_item(p, b);
			continue;
		}
		if (p->n_heap == 0)
			break;
		if (plan_stream(p, e) < 0)
			return -1;
	}
	return b->n_items > 0;
}
