#include "query/log.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

uint64_t log_entry_hash(const struct log_entry *entry, struct buf *key)
{
	buf_reset(key);
	buf_add(key, (const char *)&entry->ts_ns, sizeof(entry->ts_ns));
	buf_add_bytes(key, entry->tenant);
	for (size_t i = 0; i < entry->labels->n; i++) {
		buf_add_char(key, '\0');
		buf_add_bytes(key, entry->labels->v[i].name);
		buf_add_char(key, '\0');
		buf_add_bytes(key, entry->labels->v[i].value);
	}
	buf_add_char(key, '\0');
	buf_add_bytes(key, entry->line);
	return hash64(buf_bytes(key));
}

/* The entries of one block, in the order of the answer. */
struct log_batch {
	struct arena mem;
	struct log_entry *v;
	size_t at, n;
	uint64_t unit;		/* among equal timestamps that of the lower one is first, then */
	size_t part;		/* that of the lower one forward, of the higher one backward */
	struct log_batch *next; /* the part before it, while the unit is being read */
	uint32_t stream;	/* in the plan */

	/* Put off: of v only the times are set, and these are the block's entries, ascending. */
	struct run run; /* .lines NULL: it is not */
};

/* Pending entries that are never cut down, whatever the limit. */
enum { PENDING_FREE = 10000 };

static void batch_free(struct log_batch *b)
{
	arena_release(&b->mem);
	free(b);
}

static void batches_free(struct log_batch *b)
{
	while (b) {
		struct log_batch *next = b->next;

		batch_free(b);
		b = next;
	}
}

void log_sink_release(struct log_sink *l)
{
	for (size_t i = 0; l->slot && i < scan_slots(l->scan); i++)
		batches_free(l->slot[i]);
	for (size_t i = 0; i < l->n_heap; i++)
		batch_free(l->heap[i]);
	for (size_t i = 0; l->shape && i < l->scan->jobs; i++) {
		free(l->shape[i].name);
		free(l->shape[i].place);
		free(l->shape[i].order);
	}
	free(l->shape);
	l->shape = NULL;
	free(l->slot);
	free(l->heap);
	free(l->later);
	cutoff_release(&l->cutoff);
	l->slot = NULL;
	l->heap = NULL;
	l->n_heap = 0;
}

static bool has_shape(const struct log_shape *s, const struct elabel *v, size_t n)
{
	size_t k = 0;

	if (s->n != n)
		return false;
	while (k < n && s->name[k] == v[k].name)
		k++;
	return k == n;
}

struct log_named {
	struct bytes name;
	size_t at;
};

static int by_name(const void *a, const void *b)
{
	const struct log_named *x = a, *y = b;

	return bytes_cmp(x->name, y->name);
}

static void find_shape(struct log_shape *s, const struct names *names, const struct elabel *v,
		       size_t n)
{
	struct log_named *order;

	mem_grow(&s->name, &s->cap_name, n, sizeof(*s->name));
	mem_grow(&s->place, &s->cap_place, n, sizeof(*s->place));
	mem_grow(&s->order, &s->cap_order, n, sizeof(*s->order));
	order = s->order;
	s->n = n;
	for (size_t k = 0; k < n; k++) {
		s->name[k] = v[k].name;
		order[k] = (struct log_named){ names->v[v[k].name], k };
	}
	qsort(order, n, sizeof(*order), by_name);
	for (size_t k = 0; k < n; k++)
		s->place[order[k].at] = (uint32_t)k;
}

/* Names, and what streams are called, outlive the sink; other values are copied. */
static const struct log_labels *copy_labels(struct log_shape *s, struct block *b, uint32_t i,
					    struct arena *a)
{
	size_t n = block_n_labels(b, i);
	struct elabel *v;
	struct log_labels *ret;

	buf_reset(&b->scratch);
	v = (void *)buf_reserve(&b->scratch, n * sizeof(*v) + 1);
	n = block_labels(b, i, v);
	if (!has_shape(s, v, n))
		find_shape(s, b->names, v, n);
	ret = arena_alloc(a, sizeof(*ret) + n * sizeof(*ret->v));
	ret->n = n;
	for (size_t k = 0; k < n; k++)
		ret->v[s->place[k]] =
			(struct log_label){ b->names->v[v[k].name],
					    v[k].kind == LABEL_STREAM ? v[k].value
								      : arena_copy(a, v[k].value),
					    v[k].kind };
	return ret;
}

static bool same_labels(const struct block *b, uint32_t i, uint32_t j)
{
	if (!b->el)
		return true;
	return b->el[i].n == b->el[j].n && (b->el[i].n == 0 || b->el[i].v == b->el[j].v);
}

/* Of the parts of a unit, the newest first, those that cannot be in the answer are dropped. False:
 * nothing that comes behind them can be in it. */
