/* Functions over the values that unwrap took from a window: sum_over_time, quantile_over_time,
 * rate_counter ... */
#ifndef QUERY_SAMPLES_H
#define QUERY_SAMPLES_H

#include "logql/tree.h"
#include "query/range_memory.h"
#include "query/vec.h"

struct sample {
	int64_t ts;
	double v;
};

/* {0} is a valid empty one. What it takes is counted in the range_memory. */
struct samples {
	struct sample *v;
	size_t n, cap;
};

void samples_release(struct samples *s, struct range_memory *m);
MUST_CHECK int samples_add(struct samples *s, struct sample v, struct range_memory *m,
			   struct err *e);
/* Those of `from` behind those of `to`; from is then empty. */
MUST_CHECK int samples_move(struct samples *to, struct samples *from, struct range_memory *m,
			    struct err *e);

/* Which function, and over how long a window. */
struct sample_func {
	enum logql_range_op op;
	double param; /* QUANTILE_OVER_TIME */
	int64_t range_ns, offset_ns;
};

/*
 * The values at n steps from start_ns on: window i is (start + i * step - offset - range, ... -
 * offset]. Sorts s. out->v and out->has are set. It takes as much memory again
 * for a moment, which is not counted.
 */
void samples_eval(const struct sample_func *f, struct samples *s, int64_t start_ns, int64_t step_ns,
		  size_t n, struct series *out);

#endif
