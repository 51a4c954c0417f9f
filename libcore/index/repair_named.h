/*
 * A damaged pack that index files name which count: what can be read of it goes into a new one, and
 * an index file with that in its place replaces them. Private to index/.
 */
#ifndef INDEX_REPAIR_NAMED_H
#define INDEX_REPAIR_NAMED_H

#include "index/live.h"
#include "index/repair_day.h"

enum named_way {
	NAMED_REPLACED, /* others have replaced it meanwhile: nothing is to be done */
	NAMED_MERGE,	/* repair_named_merge does it */
	NAMED_APART, /* the index files that name it, if there are any, are to be made anew without
			it, as if it were not there: so what it had replaced counts again, and what
			the log has, where they have what is lost */
};

struct repair_named {
	enum named_way way;
	struct hash_list names;	  /* of those index files */
	struct salvaged salvaged; /* nothing was written for it */
	struct loss loss;	  /* of what they name of it; so far as it is not NAMED_REPLACED */
	/* private */
	struct live live;
	bool *take;
	struct kept_blocks chunks;
	struct hash_list known, old;
};

/* Reads all of the pack, and writes nothing. ret is to be released, on failure too. Errors: ERR_IO,
 * ERR_AGAIN; ERR_CORRUPT an index file that names it is damaged; ERR_NO the pack is gone. */
MUST_CHECK int repair_named_plan(const struct repair_day *d, const struct store_name *pack,
				 struct repair_named *ret, struct err *e);

/* Makes the new pack, unless nothing can be read of the old one, and, that being the commit, the
 * new index file; their names, relative to the store, are appended. Errors: as above; ERR_FULL;
 * ERR_AGAIN also: others have replaced an index file meanwhile. */
MUST_CHECK int repair_named_merge(const struct repair_day *d, const struct store_name *pack,
				  const struct repair_named *n, struct buf *ret_pack,
				  struct buf *ret_index, struct err *e);
void repair_named_release(struct repair_named *n);

#endif
