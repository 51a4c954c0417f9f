/* Index files merged as it is asked for: each new one is a line. */
#ifndef INDEX_COMPACT_ASK_H
#define INDEX_COMPACT_ASK_H

#include "index/options.h"
#include "index/says.h"

/* Errors: of index_compact, the sink. */
MUST_CHECK int index_compact_ask(struct store *s, const struct index_opts *o,
				 struct index_says says, struct err *e);

#endif
