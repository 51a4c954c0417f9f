#include "cost/ask_forecast.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "cost/gather.h"
#include "cost/inputs.h"
#include "cost/money.h"
#include "cost/period.h"
#include "cost/plan_options.h"
#include "cost/table_money.h"
#include "json/json.h"
#include "report/chart.h"
#include "report/html_page.h"
#include "report/table.h"
#include "time/time.h"

enum { MONTHS_DEFAULT = 12, PAST_MAX = 1200 };

/* ---- options ---- */

static int take_growth(void *at, const char *value, struct err *e)
{
	struct cost_forecast_opts *o = at;

	o->has_growth = true;
	return growth_read(bytes_str(value), &o->growth, e);
}

static int take_months(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, GROWTH_MONTHS_MAX, at, e);
}

#define AT(field) offsetof(struct cost_forecast_opts, field)

const struct cli_taken cost_forecast_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv|html|svg", cost_take_picture_format),
	{ { 0, "cost", "AMOUNT", "of this month, instead of that of the last month of records" },
	  cli_take_text,
	  AT(cost) },
	{ { 0, "growth", "PERCENT", "a month (as from the first to the last month of records)" },
	  take_growth,
	  0 },
	{ { 0, "months", "N", "how far to look (12)" }, take_months, AT(months) },
	{ { 0, "budget", "AMOUNT", "exit with 1 when a month is above it" },
	  cli_take_text,
	  AT(budget) },
	{ { 0, "at", "DAY", "as of this day, UTC (today)" }, cost_take_day, AT(at) },
	{ { 0 }, NULL, 0 },
};

/* ---- the months behind us ---- */

struct month {
	int32_t start;
	uint32_t days; /* 1 << 0: there is a record of its first day */
	num_wide nano;
};

struct past {
	struct month v[PAST_MAX]; /* ascending */
	size_t n;
	int32_t first_day, last_day;
};

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	struct past *p = data;
	int32_t start = period_start(PERIOD_MONTH, r->day);
	size_t i = p->n;

	while (i > 0 && p->v[i - 1].start > start)
		i--;
	if (i == 0 || p->v[i - 1].start != start) {
		if (p->n == PAST_MAX)
			return err_set(e, ERR_LIMIT, "records of more than %d months", PAST_MAX);
		memmove(&p->v[i + 1], &p->v[i], (p->n - i) * sizeof(*p->v));
		p->v[i++] = (struct month){ .start = start };
		p->n++;
	}
	p->first_day = r->day < p->first_day ? r->day : p->first_day;
	p->last_day = r->day > p->last_day ? r->day : p->last_day;
	p->v[i - 1].nano += r->nano;
	p->v[i - 1].days |= UINT32_C(1) << (r->day - start);
	return 0;
}

/* *ret_currency: that of the records. */
static int read_past(struct past *p, const struct cost_forecast_opts *o, char **operand, size_t n,
		     struct buf *ret_currency, struct err *e)
{
	static const struct cost_dims dims = {
		{ BYTES_LIT("resource"), BYTES_LIT("cluster"), BYTES_LIT("tenant") }, COST_LABEL
	};
	static const struct cost_mapping map = { 0 };
	struct cost_gathering records = { .cli = o->base.cli,
					  .answer = "forecast",
					  .dims = &dims,
					  .map = &map,
					  .record = on_record,
					  .data = p };
	int rc = cost_gather(&records, operand, n, e);

	for (size_t i = 0; i < p->n && rc == 0; i++) {
		char of[PERIOD_TEXT];

		period_text(PERIOD_MONTH, p->v[i].start, of);
		if (p->v[i].nano > INT64_MAX || p->v[i].nano < -INT64_MAX)
			rc = err_set(e, ERR_LIMIT,
				     "the sum of %s is more than can be counted (up to %s)", of,
				     MONEY_MOST);
	}
	if (rc == 0)
		buf_add_bytes(ret_currency, buf_bytes(&records.found));
	cost_gathering_release(&records);
	return rc;
}

