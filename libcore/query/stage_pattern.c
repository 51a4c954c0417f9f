/* | pattern "<ip> - <_> <path>": what stands between the literals. */
#include "query/stage_pattern.h"

#include "query/stage_shapes.h"

struct state {
	const struct logql_pattern *tree;
	uint32_t *name; /* by part; of captures that have one */
};

static const struct pattern_wanted *prepare(const struct stage *s, struct block *b)
{
	const struct state *st = s->state;
	const struct logql_pattern *t = st->tree;
	struct pattern_wanted *w =
		arena_zalloc(&b->mem, sizeof(*w) + t->n_parts * sizeof(w->label[0]));

	w->tree = t;
	for (size_t k = 0; k < t->n_parts; k++) {
		uint32_t name = st->name[k];

		w->label[k] = MAP_NONE;
		if (!t->parts[k].capture || !t->parts[k].text.n ||
		    !hints_want(&s->pipeline->hints, name))
			continue;
		w->label[k] = block_base_has(b, name) ? names_extracted(b->names, name) : name;
		w->n_parts = k + 2 < t->n_parts ? k + 2 : t->n_parts;
		w->n++;
	}
	return w;
}

/* Labels of an entry that had none, n at most, are put down in one piece. */
static void begin_labels(struct block *b, uint32_t i, size_t n)
{
	if (b->el[i].n == 0 && b->el[i].cap < n)
		b->el[i] = (struct elabels){ arena_alloc(&b->mem, n * sizeof(struct elabel)), 0,
					     (uint32_t)n };
}

/* The captures up to the first literal that is not there; the capture before that takes the rest.
 */
static bool capture(const struct stage *s, struct block *b, uint32_t i)
{
	const struct logql_pattern *t = ((const struct state *)s->state)->tree;
	const struct pattern_wanted *w = b->prepared;
	struct bytes line = fields_line(b, i);
	const char *p = line.p, *end = line.p + line.n;
	size_t k = 0;

	if (w->n == 0 || line.n == 0)
		return true;
	begin_labels(b, i, w->n);
	if (!t->parts[0].capture) {
		if (!bytes_starts(line, t->parts[0].text))
			return true;
		p += t->parts[0].text.n;
		k = 1;
	}
	for (; k < w->n_parts; k += 2) {
		const struct logql_pattern_part *lit = k + 1 < w->n_parts ? &t->parts[k + 1] : NULL;
		const char *at = lit ? near_text(p, end, lit->text.p, lit->text.n) : end;

		if (w->label[k] != MAP_NONE)
			block_set(b, i, LABEL_PARSED, w->label[k], bytes_of(p, (size_t)(at - p)));
		if (at == end)
			return true;
		p = at + lit->text.n;
	}
	return true;
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	b->prepared = prepare(s, b);
	return stage_extract(s, b, capture, e);
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	struct state *st = arena_zalloc(&p->mem, sizeof(*st));

	(void)e;
	s->state = st;
	st->tree = tree->pattern;
	st->name = arena_zalloc(&p->mem, (st->tree->n_parts + 1) * sizeof(*st->name));
	for (size_t i = 0; i < st->tree->n_parts; i++)
		if (st->tree->parts[i].capture && st->tree->parts[i].text.n)
			st->name[i] = name_of_field(names_id(&p->names, st->tree->parts[i].text));
	p->needs_lines = true;
	return 0;
}

static const struct shape_parser *shapes(const struct stage *s)
{
	(void)s;
	return &pattern_parser;
}

const struct stage_ops stage_pattern = {
	.bind = bind, .apply = apply, .shapes = shapes, .explain = stage_explain_fields
};
