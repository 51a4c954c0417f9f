#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* No unwinding: nothing here can fail but the process. Who has set a limit learns that it was
 * reached, and others that the machine is full. */
static _Noreturn void out_of_memory(size_t n)
{
	struct rlimit l;
	bool limited = getrlimit(RLIMIT_DATA, &l) == 0 && l.rlim_cur != RLIM_INFINITY;

	if (limited)
		fprintf(stderr,
			"%s: error: out of memory: it may have %llu bytes (RLIMIT_DATA), and needs "
			"%zu more\n",
			program_invocation_short_name, (unsigned long long)l.rlim_cur, n);
	else
		fprintf(stderr, "%s: error: out of memory: %zu bytes\n",
			program_invocation_short_name, n);
	_exit(err_exit_code(limited ? ERR_LIMIT : ERR_NOMEM));
}

void *mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		out_of_memory(n);
	return p;
}

void *mem_realloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		out_of_memory(n);
	return q;
}

void *mem_try(size_t n, struct err *e)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		err_set(e, ERR_NOMEM, "out of memory: %zu bytes", n);
	return p;
}

bool size_add(size_t a, size_t b, size_t *ret)
{
	size_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*ret = sum;
	return true;
}

bool size_mul(size_t a, size_t b, size_t *ret)
{
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*ret = product;
	return true;
}

void mem_grow_now(void *v, size_t *cap, size_t need, size_t size)
{
	void *old;
	size_t to = *cap ? *cap : 16;
	size_t n_bytes;

	while (to < need)
		to += to;
	if (!size_mul(to, size, &n_bytes))
		out_of_memory(need);
	memcpy(&old, v, sizeof(old));
	old = mem_realloc(old, n_bytes);
	memcpy(v, &old, sizeof(old));
	*cap = to;
}
