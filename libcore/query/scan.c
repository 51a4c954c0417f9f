#include "query/scan.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "chunk/bundle.h"
#include "index/fault.h"
#include "query/again.h"
#include "query/bundle_cache.h"
#include "query/chunk_load.h"
#include "query/fetch.h"
#include "query/keys.h"
#include "query/limits.h"
#include "query/load.h"
#include "time/time.h"

struct scan_worker {
	struct scan *scan;
	struct names names;
	struct keys keys;
	struct block block;
	const struct piece *piece; /* being read as it lies */
	unsigned loaded;	   /* WANT_* of which some of that was loaded */
	struct load_mem mem;
	struct merge merge;
	struct buf set_sizes; /* scratch */
	struct scan_stats stats;
	struct probe probe;
	unsigned first_want;	      /* columns to load before the first stage */
	pthread_mutex_t *damage_lock; /* held while damage is reported */
};

void load_mem_release(struct load_mem *m)
{
	for (size_t i = 0; i < 3; i++)
		chunk_scratch_free(m->chunk[i]);
	buf_release(&m->stored);
	buf_release(&m->far);
	buf_release(&m->packed);
	buf_release(&m->unpacked);
	bundle_give_back(m->bundle);
	bundle_reader_free(m->unpacker);
	buf_release(&m->ts);
	buf_release(&m->off);
	buf_release(&m->lines);
	buf_release(&m->set);
	if (m->wal)
		wal_reader_free(m->wal);
	arena_release(&m->mem);
	*m = (struct load_mem){ 0 };
}

/*
 * A first stage that leaves most blocks empty loads what it needs itself, so of the lines there are
 * but the shapes before: all that is read of those that are taken apart, nothing of whole ones.
 */
unsigned scan_first_want(const struct scan *s)
{
	const struct pipeline *p = s->pipeline;
	unsigned lens = s->probed ? WANT_LENS : 0U; /* who counts bytes needs them */

	if (p->n_stages == 0)
		return s->sink.want;
	if (p->stage[0].ops == &stage_line_filter)
		return WANT_SHAPES | lens;
	if (p->stage[0].ops->shapes && p->stage[0].ops->shapes(&p->stage[0]))
		return WANT_SHAPES | WANT_META | lens;
	return s->sink.want | WANT_META | (p->needs_lines ? WANT_LENS | WANT_LINES : 0U);
}

void scan_init(struct scan *s)
{
	pthread_mutex_t *lock = mem_alloc(sizeof(*lock));

	pthread_mutex_init(lock, NULL);
	s->worker = mem_alloc(s->jobs * sizeof(*s->worker));
	if (s->probed)
		probe_init(&s->probe, s->pipeline->n_stages);
	for (unsigned i = 0; i < s->jobs; i++) {
		struct scan_worker *w = &s->worker[i];

		w->scan = s;
		names_copy(&w->names, &s->pipeline->names);
		w->block.names = &w->names;
		w->block.keys = &w->keys;
		w->damage_lock = lock;
		w->first_want = scan_first_want(s);
		if (s->probed) {
			probe_init(&w->probe, s->pipeline->n_stages);
			w->block.probe = &w->probe;
		}
		w->merge.seen_max = MERGE_SEEN_MAX;
		w->merge.bytes_max = s->merge_bytes ? s->merge_bytes : MERGE_BYTES_MAX;
	}
}

void scan_release(struct scan *s)
{
	if (s->worker) {
		pthread_mutex_destroy(s->worker[0].damage_lock);
		free(s->worker[0].damage_lock);
	}
	for (unsigned i = 0; s->worker && i < s->jobs; i++) {
		struct scan_worker *w = &s->worker[i];

		names_release(&w->names);
		keys_release(&w->keys);
		block_release(&w->block);
		load_mem_release(&w->mem);
		merge_release(&w->merge);
		buf_release(&w->set_sizes);
		probe_release(&w->probe);
	}
	probe_release(&s->probe);
	free(s->worker);
	s->worker = NULL;
}

/* Results of units with so many bytes may wait for who is slower, a thread, as each may hold as
 * much as it read: but of so many units at least, and at most. With fewer than four a thread waits
 * for the other's large one: of a GB a tenth of the time. */
enum { WAITING_BYTES = 512 << 10, SLOTS_MIN = 4, SLOTS_MAX = 1024 };

