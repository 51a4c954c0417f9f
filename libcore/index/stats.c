#include "index/stats.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "time/time.h"

struct label_sum {
	struct bytes name;
	uint64_t n_values, n_series;
};

struct series_sum {
	struct hash128 id;
	struct labels labels; /* in .mem */
	uint64_t chunks, entries, line_bytes, stored;
};

struct index_stats {
	struct arena mem;
	struct map label_map, value_map, series_map;
	struct label_sum *label;
	size_t n_labels, cap_labels;
	struct series_sum *series;
	size_t n_series, cap_series;
	uint64_t files, index_bytes, packs, pack_bytes, chunks, blocks, entries, line_bytes;
	int64_t min_ts, max_ts;
};

struct index_stats *index_stats_new(void)
{
	struct index_stats *st = mem_alloc(sizeof(*st));

	st->min_ts = INT64_MAX;
	st->max_ts = INT64_MIN;
	return st;
}

void index_stats_free(struct index_stats *st)
{
	if (!st)
		return;
	arena_release(&st->mem);
	map_release(&st->label_map);
	map_release(&st->value_map);
	map_release(&st->series_map);
	free(st->label);
	free(st->series);
	free(st);
}

static struct label_sum *label_of(struct index_stats *st, struct bytes name)
{
	uint64_t h = hash64(name);
	uint32_t at = map_get(&st->label_map, h, name);

	if (at == MAP_NONE) {
		at = (uint32_t)st->n_labels;
		mem_grow(&st->label, &st->cap_labels, st->n_labels + 1, sizeof(*st->label));
		st->label[st->n_labels++] =
			(struct label_sum){ .name = arena_copy(&st->mem, name) };
		map_put(&st->label_map, h, st->label[at].name, at);
	}
	return &st->label[at];
}

/* A series that is new here counts for each of its labels. */
static void count_labels(struct index_stats *st, const struct labels *l)
{
	struct buf key = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		struct label_sum *sum = label_of(st, l->v[i].name);
		uint64_t h;

		sum->n_series++;
		buf_reset(&key);
		buf_add_bytes(&key, l->v[i].name);
		buf_add_char(&key, '\0');
		buf_add_bytes(&key, l->v[i].value);
		h = hash64(buf_bytes(&key));
		if (map_get(&st->value_map, h, buf_bytes(&key)) != MAP_NONE)
			continue;
		map_put(&st->value_map, h, arena_copy(&st->mem, buf_bytes(&key)), 0);
		sum->n_values++;
	}
	buf_release(&key);
}

static int series_of(struct index_stats *st, struct index *ix, uint32_t i,
		     const struct index_series *s, struct series_sum **ret, struct err *e)
{
	struct bytes id = bytes_of(s->id.b, sizeof(s->id.b));
	uint64_t h = hash64(id);
	uint32_t at = map_get(&st->series_map, h, id);
	struct arena mem = { 0 };
	struct labels l;

	if (at == MAP_NONE) {
		if (index_series_labels(ix, i, &mem, &l, e) < 0) {
			arena_release(&mem);
			return -1;
		}
		count_labels(st, &l);
		at = (uint32_t)st->n_series;
		mem_grow(&st->series, &st->cap_series, st->n_series + 1, sizeof(*st->series));
		st->series[st->n_series++] =
			(struct series_sum){ .id = s->id, .labels = labels_copy(&st->mem, &l) };
		map_put(&st->series_map, h, arena_copy(&st->mem, id), at);
		arena_release(&mem);
	}
	*ret = &st->series[at];
	return 0;
}

static int add_chunk(struct index_stats *st, struct index *ix, const struct index_chunk *c,
		     struct series_sum *sum, struct err *e)
{
	uint64_t stored;

	if (index_chunk_stored(ix, c, &stored, e) < 0)
		return -1;
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		struct index_block b;

		if (index_block_at(ix, c, k, &b, e) < 0)
			return -1;
		sum->line_bytes += b.line_bytes;
		st->line_bytes += b.line_bytes;
	}
	sum->chunks++;
	sum->entries += c->entries;
	sum->stored += stored;
	st->chunks++;
	st->blocks += c->n_blocks;
	st->entries += c->entries;
	st->min_ts = c->from < st->min_ts ? c->from : st->min_ts;
	st->max_ts = c->through > st->max_ts ? c->through : st->max_ts;
	return 0;
}

int index_stats_add(struct index_stats *st, struct index *ix, const bool *skip_pack, struct err *e)
{
	const struct index_info *in = index_info(ix);

	st->files++;
	st->index_bytes += in->size;
	for (uint32_t i = 0; i < in->n_packs; i++) {
		struct index_pack p;

		if (index_pack_at(ix, i, &p, e) < 0)
			return -1;
		if (skip_pack && skip_pack[i])
			continue;
		st->packs++;
		st->pack_bytes += p.size;
	}
	for (uint32_t i = 0; i < in->n_series; i++) {
		struct series_sum *sum = NULL;
		struct index_series s;

		if (index_series_at(ix, i, &s, e) < 0)
			return -1;
		for (uint32_t k = 0; k < s.n_chunks; k++) {
			struct index_chunk c;

			if (index_chunk_at(ix, s.first_chunk + k, &c, e) < 0)
				return -1;
			if (skip_pack && skip_pack[c.pack])
				continue;
			if ((!sum && series_of(st, ix, i, &s, &sum, e) < 0) ||
			    add_chunk(st, ix, &c, sum, e) < 0)
				return -1;
		}
	}
	return 0;
}

static int cmp_labels(const void *pa, const void *pb)
{
	const struct label_sum *a = pa, *b = pb;

	if (a->n_values != b->n_values)
		return a->n_values > b->n_values ? -1 : 1;
	return bytes_cmp(a->name, b->name);
}

