/*
 * Batch after batch: the plan says what is read, the stored bytes are read, workers decode, sort
 * and encode the items, and the results are written in order.
 */
#include "compact/merge.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "compact/merge_read.h"
#include "compact/sort.h"
#include "entry/append.h"
#include "pack/pack_out.h"

enum {
	PROGRAM_BYTES = 24 << 20,
	CODEC_BYTES = 8 << 20, /* of a worker: the compressor's tables */
	BATCH_BYTES_MIN = 8 << 20,
	ITEM_BYTES_MIN = 8 << 20, /* more than two and a half chunks */
	TASK_BYTES = 256 << 10,	  /* items of small streams are handed out together */
};

struct worker {
	struct chunk_writer *writer;
	struct chunk_scratch *scratch;
	struct append_scratch append;
	struct entries es;
	struct arena head;
};

struct slot {
	struct chunks chunks;
	uint64_t met, duplicates; /* entries */
	uint64_t removed, changed, edited_chunks;
	uint32_t bad_input;
};

struct merge_job {
	const struct merge_opts *o;
	struct merge_batch batch;
	struct merge_reader reader;
	struct worker *worker;
	struct slot *slot;
	size_t n_slots;
	size_t *task; /* first item of each, and the end */
	size_t n_tasks, cap_tasks;
	size_t n_done; /* tasks of the batch */

	struct pack_out out;
	bool out_open;
	uint64_t pack_bytes; /* of one, at which the next begins */
	uint64_t met;
	struct merge_result *ret;
};

/* ---- memory ---- */

static size_t slots_of(unsigned jobs)
{
	return jobs > 1 ? jobs + (size_t)2 : 1;
}

/* A worker holds a block's columns raw and packed, in and out, and the chunk it writes; each slot a
 * chunk. */
static uint64_t fixed_memory(const struct chunk_params *p, unsigned jobs)
{
	uint64_t chunk = p->encoding == CODEC_NONE ? p->chunk_bytes + p->chunk_bytes / 4
						   : p->chunk_bytes / 2;

	return PROGRAM_BYTES + jobs * (CODEC_BYTES + 6 * (uint64_t)p->block_bytes + chunk) +
	       slots_of(jobs) * chunk + pack_filter_memory(p, jobs, slots_of(jobs)) +
	       (p->filter == BLOOM_NONE ? 0 : PACK_FILTER_MAX);
}

static uint64_t item_memory_min(const struct chunk_params *p)
{
	return (uint64_t)p->chunk_bytes * 5 / 2 + ITEM_BYTES_MIN;
}

uint64_t merge_memory_min(const struct chunk_params *p, unsigned jobs)
{
	return fixed_memory(p, jobs) + jobs * item_memory_min(p) + BATCH_BYTES_MIN;
}

unsigned merge_jobs_that_fit(const struct chunk_params *p, uint64_t memory_bytes, unsigned want)
{
	while (want > 1 && merge_memory_min(p, want) > memory_bytes)
		want--;
	return want;
}

/* What is left is for the batch, a quarter, and for the items. */
static uint64_t batch_memory(const struct merge_opts *o)
{
	uint64_t left = o->memory_bytes - fixed_memory(&o->params, o->jobs);
	uint64_t items = o->jobs * item_memory_min(&o->params);
	uint64_t spare = left - items - BATCH_BYTES_MIN;

	return BATCH_BYTES_MIN + spare / 4;
}

static uint64_t item_memory(const struct merge_opts *o)
{
	uint64_t left = o->memory_bytes - fixed_memory(&o->params, o->jobs);

	return (left - batch_memory(o)) / o->jobs;
}

/* ---- workers ---- */

