/* A report of all objectives: a table as Markdown, or a page. */
#include "report/html_page.h"
#include "report/markdown.h"
#include "report/table.h"
#include "slo/print.h"

enum { FEW = 6, SLI_DIGITS = 9, N_COLUMNS = 11 };

static const char *const columns[N_COLUMNS] = { "Objective", "Service",	   "Target", "Window",
						"Events",    "Bad",	   "SLI",    "Budget left",
						"Burn rate", "Exhaustion", "Alerts" };

/* Where cells go: into a table, or without one into Markdown. */
struct cells {
	struct table *table;
	struct buf *markdown;
	struct buf text; /* of the cell that is being made */
};

static void end_cell(struct cells *c)
{
	if (c->table) {
		table_add(c->table, buf_bytes(&c->text));
	} else {
		buf_add_str(c->markdown, "| ");
		markdown_add(c->markdown, buf_bytes(&c->text));
		buf_add_char(c->markdown, ' ');
	}
	buf_reset(&c->text);
}

static void add_events(struct cells *c, const struct slo_counts *counts)
{
	if (!counts->is_share)
		ratio_add_events(&c->text, counts->total);
	end_cell(c);
	if (!counts->is_share)
		ratio_add_events(&c->text, counts->bad);
	end_cell(c);
}

static void add_row(struct cells *c, const struct slo_state *s)
{
	const struct slo_budget *b = &s->budget;
	const struct ratio target = ratio_exact(s->m.target);

	buf_add_bytes(&c->text, s->slo->name);
	end_cell(c);
	buf_add_bytes(&c->text, s->slo->service);
	end_cell(c);
	ratio_add_percent(&c->text, &target, RATIO_ALL_DIGITS);
	end_cell(c);
	slo_period_add(&c->text, &s->slo->period);
	end_cell(c);
	add_events(c, &s->m.counts);
	ratio_add_percent(&c->text, &b->sli, SLI_DIGITS);
	end_cell(c);
	ratio_add_percent(&c->text, &b->remaining, FEW);
	end_cell(c);
	ratio_add_text(&c->text, &b->pace, FEW);
	if (b->pace_ns) {
		buf_add_str(&c->text, " over ");
		slo_duration_add(&c->text, b->pace_ns);
	}
	end_cell(c);
	slo_outlook_add(&c->text, b);
	end_cell(c);
	buf_add_str(&c->text, !s->is_looked_at ? "not known" : s->is_burning ? "burning" : "quiet");
	end_cell(c);
}

void slo_print_markdown(struct buf *out, const struct slo_state *s, size_t n)
{
	struct cells c = { .markdown = out };

	buf_add_str(out, "# Error budgets\n\n");
	for (size_t i = 0; i < N_COLUMNS; i++)
		buf_addf(out, "| %s ", columns[i]);
	buf_add_str(out, "|\n");
	for (size_t i = 0; i < N_COLUMNS; i++)
		buf_add_str(out, "|---");
	buf_add_str(out, "|\n");
	for (size_t i = 0; i < n; i++) {
		add_row(&c, &s[i]);
		buf_add_str(out, "|\n");
	}
	buf_release(&c.text);
}

void slo_print_html(struct buf *out, const struct slo_state *s, size_t n, struct bytes pictures)
{
	struct table t = { 0 };
	struct cells c = { .table = &t };

	for (size_t i = 0; i < N_COLUMNS; i++)
		table_column(&t, columns[i], i >= 4 && i <= 7 ? TABLE_RIGHT : TABLE_LEFT);
	for (size_t i = 0; i < n; i++)
		add_row(&c, &s[i]);
	html_page_begin(out, "Error budgets");
	table_html(&t, out);
	buf_add_bytes(out, pictures);
	html_page_end(out);
	table_release(&t);
	buf_release(&c.text);
}
