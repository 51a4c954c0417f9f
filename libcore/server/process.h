/* What processes take, as /proc has it: this one, and all that it has started. For any thread. */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <stdint.h>

#include "base/err.h"

struct process_self {
	double cpu_s, start_s; /* start: Unix */
	uint64_t resident_bytes, virtual_bytes;
	double virtual_max_bytes, max_fds; /* infinite when there is no limit */
	uint64_t open_fds;
};

/* Errors: ERR_IO, there is no /proc. *ret is then untouched. */
MUST_CHECK int process_self(struct process_self *ret, struct err *e);

/* How much memory there is for this process and those below it: the machine's, or what a control
 * group that it is in may take. Errors: as process_self. */
MUST_CHECK int process_memory_limit(uint64_t *ret_bytes, struct err *e);

/* The programs that a daemon starts, NULL-ended; the last is what any other is called. */
extern const char *const process_programs[];
enum { PROCESS_PROGRAMS = 6, PROCESS_OTHER = PROCESS_PROGRAMS - 1 };

/* Of this process and those below it. One that ends meanwhile may be missed. */
struct process_tree {
	uint64_t resident_bytes; /* pages that several share count for each */
	double cpu_s;		 /* also of those that have ended */
	unsigned n[PROCESS_PROGRAMS];
};

/* Errors: as process_self. */
MUST_CHECK int process_tree(struct process_tree *ret, struct err *e);

#endif
