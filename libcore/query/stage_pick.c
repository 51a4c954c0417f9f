/* | drop and | keep: names, or names with a matcher on the value. */
#include "query/stage.h"

struct pick {
	uint32_t name;
	bool has_matcher;
	struct matcher match;
};

struct state {
	size_t n;
	struct pick *v;
};

static void drop_one(const struct pick *p, struct block *b, uint32_t i)
{
	struct bytes value;
	bool has = block_get(b, i, p->name, &value);

	if (p->has_matcher ? matcher_match_value(&p->match, value) : has)
		block_del(b, i, p->name);
}

static int apply_drop(const struct stage *s, struct block *b, struct err *e)
{
	const struct state *st = s->state;

	if (block_need_labels(b, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++)
		for (size_t j = 0; j < st->n; j++)
			drop_one(&st->v[j], b, block_entry(b, k));
	return 0;
}

static bool keeps(const struct state *st, const struct elabel *l)
{
	if (l->name <= NAME_FIELD_ERROR_DETAILS)
		return true;
	for (size_t j = 0; j < st->n; j++)
		if (st->v[j].name == l->name &&
		    (!st->v[j].has_matcher || matcher_match_value(&st->v[j].match, l->value)))
			return true;
	return false;
}

static int apply_keep(const struct stage *s, struct block *b, struct err *e)
{
	if (block_need_labels(b, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		struct elabel *v;
		size_t n;

		buf_reset(&b->scratch);
		v = (void *)buf_reserve(&b->scratch, block_n_labels(b, i) * sizeof(*v) + 1);
		n = block_labels(b, i, v);
		for (size_t j = 0; j < n; j++)
			if (!keeps(s->state, &v[j]))
				block_del(b, i, v[j].name);
	}
	return 0;
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	struct state *st = arena_zalloc(&p->mem, sizeof(*st));

	s->state = st;
	st->v = arena_zalloc(&p->mem, tree->pick.n * sizeof(*st->v));
	for (size_t i = 0; i < tree->pick.n; i++) {
		const struct logql_pick *t = &tree->pick.v[i];
		struct pick *v = &st->v[i];

		v->name = names_id(&p->names, t->matcher.name);
		if (t->has_matcher && matcher_init(&v->match, t->matcher.op, t->matcher.name,
						   t->matcher.value, t->matcher.how, e) < 0)
			return err_wrap(e, "line %u, col %u", t->matcher.pos.line,
					t->matcher.pos.col);
		v->has_matcher = t->has_matcher;
		st->n++;
	}
	return 0;
}

static void release(struct stage *s)
{
	struct state *st = s->state;

	for (size_t i = 0; i < st->n; i++)
		if (st->v[i].has_matcher)
			matcher_release(&st->v[i].match);
}

const struct stage_ops stage_drop = { .bind = bind, .apply = apply_drop, .release = release };
const struct stage_ops stage_keep = { .bind = bind, .apply = apply_keep, .release = release };
