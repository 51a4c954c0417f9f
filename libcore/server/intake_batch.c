/* Batches, and what becomes of the pushes in them. */
#include <stdlib.h>

#include "base/mem.h"
#include "server/intake_detail.h"
#include "time/time.h"

enum {
	SPARES_MAX = 4,
	SPARE_MEMORY_MAX = 4 << 20, /* one that took more gives it back */
};

struct batch *batch_new(struct intake *in)
{
	struct outlet *o = &in->outlet;
	struct batch *b;

	pthread_mutex_lock(&o->lock);
	b = o->spare;
	if (b) {
		o->spare = b->next;
		o->n_spare--;
	}
	pthread_mutex_unlock(&o->lock);
	if (!b)
		b = mem_alloc(sizeof(*b));
	b->next = NULL;
	b->words = words_hold(in->lane.words);
	return b;
}

static void destroy(struct batch *b)
{
	entries_release(&b->es);
	buf_release(&b->why);
	free(b->waiter);
	free(b);
}

void batch_free(struct intake *in, struct batch *b)
{
	struct outlet *o = &in->outlet;
	bool kept = entries_memory(&b->es) <= SPARE_MEMORY_MAX;

	words_drop(b->words);
	if (kept) {
		entries_reset(&b->es);
		*b = (struct batch){ .es = b->es,
				     .why = b->why,
				     .waiter = b->waiter,
				     .cap_waiters = b->cap_waiters };
		pthread_mutex_lock(&o->lock);
		kept = o->n_spare < SPARES_MAX;
		if (kept) {
			b->next = o->spare;
			o->spare = b;
			o->n_spare++;
		}
		pthread_mutex_unlock(&o->lock);
	}
	if (!kept)
		destroy(b);
}

void batch_free_spares(struct outlet *o)
{
	while (o->spare) {
		struct batch *b = o->spare;

		o->spare = b->next;
		destroy(b);
	}
}

void batch_add_waiter(struct batch *b, struct waiter *w)
{
	mem_grow(&b->waiter, &b->cap_waiters, b->n_waiters + 1, sizeof(struct waiter *));
	b->waiter[b->n_waiters++] = w;
}

/* All batches of the push have been settled. */
static void finish(struct intake *in, struct waiter *w)
{
	struct intake_answer a = { .status = w->status,
				   .retry_after_s = w->status == 429 ? INTAKE_RETRY_S : 0,
				   .text = buf_bytes(&w->text) };

	if (w->failed.status)
		a = w->failed;
	else
		intake_metrics_acknowledged(in, w);
	if (a.fault == INTAKE_FULL)
		metrics_add(in->count.full, 1);
	outlet_note(in, w);
	atomic_fetch_sub(&w->tenant->held, 1);
	w->answered(&a, w->data);
	buf_release(&w->text);
	buf_release(&w->failed_text);
	free(w);
}

void batch_settle(struct intake *in, struct batch *b, const struct intake_answer *failed)
{
	struct outlet *o = &in->outlet;
	size_t n_done = 0;

	if (failed)
		metrics_add(in->count.append_failures, 1);
	pthread_mutex_lock(&o->lock);
	for (size_t i = 0; i < b->n_waiters; i++) {
		struct waiter *w = b->waiter[i];

		if (failed && !w->failed.status) {
			w->failed = *failed;
			buf_add_bytes(&w->failed_text, failed->text);
			w->failed.text = buf_bytes(&w->failed_text);
		}
		if (--w->pending == 0)
			b->waiter[n_done++] = w;
	}
	o->weight -= b->weight;
	pthread_mutex_unlock(&o->lock);
	for (size_t i = 0; i < n_done; i++)
		finish(in, b->waiter[i]);
	batch_free(in, b);
	pthread_mutex_lock(&o->lock);
	pthread_cond_signal(&o->settled);
	pthread_mutex_unlock(&o->lock);
}
