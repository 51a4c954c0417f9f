#include "wal/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "time/time.h"

static const char SUFFIX[] = ".wal";

void wal_segment_release(struct wal_segment *s)
{
	if (s->path)
		close(s->fd);
	free(s->path);
	*s = (struct wal_segment){ .fd = -1 };
}

/* With as many open files as we may have, when the soft limit is what stops us. */
static int open_more(const char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct rlimit lim;
	int fd = open(path, flags);

	if (fd >= 0 || errno != EMFILE)
		return fd;
	if (getrlimit(RLIMIT_NOFILE, &lim) < 0 || lim.rlim_cur == lim.rlim_max) {
		errno = EMFILE;
		return -1;
	}
	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim) < 0)
		return -1;
	return open(path, flags);
}

/* Does a writer hold it? The shared lock is given back at once: a writer takes its own before the
 * name exists. */
static int get_state(int fd, enum wal_state *ret, struct err *e)
{
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
		*ret = WAL_CLOSED;
		flock(fd, LOCK_UN);
		return 0;
	}
	if (errno != EWOULDBLOCK)
		return err_sys(e, "flock");
	*ret = WAL_OPEN;
	return 0;
}

static int read_header(const struct wal_segment *s, struct wal_header *ret, struct err *why,
		       struct err *e)
{
	unsigned char head[WAL_HEADER];
	int64_t n = io_pread(s->fd, head, sizeof(head), s->start, e);

	if (n < 0)
		return -1;
	return wal_header_decode(bytes_of(head, (size_t)n), ret, why) == 0;
}

static int load(struct wal_segment *s, struct err *e)
{
	struct stat st;
	int r;

	if (fstat(s->fd, &st) < 0)
		return err_sys(e, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "no regular file");
	s->size = (uint64_t)st.st_size;
	r = read_header(s, &s->header, NULL, e);
	s->has_header = r > 0;
	s->is_empty = s->size == 0;
	return r < 0 ? -1 : 0;
}

int wal_segment_look(struct wal_segment *s, struct err *e)
{
	struct stat st;

	if (get_state(s->fd, &s->state, e) < 0)
		return -1;
	if (fstat(s->fd, &st) < 0)
		return err_sys(e, "stat");
	s->size = (uint64_t)st.st_size;
	return 0;
}

uint64_t wal_segment_end(const struct wal_segment *s)
{
	return s->end || s->state != WAL_OPEN ? s->end : s->start + s->size;
}

int wal_segment_check(const struct wal_segment *s, struct err *e)
{
	struct wal_header h;

	return read_header(s, &h, e, e) == 1 ? 0 : -1;
}

