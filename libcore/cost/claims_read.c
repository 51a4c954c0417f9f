/* Documents as tables and lines: Markdown, CSV. */
#include <stdlib.h>

#include "base/mem.h"
#include "cost/claims.h"
#include "csv/csv.h"

enum { COLUMNS_MAX = 256, ROWS_MAX = 100000 };

void claims_doc_release(struct claims_doc *d)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		free(d->table[i].cell);
		free(d->table[i].line);
	}
	free(d->table);
	free(d->prose);
	free(d->section);
	*d = (struct claims_doc){ 0 };
}

/* Without blanks, and without "**" or "_" around it. */
static struct bytes plain(struct bytes cell)
{
	cell = bytes_trim(cell);
	while (cell.n > 1 && strchr("*_`", cell.p[0]) && cell.p[cell.n - 1] == cell.p[0])
		cell = bytes_sub(cell, 1, cell.n - 2);
	return bytes_trim(cell);
}

static struct claims_table *new_table(struct claims_doc *d, struct bytes title, size_t section)
{
	mem_grow(&d->table, &d->cap_tables, d->n_tables + 1, sizeof(*d->table));
	d->table[d->n_tables] = (struct claims_table){ .title = title, .section = section };
	return &d->table[d->n_tables++];
}

/* The first row says how many columns there are; what is more in others is left out. */
static int add_row(struct claims_table *t, const struct bytes *cell, size_t n, uint32_t line,
		   const char *file, struct err *e)
{
	if (t->n_rows == 0)
		t->n_columns = n;
	if (n > COLUMNS_MAX || t->n_rows == ROWS_MAX)
		return err_set(e, ERR_LIMIT, "%s:%u: a table of more than %d columns or %d rows",
			       file, line, COLUMNS_MAX, ROWS_MAX);
	if ((t->n_rows & (t->n_rows + 1)) == 0) { /* room for twice as many */
		size_t room = 2 * (t->n_rows + 1);

		t->cell = mem_realloc(t->cell, room * (t->n_columns + 1) * sizeof(*t->cell));
		t->line = mem_realloc(t->line, room * sizeof(*t->line));
	}
	for (size_t i = 0; i < t->n_columns; i++)
		t->cell[t->n_rows * t->n_columns + i] =
			i < n ? plain(cell[i]) : (struct bytes){ 0 };
	t->line[t->n_rows++] = line;
	return 0;
}

/* ---- Markdown ---- */

/* "|---|:--:|" */
static bool is_rule(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (!strchr("|-: ", line.p[i]))
			return false;
	return memchr(line.p, '-', line.n) != NULL;
}

/* The next bar that divides cells: none behind a backslash. */
static size_t find_bar(struct bytes line, size_t from)
{
	while (from < line.n && line.p[from] != '|')
		from += line.p[from] == '\\' ? 2 : 1;
	return from < line.n ? from : line.n;
}

static size_t split_row(struct bytes line, struct bytes cell[COLUMNS_MAX + 1])
{
	size_t n = 0;

	for (size_t from = line.p[0] == '|', to; n <= COLUMNS_MAX && from <= line.n;
	     from = to + 1) {
		to = find_bar(line, from);
		cell[n++] = bytes_sub(line, from, to - from);
	}
	/* Behind the last bar there is no cell. */
	return n > 1 && bytes_trim(cell[n - 1]).n == 0 ? n - 1 : n;
}

/* Whether a table begins whose rows have no bars about them: its heading is before a rule. */
static bool begins_table(struct bytes line, struct bytes rest)
{
	struct bytes next;

	return find_bar(line, 0) < line.n && bytes_split(&rest, '\n', &next) && is_rule(next) &&
	       memchr(next.p, '|', next.n);
}

/* Below the first section about it of a lower level: those about one are at most as many as there
 * are levels. */
static size_t begin_section(struct claims_doc *d, size_t about, int level)
{
	while (about && d->section[about].level >= level)
		about = d->section[about].parent;
	mem_grow(&d->section, &d->cap_sections, d->n_sections + 1, sizeof(*d->section));
	d->section[d->n_sections] = (struct claims_section){ about, level };
	return d->n_sections++;
}

/* Levels: of headings, of lines as "Shop:", of lists' items by their indentation. */
enum { HEADINGS = 6, LEVEL_LINE, LEVEL_ITEM, INDENTATION_MAX = 40 };

