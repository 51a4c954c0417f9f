#include "ingest/replay.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "entry/append.h"
#include "entry/jsonl.h"
#include "wal/pack.h"

enum { OUT_STEP = 256 << 10 };

/* What is known of a stream by its number. */
struct known {
	enum { NOT_ASKED, WANTED, UNWANTED } wanted;
	struct bytes json; /* its labels */
};

struct replay {
	const struct replay_opts *opts;
	struct streams *streams;
	struct known *known;
	size_t n_known, cap_known;
	struct arena text, scratch;
	struct buf out, json;
	struct wal_packer *packer; /* frames */
	struct entries es;
	struct append_scratch append;
	bool filtered;
	bool in_segment; /* frames: a segment was begun in the output */
	bool lost;	 /* something of it was */
	bool ended;	 /* its own end record was met */
	enum replay_input input;
	bool out_failed;
	uint64_t second; /* where in the input a second segment began, or 0 */
};

struct replay *replay_new(const struct replay_opts *opts)
{
	struct replay *r = mem_alloc(sizeof(*r));

	r->opts = opts;
	r->streams = streams_new();
	r->packer = wal_packer_new(r->streams);
	r->filtered = opts->tenant.n || opts->n_match || opts->from_ns != INT64_MIN ||
		      opts->to_ns != INT64_MAX;
	return r;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	streams_free(r->streams);
	wal_packer_free(r->packer);
	entries_release(&r->es);
	append_scratch_release(&r->append);
	arena_release(&r->text);
	arena_release(&r->scratch);
	buf_release(&r->out);
	buf_release(&r->json);
	free(r->known);
	free(r);
}

uint64_t replay_second(const struct replay *r)
{
	return r->second;
}

bool replay_lacks_tenant(const struct replay *r)
{
	uint32_t n = streams_tenant_count(r->streams);

	for (uint32_t i = 0; i < n; i++)
		if (bytes_eq(streams_tenant(r->streams, i), r->opts->tenant))
			return false;
	return n > 0 && r->opts->tenant.n > 0;
}

bool replay_out_failed(const struct replay *r)
{
	return r->out_failed;
}

int replay_flush(struct replay *r, struct err *e)
{
	int rc = io_write(r->opts->out_fd, r->out.p, r->out.n, e);

	buf_reset(&r->out);
	r->out_failed |= rc < 0;
	return rc < 0 ? err_wrap(e, "cannot write to stdout") : 0;
}

static int flush_some(struct replay *r, struct err *e)
{
	return r->out.n >= OUT_STEP ? replay_flush(r, e) : 0;
}

static struct known *known_of(struct replay *r, uint32_t stream)
{
	const struct replay_opts *o = r->opts;
	struct known *k;
	struct labels l;

	if (stream >= r->n_known) {
		size_t n = streams_count(r->streams);

		mem_grow(&r->known, &r->cap_known, n, sizeof(*r->known));
		memset(r->known + r->n_known, 0, (n - r->n_known) * sizeof(*r->known));
		r->n_known = n;
	}
	k = &r->known[stream];
	if (k->wanted != NOT_ASKED)
		return k;
	arena_reset(&r->scratch);
	l = streams_labels(r->streams, stream, &r->scratch);
	k->wanted = matcher_match_labels(o->match, o->n_match, &l) ? WANTED : UNWANTED;
	if (o->tenant.n &&
	    !bytes_eq(streams_tenant(r->streams, streams_get(r->streams, stream)->tenant),
		      o->tenant))
		k->wanted = UNWANTED;
	if (k->wanted == WANTED && o->format == REPLAY_JSONL) {
		buf_reset(&r->json);
		labels_add_json(&r->json, &l);
		k->json = arena_copy(&r->text, buf_bytes(&r->json));
	}
	return k;
}

static void report(struct replay *r, uint64_t off, enum err_code code, const char *why)
{
	struct err e;

	err_set(&e, code, "offset %llu: %s", (unsigned long long)off, why);
	if (code == ERR_CORRUPT)
		r->lost = true;
	if (r->opts->report)
		r->opts->report(&e, r->opts->data);
}

static int print_run(struct replay *r, const struct wal_batch *b, const struct known *k,
		     const struct run *run, struct err *e)
{
	for (size_t i = 0; i < run->n; i++) {
		int64_t ts = run->ts_ns[i];

		if (ts < r->opts->from_ns || (ts >= r->opts->to_ns && r->opts->to_ns != INT64_MAX))
			continue;
		jsonl_add(&r->out, ts, b->tenant, k->json, run_line(run, i), &run->meta,
			  run->meta_set ? run->meta_set[i] : 0);
		if (flush_some(r, e) < 0)
			return -1;
	}
	return 0;
}

static int take_run(struct replay *r, const struct wal_item *item, const struct wal_part *p,
		    const struct known *k, const struct run *run, struct err *e)
{
	switch (r->opts->format) {
	case REPLAY_JSONL:
		return print_run(r, &item->batch, k, run, e);
	case REPLAY_FRAMES:
		entries_append_run(&r->es, p->stream, run, r->opts->from_ns, r->opts->to_ns,
				   &r->append);
		return 0;
	case REPLAY_VERIFY:
		return 0;
	}
	return 0;
}

