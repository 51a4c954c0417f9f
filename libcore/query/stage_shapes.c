#include "query/stage_shapes.h"

/* Of fewer entries labels are made at once. */
enum { LABELS_MIN = 16 };

bool shapes_whole_line(const struct shape *sh)
{
	for (uint32_t i = 0; i < sh->n_slots; i++)
		if (sh->slot[i].class == SHAPE_LINE)
			return true;
	return false;
}

static int plan_shapes(struct shape_reading *r, struct err *e)
{
	const struct shape *sh = shape_list(r->b->shapes, &r->n_plans);

	r->plan = arena_zalloc(&r->b->mem, r->n_plans * sizeof(*r->plan));
	return r->how->ops->plan(r, sh, e);
}

bool shapes_meta_has(const struct shape_reading *r, uint32_t label)
{
	for (size_t i = 0; i < r->n_meta_labels; i++)
		if (r->meta_label[i] == label)
			return true;
	return false;
}

/* ---- labels ---- */

static bool is_settled(const struct shape_reading *r, const struct filter *f)
{
	const struct pipeline *p = r->s->pipeline;

	for (size_t k = 0; k < p->n_stages && k < 64; k++)
		if (p->stage[k].state == f && r->b->settled >> k & 1)
			return true;
	return false;
}

/* Entries that may share their labels with others, by which; 0: they do not. */
static size_t n_shared(const struct shape_reading *r, const struct shape_plan *p)
{
	const struct shape_take *t = p->take;
	size_t n_sets = r->n_meta_labels ? r->b->run.meta.n_sets + 1UL : 1;

	/* Without words no entry that is left has the shape. */
	if (!p->plain || p->n != 1 || !t->from.values || !t->from.values->n_words ||
	    n_sets > r->b->n_sel / t->from.values->n_words)
		return 0;
	return n_sets * t->from.values->n_words;
}

static void find_plain(struct shape_reading *r)
{
	for (size_t k = 0; k < r->n_plans; k++) {
		struct shape_plan *p = &r->plan[k];
		const struct shape_take *t = p->take;

		p->plain = !p->odd && r->no_labels_yet && !shapes_meta_has(r, NAME_ERROR);
		for (size_t i = 0; i < p->n && p->plain; i++)
			p->plain = !shapes_meta_has(r, t[i].label) &&
				   (!t[i].filter || is_settled(r, t[i].filter));
	}
}

static void find_shared(struct shape_reading *r)
{
	for (size_t k = 0; k < r->n_plans; k++) {
		struct shape_plan *p = &r->plan[k];
		size_t n = n_shared(r, p);

		if (n)
			p->shared = arena_zalloc(&r->b->mem, n * sizeof(*p->shared));
	}
}

static char *add_bytes(char *to, struct bytes v)
{
	if (v.n)
		memcpy(to, v.p, v.n);
	return to + v.n;
}

static struct bytes joined(struct block *b, const struct shape_join *j, uint32_t i)
{
	size_t n = j->end.n;
	char *start, *to;

	if (j->n == 0)
		return j->end;
	for (size_t k = 0; k < j->n; k++)
		n += j->part[k].before.n + shape_source_value(&j->part[k].from, i).n;
	start = to = arena_alloc(&b->mem, n + 1);
	for (size_t k = 0; k < j->n; k++) {
		to = add_bytes(to, j->part[k].before);
		to = add_bytes(to, shape_source_value(&j->part[k].from, i));
	}
	add_bytes(to, j->end);
	return bytes_of(start, n);
}

struct bytes shapes_text(struct block *b, const struct shape_take *t, uint32_t i)
{
	return t->join ? joined(b, t->join, i) : shape_source_value(&t->from, i);
}

/* The labels of entry i, of a plain shape. False: its line is odd. */
static bool make_labels(struct shape_reading *r, const struct shape_plan *p, uint32_t i,
			struct elabels *ret)
{
	const struct hints *h = &r->s->pipeline->hints;
	const struct elabels *meta = &r->b->el[i];
	struct elabels el = { .n = meta->n, .cap = meta->n + (uint32_t)p->n };
	size_t found = 0;

	el.v = arena_alloc(&r->b->mem, el.cap * sizeof(*el.v));
	if (el.n)
		memcpy(el.v, meta->v, el.n * sizeof(*el.v));
	for (size_t k = 0; k < p->n; k++) {
		const struct shape_take *t = &p->take[k];
		struct bytes v = shapes_text(r->b, t, i);
		enum fields_step step = r->how->ops->value(r, t, &v);

		if (step == FIELDS_ODD)
			return false;
		if (step == FIELDS_GO_ON)
			continue;
		el.v[el.n++] = (struct elabel){ .value = v,
						.name = t->label,
						.kind = LABEL_PARSED,
						.origin = t->origin & ((1U << 30) - 1) };
		if (t->counts && ++found == h->n_required)
			break;
	}
	*ret = el;
	return true;
}

