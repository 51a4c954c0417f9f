/* The report for programs: a line for each row. */
#include "cost/report.h"

#include "cost/money.h"
#include "csv/csv.h"
#include "json/json.h"

enum { FLUSH_BYTES = 64 << 10 };

/* What a line is made of. */
struct line {
	const struct cost_report *r;
	size_t by;
	enum period period;
	struct cost_row row;
};

typedef void line_fn(const struct line *l, struct buf *out);

/* All sums, so that no line is printed when one of them does not fit. */
static int check_rows(const struct cost_report *r, struct err *e)
{
	struct cost_rows rows = { 0 };
	int rc = 0;

	for (size_t by = 0; rc == 0 && by < r->n_by; by++)
		for (int p = PERIOD_ALL; rc == 0 && p >= 0; p--)
			rc = cost_rows_of(r, by, (enum period)p, &rows, e);
	cost_rows_release(&rows);
	return rc;
}

static int each_row(const struct cost_report *r, line_fn *fn, struct buf *out, FILE *to,
		    struct err *e)
{
	struct cost_rows rows = { 0 };
	int rc = check_rows(r, e);

	for (size_t by = 0; rc == 0 && by < r->n_by; by++) {
		if (by > 0 && !cost_report_shows(r, by))
			continue;
		for (int p = PERIOD_ALL; rc == 0 && p >= 0; p--) {
			rc = cost_rows_of(r, by, (enum period)p, &rows, e);
			for (size_t i = 0; rc == 0 && i < rows.n; i++) {
				fn(&(struct line){ r, by, (enum period)p, rows.v[i] }, out);
				if (to && out->n >= FLUSH_BYTES) {
					fwrite(out->p, 1, out->n, to);
					buf_reset(out);
				}
			}
		}
	}
	cost_rows_release(&rows);
	return rc;
}

static void add_by_key(const struct cost_report *r, size_t by, struct buf *out)
{
	const struct cost_by *b = cost_sums_by(r->sums, by);

	if (b->n == 0)
		buf_add_str(out, "total");
	for (size_t i = 0; i < b->n; i++) {
		buf_add_str(out, i ? "," : "");
		buf_add_bytes(out, r->dims->name[b->dim[i]]);
	}
}

/* A name that stands beside the others of a row: "cost_of" of a label that is called "of". Names
 * that differ before differ behind, too. */
static void add_column_name(struct bytes name, struct buf *out)
{
	static const char *const taken[] = { "period",	       "of",	   "by",
					     "cost",	       "currency", "alert",
					     "threshold",      "before",   "growth",
					     COST_UNATTRIBUTED };
	const struct bytes prefix = BYTES_LIT("cost_");
	struct bytes stem = name;

	while (bytes_starts(stem, prefix))
		stem = bytes_sub(stem, prefix.n, stem.n);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (bytes_is(stem, taken[i])) {
			buf_add_bytes(out, prefix);
			break;
		}
	buf_add_bytes(out, name);
}

static void add_values(const struct cost_report *r, size_t by, uint32_t group, struct buf *out)
{
	const struct cost_group *g = cost_sums_group(r->sums, group);
	const struct cost_by *b = cost_sums_by(r->sums, by);
	bool unattributed = false;
	struct buf name = { 0 };

	for (size_t i = 0; i < b->n; i++) {
		buf_reset(&name);
		add_column_name(r->dims->name[b->dim[i]], &name);
		buf_add_char(out, ',');
		json_add_quoted(out, buf_bytes(&name));
		buf_add_char(out, ':');
		if (g->value[i].n)
			json_add_quoted(out, g->value[i]);
		else
			buf_add_str(out, "null");
		unattributed |= !g->value[i].n;
	}
	if (unattributed)
		buf_add_str(out, ",\"" COST_UNATTRIBUTED "\":true");
	buf_release(&name);
}

void cost_row_json(const struct cost_report *r, size_t by, enum period p,
		   const struct cost_row *row, struct buf *out)
{
	struct buf key = { 0 };
	char of[PERIOD_TEXT];

	period_text(p, row->start, of);
	buf_addf(out, ",\"period\":\"%s\",\"of\":\"%s\",\"by\":", period_name(p), of);
	add_by_key(r, by, &key);
	json_add_quoted(out, buf_bytes(&key));
	add_values(r, by, row->group, out);
	buf_add_str(out, ",\"cost\":");
	money_text(out, row->nano);
	buf_add_str(out, ",\"currency\":");
	json_add_quoted(out, r->currency);
	buf_release(&key);
}

static void json_line(const struct line *l, struct buf *out)
{
	size_t at = out->n;

	cost_row_json(l->r, l->by, l->period, &l->row, out);
	out->p[at] = '{'; /* in place of the comma */
	buf_add_str(out, "}\n");
}

int cost_report_jsonl(const struct cost_report *r, struct buf *out, FILE *to, struct err *e)
{
	return each_row(r, json_line, out, to, e);
}

static void csv_line(const struct line *l, struct buf *out)
{
	const struct cost_group *g = cost_sums_group(l->r->sums, l->row.group);
	const struct cost_by *b = cost_sums_by(l->r->sums, l->by);
	struct buf by = { 0 };
	char of[PERIOD_TEXT];

	period_text(l->period, l->row.start, of);
	buf_addf(out, "%s,%s,", period_name(l->period), of);
	add_by_key(l->r, l->by, &by);
	csv_add(out, buf_bytes(&by));
	for (size_t d = 0; d < l->r->dims->n; d++) {
		buf_add_char(out, ',');
		for (size_t i = 0; i < b->n; i++)
			if (b->dim[i] == d)
				csv_add(out,
					g->value[i].n ? g->value[i] : BYTES_LIT(COST_UNATTRIBUTED));
	}
	buf_add_char(out, ',');
	money_text(out, l->row.nano);
	buf_add_char(out, ',');
	csv_add(out, l->r->currency);
	buf_add_char(out, '\n');
	buf_release(&by);
}

int cost_report_csv(const struct cost_report *r, struct buf *out, FILE *to, struct err *e)
{
	struct buf name = { 0 };

	buf_add_str(out, "period,of,by");
	for (size_t d = 0; d < r->dims->n; d++) {
		buf_reset(&name);
		add_column_name(r->dims->name[d], &name);
		buf_add_char(out, ',');
		csv_add(out, buf_bytes(&name));
	}
	buf_release(&name);
	buf_add_str(out, ",cost,currency\n");
	return each_row(r, csv_line, out, to, e);
}