/* A month is whole when there is a record of its last day, or behind it. */
static size_t count_whole(const struct past *p)
{
	size_t n = p->n;

	while (n > 0 && period_next(PERIOD_MONTH, p->v[n - 1].start) > p->last_day + 1)
		n--;
	return n;
}

static unsigned months_between(int32_t from, int32_t to)
{
	unsigned n = 0;

	for (; from < to; n++)
		from = period_next(PERIOD_MONTH, from);
	return n;
}

/* ---- the months to come ---- */

struct forecast {
	const struct cost_forecast_opts *o;
	struct exact growth;
	int32_t start; /* the month that it begins with */
	int64_t now;
	struct buf found;     /* the currency of records */
	const char *currency; /* this one, or USD */
	bool has_budget;
	int64_t budget;
	unsigned n;
	int64_t v[GROWTH_MONTHS_MAX], sum[GROWTH_MONTHS_MAX];
};

static int read_amount(const char *text, const char *what, int64_t *ret, struct err *e)
{
	if (money_read(bytes_str(text), ret) != MONEY_READ || *ret < 0)
		return err_set(e, ERR_USAGE,
			       "option '%s': expected an amount of 0 to 9223372036, found '%s'",
			       what, text);
	return 0;
}

static int days_of(const struct month *m)
{
	return period_next(PERIOD_MONTH, m->start) - m->start;
}

/* Of days without a record nobody knows what they cost: they count as nothing. */
static void warn_of_holes(const struct forecast *f, const struct past *p, const struct month *m)
{
	const int n = __builtin_popcount(m->days);
	char day[PERIOD_TEXT], month[PERIOD_TEXT];

	period_text(PERIOD_MONTH, m->start, month);
	period_text(PERIOD_DAY, p->first_day, day);
	if (p->first_day > m->start)
		cli_warn(f->o->base.cli,
			 "the first record of %s is of %s: it is taken for a whole month", month,
			 day);
	else if (n < days_of(m))
		cli_warn(f->o->base.cli,
			 "there are records of %d of the %d days of %s alone: what the others cost "
			 "is not in the forecast",
			 n, days_of(m), month);
}

static struct growth_month growth_of(const struct month *m)
{
	return (struct growth_month){ (int64_t)m->nano, days_of(m) };
}

/* What a day comes to grows from the first month that the records begin with or before to the last
 * whole one. */
static int see_growth(struct forecast *f, const struct past *p, size_t whole, struct err *e)
{
	const struct month *first = &p->v[p->first_day > p->v[0].start && whole > 1],
			   *last = &p->v[whole - 1];
	const unsigned months = months_between(first->start, last->start);

	if (f->o->has_growth)
		return 0;
	if (growth_between(growth_of(first), growth_of(last), months, &f->growth)) {
		warn_of_holes(f, p, first);
		return 0;
	}
	if (months && first->nano > 0 && last->nano > 0)
		return err_set(e, ERR_CORRUPT,
			       "the records show a growth of more than 1000 percent a month, or a "
			       "fall to nothing: say how much is to come with --growth");
	return err_set(e, ERR_CORRUPT,
		       "the records show no growth from one whole month to another: say it with "
		       "--growth");
}

static int begin_with_past(struct forecast *f, const struct past *p, struct err *e)
{
	size_t whole = count_whole(p);

	if (whole == 0) {
		cli_warn(f->o->base.cli, "%s: say what a month costs with --cost",
			 p->n ? "there is no whole month among the records"
			      : "there is no cost record in the input");
		return CLI_OUTPUT_NONE;
	}
	f->start = p->v[whole - 1].start;
	f->now = (int64_t)p->v[whole - 1].nano;
	if (see_growth(f, p, whole, e) < 0)
		return -1;
	if (f->now < 0)
		return err_set(e, ERR_CORRUPT, "the last month gave money back");
	warn_of_holes(f, p, &p->v[whole - 1]);
	return 0;
}

