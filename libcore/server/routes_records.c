/*
 * Pushes of records: Elasticsearch's _bulk, whose answer lists each of them, and JSON lines. Which
 * fields are what comes with the request, as VictoriaLogs takes it: in the query string, or in
 * headers.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "json/json.h"
#include "push/records.h"
#include "server/route.h"
#include "server/routes_push.h"
#include "time/time.h"

enum {
	/* Why records were not taken: each text once as long as it is the same one; and of an
	 * answer, which tells it of each. Then it tells of no more why. */
	REASONS_BYTES_MAX = 1 << 20,
	BULK_RECORDS_MAX = 1 << 18, /* of a request: the answer lists each of them */
	RECORDS_MAX = 1 << 22,
};

struct record {
	uint16_t status;
	uint8_t action; /* enum push_action */
	uint32_t why;	/* of .reason, from 1; 0: none */
};

struct reason {
	size_t off, n;
};

struct records {
	struct push_fields fields;
	struct record *record;
	size_t n, cap, max;
	uint32_t *of_entry; /* which record an entry is of */
	size_t n_entries, cap_entries;
	struct reason *reason;
	size_t n_reasons, cap_reasons;
	struct buf text;
	size_t n_bad, n_later; /* the latter: of these with 429 */
	bool decoded;
	int64_t begun_ns;	      /* monotonic */
	const struct push_sink *sink; /* while decoding */
};

static void free_records(void *own)
{
	struct records *r = own;

	free(r->record);
	free(r->of_entry);
	free(r->reason);
	buf_release(&r->text);
	free(r);
}

/* --- what becomes of each --- */

static void refuse_record(struct records *r, size_t i, int status, struct bytes why)
{
	struct bytes before = { 0 };

	if (r->record[i].status >= 400)
		return;
	r->n_bad++;
	r->n_later += status == 429;
	r->record[i].status = (uint16_t)status;
	if (r->n_reasons) {
		const struct reason *last = &r->reason[r->n_reasons - 1];

		before = bytes_of(r->text.p + last->off, last->n);
	}
	if (!r->n_reasons || !bytes_eq(before, why)) {
		if (r->text.n + why.n > REASONS_BYTES_MAX)
			return;
		mem_grow(&r->reason, &r->cap_reasons, r->n_reasons + 1, sizeof(*r->reason));
		r->reason[r->n_reasons++] = (struct reason){ r->text.n, why.n };
		buf_add_bytes(&r->text, why);
	}
	r->record[i].why = (uint32_t)r->n_reasons;
}

static const struct bytes untold = { "not taken, as others", 20 };

static struct bytes reason_of(const struct records *r, const struct record *v)
{
	if (!v->why)
		return untold;
	return bytes_of(r->text.p + r->reason[v->why - 1].off, r->reason[v->why - 1].n);
}

static int on_begin(void *data, enum push_action action, struct err *e)
{
	struct records *r = data;

	if (r->n == r->max)
		return err_set(e, ERR_LIMIT, "more than %zu records in a request", r->max);
	mem_grow(&r->record, &r->cap, r->n + 1, sizeof(*r->record));
	r->record[r->n++] = (struct record){ .status = 201, .action = (uint8_t)action };
	return 0;
}

static void on_bad(void *data, const struct err *why)
{
	struct records *r = data;

	refuse_record(r, r->n - 1, 400, bytes_str(why->msg));
}

static void on_refused(struct push_call *p, uint64_t entry, int status, struct bytes why)
{
	struct records *r = p->own;

	refuse_record(r, r->of_entry[entry], status, why);
}

/* The intake's sink, and of which record its entries are. */
static int on_stream(void *data, const struct push_labels *l, struct err *e)
{
	struct records *r = data;

	return r->sink->stream(r->sink->data, l, e);
}

static int on_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		    size_t n_meta, struct err *e)
{
	struct records *r = data;

	mem_grow(&r->of_entry, &r->cap_entries, r->n_entries + 1, sizeof(*r->of_entry));
	r->of_entry[r->n_entries++] = (uint32_t)(r->n - 1);
	return r->sink->entry(r->sink->data, ts_ns, line, meta, n_meta, e);
}

typedef int records_fn(struct bytes body, const struct push_fields *fields, int64_t now_ns,
		       const struct push_watch *watch, const struct push_sink *sink,
		       struct arena *a, struct err *e);

static int decode_with(struct push_call *p, records_fn *fn, const struct push_sink *sink,
		       struct arena *a, struct err *e)
{
	struct records *r = p->own;
	struct push_watch watch = { on_begin, on_bad, r };
	struct push_sink own = { on_stream, on_entry, r };
	int rc;

	r->sink = sink;
	rc = fn(p->message, &r->fields, time_now_ns(), &watch, &own, a, e);
	r->sink = NULL;
	r->decoded = rc == 0;
	return rc;
}

static int decode_bulk(struct push_call *p, const struct push_sink *sink, struct arena *a,
		       struct err *e)
{
	return decode_with(p, push_bulk, sink, a, e);
}

static int decode_jsonl(struct push_call *p, const struct push_sink *sink, struct arena *a,
			struct err *e)
{
	return decode_with(p, push_jsonl, sink, a, e);
}

/* --- the answers --- */

/* Whether the answer is about records, and not about all of the push: some of it may be stored. */
static bool is_of_records(const struct records *r, int status)
{
	if (!r->decoded || !r->n)
		return false;
	return status == 204 || ((status == 400 || status == 422) && r->n_bad) ||
	       (status == 429 && r->n_later);
}

