/* Messages of syslog become entries (push/syslog.h). Private to ingest/. */
#ifndef INGEST_SYSLOG_SOURCE_H
#define INGEST_SYSLOG_SOURCE_H

#include "ingest/batch.h"
#include "push/syslog.h"

struct syslog_source {
	struct ingest *in;
	struct syslog syslog;
	struct syslog_opts opts;
	struct arena arena;
	int64_t zone_due_ns; /* when to ask again which zone it is */
	/* What entries belong to: */
	struct buf spelling;
	uint32_t stream; /* its number, while in->n_forgotten is .forgotten */
	uint64_t forgotten;
	struct err refused; /* or why there is none */
};

void syslog_source_init(struct syslog_source *s, struct ingest *in);
void syslog_source_release(struct syslog_source *s);

/* Adds an entry, or counts and reports why not; from says where it came from, for messages. */
void syslog_source_take(struct syslog_source *s, struct bytes message, const char *from);

/* Takes all whole messages off *rest. Submits batches that are full. Errors: ERR_LIMIT, one is too
 * long; what is behind it cannot be found. */
MUST_CHECK int syslog_source_take_all(struct syslog_source *s, struct bytes *rest,
				      enum syslog_more more, const char *from, struct err *e);

#endif
