/* Pushes: what a request's headers say of its body, and what its client wants to read as an answer.
 */
#include "server/routes_push.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wr.h"
#include "http/media_type.h"
#include "json/json.h"
#include "server/config.h"
#include "server/route.h"
#include "server/server.h"
#include "time/time.h"

enum {
	RETRY_AFTER_S = 1,
	UNPACKED_FIRST = 64 << 10, /* and a body's own size: */
	UNPACKED_GROWTH = 8,	   /* so many times that, and then again */
};

/* --- answers --- */

void push_answer(struct call *c, const struct intake_answer *a, const char *type, struct bytes body)
{
	char seconds[16];
	struct http_field field[] = { { "X-Content-Type-Options", "nosniff" },
				      { "Retry-After", seconds } };

	snprintf(seconds, sizeof(seconds), "%u", a->retry_after_s);
	c->status = a->status;
	http_answer(c->http, &(struct http_answer){ .status = a->status,
						    .type = type,
						    .body = body,
						    .field = field,
						    .n_field = a->retry_after_s ? 2 : 1 });
}

/* As Go's http.Error has it. */
void push_answer_plain(struct push_call *p, const struct intake_answer *a)
{
	struct buf text = { 0 };

	if (a->status == 204 || a->status == 200) {
		call_answer(p->c, a->status, NULL, (struct bytes){ 0 });
		return;
	}
	buf_add_bytes(&text, a->text);
	buf_add_char(&text, '\n');
	push_answer(p->c, a, "text/plain; charset=utf-8", buf_bytes(&text));
	buf_release(&text);
}

/* A google.rpc.Status, as the request is written. Its code is HTTP's, as Loki has it; and a failure
 * of ours is 503, since it is the one that OpenTelemetry's clients send again for. */
static void answer_otlp(struct push_call *p, const struct intake_answer *answer)
{
	enum { CODE = 1, MESSAGE = 2, VARINT = 0, BYTES = 2 };
	struct intake_answer a = *answer;
	struct buf body = { 0 };

	if (a.status == 204 || a.status == 200) {
		call_answer(p->c, a.status, NULL, (struct bytes){ 0 });
		return;
	}
	if (a.status == 500)
		a.status = 503;
	if (p->json) {
		buf_addf(&body, "{\"code\":%d,\"message\":", a.status);
		json_add_quoted(&body, a.text);
		buf_add_char(&body, '}');
	} else {
		wr_uvarint(&body, CODE << 3 | VARINT);
		wr_uvarint(&body, (uint64_t)a.status);
		wr_uvarint(&body, MESSAGE << 3 | BYTES);
		wr_lstr(&body, a.text);
	}
	push_answer(p->c, &a, p->json ? "application/json" : "application/octet-stream",
		    buf_bytes(&body));
	buf_release(&body);
}

void push_refuse(struct push_call *p, const struct err *e)
{
	struct intake_answer a = { .status = 400, .text = bytes_str(e->msg) };

	if (e->code == ERR_LIMIT)
		a.status = 413;
	else if (e->code == ERR_NOMEM || e->code == ERR_AGAIN)
		a = (struct intake_answer){ .status = 503,
					    .retry_after_s = RETRY_AFTER_S,
					    .text = a.text };
	p->answer(p, &a);
}

/* --- from the request into the intake --- */

static void release_body(struct push_call *p)
{
	atomic_fetch_sub(&p->c->server->unpacked, p->body.n);
	buf_release(&p->body);
	p->message = (struct bytes){ 0 };
}

static void ended(struct call *c)
{
	struct push_call *p = c->route_data;

	if (p->free_own)
		p->free_own(p->own);
	release_body(p);
	free(p);
}

struct push_call *push_begin(struct call *c)
{
	struct push_call *p = mem_alloc(sizeof(*p));

	p->c = c;
	p->answer = push_answer_plain;
	p->message = http_body(c->http);
	c->route_data = p;
	c->ended = ended;
	c->n_bytes = p->message.n;
	return p;
}

static int decode(const struct push_sink *sink, struct arena *a, void *data, struct err *e)
{
	struct push_call *p = data;
	int rc = p->decode(p, sink, a, e);

	release_body(p); /* the log may take its time */
	return rc;
}

static void refused(uint64_t entry, int status, struct bytes why, void *data)
{
	struct push_call *p = data;

	p->refused(p, entry, status, why);
}

static void answered(const struct intake_answer *a, void *data)
{
	struct push_call *p = data;

	p->answer(p, a);
}

void push_take(struct push_call *p)
{
	intake_push(p->c->server->intake,
		    &(struct intake_push){ .tenant = p->c->tenant,
					   .limits = p->c->limits,
					   .decode = decode,
					   .refused = p->refused ? refused : NULL,
					   .answered = answered,
					   .data = p });
}

/* Whether all bodies together may have n bytes more; they have, then. */
static bool take_memory(struct server *s, size_t n)
{
	size_t max = s->config->push.bodies_max, used = atomic_fetch_add(&s->unpacked, n);

	if (n <= max && used <= max - n)
		return true;
	atomic_fetch_sub(&s->unpacked, n);
	return false;
}

