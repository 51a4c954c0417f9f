#include "labels/labels.h"

#include <stdlib.h>

#include "base/mem.h"

static int cmp_name(const void *a, const void *b)
{
	return bytes_cmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

int labels_normalize(struct labels *l, struct err *e)
{
	size_t n = 0;

	if (l->n > LABELS_MAX)
		return err_set(e, ERR_LIMIT, "%zu labels, at most %d", l->n, LABELS_MAX);
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), cmp_name);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0 && bytes_eq(l->v[i].name, l->v[i - 1].name))
			return err_set(e, ERR_USAGE, "label '%.*s' is there twice",
				       BYTES_ARG(l->v[i].name));
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].value.n > 0)
			l->v[n++] = l->v[i];
	l->n = n;
	return 0;
}

struct bytes labels_get_bytes(const struct labels *l, struct bytes name)
{
	for (size_t i = 0; i < l->n; i++)
		if (bytes_eq(l->v[i].name, name))
			return l->v[i].value;
	return (struct bytes){ NULL, 0 };
}

struct bytes labels_get(const struct labels *l, const char *name)
{
	return labels_get_bytes(l, bytes_str(name));
}

int labels_cmp(const struct labels *a, const struct labels *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		int c = bytes_cmp(a->v[i].name, b->v[i].name);

		if (c == 0)
			c = bytes_cmp(a->v[i].value, b->v[i].value);
		if (c != 0)
			return c;
	}
	return (a->n > b->n) - (a->n < b->n);
}

struct labels labels_copy(struct arena *a, const struct labels *l)
{
	struct labels copy = { arena_alloc(a, l->n * sizeof(*l->v)), l->n };

	for (size_t i = 0; i < l->n; i++) {
		copy.v[i].name = arena_copy(a, l->v[i].name);
		copy.v[i].value = arena_copy(a, l->v[i].value);
	}
	return copy;
}

/* Asked of every stream of whatever is read, so hardly any set is so long that it needs memory. */
struct hash128 labels_stream_id(struct bytes tenant, const struct labels *l)
{
	size_t max = tenant.n + 1 + labels_encoded_max(l);
	char here[1024];
	char *text = max > sizeof(here) ? mem_alloc(max) : here, *p = text;
	struct hash128 h;

	if (tenant.n)
		memcpy(p, tenant.p, tenant.n);
	p += tenant.n;
	*p++ = '\0'; /* no tenant holds one */
	p = labels_encode_to(p, l);
	h = hash128(bytes_of(text, (size_t)(p - text)));
	if (text != here)
		free(text);
	return h;
}
