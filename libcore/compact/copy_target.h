/* What the store that is copied to has of a tenant and day already. Private to compact/. */
#ifndef COMPACT_COPY_TARGET_H
#define COMPACT_COPY_TARGET_H

#include "compact/copy.h"
#include "index/due.h"

/* All ascending. {0} is a valid empty one. */
struct copy_target {
	struct hash_list named, old; /* packs that live index files name, and say are replaced */
	struct hash_list index;	     /* index files that are there, or replaced */
	struct hash_list seals;	     /* segments that are covered */
	struct hash_list files;	     /* packs that are there, named or not */
	uint64_t *size;		     /* of each file */
};

/* *t is empty; to be released in any case. Damaged index files are told to o. Errors: live_load's,
 * ERR_CORRUPT. */
MUST_CHECK int copy_target_look(const struct copy_opts *o, struct bytes tenant, int32_t day,
				struct copy_target *t, struct err *e);
/* The same of a day that is in order, from what is known of it. Errors: ERR_CORRUPT. */
MUST_CHECK int copy_target_of(const struct due_day *d, struct copy_target *t, struct err *e);
void copy_target_release(struct copy_target *t);

/* Whether the pack is there in its full size. */
bool copy_target_has(const struct copy_target *t, const struct index_pack *row);

/* Appends n of them; the list is then in no order. */
void copy_add_hashes(struct hash_list *l, const struct hash128 *v, size_t n);

#endif
