#include "cost/report_table.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cost/money.h"
#include "cost/table_money.h"

/* --- which groups are columns ---------------------------------------------------------------- */

static bool says_any(const struct cost_report *r, uint32_t group)
{
	const struct cost_group *g = cost_sums_group(r->sums, group);

	for (size_t i = 0; i < cost_sums_by(r->sums, g->by)->n; i++)
		if (g->value[i].n)
			return true;
	return false;
}

static int by_cost(const void *pa, const void *pb)
{
	const struct cost_row *a = pa, *b = pb;

	return (a->nano < b->nano) - (a->nano > b->nano);
}

/* Of each group its column. */
struct columns {
	const struct cost_row *total; /* of each group, largest first */
	size_t n;
	size_t n_own;		     /* so many have a column of their own */
	size_t others, unattributed; /* columns, or SIZE_MAX */
};

static struct buf *name_columns(const struct cost_report *r, struct columns *c, size_t *ret_n)
{
	struct buf *name = mem_alloc((COST_COLUMNS_MAX + 2) * sizeof(*name));
	size_t n_named = 0, n = 0;

	for (size_t i = 0; i < c->n; i++)
		n_named += says_any(r, c->total[i].group);
	/* One column more holds one group as well as "others". */
	c->n_own = n_named <= COST_COLUMNS_MAX ? n_named : COST_COLUMNS_MAX - 1;
	for (size_t i = 0; i < c->n && n < c->n_own; i++)
		if (says_any(r, c->total[i].group))
			cost_add_group(r, c->total[i].group, &name[n++]);
	c->others = n_named > c->n_own ? n++ : SIZE_MAX;
	if (c->others != SIZE_MAX)
		buf_addf(&name[c->others], "others (%zu)", n_named - c->n_own);
	c->unattributed = c->n > n_named ? n++ : SIZE_MAX;
	if (c->unattributed != SIZE_MAX)
		buf_add_str(&name[c->unattributed], COST_UNATTRIBUTED);
	*ret_n = n;
	return name;
}

static size_t column_of(const struct cost_report *r, const struct columns *c, uint32_t group)
{
	size_t own = 0;

	if (!says_any(r, group))
		return c->unattributed;
	for (size_t i = 0; own < c->n_own; i++) {
		if (!says_any(r, c->total[i].group))
			continue;
		if (c->total[i].group == group)
			return own;
		own++;
	}
	return c->others;
}

/* --- sums ------------------------------------------------------------------------------------ */

void cost_pivot_release(struct cost_pivot *p)
{
	for (size_t y = 0; y < p->n_y; y++)
		buf_release(&p->name[y]);
	free(p->name);
	free(p->start);
	free(p->nano);
	free(p->sum);
	*p = (struct cost_pivot){ 0 };
}

static size_t place_of(const struct cost_pivot *p, int32_t start)
{
	size_t from = 0, to = p->n_x;

	while (to - from > 1) {
		size_t mid = from + (to - from) / 2;

		if (p->start[mid] <= start)
			from = mid;
		else
			to = mid;
	}
	return from;
}

static int fill(const struct cost_report *r, const struct columns *c, const struct cost_rows *rows,
		struct cost_pivot *p, struct err *e)
{
	uint32_t group = 0;
	size_t y = SIZE_MAX;

	for (size_t i = 0; i < rows->n; i++) {
		const struct cost_row *row = &rows->v[i];

		if (y == SIZE_MAX || row->group != group)
			y = column_of(r, c, row->group);
		group = row->group;
		if (!money_add(&p->nano[place_of(p, row->start) * p->n_y + y], row->nano))
			return err_set(e, ERR_LIMIT, "a sum is more than can be counted");
	}
	return 0;
}

static int make_columns(const struct cost_report *r, size_t by, enum period period,
			struct cost_pivot *p, struct err *e)
{
	struct cost_rows total = { 0 }, rows = { 0 };
	struct columns c;
	int rc = -1;

	if (cost_rows_of(r, by, PERIOD_ALL, &total, e) < 0 ||
	    cost_rows_of(r, by, period, &rows, e) < 0)
		goto out;
	if (total.n)
		qsort(total.v, total.n, sizeof(*total.v), by_cost);
	c = (struct columns){ total.v, total.n, 0, 0, 0 };
	p->name = name_columns(r, &c, &p->n_y);
	p->nano = mem_alloc((p->n_x * p->n_y + 1) * sizeof(*p->nano));
	rc = fill(r, &c, &rows, p, e);
out:
	cost_rows_release(&total);
	cost_rows_release(&rows);
	return rc;
}

int cost_pivot_make(const struct cost_report *r, size_t by, enum period period,
		    struct cost_pivot *ret, struct err *e)
{
	struct cost_rows all = { 0 };
	struct cost_pivot p = { 0 };
	int rc = cost_rows_of(r, 0, period, &all, e);