static int check_head(const struct merge_part *part, const struct merge_stream *stream,
		      const struct chunk *c, struct err *e)
{
	const struct chunk_block *last;
	uint64_t end;

	if (c->fixed.len != part->len || c->fixed.head_len != part->head_len ||
	    c->fixed.n_blocks != part->all_blocks || hash128_cmp(&c->stream_id, &stream->id) != 0)
		goto disagree;
	last = &c->block[part->first_block + part->n_blocks - 1];
	end = part->off + c->fixed.head_len + last->off + last->stored_len;
	if (part->off + chunk_block_off(c, part->first_block) == part->blocks_off &&
	    end == part->blocks_off + part->blocks_len)
		return 0;
disagree:
	return err_set(e, ERR_CORRUPT, "the index and the chunk do not agree");
}

static int parse_head(const struct merge_job *j, const struct merge_item *item,
		      const struct merge_part *part, struct worker *w, struct chunk *ret,
		      struct err *e)
{
	struct bytes head = merge_bytes_at(&j->reader, part->input, part->off, part->head_len);

	arena_reset(&w->head);
	if (chunk_parse(head, &w->head, ret, e) < 0)
		return -1;
	return check_head(part, &j->batch.stream[item->stream], ret, e);
}

/* Takes the run over, less what the edit leaves out. */
static void append_edited(struct worker *w, const struct run *run, const struct edit_says *says,
			  struct slot *slot)
{
	size_t first = w->es.n, at = first;

	entries_append_run(&w->es, 0, run, INT64_MIN, INT64_MAX, &w->append);
	for (size_t i = 0; i < run->n; i++) {
		struct entry_ref *entry = &w->es.v[at];

		*entry = w->es.v[first + i];
		if (says->gone && says->gone[i]) {
			slot->removed++;
			continue;
		}
		at++;
		if (!says->line || bytes_eq(says->line[i], run_line(run, i)))
			continue;
		entries_set_line(&w->es, at - 1, says->line[i]);
		slot->changed++;
	}
	w->es.n = at;
}

static int take_edited(const struct merge_job *j, const struct merge_item *item, struct worker *w,
		       const struct run *run, struct slot *slot, struct err *e)
{
	const struct merge_edit *edit = j->o->edit;
	const struct labels *labels = &j->batch.stream[item->stream].labels;
	struct edit_says says = { 0 };

	if (edit->decide(edit->data, (unsigned)(w - j->worker), labels, run, &says, e) < 0)
		return -1;
	if (says.any)
		append_edited(w, run, &says, slot);
	else
		entries_append_run(&w->es, 0, run, INT64_MIN, INT64_MAX, &w->append);
	return 0;
}

static int load_part(const struct merge_job *j, const struct merge_item *item,
		     const struct merge_part *part, struct worker *w, struct slot *slot,
		     struct err *e)
{
	struct chunk c;

	if (parse_head(j, item, part, w, &c, e) < 0)
		return -1;
	if (item->edited) /* it has no other part */
		chunk_writer_lines(w->writer, chunk_lines_of(&c));
	for (uint32_t k = part->first_block; k < part->first_block + part->n_blocks; k++) {
		const struct chunk_block *b = &c.block[k];
		struct bytes stored = merge_bytes_at(
			&j->reader, part->input, part->off + chunk_block_off(&c, k), b->stored_len);
		struct run run;

		if (chunk_read_block(&c, b, stored, WANT_ALL, w->scratch, &run, e) < 0)
			return err_wrap(e, "block %u", k);
		if (!item->edited)
			entries_append_run(&w->es, 0, &run, item->from_ns, item->to_ns, &w->append);
		else if (take_edited(j, item, w, &run, slot, e) < 0)
			return -1;
	}
	return 0;
}

/* Its values are made anew where a filter is wanted: columns cannot be moved, as long as not all
 * packs have filters. */
static int check_copied(const struct chunk *c, uint32_t k, struct bytes whole, struct worker *w,
			struct bloom_values *values, struct err *e)
{
	const struct chunk_block *b = &c->block[k];
	struct bytes stored = bytes_sub(whole, chunk_block_off(c, k), b->stored_len);

