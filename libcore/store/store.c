/*
 * The folder as a store. Names become paths below the root; objects are made by file_replace, so
 * that a reader sees all of one or nothing.
 *
 * Folders must be as durable as what is put into them. A folder that is found may have been made a
 * moment ago by someone who was killed before its fsync, so the first put into a folder syncs the
 * chain of its parents up to the root, made here or not.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "time/time.h"

enum { FORMAT_FILE_MAX = 256, DEPTH_MAX = 16 };

static const char format_name[] = "~lokid/format";
static const char format_start[] = "lokid store ";

struct store {
	char *path;
	bool absent;	      /* an empty one without a folder */
	pthread_mutex_t lock; /* guards what follows */
	struct map synced;    /* folders whose chain is durable */
	struct arena names;   /* their names */
};

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
	struct bytes b;
	uint64_t version;
	int rc = 0;

	path_of(s, format_name, &path);
	if (access(path.p, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		buf_release(&path);
		return 1;
	}
	if (io_read_file(path.p, FORMAT_FILE_MAX, &text, e) < 0) {
		rc = -1;
		goto out;
	}
	b = bytes_trim(buf_bytes(&text));
	if (!bytes_starts(b, bytes_str(format_start)) ||
	    !num_u64(bytes_sub(b, sizeof(format_start) - 1, b.n), &version))
		rc = err_set(e, ERR_CORRUPT, "'%s': expected '%sN'", path.p, format_start);
	else if (version != STORE_FORMAT)
		rc = err_set(e, ERR_VERSION, "store '%s' has format %llu; this program knows %d",
			     s->path, (unsigned long long)version, STORE_FORMAT);
out:
	buf_release(&text);
	buf_release(&path);
	return rc;
}

/* Makes folder ("a/b/", relative) and makes it and all above it durable; once per process. */
static int need_folder(struct store *s, const char *folder, struct err *e)
{
	const uint64_t h = hash64(bytes_str(folder));
	struct buf path = { 0 };
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (map_get(&s->synced, h, bytes_str(folder)) != MAP_NONE)
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
	if (rc == 0)
		map_put(&s->synced, h, arena_copy(&s->names, bytes_str(folder)), 0);
out:
	pthread_mutex_unlock(&s->lock);
	buf_release(&path);
	return rc;
}

static bool is_other(const struct store *s);

static int not_marked(const struct store *s, struct err *e)
{
	return err_set(e, ERR_IO, "'%s' is no store: it has no '%s'", s->path, format_name);
}

int store_mark(struct store *s, struct err *e)
{
	struct buf path = { 0 }, text = { 0 };
	int rc;

	path_of(s, format_name, &path);
	buf_addf(&text, "%s%d\n", format_start, STORE_FORMAT);
	rc = need_folder(s, "~lokid/", e);
	if (rc == 0)
		rc = file_replace_bytes(path.p, buf_bytes(&text), e);
	buf_release(&path);
	buf_release(&text);
	return rc;
}

int store_check_mark(struct store *s, struct err *e)
{
	int rc = check_format(s, e);

	return rc > 0 ? not_marked(s, e) : rc;
}

static int make_store(struct store *s, struct err *e)
{
	struct buf path = { 0 };
	int rc;

	if (io_mkdirs(s->path, e) < 0)
		return -1;
	rc = check_format(s, e);
	if (rc > 0 && is_other(s)) /* looked at again: it may have been made, and filled, since */
		return store_check_mark(s, e);
	if (rc <= 0)
		return rc;
	path_of(s, "..", &path);
	if (access(path.p, R_OK) == 0 && io_sync_dir(path.p, e) < 0) {
		buf_release(&path);
		return -1;
	}
	buf_release(&path);
	return store_mark(s, e);
}

/* Something without the mark of a store, in a folder that a slip of the pen may have named?
 * "~lokid" alone is a store that is being made this moment, as by the end of the pipe whose head
 * asks; "lost+found" is on every new disk. */
