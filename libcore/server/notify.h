/* What systemd tells a service, and a service systemd: by environment and a datagram socket. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stdint.h>

#include "base/err.h"

/* "READY=1", "STOPPING=1", "STATUS=...": goes to $NOTIFY_SOCKET, or nowhere when there is none.
 * Errors: ERR_IO. */
MUST_CHECK int notify_say(const char *state, struct err *e);

/* The first socket that systemd listens on for us ($LISTEN_PID, $LISTEN_FDS), or -1. */
int notify_listen_fd(void);

/* How often "WATCHDOG=1" is to be said, or 0: half of $WATCHDOG_USEC. */
int64_t notify_watchdog_ns(void);

#endif
