#include "erase/target.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/wr.h"

/* Of one thread. */
struct worker {
	struct found *found; /* by target */
	bool *gone;	     /* by entry of the run at hand */
	size_t cap_gone;
	struct buf key;
};

void targets_begin(struct targets *t)
{
	t->worker = mem_alloc((t->jobs + (size_t)1) * sizeof(*t->worker));
	for (unsigned i = 0; i < t->jobs; i++)
		t->worker[i].found = mem_alloc((t->n + 1) * sizeof(struct found));
}

void targets_end(struct targets *t)
{
	for (unsigned i = 0; i < t->jobs && t->worker; i++) {
		free(t->worker[i].found);
		free(t->worker[i].gone);
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

/* ---- the edit ---- */

static bool is_meant(const struct target *t, const struct labels *labels, int64_t from_ns,
		     int64_t through_ns)
{
	return t->pending && t->start_ns <= through_ns && from_ns <= t->end_ns &&
	       delete_filter_wants(&t->filter, labels);
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

/* One target, on what the others have left. */
static void look_for(const struct target *t, const struct hash128 *stream, const struct run *run,
		     struct worker *w, struct found *found, bool *any)
{
	for (size_t i = 0; i < run->n; i++) {
		struct bytes line = run_line(run, i);

		if (w->gone[i] || !delete_filter_means(&t->filter, run->ts_ns[i], line))
			continue;
		w->gone[i] = true;
		*any = true;
		found->entries++;
		found->bytes += line.n;
		found->sum += entry_sum(&w->key, stream, run->ts_ns[i], line);
	}
}

static int decide(void *data, unsigned worker, const struct labels *labels, const struct run *run,
		  struct edit_says *ret, struct err *e)
{
	struct targets *t = data;
	struct worker *w = &t->worker[worker];
	struct hash128 stream = labels_stream_id(t->tenant, labels);

	(void)e;
	assert(worker < t->jobs);
	mem_grow(&w->gone, &w->cap_gone, run->n, sizeof(*w->gone));
	memset(w->gone, 0, run->n * sizeof(*w->gone));
	*ret = (struct edit_says){ .gone = w->gone };
	for (size_t i = 0; i < t->n && run->n > 0; i++)
		if (is_meant(&t->v[i], labels, run->ts_ns[0], run->ts_ns[run->n - 1]))
			look_for(&t->v[i], &stream, run, w, &w->found[i], &ret->any);
	return 0;
}

struct merge_edit targets_edit(struct targets *t)
{
	return (struct merge_edit){ touches, decide, t };
}
