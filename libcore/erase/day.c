#include "erase/day.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wr.h"
#include "compact/rewrite.h"
#include "erase/receipt.h"
#include "index/sweep.h"
#include "store/store.h"
#include "time/time.h"

/* A pack that is written anew. */
struct made {
	struct hash128 before, after;
};

struct day_run {
	const struct erase_opts *o;
	struct targets *t;
	int32_t day;
	struct found *pack; /* by target: of the pack at hand */
	struct bytes *ids;  /* as they were asked for last */
	struct hash_list known;
	struct made *made;
	size_t n_made, cap_made;
	int64_t now_ns;
	bool failed;	   /* something was told */
	bool is_committed; /* by the try at hand */
};

enum { TRIES = 3 }; /* of a day that others work on at once */

bool erase_day_reaches(const struct target *t, int32_t day)
{
	return t->start_ns < time_day_start(day + 1) && t->end_ns >= time_day_start(day);
}

static void tell(const struct erase_opts *o, const struct err *fault)
{
	o->on_fault(o->data, fault);
}

/* ---- what is to be done ---- */

static int has_delete(struct index *ix, struct bytes id, struct err *e)
{
	for (uint32_t i = 0; i < index_info(ix)->n_deletes; i++) {
		struct bytes v;

		if (index_delete_at(ix, i, &v, e) < 0)
			return err_wrap(e, "'%s'", index_label(ix));
		if (bytes_eq(v, id))
			return 1;
	}
	return 0;
}

/* Does each live index file list it? One without packs has nothing that could be meant. */
static int is_listed(const struct live *live, struct bytes id, struct err *e)
{
	int rc = 1;

	for (size_t i = 0; i < live->n && rc == 1; i++)
		if (index_info(live->v[i])->n_packs > 0)
			rc = has_delete(live->v[i], id, e);
	return rc;
}

/* What is known of another day, or of this one before packs of it were gone. */
static void forget(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		t->v[i].pending = false;
		t->v[i].day = (struct found){ 0 };
		t->v[i].packs = t->v[i].chunks = 0;
		buf_reset(&t->v[i].rows);
	}
}

/* 1 when there are any. */
static int find_pending(struct targets *t, int32_t day, const struct live *live, struct err *e)
{
	int any = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct target *x = &t->v[i];
		int rc;

		if (!erase_day_reaches(x, day))
			continue;
		rc = is_listed(live, x->id, e);
		if (rc < 0)
			return -1;
		x->pending = rc == 0 && !x->is_cancelled;
		any = any || x->pending;
	}
	return any;
}

static bool is_request_pending(const struct target *t)
{
	return t->pending && !t->rule;
}

/* Of the pending ones: ret[i] of target i. Others are not told of. */
static int find_cancelled(const struct day_run *r, bool *ret, struct err *e)
{
	struct bytes *id = mem_alloc((r->t->n + 1) * sizeof(*id));
	bool *found = mem_alloc(r->t->n + 1);
	size_t n = 0, k = 0;
	int rc = 0;

	for (size_t i = 0; i < r->t->n; i++)
		if (is_request_pending(&r->t->v[i]))
			id[n++] = r->t->v[i].id;
	if (n)
		rc = deletes_find_cancelled(r->o->store, r->t->tenant, id, n, found, e);
	for (size_t i = 0; i < r->t->n; i++)
		ret[i] = is_request_pending(&r->t->v[i]) && found[k++];
	free(id);
	free(found);
	return rc;
}

static int mark_begun(struct target *t, void *data, struct err *e)
{
	const struct day_run *r = data;

	if (!is_request_pending(t) || t->is_begun)
		return 0;
	if (deletes_begin(r->o->store, r->t->tenant, t->id, r->now_ns, e) < 0)
		return -1;
	t->is_begun = true;
	return 0;
}

/* Requests that were cancelled since they were read are left out; the others may not be any more
 * without force. */
static int begin_requests(struct day_run *r, struct err *e)
{
	bool *cancelled = mem_alloc(r->t->n + 1);
	int rc = 0, any = 0;

	if (!r->o->dry_run)
		rc = targets_each(r->t, r->o->store, mark_begun, r, e);
	if (rc == 0)
		rc = find_cancelled(r, cancelled, e);
	for (size_t i = 0; i < r->t->n && rc == 0; i++) {
		struct target *t = &r->t->v[i];

		if (cancelled[i]) {
			t->pending = false;
			t->is_cancelled = t->undone = true;
		}
		any = any || t->pending;
	}
	free(cancelled);
	return rc < 0 ? -1 : any;
}

