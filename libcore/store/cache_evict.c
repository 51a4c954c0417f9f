/*
 * Who stays when the cache is full: S3-FIFO (Yang and others, 2023), on a folder.
 *
 * An entry is new, or it stays (a bit of its mode); each of the two is a queue in the order of the
 * files' times. Room is made at the head of the new ones as long as these have more than a tenth
 * of it: who was asked for meanwhile stays from now on, others go, and their numbers are remembered
 * for a while: who comes back meanwhile stays at once. Else it is made at the head of those that
 * stay: who was asked for goes to the end, one use less, and others go.
 *
 * Uses are a byte each in a table that all processes write to without a lock, by the entries'
 * hashes; what two entries share, or a race loses, makes a choice worse and nothing else. So do
 * damage to it, and its loss.
 *
 * The folders are looked after in groups, each with its part of the limits, when a sixteenth of
 * that was put into them: their files are listed then, and so many go that a sixteenth is free. So
 * nobody has to keep count of what others put and delete. When the disk has less than the limits
 * say, it is what lies there that a sixteenth goes of.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "store/cache_detail.h"
#include "time/time.h"

enum {
	DUE_WHOLE_BITS = 32,
	DUE_BITS = 28,
	SPARE = 16,
	NEW_PART = 10,
	DISK_BLOCK = 4096,
	FULL_ENTRIES = 4, /* room for so many at least: the tables may need blocks too */
};

/* A writer that has not ended by then has died. */
#define TMP_AGE_NS (600 * NS_PER_S)

/* ---- the tables ---- */

static uint64_t number_of(const struct hash128 *h)
{
	uint64_t v;

	memcpy(&v, h->b + 8, sizeof(v));
	return v;
}

static off_t use_at(const struct hash128 *h)
{
	return (off_t)(number_of(h) % CACHE_USES);
}

/* What cannot be read is 0, as what was never written. */
static void table_get(const struct cache *c, off_t at, void *p, size_t n)
{
	if (c->uses < 0 || pread(c->uses, p, n, at) != (ssize_t)n)
		memset(p, 0, n);
}

static void table_set(const struct cache *c, off_t at, const void *p, size_t n)
{
	if (c->uses >= 0 && pwrite(c->uses, p, n, at) < 0)
		return; /* a full disk: a use is forgotten */
}

void cache_note_use(struct cache *c, const struct hash128 *h)
{
	uint8_t n;

	table_get(c, use_at(h), &n, 1);
	if (n >= CACHE_USES_MAX)
		return;
	n++;
	table_set(c, use_at(h), &n, 1);
}

/* How often it was asked for; sets it to that less `less`, or to 0. */
static uint8_t take_uses(const struct cache *c, const struct hash128 *h, uint8_t less)
{
	uint8_t n, left;

	table_get(c, use_at(h), &n, 1);
	if (n > CACHE_USES_MAX)
		n = CACHE_USES_MAX;
	left = n > less ? n - less : 0;
	if (n)
		table_set(c, use_at(h), &left, 1);
	return n;
}

static off_t ghost_at(const struct hash128 *h)
{
	return CACHE_USES + (off_t)(number_of(h) % CACHE_GHOSTS) * 4;
}

static void add_ghost(const struct cache *c, const struct hash128 *h)
{
	table_set(c, ghost_at(h), h->b, 4);
}

bool cache_take_ghost(struct cache *c, const struct hash128 *h)
{
	static const char none[4];
	char found[4];

	table_get(c, ghost_at(h), found, sizeof(found));
	if (memcmp(found, none, 4) == 0 || memcmp(found, h->b, 4) != 0)
		return false;
	table_set(c, ghost_at(h), none, 4);
	return true;
}

/* ---- what there is ---- */

struct item {
	struct hash128 hash;
	int64_t date_ns;
	uint64_t bytes; /* on the disk */
};

/* head is the oldest of them that is still there. */
struct queue {
	struct item *v;
	size_t n, cap, head;
	uint64_t bytes;
};

