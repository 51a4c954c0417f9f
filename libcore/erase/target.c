#include "erase/target.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/work.h"
#include "base/wr.h"
#include "erase/scrub.h"
#include "retention/hold.h"
#include "store/store.h"

enum { AT_ONCE = 32 }; /* small objects that are asked for, or written, at a remote store */

/* Of one thread. */
struct worker {
	struct found *found;	  /* by target */
	bool *gone;		  /* by entry of the run at hand */
	struct bytes *was, *line; /* the same: its lines before a rule, and behind it */
	size_t cap_gone, cap_was, cap_line;
	struct scrub_state **scrub; /* by target; made when it is asked for */
	struct buf key;
};

void targets_begin(struct targets *t)
{
	t->worker = mem_alloc((t->jobs + (size_t)1) * sizeof(*t->worker));
	for (unsigned i = 0; i < t->jobs; i++) {
		t->worker[i].found = mem_alloc((t->n + 1) * sizeof(struct found));
		t->worker[i].scrub = mem_alloc((t->n + 1) * sizeof(struct scrub_state *));
	}
}

void targets_end(struct targets *t)
{
	for (unsigned i = 0; i < t->jobs && t->worker; i++) {
		for (size_t k = 0; k < t->n; k++)
			scrub_state_free(t->worker[i].scrub[k]);
		free(t->worker[i].scrub);
		free(t->worker[i].found);
		free(t->worker[i].gone);
		free(t->worker[i].was);
		free(t->worker[i].line);
		buf_release(&t->worker[i].key);
	}
	free(t->worker);
	t->worker = NULL;
}

void targets_take(struct targets *t, struct found *ret)
{
	memset(ret, 0, t->n * sizeof(*ret));
	for (unsigned k = 0; k < t->jobs; k++)
		for (size_t i = 0; i < t->n; i++) {
			struct found *f = &t->worker[k].found[i];

			ret[i].entries += f->entries;
			ret[i].bytes += f->bytes;
			ret[i].held += f->held;
			ret[i].sum += f->sum;
			*f = (struct found){ 0 };
		}
}

/* ---- each by itself ---- */

struct each {
	struct targets *t;
	target_fn *one;
	void *data;
};

static int do_one(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	const struct each *x = data;

	(void)worker;
	(void)slot;
	return x->one(&x->t->v[item], x->data, e);
}

int targets_each(struct targets *t, struct store *s, target_fn *one, void *data, struct err *e)
{
	struct each x = { t, one, data };
	const struct work w = { .n = t->n,
				.jobs = store_is_remote(s) ? AT_ONCE : 1,
				.window = AT_ONCE,
				.run = do_one,
				.data = &x };

	return work_run(&w, e);
}

/* ---- the edit ---- */

static bool is_meant(const struct target *t, const struct labels *labels, int64_t from_ns,
		     int64_t through_ns)
{
	return t->pending && t->start_ns <= through_ns && from_ns <= t->end_ns &&
	       (t->rule ? scrub_wants(t->rule, labels) : delete_filter_wants(&t->filter, labels));
}

static bool touches(void *data, const struct labels *labels, int64_t from_ns, int64_t through_ns)
{
	const struct targets *t = data;

	for (size_t i = 0; i < t->n; i++)
		if (is_meant(&t->v[i], labels, from_ns, through_ns))
			return true;
	return false;
}

/* What an entry adds to the sum of a receipt: lokid-deletes(5), RECEIPT. */
static uint64_t entry_sum(struct buf *key, const struct hash128 *stream, int64_t ts_ns,
			  struct bytes line)
{
	buf_reset(key);
	buf_add(key, stream->b, sizeof(stream->b));
	wr_u64be(key, (uint64_t)ts_ns);
	buf_add_bytes(key, line);
	return hash64(buf_bytes(key));
}

static bool is_held(const struct targets *t, const struct labels *labels, int64_t ts_ns)
{
	return t->hold && hold_has(t->hold, t->tenant, labels, ts_ns, ts_ns);
}

/* A run that is decided on. */
struct at {
	const struct targets *t;
	struct worker *w;
	const struct labels *labels;
	struct hash128 stream;
	const struct run *run;
};

/* Entry i is meant by a target. False when it is held. */
static bool take(const struct at *a, size_t i, struct bytes line, struct found *found)
{
	if (is_held(a->t, a->labels, a->run->ts_ns[i])) {
		found->held++;
		return false;
	}
	found->entries++;
	found->bytes += line.n;
	found->sum += entry_sum(&a->w->key, &a->stream, a->run->ts_ns[i], line);
	return true;
}

/* One request, on what the others have left. */
static bool look_for(const struct at *a, const struct target *t, struct found *found)
{
	bool any = false;

	for (size_t i = 0; i < a->run->n; i++) {
		struct bytes line = run_line(a->run, i);

		if (a->w->gone[i] || !delete_filter_means(&t->filter, a->run->ts_ns[i], line) ||
		    !take(a, i, line, found))
			continue;
		a->w->gone[i] = true;
		any = true;
	}
	return any;
}

/* One rule, on what the others have made of the lines. */
static int rewrite(const struct at *a, size_t number, struct found *found, bool *ret_any,
		   struct err *e)
{
	struct worker *w = a->w;
	bool any = false;

	if (!w->scrub[number])
		w->scrub[number] = scrub_state_new(a->t->v[number].rule);
	memcpy(w->was, w->line, a->run->n * sizeof(*w->was));
	if (scrub_apply(w->scrub[number], a->labels, a->run, w->line, &any, e) < 0)
		return -1;
	for (size_t i = 0; i < a->run->n && any; i++) {
		if (bytes_eq(w->was[i], w->line[i]))
			continue;
		if (take(a, i, w->was[i], found))
			*ret_any = true;
		else
			w->line[i] = w->was[i];
	}
	return 0;
}

static void make_room(struct worker *w, const struct run *run)
{
	mem_grow(&w->gone, &w->cap_gone, run->n, sizeof(*w->gone));
	mem_grow(&w->was, &w->cap_was, run->n, sizeof(*w->was));
	mem_grow(&w->line, &w->cap_line, run->n, sizeof(*w->line));
	memset(w->gone, 0, run->n * sizeof(*w->gone));
	for (size_t i = 0; i < run->n; i++)
		w->line[i] = run_line(run, i);
}

static int decide(void *data, unsigned worker, const struct labels *labels, const struct run *run,
		  struct edit_says *ret, struct err *e)
{
	struct targets *t = data;
	struct worker *w = &t->worker[worker];
	const struct at a = { t, w, labels, labels_stream_id(t->tenant, labels), run };

	assert(worker < t->jobs);
	make_room(w, run);
	*ret = (struct edit_says){ .gone = w->gone };
	for (size_t i = 0; i < t->n && run->n > 0; i++) {
		if (!is_meant(&t->v[i], labels, run->ts_ns[0], run->ts_ns[run->n - 1]))
			continue;
		if (!t->v[i].rule) {
			ret->any = look_for(&a, &t->v[i], &w->found[i]) || ret->any;
			continue;
		}
		ret->line = w->line;
		if (rewrite(&a, i, &w->found[i], &ret->any, e) < 0)
			return -1;
	}
	return 0;
}

struct merge_edit targets_edit(struct targets *t)
{
	return (struct merge_edit){ touches, decide, t };
}
