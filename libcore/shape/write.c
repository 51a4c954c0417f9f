/*
 * Taking lines apart. A line is held against the shapes that came last, which costs one pass over
 * it; only a line of none of them is cut anew, and gives a shape that may be known all the same.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/wr.h"
#include "shape/cut.h"
#include "shape/kind.h"

enum {
	LINES_MIN = 32, /* fewer are not worth the head */
	TRIED = 64,	/* when so many lines are done it is asked whether it goes well */
	GUESSES = 6,
	PLANE_MIN = 256 /* shorter planes are not coded apart */
};

struct piece {
	struct bytes before;
	enum shape_class class;
	uint32_t column;
};

struct known {
	struct piece *piece;
	size_t n;
	struct bytes end;
	uint64_t hash;
};

struct column {
	uint64_t field;
	struct bytes *v;
	size_t n, cap;
};

struct shape_writer {
	struct known known[SHAPE_MAX];
	size_t n_known;
	uint32_t guess[GUESSES]; /* newest first */
	size_t n_guesses;
	struct column *column;
	size_t n_columns, cap_columns;
	struct buf number;  /* of each line's shape */
	struct buf entries; /* scratch */
	struct cut cut;
	struct kind_out out;
	struct buf shape, bodies; /* the former: scratch, to be hashed */
	struct arena mem;	  /* of the block */
	size_t whole_bytes;	  /* of lines that could not be taken apart */
	uint32_t whole;		  /* the shape of these, + 1; 0: there is none yet */
};

struct shape_writer *shape_writer_new(void)
{
	return mem_alloc(sizeof(struct shape_writer));
}

void shape_writer_free(struct shape_writer *w)
{
	if (!w)
		return;
	for (size_t c = 0; c < w->cap_columns; c++)
		free(w->column[c].v);
	free(w->column);
	buf_release(&w->number);
	buf_release(&w->entries);
	buf_release(&w->out.params);
	buf_release(&w->out.body);
	buf_release(&w->out.wide);
	buf_release(&w->shape);
	buf_release(&w->bodies);
	arena_release(&w->mem);
	free(w);
}

static inline bool starts(const char *p, const char *end, struct bytes text)
{
	return (size_t)(end - p) >= text.n && near_same(p, text.p, text.n);
}

static inline void add_value(struct column *c, struct bytes v)
{
	if (c->n == c->cap)
		mem_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = v;
}

/* Whether the line is of the shape; its values are added to their columns. Then it has no newline,
 * as neither a value has one nor what stands between them in a shape. */
static bool match(struct shape_writer *w, const struct known *k, struct bytes line)
{
	const char *p = line.p, *end = line.p + line.n;
	size_t i;

	for (i = 0; i < k->n; i++) {
		const struct piece *s = &k->piece[i];
		const char *q;

		if (!starts(p, end, s->before))
			break;
		p += s->before.n;
		q = cut_value_end(s->class, p, end);
		if (!q)
			break;
		add_value(&w->column[s->column], bytes_of(p, (size_t)(q - p)));
		p = q;
	}
	if (i == k->n && (size_t)(end - p) == k->end.n && starts(p, end, k->end))
		return true;
	while (i > 0)
		w->column[k->piece[--i].column].n--;
	return false;
}

/* The column of a field, a new one if need be; SHAPE_COLUMNS_MAX: there are too many. None of those
 * of the pieces before it in the line, `taken`, is taken twice. */
static uint32_t find_column(struct shape_writer *w, uint64_t field, const struct piece *taken,
			    size_t n_taken)
{
	for (uint32_t c = 0; c < w->n_columns; c++) {
		bool free_one = w->column[c].field == field;

		for (size_t i = 0; i < n_taken && free_one; i++)
			free_one = taken[i].column != c;
		if (free_one)
			return c;
	}
	if (w->n_columns == SHAPE_COLUMNS_MAX)
		return SHAPE_COLUMNS_MAX;
	if (w->n_columns == w->cap_columns) {
		size_t old = w->cap_columns;

		mem_grow(&w->column, &w->cap_columns, w->n_columns + 1, sizeof(*w->column));
		memset(w->column + old, 0, (w->cap_columns - old) * sizeof(*w->column));
	}
	w->column[w->n_columns].field = field;
	w->column[w->n_columns].n = 0;
	return (uint32_t)w->n_columns++;
}