static bool limit_parts(const struct log_sink *l, struct log_batch *b)
{
	size_t n = 0;

	if (l->limit == 0)
		return true;
	for (; b; b = b->next) {
		n += b->n;
		if (n < l->limit)
			continue;
		if (l->dir == FORWARD)
			return false;
		batches_free(b->next);
		b->next = NULL;
	}
	return true;
}

/* One more of the unit, for n entries. */
static struct log_batch *add_batch(struct log_sink *l, size_t slot, const struct unit *unit,
				   size_t n)
{
	struct log_batch *b = mem_alloc(sizeof(*b));

	b->next = l->slot[slot];
	b->part = b->next ? b->next->part + 1 : 0;
	b->stream = plan_piece(l->scan->plan, unit, 0)->stream;
	b->n = n;
	b->v = arena_alloc(&b->mem, n * sizeof(*b->v));
	l->slot[slot] = b;
	return b;
}

/* The entry of a block that is number k in the order of the answer. */
static uint32_t entry_at(const struct log_sink *l, const struct block *b, size_t k)
{
	return block_entry(b, l->dir == BACKWARD ? b->n_sel - 1 - k : k);
}

/* Leaves in the block what may be in the answer, as far as is known. */
static int keep_best(struct log_sink *l, struct block *b, struct err *e)
{
	size_t n = b->n_sel, skip;
	int64_t *ts;

	if (block_need(b, WANT_TS, e) < 0)
		return -1;
	if (n > l->limit)
		n = l->limit;
	buf_reset(&b->scratch);
	ts = (void *)buf_reserve(&b->scratch, n * sizeof(*ts) + 1);
	for (size_t k = 0; k < n; k++)
		ts[k] = b->run.ts_ns[entry_at(l, b, k)];
	n = cutoff_add(&l->cutoff, ts, n);
	skip = l->dir == BACKWARD ? b->n_sel - n : 0;
	if (b->sel_list && n)
		memmove(b->sel, b->sel + skip, n * sizeof(*b->sel));
	b->first += (uint32_t)skip;
	b->n_sel = n;
	return 0;
}

/* Copies the metadata of those that are in. Neighbours that have the same share a set. */
static void copy_meta(const struct block *b, struct log_batch *batch)
{
	const struct metaview *from = &b->run.meta;
	struct arena *a = &batch->mem;
	uint32_t *set = arena_alloc(a, b->n_sel * sizeof(*set)), before = 0, n_sets = 0,
		 n_pairs = 0;
	uint32_t *first, *pair;
	struct bytes *string;

	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t of = b->run.meta_set[block_entry(b, k)];

		if (of && of != before) {
			n_sets++;
			n_pairs += (uint32_t)meta_n_pairs(from, of);
		}
		set[k] = of ? n_sets : 0;
		before = of ? of : before;
	}
	first = arena_alloc(a, (n_sets + 1) * sizeof(*first));
	pair = arena_alloc(a, 2 * (size_t)n_pairs * sizeof(*pair));
	string = arena_alloc(a, 2 * (size_t)n_pairs * sizeof(*string));
	first[0] = n_sets = n_pairs = 0;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t of = b->run.meta_set[block_entry(b, k)];

		for (size_t i = 0; set[k] > n_sets && i < meta_n_pairs(from, of); i++) {
			struct label l = meta_pair(from, of, i);

			string[2 * n_pairs] = arena_copy(a, l.name);
			string[2 * n_pairs + 1] = arena_copy(a, l.value);
			pair[2 * n_pairs] = 2 * n_pairs;
			pair[2 * n_pairs + 1] = 2 * n_pairs + 1;
			n_pairs++;
		}
		if (set[k] > n_sets)
			first[++n_sets] = n_pairs;
	}
	batch->run.meta_set = set;
	batch->run.meta = (struct metaview){ 2 * n_pairs, n_sets, string, first, pair };
}

/* Copies what is in as it lies, for when all units are read and it is known what of it is in the
 * answer. */
static int put_off(struct log_sink *l, size_t slot, const struct unit *unit, struct block *b,
		   struct err *e)
{
	size_t n = b->n_sel, len = 0;
	struct log_batch *batch;
	int64_t *ts_ns;
	uint32_t *off;
	char *lines;

