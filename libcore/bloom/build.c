#include "bloom/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/wr.h"
#include "bloom/format.h"

struct matrix {
	uint8_t kinds;
	uint32_t groups, columns;
	uint32_t width; /* bytes of a row, for 8 columns each */
	char *bits;	/* rows; NULL: it is full, and lies in pages */
	struct buf pages;
};

/* Blocks that follow one another, and have one column. */
struct span {
	uint32_t blocks;
	uint32_t matrix; /* its number + 1; 0: there is no column */
};

struct bloom_build {
	enum bloom_what what;
	struct matrix *matrix;
	size_t n_matrices, cap_matrices;
	uint64_t open_bytes;
	struct span *span;
	size_t n_spans, cap_spans;
	struct buf chunks; /* the table's part on them */
	uint32_t n_chunks;

	/* The span of small blocks that is being collected. */
	struct gram_list some[GRAM_KINDS];
	uint64_t some_bytes;
	uint32_t some_blocks;
};

struct bloom_build *bloom_build_new(enum bloom_what what)
{
	struct bloom_build *b;

	if (what == BLOOM_NONE)
		return NULL;
	b = mem_alloc(sizeof(*b));
	b->what = what;
	return b;
}

void bloom_build_free(struct bloom_build *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_matrices; i++) {
		free(b->matrix[i].bits);
		buf_release(&b->matrix[i].pages);
	}
	for (int k = 0; k < GRAM_KINDS; k++)
		gram_list_release(&b->some[k]);
	buf_release(&b->chunks);
	free(b->matrix);
	free(b->span);
	free(b);
}

/* ---- matrices ---- */

static uint64_t open_len(const struct matrix *m)
{
	return (uint64_t)m->groups * GROUP_ROWS * m->width;
}

/* As many as make about so many bits, in steps of an eighth to a quarter, so that columns of about
 * one length come to lie in one matrix. */
static uint64_t groups_for(uint64_t bits)
{
	uint64_t groups = (bits + GROUP_ROWS / 2) / GROUP_ROWS;
	unsigned step = 0;

	while (groups >> step >= 8)
		step++;
	if (step)
		groups = (groups + (UINT64_C(1) << step >> 1)) >> step << step;
	return groups ? groups : 1;
}

/* Appends the first n bits of the row to the page, which has `at` bits. */
static void add_row(char *page, size_t at, const char *row, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += 8, at += 8) {
		unsigned byte = (unsigned char)row[i / 8], shift = at % 8;

		page[at / 8] |= (char)(byte << shift);
		if (shift && byte >> (8 - shift))
			page[at / 8 + 1] |= (char)(byte >> (8 - shift));
	}
}

/* Puts the rows, as long as they have to be, and their checksums into its pages. */
static void close_matrix(struct bloom_build *b, struct matrix *m)
{
	uint32_t page_len = bloom_page_len(m->columns) - PAGE_CRC_LEN;
	const char *row = m->bits;

	for (uint32_t g = 0; g < m->groups; g++) {
		char *page = buf_reserve(&m->pages, page_len);

		memset(page, 0, page_len);
		for (size_t r = 0; r < GROUP_ROWS; r++, row += m->width)
			add_row(page, r * m->columns, row, m->columns);
		m->pages.n += page_len;
		wr_u32be(&m->pages, crc32c(page, page_len));
	}
	free(m->bits);
	m->bits = NULL;
	b->open_bytes -= open_len(m);
}

static void make_room(struct bloom_build *b, uint64_t n)
{
	while (b->open_bytes && b->open_bytes + n > BLOOM_OPEN_BYTES) {
		struct matrix *largest = NULL;

		for (size_t i = 0; i < b->n_matrices; i++) {
			struct matrix *m = &b->matrix[i];

			if (m->bits && (!largest || open_len(m) > open_len(largest)))
				largest = m;
		}
		close_matrix(b, largest);
	}
}

/* Makes the rows twice as long. */
static void widen(struct bloom_build *b, struct matrix *m)
{
	size_t n_rows = (size_t)m->groups * GROUP_ROWS;
	char *bits = mem_alloc(2 * open_len(m));

	for (size_t r = 0; r < n_rows; r++)
		memcpy(bits + r * 2 * m->width, m->bits + r * m->width, m->width);
	free(m->bits);
	m->bits = bits;
	b->open_bytes += open_len(m);
	m->width *= 2;
}

/* Whether it takes one column more; if not, it is closed. */
static bool has_room(struct bloom_build *b, struct matrix *m)
{
	if (m->columns < 8 * m->width)
		return true;
	if (b->open_bytes + open_len(m) <= BLOOM_OPEN_BYTES) {
		widen(b, m);
		return true;
	}
	close_matrix(b, m);
	return false;
}

