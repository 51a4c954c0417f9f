#include "report/svg.h"

#include <math.h>

#include "base/html.h"

static const char style[] =
	"<style>\n"
	"svg { font: 12px system-ui, sans-serif; color: #1a1a1a; background: #fff }\n"
	"svg text { fill: currentColor }\n"
	"svg .title { font-size: 15px; font-weight: 600 }\n"
	"svg .label { font-size: 11px; opacity: .8 }\n"
	"svg .axis { stroke: currentColor; opacity: .6 }\n"
	"svg .grid { stroke: currentColor; opacity: .15 }\n"
	"svg .mark { stroke: #c62828; stroke-width: 2; stroke-dasharray: 8 4; fill: none }\n"
	"svg .area { stroke: none }\n"
	"svg .muted { fill: #9e9e9e; stroke: #9e9e9e }\n"
	"svg .good { fill: #2e7d32; stroke: #2e7d32 }\n"
	"svg .warn { fill: #ef8f00; stroke: #ef8f00 }\n"
	"svg .bad { fill: #c62828; stroke: #c62828 }\n"
	"svg .series-1 { fill: #0072b2; stroke: #0072b2 }\n"
	"svg .series-2 { fill: #e69f00; stroke: #e69f00 }\n"
	"svg .series-3 { fill: #009e73; stroke: #009e73 }\n"
	"svg .series-4 { fill: #cc79a7; stroke: #cc79a7 }\n"
	"svg .series-5 { fill: #56b4e9; stroke: #56b4e9 }\n"
	"svg .series-6 { fill: #d55e00; stroke: #d55e00 }\n"
	"svg .series-7 { fill: #8a7f00; stroke: #8a7f00 }\n"
	"svg .series-8 { fill: #7a68a6; stroke: #7a68a6 }\n"
	"svg .line { fill: none; stroke-width: 2 }\n"
	"@media (prefers-color-scheme: dark) { svg { color: #eaeaea; background: #16181c } }\n"
	"</style>\n";

const char *svg_series(size_t i)
{
	static const char *const names[] = { "series-1", "series-2", "series-3", "series-4",
					     "series-5", "series-6", "series-7", "series-8" };

	return names[i % (sizeof(names) / sizeof(names[0]))];
}

/* "3", "2.5", "-0.25": what is behind the second digit is rounded away. */
static void add_number(struct buf *out, double v)
{
	v = round(v * 100) / 100;
	buf_addf(out, "%.2f", v + 0.0); /* no "-0.00" */
	while (out->p[out->n - 1] == '0')
		out->n--;
	if (out->p[out->n - 1] == '.')
		out->n--;
}

static void add_attribute(struct buf *out, const char *name, double v)
{
	buf_addf(out, " %s=\"", name);
	add_number(out, v);
	buf_add_char(out, '"');
}

static void add_class(struct buf *out, const char *cls)
{
	buf_addf(out, " class=\"%s\"", cls);
}

/* Ends a shape that was begun. */
static void add_tip(struct buf *out, const char *tag, struct bytes tip)
{
	if (tip.n == 0) {
		buf_add_str(out, "/>\n");
		return;
	}
	buf_add_str(out, "><title>");
	html_add_xml(out, tip);
	buf_addf(out, "</title></%s>\n", tag);
}

void svg_begin(struct buf *out, double width, double height, const char *title)
{
	buf_add_str(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 ");
	add_number(out, width);
	buf_add_char(out, ' ');
	add_number(out, height);
	buf_add_char(out, '"');
	add_attribute(out, "width", width);
	add_attribute(out, "height", height);
	buf_add_str(out, ">\n<title>");
	html_add_xml(out, bytes_str(title));
	buf_add_str(out, "</title>\n");
	buf_add_str(out, style);
}

void svg_end(struct buf *out)
{
	buf_add_str(out, "</svg>\n");
}

void svg_line(struct buf *out, double x1, double y1, double x2, double y2, const char *cls)
{
	buf_add_str(out, "<line");
	add_attribute(out, "x1", x1);
	add_attribute(out, "y1", y1);
	add_attribute(out, "x2", x2);
	add_attribute(out, "y2", y2);
	add_class(out, cls);
	buf_add_str(out, "/>\n");
}

void svg_text(struct buf *out, double x, double y, enum svg_anchor anchor, const char *cls,
	      struct bytes text)
{
	static const char *const anchors[] = { "start", "middle", "end" };

	buf_add_str(out, "<text");
	add_attribute(out, "x", x);
	add_attribute(out, "y", y);
	if (anchor != SVG_START)
		buf_addf(out, " text-anchor=\"%s\"", anchors[anchor]);
	add_class(out, cls);
	buf_add_char(out, '>');
	html_add_xml(out, text);
	buf_add_str(out, "</text>\n");
}

void svg_rect(struct buf *out, double x, double y, double width, double height, const char *cls,
	      struct bytes tip)
{
	buf_add_str(out, "<rect");
	add_attribute(out, "x", x);
	add_attribute(out, "y", y);
	add_attribute(out, "width", width);
	add_attribute(out, "height", height);
	add_class(out, cls);
	add_tip(out, "rect", tip);
}

void svg_circle(struct buf *out, double x, double y, double r, const char *cls, struct bytes tip)
{
	buf_add_str(out, "<circle");
	add_attribute(out, "cx", x);
	add_attribute(out, "cy", y);
	add_attribute(out, "r", r);
	add_class(out, cls);
	add_tip(out, "circle", tip);
}

void svg_path(struct buf *out, struct bytes d, const char *cls, struct bytes tip)
{
	buf_addf(out, "<path d=\"%.*s\"", BYTES_ARG(d));
	add_class(out, cls);
	add_tip(out, "path", tip);
}

void svg_point(struct buf *d, char command, double x, double y)
{
	if (d->n > 0)
		buf_add_char(d, ' ');
	buf_add_char(d, command);
	buf_add_char(d, ' ');
	add_number(d, x);
	buf_add_char(d, ' ');
	add_number(d, y);
}