	if (values->what != BLOOM_NONE)
		return chunk_read_values(c, b, stored, w->scratch, values, e);
	return chunk_check_block(b, stored, e);
}

/* A chunk that stays as it is: checked, and copied. */
static int copy_part(const struct merge_job *j, const struct merge_item *item,
		     const struct merge_part *part, struct worker *w, struct slot *slot,
		     struct err *e)
{
	struct bytes whole = merge_bytes_at(&j->reader, part->input, part->off, part->len);
	size_t start = slot->chunks.bytes.n;
	struct chunk c;

	if (parse_head(j, item, part, w, &c, e) < 0)
		return -1;
	for (uint32_t k = 0; k < c.fixed.n_blocks; k++)
		if (check_copied(&c, k, whole, w, &slot->chunks.values, e) < 0)
			return err_wrap(e, "block %u", k);
	buf_add_bytes(&slot->chunks.bytes, whole);
	chunks_add(&slot->chunks, start, part->head_len);
	slot->met += c.n;
	return 0;
}

static int input_failed(const struct merge_job *j, const struct merge_part *part, struct slot *slot,
			struct err *e)
{
	const struct merge_opts *o = j->o;
	struct store_name sn = { STORE_PACK, o->day, o->tenant, o->input[part->input].name };
	struct buf name = { 0 };

	slot->bad_input = part->input;
	store_name_add(&name, &sn);
	err_wrap(e, "'%s/%s': chunk at offset %llu", store_path(o->store), buf_str(&name),
		 (unsigned long long)part->off);
	buf_release(&name);
	return -1;
}

static int encode_entries(const struct merge_job *j, const struct merge_item *item,
			  struct worker *w, struct slot *slot, struct err *e)
{
	const struct merge_stream *stream = &j->batch.stream[item->stream];
	struct buf *out = &slot->chunks.bytes;
	struct sorted sorted;
	uint64_t weight;
	size_t n;

	if (entries_sort(&w->es, 1, 1, &sorted, e) < 0)
		return -1;
	slot->met += w->es.n;
	slot->duplicates += sorted.n_duplicates;
	n = sorted.n_spans ? sorted.span[0].n : 0;
	weight = chunk_weight(&w->es, sorted.order, n);
	for (size_t at = 0; at < n;) {
		size_t k = chunk_split(&j->o->params, &w->es, sorted.order + at, n - at, &weight);
		size_t start = out->n;
		uint32_t head_len;

		head_len = chunk_encode(w->writer, j->o->tenant, &stream->labels, &stream->id,
					&w->es, sorted.order + at, k, out);
		chunks_add(&slot->chunks, start, head_len);
		at += k;
	}
	sorted_release(&sorted);
	return 0;
}

static int do_part(const struct merge_job *j, const struct merge_item *item,
		   const struct merge_part *part, struct worker *w, struct slot *slot,
		   struct err *e)
{
	uint64_t removed = slot->removed, changed = slot->changed;
	bool copied = item->as_it_is;

	if (!item->as_it_is && load_part(j, item, part, w, slot, e) < 0)
		return input_failed(j, part, slot, e);
	if (item->edited) {
		copied = slot->removed == removed && slot->changed == changed;
		slot->edited_chunks += !copied;
		slot->met += slot->removed - removed;
		if (copied)
			entries_reset(&w->es);
	}
	if (copied && j->o->mode == MERGE_WRITE && copy_part(j, item, part, w, slot, e) < 0)
		return input_failed(j, part, slot, e);
	return 0;
}

static int do_item(const struct merge_job *j, const struct merge_item *item, struct worker *w,
		   struct slot *slot, struct err *e)
{
	entries_reset(&w->es);
	for (size_t i = 0; i < item->n_parts; i++)
		if (do_part(j, item, &j->batch.part[item->first_part + i], w, slot, e) < 0)
			return -1;
	return j->o->mode == MERGE_WRITE && w->es.n > 0 ? encode_entries(j, item, w, slot, e) : 0;
}

