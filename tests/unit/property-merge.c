/*
 * Histories of a day: flushes, compactions that race, deletions after the delay, rebuilding, kills
 * between any two steps, copies made meanwhile. After each step, by the plainest model of a reader:
 * every entry that was committed is read; no pack that is read is missing; what an index file says
 * of a segment is so; any copy of the packs gives all of it when it is rebuilt; and without a race
 * no entry is read twice. The decisions are the program's own: live_pick, select_packs,
 * lineage_init, sweep_pick; files are sets in memory.
 */
#include "unit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "index/lineage.h"
#include "index/select.h"
#include "index/sweep.h"

static uint64_t state;

/* At 5 percent, as `make check` has it, 10,000 histories. */
enum { HISTORIES_PER_PERCENT = 2000, STEPS_MAX = 24 };
enum { PACKS_MAX = 128, FILES_MAX = 96, SEGMENTS = 8, DELAY = 6, COMPACTORS = 2, MADE_MAX = 3 };

static unsigned percent;

/* Entries are bits: segment s has 2s and 2s+1, JSON lines the others. */
static uint64_t segment_content(unsigned s)
{
	return UINT64_C(3) << 2 * s;
}

struct pack {
	struct hash128 name;
	struct pack_trailer t; /* lists in the world's arena */
	uint64_t content;
	bool there;
	int64_t written;
};

struct file {
	struct live_item item;
	bool there;
	int64_t written;
};

/* A compaction under way: what it saw, and what it has made. */
struct compactor {
	bool busy;
	int64_t began;
	bool seen_live[FILES_MAX], take[FILES_MAX];
	struct hash_list known;
	bool seen_old[PACKS_MAX];
	size_t input[PACKS_MAX], n_inputs;
	size_t made[MADE_MAX], n_made;
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
	unsigned next_json;
	unsigned flushed; /* segments, as bits */
	bool raced;	  /* something may be read twice */
	bool forgot;	  /* that a pack is a leftover */
	int64_t now;
};

/* ---- lists ---- */

static struct hash_list keep(struct world *w, struct hash128 *v, size_t n)
{
	struct hash_list l = { v, hash128_sort(v, n) };
	struct bytes b = arena_copy(&w->mem, bytes_of(l.v, l.n * sizeof(*l.v)));

	l.v = (struct hash128 *)(uintptr_t)b.p;
	return l;
}

static struct hash128 segment_name(unsigned s)
{
	return hash128(bytes_of(&s, sizeof(s)));
}

static size_t find_pack(const struct world *w, const struct hash128 *name)
{
	size_t i = 0;

	while (i < w->n_packs && hash128_cmp(&w->pack[i].name, name) != 0)
		i++;
	return i;
}

static void add_list(struct buf *b, const struct hash_list *l)
{
	buf_addf(b, "|%zu", l->n);
	buf_add(b, l->v, l->n * sizeof(*l->v));
}

/* Writes a pack, over itself when it was made before. Its number. */
static size_t write_pack(struct world *w, const struct pack_trailer *t, uint64_t content,
			 unsigned salt)
{
	struct buf b = { 0 };
	struct hash128 name;
	size_t i;

	buf_addf(&b, "%llx,%u,%d,%lld", (unsigned long long)content, salt, t->mixed,
		 (long long)t->order_key);
	add_list(&b, &t->segments);
	add_list(&b, &t->parts);
	add_list(&b, &t->replaced);
	add_list(&b, &t->sources);
	name = hash128(buf_bytes(&b));
	buf_release(&b);
	i = find_pack(w, &name);
	if (i == w->n_packs) {
		w->pack[i] = (struct pack){ .name = name, .t = *t, .content = content };
		w->n_packs++;
	}
	w->pack[i].there = true;
	w->pack[i].written = w->now;
	return i;
}

struct sets {
	struct hash128 v[3][FILES_MAX + 2 * PACKS_MAX + SEGMENTS], packs[PACKS_MAX];
	size_t n[3], n_packs;
	bool mixed;
};

