/*
 * Bytes of a WAL input by offset: a file (pread), a pipe (read, kept from the last offset asked
 * for), or memory. Private to wal/.
 */
#ifndef WAL_SOURCE_H
#define WAL_SOURCE_H

#include "base/buf.h"
#include "base/err.h"

enum wal_source_kind { WAL_SOURCE_MEMORY, WAL_SOURCE_FILE, WAL_SOURCE_PIPE };

struct wal_source {
	enum wal_source_kind kind;
	int fd;
	struct bytes mem;
	uint64_t base, limit; /* file: offset 0 is at `base` of it; limit is where the input ends,
				 0: where the file does */
	struct buf buf;	      /* bytes from buf_off on */
	uint64_t buf_off;
	size_t step;		     /* how much is read at once */
	bool at_end;		     /* pipe: end of file was met */
	void (*on_wait)(void *data); /* or NULL: before a pipe that has nothing is waited for */
	void *data;
};

void wal_source_init_fd(struct wal_source *s, int fd, size_t step);
void wal_source_init_bytes(struct wal_source *s, struct bytes b);
void wal_source_release(struct wal_source *s);
void wal_source_unread(struct wal_source *s, struct bytes b);

/*
 * The n bytes at offset off, fewer only at the end of the input; valid until the next call. In a
 * pipe, off is never less than in a call before.  Errors: ERR_IO.
 */
MUST_CHECK int wal_source_get(struct wal_source *s, uint64_t off, size_t n, struct bytes *ret,
			      struct err *e);

/* True when the input has at least `end` bytes. Not for pipes. */
bool wal_source_has(struct wal_source *s, uint64_t end);

#endif
