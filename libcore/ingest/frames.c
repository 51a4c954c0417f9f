/* Frames: batches as another program's log has them. Each is committed by itself when it has an id.
 */
#include <poll.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "entry/append.h"
#include "ingest/batch.h"
#include "wal/reader.h"

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

static bool would_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

int ingest_frames(struct ingest *in, int fd, const char *name, struct err *e)
{
	struct source s = { .in = in, .name = name };
	struct wal_item item;
	int rc;

	s.reader = wal_reader_new(fd, WAL_READ_ALL, in->streams);
	while ((rc = wal_reader_next(s.reader, &item, e)) > 0) {
		switch (item.kind) {
		case WAL_BATCH:
			if (item.batch.batch_id)
				batch_submit(in, 0);
			rc = take_batch(&s, &item, e);
			if (rc < 0)
				break;
			if (item.batch.batch_id && item.batch.n_parts == 0)
				batch_answer(in, item.batch.batch_id, NULL);
			if (item.batch.batch_id || batch_is_full(in) || would_wait(fd))
				batch_submit(in, item.batch.batch_id);
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
