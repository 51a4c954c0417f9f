/* A repair's work at one tenant and day, whose lock it has. Private to index/. */
#ifndef INDEX_REPAIR_DAY_H
#define INDEX_REPAIR_DAY_H

#include "index/build.h"
#include "index/fault.h"
#include "index/salvage.h"

struct repair_day {
	struct store *store;
	struct bytes tenant;
	int32_t day;
	/* What is set aside soon, ascending: index files as if they were not there, and packs that
	 * none is to name. */
	struct hash_list without, gone;
	/* Packs that are damaged inside, ascending: as if no index file could name them. */
	struct hash_list damaged;
	bool dry_run; /* nothing is written */
};

/* A pack that no index file can name, and what of it is in a new one. */
struct repair_pack {
	struct store_name name; /* its tenant is that of the day */
	struct salvaged salvaged;
};
struct repair_packs {
	struct repair_pack *v;
	size_t n, cap;
};
void repair_packs_release(struct repair_packs *l);

/*
 * Makes index files of those packs that none names but such as are set aside, and of what can be
 * read of those that none can name, which are *ret. Returns how many packs are left that cannot be
 * named, of whom an index file that is to be set aside may be the last that does. A dry run only
 * finds out. Errors: ERR_IO, ERR_FULL, ERR_AGAIN, ERR_LIMIT.
 */
MUST_CHECK int64_t repair_build(const struct repair_day *r, const struct build_events *ev,
				struct repair_packs *ret, struct err *e);

/* Takes out of the list those that an index file names which is there now, also one of those that
 * were to be set aside. Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int repair_leave_named(const struct repair_day *r, struct repair_packs *l,
				  struct err *e);

/* Packs of which no index file needs to know, as FAULT_SUPERFLUOUS and FAULT_LEFTOVER, by all index
 * files that are there now. Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int repair_unneeded(const struct repair_day *r, struct fault_list *ret, struct err *e);

#endif
