/*
 * S1-4: that data comes late is seen. Random stores of a few tenants, each with index files of
 * several days, or none, or empty ones, are asked at random times for ages at, just below and just
 * above the threshold, and with clocks that are behind the newest entry.
 */
#include "packs.h"

#include "index/freshness.h"
#include "index/writer.h"

enum { CASES_PER_PERCENT = 100, CASES_OF_A_WORLD = 50, TENANTS = 3, DAY = 20000 };

struct tenant {
	char name[16];
	bool there, any; /* has a folder; has an entry */
	int64_t newest;
};

struct world {
	char *path;
	struct store *s;
	struct tenant t[TENANTS];
};

/* An index file of one entry at each of n times of the day; of none, when n is 0. */
static void put_index(struct world *w, struct tenant *t, int32_t day, unsigned n, uint64_t *seed)
{
	struct index_writer *iw = index_writer_new(bytes_str(t->name), day);
	const struct pack_spec spec = { .tenant = t->name, .app = "web", .day = day };
	struct index_pack pack = { .name = test_id((unsigned)rnd(seed)), .size = 1000000 };
	struct hash128 hash, segment = test_id((unsigned)rnd(seed));
	struct buf file = { 0 }, folder = { 0 };
	struct err e;

	if (n)
		index_writer_pack(iw, &pack);
	for (unsigned i = 0; i < n; i++) {
		int64_t ts =
			time_day_start(day) + (int64_t)rnd_below(seed, 86400 * (uint64_t)NS_PER_S);
		struct label v[3];
		char text[2][24];
		struct labels l = spec_labels(&spec, i, v, text);
		struct hash128 id = labels_stream_id(bytes_str(t->name), &l);
		struct index_chunk c = { .offset = i * 100,
					 .length = 100,
					 .head_len = 50,
					 .from = ts,
					 .through = ts,
					 .entries = 1,
					 .n_blocks = 1 };
		struct index_block b = {
			.offset = 50, .length = 50, .entries = 1, .min_ts = ts, .max_ts = ts
		};

		assert_int_equal(0, index_writer_chunk(iw, 0, &id, &l, &c, &b, &e));
		if (!t->any || ts > t->newest)
			t->newest = ts;
		t->any = true;
	}
	index_writer_replaces(iw, INDEX_SEGMENTS, &segment);
	assert_int_equal(0, index_writer_finish(iw, &file, &e));
	index_writer_free(iw);
	store_folder_add(&folder, STORE_INDEX, bytes_str(t->name), day);
	assert_int_equal(0, store_put_bytes(w->s, buf_str(&folder), store_suffix(STORE_INDEX),
					    buf_bytes(&file), &hash, NULL, &e));
	t->there = true;
	buf_release(&file);
	buf_release(&folder);
}

static void make_world(struct world *w, uint64_t *seed)
{
	struct err e;

	*w = (struct world){ .path = new_folder() };
	w->s = store_open(w->path, STORE_WRITE, &e);
	assert_non_null(w->s);
	for (int i = 0; i < TENANTS; i++)
		snprintf(w->t[i].name, sizeof(w->t[i].name), "t-%d", i);
	if (rnd_below(seed, 8) == 0)
		return; /* an empty store */
	for (int i = 0; i < TENANTS; i++) {
		struct tenant *t = &w->t[i];

		for (uint64_t n = rnd_below(seed, 4); n > 0; n--)
			put_index(w, t, DAY + (int32_t)rnd_below(seed, 3),
				  (unsigned)rnd_below(seed, 4), seed);
	}
}

static int add_line(struct bytes text, void *data, struct err *e)
{
	(void)e;
	buf_add_bytes(data, text);
	return 0;
}

static void no_fault(const struct err *e, void *data)
{
	(void)data;
	fail_msg("%s", e->msg);
}

/* Late as one counts by hand: from the newest entry on, so many nanoseconds have gone by. */
static bool is_late(const struct tenant *t, int64_t now, int64_t max_age)
{
	return !t->any || (now > t->newest && now - t->newest > max_age);
}

static int64_t expect(const struct world *w, int only, int64_t now, int64_t max_age,
		      struct buf *lines)
{
	int64_t n_late = 0, n = 0;

