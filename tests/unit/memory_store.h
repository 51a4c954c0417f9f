/*
 * A store in memory, for histories: its clock is the test's, and before each call, and in the
 * middle of a listing, the test may do something else with the store, or let the call fail, as one
 * of a process that is killed does.
 */
#ifndef TESTS_MEMORY_STORE_H
#define TESTS_MEMORY_STORE_H

#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/backend.h"

struct memory_file {
	char *name;
	struct buf text;
	int64_t date_ns;
};

/* When a step is taken. */
enum memory_at { MEMORY_BEFORE, MEMORY_IN_LISTING };

struct memory_store {
	struct store base; /* first */
	struct memory_file *v;
	size_t n, cap;
	int64_t now_ns;
	int (*step)(void *data, enum memory_at at, struct err *e); /* -1: the call is not made */
	void *data;
};

struct memory_put {
	struct store_put base; /* first */
	struct buf text;
};

static inline struct memory_store *memory_of(struct store *s)
{
	return (struct memory_store *)(void *)s;
}

static inline int memory_step(struct store *s, enum memory_at at, struct err *e)
{
	struct memory_store *m = memory_of(s);

	return m->step ? m->step(m->data, at, e) : 0;
}

/* The first whose name is not lower. */
static inline size_t memory_find(const struct memory_store *m, const char *name)
{
	size_t i = 0;

	while (i < m->n && strcmp(m->v[i].name, name) < 0)
		i++;
	return i;
}

static inline struct memory_file *memory_get(struct memory_store *m, const char *name)
{
	size_t i = memory_find(m, name);

	return i < m->n && strcmp(m->v[i].name, name) == 0 ? &m->v[i] : NULL;
}

static inline void memory_set(struct memory_store *m, const char *name, struct bytes text)
{
	size_t i = memory_find(m, name);

	if (!memory_get(m, name)) {
		mem_grow(&m->v, &m->cap, m->n + 1, sizeof(*m->v));
		memmove(m->v + i + 1, m->v + i, (m->n++ - i) * sizeof(*m->v));
		m->v[i] = (struct memory_file){ .name = strdup(name) };
	}
	buf_reset(&m->v[i].text);
	buf_add_bytes(&m->v[i].text, text);
	m->v[i].date_ns = m->now_ns;
}

static inline void memory_remove(struct memory_store *m, const char *name)
{
	struct memory_file *f = memory_get(m, name);

	if (!f)
		return;
	free(f->name);
	buf_release(&f->text);
	memmove(f, f + 1, (size_t)(m->v + m->n - f - 1) * sizeof(*f));
	m->n--;
}

/* ---- the calls ---- */

/* Half of it, and the other half a moment later. */
static inline int memory_list(struct store *s, const char *folder, store_object_fn *each,
			      void *data, struct err *e)
{
	struct memory_store *m = memory_of(s);
	char *at = strdup(folder);
	size_t n = 0, i;
	int rc = memory_step(s, MEMORY_BEFORE, e);

	while (rc == 0 && (i = memory_find(m, at)) < m->n &&
	       strncmp(m->v[i].name, folder, strlen(folder)) == 0) {
		const struct store_object o = { .name = m->v[i].name,
						.size = m->v[i].text.n,
						.date_ns = m->v[i].date_ns };
		struct buf next = { 0 };

		buf_addf(&next, "%s ", o.name); /* the lowest name behind it */
		free(at);
		buf_str(&next);
		at = next.p;
		rc = each(&o, data, e);
		if (rc == 0 && ++n % 8 == 4)
			rc = memory_step(s, MEMORY_IN_LISTING, e);
	}
	free(at);
	return rc;
}

static inline int memory_list_folders(struct store *s, const char *folder, store_object_fn *each,
				      void *data, struct err *e)
{
	struct memory_store *m = memory_of(s);
	struct buf last = { 0 };
	int rc = memory_step(s, MEMORY_BEFORE, e);

	for (size_t i = 0; i < m->n && rc == 0; i++) {
		const char *rest = m->v[i].name + strlen(folder);
		struct store_object o = { 0 };

		if (strncmp(m->v[i].name, folder, strlen(folder)) != 0 || !strchr(rest, '/') ||
		    bytes_is(bytes_of(rest, (size_t)(strchr(rest, '/') - rest)), buf_str(&last)))
			continue;
		buf_reset(&last);
		buf_add(&last, rest, (size_t)(strchr(rest, '/') - rest));
		o.name = buf_str(&last);
		rc = each(&o, data, e);
	}
	buf_release(&last);
	return rc;
}

static inline int memory_open(struct store *s, const char *name, const uint64_t *size,
			      struct store_file *ret, struct err *e)
{
	const struct memory_file *f;

