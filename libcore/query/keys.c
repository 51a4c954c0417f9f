#include "query/keys.h"

#include "base/mem.h"

enum { KEYS_MAX = 1 << 16 };

void keys_release(struct keys *k)
{
	free(k->slot);
	arena_release(&k->text);
	free(k->path);
	buf_release(&k->scratch);
	*k = (struct keys){ 0 };
}

static struct key *slot_of(const struct keys *k, uint64_t hash, uint32_t path, struct bytes raw)
{
	size_t mask = k->cap - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct key *s = &k->slot[i];

		if (!s->used || (s->hash == hash && s->path == path && bytes_eq(s->raw, raw)))
			return s;
	}
}

static void grow(struct keys *k)
{
	struct key *old = k->slot;
	size_t old_cap = k->cap;

	k->cap = old_cap ? 2 * old_cap : 256;
	k->slot = mem_alloc(k->cap * sizeof(*k->slot));
	for (size_t i = 0; i < old_cap; i++)
		if (old[i].used)
			*slot_of(k, old[i].hash, old[i].path, old[i].raw) = old[i];
	free(old);
}

static void start(struct keys *k)
{
	arena_reset(&k->text);
	k->era += k->n_paths > 0;
	k->n = 0;
	k->n_paths = 0;
	if (k->cap)
		memset(k->slot, 0, k->cap * sizeof(*k->slot));
	mem_grow(&k->path, &k->cap_paths, 1, sizeof(*k->path));
	k->path[k->n_paths++] = (struct bytes){ 0 };
}

static uint32_t new_path(struct keys *k, struct bytes name)
{
	mem_grow(&k->path, &k->cap_paths, k->n_paths + 1, sizeof(*k->path));
	k->path[k->n_paths] = name;
	return (uint32_t)k->n_paths++;
}

static bool prefix_wanted(const struct hints *h, const struct names *names, struct bytes prefix)
{
	if (!h->required)
		return true;
	for (size_t i = 0; i < h->n_required; i++)
		if (bytes_starts(names->v[h->required[i]], prefix))
			return true;
	return false;
}

const struct key *keys_get(struct keys *k, const struct hints *h, struct names *names,
			   uint32_t path, struct bytes raw)
{
	uint64_t hash = hash64(raw) + path * UINT64_C(0x9e3779b97f4a7c15);
	struct key *s;
	struct buf *b = &k->scratch;

	if (k->cap) {
		s = slot_of(k, hash, path, raw);
		if (s->used)
			return s;
	}
	/* A path must stay what it is while its object is read, so all is forgotten only at the
	 * root. */
	if (k->n_paths == 0 || (k->n >= KEYS_MAX && path == PATH_ROOT))
		start(k);
	if (4 * (k->n + 1) > 3 * k->cap)
		grow(k);
	s = slot_of(k, hash, path, raw);
	buf_reset(b);
	buf_add_bytes(b, k->path[path]);
	if (path != PATH_ROOT)
		buf_add_char(b, '_');
	stage_sanitize(b, raw);
	*s = (struct key){
		.hash = hash, .raw = arena_copy(&k->text, raw), .path = path, .used = true
	};
	k->n++;
	s->name = b->n ? name_of_field(names_id(names, buf_bytes(b))) : MAP_NONE;
	s->origin = (uint32_t)(path == PATH_ROOT ? hash64(raw) : hash64(buf_bytes(b)));
	s->want = b->n && hints_want(h, s->name);
	s->want_below = prefix_wanted(h, names, buf_bytes(b));
	s->below = new_path(k, arena_copy(&k->text, buf_bytes(b)));
	return s;
}