struct group {
	struct cache *c;
	struct queue fresh, stay;
	uint64_t other_bytes;	       /* of writers at work */
	uint64_t max_bytes, max_items; /* its part of the limits */
	uint64_t bytes, items;	       /* so much is to be left */
	uint64_t gone_bytes;
	int64_t now_ns;
};

static void push(struct queue *q, const struct item *it)
{
	mem_grow(&q->v, &q->cap, q->n + 1, sizeof(*q->v));
	q->v[q->n++] = *it;
	q->bytes += it->bytes;
}

static struct item pop(struct queue *q)
{
	q->bytes -= q->v[q->head].bytes;
	return q->v[q->head++];
}

static bool is_empty(const struct queue *q)
{
	return q->head == q->n;
}

static int by_date(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	return (a->date_ns > b->date_ns) - (a->date_ns < b->date_ns);
}

static void sort(struct queue *q)
{
	if (q->n)
		qsort(q->v, q->n, sizeof(*q->v), by_date);
}

static void drop(struct group *g, const struct item *it)
{
	char path[CACHE_PATH_MAX];

	cache_path(&it->hash, path);
	if (unlinkat(g->c->fd, path, 0) == 0) {
		g->c->evictions++;
		g->gone_bytes += it->bytes;
	}
}

static bool is_tmp(const char *name)
{
	size_t n = strlen(name);

	return n > HASH128_HEX + 4 && strcmp(name + n - 4, ".tmp") == 0;
}

/* What is not named as ours is left alone. */
static void note_file(struct group *g, int dir_fd, const char *name)
{
	struct item it;
	struct stat st;
	int64_t age;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return;
	it.date_ns = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	it.bytes = (uint64_t)st.st_blocks * 512;
	age = num_clip((num_wide)g->now_ns - it.date_ns);
	if (is_tmp(name)) {
		if ((age > TMP_AGE_NS || age < -TMP_AGE_NS) && unlinkat(dir_fd, name, 0) == 0)
			return;
		g->other_bytes += it.bytes;
		return;
	}
	if (!hash128_parse(bytes_str(name), &it.hash))
		return;
	if (age > g->c->limits.age_ns || age < -TMP_AGE_NS)
		drop(g, &it);
	else
		push(st.st_mode & S_IXUSR ? &g->stay : &g->fresh, &it);
}

static void note_folder(struct group *g, unsigned folder)
{
	static const char digit[] = "0123456789abcdef";
	const char name[3] = { digit[folder >> 4], digit[folder & 15], '\0' };
	int fd = openat(g->c->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d;

	if (fd < 0)
		return; /* nothing was put there yet */
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return;
	}
	for (const struct dirent *de; (de = readdir(d)) != NULL;)
		note_file(g, fd, de->d_name);
	closedir(d);
}

/* ---- making room ---- */

static uint64_t bytes_there(const struct group *g)
{
	return g->fresh.bytes + g->stay.bytes + g->other_bytes;
}

static bool is_over(const struct group *g)
{
	uint64_t n = g->fresh.n - g->fresh.head + g->stay.n - g->stay.head;

	return bytes_there(g) > g->bytes || n > g->items;
}

/* It is a new one no more; false: somebody has deleted it. */
static bool stays_now(const struct group *g, const struct item *it)
{
	char path[CACHE_PATH_MAX];

	cache_path(&it->hash, path);
	return fchmodat(g->c->fd, path, CACHE_MODE_STAYS, 0) == 0;
}

/* Puts it to the end of those that stay. */
static void keep(struct group *g, const struct item *it)
{
	const struct timespec now[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_NOW } };
	char path[CACHE_PATH_MAX];

	cache_path(&it->hash, path);
	if (utimensat(g->c->fd, path, now, 0) == 0)
		push(&g->stay, it);
}

static void make_room(struct group *g)
{
	/* Each round takes one away, or one use of three. */
	while (is_over(g)) {
		bool fresh = !is_empty(&g->fresh) &&
			     (is_empty(&g->stay) || g->fresh.bytes > g->max_bytes / NEW_PART);
		struct item it;

		if (!fresh && is_empty(&g->stay))
			return; /* all the rest is of writers at work */
		it = pop(fresh ? &g->fresh : &g->stay);
		if (take_uses(g->c, &it.hash, fresh ? CACHE_USES_MAX : 1)) {
			if (!fresh || stays_now(g, &it))
				keep(g, &it);
			continue;
		}
		drop(g, &it);
		if (fresh)
			add_ghost(g->c, &it.hash);
	}
}

