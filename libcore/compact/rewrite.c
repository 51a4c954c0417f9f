/*
 * A pack is gone through twice: first to learn whether anything of it changes, reading only the
 * chunks that may; then, if so, to write it. So a pack of which nothing changes costs no writing,
 * and what a trailer says is known before it is written.
 */
#include "compact/rewrite.h"

#include <stdlib.h>

#include "base/mem.h"
#include "compact/inputs.h"
#include "index/merge.h"

enum { TRIES = 3 }; /* packs that others replace meanwhile */

struct work {
	const struct rewrite *r;
	struct day_view view;
	bool *touched; /* by pack of the view */
	struct hash128 *made;
	size_t n_made;
	enum rewrite_extent extent;
};

/* ---- which packs ---- */

/* Marks, by pack of the index file, those that have a chunk which may change. */
static int find_in_index(const struct rewrite *r, struct index *ix, struct arena *mem, bool *mark,
			 struct err *e)
{
	const struct merge_edit *edit = r->edit;

	for (uint32_t i = 0; i < index_info(ix)->n_series; i++) {
		struct index_series s;
		struct labels labels;

		arena_reset(mem);
		if (index_series_at(ix, i, &s, e) < 0 ||
		    index_series_labels(ix, i, mem, &labels, e) < 0)
			return -1;
		for (uint32_t k = 0; k < s.n_chunks; k++) {
			struct index_chunk c;

			if (index_chunk_at(ix, s.first_chunk + k, &c, e) < 0)
				return -1;
			mark[c.pack] = mark[c.pack] ||
				       edit->touches(edit->data, &labels, c.from, c.through);
		}
	}
	return 0;
}

static int find_touched(struct work *w, struct err *e)
{
	const struct live *l = &w->view.live;
	bool **mark = mem_alloc((l->n + 1) * sizeof(*mark));
	struct arena mem = { 0 };
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++) {
		mark[i] = mem_alloc(index_info(l->v[i])->n_packs + (size_t)1);
		rc = find_in_index(w->r, l->v[i], &mem, mark[i], e);
		if (rc < 0)
			err_wrap(e, "'%s'", index_label(l->v[i]));
	}
	w->touched = mem_alloc(w->view.n + 1);
	for (size_t i = 0; i < w->view.n && rc == 0; i++)
		w->touched[i] = mark[w->view.pack[i].index][w->view.pack[i].number];
	for (size_t i = 0; i < l->n; i++)
		free(mark[i]);
	free(mark);
	arena_release(&mem);
	return rc;
}

/* ---- one pack ---- */

static struct merge_opts merge_of(const struct rewrite *r, const struct run_inputs *in,
				  const struct lineage *lineage)
{
	return (struct merge_opts){
		.store = r->store,
		.tenant = r->tenant,
		.day = r->day,
		.params = in->trailer[0].params,
		.jobs = merge_jobs_that_fit(&in->trailer[0].params, r->memory_bytes, r->jobs),
		.memory_bytes = r->memory_bytes,
		.index = in->index,
		.n_index = in->n_index,
		.input = in->input,
		.n_inputs = in->n,
		.n_entries = in->n_entries,
		.lineage = lineage,
		.order_key = in->trailer[0].order_key,
		.edit = r->edit,
	};
}

static int merge(struct work *w, struct merge_opts *m, enum merge_mode mode,
		 struct merge_result *made, struct err *e)
{
	uint64_t least = merge_memory_min(&m->params, m->jobs);

	if (least > m->memory_bytes)
		return err_set(e, ERR_LIMIT, "its chunks need %llu MiB of memory",
			       (unsigned long long)(least >> 20) + 1);
	w->r->calls->pass(w->r->data);
	m->mode = mode;
	return merge_packs(m, made, e);
}

static void note_written(struct work *w, struct rewrite_pack *p, const struct merge_result *made)
{
	p->after = made->pack[0];
	p->after_size = made->bytes;
	p->after_entries = p->before->entries - p->removed - made->duplicates;
	w->made = mem_realloc(w->made, (w->n_made + 1) * sizeof(*w->made));
	w->made[w->n_made++] = p->after;
	w->r->calls->written(w->r->data, p);
}

static int rewrite_inputs(struct work *w, const struct day_pack *pack, const struct run_inputs *in,
			  struct lineage *lineage, struct err *e)
{
	const struct rewrite *r = w->r;
	struct merge_opts m = merge_of(r, in, lineage);
	struct rewrite_pack p = { .before = &pack->row };
	struct merge_result made = { 0 };
	struct rewrite_ids ids;
	int rc = merge(w, &m, MERGE_LOOK, &made, e);

