#include "store/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "store/cache_detail.h"
#include "time/time.h"

/* A group of folders that is looked after at once has at least so much: some hundred entries, of
 * which the order says something. */
#define GROUP_BYTES (UINT64_C(64) << 20)
enum { GROUP_ITEMS = 256 };

/* A disk that others have filled is left alone for so long. */
#define FULL_PAUSE_NS (60 * NS_PER_S)

static const struct cache_limits limits_default = {
	.bytes = UINT64_C(10) << 30,
	.items = 1000000,
	.age_ns = 7 * 24 * 3600 * NS_PER_S,
};

/* What tools that back up, or clean, go by. */
static const char tag_name[] = "CACHEDIR.TAG";
static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
			  "# lokid keeps ranges of objects here; all of it may be deleted.\n";

static void tell_once(struct cache *c, const struct err *why)
{
	if (!atomic_exchange(&c->told, true) && c->tell)
		c->tell(c->tell_data, why);
}

static int check_owner(const struct cache *c, struct err *e)
{
	struct stat st;

	if (fstat(c->fd, &st) < 0)
		return err_sys(e, "'%s'", c->dir);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_IO, "'%s' belongs to another user", c->dir);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_IO, "others may write to '%s': chmod go-w", c->dir);
	return 0;
}

static int write_tag(const struct cache *c)
{
	int fd = openat(c->fd, tag_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	rc = io_write(fd, tag, sizeof(tag) - 1, NULL);
	close(fd);
	return rc;
}

static int open_folder(struct cache *c, struct err *e)
{
	struct stat st;
	bool there = stat(c->dir, &st) == 0;

	if (!there && io_mkdirs(c->dir, e) < 0)
		return -1;
	if (!there && chmod(c->dir, 0700) < 0)
		return err_sys(e, "'%s'", c->dir);
	c->fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->fd < 0)
		return err_sys(e, "cannot open '%s'", c->dir);
	if (check_owner(c, e) < 0) {
		close(c->fd);
		c->fd = -1;
		return -1;
	}
	c->uses = openat(c->fd, "uses", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (c->uses < 0 || write_tag(c) < 0) {
		c->cannot_write = true;
		return err_sys(e, "cannot write to '%s'", c->dir);
	}
	return 0;
}

static void settle_limits(struct cache *c, const struct cache_limits *l)
{
	const struct cache_limits *d = &limits_default;
	uint64_t seed[2] = { (uint64_t)getpid(), (uint64_t)time_now_ns() };
	uint64_t phase = hash64(bytes_of(seed, sizeof(seed)));

	c->limits.bytes = l && l->bytes ? l->bytes : d->bytes;
	c->limits.items = l && l->items ? l->items : d->items;
	c->limits.age_ns = l && l->age_ns ? l->age_ns : d->age_ns;
	c->n_groups = 1;
	while (c->n_groups < CACHE_FOLDERS && c->limits.bytes / GROUP_BYTES >= 2 * c->n_groups &&
	       c->limits.items / GROUP_ITEMS >= 2 * c->n_groups)
		c->n_groups *= 2;
	for (unsigned i = 0; i < c->n_groups; i++) {
		phase = phase * UINT64_C(6364136223846793005) + 1442695040888963407;
		c->due[i] = phase >> 36; /* below 1 << 28, at which it is time */
	}
}

struct cache *cache_open(const char *dir, const struct cache_limits *limits, cache_tell_fn *tell,
			 void *data)
{
	struct cache *c = mem_alloc(sizeof(*c));
	struct err e;

	c->dir = strdup(dir);
	c->fd = c->uses = -1;
	c->tell = tell;
	c->tell_data = data;
	settle_limits(c, limits);
	if (open_folder(c, &e) < 0) {
		err_wrap(&e, "cache");
		c->fault = e;
		tell_once(c, &e);
	}
	return c;
}

int cache_check(const struct cache *c, struct err *e)
{
	return c->fault.code == ERR_NONE ? 0 : err_set(e, c->fault.code, "%s", c->fault.msg);
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	if (c->uses >= 0)
		close(c->uses);
	free(c->dir);
	free(c);
}

/* Bytes that say all of the key, and nothing else says. */
struct hash128 cache_hash(const struct cache_key *k)
{
	uint64_t place[3] = { k->store.n, k->off, k->n };
	struct hash_state *s = hash_new();
	struct hash128 ret;

	hash_add(s, bytes_of(place, sizeof(place)));
	hash_add(s, k->store);
	hash_add(s, k->name);
	ret = hash_end(s);
	hash_free(s);
	return ret;
}

void cache_path(const struct hash128 *h, char ret[CACHE_PATH_MAX])
{
	hash128_hex(h, ret + 3);
	ret[0] = ret[3];
	ret[1] = ret[4];
	ret[2] = '/';
}

static bool is_kept(const struct cache *c, const struct cache_key *k)
{
	return c->fd >= 0 && k->store.n + k->name.n <= CACHE_NAME_MAX;
}

bool cache_get(struct cache *c, const struct cache_key *key, void *p)
{
	char path[CACHE_PATH_MAX];
	struct hash128 h;

	if (is_kept(c, key)) {
		h = cache_hash(key);
		cache_path(&h, path);
		switch (cache_read_entry(c->fd, path, key, &c->limits, p)) {
		case CACHE_FOUND:
			c->hits++;
			c->hit_bytes += key->n;
			cache_note_use(c, &h);
			return true;
		case CACHE_DAMAGED:
			c->damaged++;
			unlinkat(c->fd, path, 0);
			break;
		case CACHE_OLD:
			c->evictions++;
			unlinkat(c->fd, path, 0);
			break;
		case CACHE_ABSENT:
			break;
		}
	}
	c->misses++;
	return false;
}

/* On a full disk old entries go first. False: it is not kept. */
static bool write_entry(struct cache *c, const struct hash128 *h, const struct cache_key *key,
			const void *p)
{
	mode_t mode = cache_take_ghost(c, h) ? CACHE_MODE_STAYS : CACHE_MODE;
	char path[CACHE_PATH_MAX];
	struct err e;
	int rc;

	cache_path(h, path);
	rc = cache_write_entry(c->fd, path, key, p, mode, &e);
	if (rc < 0 && e.code == ERR_FULL) {
		enum cache_room room = cache_make_room(c, h, key->n);

		if (room == CACHE_ROOM_BUSY)
			return false;
		if (room == CACHE_ROOM_MADE)
			rc = cache_write_entry(c->fd, path, key, p, mode, &e);
	}
	if (rc == 0)
		return true;
	/* Whatever it is, the next one would fail too, for longer than a query takes. */
	if (e.code == ERR_FULL)
		c->full_until_ns = time_mono_ns() + FULL_PAUSE_NS;
	else
		c->cannot_write = true;
	err_wrap(&e, "cache '%s'", c->dir);
	tell_once(c, &e);
	return false;
}

void cache_put(struct cache *c, const struct cache_key *key, const void *p)
{
	/* Of what is alone in its group nothing can be said but that it is too large. */
	uint64_t max = c->limits.bytes / c->n_groups / 4;
	struct hash128 h;

	if (!is_kept(c, key) || c->cannot_write || key->n > max ||
	    time_mono_ns() < c->full_until_ns)
		return;
	h = cache_hash(key);
	if (!write_entry(c, &h, key, p))
		return;
	c->puts++;
	c->put_bytes += key->n;
	cache_look_after(c, &h, key->n);
}

void cache_drop(struct cache *c, const struct cache_key *key)
{
	char path[CACHE_PATH_MAX];
	struct hash128 h;

	if (!is_kept(c, key))
		return;
	h = cache_hash(key);
	cache_path(&h, path);
	if (unlinkat(c->fd, path, 0) == 0)
		c->damaged++;
}

void cache_count(const struct cache *c, struct cache_counts *ret)
{
	*ret = (struct cache_counts){ .hits = c->hits,
				      .hit_bytes = c->hit_bytes,
				      .misses = c->misses,
				      .puts = c->puts,
				      .put_bytes = c->put_bytes,
				      .evictions = c->evictions,
				      .damaged = c->damaged };
}
