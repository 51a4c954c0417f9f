/*
 * Structured metadata of many entries: each string once, each set of pairs once, so that an entry's
 * metadata is one number. Set 0 is the empty set.
 */
#ifndef ENTRY_META_H
#define ENTRY_META_H

#include "base/buf.h"
#include "base/map.h"
#include "labels/labels.h"

/* A table that is being filled. {0} is a valid empty one. For one thread. */
struct metatab {
	struct arena text; /* strings and keys of the maps */
	struct bytes *string;
	size_t n_strings, cap_strings;
	uint32_t *set_first; /* set s (1..n_sets) has pairs set_first[s-1] .. set_first[s] */
	uint64_t *set_bytes; /* of its names and values, set_bytes[s-1] */
	size_t n_sets, cap_sets, cap_set_bytes;
	uint32_t *pair; /* two strings a pair: name, value */
	size_t n_pairs, cap_pairs;
	struct map strings, sets;
};

void metatab_release(struct metatab *t);
void metatab_reset(struct metatab *t);

/* The number of this set of pairs (which need not be sorted; order is kept, a name may be there
 * once). 0 for none. */
uint32_t metatab_add(struct metatab *t, const struct label *v, size_t n);
/* Bytes of memory in use, about: for a sort buffer's account. */
size_t metatab_memory(const struct metatab *t);
/* Bytes that what is in it takes besides the text of its strings, about. */
size_t metatab_tables(const struct metatab *t);

/* Bytes of names and values of the set. */
static inline uint64_t metatab_set_bytes(const struct metatab *t, uint32_t set)
{
	return set ? t->set_bytes[set - 1] : 0;
}

/* A table as read from a column; borrowed. Set s (1..n_sets) has pairs set_first[s-1] ..
 * set_first[s]. */
struct metaview {
	uint32_t n_strings, n_sets;
	const struct bytes *string;
	const uint32_t *set_first;
	const uint32_t *pair;
};

struct metaview metatab_view(const struct metatab *t);

static inline size_t meta_n_pairs(const struct metaview *m, uint32_t set)
{
	return set ? m->set_first[set] - m->set_first[set - 1] : 0;
}

static inline struct label meta_pair(const struct metaview *m, uint32_t set, size_t i)
{
	const uint32_t *p = &m->pair[2 * ((size_t)m->set_first[set - 1] + i)];

	return (struct label){ m->string[p[0]], m->string[p[1]] };
}

#endif
