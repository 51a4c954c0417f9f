#include "wal/record.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rd.h"

enum { PART_MIN = 27, SECTION_MIN = 4 }; /* fewest bytes of one in a head: bounds counts */
/* Streams: some times as many as a processor waits for at once. */
enum { FIND_AT_ONCE = 64 };

void wal_head_release(struct wal_head *h)
{
	free(h->part);
	free(h->section);
	*h = (struct wal_head){ 0 };
}

int wal_head_length(struct bytes data, size_t *ret, struct err *e)
{
	struct rd rd = rd_init(data);
	size_t n;

	rd_u8(&rd);
	n = rd_u32be(&rd);
	if (rd.failed || n < WAL_BATCH_FIXED + 4 || n > WAL_RECORD_MAX)
		return err_set(e, ERR_CORRUPT, "batch: bad length of its head");
	*ret = n;
	return 0;
}

static int head_crc(struct bytes head, struct err *e)
{
	struct rd rd = rd_init(bytes_sub(head, head.n - 4, 4));
	uint32_t stored = rd_u32be(&rd), computed = crc32c(head.p, head.n - 4);

	if (stored != computed)
		return err_set(e, ERR_CORRUPT,
			       "batch: head: crc32c mismatch: stored %08x, computed %08x", stored,
			       computed);
	return 0;
}

static int read_part(struct rd *rd, struct wal_part *p, const struct wal_part *before,
		     struct err *e)
{
	struct bytes id = rd_bytes(rd, sizeof(p->id.b));
	uint64_t span;

	if (rd->failed)
		return err_set(e, ERR_CORRUPT, "batch: head cut short");
	memcpy(p->id.b, id.p, sizeof(p->id.b));
	p->n_entries = rd_uvarint_max(rd, RUN_ENTRIES_MAX);
	p->line_bytes = rd_uvarint_max(rd, RUN_LINES_MAX);
	p->min_ts_ns = rd_i64be(rd);
	span = rd_uvarint(rd);
	if (rd->failed || p->n_entries == 0 || span > (uint64_t)INT64_MAX - (uint64_t)p->min_ts_ns)
		return err_set(e, ERR_CORRUPT, "batch: a stream's counts or times make no sense");
	p->max_ts_ns = (int64_t)((uint64_t)p->min_ts_ns + span);
	if (before && hash128_cmp(&before->id, &p->id) >= 0)
		return err_set(e, ERR_CORRUPT, "batch: streams are not in order");
	return 0;
}

static void find_streams(struct wal_head *h, const struct streams *streams)
{
	const struct hash128 *id[FIND_AT_ONCE];
	uint32_t stream[FIND_AT_ONCE];
	size_t n;

	for (size_t i = 0; i < h->n_parts; i += n) {
		for (n = 0; n < FIND_AT_ONCE && i + n < h->n_parts; n++)
			id[n] = &h->part[i + n].id;
		streams_find_all(streams, id, n, stream);
		for (size_t k = 0; k < n; k++)
			h->part[i + k].stream = stream[k];
	}
}

static int read_parts(struct rd *rd, struct wal_head *h, const struct wal_batch *b, struct err *e)
{
	uint64_t entries = 0;

	mem_grow(&h->part, &h->cap_parts, h->n_parts, sizeof(*h->part));
	for (size_t i = 0; i < h->n_parts; i++) {
		struct wal_part *p = &h->part[i];

		if (read_part(rd, p, i ? p - 1 : NULL, e) < 0)
			return -1;
		if (p->min_ts_ns < b->min_ts_ns || p->max_ts_ns > b->max_ts_ns)
			return err_set(e, ERR_CORRUPT,
				       "batch: a stream's times are outside the batch's");
		entries += p->n_entries;
	}
	if (entries != b->n_entries)
		return err_set(e, ERR_CORRUPT, "batch: %llu entries, its streams have %llu",
			       (unsigned long long)b->n_entries, (unsigned long long)entries);
	return 0;
}

static int read_sections(struct rd *rd, struct wal_head *h, uint64_t *ret_raw_n, struct err *e)
{
	size_t at = h->head_n, part = 0;

	mem_grow(&h->section, &h->cap_sections, h->n_sections, sizeof(*h->section));
	for (size_t i = 0; i < h->n_sections; i++) {
		struct wal_section *s = &h->section[i];

		s->n_parts = (size_t)rd_uvarint_max(rd, h->n_parts - part);
		s->codec = rd_u8(rd);
		s->raw_n = (size_t)rd_uvarint_max(rd, WAL_SECTION_RAW_MAX);
		s->stored_n = (size_t)rd_uvarint_max(rd, WAL_RECORD_MAX - at);
		if (rd->failed || s->n_parts == 0)
			return err_set(e, ERR_CORRUPT, "batch: bad table of sections");
		*ret_raw_n += s->raw_n;
		s->off = at;
		s->first_part = part;
		for (size_t k = 0; k < s->n_parts; k++)
			h->part[part + k].section = (uint32_t)i;
		at += s->stored_n;
		part += s->n_parts;
	}
	if (part != h->n_parts)
		return err_set(e, ERR_CORRUPT, "batch: %zu streams, its sections have %zu",
			       h->n_parts, part);
	h->total_n = at;
	return 0;
}

int wal_head_decode(struct bytes data, const struct streams *streams, struct wal_head *h,
		    struct wal_batch *ret, struct err *e)
{
	struct wal_batch b = { 0 };
	struct rd rd;

