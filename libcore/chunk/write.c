/*
 * Making chunks. Where a block or a chunk ends depends on the entries and the parameters alone: the
 * same input always gives the same bytes, however many threads encode.
 */
#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/wr.h"
#include "chunk/bundle.h"
#include "chunk/format.h"

const struct chunk_params chunk_params_default = {
	.encoding = CODEC_ZSTD,
	.level = 5,
	.block_bytes = 1 << 20,
	.chunk_bytes = 16 << 20,
	.block_entries = 1 << 16,
};

/* Shorter columns are stored as they are: the tables of codes that a compressor makes anew for each
 * call cost as much as they save, and more time than all else: lokid-chunk(5), "MEASURED". */
enum { COMPRESS_MIN = 256 };

/* Levels below this are asked for where time counts more than what is saved, as of packs that are
 * merged soon: then longer ones, too. */
enum { LEVEL_SMALL = 4, COMPRESS_MIN_QUICK = 512 };

/* Of the values of lines taken apart, of which a query reads a few alone, those that are so short.
 */
enum { APART_MIN = 32 };

/* A chunk of so many bytes of entries at most is stored in a bundle, with its columns as they are;
 * each entry counts as so many more, for what stands beside its line. */
enum { SMALL_MAX = BUNDLE_CHUNK_MAX / 2, SMALL_ENTRY = 8 };

/* Numbers in planes hold little that repeats, and a higher level finds no more. */
enum { PLANES_LEVEL = 1 };

/* Lines are compressed in parts of so many bytes at most, so that a query for the newest few need
 * not decompress all of a block: lokid-chunk(5), "MEASURED". */
enum { LINES_PART = 512 << 10 };

/* Shorter planes are not coded apart: each piece has a head of 3 bytes, and a table. */
enum { PLANE_MIN = 256 };

struct chunk_writer {
	struct chunk_params params;
	struct codec *codec, *codec_planes; /* for lines and metadata; for numbers */
	struct columns_writer *columns;
	struct bloom_values *values; /* NULL: not wanted */
	struct shape_writer *shapes;
	struct buf raw[COL_COUNT], rows, body;
	struct buf off, ts; /* of a block's lines */
	bool any_apart;	    /* of the chunk's blocks */
	bool is_small;	    /* the chunk goes into a bundle */
};

bool chunk_params_bundle(const struct chunk_params *p)
{
	/* Of a pack that is only copied the encoding may be one of a later version. */
	return p->small == CHUNK_SMALL_BUNDLED && p->encoding != CODEC_NONE &&
	       p->encoding < CODEC_COUNT && p->level >= LEVEL_SMALL;
}

struct chunk_writer *chunk_writer_new(const struct chunk_params *p)
{
	struct chunk_writer *w = mem_alloc(sizeof(*w));

	w->params = *p;
	w->codec = codec_new(p->level);
	w->codec_planes = codec_new(PLANES_LEVEL);
	w->columns = columns_writer_new();
	w->shapes = shape_writer_new();
	return w;
}

void chunk_writer_free(struct chunk_writer *w)
{
	if (!w)
		return;
	for (int c = 0; c < COL_COUNT; c++)
		buf_release(&w->raw[c]);
	buf_release(&w->rows);
	buf_release(&w->body);
	buf_release(&w->off);
	buf_release(&w->ts);
	shape_writer_free(w->shapes);
	columns_writer_free(w->columns);
	codec_free(w->codec);
	codec_free(w->codec_planes);
	free(w);
}

void chunk_writer_lines(struct chunk_writer *w, enum chunk_lines lines)
{
	w->params.lines = lines;
}

enum chunk_lines chunk_lines_of(const struct chunk *c)
{
	return c->fixed.flags & CHUNK_FLAG_SHAPES ? CHUNK_LINES_APART : CHUNK_LINES_WHOLE;
}

void chunk_writer_collect(struct chunk_writer *w, struct bloom_values *v)
{
	w->values = v;
}

static uint64_t entry_weight(const struct entries *es, uint32_t i)
{
	return es->v[i].line_len + 1 + metatab_set_bytes(&es->meta, es->v[i].meta);
}

uint64_t chunk_weight(const struct entries *es, const uint32_t *order, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += entry_weight(es, order[i]);
	return sum;
}

/*
 * Moves a cut before entry i back to where its timestamp begins: blocks that share none can be read
 * apart, and counted without being read. Stays where it is when all before it is of one time.
 */
static size_t cut_between_times(const struct entries *es, const uint32_t *order, size_t i)
{
	int64_t ts_ns = es->v[order[i]].ts_ns;
	size_t k = i;

	while (k > 0 && es->v[order[k - 1]].ts_ns == ts_ns)
		k--;
	return k > 0 ? k : i;
}

