#include "report/chart.h"

#include <math.h>

#include "report/svg.h"

enum {
	LEFT = 64,
	RIGHT = 16,
	TOP = 56,
	BOTTOM = 36,
	TICKS = 5,
	LETTER = 7,
	LEGEND_LINE = 18,
	DOTS_MAX = 60
};

/* Where values and places lie in the picture. */
struct frame {
	const struct chart *c;
	double width, height, top;
	double min, max, step; /* of y: multiples of step */
};

/* The least of 1, 2, 2.5 and 5 times a power of ten that is not below v. */
static double round_step(double v)
{
	static const double steps[] = { 1, 2, 2.5, 5 };
	const double power = pow(10, floor(log10(v)));

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i] * power >= v * (1 - 1e-9))
			return steps[i] * power;
	return 10 * power;
}

/* What a stack of bars reaches, or the extremes of lines. */
static void find_range(const struct chart *c, bool stacked, double *min, double *max)
{
	for (size_t i = 0; i < c->n; i++) {
		double sum = 0;

		for (size_t s = 0; s < c->n_series; s++) {
			const double y = c->series[s].y[i];

			if (!isfinite(y))
				continue;
			sum = stacked ? sum + y : y;
			*max = fmax(*max, sum);
			*min = fmin(*min, sum);
		}
	}
	for (size_t i = 0; i < c->n_marks; i++) {
		*max = fmax(*max, c->mark[i]);
		*min = fmin(*min, c->mark[i]);
	}
}

/* Moves *x, where a series is named, to where the next one is; true when this one begins a line. */
static bool legend_step(const struct frame *f, size_t s, double *x)
{
	const double width = 31 + LETTER * (double)f->c->series[s].name.n;
	const bool wraps = *x > LEFT && *x + width > f->width - RIGHT;

	*x = (wraps ? LEFT : *x) + width;
	return wraps;
}

static struct frame frame_of(const struct chart *c, bool stacked)
{
	struct frame f = { .c = c,
			   .width = c->width > 0 ? c->width : 720,
			   .height = c->height > 0 ? c->height : 300,
			   .top = TOP,
			   .min = c->y_min,
			   .max = c->y_max };
	double x = LEFT;

	for (size_t s = 0; c->n_series > 1 && s < c->n_series; s++)
		f.top += legend_step(&f, s, &x) ? LEGEND_LINE : 0;
	f.height += f.top - TOP;
	if (f.min == 0 && f.max == 0)
		find_range(c, stacked, &f.min, &f.max);
	if (!(f.max > f.min))
		f.max = f.min + 1;
	f.step = round_step((f.max - f.min) / TICKS);
	f.min = floor(f.min / f.step + 1e-9) * f.step;
	f.max = ceil(f.max / f.step - 1e-9) * f.step;
	return f;
}

static double at_y(const struct frame *f, double y)
{
	const double share = (fmin(fmax(y, f->min), f->max) - f->min) / (f->max - f->min);

	return f->height - BOTTOM - share * (f->height - f->top - BOTTOM);
}

/* The middle of a place. */
static double at_x(const struct frame *f, size_t i)
{
	return LEFT + ((double)i + 0.5) * (f->width - LEFT - RIGHT) / (double)f->c->n;
}

/* "1200", "0.25", "$30", "150 k", "50 M" */
static void add_value(struct buf *b, const struct chart *c, double v)
{
	static const char *const large[] = { "", "k", "M", "G", "T", "P", "E" };
	const bool before = c->unit && strcmp(c->unit, "$") == 0;
	size_t power = 0;

	if (v < 0)
		buf_add_char(b, '-');
	v = fabs(v);
	/* What is short enough stays as it is. */
	for (; v >= (power ? 1e3 : 1e5) && power + 1 < sizeof(large) / sizeof(large[0]); power++)
		v /= 1000;
	buf_addf(b, "%s%.5g", before ? "$" : "", v);
	if (power > 0)
		buf_addf(b, " %s", large[power]);
	if (c->unit && !before && *c->unit)
		buf_addf(b, "%s%s", strcmp(c->unit, "%") == 0 ? "" : " ", c->unit);
}

static void add_grid(const struct frame *f, struct buf *out)
{
	struct buf text = { 0 };

	for (int i = 0; f->min + i * f->step <= f->max + f->step / 2; i++) {
		double v = f->min + i * f->step, y;

		v = fabs(v) < f->step / 1e6 ? 0 : v;
		y = at_y(f, v);
		svg_line(out, LEFT, y, f->width - RIGHT, y, v == 0 ? "axis" : "grid");
		buf_reset(&text);
		add_value(&text, f->c, v);
		svg_text(out, LEFT - 8, y + 4, SVG_END, "label", buf_bytes(&text));
	}
	buf_release(&text);
}

