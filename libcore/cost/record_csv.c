#include "cost/columns.h"

#include <fnmatch.h>
#include <stdio.h>

#include "base/num.h"
#include "cost/money.h"
#include "cost/tags.h"
#include "time/time.h"

enum { SHOWN = 40 };

/* A row, and where what does not lie in the block is kept. */
struct reading {
	const struct csv_row *row;
	const struct cost_columns *c;
	struct bytes text;
	struct arena *scratch;
};

/* Empty of a column that is not there. */
static struct bytes field_at(const struct reading *d, size_t column)
{
	return column == SIZE_MAX ? (struct bytes){ 0 } : bytes_trim(d->row->field[column]);
}

static struct bytes name_of(const struct reading *d, size_t column)
{
	return bytes_sub(d->c->name[column], 0, SHOWN);
}

static struct bytes keep(const struct reading *d, struct bytes b)
{
	if (b.n == 0 || (b.p >= d->text.p && b.p < d->text.p + d->text.n))
		return b;
	return arena_copy(d->scratch, b);
}

/* "2024-01-15 00:00:00.000", as databases write a moment in UTC, or what cost_read_day reads. */
static int read_date(const struct reading *d, struct cost_record *r, struct err *e)
{
	struct bytes text = field_at(d, d->c->date), name = name_of(d, d->c->date);
	char moment[40];
	size_t n = text.n;

	if (n == 0)
		return err_set(e, ERR_CORRUPT, "'%.*s': missing", BYTES_ARG(name));
	if (n > TIME_DAY_LEN && n + 1 < sizeof(moment) && text.p[TIME_DAY_LEN] == ' ' &&
	    text.p[n - 1] >= '0' && text.p[n - 1] <= '9' && !memchr(text.p, '+', n) &&
	    !memchr(text.p + TIME_DAY_LEN, '-', n - TIME_DAY_LEN)) {
		memcpy(moment, text.p, n);
		moment[n] = 'Z';
		text = bytes_of(moment, n + 1);
	}
	if (cost_read_day(text, &r->day, e) < 0)
		return err_wrap(e, "'%.*s'", BYTES_ARG(name));
	return 0;
}

/* Whether this kind of line in a bill gives money back. */
static bool gives_back(const struct reading *d)
{
	static const char *const types[] = { "Credit",	   "Refund", "Tax", "SavingsPlanNegation",
					     "Adjustment", NULL };
	struct bytes type = field_at(d, d->c->type), discount = BYTES_LIT("Discount");

	for (size_t i = 0; types[i]; i++)
		if (bytes_is(type, types[i]))
			return true;
	if (bytes_is(field_at(d, d->c->correction), "Correction"))
		return true;
	return type.n >= discount.n &&
	       bytes_eq(bytes_sub(type, type.n - discount.n, discount.n), discount);
}

static bool is_like(struct bytes value, const char *pattern)
{
	char text[1024];

	if (value.n >= sizeof(text) || (value.n && memchr(value.p, '\0', value.n)))
		return false;
	memcpy(text, value.n ? value.p : "", value.n);
	text[value.n] = '\0';
	return fnmatch(pattern, text, 0) == 0;
}

static bool may_be_negative(const struct reading *d)
{
	const struct cost_mapping *m = d->c->map;

	for (size_t i = 0; i < m->n_negative; i++)
		if (is_like(field_at(d, d->c->type), m->negative[i]))
			return true;
	return gives_back(d);
}

/* Why this row may not be below 0, and what to do if it is right. */
static int refuse_negative(const struct reading *d, struct bytes cost, struct err *e)
{
	struct bytes type = bytes_sub(field_at(d, d->c->type), 0, SHOWN);
	struct bytes shown = bytes_sub(cost, 0, SHOWN);

	if (d->c->type_name && d->c->type == SIZE_MAX)
		return err_set(e, ERR_CORRUPT,
			       "expected 0 or more, found '%.*s': there is no column '%s' that "
			       "would say what gives money back (report --allow-negative '*' takes "
			       "it)",
			       BYTES_ARG(shown), d->c->type_name);
	return err_set(e, ERR_CORRUPT,
		       "expected 0 or more, found '%.*s' (report --allow-negative '%.*s' takes it)",
		       BYTES_ARG(shown), BYTES_ARG(type.n ? type : BYTES_LIT("*")));
}

static int read_amount(const struct reading *d, struct bytes text, int64_t *ret, struct err *e)
{
	struct err why;
	int64_t nano;

	if (may_be_negative(d))
		return cost_read_amount(text, COST_MAY_BE_NEGATIVE, ret, e);
	if (cost_read_amount(text, COST_NEVER_NEGATIVE, ret, e) == 0)
		return 0;
	if (cost_read_amount(text, COST_MAY_BE_NEGATIVE, &nano, &why) == 0)
		return refuse_negative(d, text, e);
	return -1;
}

