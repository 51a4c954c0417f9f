#include "chunk/dump.h"

#include "base/num.h"
#include "chunk/bundle.h"
#include "entry/jsonl.h"
#include "json/json.h"
#include "labels/matcher.h"
#include "time/time.h"

static void add_u64(struct buf *out, const char *name, uint64_t v)
{
	buf_addf(out, ",\"%s\":%llu", name, (unsigned long long)v);
}

static void add_encoding(struct buf *out, unsigned id)
{
	const char *name = codec_name(id);

	if (name)
		buf_addf(out, ",\"encoding\":\"%s\"", name);
	else
		add_u64(out, "encoding", id);
}

static void add_hash(struct buf *out, const struct hash128 *h)
{
	char hex[HASH128_HEX + 1];

	hash128_hex(h, hex);
	buf_addf(out, "\"%s\"", hex);
}

static void add_hashes(struct buf *out, const char *name, const struct hash_list *l)
{
	buf_addf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		add_hash(out, &l->v[i]);
	}
	buf_add_char(out, ']');
}

static void add_trailer(struct buf *out, const struct chunk_piece *piece)
{
	const struct pack_trailer *t = &piece->trailer;
	char day[TIME_DAY_LEN + 1];

	time_day_text(t->day, day);
	buf_addf(out, "{\"kind\":\"trailer\",\"offset\":%llu", (unsigned long long)piece->off);
	add_u64(out, "length", piece->len);
	buf_add_str(out, ",\"tenant\":");
	json_add_quoted(out, t->tenant);
	buf_addf(out, ",\"day\":\"%s\",\"order_key\":\"%lld\"", day, (long long)t->order_key);
	add_u64(out, "chunks", t->n_chunks);
	add_u64(out, "bundles", t->bundles.n);
	add_encoding(out, t->params.encoding);
	buf_addf(out, ",\"level\":%d", t->params.level);
	add_u64(out, "block_size", t->params.block_bytes);
	add_u64(out, "chunk_size", t->params.chunk_bytes);
	add_u64(out, "max_entries", t->params.block_entries);
	buf_addf(out, ",\"filter\":\"%s\"", bloom_what_name(t->params.filter));
	add_u64(out, "filter_length", t->filter_len);
	add_hashes(out, "segments", &t->segments);
	add_hashes(out, "parts", &t->parts);
	buf_addf(out, ",\"mixed\":%s", t->mixed ? "true" : "false");
	add_hashes(out, "replaced", &t->replaced);
	buf_add_str(out, ",\"deletes\":[");
	for (size_t i = 0; i < t->n_deletes; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_add_quoted(out, t->deletes[i]);
	}
	buf_add_char(out, ']');
	add_hashes(out, "sources", &t->sources);
	buf_add_str(out, "}\n");
}

static void add_filter(struct buf *out, const struct chunk_piece *piece)
{
	struct arena mem = { 0 };
	struct bloom f = { 0 };

	buf_addf(out, "{\"kind\":\"filter\",\"offset\":%llu", (unsigned long long)piece->off);
	add_u64(out, "length", piece->len);
	if (pack_parse_filter(piece->bytes, piece->off, &mem, &f, NULL) == 0) {
		uint64_t columns = 0, covered = 0;

		for (size_t i = 0; i < f.n_matrices; i++)
			columns += f.matrix[i].columns;
		for (size_t i = 0; i < f.n_blocks; i++)
			covered += f.place[i].matrix != BLOOM_NO_MATRIX;
		add_u64(out, "matrices", f.n_matrices);
		add_u64(out, "columns", columns);
		add_u64(out, "blocks", f.n_blocks);
		add_u64(out, "blocks_covered", covered);
	}
	buf_add_str(out, "}\n");
	arena_release(&mem);
}

static void add_bundle(struct buf *out, const struct chunk_piece *piece)
{
	const struct pack_bundle *b = &piece->bundle;
	struct bundle head;

	buf_addf(out, "{\"kind\":\"bundle\",\"offset\":%llu", (unsigned long long)piece->off);
	add_u64(out, "length", b->raw_len);
	add_u64(out, "stored_offset", b->off);
	add_u64(out, "stored_length", b->len);
	add_u64(out, "chunks", b->n_chunks);
	if (bundle_parse(piece->bytes, &head, NULL) == 0)
		add_encoding(out, head.fixed.encoding);
	buf_add_str(out, "}\n");
}

