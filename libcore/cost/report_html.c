#include "cost/report_html.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "cost/money.h"
#include "cost/report_table.h"
#include "report/chart.h"
#include "report/html_page.h"

/* Alerts: so many are seen at once, and so many on the page. */
enum { BARS_MAX = 100, MARKS_MAX = 8, ALERTS_OPEN = 10, ALERTS_MAX = 200 };

static double in_units(int64_t nano)
{
	return (double)nano / MONEY_ONE;
}

/* A bar for each period from the first to the last, with or without records. */
static size_t count_bars(const struct cost_report *r, enum period p)
{
	int32_t first, end;
	size_t n = 0;

	cost_report_days(r, &first, &end);
	for (int32_t at = period_start(p, first); at < end && n <= BARS_MAX;
	     at = period_next(p, at))
		n++;
	return n;
}

static enum period finest(const struct cost_report *r)
{
	for (enum period p = PERIOD_DAY; p < PERIOD_MONTH; p++)
		if (count_bars(r, p) <= BARS_MAX)
			return p;
	return PERIOD_MONTH;
}

/* What a chart is drawn from. */
struct bars {
	struct cost_pivot pivot;
	struct chart_series *series;
	double *y; /* of each series, one after the other */
	struct bytes *x;
	struct arena mem;
	size_t n;
	bool below; /* some are below 0, and not seen */
};

static void bars_release(struct bars *b)
{
	cost_pivot_release(&b->pivot);
	free(b->series);
	free(b->y);
	free(b->x);
	arena_release(&b->mem);
}

/* Credits have no bar: those of a period that is below 0 are seen in its table. */
static double height_of(struct bars *b, size_t x, size_t y)
{
	const struct cost_pivot *p = &b->pivot;
	int64_t nano = p->n_y ? p->nano[x * p->n_y + y] : p->sum[x];

	b->below |= nano < 0;
	return nano > 0 ? in_units(nano) : 0;
}

static int bars_make(const struct cost_report *r, enum period period, struct bars *ret,
		     struct err *e)
{
	size_t n_series, at = 0;
	char text[PERIOD_TEXT];
	int32_t first, end, start;

	if (cost_pivot_make(r, cost_report_columns(r), period, &ret->pivot, e) < 0)
		return -1;
	n_series = ret->pivot.n_y ? ret->pivot.n_y : 1;
	cost_report_days(r, &first, &end);
	start = period_start(period, first);
	for (int32_t s = start; s < end; s = period_next(period, s))
		ret->n++;
	ret->series = mem_alloc(n_series * sizeof(*ret->series));
	ret->y = mem_alloc((n_series * ret->n + 1) * sizeof(*ret->y));
	ret->x = mem_alloc((ret->n + 1) * sizeof(*ret->x));
	for (size_t i = 0; i < ret->n; i++, start = period_next(period, start)) {
		period_text(period, start, text);
		ret->x[i] = arena_copy(&ret->mem, bytes_str(text));
		if (at >= ret->pivot.n_x || ret->pivot.start[at] != start)
			continue;
		for (size_t y = 0; y < n_series; y++)
			ret->y[y * ret->n + i] = height_of(ret, at, y);
		at++;
	}
	for (size_t y = 0; y < n_series; y++)
		ret->series[y] =
			(struct chart_series){ ret->pivot.n_y ? buf_bytes(&ret->pivot.name[y])
							      : BYTES_LIT("cost"),
					       &ret->y[y * ret->n] };
	return 0;
}

static void add_title(const struct cost_report *r, enum period p, struct buf *title)
{
	size_t columns = cost_report_columns(r);

	buf_addf(title, "%s cost in %.*s", period_adverb(p), BYTES_ARG(r->currency));
	title->p[0] = (char)(title->p[0] - 'a' + 'A');
	if (columns) {
		buf_add_str(title, ", by ");
		cost_add_by(r, columns, title);
	}
}

