#include "report/table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/html.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "csv/csv.h"

enum { GAP = 2 };

void table_release(struct table *t)
{
	free(t->cell);
	free(t->rule);
	arena_release(&t->mem);
	*t = (struct table){ 0 };
}

void table_column(struct table *t, const char *name, enum table_align align)
{
	assert(t->n_columns < TABLE_COLUMNS_MAX && t->n_cells == 0);
	t->column[t->n_columns++] =
		(struct table_column){ arena_copy(&t->mem, bytes_str(name)), align };
}

void table_add(struct table *t, struct bytes cell)
{
	assert(t->n_columns > 0);
	mem_grow(&t->cell, &t->cap_cells, t->n_cells + 1, sizeof(*t->cell));
	t->cell[t->n_cells++] = arena_copy(&t->mem, cell);
}

void table_addf(struct table *t, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	table_add(t, buf_bytes(&b));
	buf_release(&b);
}

void table_rule(struct table *t)
{
	assert(t->n_cells % t->n_columns == 0);
	mem_grow(&t->rule, &t->cap_rules, t->n_rules + 1, sizeof(*t->rule));
	t->rule[t->n_rules++] = t->n_cells / t->n_columns;
}

/* The last row may be short of cells: they are empty. */
static size_t n_rows(const struct table *t)
{
	return t->n_columns ? (t->n_cells + t->n_columns - 1) / t->n_columns : 0;
}

static struct bytes cell_at(const struct table *t, size_t row, size_t column)
{
	const size_t i = row * t->n_columns + column;

	return i < t->n_cells ? t->cell[i] : (struct bytes){ 0 };
}

static bool has_rule(const struct table *t, size_t row)
{
	for (size_t i = 0; i < t->n_rules; i++)
		if (t->rule[i] == row)
			return true;
	return false;
}

/* ---- for people ---- */

/* One line of it, whatever is in the cell. */
static void add_shown(struct buf *b, struct bytes cell)
{
	struct bytes piece;

	for (bool first = true; bytes_split(&cell, '\n', &piece); first = false) {
		if (!first)
			buf_add_char(b, ' ');
		visible_add(b, piece);
	}
}

static size_t width_of(struct bytes cell)
{
	struct buf b = { 0 };
	size_t width = 0;

	add_shown(&b, cell);
	for (size_t at = 0, len; at < b.n; at += len, width++)
		(void)utf8_next(bytes_sub(buf_bytes(&b), at, b.n), &len);
	buf_release(&b);
	return width;
}

static void add_blanks(struct buf *b, size_t n)
{
	buf_addf(b, "%*s", (int)n, "");
}

/* The width of a column: of all, and of what stands at the point and behind it. */
struct width {
	size_t all, behind;
};

static size_t behind_point(struct bytes cell)
{
	const char *point = cell.n ? memchr(cell.p, '.', cell.n) : NULL;

	return point ? cell.n - (size_t)(point - cell.p) : 0;
}

static struct width measure(const struct table *t, size_t c)
{
	struct width w = { 0 };
	size_t before = 0, head = width_of(t->column[c].name);
	bool by_point = t->column[c].align == TABLE_POINT;

	for (size_t r = 0; r < n_rows(t); r++) {
		const size_t behind = by_point ? behind_point(cell_at(t, r, c)) : 0;
		const size_t n = width_of(cell_at(t, r, c)) - behind;

		before = n > before ? n : before;
		w.behind = behind > w.behind ? behind : w.behind;
	}
	w.all = before + w.behind > head ? before + w.behind : head;
	return w;
}

/* behind: how much of the width stands behind where this cell ends. */
static void add_padded(struct buf *b, struct bytes cell, enum table_align align, size_t width,
		       size_t behind)
{
	const size_t left = width - width_of(cell) - behind;

	if (align != TABLE_LEFT)
		add_blanks(b, left);
	add_shown(b, cell);
	add_blanks(b, align == TABLE_LEFT ? left : behind);
}

static void end_line(struct buf *b)
{
	while (b->n > 0 && b->p[b->n - 1] == ' ')
		b->n--;
	buf_add_char(b, '\n');
}

static void add_rule(struct buf *b, const struct width *width, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add_blanks(b, i > 0 ? GAP : 0);
		for (size_t k = 0; k < width[i].all; k++)
			buf_add_char(b, '-');
	}
	end_line(b);
}

void table_text(const struct table *t, struct buf *out)
{
	struct width width[TABLE_COLUMNS_MAX];

	for (size_t c = 0; c < t->n_columns; c++)
		width[c] = measure(t, c);
	for (size_t c = 0; c < t->n_columns; c++) {
		add_blanks(out, c > 0 ? GAP : 0);
		add_padded(out, t->column[c].name, t->column[c].align, width[c].all, 0);
	}
	end_line(out);
	for (size_t r = 0; r < n_rows(t); r++) {
		if (has_rule(t, r))
			add_rule(out, width, t->n_columns);
		for (size_t c = 0; c < t->n_columns; c++) {
			struct bytes cell = cell_at(t, r, c);
			bool by_point = t->column[c].align == TABLE_POINT && cell.n;

			add_blanks(out, c > 0 ? GAP : 0);
			add_padded(out, cell, t->column[c].align, width[c].all,
				   by_point ? width[c].behind - behind_point(cell) : 0);
		}
		end_line(out);
	}
}

/* ---- for programs, and pages ---- */

void table_csv(const struct table *t, struct buf *out)
{
	for (size_t c = 0; c < t->n_columns; c++) {
		if (c > 0)
			buf_add_char(out, ',');
		csv_add(out, t->column[c].name);
	}
	buf_add_char(out, '\n');
	for (size_t r = 0; r < n_rows(t); r++) {
		for (size_t c = 0; c < t->n_columns; c++) {
			if (c > 0)
				buf_add_char(out, ',');
			csv_add(out, cell_at(t, r, c));
		}
		buf_add_char(out, '\n');
	}
}

static void add_html_cell(struct buf *out, const char *tag, enum table_align align,
			  struct bytes text)
{
	buf_addf(out, "<%s%s>", tag, align != TABLE_LEFT ? " class=\"number\"" : "");
	html_add_xml(out, text);
	buf_addf(out, "</%s>", tag);
}

void table_html(const struct table *t, struct buf *out)
{
	buf_add_str(out, "<table>\n<thead><tr>");
	for (size_t c = 0; c < t->n_columns; c++)
		add_html_cell(out, "th", t->column[c].align, t->column[c].name);
	buf_add_str(out, "</tr></thead>\n<tbody>\n");
	for (size_t r = 0; r < n_rows(t); r++) {
		buf_add_str(out, has_rule(t, r) ? "<tr class=\"total\">" : "<tr>");
		for (size_t c = 0; c < t->n_columns; c++)
			add_html_cell(out, "td", t->column[c].align, cell_at(t, r, c));
		buf_add_str(out, "</tr>\n");
	}
	buf_add_str(out, "</tbody>\n</table>\n");
}
