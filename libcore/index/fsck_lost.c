#include <stdlib.h>

#include "base/mem.h"
#include "index/fsck_day.h"
#include "index/lost.h"

struct looking {
	struct store *s;
	struct fsck_lost lost;
	size_t cap;
};

static int look_at(const struct store_object *o, void *data, struct err *e)
{
	struct looking *l = data;
	struct fsck_lost *to = &l->lost;
	struct err why = { 0 };
	struct index *ix = index_load(l->s, o->name, &why);
	struct index_pack p;

	for (uint32_t i = 0; ix && i < index_info(ix)->n_packs; i++) {
		if (index_pack_at(ix, i, &p, &why) < 0)
			break;
		mem_grow(&to->packs.v, &l->cap, to->packs.n + 1, sizeof(*to->packs.v));
		to->packs.v[to->packs.n++] = p.name;
	}
	index_close(ix);
	if (why.code == ERR_NONE || why.code == ERR_NO)
		return 0;
	if (why.code != ERR_CORRUPT && why.code != ERR_VERSION) {
		*e = why;
		return -1;
	}
	to->unread_ns = o->date_ns > to->unread_ns ? o->date_ns : to->unread_ns;
	return 0;
}

int fsck_lost_load(struct store *s, struct bytes tenant, int32_t day, struct fsck_lost *ret,
		   struct err *e)
{
	struct looking l = { .s = s, .lost.unread_ns = INT64_MIN };
	struct buf folder = { 0 };
	int rc;

	buf_add_str(&folder, LOST_FOLDER);
	store_folder_add(&folder, STORE_INDEX, tenant, day);
	rc = store_list_objects(s, buf_str(&folder), look_at, &l, e);
	l.lost.packs.n = hash128_sort(l.lost.packs.v, l.lost.packs.n);
	*ret = l.lost;
	buf_release(&folder);
	return rc;
}

void fsck_lost_release(struct fsck_lost *l)
{
	free(l->packs.v);
	*l = (struct fsck_lost){ 0 };
}
