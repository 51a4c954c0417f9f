/* The sidecar's bytes: loading and writing. What goes into it is found by sum.c. */
#include "wal/sidecar.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"

#define SUM_MAGIC "\xB7LSUM"

enum { SUM_MAGIC_LEN = 5, SUM_VERSION = 2, /* 1 had no seal */ SUM_BYTES_MAX = 256 << 20 };

void wal_sum_release(struct wal_sum *s)
{
	free(s->stream);
	free(s->batch);
	free(s->day);
	free(s->ref);
	*s = (struct wal_sum){ 0 };
}

/* Tenants get numbers of the sidecar's own, in order of first use. */
struct tenants {
	uint32_t *local; /* + 1, by number in streams */
	uint32_t *number;
	size_t n;
};

static void note_tenant(struct tenants *t, uint32_t number)
{
	if (t->local[number])
		return;
	t->number[t->n++] = number;
	t->local[number] = (uint32_t)t->n;
}

static void find_tenants(struct tenants *t, const struct wal_sum *s, const struct streams *streams)
{
	size_t n = streams_tenant_count(streams);

	t->local = mem_alloc((n + 1) * sizeof(*t->local));
	t->number = mem_alloc((n + 1) * sizeof(*t->number));
	for (size_t i = 0; i < s->n_streams; i++)
		note_tenant(t, streams_get(streams, s->stream[i].stream)->tenant);
	for (size_t i = 0; i < s->n_days; i++)
		note_tenant(t, s->day[i].tenant);
	for (size_t i = 0; i < s->n_batches; i++)
		note_tenant(t, s->batch[i].tenant);
}

static void add_times(struct buf *b, int64_t min, int64_t max)
{
	wr_u64be(b, (uint64_t)min);
	wr_uvarint(b, (uint64_t)max - (uint64_t)min);
}

static void add_streams(struct buf *b, const struct tenants *t, const struct wal_sum *s,
			const struct streams *streams)
{
	wr_uvarint(b, s->n_streams);
	for (size_t i = 0; i < s->n_streams; i++) {
		const struct wal_sum_stream *v = &s->stream[i];
		const struct stream *st = streams_get(streams, v->stream);

		wr_uvarint(b, t->local[st->tenant] - 1);
		buf_add(b, st->id.b, sizeof(st->id.b));
		wr_lstr(b, st->labels);
		wr_uvarint(b, v->n_entries);
		wr_uvarint(b, v->line_bytes);
		add_times(b, v->min_ts_ns, v->max_ts_ns);
	}
}

static void add_batches(struct buf *b, const struct tenants *t, const struct wal_sum *s)
{
	uint64_t off = 0;

	wr_uvarint(b, s->n_batches);
	for (size_t i = 0; i < s->n_batches; i++) {
		const struct wal_sum_batch *v = &s->batch[i];
		uint32_t ref = 0;

		wr_uvarint(b, v->off - off);
		off = v->off;
		wr_uvarint(b, t->local[v->tenant] - 1);
		wr_uvarint(b, v->n_entries);
		add_times(b, v->min_ts_ns, v->max_ts_ns);
		wr_uvarint(b, v->n_refs);
		for (uint32_t k = 0; k < v->n_refs; k++) {
			wr_uvarint(b, s->ref[v->first_ref + k] - ref);
			ref = s->ref[v->first_ref + k];
		}
	}
}

