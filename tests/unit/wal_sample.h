/* Segments for tests: made in memory, and what must come out of them. */
#ifndef TESTS_WAL_SAMPLE_H
#define TESTS_WAL_SAMPLE_H

#include "unit.h"

#include "entry/append.h"
#include "wal/pack.h"
#include "wal/reader.h"

/* An entry as one line of text: "tenant|labels|ts|line|metadata". */
struct sample {
	struct buf bytes; /* the segment */
	char **entry;	  /* what is in it, in order of the records */
	size_t n, cap;
	struct streams *streams;
	struct wal_packer *packer;
	struct entries es;
};

static inline void sample_add_text(char ***v, size_t *n, size_t *cap, const struct streams *streams,
				   const struct stream *s, int64_t ts, struct bytes line,
				   const struct metaview *meta, uint32_t set)
{
	struct bytes tenant = streams_tenant(streams, s->tenant);
	struct buf b = { 0 };

	buf_addf(&b, "%.*s|", BYTES_ARG(tenant));
	buf_add_bytes(&b, s->labels);
	buf_addf(&b, "|%lld|", (long long)ts);
	buf_add_bytes(&b, line);
	for (size_t i = 0; i < meta_n_pairs(meta, set); i++) {
		struct label l = meta_pair(meta, set, i);

		buf_addf(&b, "|%.*s=%.*s", BYTES_ARG(l.name), BYTES_ARG(l.value));
	}
	if (*n == *cap)
		*v = realloc(*v, (*cap = *cap ? 2 * *cap : 64) * sizeof(**v));
	(*v)[(*n)++] = strdup(buf_str(&b));
	buf_release(&b);
}

static inline uint32_t sample_stream(struct sample *s, const char *tenant, const char *app)
{
	struct label v[] = { { BYTES_LIT("app"), bytes_str(app) } };
	struct labels l = { v, 1 };
	uint32_t n;

	assert_int_equal(streams_add(s->streams, bytes_str(tenant), &l, &n, NULL), 0);
	return n;
}

static inline void sample_begin(struct sample *s, uint64_t id)
{
	struct wal_header h = { .created_ns = 1000 + (int64_t)id, .node = "test" };
	unsigned char head[WAL_HEADER];

	*s = (struct sample){ 0 };
	memcpy(h.id.b, &id, sizeof(id));
	wal_header_encode(&h, head);
	buf_add(&s->bytes, head, sizeof(head));
	s->streams = streams_new();
	s->packer = wal_packer_new(s->streams);
}

/* One batch of n entries over the given streams; line_max bounds lines. */
static inline void sample_batch(struct sample *s, uint64_t *seed, const uint32_t *stream,
				size_t n_streams, size_t n, size_t line_max, uint64_t batch_id)
{
	struct metaview meta;

	entries_reset(&s->es);
	for (size_t i = 0; i < n; i++) {
		char line[4096];
		size_t len = rnd_below(seed, line_max + 1);
		struct label m = { BYTES_LIT("trace"), BYTES_LIT("t1") };

		for (size_t k = 0; k < len; k++)
			line[k] = (char)('a' + rnd_below(seed, 26));
		entries_add(&s->es, stream[rnd_below(seed, n_streams)],
			    (int64_t)(1000000 + rnd_below(seed, 1000)), bytes_of(line, len),
			    rnd_below(seed, 5) == 0 ? metatab_add(&s->es.meta, &m, 1) : 0);
	}
	assert_int_equal(wal_packer_add(s->packer, &s->es, batch_id, &s->bytes, NULL), 0);
	meta = metatab_view(&s->es.meta);
	for (size_t i = 0; i < n; i++)
		sample_add_text(&s->entry, &s->n, &s->cap, s->streams,
				streams_get(s->streams, s->es.v[i].stream), s->es.v[i].ts_ns,
				entries_line(&s->es, i), &meta, s->es.v[i].meta);
}

static inline void sample_release(struct sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->entry[i]);
	free(s->entry);
	buf_release(&s->bytes);
	entries_release(&s->es);
	wal_packer_free(s->packer);
	streams_free(s->streams);
}

/* What a reader gave. */
struct seen {
	char **entry;
	size_t n, cap;
	size_t n_segments, n_series, n_batches, n_ends, n_whole, n_torn, n_damage, n_unknown,
		n_gone;
	bool failed;	   /* the reader gave up */
	struct err e, why; /* why: of the last damage or torn tail */
};

static inline void seen_release(struct seen *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->entry[i]);
	free(v->entry);
}

static inline void seen_batch(struct seen *v, struct wal_reader *r, const struct wal_item *item,
			      const struct streams *streams)
{
	v->n_batches++;
	for (size_t p = 0; p < item->batch.n_parts; p++) {
		struct run run;

		if (item->batch.part[p].stream == STREAM_NONE) {
			v->n_unknown++;
			continue;
		}
		int rc = wal_reader_run(r, p, WANT_ALL, &run, &v->why);

		v->n_damage += rc < 0;
		v->n_gone += rc == 0;
		if (rc <= 0)
			continue;
		for (size_t i = 0; i < run.n; i++)
			sample_add_text(&v->entry, &v->n, &v->cap, streams,
					streams_get(streams, item->batch.part[p].stream),
					run.ts_ns[i], run_line(&run, i), &run.meta,
					run.meta_set ? run.meta_set[i] : 0);
	}
}

static inline void see(struct seen *v, struct wal_reader *r, const struct streams *streams)
{
	struct wal_item item;
	int rc;

	*v = (struct seen){ 0 };
	while ((rc = wal_reader_next(r, &item, &v->e)) > 0) {
		switch (item.kind) {
		case WAL_SEGMENT:
			v->n_segments++;
			break;
		case WAL_SERIES:
			v->n_series++;
			break;
		case WAL_BATCH:
			seen_batch(v, r, &item, streams);
			break;
		case WAL_END:
			v->n_ends++;
			v->n_whole += item.end_record.matches;
			break;
		case WAL_TORN:
			v->n_torn++;
			v->why = item.why;
			break;
		case WAL_DAMAGE:
			v->n_damage++;
			v->why = item.why;
			break;
		}
	}
	v->failed = rc < 0;
}

static inline void see_bytes(struct seen *v, struct bytes b, enum wal_read mode)
{
	struct streams *streams = streams_new();
	struct wal_reader *r = wal_reader_new_bytes(b, mode, streams);

	see(v, r, streams);
	wal_reader_free(r);
	streams_free(streams);
}

static inline int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* True when each of v is one of the sample's entries, none more often than there. */
static inline bool seen_is_part(struct seen *v, const struct sample *s)
{
	char **all = malloc((s->n + 1) * sizeof(*all));
	size_t i = 0, k = 0;

	memcpy(all, s->entry, s->n * sizeof(*all));
	qsort(all, s->n, sizeof(*all), by_text);
	if (v->n)
		qsort(v->entry, v->n, sizeof(*v->entry), by_text);
	for (; i < v->n; i++, k++) {
		while (k < s->n && strcmp(all[k], v->entry[i]) < 0)
			k++;
		if (k == s->n || strcmp(all[k], v->entry[i]) != 0)
			break;
	}
	free(all);
	return i == v->n;
}

#endif
