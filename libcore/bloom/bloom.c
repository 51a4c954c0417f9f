#include "bloom/bloom.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rd.h"
#include "bloom/format.h"

/* ---- the table ---- */

static int parse_matrices(struct rd *rd, struct arena *a, struct bloom *f, struct err *e)
{
	f->n_matrices = rd_uvarint_max(rd, rd_left(rd) / 3);
	f->matrix = arena_alloc(a, (f->n_matrices + 1) * sizeof(*f->matrix));
	for (size_t i = 0; i < f->n_matrices; i++) {
		struct bloom_matrix *m = &f->matrix[i];

		m->kinds = rd_u8(rd);
		m->groups = (uint32_t)rd_uvarint_max(rd, GROUPS_MAX);
		m->columns = (uint32_t)rd_uvarint_max(rd, COLUMNS_MAX);
		if (rd->failed || m->groups == 0 || m->columns == 0)
			return err_set(e, ERR_CORRUPT, "filter: matrix %zu: bad size", i);
		if (m->kinds >> GRAM_KINDS)
			return err_set(e, ERR_VERSION, "filter with unknown kinds %02x", m->kinds);
		m->off = f->pages_len;
		f->pages_len += (uint64_t)m->groups * bloom_page_len(m->columns);
	}
	return 0;
}

/* Of a block, at least: a row of its chunk's block table. */
enum { BLOCK_BYTES_MIN = 20 };

static int parse_chunks(struct rd *rd, uint64_t chunks_len, struct arena *a, struct bloom *f,
			struct err *e)
{
	uint64_t off = 0, n_blocks = 0;

	f->n_chunks = rd_uvarint_max(rd, rd_left(rd) / 2);
	f->chunk = arena_alloc(a, (f->n_chunks + 1) * sizeof(*f->chunk));
	for (size_t i = 0; i < f->n_chunks; i++) {
		f->chunk[i] = (struct bloom_chunk){ off, (uint32_t)n_blocks };
		off += rd_uvarint_max(rd, UINT32_MAX);
		n_blocks += rd_uvarint_max(rd, UINT32_MAX);
		if (rd->failed || off > chunks_len || n_blocks > off / BLOCK_BYTES_MIN)
			return err_set(e, ERR_CORRUPT, "filter: chunk %zu: bad length", i);
	}
	f->chunk[f->n_chunks] = (struct bloom_chunk){ off, (uint32_t)n_blocks };
	f->n_blocks = n_blocks;
	return 0;
}

static int parse_spans(struct rd *rd, struct arena *a, struct bloom *f, struct err *e)
{
	uint64_t n_spans = rd_uvarint_max(rd, rd_left(rd) / 2), at = 0;
	uint32_t *columns = arena_zalloc(a, (f->n_matrices + 1) * sizeof(*columns));

	for (uint64_t i = 0; i < n_spans; i++) {
		uint64_t n = rd_uvarint_max(rd, f->n_blocks - at);
		uint64_t matrix = rd_uvarint_max(rd, f->n_matrices);
		struct bloom_place p = { BLOOM_NO_MATRIX, 0 };

		if (rd->failed || n == 0)
			return err_set(e, ERR_CORRUPT, "filter: span %llu: bad",
				       (unsigned long long)i);
		if (matrix)
			p = (struct bloom_place){ (uint32_t)matrix - 1, columns[matrix - 1]++ };
		if (matrix && p.column >= f->matrix[p.matrix].columns)
			return err_set(e, ERR_CORRUPT, "filter: span %llu: no such column",
				       (unsigned long long)i);
		for (; n; n--)
			f->place[at++] = p;
	}
	if (rd->failed || at != f->n_blocks)
		return err_set(e, ERR_CORRUPT, "filter: %llu blocks of %zu have a place",
			       (unsigned long long)at, f->n_blocks);
	return 0;
}

int bloom_parse(struct bytes table, uint64_t chunks_len, struct arena *a, struct bloom *ret,
		struct err *e)
{
	struct rd rd = rd_init(table);
	struct bloom f = { 0 };

