/*
 * Making an index file. What is added may come in any order: the same content gives the same bytes.
 * Format: lokid-index(5). For one thread.
 */
#ifndef INDEX_WRITER_H
#define INDEX_WRITER_H

#include "index/index.h"

struct index_writer;

/* tenant is copied. Never NULL. */
struct index_writer *index_writer_new(struct bytes tenant, int32_t day);
void index_writer_free(struct index_writer *w); /* NULL is fine */

/* Number for index_writer_chunk; n_chunks, entries, min_ts and max_ts are set from the chunks that
 * follow. A pack may be added once. */
uint32_t index_writer_pack(struct index_writer *w, const struct index_pack *p);

/* The pack's bundles, which are copied; once for each. Errors: ERR_LIMIT. */
MUST_CHECK int index_writer_bundles(struct index_writer *w, uint32_t pack,
				    const struct pack_bundles *b, struct err *e);

/*
 * A chunk of that pack, with its c->n_blocks blocks; c->pack and c->first_block are not looked at.
 * Everything is copied. Errors: ERR_LIMIT more than 2^32 - 2 of something; ERR_CORRUPT two label
 * sets with one id, or a block that lies outside its chunk's bytes or time.
 */
MUST_CHECK int index_writer_chunk(struct index_writer *w, uint32_t pack, const struct hash128 *id,
				  const struct labels *labels, const struct index_chunk *c,
				  const struct index_block *blocks, struct err *e);

/* What is left out of an index file that is taken over: packs and chunks by their numbers; NULL:
 * none. Of a pack that is not left out, some chunk is not. */
struct index_leave {
	const bool *pack, *chunk;
};

/*
 * All packs of an open index file of the same tenant and day, with their chunks, but those that
 * leave says; it may be NULL. What it replaces and its deletes are not taken over.
 * None of the packs may be in w already. Errors: ERR_CORRUPT ix is damaged, or of another tenant or
 * day; ERR_LIMIT as above; the message names the file. Then w is good for nothing but
 * index_writer_free.
 */
MUST_CHECK int index_writer_add_index(struct index_writer *w, struct index *ix,
				      const struct index_leave *leave, struct err *e);

/* Doubles are dropped. */
void index_writer_replaces(struct index_writer *w, enum index_list which, const struct hash128 *id);
void index_writer_delete(struct index_writer *w, struct bytes request);
/* The content holds more than what the replaced segments, index files and packs held. */
void index_writer_mixed(struct index_writer *w);
/* The content may hold less than that: chunks were left out. */
void index_writer_thinned(struct index_writer *w);

/* Its pages are compressed, if it is of a MiB or more: for files that stay. */
void index_writer_compress(struct index_writer *w);

/* Appends the file to out. Nothing may be added afterwards. Errors: ERR_LIMIT a file over 2^32 - 1
 * symbols or bytes of them. */
MUST_CHECK int index_writer_finish(struct index_writer *w, struct buf *out, struct err *e);

#endif
