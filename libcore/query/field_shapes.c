/* Fields of lines that are taken apart: of each shape a sample is read, and where its fields stand
 * they stand in each line. */
#include "query/keys.h"
#include "query/stage_shapes.h"

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

static struct shape_take plan_take(const struct shape_reading *r, const struct shape_slot *slot,
				   uint32_t key)
{
	const struct field_key *k = &r->f->key[key];

	return (struct shape_take){ .label = k->label,
				    .origin = k->origin,
				    .from = { .column = slot->column },
				    .class = slot->class,
				    .key = key,
				    .counts = k->counts,
				    .filter = k->filter };
}

/* What the parser takes of a sample it takes of each line of the shape. */
static void plan_shape(const struct shape_reading *r, const struct shape *sh,
		       struct shape_plan *ret)
{
	struct line_fields *f = r->f;
	const char **place;
	struct bytes line;

	ret->odd = shapes_whole_line(sh);
	if (ret->odd)
		return;
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
		if (!ret->odd)
			ret->take[ret->n++] = plan_take(r, &sh->slot[i], f->v[v].key);
	}
}

static int plan(struct shape_reading *r, const struct shape *sh, struct err *e)
{
	(void)e;
	r->f = fields_begin_block(r->s, r->b, r->how->before, r->how->behind);
	r->forgotten = r->f->forgotten;
	for (size_t k = 0; k < r->n_plans; k++)
		plan_shape(r, &sh[k], &r->plan[k]);
	/* Keys were so many that they were forgotten on the way. */
	for (size_t k = 0; k < r->n_plans && r->f->era != r->b->keys->era; k++)
		r->plan[k].odd = true;
	return 0;
}

static enum fields_step value_of(struct shape_reading *r, const struct shape_take *t,
				 struct bytes *v)
{
	return r->how->value(r->f, r->s, t->class, v);
}

static bool give(struct shape_reading *r, const struct shape_plan *p, uint32_t i, bool *ret_stays)
{
	enum fields_step step = FIELDS_GO_ON;
	struct line_fields *f = r->f;

	if (!fields_begin(r->s, r->b, i, r->how->before, r->how->behind) ||
	    f->forgotten != r->forgotten)
		return false;
	for (size_t k = 0; k < p->n && step == FIELDS_GO_ON; k++) {
		const struct shape_take *t = &p->take[k];
		struct bytes v = shape_source_value(&t->from, i);

		step = value_of(r, t, &v);
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

const struct shape_ops field_shapes = { plan, value_of, give };
