/* Chunks whose lines are taken apart: read whole, in part, by columns; damage in any byte is told.
 */
#include "unit.h"

#include "base/mem.h"
#include "chunk/chunk.h"

enum { N = 300 };

/* One block of N entries. */
struct fixture {
	struct entries es;
	struct buf out;
	struct arena mem;
	struct chunk c;
	struct bytes stored;
	struct chunk_scratch *s;
	size_t lines_at; /* where they begin in stored */
};

static void make(struct fixture *f, enum chunk_lines lines)
{
	struct chunk_params p = chunk_params_default;
	struct label v[1] = { { BYTES_LIT("app"), BYTES_LIT("web") } };
	struct labels labels = { v, 1 };
	struct hash128 id = labels_stream_id(BYTES_LIT("fake"), &labels);
	struct chunk_writer *w;
	uint32_t order[N];
	struct err e;

	*f = (struct fixture){ .s = chunk_scratch_new() };
	p.lines = lines;
	w = chunk_writer_new(&p);
	for (uint32_t i = 0; i < N; i++) {
		char line[200];
		int n = i % 50 == 7 ? snprintf(line, sizeof(line), "a line of its own, %u", i)
				    : snprintf(line, sizeof(line),
					       "{\"t\":\"2026-01-01T00:%02u:%02u.%03uZ\",\"n\":%u,"
					       "\"who\":\"%s\",\"say\":\"%u a %u\"}",
					       i / 60, i % 60, i, i * 7, i % 3 ? "bob" : "eve", i,
					       i * i);

		entries_add(&f->es, 0, INT64_C(1767225600000000000) + i * INT64_C(1000000000),
			    bytes_of(line, (size_t)n), 0);
		order[i] = i;
	}
	chunk_encode(w, BYTES_LIT("fake"), &labels, &id, &f->es, order, N, &f->out);
	chunk_writer_free(w);
	assert_int_equal(chunk_parse(buf_bytes(&f->out), &f->mem, &f->c, &e), 0);
	assert_int_equal(f->c.fixed.n_blocks, 1);
	f->stored =
		bytes_sub(buf_bytes(&f->out), chunk_block_off(&f->c, 0), f->c.block[0].stored_len);
	f->lines_at = f->stored.n - f->c.block[0].col_stored[COL_LINES];
}

static void release(struct fixture *f)
{
	chunk_scratch_free(f->s);
	entries_release(&f->es);
	buf_release(&f->out);
	arena_release(&f->mem);
}

static int read_lines(struct fixture *f, struct run *ret, struct err *e)
{
	return chunk_read_block(&f->c, f->c.block, f->stored, WANT_LINES, f->s, ret, e);
}

static void only_where_it_is_wanted(void **state)
{
	struct fixture f;

	(void)state;
	make(&f, CHUNK_LINES_APART);
	assert_true(f.c.block[0].shapes_len > 0);
	assert_int_equal(f.c.fixed.flags, CHUNK_FLAG_SHAPES);
	release(&f);
	make(&f, CHUNK_LINES_WHOLE);
	assert_int_equal(f.c.block[0].shapes_len, 0);
	assert_int_equal(f.c.fixed.flags, 0);
	release(&f);
}

static void all_lines_and_some(void **state)
{
	struct fixture f;
	struct run run;
	uint64_t seed = 1;
	uint32_t sel[N];
	struct err e;

	(void)state;
	make(&f, CHUNK_LINES_APART);
	assert_int_equal(chunk_check_block(f.c.block, f.stored, &e), 0);
	assert_int_equal(read_lines(&f, &run, &e), 0);
	for (uint32_t i = 0; i < N; i++)
		assert_true(bytes_eq(run_line(&run, i), entries_line(&f.es, i)));
	for (int k = 0; k < 200; k++) {
		struct shape_pick pick = { .first = (uint32_t)rnd_below(&seed, N) };

		if (k % 2) {
			pick.n = 1 + rnd_below(&seed, N - pick.first);
		} else {
			for (uint32_t i = pick.first; i < N;
			     i += 1 + (uint32_t)rnd_below(&seed, 20))
				sel[pick.n++] = i;
			pick.sel = sel;
		}
		chunk_scratch_narrow(f.s, &pick);
		assert_int_equal(read_lines(&f, &run, &e), 0);
		for (size_t i = 0; i < pick.n; i++) {
			uint32_t at = pick.sel ? sel[i] : pick.first + (uint32_t)i;

			assert_true(bytes_eq(run_line(&run, at), entries_line(&f.es, at)));
		}
	}
	release(&f);
}

