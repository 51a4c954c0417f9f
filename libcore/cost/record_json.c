/*
 * The fast walk of json/members.h, once over the line, which delimits values; what they are is
 * looked at where they are taken, or passed over.
 */
#include "cost/record.h"

#include "base/num.h"
#include "cost/money.h"
#include "json/json.h"
#include "json/members.h"

enum field { DATE, COST, COST_USD, CURRENCY, ID, METRICS, LABELS, DIM, OTHER, N_FIELDS };

static const char *const field_names[] = { "date", "cost",    "cost_usd", "currency",
					   "id",   "metrics", "labels" };

/* What is known while a line is read. */
struct reading {
	const struct cost_dims *dims;
	struct arena *scratch;
	struct cost_record *r;
	unsigned seen; /* 1 << field, of those before DIM; 1 << (DIM + i) of dimension i */
};

static int wrong(struct bytes name, const char *what, struct bytes found, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "'%.*s': expected %s, found %.*s",
		       BYTES_ARG(bytes_sub(name, 0, 40)), what, BYTES_ARG(bytes_sub(found, 0, 40)));
}

/* The value of a string; false on a bad escape. */
static bool text_of(const struct reading *d, const struct json_val *v, struct bytes *ret)
{
	char *to;

	*ret = v->raw;
	if (!v->escaped)
		return true;
	to = arena_alloc(d->scratch, v->raw.n);
	ret->p = to;
	return json_unescape_to(v->raw, to, &ret->n);
}

static int read_text(const struct reading *d, struct bytes name, const struct json_val *v,
		     struct bytes *ret, struct err *e)
{
	if (v->type == JSON_NULL) /* as if it were not there */
		return 0;
	if (v->type != JSON_STRING || !text_of(d, v, ret))
		return wrong(name, "a string", v->raw, e);
	if (ret->n > COST_NAME_MAX)
		return err_set(e, ERR_CORRUPT, "'%.*s': longer than %d bytes",
			       BYTES_ARG(bytes_sub(name, 0, 40)), COST_NAME_MAX);
	return 0;
}

/* The name of the member at p, behind '{' or ',': where its value begins, or NULL. */
static const char *next_name(const char *p, const char *end, struct json_val *ret)
{
	const char *q = json_skip(p, end);

	if (q >= end || *q != '"' || !(q = json_value_close(q, end, ret)))
		return NULL;
	q = json_skip(q, end);
	return q < end && *q == ':' ? json_skip(q + 1, end) : NULL;
}

/* Behind a value: 1 when another member follows, 0 behind the end, -1 when neither. */
static int more_members(const char **p, const char *end)
{
	const char *q = json_skip(*p, end);

	if (q >= end || (*q != ',' && *q != '}'))
		return -1;
	*p = q + 1;
	return *q == ',';
}

typedef int member_fn(struct reading *d, struct bytes name, const struct json_val *v,
		      struct err *e);

static int broken(const char *at, const char *line, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "no JSON object: it breaks off at column %zu",
		       (size_t)(at - line) + 1);
}

/* JSON's grammar, of a value into which the fast walk did not look. */
static bool is_value(const struct reading *d, const struct json_val *v)
{
	struct bytes text;

	switch (v->type) {
	case JSON_NUMBER:
		return json_number_end(v->raw.p, v->raw.p + v->raw.n) == v->raw.p + v->raw.n;
	case JSON_STRING:
		return text_of(d, v, &text);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return json_is_value(v->raw);
	default:
		return true;
	}
}

static int no_value(struct bytes name, struct bytes found, struct err *e)
{
	return wrong(name, "a JSON value", found, e);
}

