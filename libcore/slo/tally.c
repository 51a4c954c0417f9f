#include "slo/tally.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

/* --- by name --------------------------------------------------------------------------------- */

/* "service\0name" */
static struct bytes key_of(struct buf *b, struct bytes service, struct bytes name)
{
	buf_reset(b);
	buf_add_bytes(b, service);
	buf_add_char(b, '\0');
	buf_add_bytes(b, name);
	return buf_bytes(b);
}

void slo_tally_init(struct slo_tally *t, const struct slo_rows *r)
{
	struct buf key = { 0 };

	*t = (struct slo_tally){ .rows = r };
	t->next = mem_alloc((r->n + 1) * sizeof(*t->next));
	t->last = mem_alloc((r->n + 1) * sizeof(*t->last));
	for (uint32_t i = 0; i < r->n; i++) {
		struct bytes k = key_of(&key, r->v[i].service, r->v[i].name);
		uint64_t hash = hash64(k);
		uint32_t first = map_get(&t->by_name, hash, k);

		t->next[i] = MAP_NONE;
		if (first == MAP_NONE) {
			first = i;
			map_put(&t->by_name, hash, arena_copy(&t->mem, k), i);
		} else {
			t->next[t->last[first]] = i;
		}
		t->last[first] = i;
	}
	buf_release(&key);
}

void slo_tally_release(struct slo_tally *t)
{
	map_release(&t->by_name);
	arena_release(&t->mem);
	free(t->next);
	free(t->last);
	free(t->first);
}

static uint32_t find(const struct slo_tally *t, struct bytes service, struct bytes name)
{
	struct buf key = { 0 };
	struct bytes k = key_of(&key, service, name);
	uint32_t first = map_get(&t->by_name, hash64(k), k);

	buf_release(&key);
	return first;
}

static size_t namesakes(const struct slo_set *set, struct bytes name)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += bytes_eq(set->v[i].name, name);
	return n;
}

/* What rows leave out must not leave open whose they are. */
static uint32_t rows_of(const struct slo_tally *t, const struct slo_set *set, const struct slo *o)
{
	static const struct bytes none = { 0 };
	uint32_t first = find(t, o->service, o->name);

	if (first == MAP_NONE && namesakes(set, o->name) == 1)
		first = find(t, none, o->name);
	if (first == MAP_NONE && set->n == 1)
		first = find(t, none, none);
	return first;
}

static int tell_stranger(const struct slo_row *row, const struct slo_set *set, struct err *e)
{
	unsigned long long line = row->line;

	if (!row->name.n)
		return err_set(
			e, ERR_CORRUPT,
			"line %llu: field 'name': is missing, where there are %zu objectives", line,
			set->n);
	if (!row->service.n && namesakes(set, row->name))
		return err_set(e, ERR_CORRUPT,
			       "line %llu: field 'service': is missing, where several objectives "
			       "are called '%.*s'",
			       line, BYTES_ARG(row->name));
	return err_set(e, ERR_CORRUPT, "line %llu: field 'name': there is no objective '%.*s'",
		       line, BYTES_ARG(row->name));
}

int slo_tally_match(struct slo_tally *t, const struct slo_set *set, struct err *e)
{
	bool *known = mem_alloc((t->rows->n + 1) * sizeof(*known));
	int rc = 0;

	t->set = set;
	t->first = mem_alloc((set->n + 1) * sizeof(*t->first));
	for (size_t i = 0; i < set->n; i++) {
		t->first[i] = rows_of(t, set, &set->v[i]);
		if (t->first[i] != MAP_NONE)
			known[t->first[i]] = true;
	}
	for (uint32_t i = 0; i < t->rows->n && rc == 0; i++) {
		const struct slo_row *row = &t->rows->v[i];

		if (find(t, row->service, row->name) == i && !known[i])
			rc = tell_stranger(row, set, e);
	}
	free(known);
	return rc;
}

static uint32_t first_of(const struct slo_tally *t, const struct slo *o)
{
	return t->first[o - t->set->v];
}

/* --- objectives ------------------------------------------------------------------------------ */

static int one_objective(const struct slo_tally *t, uint32_t first, const struct slo_tally_opts *o,
			 struct slo *ret, struct err *e)
{
	const struct slo_row *row = &t->rows->v[first];
	bool has_target = o->has_target, has_window = o->has_window;
	struct slo one = *o->base;

	one.name = row->name.n ? row->name : one.name;
	one.service = row->service;
	for (uint32_t i = first; i != MAP_NONE; i = t->next[i]) {
		row = &t->rows->v[i];
		if (row->has_target && has_target && exact_cmp(row->target, one.target) != 0)
			return err_set(
				e, ERR_CORRUPT,
				"line %llu: field 'target': is another one than that of '%.*s' "
				"before",
				(unsigned long long)row->line, BYTES_ARG(one.name));
		if (row->has_target)
			one.target = row->target;
		has_target = has_target || row->has_target;
		if (o->has_window || !row->has_window)
			continue;
		if (!has_window ||
		    slo_period_longest(&row->window) > slo_period_longest(&one.period)) {
			one.period.kind = row->window.kind;
			one.period.length_ns = row->window.length_ns;
		}
		has_window = true;
	}
	if (!has_target)
		return err_set(e, ERR_USAGE,
			       "line %llu: field 'target': is missing, and no --target is given",
			       (unsigned long long)t->rows->v[first].line);
	*ret = one;
	return 0;
}

