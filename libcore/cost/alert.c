#include "cost/alert.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cost/money.h"
#include "json/json.h"

void cost_alerts_release(struct cost_alerts *a)
{
	free(a->v);
	*a = (struct cost_alerts){ 0 };
}

/* --- what is above --------------------------------------------------------------------------- */

/* Of a growth: what came to be what, each times the days of the other's month, so that a day of one
 * is compared with a day of the other. */
struct growth {
	num_wide before, now;
};

static struct growth growth_of(const struct cost_threshold *t, int32_t start, int64_t now,
			       int64_t before)
{
	return (struct growth){ (num_wide)before * (period_next(t->period, start) - start),
				(num_wide)now * (start - period_start(t->period, start - 1)) };
}

/* (now - before) / before > rate %, without a division. Only of the right side there may be no such
 * number, which is more than any of the left one. */
static bool has_grown(struct growth g, int64_t rate_nano)
{
	num_wide rate;

	if (g.before <= 0)
		return g.now > 0;
	return !__builtin_mul_overflow(g.before, (num_wide)rate_nano, &rate) &&
	       (g.now - g.before) * 100 * MONEY_ONE > rate;
}

static void add(struct cost_alerts *to, const struct cost_threshold *t, const struct cost_row *row,
		int64_t before)
{
	mem_grow(&to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = (struct cost_alert){ t, *row, before };
}

/* Row i of rows, or that of the period before, which may not be there: 0 then. */
static void add_growth(const struct cost_report *r, const struct cost_threshold *t,
		       const struct cost_rows *rows, size_t i, struct cost_alerts *ret)
{
	const struct cost_row *row = &rows->v[i], *last = i ? row - 1 : NULL;
	int32_t start = period_start(t->period, row->start - 1); /* of the period before */
	int64_t before = last && last->group == row->group && last->start == start ? last->nano : 0;
	int32_t first, end;

	cost_report_days(r, &first, &end);
	if (start >= first && period_next(t->period, row->start) <= end &&
	    cost_report_count_days(r, start, row->start) > 0 &&
	    has_grown(growth_of(t, row->start, row->nano, before), t->nano))
		add(ret, t, row, before);
}

int cost_alerts_add(const struct cost_report *r, const struct cost_threshold *t,
		    struct cost_alerts *ret, struct err *e)
{
	struct cost_rows rows = { 0 };
	uint32_t group = UINT32_MAX;
	bool wanted = false;
	int rc = cost_rows_of(r, t->by, t->period, &rows, e);

	for (size_t i = 0; rc == 0 && i < rows.n; i++) {
		if (rows.v[i].group != group)
			wanted = t->dim == COST_DIMS_MAX ||
				 cost_threshold_takes(
					 t, cost_sums_group(r->sums, rows.v[i].group)->value[0]);
		group = rows.v[i].group;
		if (!wanted)
			continue;
		if (t->limit == COST_GROWTH)
			add_growth(r, t, &rows, i, ret);
		else if (rows.v[i].nano > t->nano)
			add(ret, t, &rows.v[i], 0);
	}
	cost_rows_release(&rows);
	return rc;
}

/* --- as text --------------------------------------------------------------------------------- */

/* By how many percent, to the nearest with one digit behind the point, or as many more as show that
 * it is above the threshold; nothing to grow from is "". */
static void add_growth_text(const struct cost_alert *a, struct buf *out)
{
	const struct growth g = growth_of(a->threshold, a->row.start, a->row.nano, a->before);
	num_wide of = 10, v;
	int n = 1;

	if (a->before <= 0)
		return;
	for (;; of *= 10, n++) {
		v = ((g.now - g.before) * 100 * of + g.before / 2) / g.before;
		if (of == MONEY_ONE || v * (MONEY_ONE / of) > a->threshold->nano)
			break;
	}
	num_add_i64(out, num_clip(v / of));
	buf_addf(out, ".%0*lld", n, (long long)(v % of));
}

static void add_above(const struct cost_alert *a, struct buf *out)
{
	char before[PERIOD_TEXT];

	if (a->threshold->limit == COST_AMOUNT) {
		buf_add_str(out, ", above ");
		money_text(out, a->threshold->nano);
		return;
	}
	period_text(a->threshold->period, period_start(a->threshold->period, a->row.start - 1),
		    before);
	buf_add_str(out, ", ");
	add_growth_text(a, out);
	if (a->before > 0)
		buf_add_str(out, a->threshold->period == PERIOD_MONTH ? " % a day " : " % ");
	buf_add_str(out, "above the ");
	money_text(out, a->before);
	buf_addf(out, " in %s, more than ", before);
	num_add_double(out, (double)a->threshold->nano / MONEY_ONE);
	buf_add_str(out, " %");
}

void cost_alert_text(const struct cost_report *r, const struct cost_alert *a, struct buf *out)
{
	char of[PERIOD_TEXT];

	if (a->threshold->dim != COST_DIMS_MAX) {
		cost_add_by(r, a->threshold->by, out);
		buf_add_char(out, ' ');
		cost_add_group(r, a->row.group, out);
	} else {
		buf_add_str(out, "total");
	}
	buf_add_str(out, ": ");
	money_text(out, a->row.nano);
	buf_addf(out, " %.*s", BYTES_ARG(r->currency));
	if (a->threshold->period != PERIOD_ALL) {
		period_text(a->threshold->period, a->row.start, of);
		buf_addf(out, " in %s", of);
	}
	add_above(a, out);
}

void cost_alert_json(const struct cost_report *r, const struct cost_alert *a, struct buf *out)
{
	const struct cost_threshold *t = a->threshold;

	buf_addf(out, "{\"alert\":\"%s\"", t->limit == COST_AMOUNT ? "threshold" : "growth");
	cost_row_json(r, t->by, t->period, &a->row, out);
	if (t->limit == COST_AMOUNT) {
		buf_add_str(out, ",\"threshold\":");
		money_text(out, t->nano);
	} else {
		buf_add_str(out, ",\"before\":");
		money_text(out, a->before);
		buf_add_str(out, ",\"growth\":");
		if (a->before > 0)
			add_growth_text(a, out);
		else
			buf_add_str(out, "null");
	}
	buf_add_char(out, '}');
}
