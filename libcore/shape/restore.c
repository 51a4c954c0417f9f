/* Lines put together again. */
#include "base/arena.h"
#include "shape/read.h"

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

/* Which shapes the lines that are picked have; returns how many. */
static size_t find_used(const struct shape_reader *r, const struct shape_pick *pick,
			bool used[SHAPE_MAX])
{
	size_t n = 0;

	memset(used, 0, SHAPE_MAX * sizeof(*used));
	for (size_t k = 0; k < pick->n; k++) {
		size_t shape = r->number ? r->number[shape_picked(pick, k)] : 0;

		n += !used[shape];
		used[shape] = true;
	}
	return n;
}

/* The values of lines between the first and the last that are picked. */
static int read_slot(struct shape_reader *r, const struct shape_slot *slot,
		     const struct shape_pick *pick, const int64_t *ts_ns, struct place *ret,
		     struct err *e)
{
	size_t first = shape_picked(pick, 0), end = shape_picked(pick, pick->n - 1) + 1;
	const struct shape_values *values;

	if (shape_rows(r, slot->column, &ret->row, e) < 0)
		return -1;
	if (ret->row) {
		size_t n = r->column[slot->column].n;

		first = ret->row[first];
		end = ret->row[end - 1] < n ? ret->row[end - 1] + 1UL : n;
	}
	if (shape_column_part(r, slot->column, first, end, ts_ns, &values, e) < 0)
		return -1;
	ret->before = slot->before;
	ret->values = *values;
	return 0;
}

/* Loads the columns that are needed, and ties the shapes to them. */
static int prepare(struct shape_reader *r, const int64_t *ts_ns, const struct shape_pick *pick,
		   struct pattern *ret, struct err *e)
{
	bool used[SHAPE_MAX];
	const uint8_t *number;

	if (shape_numbers(r, &number, e) < 0)
		return -1;
	if (find_used(r, pick, used) == r->n_shapes && shape_fetch_all(r, e) < 0)
		return -1;
	for (size_t k = 0; k < r->n_shapes; k++) {
		const struct shape *s = &r->shape[k];
		struct place *place = arena_alloc(&r->work, s->n_slots * sizeof(*place));

		for (size_t i = 0; i < s->n_slots && used[k]; i++)
			if (read_slot(r, &s->slot[i], pick, ts_ns, &place[i], e) < 0)
				return -1;
		ret[k] = (struct pattern){ place, s->n_slots, s->end };
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
	struct pattern pattern[SHAPE_MAX];
	int result;

	arena_reset(&r->work);
	if (pick->n == 0)
		return 0;
	result = prepare(r, ts_ns, pick, pattern, e);

	for (size_t k = 0; k < pick->n && result == 0; k++) {
		size_t i = shape_picked(pick, k), len = off[i + 1] - off[i] - 1;
		const struct pattern *p = &pattern[r->number ? r->number[i] : 0];

		if (put_line(p, i, ret + off[i], len) != len)
			result = err_set(e, ERR_CORRUPT,
					 "line %zu is not as long as the lengths say", i);
		ret[off[i] + len] = '\n';
	}
	return result;
}
