/*
 * Entries come in order of arrival. They are counted by stream, the streams that occur are sorted
 * by tenant and id, and each stream's entries become one run. Runs fill sections, sections a batch;
 * a batch is ended by the tenant's last stream or by its size.
 */
#include "wal/pack.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "codec/codec.h"
#include "entry/columns.h"

enum {
	BATCH_RAW_MAX = 8 << 20, /* a batch is ended behind the run that reaches this */
	SERIES_MAX = 1 << 20,	 /* the same for a series record */
};

/* What is known of a stream by its number. */
struct seen {
	uint32_t segment;      /* in which it was described last */
	uint32_t n;	       /* entries in this call */
	uint64_t described_at; /* offset of that record */
};

struct use {
	uint32_t stream;
	uint32_t first, n; /* its entries: order[first .. first + n) */
	uint32_t tenant;
	uint64_t id_start; /* the first eight bytes of its id as a number: nearly always enough to
			      sort by, without a look at the stream */
};

struct wal_packer {
	const struct streams *streams;
	struct columns_writer *columns;
	struct codec *codec;
	struct wal_place at;
	uint32_t segment;
	uint64_t described_bytes; /* of the descriptions of its streams, each counted once */
	struct seen *seen;	  /* by stream number */
	size_t n_seen, cap_seen;
	struct use *use, *sorted; /* the latter: scratch */
	size_t n_use, cap_use, cap_sorted;
	uint32_t *bucket;
	size_t cap_buckets;
	uint32_t *order;
	size_t cap_order;
	struct buf col[COL_LINES];
	struct buf series, head, parts, table, section, body;
	size_t section_parts;
};

struct wal_packer *wal_packer_new(const struct streams *streams)
{
	struct wal_packer *p = mem_alloc(sizeof(*p));

	p->streams = streams;
	p->columns = columns_writer_new();
	p->codec = codec_new(1);
	wal_packer_begin(p);
	return p;
}

void wal_packer_free(struct wal_packer *p)
{
	struct buf *all[] = { &p->series, &p->head, &p->parts, &p->table, &p->section, &p->body };

	columns_writer_free(p->columns);
	codec_free(p->codec);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		buf_release(all[i]);
	for (int c = 0; c < COL_LINES; c++)
		buf_release(&p->col[c]);
	free(p->seen);
	free(p->use);
	free(p->sorted);
	free(p->bucket);
	free(p->order);
	free(p);
}

void wal_packer_begin(struct wal_packer *p)
{
	p->segment++;
	p->described_bytes = 0;
	p->at = (struct wal_place){ .off = WAL_HEADER };
}

struct wal_place wal_packer_place(const struct wal_packer *p)
{
	return p->at;
}

void wal_packer_back(struct wal_packer *p, struct wal_place place)
{
	p->segment++; /* series records may have been cut off: describe all again */
	p->described_bytes = 0;
	p->at = place;
}

void wal_packer_forget(struct wal_packer *p)
{
	p->n_seen = 0;
}

static void emit(struct wal_packer *p, struct bytes record, struct buf *out)
{
	wal_frame(out, p->at.off, record);
	p->at.crc = crc32c_add(p->at.crc, record.p, record.n);
	p->at.off = wal_frame_end(wal_frame_start(p->at.off), record.n);
}

void wal_packer_copy(struct wal_packer *p, struct bytes record, uint64_t n_entries, struct buf *out)
{
	emit(p, record, out);
	p->at.entries += n_entries;
}

void wal_packer_end(struct wal_packer *p, struct buf *out)
{
	buf_reset(&p->head);
	wal_end_encode(&p->head, p->at.entries, p->at.crc);
	emit(p, buf_bytes(&p->head), out);
}

static int by_tenant_and_id(const void *va, const void *vb, void *data)
{
	const struct use *a = va, *b = vb;
	const struct streams *t = data;

	if (a->tenant != b->tenant)
		return a->tenant < b->tenant ? -1 : 1;
	if (a->id_start != b->id_start)
		return a->id_start < b->id_start ? -1 : 1;
	return hash128_cmp(&streams_get(t, a->stream)->id, &streams_get(t, b->stream)->id);
}

static void sort_by_compare(const struct wal_packer *p, struct use *u, size_t n)
{
	enum { FEW = 8 }; /* by insertion: nearly always one or two */

	if (n > FEW) {
		qsort_r(u, n, sizeof(*u), by_tenant_and_id, (void *)(uintptr_t)p->streams);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct use x = u[i];
		size_t k = i;

		for (; k > 0 && by_tenant_and_id(&u[k - 1], &x, (void *)(uintptr_t)p->streams) > 0;
		     k--)
			u[k] = u[k - 1];
		u[k] = x;
	}
}

