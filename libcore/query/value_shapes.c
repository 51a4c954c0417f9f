/* The values of columns of lines that are taken apart: of all entries, or of those few that are
 * left. */
#include "query/stage_shapes.h"

/* Of fewer entries than one in so many values are read for these alone, where that is quicker. */
enum { FEW = 4 };

int shapes_values(struct block *b, uint32_t column, const struct shape_values **ret, struct err *e)
{
	if (shape_needs_time(b->shapes, column) && block_need(b, WANT_TS, e) < 0)
		return -1;
	if (shape_column(b->shapes, column, b->run.ts_ns, ret, e) < 0)
		return block_shapes_failed(b, e);
	return 0;
}

int shapes_read_numbers(struct shape_reading *r, struct err *e)
{
	if (shape_numbers(r->b->shapes, &r->number, e) < 0)
		return block_shapes_failed(r->b, e);
	return 0;
}

/* The values that were picked, one for each of the entries that have one: elsewhere, since of the
 * block's lines others may be picked next. */
static struct shape_source copy_few(struct block *b, const struct shape_values *v,
				    const struct shape_wanted *w, const uint32_t *pick, size_t n,
				    const uint32_t *value_of)
{
	struct shape_values *ret = arena_zalloc(&b->mem, sizeof(*ret));
	uint32_t *index = arena_alloc(&b->mem, (b->run.n + 1) * sizeof(*index));
	struct bytes *word = arena_alloc(&b->mem, (n + 1) * sizeof(*word));
	size_t len = 0;
	char *to;

	for (size_t k = 0; k < n; k++)
		len += shape_value(v, pick[k]).n;
	to = arena_zalloc(&b->mem, len + NEAR_PAD);
	for (size_t k = 0; k < n; k++) {
		struct bytes from = shape_value(v, pick[k]);

		word[k] = bytes_of(to, from.n);
		if (from.n)
			memcpy(to, from.p, from.n);
		to += from.n;
	}
	for (size_t k = 0; k < w->n; k++)
		index[w->entry[k]] = value_of[k];
	*ret = (struct shape_values){ .n = b->run.n, .word = word, .n_words = n, .index = index };
	return (struct shape_source){ .values = ret };
}

static int read_few(struct shape_reading *r, const struct shape_wanted *w,
		    struct shape_source *from, struct err *e)
{
	struct block *b = r->b;
	uint32_t column = from->column, *pick = arena_alloc(&b->mem, (w->n + 1) * sizeof(*pick)),
		 *value_of = arena_alloc(&b->mem, (w->n + 1) * sizeof(*value_of));
	const struct shape_values *v = NULL;
	bool has[SHAPE_MAX];
	const uint32_t *row;
	uint32_t n = 0;

	if (shape_needs_time(b->shapes, column) && block_need(b, WANT_TS, e) < 0)
		return -1;
	if (shape_rows(b->shapes, column, &row, e) < 0)
		return block_shapes_failed(b, e);
	shape_having(b->shapes, column, has);
	for (size_t k = 0; k < w->n; k++) {
		uint32_t i = w->entry[k];

		pick[n] = row ? row[i] : i;
		value_of[k] = n;
		n += has[shape_reading_shape(r, i)];
	}
	if (n && shape_column_picked(b->shapes, column, pick, n, b->run.ts_ns, &v, e) < 0)
		return block_shapes_failed(b, e);
	if (!r->few)
		r->few = arena_zalloc(&b->mem, shape_n_columns(b->shapes) * sizeof(*r->few));
	r->few[column] = copy_few(b, v, w, pick, n, value_of);
	r->few[column].column = column;
	return 0;
}

static int read_source(struct shape_reading *r, const struct shape_wanted *w,
		       struct shape_source *from, struct err *e)
{
	struct block *b = r->b;

	if (from->values)
		return 0;
	if (w->n < b->run.n / FEW && shape_can_pick(b->shapes, from->column)) {
		if (!(r->few && r->few[from->column].values) && read_few(r, w, from, e) < 0)
			return -1;
		*from = r->few[from->column];
		return 0;
	}
	if (shapes_values(b, from->column, &from->values, e) < 0)
		return -1;
	if (shape_rows(b->shapes, from->column, &from->row, e) < 0)
		return block_shapes_failed(b, e);
	return 0;
}

int shapes_read_take(struct shape_reading *r, const struct shape_wanted *w, struct shape_take *t,
		     struct err *e)
{
	if (!t->join)
		return read_source(r, w, &t->from, e);
	for (size_t i = 0; i < t->join->n; i++)
		if (read_source(r, w, &t->join->part[i].from, e) < 0)
			return -1;
	return 0;
}
