/* One tenant and day of a check. Private to index/. */
#ifndef INDEX_FSCK_DAY_H
#define INDEX_FSCK_DAY_H

#include "base/hash.h"
#include "index/fsck.h"
#include "index/index.h"
#include "index/live.h"
#include "store/names.h"

/* A pack that is there. */
struct fsck_pack {
	int32_t day;
	struct hash128 hash;
	uint64_t size;
	int64_t date_ns;
};

/* v: the packs of the day, ascending by hash, as they were before this is called. Returns the
 * number of faults. Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int64_t fsck_day(const struct index_fsck *f, struct bytes tenant, int32_t day,
			    const struct fsck_pack *v, size_t n, struct err *e);

/* What was found on a day, and not told yet. {0} is a valid empty one. */
struct fsck_found {
	struct fault_list faults;
	struct fault_list right; /* index files: their labels alone */
	size_t n_archived;
};

/* fsck_day in two: the first is for any thread; *ret is then to be told or released. live, if not
 * NULL: what counts of the index files that were there after v was listed; taken over. */
MUST_CHECK int fsck_day_look(const struct index_fsck *f, struct bytes tenant, int32_t day,
			     const struct fsck_pack *v, size_t n, struct live *live,
			     struct fsck_found *ret, struct err *e);
int64_t fsck_day_tell(const struct index_fsck *f, struct fsck_found *found);
void fsck_found_release(struct fsck_found *x);

struct live_file;

/* A tenant's packs and index files, as a listing that had the packs first has given them. {0} is a
 * valid empty one. */
struct fsck_objects {
	struct fsck_pack *pack;
	size_t n_packs, cap_packs;
	struct live_file *file; /* of live_files.h */
	size_t n_files, cap_files;
};

/* All its days, ascending; sorts o. Adds to *n_faults, on failure too. Errors: as fsck_day. */
MUST_CHECK int fsck_days(const struct index_fsck *f, struct bytes tenant, struct fsck_objects *o,
			 int64_t *n_faults, struct err *e);
void fsck_objects_reset(struct fsck_objects *o);
void fsck_objects_release(struct fsck_objects *o);

/* How a file begins that by its name is a pack or an index file. */
enum fsck_start {
	FSCK_START_OURS,
	FSCK_START_NOTHING, /* it is gone, is empty or begins with zeros, as what never reached the
			       disk does */
	FSCK_START_OTHER,   /* as something else; or it cannot be read */
};
enum fsck_start fsck_start(struct store *s, const struct store_name *sn, const char *name);

/* The hash of all bytes. Errors: ERR_IO, ERR_AGAIN; ERR_NO it is gone. */
MUST_CHECK int fsck_hash(struct store *s, const char *name, struct hash128 *ret, struct err *e);

/* A pack as an index file has it. */
struct fsck_named {
	struct index *ix;
	uint32_t pack; /* its number */
};

/*
 * All bytes of a pack against its name. Where they are not what the name says, or with FSCK_BLOCKS,
 * what is wrong inside is told, and if nothing is, that the name is wrong: .kind and .err of the
 * faults are set. size: as it was listed; NULL: it was not. named: NULL: no index file names it;
 * else what goes with what cannot be read is told.
 * Returns how many; of a pack that is gone none. Errors: ERR_IO; ERR_VERSION it is archived.
 */
MUST_CHECK int64_t fsck_pack_bytes(struct store *s, const struct store_name *name,
				   const uint64_t *size, enum fsck_depth depth,
				   const struct fsck_named *named, index_tell_fn *tell, void *data,
				   struct err *e);

/* What of an index file has expired, of packs that are not skipped. */
struct fsck_expired {
	uint64_t chunks, entries;
	bool *kept; /* of each pack: something of it has not */
};

/* With f->overdue; to be released. Errors: ERR_CORRUPT. */
MUST_CHECK int fsck_expired(const struct index_fsck *f, struct index *ix, const bool *skip_pack,
			    struct fsck_expired *ret, struct err *e);
void fsck_expired_release(struct fsck_expired *x);

/* What index files of the day that were set aside (repair.h) tell of the packs that are there. */
struct fsck_lost {
	struct hash_list packs; /* that they name: ascending */
	int64_t unread_ns;	/* when the last of those was set aside that cannot be read: what is
				   no younger may be of it. INT64_MIN: there is none */
};

/* To be released, on failure too. Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int fsck_lost_load(struct store *s, struct bytes tenant, int32_t day,
			      struct fsck_lost *ret, struct err *e);
void fsck_lost_release(struct fsck_lost *l);

#endif
