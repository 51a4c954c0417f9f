#include "base/wr.h"
#include "labels/labels.h"

size_t labels_encoded_max(const struct labels *l)
{
	size_t n = UVARINT_MAX_BYTES;

	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].name.n + l->v[i].value.n + 2 * (size_t)UVARINT_MAX_BYTES;
	return n;
}

static char *put(char *p, struct bytes s)
{
	p = wr_uvarint_to(p, s.n);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

char *labels_encode_to(char *p, const struct labels *l)
{
	p = wr_uvarint_to(p, l->n);
	for (size_t i = 0; i < l->n; i++) {
		p = put(p, l->v[i].name);
		p = put(p, l->v[i].value);
	}
	return p;
}

void labels_encode(struct buf *b, const struct labels *l)
{
	char *p = buf_reserve(b, labels_encoded_max(l));

	b->n += (size_t)(labels_encode_to(p, l) - p);
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

/* How many bytes both begin with. */
static size_t common(struct bytes a, struct bytes b)
{
	size_t max = a.n < b.n ? a.n : b.n, n = 0;
	uint64_t x, y;

	for (; n + 8 <= max; n += 8) {
		memcpy(&x, a.p + n, 8);
		memcpy(&y, b.p + n, 8);
		if (x != y)
			break;
	}
	while (n < max && a.p[n] == b.p[n])
		n++;
	return n;
}

/*
 * Where sets are sorted, the two are alike for most of their bytes: strings of less than 128 bytes,
 * whose length is one, that end before the first byte that differs are stepped over.
 */
int labels_cmp_binary(struct bytes a, struct bytes b)
{
	struct rd x = rd_init(a), y = rd_init(b);
	/* A name and a value are one string after the other. */
	uint64_t n_x = 2 * rd_uvarint_max(&x, LABELS_MAX), n_y = 2 * rd_uvarint_max(&y, LABELS_MAX);
	size_t same = common(a, b), at = x.off;
	uint64_t i = 0;

	while (i < n_x && at < same && !(a.p[at] & 0x80) && at + 1 + (size_t)a.p[at] <= same) {
		at += 1 + (size_t)a.p[at];
		i++;
	}
	if (i)
		x.off = y.off = at;
	for (; i < n_x && i < n_y; i++) {
		int c = bytes_cmp(rd_lstr(&x, LABEL_VALUE_MAX), rd_lstr(&y, LABEL_VALUE_MAX));

		if (c != 0)
			return c;
	}
	return (n_x > n_y) - (n_x < n_y);
}

struct labels_place labels_differ(struct bytes a, struct bytes b)
{
	struct rd x = rd_init(a), y = rd_init(b);
	uint64_t n_x = 2 * rd_uvarint_max(&x, LABELS_MAX), n_y = 2 * rd_uvarint_max(&y, LABELS_MAX);
	struct labels_place ret = { 0 };

	for (; ret.strings < n_x && ret.strings < n_y; ret.strings++) {
		struct bytes v = rd_lstr(&x, LABEL_VALUE_MAX), w = rd_lstr(&y, LABEL_VALUE_MAX);

		ret.bytes = (uint32_t)common(v, w);
		if (ret.bytes < v.n || ret.bytes < w.n)
			return ret;
	}
	ret.bytes = 0;
	return ret;
}

uint64_t labels_key(struct bytes set, struct labels_place from)
{
	struct rd r = rd_init(set);
	uint64_t n = 2 * rd_uvarint_max(&r, LABELS_MAX), ret = 0;
	struct bytes string = { 0 };

	for (uint32_t i = 0; i <= from.strings && i < n; i++)
		string = rd_lstr(&r, LABEL_VALUE_MAX);
	if (from.strings >= n)
		return 0;
	for (size_t i = 0; i < sizeof(ret); i++) {
		size_t at = from.bytes + i;

		ret = ret << 8 | (at < string.n ? (unsigned char)string.p[at] : 0);
	}
	return ret;
}
