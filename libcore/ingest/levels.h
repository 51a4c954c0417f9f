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

/*
 * What an entry is stored with: meta without a detected_level of the sender's, which is not
 * believed, and ours behind. of_stream is what level_of_labels said of its stream. Puts n_meta + 1
 * labels at most into ret; returns how many.
 */
size_t level_add(const struct label *meta, size_t n_meta, struct bytes of_stream, struct bytes line,
		 struct label *ret);

/* The level that a value ("WRN") names, or an empty one. */
struct bytes level_by_name(struct bytes value);

#endif
