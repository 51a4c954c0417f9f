/*
 * An HTTP/1.1 server: a fence round libmicrohttpd. It knows no routes and no tenants; who does
 * gives it functions to call. They are called by the server's own few threads, must not wait for
 * anything, and answer at once or later from any thread.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"

struct http_server;
struct http_request;

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER,
};

/* For each request head, then (unless that answered) whole, then done, in this order. */
struct http_calls {
	/* The head is read, the body not: may say what of the body is taken (http_body_max) and
	 * that it is to wait (http_wait), or answer, so that the body is not read. */
	void (*head)(struct http_request *r, void *data);
	/* Everything is read. It is answered by http_answer or websocket_answer: now, or later. */
	void (*whole)(struct http_request *r, void *data);
	/* The client has gone before its answer, or only sends no more, which looks the same: as Go
	 * does we take it for gone, and whoever still reads gets the answer. The answer is still to
	 * be given. From any thread, at most once, between whole and done. Other requests may be
	 * answered in it, but not when it is of one that may become a websocket: libmicrohttpd's
	 * lock, which an answer takes, is held while the end of a websocket waits for this. */
	void (*left)(struct http_request *r, void *data);
	/* The answer has gone out, or could not; r ends. Called for every request whose head was
	 * called. */
	void (*done)(struct http_request *r, void *data);
	void *data;
};

enum http_client_cert { HTTP_CERT_NONE, HTTP_CERT_ASKED, HTTP_CERT_NEEDED };

struct http_tls {
	const char *cert_file, *key_file; /* PEM; cert_file NULL: no TLS. Who speaks HTTP without
					     it is told so, and closed */
	const char *client_ca_file;
	enum http_client_cert client_cert;
	const char *min_version; /* "VersionTLS12" (default), "VersionTLS13" */
	const char *ciphers;	 /* GnuTLS's priority string, or NULL */
};

/* Of what clients do wrong there may be any number, as when many leave: nothing for a log that
 * somebody reads; but for what is set up wrongly, which is told now and then. */
enum http_log { HTTP_LOG_SERVER, HTTP_LOG_SETUP, HTTP_LOG_CLIENT };

struct http_opts {
	const char *address; /* to listen on, "" for all */
	uint16_t port;	     /* 0: any that is free */
	int listen_fd;	     /* one that listens already, given away, or -1 */
	unsigned threads;
	unsigned connections_max, connections_of_ip_max; /* 0: of an address, no limit */
	unsigned idle_s;     /* a connection that sends or takes nothing is closed; 0: never */
	unsigned rate_least; /* bytes a second: who takes an answer has idle_s, and the time that it
				takes so; 0: any time */
	unsigned request_s;  /* and so is one whose request, head and body, takes longer */
	size_t head_max;     /* bytes of request line and headers; each connection that was used has
				so many */
	size_t body_max;     /* what http_body_max does not say otherwise */
	size_t bodies_max;   /* bytes of all bodies at once: beyond, 503 and Retry-After */
	uint64_t held_max;   /* bytes of answers at once, by http_hold; 0: no limit */
	unsigned measured_ms; /* how long http_hold looks at how fast a client reads; 0: a second */
	struct http_tls tls;
	struct http_calls calls;
	/* What goes wrong and no request shows: one line, without its end, from any thread. NULL:
	 * what is not about clients goes to stderr. */
	void (*log)(enum http_log about, const char *line, void *data);
	void *log_data;
};

/*
 * Listens and answers. Connections are kept for further requests, but not behind a body in chunks
 * (proxies differ in where one ends), nor while more than half of connections_max are taken; when
 * all are, those that were idle for a while are closed. opts are copied, strings too. The process
 * may open as many files as it is ever allowed to from now on. Errors: ERR_IO, ERR_USAGE (address,
 * certificates).
 */
MUST_CHECK int http_open(const struct http_opts *opts, struct http_server **ret, struct err *e);

/* The port it listens on; 0 of a socket that has none. */
uint16_t http_port(const struct http_server *s);
/* Appends what it listens on: "127.0.0.1:3100", "[::1]:3100", ":3100" of all addresses, or
 * "unix:PATH". */
