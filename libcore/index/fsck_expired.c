#include <stdlib.h>

#include "base/mem.h"
#include "index/fsck_day.h"

int fsck_expired(const struct index_fsck *f, struct index *ix, const bool *skip_pack,
		 struct fsck_expired *ret, struct err *e)
{
	const struct index_info *in = index_info(ix);
	struct arena mem = { 0 };
	int rc = 0;

	*ret = (struct fsck_expired){ .kept = mem_alloc((in->n_packs + (size_t)1)) };
	for (uint32_t i = 0; i < in->n_series && rc == 0; i++) {
		struct index_series s;
		struct labels l;

		arena_reset(&mem);
		rc = index_series_at(ix, i, &s, e);
		if (rc == 0)
			rc = index_series_labels(ix, i, &mem, &l, e);
		for (uint32_t k = 0; k < s.n_chunks && rc == 0; k++) {
			struct index_chunk c;

			rc = index_chunk_at(ix, s.first_chunk + k, &c, e);
			if (rc < 0 || skip_pack[c.pack])
				continue;
			if (!f->overdue(in->tenant, &l, c.from, c.through, f->overdue_data)) {
				ret->kept[c.pack] = true;
			} else {
				ret->chunks++;
				ret->entries += c.entries;
			}
		}
	}
	arena_release(&mem);
	if (rc < 0)
		fsck_expired_release(ret);
	return rc;
}

void fsck_expired_release(struct fsck_expired *x)
{
	free(x->kept);
	*x = (struct fsck_expired){ 0 };
}
