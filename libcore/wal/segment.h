/*
 * The segments of a WAL folder: NAME.wal each, a sidecar NAME.sum beside it, *.tmp ignored. A
 * writer holds flock(LOCK_EX) on its segment from before it has its name until it is done with it;
 * a segment that nobody holds is closed, and never written again.
 */
#ifndef WAL_SEGMENT_H
#define WAL_SEGMENT_H

#include "wal/format.h"

enum wal_state { WAL_OPEN, WAL_CLOSED };

struct wal_segment {
	char *path; /* owned */
	int fd;	    /* owned, open for reading */
	uint64_t size;
	uint64_t start, end; /* where it lies in a file that holds several (wal_segment_behind); end
				0: up to the file's */
	bool in_log;	     /* found in a folder of the log, where a file holds one segment */
	enum wal_state state;
	bool has_header; /* false: shorter than a header, or it is damaged (wal_segment_check says
			    how); header is then zeroed */
	bool is_empty;	 /* no byte at all; one that ends within its header was cut, since that is
			    durable before the segment has its name */
	struct wal_header header;
};

void wal_segment_release(struct wal_segment *s);
/* Never waits: a FIFO is refused. Errors: ERR_IO, also of what is no regular file. */
MUST_CHECK int wal_segment_open(const char *path, struct wal_segment *ret, struct err *e);
/* The same of a descriptor of a regular file, which becomes its own, also on failure. It counts as
 * open: it has no sidecar. name is for messages. */
MUST_CHECK int wal_segment_open_fd(int fd, const char *name, struct wal_segment *ret,
				   struct err *e);

/*
 * The segment that begins behind s, at offset off from s's start, of a file that holds several. It
 * counts as open: it has no sidecar. Path and descriptor stay those of s, and it is not released.
 * Errors: ERR_IO, ERR_CORRUPT, ERR_VERSION.
 */
MUST_CHECK int wal_segment_behind(const struct wal_segment *s, uint64_t off,
				  struct wal_segment *ret, struct err *e);
/* What is said of a file of the log in which a second segment begins at `at`: ERR_CORRUPT, -1. */
int wal_segment_is_several(uint64_t at, struct err *e);

/* Looks again at state and size, in this order: of a closed one the size is the last. Errors:
 * ERR_IO.
 */
MUST_CHECK int wal_segment_look(struct wal_segment *s, struct err *e);

/*
 * Where reading ends: its own end, or 0 for the file's. An open segment is read up to the size that
 * it was seen with. What is written behind it meanwhile grows between two reads: a record seen in
 * part, and then a whole one behind it, would be taken for damage.
 */
uint64_t wal_segment_end(const struct wal_segment *s);

/* What is wrong with its header; 0 when nothing is. Errors: ERR_CORRUPT, ERR_VERSION, ERR_IO. */
MUST_CHECK int wal_segment_check(const struct wal_segment *s, struct err *e);

struct wal_list {
	struct wal_segment *v;
	size_t n, cap;
	struct err *fault; /* of each *.wal that cannot be opened or is no file, with its name */
	size_t n_faults, cap_faults;
};

/* Closes all. A deleted segment that was opened before stays readable until then. */
void wal_list_release(struct wal_list *l);

/*
 * Adds every segment of dir to l, opened, and sorts l by (created, id): the order in which equal
 * timestamps are read. A folder that does not exist has none; a segment that vanishes meanwhile is
 * left out; one that cannot be opened stands in .fault, for the caller to report. Raises the limit
 * of open files when it must.  Errors: ERR_IO (the folder).
 */
MUST_CHECK int wal_list_dir(const char *dir, struct wal_list *l, struct err *e);

/* Adds what path names: all segments of a folder, as wal_list_dir does, or one file. Errors:
 * ERR_IO. */
MUST_CHECK int wal_list_path(const char *path, struct wal_list *l, struct err *e);

/* Is this, without a folder, what a segment of a log may be called: NAME.wal? */
bool wal_is_segment_name(const char *name);

/* The path of the sidecar of a segment's path: NAME.sum for NAME.wal. */
void wal_sidecar_path(const char *segment_path, struct buf *out);

/* Appends what a segment of this header is called: "20260115T100000-89abcdef.wal". */
void wal_segment_name(const struct wal_header *h, struct buf *out);

/* The time that the name of a segment, "20260115T100000-89abcdef.wal", says, in whole seconds;
 * false when it is none. */
bool wal_segment_name_time(const char *name, int64_t *ret_ns);

/*
 * Makes a new segment in dir with its header written, locked and durable, and only then gives it
 * its name. Returns the descriptor, open for writing, and the path in *ret_path (to be freed).
 * Errors: ERR_IO, ERR_FULL.
 */
MUST_CHECK int wal_segment_create(const char *dir, const struct wal_header *h, char **ret_path,
				  struct err *e);

/* Deletes the sidecar, then the closed segment, and makes that durable. Errors: ERR_IO. */
MUST_CHECK int wal_segment_delete(const struct wal_segment *s, struct err *e);

#endif
