/* What answering has cost, added up over all scans of a query. For one thread. */
#ifndef QUERY_STATS_H
#define QUERY_STATS_H

#include <stdint.h>

struct query_stats {
	uint64_t
		planned_bytes; /* of lines, that plans said are to be read; of metadata, of files */
	uint64_t bytes;	       /* of lines that were read, or counted from tables */
	uint64_t lines;	       /* likewise */
	uint64_t kept;	       /* lines that the stages left */
};

#endif
