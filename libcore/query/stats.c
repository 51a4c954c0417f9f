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

/* What is stored compressed, and how long it takes to get it, is not counted. */
static void add_store(struct buf *b, uint64_t chunks, uint64_t bytes, uint64_t lines)
{
	buf_add_str(b, "\"store\":{");
	add_number(b, "totalChunksRef", chunks);
	buf_add_str(b, ",\"totalChunksDownloaded\":0,\"chunksDownloadTime\":0,\"chunk\":{"
		       "\"headChunkBytes\":0,\"headChunkLines\":0,");
	add_number(b, "decompressedBytes", bytes);
	buf_add_char(b, ',');
	add_number(b, "decompressedLines", lines);
	buf_add_str(b, ",\"compressedBytes\":0,\"totalDuplicates\":0}}");
}

/* A log is to us what ingesters are to Loki; its lines are in no chunk yet. */
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
	add_store(b, 0, s->log_bytes, s->log_lines);
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
	buf_add_str(b, ",\"totalStructuredMetadataBytesProcessed\":0},\"querier\":{");
	add_store(b, s->chunks, s->bytes - s->log_bytes, s->lines - s->log_lines);
	buf_add_str(b, "},");
	add_ingester(b, s);
	buf_add_char(b, '}');
}
