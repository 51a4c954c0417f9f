/*
 * A second evaluator of LogQL, for tests: one entry at a time, no planner, no blocks, nothing
 * shared with query/. Written from what the language is said to do, for plainness; slow. It takes
 * the parsed tree, and uses the parser, base/, labels/ and regex/.
 *
 * What the language leaves open (the order of entries of equal time that are first_over_time's
 * candidates, sums whose rounding decides a comparison) makes an answer `unsure`: nothing is to be
 * compared with it.
 */
#ifndef NAIVE_NAIVE_H
#define NAIVE_NAIVE_H

#include "base/arena.h"
#include "labels/matcher.h"
#include "logql/tree.h"

/* An entry as pushed. */
struct nv_entry {
	uint32_t stream;
	int64_t ts_ns;
	struct bytes line;
	struct labels meta; /* in the order given */
	unsigned parts;	    /* for the tests' own use: where it is written to */
};

struct nv_data {
	struct labels *stream;
	struct bytes *tenant; /* of each; NULL: all of "fake" */
	size_t n_streams;
	struct nv_entry *v; /* in the order of the push */
	size_t n;
	bool keeps_all; /* raw lines: equal ones are several */
	/* Of packs. */
	uint32_t block_entries; /* 0: a few, so that chunks have several blocks */
	bool whole_lines;	/* they are not taken apart */
	bool strong;		/* of a level that has bundles, unless: */
	bool no_bundles;
};

/* What is asked besides the text, as query_opts has it. */
struct nv_ask {
	bool is_range, forward;
	int64_t from, to, step_ns; /* log queries: from <= ts < to */
	int64_t at;
	uint64_t limit; /* 0: all */

	/* Of the programs' evaluator alone; "a|b". */
	struct bytes tenants;
	const struct matcher *match;
	size_t n_match;
	const char *limits_file; /* NULL: none */
	int64_t now_ns;		 /* 0: at */
	bool has_store;		 /* beside a log alone, for what is said about its entries */
};

struct nv_line {
	int64_t ts_ns;
	uint32_t stream;
	struct bytes line;
	struct labels labels; /* sorted by name; without __error_details__ */
};

struct nv_sample {
	struct labels labels; /* sorted by name */
	double v;
};

/* The elements of a metric expression at one step. */
struct nv_vector {
	struct nv_sample *v;
	size_t n;
	bool is_scalar; /* v[0] is a number */
};

struct nv_answer {
	bool failed; /* the query ends with an error */
	bool unsure;
	struct nv_line *line; /* of a log query, in order; limit not applied */
	size_t n_lines;
	int64_t start_ns, step_ns; /* of a metric query */
	size_t n_steps;
	struct nv_vector *step;
};

/* All that the answer points to lies in the arena, or in data and the query. */
void nv_run(const struct logql_query *q, const struct nv_data *data, const struct nv_ask *ask,
	    struct arena *a, struct nv_answer *ret);

/* Whether two sets of labels are equal. */
bool nv_same(const struct labels *a, const struct labels *b);

#endif
