/* Reading a block's shapes and columns: nothing is decompressed before it is asked for, and nothing
 * believed that was not checked. */
#include "shape/read.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rd.h"

struct shape_reader *shape_reader_new(void)
{
	struct shape_reader *r = mem_alloc(sizeof(*r));

	r->codec = codec_new(1);
	return r;
}

static void release_columns(struct shape_reader *r)
{
	for (size_t c = 0; c < r->cap_columns; c++) {
		struct read_column *col = &r->column[c];

		buf_release(&col->raw);
		buf_release(&col->rows);
		buf_release(&col->mem.text);
		buf_release(&col->mem.off);
		buf_release(&col->mem.words);
	}
}

/* Column by column as much is kept as a block has needed for it, so of many blocks which differ it
 * could be more than of any. */
static void drop_much(struct shape_reader *r)
{
	size_t kept = 0;

	for (size_t c = 0; c < r->cap_columns; c++) {
		const struct read_column *col = &r->column[c];

		kept += col->raw.cap + col->rows.cap + col->mem.text.cap + col->mem.off.cap +
			col->mem.words.cap;
	}
	if (kept > SHAPE_KEPT_MAX)
		release_columns(r);
}

void shape_reader_free(struct shape_reader *r)
{
	if (!r)
		return;
	release_columns(r);
	free(r->column);
	buf_release(&r->numbers.raw);
	buf_release(&r->entries);
	codec_free(r->codec);
	arena_release(&r->mem);
	arena_release(&r->work);
	free(r);
}

static int parse_slot(struct shape_reader *r, struct rd *rd, struct shape *s, struct err *e)
{
	struct shape_slot *slot = &s->slot[s->n_slots];
	uint8_t class;

	slot->before = arena_copy_near(&r->mem, rd_lstr(rd, rd_left(rd)));
	class = rd_u8(rd);
	slot->column = (uint32_t)rd_uvarint_max(rd, SHAPE_COLUMNS_MAX - 1);
	if (rd->failed)
		return kind_corrupt(e, "head: bad slot");
	if (class >= SHAPE_CLASSES)
		return err_set(e, ERR_VERSION, "a slot of class %u, which this program lacks",
			       class);
	if (memchr(slot->before.p, '\n', slot->before.n))
		return kind_corrupt(e, "head: a newline in a text");
	if (s->n_slots > 0 && slot->before.n == 0)
		return kind_corrupt(e, "head: no text between two slots");
	slot->class = class;
	for (uint32_t i = 0; i < s->n_slots; i++)
		if (s->slot[i].column == slot->column)
			return kind_corrupt(e, "head: a shape with a column twice");
	s->n_slots++;
	return 0;
}

static int parse_shapes(struct shape_reader *r, struct rd *rd, struct err *e)
{
	size_t n = rd_uvarint_max(rd, SHAPE_MAX);

	r->n_shapes = 0;
	if (rd->failed || n == 0)
		return kind_corrupt(e, "head: bad number of shapes");
	for (; r->n_shapes < n; r->n_shapes++) {
		struct shape *s = &r->shape[r->n_shapes];
		size_t n_slots = rd_uvarint_max(rd, SHAPE_SLOTS_MAX);

		*s = (struct shape){ .slot = arena_alloc(&r->mem, n_slots * sizeof(*s->slot)) };
		while (s->n_slots < n_slots)
			if (parse_slot(r, rd, s, e) < 0)
				return -1;
		s->end = arena_copy_near(&r->mem, rd_lstr(rd, rd_left(rd)));
		if (rd->failed)
			return kind_corrupt(e, "head: bad shape");
		if (memchr(s->end.p, '\n', s->end.n))
			return kind_corrupt(e, "head: a newline in a text");
	}
	return 0;
}

static int parse_body(struct shape_reader *r, struct rd *rd, uint64_t *at, struct read_body *ret,
		      struct err *e)
{
	uint64_t most = r->raw_left < UINT32_MAX ? r->raw_left : UINT32_MAX;

