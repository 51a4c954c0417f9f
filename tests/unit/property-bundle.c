/*
 * A store whose small chunks lie in bundles answers as one whose chunks stand alone does: random
 * entries of many streams, a few each, in a log and in packs that overlap, random queries, one
 * thread or two; the same lines in the same order, the same numbers.
 */
#include "same_answer.h"

#include <glob.h>

#include "base/io.h"
#include "chunk/pack.h"
#include "logql/parse.h"

enum { QUERIES_PER_PERCENT = 100, QUERIES_OF_A_WORLD = 20, SIMILAR = 14, ENTRIES = 500 };

static uint64_t state;

/* Of each stream several, which differ in one label; so chunks are small. In several packs no times
 * are equal: there the names of packs would decide who is first, which are other ones. */
static void make_data(struct arena *a, bool several, struct nv_data *ret)
{
	struct nv_data few;

	nv_make_data(&state, a, ENTRIES, &few);
	*ret = few;
	ret->n_streams = few.n_streams * SIMILAR;
	ret->stream = arena_zalloc(a, ret->n_streams * sizeof(*ret->stream));
	for (size_t i = 0; i < ret->n_streams; i++) {
		const struct labels *like = &few.stream[i / SIMILAR];
		struct label *v = arena_alloc(a, (like->n + 1) * sizeof(*v));
		struct buf text = { 0 };

		buf_addf(&text, "%zu", i % SIMILAR * 7919 % 1000);
		memcpy(v, like->v, like->n * sizeof(*v));
		v[like->n] = (struct label){ BYTES_LIT("zone"), arena_copy(a, buf_bytes(&text)) };
		ret->stream[i] = (struct labels){ v, like->n + 1 };
		buf_release(&text);
	}
	for (size_t i = 0; i < ret->n; i++) {
		size_t which = rnd_below(&state, rnd_below(&state, 6) ? SIMILAR : 1);
		struct nv_entry *x = &ret->v[i];

		x->stream = x->stream * SIMILAR + (uint32_t)which;
		if (several)
			x->ts_ns = x->ts_ns / 1000 * 1000 + (int64_t)i;
		else if (x->parts & NV_PART_PACK_2)
			x->parts = (x->parts & ~(unsigned)NV_PART_PACK_2) | NV_PART_PACK;
	}
	ret->strong = true;
}

static size_t count_bundles(const struct nv_world *w)
{
	struct buf pattern = { 0 };
	size_t n = 0;
	glob_t found;

	buf_addf(&pattern, "%s/store-*/fake/chunks/*/*.pack", w->folder);
	if (glob(buf_str(&pattern), 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			struct buf file = { 0 };
			struct arena mem = { 0 };
			struct pack_trailer t;
			struct err e;

			assert_int_equal(0, io_read_file(found.gl_pathv[i], SIZE_MAX, &file, &e));
			assert_int_equal(
				0, pack_parse_trailer(buf_bytes(&file), file.n, &mem, &t, &e));
			n += t.bundles.n;
			buf_release(&file);
			arena_release(&mem);
		}
		globfree(&found);
	}
	buf_release(&pattern);
	return n;
}

static bool try_query(const struct nv_world w[2], bool several, uint64_t seed)
{
	static const struct logql_opts dialect = { .flags = LOGQL_ANY_SELECTOR |
							    LOGQL_ALLOW_VARIANTS };
	enum nv_place place = several && rnd_below(&state, 2) ? NV_PACKS : NV_MIXED;
	struct nv_answer answer[2];
	struct buf text = { 0 };
	struct arena a = { 0 };
	struct logql_query q;
	enum nv_query_kind kind;
	struct nv_ask ask;
	struct err e, why[2];
	bool any;

	nv_make_query(&state, &text, &kind);
	if (logql_parse(buf_bytes(&text), &dialect, &q, NULL, &e) < 0)
		fail_msg("%s: %s", buf_str(&text), e.msg);
	nv_make_ask(&state, kind, &ask);
	for (int i = 0; i < 2; i++)
		nv_world_ask(&w[i], place, &q, &ask, 1 + (unsigned)rnd_below(&state, 2), &a,
			     &answer[i], &why[i]);
	any = check_same_answer(answer, why, &text, seed, "without bundles");
	logql_query_release(&q);
	buf_release(&text);
	arena_release(&a);
	return any;
}

/* S4-4: what is stored comes back byte for byte, whatever its bytes. */
static void queries_see_no_difference(void **unused)
{
	unsigned cases = QUERIES_PER_PERCENT * (unsigned)env_number("PERCENT", 5), n_found = 0;
	uint64_t seed = env_number("SEED", 1);
	size_t n_bundles = 0;

	(void)unused;
	for (unsigned c = 0; c < cases; seed++) {
		struct arena a = { 0 };
		struct nv_world world[2];
		struct nv_data d, none = { 0 };
		bool several;

		state = seed;
		several = rnd_below(&state, 2);
		make_data(&a, several, &d);
		none.stream = d.stream;
		for (int i = 0; i < 2; i++) {
			d.no_bundles = i == 1;
			nv_world_make(&d, &none, &world[i]);
		}
		n_bundles += count_bundles(&world[0]);
		assert_int_equal(count_bundles(&world[1]), 0);
		for (unsigned i = 0; i < QUERIES_OF_A_WORLD && c < cases; i++, c++)
			n_found += try_query(world, several, seed);
		for (int i = 0; i < 2; i++)
			nv_world_remove(&world[i]);
		arena_release(&a);
	}
	printf("# %u queries, %u with an answer, %zu bundles\n", cases, n_found, n_bundles);
	assert_true(n_found > cases / 4);
	assert_true(n_bundles > cases / QUERIES_OF_A_WORLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(queries_see_no_difference) };

	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
