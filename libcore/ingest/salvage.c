/*
 * Two passes: the first learns the streams from all series records, since the one that stood before
 * a batch may be among what is lost, and whether there is damage at all; the second copies entries
 * and collects the rest.
 */
#include "ingest/salvage.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "entry/append.h"
#include "time/time.h"
#include "wal/pack.h"
#include "wal/reader.h"
#include "wal/sidecar.h"

struct salvage {
	const struct wal_segment *seg;
	struct streams *streams;
	struct wal_reader *reader;
	struct wal_packer *packer;
	struct entries es;
	struct append_scratch scratch;
	struct buf out, rest;
	struct salvage_counts counts;
	const char *dir;
	struct file_replace file; /* of the new segment, when it is open */
	char *path;		  /* what it will be called */
	uint64_t written;
	bool ended; /* an end record was met, and no other segment behind it */
};

static void begin(struct salvage *s)
{
	wal_reader_free(s->reader);
	s->reader = wal_reader_new(s->seg->fd, WAL_READ_ALL, s->streams);
	wal_reader_set_good(s->reader, wal_sum_was_good(s->seg));
	if (!s->seg->has_header)
		wal_reader_ignore_header(s->reader);
}

/* Can all entries of the batch be read? 1, 0, or -1. */
static int is_readable(struct salvage *s, const struct wal_batch *b, struct err *e)
{
	for (size_t i = 0; i < b->n_parts; i++) {
		struct run run;
		int rc = b->part[i].stream == STREAM_NONE
				 ? 0
				 : wal_reader_run(s->reader, i, WANT_ALL, &run, e);

		if (rc <= 0)
			return rc < 0 && e->code != ERR_CORRUPT ? -1 : 0;
	}
	return 1;
}

/* The first pass; sets .undamaged. */
static int learn_streams(struct salvage *s, struct err *e)
{
	size_t n_segments = 0;
	struct wal_item item;
	uint64_t was;
	bool good = s->seg->has_header && !wal_sum_is_cut(s->seg, &was);
	int rc;

	begin(s);
	while ((rc = wal_reader_next(s->reader, &item, e)) > 0) {
		if (item.kind == WAL_BATCH && good)
			rc = is_readable(s, &item.batch, e);
		if (rc < 0)
			break;
		good = good && rc > 0 && item.kind != WAL_DAMAGE &&
		       (item.kind != WAL_END || item.end_record.matches) &&
		       (item.kind != WAL_SEGMENT || n_segments++ == 0);
	}
	s->counts.undamaged = good;
	return rc;
}

/* When the segment was made; its header being lost, as its name says, else when it was last
 * written. */
static int64_t created(const struct wal_segment *seg)
{
	const char *slash = strrchr(seg->path, '/'), *name = slash ? slash + 1 : seg->path;
	struct stat st;
	int64_t ns;

	if (seg->has_header)
		return seg->header.created_ns;
	if (wal_segment_name_time(name, &ns))
		return ns;
	return fstat(seg->fd, &st) == 0 ? st.st_mtime * NS_PER_S : 0;
}

static int open_segment(struct salvage *s, struct err *e)
{
	struct wal_header h = s->seg->header;
	unsigned char head[WAL_HEADER];
	struct buf path = { 0 };

	if (s->file.tmp_path)
		return 0;
	h.created_ns = created(s->seg); /* it decides the order of equal timestamps */
	if (getentropy(h.id.b, sizeof(h.id.b)) < 0)
		return err_sys(e, "no random bytes");
	if (file_replace_open_unnamed(s->dir, &s->file, e) < 0)
		return -1;
	wal_header_encode(&h, head);
	buf_add(&s->out, head, sizeof(head));
	buf_addf(&path, "%s/", s->dir);
	wal_segment_name(&h, &path);
	buf_str(&path);
	s->path = path.p;
	return 0;
}

static int write_out(struct salvage *s, struct err *e)
{
	if (io_pwrite(s->file.fd, s->out.p, s->out.n, s->written, e) < 0)
		return err_wrap(e, "'%s'", s->path);
	s->written += s->out.n;
	buf_reset(&s->out);
	return 0;
}