	if (block_need(b, WANT_ALL, e) < 0)
		return -1;
	for (size_t k = 0; k < n; k++)
		len += run_line(&b->run, block_entry(b, k)).n + 1;
	batch = add_batch(l, slot, unit, n);
	ts_ns = arena_alloc(&batch->mem, n * sizeof(*ts_ns));
	off = arena_alloc(&batch->mem, (n + 1) * sizeof(*off));
	lines = arena_alloc(&batch->mem, len);
	off[0] = 0;
	for (size_t k = 0; k < n; k++) {
		uint32_t i = block_entry(b, k);
		struct bytes line = run_line(&b->run, i);

		ts_ns[k] = b->run.ts_ns[i];
		memcpy(lines + off[k], line.p, line.n);
		lines[off[k] + line.n] = '\n';
		off[k + 1] = off[k] + (uint32_t)line.n + 1;
		batch->v[l->dir == BACKWARD ? n - 1 - k : k].ts_ns = ts_ns[k];
	}
	batch->run = (struct run){
		.n = n, .ts_ns = ts_ns, .line_off = off, .lines = lines, .lines_len = len
	};
	if (b->run.meta_set)
		copy_meta(b, batch);
	b->n_sel = 0;
	return 0;
}

static int sift(void *data, size_t slot, const struct unit *unit, struct block *b, struct err *e)
{
	struct log_sink *l = data;

	if (l->limit == 0)
		return 0;
	if (!limit_parts(l, l->slot[slot])) {
		b->n_sel = 0;
		return 0;
	}
	if (keep_best(l, b, e) < 0)
		return -1;
	/* What a filter's stages have made of it already is not copied. */
	return l->puts_off && b->n_sel && !b->line && !b->el ? put_off(l, slot, unit, b, e) : 0;
}

/* With those that are in. */
static int fill(struct log_sink *l, unsigned worker, struct log_batch *batch, struct block *b,
		struct err *e)
{
	struct bytes tenant = l->scan->plan->stream[batch->stream].tenant;
	const struct log_labels *labels = NULL;
	uint32_t before = 0;

	if (block_need(b, WANT_TS | WANT_LENS | WANT_LINES, e) < 0 || block_need_labels(b, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = entry_at(l, b, k);

		if (!labels || !same_labels(b, i, before))
			labels = copy_labels(&l->shape[worker], b, i, &batch->mem);
		before = i;
		batch->v[k] = (struct log_entry){ b->run.ts_ns[i],
						  arena_copy(&batch->mem, block_line(b, i)), tenant,
						  labels };
	}
	return 0;
}

static int take(void *data, unsigned worker, size_t slot, const struct unit *unit, struct block *b,
		struct err *e)
{
	struct log_sink *l = data;

