/*
 * Line filters over lines that are taken apart: which of them may hold a text is told by the shapes
 * and the columns, without putting lines together.
 */
#ifndef QUERY_LINE_SHAPES_H
#define QUERY_LINE_SHAPES_H

#include "lines/line_filter.h"
#include "query/block.h"

/*
 * The entries of b, whose shapes are there, that may fit the filter, left aside that it may be a
 * negation: maybe[i] is set of each, and of others as it happens; b->run.n of them, zero before.
 * Every alternative is one that is found by a text. Errors: those of loading.
 */
MUST_CHECK int line_shapes_maybe(const struct line_filter *f, struct block *b, char *maybe,
				 struct err *e);

#endif
