/* One push while it is decoded, in the lane. Private to the intake. */
#ifndef SERVER_INTAKE_RUN_H
#define SERVER_INTAKE_RUN_H

#include "server/intake_detail.h"

/* Different refusals of one push that are told word for word, and their bytes; others are counted.
 */
enum { COMPLAINTS_MAX = 32, COMPLAINTS_BYTES_MAX = 64 << 10 };

struct complaint {
	struct bytes text;
	uint64_t n;
};

/* What one call of the sink's stream() began, and entries came for. */
struct run_stream {
	uint32_t stream;
	uint64_t first, end; /* entries by the sink's count, */
	uint64_t n, n_bytes; /* those that were good; bytes of their lines */
	uint64_t n_meta_bytes;
	struct batch *batch; /* where the first of these is, */
	size_t at;	     /* in its entries; the others follow */
	bool refused;	     /* by a limit that is asked last */
};

struct push_run {
	struct intake *in;
	const struct intake_push *push;
	const struct limits *limits;
	struct intake_tenant *tenant;
	struct words_of words;
	int64_t now_ns, oldest_ns, newest_ns; /* Unix */
	int64_t mono_ns;

	/* Where the entries of this push begin: in `first`, from the first_... on, and all of the
	 * batches behind it. */
	struct batch *first, *last;
	size_t first_n, first_text;
	uint64_t first_weight;

	struct push_labels labels; /* the last; lane.spelling */
	struct hash128 labels_key;
	bool labels_wait; /* they were not looked up yet */
	struct run_stream *stream;
	size_t n_streams, cap_streams;
	size_t words_max; /* bytes */
	bool bad_stream;  /* its labels are over a limit: */
	enum intake_reason bad_reason;
	struct bytes bad_text;		/* until the next stream */
	struct bytes bad_labels;	/* why all of it is refused: of the first that are none */
	uint64_t n_entries;		/* by the sink's count */
	uint64_t good_bytes;		/* more than a burst: none is kept any more */
	uint32_t labels_of;		/* the stream of lane.labels; STREAM_NONE: none yet */
	int64_t prev_ts_ns, last_ts_ns; /* of the entries before, as sent and as stored */

	struct intake_tally received, cut, discarded[REASON_COUNT];
	uint64_t received_meta_bytes;
	struct complaint complaint[COMPLAINTS_MAX];
	size_t n_complaints, complaint_bytes;
	uint64_t n_untold;
	struct entry_ages ages;
	struct buf text; /* scratch */

	/* Levels that entries without other metadata have in the batch `level_batch`: their sets.
	 */
	struct batch *level_batch;
	struct {
		const char *level;
		uint32_t set;
	} level[8];
	size_t n_levels;
};

/* --- intake_limits.c: what a tenant may, and Loki's words when it may not --- */

/* Of a stream's labels: false sets bad_reason and bad_text. */
bool limits_take_stream(struct push_run *r, uint32_t stream);
/* Of labels that are none, as e says: sets them too. */
void limits_refuse_labels(struct push_run *r, const struct push_labels *l, const struct err *e);
/* Of an entry; false when it may not be, which has then been noted. The line may be cut. */
bool limits_take_entry(struct push_run *r, int64_t ts_ns, struct bytes *line, size_t n_meta,
		       size_t meta_bytes);
/* Whether the rate may let so much through at once, ever. */
bool limits_may_take_push(const struct push_run *r);
/* Of all of a push, asked last: 0, or the status that refuses it whole, r->text being why. */
int limits_take_push(struct push_run *r, struct intake_tally good);
/* Of the rate and the number of streams. Sets .refused of those that are not taken; 0, or a status
 * with r->text. */
int limits_take_streams(struct push_run *r);

/* The entries of s, one after the other; NULL behind the last. */
struct run_entries {
	struct batch *batch;
	size_t at;
	uint64_t left;
};
struct run_entries run_entries_of(const struct run_stream *s);
struct entry_ref *run_entries_next(struct run_entries *it);

/* An entry is not taken: counted, and told. */
void run_refuse_entry(struct push_run *r, enum intake_reason reason, struct bytes why,
		      uint64_t n_bytes);

#endif