int slo_tally_objectives(struct slo_tally *t, const struct slo_tally_opts *o, struct slo_set *set,
			 struct err *e)
{
	t->set = set;
	t->first = mem_alloc(SLO_OBJECTIVES_MAX * sizeof(*t->first));
	for (uint32_t i = 0; i < t->rows->n; i++) {
		const struct slo_row *row = &t->rows->v[i];
		struct slo one;

		if (find(t, row->service, row->name) != i)
			continue;
		if (set->n == SLO_OBJECTIVES_MAX)
			return err_set(e, ERR_LIMIT, "line %llu: more than %d objectives",
				       (unsigned long long)row->line, SLO_OBJECTIVES_MAX);
		if (one_objective(t, i, o, &one, e) < 0)
			return -1;
		t->first[set->n] = i;
		*slo_set_add(set) = one;
	}
	return 0;
}

/* --- rows with times ------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct slo_row *x = *(const struct slo_row *const *)a;
	const struct slo_row *y = *(const struct slo_row *const *)b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* The rows of a name that have times, in their order; and one that has none. To be freed. */
static const struct slo_row **rows_in_time(const struct slo_tally *t, const struct slo *o,
					   size_t *ret_n, const struct slo_row **ret_other)
{
	const struct slo_row **v = NULL;
	size_t n = 0, cap = 0;

	*ret_other = NULL;
	for (uint32_t i = first_of(t, o); i != MAP_NONE; i = t->next[i]) {
		if (!t->rows->v[i].has_time) {
			*ret_other = &t->rows->v[i];
			continue;
		}
		mem_grow(&v, &cap, n + 1, sizeof(*v));
		v[n++] = &t->rows->v[i];
	}
	if (n)
		qsort(v, n, sizeof(*v), by_time);
	*ret_n = n;
	return v;
}

/* Rows of one objective, in the order of their times, and the intervals that they make. */
struct timed {
	const struct slo_row **v; /* owned */
	struct slo_series s;
};

/* Each goes on until the next one begins, the last as long as the one before; a single one is a
 * day. */
static int add_intervals(const struct slo_row **v, size_t n, struct slo_series *s, struct err *e)
{
	int64_t length = 86400 * NS_PER_S;

	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n)
			length = v[i + 1]->time_ns - v[i]->time_ns;
		if (length == 0)
			return err_set(e, ERR_CORRUPT,
				       "line %llu: field 'time': is that of line %llu, too",
				       (unsigned long long)v[i + 1]->line,
				       (unsigned long long)v[i]->line);
		slo_series_add(s, v[i]->time_ns, v[i]->time_ns + length, &v[i]->counts);
	}
	return 0;
}

static void release_timed(struct timed *r)
{
	free(r->v);
	slo_series_release(&r->s);
}

/* The rows, if they have times (else .s is empty). */
static int read_timed(const struct slo_tally *t, const struct slo *o, struct timed *ret,
		      struct err *e)
{
	struct timed r = { 0 };
	const struct slo_row *other;
	size_t n;
	int rc;

	r.v = rows_in_time(t, o, &n, &other);
	rc = add_intervals(r.v, n, &r.s, e);
	if (rc == 0 && n > 0 && other)
		rc = err_set(
			e, ERR_CORRUPT,
			"line %llu: field 'time': is missing, where other rows of '%.*s' have one",
			(unsigned long long)other->line, BYTES_ARG(other->name));
	if (rc < 0)
		release_timed(&r);
	else
		*ret = r;
	return rc;
}

int slo_tally_series(const struct slo_tally *t, const struct slo *o, struct slo_series *ret,
		     struct err *e)
{
	struct timed r;

	if (read_timed(t, o, &r, e) < 0)
		return -1;
	free(r.v);
	*ret = r.s;
	return 0;
}

/* What a window has of an interval that it cuts, nobody knows. */
static int tell_cut(const struct timed *r, int64_t from_ns, struct err *e)
{
	size_t i = slo_series_find(&r->s, from_ns) - 1;
	struct buf b = { 0 };

	time_add_rfc3339(&b, from_ns);
	buf_add_str(&b, ", inside of this interval of ");
	slo_duration_add(&b, slo_series_border(&r->s, i + 1) - slo_series_border(&r->s, i));
	err_set(e, ERR_CORRUPT, "line %llu: field 'time': the window begins at %s",
		(unsigned long long)r->v[i]->line, buf_str(&b));
	buf_release(&b);
	return -1;
}