static void add_to(struct sets *s, int kind, const struct hash128 *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < s->n[kind] && hash128_cmp(&s->v[kind][k], &v[i]) != 0)
			k++;
		s->v[kind][k] = v[i];
		s->n[kind] += k == s->n[kind];
	}
}

static void write_file(struct world *w, struct sets *s)
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
	it.name = hash128(buf_bytes(&b));
	buf_release(&b);
	while (i < w->n_files && hash128_cmp(&w->file[i].item.name, &it.name) != 0)
		i++;
	if (i == w->n_files)
		w->file[w->n_files++].item = it;
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
	bool read[PACKS_MAX]; /* named by a live file, replaced by none */
	bool old[PACKS_MAX];
	uint64_t content;
	bool doubled;
	size_t missing; /* packs that are to be read and are not there */
};

static struct present all_of(const struct world *w)
{
	struct present p = { { 0 }, { 0 } };

	for (size_t i = 0; i < w->n_packs; i++)
		p.pack[i] = w->pack[i].there;
	for (size_t i = 0; i < w->n_files; i++)
		p.file[i] = w->file[i].there;
	return p;
}

static struct view read_all(const struct world *w, const struct present *p)
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
			v.doubled = v.doubled || (v.content & w->pack[pack].content);
			v.content |= p->pack[pack] ? w->pack[pack].content : 0;
		}
	}
	free(old);
	return v;
}

/* ---- flushes, and index files from packs ---- */

/* idxbuild over these packs. Returns what they then hold. */
static uint64_t build(struct world *w, const bool *given)
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

/* A part of the bits; the last gets what is left. */
static uint64_t share(uint64_t *left, bool last)
{
	uint64_t ret = last ? *left : *left & rnd(&state);

	*left &= ~ret;
	return ret;
}

static void flush(struct world *w)
{
	unsigned segments = (unsigned)(rnd(&state) & rnd(&state)) & ((1u << SEGMENTS) - 1);
	unsigned n = 1 + (unsigned)rnd_below(&state, MADE_MAX), salt = rnd_below(&state, 4) == 0;
	struct hash128 names[SEGMENTS], parts[MADE_MAX];
	struct pack_trailer t = { .order_key = (int64_t)segments };
	bool given[PACKS_MAX] = { false };
	uint64_t left = 0;
	size_t n_names = 0;

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
		made = write_pack(w, &part, share(&left, i == n - 1), salt);
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
static void rebuild(struct world *w)
{
	struct present before = all_of(w);
	struct view v = read_all(w, &before);
	int64_t now = w->now++;

	w->forgot = true;
	for (size_t i = 0; i < w->n_packs; i++) /* what was left behind counts from now on */
		w->raced = w->raced || (before.pack[i] && !v.read[i] && !v.old[i]);

	w->committed |= build(w, before.pack);
	for (size_t i = 0; i < w->n_files; i++)
		if (before.file[i] && w->file[i].written <= now)
			w->file[i].there = false;
}

/* ---- compactions ---- */

static void begin(struct world *w, struct compactor *c)
{
	struct present p = all_of(w);
	struct view v = read_all(w, &p);
	struct hash128 *known = mem_alloc((FILES_MAX + 4 * PACKS_MAX) * sizeof(*known));
	size_t n_known = 0;

	*c = (struct compactor){ .began = w->now, .salt = 8 + (unsigned)rnd_below(&state, 2) };
	memcpy(c->seen_live, v.live, sizeof(c->seen_live));
	memcpy(c->seen_old, v.old, sizeof(c->seen_old));
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

/* One pack more. */
static void make_one(struct world *w, struct compactor *c)
{
	struct lineage_input v[PACKS_MAX];
	struct hash128 parts[PACKS_MAX];
	struct pack_trailer t = { 0 };
	struct lineage l;
	uint64_t left = 0, done = 0;
	bool last = c->n_made + 1 == c->n_wanted;

	for (size_t i = 0; i < c->n_inputs; i++) {
		const struct pack *p = &w->pack[c->input[i]];

		if (!p->there) {
			c->busy = false; /* gone meanwhile: it begins anew some time */
			return;
		}
		v[i] = (struct lineage_input){ p->name, &p->t };
		left |= p->content;
	}
	for (size_t i = 0; i < c->n_made; i++)
		done |= w->pack[c->made[i]].content;
	w->forgot = w->forgot || w->now - c->began >= DELAY;
	lineage_init(&l, v, c->n_inputs, &c->known);
	t.order_key = l.order_key;
	t.sources = keep(w, l.sources.v, l.sources.n);
	left &= ~done;
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
	c->made[c->n_made] = write_pack(
		w, &t, last ? left : left & UINT64_C(0x5a5a5a5a5a5a5a5a) >> c->n_made, c->salt);
	c->n_made++;
	lineage_release(&l);
}

/* index_merge. */
static void commit(struct world *w, struct compactor *c)
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

			if (c->seen_old[pack] || out[pack])
				continue;
			out[pack] = true; /* a second file may name it */
			s->packs[s->n_packs++] = it->packs[k];
		}
	}
	if (any)
		write_file(w, s);
