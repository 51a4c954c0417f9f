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

/* What is read is not told apart by where it lies: all is the store's. */
static void add_store(struct buf *b, const struct query_stats *s)
{
	buf_add_str(b, "\"store\":{\"totalChunksRef\":0,\"totalChunksDownloaded\":0,"
		       "\"chunksDownloadTime\":0,\"chunk\":{\"headChunkBytes\":0,"
		       "\"headChunkLines\":0,");
	add_number(b, "decompressedBytes", s->bytes);
	buf_add_char(b, ',');
	add_number(b, "decompressedLines", s->lines);
	buf_add_str(b, ",\"compressedBytes\":0,\"totalDuplicates\":0,");
	add_number(b, "postFilterLines", s->kept);
	buf_add_str(b, "}}");
}

void query_stats_add_json(struct buf *b, const struct query_stats *s, uint64_t rows,
			  int64_t waited_ns)
{
	static const struct query_stats none;
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
	add_store(b, s);
	buf_add_str(b, "},\"ingester\":{\"totalReached\":0,\"totalChunksMatched\":0,"
		       "\"totalBatches\":0,\"totalLinesSent\":0,");
	add_store(b, &none);
	buf_add_str(b, "}}");
}
