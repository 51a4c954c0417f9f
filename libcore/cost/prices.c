#include "cost/prices.h"

#include <stdlib.h>

#include "base/buf.h"
#include "cost/fields.h"
#include "cost/money.h"
#include "time/calendar.h"
#include "time/time.h"

enum { PRICES_MAX = 10000, HOURS_OF_MONTH = 730 };

#define KILO UINT64_C(1000)
#define KIBI UINT64_C(1024)

static const struct price_per pers[] = {
	{ "GB-month", PRICE_STORAGE, KILO *KILO *KILO },
	{ "GiB-month", PRICE_STORAGE, KIBI *KIBI *KIBI },
	{ "TB-month", PRICE_STORAGE, KILO *KILO *KILO *KILO },
	{ "TiB-month", PRICE_STORAGE, KIBI *KIBI *KIBI *KIBI },
	{ "GB", PRICE_TRANSFER, KILO *KILO *KILO },
	{ "GiB", PRICE_TRANSFER, KIBI *KIBI *KIBI },
	{ "TB", PRICE_TRANSFER, KILO *KILO *KILO *KILO },
	{ "TiB", PRICE_TRANSFER, KIBI *KIBI *KIBI *KIBI },
	{ "1000", PRICE_REQUESTS, KILO },
	{ "1000000", PRICE_REQUESTS, KILO *KILO },
	{ "hour", PRICE_COMPUTE, 24 },
	{ "day", PRICE_COMPUTE, 1 },
	{ "month", PRICE_COMPUTE, 0 },
};
enum { N_PERS = sizeof(pers) / sizeof(*pers) };

static const char *const kinds[] = { [PRICE_STORAGE] = "storage.",
				     [PRICE_REQUESTS] = "requests.",
				     [PRICE_TRANSFER] = "transfer.",
				     [PRICE_COMPUTE] = "compute." };

/* ---- reading ---- */

struct row {
	const char *name, *price, *per, *from, *to, *currency, *source;
};

static const struct key row_keys[] = {
	{ "name", KEY_TEXT, KEY_USED, offsetof(struct row, name), NULL, NULL },
	{ "price", KEY_TEXT, KEY_USED, offsetof(struct row, price), NULL, NULL },
	{ "per", KEY_TEXT, KEY_USED, offsetof(struct row, per), NULL, NULL },
	{ "from", KEY_TEXT, KEY_USED, offsetof(struct row, from), NULL, NULL },
	{ "to", KEY_TEXT, KEY_USED, offsetof(struct row, to), NULL, NULL },
	{ "currency", KEY_TEXT, KEY_USED, offsetof(struct row, currency), NULL, NULL },
	{ "source", KEY_TEXT, KEY_USED, offsetof(struct row, source), NULL, NULL },
	{ 0 },
};

struct head {
	const char *currency;
};

static const struct key head_keys[] = {
	{ "currency", KEY_TEXT, KEY_USED, offsetof(struct head, currency), NULL, NULL },
	{ "prices", KEY_OTHER, KEY_USED, 0, NULL, NULL },
	{ 0 },
};

/* "storage.standard": a kind, and letters, digits and '-' behind it. */
static bool is_name(const char *name, enum price_kind *ret)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		size_t n = strlen(kinds[k]);

		if (strncmp(name, kinds[k], n) != 0)
			continue;
		*ret = (enum price_kind)k;
		return name[n] != '\0' &&
		       strspn(name + n, "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
			       strlen(name + n);
	}
	return false;
}

static int read_per(const struct yaml_node *map, const char *where, const char *text,
		    enum price_kind kind, const struct price_per **ret, struct err *e)
{
	const struct yaml_node *v = fields_need(map, where, "per", e);
	struct buf expected = { 0 };

	if (!v)
		return -1;
	for (size_t i = 0; i < N_PERS; i++) {
		if (strcmp(pers[i].name, text) == 0 && pers[i].kind == kind) {
			*ret = &pers[i];
			buf_release(&expected);
			return 0;
		}
		if (pers[i].kind == kind)
			buf_addf(&expected, "%s%s", expected.n ? ", " : "", pers[i].name);
	}
	yaml_fail(v, e, ERR_USAGE, "'%sper': expected one of %s, found '%s'", where,
		  buf_str(&expected), text);
	buf_release(&expected);
	return -1;
}

static int read_days(const struct yaml_node *map, const char *where, struct price *p, struct err *e)
{
	const struct yaml_node *from = yaml_get(map, "from"), *to = yaml_get(map, "to");

	p->from = INT32_MIN;
	p->to = INT32_MAX;
	if ((from && fields_day(from, where, "from", &p->from, e) < 0) ||
	    (to && fields_day(to, where, "to", &p->to, e) < 0))
		return -1;
	if (p->from >= p->to)
		return yaml_fail(to, e, ERR_USAGE, "'%sto': expected a day behind 'from', %s",
				 where, "which is the first that it is not for");
	return 0;
}

static int read_row(const struct yaml_node *map, const char *where, const char *currency,
		    struct price *ret, struct arena *a, struct err *e)
{
	struct row row = { 0 };
	const struct yaml_node *name, *amount;
	enum price_kind kind;