static int read_cost(const struct reading *d, struct cost_record *r, struct err *e)
{
	struct bytes text = field_at(d, d->c->cost), name = name_of(d, d->c->cost);

	if (text.n == 0)
		return err_set(e, ERR_CORRUPT, "'%.*s': missing", BYTES_ARG(name));
	if (read_amount(d, text, &r->nano, e) < 0)
		return err_wrap(e, "'%.*s'", BYTES_ARG(name));
	r->currency = keep(d, field_at(d, d->c->currency));
	r->currency_field = d->c->currency == SIZE_MAX ? name : name_of(d, d->c->currency);
	if (r->currency.n == 0 && d->c->currency != SIZE_MAX &&
	    !bytes_is(d->c->name[d->c->cost], "cost_usd"))
		return err_set(e, ERR_CORRUPT, "'%.*s': missing",
			       BYTES_ARG(name_of(d, d->c->currency)));
	if (bytes_is(d->c->name[d->c->cost], "cost_usd")) {
		if (r->currency.n && !bytes_is(r->currency, "USD"))
			return err_set(e, ERR_CORRUPT,
				       "'currency': expected USD beside 'cost_usd', found '%.*s'",
				       BYTES_ARG(bytes_sub(r->currency, 0, SHOWN)));
		r->currency = BYTES_LIT("USD");
	}
	if (!money_is_currency(r->currency))
		return err_set(e, ERR_CORRUPT,
			       "'%.*s': expected three capital letters as USD, found '%.*s'",
			       BYTES_ARG(name_of(d, d->c->currency)),
			       BYTES_ARG(bytes_sub(r->currency, 0, SHOWN)));
	return 0;
}

static int read_dim(const struct reading *d, size_t i, struct cost_record *r, struct err *e)
{
	const struct cost_place *at = &d->c->dim[i];
	struct bytes value = field_at(d, at->column);

	if (at->column == SIZE_MAX)
		return 0;
	if (at->key.n && tags_find(value, at->key, d->scratch, &r->dim[i], e) < 0)
		return err_wrap(e, "'%.*s'", BYTES_ARG(name_of(d, at->column)));
	if (!at->key.n)
		r->dim[i] = keep(d, value);
	if (r->dim[i].n > COST_NAME_MAX)
		return err_set(e, ERR_CORRUPT, "'%.*s': longer than %d bytes",
			       BYTES_ARG(name_of(d, at->column)), COST_NAME_MAX);
	return 0;
}

/* What the user calls a line of a bill, or else the service that it is for. */
static void name_resource(const struct reading *d, struct cost_record *r)
{
	const struct cost_mapping *m = d->c->map;
	struct bytes service = field_at(d, d->c->service), id = field_at(d, d->c->resource_id);

	if (d->c->form == COST_PLAIN || r->dim[COST_RESOURCE].n)
		return;
	for (size_t i = 0; i < m->n_resources; i++) {
		if (is_like(id, m->resource[i].pattern) ||
		    is_like(service, m->resource[i].pattern)) {
			r->dim[COST_RESOURCE] = m->resource[i].name;
			return;
		}
	}
	if (m->n_resources == 0)
		r->dim[COST_RESOURCE] = keep(d, bytes_sub(service, 0, COST_NAME_MAX));
}

static int read_metrics(const struct reading *d, struct cost_record *r, struct err *e)
{
	for (size_t i = 0; i < d->c->n_metrics; i++) {
		struct bytes text = field_at(d, d->c->metric[i]);
		struct bytes name = d->c->name[d->c->metric[i]];
		double v;

		if (text.n == 0)
			continue;
		if (!(num_plain_double(text, &v) || num_double(text, &v)) ||
		    !(v >= 0 && v <= COST_METRIC_MAX))
			return err_set(e, ERR_CORRUPT,
				       "'%.*s': expected a number of 0 or more, found '%.*s'",
				       BYTES_ARG(name), BYTES_ARG(bytes_sub(text, 0, SHOWN)));
		if (bytes_is(name, "s3_object_count"))
			r->objects = (int64_t)v;
	}
	return 0;
}

int cost_record_csv(const struct csv_row *row, const struct cost_columns *c, struct bytes text,
		    struct arena *scratch, struct cost_record *ret, struct err *e)
{
	const struct reading d = { row, c, text, scratch };

	*ret = (struct cost_record){ .objects = -1 };
	if (row->n != c->n)
		return err_set(e, ERR_CORRUPT, "found %zu fields, where the heading has %zu",
			       row->n, c->n);
	if (read_date(&d, ret, e) < 0 || read_cost(&d, ret, e) < 0 || read_metrics(&d, ret, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n_dims; i++)
		if (read_dim(&d, i, ret, e) < 0)
			return -1;
	name_resource(&d, ret);
	ret->id = keep(&d, field_at(&d, c->id));
	return 0;
}
