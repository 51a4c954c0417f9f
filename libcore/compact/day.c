#include "compact/day.h"

#include <stdlib.h>

#include "base/mem.h"
#include "compact/choose.h"
#include "compact/inputs.h"
#include "compact/merge.h"
#include "index/dated.h"
#include "index/merge.h"
#include "time/time.h"

/* So long after its end nothing more is expected of a day, if nothing came meanwhile. */
static const int64_t GRACE_NS = 3600 * NS_PER_S;

enum { OUTRUN_MAX = 3 };

static void add_hash(struct hash_list *l, const struct hash128 *h)
{
	l->v = mem_realloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *h;
	l->n = hash128_sort(l->v, l->n);
}

static void drop_hash(struct hash_list *l, const struct hash128 *h)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (hash128_cmp(&l->v[i], h) != 0)
			l->v[n++] = l->v[i];
	l->n = n;
}

static bool has_hash(const struct hash_list *l, const struct hash128 *h)
{
	return hash128_among(l->v, l->n, h);
}

void day_release(struct day_job *d)
{
	free(d->stays.v);
	free(d->sum.made.v);
	free(d->told.v);
	*d = (struct day_job){ 0 };
}

static void tell(const struct day_job *d, const struct err *fault)
{
	d->o->on_fault(d->o->data, fault);
}

/* ---- what there is ---- */

/* The day has ended, and nothing was committed to it for a while: both by the store's clock. */
static void find_whether_over(struct day_job *d, const struct live *live, const struct dated *there,
			      int64_t now_ns)
{
	const int64_t end_ns = time_day_start(d->sum.day + 1);
	int64_t since_ns = end_ns;

	for (size_t i = 0; i < live->n; i++) {
		const struct dated_object *o = dated_find(there, &index_info(live->v[i])->name);

		if (o && o->date_ns > since_ns)
			since_ns = o->date_ns;
	}
	d->looked = true;
	d->day_over = now_ns - since_ns >= GRACE_NS;
	d->waits = now_ns >= end_ns && !d->day_over;
}

/* Asked before we commit something ourselves. */
static int see_whether_over(struct day_job *d, const struct day_view *v, struct err *e)
{
	struct store *s = d->o->store;
	struct dated there = { 0 };
	struct buf folder = { 0 };
	int64_t now_ns;
	int rc = 0;

	store_folder_add(&folder, STORE_INDEX, d->sum.tenant, d->sum.day);
	if (d->o->dry_run)
		now_ns = store_now_to_look(s, buf_str(&folder));
	else
		rc = store_now(s, buf_str(&folder), &now_ns, e);
	buf_release(&folder);
	if (rc == 0 && now_ns - time_day_start(d->sum.day + 1) >= GRACE_NS)
		rc = dated_list(s, STORE_INDEX, d->sum.tenant, d->sum.day, &there, e);
	if (rc == 0)
		find_whether_over(d, &v->live, &there, now_ns);
	dated_release(&there);
	return rc;
}

static struct day_at at_of(const struct day_job *d)
{
	return (struct day_at){ d->o->store, d->sum.tenant, d->sum.day };
}

static int look(struct day_job *d, struct day_view *v, struct err *e)
{
	const struct day_at at = at_of(d);

	if (day_view_load(v, &at, e) < 0)
		return -1;
	for (size_t i = 0; i < v->live.n_faults; i++) {
		if (has_hash(&d->told, &v->live.faults[i].name))
			continue;
		add_hash(&d->told, &v->live.faults[i].name);
		tell(d, &v->live.faults[i].err);
	}
	return d->looked ? 0 : see_whether_over(d, v, e);
}

/* What the chunks of a pack that still count have, of those of one index file. */
static int add_named(struct index *ix, uint64_t *named, struct err *e)
{
	for (uint32_t i = 0; i < index_info(ix)->n_chunks; i++) {
		struct index_chunk c;
		uint64_t stored;

		if (index_chunk_at(ix, i, &c, e) < 0 || index_chunk_stored(ix, &c, &stored, e) < 0)
			return err_wrap(e, "'%s'", index_label(ix));
		named[c.pack] += stored;
	}
	return 0;
}

