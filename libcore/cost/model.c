#include "cost/model.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cost/fields.h"
#include "cost/money.h"

enum { MODELS_MAX = 100, ITEMS_MAX = 1000, MONTHS = 12 };

struct head {
	const char *currency;
};

static const struct key head_keys[] = {
	{ "currency", KEY_TEXT, KEY_USED, offsetof(struct head, currency), NULL, NULL },
	{ "models", KEY_OTHER, KEY_USED, 0, NULL, NULL },
	{ 0 },
};

static const struct key model_keys[] = {
	{ "name", KEY_TEXT, KEY_USED, offsetof(struct model, name), NULL, NULL },
	{ "items", KEY_OTHER, KEY_USED, 0, NULL, NULL },
	{ 0 },
};

static const struct key item_keys[] = {
	{ "name", KEY_TEXT, KEY_USED, offsetof(struct model_item, name), NULL, NULL },
	{ "unit", KEY_TEXT, KEY_USED, offsetof(struct model_item, unit), NULL, NULL },
	{ "quantity", KEY_OTHER, KEY_USED, 0, NULL, NULL },
	{ "price", KEY_TEXT, KEY_USED, offsetof(struct model_item, price_text), NULL, NULL },
	{ "per", KEY_COUNT, KEY_USED, offsetof(struct model_item, per), NULL, NULL },
	{ 0 },
};

void models_release(struct models *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].item);
	free(m->v);
	*m = (struct models){ 0 };
}

/* What is read with. */
struct reader {
	const struct prices *prices;
	int32_t day;
	const char *currency;
	struct arena *mem;
};

