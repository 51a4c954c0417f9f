/* Windows: random entries in random pieces, counted as queries count them, against a plain loop. */
#include "unit.h"

#include <math.h>

#include "base/mem.h"
#include "logql/parse.h"
#include "query/range.h"
#include "query/range_groups.h"
#include "query/samples_order.h"
#include "query/source.h"

enum { PIECES = 12, ENTRIES = 40, LINE = 3 };

/* A source of PIECES pieces in memory, each of ENTRIES lines of LINE bytes, ascending in time. */
struct fake {
	struct source source;
	int64_t ts[PIECES][ENTRIES];
	uint32_t off[ENTRIES + 1];
	char lines[PIECES][ENTRIES * (LINE + 1) + 1];
	unsigned loads, wanted; /* columns, of all loads */
};

static int load(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		struct run *ret, unsigned *ret_have, struct err *e)
{
	struct fake *f = (struct fake *)s;

	(void)m;
	(void)e;
	f->loads++;
	f->wanted |= want;
	*ret = (struct run){ .n = ENTRIES,
			     .ts_ns = want & WANT_TS ? f->ts[p->at] : NULL,
			     .line_off = want & WANT_LENS ? f->off : NULL,
			     .lines = want & WANT_LINES ? f->lines[p->at] : NULL,
			     .lines_len = want & WANT_LINES ? ENTRIES * (LINE + 1) : 0 };
	*ret_have = want;
	return 0;
}

static void stay(struct source *s)
{
	s->name = NULL;
}

static const struct source_ops ops = { .load = load, .close = stay };

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Pieces one behind the other, apart or not: every line is another one, so nothing folds. */
static void fill(struct fake *f, uint32_t *seed)
{
	int64_t t = 1000;
	unsigned line = 0;

	*f = (struct fake){ .source = { .ops = &ops } };
	for (int p = 0; p < PIECES; p++) {
		if (next(seed) % 4 == 0)
			t -= 5; /* overlaps with the one before */
		for (int i = 0; i < ENTRIES; i++) {
			t += next(seed) % 3;
			f->ts[p][i] = t;
			f->off[i + 1] = (uint32_t)((i + 1) * (LINE + 1));
			snprintf(f->lines[p] + i * (LINE + 1), LINE + 2, "%03u\n", line++);
		}
		t += next(seed) % 20;
	}
}

static int64_t naive(const struct fake *f, int64_t after, int64_t upto)
{
	int64_t n = 0;

	for (int p = 0; p < PIECES; p++)
		for (int i = 0; i < ENTRIES; i++)
			n += f->ts[p][i] > after && f->ts[p][i] <= upto;
	return n;
}

static void check(struct fake *f, const char *query, enum logql_range_op op, struct steps steps,
		  int64_t range, int64_t offset)
{
	const struct logql_opts any = { .flags = LOGQL_ANY_SELECTOR };
	const struct labels none = { 0 };
	const struct hash128 id = { { 0 } };
	struct logql_query q;
	struct plan plan = { 0 };
	struct pipeline pipeline;
	struct scan scan = { .plan = &plan, .pipeline = &pipeline, .jobs = 1 };
	struct range_memory memory = { .max_bytes = RANGE_BYTES_MAX };
	struct range_sink sink = {
		.steps = steps, .op = op, .range_ns = range, .offset_ns = offset, .memory = &memory
	};
	struct vec v;
	struct err e;

	assert_int_equal(logql_parse(bytes_str(query), &any, &q, NULL, &e), 0);
	assert_int_equal(pipeline_bind(&pipeline, q.root->log, NULL, &sink.group, &e), 0);
	range_bounds(&steps, range, offset, &plan.from, &plan.to);
	for (uint64_t p = 0; p < PIECES; p++)
		plan_add_piece(&plan, &(struct piece){ .source = &f->source,
						       .at = p,
						       .stream = plan_stream(&plan, &id,
									     BYTES_LIT("t"), &none),
						       .n = ENTRIES,
						       .line_bytes = ENTRIES * LINE,
						       .min_ts = f->ts[p][0],
						       .max_ts = f->ts[p][ENTRIES - 1],
						       .seq = p,
						       .sorted = true });
	plan_units(&plan, BACKWARD);
	range_sink_init(&sink, &scan);
	scan_init(&scan);
	assert_int_equal(scan_run(&scan, &e), 0);
	assert_int_equal(range_result(&sink, q.root->log, &v, &e), 0);
	for (size_t k = 0; k < steps.n; k++) {
		int64_t t = step_at(&steps, k) - offset, n = naive(f, t - range, t);

		assert_int_equal(v.n ? v.v[0].has[k] : 0, n > 0);
		if (n)
			assert_true(v.v[0].v[k] ==
				    (double)(op == LOGQL_BYTES_OVER_TIME ? n * LINE : n));
	}
	vec_release(&v);
	assert_true(memory.used_bytes > 0 || v.n == 0);
	range_sink_release(&sink);
	assert_true(memory.used_bytes < RANGE_BYTES_MAX / 1024); /* the answer's alone */
	scan_release(&scan);
	plan_release(&plan);
	pipeline_release(&pipeline);
	logql_query_release(&q);
}