	ret->raw_len = (uint32_t)rd_uvarint_max(rd, most);
	r->raw_left -= ret->raw_len;
	ret->stored_len = (uint32_t)rd_uvarint_max(rd, ret->raw_len);
	ret->crc = rd_u32be(rd);
	ret->off = (uint32_t)*at;
	*at += ret->stored_len;
	if (rd->failed || *at > r->in.in.n)
		return kind_corrupt(e, "head: bad length of a column");
	return 0;
}

static int parse_columns(struct shape_reader *r, struct rd *rd, struct err *e)
{
	uint64_t at = r->in.head_len;

	/* The bytes of the values; of each value eight for a number, and there are no more than
	 * bytes of lines; a byte of each line, and one of each column. */
	r->raw_left = 10 * (uint64_t)r->in.lines_len + SHAPE_COLUMNS_MAX;
	if (parse_body(r, rd, &at, &r->numbers.body, e) < 0)
		return -1;
	r->n_columns = rd_uvarint_max(rd, SHAPE_COLUMNS_MAX);
	if (rd->failed)
		return kind_corrupt(e, "head: bad number of columns");
	if (r->n_columns > r->cap_columns) {
		size_t old = r->cap_columns;

		mem_grow(&r->column, &r->cap_columns, r->n_columns, sizeof(*r->column));
		memset(r->column + old, 0, (r->cap_columns - old) * sizeof(*r->column));
	}
	for (size_t c = 0; c < r->n_columns; c++) {
		struct read_column *col = &r->column[c];
		uint8_t kind = rd_u8(rd);

		col->is_inflated = col->is_read = col->has_rows = false;
		col->len = col->n_words = 0;
		col->params = arena_copy_near(&r->mem, rd_lstr(rd, rd_left(rd)));
		if (parse_body(r, rd, &at, &col->body, e) < 0)
			return err_wrap(e, "column %zu", c);
		if (kind >= KIND_COUNT)
			return err_set(e, ERR_VERSION,
				       "column %zu is of kind %u, which this program lacks", c,
				       kind);
		col->kind = kinds[kind];
	}
	if (rd_left(rd) || at != r->in.in.n)
		return kind_corrupt(e, "head: lengths that do not sum up");
	for (size_t k = 0; k < r->n_shapes; k++)
		for (uint32_t i = 0; i < r->shape[k].n_slots; i++)
			if (r->shape[k].slot[i].column >= r->n_columns)
				return kind_corrupt(e, "head: a shape with a column that is none");
	return 0;
}

int shape_open(struct shape_reader *r, const struct shape_stored *in, struct err *e)
{
	struct rd rd = rd_init(bytes_sub(in->in, 0, in->head_len));

	arena_reset(&r->mem);
	drop_much(r);
	r->in = *in;
	r->words_left = in->lines_len;
	r->all_there = !in->fetch.get;
	r->numbers_read = false;
	r->n_columns = 0;
	if (in->head_len > in->in.n || in->n == 0)
		return kind_corrupt(e, "head cut short");
	r->decoded += in->head_len;
	return parse_shapes(r, &rd, e) < 0 ? -1 : parse_columns(r, &rd, e);
}

const struct shape *shape_list(const struct shape_reader *r, size_t *ret_n)
{
	*ret_n = r->n_shapes;
	return r->shape;
}

bool shape_needs_time(const struct shape_reader *r, uint32_t column)
{
	return r->column[column].kind->needs_time;
}

bool shape_any_time(const struct shape_reader *r)
{
	for (size_t c = 0; c < r->n_columns; c++)
		if (r->column[c].kind->needs_time)
			return true;
	return false;
}

/* Makes sure that n bytes at off are there. */
static int fetch(const struct shape_reader *r, size_t off, size_t n, struct err *e)
{
	if (r->all_there || n == 0)
		return 0;
	return r->in.fetch.get(r->in.fetch.data, off, n, e);
}

int shape_fetch_all(struct shape_reader *r, struct err *e)
{
	if (fetch(r, r->in.head_len, r->in.in.n - r->in.head_len, e) < 0)
		return -1;
	r->all_there = true;
	return 0;
}

