#include "limits/limits.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "labels/service.h"
#include "labels/labels.h"
#include "time/time.h"

struct tenant_limits {
	struct bytes tenant;
	struct limits limits;
};

struct limits_set {
	atomic_uint held;
	struct limits defaults;
	struct tenant_limits *tenant;
	size_t n_tenants, cap_tenants;
	struct map by_tenant;
	struct limits_set *base; /* whose strings are used here too; held; or NULL */
	struct arena arena;	 /* of the other strings */
	struct otlp_rules otlp_labels;
	struct limits_memory parts;
};

static const uint64_t KiB = 1 << 10, MiB = 1 << 20;
static const int64_t MINUTE = 60 * NS_PER_S, HOUR = 3600 * NS_PER_S, DAY = 24 * 3600 * NS_PER_S;

static void set_loki_defaults(struct limits *l)
{
	*l = (struct limits){
		.ingestion_rate_bytes = 4.0 * (double)MiB,
		.ingestion_burst_bytes = 6.0 * (double)MiB,
		.max_label_name_length = 1024,
		.max_label_value_length = 2048,
		.max_label_names_per_series = 15,
		.reject_old_samples = true,
		.reject_old_samples_max_age_ns = 7 * DAY,
		.creation_grace_period_ns = 10 * MINUTE,
		.max_line_size = 256 * KiB,
		.max_line_size_truncate_identifier = "",
		.discover_log_levels = true,
		.discover_service_name = true,
		.service_name_labels = { service_labels, SERVICE_LABELS },
		.max_global_streams_per_user = 5000,
		.per_stream_rate_limit_bytes = 3.0 * (double)MiB,
		.per_stream_rate_limit_burst_bytes = 15.0 * (double)MiB,
		.allow_structured_metadata = true,
		.max_structured_metadata_size = 64 * KiB,
		.max_structured_metadata_entries_count = 128,
		.block_ingestion_status_code = 260,
		.otlp = { .mapping = otlp_default, .n_defaults = otlp_default.resource.n },
		.max_entries_limit_per_query = 5000,
		.deletion_mode = LIMITS_DELETE_REMOVES,
		.max_query_series = 500,
		.max_streams_matchers_per_query = 1000,
		.max_concurrent_tail_requests = 10,
		.volume_max_series = 1000,
		.max_query_length_ns = 30 * DAY + HOUR,
		.query_timeout_ns = MINUTE,
		.volume_enabled = true,
		.max_query_memory_bytes = 256 * MiB,
		.max_concurrent_queries = 16,
		.max_outstanding_per_tenant = 2048,
	};
}

struct limits_set *limits_set_new(void)
{
	struct limits_set *s = mem_alloc(sizeof(*s));

	atomic_init(&s->held, 1);
	set_loki_defaults(&s->defaults);
	s->otlp_labels = otlp_default.resource;
	return s;
}

struct limits_set *limits_set_hold(struct limits_set *s)
{
	atomic_fetch_add(&s->held, 1);
	return s;
}

void limits_set_drop(struct limits_set *s)
{
	if (!s || atomic_fetch_sub(&s->held, 1) != 1)
		return;
	limits_set_drop(s->base);
	map_release(&s->by_tenant);
	limits_memory_release(&s->parts);
	arena_release(&s->arena);
	free(s->tenant);
	free(s);
}

const struct limits *limits_of(const struct limits_set *s, struct bytes tenant)
{
	uint32_t i = s->n_tenants ? map_get(&s->by_tenant, hash64(tenant), tenant) : MAP_NONE;

	return i == MAP_NONE ? &s->defaults : &s->tenant[i].limits;
}

bool limits_override_at(const struct limits_set *s, size_t i, struct bytes *ret)
{
	if (i >= s->n_tenants)
		return false;
	*ret = s->tenant[i].tenant;
	return true;
}

struct limits *limits_set_defaults(struct limits_set *s)
{
	return &s->defaults;
}

static uint64_t stricter(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

static int64_t shorter(int64_t a, int64_t b)
{
	return a <= 0 || (b > 0 && b < a) ? b : a;
}

static bool has_name(const struct key_names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->name[i], name) == 0)
			return true;
	return false;
}

/* Those of both, each once. */
static struct key_names join_names(const struct key_names *a, const struct key_names *b,
				   struct arena *mem)
{
	const char **v;
	size_t n = a->n;

	if (!a->n || !b->n)
		return a->n ? *a : *b;
	v = arena_alloc(mem, (a->n + b->n) * sizeof(*v));
	memcpy(v, a->name, a->n * sizeof(*v));
	for (size_t i = 0; i < b->n; i++)
		if (!has_name(a, b->name[i]))
			v[n++] = b->name[i];
	return (struct key_names){ v, n };
}

