/*
 * Where packs and index files lie: named objects, written whole. Those whose names are made of
 * their bytes never change. Names are relative to the store and have '/' between folders; those
 * that end in ".tmp" are not part of the store. Everything below "~lokid/" is the store's own.
 * Format: lokid-index(5), "STORE".
 *
 * For any thread, except that one store_put is for one thread.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"

struct store;

enum store_mode {
	STORE_READ,	     /* ERR_NO when there is none */
	STORE_MEND,	     /* as STORE_READ; also when its version file is none */
	STORE_READ_IF_THERE, /* absent, being made, or an empty folder: an empty one */
	STORE_WRITE,	     /* made when absent or an empty folder, with its format version in
				"~lokid/format" */
};

enum { STORE_FORMAT = 1 };

/* Is the first of them one of an object store, not the path of a folder? */
bool store_is_url(const char *path);
/* Is the first of them a folder that is not there? */
bool store_is_absent(const char *path);
/* Is there more than the first of them? */
bool store_names_parts(const char *path);
/* The first of them, without the others. To be freed. */
char *store_main_path(const char *path);

/* Can it be a store: a folder, not a slip as "S3://" or "gs://", or an URL that is right in itself?
 * Of each of them. Nobody is asked for it. Errors: ERR_USAGE. */
MUST_CHECK int store_check_path(const char *path, struct err *e);
/* The same of what can be a folder alone, as a log. */
MUST_CHECK int store_check_folder(const char *path, struct err *e);

/* path is "STORE", or "STORE index=STORE rules=STORE" when those parts, or one of them, lie in
 * stores of their own: lokid-store(7), "PARTS". All calls are then of them together, unless they
 * say something else.
 *
 * NULL on error: ERR_USAGE (store_check_path; it has other parts in stores of their own), ERR_NO
 * (see above), ERR_VERSION (a store of a newer format), ERR_CORRUPT (its
 * version file is none), ERR_IO (also of a folder that holds something else than a store),
 * ERR_FULL. To be closed. */
struct store *store_open(const char *path, enum store_mode mode, struct err *e);
/* To work on what is there: STORE_READ of one that has its mark. Errors: ERR_IO, not ERR_NO, also
 * when there is none. */
struct store *store_open_marked(const char *path, struct err *e);
void store_close(struct store *s); /* NULL is fine */

/* As STORE_MEND, for who changes what is there: parts that lie elsewhere, and were not named, and a
 * newer format are seen of an object store, too. It may have lost its mark. */
struct store *store_open_whole(const char *path, struct err *e);

/* Is "~lokid/format" there? STORE_READ does without. Errors: ERR_IO it is not; as store_open. */
MUST_CHECK int store_check_mark(struct store *s, struct err *e);
/* Writes it: a folder that proved to be a store has lost it. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int store_mark(struct store *s, struct err *e);

/* The path, as store_path, of the one that has the objects of this name. */
const char *store_path_of(const struct store *s, const char *name);

/* That one of its stores which has the objects of this name, or of this folder: s itself, unless it
 * is of a part that lies elsewhere. As long as s is open; not to be closed. */
struct store *store_part(struct store *s, const char *name);

/* Those it is made of: s itself is the first; NULL behind the last. */
const struct store *store_nth(const struct store *s, size_t i);

/* The address that s itself leads to, now and for as long as it is open, when only a private one
 * was allowed (require-private of lokid-store(7)); else NULL. Valid as long as s. */
const char *store_peer(const struct store *s);

/* Whether the last request of a remote store ended without an answer, however often it was made. */
bool store_is_away(const struct store *s);
/* Appends the path of the same stores for who had rather know soon that they do not answer: on an
 * object store with less patience (lokid-store(7), tries and timeout). */
void store_add_hurried(struct buf *b, const char *path);

/* After this moment of time_mono_ns a remote store is not waited for any more: what it was asked,
 * and is asked from then on, fails with ERR_AGAIN at once. 0: there is none. */
void store_set_deadline(struct store *s, int64_t at_ns);

/* Whether a read of the first of them takes a request over the network: then what is needed is best
 * asked for at once. */
bool store_is_remote(const struct store *s);
/* Ranges of packs and index files of a remote store are kept in c from now on (NULL: no longer),
 * which outlives s; what is written or deleted makes it forget answers (below), and fails when that
 * does. A store on this machine has no use for it. Before anything is read. s NULL: nothing. */
struct cache;
enum store_cached {
	STORE_CACHED_ALL,
	STORE_CACHED_INDEX, /* of index files and merged requests alone: for who reads each pack
			       once */
};
void store_set_cache(struct store *s, struct cache *c, enum store_cached what);
/* Listings and what store_get gives may be so old, if the cache has them, unless somebody called
 * cache_forget_answers since: for who reads, and asks the same often. For any thread. */
void store_set_answer_age(struct store *s, int64_t age_ns);

/* The path as given to store_open, without slashes at its end, and without those of parts. Valid as
 * long as s. */
const char *store_path(const struct store *s);

