/*
 * |= != |~ !~ |> !> with their `or` chains.
 *
 * The first filter of a query searches the lines of the whole block at once: a hit is mapped to its
 * line by line_off and confirmed against it (lines may hold newlines, and a needle may span two).
 * A regex is tried only on lines that hold a text it cannot do without.
 */
#include "base/find.h"
#include "base/mem.h"
#include "labels/quote.h"
#include "query/explain.h"
#include "query/ip.h"
#include "query/stage.h"
#include "regex/regex.h"

enum { TEXTS_MAX = REGEX_NEEDED_MAX }; /* of one regex */

struct alt {
	bool use_find;
	struct find find;
	struct regex *re; /* NULL for a literal; several may have the same one, the first owns it */
	bool begins;	  /* what re matches begins with what is found */
	const struct logql_ip *ip;	     /* ip("..") */
	const struct logql_pattern *pattern; /* |> */
};

struct state {
	bool negate;
	size_t n;
	struct alt *v;
};

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

/* at: where the text is found for the first time. A match that is given up ends the query:
 * b->gave_up. */
static bool re_fits(const struct alt *a, struct block *b, struct bytes line, size_t at)
{
	return !a->re || regex_match_behind(a->re, line, a->begins ? at : 0, &b->gave_up) == 1;
}

static bool alt_fits(const struct alt *a, struct block *b, struct bytes line)
{
	int64_t at = a->use_find ? find_next(&a->find, line, 0) : 0;

	if (at < 0)
		return false;
	if (a->ip)
		return ip_in_text(a->ip, line);
	if (a->pattern)
		return fits_pattern(a->pattern, line);
	return re_fits(a, b, line, (size_t)at);
}

static bool line_fits(const struct state *st, struct block *b, struct bytes line)
{
	for (size_t i = 0; i < st->n; i++)
		if (alt_fits(&st->v[i], b, line))
			return true;
	return false;
}

static void each_line(const struct state *st, struct block *b)
{
	uint32_t *sel = block_sel_list(b);
	size_t n = 0;

	for (size_t k = 0; k < b->n_sel; k++)
		if (line_fits(st, b, block_line(b, sel[k])) != st->negate)
			sel[n++] = sel[k];
	b->n_sel = n;
}

/* The line that holds offset `at`: the last one at or behind k that begins at or before it. */
static uint32_t line_at(const uint32_t *off, uint32_t k, uint32_t n, uint64_t at)
{
	uint32_t step = 1, hi;

	while (k + step < n && off[k + step] <= at) {
		k += step;
		step *= 2;
	}
	hi = k + step < n ? k + step : n;
	while (hi - k > 1) {
		uint32_t mid = k + (hi - k) / 2;

		if (off[mid] <= at)
			k = mid;
		else
			hi = mid;
	}
	return k;
}

/* Sets hit[i] of each entry whose line has the alternative; those that have a hit already are not
 * asked again. */
static void mark_hits(const struct alt *a, struct block *b, char *hit)
{
	const uint32_t *off = b->run.line_off;
	uint32_t k = b->first, end = b->first + (uint32_t)b->n_sel;
	/* The last line of a raw file may have no newline. */
	struct bytes hay = bytes_sub(bytes_of(b->run.lines, b->run.lines_len), 0, off[end]);
	size_t pos = off[k];

	while (k < end) {
		int64_t at = find_next(&a->find, hay, pos);

		if (at < 0)
			return;
		k = line_at(off, k, end, (uint64_t)at);
		if ((size_t)at + a->find.needle.n > off[k + 1] - 1) {
			pos = (size_t)at + 1; /* it goes beyond the line's end */
			continue;
		}
		if (!hit[k] && re_fits(a, b, run_line(&b->run, k), (size_t)at - off[k]))
			hit[k] = 1;
		pos = off[++k];
	}
}

static void whole_block(const struct state *st, struct block *b)
{
	uint32_t first = b->first, *sel;
	size_t n = 0, n_in = b->n_sel;
	char *hit = arena_zalloc(&b->mem, b->run.n);

	for (size_t i = 0; i < st->n; i++)
		mark_hits(&st->v[i], b, hit);
	mem_grow(&b->sel, &b->cap_sel, n_in, sizeof(*b->sel));
	sel = b->sel;
	for (size_t k = 0; k < n_in; k++)
		if (hit[first + k] != (char)st->negate)
			sel[n++] = first + (uint32_t)k;
	b->sel_list = true;
	b->n_sel = n;
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	const struct state *st = s->state;
	bool all_find = !b->line && !b->sel_list;

	if (block_need(b, WANT_LENS | WANT_LINES, e) < 0)
		return -1;
	for (size_t i = 0; i < st->n && all_find; i++)
		all_find = st->v[i].use_find;
	if (all_find)
		whole_block(st, b);
	else
		each_line(st, b);
	return 0;
}

