/* Into the job: JSON lines and frames. */
#include "base/io.h"
#include "base/num.h"
#include "codec/stream.h"
#include "compact/job.h"
#include "time/time.h"
#include "wal/reader.h"

enum {
	READ_BYTES = 1 << 20,
	JSON_LINE_MAX = 128 << 20, /* the longest entry, every byte of it escaped */
};

/* Entries that belong to no segment whose begin was seen. */
enum { SOURCE_NONE = UINT32_MAX };

/* A text that is read line by line. */
struct lines {
	int fd;
	struct codec_stream *unpack; /* over fd, when it is compressed */
	struct buf buf;
	size_t at, seen; /* where the line begins; up to where there is no newline */
	uint64_t number; /* of the line, from 1 */
	bool eof;
};

/* The next line without its newline, valid until the next call: 1, 0 at the end, -1. */
static int lines_next(struct lines *l, struct bytes *ret, struct err *e)
{
	while (true) {
		char *nl = l->seen < l->buf.n ? memchr(l->buf.p + l->seen, '\n', l->buf.n - l->seen)
					      : NULL;
		int64_t got;

		if (nl || (l->eof && l->at < l->buf.n)) {
			size_t end = nl ? (size_t)(nl - l->buf.p) : l->buf.n;

			*ret = bytes_of(l->buf.p + l->at, end - l->at);
			l->at = l->seen = nl ? end + 1 : end;
			l->number++;
			return 1;
		}
		if (l->eof)
			return 0;
		buf_drop(&l->buf, l->at);
		l->at = 0;
		l->seen = l->buf.n;
		if (l->buf.n > JSON_LINE_MAX)
			return err_set(e, ERR_LIMIT, "line %llu is longer than %d bytes",
				       (unsigned long long)l->number + 1, JSON_LINE_MAX);
		buf_reserve(&l->buf, READ_BYTES);
		got = l->unpack ? codec_stream_read(l->unpack, l->buf.p + l->buf.n, READ_BYTES, e)
				: io_read(l->fd, l->buf.p + l->buf.n, READ_BYTES, e);
		if (got < 0)
			return -1;
		l->buf.n += (size_t)got;
		/* Fewer bytes that are unpacked may also mean damage behind them, of which the next
		 * read tells. */
		l->eof = l->unpack ? got == 0 : got < READ_BYTES;
	}
}

/* The number of the stream that an entry belongs to: by its text if that was seen before. */
static int find_stream(struct packing *p, const struct jsonl_entry *entry, uint32_t *ret,
		       struct err *e)
{
	struct bytes tenant = entry->tenant.n ? entry->tenant : p->opts.tenant;
	struct arena a = { 0 };
	struct labels labels;
	struct buf key = { 0 };
	uint64_t hash;
	int rc = -1;

	buf_add_bytes(&key, tenant);
	buf_add_char(&key, '\0');
	buf_add_bytes(&key, entry->labels);
	hash = hash64(buf_bytes(&key));
	*ret = map_get(&p->by_text, hash, buf_bytes(&key));
	if (*ret != MAP_NONE) {
		rc = 0;
		goto out;
	}
	if (labels_check_tenant(tenant, e) < 0 ||
	    labels_parse_json(entry->labels, &a, &labels, e) < 0 || labels_check(&labels, e) < 0 ||
	    streams_add(p->streams, tenant, &labels, ret, e) < 0) {
		if (e->code == ERR_USAGE)
			e->code = ERR_CORRUPT; /* the input's fault, not the command line's */
		goto out;
	}
	map_put(&p->by_text, hash, arena_copy(&p->texts, buf_bytes(&key)), *ret);
	rc = 0;
out:
	buf_release(&key);
	arena_release(&a);
	return rc;
}

static int add_json(struct packing *p, struct bytes text, struct err *e)
{
	struct jsonl_entry entry;
	uint32_t stream, meta;

	if (jsonl_parse(&p->jsonl, text, &entry, e) < 0)
		return -1;
	if (!entry.has_ts)
		return err_set(e, ERR_CORRUPT, "no \"ts\"");
	if (entry.line.n > ENTRY_LINE_MAX)
		return err_set(e, ERR_LIMIT, "a line of %zu bytes; %d are allowed", entry.line.n,
			       ENTRY_LINE_MAX);
	if (find_stream(p, &entry, &stream, e) < 0)
		return -1;
	meta = metatab_add(&p->es.meta, entry.meta, entry.n_meta);
	entries_add(&p->es, stream, entry.ts_ns, entry.line, meta);
	packing_note(p, stream, 1, entry.line.n);
	p->has_lines = true;
	p->stats.entries++;
	p->stats.line_bytes += entry.line.n;
	return 0;
}

