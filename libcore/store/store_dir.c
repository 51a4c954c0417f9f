/*
 * The folder as a store. Names become paths below the root; objects are made by file_replace, so
 * that a reader sees all of one or nothing.
 *
 * Folders must be as durable as what is put into them. A folder that is found may have been made a
 * moment ago by someone who was killed before its fsync, so the first put into a folder syncs the
 * chain of its parents up to the root, made here or not.
 */
#include "store/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/dir_walk.h"
#include "store/parts.h"
#include "time/time.h"

enum { FOLDER_AGE_S = 3600, FOLDER_TRIES = 3 };

struct dir_store {
	struct store base;
	bool absent;	      /* an empty one without a folder */
	pthread_mutex_t lock; /* guards what follows */
	struct map synced;    /* folders whose chain is durable */
	struct arena names;   /* their names */
};

static struct dir_store *dir_of(struct store *s)
{
	return (struct dir_store *)s;
}

static void path_of(const struct store *s, const char *name, struct buf *b)
{
	buf_reset(b);
	buf_addf(b, "%s/%s", s->path, name);
	buf_str(b);
}

static int is_dir(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open store '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO, "store '%s' is not a folder", path);
	return 1;
}

/* 0 a format that we know, 1 there is none yet */
static int check_format(struct store *s, struct err *e)
{
	struct buf path = { 0 }, text = { 0 };
	int rc;

	path_of(s, store_format_name, &path);
	if (access(path.p, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		buf_release(&path);
		return 1;
	}
	rc = io_read_file(path.p, STORE_FORMAT_FILE_MAX, &text, e);
	if (rc == 0)
		rc = store_format_check(s, buf_bytes(&text), e);
	buf_release(&text);
	buf_release(&path);
	return rc;
}

enum folder { FOLDER_AS_KNOWN, FOLDER_ANEW };

/* Makes folder ("a/b/", relative) and makes it and all above it durable; once per process, unless
 * it has gone since. */
static int need_folder(struct store *s, const char *folder, enum folder how, struct err *e)
{
	struct dir_store *ds = dir_of(s);
	const uint64_t h = hash64(bytes_str(folder));
	struct buf path = { 0 };
	bool known;
	int rc = 0;

	pthread_mutex_lock(&ds->lock);
	known = map_get(&ds->synced, h, bytes_str(folder)) != MAP_NONE;
	if (known && how == FOLDER_AS_KNOWN)
		goto out;
	path_of(s, folder, &path);
	rc = io_mkdirs(path.p, e);
	for (size_t n = path.n; rc == 0 && n > strlen(s->path); n--) {
		if (path.p[n - 1] != '/')
			continue;
		path.p[n - 1] = '\0';
		rc = io_sync_dir(path.p, e);
	}
	path_of(s, folder, &path);
	if (rc == 0)
		rc = file_replace_sweep(path.p, e);
	if (rc == 0 && !known)
		map_put(&ds->synced, h, arena_copy(&ds->names, bytes_str(folder)), 0);
out:
	pthread_mutex_unlock(&ds->lock);
	buf_release(&path);
	return rc;
}

static bool is_other(const struct store *s, struct buf *ret_name);

static int dir_mark(struct store *s, struct err *e)
{
	struct buf path = { 0 }, text = { 0 };
	int rc;

	path_of(s, store_format_name, &path);
	store_format_add(s, &text);
	rc = need_folder(s, "~lokid/", FOLDER_AS_KNOWN, e);
	if (rc == 0)
		rc = file_replace_bytes(path.p, buf_bytes(&text), e);
	buf_release(&path);
	buf_release(&text);
	return rc;
}

static int dir_check_mark(struct store *s, struct err *e)
{
	int rc = check_format(s, e);

	return rc > 0 ? store_not_marked(s, e) : rc;
}

/* 1; 0 it has become one since; -1 it has something else. */
static int may_be_made(struct store *s, struct err *e)
{
	struct buf other = { 0 };
	int rc = 1;

	if (is_other(s, &other)) {
		rc = check_format(s, e); /* again: it may have been made, and filled, since */
		if (rc > 0)
			rc = store_not_empty(s, buf_str(&other), e);
	}
	buf_release(&other);
	return rc;
}

static int make_store(struct store *s, struct err *e)
{
	struct buf path = { 0 };
	int rc;

	if (io_mkdirs(s->path, e) < 0)
		return -1;
	rc = check_format(s, e);
	if (rc > 0)
		rc = may_be_made(s, e);
	if (rc <= 0)
		return rc;
	path_of(s, "..", &path);
	if (access(path.p, R_OK) == 0 && io_sync_dir(path.p, e) < 0) {
		buf_release(&path);
		return -1;
	}
	buf_release(&path);
	return dir_mark(s, e);
}

/* Something without the mark of a store, in a folder that a slip of the pen may have named?
 * "~lokid" alone is a store that is being made this moment, as by the end of the pipe whose head
 * asks; "lost+found" is on every new disk. */
static bool is_other(const struct store *s, struct buf *ret_name)
{
	DIR *d = opendir(s->path);
	bool ret = false;

	if (!d)
		return false; /* whoever lists it says why */
	for (struct dirent *de; !ret && (de = readdir(d)) != NULL;) {
		ret = strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		      strcmp(de->d_name, "~lokid") != 0 && strcmp(de->d_name, "lost+found") != 0;
		if (ret)
			buf_add_str(ret_name, de->d_name);
	}
	closedir(d);
	return ret;
}

static int look_at(struct store *s, enum store_mode mode, struct err *e)
{
	int rc = check_format(s, e);

	if (rc > 0 && mode == STORE_READ_IF_THERE)
		rc = may_be_made(s, e);
	if (rc < 0 && mode == STORE_MEND && e->code == ERR_CORRUPT)
		rc = 0;
	return rc < 0 ? -1 : 0;
}

static int no_store(const char *path, struct err *e)
{
	const char *part = store_parts_glued(path);

	err_set(e, ERR_NO, "there is no store '%s'%s%s%s", path,
		part ? ": a blank goes before '" : "", part ? part : "", part ? "'" : "");
	return -1;
}

static const struct store_ops dir_ops;

struct store *store_dir_open(const char *path, enum store_mode mode, unsigned lacks, struct err *e)
{
	struct dir_store *ds = mem_alloc(sizeof(*ds));
	struct store *s = &ds->base;
	int rc;

	s->ops = &dir_ops;
	s->path = strdup(path);
	s->lacks = s->marked = lacks;
	pthread_mutex_init(&ds->lock, NULL);
	if (mode == STORE_WRITE) {
		rc = make_store(s, e);
	} else {
		rc = is_dir(s->path, e);
		if (rc == 1)
			rc = look_at(s, mode, e);
		else if (rc == 0 && mode != STORE_READ_IF_THERE)
			rc = no_store(s->path, e);
		else
			ds->absent = rc == 0;
	}
	if (rc < 0) {
		store_close(s);
		return NULL;
	}
	return s;
}

static void dir_close(struct store *s)
{
	struct dir_store *ds = dir_of(s);

	map_release(&ds->synced);
	arena_release(&ds->names);
	pthread_mutex_destroy(&ds->lock);
	free(s->path);
	free(ds);
}

/* ---- listing ---- */

static int list(struct store *s, const char *folder, enum dir_walk_what what, store_object_fn *each,
		void *data, struct err *e)
{
	s->lists++;
	return dir_of(s)->absent ? 0 : dir_walk(s->path, folder, what, each, data, e);
}

static int dir_list(struct store *s, const char *folder, store_object_fn *each, void *data,
		    struct err *e)
{
	return list(s, folder, DIR_WALK_ALL, each, data, e);
}

static int dir_list_folders(struct store *s, const char *folder, store_object_fn *each, void *data,
			    struct err *e)
{
	return list(s, folder, DIR_WALK_FOLDERS, each, data, e);
}

/* A folder in which nothing has been for a while: of a day of which all is gone. Whoever is about
 * to write to it makes it again. */
static void remove_unused(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_mtime < time(NULL) - FOLDER_AGE_S)
		rmdir(path); /* fails when something is in it */
}

