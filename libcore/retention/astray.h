/* What limits say of a retention that is about nothing in the store, and may have been misspelt. */
#ifndef RETENTION_ASTRAY_H
#define RETENTION_ASTRAY_H

#include "limits/limits.h"

struct store;

typedef void astray_warn_fn(const char *text, void *data);

/* Tells warn of each tenant with a retention of its own in the overrides that the store does not
 * have. name: of the limits, for messages. Errors: of store_list_folders. */
MUST_CHECK int astray_tenants(const struct limits_set *limits, const char *name, struct store *s,
			      astray_warn_fn *warn, void *data, struct err *e);

/* Tells warn of each rule of retention_stream that fits no stream of the tenants of whom it is: it
 * looks at all index files of those. Of a store with a damaged one nothing is told. Errors: of
 * live_each, but ERR_CORRUPT. */
MUST_CHECK int astray_streams(const struct limits_set *limits, const char *name, struct store *s,
			      astray_warn_fn *warn, void *data, struct err *e);

#endif
