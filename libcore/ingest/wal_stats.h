/* What one input of WAL segments holds, in numbers. */
#ifndef INGEST_WAL_STATS_H
#define INGEST_WAL_STATS_H

#include "wal/segment.h"

struct wal_stats {
	struct wal_header header; /* of the last segment */
	uint64_t n_bytes;	  /* read */
	uint64_t n_series_records, n_batches, n_entries, line_bytes, n_unknown;
	uint32_t n_streams, n_tenants;
	int64_t min_ts_ns, max_ts_ns; /* when there are entries */
	bool ended;		      /* there is an end record, and it fits */
	struct hash128 seal;	      /* when ended */
	uint64_t second;	      /* where a second segment begins; 0 none does */
	bool torn;
	uint64_t cut_from; /* set by the caller: the size it had, of which bytes are missing; 0 */
	uint64_t torn_at, n_damaged; /* torn: offset; damaged: places */
};

/* Reads everything, and verifies it; was_good as wal_reader_set_good has it. Errors: ERR_CORRUPT no
 * segment, ERR_VERSION, ERR_IO, ERR_LIMIT. */
MUST_CHECK int wal_stats_fd(int fd, uint64_t was_good, struct wal_stats *ret, struct err *e);

/* What is to be said of one that is damaged: ERR_CORRUPT, -1; 0 when it is not. */
MUST_CHECK int wal_stats_damage(const struct wal_stats *s, struct err *e);

enum wal_stats_format { WAL_STATS_TEXT, WAL_STATS_JSONL };
/* Appends it as lines for people, or as one JSON object. open: a writer holds the segment. */
void wal_stats_add(struct buf *out, const char *name, const struct wal_stats *s,
		   enum wal_state state, enum wal_stats_format format);

#endif