static int run_task(void *data, unsigned worker, size_t task, size_t slot_no, struct err *e)
{
	const struct merge_job *j = data;
	struct slot *slot = &j->slot[slot_no];

	chunks_reset(&slot->chunks);
	slot->chunks.values.what = j->o->params.filter;
	chunk_writer_collect(j->worker[worker].writer, &slot->chunks.values);
	slot->met = slot->duplicates = 0;
	slot->removed = slot->changed = slot->edited_chunks = 0;
	slot->bad_input = MERGE_NOT_INPUT;
	for (size_t i = j->task[task]; i < j->task[task + 1]; i++)
		if (do_item(j, &j->batch.item[i], &j->worker[worker], slot, e) < 0)
			return -1;
	return 0;
}

/* ---- packs ---- */

static int begin_pack(struct merge_job *j, struct err *e)
{
	if (pack_out_begin(&j->out, j->o->store, j->o->tenant, j->o->day, &j->o->params, e) < 0)
		return -1;
	j->out_open = true;
	return 0;
}

enum which_pack { PACK_OF_SEVERAL, PACK_THE_LAST };

static int end_pack(struct merge_job *j, enum which_pack which, struct err *e)
{
	const struct lineage *l = j->o->lineage;
	struct merge_result *ret = j->ret;
	struct pack_trailer t = { .tenant = j->o->tenant,
				  .day = j->o->day,
				  .order_key = j->o->order_key,
				  .params = j->o->params,
				  .deletes = l->deletes.v,
				  .n_deletes = l->deletes.n,
				  .sources = l->sources };
	struct hash_list parts = { 0 };
	struct pack_made made;
	int rc;

	if (which == PACK_THE_LAST) {
		parts.v = mem_alloc((l->parts.n + ret->n_packs + 1) * sizeof(*parts.v));
		for (size_t i = 0; i < l->parts.n; i++)
			parts.v[parts.n++] = l->parts.v[i];
		for (size_t i = 0; i < ret->n_packs; i++)
			parts.v[parts.n++] = ret->pack[i];
		t.parts = parts;
		t.segments = l->segments;
		t.replaced = l->replaced;
		t.mixed = l->mixed;
	}
	j->out_open = false;
	rc = pack_out_end(&j->out, &t, &made, NULL, e);
	free(parts.v);
	if (rc < 0)
		return -1;
	ret->pack = mem_realloc(ret->pack, (ret->n_packs + 1) * sizeof(*ret->pack));
	ret->pack[ret->n_packs++] = made.hash;
	ret->bytes += made.size;
	return 0;
}

/* A full pack ends only when more comes, so that the last one is known to be it; and not within a
 * moment, since the packs of a run have one order key. */
static int take_up(void *data, size_t task, size_t slot_no, struct err *e)
{
	struct merge_job *j = data;
	const struct slot *slot = &j->slot[slot_no];

	if (!j->o->edit && slot->chunks.n > 0 &&
	    (j->out.stored >= j->pack_bytes || pack_out_is_full(&j->out)) &&
	    !j->batch.item[j->task[task]].goes_on &&
	    (end_pack(j, PACK_OF_SEVERAL, e) < 0 || begin_pack(j, e) < 0))
		return -1;
	if (j->out_open && pack_out_write(&j->out, &slot->chunks, e) < 0)
		return -1;
	j->met += slot->met;
	j->ret->removed += slot->removed;
	j->ret->changed += slot->changed;
	j->ret->edited_chunks += slot->edited_chunks;
	j->ret->duplicates += slot->duplicates;
	j->n_done = task + 1;
	return 0;
}

/* ---- the whole ---- */

