#include "ring/picture.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "report/svg.h"
#include "ring/load.h"

enum { BINS = 720, ROWS_MAX = 34, MARKS_MAX = 4096, BANDS_MAX = 16, NOBODY = -1 };

static const double WIDTH = 900, HEIGHT = 600, X = 300, Y = 310, OUTER = 255, INNER = 110,
		    LEGEND_X = 600, LEGEND_Y = 60, ROW = 15;

struct picture {
	const struct ring_view *v;
	struct buf *out;
	size_t n_bands;
	bool only_first; /* a zone has owners that its band does not show */
	double *load;
	size_t *colour;	 /* of each instance: numbers that differ within a zone */
	uint32_t *order; /* of the legend: zone by zone, by name */
};

/* ---- places on the circle ---- */

static void point(struct buf *d, char command, double radius, double turn)
{
	double angle = 2 * M_PI * turn;

	svg_point(d, command, X + radius * sin(angle), Y - radius * cos(angle));
}

/* Part of a band from one turn of the circle to another, in steps that nobody sees. */
static void arc(struct buf *d, double inner, double outer, double from, double to)
{
	int steps = 1 + (int)((to - from) * BINS / 2);

	for (int i = 0; i <= steps; i++)
		point(d, i ? 'L' : 'M', outer, from + (to - from) * i / steps);
	for (int i = steps; i >= 0; i--)
		point(d, 'L', inner, from + (to - from) * i / steps);
	buf_add_str(d, " Z");
}

static double band_outer(const struct picture *p, size_t band)
{
	return OUTER - (double)band * (OUTER - INNER) / (double)p->n_bands;
}

/* ---- bands ---- */

static const char *colour_of(const struct picture *p, size_t who)
{
	return svg_series(p->colour[who]);
}

/* Who owns the position on this band. */
static int owner_on(const struct picture *p, const struct ring_owners *o, size_t band)
{
	if (!p->v->ring->settings.zone_awareness)
		return band < o->n ? (int)o->v[band] : NOBODY;
	for (size_t i = 0; i < o->n; i++)
		if (p->v->zone[o->v[i]] == band)
			return (int)o->v[i];
	return NOBODY;
}

static void draw_run(const struct picture *p, size_t band, int who, int from, int to)
{
	double outer = band_outer(p, band), inner = band_outer(p, band + 1) + 3;
	struct buf d = { 0 }, tip = { 0 }, class = { 0 };

	arc(&d, inner, outer, (double)from / BINS, (double)to / BINS);
	if (who == NOBODY) {
		buf_add_str(&class, "grid");
		buf_add_str(&tip, "nobody");
	} else {
		const struct ring_instance *in = &p->v->ring->v[who];

		buf_addf(&class, "area %s", colour_of(p, (size_t)who));
		buf_addf(&tip, "%.*s%s%.*s", BYTES_ARG(in->name), in->zone.n ? ", zone " : "",
			 BYTES_ARG(in->zone));
	}
	svg_path(p->out, buf_bytes(&d), buf_str(&class), buf_bytes(&tip));
	buf_release(&d);
	buf_release(&tip);
	buf_release(&class);
}

/* Has a zone two of them? Its band has room for the first. */
static bool share_a_zone(const struct picture *p, const struct ring_owners *o)
{
	for (size_t i = 0; i < o->n; i++)
		for (size_t k = 0; k < i; k++)
			if (p->v->zone[o->v[i]] == p->v->zone[o->v[k]])
				return true;
	return false;
}

static void draw_bands(struct picture *p)
{
	struct ring_owners *o = mem_alloc(BINS * sizeof(*o));

	for (int i = 0; i < BINS; i++) {
		ring_owners_of(p->v, (uint32_t)((i + 0.5) / BINS * 4294967296.0), &o[i]);
		p->only_first = p->only_first || share_a_zone(p, &o[i]);
	}
	for (size_t band = 0; band < p->n_bands; band++) {
		int from = 0, who = owner_on(p, &o[0], band);

		for (int i = 1; i <= BINS; i++) {
			int next = i < BINS ? owner_on(p, &o[i], band) : NOBODY - 1;

			if (next == who)
				continue;
			draw_run(p, band, who, from, i);
			from = i;
			who = next;
		}
	}
	free(o);
}

/* Where those stand who are passed over. */
static void draw_marks(const struct picture *p)
{
	const struct ring *r = p->v->ring;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		enum ring_state health = ring_health(&r->settings, &r->v[i], p->v->now_ns);

		if (health == RING_ACTIVE)
			continue;
		for (size_t k = 0; k < r->v[i].n_tokens && n < MARKS_MAX; k++, n++) {
			double angle = 2 * M_PI * (double)r->v[i].token[k] / 4294967296.0;

			svg_line(p->out, X + (OUTER + 4) * sin(angle), Y - (OUTER + 4) * cos(angle),
				 X + (OUTER + 12) * sin(angle), Y - (OUTER + 12) * cos(angle),
				 health == RING_UNHEALTHY ? "bad" : "warn");
		}
	}
}

/* ---- words ---- */

static void text(const struct picture *p, double x, double y, enum svg_anchor anchor,
		 const char *class, const char *words)
{
	svg_text(p->out, x, y, anchor, class, bytes_str(words));
}