int wal_sum_write(const struct wal_segment *seg, const struct wal_sum *s,
		  const struct streams *streams, struct err *e)
{
	struct buf b = { 0 }, path = { 0 };
	struct tenants t = { 0 };
	int rc;

	find_tenants(&t, s, streams);
	buf_add(&b, SUM_MAGIC, SUM_MAGIC_LEN);
	wr_u8(&b, SUM_VERSION);
	wr_u16be(&b, 0);
	buf_add(&b, s->segment.b, sizeof(s->segment.b));
	wr_u64be(&b, s->size);
	wr_u64be(&b, s->good_size);
	wr_u64be(&b, s->n_entries);
	wr_u8(&b, (uint8_t)s->tail);
	wr_u8(&b, s->sealed);
	buf_add(&b, s->seal.b, sizeof(s->seal.b));
	wr_uvarint(&b, t.n);
	for (size_t i = 0; i < t.n; i++)
		wr_lstr(&b, streams_tenant(streams, t.number[i]));
	add_streams(&b, &t, s, streams);
	wr_uvarint(&b, s->n_days);
	for (size_t i = 0; i < s->n_days; i++) {
		wr_uvarint(&b, t.local[s->day[i].tenant] - 1);
		wr_svarint(&b, s->day[i].day);
	}
	add_batches(&b, &t, s);
	wr_u32be(&b, crc32c(b.p, b.n));
	wal_sidecar_path(seg->path, &path);
	rc = file_replace_bytes(buf_str(&path), buf_bytes(&b), e);
	buf_release(&b);
	buf_release(&path);
	free(t.local);
	free(t.number);
	return rc;
}

static bool read_times(struct rd *rd, int64_t *min, int64_t *max)
{
	uint64_t span;

	*min = rd_i64be(rd);
	span = rd_uvarint(rd);
	if (span > (uint64_t)INT64_MAX - (uint64_t)*min)
		rd->failed = true;
	*max = (int64_t)((uint64_t)*min + span);
	return !rd->failed;
}

/* 0, or -1 with e->code ERR_LIMIT for streams, ERR_CORRUPT else: the sidecar is then as if absent.
 */
static int read_streams(struct rd *rd, const struct bytes *tenant, size_t n_tenants,
			struct streams *streams, uint32_t *tenant_number, struct wal_sum *s,
			struct err *e)
{
	s->n_streams = (size_t)rd_uvarint_max(rd, rd_left(rd) / 28);
	s->stream = mem_alloc((s->n_streams + 1) * sizeof(*s->stream));
	for (size_t i = 0; i < s->n_streams; i++) {
		struct wal_sum_stream *v = &s->stream[i];
		uint64_t t = rd_uvarint(rd);
		struct bytes id = rd_bytes(rd, sizeof(struct hash128));
		struct bytes labels = rd_lstr(rd, SUM_BYTES_MAX);
		struct hash128 h;

		v->n_entries = rd_uvarint(rd);
		v->line_bytes = rd_uvarint(rd);
		if (!read_times(rd, &v->min_ts_ns, &v->max_ts_ns) || t >= n_tenants)
			return err_set(e, ERR_CORRUPT, "streams");
		memcpy(h.b, id.p, sizeof(h.b));
		if (streams_add_binary(streams, tenant[t], &h, labels, &v->stream, e) < 0)
			return -1;
		tenant_number[t] = streams_get(streams, v->stream)->tenant;
	}
	return 0;
}

/* Steps over them. */
static bool skip_streams(struct rd *rd)
{
	uint64_t n = rd_uvarint_max(rd, rd_left(rd) / 28);
	int64_t min, max;

	for (uint64_t i = 0; i < n && !rd->failed; i++) {
		rd_uvarint(rd);
		rd_bytes(rd, sizeof(struct hash128));
		rd_lstr(rd, SUM_BYTES_MAX);
		rd_uvarint(rd);
		rd_uvarint(rd);
		if (!read_times(rd, &min, &max))
			return false;
	}
	return !rd->failed;
}

static bool read_days(struct rd *rd, size_t n_tenants, const uint32_t *tenant_number,
		      struct wal_sum *s)
{
	s->n_days = (size_t)rd_uvarint_max(rd, rd_left(rd) / 2);
	s->day = mem_alloc((s->n_days + 1) * sizeof(*s->day));
	for (size_t i = 0; i < s->n_days; i++) {
		uint64_t t = rd_uvarint(rd);

		s->day[i].day = (int32_t)rd_svarint(rd);
		if (rd->failed || t >= n_tenants || tenant_number[t] == UINT32_MAX)
			return false;
		s->day[i].tenant = tenant_number[t];
	}
	return true;
}

