/*
 * Lines that differ in their values alone, as one pattern with <_> for these. In the manner of
 * Drain (He and others, 2017), whose tree is here a table:
 *
 *   1. A line is words (letters, digits, _, bytes above 127) and what stands between them. A word
 *      with a digit in it is a value; values with only one of . : , - / + between them (an address,
 *      a time) are one. < and > are values too, so that no line looks like a pattern.
 *   2. All of it but the words is the line's shape. A line can only be of a pattern of its shape.
 *   3. Of these it is of the one with which it shares most words, at least three of five; words in
 *      which they differ become values. Else it is a pattern of its own.
 *
 * So every line of a pattern is found by the filter |> "PATTERN". Memory is bounded: at most
 * DRAIN_PATTERNS, of what stands in the first DRAIN_LINE_BYTES and DRAIN_WORDS of a line (behind
 * them is a value); when there are so many, lines of no pattern are counted together, as <_>.
 */
#ifndef QUERY_DRAIN_H
#define QUERY_DRAIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

enum { DRAIN_PATTERNS = 300, DRAIN_LINE_BYTES = 4096, DRAIN_WORDS = 256, DRAIN_SAMPLES = 11000 };

struct drain_sample {
	int64_t ts_ns; /* a multiple of the step */
	uint64_t n;
};

struct drain_pattern {
	uint64_t n;
	struct drain_sample *sample; /* ascending */
	size_t n_samples, cap_samples;

	struct bytes shape; /* private from here; a word is one byte 1 */
	struct bytes *word; /* p NULL: a value */
	uint32_t n_words, next;
};

struct drain {
	int64_t step_ns; /* above 0; set before the first line, as the next */
	bool fixed_step; /* else it is doubled when a pattern has DRAIN_SAMPLES */
	struct drain_pattern v[DRAIN_PATTERNS + 1]; /* the last: lines of no pattern */
	size_t n;

	struct arena mem; /* private from here */
	struct map by_shape;
	struct buf shape;
	struct bytes word[DRAIN_WORDS]; /* of the line that is looked at */
	uint32_t n_words;
};

/* Never NULL; a zeroed one is valid but for step_ns. */
struct drain *drain_new(void);
void drain_free(struct drain *d);

/* Errors: ERR_QUERY more than DRAIN_SAMPLES of a fixed step. */
MUST_CHECK int drain_add(struct drain *d, int64_t ts_ns, struct bytes line, struct err *e);

void drain_add_text(struct buf *b, const struct drain_pattern *p);

#endif
