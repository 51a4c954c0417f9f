/*
 * Encoding: each column is made in one pass over the entries in the given order. Timestamps become
 * deltas, divided by the largest of 1, 1000, 10^6 and 10^9 that divides all of them (agents that
 * count in milliseconds are common, and then two thirds of the bytes would be noise-free but not
 * free). Metadata strings are numbered anew per run, in order of first use, so that a run holds
 * only its own.
 */
#include "entry/columns.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "entry/planes.h"

enum { TS_SCALE_MASK = 0x0f, TS_SIGNED = 0x10, TS_HEAD = 9 };

struct columns_writer {
	uint64_t *wide;
	uint32_t *word;
	size_t cap_wide, cap_word;
	uint32_t *set_of, *string_of; /* number in this run + 1, by number in the table */
	size_t cap_set_of, cap_string_of;
	uint32_t *sets, *strings; /* by number in this run */
	size_t cap_sets, cap_strings;
};

struct columns_writer *columns_writer_new(void)
{
	return mem_alloc(sizeof(struct columns_writer));
}

void columns_writer_free(struct columns_writer *w)
{
	if (!w)
		return;
	free(w->wide);
	free(w->word);
	free(w->set_of);
	free(w->string_of);
	free(w->sets);
	free(w->strings);
	free(w);
}

/* The largest k of 9, 6, 3, 0 with all deltas multiples of 10^k, and 10^k. */
static unsigned find_scale(const uint64_t *delta, size_t n, uint64_t *ret_unit)
{
	unsigned k = 9;
	uint64_t unit = 1000000000;

	for (size_t i = 0; i < n && k > 0; i++)
		while (k > 0 && delta[i] % unit != 0) {
			k -= 3;
			unit /= 1000;
		}
	*ret_unit = unit;
	return k;
}

static void encode_ts(struct columns_writer *w, const struct entries *es, const uint32_t *order,
		      size_t n, struct buf *out)
{
	bool is_signed = false;
	unsigned scale;
	uint64_t unit;

	mem_grow(&w->wide, &w->cap_wide, n, sizeof(*w->wide));
	for (size_t i = 1; i < n; i++) {
		int64_t ts = es->v[order[i]].ts_ns, before = es->v[order[i - 1]].ts_ns;

		is_signed |= ts < before;
		w->wide[i - 1] = (uint64_t)ts - (uint64_t)before;
	}
	if (is_signed)
		for (size_t i = 0; i + 1 < n; i++)
			w->wide[i] = wr_zigzag((int64_t)w->wide[i]);
	scale = is_signed ? 0 : find_scale(w->wide, n - 1, &unit);
	if (scale)
		for (size_t i = 0; i + 1 < n; i++)
			w->wide[i] /= unit;
	wr_u8(out, (uint8_t)(scale | (is_signed ? TS_SIGNED : 0)));
	wr_u64be(out, (uint64_t)es->v[order[0]].ts_ns);
	planes_encode(out, w->wide, n - 1);
}

static void encode_lens(struct columns_writer *w, const struct entries *es, const uint32_t *order,
			size_t n, struct buf *out)
{
	mem_grow(&w->word, &w->cap_word, n, sizeof(*w->word));
	for (size_t i = 0; i < n; i++)
		w->word[i] = es->v[order[i]].line_len;
	planes_encode32(out, w->word, n);
}

/* The number of `id` in this run, counted from 0; a new one is appended to list. */
static uint32_t renumber(uint32_t *number_of, uint32_t id, uint32_t **list, size_t *n, size_t *cap)
{
	if (number_of[id] == 0) {
		mem_grow(list, cap, *n + 1, sizeof(**list));
		(*list)[(*n)++] = id;
		number_of[id] = (uint32_t)*n;
	}
	return number_of[id] - 1;
}

/* Grows a table that is all zeros between calls. */
static void grow_zeroed(uint32_t **v, size_t *cap, size_t need)
{
	size_t before = *cap;

	mem_grow(v, cap, need, sizeof(**v));
	memset(*v + before, 0, (*cap - before) * sizeof(**v));
}

