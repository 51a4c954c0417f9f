#include "query/bundle_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

struct bundle_held {
	struct bundle_cache *cache;
	struct bundle_place *at; /* on its shelf */
	struct buf raw;
	unsigned users;
	struct bundle_held *newer, *older;
};

struct bundle_cache {
	pthread_mutex_t lock; /* guards places, and all of those that are held but .raw */
	pthread_cond_t ended; /* one is no longer under way */
	struct bundle_held *newest, *oldest;
	uint64_t bytes, max;
};

struct bundle_cache *bundle_cache_new(uint64_t max)
{
	struct bundle_cache *c = mem_alloc(sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->ended, NULL);
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
	h->at->held = NULL;
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
	pthread_cond_destroy(&c->ended);
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

static struct bundle_place *place_of(struct bundle_shelf *s, const struct pack_bundle *b)
{
	return &s->place[b - s->bundles.v];
}

struct bundle_held *bundle_take(struct bundle_shelf *s, const struct pack_bundle *b)
{
	struct bundle_place *at = place_of(s, b);
	struct bundle_held *h;

	pthread_mutex_lock(&s->cache->lock);
	h = at->held ? use(at->held) : NULL;
	pthread_mutex_unlock(&s->cache->lock);
	return h;
}

struct bundle_held *bundle_take_or_begin(struct bundle_shelf *s, const struct pack_bundle *b)
{
	struct bundle_place *at = place_of(s, b);
	struct bundle_held *h = NULL;

	pthread_mutex_lock(&s->cache->lock);
	while (at->under_way)
		pthread_cond_wait(&s->cache->ended, &s->cache->lock);
	if (at->held)
		h = use(at->held);
	else
		at->under_way = true;
	pthread_mutex_unlock(&s->cache->lock);
	return h;
}

/* Held lock. */
static void end(struct bundle_cache *c, struct bundle_place *at)
{
	at->under_way = false;
	pthread_cond_broadcast(&c->ended);
}

struct bundle_held *bundle_put(struct bundle_shelf *s, const struct pack_bundle *b, struct buf *raw)
{
	struct bundle_place *at = place_of(s, b);
	struct bundle_cache *c = s->cache;
	struct bundle_held *h = mem_alloc(sizeof(*h));

	pthread_mutex_lock(&c->lock);
	*h = (struct bundle_held){ .cache = c, .at = at, .raw = *raw, .users = 1 };
	*raw = (struct buf){ 0 };
	at->held = h;
	c->bytes += h->raw.n;
	link_newest(c, h);
	make_room(c, raw);
	end(c, at);
	pthread_mutex_unlock(&c->lock);
	return h;
}

void bundle_fail(struct bundle_shelf *s, const struct pack_bundle *b)
{
	pthread_mutex_lock(&s->cache->lock);
	end(s->cache, place_of(s, b));
	pthread_mutex_unlock(&s->cache->lock);
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
