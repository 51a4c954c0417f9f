#include "bloom/prove.h"

#include "bloom/format.h"

void bloom_prover_release(struct bloom_prover *p)
{
	gram_scratch_release(&p->scratch);
	gram_list_release(&p->values);
	*p = (struct bloom_prover){ 0 };
}

static bool has_value(const struct bloom_matrix *m, const char *pages, uint32_t column,
		      enum gram_kind kind, uint64_t value)
{
	const char *page =
		pages + m->off + (size_t)bloom_group(value, m->groups) * bloom_page_len(m->columns);

	for (unsigned k = 0; k < gram_rows[kind]; k++) {
		size_t bit = (size_t)bloom_row(value, k) * m->columns + column;

		if (!((unsigned char)page[bit / 8] >> bit % 8 & 1))
			return false;
	}
	return true;
}

int bloom_prove(struct bloom_prover *p, const struct bloom *f, struct bytes pages, uint64_t off,
		uint32_t block, struct bytes lines, struct bytes metadata, struct err *e)
{
	const struct bytes text[2] = { lines, metadata };
	const struct bloom_place *place = bloom_place_of(f, off, block);
	const struct bloom_matrix *m;
	size_t n = 0, lacks = 0;

	if (!place || place->matrix == BLOOM_NO_MATRIX)
		return 0;
	m = &f->matrix[place->matrix];
	for (int i = 0; i < 2; i++) {
		grams_begin(&p->scratch, text[i]);
		for (int k = 0; k < GRAM_KINDS; k++) {
			if (!(m->kinds >> k & 1))
				continue;
			p->values.n = 0;
			grams_add(&p->scratch, (enum gram_kind)k, &p->values);
			n += p->values.n;
			for (size_t v = 0; v < p->values.n; v++)
				lacks += !has_value(m, pages.p, place->column, (enum gram_kind)k,
						    p->values.v[v]);
		}
	}
	if (lacks == 0)
		return 0;
	return err_set(e, ERR_CORRUPT, "the filter rules it out for %zu of its %zu values", lacks,
		       n);
}