static int read_json_lines(struct packing *p, struct lines *l, struct err *e)
{
	struct bytes text;
	int rc;

	while ((rc = lines_next(l, &text, e)) > 0) {
		struct err why;

		if (bytes_trim(text).n == 0)
			continue;
		/* an entry is never larger than its text, its metadata a few times that */
		if (packing_make_room(p, 1, 3 * text.n, STREAMS_MAY_GO, e) < 0)
			return -1;
		if (streams_count(p->streams) == STREAMS_MAX &&
		    packing_flush(p, PACK_MORE_FOLLOW, e) < 0)
			return -1;
		if (p->es.n == 0)
			packing_forget_streams(p);
		if (add_json(p, text, &why) < 0) {
			err_wrap(&why, "line %llu", (unsigned long long)l->number);
			packing_problem(p, PACKING_FAULT, &why);
		}
	}
	return rc;
}

/* Which groups of the job a part of a batch touches. */
static void note_days(struct packing *p, uint32_t source, struct bytes tenant,
		      const struct run *run)
{
	int64_t from = 1, to = 0; /* the day of the entry before */
	struct groups *gs = &p->groups;

	for (size_t i = 0; i < run->n; i++) {
		int64_t ts_ns = run->ts_ns[i];
		uint32_t group;
		int32_t day;

		if (ts_ns >= from && ts_ns < to)
			continue;
		day = time_day(ts_ns);
		from = time_day_start(day);
		to = time_day_start(day + 1);
		group = groups_get(gs, tenant, day); /* may move gs->v */
		if (source == SOURCE_NONE)
			gs->v[group].mixed = true;
		else
			group_note_source(&gs->v[group], source);
	}
}

struct frames {
	struct packing *p;
	struct wal_reader *r;
	struct wal_item item;
	uint32_t source;
	bool left_out;	 /* entries of the segment, for their labels or tenant */
	uint64_t n_lost; /* entries of a broken batch */
};

static void frames_problem(struct frames *f, enum packing_problem_kind kind, struct err *why)
{
	char hex[HASH128_HEX + 1];

	hash128_hex(&f->item.header.id, hex);
	err_wrap(why, "segment %s: offset %llu", hex, (unsigned long long)f->item.off);
	packing_problem(f->p, kind, why);
	f->left_out |= kind == PACKING_FAULT;
}

static struct bytes tenant_of(const struct packing *p, uint32_t stream)
{
	return streams_tenant(p->streams, streams_get(p->streams, stream)->tenant);
}

static int add_part(struct frames *f, size_t i, struct err *e)
{
	const struct wal_part *part = &f->item.batch.part[i];
	struct packing *p = f->p;
	struct run run;
	struct err why;

	if (part->stream == STREAM_NONE) {
		err_set(&why, ERR_CORRUPT, "%llu %s of a stream whose labels were lost",
			(unsigned long long)part->n_entries,
			num_word(part->n_entries, "entry", "entries"));
		frames_problem(f, PACKING_FAULT, &why);
		return 0;
	}
	if (wal_reader_run(f->r, i, WANT_ALL, &run, &why) < 0) {
		if (why.code == ERR_IO) {
			if (e)
				*e = why;
			return -1;
		}
		if (f->item.batch.broken)
			f->n_lost += part->n_entries;
		else
			frames_problem(f, PACKING_FAULT, &why);
		return 0;
	}
	if (!bytes_eq(tenant_of(p, part->stream), f->item.batch.tenant)) {
		err_set(&why, ERR_CORRUPT, "a stream of another tenant");
		frames_problem(f, PACKING_FAULT, &why);
		return 0;
	}
	if (packing_make_room(p, run.n, run.lines_len, STREAMS_STAY, e) < 0)
		return -1;
	note_days(p, f->source, f->item.batch.tenant, &run);
	p->stats.entries += run.n;
	p->stats.line_bytes += run.lines_len - run.n;
	entries_append_run(&p->es, part->stream, &run, INT64_MIN, INT64_MAX, &p->append);
	packing_note(p, part->stream, run.n, run.lines_len);
	return 0;
}

