/*
 * A ring in etcd: a key for the settings, one for each instance, and one for each that is alive,
 * which hangs on a lease and so goes by itself. Every change but a heartbeat sets the settings,
 * whose revision is what changes are compared by; instances that a change touches are compared as
 * well, since a heartbeat may have come in between. Format: lokid-ring(5).
 */
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "ring/backend.h"
#include "ring/etcd_call.h"
#include "ring/etcd_text.h"
#include "ring/text.h"
#include "time/time.h"

enum { PAUSE_MAX_MS = 50 };

struct etcd {
	struct etcd_call *call;
	struct ring_place_opts opts;
	struct bytes prefix;
	int64_t revision; /* of what was read last */
	int64_t settings_mod;
	uint64_t chance; /* how long the next pause is */
	/* Of the change under way: the lease that was granted for it, which a try that others were
	 * faster than leaves to the next; 0: none. */
	int64_t lease;
	int64_t asked_s, granted_s; /* the seconds that were asked for, and those that etcd gave */
};

void *ring_etcd_open(const char *url, const struct ring_place_opts *o, struct err *e)
{
	struct etcd *b = mem_alloc(sizeof(*b));

	b->opts = *o;
	b->chance = (uint64_t)time_mono_ns();
	b->call = etcd_call_open(url, o, &b->prefix, e);
	if (!b->call) {
		free(b);
		return NULL;
	}
	return b;
}

static void etcd_close(void *backend)
{
	struct etcd *b = backend;

	etcd_call_close(b->call);
	free(b);
}

static int64_t deadline_of(const struct etcd *b)
{
	return time_mono_ns() + (b->opts.timeout_ns ? b->opts.timeout_ns : RING_TIMEOUT_NS);
}

/* PREFIX, folder, name; valid until key is changed. */
static struct bytes key_of(const struct etcd *b, struct buf *key, const char *folder,
			   struct bytes name)
{
	buf_reset(key);
	buf_add_bytes(key, b->prefix);
	buf_add_str(key, folder);
	buf_add_bytes(key, name);
	return buf_bytes(key);
}

/* ---- reading ---- */

static int read_range(struct etcd *b, struct bytes ask, int64_t deadline, struct arena *a,
		      struct etcd_range *ret, struct err *e)
{
	struct bytes answer;

	if (etcd_call(b->call, "/v3/kv/range", ask, ETCD_UNTIL_DEADLINE, deadline, &answer, e) < 0)
		return -1;
	return etcd_read_range(answer, a, ret, e);
}

static int read_ring(struct etcd *b, int64_t deadline, struct ring *ret, struct err *e)
{
	struct arena a = { 0 };
	struct buf ask = { 0 };
	struct etcd_range range;
	int rc;

	etcd_ask_prefix(&ask, b->prefix);
	rc = read_range(b, buf_bytes(&ask), deadline, &a, &range, e);
	if (rc == 0) {
		b->revision = range.revision;
		b->settings_mod = 0;
		rc = etcd_ring_of(&range, b->prefix, ret, &b->settings_mod, e);
	}
	buf_release(&ask);
	arena_release(&a);
	return rc;
}

static int etcd_read(void *backend, struct ring *ret, struct err *e)
{
	return read_ring(backend, deadline_of(backend), ret, e);
}

/* ---- writing ---- */

/* The seconds of a lease: the heartbeat's timeout, rounded up. */
static int64_t lease_seconds(const struct ring *r)
{
	return r->settings.heartbeat_timeout_ns / NS_PER_S +
	       (r->settings.heartbeat_timeout_ns % NS_PER_S != 0);
}

/* A lease of the heartbeat's timeout: one for all tries of a change. */
static int grant(struct etcd *b, const struct ring *r, int64_t deadline, int64_t *ret,
		 struct err *e)
{
	int64_t ttl_s = lease_seconds(r);
	struct buf ask = { 0 };
	struct bytes answer;
	int rc = 0;

	if (!b->lease || b->asked_s != ttl_s) {
		etcd_ask_grant(&ask, ttl_s);
		rc = etcd_call(b->call, "/v3/lease/grant", buf_bytes(&ask), ETCD_UNTIL_DEADLINE,
			       deadline, &answer, e);
		if (rc == 0)
			rc = etcd_read_grant(answer, &b->lease, &b->granted_s, e);
		if (rc == 0)
			b->asked_s = ttl_s;
		buf_release(&ask);
	}
	*ret = b->lease;
	return rc;
}

