/*
 * Frames: batches as another program's log has them. Each is committed by itself when it has an id.
 *
 * One with an id is copied as it is when it is what we would have made of it, which is much cheaper
 * than to take it apart and pack it again. Frames can come from anybody, and a checksum says only
 * that they are as they were sent. So all that a reader could stumble over later is looked at
 * before: a batch that cannot be decoded would keep its whole segment from being packed. Only of
 * whoever has made the runs himself just before, and says so, checksums and heads are enough.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "entry/append.h"
#include "ingest/batch.h"
#include "wal/reader.h"

/* Copies are given to the log when they are so many: it writes while more is verified. */
enum { COPIES_BYTES = 256 << 10 };

struct source {
	struct ingest *in;
	const char *name;
	struct wal_reader *reader;
	struct append_scratch scratch;
	unsigned char *checked; /* by stream */
	size_t n_checked, cap_checked;
};

static void bad(struct source *s, const struct wal_item *item, const struct err *why)
{
	struct err e;

	err_set(&e, why->code, "'%s': offset %llu: %s", s->name,
		(unsigned long long)(item->segment_off + item->off), why->msg);
	batch_bad(s->in, &e);
}

/* Tenant and labels must be such as lines may have: what cannot be packed would stay for ever.
 * Asked once per stream. */
static int check_stream(struct source *s, uint32_t stream, struct err *e)
{
	const struct streams *t = s->in->streams;
	struct labels l;

	if (stream >= s->n_checked) {
		size_t n = streams_count(t);

		mem_grow(&s->checked, &s->cap_checked, n, 1);
		memset(s->checked + s->n_checked, 0, n - s->n_checked);
		s->n_checked = n;
	}
	if (s->checked[stream])
		return 0;
	arena_reset(&s->in->arena);
	l = streams_labels(t, stream, &s->in->arena);
	if (labels_check_tenant(streams_tenant(t, streams_get(t, stream)->tenant), e) < 0 ||
	    labels_check_push(&l, e) < 0)
		return -1;
	s->checked[stream] = 1;
	return 0;
}

/* One stream's part of the batch. */
static int take_part(struct source *s, const struct wal_item *item, size_t i,
		     struct ingest_tally *given, struct err *why)
{
	const struct wal_part *p = &item->batch.part[i];
	struct ingest *in = s->in;
	struct run run;

	if (p->stream == STREAM_NONE)
		return err_set(why, ERR_CORRUPT, "%llu %s of a stream whose labels are lost",
			       (unsigned long long)p->n_entries,
			       num_word(p->n_entries, "entry", "entries"));
	if (check_stream(s, p->stream, why) < 0 ||
	    wal_reader_run(s->reader, i, WANT_ALL, &run, why) <= 0)
		return -1;
	tally(given,
	      entries_append_run(&in->es, p->stream, &run, INT64_MIN, INT64_MAX, &s->scratch),
	      run.lines_len - run.n);
	in->weight += run.lines_len + run.n * ENTRY_WEIGHT;
	return 0;
}

static struct ingest_tally all_of(const struct wal_batch *b)
{
	struct ingest_tally t = { b->n_entries, 0 };

	for (size_t i = 0; i < b->n_parts; i++)
		t.n_bytes += b->part[i].line_bytes;
	return t;
}

/* Appends the batch's entries. One without an id gives what is good of it; one with an id is taken
 * whole or refused. -1 only for what ends the input. */
static int take_batch(struct source *s, const struct wal_item *item, struct err *e)
{
	struct ingest *in = s->in;
	size_t n = in->es.n, text_n = in->es.text.n;
	uint64_t weight = in->weight;
	struct ingest_tally given = { 0 }, bad_parts = { 0 };

	struct err why;

	for (size_t i = 0; i < item->batch.n_parts; i++) {
		if (take_part(s, item, i, &given, &why) == 0)
			continue;
		if (why.code == ERR_IO) {
			in->es.n = n;
			in->es.text.n = text_n;
			in->weight = weight;
			return err_set(e, ERR_IO, "%s", why.msg);
		}
		if (!item->batch.broken)
			bad(s, item, &why);
		tally(&bad_parts, item->batch.part[i].n_entries, item->batch.part[i].line_bytes);
		if (!item->batch.batch_id)
			continue;
		in->es.n = n;
		in->es.text.n = text_n;
		in->weight = weight;
		given = (struct ingest_tally){ 0 };
		bad_parts = all_of(&item->batch);
		batch_answer(in, item->batch.batch_id, &why);
		break;
	}
	if (item->batch.broken && bad_parts.n && wal_batch_is_broken(bad_parts.n, &why) < 0)
		bad(s, item, &why);
	tally(&in->counts.given, given.n, given.n_bytes);
	tally(&in->counts.bad, bad_parts.n, bad_parts.n_bytes);
	return 0;
}