	if (wal_head_length(data, &h->head_n, e) < 0)
		return -1;
	if (data.n < h->head_n)
		return err_set(e, ERR_CORRUPT, "batch: head cut short");
	data = bytes_sub(data, 0, h->head_n);
	if (head_crc(data, e) < 0)
		return -1;
	rd = rd_init(bytes_sub(data, 0, data.n - 4));
	rd_bytes(&rd, WAL_BATCH_FIXED);
	b.tenant = rd_lstr(&rd, TENANT_MAX);
	b.min_ts_ns = rd_i64be(&rd);
	b.max_ts_ns = rd_i64be(&rd);
	b.batch_id = rd_uvarint(&rd);
	b.n_entries = rd_uvarint(&rd);
	h->n_parts = (size_t)rd_uvarint_max(&rd, rd_left(&rd) / PART_MIN);
	if (rd.failed)
		return err_set(e, ERR_CORRUPT, "batch: head cut short");
	if (read_parts(&rd, h, &b, e) < 0)
		return -1;
	find_streams(h, streams);
	h->n_sections = (size_t)rd_uvarint_max(&rd, rd_left(&rd) / SECTION_MIN);
	if (rd.failed)
		return err_set(e, ERR_CORRUPT, "batch: head cut short");
	if (read_sections(&rd, h, &b.raw_n, e) < 0)
		return -1;
	if (rd_left(&rd) != 0)
		return err_set(e, ERR_CORRUPT, "batch: %zu bytes behind its head", rd_left(&rd));
	b.part = h->part;
	b.n_parts = h->n_parts;
	b.n_sections = h->n_sections;
	*ret = b;
	return 0;
}

/* The bytes of one label set in binary form, without looking into it. */
static struct bytes take_labels(struct rd *rd)
{
	size_t start = rd->off;
	uint64_t n = rd_uvarint_max(rd, LABELS_MAX);

	for (uint64_t i = 0; i < n && !rd->failed; i++) {
		rd_lstr(rd, LABEL_NAME_MAX);
		rd_lstr(rd, LABEL_VALUE_MAX);
	}
	return bytes_sub(rd->in, start, rd->off - start);
}

struct series {
	struct hash128 id;
	struct bytes labels;
};

/* Up to FIND_AT_ONCE and up to left of those that follow: returns how many. */
static size_t take_series(struct rd *rd, uint64_t left, struct series *ret)
{
	size_t n = 0;

	while (n < FIND_AT_ONCE && n < left) {
		struct bytes id = rd_bytes(rd, sizeof(ret->id.b));

		ret[n].labels = take_labels(rd);
		if (rd->failed)
			break;
		memcpy(ret[n++].id.b, id.p, sizeof(ret->id.b));
	}
	return n;
}

static int add_series(struct bytes tenant, const struct series *v, size_t n,
		      struct streams *streams, struct err *e)
{
	const struct hash128 *id[FIND_AT_ONCE];
	uint32_t number;

	for (size_t i = 0; i < n; i++)
		id[i] = &v[i].id;
	streams_expect(streams, id, n);
	for (size_t i = 0; i < n; i++)
		if (streams_add_binary(streams, tenant, &v[i].id, v[i].labels, &number, e) < 0)
			return err_wrap(e, "series");
	return 0;
}

int wal_series_decode(struct bytes data, struct streams *streams, uint32_t *ret_n, struct err *e)
{
	struct series v[FIND_AT_ONCE];
	struct rd rd = rd_init(data);
	struct bytes tenant;
	uint64_t n;

	rd_u8(&rd);
	tenant = rd_lstr(&rd, TENANT_MAX);
	n = rd_uvarint_max(&rd, WAL_RECORD_MAX);
	for (uint64_t i = 0; i < n && !rd.failed;) {
		size_t k = take_series(&rd, n - i, v);

		if (add_series(tenant, v, k, streams, e) < 0)
			return -1;
		i += k;
	}
	if (rd.failed || rd_left(&rd) != 0)
		return err_set(e, ERR_CORRUPT,
			       "series: the record's length is not that of its streams");
	*ret_n = (uint32_t)n;
	return 0;
}

int wal_end_decode(struct bytes data, uint64_t *ret_entries, uint32_t *ret_crc, struct err *e)
{
	struct rd rd = rd_init(data);
	uint64_t entries;
	uint32_t crc;

	rd_u8(&rd);
	entries = rd_u64be(&rd);
	crc = rd_u32be(&rd);
	if (rd.failed || rd_left(&rd) != 0)
		return err_set(e, ERR_CORRUPT, "end: bad length");
	*ret_entries = entries;
	*ret_crc = crc;
	return 0;
}

int wal_run_find(struct bytes section, size_t *off, size_t skip, struct bytes ret[COL_COUNT],
		 struct err *e)
{
	struct rd rd = { .in = section, .off = *off };
	size_t n[COL_COUNT];

	for (size_t i = 0; i <= skip; i++) {
		for (int c = 0; c < COL_COUNT; c++)
			n[c] = (size_t)rd_uvarint_max(&rd, WAL_SECTION_RAW_MAX);
		for (int c = 0; c < COL_COUNT; c++)
			ret[c] = rd_bytes(&rd, n[c]);
		if (rd.failed)
			return err_set(e, ERR_CORRUPT,
				       "a run at byte %zu of its section is cut short", rd.off);
	}
	*off = rd.off;
	return 0;
}
