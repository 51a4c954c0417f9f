#include "store/tenants.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "labels/labels.h"
#include "store/names.h"

enum { SHOWN_MAX = 8 };

struct each {
	store_each_fn *fn;
	void *data;
};

static int one(const char *name, uint64_t size, void *data, struct err *e)
{
	const struct each *each = data;

	if (labels_check_tenant(bytes_str(name), NULL) < 0)
		return 0;
	return each->fn(name, size, each->data, e);
}

int store_each_tenant(struct store *s, struct bytes only, store_each_fn *each, void *data,
		      struct err *e)
{
	struct each all = { each, data };
	struct buf name = { 0 };
	int rc;

	buf_add_bytes(&name, only);
	rc = only.n ? each(buf_str(&name), 0, data, e) : store_list_folders(s, "", one, &all, e);
	buf_release(&name);
	return rc;
}

/* ---- where they write ---- */

int store_each_written(struct store *s, struct bytes tenant, store_written_fn *each, void *data,
		       struct err *e)
{
	struct buf folder = { 0 };
	struct store *far;
	int rc = 0;

	if (!tenant.n)
		return each(STORE_OWN_FOLDER, data, e);
	buf_addf(&folder, "%.*s/", BYTES_ARG(tenant));
	far = store_part(s, buf_str(&folder));
	if (!store_is_remote(far))
		far = NULL;
	if (far)
		rc = each(folder.p, data, e);
	for (size_t i = 0; store_tenant_folders[i] && rc == 0; i++) {
		buf_reset(&folder);
		buf_addf(&folder, "%.*s/%s/", BYTES_ARG(tenant), store_tenant_folders[i]);
		if (store_part(s, buf_str(&folder)) != far)
			rc = each(folder.p, data, e);
	}
	buf_release(&folder);
	return rc;
}

/* ---- one that was asked for ---- */

struct looking {
	struct bytes tenant;
	bool found;
	const char **names; /* in the arena */
	size_t n, cap;
	struct arena mem;
};

static int look(const char *name, uint64_t size, void *data, struct err *e)
{
	struct looking *l = data;

	(void)size;
	(void)e;
	l->found = l->found || bytes_is(l->tenant, name);
	mem_grow(&l->names, &l->cap, l->n + 1, sizeof(*l->names));
	l->names[l->n++] = arena_copy(&l->mem, bytes_of(name, strlen(name) + 1)).p;
	return 0;
}

static void add_known(struct buf *b, const struct looking *l)
{
	struct buf word = { 0 };
	const char *like;

	buf_add_bytes(&word, l->tenant);
	like = cli_most_like(l->names, l->n, buf_str(&word));
	if (like)
		buf_addf(b, ": is '%s' meant?", like);
	else if (l->n == 0)
		buf_add_str(b, ", nor any other");
	else
		buf_add_str(b, "; it has ");
	for (size_t i = 0; i < l->n && i < SHOWN_MAX && !like; i++)
		buf_addf(b, "%s'%s'", i ? ", " : "", l->names[i]);
	if (l->n > SHOWN_MAX && !like)
		buf_addf(b, " and %zu more", l->n - SHOWN_MAX);
	buf_release(&word);
}

int store_check_tenant(struct store *s, struct bytes tenant, struct err *e)
{
	struct looking l = { .tenant = tenant };
	int rc = store_each_tenant(s, (struct bytes){ 0 }, look, &l, e);

	if (rc == 0 && !l.found) {
		struct buf known = { 0 };

		add_known(&known, &l);
		rc = err_set(e, ERR_NO, "store '%s' has no tenant '%.*s'%s", store_path(s),
			     BYTES_ARG(tenant), buf_str(&known));
		buf_release(&known);
	}
	free(l.names);
	arena_release(&l.mem);
	return rc;
}

bool store_seeks_tenant(struct store *s, struct bytes tenant, struct cli *c)
{
	struct err e;

	if (tenant.n == 0 || store_check_tenant(s, tenant, &e) == 0 || e.code != ERR_NO)
		return true;
	cli_warn_once(c, &e);
	return false;
}