static void put_instance(const struct etcd *b, struct etcd_txn *t, const struct ring_instance *in,
			 int64_t lease)
{
	struct buf key = { 0 }, value = { 0 };

	ring_add_instance(&value, in);
	etcd_txn_put(t, key_of(b, &key, "instances/", in->name), buf_bytes(&value), 0);
	if (lease)
		etcd_txn_put(t, key_of(b, &key, "alive/", in->name), BYTES_LIT(""), lease);
	buf_release(&key);
	buf_release(&value);
}

static void delete_instance(const struct etcd *b, struct etcd_txn *t, struct bytes name)
{
	struct buf key = { 0 };

	etcd_txn_delete(t, key_of(b, &key, "instances/", name));
	etcd_txn_delete(t, key_of(b, &key, "alive/", name));
	buf_release(&key);
}

static bool is_same(const struct ring_instance *a, const struct ring_instance *b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	ring_add_instance(&x, a);
	ring_add_instance(&y, b);
	same = bytes_eq(buf_bytes(&x), buf_bytes(&y));
	buf_release(&x);
	buf_release(&y);
	return same;
}

/* What makes the one ring of the other. */
static int add_changes(struct etcd *b, struct etcd_txn *t, const struct ring *old,
		       const struct ring *r, int64_t deadline, struct err *e)
{
	struct buf key = { 0 };
	int rc = 0;

	for (size_t i = 0; i < old->n; i++) {
		const struct ring_instance *was = &old->v[i], *is = ring_find(r, was->name);

		if (is && is_same(was, is))
			continue;
		etcd_txn_if_mod(t, key_of(b, &key, "instances/", was->name), was->mod);
		if (!is)
			delete_instance(b, t, was->name);
	}
	for (size_t i = 0; i < r->n && rc == 0; i++) {
		const struct ring_instance *is = &r->v[i], *was = ring_find(old, is->name);
		int64_t lease = 0;

		if (was && is_same(was, is))
			continue;
		/* Whose heartbeat was set, is alive. */
		if (!was || was->heartbeat_ns != is->heartbeat_ns)
			rc = grant(b, r, deadline, &lease, e);
		put_instance(b, t, is, lease);
	}
	buf_release(&key);
	if (rc == 0 && t->n_operations > ETCD_OPERATIONS_MAX)
		rc = err_set(e, ERR_LIMIT, "a change of more than %d keys at once",
			     ETCD_OPERATIONS_MAX);
	return rc;
}

/* Returns 1 when it is done, 0 when somebody else was faster. *ret, unless NULL, becomes
 * RING_MAYBE_DONE when no answer came; then ERR_AGAIN. */
static int commit(struct etcd *b, const struct etcd_txn *t, enum etcd_tries tries, int64_t deadline,
		  enum ring_earlier *ret, struct err *e)
{
	struct buf ask = { 0 };
	struct bytes answer;
	bool done = false;
	int rc;

	etcd_ask_txn(&ask, t);
	rc = etcd_call(b->call, "/v3/kv/txn", buf_bytes(&ask), tries, deadline, &answer, e);
	if (rc < 0 && e->code == ERR_AGAIN && ret)
		*ret = RING_MAYBE_DONE;
	if (rc < 0 && e->code == ERR_NO) { /* the lease ended meanwhile */
		b->lease = 0;
		rc = 0;
	} else if (rc == 0) {
		rc = etcd_read_txn(answer, &done, e);
	}
	buf_release(&ask);
	return rc < 0 ? -1 : done;
}

/* So that those who compete do not meet again and again. */
static void pause_by_chance(struct etcd *b)
{
	struct timespec t = { 0 };

	b->chance = b->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	t.tv_nsec = (long)((b->chance >> 33) % (PAUSE_MAX_MS * (uint64_t)NS_PER_MS));
	nanosleep(&t, NULL);
}