void http_add_address(const struct http_server *s, struct buf *out);

/* Reads certificates, keys and client CAs anew: for new connections. On failure the old ones stay.
 * Errors: ERR_IO, ERR_USAGE. */
MUST_CHECK int http_reload(struct http_server *s, struct err *e);

/* No new connections, idle ones are closed; those there are get their answers (and "Connection:
 * close"). */
void http_quiesce(struct http_server *s);

/* Looks at the files that http_open would read, and tells each fault: what http_open would say,
 * and, with ERR_NONE, each certificate that does not hold at this time, which http_open takes. */
void http_check_tls(const struct http_tls *o, void (*tell)(void *data, const struct err *fault),
		    void *data);

/* How many requests were begun and are not done; websockets count too. */
size_t http_active(const struct http_server *s);
size_t http_connections(const struct http_server *s);

/* Closes what is still open and frees it. Requests that have no answer yet are told that their
 * client has left; it waits until they are answered. Not from a function of http_calls. */
void http_close(struct http_server *s);

/* --- the request: bytes are valid until done, unless said otherwise --- */

enum http_method http_method(const struct http_request *r);
const char *http_method_name(const struct http_request *r); /* as it was sent */
struct bytes http_path(const struct http_request *r);	    /* as it was sent, before '?' */
struct bytes http_query(const struct http_request *r);	    /* behind '?', or empty */
/* The value of a header, without blanks round it, its name in any case; p is NULL when it is not
 * there. Of several with one name the first; http_header_count says how many. */
struct bytes http_header(const struct http_request *r, const char *name);
size_t http_header_count(const struct http_request *r, const char *name);
struct bytes http_body(const struct http_request *r); /* from whole on */
/* Of the client: "127.0.0.1:50123". */
const char *http_peer(const struct http_request *r);
/* What of its address all have who sit where it does: all of IPv4's, the first half of IPv6's. */
struct bytes http_peer_net(const struct http_request *r);
/* The subject's common name of the client's certificate, which the server's CA has signed; else
 * empty. */
struct bytes http_cert_name(const struct http_request *r);
/* The status of its answer, which the server itself may have given (400, 413, 503); 0: none. */
int http_status(const struct http_request *r);

/* In head: how long this body may be. */
void http_body_max(struct http_request *r, size_t n);

/* In head: the body is not read until http_go_on, or an answer; time for the request counts anew
 * from then on. http_go_on may be called from any thread, also before head has returned. */
void http_wait(struct http_request *r);
void http_go_on(struct http_request *r);

/* The caller's own, NULL at first. */
void http_set_user(struct http_request *r, void *user);
void *http_user(const struct http_request *r);

/* --- the answer --- */

/*
 * n bytes are kept for r's answer, which is about to be given, until r is done. When that is more
 * than held_max with those of all others, room is made: the connection is closed whose client
 * would take longest for what is left of its answer, by how fast it has read so far, which is
 * known after measured_ms; if need be, several. One answer alone may be larger. For any thread, at
 * most once for each request. Errors: ERR_AGAIN, there is no room, nor can any be made now.
 */
MUST_CHECK int http_hold(struct http_request *r, uint64_t n, struct err *e);

struct http_held {
	uint64_t n_bytes; /* now */
	uint64_t n_cut;	  /* connections that were closed to make room, since it was opened */
};
struct http_held http_held(const struct http_server *s);

struct http_field {
	const char *name, *value;
};

struct http_answer {
	int status;
	const char *type;  /* Content-Type, or NULL */
	struct bytes body; /* copied */
	int fd;		   /* with fd_n: the body is in this file, which is closed after */
	uint64_t fd_n;	   /* 0: .body is it, .fd is not looked at */
	const struct http_field *field; /* more headers, copied */
	size_t n_field;
};

/* Gives the answer: once for each request, from any thread. A body that was not read is not waited
 * for. */
void http_answer(struct http_request *r, const struct http_answer *a);

#endif
