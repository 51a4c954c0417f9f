/*
 * Streams and tenants lie in blocks that never move, so that a thread that was told a number may
 * read its stream without a lock while another adds. Streams are found by id, tenants by
 * name.
 */
#include "entry/streams.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wr.h"

enum { BLOCK = 1024, BLOCKS = STREAMS_MAX / BLOCK, PLACES_FIRST = 64 };

/* Of a table by id, which is a hash already: 8 bytes, since a hundred thousand streams are looked
 * for in every batch, and what does not lie in a cache is what that costs. */
struct place {
	uint32_t number; /* of the stream + 1; 0: nobody's */
	uint32_t tag;	 /* bytes of the id, so that hardly any other's is looked at */
};

struct streams {
	struct stream *block[BLOCKS];
	uint32_t n;
	struct place *place; /* at most 3/4 full */
	size_t n_places;     /* a power of two, or 0 */
	struct arena text;   /* labels, tenants */
	struct arena scratch;
	struct buf key;
	struct bytes *tenant[BLOCKS]; /* no more tenants than streams may be */
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
	if (t->place)
		memset(t->place, 0, t->n_places * sizeof(*t->place));
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
	free(t->place);
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
	       t->text.total + t->scratch.total + t->n_places * sizeof(*t->place) +
	       t->by_tenant.cap * sizeof(struct map_slot);
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

static uint32_t tag_of(const struct hash128 *id)
{
	uint32_t tag;

	memcpy(&tag, id->b + sizeof(size_t), sizeof(tag));
	return tag;
}

/* Where the id's place is, if no other took it before. */
static size_t first_place(const struct streams *t, const struct hash128 *id)
{
	size_t at;

	memcpy(&at, id->b, sizeof(at));
	return at & (t->n_places - 1);
}

/* Where the id's place is, or would be. */
static size_t place_of(const struct streams *t, const struct hash128 *id)
{
	uint32_t tag = tag_of(id);
	size_t at;

	for (at = first_place(t, id); t->place[at].number; at = (at + 1) & (t->n_places - 1))
		if (t->place[at].tag == tag &&
		    hash128_cmp(&streams_get(t, t->place[at].number - 1)->id, id) == 0)
			break;
	return at;
}

static uint32_t find(const struct streams *t, const struct hash128 *id)
{
	if (!t->n_places)
		return STREAM_NONE;
	return t->place[place_of(t, id)].number - 1; /* of 0: STREAM_NONE */
}

/* The number of the first with the id's tag, most likely its own, or STREAM_NONE. */
static uint32_t likely(const struct streams *t, const struct hash128 *id)
{
	uint32_t tag = tag_of(id);
	size_t at = first_place(t, id);

	while (t->place[at].number && t->place[at].tag != tag)
		at = (at + 1) & (t->n_places - 1);
	return t->place[at].number - 1;
}

void streams_expect(const struct streams *t, const struct hash128 *const *id, size_t n)
{
	for (size_t i = 0; i < n && t->n_places; i++)
		__builtin_prefetch(&t->place[first_place(t, id[i])]);
	for (size_t i = 0; i < n && t->n_places; i++) {
		uint32_t number = likely(t, id[i]);

		if (number != STREAM_NONE)
			__builtin_prefetch(streams_get(t, number));
	}
}

void streams_find_all(const struct streams *t, const struct hash128 *const *id, size_t n,
		      uint32_t *ret)
{
	streams_expect(t, id, n);
	for (size_t i = 0; i < n; i++)
		ret[i] = find(t, id[i]);
}

static void make_place(struct streams *t)
{
	if (4 * ((size_t)t->n + 1) <= 3 * t->n_places)
		return;
	free(t->place);
	t->n_places = t->n_places ? 2 * t->n_places : PLACES_FIRST;
	t->place = mem_alloc(t->n_places * sizeof(*t->place));
	for (uint32_t i = 0; i < t->n; i++) {
		const struct hash128 *id = &streams_get(t, i)->id;

		t->place[place_of(t, id)] = (struct place){ i + 1, tag_of(id) };
	}
}

int streams_add_tenant(struct streams *t, struct bytes tenant, uint32_t *ret, struct err *e)
{
	uint64_t hash = hash64(tenant);
	uint32_t n = map_get(&t->by_tenant, hash, tenant);
	struct bytes *to;

	if (n != MAP_NONE) {
		*ret = n;
		return 0;
	}
	if (t->n_tenants == STREAMS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d tenants", STREAMS_MAX);
	n = t->n_tenants++;
	if (!t->tenant[n / BLOCK])
		t->tenant[n / BLOCK] = mem_alloc(BLOCK * sizeof(*to));
	to = &t->tenant[n / BLOCK][n % BLOCK];
	*to = arena_copy(&t->text, tenant);
	map_put(&t->by_tenant, hash, *to, n);
	*ret = n;
	return 0;
}

static int add(struct streams *t, struct bytes tenant, const struct hash128 *id,
	       struct bytes labels, uint32_t *ret, struct err *e)
{
	struct stream *s;
	uint32_t of;

	if (t->n == STREAMS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d streams", STREAMS_MAX);
	if (streams_add_tenant(t, tenant, &of, e) < 0)
		return -1;
	if (!t->block[t->n / BLOCK])
		t->block[t->n / BLOCK] = mem_alloc(BLOCK * sizeof(*s));
	s = &t->block[t->n / BLOCK][t->n % BLOCK];
	s->id = *id;
	s->tenant = of;
	s->labels = arena_copy(&t->text, labels);
	make_place(t);
	t->place[place_of(t, id)] = (struct place){ t->n + 1, tag_of(id) };
	*ret = t->n++;
	return 0;
}

int streams_add(struct streams *t, struct bytes tenant, const struct labels *labels, uint32_t *ret,
		struct err *e)
{
	struct hash128 id = labels_stream_id(tenant, labels);
	uint32_t n = find(t, &id);

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
	uint32_t n = find(t, id);
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
