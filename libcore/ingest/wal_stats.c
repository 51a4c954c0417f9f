#include "ingest/wal_stats.h"

#include "base/num.h"
#include "json/json.h"
#include "time/time.h"
#include "wal/reader.h"

static void take_batch(struct wal_stats *s, const struct wal_batch *b)
{
	s->n_batches++;
	s->n_entries += b->n_entries;
	s->min_ts_ns = b->min_ts_ns < s->min_ts_ns ? b->min_ts_ns : s->min_ts_ns;
	s->max_ts_ns = b->max_ts_ns > s->max_ts_ns ? b->max_ts_ns : s->max_ts_ns;
	for (size_t i = 0; i < b->n_parts; i++) {
		s->line_bytes += b->part[i].line_bytes;
		if (b->part[i].stream == STREAM_NONE)
			s->n_unknown += b->part[i].n_entries;
	}
}

static void take(struct wal_stats *s, const struct wal_item *item)
{
	if (item->kind != WAL_SEGMENT)
		s->n_bytes = item->segment_off + item->end;
	switch (item->kind) {
	case WAL_SEGMENT:
		s->header = item->header;
		if (!s->second)
			s->second = item->segment_off;
		s->n_bytes = item->segment_off + WAL_HEADER;
		s->ended = false;
		break;
	case WAL_SERIES:
		s->n_series_records++;
		break;
	case WAL_BATCH:
		if (!item->batch.broken) /* that is counted as a place that is damaged */
			take_batch(s, &item->batch);
		break;
	case WAL_END:
		s->ended = item->end_record.matches;
		s->seal = item->end_record.seal;
		if (!s->ended && s->n_damaged == 0 && s->n_unknown == 0)
			s->n_damaged++; /* whole records are missing */
		break;
	case WAL_TORN:
		s->torn = true;
		s->torn_at = item->segment_off + item->off;
		break;
	case WAL_DAMAGE:
		s->n_damaged++;
		break;
	}
}

int wal_stats_fd(int fd, uint64_t was_good, struct wal_stats *ret, struct err *e)
{
	struct wal_stats s = { .min_ts_ns = INT64_MAX, .max_ts_ns = INT64_MIN };
	struct streams *streams = streams_new();
	struct wal_reader *r = wal_reader_new(fd, WAL_READ_ALL, streams);
	struct wal_item item;
	int rc;

	wal_reader_set_good(r, was_good);
	while ((rc = wal_reader_next(r, &item, e)) > 0)
		take(&s, &item);
	s.n_streams = streams_count(streams);
	s.n_tenants = streams_tenant_count(streams);
	wal_reader_free(r);
	streams_free(streams);
	if (rc == 0)
		*ret = s;
	return rc;
}

static const char *tail_word(const struct wal_stats *s)
{
	if (s->n_damaged || s->n_unknown || s->cut_from)
		return "damaged";
	return s->torn ? "torn" : s->ended ? "clean" : "no end";
}

/* What index files name the segment by. */
static void add_seal(struct buf *out, const char *before, const struct wal_stats *s,
		     const char *behind)
{
	char seal[HASH128_HEX + 1];

	if (!s->ended)
		return;
	hash128_hex(&s->seal, seal);
	buf_addf(out, "%s%s%s", before, seal, behind);
}

static void add_damage(struct buf *out, const struct wal_stats *s)
{
	buf_add_str(out, "damaged in ");
	num_add_count(out, s->n_damaged, "place", "places");
	if (!s->n_unknown)
		return;
	buf_add_str(out, ", ");
	num_add_count(out, s->n_unknown, "entry", "entries");
	buf_add_str(out, " of unknown streams");
}

int wal_stats_damage(const struct wal_stats *s, struct err *e)
{
	struct buf b = { 0 };

	if (!s->n_damaged && !s->n_unknown)
		return 0;
	add_damage(&b, s);
	err_set(e, ERR_CORRUPT, "%s; --verify says where", buf_str(&b));
	buf_release(&b);
	return -1;
}

