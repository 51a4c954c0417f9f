#include "query/bundle_load.h"

#include "chunk/bundle.h"
#include "query/plan.h"

void bundle_shelf_init(struct bundle_shelf *ret, struct plan *p, const struct pack_bundles *b,
		       struct arena *a)
{
	if (b->n && !p->bundles)
		p->bundles = bundle_cache_new(BUNDLE_CACHE_BYTES);
	*ret = (struct bundle_shelf){ .cache = p->bundles, .bundles = *b };
	ret->place = arena_zalloc(a, b->n * sizeof(*ret->place));
}

/* What m holds from now on; the head that it has read lies in what it held. */
static struct bytes hold(struct load_mem *m, const struct pack_bundle *b, struct bundle_held *h)
{
	if (m->bundle != h)
		m->head_of = NULL;
	bundle_give_back(m->bundle);
	m->bundle = h;
	m->bundle_is = b;
	return bundle_held_bytes(h);
}

typedef struct bundle_held *take_fn(struct bundle_shelf *s, const struct pack_bundle *b);

/* What m holds, or takes. */
static bool find(struct bundle_shelf *s, const struct pack_bundle *b, struct load_mem *m,
		 take_fn *take, struct bytes *ret)
{
	struct bundle_held *h;

	if (m->bundle && m->bundle_is == b) {
		*ret = bundle_held_bytes(m->bundle);
		return true;
	}
	h = take(s, b);
	if (h)
		*ret = hold(m, b, h);
	return h;
}

bool bundle_at_hand(struct bundle_shelf *s, const struct pack_bundle *b, struct load_mem *m,
		    struct bytes *ret)
{
	return find(s, b, m, bundle_take, ret);
}

bool bundle_begin(struct bundle_shelf *s, const struct pack_bundle *b, struct load_mem *m,
		  struct bytes *ret)
{
	return find(s, b, m, bundle_take_or_begin, ret);
}

int bundle_open(struct bundle_shelf *s, const struct pack_bundle *b, struct bytes stored,
		struct load_mem *m, struct bytes *ret, struct err *e)
{
	if (!m->unpacker)
		m->unpacker = bundle_reader_new();
	buf_reset(&m->unpacked);
	if (bundle_unpack_at(m->unpacker, b, stored, &m->unpacked, e) < 0) {
		bundle_fail(s, b);
		return -1;
	}
	*ret = hold(m, b, bundle_put(s, b, &m->unpacked));
	return 0;
}

void bundle_count_share(const struct pack_bundle *b, uint64_t before, struct load_stats *t)
{
	if (b)
		t->stored_bytes = before + pack_bundle_share(b, t->stored_bytes - before);
}
