/* Numbers and sizes as people write them. Whole text or nothing: trailing bytes are refused. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"

/* Of 64 bits and then some: for sums of times and durations, any of which may be extreme. */
__extension__ typedef __int128 num_wide;

/* The nearest there is. */
static inline int64_t num_clip(num_wide v)
{
	return v < INT64_MIN ? INT64_MIN : v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

bool num_u64(struct bytes text, uint64_t *ret);	 /* decimal digits only */
bool num_i64(struct bytes text, int64_t *ret);	 /* with - or + in front */
bool num_double(struct bytes text, double *ret); /* C locale; inf and nan as strtod has them */
/* As num_double, and fast, of at most 15 digits with perhaps a point among them and a '-' in front;
 * false of anything else. */
bool num_plain_double(struct bytes text, double *ret);

/* "512", "4KiB", "1.5MB": B, kB/KB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB and the bare
 * letters K, M, G, T powers of 1024. */
bool num_size(struct bytes text, uint64_t *ret_bytes);

/* "0 B", "999 B", "1.5 KiB", "64.0 MiB" */
void num_add_size(struct buf *b, uint64_t n_bytes);
/* To the byte, in the largest power of 1024 that leaves no rest: "0B", "1025B"; "600KiB" when
 * binary is "i", as num_size reads it back, "600KB" when it is "". */
void num_add_whole_size(struct buf *b, uint64_t n_bytes, const char *binary);
/* "1 batch", "2 batches": what counts other than one is named by many. */
void num_add_count(struct buf *b, uint64_t n, const char *one, const char *many);

/* How n things are called: "1 entry", "2 entries". */
static inline const char *num_word(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

enum { NUM_DIGITS_MAX = 17 };
/* The fewest digits that read back as v, which is finite and not negative: how many, and the power
 * of ten that the first stands for. */
int num_digits(double v, char ret[NUM_DIGITS_MAX], int *ret_exponent);

/* Shortest digits that read back to the same double, as Go's strconv 'f' -1 prints them; NaN, +Inf,
 * -Inf. */
void num_add_double(struct buf *b, double v);
void num_add_i64(struct buf *b, int64_t v);

/* The value of a hexadecimal digit of either case; -1 when it is none. */
int num_hex_digit(char c);

/* The end of a word that n counts: "1 token", "2 tokens". */
static inline const char *num_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