static int check_body(const struct shape_reader *r, const struct read_body *b, struct err *e)
{
	struct bytes stored = bytes_sub(r->in.in, b->off, b->stored_len);
	uint32_t crc;

	if (fetch(r, b->off, b->stored_len, e) < 0)
		return -1;
	crc = crc32c(stored.p, stored.n);
	if (crc == b->crc)
		return 0;
	return err_set(e, ERR_CORRUPT, "crc32c mismatch: stored %08x, computed %08x", b->crc, crc);
}

int shape_check(const struct shape_stored *in, struct err *e)
{
	struct shape_reader *r = shape_reader_new();
	int ret = shape_open(r, in, e);

	if (ret == 0 && check_body(r, &r->numbers.body, e) < 0)
		ret = err_wrap(e, "numbers of shapes");
	for (size_t c = 0; c < r->n_columns && ret == 0; c++)
		if (check_body(r, &r->column[c].body, e) < 0)
			ret = err_wrap(e, "column %zu", c);
	shape_reader_free(r);
	return ret;
}

/* A body as it was before it was compressed, in `raw`. */
static int inflate(struct shape_reader *r, const struct read_body *b, struct buf *raw,
		   struct bytes *ret, struct err *e)
{
	struct bytes stored = bytes_sub(r->in.in, b->off, b->stored_len);

	if (check_body(r, b, e) < 0)
		return -1;
	if (buf_try_room(raw, b->raw_len + (size_t)NEAR_PAD, e) < 0)
		return -1;
	*ret = bytes_of(raw->p, b->raw_len);
	r->decoded += b->stored_len;
	if (b->stored_len < b->raw_len)
		return codec_decompress(r->codec, r->in.encoding, stored, raw->p, b->raw_len, e);
	memcpy(raw->p, stored.p, stored.n);
	return 0;
}

/* Bytes that a line of the shape has at least: its texts and the newline, so one for each slot. */
static size_t least_len(const struct shape *s)
{
	size_t n = s->end.n + 1;

	for (uint32_t i = 0; i < s->n_slots; i++)
		n += s->slot[i].before.n;
	return n;
}

/* How many values each column has. What memory they take follows from the lines: more values, or
 * longer ones, are refused before any is read. */
static int count_values(struct shape_reader *r, struct err *e)
{
	uint64_t least = 0, rows = 0;

	for (size_t c = 0; c < r->n_columns; c++)
		r->column[c].n = 0;
	for (size_t k = 0; k < r->n_shapes; k++) {
		least += (uint64_t)least_len(&r->shape[k]) * r->n_of[k];
		for (uint32_t i = 0; i < r->shape[k].n_slots; i++)
			r->column[r->shape[k].slot[i].column].n += r->n_of[k];
	}
	for (size_t c = 0; c < r->n_columns; c++)
		rows += r->column[c].n < r->in.n ? r->in.n : 0;
	if (least > r->in.lines_len)
		return kind_corrupt(e, "shapes that are longer than the lines");
	if (!shape_rows_fit(rows, r->in.lines_len))
		return kind_corrupt(e, "too many columns that some lines lack");
	r->values_left = r->in.lines_len - (size_t)least;
	return 0;
}

int shape_numbers(struct shape_reader *r, const uint8_t **ret, struct err *e)
{
	const struct read_body *b = &r->numbers.body;
	struct bytes raw;

	if (r->numbers_read) {
		*ret = r->number;
		return 0;
	}
	memset(r->n_of, 0, sizeof(r->n_of));
	if (inflate(r, b, &r->numbers.raw, &raw, e) < 0)
		return err_wrap(e, "numbers of shapes");
	if (raw.n != (r->n_shapes == 1 ? 0 : r->in.n))
		return kind_corrupt(e, "numbers of shapes: not one for each line");
	r->number = r->n_shapes == 1 ? NULL : (const uint8_t *)raw.p;
	if (!r->number)
		r->n_of[0] = (uint32_t)r->in.n;
	for (size_t i = 0; i < raw.n; i++)
		r->n_of[r->number[i]]++;
	for (size_t k = r->n_shapes; k < SHAPE_MAX; k++)
		if (r->n_of[k])
			return kind_corrupt(e, "numbers of shapes: one that is none");
	if (count_values(r, e) < 0)
		return -1;
	r->numbers_read = true;
	*ret = r->number;
	return 0;
}