/* Blocks of a pack lie in the order of their offsets, those of large packs too. */
static void pack_order(void **state)
{
	const struct hash128 a = { { 1, 2, 3 } }, b = { { 1, 2, 4 } };
	const uint64_t gib = UINT64_C(1) << 30, tib = 1024 * gib;
	const uint64_t off[] = { 0, 1, gib, 4 * gib - 1, 4 * gib, 4 * gib + 1, 9 * gib, tib - 1 };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(off) / sizeof(*off); i++)
		assert_true(source_pack_seq(&a, off[i]) < source_pack_seq(&a, off[i + 1]));
	assert_true(source_pack_seq(&a, UINT64_MAX) == source_pack_seq(&a, tib - 1));
	assert_true(source_pack_seq(&a, UINT64_MAX) < source_pack_seq(&b, 0));
}

static void random_windows(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct fake f;
		struct steps s;
		enum logql_range_op op = round & 1 ? LOGQL_BYTES_OVER_TIME : LOGQL_COUNT_OVER_TIME;
		int64_t range, offset;

		fill(&f, &seed);
		s.start_ns = 950 + next(&seed) % 900;
		s.step_ns = 1 + next(&seed) % 120;
		s.n = round % 5 ? 1 + next(&seed) % 40 : 1;
		range = next(&seed) % 400;
		offset = (int64_t)(next(&seed) % 200) - 100;
		check(&f, "{}", op, s, range, offset);
		/* The same with every line looked at. */
		check(&f, "{} |~ \"[0-9]\"", op, s, range, offset);
	}
}

static void whole_blocks_are_not_read(void **state)
{
	uint32_t seed = 1;
	struct fake f;

	(void)state;
	fill(&f, &seed);
	for (int p = 1; p < PIECES; p++)
		for (int i = 0; i < ENTRIES; i++)
			f.ts[p][i] = f.ts[p - 1][ENTRIES - 1] + 1 + i; /* apart */
	check(&f, "{}", LOGQL_COUNT_OVER_TIME, (struct steps){ 100000, 1, 1 }, 100000, 0);
	assert_int_equal(f.loads, 0);
	check(&f, "{}", LOGQL_COUNT_OVER_TIME, (struct steps){ f.ts[1][5], 1, 1 }, 100000, 0);
	assert_int_equal(f.loads, 2); /* twice the one that the window's end lies in */
}

static void bytes_of_lines_are_counted_by_their_lengths(void **state)
{
	uint32_t seed = 1;
	struct fake f;

	(void)state;
	fill(&f, &seed);
	for (int p = 1; p < PIECES; p++)
		for (int i = 0; i < ENTRIES; i++)
			f.ts[p][i] = f.ts[p - 1][ENTRIES - 1] + 1 + i; /* apart */
	f.wanted = 0;
	check(&f, "{}", LOGQL_BYTES_OVER_TIME, (struct steps){ f.ts[0][0], 7, 100 }, 20, 0);
	assert_int_equal(f.wanted & (WANT_TS | WANT_LENS), WANT_TS | WANT_LENS);
	assert_int_equal(f.wanted & WANT_LINES, 0);
}

