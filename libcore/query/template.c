#include "query/template.h"

int template_check(void *ctx, const char *name, struct bytes text, struct err *e)
{
	struct template *t = template_parse(bytes_str(name), text, e);

	(void)ctx;
	if (!t)
		return -1;
	template_free(t);
	return 0;
}

int template_bind(struct pipeline *p, const char *name, struct bytes text,
		  const struct logql_pos *pos, struct bound_template *ret, struct err *e)
{
	struct template *t = template_parse(bytes_str(name), text, e);
	size_t n;

	if (!t)
		return err_wrap(e, "line %u, col %u", pos->line, pos->col);
	n = template_n_names(t);
	ret->template = t;
	ret->names = arena_alloc(&p->mem, (n + 1) * sizeof(*ret->names));
	for (size_t i = 0; i < n; i++) {
		ret->names[i] = names_id(&p->names, template_name(t, i));
		stage_reads(p, ret->names[i]);
	}
	return 0;
}

void template_unbind(struct bound_template *t)
{
	template_free(t->template);
}

int template_need(const struct bound_template *t, struct block *b, struct err *e)
{
	unsigned want = WANT_LENS | WANT_LINES;

	if (template_uses_time(t->template))
		want |= WANT_TS;
	if (block_need(b, want, e) < 0)
		return -1;
	return block_need_labels(b, e);
}

/* --- what the template asks ------------------------------------------------------------ */

struct asked {
	const struct bound_template *t;
	const struct block *b;
	uint32_t i;
};

static struct bytes get_label(void *ctx, size_t name)
{
	const struct asked *a = ctx;
	uint32_t id = a->t->names[name];
	struct bytes value;

	/* A field that is called as the error label shows where there is no error. */
	if (!block_get(a->b, a->i, id, &value) && id <= NAME_ERROR_DETAILS)
		block_get(a->b, a->i, name_of_field(id), &value);
	return value;
}

static size_t get_labels(void *ctx, struct arena *mem, struct template_label **ret)
{
	const struct asked *a = ctx;
	size_t n = block_n_labels(a->b, a->i);
	struct elabel *v = arena_alloc(mem, (n + 1) * sizeof(*v));

	n = block_labels(a->b, a->i, v);
	*ret = arena_alloc(mem, (n + 1) * sizeof(**ret));
	for (size_t k = 0; k < n; k++)
		(*ret)[k] = (struct template_label){ a->b->names->v[v[k].name], v[k].value };
	return n;
}

bool template_apply(const struct bound_template *t, struct block *b, uint32_t i, struct bytes *ret)
{
	struct asked asked = { t, b, i };
	struct template_entry entry = {
		.ctx = &asked,
		.label = get_label,
		.labels = get_labels,
	};
	int done;

	if (!b->template_run)
		b->template_run = template_run_new();
	if (template_uses_line(t->template))
		entry.line = block_line(b, i);
	if (template_uses_time(t->template))
		entry.ts_ns = b->run.ts_ns[i];
	done = template_execute(t->template, b->template_run, &entry, ret);
	*ret = arena_copy(&b->mem, *ret);
	return done == 0;
}