	return fill(l, worker, add_batch(l, slot, unit, b->n_sel), b, e);
}

static bool begin(void *data, size_t slot, const struct unit *unit)
{
	struct log_sink *l = data;
	int64_t last = cutoff_last(&l->cutoff);

	(void)slot;
	return l->dir == BACKWARD ? unit->max_ts < last : unit->min_ts > last;
}

static void narrow(const void *data, int64_t *from, int64_t *to)
{
	const struct log_sink *l = data;
	int64_t last = cutoff_last(&l->cutoff);

	if (l->dir == BACKWARD && last > *from)
		*from = last;
	if (l->dir == FORWARD && last < INT64_MAX - 1 && last + 1 < *to)
		*to = last + 1;
}

/* Whether batch a's next entry comes before b's. */
static bool earlier(const struct log_sink *l, const struct log_batch *a, const struct log_batch *b)
{
	int64_t x = a->v[a->at].ts_ns, y = b->v[b->at].ts_ns;

	if (x != y)
		return l->dir == BACKWARD ? x > y : x < y;
	if (a->unit != b->unit)
		return a->unit < b->unit;
	return l->dir == BACKWARD ? a->part > b->part : a->part < b->part;
}

static void sink_down(struct log_sink *l, size_t i)
{
	for (;;) {
		size_t k = 2 * i + 1;
		struct log_batch *t;

		if (k >= l->n_heap)
			return;
		if (k + 1 < l->n_heap && earlier(l, l->heap[k + 1], l->heap[k]))
			k++;
		if (!earlier(l, l->heap[k], l->heap[i]))
			return;
		t = l->heap[k];
		l->heap[k] = l->heap[i];
		l->heap[i] = t;
		i = k;
	}
}

static void push(struct log_sink *l, struct log_batch *b)
{
	size_t i = l->n_heap;

	mem_grow(&l->heap, &l->cap_heap, l->n_heap + 1, sizeof(struct log_batch *));
	l->heap[l->n_heap++] = b;
	l->n_pending += b->n;
	while (i > 0 && earlier(l, l->heap[i], l->heap[(i - 1) / 2])) {
		struct log_batch *t = l->heap[(i - 1) / 2];

		l->heap[(i - 1) / 2] = l->heap[i];
		l->heap[i] = t;
		i = (i - 1) / 2;
	}
}

/* Takes the first entry's place in its batch, or the batch out. */
static void pop(struct log_sink *l)
{
	struct log_batch *b = l->heap[0];

	l->n_pending--;
	if (++b->at == b->n) {
		l->heap[0] = l->heap[--l->n_heap];
		batch_free(b);
	}
	if (l->n_heap)
		sink_down(l, 0);
}

/* Those that cannot be in the answer are dropped. */
static void prune(struct log_sink *l)
{
	int64_t last = cutoff_last(&l->cutoff);
	size_t k = 0;

	l->n_pending = 0;
	for (size_t i = 0; i < l->n_heap; i++) {
		struct log_batch *b = l->heap[i];

		while (b->n > b->at && cutoff_is_before(&l->cutoff, last, b->v[b->n - 1].ts_ns))
			b->n--;
		if (b->n == b->at) {
			batch_free(b);
			continue;
		}
		l->n_pending += b->n - b->at;
		l->heap[k++] = b;
	}
	l->n_heap = k;
	for (size_t i = k / 2; i-- > 0;)
		sink_down(l, i);
}

/* Whether it comes too soon behind the one before, as Loki has it: over all streams. */
static bool too_soon(const struct log_sink *l, int64_t ts_ns)
{
	num_wide apart = (num_wide)ts_ns - l->last_ns;

	return l->interval_ns && l->n_out && (apart < 0 ? -apart : apart) < l->interval_ns;
}

int log_sink_flush(struct log_sink *l, int64_t bound, struct err *e)
{
	bool all = bound == (l->dir == BACKWARD ? INT64_MIN : INT64_MAX);

	while (l->n_heap) {
		const struct log_entry *entry = &l->heap[0]->v[l->heap[0]->at];

		if (!all && (l->dir == BACKWARD ? entry->ts_ns <= bound : entry->ts_ns >= bound))
			break;
		if (too_soon(l, entry->ts_ns)) {
			pop(l);
			continue;
		}
		l->last_ns = entry->ts_ns;
		if (l->out(l->data, entry, e) < 0)
			return -1;
		pop(l);
		if (++l->n_out == (l->interval_ns ? l->spaced_limit : l->limit))
			return 1;
	}
	return 0;
}

static int done(void *data, size_t unit, size_t slot, struct err *e)
{
	struct log_sink *l = data;
	const struct plan *p = l->scan->plan;
	struct log_batch *b = l->slot[slot];

	l->slot[slot] = NULL;
	while (b) {
		struct log_batch *next = b->next;

		b->next = NULL;
		b->unit = p->unit[unit].rank;
		push(l, b);
		b = next;
	}
	if (l->limit && l->n_pending > PENDING_FREE && l->n_pending > 4 * (l->limit - l->n_out))
		prune(l);
	if (unit + 1 == p->n_units || l->hold || l->puts_off)
		return 0; /* the caller flushes: it knows what may follow */
	return log_sink_flush(l, l->dir == BACKWARD ? p->unit[unit + 1].hi : p->unit[unit + 1].lo,
			      e);
}

/* ---- what was put off ---- */

static size_t n_later(void *data)
{
	struct log_sink *l = data;
	size_t n = 0;

	if (!l->puts_off)
		return 0;
	prune(l);
	free(l->later);
	l->later = mem_alloc((l->n_heap + 1) * sizeof(struct log_batch *));
	for (size_t i = 0; i < l->n_heap; i++)
		if (l->heap[i]->run.lines)
			l->later[n++] = l->heap[i];
	return n;
}

static struct run get_later(void *data, size_t i, uint32_t *ret_stream)
{
	const struct log_sink *l = data;
	const struct log_batch *b = l->later[i];
	struct run ret = b->run;
	size_t first = l->dir == BACKWARD ? ret.n - b->n : 0;

	*ret_stream = b->stream;
	ret.n = b->n;
	ret.ts_ns += first;
	ret.line_off += first;
	ret.meta_set += ret.meta_set ? first : 0;
	return ret;
}

static int take_later(void *data, unsigned worker, size_t i, struct block *b, struct err *e)
{
	struct log_sink *l = data;

	l->later[i]->run.lines = NULL;
	return fill(l, worker, l->later[i], b, e);
}

void log_sink_init(struct log_sink *l, struct scan *scan)
{
	l->scan = scan;
	cutoff_init(&l->cutoff, l->dir, l->limit);
	l->puts_off = l->limit && !l->hold && scan->pipeline->n_dropping < scan->pipeline->n_stages;
	l->shape = mem_alloc(scan->jobs * sizeof(*l->shape));
	l->slot = mem_alloc(scan_slots(scan) * sizeof(struct log_batch *));
	scan->sink = (struct sink){ .want = WANT_ALL,
				    .enough = l->hold ? 0 : l->limit,
				    .sift = sift,
				    .take = take,
				    .begin = begin,
				    .narrow = narrow,
				    .done = done,
				    .n_later = n_later,
				    .get_later = get_later,
				    .take_later = take_later,
				    .data = l };
}
