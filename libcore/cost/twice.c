/*
 * Ids are dealt out into parts by their first bits. A part is a run of entries in memory, and a
 * file when the run has become too long; at the end each part is sorted by itself.
 */
#include "cost/twice.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

enum { PARTS = 256, RUN = 1024, LINE_BITS = 48 };

struct entry {
	struct hash128 id;
	uint64_t at; /* file, line */
};

struct part {
	struct entry *run;
	size_t n, cap;
	int fd; /* -1: it has no file */
	uint64_t n_spilled;
};

struct cost_twice {
	struct part part[PARTS];
};

struct cost_twice *cost_twice_new(void)
{
	struct cost_twice *t = mem_alloc(sizeof(*t));

	for (size_t i = 0; i < PARTS; i++)
		t->part[i].fd = -1;
	return t;
}

static void drop(struct part *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p->run);
	*p = (struct part){ .fd = -1 };
}

void cost_twice_free(struct cost_twice *t)
{
	for (size_t i = 0; t && i < PARTS; i++)
		drop(&t->part[i]);
	free(t);
}

static int spill(struct part *p, struct err *e)
{
	if (p->fd < 0 && (p->fd = io_tmpfile(e)) < 0)
		return -1;
	if (io_write(p->fd, p->run, p->n * sizeof(*p->run), e) < 0)
		return err_wrap(e, "a temporary file");
	p->n_spilled += p->n;
	p->n = 0;
	return 0;
}

int cost_twice_add(struct cost_twice *t, struct hash128 id, struct cost_where at, struct err *e)
{
	struct part *p = &t->part[id.b[0]];

	if (p->n == RUN && spill(p, e) < 0)
		return -1;
	mem_grow(&p->run, &p->cap, p->n + 1, sizeof(*p->run));
	p->run[p->n++] = (struct entry){ id, (uint64_t)at.file << LINE_BITS | at.line };
	return 0;
}

static int by_id(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int c = hash128_cmp(&a->id, &b->id);

	return c ? c : (a->at > b->at) - (a->at < b->at);
}

/* All of a part in memory. */
static int load(struct part *p, struct err *e)
{
	size_t n = p->n, bytes = p->n_spilled * sizeof(*p->run);
	int64_t got;

	if (p->fd < 0)
		return 0;
	mem_grow(&p->run, &p->cap, n + p->n_spilled, sizeof(*p->run));
	got = io_pread(p->fd, p->run + n, bytes, 0, e);
	if (got >= 0 && (uint64_t)got < bytes)
		return err_set(e, ERR_IO, "a temporary file is shorter than it was written");
	p->n = n + p->n_spilled;
	return got < 0 ? err_wrap(e, "a temporary file") : 0;
}

static struct cost_where where(const struct entry *x)
{
	return (struct cost_where){ (uint32_t)(x->at >> LINE_BITS),
				    x->at & ((UINT64_C(1) << LINE_BITS) - 1) };
}

int64_t cost_twice_each(struct cost_twice *t,
			void (*found)(void *data, struct cost_where at, struct cost_where first),
			void *data, struct err *e)
{
	int64_t n = 0;

	for (size_t i = 0; i < PARTS; i++) {
		struct part *p = &t->part[i];
		const struct entry *first;

		if (load(p, e) < 0)
			return -1;
		if (p->n)
			qsort(p->run, p->n, sizeof(*p->run), by_id);
		first = p->run;
		for (size_t k = 1; k < p->n; k++) {
			if (hash128_cmp(&p->run[k].id, &first->id) != 0) {
				first = &p->run[k];
				continue;
			}
			found(data, where(&p->run[k]), where(first));
			n++;
		}
		drop(p);
	}
	return n;
}