static void add_text(struct buf *out, const char *name, const struct wal_stats *s,
		     enum wal_state state)
{
	char id[HASH128_HEX + 1];

	hash128_hex(&s->header.id, id);
	buf_addf(out, "%s\n  id       %s\n  created  ", name, id);
	time_add_rfc3339(out, s->header.created_ns);
	buf_addf(out, " by %s\n  state    %s, ", s->header.node,
		 state == WAL_OPEN ? "open" : "closed");
	if (s->n_damaged || s->n_unknown)
		add_damage(out, s);
	else if (s->cut_from)
		buf_addf(out, "cut off: %llu bytes, of %llu", (unsigned long long)s->n_bytes,
			 (unsigned long long)s->cut_from);
	else if (s->torn)
		buf_addf(out, "torn tail, cut at offset %llu", (unsigned long long)s->torn_at);
	else
		buf_add_str(out, s->ended ? "ends with its end record" : "without an end record");
	add_seal(out, "\n  seal     ", s, "");
	buf_add_str(out, "\n  records  ");
	buf_addf(out, "%llu series, ", (unsigned long long)s->n_series_records);
	num_add_count(out, s->n_batches, "batch", "batches");
	buf_add_str(out, "\n  entries  ");
	buf_addf(out, "%llu in ", (unsigned long long)s->n_entries);
	num_add_count(out, s->n_streams, "stream", "streams");
	buf_add_str(out, " of ");
	num_add_count(out, s->n_tenants, "tenant", "tenants");
	buf_add_char(out, '\n');
	buf_add_str(out, "  lines    ");
	num_add_size(out, s->line_bytes);
	buf_add_str(out, " in ");
	num_add_size(out, s->n_bytes);
	buf_add_str(out, " of segment\n");
	if (s->n_entries == 0)
		return;
	buf_add_str(out, "  times    ");
	time_add_rfc3339(out, s->min_ts_ns);
	buf_add_str(out, " to ");
	time_add_rfc3339(out, s->max_ts_ns);
	buf_add_char(out, '\n');
}

static void add_number(struct buf *out, const char *name, uint64_t v)
{
	buf_addf(out, ",\"%s\":%llu", name, (unsigned long long)v);
}

static void add_jsonl(struct buf *out, const char *name, const struct wal_stats *s,
		      enum wal_state state)
{
	char id[HASH128_HEX + 1];

	hash128_hex(&s->header.id, id);
	buf_add_str(out, "{\"segment\":");
	json_add_quoted(out, bytes_str(name));
	buf_addf(out, ",\"id\":\"%s\",\"created\":\"%lld\",\"node\":", id,
		 (long long)s->header.created_ns);
	json_add_quoted(out, bytes_str(s->header.node));
	buf_addf(out, ",\"state\":\"%s\",\"tail\":\"%s\"", state == WAL_OPEN ? "open" : "closed",
		 tail_word(s));
	add_number(out, "bytes", s->n_bytes);
	add_number(out, "series_records", s->n_series_records);
	add_number(out, "batches", s->n_batches);
	add_number(out, "entries", s->n_entries);
	add_number(out, "line_bytes", s->line_bytes);
	add_number(out, "streams", s->n_streams);
	add_number(out, "tenants", s->n_tenants);
	add_number(out, "damaged_places", s->n_damaged);
	add_number(out, "unknown_entries", s->n_unknown);
	add_seal(out, ",\"seal\":\"", s, "\"");
	if (s->n_entries)
		buf_addf(out, ",\"from\":\"%lld\",\"through\":\"%lld\"", (long long)s->min_ts_ns,
			 (long long)s->max_ts_ns);
	buf_add_str(out, "}\n");
}

void wal_stats_add(struct buf *out, const char *name, const struct wal_stats *s,
		   enum wal_state state, enum wal_stats_format format)
{
	if (format == WAL_STATS_TEXT)
		add_text(out, name, s, state);
	else
		add_jsonl(out, name, s, state);
}
