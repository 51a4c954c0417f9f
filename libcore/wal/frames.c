#include "wal/frames.h"

#include "base/crc32c.h"
#include "base/rd.h"
#include "wal/torn.h"

/* What stands at a place where a fragment should. */
enum found {
	FOUND_FRAGMENT,
	FOUND_HEADER,
	FOUND_PADDING, /* fewer than WAL_FRAG_HEAD bytes are left of the page: NULs */
	FOUND_END,     /* of the input */
	FOUND_CUT,     /* the input ends inside a fragment */
	FOUND_BAD,
};

struct fragment {
	enum wal_frag type;
	struct bytes data;
	uint64_t end;
	struct wal_header header;
};

void wal_frames_release(struct wal_frames *f)
{
	wal_source_release(&f->src);
	buf_release(&f->record);
}

static size_t left_in_page(const struct wal_frames *f, uint64_t pos)
{
	return WAL_PAGE - (size_t)((pos - f->segment) % WAL_PAGE);
}

/* 1 a header with the right checksum begins at pos, 0 not, -1 error (ERR_IO, ERR_VERSION). */
static int header_at(struct wal_frames *f, uint64_t pos, struct wal_header *ret, struct err *e)
{
	struct bytes b;
	struct err why;

	if (wal_source_get(&f->src, pos, WAL_MAGIC_LEN, &b, e) < 0)
		return -1;
	if (!wal_is_magic(b))
		return 0;
	if (wal_source_get(&f->src, pos, WAL_HEADER, &b, e) < 0)
		return -1;
	if (wal_header_decode(b, ret, &why) == 0)
		return 1;
	if (why.code == ERR_VERSION)
		return err_set(e, ERR_VERSION, "%s", why.msg);
	return 0;
}

/* Checks the fragment at pos. FOUND_..., with *why set for FOUND_BAD and FOUND_CUT; -1 error. */
static int check_fragment(struct wal_frames *f, uint64_t pos, size_t left, struct fragment *ret,
			  struct err *why, struct err *e)
{
	struct bytes b;
	struct rd rd;
	uint32_t stored, computed;
	size_t n;
	uint8_t type;

	if (wal_source_get(&f->src, pos, WAL_FRAG_HEAD, &b, e) < 0)
		return -1;
	if (b.n < WAL_FRAG_HEAD) {
		err_set(why, ERR_CORRUPT, "cut short");
		return FOUND_CUT;
	}
	rd = rd_init(b);
	stored = rd_u32be(&rd);
	n = rd_u32be(&rd);
	type = rd_u8(&rd);
	if (stored == 0 && n == 0 && type == 0) {
		err_set(why, ERR_CORRUPT, "NULs");
		return FOUND_BAD;
	}
	if (n > left - WAL_FRAG_HEAD || type < WAL_FRAG_FULL || type > WAL_FRAG_LAST) {
		err_set(why, ERR_CORRUPT, "no fragment: length %zu, type %u", n, type);
		return FOUND_BAD;
	}
	if (wal_source_get(&f->src, pos, WAL_FRAG_HEAD + n, &b, e) < 0)
		return -1;
	if (b.n < WAL_FRAG_HEAD + n) {
		err_set(why, ERR_CORRUPT, "cut short");
		return FOUND_CUT;
	}
	computed = crc32c(b.p + 4, b.n - 4);
	if (stored != computed) {
		err_set(why, ERR_CORRUPT, "crc32c mismatch: stored %08x, computed %08x", stored,
			computed);
		return FOUND_BAD;
	}
	if ((type == WAL_FRAG_FIRST || type == WAL_FRAG_MIDDLE) && n != left - WAL_FRAG_HEAD) {
		err_set(why, ERR_CORRUPT, "a fragment that goes on ends before its page");
		return FOUND_BAD;
	}
	ret->type = type;
	ret->data = bytes_sub(b, WAL_FRAG_HEAD, n);
	ret->end = pos + WAL_FRAG_HEAD + n;
	return FOUND_FRAGMENT;
}

static int look(struct wal_frames *f, uint64_t pos, struct fragment *ret, struct err *why,
		struct err *e)
{
	size_t left = left_in_page(f, pos);
	struct bytes b;
	int rc;

	if (wal_source_get(&f->src, pos, 1, &b, e) < 0)
		return -1;
	if (b.n == 0)
		return FOUND_END;
	rc = header_at(f, pos, &ret->header, e);
	if (rc != 0)
		return rc < 0 ? -1 : FOUND_HEADER;
	if (f->ended) {
		err_set(why, ERR_CORRUPT, "bytes behind the end record");
		return FOUND_BAD;
	}
	if (left >= WAL_FRAG_HEAD)
		return check_fragment(f, pos, left, ret, why, e);
	if (wal_source_get(&f->src, pos, left, &b, e) < 0)
		return -1;
	ret->end = pos + b.n;
	if (wal_is_nuls(b))
		return FOUND_PADDING;
	err_set(why, ERR_CORRUPT, "padding is not NULs");
	return FOUND_BAD;
}

