/*
 * The job: entries are collected until memory is full or the input ends; then sorted, cut by tenant
 * and day, and written. Which segments are wholly packed is only known at the end, so only the last
 * pack of a tenant and day says so; when nothing is left for it then, it is one without chunks.
 */
#include "compact/packing.h"

#include <stdlib.h>

#include "base/mem.h"
#include "compact/job.h"
#include "compact/slices.h"
#include "compact/sort.h"
#include "pack/pack_out.h"

enum {
	PROGRAM_BYTES = 24 << 20, /* what the programme needs besides, a large record included */
	/* of a worker, the compressor's tables: with the levels up to ours, and with others */
	CODEC_BYTES = 3 << 20,
	CODEC_BYTES_HIGH = 8 << 20,
	LEVEL_HIGH = 8,
	USABLE_MIN = 16 << 20,
	FILTER_PART = 32, /* of the text, what the filter of a pack takes, about */
	/* what an entry takes beside its line: the newline, the reference, its place in the order,
	   the sort's scratch */
	ENTRY_BYTES = 1 + sizeof(struct entry_ref) + 4 + 4,
	WORTH_A_PACK = 8,	 /* this part of the usable memory has to be entries */
	STREAM_SORT_BYTES = 136, /* of a stream, while packs are written: spans, slices, parts */
	CHUNK_COPIES = 4,	 /* of a stream's entries, while a chunk of them is made */
};

/* What is for chunks while they are made, if there are such as the largest may be: a worker holds a
 * block's columns raw and packed, each slot a chunk. */
static uint64_t chunk_memory(const struct chunk_params *p, unsigned jobs)
{
	uint64_t chunk = p->encoding == CODEC_NONE ? p->chunk_bytes + p->chunk_bytes / 4
						   : p->chunk_bytes / 2;

	return jobs * (4 * (uint64_t)p->block_bytes + chunk) + packing_slots(jobs) * chunk;
}

/* The bytes of memory that are not for entries. */
static uint64_t fixed_memory(const struct chunk_params *p, unsigned jobs)
{
	uint64_t codec = p->level < LEVEL_HIGH ? CODEC_BYTES : CODEC_BYTES_HIGH;

	return PROGRAM_BYTES + jobs * codec + chunk_memory(p, jobs) +
	       pack_filter_memory(p, jobs, packing_slots(jobs));
}

size_t packing_slots(unsigned jobs)
{
	return jobs > 1 ? 2 * (size_t)jobs : 1;
}

uint64_t packing_memory_min(const struct chunk_params *p, unsigned jobs)
{
	return fixed_memory(p, jobs) + USABLE_MIN;
}

unsigned packing_jobs_that_fit(const struct chunk_params *p, uint64_t memory_bytes, unsigned want)
{
	while (want > 1 && fixed_memory(p, want) > memory_bytes / 2)
		want--;
	return want;
}

struct packing *packing_new(const struct packing_opts *o)
{
	struct packing *p = mem_alloc(sizeof(*p));

	p->opts = *o;
	p->usable = o->memory_bytes - fixed_memory(&o->params, o->jobs);
	if (o->params.filter != BLOOM_NONE)
		p->usable -= p->usable / FILTER_PART;
	p->streams = streams_new();
	p->writer = mem_alloc(o->jobs * sizeof(*p->writer));
	for (unsigned i = 0; i < o->jobs; i++)
		p->writer[i] = chunk_writer_new(&o->params);
	return p;
}

void packing_free(struct packing *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->opts.jobs; i++)
		chunk_writer_free(p->writer[i]);
	free(p->writer);
	entries_release(&p->es);
	streams_free(p->streams);
	groups_release(&p->groups);
	jsonl_reader_release(&p->jsonl);
	map_release(&p->by_text);
	arena_release(&p->texts);
	append_scratch_release(&p->append);
	free(p->held);
	free(p);
}

const struct packing_stats *packing_stats(const struct packing *p)
{
	return &p->stats;
}

void packing_problem(struct packing *p, enum packing_problem_kind kind, const struct err *problem)
{
	p->stats.faults += kind == PACKING_FAULT;
	p->opts.on_problem(p->opts.data, kind, problem);
}

void packing_forget_streams(struct packing *p)
{
	streams_reset(p->streams);
	map_reset(&p->by_text);
	arena_reset(&p->texts);
}

/* Of the entries held: lines, references, metadata (which each worker numbers anew). */
static uint64_t entries_used(const struct packing *p)
{
	const struct metatab *meta = &p->es.meta;

	return entries_line_bytes(&p->es) + p->es.n * ENTRY_BYTES + metatab_memory(meta) +
	       4 * (meta->n_sets + meta->n_strings) * p->opts.jobs;
}

