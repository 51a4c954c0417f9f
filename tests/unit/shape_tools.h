/* One writer and one reader for all blocks of a test: its group's start and stop. */
#ifndef TESTS_SHAPE_TOOLS_H
#define TESTS_SHAPE_TOOLS_H

#include "shape_block.h"

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

static inline void split_and_back(struct shape_block *b)
{
	b->id = CODEC_ZSTD;
	assert_true(block_split(b, writer));
	block_comes_back(b, reader);
}

#endif
