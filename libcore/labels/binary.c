#include "base/wr.h"
#include "labels/labels.h"

void labels_encode(struct buf *b, const struct labels *l)
{
	wr_uvarint(b, l->n);
	for (size_t i = 0; i < l->n; i++) {
		wr_lstr(b, l->v[i].name);
		wr_lstr(b, l->v[i].value);
	}
}

int labels_decode(struct rd *r, struct arena *a, struct labels *ret, struct err *e)
{
	size_t n = rd_uvarint_max(r, LABELS_MAX);
	struct labels l = { arena_alloc(a, n * sizeof(*l.v)), n };

	for (size_t i = 0; i < n; i++) {
		l.v[i].name = rd_lstr(r, LABEL_NAME_MAX);
		l.v[i].value = rd_lstr(r, LABEL_VALUE_MAX);
		if (!r->failed && i > 0 && bytes_cmp(l.v[i - 1].name, l.v[i].name) >= 0)
			r->failed = true;
	}
	if (r->failed)
		return err_set(e, ERR_CORRUPT,
			       "labels: cut short, too long or not sorted at offset %zu", r->off);
	*ret = l;
	return 0;
}

int labels_cmp_binary(struct bytes a, struct bytes b)
{
	struct rd x = rd_init(a), y = rd_init(b);
	uint64_t n_x = rd_uvarint_max(&x, LABELS_MAX), n_y = rd_uvarint_max(&y, LABELS_MAX);

	/* A name and a value are one string after the other. */
	for (uint64_t i = 0; i < 2 * n_x && i < 2 * n_y; i++) {
		int c = bytes_cmp(rd_lstr(&x, LABEL_VALUE_MAX), rd_lstr(&y, LABEL_VALUE_MAX));

		if (c != 0)
			return c;
	}
	return (n_x > n_y) - (n_x < n_y);
}
