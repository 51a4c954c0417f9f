#include "lines/line_filter.h"

#include "lines/ip.h"
#include "regex/regex.h"

enum { TEXTS_MAX = REGEX_NEEDED_MAX }; /* of one regex */

/* The whole line is the pattern: literals in their order, and something for each capture. */
static bool fits_pattern(const struct logql_pattern *p, struct bytes line)
{
	struct bytes rest = line;

	if (line.n == 0 || p->n_parts == 0)
		return line.n == 0 && p->n_parts == 0;
	for (size_t i = 0; i < p->n_parts; i++) {
		struct bytes lit = p->parts[i].text;
		const char *at;

		if (p->parts[i].capture)
			continue;
		at = memmem(rest.p, rest.n, lit.p, lit.n);
		if (!at || (i == 0) != (at == rest.p))
			return false;
		rest = bytes_of(at + lit.n, (size_t)(rest.p + rest.n - at) - lit.n);
	}
	return p->parts[p->n_parts - 1].capture == (rest.n > 0);
}

bool line_alt_confirm(const struct line_alt *a, struct bytes line, size_t at, struct err *gave_up)
{
	return !a->re || regex_match_behind(a->re, line, a->begins ? at : 0, gave_up) == 1;
}

static bool fits(const struct line_alt *a, struct bytes line, struct err *gave_up)
{
	int64_t at = a->use_find ? find_next(&a->find, line, 0) : 0;

	if (at < 0)
		return false;
	if (a->ip)
		return ip_in_text(a->ip, line);
	if (a->pattern)
		return fits_pattern(a->pattern, line);
	return line_alt_confirm(a, line, (size_t)at, gave_up);
}

bool line_filter_keeps(const struct line_filter *f, struct bytes line, struct err *gave_up)
{
	for (size_t i = 0; i < f->n; i++)
		if (fits(&f->v[i], line, gave_up))
			return !f->negate;
	return f->negate;
}

static void bind_find(struct arena *a, struct line_alt *alt, struct bytes text, bool fold)
{
	struct bytes needle = arena_copy(a, text);

	alt->use_find = true;
	if (fold)
		find_init_fold(&alt->find, needle);
	else
		find_init(&alt->find, needle);
}

/* Alternatives of plain text become alternatives of the filter: a search for each is faster. */
static int bind_regex(struct arena *a, struct line_filter *f, const struct logql_line_alt *tree,
		      unsigned how, struct err *e)
{
	struct regex *re = regex_new(tree->text, REGEX_LINE | how, e);
	struct regex_text texts[TEXTS_MAX];
	struct bytes needed[TEXTS_MAX];
	bool fold;
	size_t n;

	if (!re)
		return err_wrap(e, "line %u, col %u", tree->pos.line, tree->pos.col);
	n = regex_texts(re, texts, TEXTS_MAX, &fold);
	for (size_t i = 0; i < n; i++)
		bind_find(a, &f->v[f->n++], texts[i].text, fold);
	if (n > 0) {
		regex_free(re);
		return 0;
	}
	f->v[f->n].re = re;
	n = regex_needed(re, needed, &fold);
	for (size_t i = 0; i < n; i++) {
		struct line_alt *alt = &f->v[f->n + i];

		alt->re = re;
		alt->begins = regex_begins_with_needed(re);
		bind_find(a, alt, needed[i], fold);
	}
	f->n += n ? n : 1;
	return 0;
}

int line_filter_bind(struct arena *a, const struct logql_line_filter *tree, struct line_filter *ret,
		     struct err *e)
{
	bool is_regex = tree->op == LOGQL_LINE_RE || tree->op == LOGQL_LINE_NOT_RE;

	*ret = (struct line_filter){
		.negate = tree->op == LOGQL_LINE_HAS_NOT || tree->op == LOGQL_LINE_NOT_RE ||
			  tree->op == LOGQL_LINE_NOT_PATTERN,
		.v = arena_zalloc(a, tree->n_alts * TEXTS_MAX * sizeof(*ret->v)),
	};
	for (size_t i = 0; i < tree->n_alts; i++) {
		const struct logql_line_alt *t = &tree->alts[i];
		struct line_alt *alt = &ret->v[ret->n];

		if (!t->ip && is_regex) {
			if (bind_regex(a, ret, t, tree->how, e) < 0)
				return -1;
			continue;
		}
		ret->n++;
		/* Behind an `or`, Loki takes the text of an ip() for a literal. */
		alt->ip = i == 0 ? t->ip : NULL;
		alt->pattern = t->pattern;
		if (alt->ip || alt->pattern)
			continue;
		alt->use_find = true;
		find_init(&alt->find, t->text);
	}
	return 0;
}

void line_filter_release(struct line_filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (i == 0 || f->v[i].re != f->v[i - 1].re)
			regex_free(f->v[i].re);
	f->n = 0;
}
