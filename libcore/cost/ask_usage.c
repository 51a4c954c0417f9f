#include "cost/ask_usage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "cost/inputs.h"
#include "cost/money.h"
#include "cost/table_money.h"
#include "json/json.h"
#include "report/table.h"
#include "time/time.h"

enum { DAYS_MAX = 3660 };

/* ---- options ---- */

static int take_added(void *at, const char *value, struct err *e)
{
	struct cost_usage_opts *o = at;
	struct cost_added *to = &o->added[o->n_added];
	struct bytes name, n = bytes_str(value);
	uint64_t size;
	char *text;

	if (o->n_added == COST_ADDED_MAX)
		return err_set(e, ERR_USAGE, "more than %d of them", COST_ADDED_MAX);
	bytes_split(&n, '=', &name);
	if (!n.p || name.n == 0)
		return err_set(e, ERR_USAGE,
			       "expected a price's name and how many, as "
			       "requests.put=500000, found '%s'",
			       value);
	if (exact_read(n, &to->quantity) && to->quantity.units >= 0)
		;
	else if (num_size(n, &size))
		to->quantity = price_count(size);
	else
		return err_set(e, ERR_USAGE,
			       "expected a number, or a size as 10GB, behind '%.*s=', found '%.*s'",
			       BYTES_ARG(name), BYTES_ARG(n));
	text = arena_zalloc(&o->mem, name.n + 1);
	memcpy(text, name.p, name.n);
	to->name = text;
	o->n_added++;
	return 0;
}

#define AT(field) offsetof(struct cost_usage_opts, field)

const struct cli_taken cost_usage_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	COST_PLAN_OPTIONS(AT(plan)),
	{ { 0, "from", "DAY", "of each day from this one on (only that of --at)" },
	  cost_take_day,
	  AT(from) },
	{ { 0, "label", "NAME", "by the values of this label, too" }, cli_take_text, AT(label) },
	{ { 0, "by-day", NULL, "a row for each day of entries" }, cli_take_flag, AT(by_day) },
	{ { 0, "add", "NAME=N",
	    "so much a day of another price: requests.put=1000; again for more" },
	  take_added,
	  0 },
	{ { 0, "requests", "FILE", "so many requests a day: what --store-stats said in a log" },
	  cli_take_text,
	  AT(requests) },
	{ { 0, "cluster", "NAME", "the cluster that records are of" }, cli_take_text, AT(cluster) },
	{ { 0, "resource", "NAME", "the resource that records are of (store)" },
	  cli_take_text,
	  AT(resource) },
	{ { 0 }, NULL, 0 },
};

/* ---- rows of usage put together ---- */

struct group {
	struct bytes tenant, class, value;
	int32_t day; /* USAGE_NO_DAY: of several, from first to last */
	int32_t first, last;
	uint64_t objects, bytes, entries, lines, chunks;
	int64_t nano; /* of a month */
};

struct groups {
	struct group *v;
	size_t n, cap;
};

static bool is_same(const struct group *g, const struct usage_row *r, struct bytes class,
		    bool by_day)
{
	return bytes_eq(g->tenant, r->tenant) && bytes_eq(g->class, class) &&
	       bytes_eq(g->value, r->value) && (!by_day || g->day == r->day);
}

static void add_row(struct groups *gs, const struct usage_row *r, struct bytes class, bool by_day)
{
	struct group *g = NULL;

	/* Rows are by tenant: those of one stand at the end. */
	for (size_t i = gs->n; i > 0 && !g; i--) {
		if (!bytes_eq(gs->v[i - 1].tenant, r->tenant))
			break;
		if (is_same(&gs->v[i - 1], r, class, by_day))
			g = &gs->v[i - 1];
	}
	if (!g) {
		mem_grow(&gs->v, &gs->cap, gs->n + 1, sizeof(*gs->v));
		g = &gs->v[gs->n++];
		*g = (struct group){ .tenant = r->tenant,
				     .class = class,
				     .value = r->value,
				     .day = by_day ? r->day : USAGE_NO_DAY,
				     .first = INT32_MAX,
				     .last = INT32_MIN };
	}
	if (r->day != USAGE_NO_DAY) {
		g->first = r->day < g->first ? r->day : g->first;
		g->last = r->day > g->last ? r->day : g->last;
	}
	g->objects += r->objects;
	g->bytes += r->bytes;
	g->entries += r->entries;
	g->lines += usage_lines(r);
	for (int i = 0; i < CODEC_COUNT; i++)
		g->chunks += r->chunks[i];
}

