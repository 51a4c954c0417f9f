#include "ingest/label_cache.h"

void label_cache_release(struct label_cache *c)
{
	map_release(&c->map);
	arena_release(&c->keys);
	arena_release(&c->scratch);
	buf_release(&c->key);
}

void label_cache_reset(struct label_cache *c)
{
	map_release(&c->map);
	arena_release(&c->keys);
}

size_t label_cache_memory(const struct label_cache *c)
{
	return c->map.cap * sizeof(struct map_slot) + c->keys.total;
}

static int make(struct label_cache *c, struct bytes tenant, struct bytes spelling, uint32_t *ret,
		struct err *e)
{
	struct labels l = { 0 };

	arena_reset(&c->scratch);
	if (labels_check_tenant(tenant, e) < 0)
		return -1;
	if ((c->parse ? c->parse : labels_parse_json)(spelling, &c->scratch, &l, e) < 0)
		return err_wrap(e, "labels");
	if (c->amend && c->amend(&l, &c->scratch, c->data, e) < 0)
		return -1;
	if (labels_check_push(&l, e) < 0)
		return -1;
	return streams_add(c->streams, tenant, &l, ret, e);
}

int label_cache_get(struct label_cache *c, struct bytes tenant, enum label_cache_tenant from,
		    struct bytes spelling, uint32_t *ret, struct err *e)
{
	struct bytes key = spelling;
	uint64_t hash;
	uint32_t n;

	if (from == TENANT_OWN) { /* no tenant holds a newline, and no object begins with one's
				     first byte */
		buf_reset(&c->key);
		buf_add_bytes(&c->key, tenant);
		buf_add_char(&c->key, '\n');
		buf_add_bytes(&c->key, spelling);
		key = buf_bytes(&c->key);
	}
	hash = hash64(key);
	n = map_get(&c->map, hash, key);
	if (n == MAP_NONE) {
		if (make(c, tenant, spelling, &n, e) < 0)
			return -1;
		map_put(&c->map, hash, arena_copy(&c->keys, key), n);
	}
	*ret = n;
	return 0;
}
