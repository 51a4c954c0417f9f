/* Merging runs of one stream, and what becomes one unit of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
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

/* Adds the letters of a run, which ascend in time, to text. */
static size_t spell(const struct run *r, char *text, size_t n)
{
	for (size_t i = 0; i < r->n; i++) {
		assert_int_equal(run_line(r, i).n, 1);
		assert_true(i == 0 || r->ts_ns[i - 1] <= r->ts_ns[i]);
		text[n++] = run_line(r, i).p[0];
		assert_true(n < 64);
	}
	return n;
}

/* Merges all that lies in 0 .. 99 with so much memory; in *ret_takes: in how many parts. */
static void check_in(uint64_t bytes_max, const struct letters *v, size_t n, enum merge_how how,
		     const char *expected, size_t *ret_takes)
{
	struct merge m = { .bytes_max = bytes_max, .seen_max = MERGE_SEEN_MAX };
	struct run ret;
	struct err e;
	char text[65];
	size_t len = 0, takes = 0;
	int64_t lo = 0;

	do {
		merge_begin(&m, how, lo, 99);
		for (size_t i = 0; i < n; i++) {
			merge_add(&m, &v[i].run);
			if (!merge_is_full(&m))
				continue;
			assert_int_equal(merge_take(&m, &ret, &e), 0);
			len = spell(&ret, text, len);
			takes++;
			assert_int_equal(merge_go_on(&m, &e), 0);
		}
		assert_int_equal(merge_take(&m, &ret, &e), 0);
		len = spell(&ret, text, len);
		takes++;
		lo = m.hi + 1;
	} while (m.hi < 99);
	text[len] = '\0';
	assert_string_equal(text, expected);
	merge_release(&m);
	*ret_takes = takes;
}

/* The same with much memory, with little, and with too little for anything. */
static void check(const struct letters *v, size_t n, enum merge_how how, const char *expected)
{
	size_t takes;

	check_in(MERGE_BYTES_MAX, v, n, how, expected, &takes);
	assert_int_equal(takes, 1);
	check_in(100, v, n, how, expected, &takes);
	check_in(1, v, n, how, expected, &takes);
	assert_true(takes > 1);
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
	struct merge m = { .bytes_max = MERGE_BYTES_MAX };
	struct run ret;
	struct err e;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		ts[i] = 7;
		off[i + 1] = (i + 1) * 5;
		snprintf(lines + (size_t)i * 5, 6, "%04u\n", i);
	}
	merge_begin(&m, MERGE_FOLD, 0, 99);
	merge_add(&m, &run);
	merge_add(&m, &run);
	assert_int_equal(merge_take(&m, &ret, &e), 0);
	assert_int_equal(ret.n, N);
	for (size_t i = 0; i < N; i++)
		assert_memory_equal(run_line(&ret, i).p, lines + i * 5, 5);
	merge_release(&m);
}

static void metadata_of_the_first_stays(void **state)
{
	struct letters v[2];
	struct metatab tab = { 0 };
	struct label a = { BYTES_LIT("k"), BYTES_LIT("first") },
		     b = { BYTES_LIT("k"), BYTES_LIT("second") };
	uint32_t sets[2] = { metatab_add(&tab, &a, 1), metatab_add(&tab, &b, 1) };
	struct merge m = { .bytes_max = MERGE_BYTES_MAX };
	struct run ret;
	struct err e;

	(void)state;
	make(&v[0], (const int64_t[]){ 5 }, "a");
	make(&v[1], (const int64_t[]){ 5 }, "a");
	merge_begin(&m, MERGE_FOLD, 0, 99);
	for (int i = 0; i < 2; i++) {
		v[i].run.meta = metatab_view(&tab);
		v[i].run.meta_set = &sets[i];
		merge_add(&m, &v[i].run);
	}
	assert_int_equal(merge_take(&m, &ret, &e), 0);
	assert_int_equal(ret.n, 1);
	assert_true(bytes_is(meta_pair(&ret.meta, ret.meta_set[0], 0).value, "first"));
	merge_release(&m);
	metatab_release(&tab);
}