	if (fields_read(map, row_keys, where, &row, a, e) < 0)
		return -1;
	name = fields_need(map, where, "name", e);
	amount = name ? fields_need(map, where, "price", e) : NULL;
	if (!amount)
		return -1;
	if (!is_name(row.name, &kind))
		return yaml_fail(
			name, e, ERR_USAGE,
			"'%sname': expected storage., requests., transfer. or compute. and "
			"what it is, found '%s'",
			where, row.name);
	if (row.currency && strcmp(row.currency, currency) != 0)
		return yaml_fail(yaml_get(map, "currency"), e, ERR_USAGE,
				 "'%scurrency': %s among prices in %s", where, row.currency,
				 currency);
	ret->name = row.name;
	ret->source = row.source;
	ret->line = map->line;
	if (fields_money(amount, where, "price", &ret->nano, e) < 0 ||
	    read_per(map, where, row.per, kind, &ret->per, e) < 0)
		return -1;
	return read_days(map, where, ret, e);
}

static int cmp_prices(const void *pa, const void *pb)
{
	const struct price *a = pa, *b = pb;
	int c = strcmp(a->name, b->name);

	if (c)
		return c;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

/* A price without an end is good until the next. */
static int end_each(struct prices *p, struct err *e)
{
	for (size_t i = 0; i + 1 < p->n; i++) {
		struct price *a = &p->v[i], *b = &p->v[i + 1];
		char day[TIME_DAY_LEN + 1];

		if (strcmp(a->name, b->name) != 0)
			continue;
		if (a->to == INT32_MAX && a->from < b->from)
			a->to = b->from;
		if (a->to <= b->from)
			continue;
		if (b->from == INT32_MIN)
			return err_set(e, ERR_USAGE,
				       "%s:%u:1: '%s' has a price for the same days on line %u",
				       p->file, b->line, b->name, a->line);
		time_day_text(b->from, day);
		return err_set(e, ERR_USAGE, "%s:%u:1: '%s' has a price for %s on line %u already",
			       p->file, b->line, b->name, day, a->line);
	}
	return 0;
}

int prices_read(struct bytes text, const char *file, struct arena *a, struct prices *ret,
		struct err *e)
{
	const struct yaml_node *root = fields_root(text, file, a, e), *list, *currency;
	struct prices p = { .file = file };
	struct head head = { 0 };

	if (!root || fields_read(root, head_keys, "", &head, a, e) < 0)
		return -1;
	currency = fields_need(root, "", "currency", e);
	list = currency ? fields_need(root, "", "prices", e) : NULL;
	if (!list)
		return -1;
	if (fields_currency(currency, head.currency, e) < 0)
		return -1;
	if (list->kind != YAML_LIST)
		return yaml_fail(list, e, ERR_USAGE, "'prices': expected a list");
	if (list->n > PRICES_MAX)
		return yaml_fail(list, e, ERR_LIMIT, "'prices': more than %d", PRICES_MAX);
	p.currency = head.currency;
	p.v = arena_zalloc(a, (list->n + 1) * sizeof(*p.v));
	for (; p.n < list->n; p.n++) {
		char where[32];

		snprintf(where, sizeof(where), "prices[%zu].", p.n);
		if (read_row(list->item[p.n], where, p.currency, &p.v[p.n], a, e) < 0)
			return -1;
	}
	qsort(p.v, p.n, sizeof(*p.v), cmp_prices);
	if (end_each(&p, e) < 0)
		return -1;
	*ret = p;
	return 0;
}

/* ---- finding ---- */

static const struct price *prices_find(const struct prices *p, const char *name, int32_t day)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0 && p->v[i].from <= day && day < p->v[i].to)
			return &p->v[i];
	return NULL;
}

const struct price *prices_need(const struct prices *p, const char *name, int32_t day,
				struct err *e)
{
	const struct price *found = prices_find(p, name, day);
	char text[TIME_DAY_LEN + 1];

	if (found)
		return found;
	for (size_t i = 0; i < p->n && !found; i++)
		if (strcmp(p->v[i].name, name) == 0)
			found = &p->v[i];
	time_day_text(day, text);
	if (found)
		err_set(e, ERR_USAGE, "%s: it has no price of '%s' for %s, only for other days",
			p->file, name, text);
	else
		err_set(e, ERR_USAGE, "%s: it has no price of '%s'", p->file, name);
	return NULL;
}

/* ---- amounts ---- */

struct exact price_count(uint64_t n)
{
	return (struct exact){ .units = n };
}

static int too_large(const struct price *p, struct err *e)
{
	return err_set(e, ERR_LIMIT, "an amount of '%s' is too large", p->name);
}

static bool times(struct exact *v, uint64_t n)
{
	return !__builtin_mul_overflow(v->units, n, &v->units);
}

int price_of_day(const struct price *p, struct exact quantity, int32_t day, int64_t *ret_nano,
		 struct err *e)
{
	uint64_t per = p->per->unit, days;
	int64_t y;
	int m, d;

	time_date_of_days(day, &y, &m, &d);
	days = (uint64_t)time_days_in(y, m);
	if (p->per->kind == PRICE_STORAGE) {
		per *= days;
	} else if (p->per->kind == PRICE_COMPUTE) {
		if (!times(&quantity, per ? per : 1))
			return too_large(p, e);
		per = per ? 1 : days;
	}
	return money_times(p->nano, quantity, per, ret_nano) ? 0 : too_large(p, e);
}

int price_of_month(const struct price *p, struct exact quantity, int64_t *ret_nano, struct err *e)
{
	uint64_t per = p->per->unit;

	if (p->per->kind == PRICE_COMPUTE) {
		/* In hours of 730: a day has 24 of them. */
		if (per && (!times(&quantity, HOURS_OF_MONTH) || !times(&quantity, per)))
			return too_large(p, e);
		per = per ? 24 : 1;
	}
	return money_times(p->nano, quantity, per, ret_nano) ? 0 : too_large(p, e);
}
