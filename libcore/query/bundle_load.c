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

static bool is_held(const struct load_mem *m, const struct pack_bundle *b, struct bytes *ret)
{
	bool is = m->bundle && m->bundle_is == b;

	if (is)
		*ret = bundle_held_bytes(m->bundle);
	return is;
}

bool bundle_at_hand(struct bundle_shelf *s, const struct pack_bundle *b, struct load_mem *m,
		    struct bytes *ret)
{
	struct bundle_held *h;

	if (is_held(m, b, ret))
		return true;
	h = bundle_take(s, b);
	if (h)
		*ret = hold(m, b, h);
	return h;
}

bool bundle_begin(struct bundle_shelf *s, const struct pack_bundle *b, struct load_mem *m,
		  struct bytes *ret)
{
	struct bundle_held *h;

	if (is_held(m, b, ret))
		return true;
	h = bundle_take_or_begin(s, b);
	if (h)
		*ret = hold(m, b, h);
	return h;
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