static bool is_other(const struct store *s)
{
	DIR *d = opendir(s->path);
	bool ret = false;

	if (!d)
		return false; /* whoever lists it says why */
	for (struct dirent *de; !ret && (de = readdir(d)) != NULL;)
		ret = strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		      strcmp(de->d_name, "~lokid") != 0 && strcmp(de->d_name, "lost+found") != 0;
	closedir(d);
	return ret;
}

static int look_at(struct store *s, enum store_mode mode, struct err *e)
{
	int rc = check_format(s, e);

	/* Looked at again: it may have been made, and filled, since. */
	if (rc > 0 && mode == STORE_READ_IF_THERE && is_other(s))
		return store_check_mark(s, e);
	return rc < 0 ? -1 : 0;
}

struct store *store_open(const char *path, enum store_mode mode, struct err *e)
{
	struct store *s = mem_alloc(sizeof(*s));
	size_t n = strlen(path);
	int rc;

	pthread_mutex_init(&s->lock, NULL);
	while (n > 1 && path[n - 1] == '/')
		n--;
	s->path = strndup(path, n);
	if (n == 0) {
		rc = err_set(e, ERR_USAGE, "the store's path is empty");
	} else if (mode == STORE_WRITE) {
		rc = make_store(s, e);
	} else {
		rc = is_dir(s->path, e);
		if (rc == 1)
			rc = look_at(s, mode, e);
		else if (rc == 0 && mode == STORE_READ)
			rc = err_set(e, ERR_NO, "there is no store '%s'", s->path);
		else
			s->absent = rc == 0;
	}
	if (rc < 0) {
		store_close(s);
		return NULL;
	}
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	map_release(&s->synced);
	arena_release(&s->names);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

/* ---- listing ---- */

struct listing {
	struct store *s;
	store_each_fn *each;
	void *data;
	bool folders; /* only the folders of the first level */
};

static bool ends_in_tmp(const char *name)
{
	size_t n = strlen(name);

	return n >= 4 && memcmp(name + n - 4, ".tmp", 4) == 0;
}

/* For qsort: as object names sort, a folder's with its '/' behind. */
struct item {
	char *name;
	bool is_folder;
	uint64_t size;
};

static int item_cmp(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

/* What lies in the folder at path: names with '/' behind folders. */
static int read_folder(const char *path, struct item **ret, size_t *ret_n, struct err *e)
{
	size_t cap = 0;
	int rc = 0;
	DIR *dir;

	if (io_opendir(path, &dir, e) < 0)
		return -1;
	if (!dir)
		return 0;
	for (;;) {
		struct buf name = { 0 };
		struct dirent *d;
		struct stat st;

		errno = 0;
		d = readdir(dir);
		if (!d) {
			if (errno)
				rc = err_sys(e, "cannot list '%s'", path);
			break;
		}
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), d->d_name, &st, 0) < 0) {
			if (errno == ENOENT) /* deleted since */
				continue;
			rc = err_sys(e, "'%s/%s'", path, d->d_name);
			break;
		}
		if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
			continue; /* to open a FIFO would block */
		/* a folder may be a tenant, who may be called so; a file is then none of ours */
		if (S_ISREG(st.st_mode) && (d->d_name[0] == '.' || ends_in_tmp(d->d_name)))
			continue;
		buf_add_str(&name, d->d_name);
		if (S_ISDIR(st.st_mode))
			buf_add_char(&name, '/');
		buf_str(&name);
		mem_grow(ret, &cap, *ret_n + 1, sizeof(**ret));
		(*ret)[(*ret_n)++] =
			(struct item){ name.p, S_ISDIR(st.st_mode), (uint64_t)st.st_size };
	}
	closedir(dir);
	return rc;
}

