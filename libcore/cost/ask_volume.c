#include "cost/ask_volume.h"

#include <inttypes.h>
#include <math.h>

#include "base/num.h"
#include "cli/output.h"
#include "cost/inputs.h"
#include "cost/measure.h"
#include "cost/services.h"
#include "json/json.h"
#include "report/table.h"

enum { DAYS_DEFAULT = 30, MEAN_DAYS = 7 };

/* ---- options ---- */

static int take_days(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, 366, at, e);
}

#define AT(field) offsetof(struct cost_volume_opts, field)

const struct cli_taken cost_volume_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	{ { 0, "bytes-per-line", "N", "of services that do not say it" },
	  cli_take_count,
	  AT(bytes_per_line) },
	{ { 0, "month-days", "N", "days of a month (30)" }, take_days, AT(days) },
	{ { 0, "compression", "N", "bytes of lines for each byte stored" },
	  cost_take_ratio,
	  AT(compression) },
	{ { 0, "store", "STORE", "measure the compression there" }, cli_take_text, AT(plan.store) },
	{ { 't', "tenant", "ID", "of --store: only this tenant (all)" },
	  cost_take_tenant,
	  AT(plan.tenant) },
	{ { 0 }, NULL, 0 },
};

/* ---- the answer ---- */

struct answer {
	const struct services *s;
	uint64_t days;
	double ratio; /* 0: not known */
};

static double gb(double bytes)
{
	return bytes / 1e9;
}

/* With as many digits more as show that it is not nothing. */
static void add_gb(struct table *t, double v, int digits)
{
	for (double shown = v * pow(10, digits); shown > 0 && shown < 1 && digits < 9; digits++)
		shown *= 10;
	table_addf(t, "%.*f", digits, v);
}

static void add_row(const struct answer *a, const struct service *v, struct table *t)
{
	double day = gb((double)v->day), month = gb((double)(v->day * a->days));

	table_add(t, v->name);
	table_addf(t, "%" PRIu64, v->lines);
	table_addf(t, "%.1f", (double)v->lines / 60);
	add_gb(t, day, 2);
	add_gb(t, month, 1);
	if (a->ratio > 0) {
		add_gb(t, day / a->ratio, 2);
		add_gb(t, month / a->ratio, 1);
	}
}

static void print_table(const struct answer *a, struct buf *out)
{
	static const char *const names[] = { "lines/min", "lines/s",	   "GB/day",
					     "GB/month",  "stored GB/day", "stored GB/month" };
	struct service sum = a->s->sum;
	struct table t = { 0 };

	table_column(&t, "service", TABLE_LEFT);
	for (size_t i = 0; i < (a->ratio > 0 ? 6 : 4); i++)
		table_column(&t, names[i], TABLE_RIGHT);
	for (size_t i = 0; i < a->s->n; i++)
		add_row(a, &a->s->v[i], &t);
	sum.name = BYTES_LIT("total");
	table_rule(&t);
	add_row(a, &sum, &t);
	table_text(&t, out);
	table_release(&t);
}

/* All of it: for programs. */
static void print_csv(const struct answer *a, struct buf *out)
{
	static const char *const names[] = {
		"service",	 "lines_per_minute", "bytes_a_day",
		"bytes_a_month", "stored_a_day",     "stored_a_month"
	};
	struct table t = { 0 };

	for (size_t i = 0; i < (a->ratio > 0 ? 6 : 4); i++)
		table_column(&t, names[i], TABLE_LEFT);
	for (size_t i = 0; i < a->s->n; i++) {
		const struct service *v = &a->s->v[i];

		table_add(&t, v->name);
		table_addf(&t, "%" PRIu64, v->lines);
		table_addf(&t, "%" PRIu64, v->day);
		table_addf(&t, "%" PRIu64, v->day * a->days);
		if (a->ratio > 0) {
			table_addf(&t, "%.0f", (double)v->day / a->ratio);
			table_addf(&t, "%.0f", (double)(v->day * a->days) / a->ratio);
		}
	}
	table_csv(&t, out);
	table_release(&t);
}

static void add_line(const struct answer *a, const struct service *v, const char *what,
		     struct buf *out)
{
	buf_addf(out, "{\"%s\":", what);
	json_add_quoted(out, v->name);
	buf_addf(out,
		 ",\"lines_per_minute\":%" PRIu64 ",\"bytes_a_day\":%" PRIu64
		 ",\"bytes_a_month\":%" PRIu64,
		 v->lines, v->day, v->day * a->days);
	if (a->ratio > 0)
		buf_addf(out, ",\"stored_a_day\":%.0f,\"stored_a_month\":%.0f",
			 (double)v->day / a->ratio, (double)(v->day * a->days) / a->ratio);
	buf_add_str(out, "}\n");
}

static int print(const struct answer *a, enum cost_format format, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (format == COST_JSONL) {
		struct service sum = a->s->sum;

		for (size_t i = 0; i < a->s->n; i++)
			add_line(a, &a->s->v[i], "service", &out);
		sum.name = BYTES_LIT("total");
		add_line(a, &sum, "sum", &out);
	} else if (format == COST_CSV) {
		print_csv(a, &out);
	} else {
		print_table(a, &out);
	}
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

/* What the store shows, in all that it has. */
static int measure_ratio(struct cost_volume_opts *o, double *ret, struct err *e)
{
	struct usage u = { 0 };
	struct measured m;

	cost_plan_default(&o->plan, &o->base);
	if (cost_plan_usage(&o->plan, &o->base, NULL, COST_DAMAGE_REFUSED, &u, e) < 0)
		return -1;
	measure(&u, o->plan.at, MEAN_DAYS, &m);
	usage_release(&u);
	if (m.ratio == 0)
		return err_set(e, ERR_CORRUPT,
			       "'%s': there is nothing to measure the compression of",
			       o->plan.store);
	*ret = m.ratio;
	return 0;
}

static int check(const struct cost_volume_opts *o, struct err *e)
{
	if (o->plan.tenant.n && !o->plan.store)
		return err_set(e, ERR_USAGE, "option '--tenant': only of --store");
	if (o->compression > 0 && o->plan.store)
		return err_set(e, ERR_USAGE,
			       "options '--compression', '--store': one says it, the other "
			       "measures it");
	return 0;
}

struct adding {
	struct services *s;
	struct cli *cli;
};

static int add_text(struct bytes text, const char *name, void *data, struct err *e)
{
	const struct adding *a = data;
	const size_t n = a->s->n;

	if (services_add(a->s, text, name, e) < 0)
		return -1;
	if (a->s->n == n)
		cli_warn(a->cli, "%s: there is no service in it", name);
	return 0;
}

int cost_ask_volume(void *opts, char **operand, size_t n, struct err *e)
{
	struct cost_volume_opts *o = opts;
	struct services s = { .bytes_per_line = o->bytes_per_line };
	struct answer a = { .s = &s,
			    .days = o->days ? o->days : DAYS_DEFAULT,
			    .ratio = o->compression };
	struct adding adding = { &s, o->base.cli };
	struct arena texts = { 0 };
	int rc = check(o, e);

	if (rc == 0)
		rc = cost_each_text(operand, n, &texts, add_text, &adding, e);
	if (rc == 0 && o->plan.store)
		rc = measure_ratio(o, &a.ratio, e);
	if (rc == 0)
		rc = print(&a, o->base.format, e);
	if (rc == 0 && s.n == 0)
		rc = err_set(e, ERR_NO, "no service");
	services_release(&s);
	arena_release(&texts);
	return rc;
}
