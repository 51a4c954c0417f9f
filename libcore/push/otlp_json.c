/*
 * OTLP's JSON: names in either spelling (resourceLogs, resource_logs), 64-bit numbers as strings or
 * numbers, ids in hex, bytes in base64, a severity by number or name. Unknown members are stepped
 * over, null is as if the member were not there.
 */
#include "push/otlp_map.h"

#include <ctype.h>

#include "base/num.h"
#include "push/json_in.h"

struct decode {
	struct otlp o;
	struct json_in in;
};

/* name is written with _; so may be what is found, or a capital stands for _ and the letter. */
static bool is_name(struct bytes found, const char *name)
{
	size_t i = 0;

	for (; i < found.n && *name; i++, name++) {
		if (found.p[i] == *name)
			continue;
		if (*name != '_' || found.p[i] != toupper((unsigned char)name[1]))
			return false;
		name++;
	}
	return i == found.n && !*name;
}

static int bad(const struct decode *d, const char *what)
{
	return json_in_bad(&d->in, what);
}

static int step_over(struct decode *d)
{
	struct bytes raw;

	return json_in_any(&d->in, &raw) ? 0 : bad(d, "a value");
}

/* Empty for null. */
static int read_string(struct decode *d, struct arena *a, struct bytes *ret)
{
	*ret = BYTES_LIT("");
	return json_in_string(&d->in, a, ret) || json_in_null(&d->in)
		       ? 0
		       : bad(d, "a string, its escapes good,");
}

/* The text of a number, in a string or bare; empty for null. */
static int read_number_text(struct decode *d, struct bytes *ret)
{
	struct json_at was = d->in.j;
	bool escaped;

	*ret = BYTES_LIT("");
	if (json_string(&d->in.j, ret, &escaped) || json_in_null(&d->in))
		return 0;
	if (json_in_word(&d->in, ret) && ret->p[0] < 'a')
		return 0;
	d->in.j = was;
	return bad(d, "a number");
}

static int read_u64(struct decode *d, uint64_t max, uint64_t *ret)
{
	struct json_at was = d->in.j;
	struct bytes text;

	*ret = 0;
	if (read_number_text(d, &text) < 0)
		return -1;
	if (text.n == 0 || (num_u64(text, ret) && *ret <= max))
		return 0;
	d->in.j = was;
	return bad(d, "a whole number that is not too large");
}

static int read_u32(struct decode *d, uint32_t *ret)
{
	uint64_t v;

	if (read_u64(d, UINT32_MAX, &v) < 0)
		return -1;
	*ret = (uint32_t)v;
	return 0;
}

/* --- lists and objects --- */

typedef int item_fn(struct decode *d, void *data);
typedef int member_fn(struct decode *d, struct bytes name, void *data);

static int each_item(struct decode *d, item_fn *item, void *data)
{
	if (json_in_null(&d->in))
		return 0;
	if (!json_take(&d->in.j, '['))
		return bad(d, "an array");
	if (json_take(&d->in.j, ']'))
		return 0;
	do {
		if (item(d, data) < 0)
			return -1;
	} while (json_take(&d->in.j, ','));
	return json_take(&d->in.j, ']') ? 0 : bad(d, ", or ]");
}

/* The member's value stands at d->in.j when member() is called, which takes it. */
static int each_member(struct decode *d, struct arena *names, member_fn *member, void *data)
{
	struct bytes name;

	if (json_in_null(&d->in))
		return 0;
	if (!json_take(&d->in.j, '{'))
		return bad(d, "an object");
	if (json_take(&d->in.j, '}'))
		return 0;
	do {
		if (read_string(d, names, &name) < 0)
			return -1;
		if (!json_take(&d->in.j, ':'))
			return bad(d, ": behind a name");
		if (member(d, name, data) < 0)
			return -1;
	} while (json_take(&d->in.j, ','));
	return json_take(&d->in.j, '}') ? 0 : bad(d, ", or }");
}

/* --- values --- */

/* Where values are read to. */
struct place {
	struct arena *a;
	unsigned depth;
	struct otlp_value *value; /* to fill */
	struct otlp_value **end;  /* of a chain that grows */
};

