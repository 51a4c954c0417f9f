#include "index/deletes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/reader.h"

static bool is_among(const struct bytes *v, size_t n, struct bytes id)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_eq(v[i], id))
			return true;
	return false;
}

void common_deletes_add(struct common_deletes *c, const struct bytes *v, size_t n)
{
	size_t kept = 0;

	if (!c->any) {
		c->any = true;
		c->v = mem_alloc((n + 1) * sizeof(*c->v));
		if (n)
			memcpy(c->v, v, n * sizeof(*v));
		c->n = n;
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		if (is_among(v, n, c->v[i]))
			c->v[kept++] = c->v[i];
	c->n = kept;
}

void common_deletes_also(struct common_deletes *c, const struct bytes *v, size_t n)
{
	c->any = true;
	c->v = mem_realloc(c->v, (c->n + n + 1) * sizeof(*c->v));
	for (size_t i = 0; i < n; i++)
		if (!is_among(c->v, c->n, v[i]))
			c->v[c->n++] = v[i];
}

void common_deletes_release(struct common_deletes *c)
{
	free(c->v);
	*c = (struct common_deletes){ 0 };
}

int index_delete_at(struct index *ix, uint32_t i, struct bytes *ret, struct err *e)
{
	struct rd rd;

	if (index_row(ix, SEC_DELETES, i, &rd, e) < 0)
		return -1;
	return index_symbol(ix, rd_u32be(&rd), ret, e);
}
