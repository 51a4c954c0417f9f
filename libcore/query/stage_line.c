/*
 * |= != |~ !~ |> !> with their `or` chains.
 *
 * Of lines that are taken apart, shapes and columns tell which may fit: only those are put together
 * and asked, unless they are most. Else the first filter of a query searches the lines of the whole
 * block at once: a hit is mapped to its line by line_off and confirmed against it (lines may hold
 * newlines, and a needle may span two).
 */
#include "base/mem.h"
#include "labels/quote.h"
#include "lines/line_filter.h"
#include "query/explain.h"
#include "query/line_shapes.h"
#include "query/stage.h"

static void each_line(const struct line_filter *st, struct block *b)
{
	uint32_t *sel = block_sel_list(b);
	size_t n = 0;

	for (size_t k = 0; k < b->n_sel; k++)
		if (line_filter_keeps(st, block_line(b, sel[k]), &b->gave_up))
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
static void mark_hits(const struct line_alt *a, struct block *b, char *hit)
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
		if (!hit[k] &&
		    line_alt_confirm(a, run_line(&b->run, k), (size_t)at - off[k], &b->gave_up))
			hit[k] = 1;
		pos = off[++k];
	}
}

static void whole_block(const struct line_filter *st, struct block *b)
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

/* Of lines that are taken apart those that may fit are put together, and asked. *ret_done: false
 * when these are most, so that all may as well be. */
static int by_shapes(const struct line_filter *st, struct block *b, bool *ret_done, struct err *e)
{
	char *maybe = arena_zalloc(&b->mem, b->run.n);
	uint32_t *sel, *asked;
	size_t n_asked = 0, n = 0;

	if (line_shapes_maybe(st, b, maybe, e) < 0)
		return -1;
	asked = arena_alloc(&b->mem, (b->n_sel + 1) * sizeof(*asked));
	for (size_t k = 0; k < b->n_sel; k++)
		if (maybe[block_entry(b, k)])
			asked[n_asked++] = block_entry(b, k);
	*ret_done = n_asked <= b->n_sel / 2;
	if (!*ret_done)
		return 0;
	sel = block_sel_list(b);
	if (block_peek_lines(b, asked, n_asked, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = sel[k];

		if (maybe[i] ? line_filter_keeps(st, run_line(&b->run, i), &b->gave_up)
			     : st->negate)
			sel[n++] = i;
	}
	b->n_sel = n;
	return 0;
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	const struct line_filter *st = s->state;
	bool all_find = true, done = false;

	for (size_t i = 0; i < st->n && all_find; i++)
		all_find = st->v[i].use_find;
	if (all_find && !b->line && !(b->have & WANT_LINES)) {
		if (block_need(b, WANT_SHAPES, e) < 0 ||
		    (b->shapes && by_shapes(st, b, &done, e) < 0))
			return -1;
		if (done)
			return 0;
	}
	if (block_need(b, WANT_LENS | WANT_LINES, e) < 0)
		return -1;
	if (all_find && !b->line && !b->sel_list)
		whole_block(st, b);
	else
		each_line(st, b);
	return 0;
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	struct line_filter *st = arena_zalloc(&p->mem, sizeof(*st));

	s->state = st;
	p->needs_lines = true;
	return line_filter_bind(&p->mem, &tree->line_filter, st, e);
}

static void release(struct stage *s)
{
	line_filter_release(s->state);
}

/* What the search finds on the way, and what a regex is. */
static void explain_regex(const struct line_alt *a, struct explain_node *n)
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
	const struct line_filter *st = s->state;
	enum logql_line_op op = s->tree->line_filter.op;
	bool all_find = true, is_regex = op == LOGQL_LINE_RE || op == LOGQL_LINE_NOT_RE;
	struct buf texts = { 0 };

	for (size_t i = 0; i < st->n; i++)
		all_find = all_find && st->v[i].use_find;
	if (s == s->pipeline->stage)
		explain_note(
			n,
			all_find ? "searches whole blocks at once, of lines taken apart the columns"
				 : "looks at one line after the other");
	for (size_t i = 0; i < st->n && is_regex; i++) {
		const struct line_alt *a = &st->v[i];

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
