#include "server/tails.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "server/server_metrics.h"

struct tails_of {
	struct tails_of *next;
	uint64_t n;
	size_t n_name;
	char name[];
};

struct tails {
	struct metrics_series *active;
	uint64_t all_max;
	pthread_mutex_t lock;	/* guards the two below */
	struct tails_of *first; /* tenants that have some */
	uint64_t n;
};

struct tails *tails_new(struct metrics *m, uint64_t all_max)
{
	struct tails *t = mem_alloc(sizeof(*t));

	t->active = metric_of(m, METRIC_TAILS_ACTIVE);
	t->all_max = all_max;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void tails_free(struct tails *t)
{
	struct tails_of *next;

	if (!t)
		return;
	for (struct tails_of *of = t->first; of; of = next) {
		next = of->next;
		free(of);
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* Where the tenant's is, or the end of the list. */
static struct tails_of **find(struct tails *t, struct bytes tenant)
{
	struct tails_of **at = &t->first;

	while (*at && !bytes_eq(bytes_of((*at)->name, (*at)->n_name), tenant))
		at = &(*at)->next;
	return at;
}

int tails_begin(struct tails *t, struct bytes tenant, uint64_t max, struct err *e)
{
	struct tails_of **at;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	at = find(t, tenant);
	if (t->n >= t->all_max) {
		rc = err_set(e, ERR_LIMIT,
			     "%llu tails of all tenants are open: no more are taken "
			     "(querier.max_concurrent_tails)",
			     (unsigned long long)t->n);
	} else if (max && *at && (*at)->n >= max) {
		rc = err_set(e, ERR_LIMIT,
			     "max concurrent tail requests limit exceeded, count > limit (%llu > "
			     "%llu) (limit: max_concurrent_tail_requests)",
			     (unsigned long long)(*at)->n + 1, (unsigned long long)max);
	} else {
		if (!*at) {
			*at = mem_alloc(sizeof(**at) + tenant.n);
			(*at)->n_name = tenant.n;
			memcpy((*at)->name, tenant.p, tenant.n);
		}
		(*at)->n++;
		t->n++;
		metrics_add(t->active, 1);
	}
	pthread_mutex_unlock(&t->lock);
	return rc;
}

void tails_end(struct tails *t, struct bytes tenant)
{
	struct tails_of **at, *of;

	pthread_mutex_lock(&t->lock);
	at = find(t, tenant);
	of = *at;
	assert(of); /* since it has begun */
	t->n--;
	if (--of->n == 0) {
		*at = of->next;
		free(of);
	}
	metrics_add(t->active, -1);
	pthread_mutex_unlock(&t->lock);
}
