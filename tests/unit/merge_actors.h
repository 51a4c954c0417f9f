/*
 * Those who work on a day of merge_model.h, step by step: flushes, compactions, retention, who
 * scrubs, who deletes, who rebuilds. Any may be killed between two steps. Decisions are the
 * program's own.
 */
#ifndef TESTS_MERGE_ACTORS_H
#define TESTS_MERGE_ACTORS_H

#include "merge_model.h"

/* The dice. */
static uint64_t state;

/* A part of the bits; the last gets what is left. */
static inline uint64_t share(uint64_t *left, bool last)
{
	uint64_t ret = last ? *left : *left & rnd(&state);

	*left &= ~ret;
	return ret;
}

static inline void flush(struct world *w)
{
	unsigned segments = (unsigned)(rnd(&state) & rnd(&state)) & ((1u << SEGMENTS) - 1);
	unsigned n = 1 + (unsigned)rnd_below(&state, MADE_MAX), salt = rnd_below(&state, 4) == 0;
	struct hash128 names[SEGMENTS], parts[MADE_MAX];
	struct pack_trailer t = { .order_key = (int64_t)segments };
	bool given[PACKS_MAX] = { false };
	struct lines lines = { { 0 } };
	uint64_t left = 0;
	size_t n_names = 0;

	if (w->flushes_once)
		segments &= ~w->flushed;
	for (unsigned s = 0; s < SEGMENTS; s++)
		if (segments >> s & 1) {
			left |= segment_content(s);
			names[n_names++] = segment_name(s);
		}
	if (rnd_below(&state, 4) == 0 && w->next_json < 64) {
		left |= UINT64_C(1) << w->next_json++;
		t.mixed = n_names > 0;
	}
	if (!left)
		return;
	w->raced = w->raced || (segments & w->flushed);
	w->flushed |= segments;
	for (unsigned i = 0; i < n; i++) {
		struct pack_trailer part = { .order_key = t.order_key };
		size_t made;

		if (rnd_below(&state, 12) == 0) { /* killed */
			w->raced = true; /* what is there of it may be added by a rebuild */
			return;
		}
		if (i == n - 1) {
			part = t;
			part.segments = keep(w, names, n_names);
			part.parts = keep(w, parts, i);
		}
		lines.v[0] = share(&left, i == n - 1);
		made = write_pack(w, &part, &lines, salt);
		parts[i] = w->pack[made].name;
		given[made] = true;
		w->now++;
	}
	if (rnd_below(&state, 8) == 0) { /* the list of packs was cut */
		for (size_t i = 0; i < w->n_packs; i++)
			given[i] = given[i] && rnd_below(&state, 2);
		w->raced = true;
	}
	w->committed |= build(w, given);
}

/* All index files anew; what was there before goes. */
static inline void rebuild(struct world *w)
{
	struct present before = all_of(w);
	struct view v = read_all(w, &before);
	int64_t now = w->now++;

	w->forgot = w->rebuilt = true;
	for (size_t i = 0; i < w->n_packs; i++) /* what was left behind counts from now on */
		w->raced = w->raced || (before.pack[i] && !v.read[i] && !v.old[i]);
	w->raced = w->raced || w->retained; /* parts are gone: what they replaced counts again */

	w->committed |= build(w, before.pack);
	for (size_t i = 0; i < w->n_files; i++)
		if (before.file[i] && w->file[i].written <= now)
			w->file[i].there = false;
}

/* ---- compactions ---- */

