/* What a segment holds, found by reading it. */
#include <stdlib.h>

#include "base/mem.h"
#include "time/time.h"
#include "wal/reader.h"
#include "wal/sidecar.h"

struct finder {
	struct wal_reader *reader;
	struct streams *streams;
	struct wal_sum *sum;
	uint32_t *local; /* index in sum->stream + 1, by number in streams */
	size_t n_local, cap_local;
	size_t cap_streams, cap_batches, cap_days, cap_refs;
	size_t days_sorted; /* days[0 .. here) are sorted, each once */
	uint64_t *in_batch; /* a bit for each of sum->stream, all 0 between batches */
	size_t n_in_batch, cap_in_batch;
};

/* Whose streams' bytes qsort_r compares tenants by. */
static int by_day(const void *va, const void *vb, void *data)
{
	const struct wal_sum_day *a = va, *b = vb;
	int c = a->tenant == b->tenant ? 0
				       : bytes_cmp(streams_tenant(data, a->tenant),
						   streams_tenant(data, b->tenant));

	return c ? c : (a->day > b->day) - (a->day < b->day);
}

static void sort_days(struct finder *f)
{
	struct wal_sum *s = f->sum;
	size_t n = 0;

	if (s->n_days == 0)
		return;
	qsort_r(s->day, s->n_days, sizeof(*s->day), by_day, f->streams);
	for (size_t i = 0; i < s->n_days; i++)
		if (n == 0 || s->day[n - 1].tenant != s->day[i].tenant ||
		    s->day[n - 1].day != s->day[i].day)
			s->day[n++] = s->day[i];
	s->n_days = f->days_sorted = n;
}

static void add_day(struct finder *f, uint32_t tenant, int32_t day)
{
	struct wal_sum *s = f->sum;

	for (size_t i = s->n_days; i > 0 && s->n_days - i < 4; i--)
		if (s->day[i - 1].tenant == tenant && s->day[i - 1].day == day)
			return;
	if (s->n_days >= 2 * f->days_sorted + 1024)
		sort_days(f);
	mem_grow(&s->day, &f->cap_days, s->n_days + 1, sizeof(*s->day));
	s->day[s->n_days++] = (struct wal_sum_day){ tenant, day };
}

/* The days of a part: from its times when those tell, else from its timestamps. */
static int add_days(struct finder *f, size_t i, const struct wal_part *p, uint32_t tenant,
		    struct err *e)
{
	int32_t first = time_day(p->min_ts_ns), last = time_day(p->max_ts_ns);
	struct run run;
	int rc;

	add_day(f, tenant, first);
	if (last != first)
		add_day(f, tenant, last);
	if (last - first < 2)
		return 0;
	rc = wal_reader_run(f->reader, i, WANT_TS, &run, e);
	for (size_t k = 0; rc > 0 && k < run.n; k++)
		add_day(f, tenant, time_day(run.ts_ns[k]));
	if (rc < 0 && e->code == ERR_CORRUPT) {
		f->sum->tail = WAL_TAIL_DAMAGED;
		rc = 0;
	}
	return rc < 0 ? -1 : 0;
}

static uint32_t local_of(struct finder *f, uint32_t stream)
{
	struct wal_sum *s = f->sum;

	if (stream >= f->n_local) {
		size_t n = streams_count(f->streams);

		mem_grow(&f->local, &f->cap_local, n, sizeof(*f->local));
		memset(f->local + f->n_local, 0, (n - f->n_local) * sizeof(*f->local));
		f->n_local = n;
	}
	if (f->local[stream] == 0) {
		mem_grow(&s->stream, &f->cap_streams, s->n_streams + 1, sizeof(*s->stream));
		s->stream[s->n_streams++] = (struct wal_sum_stream){ .stream = stream,
								     .min_ts_ns = INT64_MAX,
								     .max_ts_ns = INT64_MIN };
		f->local[stream] = (uint32_t)s->n_streams;
	}
	return f->local[stream] - 1;
}

