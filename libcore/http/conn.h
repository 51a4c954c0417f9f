/*
 * What the files of this module share: the server, its connections, their requests.
 *
 * Threads: one thread of ours, the watch, accepts connections and gives each to one of a few
 * daemons of libmicrohttpd, each of which has one thread that reads, calls us and writes. A request
 * that waits for its answer is suspended: libmicrohttpd does not look at its socket until it is
 * resumed. The watch looks at all of them, to see clients that leave.
 *
 * Who closes what: libmicrohttpd closes sockets; we only shut them down, under the server's lock
 * and while the connection is in the server's list, so that never a socket is meant that has the
 * same number by now. The watch frees connections, behind all events that may still name them.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "http/http.h"
#include "http/tls.h"

enum {
	PEER_MAX = 64,
	CERT_NAME_MAX = 256,
	BY_ADDRESS = 1024,
	LINGERING_MAX = 256,
	DISCARD_MAX = 256 << 10, /* of a body whose answer is known: read, so that the connection
				    can go on, as Go does */
};

struct life;

struct address {
	unsigned char b[16]; /* IPv4 as ::ffff:a.b.c.d */
};

/* Also of one that came by IPv6. */
bool address_is_v4(const struct address *a);

struct conn {
	struct http_server *server;
	/* server->lock: in server->first_conn or dead_conn; in server->by_address */
	struct conn *prev, *next, *address_prev, *address_next;
	struct worker *worker;
	int fd;
	struct address address;
	char peer[PEER_MAX];
	atomic_llong deadline_ns; /* then the watch shuts it down; 0: never */
	atomic_llong idle_ns;	  /* since when it is not busy */
	atomic_bool hung_up;	  /* the client sends no more */
	atomic_bool busy;	  /* a request line was read, its request is not done */
	struct tls_keys *keys;	  /* held; NULL without TLS */
	char cert_name[CERT_NAME_MAX];
	size_t cert_name_n;
	bool is_named; /* the handshake is over, cert_name looked up */
	bool lingers;  /* its client may still send what we do not read */
	bool refused;  /* over a limit: its requests are not looked at */
	/* server->lock: of its answer, by http_hold */
	uint64_t held;	      /* bytes; 0: none */
	uint64_t held_at;     /* what its client had taken before */
	uint64_t held_behind; /* what it takes before, of answers that were given */
	int64_t held_ns;

	pthread_mutex_t lock;		/* what follows, and the request's answer */
	int websocket_fd;		/* what its websocket reads from, or -1 */
	struct http_request *suspended; /* waits for its answer */

	bool telling; /* calls.left runs */
	pthread_cond_t told;
};

struct http_request {
	struct conn *conn;
	struct http_server *server;
	struct MHD_Connection *mhd;
	void *user;
	char *uri;	    /* owned: as it was sent */
	const char *uri_at; /* where libmicrohttpd has it */
	struct bytes path, query;
	enum http_method method;
	const char *method_name;

	char *body; /* owned; of body_cap bytes, which bodies_used counts */
	size_t body_n, body_cap, body_max;
	uint64_t length; /* what Content-Length says, or 0 */

	bool head_seen, is_owned /* calls.head was called */, is_whole, left;
	bool head_again; /* its next call is about the head, as the one before */
	bool expects;	 /* "100-continue" */
	bool is_old;	 /* HTTP/1.0 */
	bool closes;	 /* the connection, after its answer */
	/* conn->lock */
	bool waits; /* its body, for http_go_on */
	struct MHD_Response *answer;
	uint64_t answer_n;	/* bytes of its body */
	struct life *websocket; /* whose client has not been given it yet */
	int status;
};

/* One daemon of libmicrohttpd: one thread. */
struct worker {
	struct http_server *server;
	struct MHD_Daemon *mhd;
	/* These three are changed under server->lock. Of what is handed over libmicrohttpd says
	 * nothing when it lacks memory for it. */
	atomic_size_t n_conns; /* handed over, and not ended */
	size_t n_begun;	       /* of these */
	int64_t handed_ns;     /* the last */
};

struct parting {
	int fd;
	int64_t end_ns;
};

struct http_server {
	struct http_opts o; /* strings are owned */
	uint16_t port;
	int listen_fd;
	struct tls *tls; /* or NULL */
	struct worker *worker;
	unsigned n_workers;

