/* Records into items: what they say, and what of a segment was seen so far. */
#include "wal/reader.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/codec.h"
#include "wal/frames.h"
#include "wal/record.h"

enum { STEP_ALL = 256 << 10, STEP_HEADS = 32 << 10, NO_SECTION = -1 };

struct wal_reader {
	struct wal_frames frames;
	enum wal_read mode;
	struct streams *streams;
	struct codec *codec;
	struct run_mem mem;

	struct wal_header header;
	bool begun;	  /* the segment's header was seen here */
	bool lost;	  /* something of the segment was lost */
	uint64_t entries; /* of the segment so far */
	uint32_t crc;

	struct wal_head head; /* of the last batch */
	uint64_t start;	      /* of the last record, in the input */
	struct bytes record;
	bool skipped; /* the last record's sections were not read yet */
	bool whole; /* HEADS mode: the next record is to be read whole, to see what is wrong with it
		     */
	struct buf stored, raw;
	bool may_be_broken; /* ALL mode: a record that is lost from broken_at on may be a batch */
	bool broken;	    /* the last item was one */
	uint64_t broken_at, broken_end;
	struct buf broken_head;
	int64_t section;       /* in raw, or NO_SECTION */
	size_t part, part_off; /* the part of the batch whose run begins at part_off of raw */
};

static struct wal_reader *new_reader(enum wal_read mode, struct streams *streams)
{
	struct wal_reader *r = mem_alloc(sizeof(*r));

	r->mode = mode;
	r->streams = streams;
	r->codec = codec_new(1);
	r->section = NO_SECTION;
	return r;
}

struct wal_reader *wal_reader_new(int fd, enum wal_read mode, struct streams *streams)
{
	struct wal_reader *r = new_reader(mode, streams);

	wal_source_init_fd(&r->frames.src, fd, mode == WAL_READ_ALL ? STEP_ALL : STEP_HEADS);
	if (r->frames.src.kind == WAL_SOURCE_PIPE)
		r->mode = WAL_READ_ALL;
	return r;
}

struct wal_reader *wal_reader_new_bytes(struct bytes b, enum wal_read mode, struct streams *streams)
{
	struct wal_reader *r = new_reader(mode, streams);

	wal_source_init_bytes(&r->frames.src, b);
	return r;
}

void wal_reader_free(struct wal_reader *r)
{
	if (!r)
		return;
	wal_frames_release(&r->frames);
	wal_head_release(&r->head);
	run_mem_release(&r->mem);
	codec_free(r->codec);
	buf_release(&r->stored);
	buf_release(&r->raw);
	buf_release(&r->broken_head);
	free(r);
}

void wal_reader_unread(struct wal_reader *r, struct bytes b)
{
	wal_source_unread(&r->frames.src, b);
}

void wal_reader_on_wait(struct wal_reader *r, wal_reader_wait_fn *wait, void *data)
{
	r->frames.src.on_wait = wait;
	r->frames.src.data = data;
}

void wal_reader_set_range(struct wal_reader *r, uint64_t start, uint64_t end)
{
	r->frames.src.base = start;
	r->frames.src.limit = end;
}

void wal_reader_go_on(struct wal_reader *r, uint64_t off, uint64_t end)
{
	r->frames.src.buf.n = 0;
	r->frames.src.limit = r->frames.src.base + end;
	r->skipped = r->may_be_broken = false;
	wal_frames_skip(&r->frames, off);
}

void wal_reader_set_good(struct wal_reader *r, uint64_t end)
{
	r->frames.was_good = end;
}

void wal_reader_ignore_header(struct wal_reader *r)
{
	r->frames.has_segment = true;
	r->frames.pos = WAL_HEADER;
	r->lost = true;
}

int wal_batch_is_broken(uint64_t n_lost, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%llu %s of this batch %s lost", (unsigned long long)n_lost,
		       num_word(n_lost, "entry", "entries"), num_word(n_lost, "is", "are"));
}

struct bytes wal_reader_record(const struct wal_reader *r)
{
	return r->record;
}

void wal_reader_running(const struct wal_reader *r, uint64_t *ret_entries, uint32_t *ret_crc)
{
	*ret_entries = r->entries;
	*ret_crc = r->crc;
}

/* How much of a record is needed to know what it is about: a batch's head, all of any other. */
static size_t need_head(struct bytes data)
{
	size_t n;

	if (data.n == 0)
		return 1;
	if (data.p[0] != WAL_REC_BATCH)
		return SIZE_MAX;
	if (data.n < WAL_BATCH_FIXED)
		return WAL_BATCH_FIXED;
	return wal_head_length(data, &n, NULL) < 0 ? SIZE_MAX : n;
}