/* One try: 1 when it is done (and *r is the ring), 0 when it is to be tried again. */
static int try_change(struct etcd *b, ring_change_fn *change, void *data, int64_t deadline,
		      enum ring_earlier *earlier, struct ring *r, struct err *e)
{
	struct etcd_txn t = { 0 };
	struct ring old;
	struct buf key = { 0 }, value = { 0 };
	int rc;

	ring_init(r);
	ring_init(&old);
	if (read_ring(b, deadline, r, e) < 0) {
		if (e->code != ERR_NO || b->opts.is_there)
			return -1;
		ring_init(r);
	}
	ring_copy(&old, r);
	rc = change(r, *earlier, data, e);
	if (rc == RING_CHANGED) {
		r->revision++;
		ring_add_settings(&value, r);
		etcd_txn_if_mod(&t, key_of(b, &key, "settings", BYTES_LIT("")), b->settings_mod);
		etcd_txn_put(&t, buf_bytes(&key), buf_bytes(&value), 0);
		rc = add_changes(b, &t, &old, r, deadline, e);
		if (rc == 0)
			rc = commit(b, &t, ETCD_ONCE, deadline, earlier, e);
		if (rc < 0 && e->code == ERR_AGAIN && time_mono_ns() < deadline)
			rc = 0;
	} else if (rc == RING_SAME) {
		rc = 1;
	}
	if (rc != 1)
		ring_release(r);
	etcd_txn_release(&t);
	ring_release(&old);
	buf_release(&key);
	buf_release(&value);
	return rc;
}

static int etcd_change(void *backend, ring_change_fn *change, void *data, struct ring *ret,
		       struct err *e)
{
	struct etcd *b = backend;
	int64_t deadline = deadline_of(b);
	enum ring_earlier earlier = RING_NOT_DONE;
	struct ring r;
	int rc;

	b->lease = 0;
	while ((rc = try_change(b, change, data, deadline, &earlier, &r, e)) == 0) {
		if (time_mono_ns() >= deadline)
			return err_set(e, ERR_AGAIN, "others changed it again and again");
		pause_by_chance(b);
	}
	if (rc < 0)
		return -1;
	if (ret)
		*ret = r;
	else
		ring_release(&r);
	return 0;
}

/* ---- heartbeats ---- */

/* Lets the lease go on. *ret: its seconds; 0: there is none. */
static int keep_alive(struct etcd *b, int64_t lease, int64_t deadline, int64_t *ret, struct err *e)
{
	struct buf ask = { 0 };
	struct bytes answer;
	int rc;

	etcd_ask_keepalive(&ask, lease);
	rc = etcd_call(b->call, "/v3/lease/keepalive", buf_bytes(&ask), ETCD_UNTIL_DEADLINE,
		       deadline, &answer, e);
	if (rc == 0)
		rc = etcd_read_keepalive(answer, ret, e);
	buf_release(&ask);
	return rc;
}

/* The key of that name in the folder. ret->n is 0 when there is none. */
static int read_key(struct etcd *b, const char *folder, struct bytes name, int64_t deadline,
		    struct arena *a, struct etcd_range *ret, struct err *e)
{
	struct buf key = { 0 }, ask = { 0 };
	int rc;

	etcd_ask_key(&ask, key_of(b, &key, folder, name));
	rc = read_range(b, buf_bytes(&ask), deadline, a, ret, e);
	buf_release(&key);
	buf_release(&ask);
	return rc;
}

static int read_settings(struct etcd *b, int64_t deadline, struct arena *a, struct ring *r,
			 struct err *e)
{
	struct etcd_range settings;

	if (read_key(b, "settings", BYTES_LIT(""), deadline, a, &settings, e) < 0)
		return -1;
	if (settings.n == 0)
		return err_set(e, ERR_NO, "there is no ring");
	if (ring_parse_settings(settings.v[0].value, r, e) < 0)
		return err_wrap(e, "key '%.*s'", BYTES_ARG(settings.v[0].key));
	return 0;
}

/* The one instance, not all of them: in a large ring there is always somebody who beats. */
static int read_instance(struct etcd *b, struct bytes name, int64_t deadline, struct arena *a,
			 struct ring *r, struct err *e)
{
	struct ring_instance *in;
	struct etcd_range range;

