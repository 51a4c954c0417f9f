#include "index/naming.h"

#include "index/lost.h"

struct looking {
	struct store *s;
	const struct store_name *pack;
	naming_fn *each;
	void *data;
};

/* Its number, or n_packs. */
static uint32_t find_pack(struct index *ix, const struct hash128 *pack)
{
	struct index_pack p;
	uint32_t i = 0;

	while (i < index_info(ix)->n_packs &&
	       (index_pack_at(ix, i, &p, NULL) < 0 || hash128_cmp(&p.name, pack) != 0))
		i++;
	return i;
}

static int look_at(const char *name, uint64_t size, void *data, struct err *e)
{
	const struct looking *l = data;
	struct err why = { 0 };
	struct index *ix = index_load(l->s, name, &why);
	uint32_t pack;

	(void)size;
	if (!ix)
		return why.code == ERR_IO || why.code == ERR_AGAIN
			       ? err_set(e, why.code, "%s", why.msg)
			       : 0;
	pack = find_pack(ix, &l->pack->hash);
	if (pack < index_info(ix)->n_packs)
		l->each(ix, pack, l->data);
	index_close(ix);
	return 0;
}

int naming_each(struct store *s, const struct store_name *pack, naming_fn *each, void *data,
		struct err *e)
{
	struct looking l = { s, pack, each, data };
	struct buf folder = { 0 };
	int rc;

	store_folder_add(&folder, STORE_INDEX, pack->tenant, pack->day);
	rc = store_list(s, buf_str(&folder), look_at, &l, e);
	buf_reset(&folder);
	buf_add_str(&folder, LOST_FOLDER);
	store_folder_add(&folder, STORE_INDEX, pack->tenant, pack->day);
	if (rc == 0)
		rc = store_list(s, buf_str(&folder), look_at, &l, e);
	buf_release(&folder);
	return rc;
}

/* ---- bundles ---- */

struct bundles {
	struct arena *mem;
	struct pack_bundles *ret;
	bool found;
};

static void take_bundles(struct index *ix, uint32_t pack, void *data)
{
	struct bundles *b = data;

	b->found = b->found || index_pack_bundles(ix, pack, b->mem, b->ret, NULL) == 0;
}

int naming_bundles(struct store *s, const struct store_name *pack, struct arena *a,
		   struct pack_bundles *ret, struct err *e)
{
	struct bundles b = { a, ret, false };

	if (naming_each(s, pack, take_bundles, &b, e) < 0)
		return -1;
	return b.found;
}
