#include "index/cover.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "store/names.h"
#include "store/store.h"

enum sound { SOUND_UNKNOWN, SOUND_YES, SOUND_NO };

/* One tenant and day that was asked for. */
struct folder {
	struct live live;
	struct map segment; /* id to the first live index that covers it */
	enum sound *sound;  /* of each live index */
};

struct cover {
	struct store *s;
	struct arena keys;
	struct map folders; /* day and tenant to a number of v */
	struct folder **v;
	size_t n, cap;
	struct live_fault *faults;
	size_t n_faults;
};

struct cover *cover_new(struct store *s)
{
	struct cover *c = mem_alloc(sizeof(*c));

	c->s = s;
	return c;
}

void cover_free(struct cover *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		map_release(&c->v[i]->segment);
		free(c->v[i]->sound);
		live_release(&c->v[i]->live);
		free(c->v[i]);
	}
	free(c->v);
	free(c->faults);
	map_release(&c->folders);
	arena_release(&c->keys);
	free(c);
}

const struct live_fault *cover_faults(const struct cover *c, size_t *ret_n)
{
	*ret_n = c->n_faults;
	return c->faults;
}

/* The ids lie in the mapped files, which stay open as long as the cover. */
static void add_segments(struct folder *f, size_t i)
{
	uint32_t n = index_info(f->live.v[i])->n_segments;
	const struct hash128 *id;

	if (index_list(f->live.v[i], INDEX_SEGMENTS, &id, NULL) < 0)
		return; /* covers nothing; live_load has read it, so it was right a moment ago */
	for (uint32_t k = 0; k < n; k++) {
		struct bytes key = bytes_of(id[k].b, sizeof(id[k].b));
		uint64_t h = hash64(key);

		if (map_get(&f->segment, h, key) == MAP_NONE)
			map_put(&f->segment, h, key, (uint32_t)i);
	}
}

static void add_faults(struct cover *c, const struct live *l)
{
	if (l->n_faults == 0)
		return;
	c->faults = mem_realloc(c->faults, (c->n_faults + l->n_faults) * sizeof(*c->faults));
	memcpy(c->faults + c->n_faults, l->faults, l->n_faults * sizeof(*l->faults));
	c->n_faults += l->n_faults;
}

static struct folder *find_folder(struct cover *c, struct bytes tenant, int32_t day, struct err *e)
{
	struct buf key = { 0 };
	struct folder *f;
	struct live live;
	uint64_t h;
	uint32_t at;

	buf_add(&key, &day, sizeof(day));
	buf_add_bytes(&key, tenant);
	h = hash64(buf_bytes(&key));
	at = map_get(&c->folders, h, buf_bytes(&key));
	if (at != MAP_NONE) {
		buf_release(&key);
		return c->v[at];
	}
	if (live_load(c->s, tenant, day, &live, e) < 0) {
		buf_release(&key);
		return NULL;
	}
	f = mem_alloc(sizeof(*f));
	f->live = live;
	f->sound = mem_alloc((live.n + 1) * sizeof(*f->sound));
	for (size_t i = 0; i < live.n; i++)
		add_segments(f, i);
	add_faults(c, &live);
	mem_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n] = f;
	map_put(&c->folders, h, arena_copy(&c->keys, buf_bytes(&key)), (uint32_t)c->n++);
	buf_release(&key);
	return f;
}

/* The number of the covering index, or -1 none, -2 error. */
static int64_t find(struct cover *c, const struct hash128 *segment, struct bytes tenant,
		    int32_t day, struct folder **ret, struct err *e)
{
	struct bytes key = bytes_of(segment->b, sizeof(segment->b));
	uint32_t at;

	*ret = find_folder(c, tenant, day, e);
	if (!*ret)
		return -2;
	at = map_get(&(*ret)->segment, hash64(key), key);
	return at == MAP_NONE ? -1 : (int64_t)at;
}

int cover_has(struct cover *c, const struct hash128 *segment, struct bytes tenant, int32_t day,
	      struct err *e)
{
	struct folder *f;
	int64_t at = find(c, segment, tenant, day, &f, e);

	return at == -2 ? -1 : at >= 0;
}

/* 1 each page is right and each pack is there, 0 not so. */
static int check_sound(struct cover *c, struct index *ix, struct err *e)
{
	const struct index_info *in = index_info(ix);
	struct buf name = { 0 };
	int rc = 1;

	if (index_verify(ix, NULL, NULL) > 0)
		return 0;
	for (uint32_t i = 0; i < in->n_packs && rc == 1; i++) {
		struct store_name sn = { .kind = STORE_PACK, .tenant = in->tenant, .day = in->day };
		struct index_pack p;
		uint64_t size = 0;

		if (index_pack_at(ix, i, &p, NULL) < 0) {
			rc = 0;
			break;
		}
		sn.hash = p.name;
		buf_reset(&name);
		store_name_add(&name, &sn);
		rc = store_has(c->s, buf_str(&name), &size, e);
		if (rc == 1 && size != p.size)
			rc = 0;
	}
	buf_release(&name);
	return rc;
}

int cover_is_sound(struct cover *c, const struct hash128 *segment, struct bytes tenant, int32_t day,
		   struct err *e)
{
	struct folder *f;
	int64_t at = find(c, segment, tenant, day, &f, e);

	if (at < 0)
		return at == -2 ? -1 : 0;
	if (f->sound[at] == SOUND_UNKNOWN) {
		int rc = check_sound(c, f->live.v[at], e);

		if (rc < 0)
			return -1;
		f->sound[at] = rc ? SOUND_YES : SOUND_NO;
	}
	return f->sound[at] == SOUND_YES;
}
