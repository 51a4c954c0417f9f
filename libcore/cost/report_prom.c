#include "cost/report_prom.h"

#include "cost/label_name.h"
#include "cost/money.h"
#include "metrics/metrics.h"

/* Metrics whose labels are those of one breakdown; of amounts in another currency than USD, this
 * too, behind them. */
struct exposition {
	const struct cost_report *r;
	size_t by;
	bool is_usd;
	struct metrics *m;
	const char *label[METRICS_LABELS_MAX + 1], *cost_label[METRICS_LABELS_MAX + 1];
	struct buf name[METRICS_LABELS_MAX];
	struct metrics_family daily, monthly, objects;
};

static int name_label(struct exposition *x, size_t i, struct bytes dim, struct err *e)
{
	static const char *const none[] = { NULL };

	cost_add_label_name(&x->name[i], dim, none);
	x->label[i] = x->cost_label[i] = buf_str(&x->name[i]);
	for (size_t k = 0; k < i; k++)
		if (strcmp(x->label[k], x->label[i]) == 0)
			return err_set(
				e, ERR_USAGE,
				"option '--by': '%.*s' and '%.*s' are both the label '%s' of "
				"metrics",
				BYTES_ARG(
					x->r->dims->name[cost_sums_by(x->r->sums, x->by)->dim[k]]),
				BYTES_ARG(dim), x->label[i]);
	if (!x->is_usd && strcmp(x->label[i], "currency") == 0)
		return err_set(e, ERR_USAGE,
			       "option '--by': '%.*s' is the label of metrics that has their "
			       "currency",
			       BYTES_ARG(dim));
	return 0;
}

static int name_labels(struct exposition *x, struct err *e)
{
	const struct cost_by *b = cost_sums_by(x->r->sums, x->by);
	size_t most = METRICS_LABELS_MAX - !x->is_usd;

	if (b->n > most)
		return err_set(e, ERR_USAGE,
			       "option '--by': %zu names, where metrics have %zu at most", b->n,
			       most);
	for (size_t i = 0; i < b->n; i++)
		if (name_label(x, i, x->r->dims->name[b->dim[i]], e) < 0)
			return -1;
	if (!x->is_usd)
		x->cost_label[b->n] = "currency";
	return 0;
}

static void name_metrics(struct exposition *x)
{
	x->daily = (struct metrics_family){ x->is_usd ? "daily_cost_usd" : "daily_cost",
					    "What the newest day of the cost records cost.",
					    METRICS_GAUGE,
					    x->cost_label,
					    NULL,
					    0 };
	x->monthly = (struct metrics_family){
		x->is_usd ? "monthly_cost_usd" : "monthly_cost",
		"What the month of the newest day of the cost records cost so far.",
		METRICS_GAUGE,
		x->cost_label,
		NULL,
		0
	};
	x->objects = (struct metrics_family){ "s3_object_count",
					      "Objects in the store, by the newest cost records.",
					      METRICS_UNTYPED,
					      x->label,
					      NULL,
					      0 };
}

static void set(struct exposition *x, const struct metrics_family *f, uint32_t group, double v)
{
	const struct cost_group *g = cost_sums_group(x->r->sums, group);
	struct bytes value[METRICS_LABELS_MAX + 1];
	size_t n = cost_sums_by(x->r->sums, x->by)->n;

	for (size_t i = 0; i < n; i++)
		value[i] = g->value[i].n ? g->value[i] : BYTES_LIT(COST_UNATTRIBUTED);
	value[n] = x->r->currency; /* of which metrics without that label do not ask */
	metrics_set(metrics_get(x->m, f, value), v);
}

/* Of the period that has this day; groups that cost nothing then are 0, so that no series ends. */
static int add_costs(struct exposition *x, const struct metrics_family *f, enum period p,
		     int32_t day, struct err *e)
{
	struct cost_rows rows = { 0 };
	int rc = cost_rows_of(x->r, x->by, p, &rows, e);

	for (uint32_t g = 0; rc == 0 && g < cost_sums_n_groups(x->r->sums); g++)
		if (cost_sums_group(x->r->sums, g)->by == x->by)
			set(x, f, g, 0);
	for (size_t i = 0; rc == 0 && i < rows.n; i++)
		if (rows.v[i].start == period_start(p, day))
			set(x, f, rows.v[i].group, (double)rows.v[i].nano / MONEY_ONE);
	cost_rows_release(&rows);
	return rc;
}

static void add_objects(struct exposition *x)
{
	for (uint32_t g = 0; g < cost_sums_n_groups(x->r->sums); g++) {
		const struct cost_group *group = cost_sums_group(x->r->sums, g);

		if (group->by == x->by && group->objects >= 0)
			set(x, &x->objects, g, (double)group->objects);
	}
}

static void add_newest(struct exposition *x, int32_t day)
{
	static const struct metrics_family newest = {
		"cost_newest_record_timestamp_seconds",
		"The beginning of the newest day of the cost records.",
		METRICS_GAUGE,
		NULL,
		NULL,
		0
	};

	metrics_set(metrics_get(x->m, &newest, NULL), (double)day * 86400);
}

int cost_report_prom(const struct cost_report *r, size_t by, struct buf *out, struct err *e)
{
	struct exposition x = { .r = r, .by = by, .is_usd = bytes_is(r->currency, "USD") };
	int32_t first, end;
	int rc;

	cost_report_days(r, &first, &end);
	x.m = metrics_new();
	rc = name_labels(&x, e);
	name_metrics(&x);
	if (rc == 0)
		rc = add_costs(&x, &x.daily, PERIOD_DAY, end - 1, e);
	if (rc == 0)
		rc = add_costs(&x, &x.monthly, PERIOD_MONTH, end - 1, e);
	if (rc == 0) {
		add_objects(&x);
		if (r->n_records)
			add_newest(&x, end - 1);
		metrics_write(x.m, out);
	}
	metrics_free(x.m);
	for (size_t i = 0; i < METRICS_LABELS_MAX; i++)
		buf_release(&x.name[i]);
	return rc;
}
