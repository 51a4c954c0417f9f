/* The labels of one entry: those of its stream, its metadata, and what parsers and formats made of
 * it. A parsed label hides metadata, which hides the stream's. */
#include "detail.h"

static const struct bytes error_name = { "__error__", 9 };

bool nv_base_has(const struct nv_labels *l, struct bytes name)
{
	for (size_t i = 0; i < l->base->n; i++)
		if (bytes_eq(l->base->v[i].name, name))
			return true;
	return false;
}

static struct nv_label *find(const struct nv_labels *l, enum nv_kind kind, struct bytes name)
{
	for (size_t i = 0; i < l->n[kind]; i++)
		if (bytes_eq(l->added[kind][i].name, name))
			return (struct nv_label *)(uintptr_t)&l->added[kind][i];
	return NULL;
}

static void take_out(struct nv_labels *l, enum nv_kind kind, struct bytes name)
{
	struct nv_label *x = find(l, kind, name);

	if (x)
		*x = l->added[kind][--l->n[kind]];
}

bool nv_get(const struct nv_labels *l, struct bytes name, struct bytes *ret, enum nv_kind *ret_kind)
{
	*ret = BYTES_LIT("");
	for (int kind = NV_PARSED; kind >= NV_STREAM; kind--) {
		const struct nv_label *x = find(l, (enum nv_kind)kind, name);

		if (x) {
			*ret = x->value;
			*ret_kind = (enum nv_kind)kind;
			return true;
		}
	}
	*ret_kind = NV_STREAM;
	for (size_t i = 0; i < l->n_gone; i++)
		if (bytes_eq(l->gone[i], name))
			return false;
	for (size_t i = 0; i < l->base->n; i++) {
		if (bytes_eq(l->base->v[i].name, name)) {
			*ret = l->base->v[i].value;
			return true;
		}
	}
	return false;
}

struct bytes nv_value(const struct nv_labels *l, struct bytes name)
{
	struct bytes ret;
	enum nv_kind kind;

	if (bytes_eq(name, error_name))
		return l->error;
	nv_get(l, name, &ret, &kind);
	return ret;
}

void nv_set(struct nv_labels *l, enum nv_kind kind, struct bytes name, struct bytes value)
{
	struct nv_label *x;

	if (kind == NV_PARSED)
		take_out(l, NV_META, name);
	if (kind != NV_STREAM)
		take_out(l, NV_STREAM, name);
	for (int above = kind + 1; above <= NV_PARSED; above++)
		if (find(l, (enum nv_kind)above, name))
			return;
	x = find(l, kind, name);
	if (!x) {
		if (l->n[kind] == NV_ADDED_MAX)
			abort();
		x = &l->added[kind][l->n[kind]++];
	}
	*x = (struct nv_label){ .name = name, .value = value };
}

void nv_del(struct nv_labels *l, struct bytes name)
{
	for (int kind = NV_STREAM; kind <= NV_PARSED; kind++)
		take_out(l, (enum nv_kind)kind, name);
	if (l->n_gone == NV_ADDED_MAX)
		abort();
	l->gone[l->n_gone++] = name;
}

void nv_error(struct nv_labels *l, const char *what)
{
	l->error = bytes_str(what);
	l->has_details = true;
}

struct bytes nv_extracted(struct arena *a, struct bytes name)
{
	struct buf b = { 0 };
	struct bytes ret;

	buf_add_bytes(&b, name);
	buf_add_str(&b, "_extracted");
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return bytes_cmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

struct labels nv_visible(const struct nv_labels *l)
{
	struct labels ret = { 0 };
	size_t most = l->base->n + l->n[0] + l->n[1] + l->n[2] + 2;

	ret.v = arena_alloc(l->a, most * sizeof(*ret.v));
	for (size_t i = 0; i < l->base->n; i++) {
		struct bytes name = l->base->v[i].name, value;
		enum nv_kind kind;
		bool added = find(l, NV_STREAM, name) || find(l, NV_META, name) ||
			     find(l, NV_PARSED, name);

		if (!added && nv_get(l, name, &value, &kind))
			ret.v[ret.n++] = l->base->v[i];
	}
	for (int kind = NV_STREAM; kind <= NV_PARSED; kind++)
		for (size_t i = 0; i < l->n[kind]; i++)
			ret.v[ret.n++] =
				(struct label){ l->added[kind][i].name, l->added[kind][i].value };
	if (l->error.n)
		ret.v[ret.n++] = (struct label){ error_name, l->error };
	if (l->error.n && l->preserve)
		ret.v[ret.n++] =
			(struct label){ BYTES_LIT("__preserve_error__"), BYTES_LIT("true") };
	qsort(ret.v, ret.n, sizeof(*ret.v), by_name);
	return ret;
}

bool nv_same(const struct labels *a, const struct labels *b)
{
	return labels_cmp(a, b) == 0;
}

struct labels nv_pick(struct arena *a, const struct labels *l, const struct bytes *names, size_t n,
		      bool those)
{
	struct labels ret = { .v = arena_alloc(a, (l->n + 1) * sizeof(*ret.v)) };

	for (size_t i = 0; i < l->n; i++) {
		bool named = false;

		for (size_t k = 0; k < n; k++)
			named = named || bytes_eq(names[k], l->v[i].name);
		if (named == those)
			ret.v[ret.n++] = l->v[i];
	}
	return ret;
}

struct labels nv_without_empty(struct arena *a, const struct labels *l)
{
	struct labels ret = { .v = arena_alloc(a, (l->n + 1) * sizeof(*ret.v)) };

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].value.n)
			ret.v[ret.n++] = l->v[i];
	return ret;
}

struct labels nv_with(struct arena *a, const struct labels *l, struct bytes name,
		      struct bytes value)
{
	struct labels rest = nv_pick(a, l, &name, 1, false);
	struct labels ret = { .v = arena_alloc(a, (rest.n + 1) * sizeof(*ret.v)), .n = rest.n };

	for (size_t i = 0; i < rest.n; i++)
		ret.v[i] = rest.v[i];
	if (value.n)
		ret.v[ret.n++] = (struct label){ name, value };
	qsort(ret.v, ret.n, sizeof(*ret.v), by_name);
	return ret;
}
