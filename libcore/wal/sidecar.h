/*
 * NAME.sum, beside a closed segment: what the segment holds, so that nobody walks it. A cache: one
 * that is absent, damaged, or does not fit the segment's id and size is ignored and made again.
 * Format: lokid-wal(5), "SIDECAR".
 */
#ifndef WAL_SIDECAR_H
#define WAL_SIDECAR_H

#include "entry/streams.h"
#include "wal/segment.h"

enum wal_tail {
	WAL_TAIL_CLEAN,	  /* it ends with an end record */
	WAL_TAIL_TORN,	  /* its writer died; whole up to the last good record */
	WAL_TAIL_DAMAGED, /* something was lost in the middle, or cut off */
};

struct wal_sum_stream {
	uint32_t stream; /* number in the streams given at load */
	uint64_t n_entries, line_bytes;
	int64_t min_ts_ns, max_ts_ns;
};

struct wal_sum_batch {
	uint64_t off; /* for wal_reader_batch_at */
	uint64_t n_entries;
	int64_t min_ts_ns, max_ts_ns;
	uint32_t tenant;	    /* as streams_tenant has it */
	uint32_t first_ref, n_refs; /* in .ref: which of .stream are in it, ascending */
};

struct wal_sum_day {
	uint32_t tenant;
	int32_t day; /* days since 1970, UTC */
};

/* {0} is a valid empty one. All arrays are owned by it. */
struct wal_sum {
	struct hash128 segment;
	bool sealed; /* seal is known: it has an end record, or all of it was read */
	struct hash128 seal;
	uint64_t size, good_size; /* of the file; up to the last good record */
	uint64_t was_good;	  /* a sidecar said so before: below it nothing is a torn tail; 0:
				     there was none */
	uint64_t n_entries;
	enum wal_tail tail;
	uint64_t next; /* where another segment begins behind it, which is not looked at; 0 none.
			  Such a segment gets no sidecar */
	size_t n_streams, n_batches, n_days, n_refs;
	struct wal_sum_stream *stream;
	struct wal_sum_batch *batch;
	struct wal_sum_day
		*day; /* the (tenant, day) pairs that have entries, sorted by tenant's bytes, day */
	uint32_t *ref;
};

void wal_sum_release(struct wal_sum *s);

/* Loads the sidecar of a segment: 1; 0 when there is none that fits. Adds its streams to streams.
 * Errors: ERR_IO, ERR_LIMIT (streams). */
MUST_CHECK int wal_sum_load(const struct wal_segment *seg, struct streams *streams,
			    struct wal_sum *ret, struct err *e);
/* The same without its streams and batches: of these nothing is checked, and none is in *ret. Only
 * its tenants are added to streams, of which there may be too many, too. */
MUST_CHECK int wal_sum_load_days(const struct wal_segment *seg, struct streams *streams,
				 struct wal_sum *ret, struct err *e);

/*
 * The whole from the segment itself, open or closed. WAL_SUM_VERIFY reads all of it; WAL_SUM_WALK
 * reads the batches' heads only (damage and a torn tail may then show only when entries are read).
 * A segment that was cut (wal_sum_is_cut) is WAL_TAIL_DAMAGED.
 * Errors: ERR_IO, ERR_LIMIT, ERR_VERSION; ERR_CORRUPT no header.
 */
enum wal_sum_how { WAL_SUM_WALK, WAL_SUM_VERIFY };
MUST_CHECK int wal_sum_read(const struct wal_segment *seg, enum wal_sum_how how,
			    struct streams *streams, struct wal_sum *ret, struct err *e);

/*
 * True when the sidecar of a closed segment says that the file was longer than it is: something has
 * cut it, which no reader of the segment alone could tell from a torn tail. *ret_size is what it
 * was. Such a sidecar is the only witness: it must not be written again.
 */
bool wal_sum_is_cut(const struct wal_segment *seg, uint64_t *ret_size);

/* What is said of one: ERR_CORRUPT, -1. */
int wal_sum_say_cut(const struct wal_segment *seg, uint64_t was_size, struct err *e);

/* Where the last good record of a closed segment ended when its sidecar, which fits, was made; 0:
 * there is none. For wal_reader_set_good. */
uint64_t wal_sum_was_good(const struct wal_segment *seg);

/* Writes the sidecar of a closed segment. Errors: ERR_IO, ERR_FULL: it may as well be left out. */
MUST_CHECK int wal_sum_write(const struct wal_segment *seg, const struct wal_sum *s,
			     const struct streams *streams, struct err *e);

#endif
