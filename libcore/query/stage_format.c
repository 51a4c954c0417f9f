/* | line_format "..." and | label_format a=b, c="...". */
#include "query/template.h"

static const char error_name[] = "TemplateFormatErr";

/* --- line_format ----------------------------------------------------------------------- */

static int apply_line(const struct stage *s, struct block *b, struct err *e)
{
	const struct bound_template *t = s->state;
	struct bytes text;

	if (template_need(t, b, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);

		if (template_apply(t, b, i, &text))
			block_set_line(b, i, text);
		else
			block_set_error(b, i, error_name, text);
	}
	return 0;
}

static int bind_line(struct pipeline *p, struct stage *s, const struct logql_stage *tree,
		     struct err *e)
{
	s->state = arena_zalloc(&p->mem, sizeof(struct bound_template));
	p->needs_lines = true;
	return template_bind(p, "line", tree->line_format, &tree->pos, s->state, e);
}

static void release_line(struct stage *s)
{
	template_unbind(s->state);
}

/* --- label_format ---------------------------------------------------------------------- */

struct part {
	uint32_t dst, src;
	bool is_rename;
	struct bound_template template;
};

struct state {
	size_t n;
	struct part *v;
};

static void rename_label(const struct part *p, struct block *b, uint32_t i)
{
	struct bytes value;

	if (!block_get(b, i, p->src, &value) || p->dst == p->src)
		return;
	block_set(b, i, LABEL_PARSED, p->dst, value);
	block_del(b, i, p->src);
}

/* Renames run one after the other, each sees what those before it did; templates all read the
 * labels as they were at the first of them. */
static void format_entry(const struct state *st, struct block *b, uint32_t i)
{
	struct elabels before = { 0 }, now;
	bool have = false, ok;

	for (size_t j = 0; j < st->n; j++) {
		const struct part *p = &st->v[j];
		struct bytes value;

		if (p->is_rename) {
			rename_label(p, b, i);
			continue;
		}
		if (!have) {
			b->el[i].cap = 0; /* who writes next makes a copy */
			before = b->el[i];
			have = true;
		}
		now = b->el[i];
		b->el[i] = before;
		ok = template_apply(&p->template, b, i, &value);
		b->el[i] = now;
		if (ok)
			block_set(b, i, LABEL_PARSED, p->dst, value);
		else
			block_set_error(b, i, error_name, value);
	}
}

static int apply_label(const struct stage *s, struct block *b, struct err *e)
{
	const struct state *st = s->state;

	if (block_need_labels(b, e) < 0)
		return -1;
	for (size_t j = 0; j < st->n; j++)
		if (!st->v[j].is_rename && template_need(&st->v[j].template, b, e) < 0)
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
		} else if (template_bind(p, "label", t->src, &t->pos, &v->template, e) < 0) {
			return -1;
		}
	}
	return 0;
}

static void release_label(struct stage *s)
{
	struct state *st = s->state;

	for (size_t i = 0; i < st->n; i++)
		template_unbind(&st->v[i].template);
}

const struct stage_ops stage_line_format = { .bind = bind_line,
					     .apply = apply_line,
					     .release = release_line };
const struct stage_ops stage_label_format = { .bind = bind_label,
					      .apply = apply_label,
					      .release = release_label };
