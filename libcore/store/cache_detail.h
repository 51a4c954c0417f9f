/* What the files of the cache share. Private to cache*.c. */
#ifndef STORE_CACHE_DETAIL_H
#define STORE_CACHE_DETAIL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/hash.h"
#include "store/cache.h"

enum {
	CACHE_FOLDERS = 256,	/* "00" to "ff": the first byte of an entry's name */
	CACHE_USES = 256 << 10, /* bytes of the table of uses, in the file "uses" */
	CACHE_USES_MAX = 3,
	CACHE_GHOSTS = 64 << 10, /* numbers of those that left early, behind it */
};

struct cache {
	char *dir;
	int fd;		  /* of dir; -1: not used */
	int uses;	  /* of DIR/uses; -1: nobody knows what is in use */
	struct err fault; /* why it is not used, or cannot be written to, from the start */
	struct cache_limits limits;
	atomic_bool cannot_write;
	atomic_int_fast64_t full_until_ns; /* of time_mono_ns: nothing is put before */
	atomic_bool told;
	cache_tell_fn *tell;
	void *tell_data;
	unsigned n_groups; /* folders are looked after in so many groups; a power of two */
	/* Of what is put into each since it was looked after, in parts of its limits (see
	 * cache_look_after). Starts anywhere, so that many processes that each put little look
	 * after it as often as one. */
	atomic_uint_fast64_t due[CACHE_FOLDERS];
	atomic_uint_fast64_t hits, hit_bytes, misses, puts, put_bytes, evictions, damaged;
};

/* An entry's file: "ab/abcdef..", relative to the folder. */
enum { CACHE_PATH_MAX = 3 + HASH128_HEX + 1 };
void cache_path(const struct hash128 *h, char ret[CACHE_PATH_MAX]);
struct hash128 cache_hash(const struct cache_key *key);

/* Whose mode has it, belongs to those that stay. */
#define CACHE_MODE	 ((mode_t)0600)
#define CACHE_MODE_STAYS ((mode_t)0700)

enum cache_found { CACHE_FOUND, CACHE_ABSENT, CACHE_OLD, CACHE_DAMAGED };
/* Reads the entry and verifies it. */
enum cache_found cache_read_entry(int dir_fd, const char *path, const struct cache_key *key,
				  const struct cache_limits *l, void *p);
/* Errors: ERR_FULL, ERR_IO. */
MUST_CHECK int cache_write_entry(int dir_fd, const char *path, const struct cache_key *key,
				 const void *p, mode_t mode, struct err *e);

/* Asked for once more. */
void cache_note_use(struct cache *c, const struct hash128 *h);
/* True, once, when it was pushed out not long ago. */
bool cache_take_ghost(struct cache *c, const struct hash128 *h);

/* n_bytes were put for h: looks after the folders of its group when it is time. */
void cache_look_after(struct cache *c, const struct hash128 *h, uint64_t n_bytes);

enum cache_room { CACHE_ROOM_MADE, CACHE_ROOM_NONE, CACHE_ROOM_BUSY };
/* The disk has no room for the n_bytes of h, whatever the limits say: makes it in its group, and in
 * the next ones when that has too little. NONE: none has any; BUSY: somebody else is at it. */
enum cache_room cache_make_room(struct cache *c, const struct hash128 *h, uint64_t n_bytes);

#endif
