/* Requests to delete entries, as Loki takes and lists them: files of the store, which queries obey
 * at once, and which `chunkpack --delete` applies. */
#include "base/num.h"
#include "deletes/filter.h"
#include "http/form.h"
#include "json/json.h"
#include "server/config.h"
#include "server/route.h"
#include "server/server.h"
#include "store/store.h"
#include "time/time.h"

enum { UNIX_DIGITS = 10 };

/* NULL when it was refused, and answered. */
static struct store *open_store(struct call *c)
{
	struct store *s;
	struct err e;

	if (c->limits->deletion_mode == LIMITS_DELETE_DISABLED) {
		err_set(&e, ERR_USAGE, "deletion is not available for this tenant");
		call_refuse(c, 403, &e);
		return NULL;
	}
	s = store_open(c->server->config->store, STORE_WRITE, &e);
	if (!s)
		call_refuse(c, 500, &e);
	else /* so that queries learn at once of what is written there */
		store_set_cache(s, c->server->cache);
	return s;
}

/* ---- listed ---- */

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

static void add_request(struct buf *b, const struct delete_request *r)
{
	buf_addf(b, "{\"request_id\":\"%s\",\"start_time\":", r->id);
	add_time(b, r->start_ns);
	buf_add_str(b, ",\"end_time\":");
	add_time(b, r->end_ns);
	buf_add_str(b, ",\"query\":");
	json_add_quoted(b, r->query);
	buf_addf(b,
		 ",\"status\":\"%s\",\"created_at\":", r->has_receipt ? "processed" : "received");
	add_time(b, r->created_ns);
	buf_add_char(b, '}');
}

static int cmp_created(const void *pa, const void *pb)
{
	const struct delete_request *a = pa, *b = pb;

	if (a->created_ns != b->created_ns)
		return a->created_ns < b->created_ns ? -1 : 1;
	return strcmp(a->id, b->id);
}

void route_delete_list(struct call *c)
{
	struct store *s = open_store(c);
	struct delete_requests l = { 0 };
	struct buf out = { 0 };
	struct err e;

	if (!s)
		return;
	if (deletes_list(s, c->tenant, DELETES_IN_FORCE, &l, &e) < 0) {
		call_refuse(c, 500, &e);
	} else {
		if (l.n)
			qsort(l.v, l.n, sizeof(*l.v), cmp_created);
		buf_add_char(&out, '[');
		for (size_t i = 0; i < l.n; i++) {
			buf_add_str(&out, i ? "," : "");
			add_request(&out, &l.v[i]);
		}
		buf_add_str(&out, "]\n");
		c->n_rows = l.n;
		call_answer_json(c, buf_bytes(&out));
	}
	buf_release(&out);
	deletes_release(&l);
	store_close(s);
}

/* ---- made ---- */

/* RFC 3339, or Unix seconds of ten digits. */
static bool read_time(struct bytes text, int64_t *ret)
{
	int64_t s;

	if (time_scan_rfc3339(text, ret) == text.n)
		return true;
	if (text.n != UNIX_DIGITS || !num_i64(text, &s))
		return false;
	*ret = s * NS_PER_S;
	return true;
}

static int read_range(const struct call *c, struct delete_request *r, struct err *e)
{
	struct bytes start = form_text(&c->form, "start"), end = form_text(&c->form, "end");
	int64_t now_ns = time_now_ns();

	if (!start.n)
		return err_set(e, ERR_USAGE, "start time not set");
	if (!read_time(start, &r->start_ns))
		return err_set(e, ERR_USAGE,
			       "invalid start time: require unix seconds or RFC3339 format");
	r->end_ns = now_ns;
	if (end.n && !read_time(end, &r->end_ns))
		return err_set(e, ERR_USAGE,
			       "invalid end time: require unix seconds or RFC3339 format");
	if (r->end_ns > now_ns)
		return err_set(e, ERR_USAGE, "deletes in the future are not allowed");
	if (r->start_ns > r->end_ns)
		return err_set(e, ERR_USAGE, "start time can't be greater than end time");
	return 0;
}

/* Loki cuts a request with line filters into pieces so long; here it only has to be one that Loki
 * takes. */
