/*
 * Syslog by the network: takes datagrams and connections, until it is told to end. What comes
 * faster than the log takes it waits in the kernel: a connection's sender has to wait, datagrams
 * beyond a socket's buffer are lost. For the thread that owns the ingest.
 */
#ifndef INGEST_LISTEN_H
#define INGEST_LISTEN_H

#include "ingest/ingest.h"

/* "udp://ADDRESS:PORT" or "tcp://ADDRESS:PORT", an IPv6 address in brackets. Errors: ERR_USAGE. */
MUST_CHECK int listen_check_url(const char *url, struct err *e);

/*
 * Listens on all of opts->listen, and takes what comes until something can be read from stop_fd;
 * then what has come already, and returns 0; 1 as ingest_fd does. opened(url, data) is told each
 * address that is open, with its real port. Errors: ERR_IO, ERR_USAGE: an address cannot be
 * listened on.
 */
MUST_CHECK int ingest_listen(struct ingest *in, int stop_fd,
			     void (*opened)(const char *url, void *data), void *data,
			     struct err *e);

#endif
