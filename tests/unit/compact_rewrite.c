/* Packs written anew without some of their entries, or with other lines: what goes, what stays byte
 * for byte, what is said of it. */
#include "index_store.h"

#include "chunk/image.h"
#include "compact/rewrite.h"
#include "time/time.h"

enum { STREAMS = 30, ENTRIES = 20, PER_CHUNK = 8, SEGMENT = 1 };

/* What a test wants of the day: entries of one stream ("p-000003") or of all, from a second on. */
struct wish {
	const char *pod; /* NULL: all */
	unsigned from_s;
	bool changes;	  /* the line becomes "***" */
	const char *only; /* lines that end so, or NULL: all */
	bool gone[64];
	struct bytes line[64];

	struct rewrite_pack pack[4]; /* that were written */
	size_t n_looked, n_written, n_faults;
	bool complete, committed, begun;
	struct bytes id;
	struct rewrite_ids ids;
};

static bool ends_so(struct bytes line, struct bytes end)
{
	return line.n >= end.n && bytes_eq(bytes_sub(line, line.n - end.n, end.n), end);
}

static bool touches(void *data, const struct labels *labels, int64_t from_ns, int64_t through_ns)
{
	const struct wish *w = data;

	(void)from_ns;
	return (!w->pod || bytes_is(labels->v[2].value, w->pod)) &&
	       through_ns >= time_day_start(DAY) + (int64_t)w->from_s * NS_PER_S;
}

static int decide(void *data, unsigned worker, const struct labels *labels, const struct run *run,
		  struct edit_says *ret, struct err *e)
{
	struct wish *w = data;

	(void)e;
	assert_int_equal(worker, 0);
	assert_true(touches(data, labels, 0, INT64_MAX));
	assert_true(run->n <= 64);
	*ret = (struct edit_says){ .gone = w->changes ? NULL : w->gone,
				   .line = w->changes ? w->line : NULL };
	for (size_t i = 0; i < run->n; i++) {
		bool hit = run->ts_ns[i] >= time_day_start(DAY) + (int64_t)w->from_s * NS_PER_S &&
			   (!w->only || ends_so(run_line(run, i), bytes_str(w->only)));

		w->gone[i] = hit;
		w->line[i] = hit ? BYTES_LIT("***") : run_line(run, i);
		ret->any = ret->any || hit;
	}
	return 0;
}

static int begin(void *data, const struct live *live, struct err *e)
{
	struct wish *w = data;

	(void)live;
	(void)e;
	w->begun = true;
	return 1;
}

static void pass(void *data)
{
	(void)data;
}

static struct rewrite_ids looked(void *data, const struct rewrite_pack *p)
{
	struct wish *w = data;

	(void)p;
	w->n_looked++;
	return w->ids;
}

static void written(void *data, const struct rewrite_pack *p)
{
	struct wish *w = data;

	assert_true(w->n_written < 4);
	w->pack[w->n_written++] = *p;
}

static struct rewrite_ids applied(void *data, enum rewrite_extent extent)
{
	struct wish *w = data;

	w->complete = extent == REWRITE_ALL;
	return w->complete ? w->ids : (struct rewrite_ids){ 0 };
}

static int nothing(void *data, struct err *e)
{
	(void)data;
	(void)e;
	return 0;
}

static int committed(void *data, struct err *e)
{
	(void)e;
	((struct wish *)data)->committed = true;
	return 0;
}

static void fault(void *data, const struct err *e)
{
	(void)e;
	((struct wish *)data)->n_faults++;
}

static const struct rewrite_calls calls = { begin,   pass,    looked,	 written,
					    applied, nothing, committed, fault };

static void run(struct fixture *f, struct wish *w)
{
	const struct merge_edit edit = { touches, decide, w };
	const struct rewrite r = { .store = f->s,
				   .tenant = BYTES_LIT("fake"),
				   .day = DAY,
				   .memory_bytes = 512 << 20,
				   .jobs = 1,
				   .edit = &edit,
				   .calls = &calls,
				   .data = w };
	struct err e = { 0 };

	w->id = BYTES_LIT("r1");
	w->ids = (struct rewrite_ids){ .v = &w->id, .n = 1 };
	if (rewrite_day(&r, &e) < 0)
		fail_msg("%s", e.msg);
}

static struct store_name put_app(struct fixture *f, const char *app, int64_t order_key)
{
	struct hash128 seg = test_id(SEGMENT);
	struct pack_spec s = { .tenant = "fake",
			       .app = app,
			       .day = DAY,
			       .n_streams = STREAMS,
			       .n_entries = ENTRIES,
			       .chunk_entries = PER_CHUNK,
			       .order_key = order_key,
			       .segments = &seg,
			       .n_segments = order_key == 0 };

	return put_pack(f->s, &s);
}

/* ---- what lies in a pack ---- */

struct content {
	struct store_file file;
	struct arena mem;
	struct pack_trailer trailer;
	struct buf image; /* its chunks, back to back */
};