static int check_interval(const struct call *c, const struct delete_request *r, struct err *e)
{
	struct bytes text = form_text(&c->form, "max_interval");
	int64_t most = c->server->config->erase.max_interval_ns, span, interval;
	struct buf b = { 0 };
	struct err why;

	if (__builtin_sub_overflow(r->end_ns, r->start_ns, &span))
		span = INT64_MAX;
	if (!text.n)
		return span >= NS_PER_S ? 0
					: err_set(e, ERR_USAGE,
						  "difference between start time and end time must "
						  "be at least one second");
	if (time_parse_duration(text, &interval, &why) < 0 || interval < NS_PER_S)
		return err_set(e, ERR_USAGE,
			       "invalid max_interval: valid time units are 's', 'm', 'h'");
	if (most > 0 && interval > most) {
		time_add_duration(&b, most);
		err_set(e, ERR_USAGE, "max_interval can't be greater than %s", buf_str(&b));
	} else if (interval > span) {
		time_add_duration(&b, span);
		err_set(e, ERR_USAGE,
			"max_interval can't be greater than the interval to be deleted (%s)",
			buf_str(&b));
	} else {
		return 0;
	}
	buf_release(&b);
	return -1;
}

/* The query, with what a role adds to each selector. */
static int read_query(struct call *c, struct bytes *ret, struct err *e)
{
	struct bytes text = bytes_trim(form_text(&c->form, "query"));
	struct buf b = { 0 };

	if (!text.n)
		return err_set(e, ERR_USAGE, "query not set");
	c->query = text;
	*ret = text;
	if (!c->matchers.n)
		return 0;
	if (*text.p != '{' || c->matchers.n < 2)
		return err_set(e, ERR_USAGE, "expected a selector first, as '{app=\"web\"}'");
	buf_add(&b, c->matchers.p, c->matchers.n - 1);
	buf_add_char(&b, ',');
	buf_add(&b, text.p + 1, text.n - 1);
	*ret = arena_copy(&c->arena, buf_bytes(&b));
	buf_release(&b);
	return 0;
}

static int read_request(struct call *c, struct delete_request *r, struct err *e)
{
	struct delete_filter f;
	bool has_lines;
	int rc;

	if (read_query(c, &r->query, e) < 0)
		return -1;
	rc = delete_filter_init(&f, r, e);
	has_lines = rc == 0 && f.n_lines > 0;
	delete_filter_release(&f);
	if (rc < 0 || read_range(c, r, e) < 0)
		return -1;
	c->from_ns = r->start_ns;
	c->to_ns = r->end_ns;
	c->has_range = true;
	return has_lines ? check_interval(c, r, e) : 0;
}

static void answer_done(struct call *c)
{
	call_answer(c, 204, NULL, (struct bytes){ 0 });
}

void route_delete_make(struct call *c)
{
	struct delete_request r = { 0 };
	struct store *s;
	struct err e;

	s = open_store(c);
	if (!s)
		return;
	if (read_request(c, &r, &e) < 0) {
		call_refuse(c, 400, &e);
	} else if (store_now(s, &r.created_ns, &e) < 0 || deletes_put(s, c->tenant, &r, &e) < 0) {
		call_refuse(c, 500, &e);
	} else {
		log_event(&c->server->log, LOG_INFO, "request to delete taken", "id", r.id, NULL);
		answer_done(c);
	}
	store_close(s);
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

/* Was it applied to some days? */
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

/* Cancels it, or says with which status it is refused, and why. */
static int cancel(struct call *c, struct store *s, const struct delete_requests *l, struct err *e)
{
	const struct delete_request *r = find(l, form_get(&c->form, "request_id"));
	bool begun;

	if (!r) {
		err_set(e, ERR_NO, "could not find delete request with given id");
		return 404;
	}
	if (r->has_receipt) {
		err_set(e, ERR_USAGE,
			"deletion of request which is in process or already processed is not "
			"allowed");
		return 400;
	}
	if (is_begun(s, c->tenant, r->id, &begun, e) < 0)
		return 500;
	if (begun && !bytes_is(form_get(&c->form, "force"), "true")) {
		err_set(e, ERR_USAGE,
			"Unable to cancel partially completed delete request. To force, use the "
			"?force query parameter");
		return 400;
	}
	c->query = arena_copy(&c->arena, r->query);
	return deletes_cancel(s, c->tenant, bytes_str(r->id), time_now_ns(), e) < 0 ? 500 : 204;
}

void route_delete_cancel(struct call *c)
{
	struct store *s = open_store(c);
	struct delete_requests l = { 0 };
	struct err e;
	int status = 500;

	if (!s)
		return;
	if (deletes_list(s, c->tenant, DELETES_IN_FORCE, &l, &e) == 0)
		status = cancel(c, s, &l, &e);
	if (status == 204)
		answer_done(c);
	else
		call_refuse(c, status, &e);
	deletes_release(&l);
	store_close(s);
}
