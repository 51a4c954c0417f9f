/* One writer and one reader for all blocks of a test: its group's start and stop. */
#ifndef TESTS_SHAPE_TOOLS_H
#define TESTS_SHAPE_TOOLS_H

#include "shape_block.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))

static struct shape_writer *writer;
static struct shape_reader *reader;

static int start(void **state)
{
	(void)state;
	writer = shape_writer_new();
	reader = shape_reader_new();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	shape_writer_free(writer);
	shape_reader_free(reader);
	return 0;
}

/* Lines of several shapes, some of no kind. */
static inline void put_mixed(struct shape_block *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (i % 7) {
		case 0:
			block_addf(b,
				   "{\"time\":\"2026-01-01T%02zu:%02zu:%02zuZ\",\"n\":%zu,\"id\":"
				   "\"%08zx-%08zx\"}",
				   i / 3600, i / 60 % 60, i % 60, i, i * 2654435761 % 0xffffffff,
				   i * 40503 % 0xfffff);
			break;
		case 1:
			block_addf(b, "n=%zu level=%s msg=\"%zu \\\" %zu\"", i,
				   i % 3 ? "info" : "warn", i * i, i);
			break;
		case 2:
			block_addf(b, "%s", i % 63 ? "{\"n\":null,\"x\":\"\"}" : "text of its own");
			break;
		default:
			block_addf(b, "{\"n\":%zu.%zu,\"list\":[%zu],\"level\":\"%s\"}", i, i % 10,
				   i, i % 5 ? "info" : "warn");
		}
	}
}

static inline void split_and_back(struct shape_block *b)
{
	b->id = CODEC_ZSTD;
	assert_true(block_split(b, writer));
	block_comes_back(b, reader);
}

#endif
