/*
 * Compaction against the plainest reading of a store: random packs of a few streams, with late
 * entries, many of one moment, entries that are there twice and order keys that are equal,
 * compacted with random sizes. Before and after each stream has the same entries in the same order,
 * and everything verifies.
 */
#include "unit.h"

#include "base/io.h"
#include "base/mem.h"
#include "chunk/verify.h"
#include "compact/compact.h"
#include "compact/merge.h"
#include "compact/sort.h"
#include "index/build.h"
#include "index/check.h"
#include "index/live.h"
#include "pack/pack_out.h"
#include "time/time.h"

/* At 5 percent, as `make check` has it, 500. */
enum { CASES_PER_PERCENT = 100, STREAMS = 4, DAY = 20468 };

static const struct bytes tenant = BYTES_LIT("fake");
static uint64_t state;

/* ---- making ---- */

static struct labels stream_labels(size_t i, struct label v[2])
{
	static const char *const app[STREAMS] = { "a", "b", "b", "c" };
	static const char *const pod[STREAMS] = { "1", "0", "2", "0" };

	v[0] = (struct label){ BYTES_LIT("app"), bytes_str(app[i]) };
	v[1] = (struct label){ BYTES_LIT("pod"), bytes_str(pod[i]) };
	return (struct labels){ v, 2 };
}

static int64_t random_ts(int64_t about, int64_t *moment)
{
	int64_t ts = time_day_start(DAY);

	switch (rnd_below(&state, 8)) {
	case 0:
		return ts + (int64_t)rnd_below(&state, 1000); /* late */
	case 1:
		*moment = ts + about;
		return *moment;
	case 2:
	case 3:
		return *moment;
	}
	return ts + about + (int64_t)rnd_below(&state, 200);
}

static void random_entries(struct entries *es, int64_t about)
{
	size_t n = rnd_below(&state, rnd_below(&state, 6) ? 60 : 1500);
	int64_t moment = time_day_start(DAY) + 500;
	bool at_once = rnd_below(&state, 12) == 0;

	for (size_t i = 0; i < n; i++) {
		int64_t ts = at_once ? moment : random_ts(about, &moment);
		struct label meta = { BYTES_LIT("user"), BYTES_LIT("u0") };
		char line[80], user[8];
		int len = snprintf(line, sizeof(line), "%*zu", (int)rnd_below(&state, 60),
				   rnd_below(&state, 4) ? rnd_below(&state, 5000)
							: rnd_below(&state, 5));

		snprintf(user, sizeof(user), "u%zu", rnd_below(&state, 30));
		meta.value = bytes_str(user);
		entries_add(es, 0, ts, bytes_of(line, (size_t)len),
			    rnd_below(&state, 3) ? 0 : metatab_add(&es->meta, &meta, 1));
	}
}

static void add_stream(struct pack_out *out, const struct chunk_params *params, size_t i,
		       int64_t about)
{
	struct chunk_writer *w = chunk_writer_new(params);
	struct entries es = { 0 };
	struct chunks c = { 0 };
	struct sorted s;
	struct label v[2];
	struct labels l = stream_labels(i, v);
	struct hash128 id = labels_stream_id(tenant, &l);
	uint64_t weight;
	struct err e;
	size_t n;

	random_entries(&es, about);
	assert_int_equal(0, entries_sort(&es, 1, 1, &s, &e));
	n = s.n_spans ? s.span[0].n : 0;
	weight = chunk_weight(&es, s.order, n);
	for (size_t at = 0; at < n;) {
		size_t k = chunk_split(params, &es, s.order + at, n - at, &weight);
		size_t start = c.bytes.n;
		uint32_t head_len =
			chunk_encode(w, tenant, &l, &id, &es, s.order + at, k, &c.bytes);

		chunks_add(&c, start, head_len);
		at += k;
	}
	if (c.n)
		assert_int_equal(0, pack_out_write(out, &c, &e));
	chunks_release(&c);
	sorted_release(&s);
	entries_release(&es);
	chunk_writer_free(w);
}

static struct chunk_params random_params(void)
{
	struct chunk_params p = chunk_params_default;

	p.block_bytes = 1024 << rnd_below(&state, 3);
	p.chunk_bytes = p.block_bytes << rnd_below(&state, 3);
	p.block_entries = rnd_below(&state, 2) ? 1 << 16 : 7;
	p.level = 1;
	p.encoding = rnd_below(&state, 4) ? CODEC_ZSTD : CODEC_NONE;
	return p;
}

static void add_pack(struct store *s, const struct chunk_params *params, int64_t key, int64_t about)
{
	struct pack_trailer t = {
		.tenant = tenant, .day = DAY, .order_key = key, .params = *params, .mixed = true
	};
	struct store_name name = { STORE_PACK, DAY, tenant, { { 0 } } };
	const struct build_events ev = { 0 };
	struct pack_made made;
	struct pack_out out;
	struct err e;

	assert_int_equal(0, pack_out_begin(&out, s, tenant, DAY, params, &e));
	for (size_t i = 0; i < STREAMS; i++)
		if (rnd_below(&state, 3))
			add_stream(&out, params, i, about);
	assert_int_equal(0, pack_out_end(&out, &t, &made, NULL, &e));
	name.hash = made.hash;
	assert_int_equal(0, index_build(s, &name, 1, &ev, &e));
}

/* ---- reading, as plainly as can be ---- */

struct found {
	struct hash128 stream;
	int64_t ts_ns;
	size_t place; /* where it was met */
	struct bytes line, meta;
};

struct finding {
	struct found *v;
	size_t n, cap;
	struct arena mem;
};

static void no_fault(const struct err *e, void *data)
{
	(void)data;
	fail_msg("%s", e->msg);
}

static void no_wrong(const struct index_fault *f, void *data)
{
	no_fault(&f->err, data);
}

static void no_chunk_fault(void *data, const struct err *e)
{
	no_fault(e, data);
}

static void add_run(struct finding *f, const struct chunk *c, const struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct bytes meta = { 0 };

		if (r->meta_set && meta_n_pairs(&r->meta, r->meta_set[i]))
			meta = meta_pair(&r->meta, r->meta_set[i], 0).value;
		mem_grow(&f->v, &f->cap, f->n + 1, sizeof(*f->v));
		f->v[f->n] = (struct found){ .stream = c->stream_id,
					     .ts_ns = r->ts_ns[i],
					     .place = f->n,
					     .line = arena_copy(&f->mem, run_line(r, i)),
					     .meta = arena_copy(&f->mem, meta) };
		f->n++;
	}
}

static void read_pack(struct store *s, const struct hash128 *hash, struct finding *f)
{
	struct store_name name = { STORE_PACK, DAY, tenant, *hash };
	struct chunk_scratch *scratch = chunk_scratch_new();
	struct pack_check check = { 0 };
	struct buf path = { 0 }, file = { 0 };
	struct chunk_piece piece;
	struct chunk_scan *scan;
	struct err e;

	buf_addf(&path, "%s/", store_path(s));
	store_name_add(&path, &name);
	assert_int_equal(0, io_read_file(buf_str(&path), SIZE_MAX, &file, &e));
	assert_int_equal(0, pack_check_hash(buf_str(&path), buf_bytes(&file), &e));
	scan = chunk_scan_new_bytes(buf_bytes(&file));
	while (chunk_scan_next(scan, &piece, &e) == 1) {
		assert_int_not_equal(piece.kind, PIECE_DAMAGE);
		if (piece.kind == PIECE_BUNDLE)
			continue; /* its chunks come next */
		if (piece.kind == PIECE_TRAILER) {
			assert_int_equal(0, pack_check_end(&check, &piece, no_chunk_fault, NULL));
			continue;
		}
		pack_check_add(&check, &piece);
		assert_int_equal(0, chunk_verify(&piece, scratch, no_chunk_fault, NULL));
		for (uint32_t k = 0; k < piece.chunk.fixed.n_blocks; k++) {
			const struct chunk_block *b = &piece.chunk.block[k];
			struct run run;

			assert_int_equal(
				0, chunk_read_block(&piece.chunk, b,
						    bytes_sub(piece.bytes,
							      chunk_block_off(&piece.chunk, k),
							      b->stored_len),
						    WANT_ALL, scratch, &run, &e));
			add_run(f, &piece.chunk, &run);
		}
	}
	chunk_scan_free(scan);
	pack_check_release(&check);
	chunk_scratch_free(scratch);
	buf_release(&file);
	buf_release(&path);
}

static int cmp_packs(const void *pa, const void *pb)
{
	const struct index_pack *a = pa, *b = pb;

	if (a->order_key != b->order_key)
		return a->order_key < b->order_key ? -1 : 1;
	return hash128_cmp(&a->name, &b->name);
}

static int cmp_found(const void *pa, const void *pb)
{
	const struct found *a = pa, *b = pb;
	int c = hash128_cmp(&a->stream, &b->stream);

	if (c == 0)
		c = (a->ts_ns > b->ts_ns) - (a->ts_ns < b->ts_ns);
	return c ? c : (a->place > b->place) - (a->place < b->place);
}

static bool is_double(const struct found *v, size_t i)
{
	for (size_t k = i;
	     k-- > 0 && v[k].ts_ns == v[i].ts_ns && hash128_cmp(&v[k].stream, &v[i].stream) == 0;)
		if (bytes_eq(v[k].line, v[i].line))
			return true;
	return false;
}

/* All that the store has, as text: stream by stream, in the order of an answer. */
static void read_store(struct store *s, struct buf *ret, size_t *ret_packs, size_t *ret_indexes)
{
	struct index_pack *pack = NULL;
	struct finding f = { 0 };
	size_t n = 0, cap = 0;
	struct index_beside beside = { 0 };
	struct live live;
	struct err e;

	assert_int_equal(0, live_load(s, tenant, DAY, &live, &e));
	assert_int_equal(0, live.n_faults);
	assert_int_equal(0, live_known_packs(&live, &beside.known, &e));
	for (size_t i = 0; i < live.n; i++) {
		beside.skip_pack = live.skip_pack[i];
		assert_int_equal(0, index_check(s, live.v[i], &beside, no_wrong, NULL));
		for (uint32_t k = 0; k < index_info(live.v[i])->n_packs; k++) {
			mem_grow(&pack, &cap, n + 1, sizeof(*pack));
			assert_int_equal(0, index_pack_at(live.v[i], k, &pack[n], &e));
			n += !live.skip_pack[i][k];
		}
	}
	qsort(pack, n, sizeof(*pack), cmp_packs);
	for (size_t i = 0; i < n; i++)
		read_pack(s, &pack[i].name, &f);
	if (f.n)
		qsort(f.v, f.n, sizeof(*f.v), cmp_found);
	buf_reset(ret);
	for (size_t i = 0; i < f.n; i++)
		if (!is_double(f.v, i))
			buf_addf(ret, "%02x %lld %.*s %.*s\n", f.v[i].stream.b[0],
				 (long long)f.v[i].ts_ns, BYTES_ARG(f.v[i].line),
				 BYTES_ARG(f.v[i].meta));
	*ret_packs = n;
	*ret_indexes = live.n;
	live_release(&live);
	free(beside.known.v);
	free(pack);
	free(f.v);
	arena_release(&f.mem);
}

/* ---- the property ---- */

static int on_pack(void *data, const char *name, struct err *e)
{
	(void)data, (void)name, (void)e;
	return 0;
}

static void compact(struct store *s)
{
	struct compact_opts o = { .store = s,
				  .params = random_params(),
				  .jobs = 1 + (unsigned)rnd_below(&state, 3),
				  .pack_bytes = 1024 << rnd_below(&state, 10),
				  .fan_in = 2 + rnd_below(&state, 4),
				  .delete_delay_ns = rnd_below(&state, 2) ? 0 : 3600 * NS_PER_S,
				  .on_pack = on_pack,
				  .on_fault = no_chunk_fault };
	struct err e;

	o.memory_bytes = merge_memory_min(&o.params, o.jobs) + rnd_below(&state, 1 << 20);
	if (compact_store(&o, &e) < 0)
		fail_msg("%s", e.msg);
}

static void show_difference(const struct buf *before, const struct buf *after)
{
	struct bytes a = buf_bytes(before), b = buf_bytes(after), x = { 0 }, y = { 0 };

	while (bytes_split(&a, '\n', &x) && bytes_split(&b, '\n', &y) && bytes_eq(x, y))
		continue;
	fail_msg("'%.*s' is now '%.*s'", BYTES_ARG(x), BYTES_ARG(y));
}

static void one_case(void)
{
	char *dir = new_folder();
	struct buf before = { 0 }, after = { 0 };
	size_t n = 1 + rnd_below(&state, 14), packs, indexes;
	bool keys = rnd_below(&state, 3);
	const struct chunk_params params = random_params();
	struct store *s;
	struct err e;

	s = store_open(dir, STORE_WRITE, &e);
	assert_non_null(s);
	for (size_t i = 0; i < n; i++)
		add_pack(s, &params, keys ? (int64_t)rnd_below(&state, 20) : 0, (int64_t)i * 300);
	read_store(s, &before, &packs, &indexes);
	for (size_t i = 1 + rnd_below(&state, 3); i > 0; i--) {
		size_t n_after, n_indexes;

		compact(s);
		read_store(s, &after, &n_after, &n_indexes);
		if (!bytes_eq(buf_bytes(&before), buf_bytes(&after)))
			show_difference(&before, &after);
		assert_true(n_indexes <= indexes);
		if (rnd_below(&state, 2))
			continue;
		add_pack(s, &params, keys ? (int64_t)rnd_below(&state, 20) : 0, 1000);
		read_store(s, &before, &packs, &indexes);
	}
	store_close(s);
	buf_release(&before);
	buf_release(&after);
	remove_folder(dir);
}

static void the_same_before_and_after(void **unused)
{
	uint64_t seed = env_number("SEED", 1);
	size_t cases = env_number("PERCENT", 5) * CASES_PER_PERCENT;

	(void)unused;
	printf("# SEED=%llu, %zu stores\n", (unsigned long long)seed, cases);
	for (size_t i = env_number("FIRST", 0); i < cases; i++) {
		state = seed * 1000003 + i;
		if (env_number("SHOW", 0))
			printf("# FIRST=%zu\n", i);
		one_case();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_before_and_after),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
