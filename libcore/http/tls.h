/* TLS of the server's connections. For any thread. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "http/http.h"

struct tls;
struct tls_keys; /* certificates and what else was in force at one time */

/* Errors: ERR_IO, ERR_USAGE. */
MUST_CHECK int tls_open(const struct http_tls *o, struct tls **ret, struct err *e);
void tls_close(struct tls *t);
/* Reads all files anew. On failure what was in force stays. */
MUST_CHECK int tls_reload(struct tls *t, struct err *e);

/* Sets a session (GnuTLS's) up, before its handshake. What it uses is held until tls_drop. */
struct tls_keys *tls_begin(struct tls *t, void *session);
void tls_drop(struct tls *t, struct tls_keys *k);

/* What there is no room for is not sent. */
void tls_send(void *session, struct bytes b);

/* The common name of the client's certificate; 0 without one, or when it does not fit. */
size_t tls_peer_name(void *session, char *ret, size_t cap);

#endif