static int value_member(struct decode *d, struct bytes name, void *data);
static int attribute_item(struct decode *d, void *data);

static int value_item(struct decode *d, void *data)
{
	struct place *chain = data, in = *chain;

	in.value = otlp_new_value(&d->o, chain->a, chain->depth);
	if (!in.value)
		return -1;
	*chain->end = in.value;
	chain->end = &in.value->next;
	return each_member(d, chain->a, value_member, &in);
}

/* {"values": [...]}, of values or of attributes */
static int values_member(struct decode *d, struct bytes name, void *data)
{
	struct place *at = data;

	if (!is_name(name, "values"))
		return step_over(d);
	return each_item(d, at->value->kind == OTLP_MAP ? attribute_item : value_item, at);
}

static int read_items(struct decode *d, const struct place *at, enum otlp_kind kind)
{
	struct place in = { at->a, at->depth + 1, at->value, &at->value->first };

	at->value->kind = kind;
	at->value->first = NULL;
	return each_member(d, at->a, values_member, &in);
}

static int read_bytes(struct decode *d, const struct place *at)
{
	struct buf raw = { 0 };
	struct bytes text;
	bool good;

	if (read_string(d, at->a, &text) < 0)
		return -1;
	good = base64_decode(text, &raw);
	at->value->kind = OTLP_BYTES;
	at->value->text = arena_copy(at->a, buf_bytes(&raw));
	buf_release(&raw);
	return good ? 0 : bad(d, "base64 before this");
}

static int read_number(struct decode *d, struct otlp_value *ret, enum otlp_kind kind)
{
	struct json_at was = d->in.j;
	struct bytes text;

	if (read_number_text(d, &text) < 0)
		return -1;
	ret->kind = kind;
	if (kind == OTLP_INT ? num_i64(text, &ret->integer) : num_double(text, &ret->number))
		return 0;
	d->in.j = was;
	return bad(d, kind == OTLP_INT ? "a whole number of 64 bits" : "a number");
}

static int read_bool(struct decode *d, struct otlp_value *ret)
{
	struct json_at was = d->in.j;
	struct bytes text;

	if (json_in_word(&d->in, &text) && (bytes_is(text, "true") || bytes_is(text, "false"))) {
		ret->kind = OTLP_BOOL;
		ret->truth = text.n == 4;
		return 0;
	}
	d->in.j = was;
	return bad(d, "true or false");
}

static int value_member(struct decode *d, struct bytes name, void *data)
{
	struct place *at = data;

	if (json_in_null(&d->in))
		return 0;
	if (is_name(name, "string_value")) {
		at->value->kind = OTLP_STRING;
		return read_string(d, at->a, &at->value->text);
	}
	if (is_name(name, "int_value"))
		return read_number(d, at->value, OTLP_INT);
	if (is_name(name, "bool_value"))
		return read_bool(d, at->value);
	if (is_name(name, "double_value"))
		return read_number(d, at->value, OTLP_DOUBLE);
	if (is_name(name, "bytes_value"))
		return read_bytes(d, at);
	if (is_name(name, "array_value"))
		return read_items(d, at, OTLP_ARRAY);
	if (is_name(name, "kvlist_value"))
		return read_items(d, at, OTLP_MAP);
	return step_over(d);
}

static int attribute_member(struct decode *d, struct bytes name, void *data)
{
	struct place *at = data;

	if (is_name(name, "key"))
		return read_string(d, at->a, &at->value->key);
	if (is_name(name, "value"))
		return each_member(d, at->a, value_member, at);
	return step_over(d);
}

static int attribute_item(struct decode *d, void *data)
{
	struct place *chain = data, in = *chain;

	in.value = otlp_new_value(&d->o, chain->a, chain->depth);
	if (!in.value)
		return -1;
	*chain->end = in.value;
	chain->end = &in.value->next;
	return each_member(d, chain->a, attribute_member, &in);
}

