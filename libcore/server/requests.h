/*
 * Requests to delete of all tenants, as far as they are to be applied: for metrics. The store is
 * looked at on a thread for that alone, as it may not answer: at the start, when a program of
 * upkeep has been at work, when the API has changed a request, and now and then when somebody asks.
 *
 * For any thread.
 */
#ifndef SERVER_REQUESTS_H
#define SERVER_REQUESTS_H

#include "server/server.h"

struct requests;

/* Looks for the first time. *ret is to be closed also when it fails. Errors: ERR_IO. */
MUST_CHECK int requests_open(struct server *s, struct requests **ret, struct err *e);

/* Looks once more, soon. */
void requests_look(struct requests *r);

struct requests_waiting {
	uint64_t n;	   /* that chunkpack --delete would apply now */
	int64_t oldest_ns; /* since when the oldest of them could be; 0: there is none */
};

/* As it was when the store was looked at, of those that are old enough by now. */
struct requests_waiting requests_waiting(struct requests *r, int64_t now_ns);

/* When nobody asks any more. A look under way is waited for. NULL: nothing. */
void requests_close(struct requests *r);

#endif