static int add_batch(struct frames *f, struct err *e)
{
	struct err why;

	if (labels_check_tenant(f->item.batch.tenant, &why) < 0) {
		why.code = ERR_CORRUPT;
		frames_problem(f, PACKING_FAULT, &why);
		return 0;
	}
	f->n_lost = 0;
	for (size_t i = 0; i < f->item.batch.n_parts; i++)
		if (add_part(f, i, e) < 0)
			return -1;
	if (f->n_lost && wal_batch_is_broken(f->n_lost, &why) < 0)
		frames_problem(f, PACKING_FAULT, &why);
	return 0;
}

/* Streams are described anew in each segment: between two they may be forgotten. */
static int begin_segment(struct frames *f, struct err *e)
{
	struct packing *p = f->p;

	if (streams_memory(p->streams) > p->usable / 4 ||
	    streams_count(p->streams) > STREAMS_MAX / 2) {
		if (packing_flush(p, PACK_MORE_FOLLOW, e) < 0)
			return -1;
		packing_forget_streams(p);
	}
	f->source = groups_add_source(&p->groups, f->item.header.created_ns);
	f->left_out = false;
	return 0;
}

static void end_segment(struct frames *f)
{
	if (f->source != SOURCE_NONE && f->item.end_record.matches && !f->left_out) {
		f->p->groups.source[f->source].complete = true;
		f->p->groups.source[f->source].seal = f->item.end_record.seal;
	}
	f->source = SOURCE_NONE;
}

static int read_item(struct frames *f, struct err *e)
{
	switch (f->item.kind) {
	case WAL_SEGMENT:
		return begin_segment(f, e);
	case WAL_BATCH:
		return add_batch(f, e);
	case WAL_END:
		end_segment(f);
		return 0;
	case WAL_TORN:
		frames_problem(f,
			       strcmp(f->item.why.msg, "NULs") == 0 ? PACKING_NOTE : PACKING_FAULT,
			       &f->item.why);
		return 0;
	case WAL_DAMAGE:
		frames_problem(f, PACKING_FAULT, &f->item.why);
		return 0;
	case WAL_SERIES:
		return 0;
	}
	return err_set(e, ERR_BUG, "record of kind %d", (int)f->item.kind);
}

static int read_frames(struct packing *p, struct wal_reader *r, struct err *e)
{
	struct frames f = { .p = p, .r = r, .source = SOURCE_NONE };
	int rc;

	while ((rc = wal_reader_next(r, &f.item, e)) > 0)
		if (read_item(&f, e) < 0)
			return -1;
	return rc;
}

/* JSON lines that are compressed. Frames are so in themselves. */
static int read_packed(struct packing *p, int fd, struct bytes start, struct err *e)
{
	struct lines l = { .fd = fd, .unpack = codec_stream_new(fd, start) };
	int64_t n = codec_stream_read(l.unpack, buf_reserve(&l.buf, WAL_HEADER), WAL_HEADER, e);
	int rc = -1;

	if (n >= 0) {
		l.buf.n = (size_t)n;
		buf_drop(&l.buf, l.buf.n - codec_skip_bom(buf_bytes(&l.buf)).n);
		if (wal_is_magic(buf_bytes(&l.buf)))
			err_set(e, ERR_CORRUPT,
				"compressed frames: pipe them through zcat or zstdcat");
		else
			rc = read_json_lines(p, &l, e);
	}
	codec_stream_free(l.unpack);
	buf_release(&l.buf);
	return rc;
}

int packing_read(struct packing *p, int fd, struct err *e)
{
	char first[WAL_HEADER];
	int64_t n = io_read(fd, first, sizeof(first), e);
	struct bytes peeked = bytes_of(first, n > 0 ? (size_t)n : 0);
	struct wal_reader *r;
	struct lines l = { .fd = fd };
	int rc;

	if (n < 0)
		return -1;
	if (p->failed)
		return err_set(e, ERR_IO, "not read: packs before could not be written");
	if (codec_stream_is_packed(peeked))
		return read_packed(p, fd, peeked, e);
	if (!wal_is_magic(peeked)) {
		buf_add_bytes(&l.buf, codec_skip_bom(peeked));
		rc = read_json_lines(p, &l, e);
		buf_release(&l.buf);
		return rc;
	}
	r = wal_reader_new(fd, WAL_READ_ALL, p->streams);
	wal_reader_unread(r, peeked);
	rc = read_frames(p, r, e);
	wal_reader_free(r);
	return rc;
}
