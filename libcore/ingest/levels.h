/*
 * What Loki adds to a push by default: the stream label service_name, and the metadata
 * detected_level of each entry.
 */
#ifndef INGEST_LEVELS_H
#define INGEST_LEVELS_H

#include "labels/labels.h"

/* The level that a stream's labels give to all its entries, or an empty one. Borrowed, as the next.
 */
struct bytes level_of_labels(const struct labels *labels);
/* That of an entry whose labels give none: of its metadata, else what the line says; never empty
 * ("unknown"). Borrowed from the arguments, or static. */
struct bytes level_of_entry(const struct label *meta, size_t n_meta, struct bytes line);

/* The level that a value ("WRN") names, or an empty one. */
struct bytes level_by_name(struct bytes value);

#endif