static bool is_folder_in(DIR *d, const char *name)
{
	struct stat st;

	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int leftovers_below(const char *path, int depth, uint64_t *ret_n, struct err *e)
{
	int64_t n;
	int rc = 0;
	DIR *d;

	if (dir_walk_open(path, &d, e) < 0)
		return -1;
	for (struct dirent *de; depth < DIR_WALK_DEPTH_MAX && d && (de = readdir(d)) != NULL;) {
		struct buf below = { 0 };

		if (!is_folder_in(d, de->d_name))
			continue;
		buf_addf(&below, "%s/%s", path, de->d_name);
		if (leftovers_below(buf_str(&below), depth + 1, ret_n, e) < 0)
			rc = -1;
		else if (!ret_n)
			remove_unused(buf_str(&below));
		buf_release(&below);
	}
	if (d)
		closedir(d);
	if (rc < 0)
		return -1;
	n = ret_n ? file_replace_abandoned(path, e) : file_replace_sweep(path, e);
	if (ret_n && n > 0)
		*ret_n += (uint64_t)n;
	return n < 0 ? -1 : 0;
}

/* "TENANT/FOLDER/" */
static bool is_of_tenant(const char *folder)
{
	return folder[0] != '~' && strchr(folder, '/')[1] != '\0';
}

static int dir_leftovers(struct store *s, const char *folder, uint64_t *ret_n, struct err *e)
{
	struct buf path = { 0 };
	int rc;

	path_of(s, folder, &path);
	path.p[path.n - 1] = '\0';
	rc = leftovers_below(path.p, 0, ret_n, e);
	if (rc == 0 && !ret_n && is_of_tenant(folder)) {
		remove_unused(path.p);
		*strrchr(path.p, '/') = '\0';
		remove_unused(path.p); /* an hour after the last of them */
	}
	buf_release(&path);
	return rc;
}

/* ---- reading ---- */

static int dir_file_open(struct store *s, const char *name, const uint64_t *size,
			 struct store_file *ret, struct err *e)
{
	struct buf path = { 0 };
	struct stat st;
	int fd, rc = 0;

	(void)size; /* asked of the file at no cost */
	path_of(s, name, &path);
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		rc = errno == ENOENT || errno == ENOTDIR
			     ? err_set(e, ERR_NO, "'%s': no such file", path.p)
			     : err_sys(e, "cannot open '%s'", path.p);
	} else if (fstat(fd, &st) < 0) {
		rc = err_sys(e, "'%s'", path.p);
	} else if (!S_ISREG(st.st_mode)) {
		rc = err_set(e, ERR_IO, "'%s' is not a file", path.p);
	}
	if (rc < 0 && fd >= 0)
		close(fd);
	if (rc == 0) {
		ret->fd = fd;
		ret->is_open = true;
		ret->size = (uint64_t)st.st_size;
	}
	buf_release(&path);
	return rc;
}

