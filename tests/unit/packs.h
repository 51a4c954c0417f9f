/* Packs made by hand, for the tests of store and index. */
#ifndef TESTS_PACKS_H
#define TESTS_PACKS_H

#include "unit.h"

#include "base/hash.h"
#include "base/mem.h"
#include "chunk/pack.h"
#include "store/names.h"
#include "store/store.h"
#include "time/time.h"

/* What a test asks for: n_streams streams {app="<app>",n="<i>",pod="p-<i>"} of n_entries entries
 * each, one a second. */
struct pack_spec {
	const char *tenant, *app;
	int32_t day;
	unsigned n_streams, n_entries, first_stream;
	uint32_t chunk_entries; /* entries of a chunk, 0: all */
	const struct hash128 *segments, *parts, *replaced, *sources;
	size_t n_segments, n_parts, n_replaced, n_sources;
	bool mixed;
	struct bytes *deletes;
	size_t n_deletes;
	int64_t order_key;
	unsigned step_s; /* between entries; 0: 1 */
};

static inline struct hash128 test_id(unsigned i)
{
	return hash128(bytes_of(&i, sizeof(i)));
}

static inline struct labels spec_labels(const struct pack_spec *s, unsigned i, struct label v[3],
					char text[2][24])
{
	snprintf(text[0], sizeof(text[0]), "%u", i % 7);
	snprintf(text[1], sizeof(text[1]), "p-%06u", i);
	v[0] = (struct label){ bytes_str("app"), bytes_str(s->app) };
	v[1] = (struct label){ bytes_str("n"), bytes_str(text[0]) };
	v[2] = (struct label){ bytes_str("pod"), bytes_str(text[1]) };
	return (struct labels){ v, 3 };
}

static inline void spec_entries(const struct pack_spec *s, unsigned stream, struct entries *es)
{
	for (unsigned k = 0; k < s->n_entries; k++) {
		char line[80];
		int n = snprintf(line, sizeof(line), "stream %u line %u of %s", stream, k, s->app);

		entries_add(es, 0,
			    time_day_start(s->day) +
				    (int64_t)k * (s->step_s ? s->step_s : 1) * NS_PER_S,
			    bytes_of(line, (size_t)n), 0);
	}
}

/* Streams as packs have them, by their labels: n is one digit, so by n, then by pod. */
static inline unsigned spec_stream(const struct pack_spec *s, unsigned rank)
{
	for (unsigned n = 0; n < 7; n++)
		for (unsigned i = 0; i < s->n_streams; i++)
			if ((s->first_stream + i) % 7 == n && rank-- == 0)
				return s->first_stream + i;
	return 0;
}

/* Appends the pack's bytes. */
static inline void make_pack(const struct pack_spec *s, struct buf *out)
{
	struct chunk_params params = chunk_params_default;
	struct chunk_writer *w = chunk_writer_new(&params);
	struct pack_trailer t = {
		.tenant = bytes_str(s->tenant),
		.day = s->day,
		.order_key = s->order_key,
		.params = params,
		.segments = { (struct hash128 *)(uintptr_t)s->segments, s->n_segments },
		.parts = { (struct hash128 *)(uintptr_t)s->parts, s->n_parts },
		.replaced = { (struct hash128 *)(uintptr_t)s->replaced, s->n_replaced },
		.sources = { (struct hash128 *)(uintptr_t)s->sources, s->n_sources },
		.mixed = s->mixed,
		.deletes = s->deletes,
		.n_deletes = s->n_deletes,
	};
	struct entries es = { 0 };
	size_t cap = 0;

	for (unsigned i = 0; i < s->n_streams; i++) {
		unsigned stream = s->n_streams > 1000 ? s->first_stream + i : spec_stream(s, i);
		uint32_t per = s->chunk_entries ? s->chunk_entries : s->n_entries;
		struct label v[3];
		char text[2][24];
		struct labels l = spec_labels(s, stream, v, text);
		struct hash128 id = labels_stream_id(t.tenant, &l);
		uint32_t *order;

		entries_reset(&es);
		spec_entries(s, stream, &es);
		order = mem_alloc((es.n + 1) * sizeof(*order));
		for (uint32_t k = 0; k < es.n; k++)
			order[k] = k;
		for (uint32_t at = 0; at < es.n; at += per) {
			size_t n = es.n - at < per ? es.n - at : per;
			struct pack_chunk *c;

			mem_grow(&t.chunk, &cap, t.n_chunks + 1, sizeof(*t.chunk));
			c = &t.chunk[t.n_chunks++];
			c->off = out->n;
			c->head_len = chunk_encode(w, t.tenant, &l, &id, &es, order + at, n, out);
			c->len = (uint32_t)(out->n - c->off);
		}
		free(order);
	}
	pack_trailer_encode(&t, out);
	free(t.chunk);
	entries_release(&es);
	chunk_writer_free(w);
}

/* Puts it into the store; its name. */
static inline struct store_name put_pack(struct store *st, const struct pack_spec *s)
{
	struct store_name sn = { .kind = STORE_PACK,
				 .tenant = bytes_str(s->tenant),
				 .day = s->day };
	struct buf file = { 0 }, folder = { 0 };
	struct err e;

	make_pack(s, &file);
	store_folder_add(&folder, STORE_PACK, sn.tenant, sn.day);
	assert_int_equal(0, store_put_bytes(st, buf_str(&folder), ".pack", buf_bytes(&file),
					    &sn.hash, NULL, &e));
	buf_release(&file);
	buf_release(&folder);
	return sn;
}

#endif
