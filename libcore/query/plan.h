/*
 * What a query reads: streams that its matchers fit, pieces of them in the sources (a chunk's
 * block, a stream's part of a WAL batch, a part of a raw file), and the units in which they are
 * scanned.
 *
 * Sources fill a plan (source_*.c), plan_units makes units of it. No I/O in here.
 *
 * Pieces of one stream that may hold equal entries, because their times overlap, are merged by
 * time, and entries equal in their identity count once; so are pieces that are not sorted. Many of
 * them are cut into windows of time, each a unit, so that a unit is of bounded size whatever
 * overlaps; a piece that reaches over a window's end is read for both. Other pieces are units of
 * their own, scanned as they lie: the blocks of one chunk too, which hold no entry twice, although
 * the last timestamp of one may be the first of the next.
 */
#ifndef QUERY_PLAN_H
#define QUERY_PLAN_H

#include "base/map.h"
#include "base/work.h"
#include "entry/columns.h"
#include "query/hide.h"
#include "query/view.h"
#include "time/time.h"

struct source;
struct piece;
struct load_mem;
struct needles;
struct bundle_cache;
struct store_read;

struct source_ops {
	/*
	 * Decodes the columns of a piece that `want` names, perhaps more; *ret_have: which. ret->n
	 * is always set. For any thread, each with its own mem. What *ret points to lies in mem and
	 * in the source, until the next call with mem for another piece; a further call for the
	 * same piece leaves in place what the ones before gave, unless it gives the same columns
	 * again.
	 */
	int (*load)(struct source *s, const struct piece *p, unsigned want, struct load_mem *mem,
		    struct run *ret, unsigned *ret_have, struct err *e);
	/* What load gave of the piece is not needed any more, nor will be soon. NULL: nothing to
	 * do. */
	void (*unload)(struct source *s, const struct piece *p, struct load_mem *mem);
	/* Of one whose pieces lie in a remote store: sets .file, .off and .n of the parts that load
	 * needs, v[FETCH_PARTS] (fetch.h). NULL of all others. */
	void (*where)(const struct source *s, const struct piece *p, struct store_read *v);
	void (*close)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	char *name; /* owned; for messages */
	bool is_log;
};

struct piece {
	struct source *source;
	uint64_t at, part;   /* the source's own; sorted pieces of one source and `at` hold no entry
				twice and ascend with part */
	uint32_t stream;     /* number in the plan */
	uint32_t n;	     /* entries; 0 not known yet */
	uint64_t line_bytes; /* newlines not counted; when n is known */
	uint64_t about_bytes; /* in memory; a guess by which windows are cut, when n is not known */
	uint32_t about_n;     /* likewise a guess, by which a scan is expected to end */
	uint32_t meta_bytes;  /* of structured metadata; UINT32_MAX not known */
	uint32_t together;    /* pieces that are read at once, though not asked for so: as
				 plan_together says, 0: it is alone */
	int64_t min_ts, max_ts;
	int64_t order; /* of equal timestamps and equal entries that of the lower one is first; then
			*/
	uint64_t seq;  /* this, then as they lie */
	bool sorted;   /* ascending, and no entry twice */
	bool alone;    /* of a raw file: no entry is folded, nothing merged with another piece */
	bool hides;    /* requests to delete may hide some of it: set by plan_add_piece */
};

struct plan_stream {
	struct labels labels; /* as they are seen (view.h); in the plan's arena, as the tenant */
	struct bytes tenant;  /* empty of raw lines */
	struct hash128 id;
	struct hide_stream hide;
};

/*
 * The entries with min_ts <= ts <= max_ts of the pieces ref[first .. first + n - 1]. To be merged:
 * the refs are in the order which entries of one timestamp have. Else it is one whole piece.
 *
 * Units whose pieces are read together follow one another: lo and hi are the first and last
 * timestamp of all of those, by which units are in order. rank is the place that a unit would have
 * if it were for its own times alone: in an answer, equal timestamps are in that order.
 */
struct unit {
	uint32_t first, n, rank;
	int64_t min_ts, max_ts;
	int64_t lo, hi;
	bool merge;
};

/*
 * What sources of a kind hold, as they tell while a plan is made, and what of it is left out: for
 * explanations. All but the pieces are counted only where something is told before it is read, and
 * in each file for itself: a stream of two indexes counts twice.
 */
enum source_kind {
	SOURCE_STORE,
	SOURCE_WAL,
	SOURCE_CHUNKS,
	SOURCE_ENTRIES,
	SOURCE_LINES,
	SOURCE_KINDS
};

