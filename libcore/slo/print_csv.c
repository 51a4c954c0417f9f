/* A row for each objective. Windows that some have counts of have a column each. */
#include "report/table.h"
#include "slo/print.h"

enum { COLUMN_WINDOWS_MAX = TABLE_COLUMNS_MAX - 16 };

struct windows {
	int64_t ns[COLUMN_WINDOWS_MAX];
	size_t n;
};

static struct windows windows_of(const struct slo_state *s, size_t n)
{
	struct windows w = { 0 };

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < s[i].m.n_windows; k++) {
			size_t at = 0;

			while (at < w.n && w.ns[at] != s[i].window[k].ns)
				at++;
			if (at == w.n && w.n < COLUMN_WINDOWS_MAX)
				w.ns[w.n++] = s[i].window[k].ns;
		}
	}
	return w;
}

static void add_columns(struct table *t, const struct windows *w)
{
	static const char *const names[] = {
		"name",	     "service",	   "target", "window",	  "total",
		"bad",	     "sli",	   "budget", "remaining", "remaining_events",
		"burn_rate", "exhaustion", "burning"
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		table_column(t, names[i], i < 2 || i == 3 ? TABLE_LEFT : TABLE_RIGHT);
	for (size_t i = 0; i < w->n; i++) {
		buf_reset(&b);
		buf_add_str(&b, "burn_rate_");
		slo_duration_add(&b, w->ns[i]);
		table_column(t, buf_str(&b), TABLE_RIGHT);
	}
	buf_release(&b);
}

/* Fills one cell after the other. */
struct cells {
	struct table *t;
	struct buf b;
};

static void end_cell(struct cells *c)
{
	table_add(c->t, buf_bytes(&c->b));
	buf_reset(&c->b);
}

static void add_exact(struct cells *c, struct exact v, bool known)
{
	if (known)
		exact_add(&c->b, v);
	end_cell(c);
}

static void add_ratio(struct cells *c, const struct ratio *r, unsigned digits, bool known)
{
	if (known)
		ratio_add_text(&c->b, r, digits);
	end_cell(c);
}

static void add_row(struct cells *c, const struct slo_state *s, const struct windows *w)
{
	const struct slo_budget *b = &s->budget;
	bool events = !s->m.counts.is_share;

	table_add(c->t, s->slo->name);
	table_add(c->t, s->slo->service);
	add_exact(c, s->m.target, true);
	slo_period_add(&c->b, &s->slo->period);
	end_cell(c);
	add_exact(c, s->m.counts.total, events);
	add_exact(c, s->m.counts.bad, events);
	add_ratio(c, &b->sli, RATIO_DIGITS, true);
	add_ratio(c, &b->allowed, RATIO_ALL_DIGITS, events);
	add_ratio(c, &b->remaining, RATIO_DIGITS, true);
	add_ratio(c, &b->remaining_events, RATIO_ALL_DIGITS, events);
	add_ratio(c, &b->burn, RATIO_DIGITS, true);
	slo_outlook_add(&c->b, b);
	end_cell(c);
	if (s->is_looked_at)
		buf_add_str(&c->b, s->is_burning ? "true" : "false");
	end_cell(c);
	for (size_t i = 0; i < w->n; i++) {
		const struct slo_window *found = slo_window_find(&s->m, w->ns[i]);
		struct ratio burn =
			found ? slo_burn_rate(&found->counts, s->m.target) : ratio_int(0);

		add_ratio(c, &burn, RATIO_DIGITS, found != NULL);
	}
}

void slo_print_csv(struct buf *out, const struct slo_state *s, size_t n)
{
	struct windows w = windows_of(s, n);
	struct table t = { 0 };
	struct cells c = { .t = &t };

	add_columns(&t, &w);
	for (size_t i = 0; i < n; i++)
		add_row(&c, &s[i], &w);
	table_csv(&t, out);
	table_release(&t);
	buf_release(&c.b);
}
