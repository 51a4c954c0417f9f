/*
 * The messages, by the numbers of their fields:
 *	request { resource_logs 1 { resource 1 { attributes 1 }, scope_logs 2 { scope 1 { name 1,
 *	version 2, attributes 3, dropped 4 }, log_records 2 } } }
 *	record { time 1, severity 2, severity_text 3, body 5, attributes 6, dropped 7, flags 8,
 *	trace_id 9, span_id 10, observed 11, event_name 12 }
 *	attribute { key 1, value 2 }
 *	value { string 1, bool 2, int 3, double 4, array 5 { values 1 }, map 6 { attributes 1 },
 *	bytes 7 }
 */
#include "push/otlp_map.h"
#include "push/proto.h"

struct decode {
	struct otlp o;
	const char *start; /* of the body: messages tell offsets in it */
};

static int bad(const struct decode *d, const struct rd *r, const char *what)
{
	return err_set(d->o.e, ERR_CORRUPT, "protobuf: %s is cut short or bad at byte %zu", what,
		       (size_t)(r->in.p - d->start) + r->off);
}

/* --- values --- */

/* Behind what the chain has; NULL when it may not be longer. */
static struct otlp_value *append(struct decode *d, struct arena *a, unsigned depth,
				 struct otlp_value ***end)
{
	struct otlp_value *v = otlp_new_value(&d->o, a, depth);

	if (v) {
		**end = v;
		*end = &v->next;
	}
	return v;
}

static int read_items(struct decode *d, struct bytes message, struct arena *a, unsigned depth,
		      struct otlp_value *ret);

static int read_value(struct decode *d, struct bytes message, struct arena *a, unsigned depth,
		      struct otlp_value *ret)
{
	struct rd r = rd_init(message);
	struct proto_field f;

	ret->kind = OTLP_EMPTY;
	while (proto_next(&r, &f)) {
		if (proto_take(&r, &f, 1, PROTO_BYTES)) {
			ret->kind = OTLP_STRING;
			ret->text = f.bytes;
		} else if (proto_take(&r, &f, 2, PROTO_VARINT)) {
			ret->kind = OTLP_BOOL;
			ret->truth = f.value != 0;
		} else if (proto_take(&r, &f, 3, PROTO_VARINT)) {
			ret->kind = OTLP_INT;
			ret->integer = (int64_t)f.value;
		} else if (proto_take(&r, &f, 4, PROTO_FIXED64)) {
			ret->kind = OTLP_DOUBLE;
			memcpy(&ret->number, &f.value, sizeof(ret->number));
		} else if (proto_take(&r, &f, 7, PROTO_BYTES)) {
			ret->kind = OTLP_BYTES;
			ret->text = f.bytes;
		} else if (proto_take(&r, &f, 5, PROTO_BYTES) ||
			   proto_take(&r, &f, 6, PROTO_BYTES)) {
			ret->kind = f.number == 5 ? OTLP_ARRAY : OTLP_MAP;
			if (read_items(d, f.bytes, a, depth + 1, ret) < 0)
				return -1;
		}
	}
	return r.failed ? bad(d, &r, "a value") : 0;
}

static int read_attribute(struct decode *d, struct bytes message, struct arena *a, unsigned depth,
			  struct otlp_value *ret)
{
	struct rd r = rd_init(message);
	struct proto_field f;

	while (proto_next(&r, &f)) {
		if (proto_take(&r, &f, 1, PROTO_BYTES))
			ret->key = f.bytes;
		else if (proto_take(&r, &f, 2, PROTO_BYTES) &&
			 read_value(d, f.bytes, a, depth, ret) < 0)
			return -1;
	}
	return r.failed ? bad(d, &r, "an attribute") : 0;
}

static int read_items(struct decode *d, struct bytes message, struct arena *a, unsigned depth,
		      struct otlp_value *ret)
{
	struct otlp_value **end = &ret->first;
	struct rd r = rd_init(message);
	struct proto_field f;

	ret->first = NULL;
	while (proto_next(&r, &f)) {
		struct otlp_value *v;

		if (!proto_take(&r, &f, 1, PROTO_BYTES))
			continue;
		v = append(d, a, depth, &end);
		if (!v || (ret->kind == OTLP_MAP ? read_attribute(d, f.bytes, a, depth, v)
						 : read_value(d, f.bytes, a, depth, v)) < 0)
			return -1;
	}
	return r.failed ? bad(d, &r, "a list of values") : 0;
}

/* --- records --- */

static int read_id(struct decode *d, struct bytes from, unsigned char *to, size_t n)
{
	if (from.n != 0 && from.n != n)
		return err_set(d->o.e, ERR_USAGE, "a trace or span id of %zu bytes, expected %zu",
			       from.n, n);
	if (from.n)
		memcpy(to, from.p, n);
	return 0;
}

/* Those of a record that are not messages or ids. */
static void read_field(struct rd *r, const struct proto_field *f, struct otlp_record *ret)
{
	if (proto_take(r, f, 1, PROTO_FIXED64))
		ret->time = f->value;
	else if (proto_take(r, f, 2, PROTO_VARINT))
		ret->severity = (uint32_t)f->value;
	else if (proto_take(r, f, 3, PROTO_BYTES))
		ret->severity_text = f->bytes;
	else if (proto_take(r, f, 7, PROTO_VARINT))
		ret->dropped = (uint32_t)f->value;
	else if (proto_take(r, f, 8, PROTO_FIXED32))
		ret->flags = (uint32_t)f->value;
	else if (proto_take(r, f, 11, PROTO_FIXED64))
		ret->observed = f->value;
	else if (proto_take(r, f, 12, PROTO_BYTES))
		ret->event_name = f->bytes;
}