/* What is dead in a pack of a thinned file does not count, and most of it makes it wasteful. */
static int see_waste(const struct day_view *v, struct choose_pack *c, struct err *e)
{
	for (size_t k = 0; k < v->live.n; k++) {
		struct index *ix = v->live.v[k];
		uint64_t *named;
		int rc;

		if (!index_info(ix)->thinned)
			continue;
		named = mem_alloc((index_info(ix)->n_packs + (size_t)1) * sizeof(*named));
		rc = add_named(ix, named, e);
		for (size_t i = 0; i < v->n && rc == 0; i++) {
			const struct index_pack *row = &v->pack[i].row;
			uint64_t left;

			if (v->pack[i].index != k)
				continue;
			left = named[v->pack[i].number] + row->trailer_len;
			c[i].size = left < row->size ? left : row->size;
			c[i].wasteful = c[i].size < row->size / 2;
		}
		free(named);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* NULL on error. */
static struct choose_pack *to_choose(const struct day_job *d, const struct day_view *v,
				     struct err *e)
{
	struct choose_pack *c = mem_alloc((v->n + 1) * sizeof(*c));

	for (size_t i = 0; i < v->n; i++)
		c[i] = (struct choose_pack){ .order_key = v->pack[i].row.order_key,
					     .size = v->pack[i].row.size,
					     .stays = has_hash(&d->stays, &v->pack[i].row.name) };
	if (see_waste(v, c, e) == 0)
		return c;
	free(c);
	return NULL;
}

static struct choose_how how_of(const struct day_job *d)
{
	return (struct choose_how){ .pack_bytes = d->o->pack_bytes,
				    .fan_in = d->o->fan_in,
				    .most = d->most,
				    .day_over = d->day_over };
}

/* Nothing is merged of them now; something would be if the day were over. */
static void tell_waiting(const struct day_job *d, const struct choose_pack *c, size_t n)
{
	struct choose_how over = how_of(d);
	struct choose_run run;

	over.day_over = true;
	if (d->waits && d->o->on_left && choose_run(c, n, &over, &run))
		d->o->on_left(d->o->data, d->sum.tenant, d->sum.day,
			      "over; what is left of it is merged once nothing has come for 1h");
}

bool day_wants(const struct compact_opts *o, struct bytes tenant, const struct due_day *due,
	       int64_t now_ns)
{
	struct day_job d = { .o = o, .sum = { .tenant = tenant, .day = due->day } };
	struct choose_pack *c = NULL;
	struct choose_how how;
	struct choose_run run;
	struct day_view v;
	bool ret;

	find_whether_over(&d, due->live, &due->files, now_ns);
	how = how_of(&d);
	if (day_view_of(&v, due->live, NULL) == 0)
		c = to_choose(&d, &v, NULL);
	ret = !c || choose_run(c, v.n, &how, &run);
	if (!ret)
		tell_waiting(&d, c, v.n);
	free(c);
	free(v.pack);
	return ret;
}

/* So many packs, about, from so many bytes: all but the last one are of the same size. */
static uint64_t packs_of(const struct compact_opts *o, uint64_t bytes)
{
	return bytes <= o->pack_bytes ? 1 : (bytes + o->pack_bytes - 1) / o->pack_bytes;
}

/* ---- inputs ---- */

static bool is_archived(const struct day_job *d, const struct hash128 *pack)
{
	const struct store_name sn = { STORE_PACK, d->sum.day, d->sum.tenant, *pack };
	struct buf name = { 0 };
	bool ret;

	store_name_add(&name, &sn);
	ret = store_is_archived(d->o->store, buf_str(&name));
	buf_release(&name);
	return ret;
}

/* What cannot be read now is not wrong: nobody has to do anything about it. */
static void tell_archived(struct day_job *d, const struct err *e)
{
	if (d->o->on_left)
		d->o->on_left(d->o->data, d->sum.tenant, d->sum.day, e->msg);
}

/* A pack turned out to be of no use. 1 the run is chosen again without it; -1 the error is none of
 * the pack's. */
static int give_up(struct day_job *d, const struct hash128 *pack, struct err *e)
{
	if (e->code == ERR_NO && hash128_cmp(&d->gone, pack) != 0) {
		d->gone = *pack; /* others have replaced it, perhaps: the index is read again */
		return 1;
	}
	if (e->code != ERR_NO && e->code != ERR_CORRUPT && e->code != ERR_VERSION)
		return -1;
	if (e->code == ERR_NO) {
		e->code = ERR_CORRUPT;
		err_wrap(e, "a pack is lost");
	}
	if (e->code == ERR_VERSION && is_archived(d, pack))
		tell_archived(d, e);
	else
		tell(d, e);
	add_hash(&d->stays, pack);
	return 1;
}

/* 0, 1 (see give_up), -1. */
static int open_inputs(struct day_job *d, const struct day_view *v, const struct choose_run *run,
		       struct run_inputs *in, struct err *e)
{
	const struct day_at at = at_of(d);
	size_t bad;

	if (run_inputs_read(in, &at, v, run->first, run->n, &d->o->params, &bad, e) < 0)
		return give_up(d, &v->pack[bad].row.name, e);
	for (size_t i = 0; d->day_over && i < v->live.n; i++)
		in->take[i] = true; /* all index files become one */
	return 0;
}

/* ---- a run ---- */

/* 1 to choose again, -1. */
static int merge_failed(struct day_job *d, const struct run_inputs *in,
			const struct merge_result *made, struct err *e)
{
	if (made->bad_input != MERGE_NOT_INPUT)
		return give_up(d, &in->input[made->bad_input].name, e);
	if (e->code == ERR_LIMIT && in->n > 2) {
		d->most = in->n / 2;
		return 1;
	}
	if (e->code != ERR_CORRUPT && e->code != ERR_VERSION && e->code != ERR_LIMIT)
		return -1;
	tell(d, e);
	for (size_t i = 0; i < in->n; i++)
		add_hash(&d->stays, &in->input[i].name);
	return 1;
}

static int tell_packs(const struct day_job *d, const struct merge_result *made, struct err *e)
{
	struct buf name = { 0 };
	int rc = 0;

	for (size_t i = 0; i < made->n_packs && rc == 0; i++) {
		struct store_name sn = { STORE_PACK, d->sum.day, d->sum.tenant, made->pack[i] };

		buf_reset(&name);
		store_name_add(&name, &sn);
		rc = d->o->on_pack(d->o->data, buf_str(&name), e);
	}
	buf_release(&name);
	return rc;
}

/* Of what was merged before in this run, and is now in larger packs, nothing is told. */
static void count(struct day_job *d, const struct run_inputs *in, const struct merge_result *made)
{
	struct compact_day *sum = &d->sum;

	for (size_t i = 0; i < in->n; i++) {
		if (has_hash(&sum->made, &in->input[i].name)) {
			drop_hash(&sum->made, &in->input[i].name);
			sum->packs_out--;
			sum->bytes_out -= in->input[i].size;
		} else {
			sum->packs_in++;
			sum->bytes_in += in->input[i].size;
			sum->entries += in->input[i].entries;
		}
	}
	for (size_t i = 0; i < made->n_packs; i++)
		add_hash(&sum->made, &made->pack[i]);
	sum->packs_out += made->n_packs;
	sum->bytes_out += made->bytes;
	sum->duplicates += made->duplicates;
}

/* 1; -1. Where others were faster all is chosen again, of what there is now. */
static int commit(struct day_job *d, const struct day_view *v, const struct run_inputs *in,
		  const struct merge_result *made, struct err *e)
{
	const struct index_merge m = {
		.store = d->o->store,
		.tenant = d->sum.tenant,
		.day = d->sum.day,
		.live = &v->live,
		.take = in->take,
		.added = made->pack,
		.n_added = made->n_packs,
	};
	struct hash128 name;

	if (index_merge(&m, INDEX_MERGE_WRITE, &name, NULL, e) < 0)
		return e->code == ERR_AGAIN && ++d->outrun < OUTRUN_MAX ? 1 : -1;
	count(d, in, made);
	d->most = 0;
	return tell_packs(d, made, e) < 0 ? -1 : 1;
}

static int merge_run(struct day_job *d, const struct day_view *v, const struct choose_run *run,
		     struct run_inputs *in, struct err *e)
{
	const struct compact_opts *o = d->o;
	struct hash_list there = { 0 };
	struct lineage lineage;
	struct merge_result made;
	uint64_t n_packs = packs_of(o, in->bytes);
	struct merge_opts m = {
		.store = o->store,
		.tenant = d->sum.tenant,
		.day = d->sum.day,
		.params = o->params,
		.jobs = o->jobs,
		.memory_bytes = o->memory_bytes,
		.pack_bytes = n_packs > 1 ? in->bytes / n_packs : o->pack_bytes,
		.index = in->index,
		.n_index = in->n_index,
		.input = in->input,
		.n_inputs = in->n,
		.n_entries = in->n_entries,
		.lineage = &lineage,
		.order_key = run->order_key,
	};
	int rc;

	if (live_known_packs(&v->live, &there, e) < 0)
		return -1;
	lineage_init(&lineage, in->origin, in->n, &there);
	free(there.v);
	rc = merge_packs(&m, &made, e);
	rc = rc < 0 ? merge_failed(d, in, &made, e) : commit(d, v, in, &made, e);
	free(made.pack);
	lineage_release(&lineage);
	return rc;
}

int day_merge(struct day_job *d, struct err *e)
{
	struct run_inputs in = { 0 };
	struct choose_pack *c = NULL;
	struct choose_how how;
	struct choose_run run;
	struct day_view v;
	int rc = look(d, &v, e);

	if (rc == 0) {
		c = to_choose(d, &v, e);
		how = how_of(d);
		rc = c ? 0 : -1;
		if (c && choose_run(c, v.n, &how, &run)) {
			rc = open_inputs(d, &v, &run, &in, e);
			if (rc == 0)
				rc = merge_run(d, &v, &run, &in, e);
		} else if (c) {
			tell_waiting(d, c, v.n);
		}
	}
	free(c);
	run_inputs_release(&in);
	day_view_release(&v);
	return rc;
}

/* ---- a dry run ---- */

/* The packs of a run become as many as they would, of the sizes they had. */
static size_t pretend(const struct day_job *d, struct choose_pack *c, size_t n,
		      const struct choose_run *run, struct compact_plan *ret)
{
	uint64_t each;

	*ret = (struct compact_plan){ .tenant = d->sum.tenant, .day = d->sum.day, .packs = run->n };
	for (size_t i = 0; i < run->n; i++)
		ret->bytes += c[run->first + i].size;
	ret->packs_out = packs_of(d->o, ret->bytes);
	each = ret->bytes / ret->packs_out;
	for (size_t i = 0; i < ret->packs_out; i++)
		c[run->first + i] =
			(struct choose_pack){ .order_key = run->order_key, .size = each };
	memmove(c + run->first + ret->packs_out, c + run->first + run->n,
		(n - run->first - run->n) * sizeof(*c));
	return n - run->n + ret->packs_out;
}

int day_plan(struct day_job *d, struct err *e)
{
	struct choose_pack *c = NULL;
	struct choose_how how;
	struct choose_run run;
	struct day_view v;
	int rc = look(d, &v, e);
	size_t n = v.n;

	if (rc == 0) {
		c = to_choose(d, &v, e);
		how = how_of(d);
		rc = c ? 0 : -1;
	}
	while (rc == 0 && choose_run(c, n, &how, &run)) {
		struct compact_plan plan;

		n = pretend(d, c, n, &run, &plan);
		rc = d->o->on_plan(d->o->data, &plan, e);
	}
	if (rc == 0)
		tell_waiting(d, c, n);
	free(c);
	day_view_release(&v);
	return rc;
}
