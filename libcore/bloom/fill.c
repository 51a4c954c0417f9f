#include "bloom/fill.h"

#include "bloom/format.h"

static const char *const kind_name[] = {
	[GRAM_LETTERS] = "letters", [GRAM_SPARSE] = "sparse", [GRAM_HEX] = "hex",
	[GRAM_REST] = "rest",	    [GRAM_ESCAPE] = "escape",
};

const char *bloom_kind_name(enum gram_kind kind)
{
	return kind_name[kind];
}

uint64_t bloom_matrix_bytes(const struct bloom_matrix *m)
{
	return (uint64_t)m->groups * bloom_page_len(m->columns);
}

static double power(double x, unsigned n)
{
	double v = 1;

	while (n-- > 0)
		v *= x;
	return v;
}

/* Adds to n, by column, how many of its rows in a page are set. */
static void count_page(struct bytes page, uint32_t columns, uint32_t *n)
{
	uint32_t column = 0;

	for (size_t at = 0; at < page.n - PAGE_CRC_LEN; at++) {
		for (unsigned bits = (unsigned char)page.p[at]; bits; bits &= bits - 1) {
			uint32_t c = column + (uint32_t)__builtin_ctz(bits);

			n[c % columns]++;
		}
		column = (column + 8) % columns;
	}
}

/* Sums over columns. */
struct sums {
	double bits, set;
	double pass[GRAM_KINDS], pass_text;
};

static void add_columns(struct sums *s, const struct bloom_matrix *m,
			const double pass[COLUMNS_MAX][GRAM_KINDS])
{
	for (uint32_t c = 0; c < m->columns; c++) {
		for (int k = 0; k < GRAM_KINDS; k++)
			if (m->kinds >> k & 1)
				s->pass[k] += pass[c][k] / m->groups;
		if (m->kinds >> GRAM_LETTERS & 1)
			s->pass_text += power(pass[c][GRAM_LETTERS] / m->groups, BLOOM_FILL_VALUES);
	}
}

/* A value lies in any group alike, and its rows there are any: so it passes a column by as large a
 * part of the group's rows as are set, once for each row of the value. Returns the part of all its
 * bits that are set. */
static double add_matrix(struct sums *s, const struct bloom_matrix *m, struct bytes pages)
{
	double pass[COLUMNS_MAX][GRAM_KINDS] = { 0 };
	double bits = (double)m->groups * GROUP_ROWS * m->columns, set = 0;
	uint32_t len = bloom_page_len(m->columns);

	for (uint32_t g = 0; g < m->groups; g++) {
		uint32_t n[COLUMNS_MAX] = { 0 };

		count_page(bytes_sub(pages, m->off + (size_t)g * len, len), m->columns, n);
		for (uint32_t c = 0; c < m->columns; c++) {
			set += n[c];
			for (int k = 0; k < GRAM_KINDS; k++)
				pass[c][k] += power((double)n[c] / GROUP_ROWS, gram_rows[k]);
		}
	}
	add_columns(s, m, pass);
	s->bits += bits;
	s->set += set;
	return set / bits;
}

/* Blocks of one column follow one another. */
static void count_blocks(const struct bloom *f, struct bloom_fill *ret)
{
	for (size_t i = 0, end; i < f->n_blocks; i = end) {
		const struct bloom_place *p = &f->place[i];
		size_t *n;

		for (end = i + 1; end < f->n_blocks && f->place[end].matrix == p->matrix &&
				  f->place[end].column == p->column;)
			end++;
		n = end == i + 1 ? &ret->own : &ret->shared;
		*(p->matrix == BLOOM_NO_MATRIX ? &ret->without : n) += end - i;
	}
}

void bloom_fill(const struct bloom *f, struct bytes pages, struct arena *a, struct bloom_fill *ret)
{
	struct sums s = { 0 };

	*ret = (struct bloom_fill){
		.set_of = arena_zalloc(a, (f->n_matrices + 1) * sizeof(*ret->set_of)),
	};
	for (size_t i = 0; i < f->n_matrices; i++) {
		const struct bloom_matrix *m = &f->matrix[i];

		ret->set_of[i] = add_matrix(&s, m, pages);
		ret->columns += m->columns;
		for (int k = 0; k < GRAM_KINDS; k++)
			ret->columns_of[k] += m->kinds >> k & 1 ? m->columns : 0;
	}
	count_blocks(f, ret);
	ret->set = s.bits > 0 ? s.set / s.bits : 0;
	for (int k = 0; k < GRAM_KINDS; k++)
		if (ret->columns_of[k])
			ret->pass[k] = s.pass[k] / (double)ret->columns_of[k];
	if (ret->columns_of[GRAM_LETTERS])
		ret->pass_text = s.pass_text / (double)ret->columns_of[GRAM_LETTERS];
}
