#include "query/stage_shapes.h"

#include "base/mem.h"
#include "query/keys.h"

/* Label filters that follow the parser at once, of one name each: as many as are asked before. */
enum { EARLY_MAX = 8 };

/* A field that is asked for, where it stands in a shape. */
struct take {
	uint32_t key;
	enum shape_class class;
	const struct filter *early; /* a line whose value it refuses will be out; or NULL */
	const struct shape_values *values;
	const uint32_t *row; /* by entry; NULL: entry i has value i */
	char *says; /* what early says of each word, 0 not asked yet; NULL: the values are no
		       words */
};

struct shape_plan {
	bool odd; /* its lines are to be put together */
	struct take *take;
	size_t n;
};

struct reading {
	const struct stage *s;
	struct block *b;
	const struct shape_parser *how;
	struct line_fields *f;
	const uint8_t *number; /* of each entry's shape; NULL: all have the first */
	struct shape_plan *plan;
	size_t n_plans;
	uint32_t forgotten;  /* by f, when the plans were made */
	uint32_t meta_label; /* the last one that metadata was asked for, and what it said */
	bool asked, meta_has;
};

/* A line of the shape, with short values; place[i] is where that of slot i stands. */
static struct bytes sample(struct block *b, const struct shape *sh, const char **place)
{
	static const struct bytes value[SHAPE_CLASSES] = {
		[SHAPE_QUOTED] = { "x", 1 },	[SHAPE_TOKEN] = { "0", 1 },
		[SHAPE_LIST] = { "[]", 2 },	[SHAPE_WORD] = { "x", 1 },
		[SHAPE_LINE] = { "", 0 },	[SHAPE_PLAIN] = { "x", 1 },
		[SHAPE_BRACKETED] = { "x", 1 },
	};
	size_t n = sh->end.n;
	char *line, *to;

	for (uint32_t i = 0; i < sh->n_slots; i++)
		n += sh->slot[i].before.n + value[sh->slot[i].class].n;
	line = to = arena_zalloc(&b->mem, n + NEAR_PAD);
	for (uint32_t i = 0; i < sh->n_slots; i++) {
		struct bytes v = value[sh->slot[i].class];

		memcpy(to, sh->slot[i].before.p, sh->slot[i].before.n);
		to += sh->slot[i].before.n;
		place[i] = to;
		memcpy(to, v.p, v.n);
		to += v.n;
	}
	memcpy(to, sh->end.p, sh->end.n);
	return bytes_of(line, n);
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

static int plan_take(const struct reading *r, const struct shape_slot *slot, uint32_t key,
		     struct take *ret, struct err *e)
{
	struct block *b = r->b;

	*ret = (struct take){ .key = key, .class = slot->class };
	if (shape_needs_time(b->shapes, slot->column) && block_need(b, WANT_TS, e) < 0)
		return -1;
	if (shape_column(b->shapes, slot->column, b->run.ts_ns, &ret->values, e) < 0 ||
	    shape_rows(b->shapes, slot->column, &ret->row, e) < 0)
		return -1;
	ret->early = find_early(r->s, r->f->key[key].label);
	return 0;
}

static bool has_whole_line(const struct shape *sh)
{
	for (uint32_t i = 0; i < sh->n_slots; i++)
		if (sh->slot[i].class == SHAPE_LINE)
			return true;
	return false;
}

/* What the parser takes of a sample it takes of each line of the shape. */
static int plan_shape(const struct reading *r, const struct shape *sh, struct shape_plan *ret,
		      struct err *e)
{
	struct line_fields *f = r->f;
	const char **place;
	struct bytes line;

