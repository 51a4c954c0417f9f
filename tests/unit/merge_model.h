/*
 * A store's day as sets in memory, and the plainest model of a reader: what histories of flushes,
 * compactions, retention and deletions are tried on. The decisions are the program's own.
 */
#ifndef TESTS_MERGE_MODEL_H
#define TESTS_MERGE_MODEL_H

#include "unit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "index/lineage.h"
#include "index/rewriting.h"
#include "index/select.h"
#include "index/sweep.h"

enum { PACKS_MAX = 128, FILES_MAX = 96, SEGMENTS = 8, DELAY = 6, COMPACTORS = 2, MADE_MAX = 3 };

/* Entries are bits: segment s has 2s and 2s+1, JSON lines the others. */
static inline uint64_t segment_content(unsigned s)
{
	return UINT64_C(3) << 2 * s;
}

/* Rules by which lines are rewritten: rule k those of the entries in matched[k]. */
enum { RULES = 2, VERSIONS = 1 << RULES };

static const uint64_t matched[RULES] = { UINT64_C(0x1111111111111111),
					 UINT64_C(0x0505050505050505) };

/* Of each version of the lines, the entries that have it: bit k of its number says that rule k has
 * rewritten them. */
struct lines {
	uint64_t v[VERSIONS];
};

static inline uint64_t entries_of(const struct lines *l)
{
	uint64_t ret = 0;

	for (unsigned i = 0; i < VERSIONS; i++)
		ret |= l->v[i];
	return ret;
}

static inline void add_lines(struct lines *to, const struct lines *l, uint64_t entries)
{
	for (unsigned i = 0; i < VERSIONS; i++)
		to->v[i] |= l->v[i] & entries;
}

/* Those that the rule would rewrite. */
static inline uint64_t unwritten(const struct lines *l, unsigned rule)
{
	uint64_t ret = 0;

	for (unsigned i = 0; i < VERSIONS; i++)
		ret |= i >> rule & 1 ? 0 : l->v[i] & matched[rule];
	return ret;
}

static inline void rewrite(struct lines *l, unsigned rule)
{
	for (unsigned i = 0; i < VERSIONS; i++)
		if (!(i >> rule & 1)) {
			l->v[i | 1u << rule] |= l->v[i] & matched[rule];
			l->v[i] &= ~matched[rule];
		}
}

struct pack {
	struct hash128 name;
	struct pack_trailer t; /* lists in the world's arena */
	struct lines lines;
	uint64_t content; /* all entries of the lines */
	bool there;
	int64_t written;
};

struct file {
	struct live_item item;
	uint64_t left_out[PACKS_MAX]; /* of each pack, what this file no longer names */
	bool there;
	int64_t written;
};

/* A compaction, a retention or a scrub under way: what it saw, and what it has made. */
struct compactor {
	bool busy, retains, scrubs;
	unsigned rule;
	uint64_t expired;
	int64_t began;
	bool seen_live[FILES_MAX], take[FILES_MAX];
	struct hash_list known;
	bool seen_old[PACKS_MAX];
	uint64_t seen[PACKS_MAX]; /* of each pack, what was read of it */
	size_t input[PACKS_MAX], n_inputs;
	size_t made[PACKS_MAX], n_made;
	unsigned n_wanted;
	unsigned salt; /* its parameters: other packs from the same inputs */
};

struct world {
	struct arena mem;
	struct pack pack[PACKS_MAX];
	size_t n_packs;
	struct file file[FILES_MAX];
	size_t n_files;
	struct compactor compactor[COMPACTORS];
	uint64_t committed;
	uint64_t expired; /* of these nobody asks: they may be read or not */
	bool retained;
	bool scrubs, flushes_once; /* what is done in this history */
	unsigned next_json;
	unsigned flushed;	  /* segments, as bits */
	bool raced;		  /* something may be read twice */
	uint64_t scrubbed[RULES]; /* committed as rewritten */
	bool scrubs_raced;
	bool late; /* a commit took longer than the delay */
	bool rebuilt;
	bool forgot; /* that a pack is a leftover */
	int64_t now;
};

