/* Which packs of one tenant and day go into which index, by what their trailers say. Private to
 * index/. */
#ifndef INDEX_SELECT_H
#define INDEX_SELECT_H

#include "chunk/pack.h"

struct select_pack {
	struct hash128 name;
	const struct pack_trailer *trailer;
	bool usable; /* set by the caller: trailer and heads are right */

	/* set by select_packs */
	bool in_whole; /* goes into the index of what comes whole from segments */
	bool in_mixed; /* goes into the index of the rest */
	bool counts;   /* what its trailer says of segments and replaced packs holds: all its parts
			  are there, or replaced */
};

/*
 * A pack with provenance and its parts are a unit. It holds when each of them is usable, or
 * replaced by a unit that holds. Units that others make obsolete are left out, as live_pick has it
 * for index files; packs of no unit that holds count for themselves, unless replaced. Names ascend
 * and are distinct.
 */
void select_packs(struct select_pack *v, size_t n);

#endif