static inline void begin(struct world *w, struct compactor *c)
{
	struct present p = all_of(w);
	struct view v = read_all(w, &p);
	struct hash128 *known = mem_alloc((FILES_MAX + 4 * PACKS_MAX) * sizeof(*known));
	size_t n_known = 0;

	*c = (struct compactor){ .began = w->now, .salt = 8 + (unsigned)rnd_below(&state, 2) };
	memcpy(c->seen_live, v.live, sizeof(c->seen_live));
	memcpy(c->seen_old, v.old, sizeof(c->seen_old));
	memcpy(c->seen, v.of, sizeof(c->seen));
	for (size_t i = 0; i < w->n_packs; i++)
		if (v.read[i] && rnd_below(&state, 3))
			c->input[c->n_inputs++] = i;
	for (size_t i = 0; i < w->n_packs; i++) { /* live_known_packs */
		bool named = v.read[i];

		for (size_t f = 0; f < w->n_files && !named; f++)
			named = v.live[f] &&
				(hash128_among(w->file[f].item.packs, w->file[f].item.n_packs,
					       &w->pack[i].name) ||
				 hash128_among(w->file[f].item.set[INDEX_OLD_PACKS],
					       w->file[f].item.n[INDEX_OLD_PACKS],
					       &w->pack[i].name));
		if (named)
			known[n_known++] = w->pack[i].name;
	}
	c->known = keep(w, known, n_known);
	free(known);
	/* Without inputs only index files are merged; else those of the inputs, or all. */
	for (size_t f = 0; f < w->n_files; f++) {
		const struct live_item *it = &w->file[f].item;

		c->take[f] = v.live[f] && (c->n_inputs == 0 || rnd_below(&state, 2));
		for (size_t i = 0; v.live[f] && i < c->n_inputs; i++)
			c->take[f] = c->take[f] || hash128_among(it->packs, it->n_packs,
								 &w->pack[c->input[i]].name);
	}
	c->n_wanted = c->n_inputs ? 1 + (unsigned)rnd_below(&state, MADE_MAX) : 0;
	c->busy = true;
}

/* Of one input, rewritten. */
static inline void make_rewritten(struct world *w, struct compactor *c)
{
	struct pack *p = &w->pack[c->input[c->n_made]];
	struct lineage_input in = { p->name, &p->t };
	struct pack_trailer t = { .order_key = p->t.order_key };
	struct lines lines = { { 0 } };
	struct lineage l;

	if (!p->there) {
		c->busy = false;
		return;
	}
	add_lines(&lines, &p->lines, c->seen[c->input[c->n_made]]);
	rewrite(&lines, c->rule);
	lineage_init(&l, &in, 1, &c->known);
	lineage_rewritten(&l, &p->name, (uint64_t)(c->rule + 1) << 32);
	t.sources = keep(w, l.sources.v, l.sources.n);
	t.segments = keep(w, l.segments.v, l.segments.n);
	t.replaced = keep(w, l.replaced.v, l.replaced.n);
	t.parts = keep(w, l.parts.v, l.parts.n);
	t.mixed = l.mixed;
	c->made[c->n_made++] = write_pack(w, &t, &lines, 0);
	lineage_release(&l);
}

/* One pack more. */
static inline void make_one(struct world *w, struct compactor *c)
{
	struct lineage_input v[PACKS_MAX];
	struct hash128 parts[PACKS_MAX];
	struct pack_trailer t = { 0 };
	struct lineage l;
	struct lines seen = { { 0 } }, lines = { { 0 } };
	uint64_t left, done = 0;
	bool last = c->n_made + 1 == c->n_wanted;

	for (size_t i = 0; i < c->n_inputs; i++) {
		const struct pack *p = &w->pack[c->input[i]];

		if (!p->there) {
			c->busy = false; /* gone meanwhile: it begins anew some time */
			return;
		}
		v[i] = (struct lineage_input){ p->name, &p->t };
		add_lines(&seen, &p->lines, c->seen[c->input[i]]);
	}
	for (size_t i = 0; i < c->n_made; i++)
		done |= w->pack[c->made[i]].content;
	w->forgot = w->forgot || w->now - c->began >= DELAY;
	lineage_init(&l, v, c->n_inputs, &c->known);
	t.order_key = l.order_key;
	t.sources = keep(w, l.sources.v, l.sources.n);
	left = entries_of(&seen) & ~done;
	if (last) {
		t.segments = keep(w, l.segments.v, l.segments.n);
		t.replaced = keep(w, l.replaced.v, l.replaced.n);
		memcpy(parts, l.parts.v ? l.parts.v : parts, l.parts.n * sizeof(*parts));
		for (size_t i = 0; i < c->n_made; i++)
			parts[l.parts.n + i] = w->pack[c->made[i]].name;
		t.parts = keep(w, parts, l.parts.n + c->n_made);
		t.mixed = l.mixed;
	}
	/* Deterministic, as the program is: no dice. */
	add_lines(&lines, &seen, last ? left : left & UINT64_C(0x5a5a5a5a5a5a5a5a) >> c->n_made);
	c->made[c->n_made++] = write_pack(w, &t, &lines, c->salt);
	lineage_release(&l);
}

