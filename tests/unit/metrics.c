/* Counters, gauges, histograms and their text; and that threads may do as the header says. */
#include "unit.h"

#include <math.h>
#include <pthread.h>

#include "metrics/metrics.h"

static const char *const two_labels[] = { "tenant", "reason", NULL };
static const char *const one_label[] = { "tenant", NULL };
static const double bounds[] = { 0.005, 0.1, 1, 2.5 };

static const struct metrics_family pushes = { "x_pushes_total", "Pushes.", METRICS_COUNTER,
					      two_labels,	NULL,	   0 };
static const struct metrics_family depth = { .name = "x_depth",
					     .help = "A \\ and\na line.",
					     .type = METRICS_GAUGE };
static const struct metrics_family took = { "x_seconds", "Time.", METRICS_HISTOGRAM,
					    one_label,	 bounds,  4 };
static const struct metrics_family tenants = { "x_tenants_total", "Each.", METRICS_COUNTER,
					       one_label,	  NULL,	   0 };

static struct metrics_series *of_tenant(struct metrics *m, const struct metrics_family *f,
					const char *tenant)
{
	return metrics_get(m, f, (struct bytes[]){ bytes_str(tenant) });
}

static void assert_text(struct metrics *m, const char *text)
{
	struct buf b = { 0 };

	metrics_write(m, &b);
	assert_bytes(buf_bytes(&b), text);
	buf_release(&b);
}

static void families_are_seen_before_they_have_series(void **state)
{
	struct metrics *m = metrics_new();

	(void)state;
	assert_text(m, "");
	metrics_register(m, &took);
	metrics_register(m, &depth);
	metrics_register(m, &took);
	assert_text(m, "# HELP x_depth A \\\\ and\\na line.\n# TYPE x_depth gauge\nx_depth 0\n"
		       "# HELP x_seconds Time.\n# TYPE x_seconds histogram\n");
	metrics_free(m);
	metrics_free(NULL);
}

static void series_are_sorted_by_labels(void **state)
{
	struct metrics *m = metrics_new();
	struct bytes b[] = { BYTES_LIT("b"), BYTES_LIT("r") },
		     ab[] = { BYTES_LIT("ab"), BYTES_LIT("r") },
		     a2[] = { BYTES_LIT("a"), BYTES_LIT("s") },
		     a1[] = { BYTES_LIT("a"), BYTES_LIT("r") };

	(void)state;
	metrics_add(metrics_get(m, &pushes, b), 1);
	metrics_add(metrics_get(m, &pushes, ab), 2.5);
	metrics_add(metrics_get(m, &pushes, a2), 9007199254740991);
	metrics_add(metrics_get(m, &pushes, a1), 4);
	metrics_add(metrics_get(m, &pushes, a1), 5);
	assert_ptr_equal(metrics_get(m, &pushes, a1), metrics_get(m, &pushes, a1));
	assert_true(metrics_value(metrics_get(m, &pushes, a1)) == 9);
	assert_text(m, "# HELP x_pushes_total Pushes.\n# TYPE x_pushes_total counter\n"
		       "x_pushes_total{tenant=\"a\",reason=\"r\"} 9\n"
		       "x_pushes_total{tenant=\"a\",reason=\"s\"} 9007199254740991\n"
		       "x_pushes_total{tenant=\"ab\",reason=\"r\"} 2.5\n"
		       "x_pushes_total{tenant=\"b\",reason=\"r\"} 1\n");
	metrics_free(m);
}

static void values_are_escaped(void **state)
{
	struct metrics *m = metrics_new();
	char changes[] = "x";

	(void)state;
	metrics_set(of_tenant(m, &tenants, "a\"b\\c\nd\xff\xc3\xa9"), 7);
	metrics_set(metrics_get(m, &tenants, (struct bytes[]){ BYTES_LIT("n\0l") }), 1);
	metrics_set(of_tenant(m, &tenants, changes), 2);
	changes[0] = 'y';
	metrics_set(of_tenant(m, &tenants, ""), 3);
	assert_text(m, "# HELP x_tenants_total Each.\n# TYPE x_tenants_total counter\n"
		       "x_tenants_total{tenant=\"\"} 3\n"
		       "x_tenants_total{tenant=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa9\"} 7\n"
		       "x_tenants_total{tenant=\"n\xef\xbf\xbdl\"} 1\n"
		       "x_tenants_total{tenant=\"x\"} 2\n");
	metrics_free(m);
}

static void what_has_another_name_is_untyped(void **state)
{
	static const struct metrics_family f = { .name = "x_count",
						 .help = "X.",
						 .type = METRICS_UNTYPED };
	struct metrics *m = metrics_new();

	(void)state;
	metrics_add(metrics_get(m, &f, NULL), 3);
	metrics_set(metrics_get(m, &f, NULL), metrics_value(metrics_get(m, &f, NULL)) - 1);
	assert_text(m, "# HELP x_count X.\n# TYPE x_count untyped\nx_count 2\n");
	metrics_free(m);
}

static void gauges_take_any_number(void **state)
{
	struct metrics *m = metrics_new();
	struct metrics_series *s = metrics_get(m, &depth, NULL);

	(void)state;
	metrics_add(s, 3);
	metrics_add(s, -4.5);
	assert_true(metrics_value(s) == -1.5);
	metrics_set(s, NAN);
	assert_text(m, "# HELP x_depth A \\\\ and\\na line.\n# TYPE x_depth gauge\nx_depth NaN\n");
	metrics_set(s, -INFINITY);
	assert_text(m, "# HELP x_depth A \\\\ and\\na line.\n# TYPE x_depth gauge\nx_depth -Inf\n");
	metrics_free(m);
}

