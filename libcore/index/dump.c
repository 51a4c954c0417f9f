#include "index/dump.h"

#include <inttypes.h>

#include "codec/codec.h"
#include "json/json.h"
#include "time/time.h"

struct dump {
	struct index *ix;
	const struct index_info *in;
	struct buf b;
	index_sink_fn *sink;
	void *data;
};

enum { FLUSH_AT = 64 << 10 };

static int line_end(struct dump *d, struct err *e)
{
	buf_add_str(&d->b, "}\n");
	if (d->b.n < FLUSH_AT)
		return 0;
	if (d->sink(buf_bytes(&d->b), d->data, e) < 0)
		return -1;
	buf_reset(&d->b);
	return 0;
}

static void add_hash(struct buf *b, const char *name, const struct hash128 *h)
{
	char hex[HASH128_HEX + 1];

	hash128_hex(h, hex);
	buf_addf(b, "\"%s\":\"%s\"", name, hex);
}

static void add_times(struct buf *b, int64_t from, int64_t through)
{
	buf_addf(b, ",\"from\":\"%" PRId64 "\",\"through\":\"%" PRId64 "\"", from, through);
}

static int dump_head(struct dump *d, struct err *e)
{
	const struct index_info *in = d->in;
	struct buf *b = &d->b;
	char day[TIME_DAY_LEN + 1];

	time_day_text(in->day, day);
	buf_add_str(b, "{\"index\":");
	json_add_quoted(b, bytes_str(index_label(d->ix)));
	buf_addf(b, ",\"version\":%d,\"tenant\":", INDEX_VERSION);
	json_add_quoted(b, in->tenant);
	buf_addf(b, ",\"day\":\"%s\",\"mixed\":%s,\"thinned\":%s", day,
		 in->mixed ? "true" : "false", in->thinned ? "true" : "false");
	if (in->entries)
		add_times(b, in->min_ts, in->max_ts);
	buf_addf(b,
		 ",\"entries\":%" PRIu64 ",\"line_bytes\":%" PRIu64
		 ",\"series\":%u,\"chunks\":%u,\"blocks\":%u,"
		 "\"packs\":%u,\"size\":%" PRIu64,
		 in->entries, in->line_bytes, in->n_series, in->n_chunks, in->n_blocks, in->n_packs,
		 in->size);
	return line_end(d, e);
}

static int dump_replaces(struct dump *d, struct err *e)
{
	static const struct {
		enum index_list list;
		const char *name;
	} lists[] = { { INDEX_SEGMENTS, "segment" },
		      { INDEX_INDEXES, "index" },
		      { INDEX_OLD_PACKS, "pack" } };
	const uint32_t n[] = { d->in->n_segments, d->in->n_indexes, d->in->n_old_packs };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct hash128 *ids;

		if (index_list(d->ix, lists[i].list, &ids, e) < 0)
			return -1;
		for (uint32_t k = 0; k < n[i]; k++) {
			buf_add_str(&d->b, "{\"replaces\":{");
			add_hash(&d->b, lists[i].name, &ids[k]);
			buf_add_char(&d->b, '}');
			if (line_end(d, e) < 0)
				return -1;
		}
	}
	for (uint32_t i = 0; i < d->in->n_deletes; i++) {
		struct bytes request;

		if (index_delete_at(d->ix, i, &request, e) < 0)
			return -1;
		buf_add_str(&d->b, "{\"delete\":");
		json_add_quoted(&d->b, request);
		if (line_end(d, e) < 0)
			return -1;
	}
	return 0;
}

static int dump_bundles(struct dump *d, uint32_t pack, struct err *e)
{
	struct pack_bundles b = { 0 };
	struct arena mem = { 0 };
	int rc = index_pack_bundles(d->ix, pack, &mem, &b, e);

	for (size_t i = 0; i < b.n && rc == 0; i++) {
		buf_addf(&d->b,
			 "{\"bundle\":%zu,\"pack\":%u,\"offset\":%" PRIu64
			 ",\"length\":%u,\"stored_offset\":%" PRIu64
			 ",\"stored_length\":%u,\"chunks\":%u",
			 i, pack, b.v[i].raw_off, b.v[i].raw_len, b.v[i].off, b.v[i].len,
			 b.v[i].n_chunks);
		rc = line_end(d, e);
	}
	arena_release(&mem);
	return rc;
}

