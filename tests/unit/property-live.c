/*
 * Which index files count: random graphs of what replaces what, against the rules written down anew
 * in the plainest way; and histories of flushes, compactions and deletions, in which no entry may
 * be lost.
 */
#include "unit.h"

#include "base/mem.h"
#include "index/live.h"
#include "index/rewriting.h"

static uint64_t state;

/* At 5 percent, as `make check` has it, 10,000 graphs. */
enum { CASES_PER_PERCENT = 2000, HISTORIES_PER_PERCENT = 800, ITEMS_MAX = 12, IDS = 8 };

static unsigned percent;

static struct hash128 id_of(unsigned kind, unsigned i)
{
	struct hash128 h = { { 0 } };

	h.b[0] = (unsigned char)kind;
	h.b[6] = (unsigned char)i; /* in what a mark has of a name */
	return h;
}

/* ---- against the rules, written anew ---- */

/* Sets of small numbers as bits. */
struct item {
	unsigned name; /* also its place in the order of names */
	bool mixed;
	uint32_t segments, indexes, old_packs, packs;
	uint32_t marks; /* the lowest bit is the lowest mark */
	bool is_unit;
	uint32_t gone; /* packs */
};

/* Bit i: pack i % IDS is rewritten by the rules i / IDS. */
static struct hash128 mark_of(unsigned i)
{
	const struct hash128 pack = id_of(3, i % IDS);

	return rewriting_mark(&pack, (uint64_t)(i / IDS) << 32);
}

static struct hash128 *ids_of(unsigned kind, uint32_t bits, size_t *ret_n)
{
	struct hash128 *v = mem_alloc(33 * sizeof(*v));

	*ret_n = 0;
	for (unsigned i = 0; i < 32; i++)
		if (bits >> i & 1)
			v[(*ret_n)++] = id_of(kind, i);
	return v;
}

/* With the marks, which come first. */
static struct hash128 *old_packs_of(const struct item *it, size_t *ret_n)
{
	struct hash128 *packs = ids_of(3, it->old_packs, ret_n);
	struct hash128 *v = mem_alloc(65 * sizeof(*v));
	size_t n = 0;

	for (unsigned i = 0; i < 32; i++)
		if (it->marks >> i & 1)
			v[n++] = mark_of(i);
	memcpy(v + n, packs, *ret_n * sizeof(*v));
	*ret_n += n;
	free(packs);
	return v;
}

static void pick(const struct item *items, size_t n, bool *ret)
{
	struct live_item *v = mem_alloc((n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		v[i].name = id_of(1, items[i].name);
		v[i].mixed = items[i].mixed;
		v[i].set[INDEX_SEGMENTS] = ids_of(2, items[i].segments, &v[i].n[INDEX_SEGMENTS]);
		v[i].set[INDEX_INDEXES] = ids_of(1, items[i].indexes, &v[i].n[INDEX_INDEXES]);
		v[i].set[INDEX_OLD_PACKS] = old_packs_of(&items[i], &v[i].n[INDEX_OLD_PACKS]);
		v[i].packs = ids_of(3, items[i].packs, &v[i].n_packs);
		v[i].is_unit = items[i].is_unit;
		v[i].gone = ids_of(3, items[i].gone, &v[i].n_gone);
	}
	live_pick(v, n, ret);
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 3; k++)
			free((void *)(uintptr_t)v[i].set[k]);
		free((void *)(uintptr_t)v[i].packs);
		free((void *)(uintptr_t)v[i].gone);
	}
	free(v);
}

static bool goes_before(const struct item *b, const struct item *a)
{
	uint32_t differ = a->marks ^ b->marks;

	return (b->marks & differ & -differ) != 0;
}

static uint32_t packs_of_marks(uint32_t marks)
{
	uint32_t ret = 0;

	for (unsigned i = 0; i < 32; i++)
		if (marks >> i & 1)
			ret |= UINT32_C(1) << i % IDS;
	return ret;
}

