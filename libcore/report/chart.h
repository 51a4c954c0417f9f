/* Charts of a few hundred values, as SVG (report/svg.h). */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "base/buf.h"

struct chart_series {
	struct bytes name;
	const double *y; /* as many as the chart has places; NAN: none there. Of bars not below 0 */
};

/* All is borrowed. */
struct chart {
	const char *title,
		*unit;	       /* the unit stands before the numbers when it is "$", else behind */
	size_t n;	       /* places along x, from left to right */
	const struct bytes *x; /* what they are called: those that have room are shown */
	size_t n_series;
	const struct chart_series *series;
	const double *mark; /* values that a dashed line shows: thresholds */
	size_t n_marks;
	double width, height; /* 0: 720 and 300 */
	double y_min, y_max;  /* both 0: so that 0 and all values are seen */
};

void chart_lines(const struct chart *c, struct buf *out);
/* Stacked, first series lowest. */
void chart_bars(const struct chart *c, struct buf *out);

#endif
