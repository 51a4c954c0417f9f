/* What the daemon's metrics are only when somebody looks: its processes, its disk, its log. */
#ifndef SERVER_COLLECT_H
#define SERVER_COLLECT_H

struct server;

/* Registers all families with s->metrics, and looks from now on before each text is made. s and
 * what is in it must outlive the last text. */
void collect_open(struct server *s);

#endif
