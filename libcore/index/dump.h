/* An index file as JSON lines: idxbuild --dump. Format: idxbuild(1), "DUMP". */
#ifndef INDEX_DUMP_H
#define INDEX_DUMP_H

#include "index/index.h"

/* Takes text as it is made; returns 0, or -1 with e set, which ends the dump. */
typedef int index_sink_fn(struct bytes text, void *data, struct err *e);

/* Errors: ERR_CORRUPT, what sink gave. */
MUST_CHECK int index_dump(struct index *ix, index_sink_fn *sink, void *data, struct err *e);

#endif