/* The number of one with room for a column. */
static uint32_t find_matrix(struct bloom_build *b, uint8_t kinds, uint32_t groups)
{
	struct matrix *m;

	for (size_t i = b->n_matrices; i-- > 0;) {
		m = &b->matrix[i];
		if (m->bits && m->kinds == kinds && m->groups == groups && has_room(b, m))
			return (uint32_t)i;
	}
	mem_grow(&b->matrix, &b->cap_matrices, b->n_matrices + 1, sizeof(*b->matrix));
	m = &b->matrix[b->n_matrices];
	*m = (struct matrix){ .kinds = kinds, .groups = groups, .width = 1 };
	make_room(b, open_len(m));
	m->bits = mem_alloc(open_len(m));
	b->open_bytes += open_len(m);
	return (uint32_t)b->n_matrices++;
}

static void set_bits(struct matrix *m, uint32_t column, enum gram_kind kind, const uint64_t *v,
		     size_t n)
{
	char *at = m->bits + column / 8;
	char bit = (char)(1U << column % 8);
	size_t group_len = (size_t)GROUP_ROWS * m->width;

	for (size_t i = 0; i < n; i++) {
		char *group = at + bloom_group(v[i], m->groups) * group_len;

		for (unsigned k = 0; k < gram_rows[kind]; k++)
			group[(size_t)bloom_row(v[i], k) * m->width] |= bit;
	}
}

/* ---- spans ---- */

/* Values of some blocks, by kind. */
struct part {
	const uint64_t *v[GRAM_KINDS];
	size_t n[GRAM_KINDS];
};

static uint64_t groups_of(const struct part *part, size_t n_parts)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n_parts; i++)
		for (int k = 0; k < GRAM_KINDS; k++)
			bits += bloom_bits((enum gram_kind)k, part[i].n[k]);
	return groups_for(bits);
}

/* One span more, of the blocks of all parts. */
static void add_span(struct bloom_build *b, uint32_t blocks, uint8_t kinds, const struct part *part,
		     size_t n_parts)
{
	struct span *s;
	uint64_t groups = groups_of(part, n_parts);
	struct matrix *m;

	mem_grow(&b->span, &b->cap_spans, b->n_spans + 1, sizeof(*b->span));
	s = &b->span[b->n_spans++];
	*s = (struct span){ .blocks = blocks };
	if (kinds == 0 || groups > GROUPS_MAX)
		return;
	s->matrix = find_matrix(b, kinds, (uint32_t)groups) + 1;
	m = &b->matrix[s->matrix - 1];
	for (size_t i = 0; i < n_parts; i++)
		for (int k = 0; k < GRAM_KINDS; k++)
			set_bits(m, m->columns, (enum gram_kind)k, part[i].v[k], part[i].n[k]);
	if (++m->columns == COLUMNS_MAX)
		close_matrix(b, m);
}

static int cmp_values(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Its blocks have many values in common. */
static void drop_doubles(struct gram_list *l)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->v, l->n, sizeof(*l->v), cmp_values);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || l->v[i] != l->v[n - 1])
			l->v[n++] = l->v[i];
	l->n = n;
}

/* The kinds that a small block has. */
static uint8_t kinds_of(enum bloom_what what)
{
	uint8_t kinds = 1 << GRAM_LETTERS | 1 << GRAM_HEX | 1 << GRAM_ESCAPE;

	return what == BLOOM_FULL ? kinds | 1 << GRAM_REST : kinds;
}

/* Of a span with so many values of each kind, the kinds that are worth their bits: the dearer ones
 * are given up, and their n is 0 then. */
static uint8_t choose_kinds(const struct bloom_build *b, size_t n[GRAM_KINDS])
{
	uint8_t kinds = kinds_of(b->what);
	uint64_t bits = 0;

	for (int k = 0; k < GRAM_KINDS; k++)
		bits += bloom_bits((enum gram_kind)k, n[k]);
	while (kinds && !bloom_is_worth(b->what, bits, b->some_bytes)) {
		enum gram_kind drop =
			n[GRAM_HEX] && bloom_bits(GRAM_HEX, n[GRAM_HEX]) >
						bloom_bits(GRAM_LETTERS, n[GRAM_LETTERS])
				? GRAM_HEX
				: GRAM_LETTERS;

		if (kinds >> GRAM_REST & 1)
			drop = GRAM_REST;
		if (!(kinds >> drop & 1))
			return 0;
		bits -= bloom_bits(drop, n[drop]);
		kinds &= (uint8_t) ~(1U << drop);
		n[drop] = 0;
	}
	return kinds & (1U << GRAM_LETTERS | 1U << GRAM_HEX) ? kinds : 0;
}

