/* What tenants with max_storage_bytes have in the store: looked at now and then by a thread of its
 * own, so that no push waits for a folder to be listed. */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "server/intake_detail.h"
#include "server/log.h"
#include "store/store.h"
#include "time/time.h"

enum { MEASURE_EVERY_S = 10 };

static int add_size(const char *name, uint64_t size, void *data, struct err *e)
{
	uint64_t *sum = data;

	(void)name;
	(void)e;
	*sum += size;
	return 0;
}

static int measure(const struct intake *in, struct bytes tenant, uint64_t *ret, struct err *e)
{
	struct store *s = store_open(in->store_path, STORE_READ_IF_THERE, e);
	struct buf folder = { 0 };
	int rc;

	if (!s)
		return -1;
	*ret = 0;
	buf_addf(&folder, "%.*s/", BYTES_ARG(tenant));
	rc = store_list(s, buf_str(&folder), add_size, ret, e);
	buf_release(&folder);
	store_close(s);
	return rc;
}

/* The tenants that have a quota now, held. */
static size_t list_tenants(struct lane *lane, struct intake_tenant ***ret)
{
	size_t n = 0;

	pthread_mutex_lock(&lane->lock);
	*ret = mem_alloc((lane->n_tenants + 1) * sizeof(struct intake_tenant *));
	for (size_t i = 0; i < lane->n_slots; i++) {
		struct intake_tenant *t = lane->tenant[i];

		if (!t || !t->has_quota)
			continue;
		atomic_fetch_add(&t->held, 1);
		(*ret)[n++] = t;
	}
	pthread_mutex_unlock(&lane->lock);
	return n;
}

/* How many tenants it looked at. */
static size_t measure_all(struct intake *in)
{
	struct intake_tenant **tenant;
	size_t n = list_tenants(&in->lane, &tenant);
	uint64_t stored;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		bool known = measure(in, tenant[i]->name, &stored, &e) == 0;

		if (!known)
			log_event(in->opts.log, LOG_WARN, "what a tenant has stored is not known",
				  "err", e.msg, NULL);
		pthread_mutex_lock(&in->lane.lock);
		if (known)
			tenant[i]->stored = stored;
		tenant[i]->measured = true;
		atomic_fetch_sub(&tenant[i]->held, 1);
		pthread_mutex_unlock(&in->lane.lock);
	}
	free(tenant);
	return n;
}

/* Soon after somebody asked, and as long as there are quotas every ten seconds. */
static void *run(void *data)
{
	struct intake *in = data;
	struct quotas *q = &in->quotas;
	bool any = false;

	pthread_mutex_lock(&q->lock);
	while (!q->stop) {
		int64_t due = time_mono_ns() + MEASURE_EVERY_S * NS_PER_S;
		struct timespec t = { .tv_sec = due / NS_PER_S, .tv_nsec = due % NS_PER_S };

		if (!q->wanted && any)
			pthread_cond_timedwait(&q->wake, &q->lock, &t);
		else if (!q->wanted)
			pthread_cond_wait(&q->wake, &q->lock);
		if (q->stop)
			break;
		q->wanted = false;
		pthread_mutex_unlock(&q->lock);
		any = measure_all(in) > 0;
		pthread_mutex_lock(&q->lock);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

void quotas_init(struct intake *in)
{
	struct quotas *q = &in->quotas;
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->wake, &attr);
	pthread_condattr_destroy(&attr);
}

int quotas_open(struct intake *in, struct err *e)
{
	struct quotas *q = &in->quotas;

	errno = in->store_path ? pthread_create(&q->thread, NULL, run, in) : 0;
	if (errno)
		return err_sys(e, "cannot start a thread");
	q->runs = in->store_path != NULL;
	return 0;
}

void quotas_wake(struct intake *in)
{
	struct quotas *q = &in->quotas;

	pthread_mutex_lock(&q->lock);
	q->wanted = true;
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->lock);
}

void quotas_close(struct intake *in)
{
	struct quotas *q = &in->quotas;

	if (!q->runs)
		return;
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	q->runs = false;
}

void quotas_release(struct intake *in)
{
	pthread_mutex_destroy(&in->quotas.lock);
	pthread_cond_destroy(&in->quotas.wake);
}
