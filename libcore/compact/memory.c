#include "compact/memory.h"

#include "base/num.h"

enum { MIB_BITS = 20 };

uint64_t compact_whole_memory(uint64_t least)
{
	return ((least >> MIB_BITS) + 1) << MIB_BITS;
}

int compact_check_memory(uint64_t memory_bytes, uint64_t least, unsigned jobs, struct err *e)
{
	if (memory_bytes >= least)
		return 0;
	return err_set(e, ERR_USAGE, "%u %s and this chunk size need %llu MiB", jobs,
		       num_word(jobs, "thread", "threads"),
		       (unsigned long long)(compact_whole_memory(least) >> MIB_BITS));
}
