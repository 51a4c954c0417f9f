#include "push/otlp_map.h"

#include <stdio.h>
#include <stdlib.h>

#include "push/normal.h"

#define LABEL(text)                                                            \
	{                                                                      \
		.action = OTLP_INDEX_LABEL, .name = { text, sizeof(text) - 1 } \
	}

static const struct otlp_rule default_rules[] = {
	LABEL("service.name"),
	LABEL("service.namespace"),
	LABEL("service.instance.id"),
	LABEL("deployment.environment"),
	LABEL("deployment.environment.name"),
	LABEL("cloud.region"),
	LABEL("cloud.availability_zone"),
	LABEL("k8s.cluster.name"),
	LABEL("k8s.namespace.name"),
	LABEL("k8s.pod.name"),
	LABEL("k8s.container.name"),
	LABEL("container.name"),
	LABEL("k8s.replicaset.name"),
	LABEL("k8s.deployment.name"),
	LABEL("k8s.statefulset.name"),
	LABEL("k8s.daemonset.name"),
	LABEL("k8s.cronjob.name"),
	LABEL("k8s.job.name"),
};

const struct otlp_mapping otlp_default = {
	.resource = { default_rules, sizeof(default_rules) / sizeof(default_rules[0]) },
};

/* --- pairs --- */

void otlp_release(struct otlp *o)
{
	arena_release(&o->resource_a);
	arena_release(&o->scope_a);
	free(o->labels.v);
	free(o->resource_meta.v);
	free(o->scope_meta.v);
	free(o->record_labels.v);
	free(o->meta.v);
	buf_release(&o->name);
	push_current_release(&o->current);
}

static int add_number(struct otlp *o, struct push_pairs *to, const char *name, uint64_t v,
		      struct arena *a)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);

	return push_pairs_add(to, bytes_str(name), arena_copy(a, bytes_of(text, (size_t)n)), o->e);
}

static enum otlp_action action_of(const struct otlp_rules *rules, struct bytes name)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct otlp_rule *r = &rules->v[i];

		if (r->regex ? regex_match(r->regex, name, NULL, NULL) > 0
			     : bytes_eq(r->name, name))
			return r->action;
	}
	return OTLP_METADATA;
}

static int add_value(struct otlp *o, struct bytes name, const struct otlp_value *v, struct arena *a,
		     struct push_pairs *to)
{
	struct bytes text = otlp_value_text(v, a);

	return to == &o->labels || to == &o->record_labels ? push_pairs_set(to, name, text, o->e)
							   : push_pairs_add(to, name, text, o->e);
}

/* Of a map in a map; o->name holds what the maps around it are called. */
static int add_nested(struct otlp *o, const struct otlp_value *v, struct arena *a,
		      struct push_pairs *to)
{
	size_t was = o->name.n;
	int rc = 0;

	buf_reserve(&o->name, v->key.n + 1);
	if (was > 0)
		buf_add_char(&o->name, '_');
	o->name.n = (size_t)(push_put_clean(o->name.p + o->name.n, v->key) - o->name.p);
	if (o->name.n > LABEL_NAME_MAX) /* before it is copied */
		rc = push_pairs_add(to, buf_bytes(&o->name), v->key, o->e);
	else if (v->kind != OTLP_MAP)
		rc = add_value(o, arena_copy(a, buf_bytes(&o->name)), v, a, to);
	else
		for (const struct otlp_value *in = v->first; in && rc == 0; in = in->next)
			rc = add_nested(o, in, a, to);
	o->name.n = was;
	return rc;
}

static int add_attribute(struct otlp *o, const struct otlp_value *v, struct arena *a,
			 struct push_pairs *to)
{
	struct bytes name = push_normal_name(v->key, a);

	if (v->kind != OTLP_MAP)
		return add_value(o, name, v, a, to);
	buf_reset(&o->name);
	buf_add_bytes(&o->name, name);
	for (const struct otlp_value *in = v->first; in; in = in->next)
		if (add_nested(o, in, a, to) < 0)
			return -1;
	return 0;
}

/* labels NULL: there can be none. */
static int add_attributes(struct otlp *o, const struct otlp_rules *rules,
			  const struct otlp_value *first, struct arena *a,
			  struct push_pairs *labels, struct push_pairs *meta)
{
	for (const struct otlp_value *v = first; v; v = v->next) {
		enum otlp_action action = action_of(rules, v->key);

		if (action == OTLP_DROP)
			continue;
		if (add_attribute(o, v, a, action == OTLP_INDEX_LABEL && labels ? labels : meta) <
		    0)
			return -1;
	}
	return 0;
}

/* --- resources and scopes --- */

static struct arena *begin(struct otlp *o, struct arena *a)
{
	o->n_values = 0;
	arena_reset(a);
	return a;
}

struct arena *otlp_begin_resource(struct otlp *o)
{
	return begin(o, &o->resource_a);
}

struct arena *otlp_begin_scope(struct otlp *o)
{
	return begin(o, &o->scope_a);
}

struct arena *otlp_begin_record(struct otlp *o)
{
	return begin(o, o->scratch);
}

