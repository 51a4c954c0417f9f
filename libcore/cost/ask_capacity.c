#include "cost/ask_capacity.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "cost/inputs.h"
#include "cost/measure.h"
#include "cost/money.h"
#include "cost/table_money.h"
#include "report/chart.h"
#include "report/html_page.h"
#include "report/table.h"

enum { MONTHS_MAX = 120, DAYS_DEFAULT = 7, DAYS_MAX = 36500 };

/* ---- options ---- */

/* at: the value of the field in a struct capacity, whose place says which it is. */
static int take_field(struct capacity_value *at, enum capacity_field f, const char *value,
		      struct err *e)
{
	return capacity_set((struct capacity *)(void *)(at - f), f, bytes_str(value), e);
}

#define TAKE(f)                                                         \
	static int take_##f(void *at, const char *value, struct err *e) \
	{                                                               \
		return take_field(at, f, value, e);                     \
	}
TAKE(CAPACITY_INGESTION)
TAKE(CAPACITY_QUERIES)
TAKE(CAPACITY_STORED)
TAKE(CAPACITY_INGESTION_GROWTH)
TAKE(CAPACITY_QUERY_GROWTH)
TAKE(CAPACITY_INGESTER_MEMORY)
TAKE(CAPACITY_INGESTER_CPU)
TAKE(CAPACITY_QUERIER_MEMORY)
TAKE(CAPACITY_QUERIER_CPU)
TAKE(CAPACITY_STORAGE_COST)
TAKE(CAPACITY_POD_MEMORY)
TAKE(CAPACITY_POD_CPU)
TAKE(CAPACITY_MONTHS)
TAKE(CAPACITY_RETENTION)
TAKE(CAPACITY_REPLICATION)
TAKE(CAPACITY_COPIES)
TAKE(CAPACITY_COMPRESSION)
TAKE(CAPACITY_NODE_MEMORY)
TAKE(CAPACITY_NODE_CPU)
TAKE(CAPACITY_NODE_COST)
TAKE(CAPACITY_DISK_SIZE)

static int take_days(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, DAYS_MAX, at, e);
}

static int take_model(void *at, const char *value, struct err *e)
{
	static const char *const words[] = { "full", "plain", NULL };
	enum capacity_model *to = at;
	int i;

	if (cli_read_word(value, words, &i, e) < 0)
		return -1;
	*to = (enum capacity_model)i;
	return 0;
}

#define AT(member) offsetof(struct cost_capacity_opts, member)
#define FIELD(f, name, value, help)                                       \
	{                                                                 \
		{ 0, name, value, help }, take_##f, AT(capacity.field[f]) \
	}

const struct cli_taken cost_capacity_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv|html|svg", cost_take_picture_format),
	FIELD(CAPACITY_INGESTION, "current-ingestion-rate", "GB", "lines a day, now"),
	FIELD(CAPACITY_QUERIES, "current-query-rate", "N", "queries a second, now"),
	FIELD(CAPACITY_STORED, "current-storage-size", "TB", "what is stored now"),
	FIELD(CAPACITY_INGESTION_GROWTH, "ingestion-growth-rate", "PERCENT", "a month (0)"),
	FIELD(CAPACITY_QUERY_GROWTH, "query-growth-rate", "PERCENT", "a month (0)"),
	FIELD(CAPACITY_INGESTER_MEMORY, "ingester-memory-per-gb-day", "GB", "for each GB a day"),
	FIELD(CAPACITY_INGESTER_CPU, "ingester-cpu-per-gb-day", "CORES", "for each GB a day"),
	FIELD(CAPACITY_QUERIER_MEMORY, "querier-memory-per-qps", "GB", "for each query a second"),
	FIELD(CAPACITY_QUERIER_CPU, "querier-cpu-per-qps", "CORES", "for each query a second"),
	FIELD(CAPACITY_STORAGE_COST, "storage-cost-per-tb", "AMOUNT", "a month"),
	FIELD(CAPACITY_POD_MEMORY, "pod-memory", "GB", "of a pod"),
	FIELD(CAPACITY_POD_CPU, "pod-cpu", "CORES", "of a pod"),
	FIELD(CAPACITY_MONTHS, "months", "N", "how far to look (12)"),
	FIELD(CAPACITY_RETENTION, "retention-days", "DAYS", "how long entries stay (30)"),
	FIELD(CAPACITY_REPLICATION, "replication-factor", "N",
	      "ingesters that each entry goes to (3)"),
	FIELD(CAPACITY_COPIES, "storage-copies", "N",
	      "of what is stored (as the replication; 1 of an object store)"),
	FIELD(CAPACITY_COMPRESSION, "compression-ratio", "N",
	      "bytes of lines for each byte stored (measured, or 1)"),
	FIELD(CAPACITY_NODE_MEMORY, "node-memory", "GB", "of a node that pods run on"),
	FIELD(CAPACITY_NODE_CPU, "node-cpu", "CORES", "of a node that pods run on"),
	FIELD(CAPACITY_NODE_COST, "node-cost", "AMOUNT", "of a node, a month"),
	FIELD(CAPACITY_DISK_SIZE, "disk-size", "GB", "of a disk"),
	{ { 0, "model", "full|plain",
	    "plain: without compression, replication and growth within 30 days (full)" },
	  take_model,
	  AT(model) },
	{ { 0, "store", "STORE", "measure ingestion and compression there" },
	  cli_take_text,
	  AT(plan.store) },
	{ { 't', "tenant", "ID", "of --store: only this tenant (all)" },
	  cost_take_tenant,
	  AT(plan.tenant) },
	{ { 0, "at", "DAY", "of --store: as of this day, UTC (today)" },
	  cost_take_day,
	  AT(plan.at) },
	{ { 0, "days", "N", "of --store: whole days before that the mean is of (7)" },
	  take_days,
	  AT(days) },
	{ { 0 }, NULL, 0 },
};