static int keep_rest(struct salvage *s, uint64_t from, uint64_t to, struct err *e)
{
	int64_t n;

	s->counts.n_places++;
	s->counts.n_bytes += to - from;
	n = io_pread(s->seg->fd, buf_reserve(&s->rest, (size_t)(to - from)), (size_t)(to - from),
		     from, e);
	if (n < 0)
		return -1;
	s->rest.n += (size_t)n;
	return 0;
}

/* The parts of a batch that can be read, into es. 1 when they are all, 0 not so. */
static int read_parts(struct salvage *s, const struct wal_item *item, struct err *e)
{
	bool all = true;

	for (size_t i = 0; i < item->batch.n_parts; i++) {
		const struct wal_part *p = &item->batch.part[i];
		struct run run;
		int rc;

		if (p->stream == STREAM_NONE) {
			s->counts.n_unknown += p->n_entries;
			all = false;
			continue;
		}
		rc = wal_reader_run(s->reader, i, WANT_ALL, &run, e);
		if (rc < 0 && e->code != ERR_CORRUPT)
			return -1;
		if (rc > 0) {
			entries_append_run(&s->es, p->stream, &run, INT64_MIN, INT64_MAX,
					   &s->scratch);
			continue;
		}
		s->counts.n_unreadable += p->n_entries;
		all = false;
	}
	return all;
}

/* A batch of which something cannot be read goes into the rest as a whole: what was read of it is
 * then in both. A broken one is there already, as damage. */
static int take_batch(struct salvage *s, const struct wal_item *item, struct err *e)
{
	int all;

	entries_reset(&s->es);
	all = read_parts(s, item, e);
	if (all < 0)
		return -1;
	if (!all) {
		s->counts.damaged = s->counts.lost_entries = true;
		if (!item->batch.broken && keep_rest(s, item->segment_off + item->off,
						     item->segment_off + item->end, e) < 0)
			return -1;
	}
	if (s->es.n == 0)
		return 0;
	s->counts.n_batches++;
	s->counts.n_entries += s->es.n;
	if (open_segment(s, e) < 0 ||
	    wal_packer_add(s->packer, &s->es, item->batch.batch_id, &s->out, e) < 0)
		return -1;
	return write_out(s, e);
}

/* What is damaged behind a segment's end had no entries of it. */
static void note_damage(struct salvage *s, const struct wal_item *item)
{
	struct salvage_counts *c = &s->counts;
	bool ends = item->kind == WAL_END;

	if (item->kind == WAL_SEGMENT || ends)
		s->ended = ends;
	/* An end record that does not fit is said by the damage before it, or by the header's. */
	if (item->kind == WAL_DAMAGE ||
	    (ends && !item->end_record.matches && !c->damaged && s->seg->has_header)) {
		c->damaged = true;
		c->lost_entries |= !s->ended || ends;
	}
}

static int copy(struct salvage *s, struct err *e)
{
	struct wal_item item;
	int rc;

	begin(s);
	if (!s->seg->has_header) {
		s->counts.damaged = true;
		if (keep_rest(s, 0, s->seg->size < WAL_HEADER ? s->seg->size : WAL_HEADER, e) < 0)
			return -1;
	}
	while ((rc = wal_reader_next(s->reader, &item, e)) > 0) {
		note_damage(s, &item);
		if (item.kind == WAL_BATCH)
			rc = take_batch(s, &item, e);
		else if (item.kind == WAL_DAMAGE || item.kind == WAL_TORN)
			rc = keep_rest(s, item.segment_off + item.off, item.segment_off + item.end,
				       e);
		if (rc < 0)
			break;
	}
	return rc;
}

static int finish(struct salvage *s, struct err *e)
{
	if (!s->file.tmp_path)
		return 0;
	wal_packer_end(s->packer, &s->out);
	return write_out(s, e);
}

void salvage_set_path(struct buf *path, const char *dir, const char *name, int n, const char *end)
{
	const char *dot = strrchr(name, '.');
	int stem = (int)(dot ? dot - name : (long)strlen(name));

	buf_reset(path);
	buf_addf(path, "%s/%.*s", dir, stem, name);
	if (n > 1)
		buf_addf(path, "-%d", n);
	buf_add_str(path, end);
}

