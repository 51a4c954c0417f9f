/*
 * Answers of a store that the cache keeps. Byte 0: bit 0, the bytes are the file of one as it lies;
 * else they are a listing, or an object, that was kept. Whatever lies there, it is given or an
 * error, and a file that is none of ours is as if there were none.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "store/backend.h"
#include "store/cache_detail.h"
#include "time/time.h"

static const char question[] = "list fake/index/", object[] = "get ~lokid/hold";

/* The answer's file: its name is the hash of store and question. */
static void write_file(const char *dir, const char *store, const char *what, struct bytes b)
{
	struct cache_key k = { .store = bytes_str(store), .name = bytes_str(what) };
	struct hash128 h = cache_hash(&k);
	char hex[HASH128_HEX + 1];
	struct buf full = { 0 };
	int fd;

	hash128_hex(&h, hex);
	buf_addf(&full, "%s/answers/%s", dir, hex);
	fd = open(buf_str(&full), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write(fd, b.p, b.n, NULL) < 0)
		abort();
	close(fd);
	buf_release(&full);
}

static int note(const struct store_object *o, void *data, struct err *e)
{
	(void)e;
	*(size_t *)data += strlen(o->name);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/lokid-fuzz-kept.XXXXXX", path[] = "/tmp/lokid-fuzz-kept.XXXXXX";
	static struct cache *c;
	static struct store *s;
	struct bytes b = bytes_of(data + 1, size ? size - 1 : 0);
	struct buf got = { 0 };
	struct err e = { 0 };
	size_t n = 0;
	int rc;

	if (size == 0 || size > 1 << 16)
		return 0;
	if (!c) {
		if (!mkdtemp(dir) || !mkdtemp(path))
			abort();
		c = cache_open(dir, &(struct cache_limits){ .bytes = 1 << 20 }, NULL, NULL);
		s = store_open(path, STORE_WRITE, &e);
		if (!s)
			abort();
		s->cache = c; /* as one has that is not on this machine */
		store_set_answer_age(s, 3600 * NS_PER_S);
		cache_put_answer(c, bytes_str(path), question, 0, b); /* makes the folder */
	}
	if (data[0] & 1) {
		write_file(dir, path, question, b);
		write_file(dir, path, object, b);
	} else {
		cache_put_answer(c, bytes_str(path), question, cache_changes(c), b);
		cache_put_answer(c, bytes_str(path), object, cache_changes(c), b);
	}
	rc = store_list_objects(s, "fake/index/", note, &n, &e);
	if ((data[0] & 1) && (rc < 0 || n > 0))
		abort();
	rc = store_get(s, "~lokid/hold", 1 << 12, &got, &e);
	if (rc == 0 &&
	    ((data[0] & 1) || b.n == 0 || !bytes_eq(buf_bytes(&got), bytes_sub(b, 1, b.n))))
		abort();
	if (rc < 0 && e.code != ERR_NO && e.code != ERR_LIMIT)
		abort();
	buf_release(&got);
	return 0;
}