static int read_attributes(struct decode *d, struct arena *a, struct otlp_value **ret)
{
	struct place chain = { .a = a, .end = ret };

	while (*chain.end) /* what a member of the same name gave before */
		chain.end = &(*chain.end)->next;
	return each_item(d, attribute_item, &chain);
}

/* --- records --- */

static int read_id(struct decode *d, unsigned char *to, size_t n)
{
	struct json_at was = d->in.j;
	struct bytes text;

	if (read_string(d, d->o.scratch, &text) < 0)
		return -1;
	if (text.n == 0)
		return 0;
	for (size_t i = 0; text.n == 2 * n && i < n; i++) {
		int high = num_hex_digit(text.p[2 * i]);
		int low = num_hex_digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			text.n = 0;
		else
			to[i] = (unsigned char)(high << 4 | low);
	}
	if (text.n == 2 * n)
		return 0;
	d->in.j = was;
	return bad(d, n == OTLP_TRACE_ID ? "a trace id of 32 hexadecimal digits"
					 : "a span id of 16 hexadecimal digits");
}

/* "SEVERITY_NUMBER_INFO2": 10 */
static bool severity_of(struct bytes name, uint32_t *ret)
{
	static const char *const levels[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };
	static const struct bytes prefix = { "SEVERITY_NUMBER_", 16 };
	uint64_t step = 1;

	if (!bytes_starts(name, prefix))
		return false;
	name = bytes_sub(name, prefix.n, name.n);
	*ret = 0;
	if (bytes_is(name, "UNSPECIFIED"))
		return true;
	for (uint32_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct bytes rest = bytes_sub(name, strlen(levels[i]), name.n);

		if (!bytes_starts(name, bytes_str(levels[i])))
			continue;
		*ret = i * 4 + 1;
		if (rest.n == 0)
			return true;
		*ret += rest.n == 1 && num_u64(rest, &step) ? (uint32_t)step - 1 : 0;
		return rest.n == 1 && step >= 2 && step <= 4;
	}
	return false;
}

static int read_severity(struct decode *d, uint32_t *ret)
{
	struct json_at was = d->in.j;
	struct bytes text;
	uint64_t v = 0;

	if (read_number_text(d, &text) < 0)
		return -1;
	if (text.n == 0 || (num_u64(text, &v) && v <= UINT32_MAX)) {
		*ret = (uint32_t)v;
		return 0;
	}
	if (severity_of(text, ret))
		return 0;
	d->in.j = was;
	return bad(d, "a severity's number or name");
}

static int record_member(struct decode *d, struct bytes name, void *data)
{
	struct otlp_record *r = data;
	struct place body = { .a = d->o.scratch, .value = &r->body };

	if (is_name(name, "time_unix_nano"))
		return read_u64(d, UINT64_MAX, &r->time);
	if (is_name(name, "observed_time_unix_nano"))
		return read_u64(d, UINT64_MAX, &r->observed);
	if (is_name(name, "body"))
		return each_member(d, body.a, value_member, &body);
	if (is_name(name, "attributes"))
		return read_attributes(d, d->o.scratch, &r->attributes);
	if (is_name(name, "severity_text"))
		return read_string(d, d->o.scratch, &r->severity_text);
	if (is_name(name, "severity_number"))
		return read_severity(d, &r->severity);
	if (is_name(name, "trace_id"))
		return read_id(d, r->trace_id, sizeof(r->trace_id));
	if (is_name(name, "span_id"))
		return read_id(d, r->span_id, sizeof(r->span_id));
	if (is_name(name, "flags"))
		return read_u32(d, &r->flags);
	if (is_name(name, "dropped_attributes_count"))
		return read_u32(d, &r->dropped);
	if (is_name(name, "event_name"))
		return read_string(d, d->o.scratch, &r->event_name);
	return step_over(d);
}

static int record_item(struct decode *d, void *data)
{
	struct otlp_record record = { 0 };

	(void)data;
	otlp_begin_record(&d->o);
	if (each_member(d, d->o.scratch, record_member, &record) < 0)
		return -1;
	return otlp_give(&d->o, &record);
}

/* --- scopes and resources --- */

