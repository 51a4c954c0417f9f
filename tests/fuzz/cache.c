/*
 * Files of a cache. Byte 0: bit 0, the bytes are an entry's file as they lie; else they are what is
 * put, and one byte of its file is then changed. Bit 1: they are the table of uses, too. Whatever
 * lies there, what is got is what was put.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/io.h"
#include "store/cache.h"
#include "store/cache_detail.h"

/* Overwrites what lies at path below dir; nothing is synced, which would be slow. */
static void write_file(const char *dir, const char *path, struct bytes b)
{
	struct buf full = { 0 };
	int fd;

	buf_addf(&full, "%s/%s", dir, path);
	fd = open(buf_str(&full), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write(fd, b.p, b.n, NULL) < 0)
		abort();
	close(fd);
	buf_release(&full);
}

static void flip(const char *dir, const char *path, struct bytes where)
{
	struct buf full = { 0 }, file = { 0 };

	buf_addf(&full, "%s/%s", dir, path);
	if (io_read_file(buf_str(&full), 1 << 20, &file, NULL) == 0) {
		file.p[hash64(where) % file.n] ^= 1;
		write_file(dir, path, buf_bytes(&file));
	}
	buf_release(&full);
	buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/lokid-fuzz-cache.XXXXXX";
	static struct cache *c;
	struct bytes b = bytes_of(data + 1, size ? size - 1 : 0);
	struct cache_key key = { bytes_str("s3://b"), bytes_str("fake/x.pack"), 0, b.n };
	char path[CACHE_PATH_MAX], *p;
	struct hash128 h = cache_hash(&key);

	if (size == 0)
		return 0;
	if (!c) {
		if (!mkdtemp(dir))
			abort();
		c = cache_open(dir, &(struct cache_limits){ .bytes = 1 << 20 }, NULL, NULL);
	}
	p = malloc(b.n + 1);
	cache_path(&h, path);
	if (data[0] & 2)
		write_file(dir, "uses", b);
	cache_put(c, &key, b.n ? b.p : "");
	if (data[0] & 1)
		write_file(dir, path, b);
	else
		flip(dir, path, b);
	if (cache_get(c, &key, p))
		abort();
	cache_put(c, &key, b.n ? b.p : "");
	if (b.n <= 1 << 18 && (!cache_get(c, &key, p) || memcmp(p, b.p, b.n) != 0))
		abort();
	free(p);
	return 0;
}
