/*
 * | pattern over lines that are taken apart. Of each shape it is found out once where the literals
 * of the pattern stand in all of its lines; what lies between two is a capture: mostly one value.
 *
 * A literal ends a capture where it stands first, and that must be so whatever the values are. Its
 * place must lie in a text of the shape, and no value before it may have the literal, or a part of
 * it at its border. What bytes a value can have is told by its class and its column's kind; where
 * they may be those of the literal, the values themselves are looked at. Lines of a shape of which
 * it cannot be told are odd.
 */
#include "base/find.h"
#include "query/stage_pattern.h"
#include "query/stage_shapes.h"

/* A shape whose columns of one value are part of the texts: text[0] slot[0] .. text[n]. */
struct form {
	struct block *b;
	struct bytes *text;
	const struct shape_slot **slot;
	uint32_t n;
	size_t least; /* bytes of the texts */
	struct err *e;
	bool failed; /* *e says why */
};

/* A place in a text; at its end, the slot begins. */
struct place {
	uint32_t text;
	size_t off;
};

enum stands { STANDS_NOT, STANDS_MAYBE, STANDS };

static void add_text(struct form *f, char **to, struct bytes text)
{
	if (text.n)
		memcpy(*to, text.p, text.n);
	*to += text.n;
	f->text[f->n].n += text.n;
}

static struct form make_form(struct block *b, const struct shape *sh, struct err *e)
{
	struct form f = { .b = b, .e = e };
	size_t len = sh->end.n;
	struct bytes constant;
	char *to;

	for (uint32_t i = 0; i < sh->n_slots; i++) {
		len += sh->slot[i].before.n;
		if (shape_constant(b->shapes, sh->slot[i].column, &constant))
			len += constant.n;
	}
	f.text = arena_alloc(&b->mem, (sh->n_slots + 1) * sizeof(*f.text));
	f.slot = arena_alloc(&b->mem, (sh->n_slots + 1) * sizeof(struct shape_slot *));
	to = arena_zalloc(&b->mem, len + NEAR_PAD);
	f.text[0] = bytes_of(to, 0);
	for (uint32_t i = 0; i < sh->n_slots; i++) {
		const struct shape_slot *slot = &sh->slot[i];

		add_text(&f, &to, slot->before);
		if (shape_constant(b->shapes, slot->column, &constant)) {
			add_text(&f, &to, constant);
		} else {
			f.slot[f.n++] = slot;
			f.text[f.n] = bytes_of(to, 0);
		}
	}
	add_text(&f, &to, sh->end);
	f.least = len;
	return f;
}

static bool is_in_values(const struct shape_values *v, struct bytes text)
{
	struct find find;

	find_init(&find, text);
	if (!v->word)
		return v->n && find_next(&find, bytes_of(v->text, v->off[v->n]), 0) >= 0;
	for (size_t w = 0; w < v->n_words; w++)
		if (find_next(&find, v->word[w], 0) >= 0)
			return true;
	return false;
}

/* Whether some value of the slot may have the text. */
static bool may_have(struct form *f, const struct shape_slot *slot, struct bytes text)
{
	const struct shape_values *values;

	for (size_t i = 0; i < text.n; i++)
		if (!shape_class_may(slot->class, text.p[i]))
			return false;
	if (f->failed || !shape_may_hold(f->b->shapes, slot->column, text, false))
		return f->failed;
	f->failed = shapes_values(f->b, slot->column, &values, f->e) < 0;
	return f->failed || is_in_values(values, text);
}

/* Whether the literal stands at the place. It is none that only may if it does so in the text. */
static enum stands stands_at(struct form *f, struct place at, struct bytes literal)
{
	for (;;) {
		struct bytes text = bytes_sub(f->text[at.text], at.off, f->text[at.text].n);
		size_t n = text.n < literal.n ? text.n : literal.n;

		if (n && memcmp(text.p, literal.p, n) != 0)
			return STANDS_NOT;
		if (n == literal.n)
			return STANDS;
		if (at.text == f->n)
			return STANDS_NOT;
		/* It goes on in the value; or, if that is empty, behind it. */
		literal = bytes_sub(literal, n, literal.n);
		if (may_have(f, f->slot[at.text], bytes_sub(literal, 0, 1)))
			return STANDS_MAYBE;
		at = (struct place){ at.text + 1, 0 };
	}
}

/* Whether the literal may begin in the value of slot i. */
static bool may_begin_in(struct form *f, uint32_t i, struct bytes literal)
{
	if (may_have(f, f->slot[i], literal))
		return true;
	for (size_t n = 1; n < literal.n; n++)
		if (stands_at(f, (struct place){ i + 1, 0 }, bytes_sub(literal, n, literal.n)) !=
			    STANDS_NOT &&
		    may_have(f, f->slot[i], bytes_sub(literal, 0, n)))
			return true;
	return false;
}

