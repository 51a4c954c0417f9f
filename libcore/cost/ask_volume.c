#include "cost/ask_volume.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "cost/inputs.h"
#include "cost/measure.h"
#include "csv/csv.h"
#include "json/json.h"
#include "report/table.h"

enum { DAYS_DEFAULT = 30, MINUTES_OF_DAY = 1440, SERVICES_MAX = 100000, MEAN_DAYS = 7 };

/* ---- options ---- */

static int take_ratio(void *at, const char *value, struct err *e)
{
	double *to = at;

	if (!num_plain_double(bytes_str(value), to) || *to < 0.001 || *to > 1e6)
		return err_set(e, ERR_USAGE, "expected 0.001 to 1000000, found '%s'", value);
	return 0;
}

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
	  take_ratio,
	  AT(compression) },
	{ { 0, "store", "STORE", "measure the compression there" }, cli_take_text, AT(plan.store) },
	{ { 't', "tenant", "ID", "of --store: only this tenant (all)" },
	  cost_take_tenant,
	  AT(plan.tenant) },
	{ { 0 }, NULL, 0 },
};

/* ---- services ---- */

struct service {
	struct bytes name; /* in the arena */
	uint64_t lines;	   /* a minute */
	uint64_t day;	   /* bytes */
};

struct services {
	const struct cost_volume_opts *o;
	struct service *v;
	size_t n, cap;
	struct service sum;
	struct arena mem;
};

enum column { COLUMN_SERVICE, COLUMN_LINES, COLUMN_BYTES, COLUMNS };

static const char *const column_names[COLUMNS] = { "service", "lines_per_minute",
						   "bytes_per_line" };

/* Which field of a row each column is; SIZE_MAX: there is none. */
static int read_heading(const struct csv_row *row, const char *file, size_t at[COLUMNS],
			struct err *e)
{
	for (int c = 0; c < COLUMNS; c++)
		at[c] = SIZE_MAX;
	for (size_t i = 0; i < row->n; i++)
		for (int c = 0; c < COLUMNS; c++)
			if (bytes_is(bytes_trim(row->field[i]), column_names[c]))
				at[c] = i;
	for (int c = 0; c < COLUMN_BYTES; c++)
		if (at[c] == SIZE_MAX)
			return err_set(e, ERR_CORRUPT, "%s:%" PRIu64 ": the heading lacks '%s'",
				       file, row->line, column_names[c]);
	return 0;
}

static int read_count(const struct csv_row *row, const char *file, enum column c, size_t at,
		      uint64_t *ret, struct err *e)
{
	struct bytes text = at < row->n ? bytes_trim(row->field[at]) : (struct bytes){ 0 };

	if (!num_u64(text, ret))
		return err_set(e, ERR_CORRUPT,
			       "%s:%" PRIu64 ": '%s': expected a whole number, found '%.*s'", file,
			       row->line, column_names[c], BYTES_ARG(bytes_sub(text, 0, 100)));
	return 0;
}

static int add_service(struct services *s, const struct csv_row *row, const char *file,
		       const size_t at[COLUMNS], struct err *e)
{
	struct service one = { 0 };
	uint64_t bytes = s->o->bytes_per_line;

	if (at[COLUMN_SERVICE] < row->n)
		one.name = arena_copy(&s->mem, bytes_trim(row->field[at[COLUMN_SERVICE]]));
	if (read_count(row, file, COLUMN_LINES, at[COLUMN_LINES], &one.lines, e) < 0)
		return -1;
	if (at[COLUMN_BYTES] != SIZE_MAX &&
	    read_count(row, file, COLUMN_BYTES, at[COLUMN_BYTES], &bytes, e) < 0)
		return -1;
	if (at[COLUMN_BYTES] == SIZE_MAX && bytes == 0)
		return err_set(e, ERR_USAGE,
			       "%s: it has no column '%s': say it with --bytes-per-line", file,
			       column_names[COLUMN_BYTES]);
	if (s->n == SERVICES_MAX)
		return err_set(e, ERR_LIMIT, "%s:%" PRIu64 ": more than %d services", file,
			       row->line, SERVICES_MAX);
	if (__builtin_mul_overflow(one.lines, bytes, &one.day) ||
	    __builtin_mul_overflow(one.day, MINUTES_OF_DAY, &one.day) ||
	    __builtin_add_overflow(s->sum.day, one.day, &s->sum.day) ||
	    __builtin_add_overflow(s->sum.lines, one.lines, &s->sum.lines) ||
	    s->sum.day > INT64_MAX / 366)
		return err_set(e, ERR_LIMIT, "%s:%" PRIu64 ": that is too much", file, row->line);
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = one;
	return 0;
}

static int add_text(struct bytes text, const char *name, void *data, struct err *e)
{
	struct services *s = data;
	struct csv_row row = { 0 };
	size_t at[COLUMNS] = { 0 };
	bool has_heading = false;
	int rc;

	while ((rc = csv_next(&text, CSV_ALL, &row, e)) > 0) {
		if ((has_heading ? add_service(s, &row, name, at, e)
				 : read_heading(&row, name, at, e)) < 0) {
			csv_row_release(&row);
			return -1;
		}
		has_heading = true;
	}
	csv_row_release(&row);
	if (rc < 0)
		return err_wrap(e, "%s", name);
	return has_heading ? 0 : err_set(e, ERR_CORRUPT, "%s:1: there is no heading", name);
}

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

static void add_row(const struct answer *a, const struct service *v, struct table *t)
{
	double day = gb((double)v->day), month = gb((double)(v->day * a->days));

	table_add(t, v->name);
	table_addf(t, "%" PRIu64, v->lines);
	table_addf(t, "%.1f", (double)v->lines / 60);
	table_addf(t, "%.2f", day);
	table_addf(t, "%.1f", month);
	if (a->ratio > 0) {
		table_addf(t, "%.2f", day / a->ratio);
		table_addf(t, "%.1f", month / a->ratio);
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
	rc = cost_print(buf_bytes(&out), e);
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
		return err_set(e, ERR_USAGE, "'%s': there is nothing to measure the compression of",
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

int cost_ask_volume(void *opts, char **operand, size_t n, struct err *e)
{
	struct cost_volume_opts *o = opts;
	struct services s = { .o = o };
	struct answer a = { .s = &s,
			    .days = o->days ? o->days : DAYS_DEFAULT,
			    .ratio = o->compression };
	struct arena texts = { 0 };
	int rc = check(o, e);

	if (rc == 0)
		rc = cost_each_text(operand, n, &texts, add_text, &s, e);
	if (rc == 0 && o->plan.store)
		rc = measure_ratio(o, &a.ratio, e);
	if (rc == 0)
		rc = print(&a, o->base.format, e);
	free(s.v);
	arena_release(&s.mem);
	arena_release(&texts);
	return rc;
}