static void encode_meta(struct columns_writer *w, const struct entries *es, const uint32_t *order,
			size_t n, struct buf *out)
{
	const struct metatab *t = &es->meta;
	size_t n_sets = 0, n_strings = 0, n_words = 0;
	uint32_t *words;

	grow_zeroed(&w->set_of, &w->cap_set_of, t->n_sets + 1);
	grow_zeroed(&w->string_of, &w->cap_string_of, t->n_strings + 1);
	for (size_t i = 0; i < n; i++)
		if (es->v[order[i]].meta)
			renumber(w->set_of, es->v[order[i]].meta, &w->sets, &n_sets, &w->cap_sets);
	if (n_sets == 0)
		return;
	for (size_t s = 0; s < n_sets; s++)
		n_words += 2 * (size_t)(t->set_first[w->sets[s]] - t->set_first[w->sets[s] - 1]);
	mem_grow(&w->word, &w->cap_word, n + n_words + n_sets, sizeof(*w->word));
	words = w->word;
	for (size_t s = 0, k = 0; s < n_sets; s++)
		for (size_t p = 2 * (size_t)t->set_first[w->sets[s] - 1];
		     p < 2 * (size_t)t->set_first[w->sets[s]]; p++)
			words[k++] = renumber(w->string_of, t->pair[p], &w->strings, &n_strings,
					      &w->cap_strings);

	wr_uvarint(out, n_strings);
	wr_uvarint(out, n_sets);
	mem_grow(&w->wide, &w->cap_wide, n_strings > n_sets ? n_strings : n_sets, sizeof(*w->wide));
	for (size_t s = 0; s < n_strings; s++)
		w->wide[s] = t->string[w->strings[s]].n;
	planes_encode(out, w->wide, n_strings);
	for (size_t s = 0; s < n_strings; s++)
		buf_add_bytes(out, t->string[w->strings[s]]);
	for (size_t s = 0; s < n_sets; s++)
		w->wide[s] = t->set_first[w->sets[s]] - t->set_first[w->sets[s] - 1];
	planes_encode(out, w->wide, n_sets);
	planes_encode32(out, words, n_words);
	for (size_t i = 0; i < n; i++) {
		uint32_t set = es->v[order[i]].meta;

		words[i] = set ? w->set_of[set] : 0;
	}
	planes_encode32(out, words, n);
	for (size_t s = 0; s < n_sets; s++)
		w->set_of[w->sets[s]] = 0;
	for (size_t s = 0; s < n_strings; s++)
		w->string_of[w->strings[s]] = 0;
}

void columns_encode_side(struct columns_writer *w, const struct entries *es, const uint32_t *order,
			 size_t n, struct buf out[COL_LINES])
{
	encode_ts(w, es, order, n, &out[COL_TS]);
	encode_meta(w, es, order, n, &out[COL_META]);
	encode_lens(w, es, order, n, &out[COL_LENS]);
}

void columns_encode_lines(const struct entries *es, const uint32_t *order, size_t n,
			  struct buf *out)
{
	for (size_t i = 0, end; i < n; i = end) {
		uint64_t from = es->v[order[i]].line_off, to = from;

		/* Lines that follow each other in the text, as those of one run do. */
		for (end = i; end < n && es->v[order[end]].line_off == to; end++)
			to += es->v[order[end]].line_len + 1;
		buf_add(out, es->text.p + from, to - from);
	}
}

void columns_encode(struct columns_writer *w, const struct entries *es, const uint32_t *order,
		    size_t n, struct buf out[COL_COUNT])
{
	columns_encode_side(w, es, order, n, out);
	columns_encode_lines(es, order, n, &out[COL_LINES]);
}

void run_mem_release(struct run_mem *m)
{
	buf_release(&m->ts);
	buf_release(&m->off);
	buf_release(&m->set);
	buf_release(&m->strings);
	buf_release(&m->set_first);
	buf_release(&m->pair);
	buf_release(&m->wide);
}

/* Room for n elements of `size` in b, whose content is dropped. */
static void *room(struct buf *b, size_t n, size_t size)
{
	buf_reset(b);
	return buf_reserve(b, n * size);
}

static int decode_ts(struct bytes col, size_t n, struct run_mem *m, struct run *ret, struct err *e)
{
	struct rd rd = rd_init(col);
	unsigned flags = rd_u8(&rd);
	int64_t *ts = room(&m->ts, n, sizeof(*ts));
	uint64_t at, unit = 1;

	at = rd_u64be(&rd);
	if (rd.failed || (flags & ~(unsigned)(TS_SCALE_MASK | TS_SIGNED)) ||
	    (flags & TS_SCALE_MASK) > 9)
		return err_set(e, ERR_CORRUPT, "timestamps: bad head");
	for (unsigned k = flags & TS_SCALE_MASK; k > 0; k--)
		unit *= 10;
	planes_decode(&rd, (uint64_t *)ts + 1, n - 1);
	if (rd.failed || rd_left(&rd) > 0)
		return err_set(e, ERR_CORRUPT, "timestamps: expected %zu, found %zu bytes", n,
			       col.n);
	ts[0] = (int64_t)at;
	for (size_t i = 1; i < n; i++) {
		uint64_t d = (uint64_t)ts[i];

		/* unsigned, so that what a damaged file says wraps instead of trapping */
		at += flags & TS_SIGNED ? (uint64_t)rd_zigzag(d) : d * unit;
		ts[i] = (int64_t)at;
	}
	ret->ts_ns = ts;
	return 0;
}

