#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

char *buf_reserve(struct buf *b, size_t n)
{
	if (b->cap - b->n < n || !b->p) /* never NULL, so that callers may add to it */
		mem_grow(&b->p, &b->cap, b->n + (n ? n : 1), 1);
	return b->p + b->n;
}

int buf_try_room(struct buf *b, size_t n, struct err *e)
{
	if (b->cap < n || !b->p) {
		/* The next is often a little longer. */
		size_t cap = n + n / 4;
		char *p = mem_try(cap, e);

		if (!p)
			return -1;
		free(b->p);
		b->p = p;
		b->cap = cap;
	}
	b->n = n;
	return 0;
}

void buf_addv(struct buf *b, const char *fmt, va_list va)
{
	va_list again;
	int n;

	va_copy(again, va);
	n = vsnprintf(NULL, 0, fmt, va);
	if (n > 0) {
		buf_reserve(b, (size_t)n + 1);
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list va;

	va_start(va, fmt);
	buf_addv(b, fmt, va);
	va_end(va);
}

void buf_drop(struct buf *b, size_t n)
{
	if (b->n > n) /* an empty one may have no memory at all */
		memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

const char *buf_str(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return b->p;
}