/* What a merge holds stays below its bound, however much is added. */
static void memory_is_bounded(void **state)
{
	enum { N = 1000 };
	static int64_t ts[N];
	static uint32_t off[N + 1];
	static char lines[2 * N];
	struct run run = { .n = N, .ts_ns = ts, .line_off = off, .lines = lines };
	struct merge m = { .bytes_max = 64 << 10 };
	struct run ret;
	struct err e;

	(void)state;
	merge_begin(&m, MERGE_FOLD, INT64_MIN, INT64_MAX);
	for (int64_t k = 0; k < 1000; k++) {
		for (uint32_t i = 0; i < N; i++) {
			ts[i] = k * 7919 % 1000 * N + i;
			lines[2 * i] = 'x';
			lines[2 * i + 1] = '\n';
			off[i + 1] = 2 * i + 2;
		}
		merge_add(&m, &run);
		assert_true(m.n * sizeof(*m.ref) <= m.bytes_max);
	}
	assert_int_equal(merge_take(&m, &ret, &e), 0);
	assert_true(ret.n > 500);
	for (size_t i = 0; i < ret.n; i++)
		assert_int_equal(ret.ts_ns[i], i); /* the oldest ones, all of them */
	assert_int_equal(m.hi + 1, ret.n);
	merge_release(&m);
}

/* Of one timestamp what was given out is remembered, but not without bound. */
static void entries_of_one_timestamp_are_bounded(void **state)
{
	enum { N = 100 };
	int64_t ts[N] = { 0 };
	uint32_t off[N + 1] = { 0 };
	char lines[2 * N];
	struct run run = { .n = N, .ts_ns = ts, .line_off = off, .lines = lines };
	struct merge m = { .bytes_max = 1, .seen_max = 2 * N };
	struct run ret;
	struct err e;

	(void)state;
	merge_begin(&m, MERGE_FOLD, 0, 0);
	for (int k = 0; k < 3; k++) {
		for (uint32_t i = 0; i < N; i++) {
			lines[2 * i] = (char)(k * N + (int)i);
			lines[2 * i + 1] = '\n';
			off[i + 1] = 2 * i + 2;
		}
		merge_add(&m, &run);
		assert_true(merge_is_full(&m));
		assert_int_equal(merge_take(&m, &ret, &e), 0);
		assert_int_equal(k < 2 ? N : 56, ret.n); /* of 256 different ones */
		assert_int_equal(k < 2 ? 0 : -1, merge_go_on(&m, &e));
	}
	assert_int_equal(e.code, ERR_LIMIT);
	merge_begin(&m, MERGE_FOLD, 1, 1);
	assert_int_equal(0, merge_go_on(&m, &e));
	merge_release(&m);
}

/* A piece of a stream of which nothing is hidden. */
static void add_piece(struct plan *p, const struct piece *x)
{
	while (p->n_streams <= x->stream) {
		mem_grow(&p->stream, &p->cap_streams, p->n_streams + 1, sizeof(*p->stream));
		p->stream[p->n_streams++] =
			(struct plan_stream){ .hide = { .from_ns = INT64_MIN } };
	}
	plan_add_piece(p, x);
}

