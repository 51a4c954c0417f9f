/* JSON lines in entry form (lokid-entry(5)): all of them in memory, sorted by stream and time. */
#include <unistd.h>

#include "base/mem.h"
#include "codec/stream.h"
#include "entry/jsonl.h"
#include "query/load.h"
#include "query/source.h"

enum { PIECE_ENTRIES = 8192, READ = 1 << 20, BAD_TOLD = 10 };

struct stream_in {
	struct labels labels;
	struct bytes tenant;
	struct hash128 id;
};

struct jsonl_data {
	struct source source; /* first */
	const struct source_opts *o;
	struct bytes of_none; /* the tenant of entries that name none */
	struct arena mem;
	struct entries es;
	struct stream_in *stream;
	size_t n_streams, cap_streams;
	struct map by_text; /* a labels object's text to its stream */
	struct map by_id;
	struct jsonl_reader reader;
	struct buf key;
	uint64_t line_no, n_bad;
};

static const struct source_ops ops;

void jsonl_data_free(struct jsonl_data *d)
{
	if (!d)
		return;
	arena_release(&d->mem);
	entries_release(&d->es);
	free(d->stream);
	buf_release(&d->key);
	map_release(&d->by_text);
	map_release(&d->by_id);
	jsonl_reader_release(&d->reader);
	free(d->source.name);
	free(d);
}

/* The number of the stream of this tenant whose labels are the object `text`. */
static int stream_of(struct jsonl_data *d, struct bytes tenant, struct bytes text, uint32_t *ret,
		     struct err *e)
{
	uint64_t hash, id_hash;
	struct stream_in s;
	struct bytes id, key;

	buf_reset(&d->key);
	buf_add_bytes(&d->key, tenant);
	buf_add_char(&d->key, '/');
	buf_add_bytes(&d->key, text);
	key = buf_bytes(&d->key);
	hash = hash64(key);
	*ret = map_get(&d->by_text, hash, key);
	if (*ret != MAP_NONE)
		return 0;
	if (labels_parse_json(text, &d->mem, &s.labels, e) < 0)
		return -1;
	s.labels = labels_copy(&d->mem, &s.labels);
	s.id = labels_stream_id(tenant, &s.labels);
	id = bytes_of(s.id.b, sizeof(s.id.b));
	id_hash = hash64(id);
	*ret = map_get(&d->by_id, id_hash, id);
	if (*ret == MAP_NONE) {
		*ret = (uint32_t)d->n_streams;
		s.tenant = arena_copy(&d->mem, tenant);
		mem_grow(&d->stream, &d->cap_streams, d->n_streams + 1, sizeof(*d->stream));
		d->stream[d->n_streams++] = s;
		map_put(&d->by_id, id_hash, arena_copy(&d->mem, id), *ret);
	}
	map_put(&d->by_text, hash, arena_copy(&d->mem, key), *ret);
	return 0;
}

static int add_line(struct jsonl_data *d, struct bytes line, struct err *e)
{
	struct jsonl_entry x;
	uint32_t stream;

	d->line_no++;
	if (bytes_trim(line).n == 0)
		return 0;
	if (jsonl_parse(&d->reader, line, &x, e) < 0)
		return err_wrap(e, "line %llu", (unsigned long long)d->line_no);
	if (x.tenant.n == 0)
		x.tenant = d->of_none;
	if (!views_has(d->o->tenant, x.tenant))
		return 0;
	if (stream_of(d, x.tenant, x.labels, &stream, e) < 0) {
		if (e->code == ERR_USAGE)
			e->code = ERR_CORRUPT;
		return err_wrap(e, "line %llu", (unsigned long long)d->line_no);
	}
	entries_add(&d->es, stream, x.has_ts ? x.ts_ns : d->o->now_ns, x.line,
		    x.n_meta ? metatab_add(&d->es.meta, x.meta, x.n_meta) : 0);
	return 0;
}

/* A bad line is reported and left out; the others are still read. */
static int add_or_report(struct jsonl_data *d, struct bytes line, struct err *e)
{
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (add_line(d, line, e) == 0)
		return 0;
	if (e->code != ERR_CORRUPT && e->code != ERR_LIMIT)
		return -1;
	err_wrap(e, "'%s'", d->source.name);
	if (++d->n_bad <= BAD_TOLD)
		d->o->damage(d->o->damage_data, e);
	return 0;
}

static void tell_bad(const struct jsonl_data *d)
{
	struct err e;

	if (d->n_bad <= BAD_TOLD)
		return;
	err_set(&e, ERR_CORRUPT, "'%s': %llu more lines are no entries", d->source.name,
		(unsigned long long)(d->n_bad - BAD_TOLD));
	d->o->damage(d->o->damage_data, &e);
}