static int read_at(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	return store_file_read(data, off, p, n, e);
}

static struct content open_pack(struct fixture *f, const struct hash128 *hash)
{
	struct store_name sn = { STORE_PACK, DAY, BYTES_LIT("fake"), *hash };
	struct content c = { 0 };
	struct buf name = { 0 };
	struct pack_image image;
	size_t n;
	struct err e;

	store_name_add(&name, &sn);
	assert_int_equal(0, store_file_open(f->s, buf_str(&name), &c.file, &e));
	assert_int_equal(0, store_file_map(&c.file, &e));
	assert_int_equal(0, pack_parse_trailer(c.file.map, c.file.size, &c.mem, &c.trailer, &e));
	n = pack_chunks_len(&c.trailer) + pack_bundles_saved(&c.trailer.bundles);
	image = (struct pack_image){ .read = read_at,
				     .data = &c.file,
				     .bundles = c.trailer.bundles };
	assert_int_equal(0, pack_image_read(&image, 0, buf_reserve(&c.image, n), n, &e));
	c.image.n = n;
	pack_image_release(&image);
	buf_release(&name);
	return c;
}

static void close_pack(struct content *c)
{
	store_file_close(&c->file);
	buf_release(&c->image);
	arena_release(&c->mem);
}

static struct bytes chunk_at(const struct content *c, size_t i)
{
	return bytes_sub(buf_bytes(&c->image), c->trailer.chunk[i].off, c->trailer.chunk[i].len);
}

/* How many chunks of `of` are in c byte for byte. */
static size_t shared_chunks(const struct content *c, const struct content *of)
{
	size_t n = 0;

	for (size_t i = 0; i < of->trailer.n_chunks; i++)
		for (size_t k = 0; k < c->trailer.n_chunks; k++)
			n += bytes_eq(chunk_at(of, i), chunk_at(c, k));
	return n;
}

/* How many of its lines end so. */
static size_t lines_like(const struct content *c, const char *end)
{
	struct chunk_scratch *scratch = chunk_scratch_new();
	size_t found = 0;

	for (size_t i = 0; i < c->trailer.n_chunks; i++) {
		struct bytes bytes = chunk_at(c, i);
		struct arena mem = { 0 };
		struct chunk chunk;
		struct err e;

		assert_int_equal(0, chunk_parse(bytes, &mem, &chunk, &e));
		for (uint32_t k = 0; k < chunk.fixed.n_blocks; k++) {
			struct bytes stored = bytes_sub(bytes, chunk_block_off(&chunk, k),
							chunk.block[k].stored_len);
			struct run r;

			assert_int_equal(0, chunk_read_block(&chunk, &chunk.block[k], stored,
							     WANT_ALL, scratch, &r, &e));
			for (size_t n = 0; n < r.n; n++)
				found += ends_so(run_line(&r, n), bytes_str(end));
		}
		arena_release(&mem);
	}
	chunk_scratch_free(scratch);
	return found;
}

/* ---- tests ---- */

static void what_is_asked_for_goes(void **state)
{
	struct fixture *f = *state;
	struct store_name web = put_app(f, "web", 0), db = put_app(f, "db", 1);
	struct store_name both[] = { web, db };
	struct wish w = { .pod = "p-000003", .from_s = 10 };
	struct content before, after;
	struct live l;

	build(f, both, 2, 2, 0);
	run(f, &w);
	assert_true(w.committed && w.complete);
	assert_int_equal(w.n_looked, 2);
	assert_int_equal(w.n_written, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(w.pack[i].removed, 10);
		assert_int_equal(w.pack[i].changed, 0);
		assert_int_equal(w.pack[i].chunks, 2); /* of 8 to 15 and 16 to 19 */
		assert_int_equal(w.pack[i].after_entries, STREAMS * ENTRIES - 10);
	}
	l = load(f, 1);
	assert_int_equal(live_entries(&l), 2 * (STREAMS * ENTRIES - 10));
	assert_int_equal(index_info(l.v[0])->n_deletes, 1);
	live_release(&l);
	assert_int_equal(1, covered(f, test_id(SEGMENT)));

	before = open_pack(f, &web.hash);
	after = open_pack(f, &w.pack[0].after);
	assert_int_equal(before.trailer.n_chunks, STREAMS * 3);
	assert_int_equal(after.trailer.n_chunks, STREAMS * 3 - 1);
	assert_int_equal(shared_chunks(&after, &before), STREAMS * 3 - 2);
	assert_int_equal(lines_like(&before, "stream 3 line 10 of web"), 1);
	assert_int_equal(lines_like(&after, "stream 3 line 10 of web"), 0);
	assert_int_equal(lines_like(&after, "stream 3 line 9 of web"), 1);
	assert_int_equal(lines_like(&after, "line 10 of web"), STREAMS - 1);
	assert_int_equal(after.trailer.n_deletes, 1);
	assert_true(bytes_is(after.trailer.deletes[0], "r1"));
	assert_int_equal(after.trailer.order_key, 0);
	assert_int_equal(after.file.size, w.pack[0].after_size);
	close_pack(&before);
	close_pack(&after);
}