/* Does the run hold what the batch's head says of it? */
static bool run_is_as_said(const struct run *run, const struct wal_part *p)
{
	int64_t min = run->ts_ns[0], max = min;
	uint32_t longest = 0;

	if (run->lines_len - run->n != p->line_bytes)
		return false;
	for (size_t i = 1; i < run->n; i++) {
		int64_t ts = run->ts_ns[i];

		min = ts < min ? ts : min;
		max = ts > max ? ts : max;
	}
	for (size_t i = 0; i < run->n; i++) {
		uint32_t len = run->line_off[i + 1] - run->line_off[i];

		longest = len > longest ? len : longest;
		if (run->lines[run->line_off[i + 1] - 1] != '\n')
			return false;
	}
	return min == p->min_ts_ns && max == p->max_ts_ns && longest <= ENTRY_LINE_MAX;
}

/* A part that is of the batch's tenant, of a stream that may be, and decodes, if that is asked. */
static bool part_is_good(struct source *s, const struct wal_batch *b, size_t i)
{
	const struct streams *t = s->in->streams;
	const struct wal_part *p = &b->part[i];
	struct run run;

	if (p->stream == STREAM_NONE || check_stream(s, p->stream, NULL) < 0)
		return false;
	if (!bytes_eq(streams_tenant(t, streams_get(t, p->stream)->tenant), b->tenant))
		return false;
	if (s->in->opts->check == INGEST_CHECK_HEADS)
		return true;
	return wal_reader_run(s->reader, i, WANT_ALL, &run, NULL) > 0 && run_is_as_said(&run, p);
}

/* May the batch go into the log as it is? What may not is taken apart instead, which tells why or
 * mends it. */
static bool may_copy(struct source *s, const struct wal_batch *b)
{
	int64_t min = INT64_MAX, max = INT64_MIN;

	if (!s->in->writer || !b->batch_id || b->broken || b->n_parts == 0 ||
	    b->raw_n > WAL_SUBMIT_MAX || b->n_entries > WAL_SUBMIT_MAX / sizeof(struct entry_ref))
		return false;
	for (size_t i = 0; i < b->n_parts; i++)
		if (!part_is_good(s, b, i))
			return false;
	for (size_t i = 0; i < b->n_parts; i++) {
		min = b->part[i].min_ts_ns < min ? b->part[i].min_ts_ns : min;
		max = b->part[i].max_ts_ns > max ? b->part[i].max_ts_ns : max;
	}
	return min == b->min_ts_ns && max == b->max_ts_ns;
}

static void copy_batch(struct source *s, const struct wal_batch *b)
{
	struct ingest_tally given = all_of(b);
	struct ingest *in = s->in;

	if (in->es.n)
		batch_submit(in, 0);
	wal_copies_add(&in->copies, wal_reader_record(s->reader), b);
	tally(&in->counts.given, given.n, given.n_bytes);
	if (in->copies.data.n >= COPIES_BYTES)
		batch_submit(in, 0);
}

/* -1 only for what ends the input. */
static int one_batch(struct source *s, const struct wal_item *item, struct err *e)
{
	const struct wal_batch *b = &item->batch;
	struct ingest *in = s->in;

	if (may_copy(s, b)) {
		copy_batch(s, b);
		return 0;
	}
	if (b->batch_id)
		batch_submit(in, 0);
	if (take_batch(s, item, e) < 0)
		return -1;
	if (b->batch_id && b->n_parts == 0)
		batch_answer(in, b->batch_id, NULL);
	if (b->batch_id || batch_is_full(in))
		batch_submit(in, b->batch_id);
	return 0;
}

/* Whoever gave what was read may wait for the answers before there is more. */
static void on_wait(void *in)
{
	batch_submit(in, 0);
}

int ingest_frames(struct ingest *in, int fd, const char *name, struct err *e)
{
	struct source s = { .in = in, .name = name };
	struct wal_item item;
	int rc;

	s.reader = wal_reader_new(fd, WAL_READ_ALL, in->streams);
	wal_reader_on_wait(s.reader, on_wait, in);
	while ((rc = wal_reader_next(s.reader, &item, e)) > 0) {
		switch (item.kind) {
		case WAL_BATCH:
			rc = one_batch(&s, &item, e);
			break;
		case WAL_DAMAGE:
		case WAL_TORN:
			tally(&in->counts.damaged, 1, item.end - item.off);
			bad(&s, &item, &item.why);
			break;
		case WAL_SEGMENT: /* describes its streams itself */
			batch_submit(in, 0);
			batch_bound_memory(in);
			s.n_checked = 0; /* numbers may mean other streams now */
			break;
		case WAL_SERIES:
		case WAL_END:
			break;
		}
		if (rc < 0)
			break;
		if (batch_is_over(in)) {
			rc = 1;
			break;
		}
	}
	wal_reader_free(s.reader);
	append_scratch_release(&s.scratch);
	free(s.checked);
	return rc;
}
