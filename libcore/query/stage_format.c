/* | line_format "..." and | label_format a=b, c="...". */
#include "query/template.h"

static int need(struct block *b, bool ts, struct err *e)
{
	if (block_need(b, WANT_LENS | WANT_LINES | (ts ? WANT_TS : 0U), e) < 0)
		return -1;
	return block_need_labels(b, e);
}

static int apply_line(const struct stage *s, struct block *b, struct err *e)
{
	const struct template *t = s->state;

	if (need(b, t->needs_ts, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);

		block_set_line(b, i, template_apply(t, b, i));
	}
	return 0;
}

static int bind_line(struct pipeline *p, struct stage *s, const struct logql_stage *tree,
		     struct err *e)
{
	s->state = arena_zalloc(&p->mem, sizeof(struct template));
	p->needs_lines = true;
	return template_bind(p, tree->line_format, &tree->pos, s->state, e);
}

struct part {
	uint32_t dst, src;
	bool is_rename;
	struct template template;
};

struct state {
	size_t n;
	bool needs_ts;
	struct part *v;
};

/* Renames run one after the other, each sees what those before it did; templates all read the
 * labels as they were at the first of them. */
static void format_entry(const struct state *st, struct block *b, uint32_t i)
{
	struct elabels before = { 0 }, now;
	bool have = false;

	for (size_t j = 0; j < st->n; j++) {
		const struct part *p = &st->v[j];
		struct bytes value;

		if (p->is_rename) {
			if (!block_get(b, i, p->src, &value))
				continue;
			if (p->dst != p->src) {
				block_set(b, i, LABEL_PARSED, p->dst, value);
				block_del(b, i, p->src);
			}
			continue;
		}
		if (!have) {
			b->el[i].cap = 0; /* who writes next makes a copy */
			before = b->el[i];
			have = true;
		}
		now = b->el[i];
		b->el[i] = before;
		value = template_apply(&p->template, b, i);
		b->el[i] = now;
		block_set(b, i, LABEL_PARSED, p->dst, value);
	}
}

static int apply_label(const struct stage *s, struct block *b, struct err *e)
{
	const struct state *st = s->state;

	if (need(b, st->needs_ts, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++)
		format_entry(st, b, block_entry(b, k));
	return 0;
}

static int bind_label(struct pipeline *p, struct stage *s, const struct logql_stage *tree,
		      struct err *e)
{
	struct state *st = arena_zalloc(&p->mem, sizeof(*st));

	s->state = st;
	st->v = arena_zalloc(&p->mem, tree->label_format.n * sizeof(*st->v));
	for (size_t i = 0; i < tree->label_format.n; i++) {
		const struct logql_format *t = &tree->label_format.v[i];
		struct part *v = &st->v[st->n++];

		v->dst = names_id(&p->names, t->dst);
		v->is_rename = t->is_rename;
		if (t->is_rename) {
			v->src = names_id(&p->names, t->src);
			stage_reads(p, v->src);
		} else if (template_bind(p, t->src, &t->pos, &v->template, e) < 0) {
			return -1;
		}
		st->needs_ts |= v->template.needs_ts;
	}
	return 0;
}

const struct stage_ops stage_line_format = { .bind = bind_line, .apply = apply_line };
const struct stage_ops stage_label_format = { .bind = bind_label, .apply = apply_label };
