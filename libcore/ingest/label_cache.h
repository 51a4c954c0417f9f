/*
 * From a spelling of labels, as the text of a JSON line's, to the stream's number: each spelling is
 * parsed once. For one thread.
 */
#ifndef INGEST_LABEL_CACHE_H
#define INGEST_LABEL_CACHE_H

#include "base/map.h"
#include "entry/streams.h"

/* Called for each new spelling: may add labels to *l (its array is of the arena), e.g. those of the
 * command line. */
typedef int label_cache_fn(struct labels *l, struct arena *a, void *data, struct err *e);

/* Reads a spelling of labels: labels_parse_json, or one of another form. */
typedef int label_cache_parse_fn(struct bytes spelling, struct arena *a, struct labels *ret,
				 struct err *e);

struct label_cache {
	struct streams *streams;
	label_cache_parse_fn *parse; /* NULL: labels_parse_json */
	label_cache_fn *amend;	     /* or NULL */
	void *data;
	struct map map;
	struct arena keys, scratch;
	struct buf key;
};

void label_cache_release(struct label_cache *c);
/* For when the streams are forgotten. */
void label_cache_reset(struct label_cache *c);
size_t label_cache_memory(const struct label_cache *c);

/*
 * The stream of a tenant's labels, given as the text of a JSON object ("" for none), or as .parse
 * has it. Labels and tenant are checked as Loki checks them in a push. own_tenant: the line names
 * it (the text is then remembered together with it). Errors: ERR_USAGE (bad JSON, names, tenant; no
 * labels), ERR_LIMIT (streams).
 */
enum label_cache_tenant { TENANT_DEFAULT, TENANT_OWN };
MUST_CHECK int label_cache_get(struct label_cache *c, struct bytes tenant,
			       enum label_cache_tenant from, struct bytes spelling, uint32_t *ret,
			       struct err *e);

#endif
