/* While the daemon ends: a second signal that ends it is obeyed, whatever hangs. */
#ifndef SERVER_ENDER_H
#define SERVER_ENDER_H

#include <stdbool.h>

#include "base/err.h"

struct ender;
struct log;

/*
 * From here on signals are read from signal_fd, a signalfd, by a thread of its own; it and log must
 * outlive it. After one that ends the daemon, who ends it has a second left; then the process ends,
 * with status 0, and with it all programs that it started, but for lokid-ingest, which sees the end
 * of its input. SIGHUP does nothing any more. Errors: ERR_IO.
 */
MUST_CHECK int ender_open(int signal_fd, struct log *log, struct ender **ret, struct err *e);

/* Has such a signal come? From any thread. NULL: no. */
bool ender_asked(const struct ender *n);

/* All has ended by itself: the process stays. NULL: nothing. */
void ender_close(struct ender *n);

#endif