static void again_nothing_is_written(void **state)
{
	struct fixture *f = *state;
	struct store_name web = put_app(f, "web", 0);
	struct wish w = { .pod = "p-000003" }, again = { .pod = "p-000003" };
	struct live l;

	build(f, &web, 1, 1, 0);
	run(f, &w);
	assert_int_equal(w.n_written, 1);
	run(f, &again);
	assert_true(again.begun && again.complete && !again.committed);
	assert_int_equal(again.n_looked, 0); /* the stream is not there any more */
	l = load(f, 1);
	live_release(&l);
}

static void a_pack_of_which_all_goes_keeps_its_word(void **state)
{
	struct fixture *f = *state;
	struct store_name web = put_app(f, "web", 0);
	struct build_events ev = events_of(&f->m);
	struct wish w = { 0 };
	struct content after;
	struct live l;
	struct err e;

	build(f, &web, 1, 1, 0);
	run(f, &w);
	assert_int_equal(w.pack[0].removed, STREAMS * ENTRIES);
	after = open_pack(f, &w.pack[0].after);
	assert_int_equal(after.trailer.n_chunks, 0);
	assert_int_equal(after.trailer.segments.n, 1);
	close_pack(&after);
	for (int i = 0; i < 2; i++) { /* as it is, and rebuilt from trailers */
		l = load(f, 1);
		assert_int_equal(live_entries(&l), 0);
		assert_int_equal(index_info(l.v[0])->n_deletes, 1);
		live_release(&l);
		assert_int_equal(1, covered(f, test_id(SEGMENT)));
		assert_int_equal(0, index_rebuild(f->s, BYTES_LIT(""), &ev, &e));
	}
}

static void what_is_in_no_pack_is_applied_too(void **state)
{
	struct fixture *f = *state;
	struct store_name web = put_app(f, "web", 0);
	struct wish w = { .only = "of nothing" }, again = { .only = "of nothing" };
	struct live l;

	build(f, &web, 1, 1, 0);
	run(f, &w);
	assert_int_equal(w.n_looked, 1);
	assert_int_equal(w.n_written, 0);
	assert_true(w.committed);
	l = load(f, 1);
	assert_int_equal(live_entries(&l), STREAMS * ENTRIES);
	assert_int_equal(index_info(l.v[0])->n_deletes, 1);
	live_release(&l);
	run(f, &again);
	assert_false(again.committed);
}

static void lines_become_others(void **state)
{
	struct fixture *f = *state;
	struct store_name web = put_app(f, "web", 0);
	struct wish w = { .changes = true, .only = "line 7 of web" };
	struct content before, after;
	struct live l;

	build(f, &web, 1, 1, 0);
	run(f, &w);
	assert_int_equal(w.pack[0].changed, STREAMS);
	assert_int_equal(w.pack[0].removed, 0);
	assert_int_equal(w.pack[0].chunks, STREAMS);
	l = load(f, 1);
	assert_int_equal(live_entries(&l), STREAMS * ENTRIES);
	live_release(&l);
	before = open_pack(f, &web.hash);
	after = open_pack(f, &w.pack[0].after);
	assert_int_equal(shared_chunks(&after, &before), STREAMS * 2);
	assert_int_equal(lines_like(&after, "line 7 of web"), 0);
	assert_int_equal(lines_like(&after, "***"), STREAMS);
	assert_int_equal(lines_like(&after, "line 6 of web"), STREAMS);
	close_pack(&before);
	close_pack(&after);
}

static void damage_is_told_and_not_applied(void **state)
{
	struct fixture *f = *state;
	struct store_name web = put_app(f, "web", 0), db = put_app(f, "db", 1);
	struct store_name both[] = { web, db };
	struct wish w = { .pod = "p-000003" };
	struct live l;
	struct err e;

	build(f, both, 2, 2, 0);
	flip(f, &web, -20); /* in the trailer */
	run(f, &w);
	assert_int_equal(w.n_faults, 1);
	assert_int_equal(w.n_written, 1);
	assert_true(w.committed && !w.complete);
	assert_int_equal(0, live_load(f->s, BYTES_LIT("fake"), DAY, &l, &e));
	assert_int_equal(l.n, 1);
	assert_int_equal(live_entries(&l), 2 * STREAMS * ENTRIES - ENTRIES);
	assert_int_equal(index_info(l.v[0])->n_deletes, 0);
	live_release(&l);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_asked_for_goes),
		TEST(again_nothing_is_written),
		TEST(a_pack_of_which_all_goes_keeps_its_word),
		TEST(what_is_in_no_pack_is_applied_too),
		TEST(lines_become_others),
		TEST(damage_is_told_and_not_applied),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
