#include "query/ask_delete.h"

#include <stdlib.h>

#include "base/owner.h"
#include "deletes/ask.h"
#include "limits/file.h"
#include "query/source.h"
#include "store/store.h"
#include "store/tenants.h"
#include "time/time.h"

/* One call of the verb. */
struct deleting {
	const struct ask *a;
	struct store *store;
	struct bytes tenant;
	FILE *out;
};

/* ---- before anything is done ---- */

static int check_mode(const struct deleting *d, struct err *e)
{
	struct limits_set *limits = NULL;
	struct report quiet = { 0 }; /* who wrote the file was told */
	int rc = limits_load(d->a->q.source.limits_file, d->store, &limits, &quiet, e);

	if (rc == 0 && limits &&
	    limits_of(limits, d->tenant)->deletion_mode == LIMITS_DELETE_DISABLED)
		rc = err_set(e, ERR_USAGE, "deletion is not available for this tenant");
	limits_set_drop(limits);
	return rc;
}

/* What is written has to be seen by the next who looks, so nothing old is looked at. */
static int open_store(struct deleting *d, bool writes, struct err *e)
{
	struct ask *a = (struct ask *)(uintptr_t)d->a;
	struct source_opts *s = &a->q.source;
	struct err why;

	if (!s->store)
		sources_choose_default(s);
	d->store = source_open_store(s, e);
	if (!d->store) {
		if (e->code == ERR_NO) /* no answer that found nothing */
			e->code = ERR_IO;
		return -1;
	}
	if (writes)
		store_set_answer_age(d->store, 0);
	if (writes && owner_is_other(s->store, "logql", &why))
		s->warn(s->damage_data, &why);
	if (store_check_tenant(d->store, d->tenant, &why) < 0 && why.code == ERR_NO)
		s->warn(s->damage_data, &why);
	if (writes && store_check_mark(d->store, e) < 0)
		return -1;
	return check_mode(d, e);
}

static int flush(const struct deleting *d, struct err *e)
{
	return fflush(d->out) == 0 ? 0 : err_sys(e, "cannot write the answer");
}

/* ---- create ---- */

static int create(const struct deleting *d, struct bytes query, struct err *e)
{
	const struct query_opts *q = &d->a->q;
	struct delete_request r = { .start_ns = q->from,
				    .end_ns = q->has_to ? q->to : q->source.now_ns };
	struct arena mem = { 0 };
	bool has_lines;
	int rc = delete_ask_query(query, (struct bytes){ 0 }, &mem, &r.query, &has_lines, e);

	if (rc == 0 && !q->has_from)
		rc = err_set(e, ERR_USAGE, "start time not set: --from or --since says it");
	if (rc == 0)
		rc = delete_ask_range(&r, has_lines, q->source.now_ns, e);
	if (rc == 0)
		rc = store_now(d->store, "", &r.created_ns, e);
	if (rc == 0)
		rc = deletes_put(d->store, d->tenant, &r, e);
	if (rc == 0) {
		fprintf(d->out, "%s\n", r.id);
		rc = flush(d, e);
	}
	arena_release(&mem);
	return rc;
}

/* ---- list ---- */

static void add_line(struct buf *b, const struct delete_request *r)
{
	buf_addf(b, "%s %s ", r->id, delete_ask_status(r));
	time_add_rfc3339(b, r->created_ns);
	buf_add_char(b, ' ');
	time_add_rfc3339(b, r->start_ns);
	buf_add_char(b, ' ');
	time_add_rfc3339(b, r->end_ns);
	buf_add_char(b, ' ');
	buf_add_bytes(b, r->query);
}

static void add_listed(struct buf *b, const struct delete_requests *l, enum format format)
{
	bool api = format == FORMAT_API;

	buf_add_str(b, api ? "[" : "");
	for (size_t i = 0; i < l->n; i++) {
		buf_add_str(b, api && i ? "," : "");
		if (format == FORMAT_DEFAULT)
			add_line(b, &l->v[i]);
		else
			delete_ask_add_listed(b, &l->v[i]);
		buf_add_str(b, api ? "" : "\n");
	}
	buf_add_str(b, api ? "]\n" : "");
}