	if (parse_matrices(&rd, a, &f, e) < 0 || parse_chunks(&rd, chunks_len, a, &f, e) < 0)
		return -1;
	if (rd.failed || f.n_blocks > UINT32_MAX)
		return err_set(e, ERR_CORRUPT, "filter: bad at byte %zu of its table", rd.off);
	f.place = arena_alloc(a, (f.n_blocks + 1) * sizeof(*f.place));
	if (parse_spans(&rd, a, &f, e) < 0)
		return -1;
	*ret = f;
	return 0;
}

/* ---- the answer ---- */

struct asking {
	size_t values_max;
	bloom_page_fn *page;
	void *data;
};

/* How far apart the values of a list are that are looked at. */
static size_t step_of(const struct gram_list *l, size_t values_max)
{
	return (l->n + values_max - 1) / values_max;
}

typedef uint64_t columns[BLOOM_COLUMN_WORDS];

static int get_page(const struct asking *q, const struct bloom_matrix *m, uint32_t group,
		    struct bytes *ret, struct err *e)
{
	uint32_t n = bloom_page_len(m->columns);
	uint64_t off = m->off + (uint64_t)group * n;
	struct rd crc;

	if (q->page(q->data, off, n, ret, e) < 0)
		return -1;
	crc = rd_init(bytes_sub(*ret, n - PAGE_CRC_LEN, PAGE_CRC_LEN));
	if (ret->n == n && rd_u32be(&crc) == crc32c(ret->p, n - PAGE_CRC_LEN))
		return 0;
	return err_set(e, ERR_CORRUPT, "filter: page at %llu: crc32c mismatch",
		       (unsigned long long)off);
}

/* Up to 64 bits of the page that begin at bit `at`; what lies behind them is of no account. */
static uint64_t bits_at(struct bytes page, size_t at)
{
	unsigned char in[9] = { 0 };
	size_t off = at / 8, n = page.n - off < sizeof(in) ? page.n - off : sizeof(in);
	uint64_t low;

	memcpy(in, page.p + off, n);
	memcpy(&low, in, sizeof(low));
	return at % 8 ? low >> at % 8 | (uint64_t)in[8] << (64 - at % 8) : low;
}

/* Takes the columns out that lack the value. */
static int ask_value(const struct asking *q, const struct bloom_matrix *m, enum gram_kind kind,
		     uint64_t value, columns may, struct err *e)
{
	struct bytes page;

	if (get_page(q, m, bloom_group(value, m->groups), &page, e) < 0)
		return -1;
	for (unsigned k = 0; k < gram_rows[kind]; k++) {
		size_t at = (size_t)bloom_row(value, k) * m->columns;

		for (uint32_t i = 0; i < m->columns; i += 64)
			may[i / 64] &= bits_at(page, at + i);
	}
	return 0;
}

static void all_of(const struct bloom_matrix *m, columns ret)
{
	for (uint32_t i = 0; i < BLOOM_COLUMN_WORDS; i++) {
		uint32_t left = m->columns > i * 64 ? m->columns - i * 64 : 0;

		ret[i] = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
	}
}

static bool is_none(const columns c)
{
	return !(c[0] | c[1] | c[2] | c[3]);
}

static int ask_text(const struct asking *q, const struct bloom_matrix *m,
		    const struct bloom_text *t, columns ret, struct err *e)
{
	all_of(m, ret);
	for (int k = 0; k < GRAM_KINDS; k++) {
		const struct gram_list *l = &t->of[k];
		size_t step = step_of(l, q->values_max);

		for (size_t i = 0; i < l->n && m->kinds >> k & 1 && !is_none(ret); i += step)
			if (ask_value(q, m, (enum gram_kind)k, l->v[i], ret, e) < 0)
				return -1;
	}
	return 0;
}

static int ask_matrix(const struct asking *q, const struct bloom_matrix *m,
		      const struct bloom_ask *ask, columns may, struct err *e)
{
	all_of(m, may);
	for (size_t i = 0; i < ask->n && !is_none(may); i++) {
		columns any = { 0 };

		for (size_t k = 0; k < ask->v[i].n; k++) {
			columns one;

			if (ask_text(q, m, &ask->v[i].v[k], one, e) < 0)
				return -1;
			for (int w = 0; w < BLOOM_COLUMN_WORDS; w++)
				any[w] |= one[w];
		}
		for (int w = 0; w < BLOOM_COLUMN_WORDS; w++)
			may[w] &= any[w];
	}
	return 0;
}

