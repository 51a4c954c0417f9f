/*
 * The texts that every entry must hold which comes through a pipeline, as far as the pipeline says
 * so: what packs' filters are asked for.
 */
#ifndef QUERY_NEEDLES_H
#define QUERY_NEEDLES_H

#include "bloom/ask.h"
#include "query/stage.h"

/* {0}: nothing is known. */
struct needles {
	struct bloom_ask all;
	/* What holds of streams that have a label of these names: fields of that name may be it. */
	struct bloom_ask of_lines;
	struct bytes *name;
	size_t n_names, cap_names;
};

void needles_release(struct needles *n);

/* Of a bound pipeline, whose names are borrowed. */
void needles_find(struct needles *n, const struct pipeline *p);

/* What is asked of a stream with these labels, as they are seen. */
const struct bloom_ask *needles_of(const struct needles *n, const struct labels *labels);

#endif
