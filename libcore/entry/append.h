/* From a run (one stream, by column) into a heap of entries. */
#ifndef ENTRY_APPEND_H
#define ENTRY_APPEND_H

#include "entry/entries.h"

/* Numbers of sets between a run's table and the heap's; scratch kept between calls. {0} is a valid
 * empty one. */
struct append_scratch {
	uint32_t *set;
	struct label *pairs;
	size_t cap_set, cap_pairs;
};

void append_scratch_release(struct append_scratch *s);

/*
 * Appends the entries of run (all columns decoded) whose time lies in [from_ns, to_ns), as entries
 * of `stream`, with their metadata. Returns how many. INT64_MIN and INT64_MAX stand for no bound.
 */
size_t entries_append_run(struct entries *es, uint32_t stream, const struct run *run,
			  int64_t from_ns, int64_t to_ns, struct append_scratch *s);

#endif