static int list_below(struct listing *l, const char *folder, int depth, struct err *e)
{
	struct buf path = { 0 }, name = { 0 };
	struct item *v = NULL;
	size_t n = 0;
	int rc;

	path_of(l->s, folder, &path);
	rc = read_folder(path.p, &v, &n, e);
	if (n)
		qsort(v, n, sizeof(*v), item_cmp);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (folder[0] == '\0' && v[i].name[0] == '~')
			continue;
		buf_reset(&name);
		if (l->folders) {
			if (!v[i].is_folder)
				continue;
			buf_add(&name, v[i].name, strlen(v[i].name) - 1);
			rc = l->each(buf_str(&name), 0, l->data, e);
			continue;
		}
		buf_addf(&name, "%s%s", folder, v[i].name);
		if (!v[i].is_folder)
			rc = l->each(buf_str(&name), v[i].size, l->data, e);
		else if (depth < DEPTH_MAX)
			rc = list_below(l, buf_str(&name), depth + 1, e);
	}
	for (size_t i = 0; i < n; i++)
		free(v[i].name);
	free(v);
	buf_release(&path);
	buf_release(&name);
	return rc;
}

int store_list(struct store *s, const char *folder, store_each_fn *each, void *data, struct err *e)
{
	struct listing l = { .s = s, .each = each, .data = data };

	return s->absent ? 0 : list_below(&l, folder, 0, e);
}

int store_list_folders(struct store *s, const char *folder, store_each_fn *each, void *data,
		       struct err *e)
{
	struct listing l = { .s = s, .each = each, .data = data, .folders = true };

	return s->absent ? 0 : list_below(&l, folder, 0, e);
}

struct leftovers {
	struct store *s;
	const char *folder;
	uint64_t *n; /* NULL: they are deleted */
};

static int one_folder(const char *name, uint64_t size, void *data, struct err *e)
{
	struct leftovers *l = data;
	struct buf path = { 0 };
	int64_t n;

	(void)size;
	path_of(l->s, l->folder, &path);
	buf_add_str(&path, name);
	n = l->n ? file_replace_abandoned(buf_str(&path), e)
		 : file_replace_sweep(buf_str(&path), e);
	if (l->n && n > 0)
		*l->n += (uint64_t)n;
	buf_release(&path);
	return n < 0 ? -1 : 0;
}

int store_sweep(struct store *s, const char *folder, struct err *e)
{
	struct leftovers l = { .s = s, .folder = folder };

	return store_list_folders(s, folder, one_folder, &l, e);
}

int store_abandoned(struct store *s, const char *folder, uint64_t *ret_n, struct err *e)
{
	struct leftovers l = { .s = s, .folder = folder, .n = ret_n };

	return store_list_folders(s, folder, one_folder, &l, e);
}

/* ---- reading ---- */

int store_file_open(struct store *s, const char *name, struct store_file *ret, struct err *e)
{
	struct buf path = { 0 };
	struct stat st;
	int fd, rc = 0;

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
	if (rc == 0)
		*ret = (struct store_file){ .fd = fd,
					    .is_open = true,
					    .size = (uint64_t)st.st_size };
	buf_release(&path);
	return rc;
}

int store_file_read(struct store_file *f, uint64_t off, void *p, size_t n, struct err *e)
{
	int64_t k;

	if (off > f->size || n > f->size - off)
		return err_set(e, ERR_CORRUPT,
			       "cut short: expected %zu bytes at offset %llu of %llu", n,
			       (unsigned long long)off, (unsigned long long)f->size);
	if (f->map.n) {
		memcpy(p, f->map.p + off, n);
		return 0;
	}
	k = io_pread(f->fd, p, n, off, e);
	if (k < 0)
		return -1;
	if ((size_t)k < n)
		return err_set(e, ERR_CORRUPT,
			       "cut short: expected %zu bytes at offset %llu, found %lld", n,
			       (unsigned long long)off, (long long)k);
	return 0;
}

int store_file_map(struct store_file *f, struct err *e)
{
	struct io_map m;

	if (f->map.n)
		return 0;
	if (io_map_fd(f->fd, &m, e) < 0)
		return -1;
	f->map = m.b;
	f->size = m.b.n;
	if (m.b.n) { /* the mapping stays without it: thousands may be mapped, not as many open */
		close(f->fd);
		f->is_open = false;
	}
	return 0;
}

void store_file_close(struct store_file *f)
{
	struct io_map m = { f->map };

	io_unmap(&m);
	if (f->is_open)
		close(f->fd);
	*f = (struct store_file){ 0 };
}

