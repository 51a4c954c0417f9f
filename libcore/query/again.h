/*
 * A query of a remote store that is begun again: a pack that its plan names is gone when it is
 * read, so it was replaced, and the index files of now name others. (Packs of a folder are opened
 * with the plan, and stay.) What was given out by then is not given out twice.
 *
 * A pack that is gone again in a plan of later, or in the last run, is lost: that is damage.
 */
#ifndef QUERY_AGAIN_H
#define QUERY_AGAIN_H

#include <stdatomic.h>

#include "query/query.h"

struct again_given;

struct again {
	unsigned runs;	     /* that are over */
	atomic_bool is_last; /* no further one comes */
	char **gone;	     /* names of packs; those of runs that are over come first: */
	size_t n_gone, n_before, cap_gone;

	const struct query_out *out; /* to whom entries go, in this order */
	enum direction dir;
	bool any;	 /* one was given out, */
	int64_t last_ns; /* the last of them at this time; all of that time: */
	struct again_given *given;
	size_t n_given, cap_given;
	struct buf key; /* scratch */
};

/* Returns who takes out's place in the runs; a and out outlive it. */
struct query_out again_begin(struct again *a, const struct query_opts *o,
			     const struct query_out *out);
void again_release(struct again *a);

/* The pack of this name is gone: whether the run ends for it, with ERR_NO. One call at a time. */
bool again_ends_run(struct again *a, const char *name);

/* A run has failed with e: whether a further one is to be made. */
bool again_is_due(struct again *a, const struct err *e);

#endif
