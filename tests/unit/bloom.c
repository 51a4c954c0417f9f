/* Filters: what they rule out, how large they are, matrices that are full or closed early, damage.
 */
#include "unit.h"
#include "bloom_block.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/wr.h"
#include "bloom/build.h"
#include "bloom/bloom.h"
#include "bloom/format.h"
#include "chunk/pack.h"

static uint64_t state = 1;

/* ---- filters ---- */

struct filter {
	struct buf table, pages;
	uint64_t chunks_len;
	struct bloom bloom;
	struct arena mem;
};

enum { CHUNK_LEN = 1 << 20 };

static int page_of(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	struct filter *f = data;

	(void)e;
	*ret = bytes_sub(buf_bytes(&f->pages), off, n);
	return 0;
}

/* Of chunks of so many blocks each. */
static void build(struct filter *f, const struct bloom_values *v, size_t per_chunk)
{
	struct bloom_build *b = bloom_build_new(v->what);
	struct err e;

	*f = (struct filter){ 0 };
	for (size_t i = 0; i < v->n; i += per_chunk) {
		size_t n = v->n - i < per_chunk ? v->n - i : per_chunk;

		bloom_build_chunk(b, CHUNK_LEN, v, i, n);
		f->chunks_len += CHUNK_LEN;
	}
	assert_true(bloom_build_end(b, &f->table, &f->pages));
	bloom_build_free(b);
	if (bloom_parse(buf_bytes(&f->table), f->chunks_len, &f->mem, &f->bloom, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(f->pages.n, f->bloom.pages_len);
	assert_int_equal(0, bloom_check(&f->bloom, page_of, f, &e));
}

static void release(struct filter *f)
{
	buf_release(&f->table);
	buf_release(&f->pages);
	arena_release(&f->mem);
}

static void answer(struct filter *f, const struct bloom_ask *ask, struct bloom_answer *ret)
{
	struct err e;

	assert_int_equal(
		0, bloom_answer(&f->bloom, ask, BLOOM_VALUES_NEAR, page_of, f, &f->mem, ret, &e));
}

/* ---- blocks whose values are made up ---- */

/* Asks for some values of block i; the block is not ruled out. Returns how many others are. */
static size_t others_ruled_out(struct filter *f, const struct bloom_values *v, size_t i,
			       size_t per_chunk)
{
	const struct bloom_block *b = &v->block[i];
	struct bloom_ask ask = { 0 };
	struct bloom_answer ret;
	bool any = false;
	size_t n = 0;

	bloom_ask_clause(&ask);
	bloom_ask_anything(&ask);
	for (int k = 0; k < GRAM_KINDS; k++) {
		struct gram_list *l = &ask.v[0].v[0].of[k];

		mem_grow(&l->v, &l->cap, BLOOM_VALUES_NEAR, sizeof(*l->v));
		for (; b->n[k] && l->n < BLOOM_VALUES_NEAR;)
			l->v[l->n++] = v->of[k].v[b->first[k] + rnd_below(&state, b->n[k])];
	}
	answer(f, &ask, &ret);
	for (size_t k = 0; k < v->n; k++) {
		bool may = bloom_may(&f->bloom, &ret, k / per_chunk * (uint64_t)CHUNK_LEN,
				     (uint32_t)(k % per_chunk));

		assert_true(may || k != i);
		n += !may;
		any = k % per_chunk && any;
		any = any || may;
		assert_int_equal(bloom_may_any(&f->bloom, &ret, k / per_chunk * (uint64_t)CHUNK_LEN,
					       (uint32_t)(k % per_chunk) + 1),
				 any);
	}
	bloom_ask_release(&ask);
	return n;
}

/* Of each number of columns a page may have, which is the last bits of other words. */
static void matrices_of_all_widths(void **unused)
{
	(void)unused;
	for (size_t n = 1; n <= 600; n += 1 + n / 70) {
		struct bloom_values v = { .what = BLOOM_FULL };
		struct filter f;

		for (size_t i = 0; i < n; i++)
			add_random_block(&v, 1 << GRAM_LETTERS | 1 << GRAM_HEX, 60,
					 BLOOM_SPAN_BYTES, &state);
		build(&f, &v, 7);
		assert_int_equal(f.bloom.n_matrices, (n + 255) / 256);
		for (size_t i = 0; i < n; i += 1 + n / 20)
			assert_int_equal(others_ruled_out(&f, &v, i, 7), n - 1);
		assert_int_equal(others_ruled_out(&f, &v, n - 1, 7), n - 1);
		release(&f);
		bloom_values_release(&v);
	}
}

/* Large ones of many lengths: more than may be open at once. */
static void matrices_closed_early(void **unused)
{
	struct bloom_values v = { .what = BLOOM_SMALL };
	struct filter f;
	size_t n = 0, sizes = 0;

	(void)unused;
	for (size_t i = 0; i < 300; i++)
		add_random_block(&v, 1 << GRAM_LETTERS, 1000 + rnd_below(&state, 180000),
				 (uint64_t)1 << 24, &state);
	build(&f, &v, 5);
	for (size_t i = 0; i < f.bloom.n_matrices; i++) {
		size_t before = 0;

		while (f.bloom.matrix[before].groups != f.bloom.matrix[i].groups)
			before++;
		sizes += before == i;
	}
	/* Most stay open as long as they are narrow. */
	assert_in_range(f.bloom.n_matrices, sizes + 1, 4 * sizes);
	for (size_t i = 0; i < v.n; i++)
		n += others_ruled_out(&f, &v, i, 5);
	assert_true(n > 299 * 300 * 9 / 10);
	release(&f);
	bloom_values_release(&v);
}

/* Small ones share columns with what follows; too few bytes have none, whatever is asked. */
static void small_blocks_in_spans(void **unused)
{
	struct bloom_values v = { .what = BLOOM_SMALL };
	size_t n = 0, covered = 0;
	struct filter f;

	(void)unused;
	for (size_t i = 0; i < 1000; i++)
		add_random_block(&v, 1 << GRAM_LETTERS | 1 << GRAM_HEX, 3, rnd_below(&state, 20000),
				 &state);
	build(&f, &v, 11);
	for (size_t i = 0; i < v.n; i++) {
		covered += f.bloom.place[i].matrix != BLOOM_NO_MATRIX;
		n += others_ruled_out(&f, &v, i, 11);
	}
	assert_true(covered > 950);
	assert_true(n > 1000 * 900);
	release(&f);
	bloom_values_reset(&v);
	add_random_block(&v, 1 << GRAM_LETTERS, 3, BLOOM_SPAN_BYTES, &state);
	add_random_block(&v, 1 << GRAM_LETTERS, 3, BLOOM_SPAN_MIN - 1, &state);
	add_random_block(&v, 0, 0, BLOOM_SPAN_BYTES, &state);
	build(&f, &v, 3);
	assert_int_equal(f.bloom.place[0].matrix, 0);
	assert_int_equal(f.bloom.place[1].matrix, BLOOM_NO_MATRIX);
	assert_int_equal(f.bloom.place[2].matrix, BLOOM_NO_MATRIX);
	assert_int_equal(others_ruled_out(&f, &v, 0, 3), 0);
	release(&f);
	bloom_values_release(&v);
}

/* Those with too few bytes for a column, and the large one behind them. Returns in how many columns
 * the two first blocks, and the last, are. */
static size_t columns_of(uint8_t kinds, size_t n_values, uint64_t small, struct filter *f,
			 struct bloom_values *v)
{
	const struct bloom_place *p;
	size_t n = 0;

	*v = (struct bloom_values){ .what = BLOOM_SMALL };
	add_random_block(v, 1 << GRAM_LETTERS | 1 << GRAM_HEX, 50, small, &state);
	add_random_block(v, 1 << GRAM_LETTERS | 1 << GRAM_HEX, 50, small, &state);
	add_random_block(v, kinds, n_values, BLOOM_SPAN_BYTES, &state);
	for (size_t i = 0; i < 20; i++)
		add_random_block(v, kinds, n_values, BLOOM_SPAN_BYTES, &state);
	build(f, v, 2);
	p = f->bloom.place;
	assert_int_equal(p[0].matrix, p[1].matrix);
	assert_int_not_equal(p[2].matrix, BLOOM_NO_MATRIX);
	for (size_t i = 0; i < v->n; i++)
		others_ruled_out(f, v, i, 2);
	if (p[0].matrix != BLOOM_NO_MATRIX) {
		assert_int_equal(p[0].column, p[1].column);
		n++;
	}
	return n + (p[2].matrix != p[0].matrix || p[2].column != p[0].column);
}

static void few_bytes_go_along_with_a_large_block(void **unused)
{
	enum { MOST = (int)(4607 * 256 / 3 / 1.443) }; /* what comes out as 4096 groups */
	struct bloom_values v;
	struct filter f;

	(void)unused;
	assert_int_equal(columns_of(1 << GRAM_LETTERS | 1 << GRAM_HEX, 4000, 10000, &f, &v), 1);
	assert_int_equal(others_ruled_out(&f, &v, 0, 2), v.n - 3);
	assert_int_equal(others_ruled_out(&f, &v, 2, 2), v.n - 3);
	release(&f);
	bloom_values_release(&v);
	/* Of a kind that the large one has given up nothing is known. */
	assert_int_equal(columns_of(1 << GRAM_LETTERS, 4000, 10000, &f, &v), 1);
	release(&f);
	bloom_values_release(&v);
	/* With enough bytes they have one of their own. */
	assert_int_equal(columns_of(1 << GRAM_LETTERS | 1 << GRAM_HEX, 4000, 20000, &f, &v), 2);
	release(&f);
	bloom_values_release(&v);
	/* They have no sparse values: nor would they be found by them. */
	assert_int_equal(columns_of(1 << GRAM_SPARSE | 1 << GRAM_HEX, 4000, 10000, &f, &v), 1);
	assert_int_equal(f.bloom.place[0].matrix, BLOOM_NO_MATRIX);
	release(&f);
	bloom_values_release(&v);
	/* The large one keeps its column when both were too long. */
	assert_int_equal(columns_of(1 << GRAM_LETTERS, MOST, 10000, &f, &v), 1);
	assert_int_equal(f.bloom.place[0].matrix, BLOOM_NO_MATRIX);
	release(&f);
	bloom_values_release(&v);
}

static void unknown_blocks_are_not_ruled_out(void **unused)
{
	struct bloom_values v = { .what = BLOOM_SMALL };
	struct bloom_ask ask = { 0 };
	struct bloom_answer ret;
	struct filter f;

	(void)unused;
	add_random_block(&v, 1 << GRAM_LETTERS, 100, BLOOM_SPAN_BYTES, &state);
	build(&f, &v, 1);
	bloom_ask_clause(&ask);
	bloom_ask_text(&ask, BYTES_LIT("nowhere to be found"), GRAM_CASE_AS_IS);
	answer(&f, &ask, &ret);
	assert_false(bloom_may(&f.bloom, &ret, 0, 0));
	assert_true(bloom_may(&f.bloom, &ret, 0, 1));
	assert_true(bloom_may(&f.bloom, &ret, 1, 0));
	assert_true(bloom_may(&f.bloom, &ret, CHUNK_LEN, 0));
	assert_false(bloom_may_any(&f.bloom, &ret, 0, 0));
	assert_false(bloom_may_any(&f.bloom, &ret, 0, 1));
	assert_true(bloom_may_any(&f.bloom, &ret, 0, 2));
	assert_true(bloom_may_any(&f.bloom, &ret, 1, 1));
	assert_true(bloom_may_any(&f.bloom, &ret, CHUNK_LEN, 1));
	ret.column = NULL;
	assert_true(bloom_may(&f.bloom, &ret, 0, 0));
	assert_true(bloom_may_any(&f.bloom, &ret, 0, 1));
	bloom_ask_release(&ask);
	release(&f);
	bloom_values_release(&v);
}

static void nothing_to_serve_is_no_filter(void **unused)
{
	struct bloom_build *b = bloom_build_new(BLOOM_SMALL);
	struct bloom_values v = { .what = BLOOM_SMALL };
	struct buf table = { 0 }, pages = { 0 };

	(void)unused;
	assert_null(bloom_build_new(BLOOM_NONE));
	bloom_values_add(&v, BYTES_LIT("too small for a column\n"), (struct bytes){ 0 });
	bloom_build_chunk(b, 1000, &v, 0, 1);
	assert_false(bloom_build_end(b, &table, &pages));
	assert_int_equal(0, table.n + pages.n);
	bloom_build_free(b);
	bloom_values_release(&v);
}

/* ---- what is ruled out ---- */

enum { BLOCKS = 40, BLOCK_BYTES = 600 << 10, NEEDLES = 400 };

static void add_hex(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(b, "0123456789abcdef"[rnd_below(&state, 16)]);
}

static void add_lines(struct buf *b, size_t n)
{
	size_t start = b->n;

	while (b->n - start < n) {
		buf_addf(b,
			 "2026-01-15T10:%02zu:%02zu.%03zuZ level=info msg=\"request done\" "
			 "path=/api/v%zu/"
			 "orders status=%zu took=%zums id=",
			 rnd_below(&state, 60), rnd_below(&state, 60), rnd_below(&state, 1000),
			 rnd_below(&state, 3), 200 + rnd_below(&state, 4) * 100,
			 rnd_below(&state, 5000));
		add_hex(b, 32);
		buf_add_str(b, " span=");
		add_hex(b, 16);
		buf_add_char(b, '\n');
	}
}

static void add_blocks(struct bloom_values *v, struct buf *first)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		struct buf lines = { 0 };

		add_lines(&lines, BLOCK_BYTES);
		bloom_values_add(v, buf_bytes(&lines), (struct bytes){ 0 });
		if (i == 0)
			*first = lines;
		else
			buf_release(&lines);
	}
}