/* Of what stands between the values. */
static uint64_t hash_of_cut(struct shape_writer *w, struct bytes line)
{
	const struct cut *c = &w->cut;
	const char *at = line.p;

	buf_reset(&w->shape);
	for (size_t i = 0; i < c->n; i++) {
		buf_add(&w->shape, at, (size_t)(c->value[i].v.p - at));
		buf_add_char(&w->shape, (char)c->value[i].class);
		at = c->value[i].v.p + c->value[i].v.n;
	}
	buf_add(&w->shape, at, (size_t)(line.p + line.n - at));
	return hash64(buf_bytes(&w->shape));
}

/* A new shape of what w->cut says of the line. False: there are too many shapes or columns. */
static bool add_shape(struct shape_writer *w, struct bytes line, uint64_t hash)
{
	const struct cut *c = &w->cut;
	struct known *k = &w->known[w->n_known];
	const char *at = line.p;

	/* One is left for whole lines. */
	if (w->n_known + 1 >= SHAPE_MAX && !w->whole)
		return false;
	if (w->n_known == SHAPE_MAX)
		return false;
	k->piece = arena_alloc(&w->mem, (c->n + 1) * sizeof(*k->piece));
	k->n = c->n;
	k->hash = hash;
	for (size_t i = 0; i < c->n; i++) {
		struct piece *s = &k->piece[i];

		s->before = arena_copy_near(&w->mem, bytes_of(at, (size_t)(c->value[i].v.p - at)));
		s->class = c->value[i].class;
		s->column = find_column(w, c->value[i].field, k->piece, i);
		if (s->column == SHAPE_COLUMNS_MAX)
			return false;
		at = c->value[i].v.p + c->value[i].v.n;
	}
	k->end = arena_copy_near(&w->mem, bytes_of(at, (size_t)(line.p + line.n - at)));
	w->n_known++;
	return true;
}

/* Moves the k-th guess, or a new one when k is how many there are, to the front. */
static void guess_first(struct shape_writer *w, size_t k, uint32_t number)
{
	if (k == w->n_guesses && w->n_guesses < GUESSES)
		w->n_guesses++;
	if (k >= GUESSES)
		k = GUESSES - 1;
	memmove(w->guess + 1, w->guess, k * sizeof(*w->guess));
	w->guess[0] = number;
}

/* The values of w->cut are those of a line of the shape. */
static void add_cut(struct shape_writer *w, const struct known *k)
{
	for (size_t i = 0; i < k->n; i++)
		add_value(&w->column[k->piece[i].column], w->cut.value[i].v);
}

/* The shape of whole lines. */
static uint32_t whole_line(struct shape_writer *w, struct bytes line)
{
	w->whole_bytes += line.n + 1;
	w->cut.n = 0;
	cut_add(&w->cut, line, SHAPE_LINE, 0);
	if (!w->whole) {
		w->whole = (uint32_t)w->n_known + 1;
		/* Room for one was left; of columns there may be none. */
		if (!add_shape(w, line, 0))
			w->whole = 0;
	}
	if (w->whole)
		add_cut(w, &w->known[w->whole - 1]);
	return w->whole - 1;
}

/* The number of the line's shape, its values added to the columns. UINT32_MAX: none. */
static uint32_t shape_of(struct shape_writer *w, struct bytes line)
{
	uint64_t hash;
	uint32_t k;

	for (size_t g = 0; g < w->n_guesses; g++) {
		k = w->guess[g];
		if (!match(w, &w->known[k], line))
			continue;
		if (g)
			guess_first(w, g, k);
		return k;
	}
	if (memchr(line.p, '\n', line.n))
		return UINT32_MAX;
	if (!cut_line(line, &w->cut))
		return whole_line(w, line);
	hash = hash_of_cut(w, line);
	for (k = 0; k < w->n_known; k++)
		if (w->known[k].hash == hash && match(w, &w->known[k], line))
			break;
	if (k == w->n_known) {
		if (!add_shape(w, line, hash))
			return whole_line(w, line);
		add_cut(w, &w->known[k]);
	}
	guess_first(w, w->n_guesses, k);
	return k;
}

static bool has_few_rows(const struct shape_writer *w, const struct shape_lines *in)
{
	uint64_t rows = 0;

	for (size_t c = 0; c < w->n_columns; c++)
		rows += w->column[c].n < in->n ? in->n : 0;
	return shape_rows_fit(rows, in->off[in->n]);
}

