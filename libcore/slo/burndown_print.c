#include "slo/burndown.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "csv/csv.h"
#include "json/json.h"
#include "report/chart.h"
#include "slo/period.h"

enum { BARS = 30, BAR_LEN = 40, FEW = 4, SERIES_MAX = 8 };

static void add_time(struct buf *b, const struct slo_burndown *d, int64_t ts_ns)
{
	if (d->is_relative)
		slo_duration_add(b, ts_ns);
	else
		time_add_rfc3339(b, ts_ns);
}

/* --- in a terminal --------------------------------------------------------------------------- */

static void add_bar(struct buf *out, const struct ratio *share)
{
	double v = ratio_double(share);
	int full = (int)lround(fmin(fmax(v, 0), 1) * BAR_LEN);

	for (int i = 0; i < BAR_LEN; i++)
		buf_add_char(out, i < full ? '#' : '.');
}

void slo_burndown_text(struct buf *out, const struct slo_burndown *b)
{
	size_t every = (b->n + BARS - 1) / BARS;

	buf_addf(out, "%.*s: what is left of the error budget\n", BYTES_ARG(b->slo->name));
	for (size_t i = 0; i < b->n; i++) {
		struct buf time = { 0 };

		if (i % every != 0 && i + 1 != b->n)
			continue;
		add_time(&time, b, b->v[i].ts_ns);
		buf_addf(out, "  %-20s  ", buf_str(&time));
		add_bar(out, &b->v[i].share);
		buf_add_str(out, "  ");
		ratio_add_percent(out, &b->v[i].share, FEW);
		buf_add_char(out, '\n');
		buf_release(&time);
	}
}

/* --- for programs ---------------------------------------------------------------------------- */

void slo_burndown_jsonl(struct buf *out, const struct slo_burndown *b)
{
	for (size_t i = 0; i < b->n; i++) {
		buf_add_str(out, "{\"name\":");
		json_add_quoted(out, b->slo->name);
		buf_add_str(out, ",\"time\":\"");
		add_time(out, b, b->v[i].ts_ns);
		buf_add_str(out, "\",\"remaining\":");
		ratio_add_text(out, &b->v[i].share, RATIO_DIGITS);
		buf_add_str(out, "}\n");
	}
}

void slo_burndown_csv(struct buf *out, const struct slo_burndown *b, size_t n)
{
	buf_add_str(out, "name,time,remaining\n");
	for (; n > 0; n--, b++) {
		for (size_t i = 0; i < b->n; i++) {
			csv_add(out, b->slo->name);
			buf_add_char(out, ',');
			add_time(out, b, b->v[i].ts_ns);
			buf_add_char(out, ',');
			ratio_add_text(out, &b->v[i].share, RATIO_DIGITS);
			buf_add_char(out, '\n');
		}
	}
}

/* --- as a picture ---------------------------------------------------------------------------- */

/* Labels along the time: days where points are far apart, else the time of the day too. */
static void make_labels(const struct slo_burndown *b, struct bytes *x, struct arena *mem)
{
	bool days = b->n > 1 && b->v[b->n - 1].ts_ns - b->v[0].ts_ns > 2 * 86400 * NS_PER_S;

	for (size_t i = 0; i < b->n; i++) {
		struct buf t = { 0 };

		add_time(&t, b, b->v[i].ts_ns);
		if (!b->is_relative) /* "01-15", or "15 10:00" */
			t.n = days ? sizeof("2026-01-15") - 1 : sizeof("2026-01-15T10:00") - 1;
		for (size_t k = 0; k < t.n; k++)
			t.p[k] = t.p[k] == 'T' ? ' ' : t.p[k];
		x[i] = arena_copy(mem, bytes_sub(buf_bytes(&t),
						 b->is_relative ? 0
						 : days		? 5
								: 8,
						 t.n));
		buf_release(&t);
	}
}

void slo_burndown_svg(struct buf *out, const struct slo_burndown *b, size_t n)
{
	static const double gone[] = { 0 };
	struct chart c = { .unit = "%", .mark = gone, .n_marks = 1 };
	struct buf title = { 0 };
	struct chart_series series[SERIES_MAX] = { 0 };
	struct arena mem = { 0 };
	double least = 0;

	buf_add_str(&title, "What is left of the error budget");
	if (n == 1)
		buf_addf(&title, " of %.*s", BYTES_ARG(b->slo->name));
	c.title = buf_str(&title);
	c.n = n ? b->n : 0;
	if (n > 0) {
		struct bytes *x = arena_zalloc(&mem, (b->n + 1) * sizeof(*x));

		make_labels(b, x, &mem);
		c.x = x;
	}
	for (; c.n_series < n && c.n_series < SERIES_MAX; c.n_series++) {
		const struct slo_burndown *one = &b[c.n_series];
		double *y = arena_zalloc(&mem, (c.n + 1) * sizeof(*y));

		for (size_t i = 0; i < c.n; i++) {
			y[i] = i < one->n ? 100 * ratio_double(&one->v[i].share) : NAN;
			least = fmin(least, y[i]);
		}
		series[c.n_series] = (struct chart_series){ one->slo->name, y };
	}
	c.series = series;
	c.y_min = least;
	c.y_max = 100;
	chart_lines(&c, out);
	buf_release(&title);
	arena_release(&mem);
}