/* What was collected, valid until it is forgotten. */
static struct part part_of_some(struct bloom_build *b)
{
	struct part ret;

	for (int k = 0; k < GRAM_KINDS; k++) {
		drop_doubles(&b->some[k]);
		ret.v[k] = b->some[k].v;
		ret.n[k] = b->some[k].n;
	}
	return ret;
}

static void forget_some(struct bloom_build *b)
{
	for (int k = 0; k < GRAM_KINDS; k++)
		b->some[k].n = 0;
	b->some_blocks = 0;
	b->some_bytes = 0;
}

static void end_some(struct bloom_build *b)
{
	struct part part;
	uint8_t kinds = 0;

	if (b->some_blocks == 0)
		return;
	part = part_of_some(b);
	if (b->some_bytes >= BLOOM_SPAN_MIN)
		kinds = choose_kinds(b, part.n);
	add_span(b, b->some_blocks, kinds, &part, 1);
	forget_some(b);
}

static void add_some(struct bloom_build *b, const struct bloom_values *v,
		     const struct bloom_block *block)
{
	if (b->some_bytes + block->bytes > BLOOM_SPAN_BYTES)
		end_some(b);
	for (int k = 0; k < GRAM_KINDS; k++) {
		struct gram_list *l = &b->some[k];

		if (!block->n[k])
			continue;
		mem_grow(&l->v, &l->cap, l->n + block->n[k], sizeof(*l->v));
		memcpy(l->v + l->n, v->of[k].v + block->first[k], block->n[k] * sizeof(*l->v));
		l->n += block->n[k];
	}
	b->some_blocks++;
	b->some_bytes += block->bytes;
}

/* Whether what was collected, which has too few bytes for a column of its own, can be in that of
 * the large block behind it: it has values of the block's kinds. */
static bool goes_along(const struct bloom_build *b, const struct bloom_block *block)
{
	return b->some_blocks && b->some_bytes < BLOOM_SPAN_MIN && block->kinds &&
	       !(block->kinds & ~kinds_of(b->what));
}

static void add_large(struct bloom_build *b, const struct bloom_values *v,
		      const struct bloom_block *block)
{
	struct part part[2];
	size_t n_parts = 1;

	for (int k = 0; k < GRAM_KINDS; k++) {
		part[0].v[k] = v->of[k].v + block->first[k];
		part[0].n[k] = block->n[k];
	}
	if (goes_along(b, block)) {
		part[1] = part_of_some(b);
		for (int k = 0; k < GRAM_KINDS; k++)
			if (!(block->kinds >> k & 1))
				part[1].n[k] = 0;
		n_parts = groups_of(part, 2) <= GROUPS_MAX ? 2 : 1;
	}
	if (n_parts == 2) {
		add_span(b, b->some_blocks + 1, block->kinds, part, 2);
		forget_some(b);
	} else {
		end_some(b);
		add_span(b, 1, block->kinds, part, 1);
	}
}

void bloom_build_chunk(struct bloom_build *b, uint32_t len, const struct bloom_values *v,
		       size_t first, size_t n)
{
	wr_uvarint(&b->chunks, len);
	wr_uvarint(&b->chunks, n);
	b->n_chunks++;
	for (size_t i = first; i < first + n; i++) {
		if (v->block[i].bytes >= BLOOM_SPAN_BYTES)
			add_large(b, v, &v->block[i]);
		else
			add_some(b, v, &v->block[i]);
	}
}

uint64_t bloom_build_bytes(const struct bloom_build *b)
{
	uint64_t sum = b->chunks.n;

	for (size_t i = 0; i < b->n_matrices; i++)
		sum += (uint64_t)b->matrix[i].groups * bloom_page_len(b->matrix[i].columns);
	return sum;
}

bool bloom_build_end(struct bloom_build *b, struct buf *table, struct buf *pages)
{
	end_some(b);
	if (b->n_matrices == 0)
		return false;
	wr_uvarint(table, b->n_matrices);
	for (size_t i = 0; i < b->n_matrices; i++) {
		struct matrix *m = &b->matrix[i];

		if (m->bits)
			close_matrix(b, m);
		wr_u8(table, m->kinds);
		wr_uvarint(table, m->groups);
		wr_uvarint(table, m->columns);
		buf_add_bytes(pages, buf_bytes(&m->pages));
		buf_release(&m->pages);
	}
	wr_uvarint(table, b->n_chunks);
	buf_add_bytes(table, buf_bytes(&b->chunks));
	wr_uvarint(table, b->n_spans);
	for (size_t i = 0; i < b->n_spans; i++) {
		wr_uvarint(table, b->span[i].blocks);
		wr_uvarint(table, b->span[i].matrix);
	}
	return true;
}
