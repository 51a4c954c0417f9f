/*
 * Streams and tenants lie in blocks that never move, so that a thread that was told a number may
 * read its stream without a lock while another adds. Two maps find them: by id here, tenants by
 * name.
 */
#include "entry/streams.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wr.h"

enum { BLOCK = 1024, BLOCKS = STREAMS_MAX / BLOCK };

struct streams {
	struct stream *block[BLOCKS];
	uint32_t n;
	struct map by_id;  /* key: the id in its block */
	struct arena text; /* labels, tenants */
	struct arena scratch;
	struct buf key;
	struct bytes *tenant[BLOCKS]; /* no more tenants than streams */
	uint32_t n_tenants;
	struct map by_tenant;
};

struct streams *streams_new(void)
{
	return mem_alloc(sizeof(struct streams));
}

void streams_reset(struct streams *t)
{
	t->n = 0;
	t->n_tenants = 0;
	map_reset(&t->by_id);
	map_reset(&t->by_tenant);
	arena_release(&t->text);
	arena_release(&t->scratch);
}

void streams_free(struct streams *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < BLOCKS; i++) {
		free(t->block[i]);
		free(t->tenant[i]);
	}
	map_release(&t->by_id);
	map_release(&t->by_tenant);
	arena_release(&t->text);
	arena_release(&t->scratch);
	buf_release(&t->key);
	free(t);
}

uint32_t streams_count(const struct streams *t)
{
	return t->n;
}

size_t streams_memory(const struct streams *t)
{
	size_t blocks = (t->n + BLOCK - 1) / BLOCK, tenants = (t->n_tenants + BLOCK - 1) / BLOCK;

	return blocks * BLOCK * sizeof(struct stream) + tenants * BLOCK * sizeof(struct bytes) +
	       t->text.total + t->scratch.total +
	       (t->by_id.cap + t->by_tenant.cap) * sizeof(struct map_slot);
}

const struct stream *streams_get(const struct streams *t, uint32_t number)
{
	return &t->block[number / BLOCK][number % BLOCK];
}

struct bytes streams_tenant(const struct streams *t, uint32_t tenant)
{
	return t->tenant[tenant / BLOCK][tenant % BLOCK];
}

uint32_t streams_tenant_count(const struct streams *t)
{
	return t->n_tenants;
}

struct labels streams_labels(const struct streams *t, uint32_t number, struct arena *a)
{
	struct rd rd = rd_init(streams_get(t, number)->labels);
	struct labels l = { 0 };

	/* It was valid when it was added, so a failure here would be a bug; an empty set is then
	 * given. */
	if (labels_decode(&rd, a, &l, NULL) < 0)
		return (struct labels){ 0 };
	return l;
}

static struct bytes id_key(const struct hash128 *id)
{
	return bytes_of(id->b, sizeof(id->b));
}

uint32_t streams_find(const struct streams *t, const struct hash128 *id)
{
	return map_get(&t->by_id, hash64(id_key(id)), id_key(id));
}

static uint32_t tenant_number(struct streams *t, struct bytes tenant)
{
	uint64_t hash = hash64(tenant);
	uint32_t n = map_get(&t->by_tenant, hash, tenant);
	struct bytes *to;

	if (n != MAP_NONE)
		return n;
	n = t->n_tenants++;
	if (!t->tenant[n / BLOCK])
		t->tenant[n / BLOCK] = mem_alloc(BLOCK * sizeof(*to));
	to = &t->tenant[n / BLOCK][n % BLOCK];
	*to = arena_copy(&t->text, tenant);
	map_put(&t->by_tenant, hash, *to, n);
	return n;
}

static int add(struct streams *t, struct bytes tenant, const struct hash128 *id,
	       struct bytes labels, uint32_t *ret, struct err *e)
{
	struct stream *s;

	if (t->n == STREAMS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d streams", STREAMS_MAX);
	if (!t->block[t->n / BLOCK])
		t->block[t->n / BLOCK] = mem_alloc(BLOCK * sizeof(*s));
	s = &t->block[t->n / BLOCK][t->n % BLOCK];
	s->id = *id;
	s->tenant = tenant_number(t, tenant);
	s->labels = arena_copy(&t->text, labels);
	map_put(&t->by_id, hash64(id_key(&s->id)), id_key(&s->id), t->n);
	*ret = t->n++;
	return 0;
}

int streams_add(struct streams *t, struct bytes tenant, const struct labels *labels, uint32_t *ret,
		struct err *e)
{
	struct hash128 id = labels_stream_id(tenant, labels);
	uint32_t n = streams_find(t, &id);

	if (n != STREAM_NONE) {
		*ret = n;
		return 0;
	}
	buf_reset(&t->key);
	labels_encode(&t->key, labels);
	return add(t, tenant, &id, buf_bytes(&t->key), ret, e);
}

int streams_add_binary(struct streams *t, struct bytes tenant, const struct hash128 *id,
		       struct bytes labels, uint32_t *ret, struct err *e)
{
	uint32_t n = streams_find(t, id);
	struct rd rd = rd_init(labels);
	struct hash128 real;
	struct labels l;

	if (n != STREAM_NONE && bytes_eq(streams_get(t, n)->labels, labels) &&
	    bytes_eq(streams_tenant(t, streams_get(t, n)->tenant), tenant)) {
		*ret = n;
		return 0;
	}
	arena_reset(&t->scratch);
	if (labels_decode(&rd, &t->scratch, &l, e) < 0)
		return -1;
	if (rd_left(&rd) != 0)
		return err_set(e, ERR_CORRUPT, "%zu bytes behind the labels", rd_left(&rd));
	real = labels_stream_id(tenant, &l);
	if (n != STREAM_NONE || hash128_cmp(&real, id) != 0)
		return err_set(e, ERR_CORRUPT, "a stream's id is not that of its labels");
	return add(t, tenant, id, labels, ret, e);
}
