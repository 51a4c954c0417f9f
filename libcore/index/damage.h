/* What goes with a part of a pack that cannot be read, by an index file that names it. Private to
 * index/. */
#ifndef INDEX_DAMAGE_H
#define INDEX_DAMAGE_H

#include "base/buf.h"
#include "index/index.h"

/* {0} with .ix and .pack set is ready; to be released. */
struct damage {
	struct index *ix; /* NULL: none names it */
	uint32_t pack;	  /* its number */
	/* private */
	struct damage_row {
		uint64_t off;
		uint32_t series, chunk;
	} * row; /* its chunks, ascending */
	size_t n, cap;
	bool is_read;
};

/* Appends "3 chunks of 2 streams, {app="a"} to {app="b"}: 5 entries, 56 bytes of lines, from TIME
 * to TIME", of the chunks that begin in the range of the raw image. False: it knows of none, and
 * nothing is appended. */
bool damage_add_text(struct damage *d, uint64_t off, uint64_t len, struct buf *b);
void damage_release(struct damage *d);

#endif
