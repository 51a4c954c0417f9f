/* Which packs are merged with which: that it ends, that nothing full is touched, that order stays,
 * and how often a byte is written. */
#include "unit.h"

#include "base/mem.h"
#include "compact/choose.h"

enum { KIB = 1 << 10, MIB = 1 << 20 };

struct packs {
	struct choose_pack *v;
	size_t n, cap;
	uint64_t written;
};

static void add(struct packs *p, int64_t key, uint64_t size)
{
	mem_grow(&p->v, &p->cap, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = (struct choose_pack){ .order_key = key, .size = size };
}

static const struct choose_how by_tier = { .pack_bytes = 256 * MIB, .fan_in = 8 };
static const struct choose_how all = { .pack_bytes = 256 * MIB, .fan_in = 8, .day_over = true };

/* The run becomes packs of pack_bytes and a rest, as a merge would make it. */
static void merge_run(struct packs *p, const struct choose_run *r, uint64_t pack_bytes)
{
	struct packs next = { .written = p->written };
	uint64_t total = 0;

	for (size_t i = 0; i < r->first; i++) {
		add(&next, p->v[i].order_key, p->v[i].size);
		next.v[next.n - 1].stays = p->v[i].stays;
	}
	for (size_t i = 0; i < r->n; i++)
		total += p->v[r->first + i].size;
	next.written += total;
	for (; total > pack_bytes; total -= pack_bytes)
		add(&next, r->order_key, pack_bytes);
	add(&next, r->order_key, total);
	for (size_t i = r->first + r->n; i < p->n; i++) {
		add(&next, p->v[i].order_key, p->v[i].size);
		next.v[next.n - 1].stays = p->v[i].stays;
	}
	free(p->v);
	*p = next;
}

static void check_run(const struct packs *p, const struct choose_how *how,
		      const struct choose_run *r)
{
	assert_true(r->n >= 2);
	assert_true(r->first + r->n <= p->n);
	for (size_t i = 0; i < r->n; i++) {
		assert_false(p->v[r->first + i].stays);
		assert_true(p->v[r->first + i].size < how->pack_bytes / 2);
	}
	if (r->first > 0)
		assert_true(p->v[r->first - 1].order_key < r->order_key);
	if (r->first + r->n < p->n)
		assert_true(r->order_key < p->v[r->first + r->n].order_key);
}

static size_t compact(struct packs *p, const struct choose_how *how)
{
	struct choose_run r;
	size_t runs = 0;

	while (choose_run(p->v, p->n, how, &r)) {
		check_run(p, how, &r);
		merge_run(p, &r, how->pack_bytes);
		assert_true(++runs < 10000);
	}
	return runs;
}

static void few_are_left_alone(void **state)
{
	struct packs p = { 0 };
	struct choose_run r;

	(void)state;
	assert_false(choose_run(NULL, 0, &all, &r));
	for (int i = 0; i < 7; i++)
		add(&p, i, 100 * KIB);
	assert_false(choose_run(p.v, p.n, &by_tier, &r));
	add(&p, 7, 90 * KIB);
	assert_true(choose_run(p.v, p.n, &by_tier, &r));
	assert_int_equal(r.first, 0);
	assert_int_equal(r.n, 8);
	assert_int_equal(r.order_key, 7);
	p.n = 1;
	assert_false(choose_run(p.v, p.n, &all, &r));
	free(p.v);
}

static void full_ones_and_those_that_stay_part_runs(void **state)
{
	struct packs p = { 0 };
	struct choose_run r;

	(void)state;
	add(&p, 0, MIB);
	add(&p, 1, 128 * MIB);
	add(&p, 2, MIB);
	add(&p, 3, MIB);
	p.v[3].stays = true;
	add(&p, 4, MIB);
	assert_false(choose_run(p.v, p.n, &all, &r));
	add(&p, 5, 127 * MIB);
	assert_true(choose_run(p.v, p.n, &all, &r));
	assert_int_equal(r.first, 4);
	assert_int_equal(r.n, 2);
	free(p.v);
}

/* Of which most is dead: alone if need be, though it is full, but only where its key lets it. */
static void wasteful_ones_are_written_anew(void **state)
{
	struct packs p = { 0 };
	struct choose_run r;

	(void)state;
	for (int i = 0; i < 6; i++)
		add(&p, i, 200 * MIB);
	p.v[2].wasteful = p.v[3].wasteful = p.v[5].wasteful = true;
	assert_true(choose_run(p.v, p.n, &by_tier, &r));
	assert_int_equal(r.first, 2);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.order_key, 3);
	p.v[2].wasteful = p.v[3].wasteful = false;
	assert_true(choose_run(p.v, p.n, &all, &r));
	assert_int_equal(r.first, 5);
	assert_int_equal(r.n, 1);
	p.v[5].stays = true;
	assert_false(choose_run(p.v, p.n, &all, &r));
	p.v[2].wasteful = true;
	for (int i = 0; i < 6; i++)
		p.v[i].order_key = 0; /* between equal keys is none */
	assert_false(choose_run(p.v, p.n, &all, &r));
	free(p.v);
}

