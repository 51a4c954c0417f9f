/* server/intake: what one push may hold, however few its bytes are. */
#include "intake_world.h"

#include <sys/resource.h>

#include "base/sanitized.h"
#include "server/intake_detail.h"

/* Gives the sink what a body would say in a few bytes each. */
struct made {
	struct push_labels labels;
	bool distinct;		     /* each stream has another label too */
	size_t n_streams, n_entries; /* of each stream, entries */
	struct bytes line;
	int64_t ts_ns;
	struct pushed pushed;
};

static int make(const struct push_sink *sink, struct arena *a, void *data, struct err *e)
{
	struct made *m = (struct made *)((char *)data - offsetof(struct made, pushed));

	(void)a;
	for (size_t i = 0; i < m->n_streams; i++) {
		char text[1024];
		struct push_labels l = m->labels;

		if (m->distinct)
			l.spelling = bytes_of(
				text, (size_t)snprintf(text, sizeof(text), "{n=\"%0900zu\"}", i));
		if (sink->stream(sink->data, &l, e) < 0)
			return -1;
		for (size_t k = 0; k < m->n_entries; k++)
			if (sink->entry(sink->data, m->ts_ns, m->line, NULL, 0, e) < 0)
				return -1;
	}
	return 0;
}

static void push_made(struct world *w, struct made *m)
{
	m->pushed = (struct pushed){ .lock = PTHREAD_MUTEX_INITIALIZER,
				     .more = PTHREAD_COND_INITIALIZER };
	intake_push(w->in, &(struct intake_push){ .tenant = BYTES_LIT("acme"),
						  .limits = &w->limits,
						  .decode = make,
						  .answered = answered,
						  .data = &m->pushed });
	wait_answer(&m->pushed);
}

static struct made a_line(const char *line)
{
	return (struct made){ .labels = { PUSH_LABELS_TEXT, BYTES_LIT("{a=\"b\"}") },
			      .n_streams = 1,
			      .n_entries = 1,
			      .line = bytes_str(line),
			      .ts_ns = 1 };
}

/* Of memory; nothing where what is freed is kept, to be watched. */
static size_t peak_mb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return SANITIZED ? 0 : (size_t)u.ru_maxrss / 1024;
}

static void streams_without_entries_take_no_memory(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct made m = a_line("x");
	size_t before;

	(void)state;
	push_made(w, &m);
	before = peak_mb();
	m.n_streams = 3000000;
	m.n_entries = 0;
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 204);
	assert_true(peak_mb() - before < 50);
	close_world(w);
}

static void labels_of_a_push_are_bounded(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct made m = a_line("x");
	size_t before = peak_mb();

	(void)state;
	m.distinct = true;
	m.n_streams = 300000;
	m.n_entries = 0;
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 413);
	assert_string_equal(m.pushed.text,
			    "the labels of a push's streams take more than 67108864 bytes");
	assert_true(peak_mb() - before < 150);
	m.n_streams = m.n_entries = 1;
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 204);
	close_world(w);
}

static void entries_of_a_push_are_bounded(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct made m = a_line("");

	(void)state;
	w->limits.max_label_names_per_series = 0; /* none of them is kept */
	m.n_entries = PUSH_ENTRIES_MAX;
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 400);
	m.n_entries++;
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 413);
	assert_string_equal(m.pushed.text, "more than 4194304 entries in a push");
	close_world(w);
}

/* It is known to be refused before its end; what is told of it is all of it. */
static void above_the_rate_nothing_is_kept(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct made m = a_line("0123456789abcdef");
	size_t before;

	(void)state;
	w->limits.ingestion_burst_bytes = 1 << 20;
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 204);
	before = peak_mb();
	m.n_entries = 2000000;
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 429);
	assert_non_null(strstr(m.pushed.text, "'2000000' lines totaling '32000000' bytes"));
	assert_true(peak_mb() - before < 50);
	push_made(w, &m);
	assert_int_equal(m.pushed.status, 429);
	close_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_without_entries_take_no_memory),
		cmocka_unit_test(labels_of_a_push_are_bounded),
		cmocka_unit_test(entries_of_a_push_are_bounded),
		cmocka_unit_test(above_the_rate_nothing_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
