/* What the registry and the writer of the text share; for this module only. */
#ifndef METRICS_REGISTRY_H
#define METRICS_REGISTRY_H

#include <stdatomic.h>

#include "base/map.h"
#include "metrics/metrics.h"

struct metrics_series {
	const struct metrics_family *family;
	struct bytes labels;	   /* a="1",b="2"; lies behind the series */
	_Atomic double value;	   /* of a histogram the sum */
	_Atomic uint64_t bucket[]; /* of a histogram: each by itself, that of +Inf last */
};

struct metrics_group {
	const struct metrics_family *family;
	struct metrics_series **series; /* owned */
	size_t n, cap;
	struct map by_labels; /* to the index in series */
};

/* Appends name="value", after a comma when key is not empty. */
void metrics_add_label(struct buf *key, const char *name, struct bytes value);

/* Appends the text of all; puts them and their series in order. */
void metrics_write_groups(struct metrics_group *v, size_t n, struct buf *out);

#endif
