#include "index/scan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "chunk/image.h"
#include "index/fault.h"
#include "time/time.h"

/* Heads of tiny chunks lie close together: one read takes as many as fit in here. Heads far apart
 * are read one by one, so that no blocks are read for nothing. */
enum { WINDOW = 256 << 10, GAP_MAX = 16 << 10 };

static int read_at(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	return store_file_read(data, off, p, n, e);
}

static int check_home(const struct pack_scan *p, const struct store_name *name, struct err *e)
{
	const struct pack_trailer *t = &p->trailer;
	char day[TIME_DAY_LEN + 1];

	if (t->day == name->day && bytes_eq(t->tenant, name->tenant))
		return 0;
	time_day_text(t->day, day);
	return err_set(e, ERR_CORRUPT,
		       "lies in the wrong folder: it is of tenant '%.*s' and day %s",
		       BYTES_ARG(t->tenant), day);
}

static int check_astray(const struct pack_scan *p, const struct store_name *name, struct err *e)
{
	return check_home(p, name, NULL) < 0 ? 0 : err_set(e, ERR_NO, "it lies where it should");
}

/* A pack that somebody named, so it should be there. size: as open_pack. */
static int open_named(struct store *s, const struct store_name *name, const uint64_t *size,
		      struct store_file *ret, struct err *e)
{
	struct buf text = { 0 };
	struct err why;
	int rc;

	store_name_add(&text, name);
	rc = size ? store_file_open_sized(s, buf_str(&text), *size, ret, &why)
		  : store_file_open(s, buf_str(&text), ret, &why);
	if (rc < 0)
		err_set(e, why.code == ERR_NO ? ERR_CORRUPT : why.code, "%s", why.msg);
	buf_release(&text);
	return rc;
}

typedef int folder_fn(const struct pack_scan *p, const struct store_name *name, struct err *e);

/* size: as it is known to be; NULL: that is asked for. */
static int open_pack(struct store *s, const struct store_name *name, const uint64_t *size,
		     folder_fn *check_folder, struct pack_scan *ret, struct err *e)
{
	struct pack_scan p = { 0 };
	struct buf path = { 0 };
	struct err why = { 0 };

	if (open_named(s, name, size, &p.file, e) < 0)
		return -1;
	buf_addf(&path, "%s/", store_path(s));
	store_name_add(&path, name);
	buf_str(&path);
	p.path = path.p;
	if (pack_read_trailer(read_at, &p.file, p.file.size, &p.mem, &p.trailer, &why) < 0 ||
	    check_folder(&p, name, &why) < 0) {
		fault_cut_path(&why, p.path, NULL); /* an object store names what it refuses */
		/* of one whose size was known that it is gone is told now */
		err_set(e, why.code == ERR_NO && size ? ERR_CORRUPT : why.code, "'%s': %s", p.path,
			why.msg);
		pack_scan_close(&p);
		return -1;
	}
	p.row = (struct index_pack){
		.name = name->hash,
		.size = p.file.size,
		.order_key = p.trailer.order_key,
		.trailer_len = (uint32_t)(p.file.size - pack_chunks_len(&p.trailer)),
	};
	*ret = p;
	return 0;
}

int pack_scan_open(struct store *s, const struct store_name *name, struct pack_scan *ret,
		   struct err *e)
{
	return open_pack(s, name, NULL, check_home, ret, e);
}

int pack_scan_open_sized(struct store *s, const struct store_name *name, uint64_t size,
			 struct pack_scan *ret, struct err *e)
{
	return open_pack(s, name, &size, check_home, ret, e);
}

int pack_scan_open_astray(struct store *s, const struct store_name *name, struct pack_scan *ret,
			  struct err *e)
{
	return open_pack(s, name, NULL, check_astray, ret, e);
}

void pack_scan_close(struct pack_scan *p)
{
	store_file_close(&p->file);
	arena_release(&p->mem);
	free(p->path);
	*p = (struct pack_scan){ 0 };
}

/* Bytes of the pack's raw image that are in memory. */
struct window {
	struct buf b;
	uint64_t off;
	struct pack_image image;
};

/* The head of chunk i, read together with those after it when they lie close. */
static int read_head(struct pack_scan *p, struct window *w, size_t i, struct bytes *ret,
		     struct err *e)
{
	const struct pack_trailer *t = &p->trailer;
	const struct pack_chunk *c = &t->chunk[i];
	uint64_t end = c->off + c->head_len;