/* ---- what is measured ---- */

static int set_measured(struct capacity *c, enum capacity_field f, double v, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_addf(&b, "%.9f", v);
	rc = capacity_set(c, f, buf_bytes(&b), e);
	buf_release(&b);
	return rc < 0 ? err_wrap(e, "measured '%s'", capacity_names[f].name) : 0;
}

static int take_measures(struct cost_capacity_opts *o, struct err *e)
{
	struct capacity *c = &o->capacity;
	struct usage u = { 0 };
	struct measured m;
	uint32_t days = o->days ? (uint32_t)o->days : DAYS_DEFAULT;
	int rc = 0;

	if (cost_plan_usage(&o->plan, &o->base, NULL, COST_DAMAGE_REFUSED, &u, e) < 0)
		return -1;
	measure(&u, o->plan.at, days, &m);
	usage_release(&u);
	if (!c->field[CAPACITY_INGESTION].given && m.days == 0)
		return err_set(e, ERR_CORRUPT,
			       "'%s': no whole day before --at has entries, so "
			       "nothing can be measured",
			       o->plan.store);
	if (!c->field[CAPACITY_INGESTION].given)
		rc = set_measured(c, CAPACITY_INGESTION, (double)m.lines_a_day / 1e9, e);
	if (rc == 0 && !c->field[CAPACITY_COMPRESSION].given && m.ratio > 0)
		rc = set_measured(c, CAPACITY_COMPRESSION, m.ratio, e);
	if (rc == 0)
		cli_note(o->base.cli,
			 "measured in '%s': %.6g GB of lines a day over %u %s, %.1f bytes of lines "
			 "for each byte stored",
			 o->plan.store, (double)m.lines_a_day / 1e9, m.days,
			 num_word(m.days, "day", "days"), m.ratio);
	return rc;
}

/* What the answer rests on, and nobody gave. */
static void note_assumptions(const struct cost_capacity_opts *o)
{
	const struct capacity *c = &o->capacity;
	double implied = capacity_implied(c);

	if (o->model == CAPACITY_PLAIN || c->field[CAPACITY_COMPRESSION].given)
		return;
	if (implied > 0)
		cli_note(o->base.cli,
			 "no compression is given: what is stored now says %.2f bytes of lines for "
			 "each byte",
			 implied);
	else
		cli_note(o->base.cli, "no compression is given or measured (--store): lines are "
				      "counted as they are");
}

/* ---- the answer ---- */

struct answer {
	const struct cost_capacity_opts *o;
	struct capacity_month v[MONTHS_MAX + 1];
	size_t n;
	bool has_pods, has_nodes, has_disks, has_cost;
};

/* Three digits that count, or two behind the point. */
static void add_number(struct table *t, double v)
{
	double x = v;
	int behind = 2;

	while (x > 0 && x < 1 && behind < 9) {
		x *= 10;
		behind++;
	}
	table_addf(t, "%.*f", behind, v);
}

