/* What was left of a budget as time went on, as rows and as pictures. */
#ifndef SLO_BURNDOWN_H
#define SLO_BURNDOWN_H

#include "slo/objective.h"
#include "slo/ratio.h"
#include "slo/series.h"

struct slo_left {
	int64_t ts_ns;
	struct ratio share;
};

/* One objective's. {0} is a valid empty one. */
struct slo_burndown {
	const struct slo *slo;
	struct slo_left *v; /* owned; oldest first, the first before anything was spent */
	size_t n;
	bool is_relative; /* times are counted from 0, and are no dates */
	bool has_events;  /* there are some in its intervals */
};

enum { SLO_BURNDOWN_MAX = 240 }; /* points: of more intervals, each some-th, and the last */

void slo_burndown_release(struct slo_burndown *b);

/* Of the intervals in [from, to), as slo_series_within has them, against the budget of all that
 * they have. Errors: ERR_LIMIT; ERR_CORRUPT, it begins inside of one. */
MUST_CHECK int slo_burndown_of(const struct slo *o, const struct slo_series *s, int64_t from_ns,
			       int64_t to_ns, struct slo_burndown *ret, struct err *e);

/* A bar for each of 30 points at most. */
void slo_burndown_text(struct buf *out, const struct slo_burndown *b);
void slo_burndown_jsonl(struct buf *out, const struct slo_burndown *b);
/* Below a row of names. */
void slo_burndown_csv(struct buf *out, const struct slo_burndown *b, size_t n);
/* A whole picture of all of them, which have the same times. */
void slo_burndown_svg(struct buf *out, const struct slo_burndown *b, size_t n);

#endif