static void set_place(const struct wal_reader *r, struct wal_item *item, uint64_t start,
		      uint64_t end)
{
	item->off = start - r->frames.segment;
	item->end = end - r->frames.segment;
}

static int damage(struct wal_reader *r, struct wal_item *ret, const struct err *why)
{
	r->lost = true;
	ret->kind = WAL_DAMAGE;
	ret->why = *why;
	return 1;
}

/*
 * A batch's head is good: checks that the record is as long as it says, or skips its sections when
 * they were not read. 1 = item, 0 = the input ends before the record does.
 */
static int finish_batch(struct wal_reader *r, const struct wal_frame_item *f, struct wal_item *ret)
{
	uint64_t end;
	struct err why;

	r->skipped = f->data.n < r->head.total_n;
	if (r->skipped) {
		end = r->frames.segment +
		      wal_frame_end(f->start - r->frames.segment, r->head.total_n);
		if (r->mode == WAL_READ_ALL || f->data.n < r->head.head_n) {
			err_set(&why, ERR_CORRUPT, "batch: %zu bytes, its head says %zu", f->data.n,
				r->head.total_n);
			return damage(r, ret, &why);
		}
		set_place(r, ret, f->start, end);
		if (!wal_source_has(&r->frames.src, end)) {
			r->skipped = false;
			r->whole = true;
			wal_frames_skip(&r->frames, f->start);
			return 0;
		}
		wal_frames_skip(&r->frames, end);
	} else if (f->data.n > r->head.total_n) {
		err_set(&why, ERR_CORRUPT, "batch: %zu bytes, its head says %zu", f->data.n,
			r->head.total_n);
		return damage(r, ret, &why);
	}
	for (size_t i = 0; i < ret->batch.n_parts; i++)
		r->lost |= ret->batch.part[i].stream == STREAM_NONE;
	r->entries += ret->batch.n_entries;
	return 1;
}

static int take_batch(struct wal_reader *r, const struct wal_frame_item *f, struct wal_item *ret)
{
	struct err why;

	ret->kind = WAL_BATCH;
	if (wal_head_decode(f->data, r->streams, &r->head, &ret->batch, &why) < 0)
		return damage(r, ret, &why);
	return finish_batch(r, f, ret);
}

static int take_end(struct wal_reader *r, struct bytes data, uint32_t crc, struct wal_item *ret)
{
	uint32_t says_crc;
	struct err why;

	ret->kind = WAL_END;
	if (wal_end_decode(data, &ret->end_record.n_entries, &says_crc, &why) < 0)
		return damage(r, ret, &why);
	r->frames.ended = true;
	ret->end_record.seal = wal_seal(&ret->header.id, ret->end_record.n_entries, says_crc);
	ret->end_record.matches = r->mode == WAL_READ_ALL && r->begun && !r->lost &&
				  ret->end_record.n_entries == r->entries && says_crc == crc;
	return 1;
}

/* 1 = item, 0 = a record to be passed over, -1 error. */
static int take_record(struct wal_reader *r, const struct wal_frame_item *f, struct wal_item *ret,
		       struct err *e)
{
	uint8_t kind = (uint8_t)f->data.p[0];
	uint32_t crc = r->crc;
	struct err why;

	r->crc = crc32c_add(crc, f->data.p, f->data.n);
	switch (kind) {
	case WAL_REC_SERIES:
		ret->kind = WAL_SERIES;
		if (wal_series_decode(f->data, r->streams, &ret->n_series, &why) == 0)
			return 1;
		if (why.code == ERR_LIMIT)
			return err_set(e, ERR_LIMIT, "%s", why.msg);
		return damage(r, ret, &why);
	case WAL_REC_BATCH:
		return take_batch(r, f, ret);
	case WAL_REC_END:
		return take_end(r, f->data, crc, ret);
	default:
		if (kind & WAL_REC_MAY_SKIP)
			return 0;
		return err_set(e, ERR_VERSION,
			       "offset %llu: a record of kind %02x, unknown to this program",
			       (unsigned long long)(f->start - r->frames.segment), kind);
	}
}

static void begin_segment(struct wal_reader *r, const struct wal_header *h)
{
	r->header = *h;
	r->begun = true;
	r->lost = false;
	r->entries = 0;
	r->crc = 0;
}

/*
 * Where a skipped record should end stands no fragment: either what follows is damaged, or the
 * record itself is (its head promised more than there is, as in a torn segment with another behind
 * it). Reads it whole.
 */
