/* A check as it is asked for: each fault on a line; mending; and whether that helped. */
#ifndef INDEX_FSCK_ASK_H
#define INDEX_FSCK_ASK_H

#include "cli/values.h"
#include "index/dump.h"
#include "index/fsck.h"

struct fsck_ask {
	struct index_fsck check; /* set by the caller, but for .tell, .foreign, .archived, .data */
	bool repair;
	bool salvage; /* of the repair, as index_repair has it */
	bool dry_run; /* of the repair */
	enum cli_format format;
	index_sink_fn *sink;			    /* takes the lines */
	void (*note)(const char *text, void *data); /* what was mended; or is not of the store */
	void (*fault)(const struct err *e, void *data); /* what could not be mended */
	void *data;
};

/* Returns how many faults there are; after a repair, how many are left. Errors: of index_fsck,
 * index_repair, sink. */
MUST_CHECK int64_t fsck_ask(const struct fsck_ask *a, struct err *e);

#endif
