#include "query/merge.h"

#include "base/mem.h"

void merge_mem_release(struct merge_mem *m)
{
	free(m->ref);
	buf_release(&m->ts);
	buf_release(&m->off);
	buf_release(&m->lines);
	buf_release(&m->set);
	metatab_release(&m->meta);
	arena_release(&m->labels);
	*m = (struct merge_mem){ 0 };
}

static int ref_cmp(const void *a, const void *b)
{
	const struct merge_ref *x = a, *y = b;
	int c = (x->ts > y->ts) - (x->ts < y->ts);

	if (c == 0)
		c = (x->run > y->run) - (x->run < y->run);
	return c ? c : (x->i > y->i) - (x->i < y->i);
}

static struct bytes line_of(const struct run *v, const struct merge_ref *r)
{
	return run_line(&v[r->run], r->i);
}

/* Collects what lies in the range, in order. */
static size_t collect(const struct run *v, size_t n, int64_t from, int64_t to, struct merge_mem *m)
{
	size_t total = 0, k = 0;
	bool sorted = true;

	for (size_t r = 0; r < n; r++)
		total += v[r].n;
	mem_grow(&m->ref, &m->cap_ref, total, sizeof(*m->ref));
	for (size_t r = 0; r < n; r++) {
		for (size_t i = 0; i < v[r].n; i++) {
			int64_t ts = v[r].ts_ns[i];

			if (ts < from || ts >= to)
				continue;
			sorted = sorted && (k == 0 || m->ref[k - 1].ts <= ts);
			m->ref[k++] = (struct merge_ref){ ts, (uint32_t)r, (uint32_t)i };
		}
	}
	if (!sorted)
		qsort(m->ref, k, sizeof(*m->ref), ref_cmp);
	return k;
}

enum { FEW = 32 };

/* Whether an entry of the same timestamp among ref[first..k) has the line of r. Few are compared
 * one by one; when there are more, a table of their lines is kept in seen. */
static bool have_same(const struct run *v, const struct merge_ref *ref, size_t first, size_t k,
		      const struct merge_ref *r, struct map *seen)
{
	struct bytes line = line_of(v, r);
	uint64_t hash;

	if (k - first < FEW) {
		for (size_t j = first; j < k; j++)
			if (entry_same(ref[j].ts, line_of(v, &ref[j]), r->ts, line))
				return true;
		return false;
	}
	if (seen->n == 0) {
		for (size_t j = first; j < k; j++) {
			struct bytes l = line_of(v, &ref[j]);

			map_put(seen, hash64(l), l, 0);
		}
	}
	hash = hash64(line);
	if (map_get(seen, hash, line) != MAP_NONE)
		return true;
	map_put(seen, hash, line, 0);
	return false;
}

/* Drops what is equal to an entry before it. */
static size_t fold(const struct run *v, struct merge_ref *ref, size_t n)
{
	size_t k = 0, first = 0;
	struct map seen = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (k == first || ref[i].ts != ref[k - 1].ts) {
			first = k;
			if (seen.n)
				map_reset(&seen);
		}
		if (!have_same(v, ref, first, k, &ref[i], &seen))
			ref[k++] = ref[i];
	}
	map_release(&seen);
	return k;
}

static uint32_t add_meta(const struct run *r, uint32_t i, struct merge_mem *m)
{
	uint32_t set = r->meta_set ? r->meta_set[i] : 0;
	size_t n = set ? meta_n_pairs(&r->meta, set) : 0;
	struct label *l;

	if (n == 0)
		return 0;
	arena_reset(&m->labels);
	l = arena_alloc(&m->labels, n * sizeof(*l));
	for (size_t k = 0; k < n; k++)
		l[k] = meta_pair(&r->meta, set, k);
	return metatab_add(&m->meta, l, n);
}

int merge_runs(const struct run *v, size_t n, enum merge_how how, bool with_meta, int64_t from,
	       int64_t to, struct merge_mem *m, struct run *ret, struct err *e)
{
	size_t k = collect(v, n, from, to, m);
	uint64_t bytes = 0;
	int64_t *ts;
	uint32_t *off, *set;

	if (how == MERGE_FOLD)
		k = fold(v, m->ref, k);
	for (size_t i = 0; i < k; i++)
		bytes += line_of(v, &m->ref[i]).n + 1;
	if (bytes > UINT32_MAX || k > UINT32_MAX - 1)
		return err_set(
			e, ERR_LIMIT,
			"%zu entries of one stream with overlapping times are too many to sort", k);
	buf_reset(&m->ts);
	buf_reset(&m->off);
	buf_reset(&m->lines);
	buf_reset(&m->set);
	metatab_reset(&m->meta);
	ts = (void *)buf_reserve(&m->ts, k * sizeof(*ts) + 1);
	off = (void *)buf_reserve(&m->off, (k + 1) * sizeof(*off));
	set = (void *)buf_reserve(&m->set, k * sizeof(*set) + 1);
	buf_reserve(&m->lines, bytes + 1);
	off[0] = 0;
	for (size_t i = 0; i < k; i++) {
		struct merge_ref *r = &m->ref[i];

		ts[i] = r->ts;
		buf_add_bytes(&m->lines, line_of(v, r));
		buf_add_char(&m->lines, '\n');
		off[i + 1] = (uint32_t)m->lines.n;
		set[i] = with_meta ? add_meta(&v[r->run], r->i, m) : 0;
	}
	*ret = (struct run){
		.n = k, .ts_ns = ts, .line_off = off, .lines = m->lines.p, .lines_len = m->lines.n
	};
	if (m->meta.n_sets) {
		ret->meta_set = set;
		ret->meta = metatab_view(&m->meta);
	}
	return 0;
}
