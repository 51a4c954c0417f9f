/* Frames: batches as another program's log has them. Each is committed by itself when it has an id.
 */
#include <poll.h>

#include "entry/append.h"
#include "ingest/batch.h"
#include "wal/reader.h"

struct source {
	struct ingest *in;
	const char *name;
	struct wal_reader *reader;
	struct append_scratch scratch;
};

static void bad(struct source *s, const struct wal_item *item, const struct err *why)
{
	struct err e;

	err_set(&e, why->code, "'%s': offset %llu: %s", s->name,
		(unsigned long long)(item->segment_off + item->off), why->msg);
	batch_bad(s->in, &s->in->counts.n_bad, &e);
}

/* Appends the batch's entries; what is damaged is reported and left out. -1 only for what ends the
 * input. */
static int take_batch(struct source *s, const struct wal_item *item, struct err *e)
{
	struct ingest *in = s->in;

	for (size_t i = 0; i < item->batch.n_parts; i++) {
		const struct wal_part *p = &item->batch.part[i];
		struct run run;
		struct err why;

		if (p->stream == STREAM_NONE) {
			err_set(&why, ERR_CORRUPT, "%llu entries of a stream whose labels are lost",
				(unsigned long long)p->n_entries);
			bad(s, item, &why);
			continue;
		}
		if (wal_reader_run(s->reader, i, WANT_ALL, &run, &why) <= 0) {
			if (why.code == ERR_IO)
				return err_set(e, ERR_IO, "%s", why.msg);
			bad(s, item, &why);
			continue;
		}
		in->counts.n_entries += entries_append_run(&in->es, p->stream, &run, INT64_MIN,
							   INT64_MAX, &s->scratch);
		in->counts.n_bytes += run.lines_len - run.n;
	}
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
			if (item.batch.batch_id || in->es.text.n >= INGEST_BATCH_BYTES ||
			    would_wait(fd))
				batch_submit(in, item.batch.batch_id);
			break;
		case WAL_DAMAGE:
		case WAL_TORN:
			bad(&s, &item, &item.why);
			break;
		case WAL_SEGMENT: /* describes its streams itself */
			batch_submit(in, 0);
			batch_bound_memory(in);
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
	return rc;
}
