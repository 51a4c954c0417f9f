#include "server/stored.h"

#include "index/index.h"
#include "server/server_metrics.h"
#include "store/names.h"
#include "store/store.h"
#include "time/time.h"

/* Bytes of lines, newlines and metadata, before they were packed. */
static int raw_bytes(struct index *ix, const struct index_chunk *c, double *ret, struct err *e)
{
	*ret = 0;
	for (uint32_t i = 0; i < c->n_blocks; i++) {
		struct index_block b;

		if (index_block_at(ix, c, i, &b, e) < 0)
			return -1;
		*ret += (double)b.line_bytes + b.entries + b.meta_bytes;
	}
	return 0;
}

static int count_chunks(struct metrics *m, struct index *ix, int64_t now_ns, struct err *e)
{
	const struct index_info *in = index_info(ix);
	struct metrics_series *size = metric_of(m, METRIC_CHUNK_SIZE),
			      *entries = metric_of(m, METRIC_CHUNK_ENTRIES),
			      *age = metric_of(m, METRIC_CHUNK_AGE),
			      *ratio = metric_of(m, METRIC_CHUNK_COMPRESSION);
	double n = in->n_chunks, bytes = 0;

	for (uint32_t i = 0; i < in->n_chunks; i++) {
		struct index_chunk c;
		uint64_t stored;
		double raw;

		if (index_chunk_at(ix, i, &c, e) < 0 || raw_bytes(ix, &c, &raw, e) < 0 ||
		    index_chunk_stored(ix, &c, &stored, e) < 0)
			return -1;
		bytes += (double)stored;
		metrics_observe(size, (double)stored);
		metrics_observe(entries, c.entries);
		metrics_observe(age, (double)now_ns / NS_PER_S - (double)c.from / NS_PER_S);
		metrics_observe(ratio, raw / (stored ? (double)stored : 1));
	}
	metrics_add(metric_of(m, METRIC_CHUNKS_CREATED), n);
	metrics_add(metric_of(m, METRIC_STORE_CHUNKS_STORED), n);
	metrics_add(metric_of1(m, METRIC_CHUNKS_FLUSHED, BYTES_LIT("segment")), n);
	metrics_add(metric_of1(m, METRIC_CHUNKS_STORED, in->tenant), n);
	metrics_add(metric_of1(m, METRIC_STORED_CHUNKS, in->tenant), n);
	metrics_add(metric_of1(m, METRIC_CHUNK_STORED_BYTES, in->tenant), bytes);
	return 0;
}

int stored_count(struct metrics *m, const char *store, const char *path, int64_t now_ns,
		 struct err *e)
{
	struct store *s = store_open(store, STORE_READ, e);
	struct buf name = { 0 };
	struct store_name sn;
	struct index *ix = NULL;
	int rc = -1;

	if (s && store_name_parse(bytes_str(path), &sn, e) == 0) {
		store_name_add(&name, &sn);
		ix = index_load(s, buf_str(&name), e);
	}
	if (ix)
		rc = count_chunks(m, ix, now_ns, e);
	index_close(ix);
	buf_release(&name);
	store_close(s);
	return rc;
}
