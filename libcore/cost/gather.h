/*
 * The cost records of all operands of a verb, which are to be added up: no file counts twice, no
 * record does, and all are in one currency. What is wrong is reported, and then there is no answer.
 * For one thread.
 */
#ifndef COST_GATHER_H
#define COST_GATHER_H

#include "cli/cli.h"
#include "cost/columns.h"

/* Strings are borrowed. */
struct cost_gathering {
	struct cli *cli;    /* to which faults are reported */
	const char *answer; /* "report": there is none when a record is wrong */
	const struct cost_dims *dims;
	const struct cost_mapping *map;
	bool unique;	      /* records that have no id are known by their text */
	bool has_currency;    /* the verb has --currency */
	const char *currency; /* which was given, or NULL */
	/* Whether a record counts; NULL: each does. */
	bool (*wanted)(void *data, const struct cost_record *r);
	/* Each that counts; -1 ends it all. */
	int (*record)(void *data, const struct cost_record *r, struct err *e);
	void *data;

	struct buf found; /* set: the currency of the records; empty: there was none */
	uint64_t n_other; /* set: how many are in other ones than .currency */
};

void cost_gathering_release(struct cost_gathering *g);

/*
 * operand: files; none, or "-": stdin. Errors: ERR_USAGE, a file is given twice; ERR_CORRUPT,
 * records are wrong, stand twice (by id, or by text with .unique) or are in several currencies;
 * those of cost_read, of temporary files, and of .record.
 */
MUST_CHECK int cost_gather(struct cost_gathering *g, char **operand, size_t n, struct err *e);

#endif
