/*
 * Answers of a store that the cache keeps. Byte 0: bit 0, the bytes are the file of one as it lies;
 * else they are a listing, or an object, that was kept. Whatever lies there, it is given or an
 * error, and a file that is none of ours is as if there were none.
 */
#include "fuzz.h"

#include "own_folder.h"
#include "store/backend.h"
#include "store/cache_detail.h"
#include "time/time.h"

static const char question[] = "list fake/index/", object[] = "get ~lokid/hold";

/* The answer's file: its name is the hash of store and question. */
static void write_file(const struct store *s, const char *what, struct bytes b)
{
	struct cache_key k = { .store = bytes_str(s->place), .name = bytes_str(what) };
	struct hash128 h = cache_hash(&k);
	char hex[HASH128_HEX + 1], path[HASH128_HEX + sizeof("cache/answers/")];

	hash128_hex(&h, hex);
	snprintf(path, sizeof(path), "cache/answers/%s", hex);
	own_folder_write(path, b);
}

/* A store with a cache, as one has that is not on this machine. */
static struct store *open_store(struct cache **ret)
{
	const struct cache_limits limits = { .bytes = 1 << 20 };
	struct buf path = { 0 };
	struct store *s;

	buf_addf(&path, "%s/cache", own_folder());
	*ret = cache_open(buf_str(&path), &limits, NULL, NULL);
	buf_reset(&path);
	buf_addf(&path, "%s/store", own_folder_path);
	s = store_open(buf_str(&path), STORE_WRITE, NULL);
	if (!s)
		abort();
	s->cache = *ret;
	s->place = strdup("s3://b");
	store_set_answer_age(s, 3600 * NS_PER_S);
	buf_release(&path);
	return s;
}

static int note(const struct store_object *o, void *data, struct err *e)
{
	(void)e;
	*(size_t *)data += strlen(o->name);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
		s = open_store(&c);
		cache_put_answer(c, bytes_str(s->place), question, 0, b); /* makes the folder */
	}
	if (data[0] & 1) {
		write_file(s, question, b);
		write_file(s, object, b);
	} else {
		cache_put_answer(c, bytes_str(s->place), question, cache_changes(c), b);
		cache_put_answer(c, bytes_str(s->place), object, cache_changes(c), b);
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
