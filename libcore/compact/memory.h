/* What is said to those who give a job too little memory: on a command line, in a file of settings.
 * How much it needs is packing_memory_min's and merge_memory_min's. */
#ifndef COMPACT_MEMORY_H
#define COMPACT_MEMORY_H

#include <stdint.h>

#include "base/err.h"

/* least: of these functions, for as many jobs. Errors: ERR_USAGE, it is less; how much is needed.
 */
MUST_CHECK int compact_check_memory(uint64_t memory_bytes, uint64_t least, unsigned jobs,
				    struct err *e);

/* Bytes as that message has them: whole MiB, enough for `least`. */
uint64_t compact_whole_memory(uint64_t least);

#endif