/* In how many of all blocks random ids may be. */
static size_t remain(struct filter *f, size_t digits)
{
	size_t n = 0;

	for (size_t i = 0; i < NEEDLES; i++) {
		struct bloom_ask ask = { 0 };
		struct buf needle = { 0 };
		struct bloom_answer ret;

		add_hex(&needle, digits);
		bloom_ask_clause(&ask);
		bloom_ask_text(&ask, buf_bytes(&needle), GRAM_CASE_AS_IS);
		bloom_ask_end(&ask);
		answer(f, &ask, &ret);
		for (size_t k = 0; k < BLOCKS; k++)
			n += bloom_may(&f->bloom, &ret, k / 4 * (uint64_t)CHUNK_LEN,
				       (uint32_t)(k % 4));
		bloom_ask_release(&ask);
		buf_release(&needle);
	}
	return n;
}

static void what_ids_rule_out(void **unused)
{
	(void)unused;
	for (int what = BLOOM_SMALL; what <= BLOOM_FULL; what++) {
		struct bloom_values v = { .what = (enum bloom_what)what };
		struct buf first = { 0 };
		uint64_t bits = 0, of_32, of_16;
		struct filter f;

		add_blocks(&v, &first);
		build(&f, &v, 4);
		for (size_t i = 0; i < v.n; i++)
			for (int k = 0; k < GRAM_KINDS; k++)
				bits += bloom_bits((enum gram_kind)k, v.block[i].n[k]);
		of_32 = remain(&f, 32);
		of_16 = remain(&f, 16);
		printf("# %s: %zu bytes, %llu bits of values; %llu and %llu of %d blocks remain\n",
		       bloom_what_name((enum bloom_what)what), f.pages.n, (unsigned long long)bits,
		       (unsigned long long)of_32, (unsigned long long)of_16, BLOCKS * NEEDLES);
		assert_in_range(of_32, 0, BLOCKS * NEEDLES / 100);
		assert_in_range(of_16, 0, BLOCKS * NEEDLES / 20);
		assert_in_range(f.pages.n, bits / 8 * 7 / 8, bits / 8 * 9 / 8);
		buf_release(&first);
		release(&f);
		bloom_values_release(&v);
	}
}