static int cmp_series(const void *pa, const void *pb)
{
	const struct series_sum *a = pa, *b = pb;

	if (a->line_bytes != b->line_bytes)
		return a->line_bytes > b->line_bytes ? -1 : 1;
	if (a->entries != b->entries)
		return a->entries > b->entries ? -1 : 1;
	return labels_cmp(&a->labels, &b->labels);
}

/* "1.5 KiB" in a column of its own width. */
static void add_size(struct buf *out, int width, uint64_t n)
{
	struct buf text = { 0 };

	num_add_size(&text, n);
	buf_addf(out, "%*s", width, buf_str(&text));
	buf_release(&text);
}

static void print_totals(const struct index_stats *st, struct bytes tenant, struct buf *out)
{
	buf_addf(out, "tenant %.*s\n", BYTES_ARG(tenant));
	buf_addf(out, "  index files %12" PRIu64 "  ", st->files);
	add_size(out, 12, st->index_bytes);
	buf_addf(out, "\n  packs       %12" PRIu64 "  ", st->packs);
	add_size(out, 12, st->pack_bytes);
	buf_addf(out, "\n  series      %12zu\n", st->n_series);
	buf_addf(out, "  chunks      %12" PRIu64 "\n", st->chunks);
	buf_addf(out, "  blocks      %12" PRIu64 "\n", st->blocks);
	buf_addf(out, "  entries     %12" PRIu64 "  ", st->entries);
	add_size(out, 12, st->line_bytes);
	buf_add_str(out, " of lines\n");
	if (st->entries) {
		buf_add_str(out, "  from        ");
		time_add_rfc3339(out, st->min_ts);
		buf_add_str(out, "\n  through     ");
		time_add_rfc3339(out, st->max_ts);
		buf_add_char(out, '\n');
	}
}

static void print_text(const struct index_stats *st, struct bytes tenant, size_t n_largest,
		       struct buf *out)
{
	print_totals(st, tenant, out);
	if (st->n_labels)
		buf_add_str(out, "\n      values      series  label\n");
	for (size_t i = 0; i < st->n_labels; i++)
		buf_addf(out, "%12" PRIu64 "%12" PRIu64 "  %.*s\n", st->label[i].n_values,
			 st->label[i].n_series, BYTES_ARG(st->label[i].name));
	if (st->n_series && n_largest)
		buf_add_str(out,
			    "\n     entries       lines      stored  chunks  largest series\n");
	for (size_t i = 0; i < st->n_series && i < n_largest; i++) {
		const struct series_sum *s = &st->series[i];

		buf_addf(out, "%12" PRIu64, s->entries);
		add_size(out, 12, s->line_bytes);
		add_size(out, 12, s->stored);
		buf_addf(out, "%8" PRIu64 "  ", s->chunks);
		labels_add_text(out, &s->labels);
		buf_add_char(out, '\n');
	}
}

/* ---- as JSON ---- */

static void print_totals_json(const struct index_stats *st, struct bytes tenant, struct buf *out)
{
	buf_add_str(out, "{\"tenant\":");
	json_add_quoted(out, tenant);
	buf_addf(out,
		 ",\"index_files\":%" PRIu64 ",\"index_bytes\":%" PRIu64 ",\"packs\":%" PRIu64
		 ",\"pack_bytes\":%" PRIu64 ",\"series\":%zu,\"chunks\":%" PRIu64
		 ",\"blocks\":%" PRIu64 ",\"entries\":%" PRIu64 ",\"line_bytes\":%" PRIu64,
		 st->files, st->index_bytes, st->packs, st->pack_bytes, st->n_series, st->chunks,
		 st->blocks, st->entries, st->line_bytes);
	if (st->entries)
		buf_addf(out, ",\"from\":\"%" PRId64 "\",\"through\":\"%" PRId64 "\"", st->min_ts,
			 st->max_ts);
}

static void print_json(const struct index_stats *st, struct bytes tenant, size_t n_largest,
		       struct buf *out)
{
	print_totals_json(st, tenant, out);
	buf_add_str(out, ",\"labels\":[");
	for (size_t i = 0; i < st->n_labels; i++) {
		buf_add_str(out, i ? ",{\"label\":" : "{\"label\":");
		json_add_quoted(out, st->label[i].name);
		buf_addf(out, ",\"values\":%" PRIu64 ",\"series\":%" PRIu64 "}",
			 st->label[i].n_values, st->label[i].n_series);
	}
	buf_add_str(out, "],\"largest\":[");
	for (size_t i = 0; i < st->n_series && i < n_largest; i++) {
		const struct series_sum *s = &st->series[i];

		buf_add_str(out, i ? ",{\"labels\":" : "{\"labels\":");
		labels_add_json(out, &s->labels);
		buf_addf(out,
			 ",\"entries\":%" PRIu64 ",\"line_bytes\":%" PRIu64 ",\"stored\":%" PRIu64
			 ",\"chunks\":%" PRIu64 "}",
			 s->entries, s->line_bytes, s->stored, s->chunks);
	}
	buf_add_str(out, "]}\n");
}

void index_stats_print(struct index_stats *st, struct bytes tenant, size_t n_largest,
		       enum cli_format format, struct buf *out)
{
	if (st->n_labels)
		qsort(st->label, st->n_labels, sizeof(*st->label), cmp_labels);
	if (st->n_series)
		qsort(st->series, st->n_series, sizeof(*st->series), cmp_series);
	map_reset(&st->label_map); /* they have other numbers now */
	map_reset(&st->series_map);
	if (format == CLI_JSONL)
		print_json(st, tenant, n_largest, out);
	else
		print_text(st, tenant, n_largest, out);
}
