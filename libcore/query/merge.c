#include "query/merge.h"

#include "base/hash.h"
#include "base/mem.h"

void merge_release(struct merge *m)
{
	free(m->ref);
	free(m->spare);
	free(m->end);
	buf_release(&m->lines);
	buf_release(&m->ts);
	buf_release(&m->off);
	buf_release(&m->set);
	buf_release(&m->merged);
	metatab_release(&m->meta);
	arena_release(&m->mem);
	map_release(&m->seen);
	arena_release(&m->seen_mem);
	*m = (struct merge){ 0 };
}

static void forget(struct merge *m)
{
	m->n = 0;
	m->sorted = true;
	buf_reset(&m->lines);
	metatab_reset(&m->meta);
}

void merge_begin(struct merge *m, enum merge_how how, int64_t lo, int64_t hi)
{
	m->how = how;
	m->lo = lo;
	m->hi = hi;
	forget(m);
	if (m->seen.n)
		map_reset(&m->seen);
	arena_reset(&m->seen_mem);
}

static uint32_t add_meta(struct merge *m, const struct run *r, size_t i)
{
	uint32_t set = r->meta_set ? r->meta_set[i] : 0;
	size_t n = set ? meta_n_pairs(&r->meta, set) : 0;
	struct label *l;

	if (n == 0)
		return 0;
	arena_reset(&m->mem);
	l = arena_alloc(&m->mem, n * sizeof(*l));
	for (size_t k = 0; k < n; k++)
		l[k] = meta_pair(&r->meta, set, k);
	return metatab_add(&m->meta, l, n);
}

static int as_added(const void *a, const void *b)
{
	const struct merge_ref *x = a, *y = b;

	return (x->off > y->off) - (x->off < y->off);
}

/* Ascending stretches: where each ends. */
static size_t find_stretches(struct merge *m)
{
	size_t n = 0;

	for (size_t i = 1; i <= m->n; i++) {
		if (i < m->n && m->ref[i - 1].ts <= m->ref[i].ts)
			continue;
		mem_grow(&m->end, &m->cap_end, n + 1, sizeof(*m->end));
		m->end[n++] = i;
	}
	return n;
}

/* Two stretches into one; of equal times those of the first come first. */
static void merge_two(const struct merge_ref *a, size_t n, const struct merge_ref *b, size_t n_b,
		      struct merge_ref *ret)
{
	size_t i = 0, j = 0;

	while (i < n && j < n_b)
		*ret++ = b[j].ts < a[i].ts ? b[j++] : a[i++];
	if (i < n)
		memcpy(ret, a + i, (n - i) * sizeof(*a));
	else if (j < n_b)
		memcpy(ret, b + j, (n_b - j) * sizeof(*b));
}

/* What was added is a few runs, each ascending: neighbours are merged until one is left. It keeps
 * the order in which entries of one timestamp were added. */
static void sort(struct merge *m)
{
	size_t n = m->sorted ? 0 : find_stretches(m);

	while (n > 1) {
		struct merge_ref *from = m->ref;
		size_t k = 0, begin = 0, cap = m->cap_ref;

		mem_grow(&m->spare, &m->cap_spare, m->n, sizeof(*m->spare));
		for (size_t i = 0; i < n; i += 2) {
			size_t mid = m->end[i], end = i + 1 < n ? m->end[i + 1] : mid;

			merge_two(from + begin, mid - begin, from + mid, end - mid,
				  m->spare + begin);
			m->end[k++] = begin = end;
		}
		n = k;
		m->ref = m->spare;
		m->cap_ref = m->cap_spare;
		m->spare = from;
		m->cap_spare = cap;
	}
	m->sorted = true;
}

static struct bytes line_of(const struct merge *m, const struct merge_ref *r)
{
	return bytes_of(m->lines.p + r->off, r->len);
}

static bool too_much(const struct merge *m)
{
	return m->lines.n + m->n * sizeof(*m->ref) > m->bytes_max;
}

/* Halves the window where half of the entries lie below; what is behind it is dropped. */
static void halve(struct merge *m)
{
	size_t at = 0, kept = m->n;

	sort(m);
	m->hi = m->ref[m->n / 2].ts;
	if (m->hi > m->lo)
		m->hi--;
	while (kept > 0 && m->ref[kept - 1].ts > m->hi)
		kept--;
	m->n = kept;
	if (kept == 0)
		return forget(m);
	qsort(m->ref, m->n, sizeof(*m->ref), as_added);
	for (size_t i = 0; i < m->n; i++) {
		memmove(m->lines.p + at, m->lines.p + m->ref[i].off, m->ref[i].len + 1);
		m->ref[i].off = at;
		at += m->ref[i].len + 1;
	}
	m->lines.n = at;
	for (size_t i = 1; i < m->n; i++)
		m->sorted = m->sorted && m->ref[i - 1].ts <= m->ref[i].ts;
}

void merge_add(struct merge *m, const struct run *r)
{
	mem_grow(&m->ref, &m->cap_ref, m->n + r->n, sizeof(*m->ref));
	for (size_t i = 0; i < r->n; i++) {
		int64_t ts = r->ts_ns[i];
		struct bytes line;

		if (ts < m->lo || ts > m->hi)
			continue;
		line = run_line(r, i);
		m->sorted = m->sorted && (m->n == 0 || m->ref[m->n - 1].ts <= ts);
		m->ref[m->n++] =
			(struct merge_ref){ ts, m->lines.n, (uint32_t)line.n, add_meta(m, r, i) };
		buf_add_bytes(&m->lines, line);
		buf_add_char(&m->lines, '\n');
	}
	while (m->lo < m->hi && too_much(m))
		halve(m);
}

