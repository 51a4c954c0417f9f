/*
 * What is saved is written in MEND_ASIDE, where it has no segment's name, and is renamed over the
 * damaged segment when that has a second name there. The other way, a new segment beside the old
 * one, which then goes, a reader that lists the folder meanwhile could miss both.
 */
#include "ingest/mend.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "wal/sidecar.h"

void mended_release(struct mended *m)
{
	free(m->aside);
	free(m->rest);
	*m = (struct mended){ 0 };
}

static struct bytes folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? bytes_of(path, (size_t)(slash - path)) : BYTES_LIT(".");
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_file_of(const char *path, int fd)
{
	struct stat a, b;

	return stat(path, &a) == 0 && fstat(fd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* The sidecar may be the only witness of what is missing. One that is not there is no matter. */
static int link_sidecar(const char *segment, const char *aside, struct err *e)
{
	struct buf from = { 0 }, to = { 0 };
	int rc = 0;

	wal_sidecar_path(segment, &from);
	wal_sidecar_path(aside, &to);
	if (link(buf_str(&from), buf_str(&to)) < 0 && errno != ENOENT && errno != EEXIST)
		rc = err_sys(e, "cannot make '%s'", buf_str(&to));
	buf_release(&from);
	buf_release(&to);
	return rc;
}

/* Gives it a second name in dir, into *aside; it may have one of a run that was killed. */
static int set_aside(const struct wal_segment *seg, const char *dir, struct buf *aside,
		     struct err *e)
{
	const char *name = name_of(seg->path), *dot = strrchr(name, '.');

	for (int n = 1; n <= SALVAGE_NAMES_MAX; n++) {
		salvage_set_path(aside, dir, name, n, dot ? dot : "");
		if (link(seg->path, buf_str(aside)) == 0 || is_file_of(buf_str(aside), seg->fd))
			return link_sidecar(seg->path, buf_str(aside), e) < 0 ? -1
									      : io_sync_dir(dir, e);
		if (errno != EEXIST)
			return err_sys(e, "cannot make '%s'", buf_str(aside));
	}
	return err_set(e, ERR_IO, "'%s' has too many segments of this name", dir);
}

/* Of a segment that goes, or is undamaged after all. */
static int delete_sidecar(const char *segment, struct err *e)
{
	struct buf sum = { 0 };
	int rc = 0;

	wal_sidecar_path(segment, &sum);
	if (unlink(buf_str(&sum)) < 0 && errno != ENOENT)
		rc = err_sys(e, "cannot delete '%s'", buf_str(&sum));
	buf_release(&sum);
	return rc;
}

/* saved: what takes its place; not open: nothing does. A sidecar of it fits nothing that is new. */
static int replace(const struct wal_segment *seg, struct file_replace *saved, struct err *e)
{
	return saved->tmp_path ? file_replace_commit(saved, seg->path, e)
			       : wal_segment_delete(seg, e);
}

/* saved: as replace has it. */
static int change_places(const struct wal_segment *seg, const char *dir, struct file_replace *saved,
			 struct mended *ret, struct err *e)
{
	struct buf aside = { 0 };
	int rc = -1;

	if (!is_file_of(seg->path, seg->fd))
		err_set(e, ERR_AGAIN, "somebody else has just mended it");
	else if (set_aside(seg, dir, &aside, e) == 0)
		rc = replace(seg, saved, e);
	if (rc == 0)
		ret->aside = strdup(buf_str(&aside));
	buf_release(&aside);
	return rc;
}

/* A segment that is not understood is not damaged, and nobody could save it. */
static int check_version(const struct wal_segment *seg, struct err *e)
{
	struct err why;

	if (seg->has_header || wal_segment_check(seg, &why) == 0 || why.code == ERR_CORRUPT)
		return 0;
	*e = why;
	return -1;
}

int mend_segment(const struct wal_segment *seg, struct mended *ret, struct err *e)
{
	struct mended m = { 0 };
	struct file_replace saved = { 0 };
	struct buf dir = { 0 };
	char *path = NULL;
	int rc = -1;

	buf_addf(&dir, "%.*s/%s", BYTES_ARG(folder_of(seg->path)), MEND_ASIDE);
	if (check_version(seg, e) < 0 || file_replace_sweep(buf_str(&dir), e) < 0 ||
	    salvage_unnamed(seg, buf_str(&dir), &m.counts, &saved, &path, &m.rest, e) < 0)
		goto out;
	m.saved = saved.tmp_path != NULL;
	if (m.counts.undamaged)
		rc = delete_sidecar(seg->path, e);
	else
		rc = change_places(seg, buf_str(&dir), &saved, &m, e);
	if (rc == 0) {
		*ret = m;
		m = (struct mended){ 0 };
	}
out:
	mended_release(&m);
	file_replace_abort(&saved);
	free(path);
	buf_release(&dir);
	return rc;
}

int mend_count_aside(const char *wal, uint64_t *ret, struct err *e)
{
	struct buf path = { 0 };
	uint64_t n = 0;
	DIR *d = NULL;
	int rc;

	buf_addf(&path, "%s/%s", wal, MEND_ASIDE);
	rc = io_opendir(buf_str(&path), &d, e);
	for (const struct dirent *f; rc == 0 && d && (f = readdir(d));)
		n += wal_is_segment_name(f->d_name);
	if (d)
		closedir(d);
	if (rc == 0)
		*ret = n;
	buf_release(&path);
	return rc;
}