	if (rc == 0) {
		p.chunks = made.edited_chunks;
		p.removed = made.removed;
		p.changed = made.changed;
		ids = r->calls->looked(r->data, &p);
	}
	if (rc == 0 && p.removed + p.changed > 0 && !r->dry_run) {
		common_deletes_also(&lineage->deletes, ids.v, ids.n);
		if (p.changed > 0)
			lineage_rewritten(lineage, &pack->row.name, ids.what);
		rc = merge(w, &m, MERGE_WRITE, &made, e);
		if (rc == 0)
			note_written(w, &p, &made);
	}
	free(made.pack);
	return rc;
}

static int rewrite_pack(struct work *w, size_t i, struct err *e)
{
	const struct rewrite *r = w->r;
	const struct day_at at = { r->store, r->tenant, r->day };
	struct hash_list there = { 0 };
	struct lineage lineage = { 0 };
	struct run_inputs in = { 0 };
	size_t bad;
	int rc = live_known_packs(&w->view.live, &there, e);

	if (rc == 0)
		rc = run_inputs_read(&in, &at, &w->view, i, 1, NULL, &bad, e);
	if (rc == 0) {
		lineage_init(&lineage, in.origin, 1, &there);
		rc = rewrite_inputs(w, &w->view.pack[i], &in, &lineage, e);
	}
	lineage_release(&lineage);
	run_inputs_release(&in);
	free(there.v);
	return rc;
}

/* ---- the day ---- */

static bool is_of_a_pack(const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_VERSION || e->code == ERR_LIMIT;
}

/* 1: a pack is gone, and the index is to be read again. */
static int rewrite_packs(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->view.n; i++) {
		if (!w->touched[i] || rewrite_pack(w, i, e) == 0)
			continue;
		if (e->code == ERR_NO)
			return 1;
		if (!is_of_a_pack(e))
			return -1;
		w->r->calls->fault(w->r->data, e);
		w->extent = REWRITE_BUT_DAMAGED;
	}
	return 0;
}

static bool has_delete(struct index *ix, struct bytes id)
{
	for (uint32_t i = 0; i < index_info(ix)->n_deletes; i++) {
		struct bytes v;
		struct err e;

		if (index_delete_at(ix, i, &v, &e) == 0 && bytes_eq(v, id))
			return true;
	}
	return false;
}

/* Would an index file say more than those that are there? */
static bool is_news(const struct live *l, const struct rewrite_ids *ids)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < ids->n; k++)
			if (!has_delete(l->v[i], ids->v[k]))
				return true;
	return false;
}

static int commit(struct work *w, struct err *e)
{
	const struct rewrite *r = w->r;
	struct rewrite_ids ids = r->calls->applied(r->data, w->extent);
	const struct index_merge m = {
		.store = r->store,
		.tenant = r->tenant,
		.day = r->day,
		.live = &w->view.live,
		.added = w->made,
		.n_added = w->n_made,
		.applied = ids.v,
		.n_applied = ids.n,
	};
	struct hash128 name;

	if (r->dry_run || (w->n_made == 0 && !is_news(&w->view.live, &ids)))
		return 0;
	if (r->calls->before_commit(r->data, e) < 0 ||
	    index_merge(&m, INDEX_MERGE_WRITE, &name, NULL, e) < 0)
		return -1;
	return r->calls->committed(r->data, e);
}

static int try_day(struct work *w, struct err *e)
{
	const struct rewrite *r = w->r;
	const struct day_at at = { r->store, r->tenant, r->day };
	int rc;

	if (day_view_load(&w->view, &at, e) < 0)
		return -1;
	for (size_t i = 0; i < w->view.live.n_faults; i++)
		r->calls->fault(r->data, &w->view.live.faults[i].err);
	if (w->view.live.n_faults > 0)
		w->extent = REWRITE_BUT_DAMAGED;
	rc = w->view.live.n == 0 ? 0 : r->calls->begin(r->data, &w->view.live, e);
	if (rc <= 0)
		return rc;
	rc = find_touched(w, e);
	if (rc == 0)
		rc = rewrite_packs(w, e);
	return rc == 0 ? commit(w, e) : rc;
}

int rewrite_day(const struct rewrite *r, struct err *e)
{
	int rc = 1;

	for (int i = 0; i < TRIES && rc == 1; i++) {
		struct work w = { .r = r };

		rc = try_day(&w, e);
		day_view_release(&w.view);
		free(w.touched);
		free(w.made);
	}
	if (rc == 1) {
		e->code = ERR_CORRUPT;
		err_wrap(e, "a pack is lost");
	}
	return rc == 0 ? 0 : -1;
}