/* index_merge. */
static inline void commit(struct world *w, struct compactor *c)
{
	struct sets *s = mem_alloc(sizeof(*s));
	bool out[PACKS_MAX] = { false }, any = false;

	c->busy = false;
	for (size_t i = 0; i < c->n_made; i++) {
		const struct pack *p = &w->pack[c->made[i]];

		if (!p->there)
			goto out; /* index_merge says so */
		for (size_t k = 0; k < p->t.replaced.n; k++)
			out[find_pack(w, &p->t.replaced.v[k])] = true;
		out[c->made[i]] = true;
		add_to(s, INDEX_SEGMENTS, p->t.segments.v, p->t.segments.n);
		add_to(s, INDEX_OLD_PACKS, p->t.replaced.v, p->t.replaced.n);
		s->packs[s->n_packs++] = p->name;
	}
	for (size_t f = 0; f < w->n_files; f++) {
		const struct live_item *it = &w->file[f].item;

		if (!c->take[f])
			continue;
		if (!w->file[f].there)
			goto out; /* deleted since: it has seen too little */
		any = true;
		add_to(s, INDEX_INDEXES, &it->name, 1);
		for (int k = 0; k < 3; k++)
			add_to(s, k, it->set[k], it->n[k]);
		for (size_t k = 0; k < it->n_packs; k++) {
			size_t pack = find_pack(w, &it->packs[k]);

			uint64_t named = w->pack[pack].content & ~w->file[f].left_out[pack];

			if (c->seen_old[pack] || out[pack])
				continue;
			out[pack] = true; /* a second file may name it */
			if (named && !(named & ~c->expired)) {
				add_to(s, INDEX_OLD_PACKS, &it->packs[k], 1);
				continue;
			}
			s->left_out[pack] = w->file[f].left_out[pack] | (named & c->expired);
			s->packs[s->n_packs++] = it->packs[k];
		}
	}
	if (any)
		write_file(w, s);
	w->late = w->late || (any && w->now - c->began > DELAY);
	for (size_t i = 0; any && c->scrubs && i < c->n_inputs; i++)
		w->scrubbed[c->rule] |= c->seen[c->input[i]] & matched[c->rule];
out:
	free(s);
}

/* What it takes: the files that name something of a pack of which something has expired. */
static inline void begin_retention(struct world *w, struct compactor *c)
{
	begin(w, c);
	c->retains = true;
	c->expired = w->expired;
	c->n_inputs = c->n_wanted = 0;
	for (size_t f = 0; f < w->n_files; f++) {
		const struct live_item *it = &w->file[f].item;

		c->take[f] = false;
		for (size_t k = 0; c->seen_live[f] && k < it->n_packs; k++) {
			size_t pack = find_pack(w, &it->packs[k]);

			c->take[f] = c->take[f] || (c->seen[pack] & w->expired);
		}
	}
	w->retained = true;
}

static inline bool is_scrubbing(const struct world *w)
{
	bool any = false;

	for (unsigned i = 0; i < COMPACTORS; i++)
		any = any || (w->compactor[i].busy && w->compactor[i].scrubs);
	return any;
}