/* A name such as "storage.standard", not an amount. */
static bool is_name(const char *text)
{
	return (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
}

/* An item of the price file: quantities are counted in what it is per, but requests one by one. */
static int named_price(const struct reader *r, const struct yaml_node *v, const char *where,
		       struct model_item *ret, struct err *e)
{
	const struct price *p;
	struct err why;

	if (!r->prices)
		return yaml_fail(v, e, ERR_USAGE,
				 "'%sprice': '%s' is a price's name: of which "
				 "file? Name it with --prices",
				 where, ret->price_text);
	p = prices_need(r->prices, ret->price_text, r->day, &why);
	if (!p)
		return yaml_fail(v, e, why.code, "'%sprice': %s", where, why.msg);
	if (strcmp(r->prices->currency, r->currency) != 0)
		return yaml_fail(v, e, ERR_USAGE, "'%sprice': %s: prices in %s in a model in %s",
				 where, r->prices->file, r->prices->currency, r->currency);
	ret->price = p->nano;
	ret->per = p->per->kind == PRICE_REQUESTS ? p->per->unit : 1;
	if (!ret->unit && p->per->kind != PRICE_REQUESTS)
		ret->unit = p->per->name;
	return 0;
}

static int read_item(const struct reader *r, const struct yaml_node *map, const char *where,
		     struct model_item *ret, struct err *e)
{
	const struct yaml_node *name, *quantity, *price, *per;

	if (fields_read(map, item_keys, where, ret, r->mem, e) < 0)
		return -1;
	name = fields_need(map, where, "name", e);
	quantity = name ? fields_need(map, where, "quantity", e) : NULL;
	price = quantity ? fields_need(map, where, "price", e) : NULL;
	if (!price || fields_number(quantity, where, "quantity", &ret->quantity, e) < 0)
		return -1;
	per = yaml_get(map, "per");
	if (per && ret->per == 0)
		return yaml_fail(per, e, ERR_USAGE, "'%sper': expected a whole number above 0",
				 where);
	if (is_name(ret->price_text)) {
		if (per)
			return yaml_fail(per, e, ERR_USAGE, "'%sper': the price file says it",
					 where);
		if (named_price(r, price, where, ret, e) < 0)
			return -1;
	} else if (fields_money(price, where, "price", &ret->price, e) < 0) {
		return -1;
	}
	ret->per = ret->per ? ret->per : 1;
	if (!money_times(ret->price, ret->quantity, ret->per, &ret->cost))
		return yaml_fail(map, e, ERR_LIMIT, "'%.*s': it costs too much",
				 (int)strlen(where) - 1, where);
	return 0;
}

static int read_model(const struct reader *r, const struct yaml_node *map, size_t at,
		      struct model *ret, struct err *e)
{
	const struct yaml_node *name, *items;
	char where[64];

	snprintf(where, sizeof(where), "models[%zu].", at);
	if (fields_read(map, model_keys, where, ret, r->mem, e) < 0)
		return -1;
	name = fields_need(map, where, "name", e);
	items = name ? fields_need(map, where, "items", e) : NULL;
	if (!items)
		return -1;
	if (items->kind != YAML_LIST || items->n > ITEMS_MAX)
		return yaml_fail(items, e, ERR_USAGE, "'%sitems': expected a list of at most %d",
				 where, ITEMS_MAX);
	/* Not in the arena: wide numbers want to lie at multiples of 16. */
	ret->item = mem_alloc((items->n + 1) * sizeof(*ret->item));
	for (; ret->n < items->n; ret->n++) {
		struct model_item *item = &ret->item[ret->n];

		snprintf(where, sizeof(where), "models[%zu].items[%zu].", at, ret->n);
		if (read_item(r, items->item[ret->n], where, item, e) < 0)
			return -1;
		if (!money_add(&ret->total, item->cost))
			return yaml_fail(items, e, ERR_LIMIT, "'models[%zu]': its sum is too large",
					 at);
	}
	return 0;
}

/* Of the last one: two of one name could not be told apart. */
static int check_name(const struct models *m, const struct yaml_node *map, size_t at, struct err *e)
{
	const char *name = m->v[m->n - 1].name;

	for (size_t i = 0; i + 1 < m->n; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return yaml_fail(yaml_get(map, "name"), e, ERR_USAGE,
					 "'models[%zu].name': there is another '%s'", at, name);
	return 0;
}

int models_add(struct models *m, struct bytes text, const char *file, const struct prices *prices,
	       int32_t day, struct arena *a, struct err *e)
{
	struct reader r = { .prices = prices, .day = day, .mem = a };
	const struct yaml_node *root = fields_root(text, file, a, e), *currency, *list;
	struct head head = { 0 };

	if (!root || fields_read(root, head_keys, "", &head, a, e) < 0)
		return -1;
	currency = fields_need(root, "", "currency", e);
	list = currency ? fields_need(root, "", "models", e) : NULL;
	if (!list)
		return -1;
	if (fields_currency(currency, head.currency, e) < 0)
		return -1;
	if (m->currency && strcmp(m->currency, head.currency) != 0)
		return yaml_fail(currency, e, ERR_USAGE, "'currency': %s beside models in %s",
				 head.currency, m->currency);
	if (list->kind != YAML_LIST || list->n > MODELS_MAX - m->n)
		return yaml_fail(list, e, ERR_USAGE, "'models': expected a list, of %d in all",
				 MODELS_MAX);
	r.currency = m->currency = head.currency;
	for (uint32_t i = 0; i < list->n; i++) {
		mem_grow(&m->v, &m->cap, m->n + 1, sizeof(*m->v));
		m->v[m->n] = (struct model){ 0 };
		if (read_model(&r, list->item[i], i, &m->v[m->n++], e) < 0 ||
		    check_name(m, list->item[i], i, e) < 0)
			return -1;
	}
	return 0;
}

struct model_saving model_saving(const struct model *from, const struct model *to)
{
	struct model_saving s = { .month = from->total - to->total }; /* neither is negative */
	num_wide v = (num_wide)s.month * 1000, half = from->total / 2;

	s.year = (num_wide)s.month * MONTHS;
	if (from->total)
		s.permille = (int64_t)((v + (v < 0 ? -half : half)) / from->total);
	return s;
}