static int by_number(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

/* Few of very many streams are sorted; else a bit is set for each, and the bits give them in order,
 * which takes a tenth of the time. None is there twice. */
static void sort_refs(struct finder *f, uint32_t *ref, size_t n)
{
	enum { BITS = 64, WORDS_PER_REF = 8 };
	size_t n_words = (f->sum->n_streams + BITS - 1) / BITS, to = 0;

	if (n_words / WORDS_PER_REF > n) {
		qsort(ref, n, sizeof(*ref), by_number);
		return;
	}
	mem_grow(&f->in_batch, &f->cap_in_batch, n_words, sizeof(*f->in_batch));
	memset(f->in_batch + f->n_in_batch, 0,
	       (f->cap_in_batch - f->n_in_batch) * sizeof(*f->in_batch));
	f->n_in_batch = f->cap_in_batch;
	for (size_t i = 0; i < n; i++)
		f->in_batch[ref[i] / BITS] |= UINT64_C(1) << ref[i] % BITS;
	for (size_t i = 0; i < n_words; i++) {
		for (uint64_t bits = f->in_batch[i]; bits; bits &= bits - 1)
			ref[to++] = (uint32_t)(i * BITS + (size_t)__builtin_ctzll(bits));
		f->in_batch[i] = 0;
	}
}

static int add_batch(struct finder *f, const struct wal_item *item, struct err *e)
{
	const struct wal_batch *b = &item->batch;
	struct wal_sum *s = f->sum;
	struct wal_sum_batch v = { .off = item->off,
				   .min_ts_ns = b->min_ts_ns,
				   .max_ts_ns = b->max_ts_ns,
				   .first_ref = (uint32_t)s->n_refs };

	mem_grow(&s->ref, &f->cap_refs, s->n_refs + b->n_parts, sizeof(*s->ref));
	for (size_t i = 0; i < b->n_parts; i++) {
		const struct wal_part *p = &b->part[i];
		struct wal_sum_stream *st;

		if (p->stream == STREAM_NONE) {
			s->tail = WAL_TAIL_DAMAGED;
			continue;
		}
		v.tenant = streams_get(f->streams, p->stream)->tenant;
		if (add_days(f, i, p, v.tenant, e) < 0)
			return -1;
		s->ref[s->n_refs++] = local_of(f, p->stream);
		st = &s->stream[f->local[p->stream] - 1];
		st->n_entries += p->n_entries;
		st->line_bytes += p->line_bytes;
		st->min_ts_ns = p->min_ts_ns < st->min_ts_ns ? p->min_ts_ns : st->min_ts_ns;
		st->max_ts_ns = p->max_ts_ns > st->max_ts_ns ? p->max_ts_ns : st->max_ts_ns;
		v.n_entries += p->n_entries;
	}
	v.n_refs = (uint32_t)s->n_refs - v.first_ref;
	s->n_entries += v.n_entries;
	if (v.n_refs == 0)
		return 0;
	sort_refs(f, s->ref + v.first_ref, v.n_refs);
	mem_grow(&s->batch, &f->cap_batches, s->n_batches + 1, sizeof(*s->batch));
	s->batch[s->n_batches++] = v;
	return 0;
}

/* Takes one item in: 1, 0 when nothing that follows is the segment's, -1 error. */
static int take(struct finder *f, const struct wal_item *item, enum wal_sum_how how, struct err *e)
{
	struct wal_sum *s = f->sum;

	switch (item->kind) {
	case WAL_SEGMENT:
		if (item->segment_off == 0)
			return 1;
		s->next = item->segment_off;
		return 0;
	case WAL_BATCH:
		if (!item->batch.broken)
			s->good_size = item->end;
		return add_batch(f, item, e) < 0 ? -1 : 1;
	case WAL_END:
		s->good_size = item->end;
		s->seal = item->end_record.seal;
		s->sealed = true;
		if (s->tail == WAL_TAIL_TORN)
			s->tail = how == WAL_SUM_VERIFY && !item->end_record.matches
					  ? WAL_TAIL_DAMAGED
					  : WAL_TAIL_CLEAN;
		return 1;
	case WAL_DAMAGE:
		s->tail = WAL_TAIL_DAMAGED;
		return 1;
	case WAL_SERIES:
		s->good_size = item->end;
		return 1;
	case WAL_TORN:
		return 1;
	}
	return 1;
}

/* Its writer died: the end record that walreplay would make seals it. */
static void seal_torn(struct finder *f)
{
	uint64_t n_entries;
	uint32_t crc;

	wal_reader_running(f->reader, &n_entries, &crc);
	f->sum->seal = wal_seal(&f->sum->segment, n_entries, crc);
	f->sum->sealed = true;
}

static int read_one(const struct wal_segment *seg, enum wal_sum_how how, struct streams *streams,
		    struct wal_sum *ret, struct err *e)
{
	struct wal_sum sum = { .size = seg->size,
			       .good_size = WAL_HEADER,
			       .tail = WAL_TAIL_TORN,
			       .segment = seg->header.id,
			       .was_good = wal_sum_was_good(seg) };
	struct finder f = { .streams = streams, .sum = &sum };
	struct wal_item item;
	uint64_t was;
	int rc;

	f.reader = wal_reader_new(seg->fd, how == WAL_SUM_WALK ? WAL_READ_HEADS : WAL_READ_ALL,
				  streams);
	wal_reader_set_range(f.reader, seg->start, wal_segment_end(seg));
	wal_reader_set_good(f.reader, sum.was_good);
	while ((rc = wal_reader_next(f.reader, &item, e)) > 0) {
		rc = take(&f, &item, how, e);
		if (rc <= 0)
			break;
	}
	if (rc >= 0 && sum.tail == WAL_TAIL_TORN && wal_sum_is_cut(seg, &was))
		sum.tail = WAL_TAIL_DAMAGED;
	if (sum.good_size < sum.was_good)
		sum.good_size = sum.was_good; /* the witness stays */
	if (how == WAL_SUM_VERIFY && sum.tail == WAL_TAIL_TORN)
		seal_torn(&f);
	sort_days(&f);
	wal_reader_free(f.reader);
	free(f.local);
	free(f.in_batch);
	if (rc < 0) {
		wal_sum_release(&sum);
		return -1;
	}
	*ret = sum;
	return 0;
}

/* Reading heads takes a torn segment with another behind it for damage, so that one is read once
 * more, up to its end. */
int wal_sum_read(const struct wal_segment *seg, enum wal_sum_how how, struct streams *streams,
		 struct wal_sum *ret, struct err *e)
{
	struct wal_segment alone = *seg;
	uint64_t next;

	if (read_one(seg, how, streams, ret, e) < 0)
		return -1;
	next = ret->next;
	if (!next || ret->tail != WAL_TAIL_DAMAGED)
		return 0;
	alone.end = seg->start + next;
	alone.size = next;
	wal_sum_release(ret);
	if (read_one(&alone, how, streams, ret, e) < 0)
		return -1;
	ret->next = next;
	return 0;
}
