/*
 * A text in a line lies in a value, in what stands between two, or across their border. Of those
 * across a border one holds a byte that stands next to a border in some shape. So the text is cut
 * at all such bytes: each of its pieces must lie in a value or between two, wherever the text
 * itself does.
 */
#include "query/line_shapes.h"

#include "base/mem.h"
#include "query/stage_shapes.h"

enum {
	PIECES_MAX = 4,
	PIECE_MIN = 3, /* shorter ones are in too many lines to be worth it */
	ENOUGH = 16    /* one in so many lines is few: the rest of the pieces is not asked */
};

static void set_border(bool border[256], char c)
{
	unsigned char low = (unsigned char)c;

	border[low] = true;
	/* A folded text has letters in lower case. */
	if (low >= 'A' && low <= 'Z')
		border[low - 'A' + 'a'] = true;
}

/* The bytes next to a value. */
static void find_borders(const struct block *b, bool border[256])
{
	size_t n;
	const struct shape *s = shape_list(b->shapes, &n);

	memset(border, 0, 256 * sizeof(*border));
	for (size_t k = 0; k < n; k++) {
		for (uint32_t i = 0; i < s[k].n_slots; i++) {
			struct bytes before = s[k].slot[i].before;

			if (before.n == 0) /* the value begins the line */
				continue;
			set_border(border, before.p[before.n - 1]);
			if (i > 0)
				set_border(border, before.p[0]);
		}
		if (s[k].end.n)
			set_border(border, s[k].end.p[0]);
	}
}

/* The longest pieces of a needle, the longest first. */
static size_t cut_needle(const struct find *f, const bool border[256], struct find ret[PIECES_MAX])
{
	size_t n = 0;

	for (size_t from = 0, to; from < f->needle.n; from = to + 1) {
		struct find piece;
		size_t at;

		for (to = from; to < f->needle.n && !border[(unsigned char)f->needle.p[to]]; to++)
			;
		if (to - from < PIECE_MIN)
			continue;
		if (f->fold)
			find_init_fold(&piece, bytes_sub(f->needle, from, to - from));
		else
			find_init(&piece, bytes_sub(f->needle, from, to - from));
		for (at = n; at > 0 && ret[at - 1].needle.n < piece.needle.n; at--)
			if (at < PIECES_MAX)
				ret[at] = ret[at - 1];
		if (at < PIECES_MAX)
			ret[at] = piece;
		n += n < PIECES_MAX;
	}
	return n;
}

/* Lines of a shape that has the text between its values. */
static int mark_shapes(const struct find *f, struct block *b, char *hit, struct err *e)
{
	bool has[SHAPE_MAX] = { false }, any = false;
	size_t n;
	const struct shape *s = shape_list(b->shapes, &n);
	const uint8_t *number;

	if (shape_numbers(b->shapes, &number, e) < 0)
		return block_shapes_failed(b, e);
	for (size_t k = 0; k < n; k++) {
		has[k] = find_next(f, s[k].end, 0) >= 0;
		for (uint32_t i = 0; i < s[k].n_slots && !has[k]; i++)
			has[k] = find_next(f, s[k].slot[i].before, 0) >= 0;
		any |= has[k];
	}
	for (size_t i = 0; any && i < b->run.n; i++)
		hit[i] |= has[number ? number[i] : 0];
	return 0;
}

/* Values of a list of words. */
static void mark_words(const struct find *f, struct block *b, const struct shape_values *v,
		       const uint32_t *entry, char *hit)
{
	char *has = arena_alloc(&b->mem, v->n_words);
	bool any = false;

	for (size_t w = 0; w < v->n_words; w++) {
		has[w] = find_next(f, v->word[w], 0) >= 0;
		any |= has[w];
	}
	for (size_t k = 0; any && k < v->n; k++)
		hit[entry ? entry[k] : k] |= has[v->index ? v->index[k] : 0];
}

/* Values that lie in one text. */
static void mark_text(const struct find *f, const struct shape_values *v, const uint32_t *entry,
		      char *hit)
{
	struct bytes text = bytes_of(v->text, v->n ? v->off[v->n] : 0);
	size_t k = 0, pos = 0;
	int64_t at;

	while ((at = find_next(f, text, pos)) >= 0) {
		while (v->off[k + 1] <= (uint64_t)at)
			k++;
		pos = (size_t)at + 1;
		if (pos - 1 + f->needle.n > v->off[k + 1] - v->gap)
			continue; /* it goes on in the next value */
		hit[entry ? entry[k] : k] = 1;
		pos = v->off[k + 1];
	}
}

static int mark_columns(const struct find *f, struct block *b, char *hit, struct err *e)
{
	for (uint32_t c = 0; c < shape_n_columns(b->shapes); c++) {
		const struct shape_values *v;
		const uint32_t *entry;

		if (!shape_may_hold(b->shapes, c, f->needle, f->fold))
			continue;
		if (shapes_values(b, c, &v, e) < 0)
			return -1;
		if (shape_entries(b->shapes, c, &entry, e) < 0)
			return block_shapes_failed(b, e);
		if (v->n == 0) /* no shape has it */
			continue;
		if (v->word)
			mark_words(f, b, v, entry, hit);
		else
			mark_text(f, v, entry, hit);
	}
	return 0;
}

/* Entries that may have the text of one alternative. */
static int mark_alt(const struct find *f, struct block *b, const bool border[256], char *maybe,
		    struct err *e)
{
	struct find piece[PIECES_MAX];
	size_t n = cut_needle(f, border, piece), left = b->run.n;
	char *all = arena_alloc(&b->mem, b->run.n), *hit = arena_alloc(&b->mem, b->run.n);

	memset(all, 1, b->run.n);
	for (size_t i = 0; i < n && left > b->run.n / ENOUGH; i++) {
		memset(hit, 0, b->run.n);
		if (mark_shapes(&piece[i], b, hit, e) < 0 || mark_columns(&piece[i], b, hit, e) < 0)
			return -1;
		left = 0;
		for (size_t k = 0; k < b->run.n; k++) {
			all[k] &= hit[k];
			left += (size_t)all[k];
		}
	}
	for (size_t k = 0; k < b->run.n; k++)
		maybe[k] |= all[k];
	return 0;
}

int line_shapes_maybe(const struct line_filter *f, struct block *b, char *maybe, struct err *e)
{
	bool border[256];

	find_borders(b, border);
	for (size_t i = 0; i < f->n; i++)
		if (mark_alt(&f->v[i].find, b, border, maybe, e) < 0)
			return -1;
	return 0;
}