static int read_record(struct decode *d, struct bytes message)
{
	struct otlp_record record = { 0 };
	struct otlp_value **end = &record.attributes;
	struct arena *a = otlp_begin_record(&d->o);
	struct rd r = rd_init(message);
	struct proto_field f;

	while (proto_next(&r, &f)) {
		int rc = 0;

		if (proto_take(&r, &f, 6, PROTO_BYTES)) {
			struct otlp_value *v = append(d, a, 0, &end);

			rc = v ? read_attribute(d, f.bytes, a, 0, v) : -1;
		} else if (proto_take(&r, &f, 5, PROTO_BYTES)) {
			rc = read_value(d, f.bytes, a, 0, &record.body);
		} else if (proto_take(&r, &f, 9, PROTO_BYTES)) {
			rc = read_id(d, f.bytes, record.trace_id, sizeof(record.trace_id));
		} else if (proto_take(&r, &f, 10, PROTO_BYTES)) {
			rc = read_id(d, f.bytes, record.span_id, sizeof(record.span_id));
		} else {
			read_field(&r, &f, &record);
		}
		if (rc < 0)
			return -1;
	}
	return r.failed ? bad(d, &r, "a log record") : otlp_give(&d->o, &record);
}

/* --- scopes and resources, which may stand behind what they hold --- */

static int read_scope(struct decode *d, struct bytes message, struct arena *a,
		      struct otlp_scope *scope, struct otlp_value ***end)
{
	struct rd r = rd_init(message);
	struct proto_field f;

	while (proto_next(&r, &f)) {
		if (proto_take(&r, &f, 1, PROTO_BYTES)) {
			scope->name = f.bytes;
		} else if (proto_take(&r, &f, 2, PROTO_BYTES)) {
			scope->version = f.bytes;
		} else if (proto_take(&r, &f, 4, PROTO_VARINT)) {
			scope->dropped = (uint32_t)f.value;
		} else if (proto_take(&r, &f, 3, PROTO_BYTES)) {
			struct otlp_value *v = append(d, a, 0, end);

			if (!v || read_attribute(d, f.bytes, a, 0, v) < 0)
				return -1;
		}
	}
	return r.failed ? bad(d, &r, "a scope") : 0;
}

static int read_scope_logs(struct decode *d, struct bytes message)
{
	struct arena *a = otlp_begin_scope(&d->o);
	struct otlp_scope scope = { 0 };
	struct otlp_value **end = &scope.attributes;
	struct rd r = rd_init(message);
	struct proto_field f;

	while (proto_next(&r, &f))
		if (proto_take(&r, &f, 1, PROTO_BYTES) &&
		    read_scope(d, f.bytes, a, &scope, &end) < 0)
			return -1;
	if (r.failed)
		return bad(d, &r, "scope_logs");
	if (otlp_set_scope(&d->o, &scope) < 0)
		return -1;
	r = rd_init(message);
	while (proto_next(&r, &f))
		if (proto_take(&r, &f, 2, PROTO_BYTES) && read_record(d, f.bytes) < 0)
			return -1;
	return r.failed ? bad(d, &r, "scope_logs") : 0;
}

static int read_resource(struct decode *d, struct bytes message, struct arena *a,
			 struct otlp_value ***end)
{
	struct rd r = rd_init(message);
	struct proto_field f;

	while (proto_next(&r, &f)) {
		if (proto_take(&r, &f, 1, PROTO_BYTES)) {
			struct otlp_value *v = append(d, a, 0, end);

			if (!v || read_attribute(d, f.bytes, a, 0, v) < 0)
				return -1;
		}
	}
	return r.failed ? bad(d, &r, "a resource") : 0;
}

static int read_resource_logs(struct decode *d, struct bytes message)
{
	struct arena *a = otlp_begin_resource(&d->o);
	struct otlp_value *attributes = NULL, **end = &attributes;
	struct rd r = rd_init(message);
	struct proto_field f;

	while (proto_next(&r, &f))
		if (proto_take(&r, &f, 1, PROTO_BYTES) && read_resource(d, f.bytes, a, &end) < 0)
			return -1;
	if (r.failed)
		return bad(d, &r, "resource_logs");
	if (otlp_set_resource(&d->o, attributes) < 0)
		return -1;
	r = rd_init(message);
	while (proto_next(&r, &f))
		if (proto_take(&r, &f, 2, PROTO_BYTES) && read_scope_logs(d, f.bytes) < 0)
			return -1;
	return r.failed ? bad(d, &r, "resource_logs") : 0;
}

int push_otlp_protobuf(struct bytes message, const struct otlp_mapping *mapping, int64_t now_ns,
		       const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct decode d = {
		.start = message.p,
		.o = { .mapping = mapping, .now_ns = now_ns, .sink = sink, .scratch = a, .e = e }
	};
	struct rd r = rd_init(message);
	struct proto_field f;
	int rc = 0;

	while (rc == 0 && proto_next(&r, &f))
		if (proto_take(&r, &f, 1, PROTO_BYTES))
			rc = read_resource_logs(&d, f.bytes);
	if (rc == 0 && r.failed)
		rc = bad(&d, &r, "the message");
	otlp_release(&d.o);
	return rc;
}
