/* A damaged segment is set aside, and what is good of it takes its place and name. */
#ifndef INGEST_MEND_H
#define INGEST_MEND_H

#include "ingest/salvage.h"

/* The folder in that of the log where damaged segments are set aside. */
#define MEND_ASIDE "damaged"

struct mended {
	struct salvage_counts counts; /* .undamaged: all is as it was but for a sidecar that said
					 otherwise, which is gone */
	bool saved;		      /* some of it; else nothing lies in its place */
	char *aside, *rest; /* where it lies now; what could not be read of it, or NULL; both NULL
			       when it was undamaged */
};

void mended_release(struct mended *m);

/*
 * Of a closed segment of the log that is damaged: what can be read goes into a new segment, durable
 * and ended, which replaces it in one step, so that a reader finds one of the two at any moment and
 * who is killed meanwhile has changed nothing. The damaged one is in MEND_ASIDE by then, beside its
 * sidecar; nothing is overwritten there, and nothing deleted. Errors: ERR_IO; ERR_FULL;
 * ERR_VERSION, it is of a later version, which is no damage; ERR_AGAIN, somebody else has just
 * mended or deleted it. All is as it was then.
 */
MUST_CHECK int mend_segment(const struct wal_segment *seg, struct mended *ret, struct err *e);

/* How many segments are set aside in a log: 0 when the folder is not there. Errors: ERR_IO. */
MUST_CHECK int mend_count_aside(const char *wal, uint64_t *ret, struct err *e);

#endif