static int dump_packs(struct dump *d, struct err *e)
{
	for (uint32_t i = 0; i < d->in->n_packs; i++) {
		struct index_pack p;

		if (index_pack_at(d->ix, i, &p, e) < 0)
			return -1;
		buf_addf(&d->b, "{\"pack\":%u,", i);
		add_hash(&d->b, "name", &p.name);
		buf_addf(&d->b, ",\"size\":%" PRIu64 ",\"order_key\":\"%" PRId64 "\"", p.size,
			 p.order_key);
		if (p.entries)
			add_times(&d->b, p.min_ts, p.max_ts);
		buf_addf(&d->b, ",\"entries\":%" PRIu64 ",\"chunks\":%u", p.entries, p.n_chunks);
		if (line_end(d, e) < 0 || dump_bundles(d, i, e) < 0)
			return -1;
	}
	return 0;
}

static int add_blocks(struct dump *d, const struct index_chunk *c, struct err *e)
{
	buf_add_str(&d->b, ",\"blocks\":[");
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		struct index_block b;

		if (index_block_at(d->ix, c, k, &b, e) < 0)
			return -1;
		buf_addf(&d->b,
			 "%s{\"offset\":%u,\"length\":%u,\"side\":%u,\"entries\":%u,\"line_bytes\":"
			 "%u,"
			 "\"meta_bytes\":%u",
			 k ? "," : "", b.offset, b.length, b.side_len, b.entries, b.line_bytes,
			 b.meta_bytes);
		add_times(&d->b, b.min_ts, b.max_ts);
		buf_add_char(&d->b, '}');
	}
	buf_add_char(&d->b, ']');
	return 0;
}

static int dump_chunk(struct dump *d, uint32_t series, uint32_t i, struct err *e)
{
	struct index_chunk c;
	const char *encoding;

	if (index_chunk_at(d->ix, i, &c, e) < 0)
		return -1;
	encoding = codec_name(c.encoding);
	buf_addf(&d->b,
		 "{\"chunk\":%u,\"series\":%u,\"pack\":%u,\"offset\":%" PRIu64
		 ",\"length\":%u,\"head\":%u,"
		 "\"encoding\":\"%s\",\"entries\":%u",
		 i, series, c.pack, c.offset, c.length, c.head_len, encoding ? encoding : "?",
		 c.entries);
	add_times(&d->b, c.from, c.through);
	if (add_blocks(d, &c, e) < 0)
		return -1;
	return line_end(d, e);
}

/* Each series and then its chunks. */
static int dump_series(struct dump *d, struct err *e)
{
	struct arena mem = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < d->in->n_series && rc == 0; i++) {
		struct index_series s;
		struct labels l;

		arena_reset(&mem);
		rc = index_series_at(d->ix, i, &s, e);
		if (rc == 0)
			rc = index_series_labels(d->ix, i, &mem, &l, e);
		if (rc < 0)
			break;
		buf_addf(&d->b, "{\"series\":%u,", i);
		add_hash(&d->b, "id", &s.id);
		buf_add_str(&d->b, ",\"labels\":");
		labels_add_json(&d->b, &l);
		buf_addf(&d->b, ",\"chunks\":%u", s.n_chunks);
		rc = line_end(d, e);
		for (uint32_t k = 0; k < s.n_chunks && rc == 0; k++)
			rc = dump_chunk(d, i, s.first_chunk + k, e);
	}
	arena_release(&mem);
	return rc;
}

static int dump_postings(struct dump *d, struct err *e)
{
	struct index_set set = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < d->in->n_pairs && rc == 0; i++) {
		struct index_pair p;

		set.n = 0;
		rc = index_pair_at(d->ix, i, &p, e);
		if (rc == 0)
			rc = index_postings(d->ix, i, &set, e);
		if (rc < 0)
			break;
		buf_add_str(&d->b, "{\"posting\":{");
		json_add_quoted(&d->b, p.name);
		buf_add_char(&d->b, ':');
		json_add_quoted(&d->b, p.value);
		buf_add_str(&d->b, "},\"series\":[");
		for (size_t k = 0; k < set.n; k++)
			buf_addf(&d->b, "%s%u", k ? "," : "", set.v[k]);
		buf_add_char(&d->b, ']');
		rc = line_end(d, e);
	}
	index_set_release(&set);
	return rc;
}

int index_dump(struct index *ix, index_sink_fn *sink, void *data, struct err *e)
{
	struct dump d = { .ix = ix, .in = index_info(ix), .sink = sink, .data = data };
	int rc = 0;

	if (dump_head(&d, e) < 0 || dump_replaces(&d, e) < 0 || dump_packs(&d, e) < 0 ||
	    dump_series(&d, e) < 0 || dump_postings(&d, e) < 0) {
		rc = -1;
	}
	/* What was made before a fault is given, too. */
	if (d.b.n && sink(buf_bytes(&d.b), data, rc == 0 ? e : NULL) < 0)
		rc = -1;
	buf_release(&d.b);
	return rc;
}
