#include "cost/report.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cost/money.h"

void cost_rows_release(struct cost_rows *r)
{
	free(r->v);
	*r = (struct cost_rows){ 0 };
}

static int too_much(const struct cost_report *r, const struct cost_row *row, size_t by,
		    enum period p, struct err *e)
{
	struct buf whose = { 0 };
	char of[PERIOD_TEXT];

	period_text(p, row->start, of);
	if (by) {
		cost_add_by(r, by, &whose);
		buf_add_char(&whose, ' ');
		cost_add_group(r, row->group, &whose);
		buf_add_str(&whose, ": ");
	}
	err_set(e, ERR_LIMIT, "%sthe sum of %s is more than can be counted (up to %s)",
		buf_str(&whose), p == PERIOD_ALL ? "all days" : of, MONEY_MOST);
	buf_release(&whose);
	return -1;
}

/* What the last row comes to. */
static int settle(const struct cost_report *r, struct cost_rows *rows, size_t by, num_wide sum,
		  enum period p, struct err *e)
{
	if (sum > INT64_MAX || sum < INT64_MIN)
		return too_much(r, &rows->v[rows->n - 1], by, p, e);
	if (rows->n)
		rows->v[rows->n - 1].nano = (int64_t)sum;
	return 0;
}

int cost_rows_of(const struct cost_report *r, size_t by, enum period p, struct cost_rows *ret,
		 struct err *e)
{
	size_t n;
	const struct cost_cell *c = cost_sums_cells(r->sums, &n);
	num_wide sum = 0;

	ret->n = 0;
	for (size_t i = 0; i < n; i++) {
		int32_t start = period_start(p, c[i].day);
		struct cost_row *last = ret->n ? &ret->v[ret->n - 1] : NULL;

		if (cost_sums_group(r->sums, c[i].group)->by != by)
			continue;
		if (!last || last->group != c[i].group || last->start != start) {
			if (settle(r, ret, by, sum, p, e) < 0)
				return -1;
			mem_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(*ret->v));
			ret->v[ret->n++] = (struct cost_row){ c[i].group, start, 0 };
			sum = 0;
		}
		sum += c[i].nano;
	}
	return settle(r, ret, by, sum, p, e);
}

int cost_report_total(const struct cost_report *r, int64_t *ret, struct err *e)
{
	struct cost_rows rows = { 0 };
	int rc = cost_rows_of(r, 0, PERIOD_ALL, &rows, e);

	if (rc == 0)
		*ret = rows.n ? rows.v[0].nano : 0;
	cost_rows_release(&rows);
	return rc;
}

bool cost_report_shows(const struct cost_report *r, size_t by)
{
	size_t n;
	const struct cost_cell *c = cost_sums_cells(r->sums, &n);

	for (size_t i = 0; r->quiet_by && i < n; i++) {
		const struct cost_group *g = cost_sums_group(r->sums, c[i].group);

		for (size_t k = 0; g->by == by && k < cost_sums_by(r->sums, by)->n; k++)
			if (g->value[k].n)
				return true;
	}
	return !r->quiet_by;
}

void cost_add_by(const struct cost_report *r, size_t by, struct buf *out)
{
	const struct cost_by *b = cost_sums_by(r->sums, by);

	for (size_t i = 0; i < b->n; i++) {
		buf_add_str(out, i ? ", " : "");
		buf_add_bytes(out, r->dims->name[b->dim[i]]);
	}
}

void cost_add_group(const struct cost_report *r, uint32_t group, struct buf *out)
{
	const struct cost_group *g = cost_sums_group(r->sums, group);
	size_t n = cost_sums_by(r->sums, g->by)->n;

	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, i ? ", " : "");
		if (g->value[i].n)
			buf_add_bytes(out, g->value[i]);
		else
			buf_add_str(out, COST_UNATTRIBUTED);
	}
}

/* How many cells of all together, which come first, are of days before this one. */
static size_t days_before(const struct cost_report *r, int64_t day)
{
	size_t n, from = 0;
	const struct cost_cell *c = cost_sums_cells(r->sums, &n);

	while (from < n) {
		size_t mid = from + (n - from) / 2;

		if (cost_sums_group(r->sums, c[mid].group)->by == 0 && c[mid].day < day)
			from = mid + 1;
		else
			n = mid;
	}
	return from;
}

void cost_report_days(const struct cost_report *r, int32_t *ret_first, int32_t *ret_end)
{
	size_t n, n_days = days_before(r, INT64_MAX);
	const struct cost_cell *c = cost_sums_cells(r->sums, &n);

	*ret_first = n_days ? c[0].day : 0;
	*ret_end = n_days ? c[n_days - 1].day + 1 : 0;
}

size_t cost_report_count_days(const struct cost_report *r, int32_t from, int32_t to)
{
	return days_before(r, to) - days_before(r, from);
}

void cost_add_head(const struct cost_report *r, int64_t total, struct buf *out)
{
	char text[PERIOD_TEXT];
	int32_t first, end;

	cost_report_days(r, &first, &end);
	money_text(out, total);
	buf_addf(out, " %.*s", BYTES_ARG(r->currency));
	if (end > first) {
		period_text(PERIOD_DAY, first, text);
		buf_addf(out, " from %s", text);
		period_text(PERIOD_DAY, end - 1, text);
		buf_addf(out, " to %s", text);
	}
	buf_add_str(out, ", in ");
	num_add_count(out, r->n_records, "record", "records");
	buf_add_str(out, " (days of UTC)");
}
