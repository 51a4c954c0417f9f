/*
 * Reads WAL segments, one or many one after another, from a file or a pipe: what a record says, and
 *what is damaged. It never gives an entry that was not written so: each byte handed out was under a
 *checksum.
 *
 *	struct streams *streams = streams_new();
 *	struct wal_reader *r = wal_reader_new(fd, WAL_READ_ALL, streams);
 *	struct wal_item item;
 *	while ((rc = wal_reader_next(r, &item, e)) > 0)
 *		if (item.kind == WAL_BATCH)
 *			for (size_t i = 0; i < item.batch.n_parts; i++)
 *				if (wal_reader_run(r, i, WANT_ALL, &run, e) > 0)
 *					entries_append_run(es, item.batch.part[i].stream, &run,
 *...);
 *
 * For one thread each; readers in several threads may share a file descriptor (they use pread) and
 *a struct streams that none of them changes: see wal_reader_batch_at.
 */
#ifndef WAL_READER_H
#define WAL_READER_H

#include "entry/columns.h"
#include "entry/streams.h"
#include "wal/format.h"

enum wal_read {
	WAL_READ_ALL,	/* a record is handed out when all of it was read and verified, but for a
			   .broken batch (not of a pipe); any descriptor */
	WAL_READ_HEADS, /* a batch's head alone is read and verified, the rest when asked for; for
			   a file of one segment (of several, a torn one but the last counts as
			   damaged) */
};

enum wal_kind {
	WAL_SEGMENT, /* a segment begins: .header */
	WAL_SERIES,  /* streams were described; they are in the reader's streams already: .n_series
		      */
	WAL_BATCH,   /* .batch */
	WAL_END,     /* the segment's own end: .end */
	WAL_TORN, /* the segment has no end record, and what follows .off up to its end is no whole
		     record: the writer died there. Not damage. .why says what was met (nothing but
		     NULs: "NULs") */
	WAL_DAMAGE, /* bytes at .off were lost, reading goes on behind them: .why */
};

/* What one stream has in a batch. */
struct wal_part {
	uint32_t stream; /* number in the reader's streams, or STREAM_NONE: its series record was
			    lost */
	struct hash128 id;
	uint64_t n_entries, line_bytes; /* newlines not counted */
	int64_t min_ts_ns, max_ts_ns;
	uint32_t section; /* parts of one section are decompressed together */
};

struct wal_batch {
	struct bytes tenant;
	int64_t min_ts_ns, max_ts_ns;
	uint64_t batch_id; /* 0 none */
	uint64_t n_entries;
	size_t n_parts; /* ascending by id */
	const struct wal_part *part;
	size_t n_sections;
	uint64_t raw_n; /* of all sections, decompressed */
	bool broken; /* some of its record is lost, as the item before said: those of its parts can
			be read whose sections are sound */
};

struct wal_item {
	enum wal_kind kind;
	uint64_t off, end;	  /* of the record or the damage, from the segment's start */
	uint64_t segment_off;	  /* where the segment begins, from the input's start */
	struct wal_header header; /* of the segment that this is in; zeroed before the first */
	uint32_t n_series;
	struct wal_batch batch; /* borrowed until the next call that moves the reader */
	struct {
		uint64_t n_entries;  /* as the record says */
		struct hash128 seal; /* likewise: of the whole segment, whatever was read of it */
		bool matches; /* the segment's begin was seen, nothing was lost, and entries and
				 checksum of all records agree: only then is what was read the whole
				 segment. False in HEADS mode. */
	} end_record;
	struct err why;
};

struct wal_reader;

/* Called when the input, a pipe, has nothing at the moment: the next call would wait. */
typedef void wal_reader_wait_fn(void *data);

/* fd stays the caller's. streams is filled from series records, and must outlive the reader.
 * Reading begins at the descriptor's start (a file) or where it stands (a pipe). */
struct wal_reader *wal_reader_new(int fd, enum wal_read mode, struct streams *streams);
/* The same over bytes in memory, which must outlive the reader. */
struct wal_reader *wal_reader_new_bytes(struct bytes b, enum wal_read mode,
					struct streams *streams);
void wal_reader_free(struct wal_reader *r);

/* wait(data) is called each time that reading a pipe would have to wait. It must not use the
 * reader.
 */
void wal_reader_on_wait(struct wal_reader *r, wal_reader_wait_fn *wait, void *data);

/* Reads on although the (first) header is damaged, as if one of zeros stood there: for saving what
 * can be saved. Before the first call of next, and only for a file that is a segment. */
void wal_reader_ignore_header(struct wal_reader *r);

/* Reads of a file only what lies from offset start on and before end (0: the file's), as if it were
 * all. Before the first call of next or batch_at. */
void wal_reader_set_range(struct wal_reader *r, uint64_t start, uint64_t end);

/* The first segment's bytes below `end` were good once: what is damaged there is no torn tail. */
void wal_reader_set_good(struct wal_reader *r, uint64_t end);

/*
 * Reads on from offset off, the end of an item or 0, as if the file ended at `end`: whatever was
 * met behind off is forgotten. For a file that is being written: what lies before `end` does not
 * change while it is read, so that a record that is written meanwhile never looks damaged.
 */
void wal_reader_go_on(struct wal_reader *r, uint64_t off, uint64_t end);

/* The input's first bytes, which were read already to see what it is: at most WAL_HEADER. Before
 * the first call of next, and only for a pipe. */
void wal_reader_unread(struct wal_reader *r, struct bytes b);

/*
 * The next item: 1, 0 at the end of the input, -1 on error. Damage is an item, not an error.
 * Errors: ERR_IO; ERR_CORRUPT when the input does not begin with a segment; ERR_VERSION (a segment
 * or record of a later version).
 */
MUST_CHECK int wal_reader_next(struct wal_reader *r, struct wal_item *ret, struct err *e);

/*
 * The batch whose record begins at offset off of the (first) segment, as an item's .off or a
 * sidecar said; `header` of the item stays zeroed. Only for a file. It adds nothing to streams.
 * wal_reader_next then goes on behind it. Errors: ERR_CORRUPT (no batch there), ERR_IO.
 */
MUST_CHECK int wal_reader_batch_at(struct wal_reader *r, uint64_t off, struct wal_item *ret,
				   struct err *e);

/*
 * Decodes part i of the batch that the last item was: 1; 0 when the record is not wholly there
 * (HEADS mode only: it is the torn tail, or the writer took it back meanwhile); -1 on error. Parts
 * should be asked for in ascending order; want is of WANT_... Valid until the next call with this
 * reader. Errors: ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK int wal_reader_run(struct wal_reader *r, size_t i, unsigned want, struct run *ret,
			      struct err *e);

/* What is said of a .broken batch of which n_lost entries cannot be read: ERR_CORRUPT, -1. */
int wal_batch_is_broken(uint64_t n_lost, struct err *e);

/* ALL mode: the whole data of the record that the last item was (series, batch that is not .broken,
 * end), for copying it. Borrowed until the next call. */
struct bytes wal_reader_record(const struct wal_reader *r);

/* ALL mode: entries and checksum of all records of the segment so far, as an end record would say
 * them. */
void wal_reader_running(const struct wal_reader *r, uint64_t *ret_entries, uint32_t *ret_crc);

#endif