int store_has(struct store *s, const char *name, uint64_t *ret_size, struct err *e)
{
	struct buf path = { 0 };
	struct stat st;
	int rc = 1;

	path_of(s, name, &path);
	if (stat(path.p, &st) < 0)
		rc = errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "'%s'", path.p);
	else if (!S_ISREG(st.st_mode))
		rc = 0;
	else if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	buf_release(&path);
	return rc;
}

/* ---- writing ---- */

struct store_put {
	struct store *s;
	char *folder;
	struct file_replace file;
	struct hash_state *hash;
};

struct store_put *store_put_new(struct store *s, const char *folder, struct err *e)
{
	struct store_put *p = mem_alloc(sizeof(*p));
	struct buf path = { 0 };
	int rc = need_folder(s, folder, e);

	p->s = s;
	path_of(s, folder, &path);
	path.p[path.n - 1] = '\0';
	if (rc == 0)
		rc = file_replace_open(path.p, &p->file, e);
	buf_release(&path);
	if (rc < 0) {
		free(p);
		return NULL;
	}
	p->folder = strdup(folder);
	p->hash = hash_new();
	return p;
}

static void put_free(struct store_put *p)
{
	hash_free(p->hash);
	free(p->folder);
	free(p);
}

int store_put_write(struct store_put *p, struct bytes b, struct err *e)
{
	hash_add(p->hash, b);
	if (io_write(p->file.fd, b.p, b.n, e) < 0)
		return err_wrap(e, "'%s'", p->file.tmp_path);
	return 0;
}

int store_put_commit(struct store_put *p, const char *suffix, struct hash128 *ret_hash,
		     struct buf *ret_name, struct err *e)
{
	struct hash128 h = hash_end(p->hash);
	struct buf path = { 0 }, name = { 0 };
	char hex[HASH128_HEX + 1];
	int rc;

	hash128_hex(&h, hex);
	buf_addf(&name, "%s%s%s", p->folder, hex, suffix);
	path_of(p->s, buf_str(&name), &path);
	rc = file_replace_commit(&p->file, path.p, e);
	if (rc == 0) {
		*ret_hash = h;
		if (ret_name)
			buf_add_bytes(ret_name, buf_bytes(&name));
	}
	put_free(p);
	buf_release(&name);
	buf_release(&path);
	return rc;
}

void store_put_abort(struct store_put *p)
{
	if (!p)
		return;
	file_replace_abort(&p->file);
	put_free(p);
}

int store_put_bytes(struct store *s, const char *folder, const char *suffix, struct bytes b,
		    struct hash128 *ret_hash, struct buf *ret_name, struct err *e)
{
	struct store_put *p = store_put_new(s, folder, e);

	if (!p)
		return -1;
	if (store_put_write(p, b, e) < 0) {
		store_put_abort(p);
		return -1;
	}
	return store_put_commit(p, suffix, ret_hash, ret_name, e);
}

static int64_t date_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

int store_now(struct store *s, int64_t *ret_ns, struct err *e)
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
	if (rc < 0)
		return -1;
	if (io_write(f.fd, "\n", 1, e) < 0)
		rc = err_wrap(e, "'%s'", f.tmp_path);
	else if (fstat(f.fd, &st) < 0)
		rc = err_sys(e, "'%s'", f.tmp_path);
	else
		*ret_ns = date_of(&st);
	file_replace_abort(&f);
	return rc;
}

int store_date(struct store *s, const char *name, int64_t *ret_ns, struct err *e)
{
	struct buf path = { 0 };
	struct stat st;
	int rc = 1;

	path_of(s, name, &path);
	if (stat(path.p, &st) == 0)
		*ret_ns = date_of(&st);
	else
		rc = errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "'%s'", path.p);
	buf_release(&path);
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

int store_delete_all(struct store *s, char *const *names, size_t n, struct err *e)
{
	struct buf path = { 0 }, before = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
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

int store_delete(struct store *s, const char *name, struct err *e)
{
	char *one = (char *)(uintptr_t)name;

	return store_delete_all(s, &one, 1, e);
}
