/* Queries with a logql of the test's own: what one waits for, and what not. */
#include "server/queries.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/io.h"
#include "server/server_metrics.h"
#include "time/time.h"

#include "unit.h"

enum { DEADLINE_S = 20, LARGE = 3, LARGE_BYTES = 4 << 20, PLACES = 16 };

struct world {
	char *dir;
	struct children *children;
	struct metrics *metrics;
	struct limits_set *set;
	struct queries *q;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned held, ended; /* answers that are being changed and wait; queries */
	bool go;
};

static struct world w;

/* Answers with so many bytes as its only argument says. */
static void write_logql(void)
{
	static const char script[] = "#!/bin/sh\nexec head -c \"$1\" /dev/zero\n";
	struct buf path = { 0 };
	struct err e;

	buf_addf(&path, "%s/logql", w.dir);
	assert_int_equal(file_replace_bytes(buf_str(&path), bytes_str(script), &e), 0);
	assert_int_equal(chmod(path.p, 0755), 0);
	buf_release(&path);
}

static int open_world(void **state)
{
	struct queries_opts o;
	struct err e;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	w = (struct world){ .dir = new_folder(),
			    .metrics = metrics_new(),
			    .set = limits_set_new(),
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .changed = PTHREAD_COND_INITIALIZER };
	write_logql();
	server_metrics_register(w.metrics);
	assert_int_equal(children_open(w.dir, &w.children, &e), 0);
	o = (struct queries_opts){ .children = w.children,
				   .metrics = w.metrics,
				   .max_concurrent = PLACES,
				   .jobs = 1,
				   .short_bytes = UINT64_MAX };
	assert_int_equal(queries_open(&o, &w.q, &e), 0);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	children_close(w.children);
	queries_close(w.q);
	metrics_free(w.metrics);
	limits_set_drop(w.set);
	remove_folder(w.dir);
	return 0;
}

static void tell(unsigned *count)
{
	pthread_mutex_lock(&w.lock);
	++*count;
	pthread_cond_broadcast(&w.changed);
	pthread_mutex_unlock(&w.lock);
}

static bool reaches(const unsigned *count, unsigned n)
{
	struct timespec until;
	bool ret;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	pthread_mutex_lock(&w.lock);
	while (*count < n && pthread_cond_timedwait(&w.changed, &w.lock, &until) == 0)
		;
	ret = *count >= n;
	pthread_mutex_unlock(&w.lock);
	return ret;
}

static int at_once(struct bytes json, struct shape_out *out, struct err *e)
{
	(void)json;
	(void)e;
	buf_add_char(&out->text, 'x');
	return 0;
}

static int when_told(struct bytes json, struct shape_out *out, struct err *e)
{
	tell(&w.held);
	pthread_mutex_lock(&w.lock);
	while (!w.go)
		pthread_cond_wait(&w.changed, &w.lock);
	pthread_mutex_unlock(&w.lock);
	return at_once(json, out, e);
}

static void let_go(void)
{
	pthread_mutex_lock(&w.lock);
	w.go = true;
	pthread_cond_broadcast(&w.changed);
	pthread_mutex_unlock(&w.lock);
}

static void on_ended(struct query *query)
{
	(void)query;
	tell(&w.ended);
}

static void ask_as(const char *tenant, struct query *query, const char **argv,
		   query_shape_fn *shape)
{
	*query = (struct query){ .tenant = bytes_str(tenant),
				 .limits = limits_of(w.set, bytes_str(tenant)),
				 .class = QUERY_SHORT,
				 .argv = argv,
				 .shape = shape,
				 .ended = on_ended };
	queries_start(w.q, query);
}

static void ask(struct query *query, const char **argv, query_shape_fn *shape)
{
	ask_as("a", query, argv, shape);
}

static void a_small_answer_does_not_wait_behind_large_ones(void **state)
{
	char n[24];
	const char *large_argv[] = { "logql", n, NULL }, *small_argv[] = { "logql", "100", NULL };
	struct query large[LARGE], small;
	bool answered;

	(void)state;
	snprintf(n, sizeof(n), "%d", LARGE_BYTES);
	for (int i = 0; i < LARGE; i++)
		ask(&large[i], large_argv, when_told);
	assert_true(reaches(&w.held, 2));
	ask(&small, small_argv, at_once);
	answered = reaches(&w.ended, 1);
	let_go();
	assert_true(answered);
	assert_int_equal(small.end.status, 200);
	assert_true(reaches(&w.ended, LARGE + 1));
	for (int i = 0; i < LARGE; i++) {
		assert_int_equal(large[i].end.status, 200);
		query_release(&large[i]);
	}
	query_release(&small);
}

static bool have_ended(double n)
{
	const struct metrics_series *ok =
		metric_of2(w.metrics, METRIC_CHILD_ENDED, BYTES_LIT("logql"), BYTES_LIT("ok"));
	int64_t end_ns = time_mono_ns() + DEADLINE_S * NS_PER_S;

	while (metrics_value(ok) < n && time_mono_ns() < end_ns)
		poll(NULL, 0, 2);
	return metrics_value(ok) >= n;
}

static const char *argv_100[] = { "logql", "100", NULL };

/* Their answers are being encoded until let_go(). */
static void take_all_places(struct query *query)
{
	for (int i = 0; i < PLACES; i++)
		ask(&query[i], argv_100, when_told);
	assert_true(have_ended(PLACES));
}

static void all_are_answered(struct query *query, unsigned n)
{
	assert_true(reaches(&w.ended, n));
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(query[i].end.status, 200);
		query_release(&query[i]);
	}
}

static double waiting_of(const char *tenant)
{
	return metrics_value(metric_of1(w.metrics, METRIC_QUEUE_LENGTH, bytes_str(tenant)));
}

/* Else any number of answers would be in memory behind a few threads. */
static void an_answer_that_is_encoded_keeps_its_place(void **state)
{
	struct query query[PLACES + 1];
	double waiting;

	(void)state;
	take_all_places(query);
	ask(&query[PLACES], argv_100, at_once);
	waiting = waiting_of("a");
	let_go();
	all_are_answered(query, PLACES + 1);
	assert_int_equal(waiting, 1);
	assert_int_equal(waiting_of("a"), 0);
}

static void tenants_that_are_not_told_apart_wait_together(void **state)
{
	struct query query[PLACES + 3];
	double waiting;
	char name[16];

	(void)state;
	for (int i = 0; i < METRICS_SERIES_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		metric_of1(w.metrics, METRIC_QUEUE_LENGTH, bytes_str(name));
	}
	take_all_places(query);
	ask_as("b", &query[PLACES], argv_100, at_once);
	ask_as("b", &query[PLACES + 1], argv_100, at_once);
	ask_as("c", &query[PLACES + 2], argv_100, at_once);
	waiting = waiting_of(METRICS_OTHER);
	let_go();
	all_are_answered(query, PLACES + 3);
	assert_int_equal(waiting, 3);
	assert_int_equal(waiting_of(METRICS_OTHER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_small_answer_does_not_wait_behind_large_ones,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(an_answer_that_is_encoded_keeps_its_place,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(tenants_that_are_not_told_apart_wait_together,
						open_world, close_world),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
