#include "ring/drain.h"

#include <time.h>

#include "ring/changes.h"
#include "ring/node.h"
#include "ring/view.h"
#include "time/time.h"

enum { LOOK_EVERY_MS = 200 };

/* ---- out of the way ---- */

/* Can the others do without it? */
static int check_others(const struct ring *r, const struct ring_drain_ask *a, struct err *e)
{
	unsigned quorum = ring_quorum(r->settings.replication);
	struct ring without;
	struct ring_view v;
	size_t n;
	int rc;

	ring_init(&without);
	ring_copy(&without, r);
	ring_remove(&without, ring_find(&without, a->name));
	ring_view_init(&v, &without, a->now_ns, NULL);
	n = ring_view_writable(&v);
	rc = ring_check_zones(&v, e);
	if (rc == 0 && n < quorum)
		rc = err_set(e, ERR_NO, "a write needs %u instances that take it, have %zu", quorum,
			     n);
	ring_view_release(&v);
	ring_release(&without);
	return rc < 0 ? err_wrap(e, "without '%.*s' (--force takes it out all the same)",
				 BYTES_ARG(a->name))
		      : 0;
}

static int leave(struct ring *r, enum ring_earlier earlier, void *data, struct err *e)
{
	const struct ring_drain_ask *a = data;
	const struct ring_instance *in = ring_find(r, a->name);

	(void)earlier;
	if (r->revision == 0)
		return err_set(e, ERR_NO, "there is no ring");
	if (!in)
		return RING_SAME;
	if (in->addr.n == 0)
		return err_set(e, ERR_NO,
			       "instance '%.*s' has no address: join --addr gives it one",
			       BYTES_ARG(a->name));
	if (in->state != RING_LEAVING && !a->force && check_others(r, a, e) < 0)
		return -1;
	return ring_do_leave(r, a->name, e);
}

/* The instance that was emptied, and no other of its name. */
struct emptied {
	struct bytes name;
	int64_t registered_ns;
};

/* Takes it out if it did not come back meanwhile: then it takes writes, and is not empty. */
static int forget(struct ring *r, enum ring_earlier earlier, void *data, struct err *e)
{
	const struct emptied *x = data;
	const struct ring_instance *in = ring_find(r, x->name);

	if (in && (in->state != RING_LEAVING || in->registered_ns != x->registered_ns))
		return err_set(e, ERR_NO, "'%.*s' came back meanwhile: it is %s, and stays",
			       BYTES_ARG(x->name), ring_state_name(in->state));
	return ring_do_forget(r, x->name, earlier, e);
}

/* ---- into the store ---- */

struct drain {
	const struct ring_drain_ask *ask;
	struct ring_node *node;
	int64_t deadline;
	struct buf told; /* the last step, which is not told twice */
};

PRINTF_LIKE(2, 3) static void tell(struct drain *d, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	if (!bytes_eq(buf_bytes(&b), buf_bytes(&d->told)))
		d->ask->step(buf_str(&b), d->ask->data);
	buf_release(&d->told);
	d->told = b;
}

/* Before the next look; ERR_AGAIN when it is too late for one: e says why then, or what was waited
 * for. */
static int pause_or_end(struct drain *d, const char *what, struct err *e)
{
	const struct timespec t = { .tv_nsec = LOOK_EVERY_MS * NS_PER_MS };

	if (time_mono_ns() >= d->deadline)
		return what ? err_set(e, ERR_AGAIN, "%s", what) : -1;
	nanosleep(&t, NULL);
	return 0;
}

static int wait_for_requests(struct drain *d, struct ring_node_counts *ret, struct err *e)
{
	for (;;) {
		if (ring_node_counts(d->node, ret, e) < 0) {
			if (e->code != ERR_AGAIN)
				return -1;
			tell(d, "waiting: %s", e->msg);
			if (pause_or_end(d, NULL, e) < 0)
				return -1;
			continue;
		}
		if (ret->in_flight <= 0)
			return 0;
		tell(d, "waiting: requests are under way");
		if (pause_or_end(d, "requests are under way", e) < 0)
			return -1;
	}
}

/* A flush, and what came to the log meanwhile makes for another one. */
static int empty(struct drain *d, struct err *e)
{
	for (;;) {
		struct ring_node_counts before, after;

		if (wait_for_requests(d, &before, e) < 0)
			return -1;
		tell(d, "no request is under way");
		if (ring_node_flush(d->node, e) < 0) {
			if (e->code != ERR_AGAIN)
				return -1;
			tell(d, "waiting: %s", e->msg);
			if (pause_or_end(d, NULL, e) < 0)
				return -1;
			continue;
		}
		if (wait_for_requests(d, &after, e) < 0)
			return -1;
		if (after.batches == before.batches && after.waiting <= 0 && after.flushing <= 0)
			return 0;
		tell(d, "waiting: it still takes writes");
		if (pause_or_end(d, "it still takes writes", e) < 0)
			return -1;
	}
}

static int drain_node(struct ring_place *p, struct drain *d, const struct ring_instance *in,
		      struct err *e)
{
	const struct ring_drain_ask *a = d->ask;
	struct emptied emptied = { a->name, in->registered_ns };
	struct httpc_opts http = a->http;

	http.timeout_ms = a->timeout_ns / NS_PER_MS;
	if (ring_node_open(in->addr, &http, &d->node, e) < 0)
		return err_wrap(e, "instance '%.*s'", BYTES_ARG(a->name));
	if (empty(d, e) < 0)
		return err_wrap(e, "'%.*s' is LEAVING, and not empty yet", BYTES_ARG(a->name));
	tell(d, "all that it acknowledged is in the store");
	if (ring_place_change(p, forget, &emptied, NULL, e) < 0)
		return -1;
	tell(d, "'%.*s' is out of the ring", BYTES_ARG(a->name));
	return 0;
}

int ring_drain(struct ring_place *p, const struct ring_drain_ask *a, struct err *e)
{
	struct drain d = { .ask = a, .deadline = time_mono_ns() + a->timeout_ns };
	const struct ring_instance *in;
	struct ring r;
	int rc = 0;

	if (ring_place_change(p, leave, (void *)a, &r, e) < 0)
		return -1;
	in = ring_find(&r, a->name);
	if (in) {
		tell(&d, "'%.*s' is LEAVING", BYTES_ARG(a->name));
		rc = drain_node(p, &d, in, e);
	} else {
		tell(&d, "'%.*s' is not in the ring: nothing to do", BYTES_ARG(a->name));
	}
	ring_node_close(d.node);
	buf_release(&d.told);
	ring_release(&r);
	return rc;
}
