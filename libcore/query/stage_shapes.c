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

static int plan_shapes(struct shape_reading *r, struct err *e)
{
	const struct shape *sh = shape_list(r->b->shapes, &r->n_plans);

	if (shape_numbers(r->b->shapes, &r->number, e) < 0)
		return block_shapes_failed(r->b, e);
	r->plan = arena_zalloc(&r->b->mem, r->n_plans * sizeof(*r->plan));
	return r->how->ops->plan(r, sh, e);
}
static size_t shape_of(const struct shape_reading *r, uint32_t i)
{
	return r->number ? r->number[i] : 0;
}

/* ---- filters that are asked before entries have labels ---- */

/* What a filter says of the lines of a shape. */
struct asked {
	enum { ASK_NOT, ALL_STAY, NONE_STAYS, BY_WORD, BY_VALUE } how;
	const struct shape_take *take;
	char *stays; /* by word */
	bool sure;   /* of all that stays the filter has said so: it need not be asked again */
};

struct early {
	const struct filter *f[EARLY_MAX];
	uint32_t label[EARLY_MAX];
	size_t n, stage; /* the first one's */
	struct asked (*of)[EARLY_MAX];
};

/* Label filters right behind the parser. None that lets through what has an error: whether there is
 * one is known only in its turn. */
static void find_early(const struct stage *s, struct early *ret)
{
	const struct pipeline *p = s->pipeline;

	ret->stage = (size_t)(s - p->stage) + 1;
	for (ret->n = 0; ret->n < EARLY_MAX && ret->stage + ret->n < p->n_stages; ret->n++) {
		const struct stage *next = &p->stage[ret->stage + ret->n];

		if (next->ops != &stage_label_filter ||
		    !filter_one_name(next->state, &ret->label[ret->n]) ||
		    filter_looks_at_errors(next->state))
			return;
		ret->f[ret->n] = next->state;
	}
}

static bool meta_has(const struct shape_reading *r, uint32_t label)
{
	for (size_t i = 0; i < r->n_meta_labels; i++)
		if (r->meta_label[i] == label)
			return true;
	return false;
}

/* Whether a line with the value stays. */
static bool ask_value(struct shape_reading *r, const struct filter *f, struct asked *a,
		      struct bytes v)
{
	switch (r->how->ops->value(r, a->take, &v)) {
	case FIELDS_GO_ON:
		return filter_keeps_without(f, &r->b->gave_up);
	case FIELDS_ENOUGH:
		break;
	default:
		a->sure = false;
		return true;
	}
	switch (filter_ask(f, v, &r->b->gave_up)) {
	case FILTER_NO:
		return false;
	case FILTER_YES:
		return true;
	default:
		a->sure = false;
		return true;
	}
}

static struct asked plan_ask(struct shape_reading *r, const struct shape_plan *p,
			     const struct filter *f, uint32_t label)
{
	const struct shape_values *v;
	struct asked a = { .how = ASK_NOT };

	if (p->odd || label <= NAME_FIELD_ERROR_DETAILS || meta_has(r, label) ||
	    block_base_has(r->b, label))
		return a;
	for (size_t i = 0; i < p->n; i++)
		if (p->take[i].label == label)
			a.take = &p->take[i];
	if (a.take && a.take->join)
		return a;
	a.sure = true;
	if (!a.take) {
		a.how = filter_keeps_without(f, &r->b->gave_up) ? ALL_STAY : NONE_STAYS;
		return a;
	}
	v = a.take->from.values;
	a.how = BY_VALUE;
	if (!v->word || v->n_words > r->b->n_sel)
		return a;
	a.how = BY_WORD;
	a.stays = arena_alloc(&r->b->mem, v->n_words);
	for (size_t w = 0; w < v->n_words; w++)
		a.stays[w] = ask_value(r, f, &a, v->word[w]);
	return a;
}

static bool stays(struct shape_reading *r, const struct filter *f, struct asked *a, uint32_t i)
{
	switch (a->how) {
	case NONE_STAYS:
		return false;
	case BY_WORD:
		return a->stays[shape_word(a->take->from.values,
					   shape_source_row(&a->take->from, i))];
	case BY_VALUE:
		return ask_value(r, f, a, shape_source_value(&a->take->from, i));
	default:
		return true;
	}
}

/* Of n entries those that filter j lets stay, in place; returns how many. */
static size_t sift(struct shape_reading *r, const struct early *early, size_t j, uint32_t *entry,
		   size_t n)
{
	size_t left = 0;

	for (size_t k = 0; k < n; k++) {
		uint32_t i = entry[k];

		entry[left] = i;
		left += stays(r, early->f[j], &early->of[shape_of(r, i)][j], i);
	}
	return left;
}