static void make_table(const struct answer *a, struct table *t)
{
	static const char *const first[] = { "month", "GB/day", "queries/s", "stored TB", "TiB" };

	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		table_column(t, first[i], TABLE_RIGHT);
	if (a->has_pods) {
		table_column(t, "ingesters", TABLE_RIGHT);
		table_column(t, "queriers", TABLE_RIGHT);
	}
	if (a->has_nodes)
		table_column(t, "nodes", TABLE_RIGHT);
	if (a->has_disks)
		table_column(t, "disks", TABLE_RIGHT);
	if (a->has_cost)
		table_column(t, "cost a month", TABLE_RIGHT);
	for (size_t i = 0; i < a->n; i++) {
		const struct capacity_month *m = &a->v[i];

		table_addf(t, "%u", m->month);
		add_number(t, m->ingestion);
		add_number(t, m->queries);
		add_number(t, m->stored_tb);
		add_number(t, (double)m->stored / 0x1p40);
		if (a->has_pods) {
			table_addf(t, "%" PRIu64, m->ingesters);
			table_addf(t, "%" PRIu64, m->queriers);
		}
		if (a->has_nodes)
			table_addf(t, "%" PRIu64, m->nodes);
		if (a->has_disks)
			table_addf(t, "%" PRIu64, m->disks);
		if (a->has_cost)
			table_cents(t, m->cost);
	}
}

/* All of it: for programs. */
static void print_csv(const struct answer *a, struct buf *out)
{
	static const char *const names[] = { "month",
					     "ingestion_gb_day",
					     "queries_per_second",
					     "stored_bytes",
					     "ingester_memory_gb",
					     "ingester_cpu",
					     "querier_memory_gb",
					     "querier_cpu",
					     "ingesters",
					     "queriers",
					     "nodes",
					     "disks",
					     "storage_cost",
					     "node_cost",
					     "cost" };
	struct table t = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		table_column(&t, names[i], TABLE_RIGHT);
	for (size_t i = 0; i < a->n; i++) {
		const struct capacity_month *m = &a->v[i];
		const uint64_t counts[] = { m->ingesters, m->queriers, m->nodes, m->disks };

		table_addf(&t, "%u", m->month);
		table_addf(&t, "%.6f", m->ingestion);
		table_addf(&t, "%.6f", m->queries);
		table_addf(&t, "%" PRIu64, m->stored);
		table_addf(&t, "%.6f", m->ingester_memory);
		table_addf(&t, "%.6f", m->ingester_cpu);
		table_addf(&t, "%.6f", m->querier_memory);
		table_addf(&t, "%.6f", m->querier_cpu);
		for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++)
			table_addf(&t, "%" PRIu64, counts[k]);
		table_money(&t, m->storage_cost);
		table_money(&t, m->node_cost);
		table_money(&t, m->cost);
	}
	table_csv(&t, out);
	table_release(&t);
}

static void add_member(struct buf *out, const char *name, int64_t nano)
{
	buf_addf(out, ",\"%s\":", name);
	money_text(out, nano);
}

static void print_lines(const struct answer *a, struct buf *out)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct capacity_month *m = &a->v[i];

		buf_addf(out,
			 "{\"month\":%u,\"ingestion_gb_day\":%.6f,\"queries_per_second\":%.6f,"
			 "\"stored_bytes\":%" PRIu64
			 ",\"stored_tb\":%.6f,\"stored_tib\":%.6f,\"ingester_memory_gb\":%.6f,"
			 "\"ingester_cpu\":%.6f,\"querier_memory_gb\":%.6f,\"querier_cpu\":%.6f",
			 m->month, m->ingestion, m->queries, m->stored, m->stored_tb,
			 (double)m->stored / 0x1p40, m->ingester_memory, m->ingester_cpu,
			 m->querier_memory, m->querier_cpu);
		if (a->has_pods)
			buf_addf(out,
				 ",\"pods\":{\"ingesters\":%" PRIu64 ",\"queriers\":%" PRIu64 "}",
				 m->ingesters, m->queriers);
		if (a->has_nodes)
			buf_addf(out, ",\"nodes\":%" PRIu64, m->nodes);
		if (a->has_disks)
			buf_addf(out, ",\"disks\":%" PRIu64, m->disks);
		add_member(out, "storage_cost", m->storage_cost);
		add_member(out, "node_cost", m->node_cost);
		add_member(out, "cost", m->cost);
		buf_add_str(out, "}\n");
	}
}

