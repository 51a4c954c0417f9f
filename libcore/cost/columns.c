#include "cost/columns.h"

#include "cost/tags.h"

enum { NOWHERE_TEXT = 60 };
#define NOWHERE SIZE_MAX

/* Columns of one form by what they are; NULL: it has none. */
struct naming {
	enum cost_form form;
	const char *date, *cost, *currency, *service, *resource_id, *type, *correction, *id;
	const char *tag;  /* a column for each tag begins so */
	const char *tags; /* one that holds all of them as a JSON object */
};

static const struct naming namings[] = {
	{ COST_CUR, "lineItem/UsageStartDate", "lineItem/UnblendedCost", "lineItem/CurrencyCode",
	  "lineItem/ProductCode", "lineItem/ResourceId", "lineItem/LineItemType", NULL, NULL,
	  "resourceTags/user:", NULL },
	{ COST_CUR2, "line_item_usage_start_date", "line_item_unblended_cost",
	  "line_item_currency_code", "line_item_product_code", "line_item_resource_id",
	  "line_item_line_item_type", NULL, NULL, "resource_tags_user_", "resource_tags" },
	{ COST_FOCUS, "ChargePeriodStart", "BilledCost", "BillingCurrency", "ServiceName",
	  "ResourceId", "ChargeCategory", "ChargeClass", NULL, NULL, "Tags" },
	{ COST_PLAIN, "date", "cost_usd", "currency", NULL, NULL, NULL, NULL, "id", "", NULL },
	{ COST_PLAIN, "date", "cost", "currency", NULL, NULL, NULL, NULL, "id", "", NULL },
};

/* Amounts of usage, which are never negative. */
static const char *const metrics[] = { "s3_storage_gb", "s3_requests", "compute_hours",
				       "data_transfer_gb", "s3_object_count" };

void cost_columns_release(struct cost_columns *c)
{
	arena_release(&c->mem);
	*c = (struct cost_columns){ 0 };
}

static size_t find(const struct cost_columns *c, struct bytes name)
{
	for (size_t i = 0; i < c->n; i++)
		if (bytes_eq(c->name[i], name))
			return i;
	return NOWHERE;
}

static size_t find_str(const struct cost_columns *c, const char *name)
{
	return name ? find(c, bytes_str(name)) : NOWHERE;
}

/* What the user says of a name, or NULL. */
static const char *mapped(const struct cost_mapping *m, struct bytes name)
{
	for (size_t i = 0; i < m->n_columns; i++)
		if (bytes_eq(m->column[i].name, name))
			return m->column[i].column;
	return NULL;
}

static const struct naming *naming_of(const struct cost_columns *c)
{
	bool has_date = mapped(c->map, BYTES_LIT("date")),
	     has_cost = mapped(c->map, BYTES_LIT("cost"));

	for (size_t i = 0; i < sizeof(namings) / sizeof(*namings); i++)
		if ((has_date || find_str(c, namings[i].date) != NOWHERE) &&
		    (has_cost || find_str(c, namings[i].cost) != NOWHERE))
			return &namings[i];
	return NULL;
}

/* COLUMN, or COLUMN.KEY of one that holds an object. */
static int find_place(struct cost_columns *c, struct bytes name, const char *text,
		      struct cost_place *ret, struct err *e)
{
	struct bytes whole = bytes_str(text);
	const char *dot = text;

	*ret = (struct cost_place){ .column = find(c, whole) };
	while (ret->column == NOWHERE && (dot = strchr(dot, '.')) != NULL) {
		ret->column = find(c, bytes_of(text, (size_t)(dot - text)));
		ret->key = bytes_str(++dot);
	}
	if (ret->column == NOWHERE)
		return err_set(e, ERR_CORRUPT, "there is no column '%s' for '%.*s'", text,
			       BYTES_ARG(name));
	return 0;
}

/* The column of this name but for the case of letters, which bills differ in. */
static int find_alike(const struct cost_columns *c, struct bytes name, size_t *ret, struct err *e)
{
	*ret = NOWHERE;
	for (size_t i = 0; i < c->n; i++) {
		if (!tags_alike(c->name[i], name))
			continue;
		if (*ret != NOWHERE)
			return err_set(e, ERR_CORRUPT,
				       "'%.*s' and '%.*s' are columns of one tag: --column takes "
				       "one of them",
				       BYTES_ARG(bytes_sub(c->name[*ret], 0, NOWHERE_TEXT)),
				       BYTES_ARG(bytes_sub(c->name[i], 0, NOWHERE_TEXT)));
		*ret = i;
	}
	return 0;
}