	if (memory_step(s, MEMORY_BEFORE, e) < 0)
		return -1;
	f = memory_get(memory_of(s), name);
	if (!f)
		return err_set(e, ERR_NO, "'%s': no such object", name);
	ret->size = size ? *size : f->text.n;
	ret->name = strdup(name);
	ret->is_open = true;
	return 0;
}

/* As a remote store, it does not keep what is open. */
static inline int memory_map(struct store_file *f, struct err *e)
{
	const struct memory_file *m;

	if (memory_step(f->store, MEMORY_BEFORE, e) < 0)
		return -1;
	m = memory_get(memory_of(f->store), f->name);
	if (!m)
		return err_set(e, ERR_NO, "'%s': no such object", f->name);
	f->owned = mem_alloc(m->text.n + 1);
	memcpy(f->owned, m->text.p, m->text.n);
	f->map = bytes_of(f->owned, m->text.n);
	return 0;
}

static inline void memory_close_file(struct store_file *f)
{
	free(f->name);
}

static inline int memory_has(struct store *s, const char *name, struct store_object *ret,
			     struct err *e)
{
	const struct memory_file *f;

	if (memory_step(s, MEMORY_BEFORE, e) < 0)
		return -1;
	f = memory_get(memory_of(s), name);
	if (f)
		*ret = (struct store_object){ .size = f->text.n, .date_ns = f->date_ns };
	return f != NULL;
}

static inline int memory_get_text(struct store *s, const char *name, size_t max, struct buf *b,
				  struct err *e)
{
	const struct memory_file *f;

	if (memory_step(s, MEMORY_BEFORE, e) < 0)
		return -1;
	f = memory_get(memory_of(s), name);
	if (!f)
		return err_set(e, ERR_NO, "'%s': it is not there", name);
	if (f->text.n > max)
		return err_set(e, ERR_LIMIT, "'%s': larger than %zu bytes", name, max);
	buf_add_bytes(b, buf_bytes(&f->text));
	return 0;
}

static inline struct store_put *memory_put_new(struct store *s, const char *folder, struct err *e)
{
	struct memory_put *p;

	(void)folder;
	if (memory_step(s, MEMORY_BEFORE, e) < 0)
		return NULL;
	p = mem_alloc(sizeof(*p));
	return &p->base;
}

static inline int memory_put_write(struct store_put *p, struct bytes b, struct err *e)
{
	(void)e;
	buf_add_bytes(&((struct memory_put *)(void *)p)->text, b);
	return 0;
}

static inline void memory_put_abort(struct store_put *p)
{
	buf_release(&((struct memory_put *)(void *)p)->text);
	free(p);
}

static inline int memory_put_commit(struct store_put *p, const char *name, struct err *e)
{
	struct memory_put *x = (struct memory_put *)(void *)p;
	struct store *s = p->s;
	int rc = memory_step(s, MEMORY_BEFORE, e);

	if (rc == 0)
		memory_set(memory_of(s), name, buf_bytes(&x->text));
	memory_put_abort(p);
	return rc;
}

static inline int memory_put_named(struct store *s, const char *name, struct bytes b,
				   enum store_put_how how, struct err *e)
{
	(void)how;
	if (memory_step(s, MEMORY_BEFORE, e) < 0)
		return -1;
	memory_set(memory_of(s), name, b);
	return 0;
}

/* One by one, so that somebody may be killed, or look, in between. */
static inline int memory_delete_all(struct store *s, char *const *names, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (memory_step(s, MEMORY_BEFORE, e) < 0)
			return -1;
		memory_remove(memory_of(s), names[i]);
	}
	return 0;
}

static inline int memory_now(struct store *s, int64_t *ret_ns, struct err *e)
{
	if (memory_step(s, MEMORY_BEFORE, e) < 0)
		return -1;
	*ret_ns = memory_of(s)->now_ns;
	return 0;
}

static inline void memory_close(struct store *s)
{
	struct memory_store *m = memory_of(s);

	while (m->n)
		memory_remove(m, m->v[m->n - 1].name);
	free(m->v);
	free(s->path);
	free(m);
}

static const struct store_ops memory_ops = {
	.close = memory_close,
	.list = memory_list,
	.list_folders = memory_list_folders,
	.file_open = memory_open,
	.file_map = memory_map,
	.file_close = memory_close_file,
	.get = memory_get_text,
	.has = memory_has,
	.put_new = memory_put_new,
	.put_write = memory_put_write,
	.put_commit = memory_put_commit,
	.put_abort = memory_put_abort,
	.put_named = memory_put_named,
	.delete_all = memory_delete_all,
	.now = memory_now,
};

static inline struct memory_store *memory_open_store(void)
{
	struct memory_store *m = mem_alloc(sizeof(*m));

	m->base.ops = &memory_ops;
	m->base.path = strdup("memory");
	return m;
}

#endif
