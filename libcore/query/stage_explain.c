/* What stages have in common to say. */
#include "query/explain.h"
#include "query/stage.h"

static void add_names(struct buf *b, const struct pipeline *p)
{
	bool any = false;

	for (size_t i = 0; i < p->hints.n_required; i++) {
		struct bytes name = p->names.v[p->hints.required[i]];

		if (bytes_starts(name, BYTES_LIT("__")))
			continue;
		buf_add_str(b, any ? ", " : "");
		buf_add_bytes(b, name);
		any = true;
	}
	if (!any)
		buf_add_str(b, "nothing");
}

static bool has_expressions(const struct logql_stage *t)
{
	return (t->kind == LOGQL_JSON || t->kind == LOGQL_LOGFMT) && t->extract.n;
}

/* Field by field, as far as anybody needs them; others look at the whole line. */
static bool reads_on_demand(const struct stage *s)
{
	return s->tree->kind == LOGQL_JSON || s->tree->kind == LOGQL_LOGFMT;
}

void stage_explain_fields(const struct stage *s, struct explain_node *n)
{
	const struct hints *h = &s->pipeline->hints;
	struct buf b = { 0 };

	if (h->no_labels) {
		explain_note(n, "left out: the answer does not depend on its labels");
		return;
	}
	if (has_expressions(s->tree))
		return;
	if (h->required) {
		buf_add_str(&b, "takes ");
		add_names(&b, s->pipeline);
		buf_add_str(&b, reads_on_demand(s) ? " alone, and what is behind in a line is not "
						     "read"
						   : " alone");
	} else {
		buf_add_str(&b, "takes every field");
	}
	explain_note_bytes(n, buf_bytes(&b));
	buf_release(&b);
	if (h->n_filters && reads_on_demand(s))
		explain_note(n,
			     "a line is dropped as soon as a field of it fails the filter behind");
}