size_t scan_slots(const struct scan *s)
{
	return SLOTS_MAX * (size_t)s->jobs;
}

static size_t window(const struct scan *s)
{
	const struct plan *p = s->plan;
	uint64_t bytes = 1, n;

	for (size_t i = 0; i < p->n_pieces; i++)
		bytes += plan_piece_bytes(&p->piece[i]) + p->piece[i].meta_bytes;
	n = WAITING_BYTES / (bytes / (p->n_units + 1) + 1);
	n = n < SLOTS_MIN ? SLOTS_MIN : n > SLOTS_MAX ? SLOTS_MAX : n;
	return (size_t)n * s->jobs;
}

struct names *scan_names(const struct scan *s, unsigned worker)
{
	return &s->worker[worker].names;
}

/* What is gone may be found elsewhere, by a plan of now. */
static bool is_planned_again(struct scan_worker *w, const struct piece *p)
{
	bool ret;

	if (!w->scan->again)
		return false;
	pthread_mutex_lock(w->damage_lock);
	ret = again_ends_run(w->scan->again, p->source->name);
	pthread_mutex_unlock(w->damage_lock);
	return ret;
}

/* What cannot be read is reported and left out; anything else ends the query. */
static int excuse(struct scan_worker *w, const struct piece *p, struct err *e)
{
	if (e->code == ERR_NO && !is_planned_again(w, p))
		e->code = ERR_CORRUPT;
	if (e->code != ERR_CORRUPT && e->code != ERR_VERSION)
		return -1;
	fault_cut_path(e, p->source->name, NULL); /* an object store names what it refuses */
	err_wrap(e, "'%s'", p->source->name);
	w->stats.damaged++;
	pthread_mutex_lock(w->damage_lock);
	if (w->scan->damage)
		w->scan->damage(w->scan->damage_data, e);
	pthread_mutex_unlock(w->damage_lock);
	return 0;
}

/* Of names and values, as if each entry had its own. */
static uint64_t meta_bytes(struct scan_worker *w, const struct run *r)
{
	uint64_t *size, sum = 0;

	if (!r->meta_set || r->meta.n_sets == 0)
		return 0;
	buf_reset(&w->set_sizes);
	size = (void *)buf_reserve(&w->set_sizes, (r->meta.n_sets + 1) * sizeof(*size));
	size[0] = 0;
	for (uint32_t set = 1; set <= r->meta.n_sets; set++) {
		size[set] = 0;
		for (size_t k = 0, n = meta_n_pairs(&r->meta, set); k < n; k++) {
			struct label l = meta_pair(&r->meta, set, k);

			size[set] += l.name.n + l.value.n;
		}
	}
	for (size_t i = 0; i < r->n; i++)
		sum += size[r->meta_set[i]];
	return sum;
}

static int load(struct scan_worker *w, const struct piece *p, unsigned want, struct run *ret,
		unsigned *ret_have, struct err *e)
{
	bool timed = w->scan->probed || !p->source->is_log;
	int64_t start = timed ? time_mono_ns() : 0;
	int r;

	w->mem.shapes = NULL;
	w->mem.more = (struct shape_fetch){ 0 };
	r = p->source->ops->load(p->source, p, want, &w->mem, ret, ret_have, e);
	*ret_have |= want & WANT_SHAPES; /* of which few sources know */

	if (w->scan->probed && r == 0)
		probe_loaded(&w->probe, start, *ret_have, w->loaded,
			     w->block.shapes ? 0 /* they were counted when they were opened */
			     : w->mem.shapes ? p->line_bytes + p->n
			     : *ret_have & WANT_LINES ? ret->lines_len
						      : 0);
	w->loaded |= *ret_have;
	if (!p->source->is_log)
		w->stats.read_ns += time_mono_ns() - start;
	else if (r == 0 && *ret_have & WANT_META)
		w->stats.log_meta_bytes += meta_bytes(w, ret);
	return r;
}