bool shape_split(struct shape_writer *w, const struct shape_lines *in)
{
	arena_reset(&w->mem);
	buf_reset(&w->number);
	w->n_known = w->n_guesses = w->n_columns = 0;
	w->whole_bytes = 0;
	w->whole = 0;
	if (in->n < LINES_MIN)
		return false;
	buf_reserve(&w->number, in->n);
	for (size_t i = 0; i < in->n; i++) {
		struct bytes line =
			bytes_of(in->lines + in->off[i], in->off[i + 1] - in->off[i] - 1);
		uint32_t k;

		if (i == TRIED && w->whole_bytes > in->off[i] / 2)
			return false;
		k = shape_of(w, line);
		if (k == UINT32_MAX)
			return false;
		w->number.p[w->number.n++] = (char)k;
	}
	return w->whole_bytes <= in->off[in->n] / 4 && has_few_rows(w, in);
}

/* A body as it is stored, behind those before it; its lengths and checksum to the head. */
static void store(struct shape_writer *w, const struct shape_codecs *c, struct bytes raw,
		  size_t plane, struct buf *head)
{
	size_t start = w->bodies.n, n;

	if (raw.n >= c->least && c->id != CODEC_NONE) {
		if (plane >= PLANE_MIN && raw.n > plane)
			codec_compress_planes(c->planes, c->id, raw,
					      raw.n % plane ? raw.n % plane : plane, plane,
					      &w->bodies);
		else
			codec_compress(plane ? c->planes : c->text, c->id, raw, &w->bodies);
		if (w->bodies.n - start >= raw.n)
			w->bodies.n = start;
	}
	if (w->bodies.n == start)
		buf_add_bytes(&w->bodies, raw);
	n = w->bodies.n - start;
	wr_uvarint(head, raw.n);
	wr_uvarint(head, n);
	wr_u32be(head, crc32c(buf_reserve(&w->bodies, 0) - n, n));
}

static void add_shapes(const struct shape_writer *w, struct buf *head)
{
	wr_uvarint(head, w->n_known);
	for (size_t k = 0; k < w->n_known; k++) {
		const struct known *s = &w->known[k];

		wr_uvarint(head, s->n);
		for (size_t i = 0; i < s->n; i++) {
			wr_lstr(head, s->piece[i].before);
			wr_u8(head, (uint8_t)s->piece[i].class);
			wr_uvarint(head, s->piece[i].column);
		}
		wr_lstr(head, s->end);
	}
}

/* Whose the values of a column are. NULL: all have one, or nobody will ask. */
static const uint32_t *entries_of(struct shape_writer *w, uint32_t column, size_t n)
{
	const struct column *c = &w->column[column];
	bool has[SHAPE_MAX] = { false };
	uint32_t *entry;
	size_t at = 0;

	if (c->n == n || c->n == 0 || !kind_is_time(c->v[0]))
		return NULL;
	for (size_t k = 0; k < w->n_known; k++)
		for (size_t i = 0; i < w->known[k].n; i++)
			has[k] |= w->known[k].piece[i].column == column;
	buf_reset(&w->entries);
	entry = (uint32_t *)(void *)buf_reserve(&w->entries, (n + 1) * sizeof(*entry));
	for (size_t i = 0; i < n; i++) {
		entry[at] = (uint32_t)i;
		at += has[(unsigned char)w->number.p[i]];
	}
	return entry;
}

uint32_t shape_encode(struct shape_writer *w, const struct shape_lines *in,
		      const struct shape_codecs *c, struct buf *out)
{
	size_t start = out->n;
	uint32_t head_len;

	buf_reset(&w->bodies);
	add_shapes(w, out);
	if (w->n_known == 1)
		buf_reset(&w->number);
	store(w, c, buf_bytes(&w->number), w->number.n, out);
	wr_uvarint(out, w->n_columns);
	for (size_t i = 0; i < w->n_columns; i++) {
		const struct column *col = &w->column[i];
		struct kind_in values = { col->v, entries_of(w, (uint32_t)i, in->n), in->ts_ns,
					  col->n };

		/* One that a shape would have had for which there was no room has no values. */
		buf_reset(&w->out.params);
		buf_reset(&w->out.body);
		wr_u8(out, (uint8_t)(col->n ? kind_choose(&values, &w->out) : KIND_SAME));
		wr_lstr(out, buf_bytes(&w->out.params));
		store(w, c, buf_bytes(&w->out.body), w->out.plane, out);
	}
	head_len = (uint32_t)(out->n - start);
	buf_add_bytes(out, buf_bytes(&w->bodies));
	return head_len;
}
