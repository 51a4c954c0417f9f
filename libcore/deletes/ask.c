#include "deletes/ask.h"

#include <stdlib.h>

#include "base/mem.h"
#include "deletes/filter.h"
#include "json/json.h"
#include "labels/quote.h"
#include "logql/selector.h"
#include "logql/tree.h"
#include "store/store.h"
#include "time/time.h"

/* ---- a selector that all must fit ---- */

struct only {
	struct matcher *match;
	size_t n;
	struct arena mem;
};

/* To be released, on failure too. */
static int only_init(struct only *o, struct bytes selector, struct err *e)
{
	*o = (struct only){ 0 };
	if (selector.n == 0)
		return 0;
	if (logql_matchers(selector, LOGQL_ANY_SELECTOR, &o->mem, &o->match, &o->n, e) < 0) {
		o->n = 0;
		return -1;
	}
	return 0;
}

static void only_release(struct only *o)
{
	for (size_t i = 0; i < o->n; i++)
		matcher_release(&o->match[i]);
	arena_release(&o->mem);
}

static void add_matcher(struct buf *b, const struct matcher *m)
{
	buf_add_bytes(b, m->name);
	buf_add_str(b, logql_match_op_name(m->op));
	quote_add(b, m->value);
}

static bool has_matcher(const struct delete_filter *f, const struct matcher *m)
{
	for (size_t i = 0; i < f->n_match; i++)
		if (f->match[i].op == m->op && bytes_eq(f->match[i].name, m->name) &&
		    bytes_eq(f->match[i].value, m->value))
			return true;
	return false;
}

/* ---- asked for ---- */

static int check_query(struct bytes text, bool *ret_has_lines, struct err *e)
{
	const struct delete_request r = { .query = text };
	struct delete_filter f;
	int rc = delete_filter_init(&f, &r, e);

	*ret_has_lines = rc == 0 && f.n_lines > 0;
	delete_filter_release(&f);
	return rc;
}

int delete_ask_query(struct bytes text, struct bytes only, struct arena *a, struct bytes *ret,
		     bool *ret_has_lines, struct err *e)
{
	struct only o = { 0 };
	struct buf b = { 0 };
	int rc = 0;

	text = bytes_trim(text);
	if (!text.n)
		return err_set(e, ERR_USAGE, "query not set");
	/* A wrong one is not made right by what is added. */
	if (check_query(text, ret_has_lines, e) < 0)
		return -1;
	if (only.n && *text.p != '{')
		return err_set(e, ERR_USAGE, "expected a selector first, as '{app=\"web\"}'");
	rc = only_init(&o, only, e);
	if (o.n) {
		buf_add_char(&b, '{');
		for (size_t i = 0; i < o.n; i++) {
			add_matcher(&b, &o.match[i]);
			buf_add_char(&b, ',');
		}
		buf_add(&b, text.p + 1, text.n - 1);
		rc = check_query(buf_bytes(&b), ret_has_lines, e);
		text = buf_bytes(&b);
	}
	if (rc == 0)
		*ret = arena_copy(a, text);
	buf_release(&b);
	only_release(&o);
	return rc;
}

int delete_ask_range(const struct delete_request *r, bool has_lines, int64_t now_ns, struct err *e)
{
	int64_t span;

	if (r->end_ns > now_ns)
		return err_set(e, ERR_USAGE, "deletes in the future are not allowed");
	if (r->start_ns > r->end_ns)
		return err_set(e, ERR_USAGE, "start time can't be greater than end time");
	if (has_lines && !__builtin_sub_overflow(r->end_ns, r->start_ns, &span) && span < NS_PER_S)
		return err_set(e, ERR_USAGE,
			       "difference between start time and end time must be at least one "
			       "second");
	return 0;
}

/* ---- listed ---- */

static bool is_within(const struct delete_request *r, const struct only *o)
{
	struct delete_filter f;
	bool ret = delete_filter_init(&f, r, NULL) == 0;

	for (size_t i = 0; i < o->n && ret; i++)
		ret = has_matcher(&f, &o->match[i]);
	delete_filter_release(&f);
	return ret;
}