/*
 * The first of the pieces into which n entries of a weight of *weight fall when none may be over
 * max_bytes and max_n: an even share of both, cut where the time changes. *weight becomes that of
 * the rest.
 */
static size_t share(const struct entries *es, const uint32_t *order, size_t n, uint64_t max_bytes,
		    size_t max_n, uint64_t *weight)
{
	uint64_t pieces = (*weight + max_bytes - 1) / max_bytes;
	uint64_t by_count = (n + max_n - 1) / max_n;
	uint64_t aim, sum = 0;
	size_t i = 0;

	if (pieces < by_count)
		pieces = by_count;
	if (pieces <= 1) {
		*weight = 0;
		return n;
	}
	aim = *weight / pieces;
	while (i < n && i < max_n && (i == 0 || sum < aim)) {
		uint64_t w = entry_weight(es, order[i]);

		if (i > 0 && sum + w > max_bytes)
			break;
		sum += w;
		i++;
	}
	if (i < n) {
		size_t k = cut_between_times(es, order, i);

		sum -= chunk_weight(es, order + k, i - k);
		i = k;
	}
	*weight -= sum;
	return i;
}

size_t chunk_split(const struct chunk_params *p, const struct entries *es, const uint32_t *order,
		   size_t n, uint64_t *weight)
{
	return share(es, order, n, p->chunk_bytes, CHUNK_BLOCK_ENTRIES_MAX, weight);
}

/* Shorter columns are stored as they are, be it for their size or for the time. */
static size_t least_packed(const struct chunk_writer *w, size_t small)
{
	return w->params.level < LEVEL_SMALL ? COMPRESS_MIN_QUICK : small;
}

/*
 * Compresses a column to the end of the body, or keeps it raw when that is not larger. plane: the
 * length of its planes, which lie at its end, or 0.
 */
static uint32_t store_column(struct chunk_writer *w, int c, struct bytes raw, size_t plane)
{
	size_t start = w->body.n;

	if (raw.n >= least_packed(w, COMPRESS_MIN) && w->params.encoding != CODEC_NONE &&
	    !w->is_small) {
		if (plane >= PLANE_MIN && raw.n > plane)
			codec_compress_planes(w->codec_planes, w->params.encoding, raw,
					      raw.n % plane ? raw.n % plane : plane, plane,
					      &w->body);
		else
			codec_compress_parts(w->codec, w->params.encoding, raw,
					     c == COL_LINES ? LINES_PART : raw.n, &w->body);
		if (w->body.n - start < raw.n)
			return (uint32_t)(w->body.n - start);
		w->body.n = start;
	}
	buf_add_bytes(&w->body, raw);
	return (uint32_t)raw.n;
}

/* The lines to the end of the body, taken apart. Returns the length of their head; 0: they are to
 * be stored whole. */
static uint32_t store_apart(struct chunk_writer *w, const struct entries *es, const uint32_t *order,
			    size_t n)
{
	const struct shape_codecs codecs = { w->codec, w->codec_planes, w->params.encoding,
					     least_packed(w, APART_MIN) };
	struct shape_lines lines = { .n = n };
	size_t start = w->body.n;
	uint32_t *off, head_len;
	int64_t *ts_ns;

	if (w->params.lines == CHUNK_LINES_WHOLE || w->params.encoding == CODEC_NONE || w->is_small)
		return 0;
	buf_reset(&w->off);
	buf_reset(&w->ts);
	off = (uint32_t *)(void *)buf_reserve(&w->off, (n + 1) * sizeof(*off));
	ts_ns = (int64_t *)(void *)buf_reserve(&w->ts, n * sizeof(*ts_ns));
	off[0] = 0;
	for (size_t i = 0; i < n; i++) {
		off[i + 1] = off[i] + es->v[order[i]].line_len + 1;
		ts_ns[i] = es->v[order[i]].ts_ns;
	}
	buf_reserve(&w->raw[COL_LINES], NEAR_PAD);
	lines.lines = w->raw[COL_LINES].p;
	lines.off = off;
	lines.ts_ns = ts_ns;
	if (!shape_split(w->shapes, &lines))
		return 0;
	head_len = shape_encode(w->shapes, &lines, &codecs, &w->body);
	if (w->body.n - start < w->raw[COL_LINES].n)
		return head_len;
	w->body.n = start;
	return 0;
}

static uint64_t block_meta_bytes(const struct entries *es, const uint32_t *order, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += metatab_set_bytes(&es->meta, es->v[order[i]].meta);
	return sum < UINT32_MAX ? sum : UINT32_MAX;
}

