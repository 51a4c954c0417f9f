/* What the daemon's metrics are only when somebody looks: its processes, its disk, its log. */
#ifndef SERVER_COLLECT_H
#define SERVER_COLLECT_H

struct server;

/* From now on, before each text is made, until collect_close: that comes before anything in s is
 * closed. */
void collect_open(struct server *s);
void collect_close(struct server *s);

#endif
