/*
 * Listings and small objects, kept for a while in the cache's folder: what a store answers to many
 * queries a second that all ask the same.
 *
 * An answer is true of a moment, and these may change. So each is good for a time that its reader
 * chooses, and only as long as nobody on this machine has said that he changed the store: the file
 * "changes" holds a number that is another one then. Who asks the store reads it before he does, so
 * an answer that a change overtook is good for nobody.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/rd.h"
#include "base/wr.h"
#include "store/cache_detail.h"
#include "time/time.h"

enum { ANSWER_MAX = 64 << 20 };

static const char magic[4] = { 'L', 'K', 'A', '1' };
static const char folder[] = "answers", changes[] = "changes";

/* 0: there was no change yet, or nobody can tell */
uint64_t cache_changes(const struct cache *c)
{
	uint64_t v = 0;
	int fd = c->fd >= 0 ? openat(c->fd, changes, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

	if (fd < 0)
		return 0;
	if (pread(fd, &v, sizeof(v), 0) != (ssize_t)sizeof(v))
		v = 0;
	close(fd);
	return v;
}

static void add_path(struct buf *b, const struct cache *c, struct bytes store, const char *question)
{
	struct cache_key k = { .store = store, .name = bytes_str(question) };
	struct hash128 h = cache_hash(&k);
	char hex[HASH128_HEX + 1];

	hash128_hex(&h, hex);
	buf_addf(b, "%s/%s/%s", c->dir, folder, hex);
	buf_str(b);
}

static void add_head(struct buf *b, uint64_t at, int64_t now_ns, struct bytes store,
		     const char *question, size_t n)
{
	buf_add(b, magic, sizeof(magic));
	wr_u64be(b, at);
	wr_u64be(b, (uint64_t)now_ns);
	wr_lstr(b, store);
	wr_lstr(b, bytes_str(question));
	wr_u64be(b, n);
}

/* The answer in the file, if it is one, and still good. */
static bool find_answer(struct bytes file, uint64_t now, struct bytes store, const char *question,
			int64_t age_ns, struct bytes *ret)
{
	struct bytes body = bytes_sub(file, 0, file.n < 8 ? 0 : file.n - 8);
	struct rd rd = rd_init(body), sum = rd_init(bytes_sub(file, body.n, 8));
	struct bytes start = rd_bytes(&rd, sizeof(magic));
	uint64_t at = rd_u64be(&rd), n;
	int64_t written = (int64_t)rd_u64be(&rd), clock = time_now_ns();
	struct bytes s = rd_lstr(&rd, CACHE_NAME_MAX), q = rd_lstr(&rd, CACHE_NAME_MAX);

	n = rd_u64be(&rd);
	if (rd.failed || hash64(body) != rd_u64be(&sum) || n != body.n - rd.off ||
	    memcmp(start.p, magic, sizeof(magic)) != 0)
		return false;
	if (at != now || written > clock || clock - written > age_ns || !bytes_eq(s, store) ||
	    !bytes_eq(q, bytes_str(question)))
		return false;
	*ret = bytes_sub(body, rd.off, n);
	return true;
}

bool cache_get_answer(struct cache *c, struct bytes store, const char *question, int64_t age_ns,
		      struct buf *ret)
{
	struct buf path = { 0 }, file = { 0 };
	uint64_t now = cache_changes(c);
	struct bytes answer;
	bool found = false;

	if (c->fd < 0)
		return false;
	add_path(&path, c, store, question);
	if (io_read_file(path.p, ANSWER_MAX, &file, NULL) == 0 &&
	    find_answer(buf_bytes(&file), now, store, question, age_ns, &answer)) {
		buf_add_bytes(ret, answer);
		found = true;
	}
	buf_release(&file);
	buf_release(&path);
	return found;
}

/* Deletes answers of before, and all when the rest has more than so many bytes. */
static void sweep(const struct cache *c, int64_t before_ns, uint64_t max_bytes)
{
	int fd = openat(c->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t bytes = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (const struct dirent *de; (de = readdir(d)) != NULL;) {
		struct stat st;

		if (fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if ((int64_t)st.st_mtim.tv_sec < before_ns / NS_PER_S)
			unlinkat(fd, de->d_name, 0);
		else
			bytes += (uint64_t)st.st_size;
	}
	closedir(d);
	if (bytes > max_bytes)
		sweep(c, INT64_MAX, UINT64_MAX);
}

void cache_put_answer(struct cache *c, struct bytes store, const char *question, uint64_t at,
		      struct bytes answer)
{
	struct buf path = { 0 }, tmp = { 0 }, file = { 0 };
	const int64_t now = time_now_ns();
	int fd;

	if (c->fd < 0 || c->cannot_write || answer.n > ANSWER_MAX / 2)
		return;
	add_path(&path, c, store, question);
	buf_addf(&tmp, "%s.%ld.%llx.tmp", path.p, (long)getpid(), (unsigned long long)now);
	add_head(&file, at, now, store, question, answer.n);
	buf_add_bytes(&file, answer);
	wr_u64be(&file, hash64(buf_bytes(&file)));
	if (mkdirat(c->fd, folder, 0700) == 0 || now / NS_PER_MS % 64 == 0)
		sweep(c, now - 3600 * NS_PER_S, c->limits.bytes / 16); /* now and then */
	fd = open(buf_str(&tmp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		bool whole = io_write(fd, file.p, file.n, NULL) == 0;

		if (close(fd) < 0 || !whole || rename(tmp.p, path.p) < 0)
			unlink(tmp.p);
	}
	buf_release(&file);
	buf_release(&tmp);
	buf_release(&path);
}

int cache_forget_answers(struct cache *c, struct err *e)
{
	uint64_t seed[2] = { (uint64_t)time_now_ns(), (uint64_t)getpid() };
	uint64_t v = hash64(bytes_of(seed, sizeof(seed))) | 1;
	int fd, rc = 0;

	if (c->fd < 0) /* then nobody finds any there, of this user */
		return 0;
	fd = openat(c->fd, changes, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "cannot write '%s/%s'", c->dir, changes);
	if (io_pwrite(fd, &v, sizeof(v), 0, e) < 0)
		rc = err_wrap(e, "'%s/%s'", c->dir, changes);
	if (close(fd) < 0 && rc == 0)
		rc = err_sys(e, "'%s/%s'", c->dir, changes);
	if (rc == 0)
		sweep(c, INT64_MAX, UINT64_MAX);
	return rc;
}