/* May it be written there? Not over other bytes. */
static bool is_free_for(const char *path, struct bytes b)
{
	struct buf there = { 0 };
	struct err e;
	bool same;

	if (access(path, F_OK) < 0)
		return true;
	same = io_read_file(path, b.n, &there, &e) == 0 && bytes_eq(buf_bytes(&there), b);
	buf_release(&there);
	return same;
}

static int write_rest(struct salvage *s, char **ret_rest, struct err *e)
{
	const char *slash = strrchr(s->seg->path, '/'), *name = slash ? slash + 1 : s->seg->path;
	struct buf path = { 0 };
	int n = 1, rc = -1;

	if (!s->rest.n)
		return 0;
	do {
		salvage_set_path(&path, s->dir, name, n, ".rest");
	} while (!is_free_for(buf_str(&path), buf_bytes(&s->rest)) && ++n <= SALVAGE_NAMES_MAX);
	if (n > SALVAGE_NAMES_MAX)
		err_set(e, ERR_IO, "'%s' has too many files of this name", s->dir);
	else
		rc = file_replace_bytes(buf_str(&path), buf_bytes(&s->rest), e);
	if (rc == 0)
		*ret_rest = strdup(buf_str(&path));
	buf_release(&path);
	return rc;
}

int salvage_unnamed(const struct wal_segment *seg, const char *dir,
		    struct salvage_counts *ret_counts, struct file_replace *ret, char **ret_path,
		    char **ret_rest, struct err *e)
{
	struct salvage s = { .seg = seg, .dir = dir };
	char *rest = NULL;
	bool all;
	int rc = -1;

	s.streams = streams_new();
	s.packer = wal_packer_new(s.streams);
	all = learn_streams(&s, e) == 0;
	if (all && !s.counts.undamaged)
		all = io_mkdirs(dir, e) == 0 && copy(&s, e) == 0 && finish(&s, e) == 0 &&
		      write_rest(&s, &rest, e) == 0;
	if (all) {
		*ret_counts = s.counts;
		*ret = s.file;
		*ret_path = s.path;
		*ret_rest = rest;
		s.file = (struct file_replace){ 0 };
		s.path = NULL;
		rc = 0;
	}
	file_replace_abort(&s.file);
	free(s.path);
	wal_reader_free(s.reader);
	wal_packer_free(s.packer);
	streams_free(s.streams);
	entries_release(&s.es);
	append_scratch_release(&s.scratch);
	buf_release(&s.out);
	buf_release(&s.rest);
	return rc;
}

int salvage_segment(const struct wal_segment *seg, const char *dir, struct salvage_counts *ret,
		    char **ret_path, char **ret_rest, struct err *e)
{
	struct salvage_counts counts;
	struct file_replace file;
	char *path, *rest;

	if (salvage_unnamed(seg, dir, &counts, &file, &path, &rest, e) < 0)
		return -1;
	if (file.tmp_path && file_replace_commit(&file, path, e) < 0) {
		free(path);
		free(rest);
		return -1;
	}
	*ret = counts;
	*ret_path = path;
	*ret_rest = rest;
	return 0;
}

void salvage_counts_add(struct buf *b, const struct salvage_counts *c, const char *path,
			const char *rest)
{
	if (path) {
		num_add_count(b, c->n_entries, "entry", "entries");
		buf_add_str(b, " in ");
		num_add_count(b, c->n_batches, "batch", "batches");
		buf_addf(b, " saved to %s; lost: ", path);
	} else {
		buf_add_str(b, "no entry could be saved; lost: ");
	}
	num_add_count(b, c->n_bytes, "byte", "bytes");
	buf_add_str(b, " in ");
	num_add_count(b, c->n_places, "place", "places");
	if (rest)
		buf_addf(b, ", kept in %s", rest);
	if (c->n_unreadable) {
		buf_add_str(b, ", ");
		num_add_count(b, c->n_unreadable, "unreadable entry", "unreadable entries");
	}
	if (c->n_unknown) {
		buf_add_str(b, ", ");
		num_add_count(b, c->n_unknown, "entry", "entries");
		buf_add_str(b, " of unknown streams");
	}
	if (path && !c->lost_entries)
		buf_add_str(b, ", no entry");
}
