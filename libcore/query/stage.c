#include "query/stage.h"

#include "base/convert.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "labels/value_error.h"
#include "query/probe.h"
#include "query/stage_shapes.h"

/* One row per kind of stage. */
static const struct stage_ops *const table[] = {
	[LOGQL_LINE_FILTER] = &stage_line_filter,
	[LOGQL_JSON] = &stage_json,
	[LOGQL_LOGFMT] = &stage_logfmt,
	[LOGQL_REGEXP] = &stage_regexp,
	[LOGQL_PATTERN] = &stage_pattern,
	[LOGQL_UNPACK] = &stage_unpack,
	[LOGQL_LABEL_FILTER] = &stage_label_filter,
	[LOGQL_LINE_FORMAT] = &stage_line_format,
	[LOGQL_LABEL_FORMAT] = &stage_label_format,
	[LOGQL_DECOLORIZE] = &stage_decolorize,
	[LOGQL_DROP] = &stage_drop,
	[LOGQL_KEEP] = &stage_keep,
};

void stage_reads(struct pipeline *p, uint32_t name)
{
	for (size_t i = 0; i < p->n_reads; i++)
		if (p->reads[i] == name)
			return;
	mem_grow(&p->reads, &p->cap_reads, p->n_reads + 1, sizeof(*p->reads));
	p->reads[p->n_reads++] = name;
}

/* What parsers may leave out. A name that ends in "_extracted" may be the label of a field without
 * it. */
static void require(struct pipeline *p, uint32_t name)
{
	static const struct bytes suffix = { "_extracted", 10 };
	struct bytes text = p->names.v[name];
	struct hints *h = &p->hints;

	for (size_t i = 0; i < h->n_required; i++)
		if (h->required[i] == name)
			return;
	h->required[h->n_required++] = name;
	h->preserve_error |= name == NAME_ERROR;
	if (text.n > suffix.n && bytes_eq(bytes_sub(text, text.n - suffix.n, suffix.n), suffix))
		require(p, names_id(&p->names, bytes_sub(text, 0, text.n - suffix.n)));
}

static void make_hints(struct pipeline *p, const struct grouping *g)
{
	struct hints *h = &p->hints;
	bool none = g->kind == GROUP_BY && g->n == 0;

	if (g->kind != GROUP_BY)
		return;
	if (none && p->n_reads == 0) {
		h->no_labels = true;
		h->n_filters = 0;
		return;
	}
	/* Each name may bring a second one, without its suffix. */
	h->required = arena_alloc(&p->mem, 2 * (p->n_reads + g->n) * sizeof(*h->required));
	for (size_t i = 0; i < p->n_reads; i++)
		require(p, p->reads[i]);
	for (size_t i = 0; i < g->n; i++)
		require(p, names_id(&p->names, g->labels[i]));
	if (!none)
		h->n_filters = 0;
}

static void add_hint_filter(struct pipeline *p, const struct stage *s)
{
	uint32_t name;

	if (s->ops == &stage_label_filter && filter_one_name(s->state, &name))
		p->hints.filters[p->hints.n_filters++] =
			(struct hint_filter){ .name = name, .f = s->state };
}

/* Whether a stage behind the i-th, or the i-th itself, looks at lines for what Loki counts as such:
 * templates that print __line__ are not among it. */