struct otlp_value *otlp_new_value(struct otlp *o, struct arena *a, unsigned depth)
{
	if (depth >= OTLP_DEPTH_MAX) {
		err_set(o->e, ERR_LIMIT, "a value is nested more than %d deep", OTLP_DEPTH_MAX);
		return NULL;
	}
	if (o->n_values++ == OTLP_VALUES_MAX) {
		err_set(o->e, ERR_LIMIT, "more than %d values in a resource, scope or record",
			OTLP_VALUES_MAX);
		return NULL;
	}
	return arena_zalloc(a, sizeof(struct otlp_value));
}

int otlp_set_resource(struct otlp *o, const struct otlp_value *attributes)
{
	o->labels.n = o->resource_meta.n = o->scope_meta.n = 0;
	o->plain = false;
	return add_attributes(o, &o->mapping->resource, attributes, &o->resource_a, &o->labels,
			      &o->resource_meta);
}

int otlp_set_scope(struct otlp *o, const struct otlp_scope *scope)
{
	struct push_pairs *to = &o->scope_meta;

	to->n = 0;
	if (!scope)
		return 0;
	if (add_attributes(o, &o->mapping->scope, scope->attributes, &o->scope_a, NULL, to) < 0)
		return -1;
	if (scope->name.n && push_pairs_add(to, BYTES_LIT("scope_name"), scope->name, o->e) < 0)
		return -1;
	if (scope->version.n &&
	    push_pairs_add(to, BYTES_LIT("scope_version"), scope->version, o->e) < 0)
		return -1;
	return scope->dropped ? add_number(o, to, "scope_dropped_attributes_count", scope->dropped,
					   &o->scope_a)
			      : 0;
}

/* --- records --- */

static int add_id(struct otlp *o, const char *name, const unsigned char *id, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *hex = arena_alloc(o->scratch, 2 * n);
	unsigned any = 0;

	for (size_t i = 0; i < n; i++) {
		any |= id[i];
		hex[2 * i] = digits[id[i] >> 4];
		hex[2 * i + 1] = digits[id[i] & 15];
	}
	return any ? push_pairs_add(&o->meta, bytes_str(name), bytes_of(hex, 2 * n), o->e) : 0;
}

static int add_text(struct otlp *o, const char *name, struct bytes text)
{
	return text.n ? push_pairs_add(&o->meta, bytes_str(name), text, o->e) : 0;
}

/* What a record says of itself, in Loki's order. */
static int add_fields(struct otlp *o, const struct otlp_record *r)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = { { "observed_timestamp", r->time ? r->observed : 0 },
			{ "severity_number", r->severity },
			{ "dropped_attributes_count", r->dropped },
			{ "flags", r->flags } };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].value &&
		    add_number(o, &o->meta, numbers[i].name, numbers[i].value, o->scratch) < 0)
			return -1;
		if (i == 1 && add_text(o, "severity_text", r->severity_text) < 0)
			return -1;
	}
	if (add_id(o, "trace_id", r->trace_id, sizeof(r->trace_id)) < 0 ||
	    add_id(o, "span_id", r->span_id, sizeof(r->span_id)) < 0)
		return -1;
	return add_text(o, "event_name", r->event_name);
}

static int add_all(struct otlp *o, const struct push_pairs *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (push_pairs_add(&o->meta, from->v[i].name, from->v[i].value, o->e) < 0)
			return -1;
	return 0;
}

/* The stream that a record of these labels belongs to; told to the sink when it is another one.
 * Most records have none of their own, and some are of two bytes: they cost nothing here. */
static int set_stream(struct otlp *o)
{
	struct push_pairs *all = &o->record_labels;
	size_t n_own = all->n;

	if (n_own == 0 && o->plain)
		return 0;
	o->plain = n_own == 0;
	for (size_t i = 0; i < o->labels.n; i++) { /* a record's own win */
		size_t k = 0;

		while (k < n_own && !bytes_eq(all->v[k].name, o->labels.v[i].name))
			k++;
		if (k == n_own &&
		    push_pairs_add(all, o->labels.v[i].name, o->labels.v[i].value, o->e) < 0)
			return -1;
	}
	return push_current_set(&o->current, all, o->sink, o->e);
}

static int64_t time_of(const struct otlp *o, const struct otlp_record *r)
{
	uint64_t t = r->time ? r->time : r->observed;

	if (t == 0)
		return o->now_ns;
	return t > INT64_MAX ? INT64_MAX : (int64_t)t;
}

int otlp_give(struct otlp *o, const struct otlp_record *r)
{
	o->meta.n = o->record_labels.n = 0;
	if (add_attributes(o, &o->mapping->log, r->attributes, o->scratch, &o->record_labels,
			   &o->meta) < 0 ||
	    add_fields(o, r) < 0 || add_all(o, &o->resource_meta) < 0 ||
	    add_all(o, &o->scope_meta) < 0)
		return -1;
	if (o->mapping->severity_text_as_label && r->severity_text.n &&
	    push_pairs_set(&o->record_labels, BYTES_LIT("severity_text"), r->severity_text, o->e) <
		    0)
		return -1;
	if (set_stream(o) < 0)
		return -1;
	return o->sink->entry(o->sink->data, time_of(o, r), otlp_value_text(&r->body, o->scratch),
			      o->meta.v, o->meta.n, o->e);
}
