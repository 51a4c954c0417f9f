#include "server/requests.h"

#include <stdlib.h>

#include "base/mem.h"
#include "deletes/requests.h"
#include "server/config.h"
#include "server/server_metrics.h"
#include "server/tasks.h"
#include "store/store.h"
#include "time/time.h"

enum { AGE_MAX_S = 600 }; /* of what was seen, when somebody asks: others delete, too */

struct requests {
	struct task task; /* first: it is what the thread is given */
	struct server *server;
	struct tasks *looking; /* a thread of its own: all tenants are looked at, and the store may
				  hang */

	/* The thread's: those that waited when it looked last, "TENANT/ID". */
	struct map waited;
	struct arena mem; /* of the names */

	pthread_mutex_t lock; /* all below */
	bool busy, again;     /* it is to look, or does; once more behind that */
	int64_t looked_mono_ns;
	int64_t *due_ns; /* of each that waits, from when on it may be applied */
	size_t n;
};

/* ---- the store ---- */

struct sight {
	struct requests *r;
	struct store *store;
	struct limits_set *limits;
	struct map waiting;
	struct arena mem;
	int64_t *due_ns;
	size_t n, cap;
};

static struct bytes name_of(struct arena *a, struct bytes tenant, const struct delete_request *r)
{
	struct buf b = { 0 };
	struct bytes ret;

	buf_addf(&b, "%.*s/%s", BYTES_ARG(tenant), r->id);
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

static void see(struct sight *x, struct bytes tenant, const struct delete_request *r)
{
	struct bytes name = name_of(&x->mem, tenant, r);
	int64_t cancel_ns = x->r->server->config->erase.cancel_period_ns;

	if (r->has_receipt) {
		if (map_get(&x->r->waited, hash64(name), name) != MAP_NONE)
			metrics_add(
				metric_of1(x->r->server->metrics, METRIC_DELETES_PROCESSED, tenant),
				1);
		return;
	}
	map_put(&x->waiting, hash64(name), name, 0);
	mem_grow(&x->due_ns, &x->cap, x->n + 1, sizeof(*x->due_ns));
	if (__builtin_add_overflow(r->created_ns, cancel_ns, &x->due_ns[x->n]))
		x->due_ns[x->n] = INT64_MAX;
	x->n++;
}

static int see_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct sight *x = data;
	struct bytes tenant = bytes_str(name);
	struct delete_requests l = { 0 };

	(void)size;
	if (atomic_load(&x->r->server->stopping)) /* nobody waits for it any more */
		return err_set(e, ERR_AGAIN, "the daemon ends");
	if (labels_check_tenant(tenant, NULL) < 0 ||
	    limits_of(x->limits, tenant)->deletion_mode != LIMITS_DELETE_REMOVES)
		return 0;
	if (deletes_list(x->store, tenant, DELETES_WITH_STATUS, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		see(x, tenant, &l.v[i]);
	deletes_release(&l);
	return 0;
}

/* What was seen is what there is from now on. */
static void take(struct requests *r, struct sight *x)
{
	map_release(&r->waited);
	arena_release(&r->mem);
	r->waited = x->waiting;
	r->mem = x->mem;
	pthread_mutex_lock(&r->lock);
	free(r->due_ns);
	r->due_ns = x->due_ns;
	r->n = x->n;
	pthread_mutex_unlock(&r->lock);
}

static void look(struct requests *r)
{
	struct sight x = { .r = r, .limits = server_limits(r->server) };
	struct err e;
	int rc = -1;

	x.store = store_open(r->server->config->store, STORE_READ_IF_THERE, &e);
	store_set_cache(x.store, r->server->cache, STORE_CACHED_INDEX);
	if (x.store)
		rc = store_list_folders(x.store, "", see_tenant, &x, &e);
	store_close(x.store);
	limits_set_drop(x.limits);
	if (rc == 0) {
		take(r, &x);
		return;
	}
	log_event(&r->server->log, atomic_load(&r->server->stopping) ? LOG_DEBUG : LOG_WARN,
		  "cannot look for requests to delete", "err", e.msg, NULL);
	map_release(&x.waiting);
	arena_release(&x.mem);
	free(x.due_ns);
}

static void run(struct task *t)
{
	struct requests *r = (struct requests *)t;
	bool again;

	do {
		pthread_mutex_lock(&r->lock);
		r->again = false;
		pthread_mutex_unlock(&r->lock);
		look(r);
		pthread_mutex_lock(&r->lock);
		r->looked_mono_ns = time_mono_ns();
		again = r->again && !atomic_load(&r->server->stopping);
		r->busy = again;
		pthread_mutex_unlock(&r->lock);
	} while (again);
}

/* ---- for others ---- */

static void ask(struct requests *r)
{
	if (r->busy)
		r->again = true;
	else /* when all ends nobody looks, and nobody asks */
		r->busy = tasks_add(r->looking, &r->task);
}

void requests_look(struct requests *r)
{
	pthread_mutex_lock(&r->lock);
	ask(r);
	pthread_mutex_unlock(&r->lock);
}

int requests_open(struct server *s, struct requests **ret, struct err *e)
{
	struct requests *r = mem_alloc(sizeof(*r));

	*r = (struct requests){ .task.run = run, .server = s };
	pthread_mutex_init(&r->lock, NULL);
	*ret = r;
	if (tasks_open(1, &r->looking, e) < 0)
		return -1;
	requests_look(r);
	return 0;
}

struct requests_waiting requests_waiting(struct requests *r, int64_t now_ns)
{
	struct requests_waiting ret = { 0 };

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->n; i++) {
		if (r->due_ns[i] > now_ns)
			continue;
		if (ret.n == 0 || r->due_ns[i] < ret.oldest_ns)
			ret.oldest_ns = r->due_ns[i];
		ret.n++;
	}
	if (!r->busy && time_mono_ns() - r->looked_mono_ns > AGE_MAX_S * NS_PER_S)
		ask(r);
	pthread_mutex_unlock(&r->lock);
	return ret;
}

void requests_close(struct requests *r)
{
	if (!r)
		return;
	tasks_close(r->looking);
	map_release(&r->waited);
	arena_release(&r->mem);
	free(r->due_ns);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
