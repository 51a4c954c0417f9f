#include "erase/erase.h"

#include <stdlib.h>

#include "base/mem.h"
#include "deletes/merge.h"
#include "erase/day.h"
#include "erase/receipt.h"
#include "erase/scrub.h"
#include "index/lost.h"
#include "limits/limits.h"
#include "store/shard.h"
#include "store/store.h"
#include "store/tenants.h"
#include "time/time.h"

struct tenant_run {
	const struct erase_opts *o;
	struct targets targets;
	struct delete_requests requests;
	bool has_files; /* of requests, perhaps */
};

static enum limits_deletion mode_of(const struct erase_opts *o, struct bytes tenant)
{
	return o->limits ? limits_of(o->limits, tenant)->deletion_mode : LIMITS_DELETE_REMOVES;
}

/* ---- the requests of a tenant ---- */

static int add_request(struct targets *t, const struct delete_request *r, struct err *e)
{
	struct target *x = &t->v[t->n];

	*x = (struct target){ .id = bytes_str(r->id),
			      .query = r->query,
			      .start_ns = r->start_ns,
			      .end_ns = r->end_ns,
			      .created_ns = r->created_ns,
			      .has_receipt = r->has_receipt };
	if (delete_filter_init(&x->filter, r, e) < 0) {
		delete_filter_release(&x->filter);
		return err_wrap(e, "'%.*s/deletes/%s.json'", BYTES_ARG(t->tenant), r->id);
	}
	t->n++;
	return 0;
}

/* Those in force whose time to be cancelled is over. */
static int find_requests(struct tenant_run *r, struct err *e)
{
	const struct erase_opts *o = r->o;
	struct targets *t = &r->targets;
	int64_t now_ns, due_ns;

	if (deletes_list(o->store, t->tenant, DELETES_WITH_STATUS, &r->requests, e) < 0)
		return -1;
	r->has_files = r->requests.n_files > 0;
	if (r->requests.n == 0)
		return 0;
	if (o->dry_run) /* asking writes */
		now_ns = store_now_to_look(o->store, "");
	else if (store_now(o->store, "", &now_ns, e) < 0)
		return -1;
	if (__builtin_sub_overflow(now_ns, o->cancel_ns, &due_ns))
		due_ns = INT64_MIN;
	t->v = mem_alloc(r->requests.n * sizeof(*t->v));
	for (size_t i = 0; i < r->requests.n; i++)
		if (r->requests.v[i].created_ns <= due_ns &&
		    add_request(t, &r->requests.v[i], e) < 0)
			return -1;
	return 0;
}

/* Those rules that are about the tenant. */
static int find_rules(struct tenant_run *r, struct err *e)
{
	const struct scrub_rules *rules = r->o->scrub;
	struct targets *t = &r->targets;
	int rc = 0;

	t->v = mem_alloc(rules->n * sizeof(*t->v));
	for (size_t i = 0; i < rules->n && rc >= 0; i++) {
		const struct scrub_rule *rule = &rules->v[i];
		struct target *x = &t->v[t->n];

		if (rule->tenant.n && !bytes_eq(rule->tenant, t->tenant))
			continue;
		*x = (struct target){ .id = bytes_str(rule->id),
				      .query = rule->text,
				      .start_ns = INT64_MIN,
				      .end_ns = INT64_MAX,
				      .rule = rule };
		rc = receipt_is_there(r->o->store, t->tenant, x->id, e);
		x->has_receipt = rc == 1;
		t->n++;
	}
	return rc < 0 ? -1 : 0;
}

static void release(struct tenant_run *r)
{
	targets_end(&r->targets);
	for (size_t i = 0; i < r->targets.n; i++) {
		buf_release(&r->targets.v[i].rows);
		if (!r->targets.v[i].rule)
			delete_filter_release(&r->targets.v[i].filter);
	}
	free(r->targets.v);
	deletes_release(&r->requests);
}

/* ---- its days ---- */