static void dir_read_all(struct store *s, struct store_read *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct store_read *r = &v[i];
		int64_t k = io_pread(r->file->fd, r->p, r->n, r->off, &r->err);

		s->gets++;
		if (k < 0)
			continue;
		s->bytes_read += (uint64_t)k;
		if ((size_t)k < r->n)
			err_set(&r->err, ERR_CORRUPT,
				"cut short: expected %zu bytes at offset %llu, found %lld", r->n,
				(unsigned long long)r->off, (long long)k);
	}
}

static int dir_file_map(struct store_file *f, struct err *e)
{
	struct io_map m;

	if (io_map_fd(f->fd, &m, e) < 0)
		return -1;
	f->store->gets++;
	f->store->bytes_read += m.b.n;
	f->map = m.b;
	f->size = m.b.n;
	if (m.b.n) { /* the mapping stays without it: thousands may be mapped, not as many open */
		close(f->fd);
		f->is_open = false;
	}
	return 0;
}

static void dir_file_close(struct store_file *f)
{
	struct io_map m = { f->map };

	io_unmap(&m);
	if (f->is_open)
		close(f->fd);
}

static int dir_get(struct store *s, const char *name, size_t max, struct buf *b, struct err *e)
{
	struct store_file f = { .store = s };
	int rc = dir_file_open(s, name, NULL, &f, e);

	if (rc < 0)
		return -1;
	if (f.size > max) {
		rc = err_set(e, ERR_LIMIT, "'%s/%s': more than %zu bytes", s->path, name, max);
	} else if (f.size) {
		struct store_read r = { .file = &f,
					.p = buf_reserve(b, (size_t)f.size),
					.n = (size_t)f.size };

		dir_read_all(s, &r, 1);
		if (r.err.code == ERR_NONE)
			b->n += r.n;
		else
			rc = err_set(e, r.err.code, "'%s/%s': %s", s->path, name, r.err.msg);
	}
	dir_file_close(&f);
	return rc;
}