/*
 * Ids are hashes: their first bits, as many as tell about as many streams apart as there are, cut
 * those of one tenant into buckets of one or two. Ids that somebody chose may all be in one, which
 * is then sorted as any other.
 */
static void sort_uses(struct wal_packer *p)
{
	enum { MANY = 64, BITS_MAX = 16 };
	unsigned bits = 1;
	uint32_t at = 0;
	size_t n = 0;

	while (n < p->n_use && p->use[n].tenant == p->use[0].tenant)
		n++;
	if (n < p->n_use || n < MANY) {
		sort_by_compare(p, p->use, p->n_use);
		return;
	}
	while (bits < BITS_MAX && (size_t)1 << bits < n)
		bits++;
	mem_grow(&p->bucket, &p->cap_buckets, ((size_t)1 << bits) + 1, sizeof(*p->bucket));
	mem_grow(&p->sorted, &p->cap_sorted, n, sizeof(*p->sorted));
	memset(p->bucket, 0, (((size_t)1 << bits) + 1) * sizeof(*p->bucket));
	for (size_t i = 0; i < n; i++)
		p->bucket[(p->use[i].id_start >> (64 - bits)) + 1]++;
	for (size_t i = 0; i < (size_t)1 << bits; i++)
		p->bucket[i + 1] += p->bucket[i];
	for (size_t i = 0; i < n; i++)
		p->sorted[p->bucket[p->use[i].id_start >> (64 - bits)]++] = p->use[i];
	for (size_t i = 0; i < (size_t)1 << bits; at = p->bucket[i++])
		sort_by_compare(p, p->sorted + at, p->bucket[i] - at);
	memcpy(p->use, p->sorted, n * sizeof(*p->use));
}

static void add_use(struct wal_packer *p, uint32_t number)
{
	const struct stream *s = streams_get(p->streams, number);
	struct rd id = rd_init(bytes_of(s->id.b, sizeof(s->id.b)));

	mem_grow(&p->use, &p->cap_use, p->n_use + 1, sizeof(*p->use));
	p->use[p->n_use++] =
		(struct use){ .stream = number, .tenant = s->tenant, .id_start = rd_u64be(&id) };
}

/* Makes room for what is known of streams up to number top. */
static void grow_seen(struct wal_packer *p, uint32_t top)
{
	size_t n = (size_t)top + 1;

	if (n <= p->n_seen)
		return;
	mem_grow(&p->seen, &p->cap_seen, n, sizeof(*p->seen));
	memset(p->seen + p->n_seen, 0, (n - p->n_seen) * sizeof(*p->seen));
	p->n_seen = n;
}

/* Counts entries by stream into use[], and sorts those by tenant and id. With very many streams
 * hardly one of them lies in a cache, so each is asked for some entries before. */
static void find_uses(struct wal_packer *p, const struct entries *es)
{
	enum { AHEAD = 16 };
	uint32_t top = 0;

	for (size_t i = 0; i < es->n; i++)
		top = es->v[i].stream > top ? es->v[i].stream : top;
	grow_seen(p, top);
	p->n_use = 0;
	for (size_t i = 0; i < es->n; i++) {
		struct seen *s = &p->seen[es->v[i].stream];

		if (i + AHEAD < es->n) {
			uint32_t next = es->v[i + AHEAD].stream;

			__builtin_prefetch(&p->seen[next]);
			__builtin_prefetch(streams_get(p->streams, next));
		}
		if (s->n++ == 0)
			add_use(p, es->v[i].stream);
	}
	sort_uses(p);
}

/* Fills order[] with the entries of use[0], then use[1], each in order of arrival. */
static void group(struct wal_packer *p, const struct entries *es)
{
	uint32_t at = 0;

	find_uses(p, es);
	mem_grow(&p->order, &p->cap_order, es->n, sizeof(*p->order));
	for (size_t u = 0; u < p->n_use; u++) {
		struct seen *s = &p->seen[p->use[u].stream];

		p->use[u].first = at;
		p->use[u].n = s->n;
		at += s->n;
		s->n = p->use[u].first; /* now where its next entry goes */
	}
	for (size_t i = 0; i < es->n; i++)
		p->order[p->seen[es->v[i].stream].n++] = (uint32_t)i;
	for (size_t u = 0; u < p->n_use; u++)
		p->seen[p->use[u].stream].n = 0;
}