/* Sets the state's now. Returns where what is counted ends. */
static int64_t settle_now(const struct slo_series *r, enum slo_now now, struct slo_state *s)
{
	bool rolls = s->m.period.kind == SLO_ROLLING;
	int64_t end = r->end_ns;

	if (now == SLO_NOW_LAST) {
		/* At the very end of a month it is still that month. */
		s->m.now_ns = end - !rolls;
		return end;
	}
	end = slo_series_now(r, s->m.now_ns);
	if (rolls || end > slo_period_at(&s->m.period, s->m.now_ns).from)
		s->m.now_ns = end;
	return end;
}

static int count_timed(const struct timed *r, const struct slo_alerts *a, enum slo_now now,
		       struct slo_state *s, struct err *e)
{
	int64_t window[SLO_WINDOWS_MAX], end = settle_now(&r->s, now, s);
	int64_t from = slo_period_at(&s->m.period, s->m.now_ns).from;
	size_t n = slo_state_windows(s, a, window), first, last;
	struct slo_counts c;

	s->interval_ns = r->s.end_ns - r->s.v[r->s.n - 1].from_ns;
	if (!slo_series_within(&r->s, from, end, &first, &last))
		return tell_cut(r, from, e);
	if (slo_series_sum(&r->s, first, last, &s->m.counts, e) < 0)
		return -1;
	if (first >= last)
		s->data = SLO_DATA_NO_ROWS;
	for (size_t i = 0; i < n; i++)
		if (slo_series_within(&r->s, end - window[i], end, &first, &last) &&
		    (slo_series_sum(&r->s, first, last, &c, e) < 0 ||
		     slo_state_add(s, window[i], &c, e) < 0))
			return -1;
	return 0;
}

/* --- rows with windows ----------------------------------------------------------------------- */

static bool is_period(const struct slo_row *row, const struct slo_period *p)
{
	return !row->has_window ||
	       (row->window.kind == p->kind &&
		(p->kind != SLO_ROLLING || row->window.length_ns == p->length_ns));
}

static struct slo_window window_of(const struct slo_row *row, const struct slo_row *period,
				   const struct slo_window *own)
{
	return row == period
		       ? *own
		       : (struct slo_window){ .ns = row->window.length_ns, .counts = row->counts };
}

/* A window that lies in another one is part of it. */
static int check_inside(const struct slo_tally *t, const struct slo_state *s,
			const struct slo_row *period, struct err *e)
{
	const struct slo_window own = slo_state_own(s);

	for (uint32_t i = first_of(t, s->slo); i != MAP_NONE; i = t->next[i]) {
		struct slo_window a = window_of(&t->rows->v[i], period, &own);

		for (uint32_t k = first_of(t, s->slo); k != MAP_NONE; k = t->next[k]) {
			struct slo_window b = window_of(&t->rows->v[k], period, &own);

			if (i != k && a.ns <= b.ns && slo_windows_contradict(&a, &b))
				return err_set(
					e, ERR_CORRUPT,
					"line %llu: field 'window': cannot have more than line "
					"%llu, whose window it is part of",
					(unsigned long long)t->rows->v[i].line,
					(unsigned long long)t->rows->v[k].line);
		}
	}
	return 0;
}

static int count_windows(const struct slo_tally *t, struct slo_state *s, struct err *e)
{
	const struct slo_row *period = NULL;
	struct buf b = { 0 };
	struct err why;
	int rc = 0;

	for (uint32_t i = first_of(t, s->slo); rc == 0 && i != MAP_NONE; i = t->next[i]) {
		const struct slo_row *row = &t->rows->v[i];

		if (!is_period(row, &s->m.period)) {
			rc = row->window.kind == SLO_ROLLING
				     ? slo_state_add(s, row->window.length_ns, &row->counts, &why)
				     : err_set(&why, ERR_CORRUPT, "is not the objective's");
			if (rc < 0)
				err_set(e, why.code == ERR_LIMIT ? ERR_LIMIT : ERR_CORRUPT,
					"line %llu: field 'window': %s",
					(unsigned long long)row->line, why.msg);
		} else if (period) {
			rc = err_set(
				e, ERR_CORRUPT,
				"line %llu: is of the same window as line %llu: the objective's "
				"own, which --window names, or else the longest of its rows",
				(unsigned long long)row->line, (unsigned long long)period->line);
		} else {
			period = row;
			s->m.counts = row->counts;
		}
	}
	if (rc == 0 && !period) {
		slo_period_add(&b, &s->m.period);
		rc = err_set(e, ERR_CORRUPT, "there are no counts of its window %s", buf_str(&b));
		buf_release(&b);
	}
	return rc < 0 ? rc : check_inside(t, s, period, e);
}

int slo_tally_state(const struct slo_tally *t, const struct slo_alerts *a, enum slo_now now,
		    struct slo_state *s, struct err *e)
{
	struct timed r;
	int rc;

	if (read_timed(t, s->slo, &r, e) < 0)
		return -1;
	rc = r.s.n ? count_timed(&r, a, now, s, e) : count_windows(t, s, e);
	release_timed(&r);
	return rc;
}