static void bits_of_a_value(void **unused)
{
	(void)unused;
	assert_int_equal(bloom_bits(GRAM_LETTERS, 1000), 4329);
	assert_int_equal(bloom_bits(GRAM_SPARSE, 1000), 5772);
	assert_int_equal(bloom_bits(GRAM_HEX, 1000), 8658);
	assert_int_equal(bloom_bits(GRAM_REST, 1000), 5772);
	assert_true(bloom_is_worth(BLOOM_SMALL, 8 * 100, 1600));
	assert_false(bloom_is_worth(BLOOM_SMALL, 8 * 101, 1600));
	assert_true(bloom_is_worth(BLOOM_FULL, 8 * 100, 1000));
	assert_false(bloom_is_worth(BLOOM_FULL, 8 * 101, 1000));
}

/* What has too many values has sparser ones, or fewer kinds, or none. */
static void kinds_are_given_up(void **unused)
{
	struct bloom_values v = { .what = BLOOM_FULL };
	struct buf text = { 0 }, words = { 0 };

	(void)unused;
	while (text.n < 300 << 10)
		buf_add_char(&text, (char)rnd(&state));
	bloom_values_add(&v, buf_bytes(&text), (struct bytes){ 0 });
	assert_int_equal(v.block[0].kinds, 0);
	while (words.n < 300 << 10)
		buf_addf(&words, "%s%c%c%c ", rnd_below(&state, 3) ? "request done at port" : "",
			 (int)('a' + rnd_below(&state, 26)), (int)('a' + rnd_below(&state, 26)),
			 (int)('a' + rnd_below(&state, 26)));
	bloom_values_add(&v, buf_bytes(&words), (struct bytes){ 0 });
	printf("# kinds of random words: %x\n", v.block[1].kinds);
	assert_true(v.block[1].kinds & (1 << GRAM_SPARSE | 1 << GRAM_LETTERS));
	buf_release(&text);
	buf_release(&words);
	bloom_values_release(&v);
}

