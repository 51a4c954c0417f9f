/*
 * Copying from one store to another, or from one tenant to another, tenant by tenant and day by
 * day: of each day the packs, then the index files that make them count. Rules: lokid-index(5),
 * "COPYING".
 *
 * It may be killed at any moment, run again, and run beside others at both stores: what is there,
 * or was replaced there, is not copied again.
 */
#ifndef COMPACT_COPY_H
#define COMPACT_COPY_H

#include "index/index.h"
#include "store/store.h"

/* Of one tenant and day, at its end: what of it there is to have, and how it came to be there. */
struct copy_day {
	struct bytes tenant;	/* that is read */
	struct bytes to_tenant; /* what it is called in the other store */
	int32_t day;
	uint64_t packs, bytes, entries; /* that are read, as far as they are selected */
	uint64_t copied, copied_bytes;	/* packs, as they are */
	uint64_t made, made_bytes;	/* packs of a part of one, or for another tenant */
	uint64_t there;			/* packs that were there before, or what replaced them */
	uint64_t index_files;		/* written */
	struct hash128 checksum;	/* of the packs that were copied and made */
};

struct copy_opts {
	struct store *from, *to;
	struct bytes tenant;	/* empty: all */
	struct bytes to_tenant; /* empty: the same */
	struct bytes selector;	/* the text of match; empty: all streams */
	const struct matcher *match;
	size_t n_match;
	bool one_day;
	int32_t day;
	unsigned jobs;
	unsigned shard, n_shards; /* store/shard.h */
	bool dry_run;		  /* nothing is written, all is told */

	/* -1 with e set ends the work */
	int (*on_day)(void *data, const struct copy_day *d, struct err *e);
	void (*on_object)(void *data, const char *name);       /* written; in the store `to` */
	void (*on_fault)(void *data, const struct err *fault); /* damage: the rest is still done */
	void *data;
};

/* Errors: ERR_IO, ERR_FULL, ERR_AGAIN (index files kept vanishing); on_day's. */
MUST_CHECK int copy_store(const struct copy_opts *o, struct err *e);

#endif