/* ---- lists ---- */

static inline struct hash_list keep(struct world *w, struct hash128 *v, size_t n)
{
	struct hash_list l = { v, hash128_sort(v, n) };
	struct bytes b = arena_copy(&w->mem, bytes_of(l.v, l.n * sizeof(*l.v)));

	l.v = (struct hash128 *)(uintptr_t)b.p;
	return l;
}

static inline struct hash128 segment_name(unsigned s)
{
	return hash128(bytes_of(&s, sizeof(s)));
}

static inline size_t find_pack(const struct world *w, const struct hash128 *name)
{
	size_t i = 0;

	while (i < w->n_packs && hash128_cmp(&w->pack[i].name, name) != 0)
		i++;
	return i;
}

static inline void add_list(struct buf *b, const struct hash_list *l)
{
	buf_addf(b, "|%zu", l->n);
	buf_add(b, l->v, l->n * sizeof(*l->v));
}

/* Writes a pack, over itself when it was made before. Its number. */
static inline size_t write_pack(struct world *w, const struct pack_trailer *t,
				const struct lines *lines, unsigned salt)
{
	struct buf b = { 0 };
	struct hash128 name;
	size_t i;

	buf_add(&b, lines, sizeof(*lines));
	buf_addf(&b, "%u,%d,%lld", salt, t->mixed, (long long)t->order_key);
	add_list(&b, &t->segments);
	add_list(&b, &t->parts);
	add_list(&b, &t->replaced);
	add_list(&b, &t->sources);
	name = hash128(buf_bytes(&b));
	buf_release(&b);
	i = find_pack(w, &name);
	if (i == w->n_packs) {
		w->pack[i] = (struct pack){
			.name = name, .t = *t, .lines = *lines, .content = entries_of(lines)
		};
		w->n_packs++;
	}
	w->pack[i].there = true;
	w->pack[i].written = w->now;
	return i;
}

struct sets {
	struct hash128 v[3][FILES_MAX + 2 * PACKS_MAX + SEGMENTS], packs[PACKS_MAX];
	uint64_t left_out[PACKS_MAX]; /* by number of the pack */
	size_t n[3], n_packs;
	bool mixed;
};

static inline void add_to(struct sets *s, int kind, const struct hash128 *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < s->n[kind] && hash128_cmp(&s->v[kind][k], &v[i]) != 0)
			k++;
		s->v[kind][k] = v[i];
		s->n[kind] += k == s->n[kind];
	}
}

static inline void write_file(struct world *w, struct sets *s)
{
	struct live_item it = { .mixed = s->mixed };
	struct hash_list packs;
	struct buf b = { 0 };
	size_t i = 0;

	for (int k = 0; k < 3; k++) {
		struct hash_list l = keep(w, s->v[k], s->n[k]);

		it.set[k] = l.v;
		it.n[k] = l.n;
		add_list(&b, &l);
	}
	packs = keep(w, s->packs, s->n_packs);
	it.packs = packs.v;
	it.n_packs = packs.n;
	buf_addf(&b, "|%d", s->mixed);
	buf_add(&b, it.packs, it.n_packs * sizeof(*it.packs));
	buf_add(&b, s->left_out, sizeof(s->left_out));
	it.name = hash128(buf_bytes(&b));
	buf_release(&b);
	while (i < w->n_files && hash128_cmp(&w->file[i].item.name, &it.name) != 0)
		i++;
	if (i == w->n_files)
		w->file[w->n_files++].item = it;
	memcpy(w->file[i].left_out, s->left_out, sizeof(s->left_out));
	w->file[i].there = true;
	w->file[i].written = w->now;
}

/* ---- a reader ---- */

