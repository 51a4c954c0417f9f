/*
 * The same thing said in several places: bytes a day, money a month. Two amounts are of the same
 * only when the document calls them so; in doubt they are of two things. A total's own parts are
 * never compared with it here, nor two amounts of one line or table.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cost/claims_rows.h"
#include "cost/claims_words.h"

enum { STATEMENTS_MAX = 2000 };

enum place { IN_TEXT, IN_CELL, AS_TOTAL, AS_SUM };

struct statement {
	enum place place;
	uint32_t line;
	struct quantity q;
	size_t section;
	const struct claims_table *table; /* NULL: in none */
	struct claims_words name;	  /* what stands about it; of a total, in its row's label */
	struct claims_words aside;	  /* in round brackets behind it */
	struct claims_words title;	  /* of its table */
	struct claims_words headings;	  /* of its table, and the title */
	bool only; /* no other that has no name but "total" is of its kind and place there */
};

struct statements {
	const struct claims_doc *doc;
	struct statement *v;
	size_t n, cap;
};

/* NULL: there are too many, which ends it all. */
static struct statement *state(struct statements *s, enum place place, uint32_t line,
			       const struct quantity *q)
{
	if (s->n > STATEMENTS_MAX)
		return NULL;
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n] = (struct statement){ .place = place, .line = line, .q = *q };
	return &s->v[s->n++];
}

static bool is_statement(const struct quantity *q)
{
	return q->unit == 0 && ((q->kind == QUANTITY_BYTES && q->per == QUANTITY_DAY) ||
				(q->kind == QUANTITY_MONEY && q->per == QUANTITY_MONTH));
}

/* ---- in text ---- */

/* The sentence that ends in text: behind the last full stop, and behind "A:" of an answer. */
static struct bytes sentence_of(struct bytes text)
{
	for (size_t i = text.n; i > 1; i--)
		if (text.p[i - 1] == ' ' && strchr(".;?!", text.p[i - 2])) {
			text = bytes_sub(text, i, text.n);
			break;
		}
	if (text.n > 1 && text.p[1] == ':')
		text = bytes_sub(text, 2, text.n);
	return text;
}

/* Up to the next sign that divides. */
static struct bytes clause_of(struct bytes text, const char *signs)
{
	size_t n = 0;

	while (n < text.n && !strchr(signs, text.p[n]))
		n++;
	return bytes_sub(text, 0, n);
}

/* "Total monthly cost: " and an amount that names no time itself. */
static enum quantity_per per_of_label(struct bytes before)
{
	while (before.n && strchr(" ~*_", before.p[before.n - 1]))
		before.n--;
	return before.n && strchr(":=", before.p[before.n - 1]) ? quantity_per_of_heading(before)
								: QUANTITY_AT_ALL;
}

static void name_text(struct statement *one, struct bytes before, struct bytes rest)
{
	struct bytes aside = bytes_trim(rest);

	claims_words_add(&one->name, before);
	claims_words_add(&one->name, clause_of(rest, ",.;:()|-\xe2"));
	if (aside.n && aside.p[0] == '(')
		claims_words_add(&one->aside, clause_of(bytes_sub(aside, 1, aside.n), ")"));
}

static void state_text(struct statements *s, const struct claims_line *at)
{
	struct bytes rest = at->text;
	struct quantity q;

	while (quantity_next(&rest, &q)) {
		struct bytes before = bytes_of(at->text.p, (size_t)(q.text.p - at->text.p));
		struct statement *one;

		before = sentence_of(before);
		q.per = q.per ? q.per : per_of_label(before);
		if (!is_statement(&q))
			continue;
		/* "GB compressed/day" is of another thing. */
		q.compressed |= quantity_has_word(at->text, "compress") &&
				!quantity_has_word(at->text, "raw");
		one = state(s, IN_TEXT, at->line, &q);
		if (!one)
			return;
		one->section = at->section;
		name_text(one, before, rest);
	}
}

/* ---- in tables ---- */

static void state_of_table(struct statements *s, enum place place, const struct claims_table *t,
			   size_t row, size_t column, const struct quantity *q)
{
	struct statement *one = state(s, place, t->line[row], q);

	if (!one)
		return;
	one->table = t;
	one->section = t->section;
	claims_words_add(&one->name, claims_cell(t, row, 0));
	if (place == IN_CELL && column)
		claims_words_add(&one->name, claims_cell(t, row, column));
	claims_words_add(&one->title, t->title);
	one->headings = one->title;
	for (size_t c = 0; c < t->n_columns; c++)
		claims_words_add(&one->headings, claims_cell(t, 0, c));
}