/* Returns the bytes of the lines. */
static uint64_t add_part(struct wal_packer *p, const struct entries *es, const struct use *u,
			 int64_t *min, int64_t *max)
{
	int64_t lo = INT64_MAX, hi = INT64_MIN;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < u->n; i++) {
		const struct entry_ref *v = &es->v[p->order[u->first + i]];

		lo = v->ts_ns < lo ? v->ts_ns : lo;
		hi = v->ts_ns > hi ? v->ts_ns : hi;
		bytes += v->line_len;
	}
	buf_add(&p->parts, streams_get(p->streams, u->stream)->id.b, sizeof(struct hash128));
	wr_uvarint(&p->parts, u->n);
	wr_uvarint(&p->parts, bytes);
	wr_u64be(&p->parts, (uint64_t)lo);
	wr_uvarint(&p->parts, (uint64_t)hi - (uint64_t)lo);
	*min = lo < *min ? lo : *min;
	*max = hi > *max ? hi : *max;
	return bytes;
}

static void end_section(struct wal_packer *p)
{
	size_t at = p->body.n;
	enum codec_id codec = CODEC_SNAPPY;

	codec_compress(p->codec, codec, buf_bytes(&p->section), &p->body);
	if (p->body.n - at >= p->section.n) {
		codec = CODEC_NONE;
		p->body.n = at;
		buf_add_bytes(&p->body, buf_bytes(&p->section));
	}
	wr_uvarint(&p->table, p->section_parts);
	wr_u8(&p->table, (uint8_t)codec);
	wr_uvarint(&p->table, p->section.n);
	wr_uvarint(&p->table, p->body.n - at);
	buf_reset(&p->section);
	p->section_parts = 0;
}

/* The columns of the entries, whose lines have line_bytes, to the section: the lines, which are
 * last and most, without a copy of their own. Returns their bytes. */
static size_t add_run(struct wal_packer *p, const struct entries *es, const struct use *u,
		      uint64_t line_bytes)
{
	const uint32_t *order = p->order + u->first;
	size_t before = p->section.n;

	for (int c = 0; c < COL_LINES; c++)
		buf_reset(&p->col[c]);
	columns_encode_side(p->columns, es, order, u->n, p->col);
	for (int c = 0; c < COL_LINES; c++)
		wr_uvarint(&p->section, p->col[c].n);
	wr_uvarint(&p->section, line_bytes + u->n);
	for (int c = 0; c < COL_LINES; c++)
		buf_add_bytes(&p->section, buf_bytes(&p->col[c]));
	columns_encode_lines(es, order, u->n, &p->section);
	p->section_parts++;
	return p->section.n - before;
}

/* The record in p->head: the head, then the sections. */
static int build_batch(struct wal_packer *p, struct bytes tenant, uint64_t batch_id, int64_t min,
		       int64_t max, size_t n_streams, uint64_t n_entries, size_t n_sections,
		       struct err *e)
{
	struct buf *h = &p->head;

	buf_reset(h);
	wr_u8(h, WAL_REC_BATCH);
	wr_u32be(h, 0);
	wr_lstr(h, tenant);
	wr_u64be(h, (uint64_t)min);
	wr_u64be(h, (uint64_t)max);
	wr_uvarint(h, batch_id);
	wr_uvarint(h, n_entries);
	wr_uvarint(h, n_streams);
	buf_add_bytes(h, buf_bytes(&p->parts));
	wr_uvarint(h, n_sections);
	buf_add_bytes(h, buf_bytes(&p->table));
	wr_patch_u32be(h, 1, (uint32_t)(h->n + 4));
	wr_u32be(h, crc32c(h->p, h->n));
	if (h->n + p->body.n > WAL_RECORD_MAX)
		return err_set(e, ERR_LIMIT,
			       "a batch of %zu bytes: a record of the log has at most %d",
			       h->n + p->body.n, WAL_RECORD_MAX);
	buf_add_bytes(h, buf_bytes(&p->body));
	return 0;
}

