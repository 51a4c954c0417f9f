/*
 * One pack: chunks are encoded in parallel and written in order. Small ones are handed to a worker
 * together, so that a hundred thousand streams of a few lines do not wait for each other.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "compact/job.h"
#include "pack/pack_out.h"

enum {
	TASK_BYTES = 256 << 10,
	EXPECT_MAX = 16, /* of a chunk's entries that are asked for: the processor finds the others
			    of a larger one itself, as they follow each other */
};

/* Entries of one chunk to be. */
struct part {
	uint32_t stream;
	size_t first, n;
};

struct slot {
	struct chunks chunks;
	struct arena labels;
};

struct pack_job {
	struct packing *p;
	const uint32_t *order;
	struct group *group;
	struct part *part;
	size_t n_parts, cap_parts;
	size_t *task; /* first part of each, and the end */
	size_t n_tasks, cap_tasks;
	struct slot *slot;
	struct pack_out out;
};

/*
 * Packs are in the order of labels, memory is in that of arrival: with a hundred thousand streams
 * nearly nothing of the next chunk lies in a cache. So it is asked for while the chunks before it
 * are made: first its entries' order, then the entries, then their lines.
 */
static void expect_order(const uint32_t *order)
{
	__builtin_prefetch(order);
}

static void expect_entries(const struct entries *es, const uint32_t *order, size_t n)
{
	for (size_t i = 0; i < n && i < EXPECT_MAX; i++)
		__builtin_prefetch(&es->v[order[i]]);
}

static void expect_lines(const struct entries *es, const uint32_t *order, size_t n)
{
	for (size_t i = 0; i < n && i < EXPECT_MAX; i++)
		__builtin_prefetch(es->text.p + es->v[order[i]].line_off);
}

/* Cuts the slices into chunks, and the chunks into tasks. */
static void plan(struct pack_job *j, const struct slice *slice, size_t n_slices)
{
	const struct chunk_params *params = &j->p->opts.params;
	const struct entries *es = &j->p->es;
	uint64_t task_bytes = TASK_BYTES;

	j->cap_parts = n_slices + 1; /* more only for chunks that are full */
	j->part = mem_alloc(j->cap_parts * sizeof(*j->part));
	for (size_t i = 0; i < n_slices; i++) {
		const uint32_t *order = j->order + slice[i].first;
		uint64_t weight;

		if (i + 4 < n_slices)
			expect_order(j->order + slice[i + 4].first);
		if (i + 2 < n_slices)
			expect_entries(es, j->order + slice[i + 2].first, slice[i + 2].n);
		weight = chunk_weight(es, order, slice[i].n);
		for (size_t at = 0; at < slice[i].n;) {
			uint64_t before = weight;
			size_t n = chunk_split(params, es, order + at, slice[i].n - at, &weight);

			if (task_bytes >= TASK_BYTES) {
				mem_grow(&j->task, &j->cap_tasks, j->n_tasks + 2, sizeof(*j->task));
				j->task[j->n_tasks++] = j->n_parts;
				task_bytes = 0;
			}
			mem_grow(&j->part, &j->cap_parts, j->n_parts + 1, sizeof(*j->part));
			j->part[j->n_parts++] =
				(struct part){ slice[i].stream, slice[i].first + at, n };
			task_bytes += before - weight;
			at += n;
		}
	}
	if (j->n_tasks > 0)
		j->task[j->n_tasks] = j->n_parts;
}

/* What the parts behind it need of memory. */
static void expect_parts(const struct pack_job *j, size_t at, size_t end)
{
	const struct packing *p = j->p;
	const struct part *part = &j->part[at];

	if (end - at > 6) {
		expect_order(j->order + part[6].first);
		__builtin_prefetch(streams_get(p->streams, part[6].stream));
	}
	if (end - at > 4) {
		expect_entries(&p->es, j->order + part[4].first, part[4].n);
		__builtin_prefetch(streams_get(p->streams, part[4].stream)->labels.p);
	}
	if (end - at > 2)
		expect_lines(&p->es, j->order + part[2].first, part[2].n);
}

