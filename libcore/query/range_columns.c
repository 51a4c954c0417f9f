#include "query/range_columns.h"

#include "base/near.h"
#include "query/stage_shapes.h"

enum { GROUPED_MAX = 4 }; /* labels of a group that are in columns */

/* Up to it a double has each whole number, and a quotient of two such numbers is rounded once: as a
 * text is that is read. */
static const uint64_t exact_max = UINT64_C(1) << 53;

static const double ten_to[] = { 1e0,  1e1,  1e2,  1e3,	 1e4,  1e5,  1e6,  1e7,	 1e8, 1e9,
				 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };

struct range_shape {
	/* Labels that make the group, of those in columns. */
	struct grouped {
		uint32_t label;
		struct shape_source from;
		struct bytes *value; /* by word; p NULL: it gives no label */
	} by[GROUPED_MAX];
	size_t n;
	uint32_t *group; /* by word, of several by all of them: number from 1; 0 not known yet */

	/* The value: by word, or of a number; with neither there is none. */
	struct shape_source from;
	const double *word;
	const char *has_word;
	struct shape_decimals number;
};

/* ---- what a shape has ---- */

static struct shape_take *find_take(const struct shape_plan *p, uint32_t label)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->take[i].label == label)
			return &p->take[i];
	return NULL;
}

/* The words of a column, no more than entries; false: it has none. */
static int find_words(const struct shape_reading *r, const struct shape_take *t, bool *ret,
		      struct err *e)
{
	struct shape_values v;

	*ret = false;
	if (t->join)
		return 0;
	if (shape_words(r->b->shapes, t->from.column, &v, e) < 0)
		return block_shapes_failed(r->b, e);
	*ret = v.word && v.n_words <= r->b->n_sel;
	return 0;
}

static int read_words(struct shape_reading *r, struct shape_take *t, struct err *e)
{
	struct shape_wanted all = { NULL, r->b->run.n };

	return shapes_read_take(r, &all, t, e);
}

/* What labels the words of a take give; false: one can only be told from its line. */
static bool make_values(struct shape_reading *r, const struct shape_take *t, struct bytes *value)
{
	const struct shape_values *v = t->from.values;

	for (size_t w = 0; w < v->n_words; w++) {
		value[w] = v->word[w];
		switch (r->how->ops->value(r, t, &value[w])) {
		case FIELDS_ENOUGH:
			if (!value[w].p)
				value[w] = BYTES_LIT("");
			break;
		case FIELDS_GO_ON:
			value[w] = (struct bytes){ 0 };
			break;
		default:
			return false;
		}
	}
	return true;
}

/* *ret: it is told from columns. */
static int read_group(struct shape_reading *r, const struct shape_plan *p,
		      const struct range_groups *g, struct range_shape *x, bool *ret, struct err *e)
{
	size_t n_groups = 1;

	*ret = false;
	for (size_t k = 0; k < g->by->n; k++) {
		struct shape_take *t = find_take(p, g->names[k]);
		struct grouped *by = &x->by[x->n];
		bool words;

		if (shapes_meta_has(r, g->names[k]))
			return 0;
		if (!t)
			continue; /* of the stream, or none */
		if (x->n++ == GROUPED_MAX)
			return 0;
		if (find_words(r, t, &words, e) < 0)
			return -1;
		if (!words)
			return 0;
		if (read_words(r, t, e) < 0)
			return -1;
		by->label = t->label;
		by->from = t->from;
		by->value = arena_alloc(&r->b->mem, t->from.values->n_words * sizeof(*by->value));
		if (!make_values(r, t, by->value))
			return 0;
		n_groups *= t->from.values->n_words;
		if (n_groups > r->b->n_sel)
			return 0;
	}
	x->group = arena_zalloc(&r->b->mem, n_groups * sizeof(*x->group));
	*ret = true;
	return 0;
}

/* By word; false: an error is to be shown with some label. */
static bool convert_words(struct shape_reading *r, const struct shape_take *t,
			  const struct unwrap *u, struct range_shape *x)
{
	size_t n = t->from.values->n_words;
	struct bytes *value = arena_alloc(&r->b->mem, n * sizeof(*value));
	double *word = arena_alloc(&r->b->mem, n * sizeof(*word));
	char *has = arena_zalloc(&r->b->mem, n);

	if (!make_values(r, t, value))
		return false;
	for (size_t w = 0; w < n; w++) {
		has[w] = value[w].n > 0;
		if (has[w] && !unwrap_convert(u, value[w], &word[w]))
			return false;
	}
	x->word = word;
	x->has_word = has;
	return true;
}

