/* What must hold of a day of merge_model.h at any moment, of a copy of it, and in the end. */
#ifndef TESTS_MERGE_CHECKS_H
#define TESTS_MERGE_CHECKS_H

#include "merge_actors.h"

static inline void check_claims(const struct world *w, const struct view *v, unsigned history)
{
	for (size_t f = 0; f < w->n_files; f++)
		for (unsigned s = 0; v->live[f] && s < SEGMENTS; s++) {
			struct hash128 name = segment_name(s);
			const struct live_item *it = &w->file[f].item;

			if (hash128_among(it->set[INDEX_SEGMENTS], it->n[INDEX_SEGMENTS], &name) &&
			    segment_content(s) & ~v->content & ~w->expired)
				fail_msg("history %u: segment %u is said to be covered", history,
					 s);
		}
}

/* All that was there, but what has expired: of that, anything. */
static inline bool is_right(const struct world *w, uint64_t found, uint64_t want)
{
	return !(found & ~want) && !(want & ~found & ~w->expired);
}

static inline struct view read_now(const struct world *w)
{
	struct present p = all_of(w);

	return read_all(w, &p);
}

static inline bool has_packs(const struct world *w)
{
	bool any = false;

	for (size_t i = 0; i < w->n_packs; i++)
		any = any || w->pack[i].there;
	return any;
}

static inline void check_world(const struct world *w, unsigned history)
{
	struct present p = all_of(w);
	struct view v = read_all(w, &p);

	if (v.missing)
		fail_msg("history %u: %zu packs are missing", history, v.missing);
	if (!is_right(w, v.content, w->committed))
		fail_msg("history %u: read %016llx of %016llx", history,
			 (unsigned long long)v.content, (unsigned long long)w->committed);
	if (v.doubled && !w->raced)
		fail_msg("history %u: entries are read twice", history);
	check_claims(w, &v, history);
}

/* Some packs of the world, rebuilt from their trailers: all that they hold is read. */
static inline void check_rebuilt(const struct world *w, const bool *packs, uint64_t want,
				 unsigned history)
{
	struct world *copy = mem_alloc(sizeof(*copy));
	uint64_t content = 0;
	struct present p;
	struct view v;

	memcpy(copy, w, sizeof(*copy));
	copy->mem = (struct arena){ 0 };
	for (size_t i = 0; i < w->n_packs; i++) {
		copy->pack[i].there = packs[i];
		content |= packs[i] ? w->pack[i].content : 0;
	}
	for (size_t i = 0; i < w->n_files; i++)
		copy->file[i].there = false;
	build(copy, packs);
	p = all_of(copy);
	v = read_all(copy, &p);
	if (v.missing || !is_right(w, v.content, content))
		fail_msg("history %u: a rebuild reads %016llx of %016llx", history,
			 (unsigned long long)v.content, (unsigned long long)content);
	if (want & ~v.content & ~w->expired)
		fail_msg("history %u: a copy lost %016llx", history,
			 (unsigned long long)(want & ~v.content));
	check_claims(copy, &v, history);
	arena_release(&copy->mem);
	free(copy);
}

/* A copy begun at `then`, ended now: what was there at both times is in it, of the rest anything.
 */
static inline void check_copies(const struct world *w, const struct present *then, uint64_t want,
				unsigned history)
{
	struct present now = all_of(w), copy = { { 0 }, { 0 } };
	struct view v;

	for (size_t i = 0; i < w->n_packs; i++)
		copy.pack[i] = then->pack[i] == now.pack[i] ? now.pack[i] : rnd_below(&state, 2);
	check_rebuilt(w, copy.pack, want, history);
	/* Index files first, packs after them: it is right as it is. */
	memcpy(copy.file, then->file, sizeof(copy.file));
	for (size_t i = 0; i < w->n_packs; i++)
		copy.pack[i] = now.pack[i];
	v = read_all(w, &copy);
	if (v.missing || want & ~v.content & ~w->expired)
		fail_msg("history %u: a copy of index files, then packs, lacks %zu", history,
			 v.missing);
}

/* Nobody is at work any more: compacted, deleted, compacted. */
static inline void finish(struct world *w, unsigned history)
{
	size_t n = 0;

	for (unsigned round = 0; round < 2; round++) {
		struct compactor *c = &w->compactor[0];

		begin(w, c);
		memcpy(c->take, c->seen_live, sizeof(c->take));
		c->salt = 8;
		while (c->busy && c->n_made < c->n_wanted)
			make_one(w, c);
		if (c->busy)
			commit(w, c);
		check_world(w, history);
		begin_retention(w, c);
		commit(w, c);
		w->now += DELAY;
		check_world(w, history);
		sweep(w, 0);
		check_world(w, history);
	}
	if (read_now(w).content & w->expired)
		fail_msg("history %u: something that has expired is left", history);
	sweep(w, 0); /* the last index file of nothing */
	if (sweep(w, 0))
		fail_msg("history %u: something is left to be deleted", history);
	for (size_t i = 0; i < w->n_files; i++)
		n += w->file[i].there;
	if (n > (has_packs(w) ? 1 : 0))
		fail_msg("history %u: %zu index files are left", history, n);
}

/* Packs of compactions that are there and nobody's. */
static inline size_t leftovers(const struct world *w)
{
	struct present p = all_of(w);
	struct view v = read_all(w, &p);
	size_t n = 0;

	for (size_t i = 0; i < w->n_packs; i++)
		n += p.pack[i] && !v.read[i] && w->pack[i].t.sources.n;
	return n;
}

static inline void settle(struct world *w, unsigned history)
{
	finish(w, history);
	/* A rebuild forgets what was obsolete without being named, and so does a deletion during a
	 * compaction that takes longer than the delay: a rebuild finds it. */
	if (leftovers(w) && w->forgot) {
		rebuild(w);
		check_world(w, history);
		finish(w, history);
	}
	/* After a rebuild a compaction may make packs again that were replaced meanwhile: they are
	 * named, and not read, until the next merge. */
	if (leftovers(w) && w->rebuilt)
		finish(w, history);
	if (leftovers(w))
		fail_msg("history %u: a compaction's pack is left", history);
}

#endif