/* Where in b, from 1 on, a header with the right checksum begins; limit when none does before it.
 */
static size_t find_header(struct bytes b, size_t limit)
{
	for (size_t i = 1; i < limit && i + WAL_HEADER <= b.n; i++) {
		const char *at = memchr(b.p + i, WAL_MAGIC[0], b.n - i);
		struct wal_header h;

		if (!at)
			break;
		i = (size_t)(at - b.p);
		if (i < limit && wal_header_decode(bytes_sub(b, i, WAL_HEADER), &h, NULL) == 0)
			return i;
	}
	return limit;
}

/* A sound fragment in the first bytes of b, which are the rest of a page? */
static bool is_fragment(struct bytes b)
{
	struct rd rd = rd_init(b);
	uint32_t crc = rd_u32be(&rd);
	size_t n = rd_u32be(&rd);
	uint8_t type = rd_u8(&rd);

	if (rd.failed || type < WAL_FRAG_FULL || type > WAL_FRAG_LAST || n > rd_left(&rd))
		return false;
	return crc == crc32c(b.p + 4, WAL_FRAG_HEAD - 4 + n);
}

/*
 * Damage at pos. Reading goes on behind the fragment, if its length leads to a sound one; else at
 * the next header in this page, else at the next page. Fragments elsewhere in the page are not
 * taken (a log line may hold the image of one), but they prove that this is no torn tail.
 */
static int resync(struct wal_frames *f, uint64_t pos, struct err *e)
{
	size_t left = left_in_page(f, pos), next, header;
	struct bytes b, page;
	struct rd rd;

	if (wal_source_get(&f->src, pos, left + WAL_HEADER - 1, &b, e) < 0)
		return -1;
	page = bytes_sub(b, 0, left);
	header = find_header(b, page.n);
	if (!f->lost_proven && !wal_may_be_torn(bytes_sub(page, 0, header), pos - f->segment))
		f->lost_proven = true;
	rd = rd_init(page);
	rd_u32be(&rd);
	next = WAL_FRAG_HEAD + (size_t)rd_u32be(&rd);
	if (!rd.failed && !f->ended && next < page.n &&
	    is_fragment(bytes_sub(page, next, page.n))) {
		f->lost_proven = true;
		f->pos = pos + next;
		return 0;
	}
	f->pos = pos + header;
	for (size_t i = 1; i + WAL_FRAG_HEAD <= header && !f->lost_proven; i++)
		f->lost_proven = page.p[i + 4] == 0 && is_fragment(bytes_sub(page, i, header - i));
	return 0;
}

static void begin_loss(struct wal_frames *f, uint64_t at, const struct err *why)
{
	if (!f->lost) {
		f->lost = true;
		f->lost_proven = false;
		f->lost_at = f->partial ? f->start : at;
		f->why = *why;
	}
	f->partial = false;
	buf_reset(&f->record);
}

/* Ends pending damage at pos, as an item. */
static int give_loss(struct wal_frames *f, enum wal_frame_kind kind, uint64_t pos,
		     struct wal_frame_item *ret)
{
	*ret = (struct wal_frame_item){ .kind = kind, .start = f->lost_at, .end = pos };
	f->lost = false;
	f->lost_proven = false;
	return 1;
}

static int begin_segment(struct wal_frames *f, const struct wal_header *h,
			 struct wal_frame_item *ret)
{
	*ret = (struct wal_frame_item){
		.kind = WAL_FRAME_SEGMENT, .header = *h, .start = f->pos, .end = f->pos + WAL_HEADER
	};
	if (f->pos != 0)
		f->was_good = 0; /* that was said of the first */
	f->segment = f->pos;
	f->pos += WAL_HEADER;
	f->has_segment = true;
	f->ended = false;
	return 1;
}

/* Takes a sound fragment in. 1 = item, 0 = look for the next. */
static int take(struct wal_frames *f, const struct fragment *g, wal_need_fn *need,
		struct wal_frame_item *ret)
{
	bool begins = g->type == WAL_FRAG_FULL || g->type == WAL_FRAG_FIRST;
	bool ends = g->type == WAL_FRAG_FULL || g->type == WAL_FRAG_LAST;
	struct err why;