void limits_restrict(struct limits *l, const struct limits *other, struct arena *a)
{
	static const size_t counts[] = {
		offsetof(struct limits, max_entries_limit_per_query),
		offsetof(struct limits, max_query_series),
		offsetof(struct limits, max_query_bytes_read),
		offsetof(struct limits, max_streams_matchers_per_query),
		offsetof(struct limits, max_concurrent_tail_requests),
		offsetof(struct limits, volume_max_series),
		offsetof(struct limits, max_query_memory_bytes),
		offsetof(struct limits, max_concurrent_queries),
		offsetof(struct limits, max_outstanding_per_tenant),
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		uint64_t *at = (uint64_t *)((char *)l + counts[i]);

		*at = stricter(*at, *(const uint64_t *)((const char *)other + counts[i]));
	}
	l->max_query_lookback_ns = shorter(l->max_query_lookback_ns, other->max_query_lookback_ns);
	l->max_query_length_ns = shorter(l->max_query_length_ns, other->max_query_length_ns);
	l->max_query_range_ns = shorter(l->max_query_range_ns, other->max_query_range_ns);
	l->query_timeout_ns = shorter(l->query_timeout_ns, other->query_timeout_ns);
	if (l->query_rate <= 0 || (other->query_rate > 0 && other->query_rate < l->query_rate))
		l->query_rate = other->query_rate;
	l->volume_enabled &= other->volume_enabled;
	if (other->minimum_labels_number > l->minimum_labels_number)
		l->minimum_labels_number = other->minimum_labels_number;
	l->required_labels = join_names(&l->required_labels, &other->required_labels, a);
	l->blocked_queries = limits_blocks_join(&l->blocked_queries, &other->blocked_queries, a);
}

void limits_set_otlp_labels(struct limits_set *s, const struct key_names *names)
{
	s->otlp_labels = limits_otlp_labels(names, &s->parts);
	s->defaults.otlp.mapping.resource = s->otlp_labels;
	s->defaults.otlp.n_defaults = s->otlp_labels.n;
}

/* The tenant's own limits, those that it has so far to start with. */
static struct limits *limits_own(struct limits_set *s, struct bytes tenant)
{
	uint32_t i = map_get(&s->by_tenant, hash64(tenant), tenant);

	if (i != MAP_NONE)
		return &s->tenant[i].limits;
	mem_grow(&s->tenant, &s->cap_tenants, s->n_tenants + 1, sizeof(*s->tenant));
	i = (uint32_t)s->n_tenants++;
	s->tenant[i] = (struct tenant_limits){ arena_copy(&s->arena, tenant), s->defaults };
	map_put(&s->by_tenant, hash64(tenant), s->tenant[i].tenant, i);
	return &s->tenant[i].limits;
}

/* "PATH.KEY" */
static const char *full_name(struct buf *b, const char *path, struct bytes key)
{
	buf_reset(b);
	buf_addf(b, "%s.%.*s", path, BYTES_ARG(key));
	return buf_str(b);
}

static void report_unknown(struct report *r, const struct yaml_node *key, const char *name)
{
	struct arena a = { 0 };
	const char *like = key_most_like(limits_keys, BYTES_LIT(""), key->text, &a);
	struct err e;

	yaml_fail(key, &e, ERR_USAGE, "'%s' is not a key%s%s%s", name,
		  like ? ": did you mean '" : "", like ? like : "", like ? "'?" : "");
	report_error(r, &e);
	arena_release(&a);
}

/* No stream has a label that cannot be one. */
static void check_names(const struct yaml_node *map, const char *path, const char *key,
			const struct key_names *names, struct report *r)
{
	const struct yaml_node *at = yaml_get(map, key);
	struct err e;

	for (size_t i = 0; at && i < names->n; i++)
		if (labels_check_name(bytes_str(names->name[i]), &e) < 0)
			report_error_at(r, at, "'%s.%s': %s", path, key, e.msg);
}

static void check_limits(const struct yaml_node *map, const char *path, const struct limits *l,
			 struct report *r)
{
	uint64_t code = l->block_ingestion_status_code;
	const struct yaml_node *at = yaml_get(map, "block_ingestion_status_code");
	struct err e;

	check_names(map, path, "enforced_labels", &l->enforced_labels, r);
	check_names(map, path, "required_labels", &l->required_labels, r);
	if (!at || (code >= 200 && code <= 599))
		return;
	yaml_fail(
		at, &e, ERR_USAGE,
		"'%s.block_ingestion_status_code': expected an HTTP status, 200 to 599, found %llu",
		path, (unsigned long long)code);
	report_error(r, &e);
}