/*
 * Calls each(name, size, data, e) for every object whose name begins with folder (such as
 * "fake/index/", or "" for all but the store's own), in ascending order of the names; name is
 * relative to the store and valid during the call. A folder that is not there has none. each
 * returns 0, or -1 with e set, which ends the listing. Errors: ERR_CORRUPT, in place of the folder
 * is a file; ERR_IO, of a folder below that cannot be read once all others were given; what each
 * gave.
 */
typedef int store_each_fn(const char *name, uint64_t size, void *data, struct err *e);
MUST_CHECK int store_list(struct store *s, const char *folder, store_each_fn *each, void *data,
			  struct err *e);

/* As store_list, with all that a listing tells. */
struct store_object {
	const char *name;
	uint64_t size;
	int64_t date_ns;	   /* when it was written last, by the store's clock */
	const char *storage_class; /* such as "GLACIER"; NULL: none, or that of new objects */
};
typedef int store_object_fn(const struct store_object *o, void *data, struct err *e);
MUST_CHECK int store_list_objects(struct store *s, const char *folder, store_object_fn *each,
				  void *data, struct err *e);

/* The folders right below folder ("" for the tenants, of packs or of the index), ascending, without
 * the store's own; name is then the last part alone and size 0. Else as store_list. */
MUST_CHECK int store_list_folders(struct store *s, const char *folder, store_each_fn *each,
				  void *data, struct err *e);

/* What writers that died have left in a folder, which ends in '/', and in those below it: deletes
 * it, with folders below it in which nothing has been for an hour, and with itself and the tenant's
 * if it is one of a tenant; or counts it alone.
 * store_abandoned adds to *ret_n. Errors: ERR_IO. */
MUST_CHECK int store_sweep(struct store *s, const char *folder, struct err *e);
MUST_CHECK int store_abandoned(struct store *s, const char *folder, uint64_t *ret_n, struct err *e);

/* An object that is read, in ranges or mapped. {0} is a closed one. */
struct store_file {
	struct store *store;
	char *name; /* private, as all but size and map */
	int fd;
	bool is_open;
	void *owned; /* private: memory that map lies in */
	uint64_t size;
	struct bytes map; /* whole content once mapped */
};

/* Errors: ERR_NO there is no such object (deleted since it was listed); ERR_IO. */
MUST_CHECK int store_file_open(struct store *s, const char *name, struct store_file *ret,
			       struct err *e);
/* The same of an object whose size is known, from a listing or an index file: that it is gone may
 * be told here, or by the first read. */
MUST_CHECK int store_file_open_sized(struct store *s, const char *name, uint64_t size,
				     struct store_file *ret, struct err *e);
/* Exactly n bytes at offset off into p. Errors: ERR_CORRUPT it ends before; ERR_NO it was deleted
 * since it was opened, by a store that does not keep what is open; ERR_VERSION it is archived;
 * ERR_AGAIN; ERR_IO. */
MUST_CHECK int store_file_read(struct store_file *f, uint64_t off, void *p, size_t n,
			       struct err *e);
/* The whole of it, in order, in pieces as large as one request should ask for: each returns 0, or
 * -1 with e set, which ends it. Errors: as store_file_read; what each gave. */
typedef int store_piece_fn(struct bytes piece, void *data, struct err *e);
MUST_CHECK int store_file_pieces(struct store_file *f, store_piece_fn *each, void *data,
				 struct err *e);
/* Makes f->map the whole content; valid until f is closed. Errors: as store_file_read. */
MUST_CHECK int store_file_map(struct store_file *f, struct err *e);
/* The same of several files at once; ret_errs[i].code is ERR_NONE, or why v[i] is not mapped.
 */
void store_map_all(struct store_file *const *v, size_t n, struct err *ret_errs);
/* What was read there proved to be damaged: the next read of it asks the store again, and no cache.
 */
void store_file_doubt(struct store_file *f, uint64_t off, uint64_t n);
void store_file_close(struct store_file *f);

/* Several ranges, of one file or of several: at once where that helps, those that lie
 * near each other in one request. */
struct store_read {
	struct store_file *file;
	uint64_t off;
	void *p;
	size_t n;
	struct err err; /* set by store_read_all; .code is ERR_NONE: p holds the n bytes */
};
/* Each is tried, whatever becomes of the others. 0 when all were read, else -1 and the error of the
 * first that was not. Errors: as store_file_read. */
MUST_CHECK int store_read_all(struct store_read *v, size_t n, struct err *e);

/* Appends the whole of a small object. Errors: ERR_NO there is none; ERR_LIMIT it has more than max
 * bytes; ERR_AGAIN; ERR_IO. */
MUST_CHECK int store_get(struct store *s, const char *name, size_t max, struct buf *b,
			 struct err *e);

/* Whether an object has to be restored before it can be read, as the object store keeps it. Whoever
 * reads one gets ERR_VERSION, as of content of another version; this tells the two apart. */
bool store_is_archived(struct store *s, const char *name);