static bool read_batches(struct rd *rd, size_t n_tenants, const uint32_t *tenant_number,
			 struct wal_sum *s)
{
	uint64_t off = 0;
	size_t cap = 0;

	s->n_batches = (size_t)rd_uvarint_max(rd, rd_left(rd) / 13);
	s->batch = mem_alloc((s->n_batches + 1) * sizeof(*s->batch));
	for (size_t i = 0; i < s->n_batches; i++) {
		struct wal_sum_batch *v = &s->batch[i];
		uint64_t t, ref = 0;

		off += rd_uvarint_max(rd, s->size);
		t = rd_uvarint(rd);
		v->off = off;
		v->n_entries = rd_uvarint(rd);
		if (!read_times(rd, &v->min_ts_ns, &v->max_ts_ns) || t >= n_tenants ||
		    tenant_number[t] == UINT32_MAX || off > s->size)
			return false;
		v->tenant = tenant_number[t];
		v->n_refs = (uint32_t)rd_uvarint_max(rd, rd_left(rd));
		v->first_ref = (uint32_t)s->n_refs;
		mem_grow(&s->ref, &cap, s->n_refs + v->n_refs, sizeof(*s->ref));
		for (uint32_t k = 0; k < v->n_refs; k++) {
			ref += rd_uvarint_max(rd, UINT32_MAX);
			if (rd->failed || ref >= s->n_streams)
				return false;
			s->ref[s->n_refs++] = (uint32_t)ref;
		}
	}
	return !rd->failed && rd_left(rd) == 0;
}

enum what { DAYS, ALL };

static int read_sum(struct bytes b, const struct wal_segment *seg, enum what what,
		    struct streams *streams, struct wal_sum *s, struct err *e)
{
	struct rd rd = rd_init(bytes_sub(b, 0, b.n - 4));
	struct bytes id, seal, *tenant;
	uint32_t *tenant_number;
	unsigned sealed;
	size_t n;
	int rc = 0;

	rd_bytes(&rd, SUM_MAGIC_LEN + 3);
	id = rd_bytes(&rd, sizeof(s->segment.b));
	s->size = rd_u64be(&rd);
	s->good_size = s->was_good = rd_u64be(&rd);
	s->n_entries = rd_u64be(&rd);
	s->tail = rd_u8(&rd);
	sealed = rd_u8(&rd);
	seal = rd_bytes(&rd, sizeof(s->seal.b));
	n = (size_t)rd_uvarint_max(&rd, rd_left(&rd));
	if (rd.failed || s->tail > WAL_TAIL_DAMAGED || sealed > 1 || s->size != seg->size ||
	    memcmp(id.p, seg->header.id.b, id.n) != 0)
		return err_set(e, ERR_CORRUPT, "not this segment's");
	s->segment = seg->header.id;
	s->sealed = sealed;
	memcpy(s->seal.b, seal.p, seal.n);
	tenant = mem_alloc((n + 1) * sizeof(*tenant));
	tenant_number = mem_alloc((n + 1) * sizeof(*tenant_number));
	for (size_t i = 0; i < n && rc == 0; i++) {
		tenant[i] = rd_lstr(&rd, TENANT_MAX);
		tenant_number[i] = UINT32_MAX; /* of all of a sidecar, until a stream has it */
		if (rd.failed)
			rc = err_set(e, ERR_CORRUPT, "tenants");
		else if (what == DAYS)
			rc = streams_add_tenant(streams, tenant[i], &tenant_number[i], e);
	}
	if (rc == 0 && what == ALL)
		rc = read_streams(&rd, tenant, n, streams, tenant_number, s, e);
	else if (rc == 0 && !skip_streams(&rd))
		rc = err_set(e, ERR_CORRUPT, "streams");
	if (rc == 0 && !read_days(&rd, n, tenant_number, s))
		rc = err_set(e, ERR_CORRUPT, "days");
	if (rc == 0 && what == ALL && !read_batches(&rd, n, tenant_number, s))
		rc = err_set(e, ERR_CORRUPT, "batches");
	free(tenant);
	free(tenant_number);
	return rc;
}

