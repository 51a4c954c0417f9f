/*
 * Which index files of one tenant and day count. Writing an index is the commit, and what it
 * replaces is deleted later, so at any moment a folder may hold index files that others have made
 * obsolete. Rules: lokid-index(5), "COMMIT RULES".
 */
#ifndef INDEX_LIVE_H
#define INDEX_LIVE_H

#include "index/index.h"

/* What the rules look at. The arrays are ascending and without doubles. */
struct live_item {
	struct hash128 name;
	bool mixed; /* holds more than the sets below say */
	const struct hash128 *set[3];
	size_t n[3]; /* by enum index_list */
	const struct hash128 *packs;
	size_t n_packs;
	/* As select_packs has it: no index file, but packs that one run made. gone: of those that
	 * it was made of, those that are not there. */
	bool is_unit;
	const struct hash128 *gone;
	size_t n_gone;
};

/*
 * ret_live[i] tells whether item i counts. Not live is
 *   who is named by another's replaced index files;
 *   who has packs, each of which is named by others' replaced packs;
 *   who, not being mixed, replaces something, all of which another replaces too, and more;
 *   who, not being mixed, replaces the same as one that is mixed or has a lower name;
 *   who is void: what it says counts for nobody. By the marks of rewriting.h another goes before
 *   it, both say that a pack is replaced, and all that it was made of is there, or is replaced by
 *   another before which nobody goes.
 * Others that are not live still make others obsolete, so it is transitive. Names are distinct. For
 * any thread.
 */
void live_pick(const struct live_item *v, size_t n, bool *ret_live);

/* The same, but only those of `by` make others obsolete. */
void live_pick_by(const struct live_item *by, size_t n_by, const struct live_item *v, size_t n,
		  bool *ret_live);

/* That of an index file; the sets lie in it, the packs' names do not. Errors: ERR_CORRUPT. */
MUST_CHECK int live_item_init(struct live_item *ret, struct index *ix, struct err *e);
void live_item_release(struct live_item *it);

/* The packs that some item, live or not, but no void one, says are replaced: ascending, to be
 * freed. */
struct hash128 *live_old_packs(const struct live_item *v, size_t n, size_t *ret_n);

/* A file that could not be used; its segments are then not covered by it. */
struct live_fault {
	struct hash128 name;
	struct err err;
};

/* The live index files of one tenant and day, opened. {0} is a valid empty one. */
struct live {
	struct index **v; /* ascending by name */
	size_t n;
	bool **skip_pack; /* skip_pack[i][p]: pack p of v[i] is not to be read: another v has it, or
			     it was replaced */
	struct hash128 *obsolete; /* names of those that are not live, ascending */
	size_t n_obsolete;
	struct live_fault *faults;
	size_t n_faults;
};

/*
 * Lists, opens, picks. A listed file that is gone when it is opened makes it list again, three
 * times at most. Damaged files come into faults; the caller decides what they mean. Errors: ERR_IO,
 * ERR_AGAIN (files kept vanishing; a remote store does not answer).
 */
MUST_CHECK int live_load(struct store *s, struct bytes tenant, int32_t day, struct live *ret,
			 struct err *e);
/* The same as if these, ascending by name, were not there. NULL: none. */
MUST_CHECK int live_load_without(struct store *s, struct bytes tenant, int32_t day,
				 const struct hash_list *without, struct live *ret, struct err *e);
void live_release(struct live *l);

/* Are those of l still live for which take[i] is set, or all with take NULL? 1, 0. Where nothing
 * came since l was loaded, only the listing is read. Errors: live_load's. */
MUST_CHECK int live_is_still(struct store *s, struct bytes tenant, int32_t day,
			     const struct live *l, const bool *take, struct err *e);

/*
 * live_load of day after day from..to, ascending, of the tenant; each has *l until it returns, when
 * it is released. Of a store in a folder other days that it has come too, with l NULL; of a
 * remote one the days are listed at once, and so are the files of several fetched. Errors:
 * live_load's, what each gave.
 */
typedef int live_range_fn(int32_t day, struct live *l, void *data, struct err *e);
MUST_CHECK int live_range(struct store *s, struct bytes tenant, int32_t from, int32_t to,
			  live_range_fn *each, void *data, struct err *e);

/* The packs that live files name, and those that they say are replaced: ascending, v to be freed.
 * Errors: ERR_CORRUPT. */
MUST_CHECK int live_known_packs(const struct live *l, struct hash_list *ret, struct err *e);

/* Calls each(day, data, e) for the days of which the tenant has a folder of index files, ascending,
 * from..to included. */
typedef int live_day_fn(int32_t day, void *data, struct err *e);
MUST_CHECK int live_days(struct store *s, struct bytes tenant, int32_t from, int32_t to,
			 live_day_fn *each, void *data, struct err *e);

/* Loads day after day of one tenant, or of all when tenant is empty, and calls each; *l is released
 * after it. Errors: live_load's, what each gave. */
typedef int live_each_fn(struct live *l, struct bytes tenant, int32_t day, void *data,
			 struct err *e);
MUST_CHECK int live_each(struct store *s, struct bytes tenant, live_each_fn *each, void *data,
			 struct err *e);

#endif
