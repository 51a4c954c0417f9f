#include "store/dir_walk.h"

#include <errno.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "store/backend.h"
#include "time/time.h"

struct listing {
	const char *root;
	store_object_fn *each;
	void *data;
	enum dir_walk_what what;
	bool is_shut; /* a folder below the first cannot be read: shut says why, of the first */
	struct err shut;
};

int64_t dir_walk_date(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

/* For qsort: as object names sort, a folder's with its '/' behind. */
struct item {
	char *name;
	bool is_folder;
	uint64_t size;
	int64_t date_ns;
};

static int item_cmp(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

/* There is something else at path, or where a folder above it should be. */
static bool is_no_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? errno == ENOTDIR : !S_ISDIR(st.st_mode);
}

int dir_walk_open(const char *path, DIR **ret, struct err *e)
{
	if (io_opendir(path, ret, e) == 0)
		return 0;
	return is_no_folder(path)
		       ? err_set(e, ERR_CORRUPT, "'%s': a file is where a folder should be", path)
		       : -1;
}

/* What lies in the folder at path: names with '/' behind folders. */
static int read_folder(const char *path, struct item **ret, size_t *ret_n, struct err *e)
{
	size_t cap = 0;
	int rc = 0;
	DIR *dir;

	if (dir_walk_open(path, &dir, e) < 0)
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
		if (S_ISREG(st.st_mode) && store_is_no_object(d->d_name))
			continue;
		buf_add_str(&name, d->d_name);
		if (S_ISDIR(st.st_mode))
			buf_add_char(&name, '/');
		buf_str(&name);
		mem_grow(ret, &cap, *ret_n + 1, sizeof(**ret));
		(*ret)[(*ret_n)++] = (struct item){ name.p, S_ISDIR(st.st_mode),
						    (uint64_t)st.st_size, dir_walk_date(&st) };
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

	buf_addf(&path, "%s/%s", l->root, folder);
	buf_str(&path);
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.p[--path.n] = '\0';
	rc = read_folder(path.p, &v, &n, e);
	if (rc < 0 && depth > 0 && e->code == ERR_IO) {
		if (!l->is_shut)
			l->shut = *e;
		l->is_shut = true;
		rc = 0;
		goto out;
	}
	if (n)
		qsort(v, n, sizeof(*v), item_cmp);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (folder[0] == '\0' && v[i].name[0] == '~')
			continue;
		buf_reset(&name);
		if (l->what == DIR_WALK_FOLDERS) {
			if (!v[i].is_folder)
				continue;
			buf_add(&name, v[i].name, strlen(v[i].name) - 1);
			rc = l->each(&(struct store_object){ .name = buf_str(&name) }, l->data, e);
			continue;
		}
		buf_addf(&name, "%s%s", folder, v[i].name);
		if (!v[i].is_folder)
			rc = l->each(&(struct store_object){ buf_str(&name), v[i].size,
							     v[i].date_ns, NULL },
				     l->data, e);
		else if (depth < DIR_WALK_DEPTH_MAX)
			rc = list_below(l, buf_str(&name), depth + 1, e);
	}
out:
	for (size_t i = 0; i < n; i++)
		free(v[i].name);
	free(v);
	buf_release(&path);
	buf_release(&name);
	return rc;
}

int dir_walk(const char *root, const char *folder, enum dir_walk_what what, store_object_fn *each,
	     void *data, struct err *e)
{
	struct listing l = { .root = root, .each = each, .data = data, .what = what };

	if (list_below(&l, folder, 0, e) < 0)
		return -1;
	return l.is_shut ? err_set(e, l.shut.code, "%s", l.shut.msg) : 0;
}
