/* What the files of index/ know of an open index beyond index.h. Private to index/. */
#ifndef INDEX_READER_H
#define INDEX_READER_H

#include "base/rd.h"
#include "index/format.h"
#include "index/index.h"

struct bytes index_bytes(const struct index *ix); /* the whole file, not checked */
uint32_t index_n_pages(const struct index *ix);
MUST_CHECK int index_check_page(struct index *ix, uint32_t page, struct err *e);

/* A cursor over row i; n bytes of a section without rows. Checked against the
 * section and by the pages' checksums. ret_bytes lie in the file. */
MUST_CHECK int index_row(struct index *ix, enum index_section sec, uint32_t i, struct rd *ret,
			 struct err *e);
MUST_CHECK int index_section_bytes(struct index *ix, enum index_section sec, uint32_t off,
				   uint32_t n, struct bytes *ret, struct err *e);
uint64_t index_section_len(const struct index *ix, enum index_section sec);

MUST_CHECK int index_symbol(struct index *ix, uint32_t i, struct bytes *ret, struct err *e);

#endif
