/* The state of executing, and what functions use of it. */
#ifndef TEMPLATE_RUN_H
#define TEMPLATE_RUN_H

#include "template/tree.h"
#include "template/value.h"

struct regex;

enum { RUN_REGEXES = 8 };

struct variable {
	struct bytes name;
	struct value value;
};

struct template_run {
	struct arena mem; /* values; emptied for each entry */
	struct buf out, message;
	struct buf scratch;	  /* of the function that runs, while it does not evaluate others */
	struct buf digits, piece; /* of printing */

	const struct template *tmpl;
	const struct definition *def; /* that executes */
	const struct template_entry *entry;
	const struct node *at; /* for messages */
	struct variable *vars;
	size_t n_vars, cap_vars;
	size_t vars_base;    /* those in front belong to templates further out, and are not seen */
	const char *calling; /* the function that runs, for messages; else NULL */
	struct regex *pattern; /* of the function that runs, when its pattern is compiled already */
	unsigned steps, depth, nesting;

	/* Kept between entries: patterns that are not constants, of which each takes the place of
	 * the oldest; and all time zones. */
	struct regex *regexes[RUN_REGEXES];
	size_t next_regex;
	struct time_zone **zones;
	size_t n_zones, cap_zones;
};

/* Sets the message. Return -1. */
int run_fail(struct template_run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for a text of any length. */
int run_fail_bytes(struct template_run *r, const char *before, struct bytes text,
		   const char *after);
#ifdef __clang_analyzer__ /* which would think that it may return 0, as of err_set */
#define run_fail(...) ((run_fail)(__VA_ARGS__), -1)
#endif

/* Whether n more bytes of one string are within the limits; else -1, with the message. */
MUST_CHECK int run_check_size(struct template_run *r, size_t n);

/* Labels become such a map; other values stay. */
struct value run_plain(struct template_run *r, const struct value *v);

/* A copy of the scratch buffer. */
struct value run_take_scratch(struct template_run *r);

#endif
