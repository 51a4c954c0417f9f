#include "index/unnamed.h"

static bool has_all(const struct hash_list *in, const struct hash_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!hash128_among(in->v, in->n, &l->v[i]))
			return false;
	return true;
}

enum unnamed unnamed_judge(const struct pack_trailer *t, const struct hash_list *known,
			   const struct hash_list *covered)
{
	if (t->sources.n && has_all(known, &t->sources))
		return UNNAMED_LEFTOVER;
	if (!t->mixed && t->segments.n && t->replaced.n == 0 && has_all(covered, &t->segments))
		return UNNAMED_SUPERFLUOUS;
	return UNNAMED_ORPHAN;
}
