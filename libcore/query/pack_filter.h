/* What packs' filters say of their blocks, for one query. */
#ifndef QUERY_PACK_FILTER_H
#define QUERY_PACK_FILTER_H

#include "bloom/bloom.h"
#include "query/needles.h"
#include "store/store.h"

struct pack_filter {
	/* Given: the pack, and as many bytes behind its chunks as the index says. */
	struct store_file *file;
	uint32_t end_len;
	uint64_t saved;	   /* by how much the pack is smaller than its raw image */
	struct arena *mem; /* for what is below */
	bool far;	   /* each read takes its time */

	const struct needles *needles; /* NULL: nothing is ruled out */
	uint32_t head_len;
	struct bloom bloom;
	struct bloom_answer all, of_lines; /* to the two of needles */
};

/*
 * Asks the filters of packs, those that have one; of packs in a remote store all at once. What
 * cannot be read, or is damaged, rules nothing out.
 */
void pack_filters_ask(struct pack_filter *const *v, size_t n, const struct needles *needles);

/* Whether it has answered: it is there, and could be read. */
static inline bool pack_filter_has_answered(const struct pack_filter *f)
{
	return f->needles;
}

/* Whether a block of the chunk at that offset may hold what a stream with these labels must. */
bool pack_filter_may(const struct pack_filter *f, const struct labels *labels, uint64_t off,
		     uint32_t block);

/* Whether one of that chunk's first n blocks may hold what a stream must, whatever its labels. */
bool pack_filter_may_any(const struct pack_filter *f, uint64_t off, uint32_t n);

#endif
