/* Durations and sizes as LogQL writes them: what is taken differs from place to place. */
#ifndef LOGQL_UNIT_H
#define LOGQL_UNIT_H

#include "base/buf.h"

/*
 * As in [5m]: whole numbers with y w d h m s ms, each at most once and in this order; or "0".
 * On failure *ret_error is what Loki says, "duration out of range" or NULL for no duration.
 */
bool unit_parse_range(struct bytes text, int64_t *ret_ns, const char **ret_error);

/* As in label filters and after offset: what ranges take, or any row of numbers, fractions too,
 * with h m s ms us ns; a sign in front. */
bool unit_parse_duration(struct bytes text, int64_t *ret_ns);

/* 5KB, 1.5MiB, 20B, 1K: kB MB GB TB PB are powers of 1000 (a bare letter too), KiB ... of 1024. */
bool unit_parse_bytes(struct bytes text, uint64_t *ret);

/* "1h30m", "2w", "0s"; what is below a millisecond is left out. ns is 0 or more. */
void unit_add_range(struct buf *b, int64_t ns);

/* Rounded to two digits, "5.0kB", "12MB", as Loki's format_query has it. */
void unit_add_bytes(struct buf *b, uint64_t n);

#endif
