/* One tenant and day, run by run. Private to compact/. */
#ifndef COMPACT_DAY_H
#define COMPACT_DAY_H

#include "base/hash.h"
#include "compact/compact.h"
#include "index/due.h"
#include "store/names.h"

struct day_job {
	const struct compact_opts *o;
	struct compact_day sum; /* with tenant and day */
	struct hash_list stays; /* packs that are left alone from now on: damaged ones; ascending */
	struct hash_list told;	/* index files whose damage was told; ascending */
	struct hash128 gone;	/* the pack that was last found to be gone */
	unsigned outrun;	/* so often others had replaced what was merged */
	size_t most;		/* packs of a run at most; 0: any number */
	bool looked;		/* whether the day is over */
	bool day_over;
	bool waits; /* it has ended, but not long ago, or something came a moment ago */
};

void day_release(struct day_job *d);

/* Merges once, and commits. 1, or 0 when nothing is left to do. */
MUST_CHECK int day_merge(struct day_job *d, struct err *e);

/* Whether there is anything to merge on a day that is in order, at this time of the store's. */
bool day_wants(const struct compact_opts *o, struct bytes tenant, const struct due_day *due,
	       int64_t now_ns);

/* Tells of all that would be merged. */
MUST_CHECK int day_plan(struct day_job *d, struct err *e);

#endif
