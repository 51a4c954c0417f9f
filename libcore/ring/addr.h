/* Where a node can be asked. */
#ifndef RING_ADDR_H
#define RING_ADDR_H

#include "base/bytes.h"
#include "base/err.h"

/*
 * HOST:PORT; or http:// or https:// before it, where :PORT may be left out and a path may follow.
 * HOST is a name, an IPv4 address, or one of IPv6 in brackets. Rings that were written before have
 * others, so that only who asks the node, or gives the address, looks.
 * Errors: ERR_USAGE, with the address and what is wrong with it; without the address where there
 * may be a password in it.
 */
MUST_CHECK int ring_addr_check(struct bytes addr, struct err *e);

#endif
