#include "query/warm_up.h"

#include "base/crc32c.h"
#include "base/heap.h"
#include "regex/regex.h"

/* The first regex makes room for machine code, and finds out what the processor can do. */
static void warm_regex(void)
{
	struct err e;
	struct regex *r = regex_new(BYTES_LIT("a+b"), REGEX_UNANCHORED, &e);

	regex_free(r);
}

void query_warm_up(void)
{
	heap_for_one_task(true);
	crc32c("", 0);
	warm_regex();
}
