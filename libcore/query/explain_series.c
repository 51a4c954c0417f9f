/* Questions about streams: what of indexes, sidecars and heads they look at. */
#include "query/explain_scan.h"
#include "query/series.h"

static int plan(struct explain *x, const struct series_opts *o, const struct selectors *sel,
		struct explain_node *n, struct err *e)
{
	struct source_opts source = o->source;
	struct plan p = { .from = o->from, .to = o->to };
	struct sources *s;
	int r;

	if (sel->n == 1) {
		p.match = sel->v[0].match;
		p.n_match = sel->v[0].n;
	}
	if (x->how == EXPLAIN_ANALYZE)
		source.n_files = 0;
	if (sources_open(&source, &s, e) < 0)
		return -1;
	sources_keep(s);
	r = sources_plan(s, &p, e);
	if (r == 0)
		explain_sources(n, &p, &source);
	plan_release(&p);
	sources_free(s);
	return r;
}

static void note_how(struct explain_node *n, const struct series_opts *o, size_t n_selectors)
{
	if (n_selectors > 1)
		explain_note(n, "of several selectors each stream is asked, whatever the index "
				"tells");
	if (o->source.store || o->source.wal)
		explain_note(n, "no block is read: indexes, sidecars and heads tell all");
	if (o->source.n_files)
		explain_note(n, "files are looked at as a whole");
}

int explain_series(struct explain *x, struct bytes what, const struct series_opts *o,
		   char *const *selectors, size_t n_selectors, struct err *e)
{
	struct explain_node *n = explain_begin(x, "streams");
	struct selectors sel = { 0 };
	int r = selectors_parse(selectors, n_selectors, o->flags, &sel, e);

	buf_add_bytes(&n->title, what);
	for (size_t i = 0; i < n_selectors; i++)
		buf_addf(&n->title, " %s", selectors[i]);
	if (r == 0)
		r = plan(x, o, &sel, n, e);
	if (r == 0)
		note_how(n, o, sel.n);
	selectors_release(&sel);
	explain_end(x);
	return r;
}
