#include "deletes/outdated.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "store/store.h"

enum {
	RUN_MAX = 256, /* receipts of a run */
	AT_ONCE = 32,  /* at a remote store */
};

struct moving {
	const struct delete_merge *m;
	const struct folder *f;
	const struct folder_file *v;
	char **old; /* their names */
};

/*
 * There may be more to be done about the request, so that somebody takes the receipt away, old and
 * new, before what was read of it here is written: then it must not be there again. It is written
 * from those of its days when all is done. Of one that is cancelled nothing more is done.
 */
static int take_back(const struct moving *x, const struct folder_file *file, const char *old,
		     const char *new, struct err *e)
{
	int there;

	if (folder_find(x->f, DELETES_CANCEL, file->id))
		return 0;
	there = store_has(x->m->store, old, NULL, e);
	return there == 0 ? store_delete(x->m->store, new, e) : there < 0 ? -1 : 0;
}

static int write_anew(const struct moving *x, const struct folder_file *file, const char *old,
		      const char *new, struct err *e)
{
	struct buf text = { 0 };
	int rc = store_get(x->m->store, old, file->size, &text, e);

	if (rc == 0)
		rc = store_put_named(x->m->store, new, buf_bytes(&text), STORE_PUT_ANY, e);
	if (rc == 0)
		rc = take_back(x, file, old, new, e);
	else if (e->code == ERR_NO) /* gone since: another one moves it, or takes it away */
		rc = 0;
	buf_release(&text);
	return rc;
}

static int move_one(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	const struct moving *x = data;
	const struct folder_file *file = &x->v[item];
	struct buf new = { 0 };
	int rc;

	(void)worker;
	(void)slot;
	deletes_add_receipt(&new, x->m->tenant, file->id);
	rc = store_has(x->m->store, buf_str(&new), NULL, e);
	if (rc == 0)
		rc = write_anew(x, file, x->old[item], buf_str(&new), e);
	buf_release(&new);
	return rc < 0 ? -1 : 0;
}

static int move_all(struct moving *x, size_t n, struct err *e)
{
	const struct work w = { .n = n,
				.jobs = store_is_remote(x->m->store) ? AT_ONCE : 1,
				.window = AT_ONCE,
				.run = move_one,
				.data = x };

	if (work_run(&w, e) < 0)
		return -1;
	return store_delete_all(x->m->store, x->old, n, e);
}

int outdated_move(const struct delete_merge *m, const struct folder *f, struct err *e)
{
	struct moving x = { .m = m, .f = f };
	size_t n;
	int rc = 0;

	x.v = folder_files(f, DELETES_RECEIPT, &n);
	n = n < RUN_MAX ? n : RUN_MAX;
	x.old = mem_alloc((n + 1) * sizeof(*x.old));
	for (size_t i = 0; i < n; i++) {
		struct buf name = { 0 };

		deletes_add_name(&name, m->tenant, x.v[i].id, DELETES_RECEIPT);
		buf_str(&name);
		x.old[i] = name.p;
	}
	if (n && !m->dry_run)
		rc = move_all(&x, n, e);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && m->deleted)
			m->deleted(m->data, x.old[i]);
		free(x.old[i]);
	}
	free(x.old);
	return rc;
}
