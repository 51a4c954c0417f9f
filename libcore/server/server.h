/* The daemon, put together. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/map.h"
#include "http/http.h"
#include "limits/limits.h"
#include "metrics/metrics.h"
#include "server/child.h"
#include "server/log.h"

struct config;
struct intake;
struct queries;
struct auth;
struct audit;
struct flusher;
struct upkeep;
struct requests;
struct store_watch;
struct ender;
struct syslog_child;
struct tails;
struct tasks;

struct server {
	const struct config *config;
	int lock_fd; /* of DATA/lock, held */
	int signal_fd;
	struct log log;
	struct metrics *metrics;
	struct http_server *http;
	struct children *children;
	struct intake *intake;	     /* pushes, into the log */
	struct queries *queries;     /* logql's, by tenant */
	struct tails *tails;	     /* websockets that tail, by tenant */
	struct cache *cache;	     /* that queries use; NULL: none */
	struct store_watch *watch;   /* whether the store answers */
	struct flusher *flusher;     /* from the log into the store */
	struct tasks *disk_tasks;    /* routes that wait for a disk */
	struct tasks *store_tasks;   /* and for the store */
	struct upkeep *upkeep;	     /* of the store */
	struct requests *requests;   /* to delete, that wait */
	struct syslog_child *syslog; /* NULL: none is listened for */
	atomic_size_t unpacked;	     /* bytes of pushes without their encoding, not decoded yet */
	struct auth *auth;
	struct ender *ender;  /* NULL until it ends */
	struct audit *audit;  /* NULL: none is kept */
	pthread_mutex_t lock; /* the set */
	struct limits_set *limits;
	uint64_t overrides; /* of their files when they were read last; the main thread's */
	struct map told;    /* what was said of the settings; the main thread's, as the next */
	struct arena told_mem;
	atomic_bool leaving; /* it is told to end, and still answers */
	atomic_bool stopping;
	atomic_bool flush_at_end; /* whatever the settings say */
	int64_t begun_ns;	  /* Unix */
};

/* The limits in force; the caller drops them. From any thread. */
struct limits_set *server_limits(struct server *s);

/*
 * Everything up to the first request answered; then, until a signal ends it, the daemon's work that
 * nobody asks for. SIGTERM and SIGINT end it gracefully (a second one at once), SIGHUP reads
 * limits, users and certificates anew. config must outlive it. Errors: ERR_USAGE, ERR_IO, ERR_FULL;
 * ERR_AGAIN: another one has the data folder.
 */
MUST_CHECK int server_run(const struct config *config, struct err *e);

/* Ends it as SIGTERM does. From any thread. */
enum server_stop { SERVER_STOP, SERVER_STOP_FLUSH };
void server_stop(struct server *s, enum server_stop how);

/* Where a file says that everything is to be flushed at the end. */
void server_shutdown_marker(const struct server *s, struct buf *ret);

#endif
