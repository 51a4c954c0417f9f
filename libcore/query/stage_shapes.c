#include "query/stage_shapes.h"

/* Label filters that follow the parser at once, of one name each: as many as are asked before. */
enum { EARLY_MAX = 8 };

int shapes_values(struct block *b, uint32_t column, const struct shape_values **ret, struct err *e)
{
	if (shape_needs_time(b->shapes, column) && block_need(b, WANT_TS, e) < 0)
		return -1;
	if (shape_column(b->shapes, column, b->run.ts_ns, ret, e) < 0)
		return block_shapes_failed(b, e);
	return 0;
}

int shapes_source(struct block *b, uint32_t column, struct shape_source *ret, struct err *e)
{
	if (shapes_values(b, column, &ret->values, e) < 0)
		return -1;
	return shape_rows(b->shapes, column, &ret->row, e);
}

bool shapes_whole_line(const struct shape *sh)
{
	for (uint32_t i = 0; i < sh->n_slots; i++)
		if (sh->slot[i].class == SHAPE_LINE)
			return true;
	return false;
}

/* None that lets through what has an error: whether there is one is known only in its turn. */
static const struct filter *find_early(const struct stage *s, uint32_t label)
{
	const struct pipeline *p = s->pipeline;
	size_t at = (size_t)(s - p->stage) + 1;
	uint32_t name;

	for (size_t i = at; i < p->n_stages && i < at + EARLY_MAX; i++) {
		if (p->stage[i].ops != &stage_label_filter ||
		    !filter_one_name(p->stage[i].state, &name))
			break;
		if (name == label && !filter_looks_at_errors(p->stage[i].state))
			return p->stage[i].state;
	}
	return NULL;
}

static int plan_shapes(struct shape_reading *r, struct err *e)
{
	const struct shape *sh = shape_list(r->b->shapes, &r->n_plans);

	if (shape_numbers(r->b->shapes, &r->number, e) < 0)
		return block_shapes_failed(r->b, e);
	r->plan = arena_zalloc(&r->b->mem, r->n_plans * sizeof(*r->plan));
	if (r->how->ops->plan(r, sh, e) < 0)
		return -1;
	for (size_t k = 0; k < r->n_plans; k++)
		for (size_t t = 0; t < r->plan[k].n && !r->plan[k].odd; t++)
			r->plan[k].take[t].early = find_early(r->s, r->plan[k].take[t].label);
	return 0;
}

static size_t shape_of(const struct shape_reading *r, uint32_t i)
{
	return r->number ? r->number[i] : 0;
}

/* A line that a filter behind the parser is going to refuse need have no labels first. */
static bool refuses(struct shape_reading *r, const struct shape_take *t, struct bytes v)
{
	return r->how->ops->value(r, t, &v) == FIELDS_ENOUGH &&
	       filter_ask(t->early, v, &r->b->gave_up) == FILTER_NO;
}

static bool is_refused(struct shape_reading *r, const struct shape_take *t, uint32_t i)
{
	enum { NOT_ASKED, REFUSED, STAYS };
	size_t row = shape_source_row(&t->from, i);
	const struct shape_values *values = t->from.values;
	char *says;

	if (!t->says)
		return refuses(r, t, shape_value(values, row));
	says = &t->says[values->index ? values->index[row] : 0];
	if (*says == NOT_ASKED)
		*says = refuses(r, t, shape_value(values, row)) ? REFUSED : STAYS;
	return *says == REFUSED;
}

static bool meta_has(struct shape_reading *r, uint32_t label)
{
	if (!r->asked || r->meta_label != label)
		r->meta_has = block_meta_has(r->b, label);
	r->asked = true;
	r->meta_label = label;
	return r->meta_has;
}

/* The filters of a shape that can be asked early: of labels that nothing but the line gives, first
 * in its list. How many. */
static size_t find_early_takes(struct shape_reading *r, const struct shape_plan *p,
			       struct shape_take ret[EARLY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < EARLY_MAX && !p->odd; i++) {
		const struct shape_take *t = &p->take[i];

		if (!t->early || t->join || meta_has(r, t->label))
			continue;
		ret[n] = *t;
		if (t->from.values->word)
			ret[n].says = arena_zalloc(&r->b->mem, t->from.values->n_words);
		n++;
	}
	return n;
}

static int drop_early(struct shape_reading *r, struct err *e)
{
	struct block *b = r->b;
	struct early {
		struct shape_take take[EARLY_MAX];
		size_t n;
	} * of;
	bool any = false;
	uint32_t *sel;
	size_t n = 0;

	if (b->el) /* stages before may have given labels */
		return 0;
	if (block_need(b, WANT_META, e) < 0)
		return -1;
	of = arena_alloc(&b->mem, r->n_plans * sizeof(*of));
	for (size_t k = 0; k < r->n_plans; k++) {
		of[k].n = find_early_takes(r, &r->plan[k], of[k].take);
		any |= of[k].n > 0;
	}
	if (!any)
		return 0;
	sel = block_sel_list(b);
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = sel[k];
		const struct early *p = &of[shape_of(r, i)];
		bool refused = false;

		for (size_t t = 0; t < p->n && !refused; t++)
			refused = is_refused(r, &p->take[t], i);
		sel[n] = i;
		n += !refused;
	}
	b->n_sel = n;
	return 0;
}

/* The labels of entry i, if its line is plain; false: it is not, and nothing was done. */
static bool give(struct shape_reading *r, uint32_t i, bool *ret_stays)
{
	const struct shape_plan *p = &r->plan[shape_of(r, i)];

	return !p->odd && r->how->ops->give(r, p, i, ret_stays);
}

int shapes_extract(const struct stage *s, struct block *b, const struct shape_parser *how,
		   stage_extract_fn *extract, struct err *e)
{
	struct shape_reading r = { .s = s, .b = b, .how = how };
	const struct hints *h = &s->pipeline->hints;
	uint32_t *kept, *sel;
	size_t n = 0;

	if (plan_shapes(&r, e) < 0 || drop_early(&r, e) < 0 || block_need_labels(b, e) < 0)
		return -1;
	sel = block_sel_list(b);
	kept = arena_alloc(&b->mem,
			   (b->n_sel + 1) * sizeof(*kept)); /* sel says what is put together */
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = sel[k];
		bool stays = true;

		if (!hints_all_found(h, b, i) && !give(&r, i, &stays)) {
			if (block_need(b, WANT_LENS | WANT_LINES, e) < 0)
				return -1;
			stays = extract(s, b, i);
		}
		if (stays)
			kept[n++] = i;
	}
	memcpy(sel, kept, n * sizeof(*kept));
	b->n_sel = n;
	return 0;
}
