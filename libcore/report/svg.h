/*
 * Pictures as SVG, without script, readable on light and on dark. Lengths are in pixels from the
 * upper left corner, and are written with two digits behind the point at most. Texts and tips are
 * escaped.
 *
 * Classes have their colours from svg_begin: axis, grid, label (small text), title, muted, mark (a
 * threshold, dashed), good, warn, bad, and series-1 to series-8, to which svg_series gives names in
 * turn.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "base/buf.h"

void svg_begin(struct buf *out, double width, double height, const char *title);
void svg_end(struct buf *out);

/* "series-3" of 2, and again from "series-1" behind the last. */
const char *svg_series(size_t i);

void svg_line(struct buf *out, double x1, double y1, double x2, double y2, const char *cls);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
void svg_text(struct buf *out, double x, double y, enum svg_anchor anchor, const char *cls,
	      struct bytes text);

/* tip is shown where the pointer rests; an empty one is none. */
void svg_rect(struct buf *out, double x, double y, double width, double height, const char *cls,
	      struct bytes tip);
void svg_circle(struct buf *out, double x, double y, double r, const char *cls, struct bytes tip);
/* d is a path's own language, such as svg_point writes; filled when it has the class "area". */
void svg_path(struct buf *out, struct bytes d, const char *cls, struct bytes tip);

/* For a path: "M 1 2.5" with the command 'M'. */
void svg_point(struct buf *d, char command, double x, double y);

#endif