out:
	free(s);
}

static void compact(struct world *w)
{
	struct compactor *c = &w->compactor[rnd_below(&state, COMPACTORS)];

	if (!c->busy) {
		begin(w, c);
		for (unsigned i = 0; i < COMPACTORS; i++)
			w->raced = w->raced || (&w->compactor[i] != c && w->compactor[i].busy);
		return;
	}
	if (rnd_below(&state, 10) == 0)
		c->busy = false; /* killed */
	else if (c->n_made < c->n_wanted)
		make_one(w, c);
	else
		commit(w, c);
}

/* ---- deletion ---- */

/* As index_sweep has it, without a lock; each object may be the last before a kill. Returns how
 * many may go. */
static size_t sweep(struct world *w, int64_t delay)
{
	struct sweep_index index[FILES_MAX];
	struct sweep_pack pack[PACKS_MAX];
	enum sweep_what what[PACKS_MAX];
	bool goes[FILES_MAX], killed = false;
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
							     &w->pack[i].t.sources };
			at_pack[n_packs++] = i;
		}
	sweep_pick(index, n, pack, n_packs, goes, what);
	for (int turn = SWEEP_LEFTOVER; turn <= SWEEP_REPLACED; turn++) {
		for (size_t i = 0; i < n_packs && !killed; i++)
			if (what[i] == (enum sweep_what)turn) {
				killed = delay && rnd_below(&state, 10) == 0;
				w->pack[at_pack[i]].there = killed;
				ret++;
			}
		for (size_t i = 0; i < n && !killed && turn == SWEEP_LEFTOVER; i++)
			if (goes[i]) {
				killed = delay && rnd_below(&state, 10) == 0;
				w->file[at[i]].there = killed;
				ret++;
			}
	}
	w->forgot = w->forgot || killed;
	return ret;
}

/* ---- what must hold ---- */

static void check_claims(const struct world *w, const struct view *v, unsigned history)
{
	for (size_t f = 0; f < w->n_files; f++)
		for (unsigned s = 0; v->live[f] && s < SEGMENTS; s++) {
			struct hash128 name = segment_name(s);
			const struct live_item *it = &w->file[f].item;

			if (hash128_among(it->set[INDEX_SEGMENTS], it->n[INDEX_SEGMENTS], &name) &&
			    segment_content(s) & ~v->content)
				fail_msg("history %u: segment %u is said to be covered", history,
					 s);
		}
}

static void check_world(const struct world *w, unsigned history)
{
	struct present p = all_of(w);
	struct view v = read_all(w, &p);

	if (v.missing)
		fail_msg("history %u: %zu packs are missing", history, v.missing);
	if (v.content != w->committed)
		fail_msg("history %u: read %016llx of %016llx", history,
			 (unsigned long long)v.content, (unsigned long long)w->committed);
	if (v.doubled && !w->raced)
		fail_msg("history %u: entries are read twice", history);
	check_claims(w, &v, history);
}