/* ---- pictures ---- */

static double stored_tb(const struct capacity_month *m)
{
	return m->stored_tb;
}

static double cost_of(const struct capacity_month *m)
{
	return (double)m->cost / (double)MONEY_ONE;
}

static void draw(const struct answer *a, const char *title, const char *unit,
		 double (*value)(const struct capacity_month *m), struct buf *out)
{
	double y[MONTHS_MAX + 1];
	struct bytes x[MONTHS_MAX + 1];
	char text[MONTHS_MAX + 1][12];
	const struct chart_series series = { BYTES_LIT(""), y };

	for (size_t i = 0; i < a->n; i++) {
		y[i] = value(&a->v[i]);
		snprintf(text[i], sizeof(text[i]), "%u", a->v[i].month);
		x[i] = bytes_str(text[i]);
	}
	chart_lines(&(struct chart){ .title = title,
				     .unit = unit,
				     .n = a->n,
				     .x = x,
				     .n_series = 1,
				     .series = &series },
		    out);
}

static void draw_all(const struct answer *a, bool page, struct buf *out)
{
	if (page || !a->has_cost)
		draw(a, "Stored, by month from now", " TB", stored_tb, out);
	if (a->has_cost)
		draw(a, "Cost a month, by month from now", "$", cost_of, out);
}

static void print_page(const struct answer *a, struct buf *out)
{
	struct table t = { 0 };

	html_page_begin(out, "What logs will need");
	draw_all(a, true, out);
	make_table(a, &t);
	table_html(&t, out);
	table_release(&t);
	html_page_end(out);
}

static int print(const struct answer *a, struct err *e)
{
	struct buf out = { 0 };
	struct table t = { 0 };
	int rc;

	switch (a->o->base.format) {
	case COST_JSONL:
		print_lines(a, &out);
		break;
	case COST_CSV:
		print_csv(a, &out);
		break;
	case COST_HTML:
		print_page(a, &out);
		break;
	case COST_SVG:
		draw_all(a, false, &out);
		break;
	default:
		make_table(a, &t);
		table_text(&t, &out);
		table_release(&t);
	}
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

static int project(struct answer *a, struct err *e)
{
	const struct capacity *c = &a->o->capacity;
	unsigned months = (unsigned)capacity_double(c, CAPACITY_MONTHS);

	a->has_pods = c->field[CAPACITY_POD_CPU].given;
	a->has_nodes = c->field[CAPACITY_NODE_CPU].given;
	a->has_disks = c->field[CAPACITY_DISK_SIZE].given;
	for (; a->n <= months; a->n++) {
		if (capacity_project(c, a->o->model, (unsigned)a->n, &a->v[a->n], e) < 0)
			return -1;
		a->has_cost |= a->v[a->n].cost > 0;
	}
	return 0;
}

/* What is measured is that of a store. */
static int check(const struct cost_capacity_opts *o, struct err *e)
{
	const char *name = o->plan.tenant.n ? "--tenant"
			   : o->plan.at	    ? "--at"
			   : o->days	    ? "--days"
					    : NULL;

	return name && !o->plan.store ? err_set(e, ERR_USAGE, "option '%s': only of --store", name)
				      : 0;
}

static int add_text(struct bytes text, const char *name, void *data, struct err *e)
{
	return capacity_read(data, text, name, e);
}

int cost_ask_capacity(void *opts, char **operand, size_t n, struct err *e)
{
	struct cost_capacity_opts *o = opts;
	struct answer *a = mem_alloc(sizeof(*a));
	struct arena mem = { 0 };
	int rc = check(o, e);

	a->o = o;
	cost_plan_default(&o->plan, &o->base);
	if (rc == 0 && n)
		rc = cost_each_text(operand, n, &mem, add_text, &o->capacity, e);
	if (rc == 0 && o->plan.store)
		rc = take_measures(o, e);
	if (rc == 0)
		rc = capacity_complete(&o->capacity, e);
	if (rc == 0)
		rc = project(a, e);
	if (rc == 0) {
		note_assumptions(o);
		rc = print(a, e);
	}
	arena_release(&mem);
	free(a);
	return rc;
}