static bool is_otlp(const struct key *k)
{
	return k->at == offsetof(struct limits, otlp);
}

static bool is_blocked(const struct key *k)
{
	return k->at == offsetof(struct limits, blocked_queries);
}

static bool is_retention(const struct key *k)
{
	return k->at == offsetof(struct limits, retention_stream);
}

static void read_limits(struct limits_set *s, const struct yaml_node *map, const char *path,
			struct limits *l, struct report *r)
{
	struct buf name = { 0 };
	struct err e;

	if (yaml_is_null(map))
		return;
	if (map->kind != YAML_MAP) {
		yaml_fail(map, &e, ERR_USAGE, "'%s': expected a map", path);
		report_error(r, &e);
		return;
	}
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pair[i];
		const struct key *k = key_find(limits_keys, p->key->text);

		full_name(&name, path, p->key->text);
		if (!k) {
			report_unknown(r, p->key, buf_str(&name));
			continue;
		}
		report_key(r, p, buf_str(&name), k);
		if (is_blocked(k))
			limits_blocks_read(p->value, buf_str(&name), &s->parts, &l->blocked_queries,
					   r);
		else if (is_retention(k))
			limits_stream_rules_read(p->value, buf_str(&name), &s->parts,
						 &l->retention_stream, r);
		else if (is_otlp(k))
			limits_otlp_read(p->value, buf_str(&name), &s->otlp_labels, &s->parts,
					 &l->otlp, r);
		else if (key_read(k, buf_str(&name), p->value, l, &s->arena, &e) < 0)
			report_error(r, &e);
	}
	l->discover_service_name = l->service_name_labels.n > 0;
	check_limits(map, path, l, r);
	buf_release(&name);
}

static void read_overrides(struct limits_set *s, const struct yaml_node *map, struct report *r)
{
	struct buf path = { 0 };
	struct err e;

	if (map->kind != YAML_MAP && !yaml_is_null(map)) {
		yaml_fail(map, &e, ERR_USAGE, "'overrides': expected a map of tenants");
		report_error(r, &e);
		return;
	}
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pair[i];
		struct err why;

		full_name(&path, "overrides", p->key->text);
		if (labels_check_tenant(p->key->text, &why) < 0) {
			yaml_fail(p->key, &e, ERR_USAGE, "'overrides': %s", why.msg);
			report_error(r, &e);
			continue;
		}
		read_limits(s, p->value, buf_str(&path), limits_own(s, p->key->text), r);
	}
	buf_release(&path);
}

void limits_set_read(struct limits_set *s, const struct yaml_node *limits, const char *path,
		     const struct yaml_node *overrides, struct report *r)
{
	if (limits)
		read_limits(s, limits, path, &s->defaults, r);
	if (overrides)
		read_overrides(s, overrides, r);
}

/* --- a file of overrides --- */

/* The base's, to be put over. */
static struct limits_set *derive(struct limits_set *base)
{
	struct limits_set *s = limits_set_new();

	s->base = limits_set_hold(base);
	s->defaults = base->defaults;
	s->otlp_labels = base->otlp_labels;
	for (size_t i = 0; i < base->n_tenants; i++)
		*limits_own(s, base->tenant[i].tenant) = base->tenant[i].limits;
	return s;
}

static void keep_for_ever(struct limits *l)
{
	l->retention_period_ns = 0;
	l->retention_stream = (struct limits_stream_rules){ 0 };
}

struct limits_set *limits_set_for_ever(struct limits_set *base)
{
	struct limits_set *s = derive(base);

	keep_for_ever(&s->defaults);
	for (size_t i = 0; i < s->n_tenants; i++)
		keep_for_ever(&s->tenant[i].limits);
	return s;
}

static void read_runtime(struct limits_set *s, const struct yaml_node *root, struct report *r)
{
	static const struct key keys[] = {
		{ "overrides", KEY_OTHER, KEY_USED, 0, NULL, NULL },
		{ "configs", KEY_OTHER, KEY_IDLE, 0, NULL, "what is logged is not set by tenant" },
		{ "multi_kv_config", KEY_OTHER, KEY_IDLE, 0, NULL, "there is no key-value store" },
		{ 0 },
	};
	struct err e;

	if (root->kind != YAML_MAP) {
		if (yaml_is_null(root))
			return;
		yaml_fail(root, &e, ERR_USAGE, "expected a map with 'overrides'");
		report_error(r, &e);
	}
	for (uint32_t i = 0; root->kind == YAML_MAP && i < root->n; i++) {
		const struct yaml_node *key = root->pair[i].key;
		const struct key *k = key_find(keys, key->text);

		if (k) {
			report_key(r, &root->pair[i], k->name, k);
		} else {
			yaml_fail(key, &e, ERR_USAGE, "'%.*s' is not a key: expected 'overrides'",
				  BYTES_ARG(key->text));
			report_error(r, &e);
		}
		if (k == &keys[0])
			read_overrides(s, root->pair[i].value, r);
	}
}

