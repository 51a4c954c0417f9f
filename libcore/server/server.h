/* The daemon, put together. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "limits/limits.h"
#include "metrics/metrics.h"
#include "server/child.h"

struct config;
struct intake;
struct queries;
struct auth;
struct audit;
struct flusher;

struct server {
	const struct config *config;
	struct metrics *metrics;
	struct http_server *http;
	struct children *children;
	struct intake *intake;	 /* pushes, into the log */
	struct queries *queries; /* logql's, by tenant */
	struct flusher *flusher; /* from the log into the store */
	struct auth *auth;
	struct audit *audit;  /* NULL: none is kept */
	pthread_mutex_t lock; /* the set */
	struct limits_set *limits;
	atomic_bool stopping;
	int64_t begun_ns;
};

/* The limits in force; the caller drops them. From any thread. */
struct limits_set *server_limits(struct server *s);

#endif