static int decode_lens(struct bytes col, size_t n, struct run_mem *m, struct run *ret,
		       struct err *e)
{
	struct rd rd = rd_init(col);
	uint32_t *off = room(&m->off, n + 1, sizeof(*off));
	uint64_t at = 0;

	planes_decode32(&rd, off + 1, n);
	if (rd.failed || rd_left(&rd) > 0)
		return err_set(e, ERR_CORRUPT, "line lengths: expected %zu, found %zu bytes", n,
			       col.n);
	off[0] = 0;
	for (size_t i = 1; i <= n; i++) {
		at += (uint64_t)off[i] + 1;
		if (at > RUN_LINES_MAX)
			return err_set(e, ERR_CORRUPT, "line lengths: more than %d bytes of lines",
				       RUN_LINES_MAX);
		off[i] = (uint32_t)at;
	}
	ret->line_off = off;
	ret->lines_len = at;
	return 0;
}

/* Lengths at rd, then as many bytes: borrowed strings into m. */
static void decode_strings(struct rd *rd, size_t n, struct run_mem *m)
{
	struct bytes *string = room(&m->strings, n, sizeof(*string));
	uint64_t *len = room(&m->wide, n, sizeof(*len));

	planes_decode(rd, len, n);
	for (size_t i = 0; i < n; i++)
		string[i] = len[i] > rd_left(rd) ? (rd->failed = true, (struct bytes){ 0 })
						 : rd_bytes(rd, len[i]);
}

/* Pairs of each set: first pair by set, and two string numbers a pair, into m. */
static void decode_sets(struct rd *rd, size_t n_sets, size_t n_strings, struct run_mem *m)
{
	/* likewise: words take no byte only when there is one string, and then one pair */
	uint32_t *first = room(&m->set_first, n_sets + 1, sizeof(*first)), *pair;
	uint64_t n_pairs = 0;

	planes_decode32(rd, first, n_sets);
	for (size_t s = 0; s < n_sets; s++) {
		uint32_t n = first[s];

		first[s] = (uint32_t)n_pairs;
		n_pairs += n;
		if (n == 0 || n > LABELS_MAX || n_pairs > rd->in.n + 1)
			rd->failed = true;
		if (rd->failed)
			return;
	}
	first[n_sets] = (uint32_t)n_pairs;
	pair = room(&m->pair, 2 * n_pairs, sizeof(*pair));
	planes_decode32(rd, pair, 2 * n_pairs);
	for (size_t i = 0; i < 2 * n_pairs; i++)
		if (pair[i] >= n_strings)
			rd->failed = true;
}

static int decode_meta(struct bytes col, size_t n, struct run_mem *m, struct run *ret,
		       struct err *e)
{
	struct rd rd = rd_init(col);
	uint32_t *set = room(&m->set, n, sizeof(*set));
	size_t n_strings, n_sets;

	if (col.n == 0)
		return 0;
	/* no string stands twice, so but for the empty one each takes a byte: this bounds the
	 * tables */
	n_strings = rd_uvarint_max(&rd, col.n);
	n_sets = rd_uvarint_max(&rd, n);
	decode_strings(&rd, n_strings, m);
	if (!rd.failed)
		decode_sets(&rd, n_sets, n_strings, m);
	if (!rd.failed)
		planes_decode32(&rd, set, n);
	rd.failed = rd.failed || planes_above32(set, n, (uint32_t)n_sets);
	if (rd.failed || rd_left(&rd) > 0)
		return err_set(e, ERR_CORRUPT, "structured metadata: bad at byte %zu of %zu",
			       rd.off, col.n);
	ret->meta_set = set;
	ret->meta = (struct metaview){ (uint32_t)n_strings, (uint32_t)n_sets,
				       (struct bytes *)(void *)m->strings.p,
				       (uint32_t *)(void *)m->set_first.p,
				       (uint32_t *)(void *)m->pair.p };
	return 0;
}

int columns_decode(const struct bytes col[COL_COUNT], size_t n, unsigned want, struct run_mem *m,
		   struct run *ret, struct err *e)
{
	struct run run = { .n = n };

	if (n == 0 || n > RUN_ENTRIES_MAX)
		return err_set(e, ERR_CORRUPT, "a run of %zu entries", n);
	if (want & WANT_TS && decode_ts(col[COL_TS], n, m, &run, e) < 0)
		return -1;
	if (want & WANT_LENS && decode_lens(col[COL_LENS], n, m, &run, e) < 0)
		return -1;
	if (want & WANT_META && decode_meta(col[COL_META], n, m, &run, e) < 0)
		return -1;
	if (want & WANT_LINES) {
		if (run.lines_len != col[COL_LINES].n)
			return err_set(e, ERR_CORRUPT, "lines: expected %zu bytes, found %zu",
				       run.lines_len, col[COL_LINES].n);
		run.lines = col[COL_LINES].p;
	}
	*ret = run;
	return 0;
}
