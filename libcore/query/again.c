#include "query/again.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/store.h"

enum {
	RUNS = 3,
	GIVEN_MAX = 4096, /* entries of one moment, beyond which none is looked for among them */
};

/* An entry that was given out, by the hash of what it says. */
struct again_given {
	uint64_t hash;
	uint32_t n, met; /* times it was given out; came in this run */
};

bool again_ends_run(struct again *a, const char *name)
{
	if (a->is_last)
		return false;
	for (size_t i = 0; i < a->n_before; i++)
		if (strcmp(a->gone[i], name) == 0)
			return false;
	mem_grow(&a->gone, &a->cap_gone, a->n_gone + 1, sizeof(*a->gone));
	a->gone[a->n_gone++] = strdup(name);
	return true;
}

bool again_is_due(struct again *a, const struct err *e)
{
	if (a->is_last || e->code != ERR_NO)
		return false;
	a->runs++;
	if (a->runs + 1 == RUNS)
		a->is_last = true;
	a->n_before = a->n_gone;
	for (size_t i = 0; i < a->n_given; i++)
		a->given[i].met = 0;
	return true;
}

/* Whether it was given out in a run before; else it counts as given out now. */
static bool was_given(struct again *a, const struct log_entry *entry)
{
	uint64_t hash = log_entry_hash(entry, &a->key);
	size_t i = 0;

	while (i < a->n_given && a->given[i].hash != hash)
		i++;
	if (i == a->n_given) {
		mem_grow(&a->given, &a->cap_given, a->n_given + 1, sizeof(*a->given));
		a->given[a->n_given++] = (struct again_given){ .hash = hash };
	}
	if (a->given[i].met++ < a->given[i].n)
		return true;
	a->given[i].n++;
	return false;
}

static int give(void *data, const struct log_entry *entry, struct err *e)
{
	struct again *a = data;
	bool is_before = a->dir == BACKWARD ? entry->ts_ns > a->last_ns : entry->ts_ns < a->last_ns;

	if (a->is_last && !a->runs) /* nothing was, and nothing will be given out but now */
		return a->out->entry(a->out->data, entry, e);
	if (a->any && is_before)
		return 0;
	if (!a->any || entry->ts_ns != a->last_ns)
		a->n_given = 0;
	a->any = true;
	a->last_ns = entry->ts_ns;
	if (was_given(a, entry))
		return 0;
	if (a->n_given == GIVEN_MAX)
		a->is_last = true;
	return a->out->entry(a->out->data, entry, e);
}

static int give_metric(void *data, const struct vec *v, const struct steps *steps,
		       enum metric_kind kind, struct err *e)
{
	const struct again *a = data;

	return a->out->metric(a->out->data, v, steps, kind, e);
}

static int pause_out(void *data, struct err *e)
{
	const struct again *a = data;

	return a->out->pause(a->out->data, e);
}

/* Files may be read only once, and an explanation is of one run. */
struct query_out again_begin(struct again *a, const struct query_opts *o,
			     const struct query_out *out)
{
	*a = (struct again){ .out = out, .dir = o->has_dir ? o->dir : BACKWARD };
	a->is_last = !o->source.store || !store_is_url(o->source.store) || o->source.n_files ||
		     o->explain;
	return (struct query_out){ give, give_metric, pause_out, a };
}

void again_release(struct again *a)
{
	for (size_t i = 0; i < a->n_gone; i++)
		free(a->gone[i]);
	free(a->gone);
	free(a->given);
	buf_release(&a->key);
}
