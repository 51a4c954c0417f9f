/* What a place is made of: for place.c, file.c and etcd.c alone. */
#ifndef RING_BACKEND_H
#define RING_BACKEND_H

#include "ring/place.h"

struct ring_backend {
	int (*read)(void *b, struct ring *ret, struct err *e);
	int (*change)(void *b, ring_change_fn *change, void *data, struct ring *ret, struct err *e);
	int (*beat)(void *b, struct bytes name, struct err *e);
	int (*wait)(void *b, const struct ring *r, int64_t timeout_ns, struct err *e);
	void (*close)(void *b);
};

extern const struct ring_backend ring_file, ring_etcd;

/* The backend's own part, to be closed by it. */
void *ring_file_open(const char *path, const struct ring_place_opts *o);
void *ring_etcd_open(const char *url, const struct ring_place_opts *o, struct err *e);

enum { RING_TIMEOUT_S = 15 };
static const int64_t RING_TIMEOUT_NS = RING_TIMEOUT_S * INT64_C(1000000000);

/* Sets the heartbeat of the instance. Errors: ERR_NO. */
MUST_CHECK int ring_set_beat(struct ring *r, struct bytes name, int64_t now_ns, struct err *e);
/* When it is, for changes. */
int64_t ring_now(const struct ring_place_opts *o);

#endif