static int encode_task(void *data, unsigned worker, size_t item, size_t slot_no, struct err *e)
{
	struct pack_job *j = data;
	struct packing *p = j->p;
	struct slot *slot = &j->slot[slot_no];
	size_t first = j->task[item], n = j->task[item + 1] - first;

	(void)e;
	chunks_reset(&slot->chunks);
	slot->chunks.values.what = p->opts.params.filter;
	chunk_writer_collect(p->writer[worker], &slot->chunks.values);
	for (size_t i = 0; i < n; i++) {
		const struct part *part = &j->part[first + i];
		const struct stream *s = streams_get(p->streams, part->stream);
		struct buf *out = &slot->chunks.bytes;
		struct labels labels;
		size_t start = out->n;
		uint32_t head_len;

		expect_parts(j, first + i, first + n);
		arena_reset(&slot->labels);
		labels = streams_labels(p->streams, part->stream, &slot->labels);
		head_len = chunk_encode(p->writer[worker], j->group->tenant, &labels, &s->id,
					&p->es, j->order + part->first, part->n, out);
		chunks_add(&slot->chunks, start, head_len);
	}
	return 0;
}

static int write_task(void *data, size_t item, size_t slot_no, struct err *e)
{
	struct pack_job *j = data;

	(void)item;
	return pack_out_write(&j->out, &j->slot[slot_no].chunks, e);
}

/* The segments that are wholly in this pack and the group's parts: sorted, each once. Sets *mixed
 * when one is not. */
static struct hash_list complete_segments(const struct packing *p, const struct group *g,
					  bool *mixed)
{
	struct hash_list l = { mem_alloc((g->n_sources + 1) * sizeof(*l.v)), 0 };

	for (size_t i = 0; i < g->n_sources; i++) {
		const struct source *s = &p->groups.source[g->source[i]];

		if (s->complete)
			l.v[l.n++] = s->seal;
		else
			*mixed = true;
	}
	l.n = hash128_sort(l.v, l.n);
	return l;
}

/* Newest segment's creation; a nanosecond more for each pack that the group has already, so that
 * the parts of one run stay in the order in which their entries came. */
static int64_t order_key(const struct packing *p, const struct group *g)
{
	int64_t newest = 0;

	for (size_t i = 0; i < g->n_sources; i++)
		if (p->groups.source[g->source[i]].created_ns > newest)
			newest = p->groups.source[g->source[i]].created_ns;
	return newest + (int64_t)g->n_parts;
}

static int write_end(struct pack_job *j, enum pack_time when, struct pack_made *ret,
		     struct buf *ret_name, struct err *e)
{
	struct packing *p = j->p;
	struct group *g = j->group;
	struct pack_trailer t = { .tenant = g->tenant,
				  .day = g->day,
				  .order_key = order_key(p, g),
				  .params = p->opts.params,
				  .mixed = g->mixed };
	int rc;

	if (when == PACK_LAST)
		t.segments = complete_segments(p, g, &t.mixed);
	if (t.segments.n > 0)
		t.parts = (struct hash_list){ g->part, g->n_parts };
	rc = pack_out_end(&j->out, &t, ret, ret_name, e);
	free(t.segments.v);
	return rc;
}

static int write_file(struct pack_job *j, enum pack_time when, struct err *e)
{
	struct packing *p = j->p;
	const struct work work = { j->n_tasks,	p->opts.jobs, packing_slots(p->opts.jobs),
				   encode_task, write_task,   j };
	struct group *g = j->group;
	struct buf name = { 0 };
	struct pack_made made;
	int rc;

	if (!p->opts.store)
		p->opts.store = p->opts.need_store(p->opts.data, e);
	if (!p->opts.store ||
	    pack_out_begin(&j->out, p->opts.store, g->tenant, g->day, &p->opts.params, e) < 0)
		return -1;
	if (work_run(&work, e) < 0) {
		pack_out_abort(&j->out);
		return -1;
	}
	rc = write_end(j, when, &made, &name, e);
	if (rc == 0) {
		mem_grow(&g->part, &g->cap_parts, g->n_parts + 1, sizeof(*g->part));
		g->part[g->n_parts++] = made.hash;
		j->p->stats.packs++;
		j->p->stats.pack_bytes += made.size;
		rc = p->opts.on_pack(p->opts.data, buf_str(&name), e);
	}
	buf_release(&name);
	return rc;
}

int pack_write(struct packing *p, struct group *g, const struct slice *slice, size_t n_slices,
	       const uint32_t *order, enum pack_time when, struct err *e)
{
	struct pack_job j = { .p = p, .order = order, .group = g };
	size_t n_slots = packing_slots(p->opts.jobs);
	int rc;

	plan(&j, slice, n_slices);
	j.slot = mem_alloc(n_slots * sizeof(*j.slot));
	rc = write_file(&j, when, e);
	for (size_t i = 0; i < n_slots; i++) {
		chunks_release(&j.slot[i].chunks);
		arena_release(&j.slot[i].labels);
	}
	free(j.slot);
	free(j.part);
	free(j.task);
	return rc;
}
