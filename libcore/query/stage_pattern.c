/* | pattern "<ip> - <_> <path>": what stands between the literals. */
#include "query/stage.h"

struct state {
	const struct logql_pattern *tree;
	uint32_t *name; /* by part; of captures that have one */
};

static struct bytes behind(struct bytes text, const char *p)
{
	return bytes_of(p, (size_t)(text.p + text.n - p));
}

/* The captures up to the first literal that is not there; the capture before that takes the rest.
 */
static bool capture(const struct stage *s, struct block *b, uint32_t i)
{
	const struct state *st = s->state;
	const struct logql_pattern *t = st->tree;
	struct bytes rest = block_line(b, i);
	size_t k = 0;

	if (rest.n == 0)
		return true;
	if (!t->parts[0].capture) {
		if (!bytes_starts(rest, t->parts[0].text))
			return true;
		rest = bytes_sub(rest, t->parts[0].text.n, rest.n);
		k = 1;
	}
	for (; k < t->n_parts; k += 2) {
		const struct logql_pattern_part *c = &t->parts[k],
						*lit = k + 1 < t->n_parts ? c + 1 : NULL;
		const char *at = lit ? memmem(rest.p, rest.n, lit->text.p, lit->text.n) : NULL;
		struct bytes value = at ? bytes_of(rest.p, (size_t)(at - rest.p)) : rest;
		uint32_t name = st->name[k];

		if (c->text.n && hints_want(&s->pipeline->hints, name)) {
			if (block_base_has(b, name))
				name = names_extracted(b->names, name);
			block_set(b, i, LABEL_PARSED, name, value);
		}
		if (!at)
			return true;
		rest = behind(rest, at + lit->text.n);
	}
	return true;
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
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

const struct stage_ops stage_pattern = { .bind = bind,
					 .apply = apply,
					 .explain = stage_explain_fields };