/* Absent, empty, short, or long and different in the middle alone. */
static bool random_value(uint32_t *seed, char text[64], struct bytes *ret)
{
	uint32_t r = next(seed) % 2000;

	if (r < 100)
		return false;
	if (r < 200)
		*ret = (struct bytes){ NULL, 0 };
	else if (r < 900)
		*ret = bytes_of(text, (size_t)snprintf(text, 64, "%u", r));
	else
		*ret = bytes_of(text, (size_t)snprintf(text, 64, "/api/orders/%u/details", r));
	return true;
}

static void check_label(const struct labels *l, const char *name, bool has, struct bytes value)
{
	struct bytes found = labels_get(l, name);

	assert_int_equal(found.p != NULL, has);
	if (has)
		assert_true(bytes_eq(found, value));
}

/* More of them than are remembered by their values. */
static void groups_have_the_labels_of_their_entries(void **state)
{
	const struct bytes by[] = { BYTES_LIT("a"), BYTES_LIT("b") };
	const struct labels none = { 0 };
	struct grouping grouping = { .kind = GROUP_BY, .n = 2, .labels = by };
	struct range_memory memory = { .max_bytes = RANGE_BYTES_MAX };
	struct names names;
	struct block b = { .names = &names };
	struct range_groups g = { .by = &grouping, .n_cells = 2, .memory = &memory };
	struct label_numbers numbers = { 0 };
	uint32_t seed = 3, id[2];
	struct err e;

	(void)state;
	names_init(&names);
	for (int k = 0; k < 2; k++)
		id[k] = names_id(&names, by[k]);
	g.names = id;
	for (int i = 0; i < 60000; i++) {
		struct elabels el = { 0 };
		struct bytes value[2];
		char text[2][64];
		bool has[2], is_new;
		int64_t found;

		block_reset(&b, &none);
		b.run.n = 1;
		b.el = &el;
		for (int k = 0; k < 2; k++) {
			has[k] = random_value(&seed, text[k], &value[k]);
			if (has[k])
				block_set(&b, 0, LABEL_PARSED, id[k], value[k]);
		}
		found = range_groups_find(&g, &b, 0, &e);
		assert_in_range(found, 0, g.n - 1);
		assert_int_equal(label_number(&numbers, &g.v[found].labels, &is_new), found);
		for (int k = 0; k < 2; k++)
			check_label(&g.v[found].labels, k ? "b" : "a", has[k], value[k]);
	}
	assert_true(g.n > 2 * RANGE_GROUPS_RECENT && numbers.n == g.n);
	label_numbers_release(&numbers);
	range_groups_release(&g);
	assert_int_equal(memory.used_bytes, 0);
	b.el = NULL;
	block_release(&b);
	names_release(&names);
}

static void values(void **state)
{
	struct sample v[] = { { 30, 3 }, { 10, 1 }, { 20, 5 } };
	struct samples s = { v, 3, 3 };
	double out[4];
	unsigned char has[4];
	struct series series = { .v = out, .has = has };
	struct sample_func f = { .op = LOGQL_SUM_OVER_TIME, .range_ns = 10 };

	(void)state;
	samples_eval(&f, &s, 10, 10, 4, &series);
	assert_true(has[0] &&
		    out[0] == 1); /* an entry at the step counts, one at its window's begin not */
	assert_true(has[1] && out[1] == 5);
	assert_true(has[2] && out[2] == 3);
	assert_false(has[3]);
	f = (struct sample_func){ .op = LOGQL_QUANTILE_OVER_TIME, .param = 0.25, .range_ns = 30 };
	samples_eval(&f, &s, 30, 1, 1, &series);
	assert_true(out[0] == 2);
	f = (struct sample_func){ .op = LOGQL_RATE_COUNTER, .range_ns = 30 };
	samples_eval(&f, &s, 10, 1, 1, &series);
	assert_true(has[0] && out[0] == 0); /* one value has no increase */
}

