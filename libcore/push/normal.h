/* Names and times as bodies have them, and as they are stored. */
#ifndef PUSH_NORMAL_H
#define PUSH_NORMAL_H

#include "base/arena.h"

/* A name as Loki writes it into labels and metadata: what is not a letter, a digit or _ becomes _,
 * with key_ before a digit and key before a single _ in front. Borrowed when it is so already, else
 * in a. */
struct bytes push_normal_name(struct bytes name, struct arena *a);
/* The same but for what stands in front, to memory of name.n bytes; returns the end. */
char *push_put_clean(char *to, struct bytes name);

/* Whether name is one of a list, comma between and perhaps blanks. */
bool push_is_among(struct bytes list, struct bytes name);

/* A time as records have it: RFC 3339 (its zone may be missing: UTC; +0100 for +01:00; a comma for
 * the point), a day, or Unix seconds, milliseconds, microseconds or nanoseconds, told apart by
 * their size, with a fraction or without. */
bool push_time(struct bytes text, int64_t *ret_ns);

#endif