static void histograms_are_cumulative(void **state)
{
	struct metrics *m = metrics_new();
	struct metrics_series *s = of_tenant(m, &took, "a");
	static const double v[] = { 0.001953125, 0.00390625, 0.0078125, 1, 2.5, 3, INFINITY };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		metrics_observe(s, v[i]);
	metrics_observe_n(s, v[5], 2);
	assert_text(m, "# HELP x_seconds Time.\n# TYPE x_seconds histogram\n"
		       "x_seconds_bucket{tenant=\"a\",le=\"0.005\"} 2\n"
		       "x_seconds_bucket{tenant=\"a\",le=\"0.1\"} 3\n"
		       "x_seconds_bucket{tenant=\"a\",le=\"1\"} 4\n"
		       "x_seconds_bucket{tenant=\"a\",le=\"2.5\"} 5\n"
		       "x_seconds_bucket{tenant=\"a\",le=\"+Inf\"} 7\n"
		       "x_seconds_sum{tenant=\"a\"} 9.513671875\n"
		       "x_seconds_count{tenant=\"a\"} 7\n");
	metrics_observe(s, v[6]);
	metrics_free(m);
}

static void series_beyond_the_most_are_one(void **state)
{
	struct metrics *m = metrics_new();
	struct buf name = { 0 };

	(void)state;
	for (int i = 0; i < METRICS_SERIES_MAX + 100; i++) {
		buf_reset(&name);
		buf_addf(&name, "t%d", i);
		metrics_add(of_tenant(m, &tenants, buf_str(&name)), 1);
	}
	assert_true(metrics_value(of_tenant(m, &tenants, "t0")) == 1);
	assert_true(metrics_value(of_tenant(m, &tenants, METRICS_OTHER)) == 100);
	assert_true(metrics_value(of_tenant(m, &tenants, "more")) == 100);
	buf_release(&name);
	metrics_free(m);
}

static void collect_depth(struct metrics *m, void *data)
{
	int *calls = data;

	metrics_set(metrics_get(m, &depth, NULL), ++*calls);
}

static void collectors_run_before_the_text(void **state)
{
	struct metrics *m = metrics_new();
	int calls = 40, others = 0;

	(void)state;
	metrics_on_collect(m, collect_depth, &others);
	metrics_on_collect(m, collect_depth, &calls);
	metrics_on_collect(m, collect_depth, &calls);
	assert_text(m, "# HELP x_depth A \\\\ and\\na line.\n# TYPE x_depth gauge\nx_depth 42\n");
	metrics_off_collect(m, collect_depth, &calls);
	assert_text(m, "# HELP x_depth A \\\\ and\\na line.\n# TYPE x_depth gauge\nx_depth 2\n");
	assert_int_equal(calls, 42);
	metrics_off_collect(m, collect_depth, &calls);
	metrics_free(m);
}

enum { THREADS = 4, ROUNDS = 20000 };

struct thread_job {
	struct metrics *m;
	struct metrics_series *took;
	int number;
};

static void *change_all(void *data)
{
	struct thread_job *j = data;
	static const char *const tenant[] = { "a", "b", "c", "d" };
	struct buf b = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		metrics_observe(j->took, 0.5);
		metrics_add(of_tenant(j->m, &tenants, tenant[(i + j->number) % 4]), 1);
		if (i % 1000 == 0) {
			buf_reset(&b);
			metrics_write(j->m, &b);
		}
	}
	buf_release(&b);
	return NULL;
}

static void threads_lose_nothing(void **state)
{
	struct metrics *m = metrics_new();
	struct thread_job job[THREADS];
	pthread_t thread[THREADS];
	struct buf b = { 0 };
	int calls = 0;

	(void)state;
	metrics_on_collect(m, collect_depth, &calls);
	for (int i = 0; i < THREADS; i++) {
		job[i] = (struct thread_job){ .m = m,
					      .took = of_tenant(m, &took, "a"),
					      .number = i };
		assert_int_equal(pthread_create(&thread[i], NULL, change_all, &job[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(calls, THREADS * ROUNDS / 1000);
	assert_true(metrics_value(of_tenant(m, &tenants, "c")) == THREADS * ROUNDS / 4);
	metrics_write(m, &b);
	assert_non_null(strstr(buf_str(&b), "x_seconds_bucket{tenant=\"a\",le=\"0.1\"} 0\n"));
	assert_non_null(strstr(buf_str(&b), "x_seconds_bucket{tenant=\"a\",le=\"1\"} 80000\n"));
	assert_non_null(strstr(buf_str(&b), "x_seconds_sum{tenant=\"a\"} 40000\n"));
	assert_non_null(strstr(buf_str(&b), "x_seconds_count{tenant=\"a\"} 80000\n"));
	buf_release(&b);
	metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_seen_before_they_have_series),
		cmocka_unit_test(series_are_sorted_by_labels),
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(what_has_another_name_is_untyped),
		cmocka_unit_test(gauges_take_any_number),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(series_beyond_the_most_are_one),
		cmocka_unit_test(collectors_run_before_the_text),
		cmocka_unit_test(threads_lose_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