int limits_read_overrides(struct limits_set *base, const char *path, struct limits_set **ret,
			  struct report *r, struct err *e)
{
	struct arena tree = { 0 };
	struct buf text = { 0 };
	struct limits_set *s = NULL;
	struct yaml_doc doc;
	int rc;

	rc = io_read_file(path, YAML_SIZE_MAX, &text, e);
	if (rc == 0)
		rc = yaml_parse(buf_bytes(&text), path, &tree, &doc, e);
	if (rc == 0) {
		s = derive(base);
		if (doc.root)
			read_runtime(s, doc.root, r);
		rc = report_end(r, e);
	}
	if (rc == 0)
		*ret = s;
	else
		limits_set_drop(s);
	arena_release(&tree);
	buf_release(&text);
	return rc;
}

static bool drops_oldest(const struct limits *l)
{
	return l->max_storage_bytes > 0 && l->max_storage_action == LIMITS_DROP_OLDEST;
}

bool limits_any_drops_oldest(const struct limits_set *s)
{
	bool ret = drops_oldest(&s->defaults);

	for (size_t i = 0; i < s->n_tenants && !ret; i++)
		ret = drops_oldest(&s->tenant[i].limits);
	return ret;
}

static bool expires(const struct limits *l)
{
	bool ret = l->retention_period_ns > 0;

	for (size_t i = 0; i < l->retention_stream.n && !ret; i++)
		ret = l->retention_stream.v[i].period_ns > 0;
	return ret;
}

bool limits_any_expires(const struct limits_set *s)
{
	bool ret = expires(&s->defaults);

	for (size_t i = 0; i < s->n_tenants && !ret; i++)
		ret = expires(&s->tenant[i].limits);
	return ret;
}

/* --- printed --- */

static bool is_printed(const struct key *k)
{
	return (k->type != KEY_OTHER || is_otlp(k) || is_blocked(k) || is_retention(k)) &&
	       k->use != KEY_RETIRED;
}

static void add_value(const struct key *k, const struct limits *l, enum key_form form,
		      struct buf *out)
{
	if (is_blocked(k))
		limits_blocks_add(out, &l->blocked_queries);
	else if (is_retention(k))
		limits_stream_rules_add(out, &l->retention_stream);
	else if (is_otlp(k))
		limits_otlp_add(out, &l->otlp);
	else
		key_add_value(k, l, form, out);
}

static void add_line(struct buf *out, const struct key *k, const struct limits *l,
		     const char *indent)
{
	buf_addf(out, "%s%s: ", indent, k->name);
	add_value(k, l, KEY_YAML, out);
	buf_add_char(out, '\n');
}

void limits_add_yaml(struct buf *out, const struct limits *l, const char *indent)
{
	for (const struct key *k = limits_keys; k->name; k++)
		if (is_printed(k))
			add_line(out, k, l, indent);
}

void limits_add_json(struct buf *out, const struct limits *l)
{
	const char *before = "{";

	for (const struct key *k = limits_keys; k->name; k++) {
		if (!is_printed(k))
			continue;
		buf_addf(out, "%s\"%s\":", before, k->name);
		add_value(k, l, KEY_JSON, out);
		before = ",";
	}
	buf_add_char(out, '}');
}

/* Whether the values differ; value is a's. */
static bool differs(const struct key *k, const struct limits *a, const struct limits *b,
		    struct buf *value)
{
	struct buf other = { 0 };
	bool ret;

	buf_reset(value);
	add_value(k, a, KEY_YAML, value);
	add_value(k, b, KEY_YAML, &other);
	ret = !bytes_eq(buf_bytes(value), buf_bytes(&other));
	buf_release(&other);
	return ret;
}

void limits_add_overrides(struct buf *out, const struct limits_set *s, const char *indent)
{
	struct buf value = { 0 }, deeper = { 0 };

	buf_addf(&deeper, "%s  ", indent);
	for (size_t i = 0; i < s->n_tenants; i++) {
		const struct tenant_limits *t = &s->tenant[i];

		buf_add_str(out, indent);
		yaml_add_text(out, t->tenant);
		buf_add_str(out, ":\n");
		for (const struct key *k = limits_keys; k->name; k++)
			if (is_printed(k) && differs(k, &t->limits, &s->defaults, &value))
				add_line(out, k, &t->limits, buf_str(&deeper));
	}
	buf_release(&value);
	buf_release(&deeper);
}