static void make_tasks(struct merge_job *j)
{
	uint64_t weight = TASK_BYTES;

	j->n_tasks = 0;
	for (size_t i = 0; i < j->batch.n_items; i++) {
		if (weight >= TASK_BYTES) {
			mem_grow(&j->task, &j->cap_tasks, j->n_tasks + 2, sizeof(*j->task));
			j->task[j->n_tasks++] = i;
			weight = 0;
		}
		weight += j->batch.item[i].weight;
	}
	j->task[j->n_tasks] = j->batch.n_items;
}

static int do_batch(struct merge_job *j, struct err *e)
{
	if (merge_read(&j->reader, &j->batch, &j->ret->bad_input, e) < 0)
		return -1;
	make_tasks(j);
	j->n_done = 0;
	if (work_run(&(struct work){ j->n_tasks, j->o->jobs, j->n_slots, run_task, take_up, j },
		     e) == 0)
		return 0;
	if (j->n_done < j->n_tasks) /* the task that failed is the first that is not done */
		j->ret->bad_input = j->slot[j->n_done % j->n_slots].bad_input;
	return -1;
}

static int do_all(struct merge_job *j, struct merge_plan *plan, struct err *e)
{
	int rc;

	if (j->o->mode == MERGE_WRITE && begin_pack(j, e) < 0)
		return -1;
	while ((rc = merge_plan_next(plan, &j->batch, e)) == 1)
		if (do_batch(j, e) < 0)
			return -1;
	if (rc < 0 || j->o->mode == MERGE_LOOK)
		return rc;
	if (j->met != j->o->n_entries)
		return err_set(e, ERR_CORRUPT, "%llu entries in packs that have %llu",
			       (unsigned long long)j->met, (unsigned long long)j->o->n_entries);
	return end_pack(j, PACK_THE_LAST, e);
}

static void make_workers(struct merge_job *j)
{
	const struct merge_opts *o = j->o;

	j->worker = mem_alloc(o->jobs * sizeof(*j->worker));
	for (unsigned i = 0; i < o->jobs; i++) {
		j->worker[i].writer = chunk_writer_new(&o->params);
		j->worker[i].scratch = chunk_scratch_new();
	}
	j->n_slots = slots_of(o->jobs);
	j->slot = mem_alloc(j->n_slots * sizeof(*j->slot));
}

static void free_workers(struct merge_job *j)
{
	for (unsigned i = 0; i < j->o->jobs; i++) {
		chunk_writer_free(j->worker[i].writer);
		chunk_scratch_free(j->worker[i].scratch);
		append_scratch_release(&j->worker[i].append);
		entries_release(&j->worker[i].es);
		arena_release(&j->worker[i].head);
	}
	for (size_t i = 0; i < j->n_slots; i++)
		chunks_release(&j->slot[i].chunks);
	free(j->worker);
	free(j->slot);
}

int merge_packs(const struct merge_opts *o, struct merge_result *ret, struct err *e)
{
	struct merge_job j = { .o = o, .ret = ret, .pack_bytes = o->pack_bytes };
	const struct merge_plan_opts plan_opts = {
		.index = o->index,
		.n_index = o->n_index,
		.input = o->input,
		.n_inputs = o->n_inputs,
		.params = &o->params,
		.batch_bytes = batch_memory(o),
		.item_bytes = item_memory(o),
		.edit = o->edit,
		.edited_only = o->mode == MERGE_LOOK,
	};
	struct merge_plan *plan = merge_plan_new(&plan_opts);
	int rc;

	*ret = (struct merge_result){ .bad_input = MERGE_NOT_INPUT };
	make_workers(&j);
	merge_reader_init(&j.reader, o->store, o->tenant, o->day, o->input, o->n_inputs, o->jobs);
	rc = do_all(&j, plan, e);
	if (j.out_open)
		pack_out_abort(&j.out);
	merge_plan_free(plan);
	merge_reader_release(&j.reader);
	merge_batch_release(&j.batch);
	free_workers(&j);
	free(j.task);
	return rc;
}