/* What there is: of the world, or of a copy of it. */
struct present {
	bool pack[PACKS_MAX], file[FILES_MAX];
};

struct view {
	bool live[FILES_MAX];
	bool read[PACKS_MAX];	/* named by a live file, replaced by none */
	uint64_t of[PACKS_MAX]; /* what is read of it */
	bool old[PACKS_MAX];
	uint64_t content;
	struct lines lines; /* of all that is read */
	bool doubled;
	size_t missing; /* packs that are to be read and are not there */
};

static inline struct present all_of(const struct world *w)
{
	struct present p = { { 0 }, { 0 } };

	for (size_t i = 0; i < w->n_packs; i++)
		p.pack[i] = w->pack[i].there;
	for (size_t i = 0; i < w->n_files; i++)
		p.file[i] = w->file[i].there;
	return p;
}

static inline struct view read_all(const struct world *w, const struct present *p)
{
	struct live_item items[FILES_MAX] = { { .mixed = false } };
	size_t at[FILES_MAX], n = 0, n_old;
	struct view v = { .content = 0 };
	bool live[FILES_MAX];
	struct hash128 *old;

	for (size_t i = 0; i < w->n_files; i++)
		if (p->file[i]) {
			at[n] = i;
			items[n++] = w->file[i].item;
		}
	live_pick(items, n, live);
	old = live_old_packs(items, n, &n_old);
	for (size_t i = 0; i < w->n_packs; i++)
		v.old[i] = hash128_among(old, n_old, &w->pack[i].name);
	for (size_t i = 0; i < n; i++) {
		v.live[at[i]] = live[i];
		for (size_t k = 0; live[i] && k < items[i].n_packs; k++) {
			size_t pack = find_pack(w, &items[i].packs[k]);

			if (v.old[pack] || v.read[pack])
				continue;
			v.read[pack] = true;
			v.missing += !p->pack[pack];
			v.of[pack] = w->pack[pack].content & ~w->file[at[i]].left_out[pack];
			v.doubled = v.doubled || (v.content & v.of[pack]);
			if (!p->pack[pack])
				continue;
			v.content |= v.of[pack];
			add_lines(&v.lines, &w->pack[pack].lines, v.of[pack]);
		}
	}
	free(old);
	return v;
}

/* ---- flushes, and index files from packs ---- */

/* idxbuild over these packs. Returns what they then hold. */
static inline uint64_t build(struct world *w, const bool *given)
{
	struct select_pack *v = mem_alloc((w->n_packs + 1) * sizeof(*v));
	size_t at[PACKS_MAX], n = 0;
	uint64_t content = 0;

	for (size_t i = 0; i < w->n_packs; i++) {
		size_t k = n;

		if (!given[i])
			continue;
		for (; k > 0 && hash128_cmp(&v[k - 1].name, &w->pack[i].name) > 0; k--) {
			v[k] = v[k - 1];
			at[k] = at[k - 1];
		}
		v[k] = (struct select_pack){ .name = w->pack[i].name,
					     .trailer = &w->pack[i].t,
					     .usable = true };
		at[k] = i;
		n++;
	}
	select_packs(v, n);
	for (int mixed = 0; mixed < 2; mixed++) {
		struct sets *s = mem_alloc(sizeof(*s));

		for (size_t i = 0; i < n; i++) {
			const struct pack_trailer *t = v[i].trailer;

			if (!(mixed ? v[i].in_mixed : v[i].in_whole))
				continue;
			s->packs[s->n_packs++] = v[i].name;
			content |= w->pack[at[i]].content;
			if (!v[i].counts || t->mixed != mixed)
				continue;
			add_to(s, INDEX_SEGMENTS, t->segments.v, t->segments.n);
			add_to(s, INDEX_OLD_PACKS, t->replaced.v, t->replaced.n);
			s->mixed = mixed;
		}
		if (s->n_packs)
			write_file(w, s);
		free(s);
	}
	free(v);
	return content;
}

#endif