/* What there was on a day, of what there is: now, entries of days to come lie there, too. */
static void group(const struct cost_usage_opts *o, const struct usage *u, int32_t today,
		  struct groups *ret)
{
	const struct cost_plan_opts *p = &o->plan;
	bool is_over = today < time_day(o->base.now_ns);

	ret->n = 0;
	for (size_t i = 0; i < u->n; i++)
		if (!is_over || u->v[i].day == USAGE_NO_DAY || u->v[i].day <= today)
			add_row(ret, &u->v[i],
				usage_class_of(&u->v[i], p->tier, p->n_tiers, p->class, today),
				o->by_day);
}

static const struct price *price_of_class(const struct prices *p, struct bytes class, int32_t day,
					  struct err *e)
{
	struct buf name = { 0 };
	const struct price *found;

	buf_addf(&name, "storage.%.*s", BYTES_ARG(class));
	found = prices_need(p, buf_str(&name), day, e);
	buf_release(&name);
	return found;
}

/* ---- cost records ---- */

static void begin_record(const struct cost_usage_opts *o, int32_t day, struct bytes tenant,
			 struct buf *out)
{
	char text[TIME_DAY_LEN + 1];

	time_day_text(day, text);
	buf_addf(out, "{\"date\":\"%s\",\"resource\":", text);
	json_add_quoted(out, bytes_str(o->resource ? o->resource : "store"));
	if (o->cluster) {
		buf_add_str(out, ",\"cluster\":");
		json_add_quoted(out, bytes_str(o->cluster));
	}
	if (tenant.n) {
		buf_add_str(out, ",\"tenant\":");
		json_add_quoted(out, tenant);
	}
}

static void end_record(int64_t nano, struct buf *out)
{
	buf_add_str(out, ",\"cost_usd\":");
	money_text(out, nano);
	buf_add_str(out, "}\n");
}

static int add_stored(const struct cost_usage_opts *o, const struct prices *p,
		      const struct group *g, int32_t day, struct buf *out, struct err *e)
{
	const struct price *price = price_of_class(p, g->class, day, e);
	int64_t nano;

	if (!price || price_of_day(price, price_count(g->bytes), day, &nano, e) < 0)
		return -1;
	begin_record(o, day, g->tenant, out);
	buf_addf(out, ",\"labels\":{\"item\":\"%s\"", price->name);
	if (g->value.n) {
		buf_add_char(out, ',');
		json_add_quoted(out, bytes_str(o->label));
		buf_add_char(out, ':');
		json_add_quoted(out, g->value);
	}
	buf_addf(out, "},\"metrics\":{\"bytes\":%" PRIu64, g->bytes);
	if (!g->value.n)
		buf_addf(out, ",\"s3_object_count\":%" PRIu64, g->objects);
	buf_add_char(out, '}');
	end_record(nano, out);
	return 0;
}

static int add_added(const struct cost_usage_opts *o, const struct prices *p,
		     const struct cost_added *a, int32_t day, struct buf *out, struct err *e)
{
	const struct price *price = prices_need(p, a->name, day, e);
	int64_t nano;

	if (!price || price_of_day(price, a->quantity, day, &nano, e) < 0)
		return -1;
	begin_record(o, day, (struct bytes){ 0 }, out);
	buf_addf(out, ",\"labels\":{\"item\":\"%s\"},\"metrics\":{\"quantity\":", a->name);
	exact_add(out, a->quantity);
	buf_add_char(out, '}');
	end_record(nano, out);
	return 0;
}