static int by_time_then_value(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	int c = (x->ts > y->ts) - (x->ts < y->ts);

	return c ? c : (x->v > y->v) - (x->v < y->v);
}

/* Values number the samples as they come, so that their order tells whether it was kept. */
static void samples_are_sorted_and_those_of_one_time_stay(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 15, 16, 17, 33, 100, 1000, 5000 };
	uint64_t seed = 7;

	(void)state;
	for (size_t k = 0; k < 200; k++) {
		size_t n = lengths[k % 10], run = 1 + rnd_below(&seed, k % 2 ? 4 : 400);
		struct sample *v = mem_alloc((n + 1) * sizeof(*v));
		struct sample *expected = mem_alloc((n + 1) * sizeof(*v));
		int64_t ts = 0;

		for (size_t i = 0; i < n; i++) {
			ts = i % run == 0 ? (int64_t)rnd_below(&seed, 1000)
					  : ts + (int64_t)rnd_below(&seed, 3);
			v[i] = (struct sample){ ts, (double)i };
		}
		memcpy(expected, v, n * sizeof(*v));
		qsort(expected, n, sizeof(*v), by_time_then_value);
		samples_sort(v, n);
		for (size_t i = 0; i < n; i++)
			assert_true(v[i].ts == expected[i].ts && v[i].v == expected[i].v);
		free(v);
		free(expected);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	if (isnan(x) || isnan(y))
		return !!isnan(y) - !!isnan(x);
	return (x > y) - (x < y);
}

static void quantiles_are_those_of_sorted_values(void **state)
{
	static const double odd[] = { NAN, INFINITY, -INFINITY, 0, -0.0, 1, 1, -1 };
	static const double qs[] = { 0, 0.01, 0.25, 0.5, 0.9, 0.99, 1 };
	uint64_t seed = 9;
	double sorted[700];
	struct sample v[700];

	(void)state;
	assert_true(isinf(samples_quantile(1.5, &(struct sample){ 1, 1 }, 1)));
	for (size_t k = 0; k < 4000; k++) {
		size_t n = 1 + rnd_below(&seed, k % 3 ? 20 : 700), low, next;
		double q = qs[k % 7], rank = q * (double)(n - 1), found, expected;
		enum { FEW, ODD, ANY, RISING, FALLING } kind = (int)rnd_below(&seed, 5);

		for (size_t i = 0; i < n; i++) {
			v[i].v = kind == ODD   ? odd[rnd_below(&seed, 8)]
				 : kind == FEW ? (double)rnd_below(&seed, 3)
					       : (double)rnd_below(&seed, 100000) / 8;
			if (kind >= RISING)
				v[i].v = (double)(kind == RISING ? i : n - i);
			sorted[i] = v[i].v;
		}
		qsort(sorted, n, sizeof(*sorted), by_value);
		low = (size_t)rank;
		next = low + 1 < n ? low + 1 : n - 1;
		expected = sorted[low] * (1 - (rank - floor(rank))) +
			   sorted[next] * (rank - floor(rank));
		found = samples_quantile(q, v, n);
		if (isnan(expected) ? !isnan(found)
				    : found != expected || signbit(found) != signbit(expected))
			fail_msg("case %zu: %g of %zu: expected %g, found %g", k, q, n, expected,
				 found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pack_order),
		cmocka_unit_test(random_windows),
		cmocka_unit_test(whole_blocks_are_not_read),
		cmocka_unit_test(bytes_of_lines_are_counted_by_their_lengths),
		cmocka_unit_test(groups_have_the_labels_of_their_entries),
		cmocka_unit_test(values),
		cmocka_unit_test(samples_are_sorted_and_those_of_one_time_stay),
		cmocka_unit_test(quantiles_are_those_of_sorted_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
