/*
 * Files: whole reads and writes, mapping, and the one way in which a file is made or replaced
 * (a temporary name, write, fsync, rename, fsync of the folder). Names in messages are quoted.
 * For any thread.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* Opens for reading (O_CLOEXEC); "-" is not special here. Returns the descriptor or -1. */
MUST_CHECK int io_open(const char *path, struct err *e);

/* Reads up to n bytes, fewer only at the end of the file. Returns how many, or -1 (ERR_IO). */
MUST_CHECK int64_t io_read(int fd, void *p, size_t n, struct err *e);
MUST_CHECK int64_t io_pread(int fd, void *p, size_t n, uint64_t off, struct err *e);

/* Writes all n bytes, or fails (ERR_FULL, ERR_IO). How much was written is then not known. */
MUST_CHECK int io_write(int fd, const void *p, size_t n, struct err *e);
MUST_CHECK int io_pwrite(int fd, const void *p, size_t n, uint64_t off, struct err *e);

/* Lets a pipe hold n bytes, so that either side may be late a while, and is woken less often; where
 * that is not allowed it stays as it is. */
void io_widen_pipe(int fd, size_t n);

/* Appends the whole file to b; ERR_LIMIT when it has more than max bytes. */
MUST_CHECK int io_read_file(const char *path, size_t max, struct buf *b, struct err *e);

/* A new file without a name, in $TMPDIR or /tmp. Returns its descriptor, or -1 (ERR_FULL, ERR_IO).
 */
MUST_CHECK int io_tmpfile(struct err *e);
/* Such a file that holds `start` and then all that fd still gives:
 * for what only a file can be read as; at offset 0. */
MUST_CHECK int io_spool(int fd, struct bytes start, struct err *e);

/* A file mapped for reading. {0} is a valid empty one. The bytes are valid until io_unmap; a file
 * that others cut meanwhile would kill us with SIGBUS, so map only what is never cut. */
struct io_map {
	struct bytes b;
};

MUST_CHECK int io_map(const char *path, struct io_map *ret, struct err *e);
MUST_CHECK int io_map_fd(int fd, struct io_map *ret, struct err *e);
void io_unmap(struct io_map *m);
/* n bytes at off of a mapping are not needed any more: their pages no longer count as memory of
 * this process. Who reads them again gets them back. map is all of it. */
void io_map_forget(struct bytes map, uint64_t off, uint64_t n);

/* What is forgotten in steps of a few MiB, for who reads parts that lie near each other: a part
 * takes those around it along, which would have to be mapped again. {0} is nothing. */
struct io_past {
	struct bytes map; /* private, as all */
	uint64_t from, to;
};

/* The same; sooner or later. */
void io_past_add(struct io_past *past, struct bytes map, uint64_t off, uint64_t n);
/* Now. Once a mapping is unmapped that was added from, nothing may be called any more. */
void io_past_forget(struct io_past *past);

/* Opens a folder to be listed (closedir it); one that is not there is *ret = NULL and success.
 * Errors: ERR_IO, also of what is no folder. */
MUST_CHECK int io_opendir(const char *path, DIR **ret, struct err *e);

/* Makes the folder and its missing parents, each fsynced into its own parent. */
MUST_CHECK int io_mkdirs(const char *path, struct err *e);
MUST_CHECK int io_sync_dir(const char *path, struct err *e);

/*
 * A file that appears under its name only when it is complete and durable:
 *   file_replace_open, write to .fd, then file_replace_commit, or file_replace_abort.
 * The temporary name lies beside the last one and ends in ".tmp"; abort removes it.
 */
struct file_replace {
	int fd;
	char *tmp_path; /* owned */
	bool unnamed;	/* tmp_path is what it will be called before it gets its name */
};

MUST_CHECK int file_replace_open(const char *dir, struct file_replace *ret, struct err *e);
/* The same, but where the system can the file has no name until commit: who is killed meanwhile
 * leaves nothing behind. */
MUST_CHECK int file_replace_open_unnamed(const char *dir, struct file_replace *ret, struct err *e);
/* fsync, rename to path (in the folder given at open), fsync the folder. r is released in any case.
 */
MUST_CHECK int file_replace_commit(struct file_replace *r, const char *path, struct err *e);
void file_replace_abort(struct file_replace *r);

/* Deletes what writers that died left in dir: files with such temporary names which nobody has
 * written to for an hour. A folder that is not there is fine. Errors: ERR_IO. */
MUST_CHECK int file_replace_sweep(const char *dir, struct err *e);
/* How many of these there are; nothing is deleted. */
MUST_CHECK int64_t file_replace_abandoned(const char *dir, struct err *e);

/* The whole in one: writes b as path. */
MUST_CHECK int file_replace_bytes(const char *path, struct bytes b, struct err *e);

#endif
