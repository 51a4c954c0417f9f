/* What a kind of store is made of: store.h's calls, which say what each has to do. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <stdatomic.h>

#include "store/parts.h"
#include "store/store.h"

struct store_ops {
	void (*close)(struct store *s);
	int (*check_mark)(struct store *s, struct err *e);
	int (*mark)(struct store *s, struct err *e);

	int (*list)(struct store *s, const char *folder, store_object_fn *each, void *data,
		    struct err *e);
	/* .size and .date_ns are of no meaning */
	int (*list_folders)(struct store *s, const char *folder, store_object_fn *each, void *data,
			    struct err *e);
	/* Of a folder ("fake/chunks/") and those below it; ret_n NULL: they are deleted. */
	int (*leftovers)(struct store *s, const char *folder, uint64_t *ret_n, struct err *e);

	/* size NULL: not known. Sets all but .store. */
	int (*file_open)(struct store *s, const char *name, const uint64_t *size,
			 struct store_file *ret, struct err *e);
	/* The ranges lie within the files' sizes, no file is mapped, no n is 0. Sets each .err. */
	void (*read_all)(struct store *s, struct store_read *v, size_t n);
	int (*file_map)(struct store_file *f, struct err *e);
	void (*file_close)(struct store_file *f);
	int (*get)(struct store *s, const char *name, size_t max, struct buf *b, struct err *e);
	int (*has)(struct store *s, const char *name, struct store_object *ret, struct err *e);

	struct store_put *(*put_new)(struct store *s, const char *folder, struct err *e);
	int (*put_write)(struct store_put *p, struct bytes b, struct err *e);
	int (*put_commit)(struct store_put *p, const char *name, struct err *e); /* ends p */
	void (*put_abort)(struct store_put *p);
	int (*put_named)(struct store *s, const char *name, struct bytes b, enum store_put_how how,
			 struct err *e);
	/* NULL: there are no classes */
	int (*set_class)(struct store *s, const char *name, uint64_t size,
			 const char *storage_class, struct err *e);
	/* As set_class. */
	int (*get_rules)(struct store *s, struct buf *b, struct err *e);
	int (*put_rules)(struct store *s, struct bytes text, struct err *e);
	int (*delete_all)(struct store *s, char *const *names, size_t n, struct err *e);

	int (*now)(struct store *s, int64_t *ret_ns, struct err *e);
	struct store_lock *(*lock)(struct store *s, const char *name, struct err *e);
	void (*unlock)(struct store_lock *l);
};

/* The first member of each kind's own struct. */
struct store {
	const struct store_ops *ops;
	char *path;	  /* for messages; owned */
	char *place;	  /* of a remote one: where its objects are, server and all; owned */
	char *peer;	  /* the address that it is pinned to; NULL: none; owned */
	bool remote;	  /* each call is a request, which takes its time whatever is asked */
	atomic_bool away; /* the last request had no answer */
	atomic_int_fast64_t deadline_ns; /* of time_mono_ns: later nothing is waited for; 0: none */
	struct cache *cache;		 /* of a remote one; NULL: none */
	enum store_cached cached;
	/* Of listings and small objects that are taken from it; 0: none. Whoever finds them of no
	 * use sets it, while others read. */
	atomic_int_fast64_t answer_age_ns;
	struct store *part[STORE_PARTS]; /* that lie elsewhere; NULL: here; owned */
	struct store *whole;		 /* of a part: what it is of, where rounds are counted */
	atomic_bool asked_mark;		 /* once is enough */
	unsigned lacks, marked; /* what was said to lie elsewhere, and what the mark says, if it was
				   read; bits of STORE_PARTS */
	atomic_uint_fast64_t puts, gets, lists, heads, deletes, bytes_read, bytes_written, retries;
	atomic_uint_fast64_t under_way, rounds; /* by store_round_begin */
};

/* The first members of each kind's own. */
struct store_put {
	struct store *s;
	char *folder;
	struct hash_state *hash;
};

struct store_lock {
	struct store *s;
};

/*
 * What lies between store_read_all and the reads of a remote store; v as in read_all above.
 * store_join_read asks for ranges that lie near each other in one, and for long ones in parts at
 * once. store_paged_read looks into the cache first, page by page: what it has not is read, and
 * put there.
 */
void store_join_read(struct store *s, struct store_read *v, size_t n);
void store_paged_read(struct store *s, struct store_read *v, size_t n);
/* The calls of these names, by way of answers that are kept (kept.c). */
int store_kept_list(struct store *s, const char *folder, store_object_fn *each, void *data,
		    struct err *e);
int store_kept_get(struct store *s, const char *name, size_t max, struct buf *b, struct err *e);
/* list_folders of the store itself (store.c). */
int store_ask_folders(struct store *s, const char *folder, store_object_fn *each, void *data,
		      struct err *e);
/* Round requests of a remote store, by its kind: those that are under way together are one round,
 * which takes as long as one. What a listing is given to is none of it. For any thread. */
void store_round_begin(struct store *s);
void store_round_end(struct store *s);
/* store_list_objects without the parts. */
int store_list_one(struct store *s, const char *folder, store_object_fn *each, void *data,
		   struct err *e);
/* Drops what the cache has of it. */
void store_paged_drop(struct store_file *f, uint64_t off, uint64_t n);

/* "~lokid/format" */
extern const char store_format_name[];
enum { STORE_FORMAT_FILE_MAX = 256 };
/* Its text, and whether it is one that we know: then it sets s->marked. Errors: ERR_CORRUPT,
 * ERR_VERSION. */
void store_format_add(const struct store *s, struct buf *b);
MUST_CHECK int store_format_check(struct store *s, struct bytes text, struct err *e);
/* ERR_IO: s has no mark. */
int store_not_marked(const struct store *s, struct err *e);
/* The same of one that is not, or not made, because of what lies there already. */
int store_not_empty(struct store *s, const char *there, struct err *e);

/* Is the last part of name one of no object: ".x", "x.tmp"? */
bool store_is_no_object(const char *name);

/* NULL on error: as store_open. path is not empty and has no slash at its end. */
struct store *store_dir_open(const char *path, enum store_mode mode, unsigned lacks, struct err *e);
struct store_lock *store_dir_lock(struct store *s, const char *name, struct err *e);
void store_dir_unlock(struct store_lock *l);

#endif
