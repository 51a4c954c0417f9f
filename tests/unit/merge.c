/* Merging runs of one stream, and what becomes one unit of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/merge.h"
#include "query/plan.h"

/* A run of one-letter lines. */
struct letters {
	int64_t ts[8];
	uint32_t off[9];
	char lines[17];
	struct run run;
};

static void make(struct letters *l, const int64_t *ts, const char *letters)
{
	size_t n = strlen(letters);

	l->off[0] = 0;
	for (size_t i = 0; i < n; i++) {
		l->ts[i] = ts[i];
		l->lines[2 * i] = letters[i];
		l->lines[2 * i + 1] = '\n';
		l->off[i + 1] = (uint32_t)(2 * i + 2);
	}
	l->run = (struct run){
		.n = n, .ts_ns = l->ts, .line_off = l->off, .lines = l->lines, .lines_len = 2 * n
	};
}

static void check(const struct letters *v, size_t n, enum merge_how how, const char *expected)
{
	struct run runs[4], ret;
	struct merge_mem mem = { 0 };
	struct err e;

	for (size_t i = 0; i < n; i++)
		runs[i] = v[i].run;
	assert_int_equal(merge_runs(runs, n, how, true, 0, 100, &mem, &ret, &e), 0);
	assert_int_equal(ret.n, strlen(expected));
	for (size_t i = 0; i < ret.n; i++) {
		assert_int_equal(run_line(&ret, i).p[0], expected[i]);
		assert_int_equal(run_line(&ret, i).n, 1);
		if (i)
			assert_true(ret.ts_ns[i - 1] <= ret.ts_ns[i]);
	}
	merge_mem_release(&mem);
}

static void by_time(void **state)
{
	struct letters v[2];

	(void)state;
	make(&v[0], (const int64_t[]){ 1, 5, 9 }, "aei");
	make(&v[1], (const int64_t[]){ 2, 5, 7 }, "bfg");
	check(v, 2, MERGE_FOLD, "abefgi");
}

static void equal_times_keep_order(void **state)
{
	struct letters v[2];

	(void)state;
	make(&v[0], (const int64_t[]){ 5, 5, 5 }, "zay");
	make(&v[1], (const int64_t[]){ 5, 5 }, "ba");
	check(v, 2, MERGE_FOLD, "zayb");
	check(v, 2, MERGE_KEEP_ALL, "zayba");
}

static void equal_lines_of_other_times_stay(void **state)
{
	struct letters v[1];

	(void)state;
	make(&v[0], (const int64_t[]){ 9, 1, 9, 1, 2 }, "aabaa");
	check(v, 1, MERGE_FOLD, "aaab");
}

static void times_outside_are_left_out(void **state)
{
	struct letters v[1];

	(void)state;
	make(&v[0], (const int64_t[]){ -1, 0, 99, 100 }, "abcd");
	check(v, 1, MERGE_FOLD, "bc");
}

/* More entries of one timestamp than are compared one by one. */
static void many_of_one_time(void **state)
{
	enum { N = 5000 };
	static int64_t ts[N];
	static uint32_t off[N + 1];
	static char lines[N * 5 + 1];
	struct run run = {
		.n = N, .ts_ns = ts, .line_off = off, .lines = lines, .lines_len = N * 5
	};
	struct run both[2], ret;
	struct merge_mem mem = { 0 };
	struct err e;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		ts[i] = 7;
		off[i + 1] = (i + 1) * 5;
		snprintf(lines + (size_t)i * 5, 6, "%04u\n", i);
	}
	both[0] = both[1] = run;
	assert_int_equal(merge_runs(both, 2, MERGE_FOLD, true, 0, 100, &mem, &ret, &e), 0);
	assert_int_equal(ret.n, N);
	for (size_t i = 0; i < N; i++)
		assert_memory_equal(run_line(&ret, i).p, lines + i * 5, 5);
	merge_mem_release(&mem);
}

static void metadata_of_the_first_stays(void **state)
{
	struct letters v[2];
	struct metatab tab = { 0 };
	struct label a = { BYTES_LIT("k"), BYTES_LIT("first") },
		     b = { BYTES_LIT("k"), BYTES_LIT("second") };
	uint32_t sets[2] = { metatab_add(&tab, &a, 1), metatab_add(&tab, &b, 1) };
	struct run runs[2], ret;
	struct merge_mem mem = { 0 };
	struct err e;

	(void)state;
	make(&v[0], (const int64_t[]){ 5 }, "a");
	make(&v[1], (const int64_t[]){ 5 }, "a");
	for (int i = 0; i < 2; i++) {
		runs[i] = v[i].run;
		runs[i].meta = metatab_view(&tab);
		runs[i].meta_set = &sets[i];
	}
	assert_int_equal(merge_runs(runs, 2, MERGE_FOLD, true, 0, 100, &mem, &ret, &e), 0);
	assert_int_equal(ret.n, 1);
	assert_true(bytes_is(meta_pair(&ret.meta, ret.meta_set[0], 0).value, "first"));
	merge_mem_release(&mem);
	metatab_release(&tab);
}

static void add(struct plan *p, uint32_t stream, int64_t min_ts, int64_t max_ts, bool sorted)
{
	plan_add_piece(p, &(struct piece){ .stream = stream,
					   .min_ts = min_ts,
					   .max_ts = max_ts,
					   .sorted = sorted });
}

static void units(void **state)
{
	struct plan p = { .from = 0, .to = 1000 };

	(void)state;
	add(&p, 0, 10, 20, true);
	add(&p, 0, 21, 30, true);     /* apart: a unit of its own */
	add(&p, 0, 30, 40, true);     /* shares a timestamp with the one before */
	add(&p, 1, 15, 35, true);     /* another stream */
	add(&p, 1, 50, 60, false);    /* alone, but not sorted */
	add(&p, 1, 1000, 1001, true); /* not asked for */
	plan_units(&p, BACKWARD);
	assert_int_equal(p.n_units, 4);
	assert_int_equal(p.unit[0].max_ts, 60);
	assert_true(p.unit[0].merge);
	assert_int_equal(p.unit[1].max_ts, 40);
	assert_int_equal(p.unit[1].n, 2);
	assert_true(p.unit[1].merge);
	assert_int_equal(p.unit[2].max_ts, 35);
	assert_false(p.unit[2].merge);
	assert_int_equal(p.unit[3].max_ts, 20);
	plan_units(&p, FORWARD);
	assert_int_equal(p.unit[0].min_ts, 10);
	assert_int_equal(p.unit[3].min_ts, 50);
	plan_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_time),
		cmocka_unit_test(equal_times_keep_order),
		cmocka_unit_test(equal_lines_of_other_times_stay),
		cmocka_unit_test(times_outside_are_left_out),
		cmocka_unit_test(many_of_one_time),
		cmocka_unit_test(metadata_of_the_first_stays),
		cmocka_unit_test(units),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
