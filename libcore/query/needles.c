#include "query/needles.h"

#include <stdlib.h>

#include "base/mem.h"
#include "lines/line_filter.h"
#include "regex/regex.h"

void needles_release(struct needles *n)
{
	bloom_ask_release(&n->all);
	bloom_ask_release(&n->of_lines);
	free(n->name);
	*n = (struct needles){ 0 };
}

/* All of its literal texts. */
static void add_pattern(struct bloom_ask *ask, const struct logql_pattern *pattern)
{
	bool first = true;

	for (size_t i = 0; i < pattern->n_parts; i++) {
		if (pattern->parts[i].capture)
			continue;
		if (first)
			bloom_ask_text(ask, pattern->parts[i].text, GRAM_CASE_AS_IS);
		else
			bloom_ask_also(ask, pattern->parts[i].text, GRAM_CASE_AS_IS);
		first = false;
	}
	if (first)
		bloom_ask_anything(ask);
}

/* What every match holds, be there one of several texts that is needed, or one alone. A line is
 * what was stored, so Unicode's letters stand in it as such, and filters know them. */
static void add_required(struct bloom_ask *ask, const struct regex *re)
{
	struct regex_required text[REGEX_REQUIRED_MAX];
	size_t n = regex_required(re, REGEX_LETTERS_OF_ALL, text);

	for (size_t i = 0; i < n; i++) {
		bloom_ask_clause(ask);
		bloom_ask_text(ask, text[i].text, text[i].fold ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
	}
}

static void add_line_filter(struct bloom_ask *ask, const struct line_filter *f)
{
	if (f->negate)
		return;
	bloom_ask_clause(ask);
	for (size_t i = 0; i < f->n; i++) {
		const struct line_alt *a = &f->v[i];

		if (a->use_find)
			bloom_ask_text(ask, a->find.needle,
				       a->find.fold ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
		else if (a->pattern)
			add_pattern(ask, a->pattern);
		else
			bloom_ask_anything(ask);
	}
	/* Those of one of several regexes a line may do without. */
	if (f->n && f->v[0].re && f->v[0].re == f->v[f->n - 1].re)
		add_required(ask, f->v[0].re);
}

static void add_name(void *data, struct bytes name)
{
	struct needles *n = data;

	mem_grow(&n->name, &n->cap_names, n->n_names + 1, sizeof(*n->name));
	n->name[n->n_names++] = name;
}

/* Whether lines and labels are still what was stored, or parsed from that. */
static bool is_plain(enum logql_stage_kind kind)
{
	switch (kind) {
	case LOGQL_LINE_FILTER:
	case LOGQL_JSON:
	case LOGQL_LOGFMT:
	case LOGQL_REGEXP:
	case LOGQL_PATTERN:
	case LOGQL_LABEL_FILTER:
	case LOGQL_DROP:
	case LOGQL_KEEP:
		return true;
	case LOGQL_UNPACK:
	case LOGQL_LINE_FORMAT:
	case LOGQL_LABEL_FORMAT:
	case LOGQL_DECOLORIZE:
		break;
	}
	return false;
}

void needles_find(struct needles *n, const struct pipeline *p)
{
	for (size_t i = 0; i < p->n_stages && is_plain(p->stage[i].tree->kind); i++) {
		const struct stage *s = &p->stage[i];

		if (s->ops == &stage_line_filter) {
			add_line_filter(&n->all, s->state);
			add_line_filter(&n->of_lines, s->state);
		} else if (s->ops == &stage_label_filter) {
			stage_label_filter_needs(s, &n->all, add_name, n);
		}
	}
	bloom_ask_end(&n->all);
	bloom_ask_end(&n->of_lines);
}

const struct bloom_ask *needles_of(const struct needles *n, const struct labels *labels)
{
	for (size_t i = 0; i < n->n_names; i++)
		if (labels_get_bytes(labels, n->name[i]).p)
			return &n->of_lines;
	return &n->all;
}
