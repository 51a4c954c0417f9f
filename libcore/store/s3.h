/*
 * A store on an object store that speaks Amazon's S3: what its files share. The design:
 *
 * Any thread takes a client (connections and a curl multi handle) from a heap of idle ones, makes
 * its requests with it, several at once, and gives it back; so threads do not wait for each other,
 * and connections are kept. A request that failed in a way that may pass is made again, after a
 * pause that doubles and is jittered, so that many that failed together do not return together.
 */
#ifndef STORE_S3_H
#define STORE_S3_H

#include <pthread.h>

#include "httpc/many.h"
#include "store/backend.h"
#include "store/s3_creds.h"
#include "store/s3_url.h"

enum { S3_PARALLEL = 8, S3_HEADERS_MAX = 12, S3_SSE_HEADER_LEN = 64 };

struct s3_store {
	struct store base;
	struct s3_place place;
	char *resolve; /* "HOST:PORT:ADDRESS" when the peer is pinned */

	pthread_mutex_t lock; /* guards what follows */
	struct httpc_many **idle;
	size_t n_idle, cap_idle;
	struct s3_creds creds;
	bool have_creds;
	int64_t creds_asked_ns; /* when they were fetched, or should have been; of time_mono_ns */
	uint64_t seed;		/* of the jitter */
};

enum s3_kind { S3_GET, S3_HEAD, S3_PUT, S3_POST, S3_DELETE, S3_LIST };
enum { S3_KEPT = 6 };
enum s3_kept { S3_ETAG, S3_LENGTH, S3_RANGE, S3_MODIFIED, S3_DATE, S3_REGION };

/* One request. */
struct s3_call {
	enum s3_kind kind;
	const char *name;  /* of an object of the store; NULL: the bucket */
	const char *query; /* canonical; NULL: none */
	struct bytes body;
	const char *header[S3_HEADERS_MAX]; /* "x-amz-...: ..." and such; borrowed */
	size_t n_headers;
	void *into; /* of a GET: where its body goes; else to .answer */
	size_t into_n;
	size_t body_max; /* 0: 64 KiB */
	/* Looks at a body of status 2xx; when it is none (-1), it counts as cut on its way. */
	int (*accept)(struct s3_call *c, struct err *e);
	void *data;

	int status; /* set: the last answer's, 0 without one */
	unsigned n_tried;
	struct buf answer;
	struct httpc_kept kept[S3_KEPT];
	char code[64];	/* of the server's error, such as "NoSuchKey"; "" */
	struct err err; /* ERR_NONE: the status is 2xx */
};

void s3_call_release(struct s3_call *c);

/*
 * Makes them, at most S3_PARALLEL at once, each up to place.tries times. Errors, in .err: ERR_NO
 * (404, of an object), ERR_CORRUPT (416), ERR_AGAIN (no connection, 5xx, 429, and, once alone, 412:
 * what it asked is not so, and an upload in parts that is no more), ERR_IO (403 and all else), each
 * saying what is wrong with what.
 */
void s3_do(struct s3_store *s, struct s3_call *v, size_t n);
/* One. Returns 0, or -1 with its error in e. */
MUST_CHECK int s3_do_one(struct s3_store *s, struct s3_call *c, struct err *e);

/* How the server is to encrypt what it is given; header is c's until the request is over. */
void s3_add_sse(const struct s3_store *s, struct s3_call *c, char header[S3_SSE_HEADER_LEN]);

/* An HTTP date of an answer in nanoseconds, or -1. */
int64_t s3_date(struct s3_store *s, const char *text);

/* As the calls of store/backend.h. */
int s3_list(struct store *s, const char *folder, store_object_fn *each, void *data, struct err *e);
int s3_list_folders(struct store *s, const char *folder, store_object_fn *each, void *data,
		    struct err *e);
int s3_leftovers(struct store *s, const char *folder, uint64_t *ret_n, struct err *e);
int s3_file_open(struct store *s, const char *name, const uint64_t *size, struct store_file *ret,
		 struct err *e);
void s3_read_all(struct store *s, struct store_read *v, size_t n);
int s3_file_map(struct store_file *f, struct err *e);
void s3_file_close(struct store_file *f);
int s3_get(struct store *s, const char *name, size_t max, struct buf *b, struct err *e);
int s3_has(struct store *s, const char *name, struct store_object *ret, struct err *e);
struct store_put *s3_put_new(struct store *s, const char *folder, struct err *e);
int s3_put_write(struct store_put *p, struct bytes b, struct err *e);
int s3_put_commit(struct store_put *p, const char *name, struct err *e);
void s3_put_abort(struct store_put *p);
int s3_put_named(struct store *s, const char *name, struct bytes b, enum store_put_how how,
		 struct err *e);
int s3_set_class(struct store *s, const char *name, uint64_t size, const char *storage_class,
		 struct err *e);
int s3_get_rules(struct store *s, struct buf *b, struct err *e);
int s3_put_rules(struct store *s, struct bytes text, struct err *e);
int s3_delete_all(struct store *s, char *const *names, size_t n, struct err *e);
int s3_now(struct store *s, int64_t *ret_ns, struct err *e);
struct store_lock *s3_lock(struct store *s, const char *name, struct err *e);
void s3_unlock(struct store_lock *l);

/* NULL on error: as store_open. */
struct store *store_s3_open(const char *url, enum store_mode mode, unsigned lacks, struct err *e);

#endif
