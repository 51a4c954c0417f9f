/*
 * Any bytes as the body of a push, the first byte says in which form. A decoder gives the same
 * twice, and what it gives lies in memory; one that ends with an error says which.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/hash.h"
#include "push/otlp.h"
#include "push/records.h"

typedef int decode_fn(struct bytes body, const struct push_sink *sink, struct arena *a,
		      struct err *e);

/* Another mapping than the default, so that records have labels too. */
static const struct otlp_rule rules[] = { { OTLP_INDEX_LABEL, { "a", 1 }, NULL },
					  { OTLP_DROP, { "d", 1 }, NULL } };
static const struct otlp_mapping own = { { rules, 2 }, { rules, 2 }, { rules, 2 }, true };

static int otlp_protobuf(struct bytes body, const struct push_sink *sink, struct arena *a,
			 struct err *e)
{
	return push_otlp_protobuf(body, &own, 1, sink, a, e);
}

static int otlp_json(struct bytes body, const struct push_sink *sink, struct arena *a,
		     struct err *e)
{
	return push_otlp_json(body, &otlp_default, 1, sink, a, e);
}

static int ignore_begin(void *data, enum push_action action, struct err *e)
{
	(void)data;
	(void)action;
	(void)e;
	return 0;
}

static void ignore_bad(void *data, const struct err *why)
{
	(void)data;
	if (why->code == ERR_NONE)
		abort();
}

static const struct push_watch watch = { ignore_begin, ignore_bad, NULL };

static int bulk(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	return push_bulk(body, &push_bulk_fields, 1, &watch, sink, a, e);
}

static int jsonl(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct push_fields fields = push_jsonl_fields;

	fields.stream = BYTES_LIT("a,b.c");
	fields.ignore = BYTES_LIT("d");
	fields.extra = BYTES_LIT("x=y");
	return push_jsonl(body, &fields, 1, &watch, sink, a, e);
}

static decode_fn *const decoders[] = { push_protobuf, push_json, otlp_protobuf,
				       otlp_json,     bulk,	 jsonl };

struct seen {
	struct buf text;
	struct arena a;
};

static int see_stream(void *data, const struct push_labels *l, struct err *e)
{
	struct seen *s = data;
	struct labels labels;
	struct err why = { 0 };

	(void)e;
	arena_reset(&s->a);
	if (push_labels_parse(l, &s->a, &labels, &why) == 0)
		labels_add_text(&s->text, &labels);
	else if (why.code == ERR_NONE)
		abort();
	return 0;
}

static int see_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		     size_t n_meta, struct err *e)
{
	struct seen *s = data;

	(void)e;
	buf_addf(&s->text, "%lld|", (long long)ts_ns);
	buf_add_bytes(&s->text, line);
	for (size_t i = 0; i < n_meta; i++) {
		buf_add_bytes(&s->text, meta[i].name);
		buf_add_bytes(&s->text, meta[i].value);
	}
	return 0;
}

static uint64_t decode(decode_fn *decoder, struct bytes body)
{
	struct seen s = { 0 };
	struct push_sink sink = { see_stream, see_entry, &s };
	struct arena a = { 0 };
	struct err e = { 0 };
	uint64_t hash;
	int rc = decoder(body, &sink, &a, &e);

	if (rc != (e.code == ERR_NONE ? 0 : -1))
		abort();
	buf_add_str(&s.text, e.msg);
	hash = hash64(buf_bytes(&s.text));
	buf_release(&s.text);
	arena_release(&s.a);
	arena_release(&a);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes body = bytes_of(data, size);
	decode_fn *decoder;

	if (size == 0)
		return 0;
	decoder = decoders[data[0] % (sizeof(decoders) / sizeof(decoders[0]))];
	body = bytes_sub(body, 1, size);
	if (decode(decoder, body) != decode(decoder, body))
		abort();
	return 0;
}