/* 1 when the object is there (*ret_size, if not NULL, is then its size), 0 when it is not. */
MUST_CHECK int store_has(struct store *s, const char *name, uint64_t *ret_size, struct err *e);

/*
 * An object that is being written. It appears, complete and durable, at store_put_commit, named
 * after the hash of its bytes: FOLDER/<32 hex digits>SUFFIX. Folders are made, and durable too;
 * what writers that died have left in them is deleted. An object that has this name already has
 * these bytes: it is overwritten by itself.
 */
struct store_put;

/* folder ends in '/', as "fake/chunks/2026-01-15/". NULL on error: ERR_IO, ERR_FULL. */
struct store_put *store_put_new(struct store *s, const char *folder, struct err *e);
MUST_CHECK int store_put_write(struct store_put *p, struct bytes b, struct err *e);
/* Ends p in any case. *ret_hash gets the hash, ret_name (if not NULL) the name appended. */
MUST_CHECK int store_put_commit(struct store_put *p, const char *suffix, struct hash128 *ret_hash,
				struct buf *ret_name, struct err *e);
void store_put_abort(struct store_put *p); /* nothing is left behind; NULL is fine */

/* The three calls in one. */
MUST_CHECK int store_put_bytes(struct store *s, const char *folder, const char *suffix,
			       struct bytes b, struct hash128 *ret_hash, struct buf *ret_name,
			       struct err *e);

/*
 * A small object under a chosen name, such as "fake/deletes/<id>.json": whoever reads it sees the
 * bytes of before or b. Durable when it returns. Errors: ERR_AGAIN, STORE_PUT_NEW and there is one
 * already; ERR_IO, ERR_FULL.
 */
enum store_put_how {
	STORE_PUT_ANY, /* replaces what is there */
	STORE_PUT_NEW, /* of several at once, one makes it */
};
MUST_CHECK int store_put_named(struct store *s, const char *name, struct bytes b,
			       enum store_put_how how, struct err *e);

/*
 * What an object store calls so: how it keeps an object, at which price. Bytes and name stay, the
 * date may become that of now. Errors: ERR_NO there is no such object; ERR_VERSION it is archived,
 * so that it cannot be moved; ERR_LIMIT it is too large for that; ERR_USAGE the store has no
 * classes; ERR_AGAIN; ERR_IO, also of a class that it does not know.
 */
enum { STORE_CLASS_MAX = 32 };
bool store_has_classes(const struct store *s);
MUST_CHECK int store_set_class(struct store *s, const char *name, uint64_t size,
			       const char *storage_class, struct err *e);

/* The rules by which an object store moves and deletes objects of the bucket by itself, those of
 * others too, as its XML; get appends them, nothing when there are none. Only of a store that has
 * classes. Errors: ERR_AGAIN; ERR_IO, also of rules that it does not take. */
MUST_CHECK int store_get_rules(struct store *s, struct buf *b, struct err *e);
MUST_CHECK int store_put_rules(struct store *s, struct bytes text, struct err *e);

/* Absent already is fine. Durable when it returns. Errors: ERR_IO. */
MUST_CHECK int store_delete(struct store *s, const char *name, struct err *e);
/* Several: a folder deletes them in this order, and syncs each of its folders once for those that
 * follow one another; an object store is asked for several at once. Each is tried, by the latter,
 * whatever becomes of the others, as long as it answers. */
MUST_CHECK int store_delete_all(struct store *s, char *const *names, size_t n, struct err *e);

/*
 * Times by the store's own clock, that of who keeps the files: ages are differences of two of them.
 * store_now is the date that a listing would give of the object of this name, were it written this
 * moment; it writes to the store, and leaves nothing. Errors: ERR_IO, ERR_FULL.
 */
MUST_CHECK int store_now(struct store *s, const char *name, int64_t *ret_ns, struct err *e);
/* The same for who only looks: where the store cannot be written to, the time of this machine. */
int64_t store_now_to_look(struct store *s, const char *name);

/*
 * A lock, called by any name, that one at a time has, of all processes at the store. It goes with
 * the process. NULL on error: ERR_AGAIN somebody has it; ERR_IO, ERR_FULL.
 */
struct store_lock;
struct store_lock *store_lock(struct store *s, const char *name, struct err *e);
void store_unlock(struct store_lock *l); /* NULL is fine */

/* What was asked of the store since it was opened, in an object store's terms: each read of a range
 * or of a whole object is a GET. */
struct store_stats {
	uint64_t puts, gets, lists, heads, deletes;
	uint64_t bytes_read, bytes_written; /* of objects */
	uint64_t retries;		    /* requests that were made again, counted above too */
	uint64_t rounds; /* how often requests of a remote store began while none was under way:
			    so many times as long as one took all of them */
};
void store_stats(const struct store *s, struct store_stats *ret);
void store_stats_sum(struct store_stats *to, const struct store_stats *more);
/* Appends them as one line for people, without its end. */
void store_stats_add(const struct store_stats *st, struct buf *b);

#endif
