/*
 * The audit log: a JSON object a line for each request that needs a right: who, whose data, what,
 * and what came of it. No secret, no body. A thread of its own writes it, so that no request waits
 * for the disk; what it cannot write is counted and told.
 */
#ifndef SERVER_AUDIT_H
#define SERVER_AUDIT_H

#include "server/call.h"

struct audit;
struct log;

/* Appends to the file at path, which is made for its owner alone. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int audit_open(const char *path, struct log *log, struct audit **ret, struct err *e);

/* The file is opened anew: it may have been renamed. Errors: ERR_IO; the old one goes on. */
MUST_CHECK int audit_reopen(struct audit *a, struct err *e);

/* A call that ends, and has a route. */
void audit_call(struct audit *a, const struct call *c);

/* Lines that were lost, since the file could not be written. */
uint64_t audit_lost(struct audit *a);

/* Writes what it has, for ten seconds at most. NULL: nothing. */
void audit_close(struct audit *a);

#endif