/* What an object holds of its list (of records, of scopes), which may stand before the head (scope,
 * resource) that is to be known first: then it is read last. */
struct group {
	struct json_at list; /* .p NULL: not met, or read */
	bool headed;
};

static int read_group(struct decode *d, struct group *g, item_fn *item)
{
	if (g->headed)
		return each_item(d, item, NULL);
	if (g->list.p)
		return bad(d, "one list of these");
	json_skip_space(&d->in.j);
	g->list = d->in.j;
	return step_over(d);
}

static int end_group(struct decode *d, struct group *g, item_fn *item)
{
	struct json_at behind = d->in.j;
	int rc;

	if (!g->list.p)
		return 0;
	d->in.j = g->list;
	rc = each_item(d, item, NULL);
	if (rc == 0)
		d->in.j = behind;
	return rc;
}

static int scope_member(struct decode *d, struct bytes name, void *data)
{
	struct otlp_scope *s = data;

	if (is_name(name, "name"))
		return read_string(d, &d->o.scope_a, &s->name);
	if (is_name(name, "version"))
		return read_string(d, &d->o.scope_a, &s->version);
	if (is_name(name, "attributes"))
		return read_attributes(d, &d->o.scope_a, &s->attributes);
	if (is_name(name, "dropped_attributes_count"))
		return read_u32(d, &s->dropped);
	return step_over(d);
}

static int scope_logs_member(struct decode *d, struct bytes name, void *data)
{
	struct otlp_scope scope = { 0 };
	struct group *g = data;

	if (is_name(name, "log_records"))
		return read_group(d, g, record_item);
	if (!is_name(name, "scope"))
		return step_over(d);
	if (g->headed)
		return bad(d, "one scope");
	g->headed = true;
	otlp_begin_scope(&d->o);
	if (each_member(d, &d->o.scope_a, scope_member, &scope) < 0)
		return -1;
	return otlp_set_scope(&d->o, &scope);
}

static int scope_logs_item(struct decode *d, void *data)
{
	struct group g = { 0 };

	(void)data;
	if (otlp_set_scope(&d->o, NULL) < 0 ||
	    each_member(d, &d->o.scope_a, scope_logs_member, &g) < 0)
		return -1;
	return end_group(d, &g, record_item);
}

static int resource_member(struct decode *d, struct bytes name, void *data)
{
	if (is_name(name, "attributes"))
		return read_attributes(d, &d->o.resource_a, data);
	return step_over(d);
}

static int resource_logs_member(struct decode *d, struct bytes name, void *data)
{
	struct otlp_value *attributes = NULL;
	struct group *g = data;

	if (is_name(name, "scope_logs"))
		return read_group(d, g, scope_logs_item);
	if (!is_name(name, "resource"))
		return step_over(d);
	if (g->headed)
		return bad(d, "one resource");
	g->headed = true;
	otlp_begin_resource(&d->o);
	if (each_member(d, &d->o.resource_a, resource_member, &attributes) < 0)
		return -1;
	return otlp_set_resource(&d->o, attributes);
}

static int resource_logs_item(struct decode *d, void *data)
{
	struct group g = { 0 };

	(void)data;
	if (otlp_set_resource(&d->o, NULL) < 0 ||
	    each_member(d, &d->o.resource_a, resource_logs_member, &g) < 0)
		return -1;
	return end_group(d, &g, scope_logs_item);
}

static int body_member(struct decode *d, struct bytes name, void *data)
{
	(void)data;
	return is_name(name, "resource_logs") ? each_item(d, resource_logs_item, NULL)
					      : step_over(d);
}

int push_otlp_json(struct bytes body, const struct otlp_mapping *mapping, int64_t now_ns,
		   const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct decode d = {
		.in = json_in_init(body, e),
		.o = { .mapping = mapping, .now_ns = now_ns, .sink = sink, .scratch = a, .e = e }
	};
	int rc = each_member(&d, a, body_member, NULL);

	if (rc == 0)
		rc = json_in_end(&d.in);
	otlp_release(&d.o);
	return rc;
}