static int begin(void *data, const struct live *live, struct err *e)
{
	struct day_run *r = data;
	struct targets *t = r->t;
	int any;

	forget(t);
	r->n_made = 0;
	r->is_committed = false;
	any = find_pending(t, r->day, live, e);
	if (any > 0)
		any = begin_requests(r, e);
	if (any <= 0)
		return any;
	free(r->known.v);
	r->known = (struct hash_list){ 0 };
	return live_known_packs(live, &r->known, e) < 0 ? -1 : 1;
}

/* ---- pack by pack ---- */

static void pass(void *data)
{
	struct day_run *r = data;

	targets_take(r->t, r->pack);
}

/* Those pending of which nothing was held, by what was found. */
static struct rewrite_ids
ids_without_held(struct day_run *r, const struct found *(*of)(const struct day_run *, size_t))
{
	struct rewrite_ids ids = { .v = r->ids };

	for (size_t i = 0; i < r->t->n; i++)
		if (r->t->v[i].pending && of(r, i)->held == 0)
			r->ids[ids.n++] = r->t->v[i].id;
	return ids;
}

static const struct found *found_in_pack(const struct day_run *r, size_t i)
{
	return &r->pack[i];
}

static const struct found *found_on_day(const struct day_run *r, size_t i)
{
	return &r->t->v[i].day;
}

/* Of the pack at hand: which targets meant which entries of it. */
static uint64_t what_is_done(const struct day_run *r)
{
	struct buf key = { 0 };
	uint64_t ret;

	for (size_t i = 0; i < r->t->n; i++) {
		if (r->pack[i].entries == 0)
			continue;
		buf_add_bytes(&key, r->t->v[i].id);
		wr_u64be(&key, r->pack[i].sum);
	}
	ret = hash64(buf_bytes(&key));
	buf_release(&key);
	return ret;
}

static struct rewrite_ids looked(void *data, const struct rewrite_pack *p)
{
	struct day_run *r = data;
	struct rewrite_ids ids;

	targets_take(r->t, r->pack);
	for (size_t i = 0; i < r->t->n; i++) {
		struct target *t = &r->t->v[i];
		const struct found *f = &r->pack[i];

		t->packs += f->entries > 0;
		t->chunks += f->entries > 0 ? p->chunks : 0;
		t->day.entries += f->entries;
		t->day.bytes += f->bytes;
		t->day.held += f->held;
	}
	ids = ids_without_held(r, found_in_pack);
	ids.what = what_is_done(r);
	return ids;
}

static void written(void *data, const struct rewrite_pack *p)
{
	struct day_run *r = data;

	targets_take(r->t, r->pack);
	for (size_t i = 0; i < r->t->n; i++)
		if (r->pack[i].entries > 0)
			receipt_add_pack(&r->t->v[i], p, &r->pack[i], r->now_ns);
	mem_grow(&r->made, &r->cap_made, r->n_made + 1, sizeof(*r->made));
	r->made[r->n_made++] = (struct made){ p->before->name, p->after };
}

static struct rewrite_ids applied(void *data, enum rewrite_extent extent)
{
	struct day_run *r = data;
	struct rewrite_ids none = { 0 };

	if (extent == REWRITE_ALL)
		return ids_without_held(r, found_on_day);
	r->failed = true; /* what is damaged may hold more of it */
	return none;
}

/* What was made for it is of no use then: the day is begun anew, without it. */
static int see_cancelled(const struct day_run *r, struct err *e)
{
	bool *cancelled = mem_alloc(r->t->n + 1);
	int rc = find_cancelled(r, cancelled, e);

	for (size_t i = 0; i < r->t->n && rc == 0; i++)
		if (cancelled[i])
			rc = err_set(e, ERR_AGAIN, "request %.*s was cancelled meanwhile",
				     BYTES_ARG(r->t->v[i].id));
	free(cancelled);
	return rc;
}

static int put_receipt(struct target *t, void *data, struct err *e)
{
	const struct day_run *r = data;

	if (t->rows.n == 0)
		return 0;
	if (t->has_receipt && receipt_withdraw(r->o->store, r->t->tenant, t, e) < 0)
		return -1;
	return receipt_put_day(r->o->store, r->t->tenant, t, r->day, &r->known, e);
}