/* The first place at or behind *at where the literal stands, to *at. */
static enum stands find_literal(struct form *f, struct place *at, struct bytes literal)
{
	struct place p = *at;

	for (;; p = (struct place){ p.text + 1, 0 }) {
		for (; p.off < f->text[p.text].n; p.off++) {
			enum stands s = stands_at(f, p, literal);

			/* What goes on behind an empty value cannot be relied on. */
			if (s == STANDS && p.off + literal.n > f->text[p.text].n)
				s = STANDS_MAYBE;
			*at = p;
			if (s != STANDS_NOT)
				return s;
		}
		if (p.text == f->n)
			return STANDS_NOT;
		if (may_begin_in(f, p.text, literal))
			return STANDS_MAYBE;
	}
}

/* What lies between two places. */
static void plan_take(const struct form *f, struct place from, struct place to,
		      struct shape_take *ret)
{
	struct shape_join *join = arena_zalloc(&f->b->mem, sizeof(*join));

	join->part = arena_alloc(&f->b->mem, (to.text - from.text + 1) * sizeof(*join->part));
	for (; from.text < to.text; from = (struct place){ from.text + 1, 0 }) {
		struct shape_joined *part = &join->part[join->n++];

		part->before = bytes_sub(f->text[from.text], from.off, f->text[from.text].n);
		part->from = (struct shape_source){ .column = f->slot[from.text]->column };
	}
	join->end = bytes_sub(f->text[to.text], from.off, to.off - from.off);
	if (join->n == 1 && join->part[0].before.n == 0 && join->end.n == 0)
		ret->from = join->part[0].from;
	else
		ret->join = join;
}

/* The captures up to the first literal that is not there; the capture before that takes the rest.
 */
static int plan_captures(struct form *f, const struct pattern_wanted *w, struct shape_plan *ret)
{
	const struct logql_pattern_part *part = w->tree->parts;
	struct place from = { 0, 0 };
	enum stands s = STANDS;
	size_t k = 0;

	if (!part[0].capture) {
		s = stands_at(f, from, part[0].text);
		if (s == STANDS && part[0].text.n > f->text[0].n)
			s = STANDS_MAYBE;
		from.off = part[0].text.n;
		k = 1;
	}
	for (; k < w->n_parts && s == STANDS; k += 2) {
		struct place to = from;

		s = k + 1 < w->n_parts ? find_literal(f, &to, part[k + 1].text) : STANDS_NOT;
		if (s == STANDS_NOT)
			to = (struct place){ f->n, f->text[f->n].n };
		if (s != STANDS_MAYBE && w->label[k] != MAP_NONE) {
			struct shape_take *t = &ret->take[ret->n++];

			*t = (struct shape_take){ .label = w->label[k] };
			plan_take(f, from, to, t);
		}
		if (s == STANDS)
			from = (struct place){ to.text, to.off + part[k + 1].text.n };
	}
	ret->odd = s == STANDS_MAYBE;
	return f->failed ? -1 : 0;
}

/* A name that ends in "_extracted" may be that of two captures. */
static bool has_label_twice(const struct shape_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < i; k++)
			if (p->take[i].label == p->take[k].label)
				return true;
	return false;
}

static int plan(struct shape_reading *r, const struct shape *sh, struct err *e)
{
	const struct pattern_wanted *w = r->b->prepared;

	for (size_t k = 0; k < r->n_plans && w->n; k++) {
		struct shape_plan *p = &r->plan[k];
		struct form f = make_form(r->b, &sh[k], e);

		/* Of an empty line nothing is captured. */
		p->odd = shapes_whole_line(&sh[k]) || f.least == 0;
		p->take = arena_alloc(&r->b->mem, w->n * sizeof(*p->take));
		if (!p->odd && plan_captures(&f, w, p) < 0)
			return -1;
		p->odd = p->odd || has_label_twice(p);
	}
	return 0;
}

static enum fields_step value_of(struct shape_reading *r, const struct shape_take *t,
				 struct bytes *v)
{
	(void)r;
	(void)t;
	(void)v;
	return FIELDS_ENOUGH;
}

static bool give(struct shape_reading *r, const struct shape_plan *p, uint32_t i, bool *ret_stays)
{
	struct block *b = r->b;

	*ret_stays = true;
	for (size_t k = 0; k < p->n; k++) {
		const struct shape_take *t = &p->take[k];

		block_set(b, i, LABEL_PARSED, t->label, shapes_text(b, t, i));
	}
	return true;
}

static const struct shape_ops ops = { plan, value_of, give };
const struct shape_parser pattern_parser = { .ops = &ops };