/* One batch record of use[first..]; returns how many were taken, or -1. */
static int64_t add_batch(struct wal_packer *p, const struct entries *es, size_t first,
			 uint64_t batch_id, struct buf *out, struct err *e)
{
	uint32_t tenant = streams_get(p->streams, p->use[first].stream)->tenant;
	int64_t min = INT64_MAX, max = INT64_MIN;
	uint64_t n_entries = 0, raw = 0, line_bytes;
	size_t u = first, n_sections = 0;

	buf_reset(&p->parts);
	buf_reset(&p->table);
	buf_reset(&p->body);
	for (; u < p->n_use && raw < BATCH_RAW_MAX; u++) {
		if (streams_get(p->streams, p->use[u].stream)->tenant != tenant)
			break;
		line_bytes = add_part(p, es, &p->use[u], &min, &max);
		raw += add_run(p, es, &p->use[u], line_bytes);
		n_entries += p->use[u].n;
		if (p->section.n >= WAL_SECTION_MIN) {
			end_section(p);
			n_sections++;
		}
	}
	if (p->section_parts) {
		end_section(p);
		n_sections++;
	}
	if (build_batch(p, streams_tenant(p->streams, tenant), batch_id, min, max, u - first,
			n_entries, n_sections, e) < 0)
		return -1;
	emit(p, buf_bytes(&p->head), out);
	p->at.entries += n_entries;
	p->at.batches++;
	return (int64_t)(u - first);
}

/* With very many streams, each used rarely, descriptions would soon be most of the segment: they
 * are then repeated at a distance that keeps them below a fifth of it. */
static bool needs_series(const struct wal_packer *p, uint32_t stream)
{
	const struct seen *s = &p->seen[stream];
	uint64_t every = WAL_SERIES_FACTOR * p->described_bytes;

	if (every < WAL_SERIES_EVERY)
		every = WAL_SERIES_EVERY;
	return s->segment != p->segment || p->at.off - s->described_at > every;
}

/* Describes those of use[first..] that are of one tenant and need it. */
static void add_series(struct wal_packer *p, size_t first, struct buf *out)
{
	uint32_t tenant = streams_get(p->streams, p->use[first].stream)->tenant;
	size_t u = first;

	while (u < p->n_use && streams_get(p->streams, p->use[u].stream)->tenant == tenant) {
		uint64_t n = 0;

		buf_reset(&p->series);
		for (; u < p->n_use && p->series.n < SERIES_MAX; u++) {
			const struct stream *s = streams_get(p->streams, p->use[u].stream);

			if (s->tenant != tenant)
				break;
			if (!needs_series(p, p->use[u].stream))
				continue;
			buf_add(&p->series, s->id.b, sizeof(s->id.b));
			buf_add_bytes(&p->series, s->labels);
			if (p->seen[p->use[u].stream].segment != p->segment)
				p->described_bytes += sizeof(s->id.b) + s->labels.n;
			p->seen[p->use[u].stream].segment = p->segment;
			p->seen[p->use[u].stream].described_at = p->at.off;
			n++;
		}
		if (n == 0)
			continue;
		buf_reset(&p->head);
		wr_u8(&p->head, WAL_REC_SERIES);
		wr_lstr(&p->head, streams_tenant(p->streams, tenant));
		wr_uvarint(&p->head, n);
		buf_add_bytes(&p->head, buf_bytes(&p->series));
		emit(p, buf_bytes(&p->head), out);
	}
}

void wal_packer_copy_batch(struct wal_packer *p, struct bytes record, const uint32_t *stream,
			   size_t n_streams, uint64_t n_entries, struct buf *out)
{
	mem_grow(&p->use, &p->cap_use, n_streams, sizeof(*p->use));
	for (p->n_use = 0; p->n_use < n_streams; p->n_use++) {
		grow_seen(p, stream[p->n_use]);
		p->use[p->n_use].stream = stream[p->n_use];
	}
	if (n_streams)
		add_series(p, 0, out);
	wal_packer_copy(p, record, n_entries, out);
}

int wal_packer_add(struct wal_packer *p, const struct entries *es, uint64_t batch_id,
		   struct buf *out, struct err *e)
{
	struct wal_place before = p->at;
	size_t out_before = out->n;
	uint32_t tenant = UINT32_MAX;

	group(p, es);
	for (size_t u = 0; u < p->n_use;) {
		uint32_t now = streams_get(p->streams, p->use[u].stream)->tenant;
		int64_t n;

		if (now != tenant)
			add_series(p, u, out);
		tenant = now;
		n = add_batch(p, es, u, batch_id, out, e);
		if (n < 0) {
			out->n = out_before;
			buf_reset(&p->section);
			p->section_parts = 0;
			wal_packer_back(p, before);
			return -1;
		}
		u += (size_t)n;
	}
	return 0;
}
