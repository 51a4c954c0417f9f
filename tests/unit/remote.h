/*
 * A remote store for tests: a folder behind calls that take a while and are counted. Rounds are how
 * often all requests were over and another one was made: what a query waits for one after another.
 */
#ifndef TESTS_REMOTE_H
#define TESTS_REMOTE_H

#include "unit.h"

#include <pthread.h>
#include <time.h>

#include "base/mem.h"
#include "store/backend.h"

struct remote {
	struct store base; /* first */
	struct store *dir;
	long delay_ns;
	pthread_mutex_t lock; /* guards what follows */
	unsigned in_flight, rounds;
	unsigned most; /* ranges asked for at once */
	/* After so many more reads that are right, so many give damaged bytes, or fail. */
	unsigned n_right, n_damaged, n_failing;
};

static inline void remote_begin(struct remote *r)
{
	struct timespec delay = { .tv_nsec = r->delay_ns };

	pthread_mutex_lock(&r->lock);
	r->rounds += r->in_flight++ == 0;
	pthread_mutex_unlock(&r->lock);
	store_round_begin(&r->base);
	nanosleep(&delay, NULL); /* the round trip */
}

static inline void remote_end(struct remote *r)
{
	store_round_end(&r->base);
	pthread_mutex_lock(&r->lock);
	r->in_flight--;
	pthread_mutex_unlock(&r->lock);
}

static inline struct remote *remote_of(struct store *s)
{
	return (struct remote *)(void *)s;
}

static inline int remote_list(struct store *s, const char *folder, store_object_fn *each,
			      void *data, struct err *e)
{
	int rc;

	remote_begin(remote_of(s));
	remote_end(remote_of(s));
	s->lists++;
	rc = store_list_objects(remote_of(s)->dir, folder, each, data, e);
	return rc;
}

static inline int remote_list_folders(struct store *s, const char *folder, store_object_fn *each,
				      void *data, struct err *e)
{
	struct store *dir = remote_of(s)->dir;

	remote_begin(remote_of(s));
	remote_end(remote_of(s));
	s->lists++;
	return dir->ops->list_folders(dir, folder, each, data, e);
}

static inline int remote_file_open(struct store *s, const char *name, const uint64_t *size,
				   struct store_file *ret, struct err *e)
{
	ret->size = size ? *size : 0;
	if (!size) {
		int rc;

		remote_begin(remote_of(s));
		remote_end(remote_of(s));
		s->heads++;
		rc = store_has(remote_of(s)->dir, name, &ret->size, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(e, ERR_NO, "'%s': no such object", name);
	}
	ret->name = strdup(name);
	ret->is_open = true;
	return 0;
}

static inline void remote_read_one(struct remote *r, struct store_read *v)
{
	struct store_file f = { 0 };
	bool damaged, failing;

	pthread_mutex_lock(&r->lock);
	damaged = r->n_right == 0 && r->n_damaged > 0;
	failing = r->n_right == 0 && r->n_failing > 0;
	r->n_right -= r->n_right > 0;
	r->n_damaged -= damaged;
	r->n_failing -= failing;
	pthread_mutex_unlock(&r->lock);
	r->base.gets++;
	v->err.code = ERR_NONE;
	if (failing)
		err_set(&v->err, ERR_AGAIN, "503");
	else if (store_file_open(r->dir, v->file->name, &f, &v->err) == 0 &&
		 store_file_read(&f, v->off, v->p, v->n, &v->err) == 0)
		r->base.bytes_read += v->n;
	store_file_close(&f);
	if (damaged)
		((char *)v->p)[v->n / 2] ^= 4;
}

static inline void remote_read_all(struct store *s, struct store_read *v, size_t n)
{
	struct remote *r = remote_of(s);

	remote_begin(r);
	pthread_mutex_lock(&r->lock);
	if (n > r->most)
		r->most = (unsigned)n;
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < n; i++)
		remote_read_one(r, &v[i]);
	remote_end(r);
}

static inline void remote_file_close(struct store_file *f)
{
	free(f->name);
}

static inline int remote_get(struct store *s, const char *name, size_t max, struct buf *b,
			     struct err *e)
{
	remote_begin(remote_of(s));
	remote_end(remote_of(s));
	s->gets++;
	return store_get(remote_of(s)->dir, name, max, b, e);
}

static inline int remote_has(struct store *s, const char *name, struct store_object *ret,
			     struct err *e)
{
	struct store *dir = remote_of(s)->dir;

	remote_begin(remote_of(s));
	remote_end(remote_of(s));
	s->heads++;
	return dir->ops->has(dir, name, ret, e);
}

static inline int remote_check_mark(struct store *s, struct err *e)
{
	return store_check_mark(remote_of(s)->dir, e);
}

static inline int remote_leftovers(struct store *s, const char *folder, uint64_t *ret_n,
				   struct err *e)
{
	struct store *dir = remote_of(s)->dir;

	return dir->ops->leftovers(dir, folder, ret_n, e);
}

static inline void remote_close(struct store *s)
{
	struct remote *r = remote_of(s);

	store_close(r->dir);
	pthread_mutex_destroy(&r->lock);
	free(s->path);
	free(s->place);
	free(r);
}

static const struct store_ops remote_ops = {
	.close = remote_close,
	.check_mark = remote_check_mark,
	.leftovers = remote_leftovers,
	.list = remote_list,
	.list_folders = remote_list_folders,
	.file_open = remote_file_open,
	.read_all = remote_read_all,
	.get = remote_get,
	.has = remote_has,
	.file_close = remote_file_close,
};

/* The folder must be a store. */
static inline struct remote *remote_open(const char *folder)
{
	struct remote *r = mem_alloc(sizeof(*r));
	struct err e;

	r->base.ops = &remote_ops;
	r->base.path = strdup("s3://test");
	r->base.place = strdup(r->base.path);
	r->base.remote = true;
	r->delay_ns = 20000000;
	pthread_mutex_init(&r->lock, NULL);
	r->dir = store_open(folder, STORE_WRITE, &e);
	assert_non_null(r->dir);
	return r;
}

#endif
