#include "index/lost.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "store/store.h"

struct lost {
	struct store *s;
	enum sweep_mode mode;
	int64_t now_ns; /* INT64_MIN: not asked yet */
	const char **v; /* that are old enough */
	size_t n, cap;
	struct arena mem;
};

/* The clock is asked for only where there is something: asking writes. */
static int note_old(const struct store_object *o, void *data, struct err *e)
{
	struct lost *l = data;

	if (l->now_ns == INT64_MIN && l->mode == SWEEP_DRY)
		l->now_ns = store_now_to_look(l->s, LOST_FOLDER);
	else if (l->now_ns == INT64_MIN && store_now(l->s, LOST_FOLDER, &l->now_ns, e) < 0)
		return -1;
	if (l->now_ns - o->date_ns < LOST_KEEP_NS)
		return 0;
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = arena_copy(&l->mem, bytes_of(o->name, strlen(o->name) + 1)).p;
	return 0;
}

int lost_sweep(struct store *s, struct bytes tenant, enum sweep_mode mode, lost_gone_fn *gone,
	       void *data, struct err *e)
{
	struct lost l = { .s = s, .mode = mode, .now_ns = INT64_MIN };
	struct buf folder = { 0 };
	int rc;

	buf_add_str(&folder, LOST_FOLDER);
	buf_add_bytes(&folder, tenant);
	if (tenant.n)
		buf_add_char(&folder, '/');
	rc = store_list_objects(s, buf_str(&folder), note_old, &l, e);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		if (mode == SWEEP_DELETE)
			rc = store_delete(s, l.v[i], e);
		if (rc == 0)
			rc = gone(l.v[i], data, e);
	}
	buf_release(&folder);
	free(l.v);
	arena_release(&l.mem);
	return rc;
}
