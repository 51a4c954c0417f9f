/*
 * Packs of one tenant and day, written anew where an edit changes something of them: each by itself
 * into one of its own, and all committed with one index file in place of the day's. Rules:
 * lokid-index(5), "COMMIT RULES". May be killed at any moment, run again, and run beside others.
 */
#ifndef COMPACT_REWRITE_H
#define COMPACT_REWRITE_H

#include "compact/edit.h"
#include "index/live.h"
#include "store/store.h"

/* A pack of which something changes. */
struct rewrite_pack {
	const struct index_pack *before;
	uint64_t chunks;	   /* that are made anew */
	uint64_t removed, changed; /* entries */
	struct hash128 after;	   /* when it is written, its name, size, entries */
	uint64_t after_size, after_entries;
};

/* Names of what was asked for: delete requests. */
struct rewrite_ids {
	const struct bytes *v; /* valid until the day is done */
	size_t n;
	uint64_t what; /* of a pack whose lines become others: a hash of which, and how */
};

/* Are there packs or index files of the day that cannot be read? */
enum rewrite_extent { REWRITE_ALL, REWRITE_BUT_DAMAGED };

/* What the caller is asked and told, in this order, all on one thread. */
struct rewrite_calls {
	/* The day's live index files are known. 1 go on, 0 nothing is to be done. */
	int (*begin)(void *data, const struct live *live, struct err *e);
	/* A pack is gone through: the edit decides on all of it, after this. Counts begin anew. */
	void (*pass)(void *data);
	/* It was gone through; with p->removed and p->changed 0 it stays as it is. Returns what its
	 * trailer will say was applied. */
	struct rewrite_ids (*looked)(void *data, const struct rewrite_pack *p);
	/* It is written, and does not count yet. */
	void (*written)(void *data, const struct rewrite_pack *p);
	/* All are; or the rest is as it should be. Returns what all packs of the day, those that
	 * stay too, have applied. */
	struct rewrite_ids (*applied)(void *data, enum rewrite_extent extent);
	int (*before_commit)(void *data, struct err *e);
	/* The index file is written. */
	int (*committed)(void *data, struct err *e);
	void (*fault)(void *data, const struct err *fault); /* damage: the rest is still done */
};

struct rewrite {
	struct store *store;
	struct bytes tenant;
	int32_t day;
	uint64_t memory_bytes; /* of the whole process, about */
	unsigned jobs;	       /* at most; fewer when memory is short */
	bool dry_run;	       /* ends before anything is written */
	const struct merge_edit *edit;
	const struct rewrite_calls *calls;
	void *data; /* theirs */
};

/*
 * Who calls it has the day's lock: index_lock, but does not rely on it. Packs whose lines become
 * others are marked so, that others who replace the same at once do not bring the lines back.
 * Errors: ERR_IO, ERR_FULL; ERR_AGAIN others have replaced what was to be replaced, a further run
 * will do; those of the calls and of the edit.
 */
MUST_CHECK int rewrite_day(const struct rewrite *r, struct err *e);

#endif
