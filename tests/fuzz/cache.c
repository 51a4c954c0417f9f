/*
 * Files of a cache. Byte 0: bit 0, the bytes are an entry's file as they lie; else they are what is
 * put, and one byte of its file is then changed. Bit 1: they are the table of uses, too. Whatever
 * lies there, what is got is what was put.
 */
#include "fuzz.h"

#include <string.h>

#include "base/hash.h"
#include "own_folder.h"
#include "store/cache.h"
#include "store/cache_detail.h"

static void flip(const char *path, struct bytes where)
{
	struct buf full = { 0 }, file = { 0 };

	buf_addf(&full, "%s/%s", own_folder_path, path);
	if (io_read_file(buf_str(&full), 1 << 20, &file, NULL) == 0) {
		file.p[hash64(where) % file.n] ^= 1;
		own_folder_write(path, buf_bytes(&file));
	}
	buf_release(&full);
	buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cache *c;
	struct bytes b = bytes_of(data + 1, size ? size - 1 : 0);
	struct cache_key key = { bytes_str("s3://b"), bytes_str("fake/x.pack"), 0, b.n };
	char path[CACHE_PATH_MAX], *p;
	struct hash128 h = cache_hash(&key);

	if (size == 0)
		return 0;
	if (!c)
		c = cache_open(own_folder(), &(struct cache_limits){ .bytes = 1 << 20 }, NULL,
			       NULL);
	p = malloc(b.n + 1);
	cache_path(&h, path);
	if (data[0] & 2)
		own_folder_write("uses", b);
	cache_put(c, &key, b.n ? b.p : "");
	if (data[0] & 1)
		own_folder_write(path, b);
	else
		flip(path, b);
	if (cache_get(c, &key, p))
		abort();
	cache_put(c, &key, b.n ? b.p : "");
	if (b.n <= 1 << 18 && (!cache_get(c, &key, p) || memcmp(p, b.p, b.n) != 0))
		abort();
	free(p);
	return 0;
}