static int one_day(int32_t day, void *data, struct err *e)
{
	struct tenant_run *r = data;
	struct targets *t = &r->targets;
	bool reached = false;

	for (size_t i = 0; i < t->n; i++)
		reached = reached || erase_day_reaches(&t->v[i], day);
	if (shard_has(r->o->shard, r->o->n_shards, t->tenant, day))
		return reached ? erase_day_run(r->o, t, day, e) : erase_day_sweep(r->o, t, day, e);
	return reached ? erase_day_look(r->o, t, day, e) : 0;
}

static bool wants(const struct due_day *d, void *data)
{
	struct tenant_run *r = data;

	return erase_day_wants(&r->targets, d);
}

static bool is_finished(const struct target *t)
{
	return !t->undone && !t->has_receipt;
}

struct finishing {
	const struct tenant_run *r;
	int64_t now_ns;
};

static int give_receipt(struct target *t, void *data, struct err *e)
{
	const struct finishing *x = data;

	if (!is_finished(t))
		return 0;
	return receipt_put_whole(x->r->o->store, x->r->targets.tenant, t, x->now_ns, e);
}

/* Of each that is applied everywhere, the receipt of all. */
static int give_receipts(struct tenant_run *r, struct err *e)
{
	struct targets *t = &r->targets;
	struct finishing x = { .r = r };
	bool any = false;

	for (size_t i = 0; i < t->n; i++)
		any = any || is_finished(&t->v[i]);
	if (!any)
		return 0;
	if (store_now(r->o->store, "", &x.now_ns, e) < 0)
		return -1;
	return targets_each(t, r->o->store, give_receipt, &x, e);
}

/* Of each tenant one of the shards does it. */
static int merge_requests(const struct tenant_run *r, struct err *e)
{
	const struct erase_opts *o = r->o;
	const struct delete_merge m = { .store = o->store,
					.tenant = r->targets.tenant,
					.delay_ns = o->delete_delay_ns,
					.dry_run = o->dry_run,
					.merged = o->on_merged,
					.deleted = o->on_deleted,
					.data = o->data };

	if (!r->has_files || !shard_has(o->shard, o->n_shards, r->targets.tenant, 0))
		return 0;
	return deletes_merge(&m, e);
}

/* Is it of the tenant alone? */
static bool is_of_the_tenant(const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_VERSION || e->code == ERR_LIMIT ||
	       e->code == ERR_QUERY || e->code == ERR_AGAIN;
}

/* Where nothing is to be done now, there is what was replaced for requests that are there. */
static int apply(struct tenant_run *r, struct err *e)
{
	const struct erase_opts *o = r->o;
	int rc = o->scrub ? find_rules(r, e) : find_requests(r, e);

	if (rc < 0 || (r->targets.n == 0 && (o->scrub || !r->has_files)))
		return rc;
	targets_begin(&r->targets);
	rc = due_days(o->store, r->targets.tenant, INT32_MAX, DUE_WHEN_WANTED, wants, one_day, r,
		      e);
	return rc == 0 && !o->dry_run ? give_receipts(r, e) : rc;
}

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	const struct erase_opts *o = data;
	const struct bytes tenant = bytes_str(name);
	struct tenant_run r = { .o = o,
				.targets = { .tenant = tenant, .jobs = o->jobs, .hold = o->hold },
				.has_files = true };
	enum limits_deletion mode = mode_of(o, tenant);
	int rc = 0;

	(void)size;
	if (o->scrub || mode == LIMITS_DELETE_REMOVES)
		rc = apply(&r, e);
	if (rc == 0 && !o->scrub && mode != LIMITS_DELETE_DISABLED)
		rc = merge_requests(&r, e);
	release(&r);
	if (rc == 0 || !is_of_the_tenant(e))
		return rc;
	o->on_fault(o->data, e);
	return 0;
}

int erase_store(const struct erase_opts *o, struct err *e)
{
	if (store_each_tenant(o->store, o->tenant, one_tenant, (void *)(uintptr_t)o, e) < 0)
		return -1;
	return lost_sweep(o->store, o->tenant, o->dry_run ? SWEEP_DRY : SWEEP_DELETE, o->on_lost,
			  o->data, e);
}
