/* Requests to delete entries, as Loki takes and lists them: files of the store, which queries obey
 * at once, and which `chunkpack --delete` applies. */
#include "base/buf.h"
#include "base/num.h"
#include "deletes/ask.h"
#include "http/form.h"
#include "server/config.h"
#include "server/requests.h"
#include "server/route.h"
#include "server/server.h"
#include "server/server_metrics.h"
#include "store/store.h"
#include "time/time.h"

enum { UNIX_DIGITS = 10, RETRY_AFTER_S = 1 };

/* status: when it is no use to ask again. A store that does not answer may, a little later. */
static void refuse(struct call *c, int status, const struct err *e)
{
	if (e->code == ERR_AGAIN)
		call_refuse_later(c, 503, RETRY_AFTER_S, e);
	else
		call_refuse(c, status, e);
}

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
		refuse(c, 500, &e);
	else /* so that queries learn at once of what is written there */
		store_set_cache(s, c->server->cache, STORE_CACHED_INDEX);
	return s;
}

/* Never the query, which may name whose data it is about: that is in the audit log. */
static void tell(struct call *c, const char *what, const char *id)
{
	struct buf tenant = { 0 };

	buf_add_bytes(&tenant, c->tenant);
	log_event(&c->server->log, LOG_INFO, what, "tenant", buf_str(&tenant), "id", id, NULL);
	buf_release(&tenant);
}

/* ---- listed ---- */

/* Those of the tenant that are in force, as far as whoever asks may know of them. */
static int list(struct call *c, struct store *s, struct delete_requests *ret, struct err *e)
{
	if (deletes_list(s, c->tenant, DELETES_WITH_STATUS, ret, e) < 0)
		return -1;
	return delete_ask_within(ret, c->matchers, e);
}

void route_delete_list(struct call *c)
{
	struct store *s = open_store(c);
	struct delete_requests l = { 0 };
	struct buf out = { 0 };
	struct err e;

	if (!s)
		return;
	if (list(c, s, &l, &e) < 0) {
		refuse(c, 500, &e);
	} else {
		delete_ask_sort(&l);
		buf_add_char(&out, '[');
		for (size_t i = 0; i < l.n; i++) {
			buf_add_str(&out, i ? "," : "");
			delete_ask_add_listed(&out, &l.v[i]);
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

/* RFC 3339, or Unix seconds of ten digits. which: "start". */
static int read_time(const char *which, struct bytes text, int64_t *ret, struct err *e)
{
	int64_t s;

	if (time_scan_rfc3339(text, ret) == text.n)
		return 0;
	if (text.n != UNIX_DIGITS || !num_i64(text, &s))
		return err_set(e, ERR_USAGE,
			       "invalid %s time: require unix seconds or RFC3339 format: ten "
			       "digits, as 1768471200, or 2026-01-15T10:00:00Z",
			       which);
	*ret = num_clip((num_wide)s * NS_PER_S);
	return 0;
}

static int read_range(const struct call *c, int64_t now_ns, struct delete_request *r, struct err *e)
{
	struct bytes start = form_text(&c->form, "start"), end = form_text(&c->form, "end");

	if (!start.n)
		return err_set(e, ERR_USAGE, "start time not set");
	r->end_ns = now_ns;
	if (read_time("start", start, &r->start_ns, e) < 0)
		return -1;
	return end.n ? read_time("end", end, &r->end_ns, e) : 0;
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
		return 0;
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

static int read_request(struct call *c, struct delete_request *r, struct err *e)
{
	int64_t now_ns = time_now_ns();
	bool has_lines;

	c->query = bytes_trim(form_text(&c->form, "query"));
	if (delete_ask_query(c->query, c->matchers, &c->arena, &r->query, &has_lines, e) < 0 ||
	    read_range(c, now_ns, r, e) < 0 || delete_ask_range(r, has_lines, now_ns, e) < 0)
		return -1;
	c->from_ns = r->start_ns;
	c->to_ns = r->end_ns;
	c->has_range = true;
	return has_lines ? check_interval(c, r, e) : 0;
}

static int status_of(const struct err *e)
{
	switch (e->code) {
	case ERR_NO:
		return 404;
	case ERR_USAGE:
	case ERR_LIMIT:
		return 400;
	default:
		return 500;
	}
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
	} else if (store_now(s, "", &r.created_ns, &e) < 0 ||
		   deletes_put(s, c->tenant, &r, &e) < 0) {
		refuse(c, status_of(&e), &e);
	} else {
		tell(c, "request to delete taken", r.id);
		metrics_add(metric_of1(c->server->metrics, METRIC_DELETES_RECEIVED, c->tenant), 1);
		requests_look(c->server->requests);
		answer_done(c);
	}
	store_close(s);
}

/* ---- cancelled ---- */

static int cancel(struct call *c, struct store *s, struct delete_requests *l, struct err *e)
{
	struct bytes id = form_text(&c->form, "request_id");
	bool force = bytes_is(form_get(&c->form, "force"), "true");
	const struct delete_request *r;

	if (!id.n)
		return err_set(e, ERR_USAGE, "request_id not set: it says which request to cancel");
	if (list(c, s, l, e) < 0) {
		e->code = e->code == ERR_AGAIN ? ERR_AGAIN : ERR_IO;
		return -1;
	}
	if (delete_ask_cancel(s, c->tenant, l, id, force ? NULL : "the ?force query parameter",
			      time_now_ns(), &r, e) < 0)
		return -1;
	c->query = arena_copy(&c->arena, r->query);
	tell(c, "request to delete cancelled", r->id);
	requests_look(c->server->requests);
	return 0;
}

void route_delete_cancel(struct call *c)
{
	struct store *s = open_store(c);
	struct delete_requests l = { 0 };
	struct err e;

	if (!s)
		return;
	if (cancel(c, s, &l, &e) == 0)
		answer_done(c);
	else
		refuse(c, status_of(&e), &e);
	deletes_release(&l);
	store_close(s);
}

/* ---- of use to who keeps answers ---- */

void route_cache_generation(struct call *c)
{
	struct store *s = open_store(c);
	struct buf out = { 0 };
	struct err e;
	uint64_t n;

	if (!s)
		return;
	if (deletes_generation(s, c->tenant, &n, &e) < 0) {
		refuse(c, 500, &e);
	} else {
		if (n)
			buf_addf(&out, "\"%llu\"\n", (unsigned long long)n);
		else
			buf_add_str(&out, "\"\"\n");
		call_answer_json(c, buf_bytes(&out));
	}
	buf_release(&out);
	store_close(s);
}