/* Small blocks share a span, and it gives up the dearest kind, not all of them. */
static void spans_give_up_kinds(void **unused)
{
	struct bloom_values v = { .what = BLOOM_SMALL };
	struct buf text = { 0 };
	struct filter f;

	(void)unused;
	for (int i = 0; i < 3; i++) {
		buf_reset(&text);
		while (text.n < 60 << 10)
			buf_addf(&text, "of %08x%08x%08x the worker\n", (unsigned)rnd(&state),
				 (unsigned)rnd(&state), (unsigned)rnd(&state));
		bloom_values_add(&v, buf_bytes(&text), (struct bytes){ 0 });
	}
	build(&f, &v, 3);
	assert_true(f.bloom.n_matrices > 0);
	for (size_t i = 0; i < f.bloom.n_matrices; i++)
		assert_int_equal(f.bloom.matrix[i].kinds, 1 << GRAM_LETTERS | 1 << GRAM_ESCAPE);
	release(&f);
	buf_release(&text);
	bloom_values_release(&v);
}

/* ---- which pages ---- */

struct far {
	struct filter *f;
	struct bloom_pages list;
	size_t asked;
};

static int listed_page(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	struct far *far = data;

	for (size_t i = 0; i < far->list.n; i++)
		if (far->list.v[i].off == off && far->list.v[i].n == n) {
			far->asked++;
			return page_of(far->f, off, n, ret, e);
		}
	return err_set(e, ERR_IO, "page at %llu: not on the list", (unsigned long long)off);
}

