/*
 * Deleting what live index files have made obsolete: index files, packs, and packs that compactions
 * and flushes which did not end have left. Rules: lokid-index(5), "DELETING".
 */
#ifndef INDEX_SWEEP_H
#define INDEX_SWEEP_H

#include "index/live.h"

enum sweep_mode {
	SWEEP_DELETE,
	SWEEP_DRY, /* nothing is deleted, all is told */
};

/* One tenant and day. Who sweeps has the day's lock, as who compacts it has: index_lock. */
struct sweep {
	struct store *store;
	struct bytes tenant;
	int32_t day;
	/* For so long, by the store's clock, what made them obsolete has been there; or, of
	 * leftovers, they themselves have. 0 is for a store that nobody reads meanwhile. */
	int64_t delay_ns;
	enum sweep_mode mode;
	/* Each object, named relative to the store, as it goes: leftovers, then index files, then
	 * the packs that were replaced; of each the oldest first. NULL is fine. */
	void (*deleted)(const char *name, uint64_t size, void *data);
	/* What is wrong with an index file or a missing pack: of a day with any of it nothing is
	 * deleted. NULL is fine. */
	void (*fault)(const struct err *e, void *data);
	void *data;
};

/* Returns the number of faults. Errors: ERR_IO, ERR_AGAIN, ERR_FULL. */
MUST_CHECK int64_t index_sweep(const struct sweep *s, struct err *e);

/* What writers that died have left in a tenant's folders, or in the store's own when tenant is
 * empty; of an object store that takes a request or two for each. Errors: ERR_IO. */
MUST_CHECK int index_sweep_abandoned(struct store *s, struct bytes tenant, struct err *e);

/* The lock of whoever compacts this tenant and day. Errors: store_lock's. */
struct store_lock *index_lock(struct store *s, struct bytes tenant, int32_t day, struct err *e);

/* ---- the decision alone ---- */

struct sweep_index {
	struct live_item item;
	bool live;
	bool old; /* is of the delay's age */
};

struct sweep_pack {
	struct hash128 name;
	bool old;
	const struct pack_trailer *trailer; /* NULL when it cannot be read, or is named */
};

enum sweep_what { SWEEP_STAYS, SWEEP_LEFTOVER, SWEEP_REPLACED };

/*
 * ret_index[i]: 0 stays; else the turn in which it may go, after those of lower ones: as an index
 * file that is not live by those alone that are live and old; but not while it names a source of a
 * leftover that stays, and live files do not know of it. Or it is live, and all that is left of the
 * day are old index files without packs. ret_pack: SWEEP_LEFTOVER, an old pack that no index file
 * names and no live one says is replaced, and either has sources, each of which one that is not
 * live names, or one that is live and old names or says is replaced; or comes whole from segments,
 * each of which one that is live and old covers. SWEEP_REPLACED, one that no index file which stays
 * names, and that a live and old one says is replaced, or an index file which goes names.
 *
 * Leftovers are deleted first, while it is known that they are; then index files, then packs: so
 * whoever still means to commit what they name finds that they are gone. For any thread.
 */
void sweep_pick(const struct sweep_index *index, size_t n_index, const struct sweep_pack *pack,
		size_t n_packs, unsigned *ret_index, enum sweep_what *ret_pack);

#endif
