/* Moving a few bytes quickly: more of them than was asked for. For the files of codec/ only. */
#ifndef CODEC_SNAP_MOVE_H
#define CODEC_SNAP_MOVE_H

#include <stddef.h>
#include <string.h>

enum {
	SNAP_LITERAL = 0,
	SNAP_COPY_1 = 1, /* an offset of one byte more behind the tag; of two; of four */
	SNAP_COPY_2 = 2,
	SNAP_COPY_4 = 3,
	SNAP_SHORT_MAX = 60, /* a longer literal has its length behind the tag */
	SNAP_COPY_MAX = 64,
	SNAP_STEP = 16,
	SNAP_STEPS = 4 * SNAP_STEP,
};

/* n is known where this is compiled. */
static inline void snap_move(unsigned char *to, const unsigned char *from, size_t n)
{
	unsigned char v[SNAP_STEP];

	memcpy(v, from, n);
	memcpy(to, v, n);
}

/* SNAP_STEPS bytes, by steps, however few are wanted: how many cannot be foretold, and asking costs
 * more. `from` may lie before `to`, by a step at least. */
static inline void snap_move_steps(unsigned char *to, const unsigned char *from)
{
	snap_move(to, from, SNAP_STEP);
	snap_move(to + SNAP_STEP, from + SNAP_STEP, SNAP_STEP);
	snap_move(to + 2 * SNAP_STEP, from + 2 * SNAP_STEP, SNAP_STEP);
	snap_move(to + 3 * SNAP_STEP, from + 3 * SNAP_STEP, SNAP_STEP);
}

#endif
