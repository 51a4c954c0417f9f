/*
 * From fragments in pages to records: finds the next whole record, or says what was lost. Private
 * to wal/.
 *
 * Damage is pending until it is known what follows: a sound fragment that begins a record makes it
 * damage; a header or the end of the input makes it a torn tail, if the segment has no end record
 * and a writer that died can have left it.
 */
#ifndef WAL_FRAMES_H
#define WAL_FRAMES_H

#include "wal/format.h"
#include "wal/source.h"

enum wal_frame_kind {
	WAL_FRAME_SEGMENT, /* .header */
	WAL_FRAME_RECORD,  /* .data */
	WAL_FRAME_LOST,	   /* damage, from start to end; .why */
	WAL_FRAME_TORN,	   /* the segment ends in no whole record */
};

struct wal_frames {
	struct wal_source src;
	uint64_t segment; /* offset of the segment in the input */
	uint64_t pos;	  /* where the next fragment is looked for, in the input */
	bool has_segment;
	bool ended;	   /* an end record was seen: only a header may follow */
	struct buf record; /* pieces of the record being put together */
	uint64_t start;	   /* of that record, in the input */
	bool partial;
	bool lost;	  /* damage pending, from lost_at on */
	bool lost_proven; /* a sound fragment was seen behind it, or it was whole once */
	uint64_t lost_at;
	uint64_t was_good; /* the first segment was once: what is damaged below is no torn tail */
	struct err why;
};

struct wal_frame_item {
	enum wal_frame_kind kind;
	uint64_t start, end; /* in the input */
	struct wal_header header;
	struct bytes data; /* until the next call */
};

void wal_frames_release(struct wal_frames *f);

/*
 * 1, or 0 at the end of the input. need(data) says how many bytes of a record suffice, given what
 * there is so far (NULL: all): with fewer than the whole, .data is cut short, .end is where they
 * end, and the caller says with wal_frames_skip where the next record is.  Errors: ERR_IO,
 * ERR_VERSION; ERR_CORRUPT: no segment at the start.
 */
typedef size_t wal_need_fn(struct bytes data);
MUST_CHECK int wal_frames_next(struct wal_frames *f, wal_need_fn *need, struct wal_frame_item *ret,
			       struct err *e);

/* 0 when what stands at the place where reading goes on is damaged, else 1; -1 on error. */
MUST_CHECK int wal_frames_sound(struct wal_frames *f, struct err *e);

/* Goes on at `pos` of the input, a record's end. */
void wal_frames_skip(struct wal_frames *f, uint64_t pos);

/*
 * Appends bytes [from, from + n) of the data of the record of total_n bytes (SIZE_MAX: more than
 * these pages hold) whose first fragment is at `start`. Each fragment touched is verified.
 * Errors: ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK int wal_frames_fetch(struct wal_frames *f, uint64_t start, size_t total_n, size_t from,
				size_t n, struct buf *out, struct err *e);

#endif