static int begin_with_records(struct forecast *f, char **operand, size_t n, struct err *e)
{
	struct past *p = mem_alloc(sizeof(*p));
	int rc;

	p->first_day = INT32_MAX;
	p->last_day = INT32_MIN;
	rc = read_past(p, f->o, operand, n, &f->found, e);
	f->currency = buf_str(&f->found);
	if (rc == 0)
		rc = begin_with_past(f, p, e);
	free(p);
	return rc;
}

static int begin(struct forecast *f, char **operand, size_t n, struct err *e)
{
	const struct cost_forecast_opts *o = f->o;

	f->growth = o->growth;
	f->n = o->months ? (unsigned)o->months : MONTHS_DEFAULT;
	f->has_budget = o->budget != NULL;
	if (f->has_budget && read_amount(o->budget, "--budget", &f->budget, e) < 0)
		return -1;
	if (!o->cost && o->at)
		return err_set(e, ERR_USAGE,
			       "option '--at': only of --cost: records have days of their own");
	if (!o->cost)
		return begin_with_records(f, operand, n, e);
	if (n)
		return err_set(e, ERR_USAGE, "records ('%s') and --cost are one too many",
			       operand[0]);
	if (!o->has_growth)
		return err_set(e, ERR_USAGE, "by how much does it grow? Say it with --growth");
	f->currency = "USD";
	f->start = period_start(PERIOD_MONTH, o->at ? o->at : time_day(o->base.now_ns));
	return read_amount(o->cost, "--cost", &f->now, e);
}

/* what: of which it is more than there are amounts, in month i and behind it. */
static int too_large(const struct forecast *f, const char *what, unsigned i, struct err *e)
{
	char text[PERIOD_TEXT];
	int32_t start = f->start;

	do
		start = period_next(PERIOD_MONTH, start);
	while (i-- > 0);
	period_text(PERIOD_MONTH, start, text);
	return err_set(e, ERR_LIMIT, "%s %s is more than can be counted (up to %s)", what, text,
		       MONEY_MOST);
}

static int grow(struct forecast *f, struct err *e)
{
	unsigned n = growth_apply(f->now, f->growth, f->n, f->v);
	int64_t sum = 0;

	if (n < f->n)
		return too_large(f, "the cost of", n, e);
	for (unsigned i = 0; i < f->n; i++) {
		if (!money_add(&sum, f->v[i]))
			return too_large(f, "the sum up to", i, e);
		f->sum[i] = sum;
	}
	return 0;
}

static bool is_over(const struct forecast *f, unsigned i)
{
	return f->has_budget && f->v[i] > f->budget;
}

/* ---- the answer ---- */

/* Calls each with the months in order. */
typedef void month_fn(const struct forecast *f, unsigned i, const char *month, void *data);

static void each_month(const struct forecast *f, month_fn *each, void *data)
{
	int32_t start = f->start;

	for (unsigned i = 0; i < f->n; i++) {
		char text[PERIOD_TEXT];

		start = period_next(PERIOD_MONTH, start);
		period_text(PERIOD_MONTH, start, text);
		each(f, i, text, data);
	}
}

static void add_row(const struct forecast *f, unsigned i, const char *month, void *data)
{
	struct table *t = data;
	void (*add)(struct table * t, num_wide nano) =
		f->o->base.format == COST_CSV ? table_money : table_cents;

	table_addf(t, "%s", month);
	add(t, f->v[i]);
	add(t, f->sum[i]);
	if (f->has_budget)
		table_addf(t, "%s", is_over(f, i) ? "above" : "");
}

static void make_table(const struct forecast *f, struct table *t)
{
	table_column(t, "month", TABLE_LEFT);
	table_column(t, "cost", TABLE_RIGHT);
	table_column(t, "in all", TABLE_RIGHT);
	if (f->has_budget)
		table_column(t, "budget", TABLE_LEFT);
	each_month(f, add_row, t);
}