static void pages_are_known_before(void **unused)
{
	struct bloom_values v = { .what = BLOOM_FULL };
	struct bloom_ask ask = { 0 };
	struct buf first = { 0 };
	struct bloom_answer ret;
	struct far far = { 0 };
	struct filter f;
	struct err e;

	(void)unused;
	add_blocks(&v, &first);
	build(&f, &v, 4);
	bloom_ask_clause(&ask);
	bloom_ask_text(&ask, bytes_of(first.p + 100, 120), GRAM_CASE_FOLD);
	bloom_ask_text(&ask, BYTES_LIT("3a5b0c123dd01e4f5a6b7c8d9e0f1a2b"), GRAM_CASE_AS_IS);
	bloom_ask_end(&ask);
	far.f = &f;
	bloom_pages_add(&f.bloom, &ask, BLOOM_VALUES_FAR, &far.list);
	for (size_t i = 1; i < far.list.n; i++)
		assert_true(far.list.v[i - 1].off < far.list.v[i].off);
	assert_int_equal(0, bloom_answer(&f.bloom, &ask, BLOOM_VALUES_FAR, listed_page, &far,
					 &f.mem, &ret, &e));
	assert_true(far.asked > 0 &&
		    far.list.n <= f.bloom.n_matrices * 2 * GRAM_KINDS * BLOOM_VALUES_FAR);
	assert_true(bloom_may(&f.bloom, &ret, 0, 0));
	far.list.n = 0;
	assert_int_equal(-1, bloom_answer(&f.bloom, &ask, BLOOM_VALUES_FAR, listed_page, &far,
					  &f.mem, &ret, &e));
	assert_int_equal(ERR_IO, e.code);
	free(far.list.v);
	bloom_ask_release(&ask);
	buf_release(&first);
	release(&f);
	bloom_values_release(&v);
}

/* ---- damage ---- */

/* Some blocks of one chunk, few bytes of pages. */
static void small_filter(struct filter *f, struct bloom_values *v)
{
	*v = (struct bloom_values){ .what = BLOOM_FULL };
	for (size_t i = 0; i < 5; i++)
		add_random_block(v, 1 << GRAM_LETTERS | 1 << GRAM_HEX, 20 + 50 * (i % 2),
				 BLOOM_SPAN_BYTES, &state);
	build(f, v, 2);
}