	if (read_key(b, "instances/", name, deadline, a, &range, e) < 0)
		return -1;
	if (range.n && ring_parse_instance(range.v[0].value, r, &in, e) < 0)
		return err_wrap(e, "key '%.*s'", BYTES_ARG(range.v[0].key));
	if (range.n)
		in->mod = range.v[0].mod;
	return ring_set_beat(r, name, ring_now(&b->opts), e);
}

/* Is a lease of ttl_s as the settings, read into r, want it? Of one that is too short for etcd it
 * gives more, which is known of the one that it gave us last. */
static bool fits(const struct etcd *b, const struct ring *r, int64_t ttl_s)
{
	int64_t wanted = lease_seconds(r);

	return ttl_s == wanted || (wanted == b->asked_s && ttl_s == b->granted_s);
}

/* The lease that the heartbeat of this instance has, which goes on; or a new one, also when the
 * timeout is another one since. */
static int find_lease(struct etcd *b, struct bytes name, int64_t deadline, struct arena *a,
		      int64_t *ret, struct err *e)
{
	struct etcd_range range;
	int64_t ttl_s = 0;
	struct ring r;

	ring_init(&r);
	if (read_settings(b, deadline, a, &r, e) < 0 ||
	    read_key(b, "alive/", name, deadline, a, &range, e) < 0)
		return -1;
	*ret = range.n ? range.v[0].lease : 0;
	if (*ret && keep_alive(b, *ret, deadline, &ttl_s, e) < 0)
		return -1;
	return ttl_s > 0 && fits(b, &r, ttl_s) ? 0 : grant(b, &r, deadline, ret, e);
}

static int try_beat(struct etcd *b, struct bytes name, int64_t deadline, struct err *e)
{
	struct etcd_txn t = { 0 };
	struct arena a = { 0 };
	struct buf key = { 0 };
	int64_t lease;
	struct ring r;
	int rc;

	ring_init(&r);
	rc = read_instance(b, name, deadline, &a, &r, e);
	if (rc == 0)
		rc = find_lease(b, name, deadline, &a, &lease, e);
	if (rc == 0) {
		etcd_txn_if_mod(&t, key_of(b, &key, "instances/", name), r.v[0].mod);
		put_instance(b, &t, &r.v[0], lease);
		/* Twice does no harm. */
		rc = commit(b, &t, ETCD_UNTIL_DEADLINE, deadline, NULL, e);
	}
	etcd_txn_release(&t);
	arena_release(&a);
	buf_release(&key);
	ring_release(&r);
	return rc;
}

static int etcd_beat(void *backend, struct bytes name, struct err *e)
{
	struct etcd *b = backend;
	int64_t deadline = deadline_of(b);
	int rc;

	b->lease = 0;
	while ((rc = try_beat(b, name, deadline, e)) == 0) {
		if (time_mono_ns() >= deadline)
			return err_set(e, ERR_AGAIN, "others changed it again and again");
		pause_by_chance(b);
	}
	return rc < 0 ? -1 : 0;
}

/* ---- waiting ---- */

static enum httpc_more on_line(struct bytes line, void *data)
{
	struct err *why = data;
	bool changed;

	if (etcd_read_watch(line, &changed, why) < 0)
		return HTTPC_ENOUGH;
	return changed ? HTTPC_ENOUGH : HTTPC_MORE;
}

static int etcd_wait(void *backend, const struct ring *r, int64_t timeout_ns, struct err *e)
{
	struct etcd *b = backend;
	int64_t ms = timeout_ns / NS_PER_MS;
	struct buf ask = { 0 };
	struct err why = { .code = ERR_NONE };
	int rc;

	(void)r;
	etcd_ask_watch(&ask, b->prefix, b->revision + 1);
	rc = etcd_watch(b->call, buf_bytes(&ask), ms ? ms : 1, on_line, &why, &why, e);
	buf_release(&ask);
	if (rc < 0 && e->code == ERR_AGAIN) {
		/* A member that is away: the next reading asks another one, and says so if all are.
		 */
		pause_by_chance(b);
		return 1;
	}
	return rc;
}

const struct ring_backend ring_etcd = { etcd_read, etcd_change, etcd_beat, etcd_wait, etcd_close };