/* One block to the body, what its row says to *ret. */
static void add_block(struct chunk_writer *w, const struct entries *es, const uint32_t *order,
		      size_t n, struct chunk_block *ret)
{
	struct chunk_block b = { .n = (uint32_t)n,
				 .meta_bytes = (uint32_t)block_meta_bytes(es, order, n),
				 .min_ts = es->v[order[0]].ts_ns,
				 .max_ts = es->v[order[n - 1]].ts_ns };
	size_t start = w->body.n, lines;

	for (int c = 0; c < COL_COUNT; c++)
		buf_reset(&w->raw[c]);
	columns_encode(w->columns, es, order, n, w->raw);
	if (w->values)
		bloom_values_add(w->values, buf_bytes(&w->raw[COL_LINES]),
				 buf_bytes(&w->raw[COL_META]));
	for (int c = 0; c < COL_COUNT; c++) {
		b.col_raw[c] = (uint32_t)w->raw[c].n;
		if (c != COL_LINES)
			b.col_stored[c] = store_column(w, c, buf_bytes(&w->raw[c]),
						       c == COL_TS     ? n - 1
						       : c == COL_LENS ? n
								       : 0);
	}
	lines = w->body.n;
	b.shapes_len = store_apart(w, es, order, n);
	if (!b.shapes_len)
		store_column(w, COL_LINES, buf_bytes(&w->raw[COL_LINES]), 0);
	b.col_stored[COL_LINES] = (uint32_t)(w->body.n - lines);
	b.crc_side = crc32c(w->body.p + start, lines - start);
	b.crc_lines =
		crc32c(w->body.p + lines, b.shapes_len ? b.shapes_len : b.col_stored[COL_LINES]);
	w->any_apart |= b.shapes_len > 0;
	*ret = b;
}

/* A row of the block table; *ts_ns is where the block before ended. */
static void add_row(const struct chunk_writer *w, const struct chunk_block *b, int64_t *ts_ns,
		    struct buf *out)
{
	wr_uvarint(out, b->n);
	wr_uvarint(out, b->col_raw[COL_LINES] - b->n);
	wr_uvarint(out, b->meta_bytes);
	wr_uvarint(out, (uint64_t)b->min_ts - (uint64_t)*ts_ns);
	wr_uvarint(out, (uint64_t)b->max_ts - (uint64_t)b->min_ts);
	wr_u32be(out, b->crc_side);
	wr_u32be(out, b->crc_lines);
	for (int c = 0; c < COL_COUNT; c++) {
		if (c != COL_LINES)
			wr_uvarint(out, b->col_raw[c]);
		wr_uvarint(out, b->col_stored[c]);
	}
	if (w->any_apart)
		wr_uvarint(out, b->shapes_len);
	*ts_ns = b->max_ts;
}

uint32_t chunk_encode(struct chunk_writer *w, struct bytes tenant, const struct labels *labels,
		      const struct hash128 *id, const struct entries *es, const uint32_t *order,
		      size_t n, struct buf *out)
{
	int64_t from = es->v[order[0]].ts_ns, through = es->v[order[n - 1]].ts_ns, ts_ns = from;
	uint64_t weight = chunk_weight(es, order, n);
	size_t start = out->n;
	uint32_t n_blocks = 0, head_len;
	const struct chunk_block *rows;

	buf_reset(&w->rows);
	buf_reset(&w->body);
	w->any_apart = false;
	w->is_small = chunk_params_bundle(&w->params) && weight + n * SMALL_ENTRY <= SMALL_MAX;
	for (size_t i = 0; i < n; n_blocks++) {
		size_t k = share(es, order + i, n - i, w->params.block_bytes,
				 w->params.block_entries, &weight);
		struct chunk_block row;

		add_block(w, es, order + i, k, &row);
		buf_add(&w->rows, &row, sizeof(row));
		i += k;
	}
	rows = (const struct chunk_block *)(const void *)w->rows.p;
	chunk_head_begin(out, w->any_apart ? CHUNK_FLAG_SHAPES : 0, (uint8_t)w->params.encoding);
	wr_lstr(out, tenant);
	labels_encode(out, labels);
	buf_add(out, id->b, sizeof(id->b));
	wr_u64be(out, (uint64_t)from);
	wr_uvarint(out, (uint64_t)through - (uint64_t)from);
	for (uint32_t i = 0; i < n_blocks; i++)
		add_row(w, &rows[i], &ts_ns, out);
	head_len = chunk_head_end(out, start, n_blocks, w->body.n);
	buf_add_bytes(out, buf_bytes(&w->body));
	return head_len;
}
