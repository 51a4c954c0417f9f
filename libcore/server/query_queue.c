/*
 * Tenants with something in the queue stand in a list, which is looked through: it is as long as
 * there are tenants that ask right now. The turn of a tenant is when it was last served; one that
 * comes anew begins at the turn of who was served last, so that going away and coming back gains
 * nothing.
 */
#include "server/query_queue.h"

#include <stdlib.h>

#include "base/mem.h"
#include "time/time.h"

struct queue_tenant {
	struct queue_tenant *next;
	struct queue_item *first[QUERY_CLASSES], *last[QUERY_CLASSES];
	size_t waiting, running[QUERY_CLASSES];
	size_t concurrent_max; /* 0: no limit */
	uint64_t turn;
	double rate, tokens; /* queries a second, and those saved up: at most a second's, or one */
	int64_t tokens_ns;
	size_t n_name;
	char name[];
};

static double most_tokens(double rate)
{
	return rate > 1 ? rate : 1;
}

static void refill(struct queue_tenant *t, double rate, int64_t now_ns)
{
	double most = most_tokens(rate);

	t->tokens += (double)(now_ns - t->tokens_ns) / (double)NS_PER_S * rate;
	if (t->tokens > most || t->rate <= 0)
		t->tokens = most;
	t->rate = rate;
	t->tokens_ns = now_ns;
}

static size_t all_running(const struct queue_tenant *t)
{
	size_t n = 0;

	for (int i = 0; i < QUERY_CLASSES; i++)
		n += t->running[i];
	return n;
}

/* Forgets those that have nothing here, and whose rate would be the same if they came anew. */
static void sweep(struct query_queue *q, int64_t now_ns)
{
	for (struct queue_tenant **at = &q->first, *t; (t = *at);) {
		if (t->rate > 0)
			refill(t, t->rate, now_ns);
		if (t->waiting || all_running(t) ||
		    (t->rate > 0 && t->tokens < most_tokens(t->rate))) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		free(t);
	}
}

static struct queue_tenant *tenant_of(struct query_queue *q, struct bytes name, int64_t now_ns)
{
	struct queue_tenant *t;

	for (t = q->first; t; t = t->next)
		if (bytes_eq(bytes_of(t->name, t->n_name), name))
			return t;
	sweep(q, now_ns);
	t = mem_alloc(sizeof(*t) + name.n);
	t->n_name = name.n;
	if (name.n) /* what names no stream is of no tenant */
		memcpy(t->name, name.p, name.n);
	t->turn = q->turn;
	t->tokens_ns = now_ns;
	t->next = q->first;
	q->first = t;
	return t;
}

void query_queue_release(struct query_queue *q)
{
	struct queue_tenant *next;

	for (struct queue_tenant *t = q->first; t; t = next) {
		next = t->next;
		free(t);
	}
	*q = (struct query_queue){ 0 };
}

static void wait_in(struct query_queue *q, struct queue_tenant *t, enum query_class class,
		    struct queue_item *item)
{
	*item = (struct queue_item){ .tenant = t, .class = class, .prev = t->last[class] };
	if (t->last[class])
		t->last[class]->next = item;
	else
		t->first[class] = item;
	t->last[class] = item;
	t->waiting++;
	q->waiting++;
}

static void wait_no_more(struct query_queue *q, struct queue_item *item)
{
	struct queue_tenant *t = item->tenant;

	if (item->prev)
		item->prev->next = item->next;
	else
		t->first[item->class] = item->next;
	if (item->next)
		item->next->prev = item->prev;
	else
		t->last[item->class] = item->prev;
	item->next = item->prev = NULL;
	t->waiting--;
	q->waiting--;
}

int query_queue_add(struct query_queue *q, struct bytes tenant, const struct limits *l,
		    enum query_class class, int64_t now_ns, struct queue_item *item, struct err *e)
{
	struct queue_tenant *t = tenant_of(q, tenant, now_ns);

	if (l->max_outstanding_per_tenant && t->waiting >= l->max_outstanding_per_tenant)
		return err_set(e, ERR_LIMIT,
			       "too many outstanding requests: %zu wait (limit: "
			       "max_outstanding_per_tenant %llu)",
			       t->waiting, (unsigned long long)l->max_outstanding_per_tenant);
	refill(t, l->query_rate, now_ns);
	if (t->rate > 0) {
		if (t->tokens < 1)
			return err_set(e, ERR_LIMIT,
				       "too many queries a second (limit: query_rate %g)", t->rate);
		t->tokens--;
	}
	t->concurrent_max = l->max_concurrent_queries;
	wait_in(q, t, class, item);
	return 0;
}

/* Scans leave one of a tenant's places to what is short. */
static bool may_run(const struct queue_tenant *t, enum query_class class)
{
	size_t max = t->concurrent_max;

	if (!t->first[class])
		return false;
	if (max == 0)
		return true;
	return all_running(t) < max &&
	       (class != QUERY_LONG || max == 1 || t->running[QUERY_LONG] < max - 1);
}

struct queue_item *query_queue_take(struct query_queue *q)
{
	for (int class = 0; class < QUERY_CLASSES; class ++) {
		struct queue_tenant *best = NULL;
		struct queue_item *item;

		if (q->running[class] >= q->places[class])
			continue;
		/* New ones are put in front: of equal turns the last is the one that came first. */
		for (struct queue_tenant *t = q->first; t; t = t->next)
			if (may_run(t, class) && (!best || t->turn <= best->turn))
				best = t;
		if (!best)
			continue;
		q->turn = best->turn;
		best->turn = ++q->turns;
		item = best->first[class];
		wait_no_more(q, item);
		item->runs = true;
		best->running[class]++;
		q->running[class]++;
		return item;
	}
	return NULL;
}

void query_queue_end(struct query_queue *q, struct queue_item *item)
{
	if (item->runs) {
		item->tenant->running[item->class]--;
		q->running[item->class]--;
	} else {
		wait_no_more(q, item);
	}
	*item = (struct queue_item){ 0 };
}

void query_queue_move(struct query_queue *q, enum query_class class, struct queue_item *item)
{
	struct queue_tenant *t = item->tenant;

	query_queue_end(q, item);
	wait_in(q, t, class, item);
}

struct queue_item *query_queue_waiting(const struct query_queue *q, const struct queue_item *item)
{
	struct queue_tenant *t = q->first;
	int class = 0;

	if (item) {
		if (item->next)
			return item->next;
		t = item->tenant;
		class = (int)item->class + 1;
	}
	for (; t; t = t->next, class = 0)
		for (; class < QUERY_CLASSES; class ++)
			if (t->first[class])
				return t->first[class];
	return NULL;
}