static int add_records(const struct cost_usage_opts *o, const struct prices *p,
		       const struct usage *u, struct buf *out, struct err *e)
{
	int32_t day = o->from ? o->from : o->plan.at;
	struct groups gs = { 0 };
	int rc = 0;

	if (strcmp(p->currency, "USD") != 0)
		return err_set(e, ERR_USAGE, "%s: prices are in %s, and cost records in USD",
			       p->file, p->currency);
	if (day > o->plan.at || (int64_t)o->plan.at - day > DAYS_MAX)
		return err_set(e, ERR_USAGE, "--from must lie before --at, and %d days at most",
			       DAYS_MAX);
	for (; day <= o->plan.at && rc == 0; day++) {
		group(o, u, day, &gs);
		for (size_t i = 0; i < gs.n && rc == 0; i++)
			rc = add_stored(o, p, &gs.v[i], day, out, e);
		for (size_t i = 0; i < o->n_added && rc == 0; i++)
			rc = add_added(o, p, &o->added[i], day, out, e);
	}
	free(gs.v);
	return rc;
}

/* ---- tables ---- */

static void add_days(struct table *t, const struct group *g)
{
	char first[TIME_DAY_LEN + 1] = "", last[TIME_DAY_LEN + 1] = "";

	if (g->first <= g->last) {
		time_day_text(g->first, first);
		time_day_text(g->last, last);
	}
	table_addf(t, "%s", first);
	table_addf(t, "%s", last);
}

static void add_size(struct table *t, uint64_t n, enum cost_format format)
{
	struct buf b = { 0 };

	if (format == COST_TEXT)
		num_add_size(&b, n);
	else
		buf_addf(&b, "%" PRIu64, n);
	table_add(t, buf_bytes(&b));
	buf_release(&b);
}

static void add_group(struct table *t, const struct cost_usage_opts *o, const struct group *g,
		      bool priced)
{
	enum cost_format format = o->base.format;

	table_add(t, g->tenant);
	table_add(t, g->class);
	if (o->label)
		table_add(t, g->value.n ? g->value : BYTES_LIT("unattributed"));
	add_days(t, g);
	table_addf(t, "%" PRIu64, g->objects);
	add_size(t, g->bytes, format);
	add_size(t, g->lines, format);
	table_addf(t, "%" PRIu64, g->entries);
	if (g->chunks)
		table_addf(t, "%.1f", (double)g->lines / (double)g->chunks);
	else
		table_add(t, (struct bytes){ 0 });
	if (priced)
		table_money(t, g->nano);
}

static void sum_up(struct group *sum, const struct group *g)
{
	sum->objects += g->objects;
	sum->bytes += g->bytes;
	sum->entries += g->entries;
	sum->lines += g->lines;
	sum->chunks += g->chunks;
	sum->first = g->first < sum->first ? g->first : sum->first;
	sum->last = g->last > sum->last ? g->last : sum->last;
}

static void begin_table(struct table *t, const struct cost_usage_opts *o, const struct prices *p)
{
	static const char *const names[] = { "objects", "stored", "lines", "entries", "ratio" };

	table_column(t, "tenant", TABLE_LEFT);
	table_column(t, "class", TABLE_LEFT);
	if (o->label)
		table_column(t, o->label, TABLE_LEFT);
	table_column(t, "first", TABLE_LEFT);
	table_column(t, "last", TABLE_LEFT);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		table_column(t, names[i], TABLE_RIGHT);
	if (p)
		table_column(t, "a month", TABLE_POINT);
}

/* p NULL: without prices. */
static int add_table(const struct cost_usage_opts *o, const struct prices *p, const struct usage *u,
		     struct buf *out, struct err *e)
{
	struct group sum = { .tenant = BYTES_LIT("all"), .first = INT32_MAX, .last = INT32_MIN };
	struct groups gs = { 0 };
	struct table t = { 0 };
	int rc = 0;

	begin_table(&t, o, p);
	group(o, u, o->plan.at, &gs);
	for (size_t i = 0; i < gs.n && rc == 0; i++) {
		struct group *g = &gs.v[i];
		const struct price *price = p ? price_of_class(p, g->class, o->plan.at, e) : NULL;

		if (p)
			rc = !price ? -1
				    : price_of_month(price, price_count(g->bytes), &g->nano, e);
		if (rc == 0 && !money_add(&sum.nano, g->nano))
			rc = err_set(e, ERR_LIMIT, "the sum is too large");
		if (rc == 0)
			add_group(&t, o, g, p != NULL);
		sum_up(&sum, g);
	}
	if (o->base.format == COST_TEXT) {
		if (o->label)
			sum.value = BYTES_LIT("all");
		table_rule(&t);
		add_group(&t, o, &sum, p != NULL);
		table_text(&t, out);
	} else {
		table_csv(&t, out);
	}
	table_release(&t);
	free(gs.v);
	return rc;
}

