#include "ring/shard.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

struct candidate {
	struct bytes zone;
	uint64_t score;
	size_t who;
};

/* Zone by zone, the best first. */
static int cmp(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int c = bytes_cmp(x->zone, y->zone);

	if (c == 0)
		c = (x->score < y->score) - (x->score > y->score);
	return c ? c : (x->who > y->who) - (x->who < y->who);
}

static uint64_t score_of(struct bytes tenant, struct bytes name, struct buf *b)
{
	buf_reset(b);
	buf_add_bytes(b, tenant);
	buf_add_char(b, '\0');
	buf_add_bytes(b, name);
	return hash64(buf_bytes(b));
}

size_t ring_shard(const struct ring *r, struct bytes tenant, size_t size, bool *is_in)
{
	struct candidate *v = mem_alloc(r->n * sizeof(*v));
	struct buf b = { 0 };
	size_t zones = 0, each, in_zone = 0, n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct ring_instance *in = &r->v[i];

		v[i] = (struct candidate){ r->settings.zone_awareness ? in->zone : bytes_of("", 0),
					   score_of(tenant, in->name, &b), i };
	}
	if (r->n)
		qsort(v, r->n, sizeof(*v), cmp);
	for (size_t i = 0; i < r->n; i++)
		zones += i == 0 || !bytes_eq(v[i].zone, v[i - 1].zone);
	if (size < r->settings.replication && size > 0)
		size = r->settings.replication;
	each = size == 0 || zones == 0 ? r->n : (size + zones - 1) / zones;
	/* A zone that has not so many leaves its part to the others: until there are enough for all
	 * replicas. */
	do {
		n = 0;
		for (size_t i = 0; i < r->n; i++) {
			in_zone = i && bytes_eq(v[i].zone, v[i - 1].zone) ? in_zone + 1 : 0;
			is_in[v[i].who] = in_zone < each;
			n += in_zone < each;
		}
		each++;
	} while (n < r->n && n < r->settings.replication);
	buf_release(&b);
	free(v);
	return n;
}
