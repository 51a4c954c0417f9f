/* Whom an object store's name leads to: with require-private=1 only a machine of a private network,
 * and then always the same. */
#ifndef STORE_S3_PEER_H
#define STORE_S3_PEER_H

#include <sys/socket.h>

#include "base/buf.h"

/* Takes one address. */
typedef int s3_address_fn(const struct sockaddr *a, void *data, struct err *e);
/* Calls each for every address of host. Errors: ERR_AGAIN, there is none now; what each gave. */
typedef int s3_resolve_fn(const char *host, const char *port, s3_address_fn *each, void *data,
			  struct err *e);

s3_resolve_fn s3_resolve; /* by the system */

/*
 * Looks the host of url ("https://HOST[:PORT]/...") up with resolve. Appends its first address to
 * ret_address, and to ret_pin what httpc_many_open's resolve wants. Errors: ERR_IO, one of its
 * addresses is public; ERR_AGAIN.
 */
MUST_CHECK int s3_pin(const char *url, s3_resolve_fn *resolve, struct buf *ret_address,
		      struct buf *ret_pin, struct err *e);

#endif