static int list(const struct deleting *d, struct err *e)
{
	struct delete_requests l = { 0 };
	struct buf b = { 0 };
	int rc = deletes_list(d->store, d->tenant, DELETES_WITH_STATUS, &l, e);

	if (rc == 0) {
		delete_ask_sort(&l);
		add_listed(&b, &l, d->a->format);
		fwrite(b.p ? b.p : "", 1, b.n, d->out);
		rc = flush(d, e);
	}
	if (rc == 0 && l.n == 0)
		rc = err_set(e, ERR_NO, "nothing found");
	buf_release(&b);
	deletes_release(&l);
	return rc;
}

/* ---- cancel ---- */

static int cancel(const struct deleting *d, struct bytes id, struct err *e)
{
	const char *to_force = d->a->force ? NULL : "--force";
	const struct delete_request *r;
	struct delete_requests l = { 0 };
	int64_t now_ns;
	int rc = deletes_list(d->store, d->tenant, DELETES_WITH_STATUS, &l, e);

	if (rc == 0)
		rc = store_now(d->store, "", &now_ns, e);
	if (rc == 0)
		rc = delete_ask_cancel(d->store, d->tenant, &l, id, to_force, now_ns, &r, e);
	if (rc < 0 && e->code == ERR_NO) /* it was named, and not asked for */
		e->code = ERR_USAGE;
	deletes_release(&l);
	return rc;
}

/* ---- which ---- */

enum what { CREATE, LIST, CANCEL };

static int check_options(const struct ask *a, enum what what, struct err *e)
{
	if (query_check_opts(&a->q, QUERY_DELETE, e) < 0)
		return -1;
	if (what != CREATE && (a->q.has_from || a->q.has_to))
		return err_set(e, ERR_USAGE,
			       "options '--from', '--since', '--to': only with delete create");
	if (what != CANCEL && a->force)
		return err_set(e, ERR_USAGE, "option '--force': only with delete cancel");
	if (what != LIST && a->format != FORMAT_DEFAULT)
		return err_set(e, ERR_USAGE, "option '--format': only with delete list");
	if (a->format != FORMAT_DEFAULT && a->format != FORMAT_JSONL && a->format != FORMAT_API)
		return err_set(e, ERR_USAGE,
			       "option '--format': requests are listed as default, jsonl or api");
	return 0;
}

static int find_what(char **operand, size_t n, enum what *ret, struct err *e)
{
	static const struct {
		const char *name;
		size_t n;
		const char *operands;
	} whats[] = { [CREATE] = { "create", 2, "create SELECTOR" },
		      [LIST] = { "list", 1, "list" },
		      [CANCEL] = { "cancel", 2, "cancel ID" } };

	for (size_t i = 0; i < sizeof(whats) / sizeof(*whats) && n; i++) {
		if (strcmp(operand[0], whats[i].name) != 0)
			continue;
		if (n != whats[i].n)
			return err_set(e, ERR_USAGE, "expected 'delete %s', found %zu operands",
				       whats[i].operands, n);
		*ret = (enum what)i;
		return 0;
	}
	return err_set(e, ERR_USAGE, "delete: expected create, list or cancel, found %s%s%s",
		       n ? "'" : "", n ? operand[0] : "nothing", n ? "'" : "");
}

int ask_delete(void *ask, char **operand, size_t n, struct err *e)
{
	struct ask *a = ask;
	struct deleting d = { .a = a,
			      .tenant = a->q.has_tenant ? a->q.source.tenant : BYTES_LIT("fake"),
			      .out = a->out ? a->out : stdout };
	enum what what = LIST;
	int rc;

	if (find_what(operand, n, &what, e) < 0 || check_options(a, what, e) < 0 ||
	    labels_check_tenant(d.tenant, e) < 0)
		return -1;
	rc = open_store(&d, what != LIST, e);
	if (rc == 0)
		rc = what == CREATE ? create(&d, bytes_str(operand[1]), e)
		     : what == LIST ? list(&d, e)
				    : cancel(&d, bytes_str(operand[1]), e);
	source_close_store(&a->q.source, d.store);
	return rc;
}
