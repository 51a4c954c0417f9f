/* Colour of an entry on a terminal: by its level. */
#ifndef QUERY_COLOR_H
#define QUERY_COLOR_H

#include "query/log.h"

#define COLOR_DIM "\x1b[2m"
#define COLOR_END "\x1b[0m"

/* The sequence that begins it, or "": of the label detected_level, or else level. */
const char *color_of_level(const struct log_labels *l);

/* text between the sequences, each line of it by itself, as pagers want it. */
void color_add(struct buf *b, const char *color, struct bytes text);

#endif
