/*
 * Calls of etcd's JSON gateway: several endpoints, of which one that answers is kept; short
 * timeouts, since of a leader that died a request may be lost; a token when there is a user.
 */
#ifndef RING_ETCD_CALL_H
#define RING_ETCD_CALL_H

#include "httpc/httpc.h"
#include "ring/place.h"

struct etcd_call;

/* url: etcd://HOST:PORT[,HOST:PORT]...[/PREFIX], etcds:// with TLS. *ret_prefix: what keys begin
 * with, as "/lokid-ring/"; borrowed from the call. NULL with ERR_USAGE, ERR_IO. */
struct etcd_call *etcd_call_open(const char *url, const struct ring_place_opts *o,
				 struct bytes *ret_prefix, struct err *e);
void etcd_call_close(struct etcd_call *c); /* NULL is fine */

/*
 * POSTs body to path, as "/v3/kv/range", and waits for an answer of status 200, whose body *ret is
 * then, until the next call. ETCD_ONCE: no second try, at another endpoint or the same one, after
 * which it would not be known whether the first was done, too; the next call asks another endpoint.
 * Errors: ERR_AGAIN, no answer until deadline_ns (of time_mono_ns), it may have been done or not;
 * ERR_NO, what it is about is not there; ERR_USAGE, it refuses us.
 */
enum etcd_tries { ETCD_ONCE, ETCD_UNTIL_DEADLINE };
MUST_CHECK int etcd_call(struct etcd_call *c, const char *path, struct bytes body,
			 enum etcd_tries tries, int64_t deadline_ns, struct bytes *ret,
			 struct err *e);

/* Gives each line of an answer that does not end to fn, for timeout_ms at most. Returns whether fn
 * said HTTPC_ENOUGH. Errors: as etcd_call; those that fn sets in *why, unless it is ERR_NONE. */
MUST_CHECK int etcd_watch(struct etcd_call *c, struct bytes body, int64_t timeout_ms,
			  httpc_piece_fn *fn, void *data, const struct err *why, struct err *e);

#endif
