/*
 * What a pack is that no index file names: checks tell it, and who sweeps deletes what is of no
 * use. Private to index/. For any thread.
 */
#ifndef INDEX_UNNAMED_H
#define INDEX_UNNAMED_H

#include "chunk/pack.h"

enum unnamed {
	UNNAMED_ORPHAN,	     /* it may be the only one that has its entries */
	UNNAMED_LEFTOVER,    /* it has sources, each of which is known */
	UNNAMED_SUPERFLUOUS, /* it comes whole from segments, each of which is covered */
};

/* By its trailer. known: packs that index files name or say are replaced; covered: segments that
 * live ones replace. Both ascend. */
enum unnamed unnamed_judge(const struct pack_trailer *t, const struct hash_list *known,
			   const struct hash_list *covered);

#endif
