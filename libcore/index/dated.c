#include "index/dated.h"

#include <stdlib.h>

#include "base/mem.h"

struct listing {
	struct dated *to;
	enum store_kind kind;
};

static int add(const struct store_object *o, void *data, struct err *e)
{
	const struct listing *l = data;
	struct dated *d = l->to;
	struct store_name sn;

	(void)e;
	if (store_name_parse(bytes_str(o->name), &sn, NULL) < 0 || sn.kind != l->kind)
		return 0;
	mem_grow(&d->v, &d->cap, d->n + 1, sizeof(*d->v));
	d->v[d->n++] = (struct dated_object){ sn.hash, o->size, o->date_ns };
	return 0;
}

int dated_list(struct store *s, enum store_kind kind, struct bytes tenant, int32_t day,
	       struct dated *ret, struct err *e)
{
	struct dated d = { 0 };
	struct listing l = { &d, kind };
	struct buf folder = { 0 };
	int rc;

	store_folder_add(&folder, kind, tenant, day);
	rc = store_list_objects(s, buf_str(&folder), add, &l, e);
	buf_release(&folder);
	if (rc < 0)
		dated_release(&d);
	else
		*ret = d;
	return rc;
}

static bool is_shut(struct store *s, enum store_kind kind, struct bytes tenant, int32_t day)
{
	struct dated d = { 0 };
	struct buf folder = { 0 };
	struct err e = { 0 };
	bool is_near;
	int rc = 0;

	store_folder_add(&folder, kind, tenant, day);
	is_near = !store_is_remote(store_part(s, buf_str(&folder)));
	if (is_near)
		rc = dated_list(s, kind, tenant, day, &d, &e);
	dated_release(&d);
	buf_release(&folder);
	return rc < 0 && e.code == ERR_IO;
}

bool dated_is_shut(struct store *s, struct bytes tenant, int32_t day)
{
	return is_shut(s, STORE_INDEX, tenant, day) || is_shut(s, STORE_PACK, tenant, day);
}

static int by_hash(const void *pa, const void *pb)
{
	const struct dated_object *a = pa, *b = pb;

	return hash128_cmp(&a->hash, &b->hash);
}

const struct dated_object *dated_find(const struct dated *d, const struct hash128 *hash)
{
	const struct dated_object want = { .hash = *hash };

	return d->n ? bsearch(&want, d->v, d->n, sizeof(want), by_hash) : NULL;
}

void dated_release(struct dated *d)
{
	free(d->v);
	*d = (struct dated){ 0 };
}