/* The wanted entries of a batch, one by one. */
static int take_batch(struct replay *r, struct wal_reader *reader, const struct wal_item *item,
		      struct err *e)
{
	const struct replay_opts *o = r->opts;
	uint64_t n_lost = 0;
	struct err lost;

	for (size_t i = 0; i < item->batch.n_parts; i++) {
		const struct wal_part *p = &item->batch.part[i];
		const struct known *k = NULL;
		struct run run;
		struct err why;

		if (p->stream == STREAM_NONE) {
			err_set(&why, ERR_CORRUPT, "%llu %s of a stream whose labels were lost",
				(unsigned long long)p->n_entries,
				num_word(p->n_entries, "entry", "entries"));
			report(r, item->segment_off + item->off, ERR_CORRUPT, why.msg);
			continue;
		}
		k = known_of(r, p->stream);
		if (k->wanted == UNWANTED || p->max_ts_ns < o->from_ns ||
		    (p->min_ts_ns >= o->to_ns && o->to_ns != INT64_MAX))
			continue;
		if (wal_reader_run(reader, i, WANT_ALL, &run, &why) <= 0) {
			if (why.code != ERR_CORRUPT && why.code != ERR_VERSION)
				return err_set(e, why.code, "%s", why.msg);
			if (item->batch.broken) {
				n_lost += p->n_entries;
				continue;
			}
			report(r, item->segment_off + item->off, ERR_CORRUPT, why.msg);
			continue;
		}
		if (take_run(r, item, p, k, &run, e) < 0)
			return -1;
	}
	if (n_lost && wal_batch_is_broken(n_lost, &lost) < 0)
		report(r, item->segment_off + item->off, ERR_CORRUPT, lost.msg);
	return 0;
}

/* Frames: a batch as it is, or what is left of it. Only a whole one has its sender's id: who gets
 * that acknowledged believes all of it kept. */
static int frame_batch(struct replay *r, struct wal_reader *reader, const struct wal_item *item,
		       struct err *e)
{
	uint64_t id = item->batch.broken ? 0 : item->batch.batch_id;

	if (!r->filtered && !item->batch.broken) {
		for (size_t i = 0; i < item->batch.n_parts; i++)
			if (item->batch.part[i].stream == STREAM_NONE)
				report(r, item->segment_off + item->off, ERR_CORRUPT,
				       "entries of a stream whose labels were lost");
		wal_packer_copy(r->packer, wal_reader_record(reader), item->batch.n_entries,
				&r->out);
		return 0;
	}
	entries_reset(&r->es);
	if (take_batch(r, reader, item, e) < 0)
		return -1;
	return r->es.n ? wal_packer_add(r->packer, &r->es, id, &r->out, e) : 0;
}

static void frame_begin(struct replay *r, const struct wal_header *h)
{
	unsigned char head[WAL_HEADER];

	wal_header_encode(h, head);
	buf_add(&r->out, head, sizeof(head));
	wal_packer_begin(r->packer);
	r->in_segment = true;
}

/* The segment is over: its end record says that all of it was given. */
static void end_segment(struct replay *r)
{
	bool whole = r->ended || r->input == REPLAY_CLOSED;

	if (r->in_segment && whole && !r->lost && !r->filtered)
		wal_packer_end(r->packer, &r->out);
	r->in_segment = false;
	r->ended = false;
	r->lost = false;
}

static int take_item(struct replay *r, struct wal_reader *reader, const struct wal_item *item,
		     struct err *e)
{
	bool frames = r->opts->format == REPLAY_FRAMES;

	switch (item->kind) {
	case WAL_SEGMENT:
		end_segment(r);
		if (!r->second)
			r->second = item->segment_off;
		if (frames)
			frame_begin(r, &item->header);
		return 0;
	case WAL_SERIES:
		if (frames && !r->filtered)
			wal_packer_copy(r->packer, wal_reader_record(reader), 0, &r->out);
		return 0;
	case WAL_BATCH:
		return frames ? frame_batch(r, reader, item, e) : take_batch(r, reader, item, e);
	case WAL_END:
		if (!item->end_record.matches && !r->lost)
			report(r, item->segment_off + item->off, ERR_CORRUPT,
			       "the end record does not fit what was read");
		r->ended = true;
		return 0;
	case WAL_TORN:
		report(r, item->segment_off + item->off, ERR_NO, item->why.msg);
		return 0;
	case WAL_DAMAGE:
		report(r, item->segment_off + item->off, ERR_CORRUPT, item->why.msg);
		return 0;
	}
	return 0;
}

int replay_fd(struct replay *r, int fd, enum replay_input input, uint64_t was_good, struct err *e)
{
	struct wal_reader *reader = wal_reader_new(fd, WAL_READ_ALL, r->streams);
	struct wal_item item;
	struct stat st;
	int rc;

	wal_reader_set_good(reader, was_good);
	if (input == REPLAY_PART && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		wal_reader_set_range(reader, 0, (uint64_t)st.st_size); /* as wal_segment_end */
	r->input = input;
	r->second = 0;
	while ((rc = wal_reader_next(reader, &item, e)) > 0)
		if (take_item(r, reader, &item, e) < 0 || flush_some(r, e) < 0) {
			rc = -1;
			break;
		}
	wal_reader_free(reader);
	if (rc < 0)
		r->lost = true;
	end_segment(r);
	return rc < 0 ? -1 : 0;
}
