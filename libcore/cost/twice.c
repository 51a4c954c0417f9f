/*
 * Ids are dealt out into parts by their first bits. A part is a run of entries in memory, which
 * goes into the one file of all when it has become too long; at the end each part is sorted by
 * itself. Parts are alike in size, but for ids that stand very often: a part that has become larger
 * than others keeps a few of each. A part that is large all the same is read several times, each
 * time for some of its ids.
 */
#include "cost/twice.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

enum { PARTS = 256, RUN = 1024, PASS_MAX = 1 << 17, SKEWED = 4, LINE_BITS = 40 };

struct entry {
	struct hash128 id;
	uint64_t at; /* file, line */
};

struct part {
	struct entry *run;
	size_t n, cap;
	uint32_t *spilled; /* runs of it in the file, by their numbers there */
	size_t n_spilled, cap_spilled;
};

struct list {
	struct entry *v;
	size_t n, cap;
};

struct cost_twice {
	struct part part[PARTS];
	int fd;		 /* -1: there is no file */
	uint32_t n_runs; /* in it, of RUN entries each */
	uint64_t n;	 /* entries that were added */
	int64_t n_left;	 /* entries that were not kept: others with the same id were */
};

struct cost_twice *cost_twice_new(void)
{
	struct cost_twice *t = mem_alloc(sizeof(*t));

	t->fd = -1;
	return t;
}

static void drop(struct part *p)
{
	free(p->run);
	free(p->spilled);
	*p = (struct part){ 0 };
}

void cost_twice_free(struct cost_twice *t)
{
	for (size_t i = 0; t && i < PARTS; i++)
		drop(&t->part[i]);
	if (t && t->fd >= 0)
		close(t->fd);
	free(t);
}

static int by_id(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int c = hash128_cmp(&a->id, &b->id);

	return c ? c : (a->at > b->at) - (a->at < b->at);
}

/* Of each id in the run the first ones alone. */
static void thin_out(struct cost_twice *t, struct part *p)
{
	size_t n = 0, same = 0;

	qsort(p->run, p->n, sizeof(*p->run), by_id);
	for (size_t i = 0; i < p->n; i++) {
		same = n && hash128_cmp(&p->run[n - 1].id, &p->run[i].id) == 0 ? same + 1 : 0;
		if (same <= COST_TWICE_TOLD)
			p->run[n++] = p->run[i];
		else
			t->n_left++;
	}
	p->n = n;
}

static int spill(struct cost_twice *t, struct part *p, struct err *e)
{
	if (t->fd < 0 && (t->fd = io_tmpfile(e)) < 0)
		return -1;
	if (io_write(t->fd, p->run, RUN * sizeof(*p->run), e) < 0)
		return err_wrap(e, "a temporary file");
	mem_grow(&p->spilled, &p->cap_spilled, p->n_spilled + 1, sizeof(*p->spilled));
	p->spilled[p->n_spilled++] = t->n_runs++;
	p->n = 0;
	return 0;
}

int cost_twice_add(struct cost_twice *t, struct hash128 id, struct cost_where at, struct err *e)
{
	struct part *p = &t->part[id.b[0]];

	t->n++;
	if (p->n == RUN && p->n_spilled + 1 > SKEWED * (t->n / PARTS / RUN + 1))
		thin_out(t, p);
	if (p->n == RUN && spill(t, p, e) < 0)
		return -1;
	mem_grow(&p->run, &p->cap, p->n + 1, sizeof(*p->run));
	p->run[p->n++] = (struct entry){ id, (uint64_t)at.file << LINE_BITS | at.line };
	return 0;
}

static int read_run(const struct cost_twice *t, uint32_t run, struct entry *ret, struct err *e)
{
	const uint64_t bytes = RUN * sizeof(*ret);
	int64_t got = io_pread(t->fd, ret, bytes, run * bytes, e);

	if (got >= 0 && (uint64_t)got < bytes)
		return err_set(e, ERR_IO, "a temporary file is shorter than it was written");
	return got < 0 ? err_wrap(e, "a temporary file") : 0;
}

/* Into ret: of n entries those whose next bits are `pass` of `passes`. */
static void pick(struct list *ret, const struct entry *v, size_t n, unsigned pass, unsigned passes)
{
	mem_grow(&ret->v, &ret->cap, ret->n + n, sizeof(*ret->v));
	for (size_t i = 0; i < n; i++)
		if ((v[i].id.b[1] & (passes - 1)) == pass)
			ret->v[ret->n++] = v[i];
}

/* Of a part, what a pass is about, by id. */
static int load(const struct cost_twice *t, const struct part *p, unsigned pass, unsigned passes,
		struct list *ret, struct err *e)
{
	struct entry *run = mem_alloc(RUN * sizeof(*run));
	int rc = 0;

	ret->n = 0;
	pick(ret, p->run, p->n, pass, passes);
	for (size_t i = 0; i < p->n_spilled && rc == 0; i++) {
		rc = read_run(t, p->spilled[i], run, e);
		if (rc == 0)
			pick(ret, run, RUN, pass, passes);
	}
	free(run);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_id);
	return rc;
}

static struct cost_where where(const struct entry *x)
{
	return (struct cost_where){ (uint32_t)(x->at >> LINE_BITS),
				    x->at & ((UINT64_C(1) << LINE_BITS) - 1) };
}

/* How often a part is read, so that what is in memory at once stays bounded: more often only where
 * ids were chosen to fall together. */
static unsigned passes_of(const struct part *p)
{
	size_t n = p->n + p->n_spilled * RUN;
	unsigned passes = 1;

	while (n / passes > PASS_MAX && passes < PARTS)
		passes *= 2;
	return passes;
}

int64_t cost_twice_each(struct cost_twice *t,
			void (*found)(void *data, struct cost_where at, struct cost_where first),
			void *data, struct err *e)
{
	struct list l = { 0 };
	int64_t n = t->n_left;
	int rc = 0;

	for (size_t i = 0; i < PARTS && rc == 0; i++) {
		unsigned passes = passes_of(&t->part[i]);

		for (unsigned pass = 0; pass < passes && rc == 0; pass++) {
			const struct entry *first = NULL;

			rc = load(t, &t->part[i], pass, passes, &l, e);
			for (size_t k = 0; k < l.n && rc == 0; k++) {
				if (!first || hash128_cmp(&l.v[k].id, &first->id) != 0) {
					first = &l.v[k];
					continue;
				}
				found(data, where(&l.v[k]), where(first));
				n++;
			}
		}
		drop(&t->part[i]);
	}
	free(l.v);
	return rc < 0 ? -1 : n;
}
