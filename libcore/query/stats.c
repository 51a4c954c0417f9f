#include "query/stats.h"

#include "base/buf.h"
#include "base/num.h"
#include "time/time.h"

static void add_number(struct buf *b, const char *key, uint64_t v)
{
	buf_addf(b, "\"%s\":%llu", key, (unsigned long long)v);
}

static void add_seconds(struct buf *b, const char *key, int64_t ns)
{
	buf_addf(b, "\"%s\":", key);
	num_add_double(b, (double)ns / NS_PER_S);
}

/* What a group of Loki's has: where a log is read, it is in no chunk yet. */
struct store_stats {
	uint64_t chunks, chunks_read, head_bytes, head_lines, bytes, lines, stored_bytes, folded;
	uint64_t head_meta_bytes, meta_bytes;
	int64_t read_ns;
};

static void add_store(struct buf *b, const struct store_stats *s)
{
	const struct {
		const char *key;
		uint64_t v;
	} of[] = {
		{ "headChunkBytes", s->head_bytes },
		{ "headChunkLines", s->head_lines },
		{ "decompressedBytes", s->bytes },
		{ "decompressedLines", s->lines },
		{ "compressedBytes", s->stored_bytes },
		{ "totalDuplicates", s->folded },
		{ "headChunkStructuredMetadataBytes", s->head_meta_bytes },
		{ "decompressedStructuredMetadataBytes", s->meta_bytes },
	};

	buf_add_str(b, "\"store\":{");
	add_number(b, "totalChunksRef", s->chunks);
	buf_add_char(b, ',');
	add_number(b, "totalChunksDownloaded", s->chunks_read);
	buf_add_char(b, ',');
	add_number(b, "chunksDownloadTime", (uint64_t)s->read_ns);
	buf_add_str(b, ",\"chunk\":");
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		buf_add_char(b, i ? ',' : '{');
		add_number(b, of[i].key, of[i].v);
	}
	buf_add_str(b, "}}");
}

/* A log is to us what ingesters are to Loki. */
static void add_ingester(struct buf *b, const struct query_stats *s)
{
	buf_add_str(b, "\"ingester\":{");
	add_number(b, "totalReached", s->segments > 0);
	buf_add_char(b, ',');
	add_number(b, "totalChunksMatched", s->log_streams);
	buf_add_char(b, ',');
	add_number(b, "totalBatches", s->segments);
	buf_add_char(b, ',');
	add_number(b, "totalLinesSent", s->log_lines);
	buf_add_char(b, ',');
	add_store(b, &(struct store_stats){ .head_bytes = s->log_bytes,
					    .head_lines = s->log_lines,
					    .head_meta_bytes = s->log_meta_bytes,
					    .folded = s->log_folded });
	buf_add_char(b, '}');
}

static void add_querier(struct buf *b, const struct query_stats *s)
{
	buf_add_str(b, "\"querier\":{");
	add_store(b, &(struct store_stats){ .chunks = s->chunks,
					    .chunks_read = s->chunks_read,
					    .bytes = s->bytes - s->log_bytes - s->table_bytes,
					    .lines = s->lines - s->log_lines - s->table_lines,
					    .stored_bytes = s->stored_bytes,
					    .folded = s->folded - s->log_folded,
					    .meta_bytes = s->meta_bytes - s->log_meta_bytes,
					    .read_ns = s->read_ns });
	buf_add_char(b, '}');
}

void query_stats_add_json(struct buf *b, const struct query_stats *s, uint64_t rows,
			  int64_t waited_ns)
{
	int64_t ns = time_mono_ns() - s->start_ns - waited_ns;
	double seconds = (double)(ns > 0 ? ns : 1) / NS_PER_S;

	buf_add_str(b, "{\"summary\":{");
	add_number(b, "bytesProcessedPerSecond", (uint64_t)((double)s->bytes / seconds));
	buf_add_char(b, ',');
	add_number(b, "linesProcessedPerSecond", (uint64_t)((double)s->lines / seconds));
	buf_add_char(b, ',');
	add_number(b, "totalBytesProcessed", s->bytes);
	buf_add_char(b, ',');
	add_number(b, "totalLinesProcessed", s->lines);
	buf_add_char(b, ',');
	add_seconds(b, "execTime", ns);
	buf_add_char(b, ',');
	add_seconds(b, "queueTime", s->queued_ns + waited_ns);
	buf_add_str(b, ",\"subqueries\":0,");
	add_number(b, "totalEntriesReturned", rows);
	buf_add_str(b, ",\"splits\":0,\"shards\":0,");
	add_number(b, "totalPostFilterLines", s->kept);
	buf_add_char(b, ',');
	add_number(b, "totalStructuredMetadataBytesProcessed", s->meta_bytes);
	buf_add_str(b, "},");
	add_querier(b, s);
	buf_add_char(b, ',');
	add_ingester(b, s);
	buf_add_char(b, '}');
}
