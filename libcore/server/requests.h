/*
 * Requests to delete of all tenants, as far as they are to be applied: for metrics. The store is
 * looked at on a thread of the daemon's that waits for files: at the start, when a program of
 * upkeep has been at work, when the API has changed a request, and now and then when somebody asks.
 *
 * For any thread.
 */
#ifndef SERVER_REQUESTS_H
#define SERVER_REQUESTS_H

#include "server/server.h"

struct requests;

/* s->files is open; looks for the first time. */
struct requests *requests_open(struct server *s);

/* Looks once more, soon. */
void requests_look(struct requests *r);

struct requests_waiting {
	uint64_t n;	   /* that chunkpack --delete would apply now */
	int64_t oldest_ns; /* since when the oldest of them could be; 0: there is none */
};

/* As it was when the store was looked at, of those that are old enough by now. */
struct requests_waiting requests_waiting(struct requests *r, int64_t now_ns);

/* After tasks_close: nobody looks any more. NULL: nothing. */
void requests_close(struct requests *r);

#endif