void packing_note(struct packing *p, uint32_t stream, size_t n_entries, size_t n_bytes)
{
	size_t before = p->cap_held;

	mem_grow(&p->held, &p->cap_held, stream + (size_t)1, sizeof(*p->held));
	memset(p->held + before, 0, (p->cap_held - before) * sizeof(*p->held));
	p->held[stream] += n_bytes + n_entries * ENTRY_BYTES;
	if (p->held[stream] > p->largest)
		p->largest = p->held[stream];
}

/* Of what is for chunks as much as no chunk of the streams held, and of one more with n_bytes, can
 * take. */
static uint64_t spare_memory(const struct packing *p, uint64_t n_bytes)
{
	const struct metatab *meta = &p->es.meta;
	uint64_t all = chunk_memory(&p->opts.params, p->opts.jobs);
	uint64_t most = (p->largest + n_bytes + metatab_memory(meta)) * CHUNK_COPIES *
			(p->opts.jobs + packing_slots(p->opts.jobs));

	return most < all ? all - most : 0;
}

/* What streams take of the memory that is usable. Very many have small chunks: then it is that of
 * chunks which they take, and entries keep theirs. */
static uint64_t streams_used(const struct packing *p, uint64_t n_bytes)
{
	uint64_t used = streams_memory(p->streams) +
			(uint64_t)streams_count(p->streams) * STREAM_SORT_BYTES + p->texts.total +
			p->by_text.cap * sizeof(struct map_slot) + p->cap_held * sizeof(*p->held);
	uint64_t spare = spare_memory(p, n_bytes);

	return used > spare ? used - spare : 0;
}

int packing_make_room(struct packing *p, size_t n_entries, size_t n_bytes,
		      enum packing_streams streams, struct err *e)
{
	uint64_t used = entries_used(p) + n_bytes + n_entries * ENTRY_BYTES;
	bool fits = used + streams_used(p, n_bytes) <= p->usable;

	/* Packs of a few entries would not help against streams that stay. */
	if (streams == STREAMS_STAY)
		fits |= used <= p->usable / WORTH_A_PACK;
	if (fits && n_entries < UINT32_MAX - p->es.n)
		return 0;
	return packing_flush(p, PACK_MORE_FOLLOW, e);
}

static int write_packs(struct packing *p, const struct slices *s, const uint32_t *order,
		       enum pack_time when, struct err *e)
{
	for (size_t i = 0, end; i < s->n; i = end) {
		struct group *g = &p->groups.v[s->v[i].group];

		end = i + 1;
		while (end < s->n && s->v[end].group == s->v[i].group)
			end++;
		g->mixed |= p->has_lines;
		if (pack_write(p, g, s->v + i, end - i, order, when, e) < 0)
			return -1;
		if (when == PACK_LAST)
			g->n_sources = 0; /* said */
	}
	return 0;
}

bool packing_failed(const struct packing *p)
{
	return p->failed;
}

int packing_flush(struct packing *p, enum pack_time when, struct err *e)
{
	struct sorted sorted = { 0 };
	struct slices s = { 0 };
	int rc;

	if (p->failed)
		return err_set(e, ERR_IO, "packs before could not be written");
	if (p->es.n == 0)
		return 0;
	p->failed = true; /* until all is well */
	if (entries_sort(&p->es, streams_count(p->streams), p->opts.jobs, &sorted, e) < 0)
		return -1;
	p->stats.duplicates += sorted.n_duplicates;
	slices_make(p, &sorted, &s);
	rc = write_packs(p, &s, sorted.order, when, e);
	free(s.v);
	sorted_release(&sorted);
	entries_reset(&p->es);
	if (p->held)
		memset(p->held, 0, p->cap_held * sizeof(*p->held));
	p->largest = 0;
	p->has_lines = false;
	p->failed = rc < 0;
	return rc;
}

static int by_group(const void *a, const void *b)
{
	return group_cmp(a, b);
}

/* Groups whose entries are all in earlier packs: the segments are said by a pack without chunks. */
static int write_provenance(struct packing *p, struct err *e)
{
	struct groups *gs = &p->groups;

	if (gs->n == 0)
		return 0;
	qsort(gs->v, gs->n, sizeof(*gs->v), by_group);
	for (size_t i = 0; i < gs->n; i++) {
		struct group *g = &gs->v[i];
		bool any = false;

		for (size_t k = 0; k < g->n_sources; k++)
			any |= gs->source[g->source[k]].complete;
		if (any && pack_write(p, g, NULL, 0, NULL, PACK_LAST, e) < 0)
			return -1;
	}
	return 0;
}

int packing_finish(struct packing *p, struct err *e)
{
	if (packing_flush(p, PACK_LAST, e) < 0)
		return -1;
	return write_provenance(p, e);
}