int wal_segment_open(const char *path, struct wal_segment *ret, struct err *e)
{
	struct wal_segment s = { .fd = -1 };
	struct stat st;

	/* Looked at first: who writes to a FIFO would see it opened and closed. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "'%s': no regular file", path);
	s.fd = open_more(path);
	if (s.fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	s.path = strdup(path);
	if (get_state(s.fd, &s.state, e) < 0 || load(&s, e) < 0) {
		wal_segment_release(&s);
		return err_wrap(e, "'%s'", path);
	}
	*ret = s;
	return 0;
}

int wal_segment_open_fd(int fd, const char *name, struct wal_segment *ret, struct err *e)
{
	struct wal_segment s = { .fd = fd, .path = strdup(name), .state = WAL_OPEN };

	if (load(&s, e) < 0) {
		wal_segment_release(&s);
		return err_wrap(e, "'%s'", name);
	}
	*ret = s;
	return 0;
}

int wal_segment_behind(const struct wal_segment *s, uint64_t off, struct wal_segment *ret,
		       struct err *e)
{
	struct wal_segment next = *s;
	int r;

	next.start += off;
	next.size -= off;
	next.end = 0;
	next.state = WAL_OPEN;
	r = read_header(&next, &next.header, e, e);
	if (r <= 0)
		return -1;
	*ret = next;
	return 0;
}

int wal_segment_is_several(uint64_t at, struct err *e)
{
	return err_set(e, ERR_CORRUPT,
		       "offset %llu: another segment begins here; a file of the log holds one (see "
		       "walreplay --mend)",
		       (unsigned long long)at);
}

void wal_list_release(struct wal_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		wal_segment_release(&l->v[i]);
	free(l->v);
	free(l->fault);
	*l = (struct wal_list){ 0 };
}

static int by_created(const void *va, const void *vb)
{
	const struct wal_segment *a = va, *b = vb;

	if (a->header.created_ns != b->header.created_ns)
		return a->header.created_ns < b->header.created_ns ? -1 : 1;
	return hash128_cmp(&a->header.id, &b->header.id);
}

bool wal_is_segment_name(const char *name)
{
	size_t n = strlen(name), k = sizeof(SUFFIX) - 1;

	return n > k && name[0] != '.' && strcmp(name + n - k, SUFFIX) == 0;
}

static void add_segment(struct wal_list *l, const char *path)
{
	struct err e;

	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	if (wal_segment_open(path, &l->v[l->n], &e) == 0) {
		l->v[l->n++].in_log = true;
		return;
	}
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return;
	mem_grow(&l->fault, &l->cap_faults, l->n_faults + 1, sizeof(*l->fault));
	l->fault[l->n_faults++] = e;
}

int wal_list_dir(const char *dir, struct wal_list *l, struct err *e)
{
	struct buf path = { 0 };
	DIR *d = opendir(dir);
	int rc = 0;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return err_sys(e, "cannot open folder '%s'", dir);
	for (struct dirent *de; (errno = 0, de = readdir(d)) != NULL;) {
		if (!wal_is_segment_name(de->d_name))
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, de->d_name);
		add_segment(l, buf_str(&path));
	}
	if (errno != 0)
		rc = err_sys(e, "cannot read folder '%s'", dir);
	closedir(d);
	buf_release(&path);
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_created);
	return rc;
}

int wal_list_path(const char *path, struct wal_list *l, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return wal_list_dir(path, l, e);
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	if (wal_segment_open(path, &l->v[l->n], e) < 0)
		return -1;
	l->n++;
	return 0;
}

void wal_sidecar_path(const char *segment_path, struct buf *out)
{
	size_t n = strlen(segment_path), k = sizeof(SUFFIX) - 1;

	buf_reset(out);
	if (n > k && strcmp(segment_path + n - k, SUFFIX) == 0)
		n -= k;
	buf_add(out, segment_path, n);
	buf_add_str(out, ".sum");
}

void wal_segment_name(const struct wal_header *h, struct buf *out)
{
	char hex[HASH128_HEX + 1];
	time_t s = (time_t)(h->created_ns / NS_PER_S);
	struct tm tm;

	gmtime_r(&s, &tm);
	hash128_hex(&h->id, hex);
	buf_addf(out, "%04d%02d%02dT%02d%02d%02d-%.8s%s", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, hex, SUFFIX);
}

bool wal_segment_name_time(const char *name, int64_t *ret_ns)
{
	struct tm tm = { 0 };
	const char *end = strptime(name, "%Y%m%dT%H%M%S-", &tm);

	if (!end)
		return false;
	*ret_ns = (int64_t)timegm(&tm) * NS_PER_S;
	return true;
}

static int begin_file(int fd, const struct wal_header *h, struct err *e)
{
	unsigned char head[WAL_HEADER];

	wal_header_encode(h, head);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "flock");
	if (io_write(fd, head, sizeof(head), e) < 0)
		return -1;
	if (fsync(fd) < 0)
		return err_sys(e, "fsync");
	return 0;
}

int wal_segment_create(const char *dir, const struct wal_header *h, char **ret_path, struct err *e)
{
	struct buf path = { 0 }, tmp = { 0 };
	int fd, rc = -1;

	buf_addf(&path, "%s/", dir);
	wal_segment_name(h, &path);
	buf_addf(&tmp, "%s.tmp", buf_str(&path));
	fd = open(buf_str(&tmp), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		err_sys(e, "cannot make '%s'", buf_str(&tmp));
		goto out;
	}
	if (begin_file(fd, h, e) < 0)
		err_wrap(e, "'%s'", buf_str(&tmp));
	else if (renameat2(AT_FDCWD, buf_str(&tmp), AT_FDCWD, buf_str(&path), RENAME_NOREPLACE) < 0)
		err_sys(e, "rename to '%s'", buf_str(&path));
	else
		rc = io_sync_dir(dir, e);
	if (rc < 0) {
		unlink(buf_str(&tmp));
		close(fd);
		goto out;
	}
	*ret_path = strdup(buf_str(&path));
out:
	buf_release(&path);
	buf_release(&tmp);
	return rc < 0 ? -1 : fd;
}

int wal_segment_delete(const struct wal_segment *s, struct err *e)
{
	struct buf sum = { 0 };
	int rc = 0;

	wal_sidecar_path(s->path, &sum);
	if (unlink(buf_str(&sum)) < 0 && errno != ENOENT)
		rc = err_sys(e, "cannot delete '%s'", buf_str(&sum));
	if (rc == 0 && unlink(s->path) < 0 && errno != ENOENT)
		rc = err_sys(e, "cannot delete '%s'", s->path);
	if (rc == 0) {
		const char *slash = strrchr(s->path, '/');

		buf_reset(&sum);
		buf_add_bytes(&sum, slash ? bytes_of(s->path, (size_t)(slash - s->path) + 1)
					  : BYTES_LIT("."));
		rc = io_sync_dir(buf_str(&sum), e);
	}
	buf_release(&sum);
	return rc;
}