/* rewrite_day: each pack that has a line to rewrite, and the whole day's index. */
static inline void begin_scrub(struct world *w, struct compactor *c)
{
	bool other = is_scrubbing(w);

	begin(w, c);
	c->scrubs = true;
	c->rule = (unsigned)rnd_below(&state, RULES);
	c->n_inputs = 0;
	memcpy(c->take, c->seen_live, sizeof(c->take));
	for (size_t i = 0; i < w->n_packs; i++) {
		struct lines seen = { { 0 } };

		add_lines(&seen, &w->pack[i].lines, c->seen[i]);
		if (unwritten(&seen, c->rule))
			c->input[c->n_inputs++] = i;
	}
	c->n_wanted = (unsigned)c->n_inputs;
	c->busy = c->n_inputs > 0;
	w->scrubs_raced = w->scrubs_raced || (other && c->busy);
}

static inline void compact(struct world *w)
{
	struct compactor *c = &w->compactor[rnd_below(&state, COMPACTORS)];

	if (!c->busy) {
		if (w->expired && rnd_below(&state, 3) == 0)
			begin_retention(w, c);
		else if (w->scrubs && rnd_below(&state, 3) == 0)
			begin_scrub(w, c);
		else
			begin(w, c);
		for (unsigned i = 0; i < COMPACTORS; i++)
			w->raced = w->raced || (&w->compactor[i] != c && w->compactor[i].busy);
		return;
	}
	if (rnd_below(&state, 10) == 0)
		c->busy = false; /* killed */
	else if (c->n_made == c->n_wanted)
		commit(w, c);
	else if (c->scrubs)
		make_rewritten(w, c);
	else
		make_one(w, c);
}

/* One entry, or a great many, or all that there is. */
static inline void expire_some(struct world *w)
{
	const uint64_t some[] = { UINT64_C(1) << rnd_below(&state, 20), rnd(&state) | rnd(&state),
				  w->committed };

	w->expired |= some[rnd_below(&state, 3)];
}

/* ---- deletion ---- */

/* As index_sweep has it, without a lock; each object may be the last before a kill. Returns how
 * many may go. */
static inline size_t sweep(struct world *w, int64_t delay)
{
	struct sweep_index index[FILES_MAX];
	struct sweep_pack pack[PACKS_MAX];
	enum sweep_what what[PACKS_MAX];
	unsigned turns[FILES_MAX], last = 0;
	bool killed = false;
	struct present p = all_of(w);
	struct view v = read_all(w, &p);
	size_t at[FILES_MAX], at_pack[PACKS_MAX], n = 0, n_packs = 0, ret = 0;

	if (v.missing)
		return 0;
	for (size_t i = 0; i < w->n_files; i++)
		if (p.file[i]) {
			index[n] = (struct sweep_index){ w->file[i].item, v.live[i],
							 w->now - w->file[i].written >= delay };
			at[n++] = i;
		}
	for (size_t i = 0; i < w->n_packs; i++)
		if (p.pack[i]) {
			pack[n_packs] = (struct sweep_pack){ w->pack[i].name,
							     w->now - w->pack[i].written >= delay,
							     &w->pack[i].t };
			at_pack[n_packs++] = i;
		}
	sweep_pick(index, n, pack, n_packs, turns, what);
	for (size_t i = 0; i < n; i++)
		last = turns[i] > last ? turns[i] : last;
	for (int turn = SWEEP_LEFTOVER; turn <= SWEEP_REPLACED; turn++) {
		for (size_t i = 0; i < n_packs && !killed; i++)
			if (what[i] == (enum sweep_what)turn) {
				killed = delay && rnd_below(&state, 10) == 0;
				w->pack[at_pack[i]].there = killed;
				ret++;
			}
		for (unsigned k = 0; k < n * last && !killed && turn == SWEEP_LEFTOVER; k++)
			if (turns[k % n] == k / n + 1) {
				killed = delay && rnd_below(&state, 10) == 0;
				w->file[at[k % n]].there = killed;
				ret++;
			}
	}
	w->forgot = w->forgot || killed;
	return ret;
}

#endif