/* lokid-index(5), "COMMIT RULES", word by word. */
static bool naive_void(const struct item *v, size_t n, const struct item *a, bool all_there)
{
	uint32_t there = 0, named = 0, old = 0;
	bool conflict = false;

	for (size_t k = 0; k < n; k++) {
		const struct item *b = &v[k];
		uint32_t theirs = a->is_unit ? packs_of_marks(b->marks & ~a->marks) : b->old_packs;

		there |= UINT32_C(1) << b->name;
		if ((all_there && !goes_before(b, a)) || naive_void(v, n, b, true))
			continue;
		conflict = conflict || (goes_before(b, a) && theirs & a->old_packs);
		named |= b->indexes;
		old |= b->old_packs;
	}
	if (all_there)
		return conflict && (a->is_unit || a->indexes);
	if (a->is_unit)
		return conflict && !(a->gone & ~old);
	return conflict && a->indexes && !(a->indexes & ~there & ~named);
}

/* Is each thing that is gone, and that it was made of, replaced by others that count? */
static bool can_do_without(const struct item *v, size_t n, const struct item *a)
{
	uint32_t there = 0, named = 0, old = 0;

	for (size_t k = 0; k < n; k++) {
		there |= UINT32_C(1) << v[k].name;
		if (naive_void(v, n, &v[k], false))
			continue;
		named |= v[k].indexes;
		old |= v[k].old_packs;
	}
	return !(a->indexes & ~there & ~named) && !(a->gone & ~old);
}

static bool naive_live(const struct item *all, size_t n_all, size_t number)
{
	const struct item *a = &all[number];
	struct item v[ITEMS_MAX];
	uint32_t old = 0;
	size_t n = 0;

	if (naive_void(all, n_all, a, false))
		return false; /* rule 5 */
	for (size_t k = 0; k < n_all; k++)
		if (!naive_void(all, n_all, &all[k], false))
			v[n++] = all[k];
	for (size_t k = 0; k < n; k++)
		old |= v[k].old_packs;
	if (a->packs && !(a->packs & ~old))
		return false; /* rule 2 */
	for (size_t k = 0; k < n; k++) {
		const struct item *b = &v[k];
		bool inside, equal;

		if (b->name == a->name)
			continue;
		if (b->indexes >> a->name & 1)
			return false; /* rule 1 */
		inside = !(a->segments & ~b->segments) && !(a->indexes & ~b->indexes) &&
			 !(a->old_packs & ~b->old_packs) && !(a->marks & ~b->marks);
		equal = a->segments == b->segments && a->indexes == b->indexes &&
			a->old_packs == b->old_packs && a->marks == b->marks;
		if (a->mixed || !(a->segments | a->indexes | a->old_packs | a->marks))
			continue;
		if (inside && !equal)
			return false; /* rule 3 */
		if (equal && (b->mixed || b->name < a->name))
			return false; /* rule 4 */
	}
	return true;
}

static uint32_t some_bits(unsigned n)
{
	uint32_t all = n ? (UINT32_C(1) << n) - 1 : 0;

	switch (rnd_below(&state, 4)) {
	case 0:
		return 0;
	case 1:
		return UINT32_C(1) << rnd_below(&state, n ? n : 1) & all;
	default:
		return (uint32_t)rnd(&state) & all;
	}
}

static void random_graphs_follow_the_rules(void **unused)
{
	unsigned n_dead = 0, n_live = 0, n_void = 0, cases = CASES_PER_PERCENT * percent;

	(void)unused;
	for (unsigned c = 0; c < cases; c++) {
		struct item v[ITEMS_MAX] = { { 0 } };
		bool live[ITEMS_MAX];
		size_t n = rnd_below(&state, ITEMS_MAX + 1);
		unsigned few = 1 + (unsigned)rnd_below(&state, IDS);

		for (unsigned i = 0; i < n; i++) {
			v[i].name = i;
			v[i].mixed = rnd_below(&state, 6) == 0;
			v[i].segments = some_bits(few);
			/* An index can only name one that was there: hashes make circles
			 * impossible. */
			v[i].indexes = rnd_below(&state, 3) ? 0 : some_bits(i);
			v[i].old_packs = rnd_below(&state, 3) ? 0 : some_bits(few);
			v[i].packs = some_bits(few);
			v[i].marks = c % 2 && rnd_below(&state, 3) == 0 ? some_bits(3 * few) : 0;
			v[i].is_unit = c % 4 == 3;
			if (v[i].is_unit) {
				v[i].indexes = 0;
				v[i].gone = rnd_below(&state, 3) ? 0 : some_bits(few);
			}
		}
		for (size_t i = n; i > 1; i--) { /* any order of names */
			size_t k = rnd_below(&state, i);
			struct item t = v[k];

			v[k] = v[i - 1];
			v[i - 1] = t;
		}
		pick(v, n, live);
		for (size_t i = 0; i < n; i++) {
			if (live[i] != naive_live(v, n, i))
				fail_msg("case %u, item %zu: found %d", c, i, live[i]);
			n_dead += !live[i];
			if (naive_void(v, n, &v[i], false)) {
				n_void++;
				assert_true(can_do_without(v, n, &v[i]));
			}
			n_live += live[i];
		}
	}
	assert_true(n_dead > cases / 2 && n_live > cases / 2); /* each kind was tried */
	assert_true(n_void > cases / 20);
}

