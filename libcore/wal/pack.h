/*
 * From entries to the bytes of a segment: series and batch records, framed. Pure: who writes them
 * where is the caller's affair. For one thread.
 */
#ifndef WAL_PACK_H
#define WAL_PACK_H

#include "entry/entries.h"
#include "entry/streams.h"
#include "wal/format.h"

/* Where a segment stands; the caller keeps one to go back to when a write fails. */
struct wal_place {
	uint64_t off;	  /* bytes of the segment so far, header included */
	uint64_t entries; /* of all batches */
	uint64_t batches; /* records of them: each is answered by itself */
	uint32_t crc;	  /* over the data of all records */
};

struct wal_packer;

/* streams gives ids and labels of the numbers in entries; it must outlive the packer. */
struct wal_packer *wal_packer_new(const struct streams *streams);
void wal_packer_free(struct wal_packer *p);

/* A new segment: every stream is described again before its first use. */
void wal_packer_begin(struct wal_packer *p);
struct wal_place wal_packer_place(const struct wal_packer *p);
/* Back to a place of this segment: what was added since was not written. */
void wal_packer_back(struct wal_packer *p, struct wal_place place);

/*
 * Appends to out the records of these entries, as they follow what was added before: for each
 * tenant the series that need it and one batch or more. es is not empty. Errors: ERR_LIMIT: a
 * record would be larger than WAL_RECORD_MAX; out and the place are then as before.
 */
MUST_CHECK int wal_packer_add(struct wal_packer *p, const struct entries *es, uint64_t batch_id,
			      struct buf *out, struct err *e);
/* Appends a record that another segment holds, as it is. */
void wal_packer_copy(struct wal_packer *p, struct bytes record, uint64_t n_entries,
		     struct buf *out);
/* The same of a batch's record, behind the series that its streams need here: their numbers,
 * ascending by id, all of one tenant. */
void wal_packer_copy_batch(struct wal_packer *p, struct bytes record, const uint32_t *stream,
			   size_t n_streams, uint64_t n_entries, struct buf *out);
/* Appends the end record: nothing may follow. */
void wal_packer_end(struct wal_packer *p, struct buf *out);

/* Forgets what it knows of streams: for an owner that resets them. */
void wal_packer_forget(struct wal_packer *p);

#endif