/* Columns that are open stay so while lines of the same block are read. */
static void columns_and_lines_by_turns(void **state)
{
	const struct shape_fetch none = { 0 };
	struct shape_reader *r;
	const struct shape_values *v;
	const struct shape *sh;
	struct fixture f;
	struct run run;
	struct err e;
	size_t n;

	(void)state;
	make(&f, CHUNK_LINES_APART);
	assert_int_equal(chunk_open_shapes(&f.c, f.c.block, f.stored, &none, f.s, &r, &e), 0);
	sh = shape_list(r, &n);
	assert_int_equal(n, 2);
	assert_int_equal(shape_column(r, sh[0].slot[1].column, NULL, &v, &e), 0);
	assert_int_equal(read_lines(&f, &run, &e), 0);
	assert_bytes(shape_value(v, 3), "21");
	assert_true(bytes_eq(run_line(&run, N - 1), entries_line(&f.es, N - 1)));
	release(&f);
}

struct far {
	struct bytes whole; /* the lines, as stored */
	char *to;
	size_t fetched;
};

static int fetch(void *data, size_t off, size_t n, struct err *e)
{
	struct far *far = data;

	(void)e;
	assert_true(off <= far->whole.n && n <= far->whole.n - off);
	memcpy(far->to + off, far->whole.p + off, n);
	far->fetched += n;
	return 0;
}

static int fetch_fails(void *data, size_t off, size_t n, struct err *e)
{
	(void)data;
	(void)off;
	(void)n;
	return err_set(e, ERR_IO, "far away");
}

/* Of what lies elsewhere a column comes alone. */
static void columns_are_fetched_one_by_one(void **state)
{
	struct shape_fetch fetches = { fetch, NULL }, fails = { fetch_fails, NULL };
	const struct shape_values *v;
	struct shape_reader *r;
	struct err e = { 0 };
	struct far far;
	struct bytes part;
	struct fixture f;
	size_t side, n, whole;
	const struct shape *sh;
	struct run run;
	char *copy;

	(void)state;
	make(&f, CHUNK_LINES_APART);
	whole = f.c.block->stored_len;
	side = whole - f.c.block->col_stored[COL_LINES];
	copy = calloc(1, whole);
	part = bytes_of(copy, chunk_block_need(f.c.block, WANT_SHAPES));
	assert_int_equal(part.n, side + f.c.block->shapes_len);
	memcpy(copy, f.stored.p, part.n);
	assert_int_equal(chunk_open_shapes(&f.c, f.c.block, part, &fails, f.s, &r, &e), 0);
	sh = shape_list(r, &n);
	assert_int_equal(shape_column(r, sh[0].slot[1].column, NULL, &v, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	chunk_scratch_free(f.s);
	f.s = chunk_scratch_new();
	far = (struct far){ bytes_sub(f.stored, side, whole), copy + side, 0 };
	fetches.data = &far;
	assert_int_equal(chunk_open_shapes(&f.c, f.c.block, part, &fetches, f.s, &r, &e), 0);
	assert_int_equal(far.fetched, 0);
	assert_int_equal(shape_column(r, shape_list(r, &n)[0].slot[1].column, NULL, &v, &e), 0);
	assert_bytes(shape_value(v, 3), "21");
	assert_true(far.fetched > 0 && far.fetched < far.whole.n / 2);
	assert_int_equal(chunk_scratch_take_apart_bytes(f.s), f.c.block->shapes_len + far.fetched);
	assert_int_equal(chunk_scratch_take_apart_bytes(f.s), 0);
	memcpy(copy, f.stored.p, whole);
	f.stored.p = copy;
	assert_int_equal(read_lines(&f, &run, &e), 0);
	assert_int_equal(chunk_scratch_take_apart_bytes(f.s),
			 far.whole.n - f.c.block->shapes_len - far.fetched);
	assert_true(bytes_eq(run_line(&run, N - 1), entries_line(&f.es, N - 1)));
	release(&f);
	free(copy);
}

/* Some checksum covers it, whether it stands in the block table or in the head of the lines. */
static void damage_is_told(void **state)
{
	const struct shape_fetch none = { 0 };
	struct fixture f;
	struct run run;

	(void)state;
	make(&f, CHUNK_LINES_APART);
	for (size_t at = 0; at < f.stored.n; at++) {
		char *p = (char *)(uintptr_t)f.stored.p + at;
		struct err e = { 0 };

		*p ^= 4;
		assert_int_equal(chunk_check_block(f.c.block, f.stored, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		e.code = ERR_NONE;
		chunk_scratch_free(f.s); /* it keeps columns that were read */
		f.s = chunk_scratch_new();
		assert_int_equal(read_lines(&f, &run, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		*p ^= 4;
	}
	for (size_t n = 0; n < f.stored.n; n++) {
		struct bytes cut = { f.stored.p, n };
		struct shape_reader *r;
		struct err e = { 0 };

		assert_int_equal(chunk_check_block(f.c.block, cut, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		assert_int_equal(chunk_open_shapes(&f.c, f.c.block, cut, &none, f.s, &r, &e), -1);
	}
	release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_where_it_is_wanted),
		cmocka_unit_test(all_lines_and_some),
		cmocka_unit_test(columns_and_lines_by_turns),
		cmocka_unit_test(columns_are_fetched_one_by_one),
		cmocka_unit_test(damage_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