struct source_seen {
	uint64_t days, days_in; /* of a store */
	uint64_t files;		/* index files, segments, operands */
	uint64_t streams, streams_in, packs, packs_in, chunks, chunks_in;
	uint64_t pieces_in, bytes_in; /* bytes of lines; where n is not known, about */
	/* Pieces left out, since ... */
	uint64_t by_labels;  /* no matcher fits */
	uint64_t by_time;    /* they lie outside of it */
	uint64_t by_covered; /* the store has them already */
	uint64_t by_age;     /* all of them is expired */
	uint64_t by_filter;  /* the pack's filter says that they lack a text */
	uint64_t hides;	     /* of pieces_in, those that requests to delete touch */
	uint64_t unfiltered; /* of pieces_in, where filters were asked, those whose pack has none
				that can be read */
};

struct plan {
	/* Given: what is asked for. Entries with from <= ts < to. */
	const struct matcher *match;
	size_t n_match;
	int64_t from, to;
	const struct needles *needles; /* what entries must hold; NULL: nothing is known */
	struct views views;	       /* with that, whose: set by sources_plan; {0}: of all */
	const struct hide *hide;       /* likewise: what is not shown; NULL: nothing */
	struct hide_later *later; /* where .hide comes from, when it is needed; NULL: it is there */
	struct hide_applied applied; /* where the pieces come from that are being added */

	struct bundle_cache *bundles; /* of the sources; NULL: not needed so far */
	struct arena mem;
	struct plan_stream *stream;
	size_t n_streams, cap_streams;
	struct map by_id;
	struct piece *piece;
	size_t n_pieces, cap_pieces;
	struct source **source; /* owned */
	size_t n_sources, cap_sources;
	struct unit *unit;
	size_t n_units, cap_units;
	uint32_t n_together;
	uint32_t *ref; /* numbers of pieces */
	size_t n_refs, cap_refs;

	enum source_kind kind; /* of who adds pieces now */
	struct source_seen seen[SOURCE_KINDS];
};

/* AS_THEY_LIE: for who takes them in any order. */
enum direction { BACKWARD, FORWARD, AS_THEY_LIE };

/* Frees all; closes the sources. match stays the caller's. */
void plan_release(struct plan *p);
/* Sets p->hide, once p->later has it; before the first stream is added. Errors: hide_get's. */
MUST_CHECK int plan_wait_hide(struct plan *p, struct err *e);
/* Forgets pieces and units, not streams and sources: for the next round over a pipe. */
void plan_reset_pieces(struct plan *p);

/* Numbers for n sets of pieces that are read together: the first of them; the others follow. */
uint32_t plan_together(struct plan *p, size_t n);

void plan_add_source(struct plan *p, struct source *s);
/* The number of a stream that is there; else MAP_NONE. */
uint32_t plan_find_stream(const struct plan *p, const struct hash128 *id);
/* The number of a stream, added if new; tenant and labels, which are its own, are copied. */
uint32_t plan_stream(struct plan *p, const struct hash128 *id, struct bytes tenant,
		     const struct labels *labels);
/* Adds a piece, unless it lies outside of the time asked for; counts it for .kind. */
void plan_add_piece(struct plan *p, const struct piece *piece);

/* Whether a stream with these labels of its own is asked for. */
static inline bool plan_wants(const struct plan *p, struct bytes tenant,
			      const struct labels *labels)
{
	return p->views.n ? views_want(&p->views, tenant, labels)
			  : matcher_match_labels(p->match, p->n_match, labels);
}

static inline const struct piece *plan_piece(const struct plan *p, const struct unit *u, uint32_t k)
{
	return &p->piece[p->ref[u->first + k]];
}

/* Of its lines, as far as is known. */
static inline uint64_t plan_piece_bytes(const struct piece *x)
{
	return x->n ? x->line_bytes : x->about_bytes;
}

/* The first time that is asked for and seen of a stream. */
static inline int64_t plan_from(const struct plan *p, uint32_t stream)
{
	int64_t kept = p->stream[stream].hide.from_ns;

	return kept > p->from ? kept : p->from;
}

/* All of it lies in the time asked for and is seen, and is known without reading it. */
static inline bool plan_is_whole(const struct plan *p, const struct piece *x)
{
	return x->n && !x->hides && x->min_ts >= plan_from(p, x->stream) &&
	       !time_is_behind(x->max_ts, p->to);
}

/*
 * Makes the units, newest first (by .hi) or oldest first (by .lo). As
 * they lie: one stream after the other, and of each the oldest first, so that a store's packs are
 * read from their begin to their end; but those of logs, whose records hold many streams, behind
 * all others and newest first.
 */
void plan_units(struct plan *p, enum direction dir);

/* For plan_units: adds the units of pieces first .. first + n - 1, which are of one stream,
 * ascending by min_ts, and overlap: windows.c. */
void plan_add_windows(struct plan *p, uint32_t first, uint32_t n);

#endif
