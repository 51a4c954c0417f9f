/*
 * A store as a whole: every index file against every pack, and back. Nothing is written to it but
 * what store_now does. It may be at work meanwhile: what others have just replaced is looked at
 * again, and what they have not finished is no fault before its time.
 */
#ifndef INDEX_FSCK_H
#define INDEX_FSCK_H

#include "index/fault.h"
#include "store/store.h"

enum fsck_depth {
	FSCK_UNNAMED, /* only packs that no index file names */
	FSCK_HEADS,   /* and index files against the packs' trailers and the heads of their chunks;
			 what writers that died have left; the store's mark */
	FSCK_BYTES,   /* and all bytes of packs against their names */
	FSCK_BLOCKS,  /* and each block of them, decompressed as a query would have it */
};

enum {
	FSCK_SAMPLE_ALL = 10000,
	/* A tenant's first flush is not over while its packs come; so long behind the last its
	   index file is not late any more, but lost. */
	FSCK_UNINDEXED_S = 300,
};

/* Whether all that a chunk has, from..through, should be gone by now. */
struct labels;
typedef bool fsck_overdue_fn(struct bytes tenant, const struct labels *stream, int64_t from,
			     int64_t through, void *data);

/*
 * Of an object that is neither a pack nor an index file: 0 it is right, is gone, or is none of
 * ours; 1 e says what is wrong, *ret_kind that it is a FAULT_RULE or a FAULT_RECEIPT; -1. For any
 * thread, as fsck_overdue_fn is. Errors: ERR_IO, ERR_AGAIN.
 */
typedef int fsck_beside_fn(struct store *s, const char *name, enum fault_kind *ret_kind, void *data,
			   struct err *e);

struct index_fsck {
	struct store *store;
	struct bytes tenant; /* empty: all */
	enum fsck_depth depth;
	/* How many of FSCK_SAMPLE_ALL packs are read; of others it is only seen to that they are
	 * there, in their size. 0: all. Which ones follows from their names and the seed: with
	 * seeds that count up from anywhere each pack is read as soon as that many samples make up
	 * the whole. */
	unsigned sample;
	uint64_t seed;
	/* What no index file names is a fault once it is so old by the store's clock, or its index
	 * file was set aside (fsck_lost.c), or the tenant has no index file at all and no pack
	 * younger than FSCK_UNINDEXED_S. With 0 dates are not looked at; nor are they where the
	 * store cannot be written to: nobody is at work. */
	int64_t grace_ns;
	/* Index files that are as good as gone, ascending by name; or NULL. */
	const struct hash_list *without;
	fsck_overdue_fn *overdue; /* NULL: nothing is */
	void *overdue_data;
	/* Asked of what lies in folders "deletes", "receipts" and "processed" of tenants, and of
	 * these names, of which the last is NULL. NULL: nobody is. */
	fsck_beside_fn *beside;
	const char *const *besides;
	void *beside_data;
	index_tell_fn *tell;
	void (*right)(const char *index, void *data); /* an index file, by its label; or NULL */
	/* Told once of each folder, or file, beside the tenants' packs and index files: not of the
	 * store, and not looked at. Or NULL. */
	void (*foreign)(const char *name, void *data);
	/* Told of a day: so many packs that index files name are archived. They are there, in their
	 * size; nobody can look inside before they are restored, and that is no fault. Or NULL. */
	void (*archived)(uint64_t packs, void *data);
	void *data;
	int64_t last_pack_ns; /* private: the youngest pack's date, of a tenant without any index
				 file; 0: it has some, or no pack */
};

/* Returns the number of faults; each is told once the whole tenant and day was looked at. Errors:
 * ERR_IO, also of a folder that is no store: without the mark of one, and without anything in it
 * that proves it; of a folder of a day that cannot be read, once all other days were looked at;
 * ERR_AGAIN. */
MUST_CHECK int64_t index_fsck(const struct index_fsck *f, struct err *e);

#endif
