#include "cost/ask_compare.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "cost/inputs.h"
#include "cost/model.h"
#include "cost/money.h"
#include "cost/plan_options.h"
#include "cost/table_money.h"
#include "json/json.h"
#include "report/chart.h"
#include "report/html_page.h"
#include "report/table.h"
#include "time/time.h"

#define AT(field) offsetof(struct cost_compare_opts, field)

const struct cli_taken cost_compare_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv|html|svg", cost_take_picture_format),
	{ { 0, "prices", "FILE", "a price file, of prices that items name" },
	  cli_take_text,
	  AT(prices) },
	{ { 0, "at", "DAY", "prices as of this day, UTC (today)" }, cost_take_day, AT(at) },
	{ { 0 }, NULL, 0 },
};

static void add_permille(struct buf *b, int64_t v)
{
	buf_addf(b, "%s%lld.%lld", v < 0 ? "-" : "", llabs((long long)v) / 10,
		 llabs((long long)v) % 10);
}

/* ---- tables ---- */

static void add_item(struct table *t, const struct model_item *it)
{
	struct buf b = { 0 };

	table_addf(t, "%s", it->name);
	exact_add(&b, it->quantity);
	if (it->unit)
		buf_addf(&b, " %s", it->unit);
	table_add(t, buf_bytes(&b));
	buf_reset(&b);
	money_text(&b, it->price);
	if (it->per != 1)
		buf_addf(&b, " per %llu", (unsigned long long)it->per);
	table_add(t, buf_bytes(&b));
	buf_release(&b);
	table_money(t, it->cost);
}

static void make_items(const struct model *m, struct table *t)
{
	table_column(t, m->name, TABLE_LEFT);
	table_column(t, "quantity", TABLE_RIGHT);
	table_column(t, "price", TABLE_RIGHT);
	table_column(t, "a month", TABLE_POINT);
	for (size_t i = 0; i < m->n; i++)
		add_item(t, &m->item[i]);
	table_rule(t);
	table_add(t, BYTES_LIT("total"));
	table_add(t, (struct bytes){ 0 });
	table_add(t, (struct bytes){ 0 });
	table_money(t, m->total);
}

/* with_currency: in a column, for programs. */
static void make_savings(const struct models *ms, bool with_currency, struct table *t)
{
	static const char *const names[] = { "a month", "saves", "%", "a year", "saves a year" };

	table_column(t, "model", TABLE_LEFT);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		table_column(t, names[i], TABLE_POINT);
	if (with_currency)
		table_column(t, "currency", TABLE_LEFT);
	for (size_t i = 0; i < ms->n; i++) {
		struct model_saving s = model_saving(&ms->v[0], &ms->v[i]);
		struct buf b = { 0 };

		table_addf(t, "%s", ms->v[i].name);
		table_money(t, ms->v[i].total);
		table_money(t, s.month);
		add_permille(&b, s.permille);
		table_add(t, buf_bytes(&b));
		table_money(t, (num_wide)ms->v[i].total * 12);
		table_money(t, s.year);
		if (with_currency)
			table_addf(t, "%s", ms->currency);
		buf_release(&b);
	}
}

/* "Loki + S3 costs 22.81 USD a month less than CloudWatch Logs (66 %), 274 a year." */
static void add_sentence(const struct models *ms, const struct model *m, struct buf *out)
{
	struct model_saving s = model_saving(&ms->v[0], m);
	bool more = s.month < 0;
	num_wide year = more ? -s.year : s.year;

	buf_addf(out, "%s costs ", m->name);
	money_text(out, more ? -s.month : s.month);
	buf_addf(out, " %s a month %s than %s (%lld %%), ", ms->currency, more ? "more" : "less",
		 ms->v[0].name, (llabs((long long)s.permille) + 5) / 10);
	buf_addf(out, "%lld a year", (long long)((year + MONEY_ONE / 2) / MONEY_ONE));
}

static void print_text(const struct models *ms, struct buf *out)
{
	struct table savings = { 0 };

	for (size_t i = 0; i < ms->n; i++) {
		struct table t = { 0 };

		make_items(&ms->v[i], &t);
		table_text(&t, out);
		buf_add_char(out, '\n');
		table_release(&t);
	}
	make_savings(ms, false, &savings);
	table_text(&savings, out);
	table_release(&savings);
	for (size_t i = 1; i < ms->n; i++) {
		buf_add_char(out, '\n');
		add_sentence(ms, &ms->v[i], out);
		buf_add_char(out, '\n');
	}
}

static void print_csv(const struct models *ms, struct buf *out)
{
	struct table t = { 0 };

	make_savings(ms, true, &t);
	table_csv(&t, out);
	table_release(&t);
}

/* ---- objects ---- */

static void add_member(struct buf *out, const char *name, num_wide nano)
{
	buf_addf(out, ",\"%s\":", name);
	money_text(out, nano);
}