static int before_commit(void *data, struct err *e)
{
	struct day_run *r = data;

	if (see_cancelled(r, e) < 0)
		return -1;
	return targets_each(r->t, r->o->store, put_receipt, r, e);
}

static int committed(void *data, struct err *e)
{
	struct day_run *r = data;

	(void)e;
	r->is_committed = true;
	for (size_t i = 0; i < r->n_made && r->o->on_pack; i++)
		r->o->on_pack(r->o->data, r->t->tenant, r->day, &r->made[i].before,
			      &r->made[i].after);
	return 0;
}

static void fault(void *data, const struct err *e)
{
	struct day_run *r = data;

	tell(r->o, e);
}

/* ---- the day ---- */

static int tell_day(const struct day_run *r, struct err *e)
{
	for (size_t i = 0; i < r->t->n; i++) {
		const struct target *t = &r->t->v[i];
		const struct erase_day d = { .tenant = r->t->tenant,
					     .day = r->day,
					     .id = t->id,
					     .query = t->query,
					     .packs = t->packs,
					     .chunks = t->chunks,
					     .entries = t->day.entries,
					     .bytes = t->day.bytes,
					     .held = t->day.held };

		if (t->pending && d.entries + d.held > 0 && r->o->on_day(r->o->data, &d, e) < 0)
			return -1;
	}
	return 0;
}

static void mark_undone(const struct day_run *r)
{
	for (size_t i = 0; i < r->t->n; i++) {
		struct target *t = &r->t->v[i];

		if (t->pending && (r->failed || r->o->dry_run || t->day.held > 0))
			t->undone = true;
	}
}

static void tell_deleted(const char *name, uint64_t size, void *data)
{
	const struct erase_opts *o = data;

	(void)size;
	if (o->on_deleted)
		o->on_deleted(o->data, name);
}

static int sweep(const struct day_run *r, struct err *e)
{
	const struct sweep s = { .store = r->o->store,
				 .tenant = r->t->tenant,
				 .day = r->day,
				 .delay_ns = r->o->delete_delay_ns,
				 .mode = r->o->dry_run ? SWEEP_DRY : SWEEP_DELETE,
				 .deleted = tell_deleted,
				 .data = (void *)(uintptr_t)r->o };

	return index_sweep(&s, e) < 0 ? -1 : 0;
}

/* ---- beside others ---- */

/* What became of a commit, where others who had not seen it committed at the same moment. */
enum fate {
	FATE_STANDS,
	FATE_BESIDE, /* it stands; other packs came, to which not all is applied */
	FATE_UNDONE, /* what others made of the same packs counts in its place */
};

static int find_fate(const struct day_run *r, const struct live *live, enum fate *ret,
		     struct err *e)
{
	struct hash_list known;
	int rc = 1;

	if (live_known_packs(live, &known, e) < 0)
		return -1;
	*ret = FATE_STANDS;
	for (size_t i = 0; i < r->t->n && rc == 1; i++)
		if (r->t->v[i].pending && r->t->v[i].day.held == 0)
			rc = is_listed(live, r->t->v[i].id, e);
	if (rc == 0 && !r->failed)
		*ret = FATE_BESIDE;
	for (size_t i = 0; i < r->n_made; i++)
		if (!hash128_among(known.v, known.n, &r->made[i].after))
			*ret = FATE_UNDONE;
	free(known.v);
	return rc < 0 ? -1 : 0;
}

static int look_again(const struct day_run *r, enum fate *ret, struct err *e)
{
	struct live live;
	int rc;

	if (live_load(r->o->store, r->t->tenant, r->day, &live, e) < 0)
		return -1;
	rc = find_fate(r, &live, ret, e);
	live_release(&live);
	return rc;
}

/* One try; *ret_again: there is more to do. */
static int try_day(struct day_run *r, const struct rewrite *w, bool *ret_again, struct err *e)
{
	enum fate fate = FATE_STANDS;

	*ret_again = false;
	if (rewrite_day(w, e) < 0) {
		*ret_again = e->code == ERR_AGAIN;
		return -1;
	}
	mark_undone(r);
	if (r->is_committed && look_again(r, &fate, e) < 0)
		return -1;
	*ret_again = fate != FATE_STANDS;
	if (fate == FATE_UNDONE)
		return err_set(e, ERR_AGAIN, "others have replaced the same packs");
	return tell_day(r, e);
}