/* Where this form has a tag of that name: as a column, or in that of all tags. */
static int place_tag(struct cost_columns *c, const struct naming *n, struct bytes name,
		     struct cost_place *ret, struct err *e)
{
	struct buf full = { 0 };
	int rc = 0;

	*ret = (struct cost_place){ .column = NOWHERE };
	if (n->tag) {
		buf_add_str(&full, n->tag);
		buf_add_bytes(&full, name);
		ret->column = find(c, buf_bytes(&full));
		if (ret->column == NOWHERE && n->form != COST_PLAIN)
			rc = find_alike(c, buf_bytes(&full), &ret->column, e);
	}
	buf_release(&full);
	if (rc == 0 && ret->column == NOWHERE && n->tags) {
		ret->column = find_str(c, n->tags);
		ret->key = name;
	}
	return rc;
}

static int place_dims(struct cost_columns *c, const struct naming *n, const struct cost_dims *dims,
		      struct err *e)
{
	c->n_dims = dims->n;
	for (size_t i = 0; i < dims->n; i++) {
		const char *column = mapped(c->map, dims->name[i]);

		if ((column ? find_place(c, dims->name[i], column, &c->dim[i], e)
			    : place_tag(c, n, dims->name[i], &c->dim[i], e)) < 0)
			return -1;
	}
	return 0;
}

static int place_role(struct cost_columns *c, const char *role, const char *column, size_t *ret,
		      struct err *e)
{
	const char *given = mapped(c->map, bytes_str(role));

	*ret = find_str(c, given ? given : column);
	if (*ret == NOWHERE && given)
		return err_set(e, ERR_CORRUPT, "there is no column '%s' for '%s'", given, role);
	return 0;
}

static int check_once(const struct cost_columns *c, struct err *e)
{
	for (size_t i = 1; i < c->n; i++)
		if (c->name[i].n && find(c, c->name[i]) != i)
			return err_set(e, ERR_CORRUPT, "two columns are called '%.*s'",
				       BYTES_ARG(bytes_sub(c->name[i], 0, NOWHERE_TEXT)));
	return 0;
}

static int no_form(struct err *e)
{
	return err_set(e, ERR_CORRUPT,
		       "expected a record as JSON, or a heading with date and cost_usd, "
		       "lineItem/UsageStartDate and lineItem/UnblendedCost, "
		       "line_item_usage_start_date and line_item_unblended_cost, or "
		       "ChargePeriodStart and BilledCost (others are named: report --column "
		       "date=COLUMN --column cost=COLUMN)");
}

static int place_all(struct cost_columns *c, const struct cost_dims *dims, struct err *e)
{
	const struct naming *n = naming_of(c);

	if (!n)
		return no_form(e);
	c->form = n->form;
	c->service = find_str(c, n->service);
	c->resource_id = find_str(c, n->resource_id);
	c->type = find_str(c, n->type);
	c->type_name = n->type;
	c->correction = find_str(c, n->correction);
	c->id = find_str(c, n->id);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		size_t at = n->form == COST_PLAIN ? find_str(c, metrics[i]) : NOWHERE;

		if (at != NOWHERE)
			c->metric[c->n_metrics++] = at;
	}
	if (n->form == COST_PLAIN && !mapped(c->map, BYTES_LIT("cost")) &&
	    find_str(c, "cost") != NOWHERE && find_str(c, "cost_usd") != NOWHERE)
		return err_set(e, ERR_CORRUPT,
			       "'cost' and 'cost_usd': only one of them (report --column "
			       "cost=COLUMN takes one)");
	if (place_role(c, "date", n->date, &c->date, e) < 0 ||
	    place_role(c, "cost", n->cost, &c->cost, e) < 0 ||
	    place_role(c, "currency", n->currency, &c->currency, e) < 0)
		return -1;
	if (c->currency == NOWHERE && !bytes_is(c->name[c->cost], "cost_usd"))
		return err_set(e, ERR_CORRUPT, "there is no column 'currency' beside '%.*s'",
			       BYTES_ARG(c->name[c->cost]));
	return place_dims(c, n, dims, e);
}

int cost_columns_make(const struct csv_row *heading, const struct cost_dims *dims,
		      const struct cost_mapping *map, struct cost_columns *ret, struct err *e)
{
	struct cost_columns c = { .n = heading->n, .map = map };

	c.name = arena_alloc(&c.mem, (c.n + 1) * sizeof(*c.name));
	for (size_t i = 0; i < c.n; i++)
		c.name[i] = arena_copy(&c.mem, bytes_trim(heading->field[i]));
	if (check_once(&c, e) < 0 || place_all(&c, dims, e) < 0) {
		cost_columns_release(&c);
		return -1;
	}
	*ret = c;
	return 0;
}
