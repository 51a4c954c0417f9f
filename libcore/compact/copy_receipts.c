#include "compact/copy_receipts.h"

#include "base/work.h"
#include "deletes/receipt_rows.h"

enum { AT_ONCE = 8 }; /* at a remote store: each takes memory for two receipts and a third */

struct result {
	bool is_written, is_gone;
	struct err fault; /* of one of the two */
};

struct receipts {
	const struct copy_opts *o;
	const struct copy_receipt *v;
	struct result results[AT_ONCE]; /* by slot */
	bool *any_gone;
};

static int read_text(const struct store *s, const struct copy_receipt *r, const struct buf *text,
		     struct receipt_text *ret, struct err *e)
{
	if (receipt_read(buf_bytes(text), r->id, ret, e) < 0)
		return err_wrap(e, "'%s/%s'", store_path_of(s, r->name), r->name);
	return 0;
}

static int put(const struct copy_opts *o, const char *name, const struct buf *text,
	       struct result *ret, struct err *e)
{
	ret->is_written = true;
	return store_put_named(o->to, name, buf_bytes(text), STORE_PUT_ANY, e);
}

static int merge(const struct copy_opts *o, const struct copy_receipt *r, const struct buf *from,
		 const struct buf *there, struct result *ret, struct err *e)
{
	struct receipt_text more, has;
	struct buf both = { 0 };
	int rc = 0;

	if (read_text(o->from, r, from, &more, e) < 0)
		return -1;
	if (read_text(o->to, r, there, &has, e) < 0)
		return e->code == ERR_CORRUPT ? put(o, r->name, from, ret, e) : -1;
	if (receipt_merge(&has, &more, &both))
		rc = put(o, r->name, &both, ret, e);
	buf_release(&both);
	return rc;
}

static bool is_fault(const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_VERSION || e->code == ERR_LIMIT;
}

/* The target's is read last, so that little time is left to others until it is written. Should it
 * be gone by then, somebody there has more to do about the request, and it is left to him. */
static int merge_one(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct receipts *x = data;
	const struct copy_receipt *r = &x->v[item];
	struct result *result = &x->results[slot];
	struct buf from = { 0 }, there = { 0 };
	int rc;

	(void)worker;
	*result = (struct result){ 0 };
	rc = store_get(x->o->from, r->name, RECEIPT_MAX, &from, e);
	result->is_gone = rc < 0 && e->code == ERR_NO;
	if (rc == 0)
		rc = store_get(x->o->to, r->name, RECEIPT_MAX, &there, e);
	if (rc == 0 && !bytes_eq(buf_bytes(&from), buf_bytes(&there)))
		rc = merge(x->o, r, &from, &there, result, e);
	if (rc < 0 && is_fault(e))
		result->fault = *e;
	buf_release(&from);
	buf_release(&there);
	return rc < 0 && e->code != ERR_NO && !is_fault(e) ? -1 : 0;
}

static int tell(void *data, size_t item, size_t slot, struct err *e)
{
	const struct receipts *x = data;
	const struct result *result = &x->results[slot];

	(void)e;
	if (result->is_gone)
		*x->any_gone = true;
	if (result->fault.code != ERR_NONE)
		x->o->on_fault(x->o->data, &result->fault);
	else if (result->is_written && x->o->on_object)
		x->o->on_object(x->o->data, x->v[item].name);
	return 0;
}

int copy_receipts(const struct copy_opts *o, const struct copy_receipt *v, size_t n,
		  bool *ret_any_gone, struct err *e)
{
	struct receipts x = { .o = o, .v = v, .any_gone = ret_any_gone };
	bool is_remote = store_is_remote(o->from) || store_is_remote(o->to);
	const struct work w = { .n = n,
				.jobs = is_remote ? AT_ONCE : 1,
				.window = AT_ONCE,
				.run = merge_one,
				.done = tell,
				.data = &x };

	return work_run(&w, e);
}
