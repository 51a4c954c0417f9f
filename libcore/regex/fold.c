/* Which characters differ only in case, as rings: Go's unicode.SimpleFold. */
#include "base/unicode.h"
#include "regex/runes.h"

uint32_t rune_fold_next(uint32_t c)
{
	uint32_t ring[UNICODE_SAME_CASE_MAX];
	size_t n = unicode_same_case(c, ring);

	for (size_t i = 0; i + 1 < n; i++)
		if (ring[i] == c)
			return ring[i + 1];
	return ring[0];
}

uint32_t rune_fold_first(uint32_t c)
{
	uint32_t ring[UNICODE_SAME_CASE_MAX];

	(void)unicode_same_case(c, ring);
	return ring[0];
}

void runes_fold(struct runes *r)
{
	struct runes more = { 0 };
	uint32_t ring[UNICODE_SAME_CASE_MAX];

	runes_clean(r);
	for (size_t k = 0; k < r->n; k++) {
		for (uint32_t c = unicode_next_cased(r->v[k].lo); c <= r->v[k].hi;
		     c = unicode_next_cased(c + 1)) {
			size_t n = unicode_same_case(c, ring);

			for (size_t i = 0; i < n; i++)
				runes_add(&more, ring[i], ring[i]);
		}
	}
	runes_add_set(r, &more);
	runes_clean(r);
	runes_release(&more);
}