static int dir_has(struct store *s, const char *name, struct store_object *ret, struct err *e)
{
	struct buf path = { 0 };
	struct stat st;
	int rc = 1;

	s->heads++;
	path_of(s, name, &path);
	if (stat(path.p, &st) < 0)
		rc = errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "'%s'", path.p);
	else if (!S_ISREG(st.st_mode))
		rc = 0;
	else
		*ret = (struct store_object){ name, (uint64_t)st.st_size, dir_walk_date(&st),
					      NULL };
	buf_release(&path);
	return rc;
}

/* ---- writing ---- */

struct dir_put {
	struct store_put base;
	struct file_replace file;
};

/* Once there is a file in it nobody removes the folder; until then somebody may. */
static int open_in(struct store *s, const char *folder, struct file_replace *ret, struct err *e)
{
	struct buf path = { 0 };
	int rc = -1;

	path_of(s, folder, &path);
	path.p[path.n - 1] = '\0';
	for (int i = 0; i < FOLDER_TRIES && rc < 0; i++) {
		rc = need_folder(s, folder, i == 0 ? FOLDER_AS_KNOWN : FOLDER_ANEW, e);
		if (rc == 0)
			rc = file_replace_open(path.p, ret, e);
		if (rc < 0 && access(path.p, F_OK) == 0)
			break;
	}
	buf_release(&path);
	return rc;
}

static struct store_put *dir_put_new(struct store *s, const char *folder, struct err *e)
{
	struct dir_put *p = mem_alloc(sizeof(*p));
	int rc = open_in(s, folder, &p->file, e);

	if (rc < 0) {
		free(p);
		return NULL;
	}
	return &p->base;
}

static int dir_put_write(struct store_put *put, struct bytes b, struct err *e)
{
	struct dir_put *p = (struct dir_put *)put;

	if (io_write(p->file.fd, b.p, b.n, e) < 0)
		return err_wrap(e, "'%s'", p->file.tmp_path);
	put->s->bytes_written += b.n;
	return 0;
}

static int dir_put_commit(struct store_put *put, const char *name, struct err *e)
{
	struct dir_put *p = (struct dir_put *)put;
	struct buf path = { 0 };
	int rc;

	put->s->puts++;
	path_of(put->s, name, &path);
	rc = file_replace_commit(&p->file, path.p, e);
	free(p);
	buf_release(&path);
	return rc;
}

static void dir_put_abort(struct store_put *put)
{
	struct dir_put *p = (struct dir_put *)put;

	file_replace_abort(&p->file);
	free(p);
}

/* A link is made of one of several at once. */
static int commit_new(struct file_replace *f, const char *path, const char *folder, struct err *e)
{
	int rc = 0;

	if (fsync(f->fd) < 0)
		rc = err_sys(e, "'%s'", f->tmp_path);
	else if (link(f->tmp_path, path) < 0)
		rc = errno == EEXIST ? err_set(e, ERR_AGAIN, "'%s' is there already", path)
				     : err_sys(e, "cannot make '%s'", path);
	file_replace_abort(f);
	return rc == 0 ? io_sync_dir(folder, e) : rc;
}