static void each_byte_of_pages_is_checked(void **unused)
{
	struct bloom_values v;
	struct filter f;
	struct err e;

	(void)unused;
	small_filter(&f, &v);
	for (size_t i = 0; i < f.pages.n; i++) {
		f.pages.p[i] ^= (char)(1 << i % 8);
		assert_int_equal(-1, bloom_check(&f.bloom, page_of, &f, &e));
		assert_int_equal(ERR_CORRUPT, e.code);
		f.pages.p[i] ^= (char)(1 << i % 8);
	}
	f.pages.n--;
	assert_int_equal(-1, bloom_check(&f.bloom, page_of, &f, &e));
	assert_int_equal(ERR_CORRUPT, e.code);
	release(&f);
	bloom_values_release(&v);
}

/* An answer looks at damage, and says so, or it is right. */
static void no_answer_is_of_damage(void **unused)
{
	struct bloom_ask ask = { 0 };
	struct bloom_values v;
	struct bloom_answer ret;
	struct gram_list *l;
	struct filter f;
	struct err e;
	size_t refused = 0;

	(void)unused;
	small_filter(&f, &v);
	bloom_ask_clause(&ask);
	bloom_ask_anything(&ask);
	l = &ask.v[0].v[0].of[GRAM_HEX];
	mem_grow(&l->v, &l->cap, 1, sizeof(*l->v));
	l->v[l->n++] = v.of[GRAM_HEX].v[v.block[3].first[GRAM_HEX]];
	for (size_t i = 0; i < f.pages.n; i++) {
		f.pages.p[i] = (char)~f.pages.p[i];
		if (bloom_answer(&f.bloom, &ask, 8, page_of, &f, &f.mem, &ret, &e) < 0) {
			assert_int_equal(ERR_CORRUPT, e.code);
			refused++;
		} else {
			assert_true(bloom_may(&f.bloom, &ret, CHUNK_LEN, 1));
		}
		f.pages.p[i] = (char)~f.pages.p[i];
	}
	assert_in_range(refused, 1, f.pages.n - 1);
	bloom_ask_release(&ask);
	release(&f);
	bloom_values_release(&v);
}

static int parse(struct bytes table, uint64_t chunks_len)
{
	struct arena a = { 0 };
	struct bloom b;
	struct err e = { 0 };
	int rc = bloom_parse(table, chunks_len, &a, &b, &e);

	arena_release(&a);
	return rc < 0 ? (int)e.code : 0;
}

static void tables_cut_short(void **unused)
{
	struct bloom_values v;
	struct filter f;

	(void)unused;
	small_filter(&f, &v);
	for (size_t n = 0; n < f.table.n; n++) {
		char *copy = mem_alloc(n + 1); /* of its own, for what looks at reads beyond it */

		memcpy(copy, f.table.p, n);
		assert_int_equal(ERR_CORRUPT, parse(bytes_of(copy, n), f.chunks_len));
		free(copy);
	}
	assert_int_equal(0, parse(buf_bytes(&f.table), f.chunks_len));
	assert_int_equal(ERR_CORRUPT, parse(buf_bytes(&f.table), f.chunks_len - 1));
	release(&f);
	bloom_values_release(&v);
}

struct row {
	uint8_t kinds;
	uint64_t groups, columns, len, blocks, span, matrix;
};

/* A table of one matrix, chunk and span. */
static int parse_row(struct row r)
{
	struct buf t = { 0 };
	int rc;

	wr_uvarint(&t, 1);
	wr_u8(&t, r.kinds);
	wr_uvarint(&t, r.groups);
	wr_uvarint(&t, r.columns);
	wr_uvarint(&t, 1);
	wr_uvarint(&t, r.len);
	wr_uvarint(&t, r.blocks);
	wr_uvarint(&t, 1);
	wr_uvarint(&t, r.span);
	wr_uvarint(&t, r.matrix);
	rc = parse(buf_bytes(&t), 10000);
	buf_release(&t);
	return rc;
}

