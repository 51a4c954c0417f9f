/* Labels and metadata as they are gathered, and the stream that the sink was told of: for decoders
 * whose bodies name no streams. */
#ifndef PUSH_PAIRS_H
#define PUSH_PAIRS_H

#include "push/push.h"

struct push_pairs {
	struct label *v;
	size_t n, cap;
};

/* Strings are borrowed. Errors: ERR_LIMIT, more than PUSH_META_MAX, or too long a name. */
MUST_CHECK int push_pairs_add(struct push_pairs *p, struct bytes name, struct bytes value,
			      struct err *e);
/* The same, in place of one of that name. */
MUST_CHECK int push_pairs_set(struct push_pairs *p, struct bytes name, struct bytes value,
			      struct err *e);

/* {0} at first. */
struct push_current {
	struct buf spelling, next;
	bool told;
};

/* Tells the sink of the stream with these labels (which are sorted for that), unless it is the one
 * it was told of last. */
MUST_CHECK int push_current_set(struct push_current *c, struct push_pairs *labels,
				const struct push_sink *sink, struct err *e);
void push_current_release(struct push_current *c);

#endif
