/* What answering has cost, added up over all scans of a query. For one thread. */
#ifndef QUERY_STATS_H
#define QUERY_STATS_H

#include <stdint.h>

#include "query/gate.h"

struct query_stats {
	uint64_t bytes; /* of lines that were read, or counted from tables; of metadata, of files */
	uint64_t lines; /* likewise */
	uint64_t log_bytes, log_lines;	   /* of these, what was read from logs, */
	uint64_t table_bytes, table_lines; /* and what was counted from tables */
	uint64_t kept;			   /* lines that the stages left */
	uint64_t folded, log_folded;	   /* equal lines that count once; of these, all of logs */
	uint64_t meta_bytes, log_meta_bytes; /* of structured metadata that was looked at */
	uint64_t chunks;		     /* of packs, that have some of the time asked for */
	uint64_t chunks_read;		     /* of these, those that were read; of files too */
	uint64_t stored_bytes; /* compressed, of the columns that were decoded; of those in
				  bundles their share */
	int64_t read_ns;       /* that it took, of all threads together */
	uint64_t segments;     /* of logs, that were looked at */
	uint64_t log_streams;  /* that are asked for, each in each segment */
	struct gate_blocks blocks;
	int64_t start_ns, queued_ns; /* of time_mono_ns; how long it had waited before */
};

/* As the member "stats" of Loki's answers, with the entries or series of this one. waited_ns: for
 * others, since the start. */
struct buf;
void query_stats_add_json(struct buf *b, const struct query_stats *s, uint64_t rows,
			  int64_t waited_ns);

#endif