/* One process at a time looks after a group; it ends with the process. */
static bool lock_group(const struct cache *c, unsigned group, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = group, .l_len = 1 };

	return c->uses < 0 || fcntl(c->uses, F_OFD_SETLK, &l) == 0;
}

/* What is on the disk of n bytes, about. */
static uint64_t on_disk(uint64_t n)
{
	return (n / DISK_BLOCK + 1) * DISK_BLOCK;
}

/* The disk is full with what is there: a sixteenth of that goes, and at least so much. */
static void lower(struct group *g, uint64_t wanted)
{
	uint64_t there = bytes_there(g), less = there / SPARE;

	less = less > wanted ? less : wanted;
	there = there > less ? there - less : 0;
	g->bytes = there < g->bytes ? there : g->bytes;
}

/* wanted: bytes that the disk has no room for; 0: it is time. False: another process is at it. */
static bool look_after(struct cache *c, unsigned group, uint64_t wanted, uint64_t *ret_gone)
{
	struct group g = { .c = c,
			   .max_bytes = c->limits.bytes / c->n_groups,
			   .max_items = c->limits.items / c->n_groups,
			   .now_ns = time_now_ns() };

	if (!lock_group(c, group, F_WRLCK))
		return false;
	g.bytes = g.max_bytes - g.max_bytes / SPARE;
	g.items = g.max_items - g.max_items / SPARE;
	for (unsigned i = group; i < CACHE_FOLDERS; i += c->n_groups)
		note_folder(&g, i);
	if (wanted)
		lower(&g, wanted);
	if (is_over(&g)) {
		sort(&g.fresh);
		sort(&g.stay);
		make_room(&g);
	}
	(void)!lock_group(c, group, F_UNLCK);
	free(g.fresh.v);
	free(g.stay.v);
	*ret_gone = g.gone_bytes;
	return true;
}

static unsigned group_of(const struct cache *c, const struct hash128 *h)
{
	return (unsigned)h->b[0] % c->n_groups;
}

void cache_look_after(struct cache *c, const struct hash128 *h, uint64_t n_bytes)
{
	const double whole = (double)(UINT64_C(1) << DUE_WHOLE_BITS), n = c->n_groups;
	const uint64_t time = UINT64_C(1) << DUE_BITS;
	const double disk = (double)on_disk(n_bytes);
	unsigned group = group_of(c, h);
	uint64_t part = (uint64_t)(whole * n * disk / (double)c->limits.bytes +
				   whole * n / (double)c->limits.items);
	uint64_t before = atomic_fetch_add(&c->due[group], part), gone;

	if (before >= time || before + part < time)
		return; /* not yet, or another thread is at it */
	look_after(c, group, 0, &gone);
	c->due[group] = 0;
}

/* False: somebody else is at it. */
static bool make_room_in(struct cache *c, unsigned group, uint64_t wanted, uint64_t *ret_gone)
{
	const uint64_t time = UINT64_C(1) << DUE_BITS;
	bool done;

	if (atomic_fetch_add(&c->due[group], time) >= time)
		return false;
	done = look_after(c, group, wanted, ret_gone);
	c->due[group] = 0;
	return done;
}

enum cache_room cache_make_room(struct cache *c, const struct hash128 *h, uint64_t n_bytes)
{
	const uint64_t wanted = FULL_ENTRIES * on_disk(n_bytes);
	uint64_t all = 0;

	for (unsigned i = 0; i < c->n_groups && all < wanted; i++) {
		uint64_t gone = 0;

		if (!make_room_in(c, (group_of(c, h) + i) % c->n_groups, wanted - all, &gone))
			return CACHE_ROOM_BUSY;
		all += gone;
	}
	return all ? CACHE_ROOM_MADE : CACHE_ROOM_NONE;
}