static int add_chart(const struct cost_report *r, enum period p, const struct cost_threshold *marks,
		     size_t n_marks, struct buf *out, struct err *e)
{
	struct bars b = { 0 };
	struct buf title = { 0 };
	double mark[MARKS_MAX];
	struct chart c = { .unit = bytes_is(r->currency, "USD") ? "$" : "", .mark = mark };
	int rc = bars_make(r, p, &b, e);

	if (rc == 0) {
		for (size_t i = 0; i < n_marks && c.n_marks < MARKS_MAX; i++)
			if (marks[i].limit == COST_AMOUNT && marks[i].dim == COST_DIMS_MAX &&
			    marks[i].period == p)
				mark[c.n_marks++] = in_units(marks[i].nano);
		add_title(r, p, &title);
		if (b.below)
			buf_add_str(&title, " (what is below 0 has no bar)");
		c.title = buf_str(&title);
		c.n = b.n;
		c.x = b.x;
		c.series = b.series;
		c.n_series = b.pivot.n_y ? b.pivot.n_y : 1;
		chart_bars(&c, out);
	}
	buf_release(&title);
	bars_release(&b);
	return rc;
}

int cost_report_svg(const struct cost_report *r, const struct cost_threshold *marks, size_t n_marks,
		    struct buf *out, struct err *e)
{
	return add_chart(r, finest(r), marks, n_marks, out, e);
}

/* --- the page -------------------------------------------------------------------------------- */

/* Those from the one up to the other, or to where there are too many. */
static void list_alerts(const struct cost_report *r, const struct cost_alerts *a, size_t from,
			size_t to, struct buf *out)
{
	struct buf text = { 0 };
	struct table t = { 0 };

	table_column(&t, "alert", TABLE_LEFT);
	for (size_t i = from; i < to && i < ALERTS_MAX; i++) {
		buf_reset(&text);
		cost_alert_text(r, &a->v[i], &text);
		table_add(&t, buf_bytes(&text));
	}
	if (to > ALERTS_MAX)
		table_addf(&t, "and %zu more, which -o jsonl has", to - ALERTS_MAX);
	table_html(&t, out);
	table_release(&t);
	buf_release(&text);
}

static void add_alerts(const struct cost_report *r, const struct cost_alerts *a, struct buf *out)
{
	struct buf line = { 0 };

	html_page_heading(out, 2, BYTES_LIT("Alerts"));
	list_alerts(r, a, 0, a->n > ALERTS_OPEN ? ALERTS_OPEN : a->n, out);
	if (a->n <= ALERTS_OPEN)
		return;
	num_add_count(&line, a->n - ALERTS_OPEN, "more alert", "more alerts");
	html_page_fold_begin(out, buf_bytes(&line));
	list_alerts(r, a, ALERTS_OPEN, a->n, out);
	html_page_fold_end(out);
	buf_release(&line);
}

static int add_table(struct table *t, int rc, struct buf *out)
{
	if (rc == 0)
		table_html(t, out);
	table_release(t);
	return rc;
}

static int add_groups(const struct cost_report *r, size_t by, struct buf *out, struct err *e)
{
	struct buf title = { 0 };
	struct table t = { 0 };

	buf_add_str(&title, "By ");
	cost_add_by(r, by, &title);
	html_page_heading(out, 2, buf_bytes(&title));
	buf_release(&title);
	return add_table(&t, cost_table_groups(r, by, &t, e), out);
}

static int add_periods(const struct cost_report *r, enum period p, struct buf *out, struct err *e)
{
	static const char *const titles[] = { "Daily", "Weekly", "Monthly" };
	struct table t = { 0 };

	html_page_heading(out, 2, bytes_str(titles[p]));
	return add_table(&t, cost_table_periods(r, cost_report_columns(r), p, &t, e), out);
}

int cost_report_html(const struct cost_report *r, const struct cost_alerts *alerts,
		     const struct cost_threshold *marks, size_t n_marks, struct buf *out,
		     struct err *e)
{
	struct buf head = { 0 };
	enum period fine = finest(r);
	int64_t total;
	int rc = cost_report_total(r, &total, e);

	if (rc < 0)
		return rc;
	html_page_begin(out, "Costs");
	cost_add_head(r, total, &head);
	html_page_text(out, buf_bytes(&head));
	buf_release(&head);
	if (alerts->n)
		add_alerts(r, alerts, out);
	rc = add_chart(r, fine, marks, n_marks, out, e);
	if (rc == 0 && fine != PERIOD_MONTH)
		rc = add_chart(r, PERIOD_MONTH, marks, n_marks, out, e);
	for (size_t by = 1; rc == 0 && by < r->n_by; by++)
		if (cost_report_shows(r, by))
			rc = add_groups(r, by, out, e);
	for (int p = PERIODS - 1; rc == 0 && p >= 0; p--)
		rc = add_periods(r, (enum period)p, out, e);
	html_page_end(out);
	return rc;
}