	pthread_t watch;
	int epoll_fd, wake_fd;
	atomic_bool stopping, quiet, watch_ends;
	bool is_watched;

	struct parting linger[LINGERING_MAX]; /* of the watch alone */
	size_t n_linger;

	atomic_size_t n_conns, bodies_used;
	atomic_size_t n_parting;	      /* of linger and parted together; grows under lock */
	pthread_mutex_t lock;		      /* what follows */
	struct parting parted[LINGERING_MAX]; /* the watch takes them to linger */
	size_t n_parted;
	struct conn *first_conn, *dead_conn, *buried_conn, *by_address[BY_ADDRESS];
	uint64_t held;	     /* by all connections */
	uint64_t n_cut;	     /* closed since they read too slowly for that */
	size_t n_active;     /* requests */
	size_t n_websockets; /* threads */
	pthread_cond_t idle; /* one of these is 0 */
};

/* watch.c */
MUST_CHECK int watch_start(struct http_server *s, struct err *e);
void watch_stop(struct http_server *s);
/* Behind it, and behind the last connection. */
void watch_release(struct http_server *s);
void watch_wake(const struct http_server *s);
/* Notices, once, when c's client hangs up. */
void watch_client(struct conn *c);
void watch_client_no_more(struct conn *c);
/* fd, which is given away: reads and drops what comes for a while. A socket that is closed with
 * bytes unread is reset, and its client may lose the answer. */
void watch_linger(struct http_server *s, int fd);

/* conn.c */
/* libmicrohttpd's callback of connections. */
void conn_notify(void *worker, struct MHD_Connection *m, void **conn,
		 enum MHD_ConnectionNotificationCode what);
struct conn *conn_of(struct MHD_Connection *m);
void *conn_session(struct MHD_Connection *m); /* GnuTLS's */
enum conn_which { CONN_ALL, CONN_IDLE, CONN_IDLE_LONG, CONN_OVERDUE, CONN_HUNG_UP };
void conn_shutdown(struct http_server *s, enum conn_which which);
void conn_is_idle(struct conn *c);
/* What is still missing of r must come in time from now on. */
void conn_time_request(struct http_request *r);
void conn_hang_up(struct conn *c);
/* What a websocket reads from ends when the client hangs up; fd -1: not any more. */
void conn_set_websocket(struct conn *c, int fd);
/* Another one is given to a worker; it could not be. */
void conn_handed_over(struct worker *w);
void conn_not_taken(struct worker *w);
/* Those that libmicrohttpd dropped before they began count no more. */
void conn_forget_lost(struct http_server *s);
/* Calls calls.left for the request that waits, if its client has hung up. */
void conn_tell_left(struct conn *c);
/* In a request: who the client's certificate says it is. */
void conn_look_at_cert(struct conn *c, struct MHD_Connection *m);
void conn_free_dead(struct http_server *s);

/* request.c: libmicrohttpd's callbacks. */
void *request_begin(void *server, const char *uri, struct MHD_Connection *m);
enum MHD_Result request_go_on(void *server, struct MHD_Connection *m, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_n, void **request);
void request_end(void *server, struct MHD_Connection *m, void **request,
		 enum MHD_RequestTerminationCode why);

/* hold.c: what http_hold counted of c's answer is counted no more. */
void conn_let_go(struct conn *c);

/* answer.c */
void answer_text(struct http_request *r, int status, const char *text);
/* r's answer from now on; m is given away. */
void answer_give(struct http_request *r, int status, struct MHD_Response *m);
/* In the middle of a body, where libmicrohttpd takes no answer: says it at once. The connection is
 * to be closed. */
void answer_raw(struct http_request *r, int status, const char *text);
/* Gives r's answer to libmicrohttpd. */
enum MHD_Result answer_queue(struct http_request *r);

/* guard.c: whether the head can only be understood in one way. version is where libmicrohttpd has
 * it. Errors: ERR_USAGE. */
struct head {
	bool is_chunked, expects;
	uint64_t length; /* what Content-Length says, or 0 */
};
MUST_CHECK int guard_head(const struct http_request *r, const char *version, struct head *ret,
			  struct err *e);

/* handshake.c: the request ends, and its client was not given the websocket. */
void websocket_orphan(struct life *l);

/* http.c */
void server_log(const struct http_server *s, enum http_log about, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif
