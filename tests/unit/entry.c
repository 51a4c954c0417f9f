/* entry: metadata tables, columns, JSON lines, streams. */
#include "unit.h"

#include "entry/append.h"
#include "entry/columns.h"
#include "entry/jsonl.h"
#include "entry/planes.h"
#include "entry/streams.h"

/* Random entries: few streams of metadata, odd lines, any order of time. */
static void fill(struct entries *es, uint64_t *seed, size_t n, bool sorted, int64_t unit)
{
	int64_t ts = (int64_t)rnd_below(seed, 1u << 30) * 1000000000;

	for (size_t i = 0; i < n; i++) {
		struct label meta[3] = { { bytes_str("trace"), bytes_of(seed, rnd_below(seed, 8)) },
					 { bytes_str("level"),
					   bytes_str(rnd(seed) & 1 ? "info" : "") },
					 { bytes_str("z"), bytes_str("z") } };
		char line[300];
		size_t len = rnd_below(seed, rnd_below(seed, 10) ? 40 : sizeof(line));

		for (size_t k = 0; k < len; k++)
			line[k] = (char)rnd(seed);
		ts += ((int64_t)rnd_below(seed, 5000) - (sorted ? 0 : 2500)) * unit;
		entries_add(es, 0, ts, bytes_of(line, len),
			    metatab_add(&es->meta, meta, rnd_below(seed, 4)));
	}
}

static void columns_come_back(void **state)
{
	static const int64_t units[] = { 1, 7, 1000, 1000000, 1000000000 };
	uint64_t seed = env_number("SEED", 1);
	struct columns_writer *w = columns_writer_new();
	struct run_mem m = { 0 };
	struct entries es = { 0 };

	(void)state;
	for (int round = 0; round < 10000; round++) {
		struct buf out[COL_COUNT] = { 0 };
		struct bytes col[COL_COUNT];
		size_t n = 1 + rnd_below(&seed, 30);
		uint32_t order[30];
		struct run run;
		struct err e = { 0 };

		entries_reset(&es);
		fill(&es, &seed, n, rnd(&seed) & 1, units[rnd_below(&seed, 5)]);
		for (size_t i = 0; i < n; i++)
			order[i] = (uint32_t)(round & 1 ? i : n - 1 - i);
		columns_encode(w, &es, order, n, out);
		for (int c = 0; c < COL_COUNT; c++)
			col[c] = buf_bytes(&out[c]);
		assert_int_equal(columns_decode(col, n, WANT_ALL, &m, &run, &e), 0);
		assert_int_equal(run.n, n);
		for (size_t i = 0; i < n; i++) {
			const struct entry_ref *ref = &es.v[order[i]];
			struct metaview view = metatab_view(&es.meta);
			uint32_t set = run.meta_set ? run.meta_set[i] : 0;
			uint64_t meta_bytes = 0;

			assert_int_equal(run.ts_ns[i], ref->ts_ns);
			assert_true(bytes_eq(run_line(&run, i), entries_line(&es, order[i])));
			assert_int_equal(meta_n_pairs(&run.meta, set),
					 meta_n_pairs(&view, ref->meta));
			for (size_t p = 0; p < meta_n_pairs(&view, ref->meta); p++) {
				struct label found = meta_pair(&run.meta, set, p),
					     put = meta_pair(&view, ref->meta, p);

				assert_true(bytes_eq(found.name, put.name) &&
					    bytes_eq(found.value, put.value));
				meta_bytes += put.name.n + put.value.n;
			}
			assert_int_equal(metatab_set_bytes(&es.meta, ref->meta), meta_bytes);
		}
		for (int c = 0; c < COL_COUNT; c++)
			buf_release(&out[c]);
	}
	entries_release(&es);
	run_mem_release(&m);
	columns_writer_free(w);
}

/* Runs that were appended, whatever stands where their newlines are, with lines set anew, encoded
 * in any order: some of it as it lies, some not. */
static void appended_runs_come_back(void **state)
{
	uint64_t seed = env_number("SEED", 1);
	struct columns_writer *w = columns_writer_new();
	struct run_mem m = { 0 };
	struct append_scratch scratch = { 0 };
	struct entries es = { 0 }, all = { 0 };

	(void)state;
	for (int round = 0; round < 10000; round++) {
		struct buf out[COL_COUNT] = { 0 };
		struct bytes col[COL_COUNT];
		size_t n = 1 + rnd_below(&seed, 20), at, expected = 0;
		uint32_t order[40];
		struct run run;

		entries_reset(&es);
		entries_reset(&all);
		fill(&es, &seed, n, true, 1);
		for (uint32_t i = 0; i < 2 * n; i++)
			order[i] = i;
		columns_encode(w, &es, order, n, out);
		for (int c = 0; c < COL_COUNT; c++)
			col[c] = buf_bytes(&out[c]);
		assert_int_equal(columns_decode(col, n, WANT_ALL, &m, &run, NULL), 0);
		at = run.line_off[1 + rnd_below(&seed, n)] - 1;
		out[COL_LINES].p[at] = 'x';
		for (int twice = 0; twice < 2; twice++)
			assert_int_equal(
				entries_append_run(&all, 0, &run, INT64_MIN, INT64_MAX, &scratch),
				n);
		for (size_t i = 0; i < 2 * n; i++)
			expected += entries_line(&es, i % n).n;
		assert_int_equal(entries_line_bytes(&all), expected);
		if (rnd(&seed) & 1)
			entries_set_line(&all, n, BYTES_LIT("another"));
		for (size_t i = rnd_below(&seed, 4); i > 0; i--) {
			size_t a = rnd_below(&seed, 2 * n), b = rnd_below(&seed, 2 * n);
			uint32_t x = order[a];

			order[a] = order[b];
			order[b] = x;
		}
		for (int c = 0; c < COL_COUNT; c++)
			buf_reset(&out[c]);
		columns_encode(w, &all, order, 2 * n, out);
		for (int c = 0; c < COL_COUNT; c++)
			col[c] = buf_bytes(&out[c]);
		assert_int_equal(columns_decode(col, 2 * n, WANT_ALL, &m, &run, NULL), 0);
		for (size_t i = 0; i < 2 * n; i++) {
			struct bytes line = entries_line(&all, order[i]);

			assert_true(bytes_eq(run_line(&run, i), line));
			assert_int_equal(run.lines[run.line_off[i + 1] - 1], '\n');
			if (order[i] != n)
				assert_true(bytes_eq(line, entries_line(&es, order[i] % n)));
		}
		for (int c = 0; c < COL_COUNT; c++)
			buf_release(&out[c]);
	}
	entries_release(&es);
	entries_release(&all);
	append_scratch_release(&scratch);
	run_mem_release(&m);
	columns_writer_free(w);
}

static void damaged_columns_are_refused_or_harmless(void **state)
{
	uint64_t seed = 2;
	struct columns_writer *w = columns_writer_new();
	struct run_mem m = { 0 };
	struct entries es = { 0 };
	struct buf out[COL_COUNT] = { 0 };
	uint32_t order[20];
	size_t sum = 0;

	(void)state;
	fill(&es, &seed, 20, true, 1);
	for (uint32_t i = 0; i < 20; i++)
		order[i] = i;
	columns_encode(w, &es, order, 20, out);
	for (int c = 0; c < COL_COUNT; c++) {
		for (size_t at = 0; at < 8 * out[c].n; at++) {
			struct bytes col[COL_COUNT];
			struct run run;
			struct err e = { 0 };

			for (int k = 0; k < COL_COUNT; k++)
				col[k] = buf_bytes(&out[k]);
			out[c].p[at / 8] ^= (char)(1 << at % 8);
			if (columns_decode(col, 20, WANT_ALL, &m, &run, &e) == 0)
				for (size_t i = 0; i < run.n;
				     i++) /* whatever it says lies in memory of ours */
					for (size_t k = 0; k < run_line(&run, i).n; k++)
						sum += (unsigned char)run_line(&run, i).p[k];
			else
				assert_int_equal(e.code, ERR_CORRUPT);
			out[c].p[at / 8] ^= (char)(1 << at % 8);
			col[c].n = at / 8;
			assert_int_equal(columns_decode(col, 20, WANT_ALL, &m, &run, &e),
					 c == COL_META && at / 8 == 0 ? 0 : -1);
		}
	}
	assert_true(sum > 0);
	for (int c = 0; c < COL_COUNT; c++)
		buf_release(&out[c]);
	entries_release(&es);
	run_mem_release(&m);
	columns_writer_free(w);
}

/* Of any count and width, all of them and parts. */
static void planes_come_back(void **state)
{
	uint64_t in[50], out[50];
	uint32_t in32[50], out32[50];

	(void)state;
	for (size_t n = 0; n <= 50; n++) {
		for (unsigned bits = 0; bits <= 64; bits += 4) {
			size_t first = n / 3, end = n - n / 5;
			struct buf b = { 0 }, b32 = { 0 };
			struct rd rd;

			for (size_t i = 0; i < n; i++) {
				uint64_t v = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

				in[i] = bits ? v >> (64 - bits) : 0;
				in32[i] = (uint32_t)in[i];
			}
			planes_encode(&b, in, n);
			planes_encode32(&b32, in32, n);
			rd = rd_init(buf_bytes(&b));
			planes_decode(&rd, out, n);
			assert_false(rd.failed || rd_left(&rd));
			assert_memory_equal(in, out, n * sizeof(*in));
			rd = rd_init(buf_bytes(&b32));
			planes_decode32(&rd, out32, n);
			assert_false(rd.failed || rd_left(&rd));
			assert_memory_equal(in32, out32, n * sizeof(*in32));
			memset(out, 0x5a, sizeof(out));
			rd = rd_init(buf_bytes(&b));
			planes_decode_part(&rd, out, n, first, end);
			assert_memory_equal(in + first, out + first, (end - first) * sizeof(*in));
			if (end < 50)
				assert_int_equal(out[end], UINT64_C(0x5a5a5a5a5a5a5a5a));
			buf_release(&b);
			buf_release(&b32);
		}
	}
}

static void one_number_above(void **state)
{
	static const uint32_t most[] = { 0, 1, 7, 1000, INT32_MAX };
	static const uint32_t above[] = { 1, 2, 0x40000000, INT32_MAX, 0x80000000, UINT32_MAX };
	uint32_t v[50];

	(void)state;
	for (size_t m = 0; m < sizeof(most) / sizeof(*most); m++) {
		for (size_t n = 0; n <= 50; n++) {
			for (size_t i = 0; i < n; i++)
				v[i] = i % 2 ? most[m] : 0;
			assert_false(planes_above32(v, n, most[m]));
			for (size_t k = 0; k < n * (sizeof(above) / sizeof(*above)); k++) {
				uint32_t was = v[k % n];

				v[k % n] = above[k / n];
				assert_int_equal(planes_above32(v, n, most[m]),
						 above[k / n] > most[m]);
				v[k % n] = was;
			}
		}
	}
}

static void equal_metadata_is_one_set(void **state)
{
	struct metatab t = { 0 };
	struct label a[2] = { { bytes_str("x"), bytes_str("1") },
			      { bytes_str("y"), bytes_str("2") } };

	(void)state;
	assert_int_equal(metatab_add(&t, a, 0), 0);
	assert_int_equal(metatab_add(&t, a, 2), 1);
	assert_int_equal(metatab_add(&t, a, 1), 2);
	assert_int_equal(metatab_add(&t, a, 2), 1);
	for (uint32_t i = 0; i < 3000; i++) {
		a[0].value = bytes_of(&i, sizeof(i));
		metatab_add(&t, a, 2);
	}
	a[0].value = bytes_str("1");
	assert_int_equal(metatab_add(&t, a, 1), 2);
	assert_int_equal(t.n_strings, 3004);
	assert_true(metatab_memory(&t) > 3000 * sizeof(struct bytes));
	metatab_release(&t);
}

static void a_json_line_is_read(void **state)
{
	static const char text[] =
		" {\"ts\":\"1768471200000000001\", "
		"\"tenant\":\"acme\",\"labels\":{\"app\":\"web\"},"
		"\"line\":\"a\\\"b\\n\",\"metadata\":{\"k\":\"v\\u00e9\",\"e\":\"\"}} ";
	struct jsonl_reader r = { 0 };
	struct jsonl_entry en;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(jsonl_parse(&r, bytes_str(text), &en, &e), 0);
	assert_true(en.has_ts);
	assert_int_equal(en.ts_ns, INT64_C(1768471200000000001));
	assert_bytes(en.tenant, "acme");
	assert_bytes(en.labels, "{\"app\":\"web\"}");
	assert_bytes(en.line, "a\"b\n");
	assert_int_equal(en.n_meta, 2);
	assert_bytes(en.meta[0].value, "v\xc3\xa9");
	assert_int_equal(jsonl_parse(&r, bytes_str("{\"ts\":5,\"line_b64\":\"/w==\"}"), &en, &e),
			 0);
	assert_bytes(en.line, "\xff");
	assert_int_equal(en.ts_ns, 5);
	assert_int_equal(en.labels.n, 0);
	assert_int_equal(jsonl_parse(&r, bytes_str("{\"line\":\"\"}"), &en, &e), 0);
	assert_false(en.has_ts);
	jsonl_reader_release(&r);
}

static void bad_json_lines_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "{",
					   "{}",
					   "[]",
					   "{\"line\":1}",
					   "{\"line\":\"a\"",
					   "{\"line\":\"a\"}x",
					   "{\"line\":\"a\",}",
					   "{\"line\":\"a\",\"line\":\"b\"}",
					   "{\"line\":\"a\",\"line_b64\":\"YQ==\"}",
					   "{\"ts\":\"1\"}",
					   "{\"line\":\"a\",\"ts\":\"1.5\"}",
					   "{\"line\":\"a\",\"ts\":1.5}",
					   "{\"line\":\"a\",\"ts\":\"9223372036854775808\"}",
					   "{\"line\":\"a\",\"labels\":[]}",
					   "{\"line\":\"a\",\"labels\":\"x\"}",
					   "{\"line\":\"a\",\"metadata\":{\"a\":1}}",
					   "{\"line\":\"a\",\"metadata\":[]}",
					   "{\"line\":\"a\",\"stream\":{}}",
					   "{\"line\":\"\\q\"}",
					   "{\"line_b64\":\"!\"}",
					   "{\"line\" \"a\"}",
					   "{\"line\":\"a}" };
	struct jsonl_reader r = { 0 };
	struct jsonl_entry en;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (jsonl_parse(&r, bytes_str(bad[i]), &en, &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	jsonl_reader_release(&r);
}

/* S4-4: what is stored comes back byte for byte, whatever its bytes. */
static void any_line_comes_back_from_json(void **state)
{
	uint64_t seed = env_number("SEED", 1);
	struct jsonl_reader r = { 0 };
	struct metatab t = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char line[60], value[10];
		size_t n = rnd_below(&seed, sizeof(line)),
		       n_value = rnd_below(&seed, sizeof(value));
		int64_t ts = (int64_t)rnd(&seed);
		struct label meta = { bytes_str("k\"\n"), bytes_of(value, n_value) };
		struct metaview view;
		struct buf b = { 0 };
		struct jsonl_entry en;
		struct err e = { 0 };
		uint32_t set;

		for (size_t k = 0; k < n; k++)
			line[k] = (char)(i & 1 ? rnd(&seed) : rnd_below(&seed, 0x80));
		for (size_t k = 0; k < n_value; k++)
			value[k] = (char)rnd_below(&seed, 0x80);
		metatab_reset(&t);
		set = metatab_add(&t, &meta, 1);
		view = metatab_view(&t);
		jsonl_add(&b, ts, bytes_str("t"), bytes_str("{}"), bytes_of(line, n), &view, set);
		assert_int_equal(b.p[b.n - 1], '\n');
		assert_int_equal(jsonl_parse(&r, bytes_of(b.p, b.n - 1), &en, &e), 0);
		assert_int_equal(en.ts_ns, ts);
		assert_true(bytes_eq(en.line, bytes_of(line, n)));
		assert_true(bytes_eq(en.meta[0].name, meta.name) &&
			    bytes_eq(en.meta[0].value, meta.value));
		buf_release(&b);
	}
	metatab_release(&t);
	jsonl_reader_release(&r);
}

/* Asked for while their table grows, with some that are not there. */
static void streams_are_found(void **state)
{
	enum { N = 12000, ASKED = 100 };
	struct hash128 *id = test_calloc(N, sizeof(*id));
	uint64_t seed = env_number("SEED", 1);
	struct streams *t = streams_new();

	(void)state;
	for (uint32_t n = 0; n < N; n++) {
		const struct hash128 *asked[ASKED];
		struct hash128 other[ASKED];
		uint32_t which[ASKED], found[ASKED], number;
		struct label label = { bytes_str("n"), bytes_of(&n, sizeof(n)) };
		struct labels labels = { &label, 1 };
		size_t k = rnd_below(&seed, ASKED);
		struct err e;

		id[n] = labels_stream_id(bytes_str("t"), &labels);
		for (size_t i = 0; i < k; i++) {
			which[i] =
				(uint32_t)rnd_below(&seed, n + 1); /* n itself is not there yet */
			other[i] = id[which[i]];
			if (rnd_below(&seed, 8) == 0) { /* nobody's, in somebody's place */
				other[i].b[rnd_below(&seed, 2) ? 15 : 8] ^= 1;
				which[i] = n;
			}
			asked[i] = &other[i];
		}
		streams_find_all(t, asked, k, found);
		for (size_t i = 0; i < k; i++)
			assert_int_equal(found[i], which[i] == n ? STREAM_NONE : which[i]);
		assert_int_equal(streams_add(t, bytes_str("t"), &labels, &number, &e), 0);
		assert_int_equal(number, n);
	}
	streams_free(t);
	test_free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_come_back),
		cmocka_unit_test(appended_runs_come_back),
		cmocka_unit_test(damaged_columns_are_refused_or_harmless),
		cmocka_unit_test(planes_come_back),
		cmocka_unit_test(one_number_above),
		cmocka_unit_test(equal_metadata_is_one_set),
		cmocka_unit_test(a_json_line_is_read),
		cmocka_unit_test(bad_json_lines_are_refused),
		cmocka_unit_test(streams_are_found),
		{ "S4-4 any line comes back from JSON byte for byte", any_line_comes_back_from_json,
		  NULL, NULL, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