	if (begins && f->partial) {
		err_set(&why, ERR_CORRUPT, "a record's rest is missing");
		begin_loss(f, f->pos, &why);
	}
	if (f->lost && begins)
		return give_loss(f, WAL_FRAME_LOST, f->pos, ret);
	if (!begins && !f->partial) {
		/* The rest of a record whose sectors were not all written proves nothing: a power
		 * cut keeps those that it likes. */
		bool unexplained = !f->lost;

		err_set(&why, ERR_CORRUPT, "a record's beginning is missing");
		begin_loss(f, f->pos, &why);
		f->lost_proven |= unexplained;
		f->pos = g->end;
		return 0;
	}
	if (begins) {
		f->start = f->pos;
		buf_reset(&f->record);
	}
	if (f->record.n + g->data.n > WAL_RECORD_MAX) {
		err_set(&why, ERR_CORRUPT, "a record of more than %d bytes", WAL_RECORD_MAX);
		begin_loss(f, f->pos, &why);
		f->lost_proven = true;
		f->pos = g->end;
		return 0;
	}
	buf_add_bytes(&f->record, g->data);
	f->partial = true;
	f->pos = g->end;
	if (!ends && !(need && need(buf_bytes(&f->record)) <= f->record.n))
		return 0;
	f->partial = false;
	*ret = (struct wal_frame_item){ .kind = WAL_FRAME_RECORD,
					.start = f->start,
					.end = f->pos,
					.data = buf_bytes(&f->record) };
	return 1;
}

/* At a header or the end of the input: 1 when what was pending is now an item. */
static int settle(struct wal_frames *f, struct wal_frame_item *ret)
{
	struct err why;

	if (f->partial) {
		err_set(&why, ERR_CORRUPT, "a record is cut short");
		begin_loss(f, f->start, &why);
	}
	if (!f->lost)
		return 0;
	if (f->ended || f->lost_at - f->segment < f->was_good)
		f->lost_proven = true;
	return give_loss(f, f->lost_proven ? WAL_FRAME_LOST : WAL_FRAME_TORN, f->pos, ret);
}

static int first_segment(struct wal_frames *f, struct wal_frame_item *ret, struct err *e)
{
	struct bytes b;
	struct wal_header h;

	if (wal_source_get(&f->src, f->pos, WAL_HEADER, &b, e) < 0)
		return -1;
	if (b.n == 0)
		return 0;
	if (wal_header_decode(b, &h, e) < 0)
		return -1;
	return begin_segment(f, &h, ret);
}

int wal_frames_next(struct wal_frames *f, wal_need_fn *need, struct wal_frame_item *ret,
		    struct err *e)
{
	struct fragment g;
	struct err why;
	int rc;

	if (!f->has_segment)
		return first_segment(f, ret, e);
	for (;;) {
		switch (look(f, f->pos, &g, &why, e)) {
		case FOUND_FRAGMENT:
			rc = take(f, &g, need, ret);
			if (rc != 0)
				return rc;
			break;
		case FOUND_PADDING:
			f->pos = g.end;
			break;
		case FOUND_HEADER:
			rc = settle(f, ret);
			return rc ? rc : begin_segment(f, &g.header, ret);
		case FOUND_END:
			return settle(f, ret);
		case FOUND_CUT:
		case FOUND_BAD:
			begin_loss(f, f->pos, &why);
			if (resync(f, f->pos, e) < 0)
				return -1;
			break;
		default:
			return -1;
		}
	}
}

int wal_frames_sound(struct wal_frames *f, struct err *e)
{
	struct fragment g;
	struct err why;
	int found = look(f, f->pos, &g, &why, e);

	return found < 0 ? -1 : found != FOUND_BAD;
}

void wal_frames_skip(struct wal_frames *f, uint64_t pos)
{
	f->pos = pos;
	f->partial = false;
	f->lost = false;
	buf_reset(&f->record);
}

/* The type of a record's fragment. The first may be empty, where only its head had room in the
 * page. */
static enum wal_frag type_of(bool first, bool last)
{
	if (first)
		return last ? WAL_FRAG_FULL : WAL_FRAG_FIRST;
	return last ? WAL_FRAG_LAST : WAL_FRAG_MIDDLE;
}

int wal_frames_fetch(struct wal_frames *f, uint64_t start, size_t total_n, size_t from, size_t n,
		     struct buf *out, struct err *e)
{
	size_t at = 0; /* of the fragment, in the record's data */
	uint64_t pos = start;

	while (n > 0) {
		size_t left = left_in_page(f, pos), room = left - WAL_FRAG_HEAD;
		size_t here = total_n - at < room ? total_n - at : room;
		struct fragment g;
		struct err why;
		int rc;

		if (from < at + here) {
			rc = check_fragment(f, pos, left, &g, &why, e);
			if (rc < 0)
				return -1;
			if (rc == FOUND_FRAGMENT &&
			    (g.data.n != here ||
			     g.type != type_of(pos == start, at + here == total_n))) {
				err_set(&why, ERR_CORRUPT, "a fragment of another record");
				rc = FOUND_BAD;
			}
			if (rc != FOUND_FRAGMENT)
				return err_set(e, ERR_CORRUPT, "offset %llu: %s",
					       (unsigned long long)(pos - f->segment), why.msg);
			here = here - (from - at) < n ? here - (from - at) : n;
			buf_add_bytes(out, bytes_sub(g.data, from - at, here));
			at += g.data.n;
			from += here;
			n -= here;
		} else {
			at += here;
		}
		pos += left;
	}
	return 0;
}
