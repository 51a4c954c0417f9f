/*
 * A WAL input of any bytes, read in both modes: never a crash, both agree on what is sound, and a
 * segment that is said to be whole has as many entries as its end record says.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "wal/reader.h"

struct count {
	uint64_t entries, whole, sum;
};

static void read_batch(struct wal_reader *r, const struct wal_batch *b, struct count *c)
{
	for (size_t p = 0; p < b->n_parts; p++) {
		struct run run;
		struct err e;

		if (b->part[p].stream == STREAM_NONE ||
		    wal_reader_run(r, p, WANT_ALL, &run, &e) <= 0)
			continue;
		if (run.n != b->part[p].n_entries)
			abort();
		c->entries += run.n;
		for (size_t i = 0; i < run.n; i++) {
			struct bytes line = run_line(&run, i);

			c->sum += line.n ? (unsigned char)line.p[line.n - 1] : 0;
		}
	}
}

static struct count read_all(struct bytes b, enum wal_read mode)
{
	struct streams *streams = streams_new();
	struct wal_reader *r = wal_reader_new_bytes(b, mode, streams);
	struct count c = { 0 };
	struct wal_item item;
	uint64_t before = 0;
	struct err e;

	while (wal_reader_next(r, &item, &e) > 0) {
		if (item.end < item.off || item.segment_off + item.off > b.n + WAL_PAGE)
			abort();
		if (item.kind == WAL_SEGMENT)
			before = c.entries;
		if (item.kind == WAL_BATCH)
			read_batch(r, &item.batch, &c);
		if (item.kind == WAL_END && item.end_record.matches) {
			if (mode != WAL_READ_ALL)
				abort();
			/* Checksums can be right over runs that decode to nothing: fewer, never
			 * more. */
			if (c.entries - before > item.end_record.n_entries)
				abort();
			c.whole++;
		}
	}
	wal_reader_free(r);
	streams_free(streams);
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = bytes_of(data, size);
	struct count all = read_all(b, WAL_READ_ALL), heads = read_all(b, WAL_READ_HEADS);

	return all.sum + heads.sum == UINT64_MAX; /* never: so that every byte is looked at */
}
