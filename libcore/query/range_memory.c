#include "query/range_memory.h"

int range_memory_take(struct range_memory *m, uint64_t bytes, struct err *e)
{
	if (__atomic_add_fetch(&m->used_bytes, bytes, __ATOMIC_RELAXED) <= m->max_bytes)
		return 0;
	range_memory_give(m, bytes);
	return err_set(e, ERR_LIMIT,
		       "more than the %llu bytes of memory for series and values: ask for fewer, "
		       "or longer steps (or --memory)",
		       (unsigned long long)m->max_bytes);
}

void range_memory_give(struct range_memory *m, uint64_t bytes)
{
	__atomic_sub_fetch(&m->used_bytes, bytes, __ATOMIC_RELAXED);
}
