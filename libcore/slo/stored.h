/* A store, and its log, that LogQL queries are answered from. */
#ifndef SLO_STORED_H
#define SLO_STORED_H

#include "query/source.h"
#include "slo/source.h"

/* What is read; must outlive the source. .now_ns is that of all queries. */
struct slo_stored {
	struct source_opts source;
};

struct slo_source slo_stored_source(struct slo_stored *s);

#endif
