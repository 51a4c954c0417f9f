#include "bloom/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/wr.h"
#include "bloom/format.h"

enum { OPEN_ROW_LEN = COLUMNS_MAX / 8 };

struct matrix {
	uint8_t kinds;
	uint32_t groups, columns;
	char *bits; /* rows of OPEN_ROW_LEN; NULL: it is full, and lies in pages */
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

static uint64_t open_len(uint32_t groups)
{
	return (uint64_t)groups * GROUP_ROWS * OPEN_ROW_LEN;
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
		for (size_t r = 0; r < GROUP_ROWS; r++, row += OPEN_ROW_LEN)
			add_row(page, r * m->columns, row, m->columns);
		m->pages.n += page_len;
		wr_u32be(&m->pages, crc32c(page, page_len));
	}
	free(m->bits);
	m->bits = NULL;
	b->open_bytes -= open_len(m->groups);
}

static void make_room(struct bloom_build *b, uint64_t n)
{
	while (b->open_bytes && b->open_bytes + n > BLOOM_OPEN_BYTES) {
		struct matrix *largest = NULL;

		for (size_t i = 0; i < b->n_matrices; i++) {
			struct matrix *m = &b->matrix[i];

			if (m->bits && (!largest || m->groups > largest->groups))
				largest = m;
		}
		close_matrix(b, largest);
	}
}

/* The number of one with room for a column. */
static uint32_t find_matrix(struct bloom_build *b, uint8_t kinds, uint32_t groups)
{
	struct matrix *m;

	for (size_t i = b->n_matrices; i-- > 0;) {
		m = &b->matrix[i];
		if (m->bits && m->kinds == kinds && m->groups == groups)
			return (uint32_t)i;
	}
	make_room(b, open_len(groups));
	mem_grow(&b->matrix, &b->cap_matrices, b->n_matrices + 1, sizeof(*b->matrix));
	m = &b->matrix[b->n_matrices];
	*m = (struct matrix){ .kinds = kinds, .groups = groups };
	m->bits = mem_alloc(open_len(groups));
	b->open_bytes += open_len(groups);
	return (uint32_t)b->n_matrices++;
}

static void set_bits(struct matrix *m, uint32_t column, enum gram_kind kind, const uint64_t *v,
		     size_t n)
{
	char *at = m->bits + column / 8;
	char bit = (char)(1U << column % 8);

	for (size_t i = 0; i < n; i++) {
		char *group = at + open_len(bloom_group(v[i], m->groups));

		for (unsigned k = 0; k < gram_rows[kind]; k++)
			group[(size_t)bloom_row(v[i], k) * OPEN_ROW_LEN] |= bit;
	}
}

/* ---- spans ---- */

/* One span more; values by kind, some of them NULL. */
static void add_span(struct bloom_build *b, uint32_t blocks, uint8_t kinds,
		     const uint64_t *const v[GRAM_KINDS], const size_t n[GRAM_KINDS])
{
	struct span *s;
	uint64_t bits = 0, groups;
	struct matrix *m;

	mem_grow(&b->span, &b->cap_spans, b->n_spans + 1, sizeof(*b->span));
	s = &b->span[b->n_spans++];
	*s = (struct span){ .blocks = blocks };
	for (int k = 0; k < GRAM_KINDS; k++)
		bits += bloom_bits((enum gram_kind)k, n[k]);
	groups = groups_for(bits);
	if (kinds == 0 || groups > GROUPS_MAX)
		return;
	s->matrix = find_matrix(b, kinds, (uint32_t)groups) + 1;
	m = &b->matrix[s->matrix - 1];
	for (int k = 0; k < GRAM_KINDS; k++)
		set_bits(m, m->columns, (enum gram_kind)k, v[k], n[k]);
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

static void end_some(struct bloom_build *b)
{
	const uint64_t *v[GRAM_KINDS];
	size_t n[GRAM_KINDS];
	uint8_t kinds = 0;

	if (b->some_blocks == 0)
		return;
	for (int k = 0; k < GRAM_KINDS; k++) {
		drop_doubles(&b->some[k]);
		v[k] = b->some[k].v;
		n[k] = b->some[k].n;
		b->some[k].n = 0;
	}
	if (b->some_bytes >= BLOOM_SPAN_MIN)
		kinds = choose_kinds(b, n);
	add_span(b, b->some_blocks, kinds, v, n);
	b->some_blocks = 0;
	b->some_bytes = 0;
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

static void add_large(struct bloom_build *b, const struct bloom_values *v,
		      const struct bloom_block *block)
{
	const uint64_t *values[GRAM_KINDS];
	size_t n[GRAM_KINDS];

	end_some(b);
	for (int k = 0; k < GRAM_KINDS; k++) {
		values[k] = v->of[k].v + block->first[k];
		n[k] = block->n[k];
	}
	add_span(b, 1, block->kinds, values, n);
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
