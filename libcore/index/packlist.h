/* The list of packs that idxbuild is given: paths, one a line. */
#ifndef INDEX_PACKLIST_H
#define INDEX_PACKLIST_H

#include "base/arena.h"
#include "store/names.h"

/* {0} is a valid empty one. */
struct packlist {
	struct arena mem; /* the names' strings */
	struct store_name *v;
	size_t n, cap;
};

void packlist_release(struct packlist *l);

/* Errors: ERR_USAGE, path is no pack's. */
MUST_CHECK int packlist_add(struct packlist *l, struct bytes path, struct err *e);

/*
 * Reads paths up to the end of fd; empty lines are nothing. A line that is no pack's path goes to
 * fault (ERR_CORRUPT: the list was cut, or is none), of many the first and how many more there are,
 * and the others still count. Errors: ERR_IO; ERR_LIMIT more than 1 GiB.
 */
MUST_CHECK int packlist_read(struct packlist *l, int fd,
			     void (*fault)(const struct err *e, void *data), void *data,
			     struct err *e);

#endif