/* ---- histories ---- */

/*
 * Entries are bits: segment s of 8 has entry s, JSON lines have entries 8..31. An index file holds
 * the entries of its packs; every pack ever made is on record, so that what is read is the live
 * index files' packs.
 */
struct history {
	struct item v[32];
	uint32_t content[32]; /* of index i */
	bool gone[32];	      /* deleted */
	size_t n;
	uint32_t committed; /* entries that some index once held */
	uint32_t next_json;
};

/* Present ones, and which of them are live. */
static size_t present(const struct history *h, struct item *ret, size_t *ret_at, bool *ret_live)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!h->gone[i]) {
			ret_at[n] = i;
			ret[n++] = h->v[i];
		}
	pick(ret, n, ret_live);
	return n;
}

static void add_index(struct history *h, struct item it, uint32_t content)
{
	it.name = (unsigned)h->n;
	it.packs = UINT32_C(1) << h->n; /* one pack each, of its own */
	h->content[h->n] = content;
	h->v[h->n++] = it;
	h->committed |= content;
}

static void flush_some(struct history *h)
{
	struct item it = { .segments = some_bits(8) };
	uint32_t content = it.segments;

	if (rnd_below(&state, 4) == 0 && h->next_json < 32) {
		content |= UINT32_C(1) << h->next_json++;
		it.mixed = it.segments != 0;
	}
	if (content)
		add_index(h, it, content);
}

/* Over some live ones; what they replace is inherited. Twins happen: the same is done twice. */
static void compact_some(struct history *h)
{
	struct item v[32], it = { 0 };
	size_t at[32], n;
	bool live[32];
	uint32_t content = 0;

	n = present(h, v, at, live);
	for (size_t i = 0; i < n; i++) {
		if (!live[i] || rnd_below(&state, 3) == 0)
			continue;
		it.segments |= v[i].segments;
		it.indexes |= v[i].indexes | UINT32_C(1) << v[i].name;
		it.old_packs |= v[i].old_packs | v[i].packs;
		content |= h->content[at[i]];
	}
	if (!it.indexes)
		return;
	add_index(h, it, content);
	if (rnd_below(&state, 3) == 0 && h->n < 31)
		add_index(h, it, content);
}

/* Oldest ancestors first: one is deleted only when nobody who is there is named by it. */
static void delete_some(struct history *h)
{
	struct item v[32];
	size_t at[32], n;
	bool live[32];

	n = present(h, v, at, live);
	for (size_t i = 0; i < n; i++) {
		bool has_ancestors = false;

		for (size_t k = 0; k < n; k++)
			has_ancestors = has_ancestors || (k != i && v[i].indexes >> v[k].name & 1);
		if (!live[i] && !has_ancestors && rnd_below(&state, 2)) {
			h->gone[at[i]] = true;
			return;
		}
	}
}