static int dir_put_named(struct store *s, const char *name, struct bytes b, enum store_put_how how,
			 struct err *e)
{
	struct buf folder = { 0 }, path = { 0 };
	const char *slash = strrchr(name, '/');
	struct file_replace f;
	int rc = 0;

	s->puts++;
	s->bytes_written += b.n;
	if (slash) {
		buf_add(&folder, name, (size_t)(slash + 1 - name));
		rc = need_folder(s, buf_str(&folder), FOLDER_AS_KNOWN, e);
	}
	path_of(s, name, &path);
	buf_reset(&folder);
	buf_add(&folder, path.p, (size_t)(strrchr(path.p, '/') - path.p));
	if (rc == 0 && how == STORE_PUT_ANY) {
		rc = file_replace_bytes(path.p, b, e);
	} else if (rc == 0) {
		rc = file_replace_open(buf_str(&folder), &f, e);
		if (rc == 0 && io_write(f.fd, b.p, b.n, e) < 0) {
			rc = err_wrap(e, "'%s'", f.tmp_path);
			file_replace_abort(&f);
		} else if (rc == 0) {
			rc = commit_new(&f, path.p, buf_str(&folder), e);
		}
	}
	buf_release(&folder);
	buf_release(&path);
	return rc;
}

static int dir_now(struct store *s, int64_t *ret_ns, struct err *e)
{
	struct file_replace f;
	struct buf path = { 0 };
	struct stat st;
	int rc;

	path_of(s, "~lokid", &path);
	rc = io_mkdirs(path.p, e);
	if (rc == 0)
		rc = file_replace_open_unnamed(path.p, &f, e);
	buf_release(&path);
	if (rc != 0)
		return -1;
	/* By whoever keeps the file; a full disk has no room for a byte, but for that. */
	if (futimens(f.fd, NULL) < 0 || fstat(f.fd, &st) < 0)
		rc = err_sys(e, "'%s'", f.tmp_path);
	else
		*ret_ns = dir_walk_date(&st);
	file_replace_abort(&f);
	return rc;
}

/* Leaves in path the folder that it was in. */
static int unlink_object(const struct store *s, const char *name, struct buf *path, struct err *e)
{
	path_of(s, name, path);
	if (unlink(path->p) < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_sys(e, "cannot delete '%s'", path->p);
	*strrchr(path->p, '/') = '\0';
	return 0;
}

static int sync_if_there(const char *folder, struct err *e)
{
	return access(folder, F_OK) == 0 ? io_sync_dir(folder, e) : 0;
}

static int dir_delete_all(struct store *s, char *const *names, size_t n, struct err *e)
{
	struct buf path = { 0 }, before = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		s->deletes++;
		rc = unlink_object(s, names[i], &path, e);
		if (rc == 0 && before.n && strcmp(before.p, path.p) != 0)
			rc = sync_if_there(before.p, e);
		buf_reset(&before);
		buf_add_str(&before, path.p);
		buf_str(&before);
	}
	if (before.n && sync_if_there(before.p, rc == 0 ? e : NULL) < 0)
		rc = -1;
	buf_release(&before);
	buf_release(&path);
	return rc;
}

static const struct store_ops dir_ops = {
	.close = dir_close,
	.check_mark = dir_check_mark,
	.mark = dir_mark,
	.list = dir_list,
	.list_folders = dir_list_folders,
	.leftovers = dir_leftovers,
	.file_open = dir_file_open,
	.read_all = dir_read_all,
	.file_map = dir_file_map,
	.file_close = dir_file_close,
	.get = dir_get,
	.has = dir_has,
	.put_new = dir_put_new,
	.put_write = dir_put_write,
	.put_commit = dir_put_commit,
	.put_abort = dir_put_abort,
	.put_named = dir_put_named,
	.delete_all = dir_delete_all,
	.now = dir_now,
	.lock = store_dir_lock,
	.unlock = store_dir_unlock,
};
