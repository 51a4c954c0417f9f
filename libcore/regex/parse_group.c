/* Groups, alternatives and flags. */
#include "regex/syntax.h"

void syntax_open(struct parser *p, uint32_t group)
{
	struct frame *f = arena_zalloc(&p->tree->mem, sizeof(*f));

	f->up = p->top;
	f->flags = p->flags;
	f->group = group;
	f->items = node_new(p->tree, NODE_CAT);
	f->alts = node_new(p->tree, NODE_ALT);
	p->top = f;
}

int syntax_check_limits(struct parser *p, const struct node *n)
{
	if (n->size > TREE_SIZE_MAX)
		return syntax_fail(p, "expression too large", p->whole);
	if (n->height > TREE_HEIGHT_MAX)
		return syntax_fail(p, "expression nests too deeply", p->whole);
	return 0;
}

/* The list as one node: nothing, its only child, or all, with the children of children that are
 * lists of the same kind. */
static struct node *collapse(struct parser *p, struct node *list)
{
	struct node *ret, *next;

	if (!list->sub)
		return node_new(p->tree, NODE_EMPTY);
	if (list->sub == list->last)
		return list->sub;
	ret = node_new(p->tree, list->op);
	for (struct node *c = list->sub; c; c = next) {
		next = c->next;
		c->next = NULL;
		if (c->op != list->op) {
			node_add(ret, c);
			continue;
		}
		node_add(ret, c->sub);
		ret->last = c->last;
	}
	node_measure(ret);
	return ret;
}

static void end_items(struct parser *p, struct frame *f)
{
	node_add(f->alts, collapse(p, f->items));
	f->items = node_new(p->tree, NODE_CAT);
}

void syntax_bar(struct parser *p)
{
	p->rest = bytes_sub(p->rest, 1, p->rest.n);
	end_items(p, p->top);
}

struct node *syntax_finish(struct parser *p, struct frame *f)
{
	struct node *n;

	end_items(p, f);
	n = collapse(p, f->alts);
	return syntax_check_limits(p, n) < 0 ? NULL : n;
}

int syntax_close(struct parser *p)
{
	struct frame *f = p->top;
	struct node *n, *group;

	if (!f->up)
		return syntax_fail(p, "unexpected )", p->whole);
	p->rest = bytes_sub(p->rest, 1, p->rest.n);
	n = syntax_finish(p, f);
	if (!n)
		return -1;
	p->top = f->up;
	p->flags = f->flags;
	if (!f->group) {
		syntax_push(p, n);
		return 0;
	}
	group = node_new(p->tree, NODE_GROUP);
	group->group = f->group;
	group->name = f->name;
	node_add(group, n);
	node_measure(group);
	syntax_push(p, group);
	return syntax_check_limits(p, group);
}

static bool is_name(struct bytes t)
{
	for (size_t i = 0; i < t.n; i++) {
		char c = t.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_')
			return false;
	}
	return t.n > 0;
}

/* (?P<name> and (?<name>; skip is what stands before the name. */
static int named_group(struct parser *p, size_t skip)
{
	struct bytes t = p->rest, name;
	const char *end = memchr(t.p, '>', t.n);

	if (!end)
		return syntax_check_utf8(p, t) < 0 ? -1
						   : syntax_fail(p, "invalid named capture", t);
	name = bytes_of(t.p + skip, (size_t)(end - t.p) - skip);
	if (syntax_check_utf8(p, name) < 0)
		return -1;
	p->rest = bytes_sub(t, skip + name.n + 1, t.n);
	if (!is_name(name))
		return syntax_fail(p, "invalid named capture", syntax_since(p, t));
	syntax_open(p, ++p->tree->n_groups);
	p->top->name = arena_copy(&p->tree->mem, name);
	return 0;
}

static unsigned flag_of(uint32_t c)
{
	switch (c) {
	case 'i':
		return FLAG_FOLD;
	case 'm':
		return FLAG_LINES;
	case 's':
		return FLAG_DOT_ALL;
	case 'U':
		return FLAG_LAZY;
	default:
		return 0;
	}
}

int syntax_perl(struct parser *p)
{
	struct bytes t = p->rest;
	unsigned flags = p->flags;
	bool off = false, saw = false;
	uint32_t c;

	if (t.n > 4 && t.p[2] == 'P' && t.p[3] == '<')
		return named_group(p, 4);
	if (t.n > 3 && t.p[2] == '<')
		return named_group(p, 3);
	p->rest = bytes_sub(t, 2, t.n);
	while (p->rest.n) {
		if (syntax_rune(p, &c) < 0)
			return -1;
		if (flag_of(c)) {
			flags = off ? flags & ~flag_of(c) : flags | flag_of(c);
			saw = true;
		} else if (c == '-' && !off) {
			off = true;
			saw = false;
		} else if ((c == ':' || c == ')') && (!off || saw)) {
			if (c == ':')
				syntax_open(p, 0);
			p->flags = flags;
			return 0;
		} else {
			break;
		}
	}
	return syntax_fail(p, "invalid or unsupported Perl syntax", syntax_since(p, t));
}
