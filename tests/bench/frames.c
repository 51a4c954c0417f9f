/*
 * frames - what a daemon gives to lokid-ingest: segments on stdin, packed again into batches of so
 * many bytes of lines, each with an id, as frames on stdout.
 *
 *	frames BYTES [MAX]
 *
 * Ends after MAX batches. A segment begins anew every 64 MB.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "bench.h"
#include "entry/entries.h"
#include "wal/pack.h"
#include "wal/reader.h"

enum { SEGMENT = 64000000, OUT = 1 << 20 };

struct maker {
	struct streams *streams;
	struct wal_packer *packer;
	struct entries es;
	struct buf out;
	uint64_t batch_bytes, max, n_batches;
};

static void put_out(struct maker *m)
{
	struct err e;

	if (io_write(STDOUT_FILENO, m->out.p, m->out.n, &e) < 0)
		die(e.msg);
	buf_reset(&m->out);
}

static void begin_segment(struct maker *m)
{
	struct wal_header h = { .created_ns = 1, .node = "bench" };
	unsigned char head[WAL_HEADER];

	wal_header_encode(&h, head);
	buf_add(&m->out, head, sizeof(head));
	wal_packer_begin(m->packer);
}

static void end_batch(struct maker *m)
{
	struct err e;

	if (m->es.n == 0)
		return;
	if (wal_packer_place(m->packer).off >= SEGMENT)
		begin_segment(m);
	if (wal_packer_add(m->packer, &m->es, ++m->n_batches, &m->out, &e) < 0)
		die(e.msg);
	entries_reset(&m->es);
	if (m->out.n >= OUT)
		put_out(m);
}

static void add_run(struct maker *m, uint32_t stream, const struct run *run)
{
	for (size_t i = 0; i < run->n && m->n_batches < m->max; i++) {
		entries_add(&m->es, stream, run->ts_ns[i], run_line(run, i), 0);
		if (entries_line_bytes(&m->es) >= m->batch_bytes)
			end_batch(m);
	}
}

int main(int argc, char **argv)
{
	struct maker m = { .max = UINT64_MAX };
	struct wal_reader *r;
	struct wal_item item;
	struct run run;
	struct err e;

	if (argc < 2 || !num_size(bytes_str(argv[1]), &m.batch_bytes) ||
	    (argc > 2 && !num_u64(bytes_str(argv[2]), &m.max)))
		die("usage: frames BYTES [MAX]");
	m.streams = streams_new();
	m.packer = wal_packer_new(m.streams);
	r = wal_reader_new(STDIN_FILENO, WAL_READ_ALL, m.streams);
	begin_segment(&m);
	while (m.n_batches < m.max && wal_reader_next(r, &item, &e) > 0)
		for (size_t i = 0; item.kind == WAL_BATCH && i < item.batch.n_parts; i++)
			if (wal_reader_run(r, i, WANT_ALL, &run, &e) > 0)
				add_run(&m, item.batch.part[i].stream, &run);
	end_batch(&m);
	put_out(&m);
	fprintf(stderr, "%llu batches\n", (unsigned long long)m.n_batches);
	wal_reader_free(r);
	wal_packer_free(m.packer);
	streams_free(m.streams);
	entries_release(&m.es);
	buf_release(&m.out);
	return 0;
}
