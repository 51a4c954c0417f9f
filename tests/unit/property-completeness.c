/*
 * S1-5: what was not collected is named. Random sources, some of which never spoke, whose lines
 * come repeatedly, in files of what was sent; what is expected of them is written in all the ways
 * there are, and is none, less, just enough or more than what is there.
 */
#include "unit.h"

#include "query/ask.h"
#include "query/ask_options.h"

enum { CASES_PER_PERCENT = 100, SOURCES = 5, LINES_MAX = 40 };

struct sender {
	char name[24];
	uint64_t stored, expected;
	bool is_expected; /* is in the file */
};

struct world {
	char *folder;
	struct buf data, expected; /* paths */
	struct sender s[SOURCES];
	unsigned per_mille; /* threshold */
};

static unsigned n_equal, n_silent, n_zero, n_more, n_repeated, n_incomplete;

static void write_file(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(b->n, fwrite(b->p, 1, b->n, f));
	assert_int_equal(0, fclose(f));
}

/* Lines of all sources; some twice, which are one entry. */
static void make_data(struct world *w, uint64_t *seed)
{
	struct buf b = { 0 };

	for (int i = 0; i < SOURCES; i++) {
		struct sender *s = &w->s[i];

		snprintf(s->name, sizeof(s->name), "%s%d", rnd_below(seed, 4) ? "web" : "a \"b\", ",
			 i);
		s->stored = rnd_below(seed, 4) ? rnd_below(seed, LINES_MAX) : 0;
		for (uint64_t k = 0; k < s->stored; k++)
			for (uint64_t twice = rnd_below(seed, 5) == 0; twice < 2; twice++) {
				n_repeated += twice == 0;
				buf_addf(&b, "{\"ts\":\"%d%09d\",\"labels\":{\"service_name\":",
					 1768478400 + (int)(k / 3), i);
				buf_add_str(&b, strchr(s->name, '"') ? "\"a \\\"b\\\", " : "\"web");
				buf_addf(&b, "%d\"},\"line\":\"line %d\"}\n", i, (int)k);
			}
	}
	write_file(buf_str(&w->data), &b);
	buf_release(&b);
}

/* How many lines are enough of n: the least whole number that is not below the share. */
static uint64_t enough(uint64_t n, unsigned per_mille)
{
	uint64_t k = 0;

	while (k * 1000 < n * per_mille)
		k++;
	return k;
}

static void choose_expected(struct world *w, struct sender *s, uint64_t *seed)
{
	uint64_t n = s->stored;

	s->is_expected = rnd_below(seed, 5) > 0;
	switch (rnd_below(seed, 5)) {
	case 0:
		s->expected = 0;
		break;
	case 1: /* the most that what is there is enough of */
		while (w->per_mille && n < 1000 && enough(n + 1, w->per_mille) <= s->stored)
			n++;
		s->expected = n;
		break;
	case 2: /* and one more */
		while (w->per_mille && n < 1000 && enough(n + 1, w->per_mille) <= s->stored)
			n++;
		s->expected = n + 1;
		break;
	default:
		s->expected = rnd_below(seed, 2 * LINES_MAX);
	}
}

/* One line of what is expected, as somebody may write it. */
static void add_line(struct buf *b, const struct sender *s, uint64_t n, uint64_t *seed)
{
	bool quotes = strchr(s->name, '"');
	const char *digit = s->name + strlen(s->name) - 1;

	switch (rnd_below(seed, 4)) {
	case 0:
		buf_addf(b, "{\"source\":\"%s%s\",\"expected\":%d}\n",
			 quotes ? "a \\\"b\\\", " : "web", digit, (int)n);
		break;
	case 1:
		buf_addf(b, " { \"x\":[1,{}] , \"expected\" : %d, \"source\" : \"%s%s\" } \r\n",
			 (int)n, quotes ? "a \\\"b\\\", " : "web", digit);
		break;
	case 2:
		buf_addf(b, "\"%s%s\",%d\n", quotes ? "a \"\"b\"\", " : "web", digit, (int)n);
		break;
	default:
		buf_addf(b, "%s, %d\r\n", s->name, (int)n);
	}
}

static void make_expected(struct world *w, uint64_t *seed)
{
	struct buf b = { 0 };

	if (rnd_below(seed, 2))
		buf_add_str(&b, "source,expected\n");
	for (int i = 0; i < SOURCES; i++) {
		struct sender *s = &w->s[i];
		uint64_t rest;

		choose_expected(w, s, seed);
		if (!s->is_expected)
			continue;
		for (rest = s->expected; rest > 1 && rnd_below(seed, 3) == 0;) {
			uint64_t part = rnd_below(seed, rest);

			add_line(&b, s, part, seed); /* adds up */
			rest -= part;
		}
		add_line(&b, s, rest, seed);
		if (rnd_below(seed, 4) == 0)
			buf_add_str(&b, "\n# and so on\n");
	}
	write_file(buf_str(&w->expected), &b);
	buf_release(&b);
}

static bool is_short(const struct world *w, const struct sender *s)
{
	return s->is_expected && s->stored < enough(s->expected, w->per_mille);
}