/* The same where all is said by word. */
static size_t sift_by_words(const struct shape_reading *r, const struct early *early, size_t j,
			    uint32_t *entry, size_t n)
{
	static const char answer[] = { false, true };
	struct by_word {
		const char *stays;
		const uint32_t *index; /* NULL: of all it is the first */
		const uint32_t *row;
	} *of = arena_alloc(&r->b->mem, r->n_plans * sizeof(*of));
	size_t left = 0;

	for (size_t k = 0; k < r->n_plans; k++) {
		const struct asked *a = &early->of[k][j];

		of[k] = (struct by_word){ .stays = &answer[a->how != NONE_STAYS] };
		if (a->how == BY_WORD)
			of[k] = (struct by_word){ a->stays, a->take->from.values->index,
						  a->take->from.row };
	}
	for (size_t k = 0; k < n; k++) {
		uint32_t i = entry[k];
		const struct by_word *a = &of[shape_of(r, i)];

		entry[left] = i;
		left += (size_t)a->stays[a->index ? a->index[a->row ? a->row[i] : i] : 0];
	}
	return left;
}

static bool is_by_words(const struct shape_reading *r, const struct early *early, size_t j)
{
	for (size_t k = 0; k < r->n_plans; k++)
		if (early->of[k][j].how == BY_VALUE)
			return false;
	return true;
}

/* Filters that have said of all that is still in that it stays. */
static void settle(const struct shape_reading *r, const struct early *early)
{
	for (size_t j = 0; j < early->n && early->stage + j < 64; j++) {
		bool all = true;

		for (size_t k = 0; k < r->n_plans; k++)
			all &= early->of[k][j].sure;
		r->b->settled |= (uint64_t)all << (early->stage + j);
	}
}

/* A line that a filter behind the parser is going to refuse need have no labels first, where
 * nothing but the line gives the label. */
static void drop_early(struct shape_reading *r)
{
	struct block *b = r->b;
	struct early early;
	uint32_t *kept;
	size_t n = 0;

	find_early(r->s, &early);
	if (!r->no_labels_yet || early.n == 0)
		return;
	early.of = arena_alloc(&b->mem, r->n_plans * sizeof(*early.of));
	for (size_t k = 0; k < r->n_plans; k++)
		for (size_t j = 0; j < early.n; j++)
			early.of[k][j] = plan_ask(r, &r->plan[k], early.f[j], early.label[j]);
	kept = arena_alloc(&b->mem, (b->n_sel + 1) * sizeof(*kept));
	for (; n < b->n_sel; n++)
		kept[n] = block_entry(b, n);
	for (size_t j = 0; j < early.n; j++)
		n = is_by_words(r, &early, j) ? sift_by_words(r, &early, j, kept, n)
					      : sift(r, &early, j, kept, n);
	block_keep(b, kept, n);
	settle(r, &early);
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

	if (!p->plain || p->n != 1 || t->join || !t->from.values->word ||
	    n_sets > r->b->n_sel / t->from.values->n_words)
		return 0;
	return n_sets * t->from.values->n_words;
}

static void plan_labels(struct shape_reading *r)
{
	for (size_t k = 0; k < r->n_plans; k++) {
		struct shape_plan *p = &r->plan[k];
		const struct shape_take *t = p->take;
		size_t n;

		p->plain = !p->odd && r->no_labels_yet && !meta_has(r, NAME_ERROR);
		for (size_t i = 0; i < p->n && p->plain; i++)
			p->plain = !meta_has(r, t[i].label) &&
				   (!t[i].filter || is_settled(r, t[i].filter));
		n = n_shared(r, p);
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
	const struct shape_plan *p = &r->plan[shape_of(r, i)];

	if (p->odd)
		return false;
	if (!p->plain)
		return r->how->ops->give(r, p, i, ret_stays);
	if (p->shared)
		return share_labels(r, p, i);
	return p->n == 0 || make_labels(r, p, i, &r->b->el[i]);
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
	drop_early(r);
	if (block_need_labels(b, e) < 0)
		return -1;
	plan_labels(r);
	return 0;
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

int shapes_extract(const struct stage *s, struct block *b, const struct shape_parser *how,
		   stage_extract_fn *extract, struct err *e)
{
	struct shape_reading r = { .s = s, .b = b, .how = how };
	uint32_t *kept;
	size_t n = 0;

	if (begin(&r, e) < 0)
		return -1;
	/* Apart, since what is put together is what is in. */
	kept = arena_alloc(&b->mem, (b->n_sel + 1) * sizeof(*kept));
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		bool stays = true;

		if (!has_all(&r, i) && !give(&r, i, &stays)) {
			if (block_need(b, WANT_LENS | WANT_LINES, e) < 0)
				return -1;
			b->settled = 0;
			stays = extract(s, b, i);
		}
		kept[n] = i;
		n += stays;
	}
	block_keep(b, kept, n);
	return 0;
}