static bool is_item(struct bytes line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] >= '0' && line.p[n] <= '9')
		n++;
	return line.n > 1 && (n ? n + 1 < line.n && strchr(".)", line.p[n]) && line.p[n + 1] == ' '
				: strchr("-*+", line.p[0]) && line.p[1] == ' ');
}

static bool has_digit(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] >= '0' && line.p[i] <= '9')
			return true;
	return false;
}

static bool begins_more(struct bytes line)
{
	return line.p[line.n - 1] == ':' || (line.n > 4 && bytes_starts(line, bytes_str("**")) &&
					     bytes_is(bytes_sub(line, line.n - 2, 2), "**"));
}

/* In which section a line stands, behind one of the section *at; which it may begin. */
static size_t section_of(struct claims_doc *d, struct bytes line, int indentation, size_t *at)
{
	const bool item = is_item(line);
	const int level = item ? LEVEL_ITEM + indentation : LEVEL_ITEM;

	while ((item || indentation == 0) && *at && d->section[*at].level >= level)
		*at = d->section[*at].parent;
	if (item && !has_digit(line))
		*at = begin_section(d, *at, level);
	else if (!item && begins_more(line))
		*at = begin_section(d, *at, LEVEL_LINE);
	return *at;
}

static void add_prose(struct claims_doc *d, struct bytes line, uint32_t number, size_t section)
{
	mem_grow(&d->prose, &d->cap_prose, d->n_prose + 1, sizeof(*d->prose));
	d->prose[d->n_prose++] = (struct claims_line){ line, number, section };
}

static int level_of_heading(struct bytes line)
{
	size_t n = 0;

	while (n < line.n && n < HEADINGS && line.p[n] == '#')
		n++;
	return (int)n;
}

static int indentation_of(struct bytes line)
{
	int n = 0;

	for (size_t i = 0; i < line.n && n < INDENTATION_MAX; i++) {
		if (line.p[i] != ' ' && line.p[i] != '\t')
			break;
		n += line.p[i] == ' ' ? 1 : 4;
	}
	return n;
}

static int read_markdown(struct bytes rest, const char *file, struct claims_doc *d, struct err *e)
{
	struct bytes line, title = { 0 }, cell[COLUMNS_MAX + 1];
	struct claims_table *t = NULL;
	size_t section = 0;

	for (uint32_t number = 1; bytes_split(&rest, '\n', &line); number++) {
		const int indentation = indentation_of(line);

		line = bytes_trim(line);
		if (line.n < 2 || (line.p[0] != '|' && !(t && find_bar(line, 0) < line.n) &&
				   !begins_table(line, rest))) {
			t = NULL;
			if (line.n && line.p[0] == '#') {
				title = line;
				section = begin_section(d, section, level_of_heading(line));
			} else if (line.n) {
				add_prose(d, line, number,
					  section_of(d, line, indentation, &section));
			}
			continue;
		}
		if (is_rule(line))
			continue;
		if (!t)
			t = new_table(d, title, section);
		if (add_row(t, cell, split_row(line, cell), number, file, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- CSV ---- */

/* Semicolons where the heading has no commas: as where these are decimal. */
static char separator_of(struct bytes text)
{
	struct bytes heading;

	return bytes_split(&text, '\n', &heading) && memchr(heading.p, ';', heading.n) &&
			       !memchr(heading.p, ',', heading.n)
		       ? ';'
		       : ',';
}

static int read_csv(struct bytes rest, const char *file, struct arena *a, struct claims_doc *d,
		    struct err *e)
{
	struct claims_table *t = new_table(d, (struct bytes){ 0 }, 0);
	struct csv_row row = { .separator = separator_of(rest) };
	int rc;

	while ((rc = csv_next(&rest, CSV_ALL, &row, e)) > 0) {
		for (size_t i = 0; i < row.n; i++)
			row.field[i] = arena_copy(a, row.field[i]);
		if (add_row(t, row.field, row.n, (uint32_t)row.line, file, e) < 0) {
			csv_row_release(&row);
			return -1;
		}
	}
	csv_row_release(&row);
	return rc < 0 ? err_wrap(e, "%s", file) : 0;
}

int claims_read(struct bytes text, enum claims_form form, const char *file, struct arena *a,
		struct claims_doc *ret, struct err *e)
{
	struct claims_doc d = { 0 };

	begin_section(&d, 0, 0);
	if ((form == CLAIMS_CSV ? read_csv(text, file, a, &d, e)
				: read_markdown(text, file, &d, e)) < 0) {
		claims_doc_release(&d);
		return -1;
	}
	*ret = d;
	return 0;
}
