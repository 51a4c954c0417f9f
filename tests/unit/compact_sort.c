/* Sorting entries: by stream, time, arrival; equal entries once. Against a plain sort, whatever the
 * order. */
#include "unit.h"

#include "compact/sort.h"

static uint64_t seed;

static const struct entries *sorting;

static int plain(const void *x, const void *y)
{
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	const struct entry_ref *a = &sorting->v[i], *b = &sorting->v[k];

	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns ? -1 : 1;
	return i < k ? -1 : i > k;
}

static bool same(const struct entries *es, uint32_t i, uint32_t k)
{
	return es->v[i].stream == es->v[k].stream &&
	       entry_same(es->v[i].ts_ns, entries_line(es, i), es->v[k].ts_ns, entries_line(es, k));
}

/* The order that is expected; returns how many. */
static size_t plain_sort(const struct entries *es, uint32_t *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < es->n; i++)
		o[i] = (uint32_t)i;
	sorting = es;
	qsort(o, es->n, sizeof(*o), plain);
	for (size_t i = 0; i < es->n; i++) {
		size_t k = kept;
		bool twice = false;

		while (k > 0 && !twice && es->v[o[k - 1]].ts_ns == es->v[o[i]].ts_ns &&
		       es->v[o[k - 1]].stream == es->v[o[i]].stream)
			twice = same(es, o[--k], o[i]);
		if (!twice)
			o[kept++] = o[i];
	}
	return kept;
}

static void check(const struct entries *es, uint32_t n_streams, unsigned jobs)
{
	uint32_t *expected = malloc((es->n + 1) * sizeof(*expected));
	size_t n = plain_sort(es, expected), at = 0;
	struct sorted s;
	struct err e;

	assert_int_equal(entries_sort(es, n_streams, jobs, &s, &e), 0);
	assert_int_equal(s.n_duplicates, es->n - n);
	for (size_t i = 0; i < s.n_spans; i++) {
		assert_true(i == 0 || s.span[i - 1].stream < s.span[i].stream);
		for (size_t k = 0; k < s.span[i].n; k++, at++) {
			assert_true(at < n);
			assert_int_equal(s.order[s.span[i].first + k], expected[at]);
			assert_int_equal(es->v[expected[at]].stream, s.span[i].stream);
		}
	}
	assert_int_equal(at, n);
	sorted_release(&s);
	free(expected);
}

/* How times come: step forward, jitter around it, equal times. */
static void add(struct entries *es, uint32_t n_streams, size_t n, uint64_t jitter, uint64_t coarse)
{
	for (size_t i = 0; i < n; i++) {
		int64_t ts = (int64_t)(i * 1000 + rnd_below(&seed, jitter + 1));
		char line = (char)('a' + rnd_below(&seed, 20));

		entries_add(es, (uint32_t)rnd_below(&seed, n_streams), ts - ts % (int64_t)coarse,
			    bytes_of(&line, rnd_below(&seed, 2)), 0);
	}
}

static void any_order(void **state)
{
	static const uint32_t streams[] = { 1, 2, 7, 300 };
	static const size_t sizes[] = { 0, 1, 2, 31, 32, 33, 64, 65, 1000, 4097, 20000 };
	static const uint64_t jitter[] = { 0, 1500, 50000, 100000000 };
	static const uint64_t coarse[] = { 1, 5000, 200000 };

	(void)state;
	seed = 42;
	for (size_t a = 0; a < 4; a++)
		for (size_t b = 0; b < 11; b++)
			for (size_t c = 0; c < 4; c++)
				for (size_t d = 0; d < 3; d++) {
					struct entries es = { 0 };

					add(&es, streams[a], sizes[b], jitter[c], coarse[d]);
					check(&es, streams[a], 1 + (unsigned)rnd_below(&seed, 4));
					entries_release(&es);
				}
}

static void backwards(void **state)
{
	struct entries es = { 0 };

	(void)state;
	for (int64_t i = 0; i < 10000; i++)
		entries_add(&es, 3, -i, BYTES_LIT("x"), 0);
	check(&es, 5, 2);
	entries_release(&es);
}

static void extremes(void **state)
{
	struct entries es = { 0 };

	(void)state;
	entries_add(&es, 0, INT64_MAX, BYTES_LIT("x"), 0);
	entries_add(&es, 0, INT64_MIN, BYTES_LIT("x"), 0);
	entries_add(&es, 0, 0, BYTES_LIT(""), 0);
	entries_add(&es, 0, INT64_MAX, BYTES_LIT("x"), 0);
	check(&es, 1, 1);
	entries_release(&es);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),
		cmocka_unit_test(backwards),
		cmocka_unit_test(extremes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