static int check_skipped(struct wal_reader *r, struct err *e)
{
	int sound = wal_frames_sound(&r->frames, e);
	struct wal_frame_item f;
	uint64_t end = r->frames.pos;
	int rc;

	r->skipped = false;
	if (sound != 0)
		return sound < 0 ? -1 : 0;
	wal_frames_skip(&r->frames, r->start);
	rc = wal_frames_next(&r->frames, NULL, &f, e);
	if (rc < 0)
		return -1;
	if (rc > 0 && f.kind == WAL_FRAME_RECORD && f.end == end)
		return 0;
	wal_frames_skip(&r->frames, r->start);
	r->whole = true;
	return 0;
}

/* The head of the batch whose record is lost from broken_at on, into broken_head: 1, 0 there is
 * none. */
static int fetch_broken_head(struct wal_reader *r, struct err *e)
{
	struct buf *b = &r->broken_head;
	struct err why;
	size_t n;

	buf_reset(b);
	if (wal_frames_fetch(&r->frames, r->broken_at, SIZE_MAX, 0, WAL_BATCH_FIXED, b, &why) < 0)
		return why.code == ERR_IO ? err_set(e, ERR_IO, "%s", why.msg) : 0;
	if ((uint8_t)b->p[0] != WAL_REC_BATCH || wal_head_length(buf_bytes(b), &n, &why) < 0)
		return 0;
	if (wal_frames_fetch(&r->frames, r->broken_at, SIZE_MAX, b->n, n - b->n, b, &why) < 0)
		return why.code == ERR_IO ? err_set(e, ERR_IO, "%s", why.msg) : 0;
	return 1;
}

/* What is left of a batch that lacks fragments, when its head is sound. 1 = item, 0 = nothing. */
static int take_broken(struct wal_reader *r, struct wal_item *ret, struct err *e)
{
	int rc = fetch_broken_head(r, e);
	struct err why;

	r->may_be_broken = false;
	if (rc <= 0)
		return rc;
	*ret = (struct wal_item){ .kind = WAL_BATCH,
				  .segment_off = r->frames.segment,
				  .header = r->header };
	set_place(r, ret, r->broken_at, r->broken_end);
	r->record = buf_bytes(&r->broken_head);
	if (wal_head_decode(r->record, r->streams, &r->head, &ret->batch, &why) < 0)
		return 0;
	ret->batch.broken = r->broken = true;
	r->start = r->broken_at;
	return 1;
}

int wal_reader_next(struct wal_reader *r, struct wal_item *ret, struct err *e)
{
	struct wal_frame_item f;
	int rc;

	r->broken = false;
	r->section = NO_SECTION;
	if (r->skipped && check_skipped(r, e) < 0)
		return -1;
	if (r->may_be_broken) {
		rc = take_broken(r, ret, e);
		if (rc != 0)
			return rc;
	}
	for (;;) {
		r->record = (struct bytes){ 0 };
		*ret = (struct wal_item){ 0 };
		rc = wal_frames_next(&r->frames,
				     r->mode == WAL_READ_HEADS && !r->whole ? need_head : NULL, &f,
				     e);
		if (rc <= 0)
			return rc;
		r->whole = false;
		if (f.kind == WAL_FRAME_SEGMENT)
			begin_segment(r, &f.header);
		ret->segment_off = r->frames.segment;
		ret->header = r->header;
		set_place(r, ret, f.start, f.end);
		switch (f.kind) {
		case WAL_FRAME_SEGMENT:
			ret->kind = WAL_SEGMENT;
			return 1;
		case WAL_FRAME_LOST:
			r->may_be_broken =
				r->mode == WAL_READ_ALL && r->frames.src.kind != WAL_SOURCE_PIPE;
			r->broken_at = f.start;
			r->broken_end = f.end;
			return damage(r, ret, &r->frames.why);
		case WAL_FRAME_TORN:
			ret->kind = WAL_TORN;
			ret->why = r->frames.why;
			return 1;
		case WAL_FRAME_RECORD:
			break;
		}
		r->start = f.start;
		r->record = f.data;
		rc = take_record(r, &f, ret, e);
		if (rc != 0)
			return rc;
	}
}

