#include "retention/astray.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/live.h"
#include "store/tenants.h"

/* ---- tenants ---- */

struct tenants {
	const struct limits_set *limits;
	bool *is_there; /* of each with overrides */
};

static int see_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct tenants *t = data;
	struct bytes tenant;

	(void)size;
	(void)e;
	for (size_t i = 0; limits_override_at(t->limits, i, &tenant); i++)
		if (bytes_is(tenant, name))
			t->is_there[i] = true;
	return 0;
}

static bool has_own_retention(const struct limits_set *set, struct bytes tenant)
{
	const struct limits *l = limits_of(set, tenant), *d = limits_of(set, (struct bytes){ 0 });

	return l->retention_period_ns != d->retention_period_ns ||
	       l->retention_stream.v != d->retention_stream.v ||
	       l->max_storage_bytes != d->max_storage_bytes ||
	       l->max_storage_action != d->max_storage_action;
}

int astray_tenants(const struct limits_set *limits, const char *name, struct store *s,
		   astray_warn_fn *warn, void *data, struct err *e)
{
	struct tenants t = { .limits = limits };
	struct bytes tenant;
	size_t n = 0;
	int rc;

	while (limits_override_at(limits, n, &tenant))
		n++;
	if (n == 0)
		return 0;
	t.is_there = mem_alloc(n * sizeof(*t.is_there));
	rc = store_each_tenant(s, (struct bytes){ 0 }, see_tenant, &t, e);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct buf b = { 0 };

		if (t.is_there[i] || !limits_override_at(limits, i, &tenant) ||
		    !has_own_retention(limits, tenant))
			continue;
		buf_addf(&b,
			 "'%s': overrides: the store has no tenant '%.*s': nothing expires by its "
			 "retention",
			 name, BYTES_ARG(tenant));
		warn(buf_str(&b), data);
		buf_release(&b);
	}
	free(t.is_there);
	return rc;
}

/* ---- streams ---- */

struct rule {
	const struct limits_stream_rule *r;
	struct bytes tenant; /* whose own it is; empty: of all without one */
	bool is_asked, fits; /* such a tenant is there; such a stream */
};

struct streams {
	const struct limits_set *limits;
	const struct limits *of; /* of the tenant at hand */
	struct rule *v;
	size_t n, cap;
	struct index_set found;
	bool any_damaged;
};

static void add_rules(struct streams *x, const struct limits_stream_rules *rules,
		      struct bytes tenant)
{
	for (size_t i = 0; i < rules->n; i++) {
		mem_grow(&x->v, &x->cap, x->n + 1, sizeof(*x->v));
		x->v[x->n++] = (struct rule){ .r = &rules->v[i], .tenant = tenant };
	}
}

static bool is_of(const struct rule *r, const struct limits *l)
{
	for (size_t i = 0; i < l->retention_stream.n; i++)
		if (&l->retention_stream.v[i] == r->r)
			return true;
	return false;
}

static int see_file(struct streams *x, struct index *ix, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		struct rule *r = &x->v[i];

		if (r->fits || !is_of(r, x->of))
			continue;
		r->is_asked = true;
		if (index_match(ix, r->r->match, r->r->n_match, &x->found, e) < 0)
			return -1;
		r->fits = x->found.n > 0;
	}
	return 0;
}

static int see_day(struct live *l, struct bytes tenant, int32_t day, void *data, struct err *e)
{
	struct streams *x = data;
	int rc = 0;

	(void)day;
	x->of = limits_of(x->limits, tenant);
	x->any_damaged |= l->n_faults > 0;
	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = see_file(x, l->v[i], e);
	return rc;
}

static void tell(const struct streams *x, const char *name, astray_warn_fn *warn, void *data)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct rule *r = &x->v[i];
		struct buf b = { 0 };

		if (!r->is_asked || r->fits)
			continue;
		buf_addf(&b, "'%s': ", name);
		if (r->tenant.n)
			buf_addf(&b, "overrides: tenant '%.*s': ", BYTES_ARG(r->tenant));
		buf_addf(&b, "retention_stream: no stream in the store fits '%.*s'",
			 BYTES_ARG(r->r->selector));
		warn(buf_str(&b), data);
		buf_release(&b);
	}
}

int astray_streams(const struct limits_set *limits, const char *name, struct store *s,
		   astray_warn_fn *warn, void *data, struct err *e)
{
	const struct limits *d = limits_of(limits, (struct bytes){ 0 });
	struct streams x = { .limits = limits };
	struct bytes tenant;
	struct err why = { 0 };
	int rc = 0;

	add_rules(&x, &d->retention_stream, (struct bytes){ 0 });
	for (size_t i = 0; limits_override_at(limits, i, &tenant); i++)
		if (limits_of(limits, tenant)->retention_stream.v != d->retention_stream.v)
			add_rules(&x, &limits_of(limits, tenant)->retention_stream, tenant);
	if (x.n)
		rc = live_each(s, (struct bytes){ 0 }, see_day, &x, &why);
	if (rc == 0 && !x.any_damaged)
		tell(&x, name, warn, data);
	index_set_release(&x.found);
	free(x.v);
	if (rc == 0 || why.code == ERR_CORRUPT) /* the run itself tells of it */
		return 0;
	*e = why;
	return -1;
}