int delete_ask_within(struct delete_requests *l, struct bytes only, struct err *e)
{
	struct only o;
	size_t n = 0;
	int rc = only_init(&o, only, e);

	for (size_t i = 0; i < l->n && rc == 0 && o.n; i++)
		if (is_within(&l->v[i], &o))
			l->v[n++] = l->v[i];
	if (rc == 0 && o.n)
		l->n = n;
	only_release(&o);
	return rc;
}

static int cmp_created(const void *pa, const void *pb)
{
	const struct delete_request *a = pa, *b = pb;

	if (a->created_ns != b->created_ns)
		return a->created_ns < b->created_ns ? -1 : 1;
	return strcmp(a->id, b->id);
}

void delete_ask_sort(struct delete_requests *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), cmp_created);
}

/* As Loki has times: seconds, with as much of a fraction as a millisecond needs. */
static void add_time(struct buf *b, int64_t ns)
{
	int64_t ms = ns / NS_PER_MS - (ns % NS_PER_MS < 0);
	uint64_t n = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
	unsigned rest = (unsigned)(n % 1000);

	buf_addf(b, "%s%llu", ms < 0 ? "-" : "", (unsigned long long)(n / 1000));
	if (rest == 0)
		return;
	buf_addf(b, ".%03u", rest);
	while (b->p[b->n - 1] == '0')
		b->n--;
}

const char *delete_ask_status(const struct delete_request *r)
{
	return r->has_receipt ? "processed" : "received";
}

void delete_ask_add_listed(struct buf *b, const struct delete_request *r)
{
	buf_addf(b, "{\"request_id\":\"%s\",\"start_time\":", r->id);
	add_time(b, r->start_ns);
	buf_add_str(b, ",\"end_time\":");
	add_time(b, r->end_ns);
	buf_add_str(b, ",\"query\":");
	json_add_quoted(b, r->query);
	buf_addf(b, ",\"status\":\"%s\",\"created_at\":", delete_ask_status(r));
	add_time(b, r->created_ns);
	buf_add_char(b, '}');
}

/* ---- cancelled ---- */

static int note_any(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)name;
	(void)size;
	(void)e;
	*(bool *)data = true;
	return 0;
}

/* Is it being applied, or was to some days? */
static int is_begun(struct store *s, struct bytes tenant, const char *id, bool *ret, struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	*ret = false;
	deletes_add_receipts(&folder, tenant, bytes_str(id));
	rc = store_list(s, buf_str(&folder), note_any, ret, e);
	buf_release(&folder);
	return rc;
}

static const struct delete_request *find(const struct delete_requests *l, struct bytes id)
{
	for (size_t i = 0; i < l->n; i++)
		if (bytes_is(id, l->v[i].id))
			return &l->v[i];
	return NULL;
}

static int not_whole(const char *to_force, struct err *e)
{
	return err_set(e, ERR_USAGE,
		       "Unable to cancel partially completed delete request. To force, use %s",
		       to_force);
}

/* A deletion that began since it was asked for may not have seen that it is cancelled: then it is
 * not. */
static int cancel_whole(struct store *s, struct bytes tenant, const char *id, const char *to_force,
			int64_t now_ns, struct err *e)
{
	bool begun;

	if (is_begun(s, tenant, id, &begun, e) < 0)
		return -1;
	if (begun)
		return not_whole(to_force, e);
	if (deletes_cancel(s, tenant, bytes_str(id), now_ns, e) < 0 ||
	    is_begun(s, tenant, id, &begun, e) < 0)
		return -1;
	if (!begun)
		return 0;
	return deletes_resume(s, tenant, bytes_str(id), e) < 0 ? -1 : not_whole(to_force, e);
}

int delete_ask_cancel(struct store *s, struct bytes tenant, const struct delete_requests *l,
		      struct bytes id, const char *to_force, int64_t now_ns,
		      const struct delete_request **ret, struct err *e)
{
	const struct delete_request *r = find(l, id);
	int rc;

	if (!r)
		return err_set(e, ERR_NO, "could not find delete request with given id");
	if (r->has_receipt && to_force)
		return err_set(e, ERR_USAGE,
			       "deletion of request which is in process or already processed is "
			       "not allowed; by force it stops hiding entries that come late, and "
			       "nothing comes back");
	rc = to_force ? cancel_whole(s, tenant, r->id, to_force, now_ns, e)
		      : deletes_cancel(s, tenant, bytes_str(r->id), now_ns, e);
	if (rc < 0)
		return -1;
	*ret = r;
	return 0;
}