/* How many blocks have their lines taken apart. */
static uint64_t count_apart(const struct chunk *c)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < c->fixed.n_blocks; i++)
		n += c->block[i].shapes_len > 0;
	return n;
}

void chunk_add_header(struct buf *out, const struct chunk_piece *piece)
{
	const struct chunk *c = &piece->chunk;

	if (piece->kind == PIECE_TRAILER) {
		add_trailer(out, piece);
		return;
	}
	if (piece->kind == PIECE_FILTER) {
		add_filter(out, piece);
		return;
	}
	if (piece->kind == PIECE_BUNDLE) {
		add_bundle(out, piece);
		return;
	}
	buf_addf(out, "{\"kind\":\"chunk\",\"offset\":%llu", (unsigned long long)piece->off);
	add_u64(out, "length", c->fixed.len);
	add_u64(out, "head_length", c->fixed.head_len);
	add_encoding(out, c->fixed.encoding);
	buf_add_str(out, ",\"tenant\":");
	json_add_quoted(out, c->tenant);
	buf_add_str(out, ",\"labels\":");
	labels_add_json(out, &c->labels);
	buf_add_str(out, ",\"stream\":");
	add_hash(out, &c->stream_id);
	buf_addf(out, ",\"from\":\"%lld\",\"through\":\"%lld\"", (long long)c->from,
		 (long long)c->through);
	add_u64(out, "blocks", c->fixed.n_blocks);
	add_u64(out, "blocks_apart", count_apart(c));
	add_u64(out, "entries", c->n);
	buf_add_str(out, "}\n");
}

void chunk_add_blocks_title(struct buf *out)
{
	buf_addf(out, "%12s %10s %10s %6s %8s  %-30s  %-30s  %s\n", "OFFSET", "STORED", "RAW",
		 "RATIO", "ENTRIES", "FROM", "THROUGH", "STREAM");
}

static void add_padded_time(struct buf *out, int64_t ts_ns)
{
	size_t start = out->n;

	time_add_rfc3339(out, ts_ns);
	while (out->n - start < 32)
		buf_add_char(out, ' ');
}

void chunk_add_blocks(struct buf *out, const struct chunk_piece *piece)
{
	const struct chunk *c = &piece->chunk;
	struct buf labels = { 0 };

	labels_add_text(&labels, &c->labels);
	for (uint32_t i = 0; i < c->fixed.n_blocks; i++) {
		const struct chunk_block *b = &c->block[i];
		uint64_t raw = 0;

		for (int k = 0; k < COL_COUNT; k++)
			raw += b->col_raw[k];
		buf_addf(out, "%12llu %10u %10llu %6.2f %8u  ",
			 (unsigned long long)(piece->off + chunk_block_off(c, i)), b->stored_len,
			 (unsigned long long)raw, (double)raw / (b->stored_len ? b->stored_len : 1),
			 b->n);
		add_padded_time(out, b->min_ts);
		add_padded_time(out, b->max_ts);
		buf_add_bytes(out, c->tenant);
		buf_add_char(out, ' ');
		buf_add_bytes(out, buf_bytes(&labels));
		buf_add_char(out, '\n');
	}
	buf_release(&labels);
}

bool chunk_is_chosen(const struct chunk_choice *which, const struct chunk *c)
{
	return c->through >= which->from_ns &&
	       (c->from < which->to_ns || which->to_ns == INT64_MAX) &&
	       matcher_match_labels(which->matcher, which->n_matchers, &c->labels);
}

int chunk_add_entries(struct buf *out, const struct chunk_piece *piece, uint32_t i,
		      struct chunk_choice *which, struct chunk_scratch *s, struct err *e)
{
	const struct chunk *c = &piece->chunk;
	const struct chunk_block *b = &c->block[i];
	uint64_t off = chunk_block_off(c, i);
	bool to_end = which->to_ns == INT64_MAX;
	struct buf labels = { 0 };
	struct run run;

	if (b->max_ts < which->from_ns || (b->min_ts >= which->to_ns && !to_end))
		return 0;
	if (chunk_read_block(c, b, bytes_sub(piece->bytes, off, piece->bytes.n), WANT_ALL, s, &run,
			     e) < 0)
		return err_wrap(e, "block %u at offset %llu", i,
				(unsigned long long)(piece->off + off));
	labels_add_json(&labels, &c->labels);
	for (size_t k = 0; k < run.n && which->left > 0; k++) {
		if (run.ts_ns[k] < which->from_ns || (run.ts_ns[k] >= which->to_ns && !to_end))
			continue;
		jsonl_add(out, run.ts_ns[k], c->tenant, buf_bytes(&labels), run_line(&run, k),
			  &run.meta, run.meta_set ? run.meta_set[k] : 0);
		which->left--;
	}
	buf_release(&labels);
	return 0;
}