	if (rc == 0) {
		p.n_x = all.n;
		p.start = mem_alloc((all.n + 1) * sizeof(*p.start));
		p.sum = mem_alloc((all.n + 1) * sizeof(*p.sum));
		for (size_t x = 0; x < all.n; x++) {
			p.start[x] = all.v[x].start;
			p.sum[x] = all.v[x].nano;
		}
	}
	cost_rows_release(&all);
	if (rc == 0 && by > 0)
		rc = make_columns(r, by, period, &p, e);
	if (rc == 0)
		*ret = p;
	else
		cost_pivot_release(&p);
	return rc;
}

size_t cost_report_columns(const struct cost_report *r)
{
	for (size_t by = 1; by < r->n_by; by++)
		if (cost_report_shows(r, by))
			return by;
	return 0;
}

/* --- tables ---------------------------------------------------------------------------------- */

int cost_table_periods(const struct cost_report *r, size_t by, enum period period, struct table *t,
		       struct err *e)
{
	struct cost_pivot p = { 0 };
	char text[PERIOD_TEXT];

	if (cost_pivot_make(r, by, period, &p, e) < 0)
		return -1;
	table_column(t, period_name(period), TABLE_LEFT);
	for (size_t y = 0; y < p.n_y; y++)
		table_column(t, buf_str(&p.name[y]), TABLE_POINT);
	table_column(t, p.n_y ? "total" : "cost", TABLE_POINT);
	for (size_t x = 0; x < p.n_x; x++) {
		period_text(period, p.start[x], text);
		table_add(t, bytes_str(text));
		for (size_t y = 0; y < p.n_y; y++)
			table_money(t, p.nano[x * p.n_y + y]);
		table_money(t, p.sum[x]);
	}
	cost_pivot_release(&p);
	return 0;
}

/* "12.5 %", rounded; "-" of nothing. */
static void add_share(struct table *t, int64_t part, int64_t whole)
{
	num_wide size = part < 0 ? -(num_wide)part : part;
	int64_t permille;

	if (whole <= 0) {
		table_add(t, BYTES_LIT("-"));
		return;
	}
	permille = num_clip((size * 2000 + whole) / ((num_wide)whole * 2));
	table_addf(t, "%s%lld.%lld %%", part < 0 && permille ? "-" : "", (long long)permille / 10,
		   (long long)permille % 10);
}

int cost_table_groups(const struct cost_report *r, size_t by, struct table *t, struct err *e)
{
	struct cost_rows rows = { 0 };
	struct buf name = { 0 };
	int64_t total = 0;
	int rc = cost_report_total(r, &total, e);

	if (rc == 0)
		rc = cost_rows_of(r, by, PERIOD_ALL, &rows, e);
	if (rc == 0) {
		cost_add_by(r, by, &name);
		table_column(t, buf_str(&name), TABLE_LEFT);
		table_column(t, "cost", TABLE_POINT);
		table_column(t, "share", TABLE_RIGHT);
	}
	for (size_t i = 0; rc == 0 && i <= rows.n; i++) {
		int64_t nano = i < rows.n ? rows.v[i].nano : total;

		buf_reset(&name);
		if (i < rows.n)
			cost_add_group(r, rows.v[i].group, &name);
		else
			table_rule(t);
		table_add(t, i < rows.n ? buf_bytes(&name) : BYTES_LIT("total"));
		table_money(t, nano);
		add_share(t, nano, total);
	}
	buf_release(&name);
	cost_rows_release(&rows);
	return rc;
}

static int add_table(struct table *t, int rc, const char *title, struct buf *out)
{
	if (rc == 0) {
		buf_addf(out, "\n%s\n", title);
		table_text(t, out);
	}
	table_release(t);
	return rc;
}

/* "by cluster" */
static int add_groups(const struct cost_report *r, size_t by, struct buf *out, struct err *e)
{
	struct buf title = { 0 };
	struct table t = { 0 };
	int rc;

	buf_add_str(&title, "by ");
	cost_add_by(r, by, &title);
	rc = add_table(&t, cost_table_groups(r, by, &t, e), buf_str(&title), out);
	buf_release(&title);
	return rc;
}

int cost_report_text(const struct cost_report *r, struct buf *out, struct err *e)
{
	size_t columns = cost_report_columns(r);
	int64_t total;
	int rc = cost_report_total(r, &total, e);

	if (rc < 0)
		return rc;
	cost_add_head(r, total, out);
	buf_add_char(out, '\n');
	for (size_t by = 1; rc == 0 && by < r->n_by; by++)
		if (cost_report_shows(r, by))
			rc = add_groups(r, by, out, e);
	for (int p = PERIODS - 1; rc == 0 && p >= 0; p--) {
		struct table t = { 0 };

		rc = add_table(&t, cost_table_periods(r, columns, (enum period)p, &t, e),
			       period_adverb((enum period)p), out);
	}
	return rc;
}
