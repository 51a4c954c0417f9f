/*
 * Which packs go to make room: the oldest, by their newest entries. The decision alone, without a
 * store. For any thread.
 */
#ifndef RETENTION_KEEP_H
#define RETENTION_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/hash.h"

/* An index file: with the last of its packs it goes, too. */
struct keep_index {
	uint64_t size;
	size_t n_packs; /* that have no rule yet */
};

struct keep_pack {
	struct bytes tenant;
	int32_t day;
	struct hash128 name;
	uint64_t size;
	int64_t max_ts;
	struct keep_index *index; /* that names it */
	bool stays;		  /* something of it is held */
	bool newest;		  /* of the last day of its tenant */
	const char *rule;	  /* by which it goes; NULL: none yet */
};

/* Sets newest of those of a tenant that are of the last day it has up to today, or of a later one;
 * all of them, if it has none up to today. */
void keep_mark_newest(struct keep_pack *v, size_t n, int32_t today);

/* The oldest first; equal ones by day, tenant, name. */
void keep_sort(struct keep_pack *v, size_t n);

/*
 * Of sorted packs of this tenant (empty: of all), gives the rule to the oldest that have none and
 * do not stay, until these have `excess` bytes together with index files that go, or none is left.
 * Returns their bytes.
 */
uint64_t keep_drop(struct keep_pack *v, size_t n, struct bytes tenant, uint64_t excess,
		   const char *rule);

#endif