/* What a table says as a whole: its total, or where it has none the sum of what a month costs. */
static void state_column(struct statements *s, const struct claims_table *t, size_t column)
{
	enum quantity_per per = quantity_per_of_heading(claims_cell(t, 0, column));
	struct quantity q, sum = { .kind = QUANTITY_MONEY, .per = QUANTITY_MONTH };
	bool has_total = false;

	for (size_t r = 1; r < t->n_rows; r++) {
		enum quantity_per of_row = quantity_per_of_heading(claims_cell(t, r, 0));

		if (claims_row_of(t, r) != CLAIMS_TOTAL)
			continue;
		has_total = true;
		if (!quantity_of_cell(claims_cell(t, r, column), &q) ||
		    quantity_has_word(claims_cell(t, r, 0), "subtotal"))
			continue;
		q.per = q.per ? q.per : of_row ? of_row : per;
		if (is_statement(&q))
			state_of_table(s, AS_TOTAL, t, r, column, &q);
	}
	if (!has_total && per == QUANTITY_MONTH &&
	    claims_parts(t, column, 1, t->n_rows, &sum, &sum.low, &sum.high) > 1)
		state_of_table(s, AS_SUM, t, 0, column, &sum);
}

/* Bytes a day in cells that say so themselves. */
static void state_cells(struct statements *s, const struct claims_table *t)
{
	for (size_t r = 1; r < t->n_rows; r++)
		for (size_t c = 0; c < t->n_columns; c++) {
			struct bytes rest = claims_cell(t, r, c);
			struct quantity q;

			while (claims_row_of(t, r) == CLAIMS_PART && quantity_next(&rest, &q))
				if (q.kind == QUANTITY_BYTES && is_statement(&q))
					state_of_table(s, IN_CELL, t, r, c, &q);
		}
}

/* ---- are two of the same? ---- */

static bool is_within(const struct claims_doc *d, size_t section, size_t outer)
{
	while (section != outer && section != 0)
		section = d->section[section].parent;
	return section == outer;
}

/* One of the two holds for the other, too. */
static bool are_in_line(const struct claims_doc *d, size_t a, size_t b)
{
	return is_within(d, a, b) || is_within(d, b, a);
}

/* And two sections of one. */
static bool are_near(const struct claims_doc *d, size_t a, size_t b)
{
	return is_within(d, a, d->section[b].parent) && is_within(d, b, d->section[a].parent);
}

/* What may not be of the same as what is: a limit, another time, another place. */
static bool is_of_another(struct bytes text)
{
	static const char *const words[] = { "peak",	 "max",	 "limit",      "quota",
					     "burst",	 "plan", "future",     "target",
					     "capacity", "will", "expect",     "growth",
					     "staging",	 "test", "throughput", "up to",
					     "before",	 "after" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (quantity_has_word(text, words[i]))
			return true;
	return false;
}

static bool names_a_part(const struct claims_words *w, const struct claims_table *t)
{
	for (size_t r = 1; r < t->n_rows; r++) {
		struct claims_words part = { 0 };

		claims_words_add(&part, claims_cell(t, r, 0));
		if (claims_row_of(t, r) == CLAIMS_PART && claims_words_meet(&part, w))
			return true;
	}
	return false;
}

/* Of nothing but what the table of a total is of: "Storage calculation: 30 GB/day". */
static bool is_named_in(const struct claims_words *w, const struct claims_words *headings)
{
	for (size_t i = 0; i < w->n; i++)
		if (!claims_words_has(headings, w->word[i]) &&
		    !bytes_starts(w->word[i], bytes_str("calculat")))
			return false;
	return !w->too_many && claims_words_meet(w, headings);
}

/* In a table that is of the same: "Storage by tier". */
static bool is_cell_of(const struct statement *a, const struct claims_words *headings)
{
	const struct claims_table *t = a->table;

	if (is_of_another(t->title) || is_of_another(claims_cell(t, 0, 0)))
		return false;
	for (size_t c = 1; c < t->n_columns; c++) {
		struct bytes h = claims_cell(t, 0, c);

		if (is_of_another(h) && !quantity_has_word(h, "capacity"))
			return false;
	}
	return claims_words_meet(&a->title, headings);
}

/* Whether it may be a part of a total that is not named, and so cannot be more than it. */
static bool is_at_most(const struct statements *s, const struct statement *a,
		       const struct statement *total)
{
	return total->place == AS_TOTAL && a->q.kind == QUANTITY_BYTES &&
	       are_near(s->doc, a->section, total->section) &&
	       (a->place == IN_TEXT ? is_named_in(&a->name, &total->headings)
				    : is_cell_of(a, &total->headings)) &&
	       !names_a_part(&a->name, total->table);
}

/* The total of a text without another name, and of the only table that it can be of. */
static bool is_bare(const struct statement *a)
{
	return a->place <= AS_TOTAL && a->place != IN_CELL && a->name.n == 0 && a->name.total;
}

static void find_only(struct statements *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct statement *a = &s->v[i];
		size_t n = 0;

		for (size_t k = 0; k < s->n && is_bare(a); k++)
			n += is_bare(&s->v[k]) && s->v[k].q.kind == a->q.kind &&
			     s->v[k].place == a->place &&
			     are_in_line(s->doc, a->section, s->v[k].section);
		a->only = n == 1;
	}
}