static void bind_find(struct pipeline *p, struct alt *a, struct bytes text, bool fold)
{
	struct bytes needle = arena_copy(&p->mem, text);

	a->use_find = true;
	if (fold)
		find_init_fold(&a->find, needle);
	else
		find_init(&a->find, needle);
}

/* Alternatives of plain text become alternatives of the filter: a search for each is faster. */
static int bind_regex(struct pipeline *p, struct state *st, const struct logql_line_alt *tree,
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
		bind_find(p, &st->v[st->n++], texts[i].text, fold);
	if (n > 0) {
		regex_free(re);
		return 0;
	}
	st->v[st->n].re = re;
	n = regex_needed(re, needed, &fold);
	for (size_t i = 0; i < n; i++) {
		struct alt *a = &st->v[st->n + i];

		a->re = re;
		a->begins = regex_begins_with_needed(re);
		bind_find(p, a, needed[i], fold);
	}
	st->n += n ? n : 1;
	return 0;
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	const struct logql_line_filter *f = &tree->line_filter;
	struct state *st = arena_zalloc(&p->mem, sizeof(*st));

	s->state = st;
	p->needs_lines = true;
	st->v = arena_zalloc(&p->mem, f->n_alts * TEXTS_MAX * sizeof(*st->v));
	st->negate = f->op == LOGQL_LINE_HAS_NOT || f->op == LOGQL_LINE_NOT_RE ||
		     f->op == LOGQL_LINE_NOT_PATTERN;
	for (size_t i = 0; i < f->n_alts; i++) {
		const struct logql_line_alt *t = &f->alts[i];
		struct alt *a = &st->v[st->n];

		if (!t->ip && (f->op == LOGQL_LINE_RE || f->op == LOGQL_LINE_NOT_RE)) {
			if (bind_regex(p, st, t, f->how, e) < 0)
				return -1;
			continue;
		}
		st->n++;
		/* Behind an `or`, Loki takes the text of an ip() for a literal. */
		a->ip = i == 0 ? t->ip : NULL;
		a->pattern = t->pattern;
		if (a->ip || a->pattern)
			continue;
		a->use_find = true;
		find_init(&a->find, t->text);
	}
	return 0;
}

static void release(struct stage *s)
{
	struct state *st = s->state;

	for (size_t i = 0; i < st->n; i++)
		if (i == 0 || st->v[i].re != st->v[i - 1].re)
			regex_free(st->v[i].re);
}

/* What the search finds on the way, and what a regex is. */
static void explain_regex(const struct alt *a, struct explain_node *n)
{
	struct buf b = { 0 };

	buf_add_str(&b, a->use_find ? "regex, tried only where there is "
				    : "regex, tried on every line: no text is in all matches");
	if (a->use_find)
		quote_add(&b, a->find.needle);
	explain_note_bytes(n, buf_bytes(&b));
	buf_release(&b);
}

static void explain(const struct stage *s, struct explain_node *n)
{
	const struct state *st = s->state;
	enum logql_line_op op = s->tree->line_filter.op;
	bool all_find = true, is_regex = op == LOGQL_LINE_RE || op == LOGQL_LINE_NOT_RE;
	struct buf texts = { 0 };

	for (size_t i = 0; i < st->n; i++)
		all_find = all_find && st->v[i].use_find;
	if (s == s->pipeline->stage)
		explain_note(n, all_find ? "searches whole blocks at once"
					 : "looks at one line after the other");
	for (size_t i = 0; i < st->n && is_regex; i++) {
		const struct alt *a = &st->v[i];

		if (a->re) {
			explain_regex(a, n);
		} else if (a->use_find) {
			buf_add_str(&texts, texts.n ? ", " : "regex that is only text: ");
			quote_add(&texts, a->find.needle);
		}
	}
	if (texts.n)
		explain_note_bytes(n, buf_bytes(&texts));
	buf_release(&texts);
}

const struct stage_ops stage_line_filter = {
	.bind = bind, .apply = apply, .release = release, .explain = explain
};