/* How much it becomes is known behind it: it is tried with little, then with more. */
static int push_unpack(struct push_call *p, enum push_encoding how, struct err *e)
{
	struct server *s = p->c->server;
	size_t max = s->config->push.decompressed_max, room = UNPACKED_FIRST + p->message.n;
	struct buf out = { 0 };
	int rc;

	if (how == PUSH_PLAIN)
		return 0;
	if (max > s->config->push.bodies_max)
		max = s->config->push.bodies_max;
	do {
		room = room > max / UNPACKED_GROWTH ? max : room * UNPACKED_GROWTH;
		if (!take_memory(s, room)) {
			buf_release(&out);
			return err_set(e, ERR_AGAIN,
				       "the bodies of all requests together are at their limit");
		}
		rc = push_decompress(how, p->message, room, &out, e);
		atomic_fetch_sub(&s->unpacked, rc < 0 ? room : room - out.n);
	} while (rc < 0 && e->code == ERR_LIMIT && room < max);
	if (rc < 0) {
		buf_release(&out);
		return -1;
	}
	release_body(p);
	p->body = out;
	p->message = buf_bytes(&p->body);
	return 0;
}

int push_unpack_as_said(struct push_call *p, struct err *e)
{
	enum push_encoding how;

	if (push_encoding_of(http_header(p->c->http, "Content-Encoding"), &how, e) < 0)
		return -1;
	return push_unpack(p, how, e);
}

/* --- Loki's --- */

static int decode_loki(struct push_call *p, const struct push_sink *sink, struct arena *a,
		       struct err *e)
{
	if (!p->json)
		return push_protobuf(p->message, sink, a, e);
	if (p->c->server->config->push.decode_metadata_escapes)
		return push_json(p->message, sink, a, e);
	return push_json_as_loki(p->message, sink, a, e);
}

/* What curl sends without a word about its type. */
static int refuse_snappy(const struct push_call *p, struct err *e)
{
	if (e->code == ERR_CORRUPT && bytes_starts(bytes_trim(p->message), BYTES_LIT("{")))
		return err_set(e, ERR_CORRUPT,
			       "snappy: corrupt input: the body begins as JSON does, which is sent "
			       "with Content-Type: application/json");
	return -1;
}

/*
 * JSON may say that it is snappy and is not. Protobuf is always snappy, whatever is round it; only
 * within an encoding that the sender named may it be bare, which is what others than Loki's own
 * clients send.
 */
static int unpack_loki(struct push_call *p, enum push_encoding how, struct err *e)
{
	struct err bare;

	if (p->json)
		return how == PUSH_SNAPPY ? 0 : push_unpack(p, how, e);
	if (how == PUSH_PLAIN || how == PUSH_SNAPPY)
		return push_unpack(p, PUSH_SNAPPY, e) < 0 ? refuse_snappy(p, e) : 0;
	if (push_unpack(p, how, e) < 0)
		return -1;
	if (push_unpack(p, PUSH_SNAPPY, &bare) < 0 && bare.code != ERR_CORRUPT) {
		*e = bare;
		return -1;
	}
	return 0;
}

void route_push(struct call *c)
{
	struct push_call *p = push_begin(c);
	char type[MEDIA_TYPE_MAX + 1];
	enum push_encoding how;
	struct err e;

	p->decode = decode_loki;
	if (push_encoding_of(http_header(c->http, "Content-Encoding"), &how, &e) < 0 ||
	    media_type_parse(http_header(c->http, "Content-Type"), type, &e) < 0) {
		push_refuse(p, &e);
		return;
	}
	p->json = strcmp(type, "application/json") == 0;
	if (unpack_loki(p, how, &e) < 0) {
		push_refuse(p, &e);
		return;
	}
	push_take(p);
}

/* --- OpenTelemetry's --- */

static int decode_otlp(struct push_call *p, const struct push_sink *sink, struct arena *a,
		       struct err *e)
{
	const struct otlp_mapping *mapping = &p->c->limits->otlp.mapping;
	int64_t now_ns = time_now_ns();

	return p->json ? push_otlp_json(p->message, mapping, now_ns, sink, a, e)
		       : push_otlp_protobuf(p->message, mapping, now_ns, sink, a, e);
}

void route_otlp(struct call *c)
{
	struct push_call *p = push_begin(c);
	char type[MEDIA_TYPE_MAX + 1];
	struct err e;

	p->decode = decode_otlp;
	p->answer = answer_otlp;
	if (media_type_parse(http_header(c->http, "Content-Type"), type, &e) < 0) {
		push_refuse(p, &e);
		return;
	}
	p->json = strcmp(type, "application/json") == 0;
	if (!p->json && strcmp(type, "application/x-protobuf") != 0) {
		err_set(&e, ERR_USAGE, "content type: %s is not supported", type);
		push_refuse(p, &e);
		return;
	}
	if (push_unpack_as_said(p, &e) < 0) {
		push_refuse(p, &e);
		return;
	}
	push_take(p);
}