/* The member at *p; *p moves behind its value. */
static int take_next(struct reading *d, const char **p, const char *end, const char *line,
		     member_fn *fn, struct err *e)
{
	struct json_val name, v;
	struct bytes text;
	const char *at = next_name(*p, end, &name), *behind;

	if (!at || !text_of(d, &name, &text))
		return broken(*p, line, e);
	behind = json_value_close(at, end, &v);
	if (!behind) {
		behind = json_token_close(at, end);
		if (!behind || behind == at || *at == '"' || *at == '{' || *at == '[')
			return broken(*p, line, e);
		return no_value(text, bytes_of(at, (size_t)(behind - at)), e);
	}
	if (v.type == JSON_NUMBER && !is_value(d, &v))
		return no_value(text, v.raw, e);
	*p = behind;
	return fn(d, text, &v, e);
}

/* Calls fn for each member of the object at *p, and moves *p behind it. */
static int each_member(struct reading *d, const char **p, const char *end, member_fn *fn,
		       struct err *e)
{
	const char *line = *p;
	int more;

	*p = json_skip(*p, end);
	if (*p >= end || **p != '{')
		return broken(*p, line, e);
	++*p;
	if (json_skip(*p, end) < end && *json_skip(*p, end) == '}') {
		*p = json_skip(*p, end) + 1;
		return 0;
	}
	do {
		if (take_next(d, p, end, line, fn, e) < 0)
			return -1;
		more = more_members(p, end);
		if (more < 0)
			return broken(*p, line, e);
	} while (more);
	return 0;
}

static int add_seen(struct reading *d, unsigned field, struct bytes name, struct err *e)
{
	if (d->seen & 1U << field)
		return err_set(e, ERR_CORRUPT, "'%.*s': given twice", BYTES_ARG(name));
	d->seen |= 1U << field;
	return 0;
}

/* The dimension of this name among [from, to), or dims->n. */
static size_t dim_of(const struct cost_dims *dims, struct bytes name, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (bytes_eq(dims->name[i], name))
			return i;
	return dims->n;
}

static int take_dim(struct reading *d, size_t i, struct bytes name, const struct json_val *v,
		    struct err *e)
{
	if (add_seen(d, DIM + (unsigned)i, name, e) < 0)
		return -1;
	return read_text(d, name, v, &d->r->dim[i], e);
}

static int pass_over(const struct reading *d, struct bytes name, const struct json_val *v,
		     struct err *e)
{
	return is_value(d, v) ? 0 : no_value(name, v->raw, e);
}

static int take_label(struct reading *d, struct bytes name, const struct json_val *v, struct err *e)
{
	size_t i = dim_of(d->dims, name, COST_LABEL, d->dims->n);
	struct json_val text = *v;

	if (v->type == JSON_OBJECT || v->type == JSON_ARRAY)
		return is_value(d, v) ? wrong(name, "a string, a number, true or false", v->raw, e)
				      : no_value(name, v->raw, e);
	if (i == d->dims->n)
		return pass_over(d, name, v, e);
	if (v->type != JSON_NULL) /* a number, as it is written */
		text.type = JSON_STRING;
	return take_dim(d, i, name, &text, e);
}

/* A usage is never negative, and never other than a number. */
static int take_metric(struct reading *d, struct bytes name, const struct json_val *v,
		       struct err *e)
{
	double count;

	if (v->type != JSON_NUMBER || v->raw.p[0] == '-')
		return wrong(name, "a number of 0 or more", v->raw, e);
	if (!bytes_is(name, "s3_object_count"))
		return 0;
	if (!num_double(v->raw, &count) || count > COST_METRIC_MAX)
		return wrong(name, "at most 10^18", v->raw, e);
	d->r->objects = (int64_t)count;
	return 0;
}

static int take_cost(struct reading *d, struct bytes name, const struct json_val *v, struct err *e)
{
	if (v->type != JSON_NUMBER && v->type != JSON_STRING)
		return wrong(name, "an amount as 125.50", v->raw, e);
	if (cost_read_amount(v->raw, COST_NEVER_NEGATIVE, &d->r->nano, e) < 0)
		return err_wrap(e, "'%.*s'", BYTES_ARG(name));
	return 0;
}