/* Equal ones are shared: who writes to them makes a copy. */
static bool share_labels(struct shape_reading *r, const struct shape_plan *p, uint32_t i)
{
	const struct shape_source *from = &p->take[0].from;
	size_t set = r->n_meta_labels ? r->b->run.meta_set[i] : 0,
	       word = shape_word(from->values, shape_source_row(from, i));
	struct elabels *el = &p->shared[set * from->values->n_words + word];

	if (!el->v && !make_labels(r, p, i, el))
		return false;
	el->cap = 0;
	r->b->el[i] = *el;
	return true;
}

/* The labels of entry i, if its line is plain; false: it is not, and nothing was done. */
static bool give(struct shape_reading *r, uint32_t i, bool *ret_stays)
{
	const struct shape_plan *p = &r->plan[shape_reading_shape(r, i)];

	if (p->odd)
		return false;
	if (!p->plain)
		return r->how->ops->give(r, p, i, ret_stays);
	if (p->shared)
		return share_labels(r, p, i);
	return p->n == 0 || make_labels(r, p, i, &r->b->el[i]);
}

/* The values of which labels are made: of shapes that entries have which are in. */
static int read_values(struct shape_reading *r, struct err *e)
{
	struct shape_wanted w = { r->b->sel, r->b->n_sel };
	bool used[SHAPE_MAX];

	memset(used, !r->b->sel_list, sizeof(used));
	if (!r->b->sel_list)
		w.n = r->b->run.n; /* all that lie in a row */
	for (size_t k = 0; k < w.n && r->b->sel_list; k++)
		used[shape_reading_shape(r, w.entry[k])] = true;
	for (size_t k = 0; k < r->n_plans; k++)
		for (size_t i = 0; i < r->plan[k].n && used[k] && !r->plan[k].odd; i++)
			if (shapes_read_take(r, &w, &r->plan[k].take[i], e) < 0)
				return -1;
	return 0;
}

/* What is in by now, and which labels it has. */
static int begin(struct shape_reading *r, struct err *e)
{
	struct block *b = r->b;

	r->no_labels_yet = !b->el;
	if (plan_shapes(r, e) < 0 || block_need(b, WANT_META, e) < 0)
		return -1;
	if (r->no_labels_yet)
		r->n_meta_labels = block_meta_names(b, &r->meta_label);
	if (shapes_drop_early(r, e) < 0)
		return -1;
	if (b->n_sel == 0)
		return 0;
	if (shapes_read_numbers(r, e) < 0)
		return -1;
	find_plain(r);
	return 0;
}

/* Whether labels can stay in columns: of all lines they are nothing but values, and no stage behind
 * looks at them. */
static bool can_stay(const struct shape_reading *r)
{
	const struct pipeline *p = r->s->pipeline;

	if (!p->takes_columns || r->b->n_sel < LABELS_MIN || !p->hints.required ||
	    p->hints.n_required == 0)
		return false;
	for (size_t k = (size_t)(r->s - p->stage) + 1; k < p->n_stages; k++)
		if (k >= 64 || !(r->b->settled >> k & 1))
			return false;
	for (size_t k = 0; k < r->n_plans; k++)
		if (!r->plan[k].plain)
			return false;
	return true;
}

/* Whether a parser need not look at the entry, which has all that is asked for. */
static bool has_all(const struct shape_reading *r, uint32_t i)
{
	const struct hints *h = &r->s->pipeline->hints;

	/* What is of metadata does not count. */
	if (!h->required || (r->no_labels_yet && h->n_required))
		return false;
	return hints_all_found(h, r->b, i);
}

int shapes_make_labels(struct block *b, struct err *e)
{
	struct shape_reading *r = b->columns;
	uint32_t *kept;
	size_t n = 0;

	b->columns = NULL;
	if (read_values(r, e) < 0 || block_need_labels(b, e) < 0)
		return -1;
	find_shared(r);
	/* Apart, since what is put together is what is in. */
	kept = arena_alloc(&b->mem, (b->n_sel + 1) * sizeof(*kept));
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		bool stays = true;

		if (!has_all(r, i) && !give(r, i, &stays)) {
			if (block_need(b, WANT_LENS | WANT_LINES, e) < 0)
				return -1;
			b->settled = 0;
			stays = r->extract(r->s, b, i);
		}
		kept[n] = i;
		n += stays;
	}
	block_keep(b, kept, n);
	return 0;
}

int shapes_extract(const struct stage *s, struct block *b, const struct shape_parser *how,
		   stage_extract_fn *extract, struct err *e)
{
	struct shape_reading *r = arena_zalloc(&b->mem, sizeof(*r));

	*r = (struct shape_reading){ .s = s, .b = b, .how = how, .extract = extract };
	if (begin(r, e) < 0)
		return -1;
	if (b->n_sel == 0)
		return 0;
	b->columns = r;
	return can_stay(r) ? 0 : shapes_make_labels(b, e);
}
