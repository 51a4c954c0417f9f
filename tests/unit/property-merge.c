/*
 * Histories of a day: flushes, compactions and retentions that race, deletions after the delay,
 * rebuilding, kills between any two steps, copies made meanwhile. After each step, by the plainest
 * model of a reader: every entry that was committed and has not expired is read; no pack that is
 * read is missing; what an index file says of a segment is so; any copy of the packs gives all of
 * it when it is rebuilt; and without a race no entry is read twice. In the end nothing that has
 * expired is left. The decisions are the program's own: live_pick, select_packs, lineage_init,
 * sweep_pick; files are sets in memory.
 */
#include "merge_model.h"

static uint64_t state;

/* At 5 percent, as `make check` has it, 10,000 histories. */
enum { HISTORIES_PER_PERCENT = 2000, STEPS_MAX = 24 };

static unsigned percent;

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
	w->raced = w->raced || w->retained; /* parts are gone: what they replaced counts again */

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
		left |= c->seen[c->input[i]];
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
out:
	free(s);
}

/* What it takes: the files that name something of a pack of which something has expired. */
static void begin_retention(struct world *w, struct compactor *c)
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

static void compact(struct world *w)
{
	struct compactor *c = &w->compactor[rnd_below(&state, COMPACTORS)];

	if (!c->busy) {
		if (w->expired && rnd_below(&state, 3) == 0)
			begin_retention(w, c);
		else
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
							     &w->pack[i].t };
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
			    segment_content(s) & ~v->content & ~w->expired)
				fail_msg("history %u: segment %u is said to be covered", history,
					 s);
		}
}

/* All that was there, but what has expired: of that, anything. */
static bool is_right(const struct world *w, uint64_t found, uint64_t want)
{
	return !(found & ~want) && !(want & ~found & ~w->expired);
}

static struct view read_now(const struct world *w)
{
	struct present p = all_of(w);

	return read_all(w, &p);
}

static bool has_packs(const struct world *w)
{
	bool any = false;

	for (size_t i = 0; i < w->n_packs; i++)
		any = any || w->pack[i].there;
	return any;
}

static void check_world(const struct world *w, unsigned history)
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
	if (v.missing || want & ~v.content & ~w->expired)
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

/* One entry, or a great many, or all that there is. */
static void expire_some(struct world *w)
{
	const uint64_t some[] = { UINT64_C(1) << rnd_below(&state, 20), rnd(&state) | rnd(&state),
				  w->committed };

	w->expired |= some[rnd_below(&state, 3)];
}

static void one_history(unsigned history)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct present then = { { 0 }, { 0 } };
	uint64_t want = 0;
	int64_t began = 0;
	bool retains = rnd_below(&state, 2);

	w->next_json = 2 * SEGMENTS;
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		w->now += 1 + (int64_t)rnd_below(&state, 2);
		if (retains && rnd_below(&state, 8) == 0)
			expire_some(w);
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
