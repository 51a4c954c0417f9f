/* A growing byte string that owns its memory. {0} is a valid empty one. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

struct buf {
	char *p;
	size_t n, cap;
};

void buf_release(struct buf *b); /* b is empty and usable again */

/* Makes room for n more bytes and returns where they go; buf.n is not moved. Aborts when out
 * of memory, so n is to be our own or checked against a limit. */
char *buf_reserve(struct buf *b, size_t n);

/* Makes b hold n bytes, whatever they are; what was in it is dropped. Errors: ERR_NOMEM. */
MUST_CHECK int buf_try_room(struct buf *b, size_t n, struct err *e);

void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list va) PRINTF_LIKE(2, 0);

/* Keeps p[n..]: drops the first n bytes. n is at most b->n. */
void buf_drop(struct buf *b, size_t n);

/* The text with a NUL behind (not counted); valid until the next change. */
const char *buf_str(struct buf *b);

static inline void buf_reset(struct buf *b)
{
	b->n = 0;
}

static inline struct bytes buf_bytes(const struct buf *b)
{
	return bytes_of(b->p, b->n);
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (b->cap - b->n < n)
		buf_reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void buf_add_bytes(struct buf *b, struct bytes s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_add_char(struct buf *b, char c)
{
	if (b->cap == b->n)
		buf_reserve(b, 1);
	b->p[b->n++] = c;
}

#endif
