/* What is read alike of limits that are maps or lists of their own. Private to limits. */
#ifndef LIMITS_PART_H
#define LIMITS_PART_H

#include "base/arena.h"
#include "regex/regex.h"
#include "yaml/report.h"

/* What they are made of. */
struct limits_memory {
	struct arena arena;
	struct regex **regex;
	size_t n_regexes, cap;
};

void limits_memory_release(struct limits_memory *m);

struct limits_reader {
	const char *name; /* "limits_config.otlp_config" */
	struct limits_memory *m;
	struct report *report;
};

/* Tells a fault; of which key below .name, or NULL: of that itself. */
void limits_fault(struct limits_reader *r, const struct yaml_node *at, const char *what,
		  const char *why);

/* A map whose keys are those of the table; what: as above. False when it is none, which is a fault,
 * or null. */
bool limits_read_keys(struct limits_reader *r, const struct yaml_node *map, const char *what,
		      const struct key *table, void *base);

/* How many items a list has; 0 of what is null, and of what is none, which is a fault. */
uint32_t limits_n_items(struct limits_reader *r, const struct yaml_node *list, const char *what);

/* NULL, and a fault, of a pattern that is none; how as of regex_new. */
const struct regex *limits_regex(struct limits_reader *r, const struct yaml_node *at,
				 const char *what, const char *pattern, unsigned how);

#endif
