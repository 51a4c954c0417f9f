/* The order of values that unwrap took: by time, and by value. */
#ifndef QUERY_SAMPLES_ORDER_H
#define QUERY_SAMPLES_ORDER_H

#include "query/samples.h"

/* By time; those of one time stay in their order. What comes in few ascending runs, as from blocks,
 * takes little more than a look. It takes as much memory again for a moment. */
void samples_sort(struct sample *v, size_t n);

/* Of n values, at least 1: between the two that the rank lies between; NaN is the lowest. +Inf when
 * q is above 1, as a rank beyond the last one is no value at all. */
double samples_quantile(double q, const struct sample *v, size_t n);

#endif