	/* Such lines have nothing in common. */
	*ret = (struct shape_plan){ .odd = has_whole_line(sh) };
	if (ret->odd)
		return 0;
	place = arena_alloc(&r->b->mem, (sh->n_slots + 1) * sizeof(*place));
	line = sample(r->b, sh, place);
	fields_record(f);
	ret->odd = r->how->walk(f, r->s, line) != FIELDS_GO_ON;
	fields_recorded(f);
	ret->take = arena_alloc(&r->b->mem, (f->n_v + 1) * sizeof(*ret->take));
	for (uint32_t i = 0, v = 0; v < f->n_v && !ret->odd; v++) {
		while (i < sh->n_slots && place[i] != f->v[v].value.p)
			i++;
		ret->odd = i == sh->n_slots;
		if (!ret->odd &&
		    plan_take(r, &sh->slot[i], f->v[v].key, &ret->take[ret->n++], e) < 0)
			return -1;
	}
	return 0;
}

static int plan_shapes(struct reading *r, struct err *e)
{
	const struct shape *sh = shape_list(r->b->shapes, &r->n_plans);

	if (shape_numbers(r->b->shapes, &r->number, e) < 0)
		return -1;
	r->plan = arena_alloc(&r->b->mem, r->n_plans * sizeof(*r->plan));
	r->f = fields_begin_block(r->s, r->b, r->how->before, r->how->behind);
	r->forgotten = r->f->forgotten;
	for (size_t k = 0; k < r->n_plans; k++)
		if (plan_shape(r, &sh[k], &r->plan[k], e) < 0)
			return -1;
	/* Keys were so many that they were forgotten on the way. */
	for (size_t k = 0; k < r->n_plans && r->f->era != r->b->keys->era; k++)
		r->plan[k].odd = true;
	return 0;
}

static const struct shape_plan *plan_of(const struct reading *r, uint32_t i)
{
	return &r->plan[r->number ? r->number[i] : 0];
}

/* A line that a filter behind the parser is going to refuse need have no labels first. */
static bool refuses(struct reading *r, const struct take *t, struct bytes v)
{
	return r->how->value(r->f, r->s, t->class, &v) == FIELDS_ENOUGH &&
	       filter_ask(t->early, v, &r->b->gave_up) == FILTER_NO;
}

static bool is_refused(struct reading *r, const struct take *t, uint32_t i)
{
	enum { NOT_ASKED, REFUSED, STAYS };
	size_t row = t->row ? t->row[i] : i;
	char *says;

	if (!t->says)
		return refuses(r, t, shape_value(t->values, row));
	says = &t->says[t->values->index ? t->values->index[row] : 0];
	if (*says == NOT_ASKED)
		*says = refuses(r, t, shape_value(t->values, row)) ? REFUSED : STAYS;
	return *says == REFUSED;
}

static bool meta_has(struct reading *r, uint32_t label)
{
	if (!r->asked || r->meta_label != label)
		r->meta_has = block_meta_has(r->b, label);
	r->asked = true;
	r->meta_label = label;
	return r->meta_has;
}

/* The filters of a shape that can be asked early: of labels that nothing but the line gives, first
 * in its list. How many. */
static size_t find_early_takes(struct reading *r, const struct shape_plan *p,
			       struct take ret[EARLY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < EARLY_MAX && !p->odd; i++) {
		const struct take *t = &p->take[i];

		if (!t->early || meta_has(r, r->f->key[t->key].label))
			continue;
		ret[n] = *t;
		if (t->values->word)
			ret[n].says = arena_zalloc(&r->b->mem, t->values->n_words);
		n++;
	}
	return n;
}

static int drop_early(struct reading *r, struct err *e)
{
	struct block *b = r->b;
	struct early {
		struct take take[EARLY_MAX];
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
		const struct early *p = &of[r->number ? r->number[i] : 0];
		bool refused = false;

		for (size_t t = 0; t < p->n && !refused; t++)
			refused = is_refused(r, &p->take[t], i);
		sel[n] = i;
		n += !refused;
	}
	b->n_sel = n;
	return 0;
}

/* The fields of entry i become labels, if that is plain; false: it is not, and nothing was done. */
static bool take_fields(struct reading *r, uint32_t i, bool *ret_stays)
{
	const struct shape_plan *p = plan_of(r, i);
	enum fields_step step = FIELDS_GO_ON;
	struct line_fields *f = r->f;

	if (p->odd || !fields_begin(r->s, r->b, i, r->how->before, r->how->behind) ||
	    f->forgotten != r->forgotten)
		return false;
	for (size_t k = 0; k < p->n && step == FIELDS_GO_ON; k++) {
		const struct take *t = &p->take[k];
		struct bytes v = shape_value(t->values, t->row ? t->row[i] : i);

		step = r->how->value(f, r->s, t->class, &v);
		if (step == FIELDS_ENOUGH)
			step = fields_take(f, t->key, v);
	}
	if (step == FIELDS_ODD)
		return false;
	*ret_stays = step != FIELDS_REFUSED;
	if (*ret_stays)
		fields_set_labels(f, i);
	return true;
}

int shapes_extract(const struct stage *s, struct block *b, const struct shape_parser *how,
		   stage_extract_fn *extract, struct err *e)
{
	struct reading r = { .s = s, .b = b, .how = how };
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

		if (!hints_all_found(h, b, i) && !take_fields(&r, i, &stays)) {
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