/* The answer to each source in turn; whole numbers alone are compared. */
static int expect(const struct world *w, struct buf *lines)
{
	uint64_t expected = 0, stored = 0;
	int n_short = 0;

	for (int i = 0; i < SOURCES; i++) {
		const struct sender *s = &w->s[i];

		if (!s->is_expected)
			continue;
		expected += s->expected;
		stored += s->stored < s->expected ? s->stored : s->expected;
		n_equal += s->expected && s->stored * 1000 == s->expected * w->per_mille;
		n_silent += s->expected && s->stored == 0;
		n_zero += s->expected == 0;
		n_more += s->stored > s->expected;
		if (!is_short(w, s))
			continue;
		n_short++;
		buf_addf(lines, "%s %s: %d of %d lines\n", s->stored ? "short" : "missing", s->name,
			 (int)s->stored, (int)s->expected);
	}
	buf_addf(lines, "%s: %d of %d lines\n", n_short ? "incomplete" : "complete", (int)stored,
		 (int)expected);
	return n_short;
}

/* That is refused: what was to write the file has failed, perhaps. */
static bool is_nobody_expected(const struct world *w)
{
	for (int i = 0; i < SOURCES; i++)
		if (w->s[i].is_expected)
			return false;
	return true;
}

/* Without the ratios, which are for people. */
static void cut_ratios(char *text, struct buf *ret)
{
	struct bytes rest = bytes_str(text), line;

	while (bytes_split(&rest, '\n', &line)) {
		size_t n = line.n;

		while (n > 0 && line.p[n - 1] != ',')
			n--;
		if (n)
			buf_addf(ret, "%.*s\n", (int)(n - 1), line.p);
	}
}

/* That there is nothing at all may be said. */
static void quiet(void *data, const struct err *e)
{
	(void)data;
	(void)e;
}

static void ask(struct world *w, uint64_t seed)
{
	struct ask a = { .q.source = { .now_ns = INT64_C(1768478400000000000),
				       .warn = quiet,
				       .note = quiet,
				       .damage = quiet } };
	char *file = w->data.p, threshold[16], *text = NULL;
	struct buf found = { 0 }, want = { 0 };
	struct err e = { 0 };
	size_t len;
	int rc, n_short = expect(w, &want);

	snprintf(threshold, sizeof(threshold), "%u.%03u", w->per_mille / 1000, w->per_mille % 1000);
	assert_int_equal(0, ask_take_option(&a, "completeness", buf_str(&w->expected), &e));
	assert_int_equal(0, ask_take_option(&a, "threshold", threshold, &e));
	assert_int_equal(0, ask_take_option(&a, "jobs", "1", &e));
	assert_int_equal(0, ask_check_options(&a, &e));
	a.out = open_memstream(&text, &len);
	rc = ask_run(&a, &file, 1, &e);
	assert_int_equal(0, fclose(a.out));
	if (is_nobody_expected(w)) {
		assert_true(rc < 0 && e.code == ERR_CORRUPT);
		buf_reset(&want);
	} else if (rc < 0 && e.code != ERR_NO) {
		fail_msg("SEED=%llu: %s", (unsigned long long)seed, e.msg);
	}
	cut_ratios(text, &found);
	if (strcmp(buf_str(&found), buf_str(&want)) != 0 ||
	    (rc < 0) != (n_short > 0 || is_nobody_expected(w)))
		fail_msg("SEED=%llu, threshold %s: found %d\n%s\nexpected\n%s",
			 (unsigned long long)seed, threshold, rc, text, want.p);
	n_incomplete += n_short > 0;
	ask_release(&a);
	free(text);
	buf_release(&found);
	buf_release(&want);
}

static void what_is_not_there_is_named(void **unused)
{
	static const unsigned thresholds[] = { 950, 1000, 500, 0, 999, 333 };
	unsigned cases = CASES_PER_PERCENT * (unsigned)env_number("PERCENT", 5);
	uint64_t seed = env_number("SEED", 1);
	struct world w = { .folder = new_folder() };

	(void)unused;
	buf_addf(&w.data, "%s/data", w.folder);
	buf_addf(&w.expected, "%s/expected", w.folder);
	for (unsigned c = 0; c < cases; c++, seed++) {
		uint64_t s = seed;

		w.per_mille = thresholds[rnd_below(&s, 6)];
		make_data(&w, &s);
		make_expected(&w, &s);
		ask(&w, seed);
	}
	printf("# S1-5: %u cases, %u incomplete; sources: %u just enough, %u silent, %u of which "
	       "nothing is expected, %u with more; %u repeated lines\n",
	       cases, n_incomplete, n_equal, n_silent, n_zero, n_more, n_repeated);
	assert_true(n_incomplete > cases / 4 && n_equal > cases / 20 && n_silent > cases / 10);
	assert_true(n_zero > cases / 2 && n_more > cases / 2 && n_repeated > cases);
	buf_release(&w.data);
	buf_release(&w.expected);
	remove_folder(w.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "S1-5 collection completeness: sources below the threshold are named, and no "
		  "others",
		  what_is_not_there_is_named, NULL, NULL, NULL },
	};

	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
