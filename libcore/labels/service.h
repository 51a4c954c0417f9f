#ifndef LABELS_SERVICE_H
#define LABELS_SERVICE_H

#include "labels/labels.h"

/* The labels that Loki looks at for it, in this order. */
enum { SERVICE_LABELS = 13 };
extern const char *const service_labels[SERVICE_LABELS];

/*
 * The value that Loki gives the label service_name of a stream which has none: that of the first of
 * service_labels, else "unknown_service". Borrowed from l, or static.
 */
struct bytes service_name_of(const struct labels *l);
/* The same with a list of one's own. */
struct bytes service_name_among(const struct labels *l, const char *const *from, size_t n);

#endif
