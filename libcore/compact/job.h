/* What the files of compact/ share: the state of a packing job. Not for others. */
#ifndef COMPACT_JOB_H
#define COMPACT_JOB_H

#include "base/map.h"
#include "chunk/pack.h"
#include "compact/packing.h"
#include "entry/append.h"
#include "entry/jsonl.h"

/* A WAL segment that was read. */
struct source {
	int64_t created_ns;
	bool complete;	     /* its own end was seen, and nothing was missing */
	struct hash128 seal; /* once complete */
};

/* A tenant and day: what is known of it from the beginning to the end of the job. */
struct group {
	struct bytes tenant;
	int32_t day;
	bool mixed;	  /* has entries from elsewhere than segments */
	uint32_t *source; /* segments with entries of it, by number */
	size_t n_sources, cap_sources;
	struct hash128 *part; /* its packs so far */
	size_t n_parts, cap_parts;
};

struct groups {
	struct group *v;
	size_t n, cap;
	struct map by_key;
	struct arena arena; /* keys and tenants */
	struct source *source;
	size_t n_sources, cap_sources;
};

void groups_release(struct groups *g);
/* The number of the group; made when it is new. */
uint32_t groups_get(struct groups *g, struct bytes tenant, int32_t day);
uint32_t groups_add_source(struct groups *g, int64_t created_ns);
/* By tenant and day. */
int group_cmp(const struct group *a, const struct group *b);
/* This source has entries in this group. */
void group_note_source(struct group *g, uint32_t source);

/* Entries of one stream and day, sorted; in the order that entries_sort gave. */
struct slice {
	uint32_t group, stream;
	size_t first, n;
	struct bytes labels; /* of the stream: the order of packs */
	uint64_t key;	     /* private to slices.c */
};

struct packing {
	struct packing_opts opts;
	uint64_t usable; /* bytes for entries, streams and the sort */
	struct entries es;
	struct streams *streams;
	uint64_t *held; /* by stream: bytes of its entries that are held */
	size_t cap_held;
	uint64_t largest; /* of held */
	struct groups groups;
	bool has_lines; /* the entries held now are not all from segments */
	struct packing_stats stats;
	bool failed; /* entries were lost on the way to the store: nothing more may be said of
			segments */
	struct chunk_writer **writer; /* by worker */

	struct jsonl_reader jsonl; /* input.c */
	struct map by_text;
	struct arena texts;
	struct append_scratch append;
};

enum pack_time { PACK_MORE_FOLLOW, PACK_LAST };

/* Chunks that are made before they are written: with one worker they take turns, which costs less
 * memory. */
size_t packing_slots(unsigned jobs);

/* Writes packs of all entries held, then holds none. */
MUST_CHECK int packing_flush(struct packing *p, enum pack_time when, struct err *e);

enum packing_streams {
	STREAMS_MAY_GO, /* the caller forgets them when no entries are held */
	STREAMS_STAY,	/* it cannot: one segment may have millions */
};

/* Before n_entries with n_bytes of lines are added: writes packs when they would not fit. */
MUST_CHECK int packing_make_room(struct packing *p, size_t n_entries, size_t n_bytes,
				 enum packing_streams streams, struct err *e);

/* They were added, for the stream. */
void packing_note(struct packing *p, uint32_t stream, size_t n_entries, size_t n_bytes);

/* Forgets streams, whose numbers must be used nowhere: only when no entries are held. */
void packing_forget_streams(struct packing *p);

/* One pack of the slices of one group. Appends its name's hash to the group's parts. */
MUST_CHECK int pack_write(struct packing *p, struct group *g, const struct slice *slice,
			  size_t n_slices, const uint32_t *order, enum pack_time when,
			  struct err *e);

void packing_problem(struct packing *p, enum packing_problem_kind kind, const struct err *problem);

#endif