void shape_having(const struct shape_reader *r, uint32_t column, bool has[SHAPE_MAX])
{
	memset(has, 0, SHAPE_MAX * sizeof(*has));
	for (size_t k = 0; k < r->n_shapes; k++)
		for (uint32_t i = 0; i < r->shape[k].n_slots; i++)
			has[k] |= r->shape[k].slot[i].column == column;
}

/* The lines that have the column, in r->entries; NULL: all have. */
static const uint32_t *find_entries(struct shape_reader *r, uint32_t column)
{
	bool has[SHAPE_MAX];
	uint32_t *entry;
	size_t n = 0;

	if (r->column[column].n == r->in.n)
		return NULL;
	shape_having(r, column, has);
	buf_reset(&r->entries);
	entry = (uint32_t *)(void *)buf_reserve(&r->entries, (r->in.n + 1) * sizeof(*entry));
	for (uint32_t i = 0; i < r->in.n; i++) {
		entry[n] = i;
		n += has[r->number ? r->number[i] : 0];
	}
	return entry;
}

static int inflate_once(struct shape_reader *r, uint32_t column, struct err *e)
{
	struct read_column *col = &r->column[column];
	struct bytes body;

	if (!col->is_inflated && inflate(r, &col->body, &col->raw, &body, e) < 0)
		return err_wrap(e, "column %u", column);
	col->is_inflated = true;
	return 0;
}

/* Of many words it counts how many, since each takes more room than it has in the body; a block
 * has no more than values, so no more than bytes of lines. */
static void count_words(struct shape_reader *r, struct read_column *col, size_t n)
{
	r->words_left += col->n_words;
	col->n_words = n > 1 ? n : 0;
	r->words_left -= col->n_words;
}

int shape_decimals(struct shape_reader *r, uint32_t column, uint64_t most,
		   struct shape_decimals *ret, struct err *e)
{
	struct read_column *col = &r->column[column];
	struct kind_from from = { .params = col->params, .n = col->n, .end = col->n };

	*ret = (struct shape_decimals){ 0 };
	if (!col->kind->decimals || col->n == 0)
		return 0;
	if (inflate_once(r, column, e) < 0)
		return -1;
	from.body = bytes_of(col->raw.p, col->body.raw_len);
	if (col->kind->decimals(&from, most, &col->mem, ret, e) < 0)
		return err_wrap(e, "column %u (%s)", column, col->kind->name);
	return 0;
}

/* Values first to end - 1, or of them those n that pick names, if it is not NULL, from a body that
 * is there. */
static int decode(struct shape_reader *r, uint32_t column, const int64_t *ts_ns,
		  const uint32_t *pick, size_t n, struct err *e)
{
	struct read_column *col = &r->column[column];
	struct kind_from from = { .params = col->params,
				  .body = bytes_of(col->raw.p, col->body.raw_len),
				  .ts_ns = ts_ns,
				  .n = col->n,
				  .first = col->first,
				  .end = col->end,
				  .pick = pick,
				  .n_pick = n,
				  .max = r->values_left + col->len,
				  .max_words = r->words_left + col->n_words };

	r->values_left = from.max;
	col->values = (struct shape_values){ 0 };
	col->len = 0;
	if (col->kind->needs_time)
		from.entry = find_entries(r, column);
	if (col->first < col->end && col->kind->decode(&from, &col->mem, &col->values, e) < 0)
		return err_wrap(e, "column %u (%s)", column, col->kind->name);
	if (col->values.word)
		count_words(r, col, col->values.n_words);
	else if (col->values.off)
		col->len = col->values.off[col->end] - col->values.off[col->first] -
			   (col->end - col->first) * col->values.gap;
	r->values_left -= col->len;
	return 0;
}

int shape_column_part(struct shape_reader *r, uint32_t column, size_t first, size_t end,
		      const int64_t *ts_ns, const struct shape_values **ret, struct err *e)
{
	struct read_column *col = &r->column[column];

	*ret = &col->values;
	if (col->is_read && col->first <= first && end <= col->end)
		return 0;
	if (inflate_once(r, column, e) < 0)
		return -1;
	if (col->is_read) {
		/* Once more, all of it. */
		first = 0;
		end = col->n;
	}
	col->is_read = false;
	col->first = first;
	col->end = end;
	if (decode(r, column, ts_ns, NULL, 0, e) < 0)
		return -1;
	col->is_read = true;
	return 0;
}

