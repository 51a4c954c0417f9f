#include "query/series_print.h"

#include "base/mem.h"
#include "base/visible.h"
#include "csv/csv.h"
#include "json/json.h"

struct seen {
	struct arena mem;
	struct map map; /* ids of streams that were met */
	struct labels *v;
	size_t n, cap;
	struct series_counts counts;
};

static int collect(void *data, const struct series_info *s, struct err *e)
{
	struct seen *t = data;
	struct bytes id = bytes_of(s->id->b, sizeof(s->id->b));
	uint64_t hash = hash64(id);

	(void)e;
	t->counts.chunks += s->chunks;
	t->counts.entries += s->entries;
	t->counts.line_bytes += s->line_bytes;
	if (map_get(&t->map, hash, id) != MAP_NONE)
		return 0;
	map_put(&t->map, hash, arena_copy(&t->mem, id), 0);
	mem_grow(&t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = labels_copy(&t->mem, s->labels);
	return 0;
}

static int by_labels(const void *a, const void *b)
{
	return labels_cmp(a, b);
}

void series_add_words(struct buf *b, struct bytes heading, const struct bytes *v, size_t n,
		      const struct formatter *f)
{
	bool terminal = f->format == FORMAT_DEFAULT && f->terminal;
	enum format format = f->format;

	if (format == FORMAT_CSV) {
		csv_add(b, heading);
		buf_add_char(b, '\n');
	}
	if (format == FORMAT_API) {
		buf_add_str(b,
			    n ? "{\"status\":\"success\",\"data\":[" : "{\"status\":\"success\"");
		for (size_t i = 0; i < n; i++) {
			if (i)
				buf_add_char(b, ',');
			json_add_quoted(b, v[i]);
		}
		buf_add_str(b, n ? "]}\n" : "}\n");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (format == FORMAT_JSONL)
			json_add_quoted(b, v[i]);
		else if (format == FORMAT_CSV)
			csv_add(b, v[i]);
		else if (terminal)
			visible_add(b, v[i]);
		else
			buf_add_bytes(b, v[i]);
		buf_add_char(b, '\n');
	}
}

static void add_series_csv(struct buf *b, const struct labels *v)
{
	struct buf text = { 0 };

	labels_add_text(&text, v);
	csv_add(b, buf_bytes(&text));
	buf_release(&text);
}

void series_add_sets(struct buf *b, const struct labels *v, size_t n, enum format format)
{
	if (format == FORMAT_CSV)
		buf_add_str(b, "labels\n");
	if (format == FORMAT_API)
		buf_add_str(b, "{\"status\":\"success\",\"data\":[");
	for (size_t i = 0; i < n; i++) {
		if (format == FORMAT_API && i)
			buf_add_char(b, ',');
		if (format == FORMAT_API || format == FORMAT_JSONL)
			labels_add_json(b, &v[i]);
		else if (format == FORMAT_CSV)
			add_series_csv(b, &v[i]);
		else
			labels_add_text(b, &v[i]);
		if (format != FORMAT_API)
			buf_add_char(b, '\n');
	}
	if (format == FORMAT_API)
		buf_add_str(b, "]}\n");
}

void series_add_counts(struct buf *b, const struct series_counts *t, enum format format)
{
	bool json = format == FORMAT_API || format == FORMAT_JSONL;

	if (format == FORMAT_CSV) {
		buf_addf(b, "streams,chunks,entries,bytes\n%llu,%llu,%llu,%llu\n",
			 (unsigned long long)t->streams, (unsigned long long)t->chunks,
			 (unsigned long long)t->entries, (unsigned long long)t->line_bytes);
		return;
	}
	buf_addf(b,
		 json ? "{\"streams\":%llu,\"chunks\":%llu,\"entries\":%llu,\"bytes\":%llu}\n"
		      : "streams %llu\nchunks %llu\nentries %llu\nbytes %llu\n",
		 (unsigned long long)t->streams, (unsigned long long)t->chunks,
		 (unsigned long long)t->entries, (unsigned long long)t->line_bytes);
}

static int print(enum series_what what, struct series_opts *o, struct bytes name,
		 const struct formatter *f, uint64_t *ret_n, struct err *e)
{
	struct seen t = { 0 };
	struct buf b = { 0 };
	struct bytes *words;
	size_t n = 0;
	int r;

	if (what == SERIES_LABELS || what == SERIES_VALUES) {
		r = series_words(o, what == SERIES_VALUES ? name : (struct bytes){ 0 }, &t.mem,
				 &words, &n, e);
		if (r == 0)
			series_add_words(&b, what == SERIES_VALUES ? name : BYTES_LIT("label"),
					 words, n, f);
	} else {
		o->need = what == SERIES_STATS ? SERIES_COUNTS : SERIES_EXIST;
		r = series_each(o, collect, &t, e);
		n = t.counts.streams = t.n;
		if (n)
			qsort(t.v, n, sizeof(*t.v), by_labels);
		if (r == 0 && what == SERIES_SERIES)
			series_add_sets(&b, t.v, n, f->format);
		else if (r == 0)
			series_add_counts(&b, &t.counts, f->format);
	}
	if (r == 0 && b.n && fwrite(b.p, 1, b.n, f->out) != b.n)
		r = err_sys(e, "cannot write");
	*ret_n = n;
	buf_release(&b);
	free(t.v);
	map_release(&t.map);
	arena_release(&t.mem);
	return r;
}

int series_ask(enum series_what what, struct series_opts *o, char *const *selectors, size_t n,
	       struct bytes name, const struct formatter *f, uint64_t *ret_n, struct err *e)
{
	struct selectors sel = { 0 };
	int r = selectors_parse(selectors, n, o->flags, &sel, e);

	o->selector = sel.v;
	o->n_selectors = sel.n;
	if (r == 0)
		r = print(what, o, name, f, ret_n, e);
	selectors_release(&sel);
	return r;
}
