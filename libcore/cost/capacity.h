/*
 * How much hardware logs will need, and what that costs: ingestion and queries that grow by the
 * month, retention, replication, compression; memory and cores by rates that were measured. GB and
 * TB are powers of 1000, GiB and TiB of 1024.
 *
 * Quantities are reckoned in floating point; bytes are rounded to whole ones and pods, nodes and
 * disks up, and from these amounts are exact.
 */
#ifndef COST_CAPACITY_H
#define COST_CAPACITY_H

#include "base/err.h"
#include "base/exact.h"

enum capacity_field {
	CAPACITY_INGESTION,	   /* GB of lines a day */
	CAPACITY_QUERIES,	   /* a second */
	CAPACITY_STORED,	   /* TB in the store now */
	CAPACITY_INGESTION_GROWTH, /* percent a month */
	CAPACITY_QUERY_GROWTH,
	CAPACITY_INGESTER_MEMORY, /* GB for each GB a day */
	CAPACITY_INGESTER_CPU,	  /* cores */
	CAPACITY_QUERIER_MEMORY,  /* GB for each query a second */
	CAPACITY_QUERIER_CPU,
	CAPACITY_STORAGE_COST, /* for each TB a month */
	CAPACITY_POD_MEMORY,   /* GB */
	CAPACITY_POD_CPU,
	CAPACITY_MONTHS,
	CAPACITY_RETENTION,   /* days */
	CAPACITY_REPLICATION, /* ingesters that each entry goes to */
	CAPACITY_COPIES,      /* of what is stored */
	CAPACITY_COMPRESSION, /* bytes of lines for each byte that is stored */
	CAPACITY_NODE_MEMORY, /* GB */
	CAPACITY_NODE_CPU,
	CAPACITY_NODE_COST, /* a month */
	CAPACITY_DISK_SIZE, /* GB, of one disk */
	CAPACITY_FIELDS
};

/* A value that was given, exactly as it was written. */
struct capacity_value {
	bool given;
	struct exact v;
};

struct capacity {
	struct capacity_value field[CAPACITY_FIELDS];
};

/* How a field is called: "CurrentIngestionRate" in files, "current-ingestion-rate" as an option. */
struct capacity_name {
	const char *name, *option;
	double least, most;
	const char
		*fallback; /* its value when it is not given; NULL: it must be, or is of no use */
};
extern const struct capacity_name capacity_names[CAPACITY_FIELDS];

/* Sets a field from its text. Errors: ERR_USAGE, what was expected and found. */
MUST_CHECK int capacity_set(struct capacity *c, enum capacity_field f, struct bytes text,
			    struct err *e);
/* Reads a file, YAML or JSON: a map of names in either spelling, in any case. What is given already
 * stays. Errors: yaml_parse's; ERR_USAGE, "FILE:LINE:COL: ...". */
MUST_CHECK int capacity_read(struct capacity *c, struct bytes text, const char *file,
			     struct err *e);

enum capacity_model {
	CAPACITY_FULL,
	/* Without compression, replication and growth within the retention; 30 days; a TB, and what
	 * it costs, is that of 1024 GB. As it is reckoned by hand, to compare. */
	CAPACITY_PLAIN,
};

struct capacity_month {
	unsigned month;		   /* from now */
	double ingestion, queries; /* GB a day; a second */
	uint64_t stored;	   /* bytes */
	double stored_tb;	   /* the same, in TB of the model */
	double ingester_memory, ingester_cpu, querier_memory, querier_cpu;
	/* 0: not asked for */
	uint64_t ingesters, queriers; /* pods */
	uint64_t nodes, disks;
	int64_t storage_cost, node_cost, cost; /* nano */
};

/* Checks what must be given, and sets what was not. Errors: ERR_USAGE. */
MUST_CHECK int capacity_complete(struct capacity *c, struct err *e);
/* Of a complete one, so many months from now. Errors: ERR_LIMIT, something is too large;
 * ERR_USAGE, a pod does not fit on a node. */
MUST_CHECK int capacity_project(const struct capacity *c, enum capacity_model model, unsigned month,
				struct capacity_month *ret, struct err *e);

double capacity_double(const struct capacity *c, enum capacity_field f);

/* The compression that the size of the store tells, when it was given; else 0. */
double capacity_implied(const struct capacity *c);

#endif
