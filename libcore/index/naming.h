/* Index files that name a pack, also such as are obsolete, or were set aside. Private to index/. */
#ifndef INDEX_NAMING_H
#define INDEX_NAMING_H

#include "index/index.h"
#include "store/names.h"
#include "store/store.h"

/* Called with each that can be read; the pack is number `pack` of it. */
typedef void naming_fn(struct index *ix, uint32_t pack, void *data);

/* Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int naming_each(struct store *s, const struct store_name *pack, naming_fn *each,
			   void *data, struct err *e);

/* Where the pack's bundles lie, in the arena, as the first of them says of which that can be read.
 * 1; 0 there is none. Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int naming_bundles(struct store *s, const struct store_name *pack, struct arena *a,
			      struct pack_bundles *ret, struct err *e);

#endif
