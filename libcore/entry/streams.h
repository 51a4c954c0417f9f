/*
 * The streams that a program knows: a number for each (tenant, labels), given from 0 upwards in
 * order of first sight. What struct entries calls `stream` is this number.
 *
 * A stream once added does not move, so another thread may read streams that were added before it
 * was told of their numbers; adding and finding are for one thread. Memory: about STREAM_BYTES and
 * the labels twice.
 */
#ifndef ENTRY_STREAMS_H
#define ENTRY_STREAMS_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "labels/labels.h"

enum { STREAM_NONE = UINT32_MAX, STREAMS_MAX = 1 << 22, STREAM_BYTES = 128 };

struct stream {
	struct hash128 id;
	uint32_t tenant;     /* number, for streams_tenant */
	struct bytes labels; /* binary form */
};

struct streams;

struct streams *streams_new(void);
void streams_free(struct streams *t);
void streams_reset(struct streams *t); /* forgets all; numbers begin at 0 again */

uint32_t streams_count(const struct streams *t);
size_t streams_memory(const struct streams *t);

/* Valid until reset or free, as all that it points to. */
const struct stream *streams_get(const struct streams *t, uint32_t number);
struct bytes streams_tenant(const struct streams *t, uint32_t tenant);
uint32_t streams_tenant_count(const struct streams *t);
/* The number of a tenant, added if new: for who has no stream of it. Errors: ERR_LIMIT. */
MUST_CHECK int streams_add_tenant(struct streams *t, struct bytes tenant, uint32_t *ret,
				  struct err *e);

/* The labels as a set; the array lies in a, strings in t. */
struct labels streams_labels(const struct streams *t, uint32_t number, struct arena *a);

/* The numbers of n stream ids, STREAM_NONE for those that are not there. For some dozens at once:
 * what lies outside the caches is fetched for all of them together. */
void streams_find_all(const struct streams *t, const struct hash128 *const *id, size_t n,
		      uint32_t *ret);

/* Asks for the memory of n streams, of some dozens at once, that are added or looked for next. */
void streams_expect(const struct streams *t, const struct hash128 *const *id, size_t n);

/*
 * The number of a stream, added if new. labels is normalised; the second form takes labels in
 * binary form, as files hold them, and their id, which the caller has from the file: it is checked.
 * Errors: ERR_LIMIT more than STREAMS_MAX; ERR_CORRUPT (second form) labels not valid, or the id is
 * not theirs.
 */
MUST_CHECK int streams_add(struct streams *t, struct bytes tenant, const struct labels *labels,
			   uint32_t *ret, struct err *e);
MUST_CHECK int streams_add_binary(struct streams *t, struct bytes tenant, const struct hash128 *id,
				  struct bytes labels, uint32_t *ret, struct err *e);

#endif
