#include "ring/drain.h"

#include <time.h>

#include "base/num.h"
#include "ring/addr.h"
#include "ring/changes.h"
#include "ring/node.h"
#include "ring/view.h"
#include "time/time.h"

enum { LOOK_EVERY_MS = 200, TELL_EVERY_S = 30, NAMES_TOLD = 8 };

/* ---- out of the way ---- */

/* Can the others do without it? */
static int check_others(const struct ring *r, const struct ring_drain_ask *a, struct err *e)
{
	struct ring without;
	struct ring_view v;
	int rc;

	ring_init(&without);
	ring_copy(&without, r);
	ring_remove(&without, ring_find(&without, a->name));
	ring_view_init(&v, &without, a->now_ns, NULL);
	rc = ring_check_writes(&v, e);
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
	if (!in)
		return RING_SAME;
	if (in->addr.n == 0)
		return err_set(e, ERR_NO,
			       "instance '%.*s' has no address: join --addr gives it one",
			       BYTES_ARG(a->name));
	if (ring_addr_check(in->addr, e) < 0)
		return err_wrap(e, "instance '%.*s'", BYTES_ARG(a->name));
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

/* What can be told; each of them again only after a while, since it may come and go for hours. */
enum step { LEFT, NO_ANSWER, REQUESTS, NO_PUSH_YET, PUSHES, QUIET, NO_FLUSH, WRITES, STORED, GONE };
enum { STEPS = GONE + 1 };

struct drain {
	const struct ring_drain_ask *ask;
	struct ring_node *node;
	int64_t deadline;
	int64_t told_ns[STEPS]; /* 0: not yet */
	struct ring_node_counts counts;
	int64_t quiet_since_ns; /* what it had taken was as in .counts ever since; 0: not known yet
				 */
	enum step waits_for;	/* NO_PUSH_YET, or PUSHES when one came since the first look */
};

PRINTF_LIKE(3, 4) static void tell(struct drain *d, enum step step, const char *fmt, ...)
{
	int64_t now_ns = time_mono_ns();
	struct buf b = { 0 };
	va_list va;

	if (d->told_ns[step] && now_ns - d->told_ns[step] < TELL_EVERY_S * NS_PER_S)
		return;
	d->told_ns[step] = now_ns;
	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	d->ask->step(buf_str(&b), d->ask->data);
	buf_release(&b);
}

/* Before the next look; fails with *e, which says what is waited for, when it is too late for one,
 * or when waiting does not help. */
static int wait_on(struct drain *d, enum step step, struct err *e)
{
	const struct timespec t = { .tv_nsec = LOOK_EVERY_MS * NS_PER_MS };

	if (e->code != ERR_AGAIN)
		return -1;
	tell(d, step, "waiting: %s", e->msg);
	if (time_mono_ns() >= d->deadline)
		return -1;
	nanosleep(&t, NULL);
	return 0;
}

static bool has_come(const struct ring_node_counts *a, const struct ring_node_counts *b)
{
	return a->batches != b->batches || a->pushes != b->pushes || a->lines != b->lines;
}

static int look(struct drain *d, struct err *e)
{
	struct ring_node_counts now;

	if (ring_node_counts(d->node, &now, e) < 0)
		return -1;
	if (d->quiet_since_ns && has_come(&d->counts, &now))
		d->waits_for = PUSHES;
	if (!d->quiet_since_ns || has_come(&d->counts, &now))
		d->quiet_since_ns = time_mono_ns();
	d->counts = now;
	return 0;
}

/* Why it cannot be flushed as it was at the look that began at this moment; QUIET: it can. */
static enum step why_not(const struct drain *d, int64_t quiet_ns, int64_t looked_ns, struct err *e)
{
	bool is_quiet = quiet_ns == 0 || looked_ns - d->quiet_since_ns >= quiet_ns;
	enum step why = d->counts.in_flight > 0 ? REQUESTS : QUIET;
	struct buf quiet = { 0 };

	/* A request that is under way is most likely a push then. */
	if (!is_quiet && (why == QUIET || d->waits_for == PUSHES))
		why = d->waits_for;
	time_add_duration(&quiet, quiet_ns);
	if (why == PUSHES)
		err_set(e, ERR_AGAIN, "pushes still come: none may for %s", buf_str(&quiet));
	else if (why == NO_PUSH_YET)
		err_set(e, ERR_AGAIN, "no push may come for %s", buf_str(&quiet));
	else if (why == REQUESTS)
		err_set(e, ERR_AGAIN, "requests are under way");
	buf_release(&quiet);
	return why;
}

/* Until no request is under way, and no push came for so long. */
static int wait_for_quiet(struct drain *d, int64_t quiet_ns, struct err *e)
{
	for (;;) {
		int64_t looked_ns = time_mono_ns();
		enum step why = NO_ANSWER;

		if (look(d, e) == 0)
			why = why_not(d, quiet_ns, looked_ns, e);
		if (why == QUIET)
			return 0;
		if (wait_on(d, why, e) < 0)
			return -1;
	}
}

static void tell_quiet(struct drain *d)
{
	struct buf quiet = { 0 };

	time_add_duration(&quiet, d->ask->quiet_ns);
	if (d->ask->quiet_ns)
		tell(d, QUIET, "no request is under way, and no push came for %s", buf_str(&quiet));
	else
		tell(d, QUIET, "no request is under way");
	buf_release(&quiet);
}

/* A flush, and what came meanwhile makes for another one. */
static int empty(struct drain *d, struct err *e)
{
	for (;;) {
		struct ring_node_counts before;

		if (wait_for_quiet(d, d->ask->quiet_ns, e) < 0)
			return -1;
		tell_quiet(d);
		before = d->counts;
		if (ring_node_flush(d->node, e) < 0) {
			if (wait_on(d, NO_FLUSH, e) < 0)
				return -1;
			continue;
		}
		if (wait_for_quiet(d, 0, e) < 0)
			return -1;
		if (!has_come(&before, &d->counts) && d->counts.waiting <= 0 &&
		    d->counts.flushing <= 0)
			return 0;
		err_set(e, ERR_AGAIN, "it still takes writes");
		if (wait_on(d, WRITES, e) < 0)
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
	tell(d, STORED, "all that it acknowledged is in the store");
	if (ring_place_change(p, forget, &emptied, NULL, e) < 0)
		return -1;
	tell(d, GONE, "'%.*s' is out of the ring", BYTES_ARG(a->name));
	return 0;
}

/* It may be drained already, or mistyped: who is in the ring shows which; of many, those next to it
 * by name. None is suggested: another one would be emptied then. */
static void warn_of_none(const struct ring *r, const struct ring_drain_ask *a)
{
	struct buf b = { 0 };
	size_t at = 0, last;

	while (at < r->n && bytes_cmp(r->v[at].name, a->name) < 0)
		at++;
	at = at < NAMES_TOLD / 2 ? 0 : at - NAMES_TOLD / 2;
	if (at + NAMES_TOLD > r->n)
		at = r->n < NAMES_TOLD ? 0 : r->n - NAMES_TOLD;
	last = r->n - at < NAMES_TOLD ? r->n : at + NAMES_TOLD;
	buf_addf(&b, "'%.*s' is not in the ring: nothing was done; in it %s", BYTES_ARG(a->name),
		 r->n ? num_word(r->n, "is", "are") : "is nobody");
	for (size_t i = at; i < last; i++)
		buf_addf(&b, "%s '%.*s'", i > at ? "," : "", BYTES_ARG(r->v[i].name));
	if (last - at < r->n)
		buf_addf(&b, ", and %zu more", r->n - (last - at));
	a->warn(buf_str(&b), a->data);
	buf_release(&b);
}

int ring_drain(struct ring_place *p, const struct ring_drain_ask *a, struct err *e)
{
	struct drain d = { .ask = a,
			   .deadline = time_mono_ns() + a->timeout_ns,
			   .waits_for = NO_PUSH_YET };
	const struct ring_instance *in;
	struct ring r;
	int rc = 0;

	if (ring_place_change(p, leave, (void *)a, &r, e) < 0)
		return -1;
	in = ring_find(&r, a->name);
	if (in) {
		tell(&d, LEFT, "'%.*s' is LEAVING", BYTES_ARG(a->name));
		rc = drain_node(p, &d, in, e);
	} else {
		warn_of_none(&r, a);
	}
	ring_node_close(d.node);
	ring_release(&r);
	return rc;
}