int bloom_answer(const struct bloom *f, const struct bloom_ask *ask, size_t values_max,
		 bloom_page_fn *page, void *data, struct arena *a, struct bloom_answer *ret,
		 struct err *e)
{
	const struct asking q = { values_max, page, data };

	ret->column = arena_alloc(a, (f->n_matrices + 1) * sizeof(*ret->column));
	for (size_t i = 0; i < f->n_matrices; i++)
		if (ask_matrix(&q, &f->matrix[i], ask, ret->column[i], e) < 0)
			return -1;
	return 0;
}

/* ---- which pages ---- */

static void add_pages(const struct bloom_matrix *m, const struct bloom_text *t, size_t values_max,
		      struct bloom_pages *ret)
{
	uint32_t n = bloom_page_len(m->columns);

	for (int k = 0; k < GRAM_KINDS; k++) {
		const struct gram_list *l = &t->of[k];

		for (size_t i = 0; i < l->n && m->kinds >> k & 1; i += step_of(l, values_max)) {
			uint32_t group = bloom_group(l->v[i], m->groups);

			mem_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(*ret->v));
			ret->v[ret->n++] = (struct bloom_page){ m->off + (uint64_t)group * n, n };
		}
	}
}

static int cmp_pages(const void *a, const void *b)
{
	const struct bloom_page *x = a, *y = b;

	return (x->off > y->off) - (x->off < y->off);
}

void bloom_pages_add(const struct bloom *b, const struct bloom_ask *ask, size_t values_max,
		     struct bloom_pages *ret)
{
	size_t n = 0;

	for (size_t m = 0; m < b->n_matrices; m++)
		for (size_t i = 0; i < ask->n; i++)
			for (size_t k = 0; k < ask->v[i].n; k++)
				add_pages(&b->matrix[m], &ask->v[i].v[k], values_max, ret);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_pages);
	for (size_t i = 0; i < ret->n; i++)
		if (n == 0 || ret->v[i].off != ret->v[n - 1].off)
			ret->v[n++] = ret->v[i];
	ret->n = n;
}

/* ---- blocks ---- */

/* The chunk that begins there, or NULL. */
static const struct bloom_chunk *find_chunk(const struct bloom *f, uint64_t off)
{
	size_t lo = 0, hi = f->n_chunks;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->chunk[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->n_chunks && f->chunk[lo].off == off ? &f->chunk[lo] : NULL;
}

const struct bloom_place *bloom_place_of(const struct bloom *f, uint64_t off, uint32_t block)
{
	const struct bloom_chunk *c = find_chunk(f, off);

	return c && block < c[1].first - c->first ? &f->place[c->first + block] : NULL;
}

static bool may_hold(const struct bloom_answer *answer, const struct bloom_place *p)
{
	return p->matrix == BLOOM_NO_MATRIX ||
	       (answer->column[p->matrix][p->column / 64] >> p->column % 64 & 1);
}

bool bloom_may(const struct bloom *f, const struct bloom_answer *answer, uint64_t off,
	       uint32_t block)
{
	const struct bloom_place *p = answer->column ? bloom_place_of(f, off, block) : NULL;

	return !p || may_hold(answer, p);
}

bool bloom_may_any(const struct bloom *f, const struct bloom_answer *answer, uint64_t off,
		   uint32_t n)
{
	const struct bloom_chunk *c = answer->column ? find_chunk(f, off) : NULL;

	if (!c || n > c[1].first - c->first)
		return true;
	for (uint32_t i = 0; i < n; i++)
		if (may_hold(answer, &f->place[c->first + i]))
			return true;
	return false;
}

int bloom_check(const struct bloom *f, bloom_page_fn *page, void *data, struct err *e)
{
	const struct asking q = { 0, page, data };
	struct bytes got;

	for (size_t i = 0; i < f->n_matrices; i++)
		for (uint32_t g = 0; g < f->matrix[i].groups; g++)
			if (get_page(&q, &f->matrix[i], g, &got, e) < 0)
				return -1;
	return 0;
}
