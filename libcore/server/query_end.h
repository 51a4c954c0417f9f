/* How a query ends: its status, and in words why. For queries.c, and who cannot keep an
 * answer. */
#ifndef SERVER_QUERY_END_H
#define SERVER_QUERY_END_H

#include "server/queries.h"

/* This status and text, and nothing else. */
void query_end_set(struct query *query, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* It has reached query_timeout; .queue_ns stands. now_ns: of time_mono_ns. */
void query_end_expired(struct query *query, int64_t now_ns);

/* Its logql has ended: by the answer and the errors that it left, in .answer_fd and .error_fd. */
void query_end_by_logql(struct query *query, const struct child_end *end);

/* fd may be -1, and is then. */
void query_close_fd(int *fd);

#endif
