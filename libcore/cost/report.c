#include "cost/report.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cost/money.h"

void cost_rows_release(struct cost_rows *r)
{
	free(r->v);
	*r = (struct cost_rows){ 0 };
}

int cost_rows_add(struct cost_sums *s, size_t by, enum period p, struct cost_rows *ret,
		  struct err *e)
{
	size_t n, first = ret->n;
	const struct cost_cell *c = cost_sums_cells(s, &n);

	for (size_t i = 0; i < n; i++) {
		int32_t start = period_start(p, c[i].day);
		struct cost_row *last = &ret->v[ret->n - 1];

		if (cost_sums_group(s, c[i].group)->by != by)
			continue;
		if (ret->n == first || last->group != c[i].group || last->start != start) {
			mem_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(*ret->v));
			ret->v[ret->n++] = (struct cost_row){ c[i].group, start, c[i].nano };
		} else if (!money_add(&last->nano, c[i].nano)) {
			return err_set(e, ERR_LIMIT, "the sum of a %s is more than can be counted",
				       period_name(p));
		}
	}
	return 0;
}

static void add_group(const struct cost_sums *s, const struct cost_row *r,
		      const struct cost_dims *dims, struct buf *out)
{
	const struct cost_group *g = cost_sums_group(s, r->group);
	const struct cost_by *by = cost_sums_by(s, g->by);

	for (size_t i = 0; i < by->n; i++) {
		buf_add_char(out, ',');
		json_add_quoted(out, dims->name[by->dim[i]]);
		buf_add_char(out, ':');
		if (g->value[i].n)
			json_add_quoted(out, g->value[i]);
		else
			buf_add_str(out, "null");
	}
}

int cost_report_jsonl(struct cost_sums *s, const struct cost_dims *dims, struct bytes currency,
		      struct buf *out, struct err *e)
{
	struct cost_rows rows = { 0 };
	char text[PERIOD_TEXT];
	int rc = 0;

	for (size_t by = 0; rc == 0 && by < cost_sums_n_by(s); by++) {
		for (int p = PERIOD_ALL; rc == 0 && p >= 0; p--) {
			rows.n = 0;
			rc = cost_rows_add(s, by, (enum period)p, &rows, e);
			for (size_t i = 0; rc == 0 && i < rows.n; i++) {
				period_text((enum period)p, rows.v[i].start, text);
				buf_addf(out, "{\"period\":\"%s\",\"of\":\"%s\"", period_name((enum period)p), text);
				add_group(s, &rows.v[i], dims, out);
				buf_add_str(out, ",\"cost\":");
				money_text(out, rows.v[i].nano);
				buf_add_str(out, ",\"currency\":");
				json_add_quoted(out, currency);
				buf_add_str(out, "}\n");
			}
		}
	}
	cost_rows_release(&rows);
	return rc;
}