static bool has_name(const struct statements *s, const struct statement *a,
		     const struct statement *table)
{
	if (is_bare(a) && is_bare(table))
		return a->only && table->only && are_in_line(s->doc, a->section, table->section);
	return are_near(s->doc, a->section, table->section) &&
	       (claims_words_same(&a->name, &table->name) ||
		claims_words_same(&a->name, &table->title));
}

enum relation { NONE, SAME, AT_MOST };

static bool are_called_alike(const struct statements *s, const struct statement *a,
			     const struct statement *b)
{
	return claims_words_same(&a->name, &b->name) && a->name.total == b->name.total &&
	       are_in_line(s->doc, a->section, b->section) &&
	       (a->aside.n == 0 || b->aside.n == 0 || claims_words_same(&a->aside, &b->aside));
}

/* b: what stands first in a text, or the whole of a table. */
static enum relation relation_of(const struct statements *s, const struct statement *a,
				 const struct statement *b)
{
	if (a->q.kind != b->q.kind || a->q.compressed != b->q.compressed || a->line == b->line ||
	    (a->table && a->table == b->table) || a->place > IN_CELL)
		return NONE;
	if (b->place == IN_TEXT)
		return a->place == IN_TEXT && are_called_alike(s, a, b) ? SAME : NONE;
	if (b->place == IN_CELL)
		return NONE;
	if (a->place == IN_TEXT && has_name(s, a, b))
		return SAME;
	return is_at_most(s, a, b) ? AT_MOST : NONE;
}

static void add_statement(struct buf *b, const struct statement *s)
{
	static const char *const what[] = {
		[IN_TEXT] = "",
		[IN_CELL] = "",
		[AS_TOTAL] = "the total ",
		[AS_SUM] = "the sum of the table ",
	};
	struct bytes rest = s->q.text;
	struct quantity q;

	buf_add_str(b, what[s->place]);
	if (s->q.text.n)
		buf_add_bytes(b, s->q.text);
	else
		claims_add_range(b, &s->q, s->q.low, s->q.high);
	if (s->q.text.n == 0 || !quantity_next(&rest, &q) || q.per == QUANTITY_AT_ALL)
		buf_add_str(b, s->q.kind == QUANTITY_BYTES ? " a day" : " a month");
}

static void compare(const struct statements *s, const struct statement *a,
		    const struct statement *b, struct claims_sink *sink)
{
	const enum relation relation = relation_of(s, a, b);
	struct buf text = { 0 };

	if (relation == NONE)
		return;
	sink->n_checked++;
	if (claims_overlap(&a->q, b->q.low, b->q.high) ||
	    (relation == AT_MOST && a->q.low < b->q.high))
		return;
	add_statement(&text, a);
	buf_add_str(&text, " is not ");
	add_statement(&text, b);
	buf_addf(&text, " of line %u", b->line);
	claims_tell(sink, a->line, "statement", &text);
	buf_release(&text);
}

/* Those of tables, and what was said before, come first. */
static void compare_all(const struct statements *s, struct claims_sink *sink)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = i + 1; k < s->n; k++)
			if (s->v[i].place < AS_TOTAL && s->v[k].place >= AS_TOTAL)
				compare(s, &s->v[i], &s->v[k], sink);
			else
				compare(s, &s->v[k], &s->v[i], sink);
}

int claims_check_statements(const struct claims_doc *d, struct claims_sink *sink, struct err *e)
{
	struct statements s = { .doc = d };
	int rc = 0;

	for (size_t i = 0; i < d->n_tables; i++) {
		const struct claims_table *t = &d->table[i];

		for (size_t c = 1; c < t->n_columns; c++)
			state_column(&s, t, c);
		state_cells(&s, t);
	}
	for (size_t i = 0; i < d->n_prose; i++)
		state_text(&s, &d->prose[i]);
	if (s.n > STATEMENTS_MAX)
		rc = err_set(e, ERR_LIMIT,
			     "more than %d amounts a day or a month, each of which is to be "
			     "compared with all others",
			     STATEMENTS_MAX);
	if (rc == 0) {
		find_only(&s);
		compare_all(&s, sink);
	}
	free(s.v);
	return rc;
}
