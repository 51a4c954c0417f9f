/*
 * Runs a pipeline over the units of a plan, on several threads, and hands what is left of each to a
 * sink. Units are begun in the plan's order; sink->done is called in that order.
 */
#ifndef QUERY_SCAN_H
#define QUERY_SCAN_H

#include "query/merge.h"
#include "query/plan.h"
#include "query/probe.h"
#include "query/stage.h"

struct again;

/* What a query does with entries: log.c and range.c are the two. All but done are called on any
 * thread. */
struct sink {
	unsigned want;	     /* columns that take needs of what is still in, of WANT_... */
	unsigned want_later; /* further ones that it loads itself */
	/* May take a whole piece from what the plan knows of it. Then it is not read. NULL: never.
	 */
	bool (*take_table)(void *data, unsigned worker, const struct piece *p,
			   const struct labels *stream);
	/* Whether it would, taking nothing. NULL with that. */
	bool (*in_table)(const void *data, const struct piece *p, const struct labels *stream);
	uint64_t enough; /* it ends the scan with so many entries, in the order of units; 0: never
			  */
	/* A block as for take, before the stages that only change what is in: drops what is of no
	 * use, or keeps a copy of it for later and drops it here. NULL: never. */
	int (*sift)(void *data, size_t slot, const struct unit *unit, struct block *b,
		    struct err *e);
	/* A block of unit `unit` with what is still in. slot: whose results are being filled. A
	 * large unit comes in several blocks, ascending: entries of one timestamp in two of them
	 * are in order. */
	int (*take)(void *data, unsigned worker, size_t slot, const struct unit *unit,
		    struct block *b, struct err *e);
	/* A unit is begun, which will fill the slot. True: it need not be read at all. NULL: never.
	 */
	bool (*begin)(void *data, size_t slot, const struct unit *unit);
	/* Entries before *from, or not before *to, are of no use any more: raises the one or lowers
	 * the other, as far as is known by now. NULL: never. */
	void (*narrow)(const void *data, int64_t *from, int64_t *to);
	/* As work.h's done. NULL: nothing to do. */
	int (*done)(void *data, size_t unit, size_t slot, struct err *e);
	/* All units are done, and it has not enough: how many runs it has kept for later. NULL:
	 * none. */
	size_t (*n_later)(void *data);
	/* One of them, and its stream's number in the plan. */
	struct run (*get_later)(void *data, size_t i, uint32_t *ret_stream);
	/* As take, with a block of it. */
	int (*take_later)(void *data, unsigned worker, size_t i, struct block *b, struct err *e);
	void *data;
};

/* Damage in a source: what could not be read is left out of the answer. Called under a lock; the
 * same may be told several times. */
typedef void scan_damage_fn(void *data, const struct err *e);

/* In blocks: a piece that units read twice counts twice. */
struct scan_stats {
	/* Of the plan: */
	uint64_t units, blocks, merged_units, merged_blocks;
	/* What became of them. The rest was not begun, since the sink had enough, or not ended,
	 * since the scan failed. */
	uint64_t read, from_tables, skipped, damaged;
	uint64_t entries, bytes;	     /* of what was read; bytes of lines */
	uint64_t kept;			     /* entries that the stages left of it */
	uint64_t hidden;		     /* that they left, and requests to delete did not */
	uint64_t log_entries, log_bytes;     /* of these, what was read from a log */
	uint64_t table_entries, table_bytes; /* of from_tables */
	uint64_t folded, log_folded;	     /* equal entries dropped; of these, all of logs */
	uint64_t meta_bytes, log_meta_bytes; /* of structured metadata that was decoded */
	uint64_t chunks, stored_bytes;	     /* of which blocks were read; compressed */
	int64_t read_ns; /* that all threads took to read and decode what is of no log */
};

struct scan {
	const struct plan *plan;
	struct pipeline *pipeline;
	struct sink sink;
	unsigned jobs;
	scan_damage_fn *damage;
	void *damage_data;
	struct again *again;  /* NULL: packs that are gone are damage at once */
	uint64_t merge_bytes; /* memory of a merge; 0 MERGE_BYTES_MAX */
	int64_t deadline_ns;  /* of time_mono_ns, looked at for each block; 0: none */
	bool interruptible;   /* source.h; looked at likewise */

	bool probed; /* time and count all steps */
	bool by_one; /* only the calling thread works: nothing is to be read, so others would have
			begun when it is done */

	struct scan_worker *worker; /* private */
	struct scan_stats stats;    /* set by scan_run, added up */
	struct probe probe;	    /* with .probed likewise; valid until scan_release */
};

/* Makes the workers; .plan to .damage_data are set, and the sink is ready. */
void scan_init(struct scan *s);
void scan_release(struct scan *s);

/* Slots that a sink must have for s->jobs. */
size_t scan_slots(const struct scan *s);

/* The names of a worker, by which a sink reads label names. Valid until scan_release. */
struct names *scan_names(const struct scan *s, unsigned worker);

/* 0 all read, 1 the sink ended it. May be called again, for further pieces of the same plan.
 * Errors: of the sink; ERR_AGAIN the deadline, an interrupt; ERR_IO, ERR_LIMIT of sources; ERR_NO
 * of .again. Damage is none. */
MUST_CHECK int scan_run(struct scan *s, struct err *e);

/* Instead of scan_run: sets what .stats can say before anything is read. Blocks that the sink takes
 * from tables are handed to it. */
void scan_look(struct scan *s);

/* Bytes of lines that scan_run is likely to read of the plan's units, which are in this order: not
 * those that come from tables, nor, when no stage drops any, those behind as many entries as are
 * enough. */
uint64_t scan_expect(const struct scan *s, enum direction dir);

/* Columns that are decoded before the first stage; others only for blocks that it leaves entries
 * in. */
unsigned scan_first_want(const struct scan *s);

#endif
