/*
 * Where a ring is kept: a file of one machine, or etcd. Both change it by comparing and setting, so
 * that of many who change it at once each sees what the others did, and nobody's change is lost.
 *
 * A place is for one thread at a time.
 */
#ifndef RING_PLACE_H
#define RING_PLACE_H

#include "ring/ring.h"

/* Who we are to etcd, and whom we trust. Borrowed as long as the place is open. NULL: not wanted.
 */
struct ring_place_opts {
	const char *user, *password;
	const char *ca_file, *cert_file, *key_file;
	int64_t timeout_ns; /* of one reading or change in all, retries with it; 0: 15 s */
	const char *folder; /* of a file: made when it is not there; NULL: it has to be there */
	bool is_there;	    /* no change makes a ring, nor a lock for one */
	int64_t now_ns;	    /* the moment of a change, for tests and repairs; 0: the clock */
};

struct ring_place;

/* at: a path (of a symbolic link it is the file itself that is changed), or
 * etcd://HOST:PORT[,HOST:PORT]...[/PREFIX] (etcds:// with TLS). Nothing is asked or opened yet.
 * Errors: ERR_USAGE, what is wrong with it; ERR_IO, libcurl cannot be loaded. */
MUST_CHECK int ring_place_open(const char *at, const struct ring_place_opts *o,
			       struct ring_place **ret, struct err *e);
void ring_place_close(struct ring_place *p); /* NULL is fine */

/*
 * *ret, not initialised before, is the ring as it is. Errors: ERR_NO, there is none; as
 * ring_parse_text; ERR_AGAIN, etcd does not answer in time; ERR_USAGE, it knows us not; ERR_IO.
 */
MUST_CHECK int ring_place_read(struct ring_place *p, struct ring *ret, struct err *e);

/*
 * Makes a change: reads the ring (an empty one with revision 0 where there is none, unless it has
 * to be there), calls change,
 * and writes what that made of it; again from the start when somebody else changed it meanwhile.
 * change returns RING_CHANGED, RING_SAME (nothing is written), or -1 with an error, which is
 * returned. earlier: what is known of the tries of this call that were before; RING_MAYBE_DONE when
 * no answer came to one of them: what was asked for being there already is then no error. *ret,
 * unless NULL, is the ring then.
 * Errors: as ring_place_read, ERR_NO only if it has to be there; those of change; ERR_AGAIN, others
 * were always faster, or a lock is held; ERR_LIMIT.
 */
enum { RING_SAME, RING_CHANGED };
enum ring_earlier { RING_NOT_DONE, RING_MAYBE_DONE };
typedef int ring_change_fn(struct ring *r, enum ring_earlier earlier, void *data, struct err *e);
MUST_CHECK int ring_place_change(struct ring_place *p, ring_change_fn *change, void *data,
				 struct ring *ret, struct err *e);

/* Sets the instance's heartbeat, which is no change of the ring, and in etcd keeps its lease alive.
 * Errors: as ring_place_read; ERR_NO, there is no such instance. */
MUST_CHECK int ring_place_beat(struct ring_place *p, struct bytes name, struct err *e);

/* Waits until the ring is another one than r, which was read last, heartbeats included, for
 * timeout_ns at most. Returns whether it may be. Errors: as ring_place_read. */
MUST_CHECK int ring_place_wait(struct ring_place *p, const struct ring *r, int64_t timeout_ns,
			       struct err *e);

#endif