static void print_lines(const struct models *ms, struct buf *out)
{
	for (size_t i = 0; i < ms->n; i++) {
		const struct model *m = &ms->v[i];
		struct model_saving s = model_saving(&ms->v[0], m);

		buf_add_str(out, "{\"model\":");
		json_add_quoted(out, bytes_str(m->name));
		buf_add_str(out, ",\"currency\":");
		json_add_quoted(out, bytes_str(ms->currency));
		buf_add_str(out, ",\"items\":[");
		for (size_t k = 0; k < m->n; k++) {
			buf_addf(out, "%s{\"name\":", k ? "," : "");
			json_add_quoted(out, bytes_str(m->item[k].name));
			buf_add_str(out, ",\"quantity\":");
			exact_add(out, m->item[k].quantity);
			add_member(out, "price", m->item[k].price);
			buf_addf(out, ",\"per\":%llu", (unsigned long long)m->item[k].per);
			add_member(out, "month", m->item[k].cost);
			buf_add_char(out, '}');
		}
		buf_add_char(out, ']');
		add_member(out, "month", m->total);
		add_member(out, "saving_month", s.month);
		buf_add_str(out, ",\"saving_percent\":");
		add_permille(out, s.permille);
		add_member(out, "saving_year", s.year);
		buf_add_str(out, "}\n");
	}
}

/* ---- pictures ---- */

struct picture {
	struct bytes *x;
	struct chart_series *series;
	size_t n_series;
};

/* A bar for each model; what an item of it costs, in a series of the item's name. */
static void draw(const struct models *ms, struct buf *out)
{
	size_t n = 0, most = 0;
	struct bytes *x = mem_alloc((ms->n + 1) * sizeof(*x));
	struct chart_series *series;
	double *y;

	for (size_t i = 0; i < ms->n; i++) {
		x[i] = bytes_str(ms->v[i].name);
		most += ms->v[i].n;
	}
	series = mem_alloc((most + 1) * sizeof(*series));
	y = mem_alloc((most + 1) * ms->n * sizeof(*y));
	for (size_t i = 0; i < ms->n; i++) {
		for (size_t k = 0; k < ms->v[i].n; k++) {
			const struct model_item *it = &ms->v[i].item[k];
			size_t s = 0;

			if (it->cost == 0)
				continue;
			while (s < n && !bytes_is(series[s].name, it->name))
				s++;
			if (s == n)
				series[n++] =
					(struct chart_series){ bytes_str(it->name), y + s * ms->n };
			y[s * ms->n + i] += (double)it->cost / (double)MONEY_ONE;
		}
	}
	chart_bars(&(struct chart){ .title = "Cost a month",
				    .unit = strcmp(ms->currency, "USD") == 0 ? "$" : ms->currency,
				    .n = ms->n,
				    .x = x,
				    .n_series = n,
				    .series = series },
		   out);
	free(x);
	free(series);
	free(y);
}

static void print_page(const struct models *ms, struct buf *out)
{
	struct table savings = { 0 };

	html_page_begin(out, "What keeping logs costs");
	draw(ms, out);
	for (size_t i = 1; i < ms->n; i++) {
		struct buf text = { 0 };

		add_sentence(ms, &ms->v[i], &text);
		html_page_text(out, buf_bytes(&text));
		buf_release(&text);
	}
	make_savings(ms, false, &savings);
	table_html(&savings, out);
	table_release(&savings);
	for (size_t i = 0; i < ms->n; i++) {
		struct table t = { 0 };

		html_page_heading(out, 2, bytes_str(ms->v[i].name));
		make_items(&ms->v[i], &t);
		table_html(&t, out);
		table_release(&t);
	}
	html_page_end(out);
}

/* ---- the verb ---- */

struct asked {
	const struct cost_compare_opts *o;
	struct models models;
	struct prices prices;
	struct arena mem;
};

static int add_text(struct bytes text, const char *name, void *data, struct err *e)
{
	struct asked *x = data;
	int32_t day = x->o->at ? x->o->at : time_day(x->o->base.now_ns);

	return models_add(&x->models, text, name, x->o->prices ? &x->prices : NULL, day, &x->mem,
			  e);
}

static int answer(const struct asked *x, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	switch (x->o->base.format) {
	case COST_JSONL:
		print_lines(&x->models, &out);
		break;
	case COST_CSV:
		print_csv(&x->models, &out);
		break;
	case COST_HTML:
		print_page(&x->models, &out);
		break;
	case COST_SVG:
		draw(&x->models, &out);
		break;
	default:
		print_text(&x->models, &out);
	}
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

int cost_ask_compare(void *opts, char **operand, size_t n, struct err *e)
{
	struct asked x = { .o = opts };
	const struct cost_plan_opts prices = { .prices = x.o->prices };
	int rc = 0;

	if (x.o->at && !x.o->prices)
		return err_set(e, ERR_USAGE, "option '--at': only of --prices");
	if (x.o->prices)
		rc = cost_plan_prices(&prices, &x.mem, &x.prices, e);
	if (rc == 0)
		rc = cost_each_text(operand, n, &x.mem, add_text, &x, e);
	if (rc == 0 && x.models.n == 0)
		rc = err_set(e, ERR_USAGE, "there is no model to compare");
	if (rc == 0)
		rc = answer(&x, e);
	models_release(&x.models);
	arena_release(&x.mem);
	return rc;
}
