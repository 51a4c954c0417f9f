#include "query/bundle_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

struct bundle_held {
	struct bundle_cache *cache;
	struct bundle_held **at; /* on its shelf */
	struct buf raw;
	unsigned users;
	struct bundle_held *newer, *older;
};

struct bundle_cache {
	pthread_mutex_t lock; /* guards shelves, and all of those that are held but .raw */
	struct bundle_held *newest, *oldest;
	uint64_t bytes, max;
};

struct bundle_cache *bundle_cache_new(uint64_t max)
{
	struct bundle_cache *c = mem_alloc(sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	c->max = max;
	return c;
}

static void unlink_held(struct bundle_cache *c, struct bundle_held *h)
{
	*(h->newer ? &h->newer->older : &c->newest) = h->older;
	*(h->older ? &h->older->newer : &c->oldest) = h->newer;
	h->newer = h->older = NULL;
}

static void link_newest(struct bundle_cache *c, struct bundle_held *h)
{
	h->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = h;
	c->newest = h;
}

/* Its memory goes to *spare, which has none or is freed. */
static void drop(struct bundle_cache *c, struct bundle_held *h, struct buf *spare)
{
	unlink_held(c, h);
	*h->at = NULL;
	c->bytes -= h->raw.n;
	buf_release(spare);
	*spare = h->raw;
	buf_reset(spare);
	free(h);
}

void bundle_cache_free(struct bundle_cache *c)
{
	if (!c)
		return;
	while (c->newest) {
		struct bundle_held *h = c->newest;

		unlink_held(c, h);
		buf_release(&h->raw);
		free(h);
	}
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Held lock. */
static void make_room(struct bundle_cache *c, struct buf *spare)
{
	for (struct bundle_held *h = c->oldest, *next; h && c->bytes > c->max; h = next) {
		next = h->newer;
		if (h->users == 0)
			drop(c, h, spare);
	}
}

/* Held lock. */
static struct bundle_held *use(struct bundle_held *h)
{
	h->users++;
	unlink_held(h->cache, h);
	link_newest(h->cache, h);
	return h;
}

struct bundle_held *bundle_take(struct bundle_shelf *s, const struct pack_bundle *b)
{
	struct bundle_held **at = &s->held[b - s->bundles.v], *h;

	pthread_mutex_lock(&s->cache->lock);
	h = *at ? use(*at) : NULL;
	pthread_mutex_unlock(&s->cache->lock);
	return h;
}

struct bundle_held *bundle_put(struct bundle_shelf *s, const struct pack_bundle *b, struct buf *raw)
{
	struct bundle_held **at = &s->held[b - s->bundles.v], *h;
	struct bundle_cache *c = s->cache;

	pthread_mutex_lock(&c->lock);
	h = *at;
	if (h) { /* another thread was faster */
		use(h);
		buf_reset(raw);
	} else {
		h = mem_alloc(sizeof(*h));
		*h = (struct bundle_held){ .cache = c, .at = at, .raw = *raw, .users = 1 };
		*raw = (struct buf){ 0 };
		*at = h;
		c->bytes += h->raw.n;
		link_newest(c, h);
		make_room(c, raw);
	}
	pthread_mutex_unlock(&c->lock);
	return h;
}

struct bytes bundle_held_bytes(const struct bundle_held *h)
{
	return buf_bytes(&h->raw);
}

void bundle_give_back(struct bundle_held *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->cache->lock);
	h->users--;
	pthread_mutex_unlock(&h->cache->lock);
}
