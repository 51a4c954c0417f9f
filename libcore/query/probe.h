/*
 * What the execution of a query has cost, step by step: for explain.h. A block that has a probe is
 * timed and counted at each stage, once for the block, and not for its entries; one without costs a
 * branch. A probe belongs to one thread; those of all are added up at the end.
 */
#ifndef QUERY_PROBE_H
#define QUERY_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "time/time.h"

struct block;
struct pipeline;
struct run;

/* What went into a step and what came out. Bytes of lines are known where lines were loaded. */
struct probe_step {
	int64_t ns;		  /* its own: without loading columns, which it may ask for */
	uint64_t blocks, emptied; /* how many came, and how many had nothing left in them */
	uint64_t entries_in, entries_out, bytes_in, bytes_out;
};

struct probe {
	struct probe_step *stage; /* as the pipeline's; owned */
	size_t n_stages;
	struct probe_step load; /* decoding columns, of a block perhaps twice; out: bytes */
	/* Blocks of which ... were decoded, be it bit by bit; and of lines that are taken apart. */
	uint64_t lines_loaded, ts_loaded, meta_loaded, apart_loaded;
	struct probe_step merge; /* of runs that overlap; out: without doubles */
	struct probe_step take;	 /* what the sink did with what is left, by block ... */
	int64_t done_ns;	 /* and in order */
};

void probe_init(struct probe *p, size_t n_stages);
void probe_release(struct probe *p);
void probe_add(struct probe *sum, const struct probe *p);
/* Nanoseconds of all steps. */
int64_t probe_work(const struct probe *p);

/* A step begins; what it loads meanwhile is not its own. Without a probe (NULL) nothing is looked
 * at.
 */
struct probe_mark {
	int64_t start_ns, loaded_ns;
};
static inline void probe_begin(const struct probe *p, struct probe_mark *m)
{
	*m = p ? (struct probe_mark){ time_mono_ns(), p->load.ns } : (struct probe_mark){ 0 };
}
int64_t probe_since(const struct probe *p, const struct probe_mark *m);

/* What scan.c does with blocks: columns of one were loaded, runs are being merged, were merged, and
 * what was still in was taken. had: WANT_* of which some of the block was loaded before, which
 * count no second time. line_bytes: of lines that were loaded, or opened as they are taken apart.
 */
void probe_loaded(struct probe *p, int64_t start_ns, unsigned have, unsigned had,
		  uint64_t line_bytes);
void probe_merging(struct probe *p, const struct probe_mark *m, uint64_t n_entries);
void probe_merged(struct probe *p, const struct probe_mark *m, const struct run *r);
void probe_took(struct probe *p, const struct probe_mark *m, const struct block *b);

/* As pipeline_apply_part, of a block with a probe. */
MUST_CHECK int probe_apply(const struct pipeline *p, size_t first, size_t end, struct block *b,
			   struct err *e);

#endif