static int by_stream_and_time(const void *a, const void *b, void *data)
{
	const struct entry_ref *x = a, *y = b;
	int c = (x->stream > y->stream) - (x->stream < y->stream);

	(void)data;
	if (c == 0)
		c = (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
	/* Text is added in order of arrival. */
	return c ? c : (x->line_off > y->line_off) - (x->line_off < y->line_off);
}

int jsonl_data_read(struct codec_stream *in, const char *name, struct bytes start,
		    const struct source_opts *o, struct jsonl_data **ret, struct err *e)
{
	struct jsonl_data *d = mem_alloc(sizeof(*d));
	struct buf text = { 0 };
	struct bytes line;
	int64_t got;
	int r = -1;

	d->source = (struct source){ .ops = &ops, .name = strdup(name) };
	d->o = o;
	d->of_none = o->tenant.n && !views_are_several(o->tenant) ? o->tenant : BYTES_LIT("fake");
	buf_add_bytes(&text, start);
	do {
		struct bytes rest;
		size_t used = 0;

		if (source_check_interrupt(o, e) < 0)
			goto out;
		buf_reserve(&text, READ);
		got = codec_stream_read(in, text.p + text.n, READ, e);
		if (got < 0) {
			err_wrap(e, "'%s'", name);
			if (e->code != ERR_CORRUPT && e->code != ERR_IO)
				goto out;
			o->damage(o->damage_data, e);
		}
		text.n += got > 0 ? (size_t)got : 0;
		rest = buf_bytes(&text);
		for (const char *nl; rest.n && (nl = memchr(rest.p, '\n', rest.n));) {
			line = bytes_of(rest.p, (size_t)(nl - rest.p));
			if (add_or_report(d, line, e) < 0)
				goto out;
			used += line.n + 1;
			rest = bytes_sub(rest, line.n + 1, rest.n);
		}
		buf_drop(&text, used);
	} while (got > 0);
	/* A line that damage cut is no line. */
	if (text.n && got == 0 && add_or_report(d, buf_bytes(&text), e) < 0)
		goto out;
	tell_bad(d);
	if (d->es.n)
		qsort_r(d->es.v, d->es.n, sizeof(*d->es.v), by_stream_and_time, NULL);
	*ret = d;
	r = 0;
out:
	if (r < 0)
		jsonl_data_free(d);
	buf_release(&text);
	return r;
}

void source_jsonl(struct plan *p, struct jsonl_data *d, uint64_t seq)
{
	const struct entry_ref *v = d->es.v;

	p->kind = SOURCE_ENTRIES;
	p->seen[SOURCE_ENTRIES].files++;
	for (size_t i = 0, end; i < d->es.n; i = end) {
		const struct stream_in *s = &d->stream[v[i].stream];
		struct piece x = {
			.source = &d->source, .at = i, .seq = seq + i, .meta_bytes = UINT32_MAX
		};

		for (end = i; end < d->es.n && v[end].stream == v[i].stream; end++) {
			if (end - i >= PIECE_ENTRIES && v[end].ts_ns != v[end - 1].ts_ns)
				break;
			x.line_bytes += v[end].line_len;
		}
		if (!plan_wants(p, s->tenant, &s->labels)) {
			p->seen[SOURCE_ENTRIES].by_labels++;
			continue;
		}
		x.part = end - i;
		x.n = (uint32_t)x.part;
		x.stream = plan_stream(p, &s->id, s->tenant, &s->labels);
		x.min_ts = v[i].ts_ns;
		x.max_ts = v[end - 1].ts_ns;
		plan_add_piece(p, &x);
	}
}

static int load(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		struct run *ret, unsigned *ret_have, struct err *e)
{
	const struct jsonl_data *d = (const struct jsonl_data *)(const void *)s;
	const struct entry_ref *v = d->es.v + p->at;
	size_t n = p->part;
	int64_t *ts;
	uint32_t *off, *set;

	(void)want;
	if (p->line_bytes + n > UINT32_MAX)
		return err_set(e, ERR_LIMIT, "too many bytes with one timestamp");
	buf_reset(&m->ts);
	buf_reset(&m->off);
	buf_reset(&m->set);
	buf_reset(&m->lines);
	ts = (void *)buf_reserve(&m->ts, n * sizeof(*ts));
	off = (void *)buf_reserve(&m->off, (n + 1) * sizeof(*off));
	set = (void *)buf_reserve(&m->set, n * sizeof(*set));
	buf_reserve(&m->lines, p->line_bytes + n);
	off[0] = 0;
	for (size_t i = 0; i < n; i++) {
		ts[i] = v[i].ts_ns;
		set[i] = v[i].meta;
		if (v[i].line_len) /* all of them may be empty, and there is no text then */
			buf_add(&m->lines, d->es.text.p + v[i].line_off, v[i].line_len);
		buf_add_char(&m->lines, '\n');
		off[i + 1] = (uint32_t)m->lines.n;
	}
	*ret = (struct run){
		.n = n, .ts_ns = ts, .line_off = off, .lines = m->lines.p, .lines_len = m->lines.n
	};
	ret->meta = metatab_view(&d->es.meta);
	ret->meta_set = ret->meta.n_sets ? set : NULL;
	*ret_have = WANT_ALL;
	return 0;
}

static void keep_open(struct source *s)
{
	(void)s; /* the sources' own, not the plan's */
}

static const struct source_ops ops = { .load = load, .close = keep_open };