/* So much of what lies before `at` of the bundle's chunks does it save. */
static uint64_t saved_before(const struct pack_bundle *b, uint64_t at)
{
	/* No writer makes one that is longer than its chunks. */
	return b->len < b->raw_len ? at * (b->raw_len - b->len) / b->raw_len : 0;
}

static void add_bundled(struct chunk_stats *s, const struct chunk_piece *piece)
{
	const struct pack_bundle *b = &piece->bundle;
	uint64_t at = piece->off - b->raw_off;

	s->bundles += s->bundled == 0 || s->bundle.off != b->off || at == 0;
	s->bundled++;
	s->bundle = *b;
	s->saved += saved_before(b, at + piece->len) - saved_before(b, at);
}

void chunk_stats_add(struct chunk_stats *s, const struct chunk_piece *piece)
{
	const struct chunk *c = &piece->chunk;

	if (piece->kind == PIECE_BUNDLE)
		return; /* its chunks tell of it */
	s->bytes += piece->len;
	if (piece->kind == PIECE_TRAILER) {
		s->packs++;
		s->trailer_bytes += piece->len;
		return;
	}
	if (piece->kind == PIECE_FILTER) {
		s->filter_bytes += piece->len;
		return;
	}
	if (s->chunks == 0 || c->from < s->from)
		s->from = c->from;
	if (s->chunks == 0 || c->through > s->through)
		s->through = c->through;
	if (piece->bundle.n_chunks)
		add_bundled(s, piece);
	s->chunks++;
	s->tiny += c->n <= 10;
	s->blocks += c->fixed.n_blocks;
	s->blocks_apart += count_apart(c);
	s->entries += c->n;
	s->head_bytes += c->fixed.head_len;
	for (uint32_t i = 0; i < c->fixed.n_blocks; i++) {
		const struct chunk_block *b = &c->block[i];

		s->line_bytes += b->line_bytes;
		s->meta_bytes += b->meta_bytes;
		for (int k = 0; k < COL_COUNT; k++) {
			s->col_raw[k] += b->col_raw[k];
			s->col_stored[k] += b->col_stored[k];
		}
	}
}

static void add_stat(struct buf *out, const char *name, uint64_t v)
{
	buf_addf(out, "%-18s %llu\n", name, (unsigned long long)v);
}

static void add_column(struct buf *out, const struct chunk_stats *s, const char *name, int column)
{
	uint64_t raw = s->col_raw[column], stored = s->col_stored[column];

	buf_addf(out, "%-18s %llu of %llu\n", name, (unsigned long long)stored,
		 (unsigned long long)raw);
}

void chunk_stats_print(const struct chunk_stats *s, struct buf *out)
{
	add_stat(out, "packs", s->packs);
	add_stat(out, "chunks", s->chunks);
	add_stat(out, "chunks <= 10 lines", s->tiny);
	add_stat(out, "blocks", s->blocks);
	add_stat(out, "  lines apart", s->blocks_apart);
	add_stat(out, "entries", s->entries);
	add_stat(out, "bytes of lines", s->line_bytes);
	add_stat(out, "bytes of metadata", s->meta_bytes);
	add_stat(out, "bundles", s->bundles);
	add_stat(out, "  chunks", s->bundled);
	add_stat(out, "bytes stored", s->bytes - s->saved);
	add_stat(out, "  heads", s->head_bytes);
	add_column(out, s, "  timestamps", COL_TS);
	add_column(out, s, "  lengths", COL_LENS);
	add_column(out, s, "  metadata", COL_META);
	add_column(out, s, "  lines", COL_LINES);
	add_stat(out, "  filters", s->filter_bytes);
	add_stat(out, "  trailers", s->trailer_bytes);
	add_stat(out, "  saved by bundles", s->saved);
	buf_addf(out, "%-18s %.3f\n", "ratio",
		 s->bytes ? (double)(s->line_bytes + s->entries) / (double)(s->bytes - s->saved)
			  : 0);
	if (s->chunks == 0)
		return;
	buf_addf(out, "%-18s ", "from");
	time_add_rfc3339(out, s->from);
	buf_addf(out, "\n%-18s ", "through");
	time_add_rfc3339(out, s->through);
	buf_add_char(out, '\n');
}