int shape_words(struct shape_reader *r, uint32_t column, struct shape_values *ret, struct err *e)
{
	struct read_column *col = &r->column[column];
	struct kind_from from = { .params = col->params,
				  .max_words = r->words_left + col->n_words };

	*ret = (struct shape_values){ 0 };
	if (!col->kind->words)
		return 0;
	if (!col->kind->words_in_params) {
		if (inflate_once(r, column, e) < 0)
			return -1;
		from.body = bytes_of(col->raw.p, col->body.raw_len);
	}
	if (col->kind->words(&from, &col->mem, ret, e) < 0)
		return err_wrap(e, "column %u (%s)", column, col->kind->name);
	count_words(r, col, ret->n_words);
	return 0;
}

bool shape_can_pick(const struct shape_reader *r, uint32_t column)
{
	return r->column[column].kind->picks && !r->column[column].is_read;
}

int shape_column_picked(struct shape_reader *r, uint32_t column, const uint32_t *pick, size_t n,
			const int64_t *ts_ns, const struct shape_values **ret, struct err *e)
{
	struct read_column *col = &r->column[column];

	*ret = &col->values;
	if (inflate_once(r, column, e) < 0)
		return -1;
	col->first = pick[0];
	col->end = pick[n - 1] + 1UL;
	return decode(r, column, ts_ns, pick, n, e);
}

int shape_column(struct shape_reader *r, uint32_t column, const int64_t *ts_ns,
		 const struct shape_values **ret, struct err *e)
{
	const uint8_t *number;

	if (shape_numbers(r, &number, e) < 0)
		return -1;
	return shape_column_part(r, column, 0, r->column[column].n, ts_ns, ret, e);
}

int shape_rows(struct shape_reader *r, uint32_t column, const uint32_t **ret, struct err *e)
{
	struct read_column *col = &r->column[column];
	bool has[SHAPE_MAX];
	const uint8_t *number;
	uint32_t *row, n = 0;

	if (shape_numbers(r, &number, e) < 0)
		return -1;
	*ret = NULL;
	if (col->n == r->in.n)
		return 0;
	if (!col->has_rows) {
		shape_having(r, column, has);
		if (buf_try_room(&col->rows, r->in.n * sizeof(*row), e) < 0)
			return -1;
		row = (uint32_t *)(void *)col->rows.p;
		for (size_t i = 0; i < r->in.n; i++) {
			row[i] = n;
			n += has[number ? number[i] : 0];
		}
		col->has_rows = true;
	}
	*ret = (const uint32_t *)(const void *)col->rows.p;
	return 0;
}

int shape_entries(struct shape_reader *r, uint32_t column, const uint32_t **ret, struct err *e)
{
	const uint8_t *number;

	if (shape_numbers(r, &number, e) < 0)
		return -1;
	*ret = find_entries(r, column);
	return 0;
}

uint64_t shape_take_bytes(struct shape_reader *r)
{
	uint64_t ret = r->decoded;

	r->decoded = 0;
	return ret;
}

void shape_is_all_there(struct shape_reader *r)
{
	r->all_there = true;
}

size_t shape_n_columns(const struct shape_reader *r)
{
	return r->n_columns;
}

bool shape_may_hold(const struct shape_reader *r, uint32_t column, struct bytes text, bool fold)
{
	const struct read_column *col = &r->column[column];
	bool may[256] = { false };

	if (!col->kind->bytes)
		return true;
	col->kind->bytes(col->params, may);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (!may[c] && !(fold && c >= 'a' && c <= 'z' && may[c - 'a' + 'A']))
			return false;
	}
	return true;
}

bool shape_constant(const struct shape_reader *r, uint32_t column, struct bytes *ret)
{
	const struct read_column *col = &r->column[column];

	/* What is damaged is told by who reads it. */
	if (col->kind != &kind_same || memchr(col->params.p, '\n', col->params.n))
		return false;
	*ret = col->params;
	return true;
}
