/*
 * Loki's PushRequest: streams = 1 { labels = 1, entries = 2 { timestamp = 1 { seconds = 1, nanos =
 * 2 }, line = 2, structuredMetadata = 3 { name = 1, value = 2 } }, hash = 3 }. Fields of other
 * numbers are stepped over.
 */
#include "push/push.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "push/proto.h"
#include "time/time.h"

struct decode {
	const char *start; /* of the body: messages tell offsets in it */
	const struct push_sink *sink;
	struct label *meta; /* of the entry */
	size_t n_meta, cap_meta;
};

static int bad(const struct decode *d, const struct rd *r, const char *what, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "protobuf: %s cut short or bad at byte %zu", what,
		       (size_t)(r->in.p - d->start) + r->off);
}

static int read_timestamp(const struct decode *d, struct bytes message, int64_t *ret, struct err *e)
{
	struct rd r = rd_init(message);
	int64_t seconds = 0, nanos = 0;
	struct proto_field f;
	num_wide ns;

	while (proto_next(&r, &f)) {
		if (proto_take(&r, &f, 1, PROTO_VARINT))
			seconds = (int64_t)f.value;
		else if (proto_take(&r, &f, 2, PROTO_VARINT))
			nanos = (int32_t)f.value;
	}
	if (r.failed)
		return bad(d, &r, "a timestamp is", e);
	ns = (num_wide)seconds * NS_PER_S + nanos;
	if (ns != num_clip(ns))
		return err_set(e, ERR_USAGE,
			       "timestamp of %lld s: nanoseconds of 64 bits do not reach it",
			       (long long)seconds);
	*ret = num_clip(ns);
	return 0;
}

static int read_pair(struct decode *d, struct bytes message, struct err *e)
{
	struct rd r = rd_init(message);
	struct proto_field f;
	struct label *l;

	if (d->n_meta == PUSH_META_MAX)
		return err_set(e, ERR_LIMIT,
			       "more than %d pairs of structured metadata in an entry",
			       PUSH_META_MAX);
	mem_grow(&d->meta, &d->cap_meta, d->n_meta + 1, sizeof(*d->meta));
	l = &d->meta[d->n_meta++];
	*l = (struct label){ 0 };
	while (proto_next(&r, &f)) {
		if (proto_take(&r, &f, 1, PROTO_BYTES))
			l->name = f.bytes;
		else if (proto_take(&r, &f, 2, PROTO_BYTES))
			l->value = f.bytes;
	}
	return r.failed ? bad(d, &r, "structured metadata is", e) : 0;
}

static int read_entry(struct decode *d, struct bytes message, struct err *e)
{
	struct rd r = rd_init(message);
	struct bytes line = { 0 };
	struct proto_field f;
	int64_t ts_ns = 0;

	d->n_meta = 0;
	while (proto_next(&r, &f)) {
		if (proto_take(&r, &f, 2, PROTO_BYTES))
			line = f.bytes;
		else if (proto_take(&r, &f, 1, PROTO_BYTES)) {
			if (read_timestamp(d, f.bytes, &ts_ns, e) < 0)
				return -1;
		} else if (proto_take(&r, &f, 3, PROTO_BYTES) && read_pair(d, f.bytes, e) < 0) {
			return -1;
		}
	}
	if (r.failed)
		return bad(d, &r, "an entry is", e);
	return d->sink->entry(d->sink->data, ts_ns, line, d->meta, d->n_meta, e);
}

/* Labels may stand behind entries, and of several the last count: they are looked for first. */
static int read_labels(const struct decode *d, struct bytes message, struct bytes *ret,
		       struct err *e)
{
	struct rd r = rd_init(message);
	struct proto_field f;

	while (proto_next(&r, &f))
		if (proto_take(&r, &f, 1, PROTO_BYTES))
			*ret = f.bytes;
	return r.failed ? bad(d, &r, "a stream is", e) : 0;
}

static int read_stream(struct decode *d, struct bytes message, struct err *e)
{
	struct push_labels labels = { PUSH_LABELS_TEXT, BYTES_LIT("{}") };
	struct rd r = rd_init(message);
	struct proto_field f;

	if (read_labels(d, message, &labels.spelling, e) < 0 ||
	    d->sink->stream(d->sink->data, &labels, e) < 0)
		return -1;
	while (proto_next(&r, &f))
		if (proto_take(&r, &f, 2, PROTO_BYTES) && read_entry(d, f.bytes, e) < 0)
			return -1;
	return r.failed ? bad(d, &r, "a stream is", e) : 0;
}

int push_protobuf(struct bytes message, const struct push_sink *sink, struct arena *a,
		  struct err *e)
{
	struct decode d = { .start = message.p, .sink = sink };
	struct rd r = rd_init(message);
	struct proto_field f;
	int rc = 0;

	(void)a; /* nothing is made of what the message holds */
	while (rc == 0 && proto_next(&r, &f))
		if (proto_take(&r, &f, 1, PROTO_BYTES))
			rc = read_stream(&d, f.bytes, e);
	if (rc == 0 && r.failed)
		rc = bad(&d, &r, "the message is", e);
	free(d.meta);
	return rc;
}