static void pending_undone(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->v[i].undone = t->v[i].undone || t->v[i].pending;
}

static int run_locked(struct day_run *r, struct err *e)
{
	static const struct rewrite_calls calls = { begin,   pass,	    looked,    written,
						    applied, before_commit, committed, fault };
	const struct merge_edit edit = targets_edit(r->t);
	const struct rewrite w = { .store = r->o->store,
				   .tenant = r->t->tenant,
				   .day = r->day,
				   .memory_bytes = r->o->memory_bytes,
				   .jobs = r->o->jobs,
				   .dry_run = r->o->dry_run,
				   .edit = &edit,
				   .calls = &calls,
				   .data = r };
	bool again = true;
	int rc = 0;

	for (int i = 0; i < TRIES && again; i++)
		rc = try_day(r, &w, &again, e);
	if (again)
		pending_undone(r->t);
	return rc < 0 ? -1 : sweep(r, e);
}

/* A day of which something is damaged, or was replaced by others meanwhile, does not keep the rest
 * from its turn. */
static bool is_of_the_day(const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_VERSION || e->code == ERR_LIMIT ||
	       e->code == ERR_AGAIN;
}

static void all_undone(struct targets *t, int32_t day)
{
	for (size_t i = 0; i < t->n; i++)
		if (erase_day_reaches(&t->v[i], day))
			t->v[i].undone = true;
}

/* A dry run has none. 1 somebody else is at work there, which is told; 0, -1. */
static int lock_day(const struct day_run *r, struct store_lock **ret, struct err *e)
{
	struct err why;

	if (r->o->dry_run)
		return 0;
	*ret = index_lock(r->o->store, r->t->tenant, r->day, &why);
	if (*ret)
		return 0;
	if (why.code != ERR_AGAIN) {
		*e = why;
		return -1;
	}
	if (r->o->on_busy)
		r->o->on_busy(r->o->data, r->t->tenant, r->day);
	return 1;
}

/* What is of the day alone is told, and is 1. */
static int end_day(const struct day_run *r, int rc, const struct err *e)
{
	if (rc == 0 || !is_of_the_day(e))
		return rc;
	tell(r->o, e);
	return 1;
}

int erase_day_run(const struct erase_opts *o, struct targets *t, int32_t day, struct err *e)
{
	struct day_run r = { .o = o, .t = t, .day = day };
	struct store_lock *lock = NULL;
	int rc = lock_day(&r, &lock, e);

	if (rc == 1)
		all_undone(t, day);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (!o->dry_run)
		rc = store_now(o->store, "", &r.now_ns, e);
	forget(t); /* a day without index files is not begun */
	r.pack = mem_alloc((t->n + 1) * sizeof(*r.pack));
	r.ids = mem_alloc((t->n + 1) * sizeof(*r.ids));
	if (rc == 0)
		rc = run_locked(&r, e);
	store_unlock(lock);
	free(r.pack);
	free(r.ids);
	free(r.known.v);
	free(r.made);
	rc = end_day(&r, rc, e);
	if (rc == 1)
		all_undone(t, day);
	return rc < 0 ? -1 : 0;
}

int erase_day_sweep(const struct erase_opts *o, struct targets *t, int32_t day, struct err *e)
{
	const struct day_run r = { .o = o, .t = t, .day = day };
	struct store_lock *lock = NULL;
	int rc = lock_day(&r, &lock, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	rc = end_day(&r, sweep(&r, e), e);
	store_unlock(lock);
	return rc < 0 ? -1 : 0;
}

bool erase_day_wants(struct targets *t, const struct due_day *due)
{
	forget(t);
	return find_pending(t, due->day, due->live, NULL) != 0;
}

int erase_day_look(const struct erase_opts *o, struct targets *t, int32_t day, struct err *e)
{
	struct live live;
	int rc;

	if (live_load(o->store, t->tenant, day, &live, e) < 0)
		return -1;
	forget(t);
	rc = find_pending(t, day, &live, e);
	for (size_t i = 0; i < t->n; i++)
		t->v[i].undone = t->v[i].undone || t->v[i].pending || live.n_faults > 0;
	live_release(&live);
	return rc < 0 ? -1 : 0;
}
