#include "base/mem.h"
#include "csv/csv.h"
#include "json/json.h"
#include "query/detect.h"
#include "query/field_type.h"

struct found {
	struct bytes name;
	uint64_t n_values;
	bool shown; /* some value is more than a number or a UUID */
};

struct detected {
	struct arena mem;
	struct map by_name, values; /* values: of name, NUL, value */
	struct found *v;
	size_t n, cap;
	struct buf key;
};

static bool always_shown(struct bytes name)
{
	return bytes_is(name, "cluster") || bytes_is(name, "namespace") ||
	       bytes_is(name, "instance") || bytes_is(name, "pod");
}

static struct found *found_of(struct detected *d, struct bytes name)
{
	uint64_t hash = hash64(name);
	uint32_t n = map_get(&d->by_name, hash, name);

	if (n != MAP_NONE)
		return &d->v[n];
	mem_grow(&d->v, &d->cap, d->n + 1, sizeof(*d->v));
	d->v[d->n] = (struct found){ arena_copy(&d->mem, name), 0, always_shown(name) };
	map_put(&d->by_name, hash, d->v[d->n].name, (uint32_t)d->n);
	return &d->v[d->n++];
}

static int collect(void *data, const struct series_info *s, struct err *e)
{
	struct detected *d = data;

	(void)e;
	for (size_t i = 0; i < s->labels->n; i++) {
		const struct label *l = &s->labels->v[i];
		struct found *f = found_of(d, l->name);
		uint64_t hash;

		buf_reset(&d->key);
		buf_add_bytes(&d->key, l->name);
		buf_add_char(&d->key, '\0');
		buf_add_bytes(&d->key, l->value);
		hash = hash64(buf_bytes(&d->key));
		if (map_get(&d->values, hash, buf_bytes(&d->key)) != MAP_NONE)
			continue;
		map_put(&d->values, hash, arena_copy(&d->mem, buf_bytes(&d->key)), 0);
		f->n_values++;
		f->shown = f->shown || !field_is_id(l->value);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return bytes_cmp(x->name, y->name);
}

static void add(struct buf *b, const struct found *f, enum format format)
{
	unsigned long long n = f->n_values;

	switch (format) {
	case FORMAT_API:
	case FORMAT_JSONL:
		buf_add_str(b, "{\"label\":");
		json_add_quoted(b, f->name);
		buf_addf(b, ",\"cardinality\":%llu}", n);
		break;
	case FORMAT_CSV:
		csv_add(b, f->name);
		buf_addf(b, ",%llu", n);
		break;
	case FORMAT_DEFAULT:
	case FORMAT_RAW:
		buf_addf(b, "%.*s %llu", BYTES_ARG(f->name), n);
		break;
	}
	if (format != FORMAT_API)
		buf_add_char(b, '\n');
}

static uint64_t print(struct buf *b, const struct detected *d, enum format format)
{
	uint64_t n = 0;

	if (format == FORMAT_CSV)
		buf_add_str(b, "label,cardinality\n");
	if (format == FORMAT_API)
		buf_add_str(b, "{\"detectedLabels\":[");
	for (size_t i = 0; i < d->n; i++) {
		if (!d->v[i].shown)
			continue;
		if (format == FORMAT_API && n)
			buf_add_char(b, ',');
		add(b, &d->v[i], format);
		n++;
	}
	if (format == FORMAT_API)
		buf_add_str(b, "]}\n");
	return n;
}

int detect_labels(const struct series_opts *o, enum format format, FILE *out, uint64_t *ret_n,
		  struct err *e)
{
	struct detected d = { 0 };
	struct buf b = { 0 };
	int r = series_each(o, collect, &d, e);

	if (r == 0) {
		if (d.n)
			qsort(d.v, d.n, sizeof(*d.v), by_name);
		*ret_n = print(&b, &d, format);
		if (b.n && fwrite(b.p, 1, b.n, out) != b.n)
			r = err_sys(e, "cannot write");
	}
	buf_release(&b);
	buf_release(&d.key);
	map_release(&d.by_name);
	map_release(&d.values);
	free(d.v);
	arena_release(&d.mem);
	return r;
}