/* Numbers of a column, which may be that of a shape before. */
static int read_numbers(struct shape_reading *r, const struct range_shape *all,
			struct range_shape *x, struct err *e)
{
	for (const struct range_shape *before = all; before < x; before++) {
		if (before->number.number && before->from.column == x->from.column) {
			x->number = before->number;
			x->from = before->from;
			return 0;
		}
	}
	if (shape_decimals(r->b->shapes, x->from.column, exact_max, &x->number, e) < 0 ||
	    shape_rows(r->b->shapes, x->from.column, &x->from.row, e) < 0)
		return block_shapes_failed(r->b, e);
	return 0;
}

/* As read_group, of shape k. */
static int read_value(struct shape_reading *r, size_t k, const struct unwrap *u,
		      struct range_shape *all, bool *ret, struct err *e)
{
	const struct shape_plan *p = &r->plan[k];
	struct range_shape *x = &all[k];
	struct shape_take *t = find_take(p, u->name);
	bool words;

	*ret = false;
	if (u->n_filters || shapes_meta_has(r, u->name) || block_base_has(r->b, u->name))
		return 0;
	*ret = !t;
	if (!t)
		return 0;
	if (find_words(r, t, &words, e) < 0)
		return -1;
	if (words && read_words(r, t, e) < 0)
		return -1;
	x->from = t->from;
	if (words) {
		*ret = convert_words(r, t, u, x);
		return 0;
	}
	if (t->join || u->conv != LOGQL_CONV_NONE)
		return 0;
	if (read_numbers(r, all, x, e) < 0)
		return -1;
	*ret = x->number.number != NULL;
	return 0;
}

static int read_shapes(struct shape_reading *r, const struct range_groups *g,
		       const struct unwrap *u, struct range_shape *x, bool *ret, struct err *e)
{
	*ret = true;
	for (size_t k = 0; k < r->n_plans && *ret; k++) {
		if (read_group(r, &r->plan[k], g, &x[k], ret, e) < 0 ||
		    (*ret && u && read_value(r, k, u, x, ret, e) < 0))
			return -1;
	}
	return 0;
}

int range_columns_read(struct block *b, const struct range_groups *g, const struct unwrap *unwrap,
		       struct range_columns *ret, struct err *e)
{
	struct shape_reading *r = b->columns;
	struct range_shape *x;
	bool told;

	*ret = (struct range_columns){ .reading = r };
	x = arena_zalloc(&b->mem, r->n_plans * sizeof(*x));
	if (read_shapes(r, g, unwrap, x, &told, e) < 0)
		return -1;
	if (!told)
		return block_need_labels(b, e);
	ret->shape = x;
	return 0;
}

/* ---- entries ---- */

/* The number of the entry's word, of several of all of them together. */
static size_t word_of(const struct range_shape *x, uint32_t i)
{
	size_t ret = 0;

	for (size_t k = 0; k < x->n; k++) {
		const struct shape_source *from = &x->by[k].from;

		ret = ret * from->values->n_words +
		      shape_word(from->values, shape_source_row(from, i));
	}
	return ret;
}

/* With those of its labels by which groups are told, as if they had been made. */
static int64_t find_new(struct range_columns *c, const struct range_shape *x,
			struct range_groups *g, struct block *b, uint32_t i, struct err *e)
{
	struct elabel v[GROUPED_MAX];
	struct elabels el = { .v = v };
	int64_t id;

	for (size_t k = 0; k < x->n; k++) {
		const struct grouped *by = &x->by[k];
		struct bytes value =
			by->value[shape_word(by->from.values, shape_source_row(&by->from, i))];

		if (value.p)
			v[el.n++] = (struct elabel){ .value = value,
						     .name = by->label,
						     .kind = LABEL_PARSED };
	}
	if (!c->el)
		c->el = arena_alloc(&b->mem, b->run.n * sizeof(*c->el));
	c->el[i] = el;
	b->el = c->el;
	id = range_groups_find(g, b, i, e);
	b->el = NULL;
	return id;
}

int64_t range_columns_find(struct range_columns *c, struct range_groups *g, struct block *b,
			   uint32_t i, struct err *e)
{
	struct range_shape *x = &c->shape[shape_reading_shape(c->reading, i)];
	uint32_t *group = &x->group[word_of(x, i)];
	int64_t id;

	if (*group)
		return *group - 1;
	id = find_new(c, x, g, b, i, e);
	if (id >= 0)
		*group = (uint32_t)id + 1;
	return id;
}

bool range_columns_value(const struct range_columns *c, uint32_t i, double *ret)
{
	const struct range_shape *x = &c->shape[shape_reading_shape(c->reading, i)];
	size_t row = shape_source_row(&x->from, i);

	if (x->word) {
		size_t w = shape_word(x->from.values, row);

		*ret = x->word[w];
		return x->has_word[w];
	}
	if (!x->number.number)
		return false;
	*ret = (double)(x->number.least + x->number.number[row]) / ten_to[x->number.places];
	if (x->number.is_negative)
		*ret = -*ret;
	return true;
}