int wal_reader_batch_at(struct wal_reader *r, uint64_t off, struct wal_item *ret, struct err *e)
{
	struct wal_frame_item f;
	struct err why;
	int rc;

	r->section = NO_SECTION;
	r->skipped = r->broken = r->may_be_broken = false;
	r->frames.has_segment = true;
	wal_frames_skip(&r->frames, r->frames.segment + off);
	rc = wal_frames_next(&r->frames, r->mode == WAL_READ_HEADS ? need_head : NULL, &f, e);
	if (rc < 0)
		return -1;
	if (rc == 0 || f.kind != WAL_FRAME_RECORD || (uint8_t)f.data.p[0] != WAL_REC_BATCH)
		return err_set(e, ERR_CORRUPT, "no batch at offset %llu", (unsigned long long)off);
	*ret = (struct wal_item){ .kind = WAL_BATCH, .segment_off = r->frames.segment };
	set_place(r, ret, f.start, f.end);
	r->start = f.start;
	r->record = f.data;
	if (wal_head_decode(f.data, r->streams, &r->head, &ret->batch, &why) < 0)
		return err_set(e, why.code, "offset %llu: %s", (unsigned long long)off, why.msg);
	if (finish_batch(r, &f, ret) == 0 || ret->kind != WAL_BATCH)
		return err_set(e, ERR_CORRUPT, "the batch at offset %llu is cut short",
			       (unsigned long long)off);
	return 0;
}

/* Is the batch still there, as it was when its head was read? A writer may have taken it back. */
static bool head_unchanged(struct wal_reader *r)
{
	struct buf now = { 0 };
	bool same;

	r->frames.src.buf.n = 0; /* so that it is read again */
	same = wal_frames_fetch(&r->frames, r->start, r->head.total_n, 0, r->head.head_n, &now,
				NULL) == 0 &&
	       bytes_eq(buf_bytes(&now), bytes_sub(r->record, 0, r->head.head_n));
	buf_release(&now);
	return same;
}

/* True when the last record is the segment's torn tail. */
static bool is_torn(struct wal_reader *r)
{
	struct wal_frames tail = { .src = r->frames.src,
				   .segment = r->frames.segment,
				   .pos = r->start,
				   .was_good = r->frames.was_good,
				   .has_segment = true };
	struct wal_frame_item f;
	struct err e;
	bool none = true;
	int rc;

	tail.src.buf = (struct buf){ 0 };
	while ((rc = wal_frames_next(&tail, NULL, &f, &e)) > 0)
		if (f.kind == WAL_FRAME_RECORD || f.kind == WAL_FRAME_LOST) {
			none = false;
			break;
		}
	wal_frames_release(&tail);
	return rc >= 0 && none;
}

/* 1 the section's stored bytes are in *ret, 0 the record is not wholly there, -1 error. */
static int get_stored(struct wal_reader *r, const struct wal_section *s, struct bytes *ret,
		      struct err *e)
{
	if (r->record.n >= r->head.total_n) {
		*ret = bytes_sub(r->record, s->off, s->stored_n);
		return 1;
	}
	buf_reset(&r->stored);
	if (wal_frames_fetch(&r->frames, r->start, r->head.total_n, s->off, s->stored_n, &r->stored,
			     e) < 0) {
		if (!r->broken && (!head_unchanged(r) || is_torn(r)))
			return 0;
		return -1;
	}
	*ret = buf_bytes(&r->stored);
	return 1;
}

static int get_section(struct wal_reader *r, uint32_t i, struct err *e)
{
	const struct wal_section *s = &r->head.section[i];
	struct bytes stored;
	int rc;

	if (r->section == i)
		return 1;
	r->section = NO_SECTION;
	rc = get_stored(r, s, &stored, e);
	if (rc <= 0)
		return rc;
	buf_reset(&r->raw);
	buf_reserve(&r->raw, s->raw_n);
	if (codec_decompress(r->codec, s->codec, stored, r->raw.p, s->raw_n, e) < 0)
		return -1;
	r->raw.n = s->raw_n;
	r->section = i;
	r->part = s->first_part;
	r->part_off = 0;
	return 1;
}

/* The columns of part i, whose section is in raw. Parts asked for in ascending order are found
 * without a search. */
static int find_part(struct wal_reader *r, size_t i, struct bytes col[COL_COUNT], struct err *e)
{
	if (i < r->part) {
		r->part = r->head.section[r->section].first_part;
		r->part_off = 0;
	}
	if (wal_run_find(buf_bytes(&r->raw), &r->part_off, i - r->part, col, e) < 0) {
		r->section = NO_SECTION;
		return -1;
	}
	r->part = i + 1;
	return 0;
}

int wal_reader_run(struct wal_reader *r, size_t i, unsigned want, struct run *ret, struct err *e)
{
	const struct wal_part *p = &r->head.part[i];
	struct bytes col[COL_COUNT];
	int rc = get_section(r, p->section, e);

	if (rc > 0 && find_part(r, i, col, e) < 0)
		rc = -1;
	if (rc > 0 && columns_decode(col, (size_t)p->n_entries, want, &r->mem, ret, e) < 0)
		rc = -1;
	if (rc < 0)
		return err_wrap(e, "batch at offset %llu",
				(unsigned long long)(r->start - r->frames.segment));
	return rc;
}
