/*
 * What is looked for: a request to delete, or a rule by which lines are rewritten; and what was
 * found of it. Private to erase/.
 */
#ifndef ERASE_TARGET_H
#define ERASE_TARGET_H

#include "base/buf.h"
#include "compact/edit.h"
#include "deletes/filter.h"

struct hold;
struct scrub_rule;
struct store;

/* Entries that one target means; sums of several add up. */
struct found {
	uint64_t entries, bytes, held;
	uint64_t sum; /* of entry_sum of each */
};

struct target {
	struct bytes id, query;
	int64_t start_ns, end_ns, created_ns; /* both included; created 0: a rule */
	struct delete_filter filter;	      /* of a request */
	const struct scrub_rule *rule;	      /* or this */
	bool has_receipt;
	bool is_begun;	   /* that it was begun stands in the store */
	bool is_cancelled; /* since its file was read */
	bool undone;	   /* on some day it is not applied to all, after this run */

	/* of the day at hand */
	bool pending;
	struct found day;
	uint64_t packs, chunks;
	struct buf rows; /* of its receipt, each with a newline */
};

struct targets {
	struct bytes tenant;
	struct target *v;
	size_t n;
	unsigned jobs;
	struct worker *worker;	 /* of jobs */
	const struct hold *hold; /* NULL: nothing is held */
};

/* Makes workers; .tenant, .v, .n and .jobs are set. */
void targets_begin(struct targets *t);
void targets_end(struct targets *t);

/* Calls one(target, data, e) for each of them; of a remote store for several at once, on threads of
 * their own, as each has requests to make. The first error ends it, once those under way have
 * ended. Errors: what one gave. */
typedef int target_fn(struct target *t, void *data, struct err *e);
MUST_CHECK int targets_each(struct targets *t, struct store *s, target_fn *one, void *data,
			    struct err *e);

/* What all workers have found of each since the last call is added up into ret[], by target, and
 * forgotten. */
void targets_take(struct targets *t, struct found *ret);

/* The edit that they are, as far as they are pending. */
struct merge_edit targets_edit(struct targets *t);

#endif