/* Some packs of the world, rebuilt from their trailers: all that they hold is read. */
static void check_rebuilt(const struct world *w, const bool *packs, uint64_t want, unsigned history)
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
	if (v.missing || v.content != content)
		fail_msg("history %u: a rebuild reads %016llx of %016llx", history,
			 (unsigned long long)v.content, (unsigned long long)content);
	if (want & ~v.content)
		fail_msg("history %u: a copy lost %016llx", history,
			 (unsigned long long)(want & ~v.content));
	check_claims(copy, &v, history);
	arena_release(&copy->mem);
	free(copy);
}

/* A copy begun at `then`, ended now: what was there at both times is in it, of the rest anything.
 */
static void check_copies(const struct world *w, const struct present *then, uint64_t want,
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
	if (v.missing || want & ~v.content)
		fail_msg("history %u: a copy of index files, then packs, lacks %zu", history,
			 v.missing);
}

/* Nobody is at work any more: compacted, deleted, compacted. */
static void finish(struct world *w, unsigned history)
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
		w->now += DELAY;
		check_world(w, history);
		sweep(w, 0);
		check_world(w, history);
	}
	if (sweep(w, 0))
		fail_msg("history %u: something is left to be deleted", history);
	for (size_t i = 0; i < w->n_files; i++)
		n += w->file[i].there;
	if (n > 1)
		fail_msg("history %u: %zu index files are left", history, n);
}

/* Packs of compactions that are there and nobody's. */
static size_t leftovers(const struct world *w)
{
	struct present p = all_of(w);
	struct view v = read_all(w, &p);
	size_t n = 0;

	for (size_t i = 0; i < w->n_packs; i++)
		n += p.pack[i] && !v.read[i] && w->pack[i].t.sources.n;
	return n;
}

static void settle(struct world *w, unsigned history)
{
	finish(w, history);
	/* A rebuild forgets what was obsolete without being named, and so does a deletion during a
	 * compaction that takes longer than the delay: a rebuild finds it. */
	if (leftovers(w) && w->forgot) {
		rebuild(w);
		check_world(w, history);
		finish(w, history);
	}
	if (leftovers(w))
		fail_msg("history %u: a compaction's pack is left", history);
}

static void one_history(unsigned history)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct present then = { { 0 }, { 0 } };
	uint64_t want = 0;
	int64_t began = 0;

	w->next_json = 2 * SEGMENTS;
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		w->now += 1 + (int64_t)rnd_below(&state, 2);
		switch (rnd_below(&state, 10)) {
		case 0:
		case 1:
		case 2:
			flush(w);
			break;
		case 3:
		case 4:
		case 5:
		case 6:
			compact(w);
			break;
		case 7:
			if (rnd_below(&state, 3) == 0)
				rebuild(w);
			break;
		default:
			sweep(w, DELAY);
			break;
		}
		check_world(w, history);
		if (w->now - began >= DELAY || rnd_below(&state, 4) == 0) {
			struct view v;

			/* A copy takes no longer than the delay. */
			if (w->now - began < DELAY)
				check_copies(w, &then, want, history);
			then = all_of(w);
			v = read_all(w, &then);
			want = v.content;
			began = w->now;
		}
	}
	settle(w, history);
	arena_release(&w->mem);
	free(w);
}

static void no_history_loses_or_doubles_an_entry(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < HISTORIES_PER_PERCENT * percent; i++)
		one_history(i);
}

/* Any packs of any history. */
static void any_packs_are_rebuilt_whole(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < HISTORIES_PER_PERCENT * percent / 4; i++) {
		struct world *w = mem_alloc(sizeof(*w));
		bool packs[PACKS_MAX];

		w->next_json = 2 * SEGMENTS;
		for (unsigned step = 0; step < STEPS_MAX; step++) {
			w->now++;
			if (rnd_below(&state, 3))
				compact(w);
			else
				flush(w);
		}
		for (unsigned k = 0; k < 8; k++) {
			for (size_t p = 0; p < w->n_packs; p++)
				packs[p] = rnd_below(&state, 2);
			check_rebuilt(w, packs, 0, i);
		}
		arena_release(&w->mem);
		free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_history_loses_or_doubles_an_entry),
		cmocka_unit_test(any_packs_are_rebuilt_whole),
	};

	state = env_number("SEED", 1);
	percent = (unsigned)env_number("PERCENT", 5);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