static void no_history_loses_an_entry(void **unused)
{
	(void)unused;
	for (unsigned c = 0; c < HISTORIES_PER_PERCENT * percent; c++) {
		struct history h = { .next_json = 8 };

		while (h.n < 24) {
			struct item v[32];
			size_t at[32], n;
			bool live[32];
			uint32_t found = 0;

			switch (rnd_below(&state, 5)) {
			case 0:
			case 1:
				flush_some(&h);
				break;
			case 2:
			case 3:
				compact_some(&h);
				break;
			default:
				delete_some(&h);
				break;
			}
			if (rnd_below(&state, 40) == 0)
				break;
			n = present(&h, v, at, live);
			for (size_t i = 0; i < n; i++)
				if (live[i])
					found |= h.content[at[i]];
			if (found != h.committed)
				fail_msg("history %u: %08x of %08x left", c, found, h.committed);
		}
	}
}

/* Three examples with names: the equal, the larger, those that cross. */
static void equal_larger_and_crossing_sets(void **unused)
{
	struct item v[] = {
		{ .name = 0, .segments = 3 },
		{ .name = 1, .segments = 3 },
		{ .name = 2, .segments = 6 },
		{ .name = 3, .segments = 4 },
		{ .name = 4 },
	};
	bool live[5];

	(void)unused;
	pick(v, 5, live);
	assert_true(live[0]); /* equal to 1, and lower */
	assert_false(live[1]);
	assert_true(live[2]);  /* crosses 0 */
	assert_false(live[3]); /* inside 2 */
	assert_true(live[4]);  /* replaces nothing */
}

/* A rewriting, beside a merge that it does not know; and what is made of the rewriting. */
static void a_rewriting_stands(void **unused)
{
	struct item v[] = {
		{ .name = 0, .indexes = 0x300, .old_packs = 3, .packs = 0x30, .marks = 3 },
		{ .name = 1, .indexes = 0x700, .old_packs = 6, .packs = 0x41 },
		{ .name = 8, .packs = 1 },
		{ .name = 9, .packs = 2 },
		{ .name = 10, .packs = 4 },
		{ .name = 2, .indexes = 0x301, .old_packs = 0x33, .packs = 0x80, .marks = 3 },
		{ .name = 3, .indexes = 0x300, .old_packs = 3, .packs = 0x300, .marks = 5 },
	};
	bool live[7];

	(void)unused;
	pick(v, 5, live);
	assert_true(live[0]);
	assert_false(live[1]);
	assert_false(live[2]);
	assert_false(live[3]);
	assert_true(live[4]); /* it came since; the merge that took it is void */
	pick(v, 6, live);
	assert_true(live[5]);
	assert_false(live[1]);
	pick(v, 7, live); /* another rewriting: of both that with the lowest mark that one has */
	assert_true(live[5]);
	assert_false(live[6]);
}

/* Two rewritings raced, and what the lower one was made of is partly gone, so both count. What a
 * third, which goes after both, was made of is gone, and nobody else has it. */
static void the_only_one_that_has_it_is_not_void(void **unused)
{
	struct item files[] = {
		{ .name = 10, .indexes = 0x100, .old_packs = 1, .packs = 0x10, .marks = 1 },
		{ .name = 11, .indexes = 0x300, .old_packs = 3, .packs = 0x20, .marks = 2 },
		{ .name = 12, .indexes = 0x40, .old_packs = 6, .packs = 0x40 },
	};
	struct item units[] = {
		{ .name = 10, .old_packs = 1, .packs = 0x10, .marks = 1, .is_unit = true },
		{ .name = 11, .old_packs = 11, .packs = 0x20, .marks = 2, .is_unit = true },
		{ .name = 12, .old_packs = 6, .packs = 0x40, .is_unit = true },
	};
	bool live[3];

	(void)unused;
	units[1].gone = 8;
	units[2].gone = 6;
	pick(files, 3, live);
	assert_true(live[0] && live[1] && live[2]);
	pick(units, 3, live);
	assert_true(live[0] && live[1] && live[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rewriting_stands),
		cmocka_unit_test(the_only_one_that_has_it_is_not_void),
		cmocka_unit_test(equal_larger_and_crossing_sets),
		cmocka_unit_test(random_graphs_follow_the_rules),
		cmocka_unit_test(no_history_loses_an_entry),
	};

	state = env_number("SEED", 1);
	percent = (unsigned)env_number("PERCENT", 5);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