/* As many names as have room side by side. */
static void add_places(const struct frame *f, struct buf *out)
{
	const struct chart *c = f->c;
	const double room = (f->width - LEFT - RIGHT) / (double)(c->n ? c->n : 1);
	size_t longest = 1, every;

	for (size_t i = 0; i < c->n; i++)
		longest = c->x[i].n > longest ? c->x[i].n : longest;
	every = (size_t)ceil((double)(longest + 2) * LETTER / room);
	for (size_t i = 0; i < c->n; i += every) {
		const double x = at_x(f, i), half = (double)c->x[i].n * LETTER / 2;
		const bool is_cut = x + half > f->width;

		svg_text(out, is_cut ? f->width : x, f->height - BOTTOM + 18,
			 is_cut ? SVG_END : SVG_MIDDLE, "label", c->x[i]);
	}
}

static void add_legend(const struct frame *f, struct buf *out)
{
	const struct chart *c = f->c;
	double x = LEFT, y = 42;

	if (c->n_series < 2)
		return;
	for (size_t s = 0; s < c->n_series; s++) {
		double at = x;

		if (legend_step(f, s, &x)) {
			at = LEFT;
			y += LEGEND_LINE;
		}
		svg_rect(out, at, y - 9, 10, 10, svg_series(s), (struct bytes){ 0 });
		svg_text(out, at + 15, y, SVG_START, "label", c->series[s].name);
	}
}

static void begin(const struct frame *f, struct buf *out)
{
	svg_begin(out, f->width, f->height, f->c->title);
	svg_text(out, LEFT, 20, SVG_START, "title", bytes_str(f->c->title));
	add_grid(f, out);
	add_places(f, out);
	add_legend(f, out);
}

static void end(const struct frame *f, struct buf *out)
{
	for (size_t i = 0; i < f->c->n_marks; i++) {
		const double y = at_y(f, f->c->mark[i]);

		svg_line(out, LEFT, y, f->width - RIGHT, y, "mark");
	}
	svg_end(out);
}

/* "2026-01 web: 12.5 GB" */
static void set_tip(struct buf *tip, const struct chart *c, size_t i, size_t s)
{
	buf_reset(tip);
	buf_add_bytes(tip, c->x[i]);
	if (c->series[s].name.n)
		buf_addf(tip, " %.*s", BYTES_ARG(c->series[s].name));
	buf_add_str(tip, ": ");
	add_value(tip, c, c->series[s].y[i]);
}

static void add_line(const struct frame *f, size_t s, struct buf *out)
{
	const struct chart *c = f->c;
	struct buf d = { 0 }, cls = { 0 }, tip = { 0 };
	char command = 'M';

	for (size_t i = 0; i < c->n; i++) {
		const double y = c->series[s].y[i];

		if (isfinite(y))
			svg_point(&d, command, at_x(f, i), at_y(f, y));
		command = isfinite(y) ? 'L' : 'M';
	}
	buf_addf(&cls, "line %s", svg_series(s));
	if (d.n > 0)
		svg_path(out, buf_bytes(&d), buf_str(&cls), c->series[s].name);
	for (size_t i = 0; i < c->n && c->n <= DOTS_MAX; i++) {
		if (!isfinite(c->series[s].y[i]))
			continue;
		set_tip(&tip, c, i, s);
		svg_circle(out, at_x(f, i), at_y(f, c->series[s].y[i]), 3, svg_series(s),
			   buf_bytes(&tip));
	}
	buf_release(&d);
	buf_release(&cls);
	buf_release(&tip);
}

void chart_lines(const struct chart *c, struct buf *out)
{
	const struct frame f = frame_of(c, false);

	begin(&f, out);
	for (size_t s = 0; s < c->n_series; s++)
		add_line(&f, s, out);
	end(&f, out);
}

void chart_bars(const struct chart *c, struct buf *out)
{
	const struct frame f = frame_of(c, true);
	const double room = (f.width - LEFT - RIGHT) / (double)(c->n ? c->n : 1);
	const double width = fmin(fmax(room * 0.7, 1), 60);
	struct buf tip = { 0 };

	begin(&f, out);
	for (size_t i = 0; i < c->n; i++) {
		double sum = 0;

		for (size_t s = 0; s < c->n_series; s++) {
			const double y = c->series[s].y[i];
			double top, low;

			if (!isfinite(y) || y <= 0)
				continue;
			low = at_y(&f, sum);
			top = at_y(&f, sum += y);
			set_tip(&tip, c, i, s);
			svg_rect(out, at_x(&f, i) - width / 2, top, width, low - top, svg_series(s),
				 buf_bytes(&tip));
		}
	}
	end(&f, out);
	buf_release(&tip);
}
