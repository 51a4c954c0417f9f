/*
 * What a text has that stood in it before: the matches that zstd then codes (lokid-chunk(5),
 * "MEASURED"). For the files of codec/ only; for one thread.
 */
#ifndef CODEC_MATCHES_H
#define CODEC_MATCHES_H

#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_Sequence */
#include <zstd.h>

#include "base/bytes.h"

/* No match is further back than that many bits say. */
enum { MATCHES_WINDOW_LOG = 20 };

/* How hard to look. */
struct match_effort {
	uint32_t enough; /* a match of so many bytes is taken at once */
	uint8_t steps;	 /* after another one, as many bytes are looked at for a better one */
	uint8_t stride;	 /* of the places in a match, one of so many can be found again */
	uint8_t log_far, log_near; /* places of the tables, 6 to 20 */
};

/* {0} is a valid empty one. */
struct matches {
	ZSTD_Sequence *v; /* with the ends of blocks, as ZSTD_compressSequences takes them */
	size_t n, cap;
	uint32_t *far, *near; /* tables, kept between calls */
	uint8_t log_far, log_near;
};

void matches_release(struct matches *m);

/* Sets v and n. The text is at most 1 GiB. */
void matches_find(struct matches *m, const struct match_effort *how, struct bytes text);

#endif