static int missing(const char *name, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "'%s': missing", name);
}

static int take_date(struct reading *d, struct bytes name, const struct json_val *v, struct err *e)
{
	struct bytes text = { 0 };

	if (v->type == JSON_NULL)
		return missing("date", e);
	if (read_text(d, name, v, &text, e) < 0)
		return -1;
	if (cost_read_day(text, &d->r->day, e) < 0)
		return err_wrap(e, "'%.*s'", BYTES_ARG(name));
	return 0;
}

static int take_group(struct reading *d, struct bytes name, const struct json_val *v, member_fn *fn,
		      struct err *e)
{
	const char *p = v->raw.p;

	if (v->type == JSON_NULL)
		return 0;
	if (v->type != JSON_OBJECT)
		return wrong(name, "an object", v->raw, e);
	if (each_member(d, &p, p + v->raw.n, fn, e) < 0)
		return err_wrap(e, "'%.*s'", BYTES_ARG(name));
	return 0;
}

static enum field field_of(struct bytes name)
{
	for (int i = 0; i < DIM; i++)
		if (bytes_is(name, field_names[i]))
			return (enum field)i;
	return OTHER;
}

static int take_member(struct reading *d, struct bytes name, const struct json_val *v,
		       struct err *e)
{
	size_t i = dim_of(d->dims, name, 0, COST_LABEL);
	enum field f;

	if (i < d->dims->n)
		return take_dim(d, i, name, v, e);
	f = field_of(name);
	if (f != OTHER && add_seen(d, f, name, e) < 0)
		return -1;
	switch (f) {
	case DATE:
		return take_date(d, name, v, e);
	case COST:
	case COST_USD:
		return take_cost(d, name, v, e);
	case CURRENCY:
		return read_text(d, name, v, &d->r->currency, e);
	case ID:
		return read_text(d, name, v, &d->r->id, e);
	case METRICS:
		return take_group(d, name, v, take_metric, e);
	case LABELS:
		return take_group(d, name, v, take_label, e);
	default:
		return pass_over(d, name, v, e);
	}
}

static int settle(struct reading *d, struct err *e)
{
	bool cost = d->seen & 1U << COST, usd = d->seen & 1U << COST_USD;

	if (!(d->seen & 1U << DATE) && !cost && !usd)
		return err_set(e, ERR_CORRUPT,
			       "no cost record: 'date' and 'cost_usd': missing (costrep usage "
			       "makes some with --prices)");
	if (!(d->seen & 1U << DATE))
		return missing("date", e);
	if (!cost && !usd)
		return missing("cost_usd", e);
	if (cost && usd)
		return err_set(e, ERR_CORRUPT, "'cost' and 'cost_usd': only one of them");
	if (cost && !d->r->currency.n)
		return missing("currency", e);
	if (usd && d->r->currency.n && !bytes_is(d->r->currency, "USD"))
		return wrong(BYTES_LIT("currency"), "USD beside 'cost_usd'", d->r->currency, e);
	d->r->currency_field = d->r->currency.n ? BYTES_LIT("currency") : BYTES_LIT("cost_usd");
	if (usd)
		d->r->currency = BYTES_LIT("USD");
	if (!money_is_currency(d->r->currency))
		return wrong(BYTES_LIT("currency"), "three capital letters as USD", d->r->currency,
			     e);
	return 0;
}

int cost_record_json(struct bytes line, const struct cost_dims *dims, struct arena *scratch,
		     struct cost_record *ret, struct err *e)
{
	struct reading d = { dims, scratch, ret, 0 };
	const char *p = line.p, *end = line.p + line.n;

	*ret = (struct cost_record){ .objects = -1 };
	if (each_member(&d, &p, end, take_member, e) < 0)
		return -1;
	if (json_skip(p, end) < end)
		return err_set(e, ERR_CORRUPT, "something stands behind the object, at column %zu",
			       (size_t)(p - line.p) + 1);
	return settle(&d, e);
}
