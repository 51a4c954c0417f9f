/* The ring as a picture. */
#ifndef RING_PICTURE_H
#define RING_PICTURE_H

#include "ring/view.h"

/*
 * Appends an SVG: a band for each zone (without zone awareness for each replica), on which each
 * position has the colour of its first owner there, of 16 zones at most, the first that instances
 * have by name; what is left out is said in it; outside, marks at the tokens of those who are
 * passed over; beside it every instance with its state and what it owns. Position 0 is on top, and
 * it goes on clockwise.
 */
void ring_picture(const struct ring_view *v, struct buf *out);

#endif