static void add_lines(const struct cost_usage_opts *o, const struct usage *u, struct buf *out)
{
	struct groups gs = { 0 };

	group(o, u, o->plan.at, &gs);
	for (size_t i = 0; i < gs.n; i++) {
		const struct group *g = &gs.v[i];
		char day[TIME_DAY_LEN + 1];

		buf_add_str(out, "{\"tenant\":");
		json_add_quoted(out, g->tenant);
		buf_add_str(out, ",\"class\":");
		json_add_quoted(out, g->class);
		if (o->label) {
			buf_add_str(out, ",\"value\":");
			json_add_quoted(out, g->value);
		}
		if (g->first <= g->last) {
			time_day_text(g->first, day);
			buf_addf(out, ",\"first\":\"%s\"", day);
			time_day_text(g->last, day);
			buf_addf(out, ",\"last\":\"%s\"", day);
		}
		buf_addf(out,
			 ",\"objects\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"entries\":%" PRIu64
			 ",\"line_bytes\":%" PRIu64 ",\"chunk_bytes\":%" PRIu64 "}\n",
			 g->objects, g->bytes, g->entries, g->lines, g->chunks);
	}
	free(gs.v);
}

static int add_quantity(struct cost_usage_opts *o, const char *name, uint64_t n, struct err *e)
{
	if (o->n_added == COST_ADDED_MAX)
		return err_set(e, ERR_USAGE, "more than %d prices are added", COST_ADDED_MAX);
	o->added[o->n_added++] = (struct cost_added){ name, price_count(n) };
	return 0;
}

static int add_requests(struct cost_usage_opts *o, struct err *e)
{
	struct requests r = { 0 };
	struct bytes text;

	if (cost_read_text(o->requests, &o->mem, &text, e) < 0 ||
	    requests_add(&r, text, o->requests, e) < 0 ||
	    add_quantity(o, "requests.put", r.puts, e) < 0)
		return -1;
	return add_quantity(o, "requests.get", r.gets, e);
}

/* What only records can tell would be left out of a table without a word. */
static int check(const struct cost_usage_opts *o, struct err *e)
{
	const bool records = o->plan.prices && o->base.format == COST_JSONL;
	const struct {
		const char *name;
		bool given;
	} of_records[] = { { "--add", o->n_added > 0 },
			   { "--requests", o->requests != NULL },
			   { "--from", o->from != 0 },
			   { "--cluster", o->cluster != NULL },
			   { "--resource", o->resource != NULL } };

	for (size_t i = 0; i < sizeof(of_records) / sizeof(*of_records); i++)
		if (of_records[i].given && !records)
			return err_set(e, ERR_USAGE,
				       "option '%s': only of cost records, which -o jsonl with "
				       "--prices makes",
				       of_records[i].name);
	if (o->label && strcmp(o->label, "item") == 0 && records)
		return err_set(e, ERR_USAGE,
			       "option '--label': records have a label 'item' of their own");
	return 0;
}

int cost_ask_usage(void *opts, char **operand, size_t n, struct err *e)
{
	struct cost_usage_opts *o = opts;
	struct usage u = { 0 };
	struct prices p = { 0 };
	struct buf out = { 0 };
	const bool priced = o->plan.prices != NULL;
	int rc = n ? err_set(e, ERR_USAGE, "unexpected operand '%s'", operand[0]) : check(o, e);

	cost_plan_default(&o->plan, &o->base);
	if (rc == 0 && priced)
		rc = cost_plan_prices(&o->plan, &o->mem, &p, e);
	if (rc == 0 && o->requests)
		rc = add_requests(o, e);
	if (rc == 0)
		rc = cost_plan_usage(&o->plan, &o->base, o->label, COST_DAMAGE_COUNTED, &u, e);
	if (rc == 0 && o->base.format != COST_JSONL)
		rc = add_table(o, priced ? &p : NULL, &u, &out, e);
	else if (rc == 0 && priced)
		rc = add_records(o, &p, &u, &out, e);
	else if (rc == 0)
		add_lines(o, &u, &out);
	if (rc == 0)
		rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	usage_release(&u);
	arena_release(&o->mem);
	return rc;
}