	if (c->off < w->off || end > w->off + w->b.n) {
		for (size_t k = i + 1; k < t->n_chunks; k++) {
			const struct pack_chunk *next = &t->chunk[k];

			if (next->off - end > GAP_MAX ||
			    next->off + next->head_len - c->off > WINDOW)
				break;
			end = next->off + next->head_len;
		}
		buf_reset(&w->b);
		w->off = c->off;
		if (pack_image_read(&w->image, c->off, buf_reserve(&w->b, end - c->off),
				    end - c->off, e) < 0)
			return -1;
		w->b.n = end - c->off;
	}
	*ret = bytes_sub(buf_bytes(&w->b), c->off - w->off, c->head_len);
	return 0;
}

static int check_head(const struct pack_scan *p, const struct pack_chunk *c, const struct chunk *h,
		      struct err *e)
{
	const struct pack_trailer *t = &p->trailer;

	if (h->fixed.len != c->len || h->fixed.head_len != c->head_len)
		return err_set(e, ERR_CORRUPT,
			       "head of %u bytes and chunk of %u; the trailer says %u and %u",
			       h->fixed.head_len, h->fixed.len, c->head_len, c->len);
	if (!bytes_eq(h->tenant, t->tenant))
		return err_set(e, ERR_CORRUPT, "it is of tenant '%.*s'", BYTES_ARG(h->tenant));
	if (time_day(h->from) != t->day || time_day(h->through) != t->day)
		return err_set(e, ERR_CORRUPT, "its entries are not of the pack's day");
	if (h->n > UINT32_MAX)
		return err_set(e, ERR_LIMIT, "%llu entries in one chunk", (unsigned long long)h->n);
	return 0;
}

static int one_chunk(struct pack_scan *p, size_t i, struct bytes head, struct arena *mem,
		     pack_scan_fn *each, void *data, struct err *e)
{
	const struct pack_chunk *at = &p->trailer.chunk[i];
	struct index_block *blocks;
	struct index_chunk c;
	struct chunk h;

	if (chunk_parse(head, mem, &h, e) < 0 || check_head(p, at, &h, e) < 0)
		return -1;
	c = (struct index_chunk){
		.offset = at->off,
		.length = at->len,
		.head_len = at->head_len,
		.from = h.from,
		.through = h.through,
		.entries = (uint32_t)h.n,
		.n_blocks = h.fixed.n_blocks,
		.encoding = h.fixed.encoding,
	};
	blocks = arena_alloc(mem, c.n_blocks * sizeof(*blocks));
	for (uint32_t k = 0; k < c.n_blocks; k++) {
		const struct chunk_block *b = &h.block[k];

		blocks[k] = (struct index_block){
			.offset = (uint32_t)chunk_block_off(&h, k),
			.length = b->stored_len,
			.side_len = chunk_block_need(b, WANT_ALL & ~(unsigned)WANT_LINES),
			.entries = b->n,
			.line_bytes = b->line_bytes,
			.meta_bytes = b->meta_bytes,
			.min_ts = b->min_ts,
			.max_ts = b->max_ts,
		};
	}
	return each(&h, &c, blocks, data, e);
}

int pack_scan_chunks(struct pack_scan *p, pack_scan_fn *each, void *data, struct err *e)
{
	struct window w = {
		.image = { .read = read_at, .data = &p->file, .bundles = p->trailer.bundles }
	};
	struct arena mem = { 0 };
	int rc = 0;

	for (size_t i = 0; i < p->trailer.n_chunks && rc == 0; i++) {
		struct bytes head;

		arena_reset(&mem);
		rc = read_head(p, &w, i, &head, e);
		if (rc == 0)
			rc = one_chunk(p, i, head, &mem, each, data, e);
		if (rc < 0)
			err_wrap(e, "'%s': chunk %zu (offset %llu)", p->path, i,
				 (unsigned long long)p->trailer.chunk[i].off);
	}
	arena_release(&mem);
	buf_release(&w.b);
	pack_image_release(&w.image);
	return rc;
}

void pack_scan_rest(struct pack_scan *p)
{
	store_file_close(&p->file);
}

struct adding {
	struct index_writer *w;
	uint32_t pack;
};

static int add_chunk(const struct chunk *head, const struct index_chunk *c,
		     const struct index_block *blocks, void *data, struct err *e)
{
	const struct adding *a = data;

	return index_writer_chunk(a->w, a->pack, &head->stream_id, &head->labels, c, blocks, e);
}

int pack_scan_into(struct pack_scan *p, struct store *s, const struct store_name *name,
		   struct index_writer *w, struct err *e)
{
	struct adding a = { .w = w, .pack = index_writer_pack(w, &p->row) };
	int rc;

	pack_scan_rest(p);
	rc = index_writer_bundles(w, a.pack, &p->trailer.bundles, e);
	if (rc == 0)
		rc = open_named(s, name, &p->row.size, &p->file, e);
	if (rc == 0)
		rc = pack_scan_chunks(p, add_chunk, &a, e);
	pack_scan_rest(p);
	return rc;
}