static void add_line(const struct forecast *f, unsigned i, const char *month, void *data)
{
	struct buf *out = data;

	buf_addf(out, "{\"month\":\"%s\",\"cost\":", month);
	money_text(out, f->v[i]);
	buf_add_str(out, ",\"sum\":");
	money_text(out, f->sum[i]);
	buf_add_str(out, ",\"growth_percent\":");
	exact_add(out, f->growth);
	buf_add_str(out, ",\"currency\":");
	json_add_quoted(out, bytes_str(f->currency));
	if (f->has_budget)
		buf_addf(out, ",\"over_budget\":%s", is_over(f, i) ? "true" : "false");
	buf_add_str(out, "}\n");
}

static void add_heading(const struct forecast *f, struct buf *out)
{
	const bool falls = f->growth.units < 0;
	struct exact percent = f->growth;
	char month[PERIOD_TEXT];

	if (falls)
		percent.units = -percent.units;
	period_text(PERIOD_MONTH, f->start, month);
	money_text(out, money_cents(f->now));
	buf_addf(out, " %s in %s, and ", f->currency, month);
	exact_add(out, percent);
	buf_addf(out, " %% %s each month", falls ? "less" : "more");
}

struct names {
	struct bytes x[GROWTH_MONTHS_MAX];
	char text[GROWTH_MONTHS_MAX][PERIOD_TEXT];
};

static void add_name(const struct forecast *f, unsigned i, const char *month, void *data)
{
	struct names *n = data;

	(void)f;
	snprintf(n->text[i], sizeof(n->text[i]), "%s", month);
	n->x[i] = bytes_str(n->text[i]);
}

static void draw(const struct forecast *f, struct buf *out)
{
	struct names *names = mem_alloc(sizeof(*names));
	double y[GROWTH_MONTHS_MAX], budget = (double)f->budget / (double)MONEY_ONE;
	const struct chart_series series = { BYTES_LIT("cost"), y };

	for (unsigned i = 0; i < f->n; i++)
		y[i] = (double)f->v[i] / (double)MONEY_ONE;
	each_month(f, add_name, names);
	chart_lines(&(struct chart){ .title = "Cost a month",
				     .unit = strcmp(f->currency, "USD") == 0 ? "$" : f->currency,
				     .n = f->n,
				     .x = names->x,
				     .n_series = 1,
				     .series = &series,
				     .mark = &budget,
				     .n_marks = f->has_budget },
		    out);
	free(names);
}

static void print_page(const struct forecast *f, struct buf *out)
{
	struct buf heading = { 0 };
	struct table t = { 0 };

	add_heading(f, &heading);
	html_page_begin(out, "What logs will cost");
	html_page_text(out, buf_bytes(&heading));
	draw(f, out);
	make_table(f, &t);
	table_html(&t, out);
	html_page_end(out);
	table_release(&t);
	buf_release(&heading);
}

static void print_table(const struct forecast *f, struct buf *out)
{
	struct table t = { 0 };

	make_table(f, &t);
	if (f->o->base.format == COST_CSV) {
		table_csv(&t, out);
	} else {
		add_heading(f, out);
		buf_add_str(out, "\n\n");
		table_text(&t, out);
	}
	table_release(&t);
}

static int print(const struct forecast *f, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	switch (f->o->base.format) {
	case COST_JSONL:
		each_month(f, add_line, &out);
		break;
	case COST_HTML:
		print_page(f, &out);
		break;
	case COST_SVG:
		draw(f, &out);
		break;
	default:
		print_table(f, &out);
	}
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

int cost_ask_forecast(void *opts, char **operand, size_t n, struct err *e)
{
	struct forecast *f = mem_alloc(sizeof(*f));
	bool over = false;
	int rc;

	f->o = opts;
	rc = begin(f, operand, n, e);
	if (rc == 0)
		rc = grow(f, e);
	if (rc == 0)
		rc = print(f, e);
	for (unsigned i = 0; rc == 0 && i < f->n; i++)
		over |= is_over(f, i);
	buf_release(&f->found);
	free(f);
	if (rc == 0 && over)
		return err_set(e, ERR_NO, "a month is above the budget");
	return rc;
}