static int load_piece(struct block *b, unsigned want, struct err *e)
{
	struct scan_worker *w = b->source;
	const struct piece *p = w->piece;
	struct run got = { 0 };
	unsigned have = 0;

	/* What is out already need not be put together. */
	w->mem.pick = (struct shape_pick){ .first = b->first };
	if (b->n_sel && p->n) {
		w->mem.pick.n = b->n_sel;
		w->mem.pick.sel = b->sel_list ? b->sel : NULL;
	}
	if (load(w, p, want, &got, &have, e) < 0)
		return -1;
	if (b->have && b->run.n != got.n)
		return err_set(e, ERR_CORRUPT, "%zu entries, then %zu", b->run.n, got.n);
	b->run.n = got.n;
	if (have & WANT_TS)
		b->run.ts_ns = got.ts_ns;
	if (have & WANT_LENS)
		b->run.line_off = got.line_off;
	if (have & WANT_LINES) {
		b->run.lines = got.lines;
		b->run.lines_len = got.lines_len;
	}
	if (have & WANT_META) {
		b->run.meta_set = got.meta_set;
		b->run.meta = got.meta;
	}
	if (have & WANT_SHAPES) {
		b->shapes = w->mem.shapes;
		b->shapes_off = w->mem.shapes_off;
		b->shapes_block = w->mem.shapes_block;
	}
	b->have |= have;
	return 0;
}

static void unload(struct scan_worker *w, const struct piece *p)
{
	if (p->source->ops->unload)
		p->source->ops->unload(p->source, p, &w->mem);
}