static void add(struct plan *p, uint32_t stream, int64_t min_ts, int64_t max_ts, bool sorted)
{
	add_piece(p, &(struct piece){ .stream = stream,
				      .at = p->n_pieces, /* none is of another one's chunk */
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

/* Stream by stream, each from its begin; what lies in logs behind that, newest first. */
static void units_as_they_lie(void **state)
{
	static const struct {
		uint32_t stream;
		int64_t min_ts;
		bool is_log;
	} lie[] = { { 0, 10, false }, { 0, 50, false }, { 0, 90, false }, { 1, 20, false },
		    { 1, 70, false }, { 0, 100, true }, { 2, 95, true },  { 1, 30, true } };
	enum { N = sizeof(lie) / sizeof(lie[0]) };
	struct source store = { 0 }, log = { .is_log = true };
	struct plan p = { .from = 0, .to = 1000 };

	(void)state;
	for (size_t i = 0; i < N; i++)
		add_piece(&p, &(struct piece){ .source = lie[i].is_log ? &log : &store,
					       .stream = lie[i].stream,
					       .sorted = true,
					       .at = i,
					       .min_ts = lie[i].min_ts,
					       .max_ts = lie[i].min_ts + 5 });
	plan_units(&p, AS_THEY_LIE);
	assert_int_equal(p.n_units, N);
	for (size_t i = 0; i < N; i++) {
		const struct piece *x = plan_piece(&p, &p.unit[i], 0);

		assert_int_equal(x->stream, lie[i].stream);
		assert_int_equal(x->min_ts, lie[i].min_ts);
	}
	plan_release(&p);
}

/* Sets of pieces come one after the other; within one it is as without. */
static void units_of_sets(void **state)
{
	static const uint32_t set[] = { 3, 1, 2, 0, 1, 3, 0, 2 };
	static const int64_t want[] = {
		3, 6, 1, 4, 2, 7, 0, 5
	}; /* of set: by it, then as they lie */
	enum { N = sizeof(set) / sizeof(set[0]) };
	struct source store = { 0 };
	struct plan p = { .from = 0, .to = 1000 };

	(void)state;
	assert_int_equal(plan_together(&p, 3), 1);
	for (size_t i = 0; i < N; i++)
		add_piece(&p, &(struct piece){ .source = &store,
					       .sorted = true,
					       .together = set[i],
					       .at = i,
					       .min_ts = 10 * (int64_t)i,
					       .max_ts = 10 * (int64_t)i + 5 });
	plan_units(&p, AS_THEY_LIE);
	assert_int_equal(p.n_units, N);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(p.unit[i].min_ts, 10 * want[i]);
	plan_release(&p);
}

/* Blocks of one chunk have no entry in common; with a piece of another one they may. */
static void blocks_of_a_chunk(void **state)
{
	struct plan p = { .from = 0, .to = 1000 };
	struct piece x = { .sorted = true, .at = 1 };

	(void)state;
	for (int64_t i = 0; i < 5; i++) {
		x.part = x.seq = (uint64_t)i;
		x.min_ts = 10 * i;
		x.max_ts = 10 * i + 10;
		add_piece(&p, &x);
	}
	plan_units(&p, BACKWARD);
	assert_int_equal(p.n_units, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_false(p.unit[i].merge);
		assert_int_equal(plan_piece(&p, &p.unit[i], 0)->part, 4 - i);
	}
	x = (struct piece){ .sorted = true, .at = 2, .min_ts = 20, .max_ts = 22 };
	add_piece(&p, &x);
	plan_units(&p, FORWARD);
	assert_int_equal(p.n_units, 4); /* blocks 1 and 2 have it between them */
	assert_int_equal(p.unit[0].max_ts, 10);
	assert_int_equal(p.unit[1].n, 3);
	assert_int_equal(p.unit[1].min_ts, 10);
	assert_int_equal(p.unit[1].max_ts, 30);
	assert_true(p.unit[1].merge);
	assert_int_equal(p.unit[2].min_ts, 30);
	assert_false(p.unit[2].merge);
	plan_release(&p);
}

/* A chunk that is ended by many blocks of one timestamp: backward the last of them first. */
static void blocks_of_one_time(void **state)
{
	struct plan p = { .from = 0, .to = 1000 };

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		add_piece(&p, &(struct piece){ .sorted = true,
					       .part = i,
					       .seq = i,
					       .min_ts = i == 0 ? 5 : 10,
					       .max_ts = i == 3 ? 15 : 10 });
	plan_units(&p, BACKWARD);
	assert_int_equal(p.n_units, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(plan_piece(&p, &p.unit[i], 0)->part, 3 - i);
	plan_units(&p, FORWARD);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(plan_piece(&p, &p.unit[i], 0)->part, i);
	plan_release(&p);
}

/* Windows are disjoint, whole, and have each piece that lies in them, by order and seq. */
static void check_windows(struct plan *p, int64_t first, int64_t last)
{
	int64_t at = first;

	plan_units(p, FORWARD);
	for (size_t i = 0; i < p->n_units; i++) {
		const struct unit *u = &p->unit[i];
		uint32_t n = 0;

		assert_int_equal(u->min_ts, at);
		assert_true(u->max_ts >= u->min_ts);
		at = u->max_ts + 1;
		for (size_t k = 0; k < p->n_pieces; k++)
			n += p->piece[k].min_ts <= u->max_ts && p->piece[k].max_ts >= u->min_ts;
		assert_int_equal(u->n, n);
		for (uint32_t k = 1; k < n; k++) {
			const struct piece *a = plan_piece(p, u, k - 1), *b = plan_piece(p, u, k);

			assert_true(a->order < b->order ||
				    (a->order == b->order && a->seq < b->seq));
		}
	}
	assert_int_equal(at, last + 1);
}

/* 200 MiB of pieces that share one timestamp each with the next. */
static void long_chains_are_cut(void **state)
{
	struct plan p = { .from = 0, .to = INT64_MAX };

	(void)state;
	for (int64_t i = 0; i < 200; i++)
		add_piece(&p, &(struct piece){ .min_ts = 10 * i,
					       .max_ts = 10 * i + 10,
					       .seq = (uint64_t)i,
					       .about_bytes = 1 << 20 });
	check_windows(&p, 0, 2000);
	assert_true(p.n_units >= 40);
	assert_true(p.n_refs < 260); /* few are read twice */
	plan_release(&p);
}

/* The same day twice, cut elsewhere; and once more in pieces that all reach over the whole day. */
static void packs_of_one_day_are_cut(void **state)
{
	struct plan p = { .from = 0, .to = INT64_MAX };

	(void)state;
	for (int64_t i = 0; i < 200; i++) {
		add_piece(&p, &(struct piece){ .min_ts = 10 * i,
					       .max_ts = 10 * i + 9,
					       .order = 2,
					       .seq = (uint64_t)i,
					       .about_bytes = 1 << 20 });
		add_piece(&p, &(struct piece){ .min_ts = 10 * i + 5,
					       .max_ts = 10 * i + 14,
					       .order = 1,
					       .seq = (uint64_t)i,
					       .about_bytes = 1 << 20 });
	}
	check_windows(&p, 0, 2004);
	assert_true(p.n_units >= 60);
	assert_true(p.n_refs < 600);
	for (int64_t i = 0; i < 100; i++)
		add_piece(&p, &(struct piece){ .min_ts = i % 3,
					       .max_ts = 2000 + i % 5,
					       .order = 3,
					       .seq = (uint64_t)i,
					       .about_bytes = 1 << 20 });
	check_windows(&p, 0, 2004);
	assert_true(p.n_units > 10);
	plan_release(&p);
}

static void extreme_times(void **state)
{
	struct plan p = { .from = INT64_MIN, .to = INT64_MAX };

	(void)state;
	for (uint64_t i = 0; i < 64; i++)
		add_piece(&p, &(struct piece){ .min_ts = INT64_MIN,
					       .max_ts = INT64_MAX - 1,
					       .seq = i,
					       .about_bytes = 1 << 20 });
	check_windows(&p, INT64_MIN, INT64_MAX - 1);
	assert_true(p.n_units > 1);
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
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(entries_of_one_timestamp_are_bounded),
		cmocka_unit_test(units),
		cmocka_unit_test(units_as_they_lie),
		cmocka_unit_test(units_of_sets),
		cmocka_unit_test(blocks_of_a_chunk),
		cmocka_unit_test(blocks_of_one_time),
		cmocka_unit_test(long_chains_are_cut),
		cmocka_unit_test(packs_of_one_day_are_cut),
		cmocka_unit_test(extreme_times),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
