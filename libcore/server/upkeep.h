/*
 * What keeps the store small, by the clock: `chunkpack --compact`, `idxbuild --retain` where
 * anything is to expire, `chunkpack --delete`, as cron would run them; and once an hour a look for
 * packs without an index file, `idxbuild --fsck --unnamed`. One run at a time; one that
 * fails is tried again when the next is due.
 */
#ifndef SERVER_UPKEEP_H
#define SERVER_UPKEEP_H

#include "server/server.h"

struct upkeep;

struct upkeep_state {
	int64_t last_success_ns;   /* Unix; 0: none yet */
	int64_t begun_mono_ns;	   /* of time_mono_ns: the run under way, or the last */
	int64_t took_ns;	   /* the last that succeeded */
	int64_t last_retention_ns; /* as last_success_ns, of idxbuild --retain */
	int64_t retention_ns;	   /* as took_ns */
	uint64_t n_unnamed;	   /* packs that no index file named when it was last looked */
	unsigned n_failed;	   /* runs in a row */
	bool running;
	struct err failure; /* the last one's, when n_failed */
};

/* Plans the first run. Errors: ERR_IO. */
MUST_CHECK int upkeep_open(struct server *s, struct upkeep **ret, struct err *e);

/* From any thread. */
struct upkeep_state upkeep_look(struct upkeep *u);

/* Before children_close: nothing that programs have printed is read any more. NULL: nothing. */
void upkeep_stop(struct upkeep *u);

/* After children_close: nothing of it runs any more. NULL: nothing. */
void upkeep_close(struct upkeep *u);

#endif
