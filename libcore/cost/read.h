/*
 * Files of cost records, read in blocks by several threads; records come in the order of the file.
 */
#ifndef COST_READ_H
#define COST_READ_H

#include "cost/columns.h"

enum { COST_LINE_MAX = 128 << 10, COST_FAULTS_MAX = 10 };

struct cost_reading {
	const struct cost_dims *dims;
	const struct cost_mapping *map;
	unsigned jobs; /* 1 to WORK_JOBS_MAX */
	bool identify; /* records that have no id are known by their text */
	/* Each record; -1 ends it all, with an error that is given its file and line. */
	int (*record)(void *data, const struct cost_record *r, struct err *e);
	/* Each of the first COST_FAULTS_MAX records that are none, with file, line and field. */
	void (*fault)(void *data, const struct err *e);
	void *data;

	uint64_t n_faults; /* set: of all inputs so far */
};

/*
 * Reads fd to its end: JSON lines (cost_record_json), or CSV with a heading (cost_columns_make);
 * compressed with gzip or zstd as well. name:
 * for messages, "'costs.jsonl'". Whatever is wrong in a record is a fault, behind which it goes on.
 * Errors: ERR_CORRUPT, not cost records at all, or damaged compression; ERR_LIMIT, a line is longer
 * than COST_LINE_MAX; ERR_IO; those of .record.
 */
MUST_CHECK int cost_read(struct cost_reading *r, int fd, const char *name, struct err *e);

#endif
