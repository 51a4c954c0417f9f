/*
 * Packs entries into a store: collects them up to a bound of memory, sorts each stream by time,
 * drops exact duplicates, and writes one pack per tenant and day; beyond the bound, further ones.
 *
 * What the packs say of WAL segments holds as lokid-chunk(5), "PROVENANCE" has it: a segment is
 * named only by the last pack of a tenant and day, and only if its whole content went by.
 */
#ifndef COMPACT_PACKING_H
#define COMPACT_PACKING_H

#include "chunk/chunk.h"
#include "entry/entries.h"
#include "entry/streams.h"
#include "store/store.h"

/* Called for each pack when it is durable: its name, relative to the store. -1 with e set ends the
 * job. */
typedef int packing_pack_fn(void *data, const char *name, struct err *e);
/* Called for what is wrong with the input; reading goes on. */
enum packing_problem_kind {
	PACKING_FAULT, /* something was left out, if only the half of a record at a cut */
	PACKING_NOTE,  /* nothing was: NULs behind the last record of a segment */
};
typedef void packing_problem_fn(void *data, enum packing_problem_kind kind,
				const struct err *problem);

/* Gives the store, before the first pack, so that where nothing is written none is made. */
typedef struct store *packing_store_fn(void *data, struct err *e);

struct packing_opts {
	struct store *store; /* NULL: of need_store */
	packing_store_fn *need_store;
	struct chunk_params params;
	uint64_t memory_bytes; /* of the whole process, about; at least packing_memory_min() */
	unsigned jobs;	       /* threads */
	struct bytes tenant;   /* of JSON lines without one */
	packing_pack_fn *on_pack;
	packing_problem_fn *on_problem;
	void *data;
};

struct packing_stats {
	uint64_t entries, line_bytes; /* read, newlines not counted */
	uint64_t duplicates;	      /* of them left out; those in different packs are not known */
	uint64_t packs, pack_bytes;
	uint64_t faults;
};

struct packing;

/* The least memory_bytes with which these params and jobs do. */
uint64_t packing_memory_min(const struct chunk_params *p, unsigned jobs);

/* How many of `want` threads leave half of memory_bytes for entries; at least 1. */
unsigned packing_jobs_that_fit(const struct chunk_params *p, uint64_t memory_bytes, unsigned want);

struct packing *packing_new(const struct packing_opts *o);
void packing_free(struct packing *p); /* NULL is fine */

/*
 * Reads all of fd: JSON lines, or frames (told apart by the first byte). Problems of single lines
 * or records go to on_problem. Errors: ERR_IO; ERR_VERSION, ERR_CORRUPT frames that cannot be read
 * on; all of packing_finish, since it writes packs when memory is full.
 */
MUST_CHECK int packing_read(struct packing *p, int fd, struct err *e);

/* Could packs not be written? What packing_read says then is of the store, not of its input. */
bool packing_failed(const struct packing *p);

/* Writes what is left. Nothing may be read after it. Errors: ERR_IO, ERR_FULL; on_pack's. */
MUST_CHECK int packing_finish(struct packing *p, struct err *e);

const struct packing_stats *packing_stats(const struct packing *p);

#endif
