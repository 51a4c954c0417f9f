#ifndef INGEST_SERVICE_H
#define INGEST_SERVICE_H

#include "labels/labels.h"

/*
 * The value that Loki gives the label service_name of a stream which has none: that of the first of
 * a fixed list of labels, else "unknown_service". Borrowed from l, or static.
 */
struct bytes service_name_of(const struct labels *l);
/* The same with a list of one's own. */
struct bytes service_name_among(const struct labels *l, const char *const *from, size_t n);

#endif