static bool lines_matter(const struct logql_log *log, size_t i)
{
	for (; i < log->n_stages; i++) {
		switch (log->stages[i].kind) {
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

/*
 * Line filters go before the stages that they stand behind, up to one that makes new lines: the
 * cheap first. As in Loki, decolorize does not count as such, so a filter behind it sees the
 * colours. A line_format whose lines nobody looks at is left out, as in Loki, and with it its
 * errors. *ret_n is how many are left.
 */
static const struct logql_stage **reorder(struct pipeline *p, const struct logql_log *log,
					  bool ignores_lines, size_t *ret_n)
{
	const struct logql_stage **v = arena_alloc(&p->mem, (log->n_stages + 1) * sizeof(*v));
	size_t n = 0, begin = 0;

	for (size_t i = 0; i <= log->n_stages; i++) {
		bool last = i == log->n_stages;

		if (!last && log->stages[i].kind != LOGQL_LINE_FORMAT &&
		    log->stages[i].kind != LOGQL_UNPACK)
			continue;
		for (size_t k = begin; k < i; k++)
			if (log->stages[k].kind == LOGQL_LINE_FILTER)
				v[n++] = &log->stages[k];
		for (size_t k = begin; k < i; k++)
			if (log->stages[k].kind != LOGQL_LINE_FILTER)
				v[n++] = &log->stages[k];
		if (!last && (log->stages[i].kind != LOGQL_LINE_FORMAT || !ignores_lines ||
			      lines_matter(log, i)))
			v[n++] = &log->stages[i];
		begin = i + 1;
	}
	*ret_n = n;
	return v;
}

int pipeline_add_unwrap(struct pipeline *p, const struct logql_unwrap *tree, struct unwrap **ret,
			struct err *e)
{
	struct unwrap *u = arena_zalloc(&p->mem, sizeof(*u));

	u->next = p->unwrap;
	p->unwrap = u;
	*ret = u;
	u->name = names_id(&p->names, tree->label);
	u->conv = tree->conv;
	stage_reads(p, u->name);
	u->filters = arena_zalloc(&p->mem, (tree->n_filters + 1) * sizeof(struct filter *));
	for (size_t i = 0; i < tree->n_filters; i++)
		if (filter_bind(p, tree->filters[i], &u->filters[u->n_filters++], e) < 0)
			return -1;
	return 0;
}

/* Line filters and label filters drop entries; with a label filter parsers do, too, as hints say.
 */
static size_t count_dropping(const struct pipeline *p)
{
	size_t n = p->n_stages;

	if (p->hints.n_filters)
		return n;
	while (n > 0 && p->stage[n - 1].ops != &stage_line_filter &&
	       p->stage[n - 1].ops != &stage_label_filter)
		n--;
	return n;
}

int pipeline_bind(struct pipeline *p, const struct logql_log *log,
		  const struct logql_unwrap *unwrap, const struct grouping *group, struct err *e)
{
	const struct logql_stage **order;
	struct unwrap *ignored;
	size_t n;

	*p = (struct pipeline){ 0 };
	names_init(&p->names);
	order = reorder(p, log, group->ignores_lines, &n);
	p->stage = arena_zalloc(&p->mem, (log->n_stages + 1) * sizeof(*p->stage));
	p->hints.filters = arena_zalloc(&p->mem, (log->n_stages + 1) * sizeof(*p->hints.filters));
	for (size_t i = 0; i < n; i++) {
		const struct logql_stage *tree = order[i];
		struct stage *s = &p->stage[i];

		s->pipeline = p;
		s->tree = tree;
		s->ops = table[tree->kind];
		p->n_stages++;
		if (s->ops->bind(p, s, tree, e) < 0)
			goto fail;
		add_hint_filter(p, s);
	}
	if (unwrap && pipeline_add_unwrap(p, unwrap, &ignored, e) < 0)
		goto fail;
	make_hints(p, group);
	p->n_dropping = count_dropping(p);
	return 0;
fail:
	pipeline_release(p);
	return -1;
}

void pipeline_release(struct pipeline *p)
{
	for (size_t i = 0; i < p->n_stages; i++)
		if (p->stage[i].ops->release && p->stage[i].state)
			p->stage[i].ops->release(&p->stage[i]);
	for (struct unwrap *u = p->unwrap; u; u = u->next)
		for (size_t i = 0; i < u->n_filters; i++)
			filter_release(u->filters[i]);
	names_release(&p->names);
	free(p->reads);
	arena_release(&p->mem);
	*p = (struct pipeline){ 0 };
}

int pipeline_apply(const struct pipeline *p, struct block *b, struct err *e)
{
	return pipeline_apply_part(p, 0, p->n_stages, b, e);
}

int pipeline_apply_part(const struct pipeline *p, size_t first, size_t end, struct block *b,
			struct err *e)
{
	if (b->probe && probe_apply(p, first, end, b, e) < 0)
		return -1;
	for (size_t i = first; !b->probe && i < end && b->n_sel; i++)
		if (p->stage[i].ops->apply(&p->stage[i], b, e) < 0)
			return -1;
	if (b->gave_up.code != ERR_NONE && e)
		*e = b->gave_up;
	return b->gave_up.code != ERR_NONE ? -1 : 0;
}

/* A failure's reason goes to why. */
static bool convert(enum logql_conv conv, struct bytes text, struct buf *why, double *ret)
{
	uint64_t size;
	int64_t ns;

	switch (conv) {
	case LOGQL_CONV_NONE:
		if (convert_number(text, ret))
			return true;
		value_error_number(why, text);
		return false;
	case LOGQL_CONV_BYTES:
		if (convert_bytes(text, &size)) {
			*ret = (double)size;
			return true;
		}
		value_error_bytes(why, text);
		return false;
	default:
		if (convert_duration(text, &ns)) {
			*ret = convert_seconds(ns);
			return true;
		}
		value_error_duration(why, text);
		return false;
	}
}

bool unwrap_convert(const struct unwrap *u, struct bytes text, double *ret)
{
	struct buf why = { 0 };
	bool ok = convert(u->conv, text, &why, ret);

	buf_release(&why);
	return ok;
}

bool unwrap_value(const struct pipeline *p, const struct unwrap *u, struct block *b, uint32_t i,
		  double *ret)
{
	struct bytes text;

	block_get(b, i, u->name, &text);
	if (text.n == 0)
		return false;
	*ret = 0;
	buf_reset(&b->scratch);
	if (!convert(u->conv, text, &b->scratch, ret)) {
		block_set_error(b, i, "SampleExtractionErr",
				arena_copy(&b->mem, buf_bytes(&b->scratch)));
		if (p->hints.preserve_error)
			block_set(b, i, LABEL_PARSED, NAME_PRESERVE_ERROR, BYTES_LIT("true"));
	}
	for (size_t k = 0; k < u->n_filters; k++)
		if (!filter_eval(u->filters[k], b, i))
			return false;
	return true;
}

bool hints_want(const struct hints *h, uint32_t name)
{
	if (!h->required)
		return true;
	for (size_t i = 0; i < h->n_required; i++)
		if (h->required[i] == name)
			return true;
	return false;
}

bool hints_all_found(const struct hints *h, const struct block *b, uint32_t i)
{
	const struct elabels *el = &b->el[i];

	if (!h->required || el->n < h->n_required)
		return false;
	for (size_t k = 0; k < h->n_required; k++) {
		uint32_t j = 0;

		while (j < el->n &&
		       (el->v[j].name != h->required[k] || el->v[j].kind != LABEL_PARSED))
			j++;
		if (j == el->n)
			return false;
	}
	return true;
}

const struct filter *hints_filter(const struct hints *h, uint32_t name)
{
	for (size_t k = 0; k < h->n_filters; k++)
		if (h->filters[k].name == name)
			return h->filters[k].f;
	return NULL;
}

bool hints_go_on(const struct hints *h, struct block *b, uint32_t i, uint32_t name)
{
	const struct filter *f = hints_filter(h, name);

	return !f || filter_eval(f, b, i);
}

static size_t char_len(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];
	size_t len = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;

	if (c < 0xc2 || c >= 0xf5 || len > n || !utf8_valid(bytes_of(p, len)))
		return 1;
	return len;
}

int stage_extract(const struct stage *s, struct block *b, stage_extract_fn *extract, struct err *e)
{
	const struct shape_parser *shapes = s->ops->shapes ? s->ops->shapes(s) : NULL;
	const struct hints *h = &s->pipeline->hints;
	uint32_t *sel;
	size_t n = 0;

	if (h->no_labels)
		return 0;
	if (!b->fields) {
		b->n_fields = s->pipeline->n_stages;
		b->fields = mem_alloc(b->n_fields * sizeof(struct line_fields *));
	}
	if (shapes && !b->line) {
		if (block_need(b, WANT_SHAPES, e) < 0)
			return -1;
		if (b->shapes)
			return shapes_extract(s, b, shapes, extract, e);
	}
	if (block_need(b, WANT_LENS | WANT_LINES, e) < 0 || block_need_labels(b, e) < 0)
		return -1;
	sel = block_sel_list(b);
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = sel[k];

		if (hints_all_found(h, b, i) || extract(s, b, i))
			sel[n++] = i;
	}
	b->n_sel = n;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void stage_sanitize(struct buf *out, struct bytes key)
{
	while (key.n && is_blank(key.p[0]))
		key = bytes_sub(key, 1, key.n);
	while (key.n && is_blank(key.p[key.n - 1]))
		key.n--;
	if (key.n && out->n == 0 && key.p[0] >= '0' && key.p[0] <= '9')
		buf_add_char(out, '_');
	for (size_t i = 0; i < key.n;) {
		char c = key.p[i];
		bool ok =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		buf_add_char(out, ok ? c : '_');
		i += ok ? 1 : char_len(key.p + i, key.n - i);
	}
}