/* Packs of JSON lines have key 0 all: they come by their names, and so must what becomes of them.
 */
static void equal_keys(void **state)
{
	struct choose_how two = {
		.pack_bytes = 256 * MIB, .fan_in = 8, .most = 2, .day_over = true
	};
	struct packs p = { 0 };
	struct choose_run r;

	(void)state;
	for (int i = 0; i < 5; i++)
		add(&p, 0, MIB);
	assert_true(choose_run(p.v, p.n, &two, &r));
	assert_int_equal(r.n, 2);
	check_run(&p, &two, &r);
	assert_true(r.order_key < 0);
	compact(&p, &two);
	assert_int_equal(p.n, 1);
	p.n = 0;
	/* behind a full one of the same key */
	add(&p, 0, 200 * MIB);
	add(&p, 0, MIB);
	add(&p, 0, MIB);
	add(&p, 10, 200 * MIB);
	assert_true(choose_run(p.v, p.n, &all, &r));
	assert_int_equal(r.order_key, 9);
	/* between two of them there is no place */
	p.v[3].order_key = 0;
	assert_false(choose_run(p.v, p.n, &all, &r));
	p.v[0].order_key = p.v[1].order_key = p.v[2].order_key = p.v[3].order_key = INT64_MAX;
	assert_false(choose_run(p.v, p.n, &all, &r));
	p.v[0].order_key = INT64_MIN;
	p.v[1].order_key = p.v[2].order_key = INT64_MIN;
	assert_true(choose_run(p.v, p.n, &all, &r));
	check_run(&p, &all, &r);
	free(p.v);
}

/* A flush a minute of a size, compacted each time, with chunkpack's defaults. */
static void a_day(uint64_t flush, double most_written, size_t most_packs)
{
	static const struct choose_how tiers = { .pack_bytes = 256 * MIB, .fan_in = 12 };
	struct packs p = { 0 };
	uint64_t seed = 1, total = 0;
	size_t largest = 0;

	for (int i = 0; i < 1440; i++) {
		uint64_t size = flush / 2 + rnd_below(&seed, flush);

		add(&p, i * INT64_C(60000000000), size);
		total += size;
		compact(&p, &tiers);
		largest = p.n > largest ? p.n : largest;
	}
	compact(&p, &all);
	printf("# flushes of %llu KiB: written %.2f times, %zu packs in the day at most, %zu after "
	       "it\n",
	       (unsigned long long)(flush / KIB), (double)p.written / (double)total, largest, p.n);
	assert_true((double)p.written < most_written * (double)total);
	assert_true(largest <= most_packs);
	assert_true(p.n <= total / (128 * MIB) + 1);
	free(p.v);
}

static void how_often_a_byte_is_written(void **state)
{
	(void)state;
	a_day(10 * KIB, 4, 30);
	a_day(100 * KIB, 4, 30);
	a_day(MIB, 3, 30);
	a_day(10 * MIB, 2, 120);
}

static void random_ones(void **state)
{
	uint64_t seed = env_number("SEED", 1);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct choose_how how = { .pack_bytes = 1 + rnd_below(&seed, 5000),
					  .fan_in = 2 + rnd_below(&seed, 9),
					  .day_over = rnd_below(&seed, 2) };
		size_t n = rnd_below(&seed, 40), keys = 1 + rnd_below(&seed, 60);
		struct packs p = { 0 };
		int64_t key = 0;

		for (size_t k = 0; k < n; k++) {
			key += rnd_below(&seed, 60) < keys ? 1 : 0;
			add(&p, key, 1 + rnd_below(&seed, 1 + rnd_below(&seed, 4000)));
			p.v[k].stays = rnd_below(&seed, 20) == 0;
		}
		compact(&p, &how);
		free(p.v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_left_alone),
		cmocka_unit_test(full_ones_and_those_that_stay_part_runs),
		cmocka_unit_test(wasteful_ones_are_written_anew),
		cmocka_unit_test(equal_keys),
		cmocka_unit_test(how_often_a_byte_is_written),
		cmocka_unit_test(random_ones),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
