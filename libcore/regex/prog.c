/*
 * Programs are made from the end: each part is told where to go on, and returns where it begins. So
 * a part that is repeated is just made again.
 */
#include "regex/prog.h"

#include <stdlib.h>

#include "base/mem.h"
#include "regex/prog_inst.h"

struct maker {
	struct tree *tree;
	struct inst *v;
	size_t n, cap;
};

static uint32_t make(struct maker *m, const struct node *n, uint32_t next);

static uint32_t add(struct maker *m, enum inst_op op, uint32_t next, uint32_t arg)
{
	mem_grow(&m->v, &m->cap, m->n + 1, sizeof(*m->v));
	m->v[m->n] = (struct inst){ .op = (uint8_t)op, .next = next, .arg = arg };
	return (uint32_t)m->n++;
}

static uint32_t add_set(struct maker *m, const struct runes *set, uint32_t next)
{
	uint32_t at = add(m, INST_SET, next, 0);
	struct inst *i = &m->v[at];

	i->set = set;
	for (uint32_t c = 0; c < 128; c++)
		if (runes_has(set, c))
			i->ascii[c / 64] |= UINT64_C(1) << c % 64;
	return at;
}

/* c and what differs from it only in case. */
static const struct runes *ring_of(struct maker *m, uint32_t c)
{
	const struct runes *ret;
	struct runes set = { 0 };

	runes_add(&set, c, c);
	for (uint32_t f = rune_fold_next(c); f != c; f = rune_fold_next(f))
		runes_add(&set, f, f);
	runes_clean(&set);
	ret = runes_keep(&m->tree->mem, &set);
	runes_release(&set);
	return ret;
}

static uint32_t split(struct maker *m, bool lazy, uint32_t in, uint32_t out)
{
	return lazy ? add(m, INST_SPLIT, out, in) : add(m, INST_SPLIT, in, out);
}

/* One or more. */
static uint32_t make_loop(struct maker *m, const struct node *n, uint32_t next, uint32_t *ret_split)
{
	uint32_t at = split(m, n->lazy, next, next);
	uint32_t body = make(m, n->sub, at);

	if (n->lazy)
		m->v[at].arg = body;
	else
		m->v[at].next = body;
	*ret_split = at;
	return body;
}

static uint32_t make_repeat(struct maker *m, const struct node *n, uint32_t next)
{
	uint32_t at = next, again;
	int min = n->min;

	if (n->max == NODE_NO_MAX) {
		at = make_loop(m, n, next, &again);
		if (min == 0) {
			/* A body that can be empty is first tried, and then left: x* is (x+)?. */
			return n->sub->nullable ? split(m, n->lazy, at, next) : again;
		}
		min--;
	} else {
		for (int i = n->min; i < n->max; i++)
			at = split(m, n->lazy, make(m, n->sub, at), next);
	}
	for (; min > 0; min--)
		at = make(m, n->sub, at);
	return at;
}

/* The children of a list, last one first. */
static uint32_t make_list(struct maker *m, const struct node *n, uint32_t next)
{
	const struct node **sub;
	size_t count = 0;
	uint32_t at = next;

	for (const struct node *c = n->sub; c; c = c->next)
		count++;
	sub = mem_alloc(count * sizeof(struct node *));
	count = 0;
	for (const struct node *c = n->sub; c; c = c->next)
		sub[count++] = c;
	for (size_t i = count; i > 0; i--) {
		uint32_t one = make(m, sub[i - 1], n->op == NODE_CAT ? at : next);

		at = n->op == NODE_CAT || i == count ? one : add(m, INST_SPLIT, one, at);
	}
	free(sub);
	return at;
}

static uint32_t make(struct maker *m, const struct node *n, uint32_t next)
{
	uint32_t at;

	switch (n->op) {
	case NODE_EMPTY:
		return next;
	case NODE_CHAR:
		if (n->fold)
			return add_set(m, ring_of(m, n->c), next);
		return add(m, INST_CHAR, next, n->c);
	case NODE_SET:
		return add_set(m, n->set, next);
	case NODE_CAT:
	case NODE_ALT:
		return make_list(m, n, next);
	case NODE_REPEAT:
		return make_repeat(m, n, next);
	case NODE_GROUP:
		at = add(m, INST_SAVE, next, 2 * n->group + 1);
		at = make(m, n->sub, at);
		return add(m, INST_SAVE, at, 2 * n->group);
	default:
		return add(m, INST_ASSERT, next, n->op);
	}
}

static bool begins_text(const struct node *n)
{
	while (n->op == NODE_CAT || n->op == NODE_GROUP)
		n = n->sub;
	return n->op == NODE_BEGIN_TEXT;
}

void prog_make(struct prog *p, struct tree *t)
{
	struct maker m = { .tree = t };
	uint32_t at = add(&m, INST_MATCH, 0, 0);

	at = add(&m, INST_SAVE, at, 1);
	at = make(&m, t->root, at);
	p->start = add(&m, INST_SAVE, at, 0);
	p->n = (uint32_t)m.n;
	p->v = arena_alloc(&t->mem, m.n * sizeof(*m.v));
	memcpy(p->v, m.v, m.n * sizeof(*m.v));
	p->at_begin = begins_text(t->root);
	free(m.v);
}
