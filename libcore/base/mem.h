/*
 * Memory from the heap. mem_alloc and mem_realloc are for our own sizes and end the process rather
 * than return NULL, with a line on stderr: with the status of ERR_LIMIT when it has a limit of its
 * own (RLIMIT_DATA), else of ERR_NOMEM; what stdout has buffered is not written. For a size that
 * comes from a file or a client: check it against a limit first, then mem_try, which can fail. Sums
 * and products of such sizes go through size_add and size_mul. Free with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

void *mem_alloc(size_t n); /* zeroed */
void *mem_realloc(void *p, size_t n);
MUST_CHECK void *mem_try(size_t n, struct err *e); /* not zeroed; NULL with ERR_NOMEM */

/* False when the result does not fit; *ret is then untouched. */
MUST_CHECK bool size_add(size_t a, size_t b, size_t *ret);
MUST_CHECK bool size_mul(size_t a, size_t b, size_t *ret);

/*
 * Makes room for `need` elements in the array *v of *cap elements of `size` bytes, by
 * doubling. v is a pointer to the array's pointer. For our own sizes: as mem_alloc. mem_grow_now is
 * the rest of it, not to be called.
 */
void mem_grow_now(void *v, size_t *cap, size_t need, size_t size);
static inline void mem_grow(void *v, size_t *cap, size_t need, size_t size)
{
	if (need > *cap)
		mem_grow_now(v, cap, need, size);
}

#endif
