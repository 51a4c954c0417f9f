/* Lines put together again. */
#include "base/arena.h"
#include "shape/read.h"

/* Of fewer lines than one in so many, between the first and the last, columns are read for these
 * alone. */
enum { FEW = 4 };

/* A slot on its way. */
struct place {
	struct bytes before;
	struct shape_values values;
	const uint32_t *row; /* by line; NULL: line i has value i */
};

struct pattern {
	struct place *place;
	size_t n;
	struct bytes end;
};

/* One call. */
struct restore {
	struct shape_reader *r;
	const struct shape_pick *pick; /* at least one line */
	const int64_t *ts_ns;
	size_t first, end; /* the lines that are picked lie between */
	uint32_t *few;	   /* scratch, where they are few of these; else NULL */
	bool *has_few;	   /* by column: of it the values of these lines were read */
	struct pattern pattern[SHAPE_MAX];
};

static size_t shape_of(const struct shape_reader *r, size_t line)
{
	return r->number ? r->number[line] : 0;
}

/* Which shapes the lines that are picked have; returns how many. */
static size_t find_used(const struct restore *o, bool used[SHAPE_MAX])
{
	size_t n = 0;

	memset(used, 0, SHAPE_MAX * sizeof(*used));
	for (size_t k = 0; k < o->pick->n; k++) {
		size_t shape = shape_of(o->r, shape_picked(o->pick, k));

		n += !used[shape];
		used[shape] = true;
	}
	return n;
}

/* The values that the lines have which are picked, and no others. */
static int read_few(struct restore *o, uint32_t column, struct place *ret, struct err *e)
{
	const struct shape_values *values = &o->r->column[column].values;
	bool has[SHAPE_MAX];
	size_t n = 0;

	shape_having(o->r, column, has);
	for (size_t k = 0; k < o->pick->n && !o->has_few[column]; k++) {
		size_t i = shape_picked(o->pick, k);

		o->few[n] = ret->row ? ret->row[i] : (uint32_t)i;
		n += has[shape_of(o->r, i)];
	}
	if (!o->has_few[column] &&
	    shape_column_picked(o->r, column, o->few, n, o->ts_ns, &values, e) < 0)
		return -1;
	o->has_few[column] = true;
	ret->values = *values;
	return 0;
}

/* The values of lines between the first and the last that are picked. */
static int read_part(const struct restore *o, uint32_t column, struct place *ret, struct err *e)
{
	size_t first = o->first, end = o->end, n = o->r->column[column].n;
	const struct shape_values *values;

	if (ret->row) {
		first = ret->row[first];
		end = ret->row[end - 1] < n ? ret->row[end - 1] + 1UL : n;
	}
	if (shape_column_part(o->r, column, first, end, o->ts_ns, &values, e) < 0)
		return -1;
	ret->values = *values;
	return 0;
}

static int read_slot(struct restore *o, const struct shape_slot *slot, struct place *ret,
		     struct err *e)
{
	ret->before = slot->before;
	if (shape_rows(o->r, slot->column, &ret->row, e) < 0)
		return -1;
	if (o->few && shape_can_pick(o->r, slot->column))
		return read_few(o, slot->column, ret, e);
	return read_part(o, slot->column, ret, e);
}

/* Loads the columns that are needed, and ties the shapes to them. */
static int prepare(struct restore *o, struct err *e)
{
	struct shape_reader *r = o->r;
	bool used[SHAPE_MAX];
	const uint8_t *number;

	arena_reset(&r->work);
	if (shape_numbers(r, &number, e) < 0)
		return -1;
	if (find_used(o, used) == r->n_shapes && shape_fetch_all(r, e) < 0)
		return -1;
	if (o->pick->n < (o->end - o->first) / FEW) {
		o->few = arena_alloc(&r->work, (o->pick->n + 1) * sizeof(*o->few));
		o->has_few = arena_alloc(&r->work, r->n_columns * sizeof(*o->has_few));
		memset(o->has_few, 0, r->n_columns * sizeof(*o->has_few));
	}
	for (size_t k = 0; k < r->n_shapes; k++) {
		const struct shape *s = &r->shape[k];
		struct place *place = arena_alloc(&r->work, s->n_slots * sizeof(*place));

		for (size_t i = 0; i < s->n_slots && used[k]; i++)
			if (read_slot(o, &s->slot[i], &place[i], e) < 0)
				return -1;
		o->pattern[k] = (struct pattern){ place, s->n_slots, s->end };
	}
	return 0;
}

/* Line i, of at most `left` bytes; returns how many it has, SIZE_MAX if they were more. */
static size_t put_line(const struct pattern *p, size_t i, char *to, size_t left)
{
	const char *start = to;

	for (size_t k = 0; k < p->n; k++) {
		const struct place *s = &p->place[k];
		struct bytes v = shape_value(&s->values, s->row ? s->row[i] : i);

		if (s->before.n + v.n > left)
			return SIZE_MAX;
		left -= s->before.n + v.n;
		kind_copy(to, s->before.p, s->before.n);
		to += s->before.n;
		kind_copy(to, v.p, v.n);
		to += v.n;
	}
	if (p->end.n > left)
		return SIZE_MAX;
	kind_copy(to, p->end.p, p->end.n);
	return (size_t)(to - start) + p->end.n;
}

int shape_restore(struct shape_reader *r, const int64_t *ts_ns, const uint32_t *off,
		  const struct shape_pick *pick, char *ret, struct err *e)
{
	struct restore o = { .r = r, .ts_ns = ts_ns, .pick = pick };

	if (pick->n == 0)
		return 0;
	o.first = shape_picked(pick, 0);
	o.end = shape_picked(pick, pick->n - 1) + 1;
	if (prepare(&o, e) < 0)
		return -1;
	for (size_t k = 0; k < pick->n; k++) {
		size_t i = shape_picked(pick, k), len = off[i + 1] - off[i] - 1;

		if (put_line(&o.pattern[shape_of(r, i)], i, ret + off[i], len) != len)
			return err_set(e, ERR_CORRUPT, "line %zu is not as long as the lengths say",
				       i);
		ret[off[i] + len] = '\n';
	}
	return 0;
}
