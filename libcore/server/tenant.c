#include "server/tenant.h"

#include <stdlib.h>

#include "labels/labels.h"
#include "server/config.h"
#include "server/route.h"
#include "server/server.h"

struct bytes tenant_first(struct bytes tenants)
{
	struct bytes first = { 0 };

	return bytes_split(&tenants, '|', &first) ? first : tenants;
}

static int cmp_bytes(const void *a, const void *b)
{
	return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Each of them once, in order, joined again by '|'. */
static struct bytes join(struct call *c, struct bytes *v, size_t n)
{
	struct buf all = { 0 };
	struct bytes ret;

	qsort(v, n, sizeof(*v), cmp_bytes);
	c->n_tenants = 0;
	for (size_t i = 0; i < n; i++) {
		if (i && bytes_eq(v[i], v[i - 1]))
			continue;
		if (c->n_tenants++)
			buf_add_char(&all, '|');
		buf_add_bytes(&all, v[i]);
	}
	ret = arena_copy(&c->arena, buf_bytes(&all));
	buf_release(&all);
	return ret;
}

int tenant_of_call(const struct server *s, struct call *c, struct err *e)
{
	struct bytes rest = http_header(c->http, "X-Scope-OrgID"), one, v[TENANTS_MAX];
	size_t n = 0;

	if (!s->config->auth_enabled) {
		c->tenant = bytes_str(TENANT_ALONE);
		c->n_tenants = 1;
		return 0;
	}
	if (rest.n == 0 && c->who && c->who->tenant)
		rest = bytes_str(c->who->tenant);
	if (rest.n == 0) {
		err_set(e, ERR_USAGE, "no org id");
		return 401;
	}
	if (http_header_count(c->http, "X-Scope-OrgID") > 1) {
		err_set(e, ERR_USAGE, "X-Scope-OrgID is given more than once");
		return 400;
	}
	if (!(c->route->asked & ROUTE_TENANTS) || !s->config->multi_tenant_queries) {
		v[n++] = rest;
	} else {
		while (bytes_split(&rest, '|', &one)) {
			if (n == TENANTS_MAX) {
				err_set(e, ERR_LIMIT, "more than %d tenants", TENANTS_MAX);
				return 400;
			}
			v[n++] = one;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (labels_check_tenant(v[i], e) < 0)
			return 400;
	c->tenant = join(c, v, n);
	return 0;
}
