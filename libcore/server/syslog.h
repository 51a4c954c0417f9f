/*
 * Syslog: a lokid-ingest that listens and writes into the log beside the one of pushes. It is
 * started again when it ends.
 */
#ifndef SERVER_SYSLOG_H
#define SERVER_SYSLOG_H

struct server;
struct syslog_child;

/* NULL when the settings listen for none. */
struct syslog_child *syslog_open(struct server *s);

/* Ends the segment that it writes. From any thread. NULL: nothing. */
void syslog_rotate(struct syslog_child *c);

/* Limits were read anew: when what they add to entries is another thing now, the one that runs
 * takes what has come, and another begins. From any thread. NULL: nothing. */
void syslog_renew(struct syslog_child *c);

/* It takes what has come, and ends. While the children live. NULL: nothing. */
void syslog_stop(struct syslog_child *c);

/* After children_close. NULL: nothing. */
void syslog_close(struct syslog_child *c);

#endif
