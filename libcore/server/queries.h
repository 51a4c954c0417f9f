/*
 * Queries: one logql for each, in its tenant's turn. For any thread.
 */
#ifndef SERVER_QUERIES_H
#define SERVER_QUERIES_H

struct queries;
struct server;

struct queries *queries_open(struct server *s);

/* No more are begun: those that wait are answered with 503, tails are closed, those that run have
 * their time. */
void queries_stop(struct queries *q);

/* After children_close: nothing of it runs any more. NULL: nothing. */
void queries_close(struct queries *q);

#endif
