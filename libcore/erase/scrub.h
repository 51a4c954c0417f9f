/*
 * Rules by which lines are rewritten for good: log queries, each of which says by its selector and
 * filters which entries it is about, and by the rest of its pipeline what their lines become.
 */
#ifndef ERASE_SCRUB_H
#define ERASE_SCRUB_H

#include "entry/entries.h"
#include "query/query_scan.h"

enum { SCRUB_ID_LEN = 16 };

struct scrub_rule {
	char id[SCRUB_ID_LEN + 1]; /* hash of the rule as it stands in the file */
	struct bytes tenant;	   /* empty: all */
	struct bytes text;	   /* the query */
	struct logql_query tree;
	struct query_scan scan; /* its matchers and pipeline */
};

struct scrub_rules {
	struct scrub_rule *v;
	size_t n;
	struct arena mem; /* of v, and the texts */
};

/*
 * Reads a file of rules: a line each, `[TENANT] QUERY`; empty lines, and those that begin with '#',
 * say nothing. To be released, on failure too. Errors: ERR_IO; ERR_USAGE a rule is wrong, or there
 * is none, the message names the line.
 */
MUST_CHECK int scrub_load(const char *file, struct scrub_rules *ret, struct err *e);
void scrub_release(struct scrub_rules *r);

/* Is it about streams with these labels? For any thread. */
bool scrub_wants(const struct scrub_rule *r, const struct labels *stream);

/* What one thread needs of one rule. {0} is a valid empty one. */
struct scrub_state;
struct scrub_state *scrub_state_new(const struct scrub_rule *r);
void scrub_state_free(struct scrub_state *s); /* NULL is fine */

/*
 * Rewrites line[], those of the run's entries in order: where the rule is about an entry, its line
 * becomes what the pipeline makes of it; it lies in s until the next call with it. Sets *ret_any
 * when one did. Errors: ERR_USAGE the pipeline sets __error__, or would rewrite again what it has
 * written; ERR_LIMIT a line becomes longer than lines can be; ERR_QUERY a regex is given up.
 */
MUST_CHECK int scrub_apply(struct scrub_state *s, const struct labels *stream,
			   const struct run *run, struct bytes *line, bool *ret_any, struct err *e);

#endif