static bool is_sum(struct bytes b)
{
	struct rd rd = rd_init(b);

	if (b.n < SUM_MAGIC_LEN + 7 ||
	    !bytes_eq(rd_bytes(&rd, SUM_MAGIC_LEN), BYTES_LIT(SUM_MAGIC)))
		return false;
	if (rd_u8(&rd) != SUM_VERSION || rd_u16be(&rd) != 0)
		return false;
	rd.off = b.n - 4;
	return rd_u32be(&rd) == crc32c(b.p, b.n - 4);
}

/* What the sidecar of a closed segment says of its sizes; false: there is none of this segment. */
static bool read_sizes(const struct wal_segment *seg, uint64_t *ret_size, uint64_t *ret_good)
{
	struct buf b = { 0 }, path = { 0 };
	struct bytes id;
	struct rd rd;
	bool ret = false;

	wal_sidecar_path(seg->path, &path);
	if (seg->state == WAL_CLOSED && access(buf_str(&path), F_OK) == 0 &&
	    io_read_file(buf_str(&path), SUM_BYTES_MAX, &b, NULL) == 0 && is_sum(buf_bytes(&b))) {
		rd = rd_init(buf_bytes(&b));
		rd_bytes(&rd, SUM_MAGIC_LEN + 3);
		id = rd_bytes(&rd, sizeof(seg->header.id.b));
		*ret_size = rd_u64be(&rd);
		*ret_good = rd_u64be(&rd);
		ret = !rd.failed && (!seg->has_header || memcmp(id.p, seg->header.id.b, id.n) == 0);
	}
	buf_release(&b);
	buf_release(&path);
	return ret;
}

bool wal_sum_is_cut(const struct wal_segment *seg, uint64_t *ret_size)
{
	uint64_t good;

	return read_sizes(seg, ret_size, &good) && *ret_size > seg->size;
}

int wal_sum_say_cut(const struct wal_segment *seg, uint64_t was_size, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "cut off: %llu bytes, of %llu that its sidecar tells of",
		       (unsigned long long)seg->size, (unsigned long long)was_size);
}

uint64_t wal_sum_was_good(const struct wal_segment *seg)
{
	uint64_t size, good;

	return read_sizes(seg, &size, &good) && size == seg->size ? good : 0;
}

static int load(const struct wal_segment *seg, enum what what, struct streams *streams,
		struct wal_sum *ret, struct err *e)
{
	struct wal_sum s = { 0 };
	struct buf b = { 0 }, path = { 0 };
	int rc = 0;

	wal_sidecar_path(seg->path, &path);
	if (!seg->has_header || seg->state != WAL_CLOSED || access(buf_str(&path), F_OK) < 0)
		goto out;
	if (io_read_file(buf_str(&path), SUM_BYTES_MAX, &b, e) < 0) {
		/* Deleted with its segment meanwhile: none. */
		rc = access(buf_str(&path), F_OK) < 0 && errno == ENOENT ? 0 : -1;
		goto out;
	}
	if (!is_sum(buf_bytes(&b)))
		goto out;
	rc = 1;
	if (read_sum(buf_bytes(&b), seg, what, streams, &s, e) < 0)
		rc = e && e->code == ERR_LIMIT ? -1 : 0;
	if (rc == 1)
		*ret = s;
	else
		wal_sum_release(&s);
out:
	buf_release(&b);
	buf_release(&path);
	return rc;
}

int wal_sum_load(const struct wal_segment *seg, struct streams *streams, struct wal_sum *ret,
		 struct err *e)
{
	return load(seg, ALL, streams, ret, e);
}

int wal_sum_load_days(const struct wal_segment *seg, struct streams *streams, struct wal_sum *ret,
		      struct err *e)
{
	return load(seg, DAYS, streams, ret, e);
}
