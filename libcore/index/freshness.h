/*
 * How old the newest entry of each tenant is: what comes late into the store, or no more, is seen
 * by it. Only index files of the newest days are opened.
 */
#ifndef INDEX_FRESHNESS_H
#define INDEX_FRESHNESS_H

#include "index/fsck_ask.h"

struct freshness {
	struct store *store;
	struct bytes tenant; /* empty: all */
	int64_t max_age_ns;  /* an age of just this is not too old */
	bool has_now;
	int64_t now_ns; /* with has_now; else the store's own clock */
	/* How far ahead of the clock an entry of a tenant may be and count, which the clock of its
	 * sender explains. NULL: any. */
	int64_t (*grace_ns)(struct bytes tenant, void *data);
	enum cli_format format;
	index_sink_fn *sink;				/* takes a line for each tenant */
	void (*fault)(const struct err *e, void *data); /* index files that cannot be read */
	void *data;
};

/* now - newest, clipped; what is of the future is of no age. */
int64_t freshness_age(int64_t now_ns, int64_t newest_ns);

/*
 * Returns how many tenants are too late: whose newest entry is older, or who have none. What is
 * further ahead than the grace does not count, but is told; of a block that reaches so far its
 * oldest entry counts alone. A store
 * without any tenant, and one who is asked for by name and is not there, are one. Errors: ERR_IO,
 * ERR_FULL, ERR_AGAIN; of sink.
 */
MUST_CHECK int64_t freshness_ask(const struct freshness *f, struct err *e);

#endif
