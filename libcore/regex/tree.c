#include "regex/tree.h"

struct node *node_new(struct tree *t, enum node_op op)
{
	struct node *n = arena_zalloc(&t->mem, sizeof(*n));

	n->op = op;
	n->height = 1;
	n->size = 1;
	n->nullable = op != NODE_CHAR && op != NODE_SET;
	return n;
}

void node_add(struct node *parent, struct node *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->sub = child;
	parent->last = child;
}

static double size_of(const struct node *n, double subs)
{
	switch (n->op) {
	case NODE_CAT:
	case NODE_ALT:
		return subs;
	case NODE_GROUP:
		return 2 + subs;
	case NODE_REPEAT:
		if (n->max == NODE_NO_MAX)
			return n->min == 0 ? 2 + subs : 1 + n->min * subs;
		return n->max * subs + (n->max - n->min);
	default:
		return 1;
	}
}

void node_measure(struct node *n)
{
	double subs = n->op == NODE_ALT ? -1 : 0;
	uint32_t height = 0;
	bool all = true, one = false, literal = n->op == NODE_CAT;

	for (const struct node *c = n->sub; c; c = c->next) {
		subs += c->size + (n->op == NODE_ALT);
		height = c->height > height ? c->height : height;
		all = all && c->nullable;
		one = one || c->nullable;
		literal = literal && c->op == NODE_CHAR;
	}
	n->height = height + !literal;
	n->size = size_of(n, subs);
	n->size = n->size < 1 ? 1 : n->size;
	n->nullable = n->op == NODE_ALT ? one : n->op == NODE_REPEAT ? one || n->min == 0 : all;
}

void tree_release(struct tree *t)
{
	arena_release(&t->mem);
	*t = (struct tree){ 0 };
}

static void find_names(const struct node *n, struct bytes *names)
{
	if (n->op == NODE_GROUP)
		names[n->group] = n->name;
	for (const struct node *c = n->sub; c; c = c->next)
		find_names(c, names);
}

void tree_set_names(struct tree *t)
{
	t->names = arena_zalloc(&t->mem, (t->n_groups + 1) * sizeof(*t->names));
	find_names(t->root, t->names);
}

void tree_anchor(struct tree *t)
{
	struct node *cat = node_new(t, NODE_CAT);

	node_add(cat, node_new(t, NODE_BEGIN_TEXT));
	t->root->next = NULL;
	node_add(cat, t->root);
	node_add(cat, node_new(t, NODE_END_TEXT));
	node_measure(cat);
	t->root = cat;
}

static bool fits_empty(const struct node *n)
{
	switch (n->op) {
	case NODE_CHAR:
	case NODE_SET:
	case NODE_WORD:
		return false;
	case NODE_CAT:
		for (const struct node *c = n->sub; c; c = c->next)
			if (!fits_empty(c))
				return false;
		return true;
	case NODE_ALT:
		for (const struct node *c = n->sub; c; c = c->next)
			if (fits_empty(c))
				return true;
		return false;
	case NODE_REPEAT:
		return n->min == 0 || fits_empty(n->sub);
	case NODE_GROUP:
		return fits_empty(n->sub);
	default:
		return true;
	}
}

bool tree_matches_empty(const struct tree *t)
{
	return fits_empty(t->root);
}
