/*
 * Filters that follow the parser of lines that are taken apart are asked of columns, before entries
 * have labels: a line that one is going to refuse need have none first, where nothing but the line
 * gives the label.
 */
#include "query/stage_shapes.h"

/* Label filters that follow the parser at once, of one name each: as many as are asked before. */
enum { EARLY_MAX = 8 };

/* What a filter says of the lines of a shape. */
struct asked {
	enum { ASK_NOT, ALL_STAY, NONE_STAYS, BY_WORD, BY_VALUE } how;
	struct shape_take *take;
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

/* The words are asked, if values are such; values are not read yet. */
static int ask_words(struct shape_reading *r, const struct filter *f, struct asked *a,
		     struct err *e)
{
	struct shape_values v;
	bool any = false;

	a->how = BY_VALUE;
	if (shape_words(r->b->shapes, a->take->from.column, &v, e) < 0)
		return block_shapes_failed(r->b, e);
	if (!v.word || v.n_words > r->b->n_sel)
		return 0;
	a->stays = arena_alloc(&r->b->mem, v.n_words);
	for (size_t w = 0; w < v.n_words; w++) {
		a->stays[w] = ask_value(r, f, a, v.word[w]);
		any |= a->stays[w];
	}
	a->how = any ? BY_WORD : NONE_STAYS;
	return 0;
}

/* Of which shape before k filter j was asked of the same column, with values that are read the
 * same way; NULL: of none. */
static const struct asked *find_asked(const struct early *early, size_t k, size_t j,
				      const struct shape_take *t)
{
	while (k-- > 0) {
		const struct asked *a = &early->of[k][j];

		if (a->take && !a->take->join && a->take->from.column == t->from.column &&
		    a->take->class == t->class)
			return a;
	}
	return NULL;
}

/* What filter j says of shape k, as far as words tell; those before have been asked. */
static int plan_ask(struct shape_reading *r, struct early *early, size_t k, size_t j, struct err *e)
{
	struct asked a = { .how = ASK_NOT }, *ret = &early->of[k][j];
	const struct shape_plan *p = &r->plan[k];
	const struct filter *f = early->f[j];
	uint32_t label = early->label[j];
	const struct asked *same;

	*ret = a;
	if (p->odd || label <= NAME_FIELD_ERROR_DETAILS || shapes_meta_has(r, label) ||
	    block_base_has(r->b, label))
		return 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->take[i].label == label)
			a.take = &p->take[i];
	if (a.take && a.take->join)
		return 0;
	a.sure = true;
	if (!a.take) {
		a.how = filter_keeps_without(f, &r->b->gave_up) ? ALL_STAY : NONE_STAYS;
	} else if ((same = find_asked(early, k, j, a.take))) {
		a.how = same->how;
		a.stays = same->stays;
		a.sure = same->sure;
	} else if (ask_words(r, f, &a, e) < 0) {
		return -1;
	}
	*ret = a;
	return 0;
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
		left += stays(r, early->f[j], &early->of[shape_reading_shape(r, i)][j], i);
	}
	return left;
}

/* The same where all is said by word. Words are read whole, never of some entries alone, which
 * would number them anew. */
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
		const struct by_word *a = &of[shape_reading_shape(r, i)];

		entry[left] = i;
		left += (size_t)a->stays[a->index ? a->index[a->row ? a->row[i] : i] : 0];
	}
	return left;
}

static bool none_stays(const struct shape_reading *r, const struct early *early, size_t j)
{
	for (size_t k = 0; k < r->n_plans; k++)
		if (early->of[k][j].how != NONE_STAYS)
			return false;
	return true;
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

/* The values that filter j is asked of. */
static int read_asked(struct shape_reading *r, struct early *early, size_t j,
		      const struct shape_wanted *w, struct err *e)
{
	for (size_t k = 0; k < r->n_plans; k++) {
		struct asked *a = &early->of[k][j];

		if ((a->how == BY_WORD || a->how == BY_VALUE) &&
		    shapes_read_take(r, w, a->take, e) < 0)
			return -1;
	}
	return 0;
}

/* All filters are asked of words first: mostly one that lets nothing stay has none, and of the
 * block nothing else need be read. *ret: there is none such. */
static int ask_early(struct shape_reading *r, struct early *early, bool *ret, struct err *e)
{
	early->of = arena_alloc(&r->b->mem, r->n_plans * sizeof(*early->of));
	for (size_t j = 0; j < early->n; j++) {
		for (size_t k = 0; k < r->n_plans; k++)
			if (plan_ask(r, early, k, j, e) < 0)
				return -1;
		*ret = !none_stays(r, early, j);
		if (!*ret)
			break;
	}
	return 0;
}

int shapes_drop_early(struct shape_reading *r, struct err *e)
{
	struct block *b = r->b;
	struct early early;
	uint32_t *kept;
	size_t n = 0;
	bool go_on;

	find_early(r->s, &early);
	if (!r->no_labels_yet || early.n == 0)
		return 0;
	if (ask_early(r, &early, &go_on, e) < 0)
		return -1;
	if (!go_on) {
		block_keep(b, NULL, 0);
		return 0;
	}
	if (shapes_read_numbers(r, e) < 0)
		return -1;
	kept = arena_alloc(&b->mem, (b->n_sel + 1) * sizeof(*kept));
	for (; n < b->n_sel; n++)
		kept[n] = block_entry(b, n);
	for (size_t j = 0; j < early.n && n; j++) {
		if (read_asked(r, &early, j, &(struct shape_wanted){ kept, n }, e) < 0)
			return -1;
		n = is_by_words(r, &early, j) ? sift_by_words(r, &early, j, kept, n)
					      : sift(r, &early, j, kept, n);
	}
	block_keep(b, kept, n);
	settle(r, &early);
	return 0;
}
