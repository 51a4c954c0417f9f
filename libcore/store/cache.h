/*
 * Ranges of objects, kept on a local disk, so that they are not fetched again. What is kept is what
 * the caller says it is: only of objects that never change. A folder of files, one for each range,
 * shared by all processes of the machine that name it; there is no daemon, and no account to get
 * out of step: the folder itself is the account. Each entry has a checksum, which every read
 * verifies; a damaged entry is dropped, and counts as absent.
 *
 * A cache costs speed when it fails, never an answer: no function here fails. What went wrong is
 * told once.
 *
 * What leaves it when it is full: new entries queue up in a tenth of the room, and only those that
 * were asked for again there, or soon after they had left, come into the rest. So a scan of
 * everything pushes out other scans, and not what is in use.
 *
 * Files: lokid-cache(5). For any thread.
 */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

struct cache;

/* Of the whole folder; 0 is the default of each. Kept by whoever adds to it, about: it may be over
 * by a sixteenth for a while. */
struct cache_limits {
	uint64_t bytes; /* on the disk, its blocks counted */
	uint64_t items;
	int64_t age_ns; /* since an entry was written */
};

/* An entry: n bytes at off of an object of a store, whose name here is any text that says which
 * one it is. */
struct cache_key {
	struct bytes store, name;
	uint64_t off;
	size_t n;
};

enum { CACHE_NAME_MAX = 4096 }; /* bytes of store and name together; a longer key is never kept */

/* Of this process. */
struct cache_counts {
	uint64_t hits, hit_bytes, misses;
	uint64_t puts, put_bytes;
	uint64_t evictions; /* entries that made room, or were too old */
	uint64_t damaged;   /* entries that were dropped, and counted as missed */
};

/* Called at most once: why the cache is of less use than it could be. On any thread. */
typedef void cache_tell_fn(void *data, const struct err *why);

/* Never NULL; dir and its parents are made when absent, for this user alone. One that is another
 * user's, or that others may write to, is not used. */
struct cache *cache_open(const char *dir, const struct cache_limits *limits, cache_tell_fn *tell,
			 void *data);
void cache_close(struct cache *c); /* NULL is fine */
/* Whether it can be used, and written to. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int cache_check(const struct cache *c, struct err *e);

/* True: p has the n bytes. False: p may hold anything. */
bool cache_get(struct cache *c, const struct cache_key *key, void *p);
/* Keeps them; an entry that is there is replaced. */
void cache_put(struct cache *c, const struct cache_key *key, const void *p);

/* What there is of it proved to be wrong. */
void cache_drop(struct cache *c, const struct cache_key *key);

/*
 * Answers of a store that may be others the next time, as listings: good for age_ns, as long as
 * cache_forget_answers is not called, by whichever process. Who asks a store takes cache_changes
 * before, and hands it to cache_put_answer as `at`.
 */
bool cache_get_answer(struct cache *c, struct bytes store, const char *question, int64_t age_ns,
		      struct buf *ret);
uint64_t cache_changes(const struct cache *c);
void cache_put_answer(struct cache *c, struct bytes store, const char *question, uint64_t at,
		      struct bytes answer);
/* What was answered until now is not good any more. Errors: ERR_IO, ERR_FULL: it may still be. */
MUST_CHECK int cache_forget_answers(struct cache *c, struct err *e);

void cache_count(const struct cache *c, struct cache_counts *ret);

#endif
