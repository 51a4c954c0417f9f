#include "index/rewriting.h"

#include "base/buf.h"
#include "base/wr.h"

/*
 * A mark: the prefix, 4 bytes of what is rewritten how, and the first 7 of the pack's name. No hash
 * of a file's bytes begins so: one in 2^40 would. NULs first, since marks are then the first of a
 * list.
 */
static const unsigned char prefix[5] = { 0, 0, 0, 0, 'n' };

enum { WHAT = sizeof(prefix), PACK = WHAT + 4, PACK_BYTES = sizeof(struct hash128) - PACK };

struct hash128 rewriting_mark(const struct hash128 *pack, uint64_t what)
{
	struct hash128 ret;
	struct buf b = { 0 };

	buf_add(&b, prefix, sizeof(prefix));
	wr_u32be(&b, (uint32_t)(what >> 32));
	buf_add(&b, pack->b, PACK_BYTES);
	memcpy(ret.b, buf_bytes(&b).p, sizeof(ret.b));
	buf_release(&b);
	return ret;
}

struct hash_list rewriting_marks(const struct hash128 *v, size_t n)
{
	size_t first = 0, end;

	while (first < n && memcmp(v[first].b, prefix, sizeof(prefix)) < 0)
		first++;
	for (end = first; end < n && memcmp(v[end].b, prefix, sizeof(prefix)) == 0;)
		end++;
	return (struct hash_list){ (struct hash128 *)(uintptr_t)(v + first), end - first };
}

int rewriting_cmp(const struct hash_list *a, const struct hash_list *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && hash128_cmp(&a->v[i], &b->v[i]) == 0)
		i++;
	if (i == a->n || i == b->n)
		return (i < a->n) - (i < b->n);
	return hash128_cmp(&a->v[i], &b->v[i]) < 0 ? 1 : -1;
}

bool rewriting_is_of(const struct hash128 *mark, const struct hash128 *v, size_t n)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(v[mid].b, mark->b + PACK, PACK_BYTES) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && memcmp(v[lo].b, mark->b + PACK, PACK_BYTES) == 0;
}