	for (int i = 0; i < TENANTS; i++) {
		const struct tenant *t = &w->t[i];
		bool late = is_late(t, now, max_age);

		if (only >= 0 ? i != only : !t->there)
			continue;
		n++;
		n_late += late;
		buf_addf(lines, "{\"tenant\":\"%s\"", t->name);
		if (t->any)
			buf_addf(lines, ",\"newest\":\"%lld\",\"age_ns\":%lld",
				 (long long)t->newest,
				 (long long)(now > t->newest ? now - t->newest : 0));
		buf_addf(lines, ",\"late\":%s}\n", late ? "true" : "false");
	}
	return n ? n_late : 1;
}

static unsigned n_equal, n_skewed, n_empty, n_found_late;

static void ask(const struct world *w, uint64_t *seed)
{
	const struct tenant *t = &w->t[rnd_below(seed, TENANTS)];
	int only = (int)rnd_below(seed, TENANTS + 3);
	int64_t max_age = (int64_t)rnd_below(seed, 100 * (uint64_t)NS_PER_S);
	int64_t base = t->any ? t->newest : time_day_start(DAY);
	struct buf found = { 0 }, want = { 0 };
	struct freshness f = { .store = w->s,
			       .max_age_ns = max_age,
			       .has_now = true,
			       .format = CLI_JSONL,
			       .sink = add_line,
			       .fault = no_fault,
			       .data = &found };
	struct err e = { 0 };
	int64_t n;

	switch (rnd_below(seed, 6)) {
	case 0: /* just so old */
		f.now_ns = base + max_age;
		n_equal += t->any;
		break;
	case 1:
		f.now_ns = base + max_age + 1;
		break;
	case 2:
		f.now_ns = base + max_age - 1;
		break;
	case 3: /* the clock is behind */
		f.now_ns = base - (int64_t)rnd_below(seed, 1000 * (uint64_t)NS_PER_S);
		n_skewed += t->any;
		break;
	case 4: /* far off */
		f.now_ns = rnd_below(seed, 2) ? INT64_MAX : 0;
		f.max_age_ns = rnd_below(seed, 2) ? INT64_MAX : max_age;
		break;
	default:
		f.now_ns = base + (int64_t)rnd_below(seed, 200 * (uint64_t)NS_PER_S);
	}
	if (only < TENANTS)
		f.tenant = bytes_str(w->t[only].name);
	else
		only = -1;
	n = freshness_ask(&f, &e);
	if (n < 0)
		fail_msg("%s", e.msg);
	if (n != expect(w, only, f.now_ns, f.max_age_ns, &want))
		fail_msg("found %lld late in\n%s", (long long)n, buf_str(&want));
	assert_string_equal(buf_str(&found), buf_str(&want));
	n_found_late += n > 0;
	n_empty += want.n == 0;
	buf_release(&found);
	buf_release(&want);
}

static void lateness_is_seen(void **unused)
{
	unsigned cases = CASES_PER_PERCENT * (unsigned)env_number("PERCENT", 5);
	uint64_t seed = env_number("SEED", 1);

	(void)unused;
	for (unsigned c = 0; c < cases; seed++) {
		struct world w;
		uint64_t s = seed;

		make_world(&w, &s);
		for (int i = 0; i < CASES_OF_A_WORLD && c < cases; i++, c++)
			ask(&w, &s);
		store_close(w.s);
		remove_folder(w.path);
	}
	printf("# S1-4: %u cases, %u late, %u just at the threshold, %u with a clock behind, %u of "
	       "an empty store\n",
	       cases, n_found_late, n_equal, n_skewed, n_empty);
	assert_true(n_equal > cases / 20 && n_skewed > cases / 20 && n_found_late > cases / 8);
	assert_true(n_empty > cases / 40);
}

/* Ages of any two times are those of whole numbers, at the ends of time too. */
static void ages_are_exact(void **unused)
{
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -1,	     0,
					 1,	    INT64_MAX - 1, INT64_MAX };

	(void)unused;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		for (size_t k = 0; k < sizeof(times) / sizeof(times[0]); k++) {
			int64_t now = times[i], newest = times[k], age, want;

			age = freshness_age(now, newest);
			if (now <= newest)
				want = 0;
			else if (__builtin_sub_overflow(now, newest, &want))
				want = INT64_MAX;
			assert_int_equal(age, want);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_are_exact),
		{ "S1-4 storage lag: who is older than the threshold is told, and nobody else",
		  lateness_is_seen, NULL, NULL, NULL },
	};

	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