static void legend_row(const struct picture *p, size_t who, size_t row)
{
	const struct ring_instance *in = &p->v->ring->v[who];
	enum ring_state health = ring_health(&p->v->ring->settings, in, p->v->now_ns);
	double y = LEGEND_Y + ROW * (double)row;
	struct buf b = { 0 };

	svg_rect(p->out, LEGEND_X, y - 9, 10, 10,
		 health == RING_ACTIVE	    ? colour_of(p, who)
		 : health == RING_UNHEALTHY ? "bad"
					    : "warn",
		 bytes_of(NULL, 0));
	buf_addf(&b, "%.*s", BYTES_ARG(bytes_sub(in->name, 0, 24)));
	if (in->zone.n)
		buf_addf(&b, " (%.*s)", BYTES_ARG(bytes_sub(in->zone, 0, 12)));
	if (health != RING_ACTIVE)
		buf_addf(&b, " %s", ring_state_name(health));
	text(p, LEGEND_X + 16, y, SVG_START, "label", buf_str(&b));
	buf_reset(&b);
	buf_addf(&b, "%.2f%%", 100 * p->load[who]);
	text(p, WIDTH - 14, y, SVG_END, "label", buf_str(&b));
	buf_release(&b);
}

static void draw_legend(const struct picture *p)
{
	size_t n = p->v->ring->n, shown = n > ROWS_MAX ? ROWS_MAX : n;
	struct buf b = { 0 };

	for (size_t i = 0; i < shown; i++)
		legend_row(p, p->order[i], i);
	if (n > shown) {
		buf_addf(&b, "and %zu more", n - shown);
		text(p, LEGEND_X + 16, LEGEND_Y + ROW * ROWS_MAX, SVG_START, "label", buf_str(&b));
	}
	buf_release(&b);
}

static void draw_centre(const struct picture *p)
{
	const struct ring *r = p->v->ring;
	struct buf b = { 0 };

	buf_addf(&b, "%zu of %zu", ring_view_writable(p->v), r->n);
	text(p, X, Y - 12, SVG_MIDDLE, "title", buf_str(&b));
	text(p, X, Y + 6, SVG_MIDDLE, "label", "instances take writes");
	buf_reset(&b);
	ring_add_replicas(&b, p->v);
	text(p, X, Y + 24, SVG_MIDDLE, "label", buf_str(&b));
	buf_reset(&b);
	if (r->settings.zone_awareness && r->n)
		buf_addf(&b, "a band is a zone, %.*s outside",
			 BYTES_ARG(bytes_sub(r->v[0].zone, 0, 16)));
	else
		buf_add_str(&b, "a band is a replica");
	text(p, X, Y + 42, SVG_MIDDLE, "label", buf_str(&b));
	buf_release(&b);
}

/* What a reader would miss. */
static void draw_left_out(const struct picture *p)
{
	struct buf b = { 0 };

	if (p->v->ring->settings.zone_awareness && p->v->n_zones > p->n_bands)
		buf_addf(&b, "%zu of %zu zones have a band", p->n_bands, p->v->n_zones);
	if (p->only_first)
		buf_addf(&b, "%sof each zone the first owner", b.n ? "; " : "");
	if (b.n)
		text(p, 14, 40, SVG_START, "label", buf_str(&b));
	buf_release(&b);
}

/* Zones begin with other colours, so that bands differ as well. */
static void choose_colours(struct picture *p)
{
	const struct ring_view *v = p->v;
	size_t *seen = mem_alloc(v->n_zones * sizeof(*seen)), n = 0;

	p->colour = mem_alloc(v->ring->n * sizeof(*p->colour));
	p->order = mem_alloc(v->ring->n * sizeof(*p->order));
	for (size_t i = 0; i < v->ring->n; i++)
		p->colour[i] =
			v->ring->settings.zone_awareness ? 3 * v->zone[i] + seen[v->zone[i]]++ : i;
	for (size_t zone = 0; zone < v->n_zones && n < ROWS_MAX; zone++)
		for (size_t i = 0; i < v->ring->n && n < ROWS_MAX; i++)
			if (v->zone[i] == zone)
				p->order[n++] = (uint32_t)i;
	free(seen);
}

void ring_picture(const struct ring_view *v, struct buf *out)
{
	const struct ring *r = v->ring;
	struct picture p = { .v = v, .out = out };
	double all;

	p.n_bands = r->settings.zone_awareness ? v->n_zones : r->settings.replication;
	if (p.n_bands > BANDS_MAX)
		p.n_bands = BANDS_MAX;
	p.n_bands += p.n_bands == 0;
	p.load = mem_alloc(r->n * sizeof(*p.load));
	all = ring_loads(v, p.load);
	for (size_t i = 0; i < r->n && all > 0; i++)
		p.load[i] /= all;
	choose_colours(&p);
	svg_begin(out, WIDTH, HEIGHT, "ring");
	text(&p, 14, 24, SVG_START, "title", "Who owns which positions of the ring");
	draw_bands(&p);
	draw_marks(&p);
	draw_left_out(&p);
	draw_centre(&p);
	draw_legend(&p);
	svg_end(out);
	free(p.load);
	free(p.colour);
	free(p.order);
}
