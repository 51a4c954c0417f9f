#include "regex/pcre_pattern.h"

struct out {
	struct buf *b;
	bool guarded;
};

static void put(struct out *o, const struct node *n);

static bool is_word(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void put_rune(struct out *o, uint32_t c)
{
	if (is_word(c) || c == ' ')
		buf_add_char(o->b, (char)c);
	else
		buf_addf(o->b, "\\x{%x}", c);
}

static bool is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

/* Ranges without surrogates, which PCRE2 refuses and no text has. */
static void put_ranges(struct out *o, const struct runes *set)
{
	for (size_t i = 0; i < set->n; i++) {
		uint32_t lo = set->v[i].lo, hi = set->v[i].hi;

		lo = is_surrogate(lo) ? 0xe000 : lo;
		hi = is_surrogate(hi) ? 0xd7ff : hi;
		if (lo > hi)
			continue;
		put_rune(o, lo);
		if (hi > lo) {
			buf_add_char(o->b, '-');
			put_rune(o, hi);
		}
	}
}

static bool has_text(const struct runes *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (!is_surrogate(set->v[i].lo) || !is_surrogate(set->v[i].hi))
			return true;
	return false;
}

static void put_set(struct out *o, const struct node *n)
{
	const struct runes *set = n->set;

	if (n->no_newline) {
		buf_add_str(o->b, "\\N");
	} else if (n->property.n) {
		buf_add_bytes(o->b, n->property);
	} else if (!has_text(set)) {
		buf_add_str(o->b, "(*FAIL)");
	} else if (set->n == 1 && set->v[0].lo == 0 && set->v[0].hi == RUNE_MAX) {
		buf_add_char(o->b, '.');
	} else if (set->v[set->n - 1].hi == RUNE_MAX) {
		struct runes others = { 0 };

		runes_add_set(&others, set);
		runes_negate(&others);
		buf_add_str(o->b, has_text(&others) ? "[^" : "(?:[^");
		put_ranges(o, &others);
		buf_add_str(o->b, has_text(&others) ? "]" : "a]|a)");
		runes_release(&others);
	} else {
		buf_add_char(o->b, '[');
		put_ranges(o, set);
		buf_add_char(o->b, ']');
	}
}

/* Without regard to case: PCRE2 may know a newer Unicode, so beyond ASCII the ring is written out.
 */
static void put_ring(struct out *o, uint32_t c)
{
	uint32_t f = c;

	buf_add_char(o->b, '[');
	do {
		put_rune(o, f);
		f = rune_fold_next(f);
	} while (f != c);
	buf_add_char(o->b, ']');
}

static void put_char(struct out *o, const struct node *n)
{
	if (is_surrogate(n->c))
		buf_add_str(o->b, "(*FAIL)");
	else if (n->fold)
		put_ring(o, n->c);
	else
		put_rune(o, n->c);
}

static bool is_folded_ascii(const struct node *n)
{
	return n->op == NODE_CHAR && n->fold && n->c < 0x80;
}

/* Neighbours that are folded share one group, so that PCRE2 sees a string. */
static void put_cat(struct out *o, const struct node *n)
{
	const struct node *c = n->sub;

	while (c) {
		if (!is_folded_ascii(c)) {
			put(o, c);
			c = c->next;
			continue;
		}
		buf_add_str(o->b, "(?i:");
		for (; c && is_folded_ascii(c); c = c->next)
			put_rune(o, c->c);
		buf_add_char(o->b, ')');
	}
}

static bool is_one(const struct node *n)
{
	return n->op == NODE_CHAR || n->op == NODE_SET;
}

/* One character of a repeat: without a group around it, which would be slow. */
static void put_one(struct out *o, const struct node *n)
{
	if (n->op == NODE_CHAR ? !is_surrogate(n->c) : has_text(n->set)) {
		put(o, n);
		return;
	}
	buf_add_str(o->b, "(?:");
	put(o, n);
	buf_add_char(o->b, ')');
}

static void put_counts(struct out *o, const struct node *n)
{
	if (n->max == NODE_NO_MAX && n->min <= 1)
		buf_add_char(o->b, n->min ? '+' : '*');
	else if (n->max == NODE_NO_MAX)
		buf_addf(o->b, "{%d,}", n->min);
	else if (n->max == n->min)
		buf_addf(o->b, "{%d}", n->min);
	else
		buf_addf(o->b, "{%d,%d}", n->min, n->max);
	if (n->lazy)
		buf_add_char(o->b, '?');
}

static void put_repeat(struct out *o, const struct node *n)
{
	if (is_one(n->sub)) {
		if (o->guarded && n->min != n->max)
			buf_addf(o->b, "(?C%d)",
				 n->max == NODE_NO_MAX ? CALLOUT_SCAN : CALLOUT_STEP);
		put_one(o, n->sub);
	} else {
		buf_add_str(o->b, "(?:");
		if (o->guarded)
			buf_addf(o->b, "(?C%d)", CALLOUT_STEP);
		put(o, n->sub);
		buf_add_char(o->b, ')');
	}
	put_counts(o, n); /* {0}: its groups keep their numbers and take no part */
}

static void put_alt(struct out *o, const struct node *n)
{
	buf_add_str(o->b, "(?:");
	for (const struct node *c = n->sub; c; c = c->next) {
		put(o, c);
		buf_add_char(o->b, c->next ? '|' : ')');
	}
}

static void put(struct out *o, const struct node *n)
{
	switch (n->op) {
	case NODE_EMPTY:
		buf_add_str(o->b, "(?:)");
		break;
	case NODE_CHAR:
		put_char(o, n);
		break;
	case NODE_SET:
		put_set(o, n);
		break;
	case NODE_BEGIN_TEXT:
		buf_add_str(o->b, "\\A");
		break;
	case NODE_END_TEXT:
		buf_add_str(o->b, "\\z");
		break;
	case NODE_BEGIN_LINE:
		buf_add_str(o->b, "(?m:^)");
		break;
	case NODE_END_LINE:
		buf_add_str(o->b, "(?m:$)");
		break;
	case NODE_WORD:
		buf_add_str(o->b, "\\b");
		break;
	case NODE_NOT_WORD:
		buf_add_str(o->b, "\\B");
		break;
	case NODE_CAT:
		put_cat(o, n);
		break;
	case NODE_ALT:
		put_alt(o, n);
		break;
	case NODE_REPEAT:
		put_repeat(o, n);
		break;
	case NODE_GROUP:
		buf_add_char(o->b, '(');
		put(o, n->sub);
		buf_add_char(o->b, ')');
		break;
	}
}

void pcre_pattern(const struct tree *t, enum pcre_guard guard, struct buf *out)
{
	struct out o = { out, guard == PCRE_GUARDED };

	put(&o, t->root);
}

enum { CHOICES_MAX = 64 }; /* per place, without a guard */

/* In how many ways a backtracker can go through n from one place; at most CHOICES_MAX + 1. */
static double choices(const struct node *n)
{
	double ret = n->op == NODE_ALT ? 0 : 1;

	for (const struct node *c = n->sub; c && ret <= CHOICES_MAX; c = c->next)
		ret = n->op == NODE_ALT ? ret + choices(c) : ret * choices(c);
	if (n->op == NODE_REPEAT) {
		double one = ret;

		if (n->max == NODE_NO_MAX)
			return CHOICES_MAX + 1;
		ret = 1;
		for (int i = 0; i < n->max && ret <= CHOICES_MAX; i++)
			ret = ret * one + (i >= n->min);
	}
	return ret > CHOICES_MAX ? CHOICES_MAX + 1 : ret;
}

bool pcre_needs_guard(const struct tree *t)
{
	return choices(t->root) > CHOICES_MAX;
}

static bool has_empty_loop(const struct node *n)
{
	if (n->op == NODE_REPEAT && n->max == NODE_NO_MAX && n->sub->nullable)
		return true;
	for (const struct node *c = n->sub; c; c = c->next)
		if (has_empty_loop(c))
			return true;
	return false;
}

bool pcre_finds_same(const struct tree *t)
{
	return !has_empty_loop(t->root);
}
