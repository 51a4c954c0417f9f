#include "index/rewriting.h"

#include "base/buf.h"
#include "base/wr.h"

/* No hash of a file's bytes begins so: one in 2^64 would. NULs first, since they are then the first
 * of a list. */
static const unsigned char prefix[8] = { 0, 0, 0, 0, 'n', 'e', 'w', 'l' };

struct hash128 rewriting_mark(const struct hash128 *pack, uint64_t what)
{
	struct buf key = { 0 };
	struct hash128 ret;
	uint64_t h;

	buf_add(&key, pack->b, sizeof(pack->b));
	wr_u64be(&key, what);
	h = hash64(buf_bytes(&key));
	buf_reset(&key);
	buf_add(&key, prefix, sizeof(prefix));
	wr_u64be(&key, h);
	memcpy(ret.b, buf_bytes(&key).p, sizeof(ret.b));
	buf_release(&key);
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