static const char *error_type(int status)
{
	return status == 429  ? "es_rejected_execution_exception"
	       : status < 500 ? "illegal_argument_exception"
			      : "unavailable_shards_exception";
}

/* *left: bytes of reasons that the answer may still have. */
static void add_item(struct buf *out, const struct records *r, const struct record *v, size_t *left)
{
	static const char *const action[] = {
		[PUSH_CREATE] = "create",
		[PUSH_INDEX] = "index",
		[PUSH_UPDATE] = "update",
		[PUSH_DELETE] = "delete",
	};

	buf_addf(out, "{\"%s\":{\"status\":%d", action[v->action], v->status);
	if (v->status >= 400) {
		struct bytes why = reason_of(r, v);

		if (why.n > *left)
			why = untold;
		*left -= why.n < *left ? why.n : *left;
		buf_addf(out, ",\"error\":{\"type\":\"%s\",\"reason\":", error_type(v->status));
		json_add_quoted(out, why);
		buf_add_char(out, '}');
	}
	buf_add_str(out, "}}");
}

static void answer_bulk(struct push_call *p, const struct intake_answer *a)
{
	const struct records *r = p->own;
	struct intake_answer answer = *a;
	size_t left = REASONS_BYTES_MAX;
	struct buf body = { 0 };

	if (is_of_records(r, a->status)) {
		answer = (struct intake_answer){ .status = 200 };
		buf_addf(&body, "{\"took\":%lld,\"errors\":%s,\"items\":[",
			 (long long)((time_mono_ns() - r->begun_ns) / NS_PER_MS),
			 r->n_bad ? "true" : "false");
		for (size_t i = 0; i < r->n; i++) {
			if (i)
				buf_add_char(&body, ',');
			add_item(&body, r, &r->record[i], &left);
		}
		buf_add_str(&body, "]}");
	} else {
		if (answer.status == 422)
			answer.status = 400;
		buf_addf(&body,
			 "{\"error\":{\"type\":\"%s\",\"reason\":", error_type(answer.status));
		json_add_quoted(&body, answer.text);
		buf_addf(&body, "},\"status\":%d}", answer.status);
	}
	push_answer(p->c, &answer, "application/json; charset=UTF-8", buf_bytes(&body));
	buf_release(&body);
}

/* Text: what was not taken is told by its number, from 1. */
static void answer_jsonl(struct push_call *p, const struct intake_answer *a)
{
	const struct records *r = p->own;
	struct intake_answer answer = *a;
	struct buf text = { 0 };
	size_t i = 0;

	if (is_of_records(r, a->status) && r->n_bad) {
		while (r->record[i].status < 400)
			i++;
		buf_addf(&text, "%zu of %zu records are not taken; record %zu: ", r->n_bad, r->n,
			 i + 1);
		buf_add_bytes(&text, reason_of(r, &r->record[i]));
		answer.status = a->status == 429 ? 429 : 400;
		answer.text = buf_bytes(&text);
	}
	push_answer_plain(p, &answer);
	buf_release(&text);
}

/* --- the requests --- */

/* A parameter of the query string or, when there is none, of a header. */
static void set_field(struct call *c, const struct form *query, const char *name,
		      const char *header, struct bytes *field)
{
	struct bytes v = form_text(query, name);

	if (!v.p)
		v = http_header(c->http, header);
	if (v.n)
		*field = v;
}

static int read_fields(struct call *c, struct push_fields *f, struct err *e)
{
	struct form query = { 0 };

	if (form_parse(http_query(c->http), &c->arena, &query, e) < 0)
		return -1;
	set_field(c, &query, "_msg_field", "VL-Msg-Field", &f->message);
	set_field(c, &query, "_time_field", "VL-Time-Field", &f->time);
	set_field(c, &query, "_stream_fields", "VL-Stream-Fields", &f->stream);
	set_field(c, &query, "ignore_fields", "VL-Ignore-Fields", &f->ignore);
	set_field(c, &query, "extra_fields", "VL-Extra-Fields", &f->extra);
	return 0;
}

static void take_records(struct push_call *p, const struct push_fields *fields, size_t max)
{
	struct records *r = mem_alloc(sizeof(*r));
	struct err e;

	r->fields = *fields;
	r->max = max;
	r->begun_ns = time_mono_ns();
	p->own = r;
	p->free_own = free_records;
	p->refused = on_refused;
	if (read_fields(p->c, &r->fields, &e) < 0 || push_unpack_as_said(p, &e) < 0)
		push_refuse(p, &e);
	else
		push_take(p);
}

void route_bulk(struct call *c)
{
	struct push_call *p = push_begin(c);

	p->decode = decode_bulk;
	p->answer = answer_bulk;
	take_records(p, &push_bulk_fields, BULK_RECORDS_MAX);
}

void route_jsonline(struct call *c)
{
	struct push_call *p = push_begin(c);

	p->decode = decode_jsonl;
	p->answer = answer_jsonl;
	take_records(p, &push_jsonl_fields, RECORDS_MAX);
}

/* Clients look at it before they push. */
void route_elasticsearch(struct call *c)
{
	static const struct http_field product = { "X-Elastic-Product", "Elasticsearch" };

	c->status = 200;
	http_answer(c->http,
		    &(struct http_answer){
			    .status = 200,
			    .type = "application/json; charset=UTF-8",
			    .body = BYTES_LIT("{\"name\":\"lokid\",\"cluster_name\":\"lokid\","
					      "\"version\":{\"number\":\"8.9.0\"}}"),
			    .field = &product,
			    .n_field = 1 });
}