/* Which of n ascending timestamps is the first that is at least ts. */
static size_t first_at(const int64_t *v, size_t n, int64_t ts)
{
	size_t lo = 0;

	while (n > 0) {
		size_t half = n / 2;

		if (v[lo + half] < ts) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo;
}

/* Which times of a stream are asked for, seen, and still of use. */
static void find_times(const struct scan *s, uint32_t stream, int64_t *from, int64_t *to)
{
	*from = plan_from(s->plan, stream);
	*to = s->plan->to;
	if (s->sink.narrow)
		s->sink.narrow(s->sink.data, from, to);
}

static int cut_time(const struct scan *s, const struct piece *p, struct block *b, struct err *e)
{
	int64_t from, to;
	size_t lo, hi;

	find_times(s, p->stream, &from, &to);
	block_select_all(b);
	if (p->n && (p->max_ts < from || time_is_behind(p->min_ts, to))) {
		b->n_sel = 0; /* by what has been found since it was planned */
		return 0;
	}
	if (p->min_ts >= from && !time_is_behind(p->max_ts, to))
		return 0;
	if (block_need(b, WANT_TS, e) < 0)
		return -1;
	lo = first_at(b->run.ts_ns, b->run.n, from);
	hi = to == INT64_MAX ? b->run.n : first_at(b->run.ts_ns, b->run.n, to);
	b->first = (uint32_t)lo;
	b->n_sel = hi > lo ? hi - lo : 0;
	return 0;
}

static int check_end(const struct scan *s, struct err *e)
{
	if (s->interruptible && interrupt_check(e) < 0)
		return -1;
	if (!s->deadline_ns || time_mono_ns() < s->deadline_ns)
		return 0;
	return err_set(e, ERR_AGAIN, LIMITS_TIMED_OUT);
}

/* Drops what requests to delete mean of what is still in. Lines are as they are stored, whatever
 * stages have made of them. */
static int drop_hidden(struct scan_worker *w, const struct unit *u, struct err *e)
{
	const struct plan *plan = w->scan->plan;
	const struct hide_stream *hide = &plan->stream[plan_piece(plan, u, 0)->stream].hide;
	struct block *b = &w->block;
	bool hides = false;
	uint32_t *sel;
	size_t n = 0;

	for (uint32_t k = 0; k < u->n && !hides; k++)
		hides = plan_piece(plan, u, k)->hides;
	if (!hides)
		return 0;
	if (block_need(b, hide_stream_wants(hide, u->min_ts, u->max_ts), e) < 0)
		return -1;
	sel = block_sel_list(b);
	for (size_t k = 0; k < b->n_sel; k++)
		if (!hide_stream_hides(hide, &b->run, sel[k]))
			sel[n++] = sel[k];
	w->stats.hidden += b->n_sel - n;
	b->n_sel = n;
	return 0;
}

/* Leaves in what the sink will take. What is hidden must not count for its limit. */
static int choose(struct scan_worker *w, size_t slot, const struct unit *u, struct err *e)
{
	const struct scan *s = w->scan;
	struct block *b = &w->block;

	if (pipeline_apply_part(s->pipeline, 0, s->pipeline->n_dropping, b, e) < 0)
		return -1;
	if (b->n_sel && drop_hidden(w, u, e) < 0)
		return -1;
	w->stats.kept += b->n_sel;
	return b->n_sel && s->sink.sift ? s->sink.sift(s->sink.data, slot, u, b, e) : 0;
}

/* Runs the pipeline, and hands on what is still in. */
static int give(struct scan_worker *w, size_t slot, const struct unit *u, struct err *e)
{
	const struct scan *s = w->scan;
	const struct pipeline *p = s->pipeline;
	struct block *b = &w->block;
	struct probe_mark m;
	int r;

	if (choose(w, slot, u, e) < 0 ||
	    pipeline_apply_part(p, p->n_dropping, p->n_stages, b, e) < 0)
		return -1;
	if (b->n_sel == 0)
		return 0;
	probe_begin(b->probe, &m);
	r = s->sink.take(s->sink.data, (unsigned)(w - s->worker), slot, u, b, e);
	if (b->probe)
		probe_took(b->probe, &m, b);
	return r;
}

/* Whether the sink has taken it from what the plan knows. */
static bool from_table(struct scan_worker *w, const struct piece *p)
{
	const struct scan *s = w->scan;
	const struct plan *plan = s->plan;

	if (!s->sink.take_table || !plan_is_whole(plan, p) ||
	    !s->sink.take_table(s->sink.data, (unsigned)(w - s->worker), p,
				&plan->stream[p->stream].labels))
		return false;
	w->stats.from_tables++;
	w->stats.table_entries += p->n;
	w->stats.table_bytes += p->line_bytes;
	return true;
}

static void count_read(struct scan_worker *w, const struct piece *p, uint64_t n, uint64_t bytes)
{
	w->stats.read++;
	w->stats.entries += n;
	w->stats.bytes += bytes;
	if (p->source->is_log) {
		w->stats.log_entries += n;
		w->stats.log_bytes += bytes;
	}
}

/* Damage is reported here; other errors, and the sink's own, come back as -1. */
static int read_piece(struct scan_worker *w, size_t slot, const struct unit *u,
		      const struct piece *p, struct err *e)
{
	const struct scan *s = w->scan;
	const struct plan *plan = s->plan;
	struct block *b = &w->block;

	w->piece = p;
	w->loaded = 0;
	block_reset(b, &plan->stream[p->stream].labels);
	b->load = load_piece;
	b->source = w;
	b->run.n = p->n;
	/* Which entries are in is told by the timestamps alone. */
	if (p->n && cut_time(s, p, b, e) < 0)
		return excuse(w, p, e);
	if (p->n && b->n_sel == 0) {
		count_read(w, p, 0, 0);
		return 0;
	}
	if (block_need(b, w->first_want | (p->n == 0 ? WANT_LENS | WANT_LINES : 0U), e) < 0 ||
	    (p->n == 0 && cut_time(s, p, b, e) < 0) || give(w, slot, u, e) < 0)
		return excuse(w, p, e);
	count_read(w, p, b->run.n, p->n ? p->line_bytes : b->run.lines_len - b->run.n);
	return 0;
}

/* One piece as it lies, if the table does not say enough of it. */
static int scan_piece(struct scan_worker *w, size_t slot, const struct unit *u, struct err *e)
{
	const struct piece *p = plan_piece(w->scan->plan, u, 0);
	int ret;

	if (check_end(w->scan, e) < 0)
		return -1;
	if (from_table(w, p))
		return 0;
	ret = read_piece(w, slot, u, p, e);
	w->mem.pick = (struct shape_pick){ 0 };
	unload(w, p);
	return ret;
}

static int no_more(struct block *b, unsigned want, struct err *e)
{
	(void)want;
	(void)e;
	b->have = WANT_ALL | WANT_SHAPES; /* a merged run has all that there is */
	return 0;
}

static void count_folded(struct scan_worker *w, const struct unit *u)
{
	uint64_t n = w->merge.n_folded;
	bool is_log = true;

	for (uint32_t k = 0; n && is_log && k < u->n; k++)
		is_log = plan_piece(w->scan->plan, u, k)->source->is_log;
	w->stats.folded += n;
	w->stats.log_folded += is_log ? n : 0;
}

/* Hands what was merged to the pipeline and the sink. */
static int take_merged(struct scan_worker *w, size_t slot, const struct unit *u, struct err *e)
{
	const struct scan *s = w->scan;
	struct block *b = &w->block;
	struct probe_mark m;

	block_reset(b, &s->plan->stream[plan_piece(s->plan, u, 0)->stream].labels);
	if (check_end(s, e) < 0)
		return -1;
	probe_begin(b->probe, &m);
	if (merge_take(&w->merge, &b->run, e) < 0)
		return -1;
	count_folded(w, u);
	if (b->probe)
		probe_merged(b->probe, &m, &b->run);
	b->have = WANT_ALL | WANT_SHAPES;
	b->load = no_more;
	block_select_all(b);
	return give(w, slot, u, e);
}

/* Adds a piece to the merge; what was merged is handed on when that is full. */
static int add_piece(struct scan_worker *w, size_t slot, const struct unit *u,
		     const struct piece *p, struct err *e)
{
	struct run run = { 0 };
	struct probe_mark m;
	unsigned have;

	w->loaded = 0;
	if (load(w, p, WANT_ALL, &run, &have, e) < 0)
		return excuse(w, p, e);
	count_read(w, p, run.n, run.lines_len - run.n);
	probe_begin(w->block.probe, &m);
	merge_add(&w->merge, &run);
	if (w->block.probe)
		probe_merging(w->block.probe, &m, run.n);
	unload(w, p);
	if (!merge_is_full(&w->merge))
		return 0;
	if (take_merged(w, slot, u, e) < 0)
		return -1;
	return merge_go_on(&w->merge, e);
}

/* One unit in as many rounds as its memory makes necessary, ascending. */
static int scan_merged(struct scan_worker *w, size_t slot, const struct unit *u, struct err *e)
{
	const struct plan *plan = w->scan->plan;
	enum merge_how how = plan_piece(plan, u, 0)->alone ? MERGE_KEEP_ALL : MERGE_FOLD;
	int64_t from, to, lo, hi;

	w->block.shapes = NULL;
	find_times(w->scan, plan_piece(plan, u, 0)->stream, &from, &to);
	lo = u->min_ts > from ? u->min_ts : from;
	hi = time_is_behind(u->max_ts, to) ? to - 1 : u->max_ts;
	if (lo > hi)
		return 0;
	for (;;) {
		merge_begin(&w->merge, how, lo, hi);
		for (uint32_t k = 0; k < u->n; k++) {
			const struct piece *p = plan_piece(plan, u, k);

			if (p->max_ts < lo || p->min_ts > w->merge.hi)
				continue;
			if (add_piece(w, slot, u, p, e) < 0)
				return -1;
		}
		if (take_merged(w, slot, u, e) < 0)
			return -1;
		if (w->merge.hi == hi)
			return 0;
		lo = w->merge.hi + 1;
	}
}

static int run_unit(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct scan *s = data;
	struct scan_worker *w = &s->worker[worker];
	const struct unit *u = &s->plan->unit[item];

	int ret = 0;

	if (s->sink.begin && s->sink.begin(s->sink.data, slot, u))
		w->stats.skipped += u->n;
	else
		ret = u->merge ? scan_merged(w, slot, u, e) : scan_piece(w, slot, u, e);
	fetch_unit_done(w->mem.fetch, u);
	return ret;
}

static int unit_done(void *data, size_t item, size_t slot, struct err *e)
{
	struct scan *s = data;
	struct probe_mark m;
	int r;

	probe_begin(s->probed ? &s->probe : NULL, &m);
	r = s->sink.done(s->sink.data, item, slot, e);
	if (s->probed)
		s->probe.done_ns += probe_since(&s->probe, &m);
	return r;
}

static void count_units(struct scan *s)
{
	s->stats.units += s->plan->n_units;
	s->stats.blocks += s->plan->n_refs;
	for (size_t i = 0; i < s->plan->n_units; i++) {
		s->stats.merged_units += s->plan->unit[i].merge;
		s->stats.merged_blocks += s->plan->unit[i].merge ? s->plan->unit[i].n : 0;
	}
}

static void add_up(struct scan *s, struct scan_worker *w)
{
	struct load_stats load = chunk_load_take_stats(&w->mem);

	s->stats.read += w->stats.read;
	s->stats.from_tables += w->stats.from_tables;
	s->stats.skipped += w->stats.skipped;
	s->stats.damaged += w->stats.damaged;
	s->stats.entries += w->stats.entries;
	s->stats.bytes += w->stats.bytes;
	s->stats.log_entries += w->stats.log_entries;
	s->stats.log_bytes += w->stats.log_bytes;
	s->stats.kept += w->stats.kept;
	s->stats.table_entries += w->stats.table_entries;
	s->stats.table_bytes += w->stats.table_bytes;
	s->stats.hidden += w->stats.hidden;
	s->stats.folded += w->stats.folded;
	s->stats.log_folded += w->stats.log_folded;
	s->stats.meta_bytes += w->stats.log_meta_bytes + load.meta_bytes;
	s->stats.log_meta_bytes += w->stats.log_meta_bytes;
	s->stats.chunks += load.chunks;
	s->stats.stored_bytes += load.stored_bytes;
	s->stats.read_ns += w->stats.read_ns;
	w->stats = (struct scan_stats){ 0 };
	if (!s->probed)
		return;
	probe_add(&s->probe, &w->probe);
	probe_release(&w->probe);
	probe_init(&w->probe, s->pipeline->n_stages);
}

void scan_look(struct scan *s)
{
	const struct plan *plan = s->plan;

	count_units(s);
	for (size_t i = 0; i < plan->n_units; i++)
		if (!plan->unit[i].merge)
			from_table(&s->worker[0], plan_piece(plan, &plan->unit[i], 0));
	add_up(s, &s->worker[0]);
}

/* Whether it is read, as far as the plan tells: what from_table takes is not. */
static bool is_read(const void *data, const struct unit *u, const struct piece *p)
{
	const struct scan *s = data;
	const struct sink *k = &s->sink;

	return u->merge || !k->in_table || !plan_is_whole(s->plan, p) ||
	       !k->in_table(k->data, p, &s->plan->stream[p->stream].labels);
}

/* The stages that only change what is in, for a run that the sink has kept. */
static int run_later(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct scan *s = data;
	const struct pipeline *p = s->pipeline;
	struct block *b = &s->worker[worker].block;
	struct probe_mark m;
	uint32_t stream;
	struct run run = s->sink.get_later(s->sink.data, item, &stream);
	int r;

	(void)slot;
	block_reset(b, &s->plan->stream[stream].labels);
	b->run = run;
	b->have = WANT_ALL;
	b->load = no_more;
	block_select_all(b);
	if (check_end(s, e) < 0 || pipeline_apply_part(p, p->n_dropping, p->n_stages, b, e) < 0)
		return -1;
	probe_begin(b->probe, &m);
	r = s->sink.take_later(s->sink.data, worker, item, b, e);
	if (b->probe)
		probe_took(b->probe, &m, b);
	return r;
}

static int run_kept(struct scan *s, struct err *e)
{
	struct work work = {
		.jobs = s->jobs, .window = scan_slots(s), .run = run_later, .data = s
	};

	work.n = s->sink.n_later ? s->sink.n_later(s->sink.data) : 0;
	return work.n ? work_run(&work, e) : 0;
}

int scan_run(struct scan *s, struct err *e)
{
	struct work work = { .n = s->plan->n_units,
			     .jobs = s->by_one ? 1 : s->jobs,
			     .window = window(s),
			     .run = run_unit,
			     .done = s->sink.done ? unit_done : NULL,
			     .data = s };
	struct fetch_opts ahead = { .needed = is_read, .data = s, .may_end = s->sink.enough > 0 };
	struct fetch *fetch = fetch_new(s->plan, &ahead);
	int r;

	count_units(s);
	for (unsigned i = 0; i < s->jobs; i++)
		s->worker[i].mem.fetch = fetch;
	r = work_run(&work, e);
	if (r == 0)
		r = run_kept(s, e);
	for (unsigned i = 0; i < s->jobs; i++) {
		s->worker[i].mem.fetch = NULL;
		s->worker[i].mem.far_of = NULL; /* pieces are numbered anew */
		io_past_forget(&s->worker[i].mem.past);
		add_up(s, &s->worker[i]);
	}
	fetch_free(fetch);
	return r;
}
