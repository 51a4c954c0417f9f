/* Replacing in strings. All append to the run's scratch buffer, and give -1 with the message set.
 */
#ifndef TEMPLATE_REPLACE_H
#define TEMPLATE_REPLACE_H

#include "template/run.h"

/* The first max occurrences of old; all when max is negative. An empty one is between characters.
 */
MUST_CHECK int replace_text(struct template_run *r, struct bytes s, struct bytes old,
			    struct bytes by, int64_t max);

enum replace_style {
	REPLACE_EXPAND, /* $1 and ${name} in `by` are what the groups matched */
	REPLACE_LITERAL
};

MUST_CHECK int replace_regex(struct template_run *r, struct bytes pattern, struct bytes s,
			     struct bytes by, enum replace_style style);
/* How often the pattern matches. */
MUST_CHECK int replace_count(struct template_run *r, struct bytes pattern, struct bytes s,
			     int64_t *ret);

#endif
