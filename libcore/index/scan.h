/* Reading what an index needs of a pack: its trailer, and the heads of its chunks. Private to
 * index/. */
#ifndef INDEX_SCAN_H
#define INDEX_SCAN_H

#include "chunk/pack.h"
#include "index/writer.h"
#include "store/names.h"
#include "store/store.h"

/* An open pack. {0} is a closed one. */
struct pack_scan {
	struct store_file file;
	char *path;		     /* for messages */
	struct pack_trailer trailer; /* in mem */
	struct arena mem;
	struct index_pack row; /* entries, times and n_chunks not set */
};

/*
 * Opens a pack and reads its trailer, which must be of the tenant and day of its name. Errors:
 * ERR_CORRUPT (also: there is none), ERR_VERSION, ERR_IO; the path is in the message.
 */
MUST_CHECK int pack_scan_open(struct store *s, const struct store_name *name, struct pack_scan *ret,
			      struct err *e);
void pack_scan_close(struct pack_scan *p);
/* The same of a pack whose size is known, from a listing or an index file. */
MUST_CHECK int pack_scan_open_sized(struct store *s, const struct store_name *name, uint64_t size,
				    struct pack_scan *ret, struct err *e);

/* The same of a pack that lies in a folder of another tenant or day than its own. */
MUST_CHECK int pack_scan_open_astray(struct store *s, const struct store_name *name,
				     struct pack_scan *ret, struct err *e);

/* Each chunk in turn. What it is given is valid during the call; c->pack and c->first_block are 0.
 */
typedef int pack_scan_fn(const struct chunk *head, const struct index_chunk *c,
			 const struct index_block *blocks, void *data, struct err *e);
MUST_CHECK int pack_scan_chunks(struct pack_scan *p, pack_scan_fn *each, void *data, struct err *e);

/* Gives back the descriptor: of thousands of packs the trailers stay in memory. */
void pack_scan_rest(struct pack_scan *p);
/* The pack and its chunks go into w. It is opened again, and rests afterwards. Errors: as both
 * calls above, and index_writer_chunk's; then w is good for nothing but index_writer_free. */
MUST_CHECK int pack_scan_into(struct pack_scan *p, struct store *s, const struct store_name *name,
			      struct index_writer *w, struct err *e);

#endif
