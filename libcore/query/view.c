#include "query/view.h"

#include <stdlib.h>
#include <string.h>

static bool is_seen_else(const struct matcher *m)
{
	return bytes_is(m->name, VIEW_TENANT) || bytes_is(m->name, VIEW_ORIGINAL);
}

static struct view make_view(struct arena *a, const struct views *s, struct bytes tenant)
{
	struct view v = { .tenant = tenant };

	v.match = arena_alloc(a, (s->n_match + 1) * sizeof(*v.match));
	for (size_t i = 0; i < s->n_match; i++) {
		const struct matcher *m = &s->match[i];

		if (!s->labelled || !is_seen_else(m))
			v.match[v.n_match++] = *m;
		else if (bytes_is(m->name, VIEW_ORIGINAL))
			v.late = true;
		else
			v.out = v.out || !matcher_match_value(m, tenant);
	}
	return v;
}

static int by_tenant(const void *a, const void *b)
{
	return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Each once, sorted. */
static struct bytes *split(struct arena *a, struct bytes text, size_t *ret_n)
{
	struct bytes *v = arena_alloc(a, (text.n / 2 + 2) * sizeof(*v)), one;
	size_t n = 0, kept = 0;

	while (bytes_split(&text, '|', &one))
		if (one.n)
			v[n++] = one;
	if (n)
		qsort(v, n, sizeof(*v), by_tenant);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !bytes_eq(v[kept - 1], v[i]))
			v[kept++] = v[i];
	*ret_n = kept;
	return v;
}

struct views views_make(struct arena *a, struct bytes tenants, const struct matcher *match,
			size_t n, const struct matcher *more, size_t n_more)
{
	struct views s = { .n_match = n + n_more };
	size_t n_tenants;
	struct bytes *tenant = split(a, tenants, &n_tenants);

	s.match = arena_alloc(a, (s.n_match + 1) * sizeof(*s.match));
	if (n)
		memcpy(s.match, match, n * sizeof(*match));
	if (n_more)
		memcpy(s.match + n, more, n_more * sizeof(*more));
	s.labelled = n_tenants > 1;
	s.n = n_tenants ? n_tenants : 1;
	s.v = arena_alloc(a, s.n * sizeof(*s.v));
	for (size_t i = 0; i < s.n; i++)
		s.v[i] = make_view(a, &s, n_tenants ? tenant[i] : (struct bytes){ 0 });
	return s;
}

bool views_are_several(struct bytes tenants)
{
	return tenants.n && memchr(tenants.p, '|', tenants.n);
}

bool views_has(struct bytes tenants, struct bytes tenant)
{
	struct bytes one;

	if (!tenants.n)
		return true;
	while (bytes_split(&tenants, '|', &one))
		if (bytes_eq(one, tenant))
			return true;
	return false;
}

const struct view *views_of(const struct views *s, struct bytes tenant)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].tenant.n || bytes_eq(s->v[i].tenant, tenant))
			return s->v[i].out ? NULL : &s->v[i];
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return bytes_cmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

struct labels views_labels(const struct views *s, struct arena *a, struct bytes tenant,
			   const struct labels *own)
{
	bool has = labels_get(own, VIEW_TENANT).p != NULL;
	struct labels l;

	if (!s->labelled)
		return *own;
	l = (struct labels){ arena_alloc(a, (own->n + 1) * sizeof(*l.v)), 0 };
	for (size_t i = 0; i < own->n; i++) {
		struct label x = own->v[i];

		if (has && bytes_is(x.name, VIEW_ORIGINAL))
			continue;
		if (bytes_is(x.name, VIEW_TENANT))
			x.name = BYTES_LIT(VIEW_ORIGINAL);
		l.v[l.n++] = x;
	}
	l.v[l.n++] = (struct label){ BYTES_LIT(VIEW_TENANT), tenant };
	qsort(l.v, l.n, sizeof(*l.v), by_name);
	return l;
}

bool views_want(const struct views *s, struct bytes tenant, const struct labels *own)
{
	const struct view *v = views_of(s, tenant);
	struct arena mem = { 0 };
	struct labels seen;
	bool ret;

	if (s->n == 0)
		return true;
	if (!v || !matcher_match_labels(v->match, v->n_match, own))
		return false;
	if (!v->late)
		return true;
	seen = views_labels(s, &mem, tenant, own);
	ret = matcher_match_labels(s->match, s->n_match, &seen);
	arena_release(&mem);
	return ret;
}
