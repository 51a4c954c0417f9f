/* What the answer of a metric query needs, and so what parsers take out of a line. */
#include "detail.h"

static void want(struct nv_hints *h, struct bytes name)
{
	static const struct bytes tail = { "_extracted", 10 };

	for (size_t i = 0; i < h->n_want; i++)
		if (bytes_eq(h->want[i], name))
			return;
	if (h->n_want == 64)
		abort();
	h->want[h->n_want++] = name;
	if (bytes_is(name, "__error__"))
		h->preserve = true;
	if (name.n > tail.n && bytes_eq(bytes_sub(name, name.n - tail.n, tail.n), tail))
		want(h, bytes_sub(name, 0, name.n - tail.n));
}

static void want_filter(struct nv_hints *h, const struct logql_filter *f)
{
	switch (f->kind) {
	case LOGQL_FILTER_AND:
	case LOGQL_FILTER_OR:
		want_filter(h, f->both.left);
		want_filter(h, f->both.right);
		break;
	case LOGQL_FILTER_MATCH:
		want(h, f->match.name);
		break;
	default:
		want(h, f->cmp.name);
	}
}

static void want_label(void *hints, struct bytes name)
{
	want(hints, name);
}

static void want_template(struct nv_hints *h, struct bytes text)
{
	nv_template_labels(text, want_label, h);
}

static void want_stage(struct nv_hints *h, const struct logql_stage *s)
{
	switch (s->kind) {
	case LOGQL_LABEL_FILTER:
		want_filter(h, s->filter);
		if (s->filter->kind != LOGQL_FILTER_AND && s->filter->kind != LOGQL_FILTER_OR)
			h->filter[h->n_filters++] = s->filter;
		break;
	case LOGQL_LINE_FORMAT:
		want_template(h, s->line_format);
		break;
	case LOGQL_LABEL_FORMAT:
		for (size_t i = 0; i < s->label_format.n; i++) {
			if (s->label_format.v[i].is_rename)
				want(h, s->label_format.v[i].src);
			else
				want_template(h, s->label_format.v[i].src);
		}
		break;
	default:
		break;
	}
}

bool nv_stage_counts(const struct nv_pipe *p, size_t i)
{
	if (p->bytes_count || p->log->stages[i].kind != LOGQL_LINE_FORMAT)
		return true;
	for (; i < p->log->n_stages; i++) {
		switch (p->log->stages[i].kind) {
		case LOGQL_LINE_FILTER:
		case LOGQL_JSON:
		case LOGQL_LOGFMT:
		case LOGQL_REGEXP:
		case LOGQL_PATTERN:
		case LOGQL_UNPACK:
			return true;
		default:
			break;
		}
	}
	return false;
}

void nv_pipe_init(struct nv_pipe *p, struct arena *a, const struct logql_log *log,
		  const struct logql_unwrap *unwrap, bool bytes_count, const struct nv_group *g)
{
	struct nv_hints *h = &p->hints;

	*p = (struct nv_pipe){ .a = a, .log = log, .unwrap = unwrap, .bytes_count = bytes_count };
	for (size_t i = 0; i < log->n_stages; i++)
		if (nv_stage_counts(p, i))
			want_stage(h, &log->stages[i]);
	if (unwrap) {
		want(h, unwrap->label);
		for (size_t i = 0; i < unwrap->n_filters; i++)
			want_filter(h, unwrap->filters[i]);
	}
	if (g->kind != NV_BY) {
		h->n_want = 0;
		h->preserve = false;
		return;
	}
	h->some = true;
	if (g->n) {
		h->n_filters = 0;
	} else if (h->n_want == 0) {
		h->no_labels = true;
	}
	for (size_t i = 0; i < g->n; i++)
		want(h, g->labels[i]);
}