static void hostile_numbers(void **unused)
{
	static const struct row ok = { 1, 1, 1, 1000, 2, 2, 1 };
	struct row r;

	(void)unused;
	assert_int_equal(0, parse_row(ok));
	r = ok, r.kinds = 1 << GRAM_KINDS;
	assert_int_equal(ERR_VERSION, parse_row(r));
	r = ok, r.kinds = 0x81;
	assert_int_equal(ERR_VERSION, parse_row(r));
	r = ok, r.groups = 0;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.groups = GROUPS_MAX + 1;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.columns = 0;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.columns = COLUMNS_MAX + 1;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.len = 10001;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.len = UINT64_MAX;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.blocks = r.span = 51; /* more than may lie in 1000 bytes */
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.blocks = r.span = UINT64_MAX;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.span = 1;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.span = 3;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.span = 0;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	r = ok, r.matrix = 2;
	assert_int_equal(ERR_CORRUPT, parse_row(r));
	/* counts without what they count */
	assert_int_equal(ERR_CORRUPT, parse(BYTES_LIT("\xff\xff\xff\xff\x0f"), 10000));
	assert_int_equal(ERR_CORRUPT, parse(BYTES_LIT("\0\xff\xff\xff\xff\x0f"), 10000));
	assert_int_equal(ERR_CORRUPT, parse(BYTES_LIT("\0\0\xff\xff\xff\xff\x0f"), 10000));
	assert_int_equal(0, parse(BYTES_LIT("\0\0\0"), 10000));
}

/* Two spans of a matrix with one column. */
static void more_spans_than_columns(void **unused)
{
	(void)unused;
	assert_int_equal(0, parse(BYTES_LIT("\1\1\1\2\1\x64\2\2\1\1\1\1"), 100));
	assert_int_equal(ERR_CORRUPT, parse(BYTES_LIT("\1\1\1\1\1\x64\2\2\1\1\1\1"), 100));
}

/* ---- in a pack ---- */

static void each_byte_of_the_head_is_checked(void **unused)
{
	struct arena mem = { 0 };
	struct bloom_values v;
	struct buf head = { 0 };
	struct bloom b;
	struct filter f;
	struct err e;

	(void)unused;
	small_filter(&f, &v);
	assert_true(pack_filter_encode(buf_bytes(&f.table), f.pages.n, &head));
	assert_int_equal(0, pack_parse_filter(buf_bytes(&head), f.chunks_len, &mem, &b, &e));
	assert_int_equal(b.n_blocks, 5);
	for (size_t i = 0; i < head.n; i++) {
		head.p[i] ^= (char)(1 << i % 8);
		assert_int_equal(-1,
				 pack_parse_filter(buf_bytes(&head), f.chunks_len, &mem, &b, &e));
		assert_true(e.code == ERR_CORRUPT || e.code == ERR_VERSION);
		head.p[i] ^= (char)(1 << i % 8);
	}
	for (size_t n = 0; n < head.n; n++) {
		assert_int_equal(
			-1, pack_parse_filter(bytes_of(head.p, n), f.chunks_len, &mem, &b, &e));
		assert_int_equal(ERR_CORRUPT, e.code);
	}
	buf_reset(&head);
	assert_true(pack_filter_encode(buf_bytes(&f.table), f.pages.n + 1, &head));
	assert_int_equal(-1, pack_parse_filter(buf_bytes(&head), f.chunks_len, &mem, &b, &e));
	assert_int_equal(ERR_CORRUPT, e.code);
	buf_reset(&head);
	assert_false(pack_filter_encode(buf_bytes(&f.table), UINT32_MAX, &head));
	assert_int_equal(0, head.n);
	buf_release(&head);
	arena_release(&mem);
	release(&f);
	bloom_values_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrices_of_all_widths),
		cmocka_unit_test(matrices_closed_early),
		cmocka_unit_test(small_blocks_in_spans),
		cmocka_unit_test(few_bytes_go_along_with_a_large_block),
		cmocka_unit_test(unknown_blocks_are_not_ruled_out),
		cmocka_unit_test(nothing_to_serve_is_no_filter),
		cmocka_unit_test(what_ids_rule_out),
		cmocka_unit_test(bits_of_a_value),
		cmocka_unit_test(kinds_are_given_up),
		cmocka_unit_test(spans_give_up_kinds),
		cmocka_unit_test(pages_are_known_before),
		cmocka_unit_test(each_byte_of_pages_is_checked),
		cmocka_unit_test(no_answer_is_of_damage),
		cmocka_unit_test(tables_cut_short),
		cmocka_unit_test(hostile_numbers),
		cmocka_unit_test(more_spans_than_columns),
		cmocka_unit_test(each_byte_of_the_head_is_checked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