bool merge_is_full(const struct merge *m)
{
	return m->lo == m->hi && too_much(m);
}

enum { FEW = 32 };

/* Whether an entry of the same timestamp among ref[first..k) has the line of r. Few are compared
 * one by one; when there are more, a table of their lines is kept in seen. */
static bool have_same(const struct merge *m, size_t first, size_t k, const struct merge_ref *r,
		      struct map *seen)
{
	const struct merge_ref *ref = m->ref;
	struct bytes line = line_of(m, r);
	uint64_t hash;

	if (k - first < FEW) {
		for (size_t j = first; j < k; j++)
			if (entry_same(ref[j].ts, line_of(m, &ref[j]), r->ts, line))
				return true;
		return false;
	}
	if (seen->n == 0) {
		for (size_t j = first; j < k; j++) {
			struct bytes l = line_of(m, &ref[j]);

			map_put(seen, hash64(l), l, 0);
		}
	}
	hash = hash64(line);
	if (map_get(seen, hash, line) != MAP_NONE)
		return true;
	map_put(seen, hash, line, 0);
	return false;
}

static bool was_given(const struct merge *m, const struct merge_ref *r)
{
	struct hash128 h;
	struct bytes key;

	if (m->seen.n == 0)
		return false;
	h = hash128(line_of(m, r));
	key = bytes_of(h.b, sizeof(h.b));
	return map_get(&m->seen, hash64(key), key) != MAP_NONE;
}

/* Drops what is equal to an entry before it. */
static void fold(struct merge *m)
{
	struct merge_ref *ref = m->ref;
	size_t k = 0, first = 0;
	struct map seen = { 0 };

	for (size_t i = 0; i < m->n; i++) {
		if (k == first || ref[i].ts != ref[k - 1].ts) {
			first = k;
			if (seen.n)
				map_reset(&seen);
		}
		if (!was_given(m, &ref[i]) && !have_same(m, first, k, &ref[i], &seen))
			ref[k++] = ref[i];
	}
	m->n = k;
	map_release(&seen);
}

/* Whether the lines lie just as they are to be, as of runs that follow one another. */
static bool in_place(const struct merge *m)
{
	uint64_t at = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->ref[i].off != at)
			return false;
		at += m->ref[i].len + 1;
	}
	return at == m->lines.n;
}

static void gather(struct merge *m, uint64_t bytes)
{
	buf_reset(&m->merged);
	buf_reserve(&m->merged, bytes + 1);
	for (size_t i = 0; i < m->n; i++)
		buf_add(&m->merged, m->lines.p + m->ref[i].off, m->ref[i].len + 1);
}

int merge_take(struct merge *m, struct run *ret, struct err *e)
{
	uint64_t bytes = 0;
	const struct buf *lines = &m->lines;
	int64_t *ts;
	uint32_t *off, *set;

	sort(m);
	m->n_folded = m->n;
	if (m->how == MERGE_FOLD)
		fold(m);
	m->n_folded -= m->n;
	for (size_t i = 0; i < m->n; i++)
		bytes += m->ref[i].len + 1;
	if (bytes > UINT32_MAX || m->n > UINT32_MAX - 1)
		return err_set(e, ERR_LIMIT, "%zu entries of one stream are too many to sort",
			       m->n);
	if (!in_place(m)) {
		gather(m, bytes);
		lines = &m->merged;
	}
	buf_reset(&m->ts);
	buf_reset(&m->off);
	buf_reset(&m->set);
	ts = (void *)buf_reserve(&m->ts, m->n * sizeof(*ts) + 1);
	off = (void *)buf_reserve(&m->off, (m->n + 1) * sizeof(*off));
	set = (void *)buf_reserve(&m->set, m->n * sizeof(*set) + 1);
	off[0] = 0;
	for (size_t i = 0; i < m->n; i++) {
		ts[i] = m->ref[i].ts;
		off[i + 1] = off[i] + m->ref[i].len + 1;
		set[i] = m->ref[i].set;
	}
	*ret = (struct run){
		.n = m->n, .ts_ns = ts, .line_off = off, .lines = lines->p, .lines_len = bytes
	};
	if (m->meta.n_sets) {
		ret->meta_set = set;
		ret->meta = metatab_view(&m->meta);
	}
	return 0;
}

int merge_go_on(struct merge *m, struct err *e)
{
	if (m->how == MERGE_FOLD && m->n > m->seen_max - m->seen.n)
		return err_set(e, ERR_LIMIT,
			       "more than %zu entries of one stream and timestamp are too many to "
			       "tell which are equal",
			       m->seen_max);
	for (size_t i = 0; i < m->n && m->how == MERGE_FOLD; i++) {
		struct hash128 h = hash128(line_of(m, &m->ref[i]));
		struct bytes key =
			arena_copy(&m->seen_mem, bytes_of((const char *)h.b, sizeof(h.b)));

		map_put(&m->seen, hash64(key), key, 0);
	}
	forget(m);
	return 0;
}
